//! The simulated past against what was published, and what weighting draws by it would change.

use super::distributions::Distributions;
use super::error::Error;
use super::folder::{RunFolder, Took, Written, free_aside};
use super::gather::Gatherer;
use super::kept::{Gathered, Kept};
use super::long::{Found, ManyDraws, Steps, answers};
use super::project::Project;
use super::request::{Destination, HindcastRequest, TextSource};
use super::rounds::Rounds;
use super::simulation::{Exports, Simulation, condition};
use super::watch::{Note, Watch};
use crate::analysis::board::Board;
use crate::analysis::calibration::LEAST_EFFECTIVE;
use crate::analysis::ensemble::{Ensemble, floor_of, log_at_least};
use crate::analysis::hindcast::{Published, Scored};
use crate::analysis::simple_rule::Measure;
use crate::analysis::weights::{Discrepancy, Evidence, EvidenceSeries, Likelihoods, temper};
use crate::engine::run::Round;
use crate::math::WIDTH;
use crate::metrics::{Group, Metric, Observed, Recording, Series, flows, headline};
use crate::model::time::Quarter;
use crate::model::{Model, Observation};
use crate::report::scores::{self, WeightedCell, Weighting};
use crate::report::{OutputFormat, Scoreboard, Section};
use crate::results::table::TableText;
use crate::results::{FolderError, StateReader, StateWriter, Statistics};
use std::path::Path;

/// A hindcast, opened: the scenario is read and laid out over the quarters that are asked about, observations are bound.
#[derive(Debug)]
pub struct Hindcast {
    /// The scenario.
    pub simulation: Simulation,
    pub(super) request: HindcastRequest,
    /// Last quarter that the scenario was fitted to.
    pub(super) until: Quarter,
    pub(super) rows: Vec<Row>,
}

/// What a hindcast has found.
pub struct HindcastResults<'a> {
    study: &'a Hindcast,
    rounds: Rounds,
    distributions: Distributions,
    statistics: Vec<Statistics>,
    board: Scoreboard,
    /// Tables of the weights and of what they change.
    weighed: Vec<TableText>,
    /// What it took.
    pub took: Took,
}

impl Hindcast {
    /// Reads the scenario and its observations, and lays out no more quarters than are asked about.
    ///
    /// # Errors
    /// If the request cannot be read, the scenario or an observation has errors, or nothing is left to score.
    pub fn open(request: &HindcastRequest, watch: &dyn Watch) -> Result<Self, Error> {
        let asked = &request.simulation;
        let exports = Exports::parse(&asked.export)?;
        let mut project = Project::open_with(&request.scenario, request.observations.as_ref())?;
        project.note_warnings(watch);
        let until = project.vintage.as_ref().map(|v| v.until);
        let until = request.until.or(until).unwrap_or(HindcastRequest::UNTIL);
        let mut rows = rows(&mut project)?;
        let horizon = project.model.run.horizon;
        let mut sampling = asked.sampling.clone();
        if sampling.horizon.is_none() && !request.weight {
            // What comes after the last observation changes nothing before it.
            let quarters = rows.iter().filter(|r| r.scored).map(|r| r.observed.observation.quarter);
            let last = quarters.max().unwrap_or(horizon.last);
            sampling.horizon = Some(format!("{}..{last}", horizon.first));
        }
        let plan = project.plan(&sampling)?;
        let before = rows.iter().filter(|r| r.scored).count();
        rows.retain(|r| r.observed.quarter < plan.quarters);
        let left = before - rows.iter().filter(|r| r.scored).count();
        if left == before {
            return Err(Error::ObservationsAfterHorizon);
        }
        if left > 0 {
            watch.note(&Note::LeftOut(left));
        }
        let recording = Recording::new(&plan, &asked.select)?;
        let cells = rows.iter().flat_map(|r| r.observed.cells());
        let headline = headline(&plan.model, &recording, request.weight);
        let cells = recording.cells.iter().copied().chain(cells).chain(headline).collect();
        let recording = Recording::of(&plan, recording.series, cells);
        let given = asked.given.as_deref().map(|text| condition(&plan, text)).transpose()?;
        let (flows, flow_sources) = flows(&plan).into_iter().unzip();
        let exported = (0..recording.names.len()).collect();
        let simulation = Simulation {
            request: asked.clone(),
            project,
            plan,
            recording,
            flows,
            flow_sources,
            exports,
            inputs: exports.of_chance(),
            given,
            settings: settings(request, until),
            called: None,
            exported,
        };
        Ok(Self { simulation, request: request.clone(), until, rows })
    }

    /// Has what each draw took for its uncertain numbers handed over too.
    pub(super) fn keep_inputs(&mut self) {
        self.simulation.inputs = true;
        let settings = &mut self.simulation.settings;
        "calibrate".clone_into(&mut settings[0]);
        settings.push(format!("weight={}:{}", self.request.discrepancy, self.request.discrepancy_rho));
    }

    /// Takes the folder that the hindcast is to be written to; none if it is there already, complete.
    ///
    /// # Errors
    /// If the folder cannot be written, is in use, or holds another run.
    pub fn folder(&self, to: &Destination, watch: &dyn Watch) -> Result<Option<RunFolder>, Error> {
        self.open_folder(to, watch)
    }

    /// Simulates all draws and scores them; tables with a row a draw go to the folder as they come.
    ///
    /// # Errors
    /// If it is stopped, an audited draw does not add up, no draw counts, there is nothing to weight draws by, or such a
    /// table cannot be written.
    pub fn simulate(
        &self,
        folder: Option<&mut RunFolder>,
        watch: &dyn Watch,
    ) -> Result<HindcastResults<'_>, Error> {
        self.find(folder, watch)
    }
}

impl HindcastResults<'_> {
    /// Published beside simulated numbers, and their scores.
    pub fn board(&self) -> &Scoreboard {
        &self.board
    }

    /// All tables, as they stand in a hindcast's folder.
    pub fn tables(&self) -> Vec<TableText> {
        let simulation = &self.study.simulation;
        let (mut all, yearly) = self.distributions.tables(simulation, &self.statistics);
        all.extend(self.board.tables());
        all.extend(self.weighed.iter().cloned());
        all.push(self.rounds.table());
        all.push(yearly);
        all
    }

    /// Writes all tables, the page, the data package and the manifest.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(self, mut folder: RunFolder) -> Result<Written, Error> {
        let answers = answers(&self);
        let Self { study, rounds, mut distributions, statistics, board, weighed, took } = self;
        distributions.write(&study.simulation, &statistics, &mut folder)?;
        let tables = board.tables().into_iter().chain(weighed).chain([rounds.table()]);
        tables.into_iter().try_for_each(|table| folder.table(table))?;
        free_aside((distributions, statistics, board));
        folder.finish(took, &answers)
    }
}

/// Gatherers of a hindcast.
pub(super) struct PastDraws<'a> {
    rounds: Rounds,
    distributions: Distributions,
    past: Past<'a>,
}

impl Gathered for PastDraws<'_> {
    fn all(&mut self) -> Vec<&mut dyn Kept> {
        vec![&mut self.rounds, &mut self.distributions, &mut self.past]
    }

    fn used(&self) -> u64 {
        self.distributions.used
    }
}

impl ManyDraws for Hindcast {
    type Gathered<'a> = PastDraws<'a>;
    type Found<'a> = HindcastResults<'a>;

    fn base(&self) -> &Simulation {
        &self.simulation
    }

    fn files(&self) -> Vec<&'static str> {
        let mut files: Vec<&str> = Distributions::FILES.to_vec();
        files.extend(["hindcast.csv", "naive.csv", "scores.csv", "rivals.csv"]);
        if self.request.weight {
            files.extend(["weights.csv", "weighted.csv", "weighting.csv"]);
        }
        files
    }

    fn gather(&self, folder: Option<&mut RunFolder>) -> Result<PastDraws<'_>, Error> {
        let distributions = Distributions::new(&self.simulation, folder)?;
        let past = Past::new(&self.simulation, &self.rows, self.request.weight);
        Ok(PastDraws { rounds: Rounds::default(), distributions, past })
    }

    fn conclude<'a>(&'a self, gathered: PastDraws<'a>, took: Took) -> Result<HindcastResults<'a>, Error> {
        let PastDraws { rounds, distributions, past } = gathered;
        let mut board = past.board(&self.simulation, &self.request, self.until);
        let mut weighed = Vec::new();
        if self.request.weight {
            let (weighting, shown, tables) = past.weigh(&self.simulation, &self.request, self.until)?;
            board.weighting = Some((weighting, shown));
            weighed.extend(tables);
        }
        let statistics = distributions.statistics();
        Ok(HindcastResults { study: self, rounds, distributions, statistics, board, weighed, took })
    }
}

impl Found for HindcastResults<'_> {
    fn answer(&self, format: OutputFormat) -> String {
        self.board().render(format)
    }

    fn answer_table(&self) -> TableText {
        self.board().to_table()
    }

    fn all_tables(&self) -> Vec<TableText> {
        self.tables()
    }

    fn took(&self) -> Took {
        self.took
    }

    fn store(self, folder: RunFolder) -> Result<Written, Error> {
        self.write(folder)
    }
}

/// An observation with what is done with it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) observed: Observed,
    /// Whether it is scored; if not, naive forecasts and weights know it all the same.
    scored: bool,
}

impl Row {
    /// Heading under which it is scored.
    pub(super) fn group(&self) -> String {
        let o = &self.observed;
        o.observation.group.clone().unwrap_or_else(|| o.group.name().to_owned())
    }

    /// Whether draws are weighed by it: levels whenever they are published, flows and sums at a year's end.
    pub(super) fn is_evidence(&self, until: Quarter) -> bool {
        let quarter = self.observed.observation.quarter;
        quarter <= until && (quarter.number() == 4 || self.observed.measure == Some(Measure::Level))
    }
}

/// Observations bound to their cells; those of a table are scored, and stand before the scenario's own of the same cell.
fn rows(project: &mut Project) -> Result<Vec<Row>, Error> {
    let bound = project.bind_observations()?;
    if bound.is_empty() {
        return Err(Error::NoObservation(project.name.clone()));
    }
    let from_table = |o: &Observation| project.observed.is_none_or(|source| o.places.row.source == source);
    let same = |a: &Observation, b: &Observation| {
        (a.series(), a.time(), a.at_least) == (b.series(), b.time(), b.at_least)
    };
    let replaced = |o: &Observation| {
        let others = bound.iter().map(|b| &b.observation);
        !from_table(o) && others.filter(|x| from_table(x)).any(|x| same(x, o))
    };
    let kept = bound.iter().filter(|b| !replaced(&b.observation));
    Ok(kept.map(|b| Row { scored: from_table(&b.observation), observed: b.clone() }).collect())
}

fn settings(request: &HindcastRequest, until: Quarter) -> Vec<String> {
    let mut all = vec!["hindcast".to_owned(), format!("until={until}")];
    all.extend(request.origins.iter().map(|q| format!("origin={q}")));
    all.extend(request.observations.iter().map(|table| match table {
        TextSource::File(path) => format!("observations={}", path.display()),
        TextSource::Text { name, .. } => format!("observations={name}"),
    }));
    if request.weight {
        all.push(format!("weight={}:{}", request.discrepancy, request.discrepancy_rho));
    }
    all
}

/// The model's own error by group: what the scenario says of it, else what is asked for.
pub(super) fn discrepancies(
    simulation: &Simulation,
    request: &HindcastRequest,
) -> impl Fn(&str) -> Discrepancy {
    let (usual, rho) = (request.discrepancy, request.discrepancy_rho);
    let said = simulation.plan.model.calibration.clone();
    move |group| {
        let sd = said.as_ref().map_or(usual, |c| c.discrepancy_of(group, usual));
        Discrepancy { sd, rho }
    }
}

/// Cells whose weighted quantiles are given: what headline actors could train and have trained, at year ends.
fn headline(model: &Model, recording: &Recording, wanted: bool) -> Vec<(usize, usize)> {
    let actors = headline::actors(model);
    let series = recording.series.iter().enumerate();
    let shown = |s: &Series| headline::COUNTED.contains(&s.metric) && actors.contains(&s.actor);
    let chosen: Vec<usize> = series.filter(|(_, s)| shown(s)).map(|(i, _)| i).collect();
    let first = model.run.horizon.first;
    let quarters = 0..model.run.horizon.len();
    let year_ends = quarters.filter(|&t| wanted && Quarter(first.0 + t as i32).number() == 4);
    year_ends.flat_map(|t| chosen.iter().map(move |&s| (t, s))).collect()
}

/// Values of observed and headline cells, draw by draw.
pub(super) struct Past<'a> {
    pub(super) rows: &'a [Row],
    /// For each row, its cells and their places in the recording.
    cells: Vec<Vec<((usize, usize), usize)>>,
    /// By row, then draw.
    pub(super) values: Vec<Vec<f64>>,
    /// Places of headline cells in the recording, and their values.
    headline: Vec<usize>,
    headline_values: Vec<Vec<f64>>,
    /// Numbers of the draws that count.
    pub(super) draws: Vec<u64>,
}

impl Gatherer for Past<'_> {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        let round = &rounds[0];
        for (b, (mask, values)) in round.masks.iter().zip(&round.cells).enumerate() {
            for lane in (0..WIDTH).filter(|&lane| mask.lane(lane)) {
                self.draws.push((round.first + b as u64) * WIDTH as u64 + lane as u64);
                for ((row, cells), list) in self.rows.iter().zip(&self.cells).zip(&mut self.values) {
                    let place = |key| cells.iter().find(|c| c.0 == key).expect("a row reads its own cells").1;
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

impl<'a> Past<'a> {
    pub(super) fn new(simulation: &Simulation, rows: &'a [Row], weight: bool) -> Self {
        let recording = &simulation.recording;
        let place =
            |key: (usize, usize)| recording.cells.binary_search(&key).expect("what is observed is recorded");
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

    fn board(&self, simulation: &Simulation, request: &HindcastRequest, until: Quarter) -> Scoreboard {
        self.scoreboard(
            simulation,
            until,
            self.sections(simulation, request, until, None, ["past", "forecast"]),
        )
    }

    pub(super) fn scoreboard(
        &self,
        simulation: &Simulation,
        until: Quarter,
        sections: Vec<Section>,
    ) -> Scoreboard {
        Scoreboard {
            title: simulation.title(),
            policy: simulation.policy(),
            draws: self.draws.len() as u64,
            until,
            sections,
            weighting: None,
        }
    }

    /// The past and what came later, each with its scores, of draws as they are or weighted; those without rows are left out.
    pub(super) fn sections(
        &self,
        simulation: &Simulation,
        request: &HindcastRequest,
        until: Quarter,
        weights: Option<&[f64]>,
        names: [&'static str; 2],
    ) -> Vec<Section> {
        let known: Vec<Observation> = self.rows.iter().map(|r| r.observed.observation.clone()).collect();
        let rule = simulation.plan.model.simple_rule.as_ref();
        let section = |name: &'static str, past: bool, origins: &[Quarter]| {
            let wanted = (self.rows.iter().zip(&self.values))
                .filter(|(r, _)| r.scored && (r.observed.observation.quarter <= until) == past);
            let rows: Vec<Scored> = wanted
                .map(|(r, values)| {
                    let o = &r.observed;
                    let ensemble = match weights {
                        Some(weights) => Ensemble::weighted(values, weights),
                        None => Ensemble::new(values),
                    };
                    let mut scored = Scored::new(&o.observation, &o.unit, o.group.name(), &ensemble);
                    for &origin in origins {
                        scored.add_naive(origin, &known, rule.zip(o.measure));
                    }
                    scored
                })
                .collect();
            let board = Board::new(&rows, &Group::ALL.map(Group::name), origins);
            Section { name, rows, board }
        };
        let mut origins: Vec<Quarter> = request.origins.iter().copied().filter(|&o| o < until).collect();
        origins.sort_unstable();
        origins.dedup();
        let sections = [section(names[0], true, &origins), section(names[1], false, &[until])];
        sections.into_iter().filter(|s| !s.rows.is_empty()).collect()
    }

    /// Weighs draws; gives what is shown, and the tables.
    fn weigh(
        &self,
        simulation: &Simulation,
        request: &HindcastRequest,
        until: Quarter,
    ) -> Result<(Weighting, Vec<WeightedCell>, [TableText; 3]), Error> {
        let discrepancy = Discrepancy { sd: request.discrepancy, rho: request.discrepancy_rho };
        let evidence = self.evidence(until)?;
        let observations = evidence.iter().map(|s| s.rows.len()).sum();
        let of_group = discrepancies(simulation, request);
        let sums = Likelihoods::new(&evidence, &of_group, self.draws.len())?.total;
        let weights = temper(&sums, LEAST_EFFECTIVE);
        let policy = simulation.policy();
        let quantiles = |e: &Ensemble| [0.05, 0.5, 0.95].map(|p| e.quantile(p));
        let cells: Vec<WeightedCell> = (self.headline.iter().zip(&self.headline_values))
            .map(|(&place, values)| WeightedCell {
                policy: policy.clone(),
                cell: simulation.recording.names[place].clone(),
                plain: quantiles(&Ensemble::new(values)),
                weighted: quantiles(&Ensemble::weighted(values, &weights.weights)),
            })
            .collect();
        let drawn =
            TableText::of(&scores::weights(), scores::weight_rows(&self.draws, &weights.weights, &sums));
        let series = evidence.len();
        let weighting = Weighting { policy, observations, series, discrepancy, weights };
        let tables = [
            drawn,
            TableText::of(&scores::weighted(), &cells),
            TableText::of(&scores::weighting(), [&weighting]),
        ];
        let last = cells.iter().map(|c| c.cell.quarter).max();
        let shown =
            |c: &WeightedCell| Some(c.cell.quarter) == last && c.cell.metric == Metric::ReachableFlop.name();
        Ok((weighting, cells.into_iter().filter(shown).collect(), tables))
    }

    /// What draws are weighed by up to a quarter, by series.
    pub(super) fn evidence(&self, until: Quarter) -> Result<Vec<EvidenceSeries>, Error> {
        let mut series: Vec<(&Observation, EvidenceSeries)> = Vec::new();
        for (row, values) in self.rows.iter().zip(&self.values).filter(|(r, _)| r.is_evidence(until)) {
            let (o, unit) = (&row.observed.observation, &row.observed.unit);
            let published = Published::new(o, unit);
            let evidence = Evidence {
                time: o.ends(),
                center: published.center,
                spread: published.spread.unwrap_or((0.0, 0.0)),
                at_least: o.at_least,
                values: values.iter().map(|&x| log_at_least(x, floor_of(unit))).collect(),
            };
            match series.iter_mut().find(|s| s.0.series() == o.series() && s.1.group == row.group()) {
                Some(s) => s.1.rows.push(evidence),
                None => series.push((o, EvidenceSeries { group: row.group(), rows: vec![evidence] })),
            }
        }
        if series.is_empty() {
            return Err(Error::NoEvidence(until));
        }
        Ok(series.into_iter().map(|s| s.1).collect())
    }
}

impl Kept for Past<'_> {
    fn start(&mut self, _: u64) {}

    fn save(&mut self, state: &mut StateWriter) -> Result<(), FolderError> {
        state.put(&(&self.draws, &self.values, &self.headline_values))
    }

    fn load(&mut self, state: &mut StateReader, _: Option<&Path>) -> Result<(), FolderError> {
        let (draws, values, headline): (Vec<u64>, Vec<Vec<f64>>, Vec<Vec<f64>>) = state.take()?;
        state.fits(values.len() == self.values.len() && headline.len() == self.headline_values.len())?;
        self.draws.extend(draws);
        self.values.iter_mut().zip(values).for_each(|(list, more)| list.extend(more));
        self.headline_values.iter_mut().zip(headline).for_each(|(list, more)| list.extend(more));
        Ok(())
    }
}
