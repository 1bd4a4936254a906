//! `hindcast`: the simulated past against what was published, and what weighting draws by it would change.

use super::Failure;
use super::arguments::{HindcastArguments, SimulatingArguments};
use super::distributions::Distributions;
use super::run_folder::RunFolder;
use super::session::{Session, plan, print};
use super::simulation::{Simulation, condition, exports, failed};
use super::work::Gatherer;
use crate::analysis::ensemble::{Ensemble, floor_of, log_at_least};
use crate::analysis::hindcast::{Board, Published, Scored, years};
use crate::analysis::weights::{Discrepancy, Evidence, add_log_likelihood, temper};
use crate::engine::run::Round;
use crate::math::WIDTH;
use crate::metrics::{Observed, bind};
use crate::metrics::{Recording, all_series, flows};
use crate::model::time::{Horizon, Quarter};
use crate::model::{Model, Observation};
use crate::report::scores::{self, WeightedCell, Weighting};
use crate::report::{Scoreboard, Section};
use crate::results::FolderError;

/// Share of draws that weights must effectively rest on.
const LEAST_EFFECTIVE: f64 = 0.1;

pub(super) fn hindcast(arguments: &HindcastArguments) -> Result<(), Failure> {
    let mut simulating = arguments.simulating.clone();
    let (simulation, observed) = open(arguments, &mut simulating)?;
    let mut files: Vec<&str> = Distributions::FILES.to_vec();
    files.extend(["hindcast.csv", "naive.csv", "scores.csv", "rivals.csv"]);
    if arguments.weight {
        files.extend(["weights.csv", "weighted.csv", "weighting.csv"]);
    }
    let Some(mut folder) = RunFolder::open(&simulation, &files)? else { return Ok(()) };
    let mut distributions = Distributions::new(&simulation, &mut folder)?;
    let mut past = Past::new(&simulation, observed, arguments.weight);
    let seconds = simulation.work(&mut [&mut distributions, &mut past])?;
    simulation.check_used(distributions.used)?;
    distributions.write(&simulation, &distributions.statistics(), &mut folder).map_err(failed)?;
    let mut board = past.board(&simulation, arguments);
    write(&board, &mut folder).map_err(failed)?;
    if arguments.weight {
        board.weighting = Some(past.weigh(&simulation, arguments, &mut folder)?);
    }
    let path = folder.path.clone();
    folder.finish(distributions.used, seconds).map_err(failed)?;
    print(&board.render(simulation.layout()))?;
    if !simulation.arguments.quiet {
        tell!(
            "\n{} draws in {seconds:.1} s; tables in {}",
            simulation.arguments.simulation.draws,
            path.display()
        );
    }
    Ok(())
}

/// An observation with what is done with it.
struct Row {
    observed: Observed,
    /// Whether it is scored; if not, naive forecasts and weights know it all the same.
    scored: bool,
}

/// Reads the scenario and its observations, and lays out no more quarters than are asked about.
fn open<'a>(
    arguments: &HindcastArguments,
    simulating: &'a mut SimulatingArguments,
) -> Result<(Simulation<'a>, Vec<Row>), Failure> {
    let exports = exports(&simulating.export)?;
    let mut session = Session::read_with(&arguments.scenario, arguments.observations.as_deref())?;
    let model = session.take_model(simulating.quiet)?;
    let mut rows = rows(&mut session, &model)?;
    let horizon = model.run.horizon;
    if simulating.simulation.horizon.is_none() && !arguments.weight {
        // What comes after the last observation changes nothing before it.
        let quarters = rows.iter().filter(|r| r.scored).map(|r| r.observed.observation.quarter);
        let last = quarters.max().unwrap_or(horizon.last);
        simulating.simulation.horizon = Some(format!("{}..{last}", horizon.first));
    }
    let simulating = &*simulating;
    let plan = plan(model, &simulating.simulation)?;
    let before = rows.iter().filter(|r| r.scored).count();
    rows.retain(|r| r.observed.quarter < plan.quarters);
    let left = before - rows.iter().filter(|r| r.scored).count();
    if left == before {
        return Err(Failure::Rejected(
            "error: every observation lies after the shortened horizon".to_owned(),
        ));
    }
    if left > 0 && !simulating.quiet {
        let lie = if left == 1 { "observation lies" } else { "observations lie" };
        tell!("{left} {lie} after the shortened horizon: left out");
    }
    let rejected = |e: crate::metrics::SelectError| Failure::Rejected(format!("error: {e}"));
    let recording = Recording::new(&plan, &simulating.select).map_err(rejected)?;
    let cells = rows.iter().flat_map(|r| r.observed.cells());
    let headline = headline(&plan.model, &recording, arguments.weight);
    let cells = recording.cells.iter().copied().chain(cells).chain(headline).collect();
    let recording = Recording::of(&plan, recording.series, cells);
    let given = simulating.given.as_deref().map(|text| condition(&plan, text)).transpose()?;
    let (flows, flow_sources) = flows(&plan).into_iter().unzip();
    let settings = settings(arguments);
    let simulation = Simulation {
        arguments: simulating,
        session,
        plan,
        recording,
        flows,
        flow_sources,
        exports,
        given,
        settings,
    };
    Ok((simulation, rows))
}

/// Observations bound to their cells; those of a file are scored, and stand before the scenario's own of the same cell.
fn rows(session: &mut Session, model: &Model) -> Result<Vec<Row>, Failure> {
    let series = all_series(model).map_err(|e| Failure::Rejected(format!("error: {e}")))?;
    let bound = bind(model, &series, &session.document.removed, &mut session.diagnostics);
    if session.diagnostics.has_errors() {
        return Err(Failure::Rejected(session.findings()));
    }
    if bound.is_empty() {
        let name = &session.name;
        return Err(Failure::Rejected(format!(
            "error: {name} has no observation; --observations FILE brings some"
        )));
    }
    let from_file = |o: &Observation| session.observed.is_none_or(|source| o.places.row.source == source);
    let same = |a: &Observation, b: &Observation| {
        (a.series(), a.quarter, a.at_least) == (b.series(), b.quarter, b.at_least)
    };
    let replaced = |o: &Observation| {
        let others = bound.iter().map(|b| &b.observation);
        !from_file(o) && others.filter(|x| from_file(x)).any(|x| same(x, o))
    };
    let kept = bound.iter().filter(|b| !replaced(&b.observation));
    Ok(kept.map(|b| Row { scored: from_file(&b.observation), observed: b.clone() }).collect())
}

fn settings(arguments: &HindcastArguments) -> Vec<String> {
    let mut all = vec!["hindcast".to_owned(), format!("until={}", arguments.until)];
    all.extend(arguments.origin.iter().map(|q| format!("origin={q}")));
    all.extend(arguments.observations.iter().map(|f| format!("observations={}", f.display())));
    if arguments.weight {
        all.push(format!("weight={}:{}", arguments.discrepancy, arguments.discrepancy_rho));
    }
    all
}

/// Cells whose weighted quantiles are given: what headline actors could train and have trained, at year ends.
fn headline(model: &Model, recording: &Recording, wanted: bool) -> Vec<(usize, usize)> {
    let Horizon { first, .. } = model.run.horizon;
    let named = &model.run.headline;
    let shown = |actor: &str| {
        if named.is_empty() {
            actor == "world" || actor.starts_with("lab.")
        } else {
            named.iter().any(|n| n == actor)
        }
    };
    let series = recording.series.iter().enumerate();
    let chosen: Vec<usize> = series
        .filter(|(_, s)| ["reachable_flop", "run_flop"].contains(&s.metric.as_str()) && shown(&s.actor))
        .map(|(i, _)| i)
        .collect();
    let quarters = model.run.horizon.len();
    let year_ends = (0..quarters).filter(|&t| wanted && Quarter(first.0 + t as i32).number() == 4);
    year_ends.flat_map(|t| chosen.iter().map(move |&s| (t, s))).collect()
}

/// Values of observed and headline cells, draw by draw.
struct Past {
    rows: Vec<Row>,
    /// For each row, its cells and their places in the recording.
    cells: Vec<Vec<((usize, usize), usize)>>,
    /// By row, then draw.
    values: Vec<Vec<f64>>,
    /// Places of headline cells in the recording, and their values.
    headline: Vec<usize>,
    headline_values: Vec<Vec<f64>>,
    /// Numbers of the draws that count.
    draws: Vec<u64>,
}

impl Gatherer for Past {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        let round = &rounds[0];
        for (b, (mask, values)) in round.masks.iter().zip(&round.cells).enumerate() {
            for lane in (0..WIDTH).filter(|&lane| mask.lane(lane)) {
                self.draws.push((round.first + b as u64) * WIDTH as u64 + lane as u64);
                for ((row, cells), list) in self.rows.iter().zip(&self.cells).zip(&mut self.values) {
                    let place = |key| cells.iter().find(|c| c.0 == key).map_or(0, |c| c.1);
                    list.push(row.observed.value(|t, series| values[place((t, series))][lane]));
                }
                for (&place, list) in self.headline.iter().zip(&mut self.headline_values) {
                    list.push(values[place][lane]);
                }
            }
        }
        Ok(())
    }
}

impl Past {
    fn new(simulation: &Simulation<'_>, rows: Vec<Row>, weight: bool) -> Self {
        let recording = &simulation.recording;
        let place = |key: (usize, usize)| recording.cells.binary_search(&key).unwrap_or_default();
        let cells: Vec<Vec<_>> =
            rows.iter().map(|r| r.observed.cells().into_iter().map(|c| (c, place(c))).collect()).collect();
        let headline: Vec<usize> =
            headline(&simulation.plan.model, recording, weight).into_iter().map(place).collect();
        Self {
            values: vec![Vec::new(); rows.len()],
            headline_values: vec![Vec::new(); headline.len()],
            rows,
            cells,
            headline,
            draws: Vec::new(),
        }
    }

    fn board(&self, simulation: &Simulation<'_>, arguments: &HindcastArguments) -> Scoreboard {
        let known: Vec<Observation> = self.rows.iter().map(|r| r.observed.observation.clone()).collect();
        let until = arguments.until;
        let section = |name: &'static str, past: bool, origins: &[Quarter]| {
            let wanted = (self.rows.iter().zip(&self.values))
                .filter(|(r, _)| r.scored && (r.observed.observation.quarter <= until) == past);
            let rows: Vec<Scored> = wanted
                .map(|(r, values)| {
                    let o = &r.observed;
                    let mut scored = Scored::new(&o.observation, &o.unit, &o.measure, &Ensemble::new(values));
                    origins.iter().for_each(|&origin| scored.add_naive(origin, &known));
                    scored
                })
                .collect();
            let board = Board::new(&rows, origins);
            Section { name, rows, board }
        };
        let mut origins: Vec<Quarter> = arguments.origin.iter().copied().filter(|&o| o < until).collect();
        origins.sort_unstable();
        origins.dedup();
        let sections = [section("past", true, &origins), section("forecast", false, &[until])];
        Scoreboard {
            title: simulation.plan.model.title.clone(),
            policy: simulation.policy(),
            draws: self.draws.len() as u64,
            until,
            sections: sections.into_iter().filter(|s| !s.rows.is_empty()).collect(),
            weighting: None,
        }
    }

    /// Weighs draws and writes the tables; gives what is shown.
    fn weigh(
        &self,
        simulation: &Simulation<'_>,
        arguments: &HindcastArguments,
        folder: &mut RunFolder,
    ) -> Result<(Weighting, Vec<WeightedCell>), Failure> {
        let discrepancy = Discrepancy { sd: arguments.discrepancy, rho: arguments.discrepancy_rho };
        let evidence = self.evidence(arguments.until);
        let observations = evidence.iter().map(Vec::len).sum();
        if observations == 0 {
            let until = arguments.until;
            return Err(Failure::Rejected(format!("error: --weight: no year-end observation up to {until}")));
        }
        let mut sums = vec![0.0; self.draws.len()];
        for series in &evidence {
            add_log_likelihood(series, discrepancy, &mut sums)
                .map_err(|e| Failure::Rejected(format!("error: --discrepancy: {e}")))?;
        }
        let weights = temper(&sums, LEAST_EFFECTIVE);
        let quantiles = |e: &Ensemble| [0.05, 0.5, 0.95].map(|p| e.quantile(p));
        let cells: Vec<WeightedCell> = (self.headline.iter().zip(&self.headline_values))
            .map(|(&place, values)| WeightedCell {
                cell: simulation.recording.names[place].clone(),
                plain: quantiles(&Ensemble::new(values)),
                weighted: quantiles(&Ensemble::weighted(values, &weights.weights)),
            })
            .collect();
        let table = scores::weights(&self.draws, &weights, &sums);
        let weighting = Weighting { observations, series: evidence.len(), discrepancy, weights };
        let policy = simulation.policy();
        let row = scores::weighting(&policy, &weighting);
        let weighted = scores::weighted(&policy, &cells);
        let tables = [
            ("weights.csv", "Importance weights: a row a draw", &scores::WEIGHTS[..], table),
            ("weighted.csv", "Headline cells, unweighted and weighted", &scores::WEIGHTED, weighted),
            ("weighting.csv", "What the weights rest on", &scores::WEIGHTING, row),
        ];
        for (name, about, columns, rows) in tables {
            folder.table(name, about, columns, &rows).map_err(failed)?;
        }
        let last = cells.iter().map(|c| c.cell.quarter).max();
        let shown = |c: &WeightedCell| Some(c.cell.quarter) == last && c.cell.metric == "reachable_flop";
        let shown = cells.into_iter().filter(shown).collect();
        Ok((weighting, shown))
    }

    /// Year-end observations up to a quarter, by series.
    fn evidence(&self, until: Quarter) -> Vec<Vec<Evidence>> {
        let mut series: Vec<(&Observation, Vec<Evidence>)> = Vec::new();
        for (row, values) in self.rows.iter().zip(&self.values) {
            let (o, unit) = (&row.observed.observation, &row.observed.unit);
            if o.quarter > until || o.quarter.number() != 4 {
                continue;
            }
            let published = Published::new(o, unit);
            let evidence = Evidence {
                time: years(o.quarter),
                center: published.center,
                spread: published.spread.unwrap_or((0.0, 0.0)),
                at_least: o.at_least,
                values: values.iter().map(|&x| log_at_least(x, floor_of(unit))).collect(),
            };
            match series.iter_mut().find(|s| s.0.series() == o.series()) {
                Some(s) => s.1.push(evidence),
                None => series.push((o, vec![evidence])),
            }
        }
        series.into_iter().map(|s| s.1).collect()
    }
}

fn write(board: &Scoreboard, folder: &mut RunFolder) -> Result<(), FolderError> {
    let all = |of: &dyn Fn(&Section) -> String| board.sections.iter().map(of).collect::<String>();
    let policy = &board.policy;
    let tables = [
        (
            "hindcast.csv",
            "Published beside simulated: a row an observation",
            &scores::HINDCAST[..],
            all(&|s| scores::hindcast(policy, s.name, &s.rows)),
        ),
        (
            "naive.csv",
            "Naive forecasts: a row an observation and origin",
            &scores::NAIVE,
            all(&|s| scores::naive(policy, s.name, &s.rows)),
        ),
        (
            "scores.csv",
            "Scores: a row a group",
            &scores::SCORES,
            all(&|s| scores::scores(policy, s.name, &s.board)),
        ),
        (
            "rivals.csv",
            "The simulation against naive forecasts",
            &scores::RIVALS,
            all(&|s| scores::rivals(policy, s.name, &s.board)),
        ),
    ];
    for (name, about, columns, rows) in tables {
        folder.table(name, about, columns, &rows)?;
    }
    Ok(())
}
