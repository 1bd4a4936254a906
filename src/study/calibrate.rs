//! The fit: which of the free numbers' ranges the record narrows, by history matching, and how what is left forecasts what came later.

use super::distributions::Distributions;
use super::error::Error;
use super::folder::{RunFolder, Took, Written, free_aside};
use super::gather::Gatherer;
use super::hindcast::{Hindcast, Past, discrepancies};
use super::kept::{Gathered, Kept};
use super::long::{Found, ManyDraws, answers};
use super::request::HindcastRequest;
use super::rounds::Rounds;
use super::simulation::Simulation;
use super::watch::Watch;
use crate::analysis::calibration::{Matched, Narrowed, row_implausibility};
use crate::analysis::ensemble::{Ensemble, floor_of, log_at_least};
use crate::analysis::hindcast::Published;
use crate::analysis::weights::Discrepancy;
use crate::engine::run::Round;
use crate::math::WIDTH;
use crate::model::{Calibration, Point, QuantityId, Shape, unit_factor};
use crate::report::calibration::{self, Fit, FitRow, Number, PointRange};
use crate::report::{OutputFormat, scores};
use crate::results::table::TableText;
use crate::results::{FolderError, StateReader, StateWriter, Statistics};
use crate::scenario::glob_match;
use std::path::Path;

/// A fit, opened.
#[derive(Debug)]
pub struct Calibrate {
    hindcast: Hindcast,
    fit: Calibration,
}

/// What a fit has found.
pub struct CalibrateResults<'a> {
    study: &'a Calibrate,
    rounds: Rounds,
    distributions: Distributions,
    statistics: Vec<Statistics>,
    fit: Fit,
    /// Tables of draws' weights.
    weights: TableText,
    /// What it took.
    pub took: Took,
}

impl Calibrate {
    /// File that the narrowed ranges are written to: edits, as a policy has them.
    const ASSUMPTIONS: &'static str = "assumptions.toml";

    /// Reads the scenario with its observations and the numbers that may move.
    ///
    /// # Errors
    /// As [`Hindcast::open`], or if the scenario says of no number that it may move.
    pub fn open(request: &HindcastRequest, watch: &dyn Watch) -> Result<Self, Error> {
        let mut hindcast = Hindcast::open(request, watch)?;
        hindcast.keep_inputs();
        let fit = hindcast.simulation.project.model.calibration.clone();
        let fit = fit.filter(|f| !f.free.is_empty()).ok_or(Error::NothingFree)?;
        Ok(Self { hindcast, fit })
    }

    fn fit(&self, past: &Past<'_>, drawn: &Drawn) -> Result<(Fit, TableText), Error> {
        let Hindcast { simulation, request, until, .. } = &self.hindcast;
        let discrepancy = Discrepancy { sd: request.discrepancy, rho: request.discrepancy_rho };
        let evidence = past.evidence(*until)?;
        let of_group = discrepancies(simulation, request);
        let matched = Matched::new(&evidence, &of_group, past.draws.len(), self.fit.cut)?;
        if matched.count() == 0 {
            let least = |x: &[f64]| x.iter().copied().fold(f64::INFINITY, f64::min);
            let closest: Vec<String> = matched
                .groups
                .iter()
                .map(|g| format!("{} {:.1}", g.group, least(&g.implausibility)))
                .collect();
            return Err(Error::NothingPlausible { cut: self.fit.cut, closest: closest.join(", ") });
        }
        let plain = past.sections(simulation, request, *until, None, ["past", "forecast"]);
        let fitted = ["past, fitted", "forecast, fitted"];
        let weighted = past.sections(simulation, request, *until, Some(&matched.weights), fitted);
        let board = past.scoreboard(simulation, *until, plain.into_iter().chain(weighted).collect());
        let effective = matched.tempered.effective;
        let number = |(&q, values): (&QuantityId, &Vec<f64>)| {
            let found = Narrowed::new(values, &matched.weights, drawn.free.len(), effective);
            self.number(q, found)
        };
        let numbers = drawn.free.iter().zip(&drawn.values).map(number).collect();
        let rows = (past.rows.iter().zip(&past.values))
            .filter(|(row, _)| row.is_evidence(*until) && !row.observed.observation.at_least)
            .map(|(row, values)| {
                let published = Published::new(&row.observed.observation, &row.observed.unit);
                let spread = published.spread.map_or(0.0, |s| 0.5 * (s.0 + s.1));
                let of = |e: Ensemble| {
                    let logs = e.on_scale(|x| log_at_least(x, floor_of(&row.observed.unit)));
                    row_implausibility(&logs, published.center, spread, of_group(&row.group()).sd)
                };
                FitRow {
                    observation: row.observed.observation.clone(),
                    group: row.group(),
                    before: of(Ensemble::new(values)),
                    after: of(Ensemble::weighted(values, &matched.weights)),
                }
            })
            .collect();
        let weights = TableText::of(
            &scores::weights(),
            scores::weight_rows(&past.draws, &matched.weights, &matched.log_likelihood),
        );
        let observations = evidence.iter().map(|s| s.rows.len()).sum();
        let by_hand = self.fit.by_hand.iter().map(|(pattern, _)| pattern.clone()).collect();
        let fit = Fit {
            scenario: simulation.project.name.clone(),
            board,
            matched,
            observations,
            series: evidence.len(),
            discrepancy,
            of_groups: self.fit.discrepancy.clone(),
            cut: self.fit.cut,
            numbers,
            rows,
            by_hand,
        };
        Ok((fit, weights))
    }

    /// A number with the ranges that edits would give it: of a dated series at its dates up to the record's end.
    fn number(&self, q: QuantityId, found: Narrowed) -> Number {
        let Hindcast { simulation, until, .. } = &self.hindcast;
        let model = &simulation.plan.model;
        let quantity = &model.quantities[q];
        let written =
            if quantity.provenance.unit.is_empty() { &quantity.unit } else { &quantity.provenance.unit };
        let worth = unit_factor(written, &quantity.unit).unwrap_or(1.0);
        let in_written = |x: [f64; 3]| x.map(|x| x / worth);
        let mut points = Vec::new();
        if let Shape::Dated(dated) = &quantity.shape {
            let first = model.run.horizon.first;
            let paths = simulation.project.document.paths();
            for (at, point) in &dated.points {
                let date = crate::model::time::Date(f64::from(first.0) + at);
                let Point::Shared(d) = point else { continue };
                if d.is_fixed() || date.quarter() > *until {
                    continue;
                }
                let names = [date.quarter().to_string(), date.day()];
                let path = names.iter().map(|n| format!("{}.{n}", quantity.path)).find(|p| paths.contains(p));
                let range = |p: [f64; 3]| in_written(p.map(|p| d.quantile(p)));
                let (before, after) = (range([0.05, 0.5, 0.95]), range(found.places));
                points.extend(path.map(|path| PointRange { path, before, after }));
            }
        } else {
            let (before, after) = (in_written(found.before), in_written(found.after));
            points.push(PointRange { path: quantity.path.clone(), before, after });
        }
        Number {
            path: quantity.path.clone(),
            unit: quantity.unit.clone(),
            share: quantity.domain == (0.0, 1.0),
            grade: quantity.provenance.grade,
            source: quantity.provenance.source.clone(),
            dated: matches!(quantity.shape, Shape::Dated(_)),
            found,
            points,
        }
    }
}

impl CalibrateResults<'_> {
    /// What was found.
    pub fn fit(&self) -> &Fit {
        &self.fit
    }

    /// Narrowed ranges as a policy's edits, in TOML.
    pub fn assumptions(&self) -> String {
        self.fit.assumptions()
    }

    /// All tables, as they stand in a fit's folder.
    pub fn tables(&self) -> Vec<TableText> {
        let simulation = &self.study.hindcast.simulation;
        let (mut all, yearly) = self.distributions.tables(simulation, &self.statistics);
        all.extend(self.fit.board.tables());
        all.push(self.weights.clone());
        all.extend(calibration::tables(&self.fit));
        all.push(self.rounds.table());
        all.push(yearly);
        all
    }

    /// Writes all tables, the narrowed ranges, the page, the data package and the manifest.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(self, mut folder: RunFolder) -> Result<Written, Error> {
        let answers = answers(&self);
        let Self { study, rounds, mut distributions, statistics, fit, weights, took } = self;
        distributions.write(&study.hindcast.simulation, &statistics, &mut folder)?;
        let tables = fit.board.tables().into_iter().chain([weights]).chain(calibration::tables(&fit));
        for table in tables.chain([rounds.table()]) {
            folder.table(table)?;
        }
        folder.text(Calibrate::ASSUMPTIONS, &fit.assumptions())?;
        free_aside((distributions, statistics, fit));
        folder.finish(took, &answers)
    }
}

impl ManyDraws for Calibrate {
    type Gathered<'a> = FitDraws<'a>;
    type Found<'a> = CalibrateResults<'a>;

    fn base(&self) -> &Simulation {
        &self.hindcast.simulation
    }

    fn files(&self) -> Vec<&'static str> {
        let mut files: Vec<&str> = Distributions::FILES.to_vec();
        files.extend(["hindcast.csv", "naive.csv", "scores.csv", "rivals.csv", "weights.csv"]);
        files.extend(["calibration.csv", "implausibility.csv", Self::ASSUMPTIONS]);
        files
    }

    fn gather(&self, folder: Option<&mut RunFolder>) -> Result<FitDraws<'_>, Error> {
        let simulation = &self.hindcast.simulation;
        let distributions = Distributions::new(simulation, folder)?;
        let past = Past::new(simulation, &self.hindcast.rows, false);
        Ok(FitDraws { rounds: Rounds::default(), distributions, past, drawn: Drawn::new(self) })
    }

    fn conclude<'a>(&'a self, gathered: FitDraws<'a>, took: Took) -> Result<CalibrateResults<'a>, Error> {
        let FitDraws { rounds, distributions, past, drawn } = gathered;
        let (fit, weights) = self.fit(&past, &drawn)?;
        let statistics = distributions.statistics();
        Ok(CalibrateResults { study: self, rounds, distributions, statistics, fit, weights, took })
    }
}

impl Found for CalibrateResults<'_> {
    fn answer(&self, format: OutputFormat) -> String {
        self.fit.render(format)
    }

    fn answer_table(&self) -> TableText {
        self.fit.to_table()
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

/// Gatherers of a fit.
pub(super) struct FitDraws<'a> {
    rounds: Rounds,
    distributions: Distributions,
    past: Past<'a>,
    drawn: Drawn,
}

impl Gathered for FitDraws<'_> {
    fn all(&mut self) -> Vec<&mut dyn Kept> {
        vec![&mut self.rounds, &mut self.distributions, &mut self.past, &mut self.drawn]
    }

    fn used(&self) -> u64 {
        self.distributions.used
    }
}

/// What draws took for the free numbers.
struct Drawn {
    free: Vec<QuantityId>,
    /// Their places among all uncertain numbers.
    places: Vec<usize>,
    /// By free number, then draw that counts.
    values: Vec<Vec<f64>>,
}

impl Drawn {
    fn new(study: &Calibrate) -> Self {
        let plan = &study.hindcast.simulation.plan;
        let is_free = |q: QuantityId| {
            let path = &plan.model.quantities[q].path;
            study.fit.free.iter().any(|(pattern, _)| glob_match(pattern, path))
        };
        let (places, free): (Vec<usize>, Vec<QuantityId>) =
            plan.layout.uncertain().enumerate().filter(|&(_, q)| is_free(q)).unzip();
        Self { values: vec![Vec::new(); free.len()], free, places }
    }
}

impl Gatherer for Drawn {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        let round = &rounds[0];
        for (mask, inputs) in round.masks.iter().zip(&round.inputs) {
            for lane in (0..WIDTH).filter(|&lane| mask.lane(lane)) {
                self.values.iter_mut().zip(&self.places).for_each(|(list, &p)| list.push(inputs[p][lane]));
            }
        }
        Ok(())
    }
}

impl Kept for Drawn {
    fn start(&mut self, _: u64) {}

    fn save(&mut self, state: &mut StateWriter) -> Result<(), FolderError> {
        state.put(&self.values)
    }

    fn load(&mut self, state: &mut StateReader, _: Option<&Path>) -> Result<(), FolderError> {
        let values: Vec<Vec<f64>> = state.take()?;
        state.fits(values.len() == self.values.len())?;
        self.values.iter_mut().zip(values).for_each(|(list, more)| list.extend(more));
        Ok(())
    }
}
