//! The tables of distributions that every study gathers: summary, thresholds, bottlenecks, flows, draws, inputs.

use super::error::Error;
use super::folder::RunFolder;
use super::gather::Gatherer;
use super::kept::Kept;
use super::simulation::{Exports, Simulation};
use crate::engine::record::subjects;
use crate::engine::run::Round;
use crate::engine::steps::production::cause;
use crate::engine::steps::roots::root;
use crate::engine::steps::training::lab_cause;
use crate::plan::Plan;
use crate::report::world;
use crate::results::table::TableText;
use crate::results::tables::{self, BottleneckRow, FlowRow, SummaryRow, ThresholdRow};
use crate::results::{
    DrawsTable, FolderError, InputsTable, KeptTable, Labels, StateReader, StateWriter, Statistics,
    StrikesTable, Summary, Thresholds,
};
use std::path::Path;

/// Thresholds where the scenario names none \[FLOP\].
pub(super) const THRESHOLDS: [f64; 4] = [1e25, 1e26, 1e27, 1e28];

/// The tables that all studies write, with rows of one plan or of several one after the other.
#[derive(Debug)]
pub(super) struct Rows {
    summary: TableText,
    thresholds: TableText,
    bottlenecks: TableText,
}

impl Rows {
    /// Tables without rows.
    pub(super) fn new() -> Self {
        Self {
            summary: TableText::new(&tables::summary()),
            thresholds: TableText::new(&tables::thresholds()),
            bottlenecks: TableText::new(&tables::bottlenecks()),
        }
    }

    /// The tables, in order.
    pub(super) fn tables(self) -> Vec<TableText> {
        vec![self.summary, self.thresholds, self.bottlenecks]
    }
}

/// Distributions of one plan's draws, being gathered.
pub(super) struct Distributions {
    /// Which of the rounds is this plan's.
    place: usize,
    policy: String,
    summary: Summary,
    flows: Summary<1>,
    pub(super) thresholds: Thresholds,
    labels: Labels,
    draws: Option<DrawsTable>,
    inputs: Option<InputsTable>,
    strikes: Option<StrikesTable>,
    /// Draws that count.
    pub(super) used: u64,
}

impl Gatherer for Distributions {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        let round = &rounds[self.place];
        let (summary, flows) = (&mut self.summary, &mut self.flows);
        let (thresholds, labels) = (&mut self.thresholds, &mut self.labels);
        let summarise = || {
            summary.absorb(&round.cells, &round.masks);
            flows.absorb(&round.flowed, &round.masks);
        };
        let count = || {
            for (b, &mask) in round.masks.iter().enumerate() {
                thresholds.add(&round.tracked[b], mask);
                labels.add(&round.labels[b], mask);
            }
        };
        rayon::join(summarise, count);
        self.used += round.masks.iter().map(|mask| u64::from(mask.count())).sum::<u64>();
        if let Some(table) = &mut self.draws {
            table.write(&self.policy, round.first, &round.cells, &round.masks)?;
        }
        if let Some(table) = &mut self.inputs {
            table.write(round.first, &round.inputs, &round.masks)?;
        }
        if let Some(table) = &mut self.strikes {
            table.write(round.first, &round.strikes, &round.masks)?;
        }
        Ok(())
    }
}

impl Kept for Distributions {
    fn start(&mut self, leaf: u64) {
        self.summary.start(leaf);
        self.flows.start(leaf);
    }

    fn save(&mut self, state: &mut StateWriter) -> Result<(), FolderError> {
        state.put(&self.summary)?;
        state.put(&self.flows)?;
        state.put(&(&self.thresholds, &self.labels, self.used))?;
        state.put(&self.draws.as_mut().map(DrawsTable::save).transpose()?)?;
        state.put(&self.inputs.as_mut().map(InputsTable::save).transpose()?)?;
        state.put(&self.strikes.as_mut().map(StrikesTable::save).transpose()?)
    }

    fn load(&mut self, state: &mut StateReader, from: Option<&Path>) -> Result<(), FolderError> {
        let fits = self.summary.append(state.take()?) && self.flows.append(state.take()?);
        let (thresholds, labels, used): (_, _, u64) = state.take()?;
        state.fits(fits && self.thresholds.append(&thresholds) && self.labels.append(&labels))?;
        self.used += used;
        load_draws(self.draws.as_mut(), state, from)?;
        let kept: Option<KeptTable> = state.take()?;
        match (&mut self.inputs, kept) {
            (Some(table), Some(kept)) => {
                table.load(from.map(|f| f.join(table.file_name())).as_deref(), kept)?;
            }
            (ours, kept) => state.fits(ours.is_some() == kept.is_some())?,
        }
        match (&mut self.strikes, state.take()?) {
            (Some(table), Some(kept)) => table.load(from.map(|f| f.join(table.file_name())).as_deref(), kept),
            (ours, kept) => state.fits(ours.is_some() == kept.is_some()),
        }
    }
}

/// Adds the rows of a table of draws that was kept.
pub(super) fn load_draws(
    table: Option<&mut DrawsTable>,
    state: &mut StateReader,
    from: Option<&Path>,
) -> Result<(), FolderError> {
    let kept: Option<KeptTable> = state.take()?;
    match (table, kept) {
        (Some(table), Some(kept)) => table.load(from.map(|f| f.join(table.file_name())).as_deref(), &kept),
        (ours, kept) => state.fits(ours.is_some() == kept.is_some()),
    }
}

impl Distributions {
    /// Files that they are written to, apart from exports.
    pub(super) const FILES: [&'static str; 5] =
        ["summary.csv", "thresholds.csv", "bottlenecks.csv", "flows.csv", "yearly_flows.csv"];

    /// Room for a simulation's distributions; tables with a row a draw are opened.
    pub(super) fn new(simulation: &Simulation, folder: Option<&mut RunFolder>) -> Result<Self, Error> {
        Self::among(simulation, 0, simulation.exports, folder)
    }

    /// Room for the distributions of a simulation that is the `place`th of those simulated together; the tables with a row
    /// a draw that are asked for are opened.
    pub(super) fn among(
        simulation: &Simulation,
        place: usize,
        exports: Exports,
        folder: Option<&mut RunFolder>,
    ) -> Result<Self, Error> {
        let (plan, recording) = (&simulation.plan, &simulation.recording);
        let named = &plan.model.run.thresholds;
        let levels = if named.is_empty() { THRESHOLDS.to_vec() } else { named.clone() };
        let independent = simulation.is_independent();
        let (draws, inputs, strikes) = match folder {
            Some(folder) => open_exports(simulation, exports, folder)?,
            None if exports.any() => return Err(Error::ExportWithoutFolder),
            None => (None, None, None),
        };
        Ok(Self {
            place,
            policy: simulation.policy(),
            summary: Summary::new(recording.cells.len(), independent),
            flows: Summary::new(plan.quarters * simulation.flows.len(), independent),
            thresholds: Thresholds::new(levels, recording.tracked.len(), plan.quarters),
            labels: Labels::new(plan.quarters * subjects(plan)),
            draws,
            inputs,
            strikes,
            used: 0,
        })
    }

    /// Statistics of all cells, in the recording's order.
    pub(super) fn statistics(&self) -> Vec<Statistics> {
        self.summary.finish()
    }

    /// Statistics of one cell.
    pub(super) fn statistic(&self, cell: usize) -> Statistics {
        self.summary.one(cell)
    }

    /// Adds this plan's rows to all tables.
    pub(super) fn add_rows(&self, simulation: &Simulation, statistics: &[Statistics], rows: &mut Rows) {
        let policy = &simulation.policy();
        let scenario = &simulation.project.name;
        let cells = simulation.recording.names.iter().zip(statistics);
        let cells = cells.map(|(cell, statistics)| SummaryRow { scenario, policy, cell, statistics });
        rows.summary.extend(&tables::summary(), cells);
        rows.thresholds.extend(&tables::thresholds(), self.threshold_rows(simulation, policy));
        self.add_bottlenecks(simulation, policy, &mut rows.bottlenecks);
    }

    /// The tables of this plan alone, and chips from fab to country by year, which stand after all others.
    pub(super) fn tables(
        &self,
        simulation: &Simulation,
        statistics: &[Statistics],
    ) -> (Vec<TableText>, TableText) {
        let mut rows = Rows::new();
        self.add_rows(simulation, statistics, &mut rows);
        let mut all = rows.tables();
        let (policy, flows) = (simulation.policy(), self.flows.finish());
        let flow_rows = || flow_rows(simulation, &policy, &flows);
        all.push(TableText::of(&tables::flows(), flow_rows()));
        let yearly = world::yearly_flow_rows(&simulation.plan.model, flow_rows());
        (all, TableText::of(&world::yearly_flows(), yearly))
    }

    /// Writes all tables of this plan alone.
    pub(super) fn write(
        &mut self,
        simulation: &Simulation,
        statistics: &[Statistics],
        folder: &mut RunFolder,
    ) -> Result<(), FolderError> {
        let (tables, yearly) = self.tables(simulation, statistics);
        tables.into_iter().try_for_each(|table| folder.table(table))?;
        folder.table_at_the_end(yearly);
        self.write_exports(folder)
    }

    /// Writes the tables with a row a draw.
    pub(super) fn write_exports(&mut self, folder: &mut RunFolder) -> Result<(), FolderError> {
        if let Some(table) = self.draws.take() {
            folder.describe(table.schema());
            folder.finish_file(table.finish()?)?;
        }
        if let Some(table) = self.inputs.take() {
            folder.describe(table.schema());
            folder.finish_file(table.finish()?)?;
        }
        if let Some(table) = self.strikes.take() {
            folder.describe(table.schema());
            folder.finish_file(table.finish()?)?;
        }
        Ok(())
    }

    fn threshold_rows<'a>(&self, simulation: &'a Simulation, policy: &'a str) -> Vec<ThresholdRow<'a>> {
        let recording = &simulation.recording;
        let mut rows = Vec::new();
        for (i, &s) in recording.tracked.iter().enumerate() {
            let series = &recording.series[s];
            for (l, &threshold) in self.thresholds.levels().iter().enumerate() {
                for t in 0..simulation.plan.quarters {
                    rows.push(ThresholdRow {
                        scenario: &simulation.project.name,
                        policy,
                        actor: &series.actor,
                        metric: series.name(),
                        threshold,
                        quarter: simulation.quarter(t),
                        probability: self.thresholds.probability(i, t, l),
                    });
                }
            }
        }
        rows
    }

    fn add_bottlenecks(&self, simulation: &Simulation, policy: &str, text: &mut TableText) {
        let plan = &simulation.plan;
        let subjects: Vec<(String, &str)> = (0..subjects(plan)).map(|i| subject(plan, i)).collect();
        let mut rows = Vec::new();
        for (i, (subject, subject_kind)) in subjects.iter().enumerate() {
            for t in 0..plan.quarters {
                let shares = self.labels.shares(t * subjects.len() + i, cause::NONE);
                rows.extend(shares.into_iter().map(|(code, share)| BottleneckRow {
                    scenario: &simulation.project.name,
                    policy,
                    subject,
                    subject_kind,
                    quarter: simulation.quarter(t),
                    cause: cause_name(plan, subject_kind, code),
                    root: root_name(subject_kind, code),
                    share,
                }));
            }
        }
        text.extend(&tables::bottlenecks(), rows);
    }

    /// What bound an actor's reachable compute most often in a quarter, and in what share of draws.
    pub(super) fn bound_by(&self, plan: &Plan, actor: &str, t: usize) -> Option<(String, f64)> {
        let per_quarter = subjects(plan);
        let place = (0..per_quarter).find(|&i| subject(plan, i) == (actor.to_owned(), "lab"))?;
        let (code, share) = *self.labels.shares(t * per_quarter + place, cause::NONE).first()?;
        Some((cause_name(plan, "lab", code), share))
    }
}

/// Flows quarter by quarter; those that are nothing in every draw are left out.
fn flow_rows<'a>(
    simulation: &'a Simulation,
    policy: &'a str,
    statistics: &'a [Statistics],
) -> impl Iterator<Item = FlowRow<'a>> {
    let n = simulation.flows.len();
    let all = statistics.iter().enumerate().map(move |(i, statistics)| FlowRow {
        policy,
        flow: &simulation.flows[i % n],
        quarter: simulation.quarter(i / n),
        statistics,
    });
    all.filter(|row| row.statistics.max > 0.0)
}

/// Tables with a row a draw, and of strikes.
type Opened = (Option<DrawsTable>, Option<InputsTable>, Option<StrikesTable>);

fn open_exports(
    simulation: &Simulation,
    exports: Exports,
    folder: &mut RunFolder,
) -> Result<Opened, FolderError> {
    let draws = match exports.draws {
        Some(format) => {
            let file = folder.create(&format!("draws.{}", format.extension()))?;
            Some(DrawsTable::new(format, file, &simulation.recording.names, &simulation.exported)?)
        }
        None => None,
    };
    let inputs = match exports.inputs {
        Some(format) => {
            let file = folder.create(&format!("inputs.{}", format.extension()))?;
            Some(InputsTable::new(format, file, simulation.uncertain())?)
        }
        None => None,
    };
    let strikes = match exports.strikes {
        Some(format) => {
            let file = folder.create(&format!("strikes.{}", format.extension()))?;
            let shocks = simulation.plan.model.shocks.iter().map(|s| format!("shock.{}", s.id));
            Some(StrikesTable::new(format, file, shocks.collect())?)
        }
        None => None,
    };
    Ok((draws, inputs, strikes))
}

/// What is said of labs, in the order of labels.
const OF_LABS: [&str; 4] = ["lab", "lab-effective", ROOT, ROOT_AT_HOME];
/// What a lab's chips lack.
const ROOT: &str = "lab-root";
/// What those designed at home lack.
const ROOT_AT_HOME: &str = "lab-root-at-home";

/// Subjects in the order of labels: chips, then labs.
fn subject(plan: &Plan, i: usize) -> (String, &'static str) {
    let m = &plan.model;
    let chips = plan.edges.chips.len();
    if i < chips {
        return (format!("chip.{}", m.chips[plan.edges.chips[i]].id), "chip");
    }
    let (kind, l) = ((i - chips) / m.labs.len(), (i - chips) % m.labs.len());
    (format!("lab.{}", m.labs[l].id), OF_LABS[kind])
}

fn cause_name(plan: &Plan, kind: &str, code: u8) -> String {
    match (kind, code) {
        ("chip", cause::DEMAND) => "demand".to_owned(),
        ("chip", cause::RAMP) => "ramp".to_owned(),
        ("chip", good) => format!("good.{}", plan.model.goods[usize::from(good)].id),
        (ROOT | ROOT_AT_HOME, _) => lab_cause::NAMES[usize::from(lab_cause::CHIPS)].to_owned(),
        (_, code) => lab_cause::NAMES[usize::from(code)].to_owned(),
    }
}

fn root_name(kind: &str, code: u8) -> &'static str {
    match kind {
        ROOT | ROOT_AT_HOME => root::NAMES[usize::from(code)],
        _ => "",
    }
}
