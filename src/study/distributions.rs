//! The tables of distributions that every simulating verb gathers: summary, thresholds, bottlenecks, flows, draws, inputs.

use super::Failure;
use super::run_folder::RunFolder;
use super::simulation::{Exports, Simulation, failed};
use super::work::Gatherer;
use crate::engine::record::subjects;
use crate::engine::run::Round;
use crate::engine::steps::production::cause;
use crate::engine::steps::training::lab_cause;
use crate::plan::Plan;
use crate::results::tables::{self, BottleneckRow, ThresholdRow};
use crate::results::{
    DrawsTable, ExportFormat, FolderError, InputsTable, Labels, Statistics, Summary, Thresholds,
    package_fields, package_number,
};

/// Thresholds where the scenario names none [FLOP].
pub(super) const THRESHOLDS: [f64; 4] = [1e25, 1e26, 1e27, 1e28];

/// Rows of the tables, of one plan or of several one after the other.
#[derive(Debug, Default)]
pub(super) struct Rows {
    summary: String,
    thresholds: String,
    bottlenecks: String,
    flows: String,
}

impl Rows {
    /// Writes the tables that all simulating verbs write.
    pub(super) fn write(&self, folder: &mut RunFolder) -> Result<(), FolderError> {
        folder.table("summary.csv", "Distributions: a row a cell", &tables::SUMMARY, &self.summary)?;
        folder.table(
            "thresholds.csv",
            "When thresholds are reached",
            &tables::THRESHOLDS,
            &self.thresholds,
        )?;
        folder.table("bottlenecks.csv", "What bound whom", &tables::BOTTLENECKS, &self.bottlenecks)
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
    /// Draws that count.
    pub(super) used: u64,
}

impl Gatherer for Distributions {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        let round = &rounds[self.place];
        self.summary.absorb(&round.cells, &round.masks);
        self.flows.absorb(&round.flowed, &round.masks);
        for (b, &mask) in round.masks.iter().enumerate() {
            self.thresholds.add(&round.tracked[b], mask);
            self.labels.add(&round.labels[b], mask);
            self.used += u64::from(mask.count());
        }
        if let Some(table) = &mut self.draws {
            table.write(&self.policy, round.first, &round.cells, &round.masks)?;
        }
        if let Some(table) = &mut self.inputs {
            table.write(round.first, &round.inputs, &round.masks)?;
        }
        Ok(())
    }
}

impl Distributions {
    /// Files that they are written to, apart from exports.
    pub(super) const FILES: [&'static str; 4] =
        ["summary.csv", "thresholds.csv", "bottlenecks.csv", "flows.csv"];

    /// Room for a simulation's distributions; tables with a row a draw are opened.
    pub(super) fn new(simulation: &Simulation<'_>, folder: &mut RunFolder) -> Result<Self, Failure> {
        Self::among(simulation, 0, simulation.exports, folder)
    }

    /// Room for the distributions of a simulation that is the `place`th of those simulated together; the tables with a row
    /// a draw that are asked for are opened.
    pub(super) fn among(
        simulation: &Simulation<'_>,
        place: usize,
        exports: Exports,
        folder: &mut RunFolder,
    ) -> Result<Self, Failure> {
        let (plan, recording) = (&simulation.plan, &simulation.recording);
        let named = &plan.model.run.thresholds;
        let levels = if named.is_empty() { THRESHOLDS.to_vec() } else { named.clone() };
        let independent = simulation.is_independent();
        let (draws, inputs) = open_exports(simulation, exports, folder).map_err(failed)?;
        Ok(Self {
            place,
            policy: simulation.policy(),
            summary: Summary::new(recording.cells.len(), independent),
            flows: Summary::new(plan.quarters * simulation.flows.len(), independent),
            thresholds: Thresholds::new(levels, recording.tracked.len(), plan.quarters),
            labels: Labels::new(plan.quarters * subjects(plan)),
            draws,
            inputs,
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
    pub(super) fn add_rows(
        &mut self,
        simulation: &Simulation<'_>,
        statistics: &[Statistics],
        rows: &mut Rows,
    ) {
        let policy = simulation.policy();
        let names = &simulation.recording.names;
        rows.summary += &tables::summary(&simulation.session.name, &policy, names, statistics);
        rows.thresholds += &tables::thresholds(&policy, &self.threshold_rows(simulation));
        rows.bottlenecks += &tables::bottlenecks(&policy, &self.bottleneck_rows(simulation));
        let flow_statistics = self.flows.finish();
        let n = simulation.flows.len();
        let flows = (flow_statistics.iter().enumerate())
            .map(|(i, s)| (&simulation.flows[i % n], simulation.quarter(i / n).to_string(), s));
        rows.flows += &tables::flows(&policy, flows);
    }

    /// Writes all tables of this plan alone.
    pub(super) fn write(
        &mut self,
        simulation: &Simulation<'_>,
        statistics: &[Statistics],
        folder: &mut RunFolder,
    ) -> Result<(), FolderError> {
        let mut rows = Rows::default();
        self.add_rows(simulation, statistics, &mut rows);
        rows.write(folder)?;
        folder.table("flows.csv", "What flowed where", &tables::FLOWS, &rows.flows)?;
        self.write_exports(simulation, folder)
    }

    /// Writes the tables with a row a draw.
    pub(super) fn write_exports(
        &mut self,
        simulation: &Simulation<'_>,
        folder: &mut RunFolder,
    ) -> Result<(), FolderError> {
        if let Some(table) = self.draws.take() {
            if simulation.exports.draws == Some(ExportFormat::Csv) {
                describe_draws(simulation, table.metrics(), folder);
            }
            folder.finish_file(table.finish()?)?;
        }
        if let Some(table) = self.inputs.take() {
            if simulation.exports.inputs == Some(ExportFormat::Csv) {
                describe_inputs(&simulation.plan, folder);
            }
            folder.finish_file(table.finish()?)?;
        }
        Ok(())
    }

    fn threshold_rows(&self, simulation: &Simulation<'_>) -> Vec<ThresholdRow> {
        let recording = &simulation.recording;
        let mut rows = Vec::new();
        for (i, &s) in recording.tracked.iter().enumerate() {
            let series = &recording.series[s];
            for (l, &threshold) in self.thresholds.levels().iter().enumerate() {
                for t in 0..simulation.plan.quarters {
                    rows.push(ThresholdRow {
                        actor: series.actor.clone(),
                        metric: series.metric.clone(),
                        threshold,
                        quarter: simulation.quarter(t).to_string(),
                        probability: self.thresholds.probability(i, t, l),
                    });
                }
            }
        }
        rows
    }

    fn bottleneck_rows(&self, simulation: &Simulation<'_>) -> Vec<BottleneckRow> {
        let plan = &simulation.plan;
        let per_quarter = subjects(plan);
        let mut rows = Vec::new();
        for i in 0..per_quarter {
            let (subject, subject_kind) = subject(plan, i);
            for t in 0..plan.quarters {
                for (code, share) in self.labels.shares(t * per_quarter + i, cause::NONE) {
                    rows.push(BottleneckRow {
                        subject: subject.clone(),
                        subject_kind,
                        quarter: simulation.quarter(t).to_string(),
                        cause: cause_name(plan, subject_kind, code),
                        share,
                    });
                }
            }
        }
        rows
    }

    /// What bound an actor's reachable compute most often in a quarter, and in what share of draws.
    pub(super) fn bound_by(&self, plan: &Plan, actor: &str, t: usize) -> Option<(String, f64)> {
        let per_quarter = subjects(plan);
        let place = (0..per_quarter).find(|&i| subject(plan, i) == (actor.to_owned(), "lab"))?;
        let (code, share) = *self.labels.shares(t * per_quarter + place, cause::NONE).first()?;
        Some((cause_name(plan, "lab", code), share))
    }
}

fn open_exports(
    simulation: &Simulation<'_>,
    exports: Exports,
    folder: &mut RunFolder,
) -> Result<(Option<DrawsTable>, Option<InputsTable>), FolderError> {
    let draws = match exports.draws {
        Some(format) => {
            let file = folder.create(&format!("draws.{}", format.extension()))?;
            Some(DrawsTable::new(format, file, &simulation.recording.names)?)
        }
        None => None,
    };
    let inputs = match exports.inputs {
        Some(format) => {
            let file = folder.create(&format!("inputs.{}", format.extension()))?;
            let plan = &simulation.plan;
            let paths: Vec<String> =
                plan.layout.uncertain().map(|q| plan.model.quantities[q.0 as usize].path.clone()).collect();
            Some(InputsTable::new(format, file, &paths)?)
        }
        None => None,
    };
    Ok((draws, inputs))
}

pub(super) fn describe_draws(simulation: &Simulation<'_>, metrics: &[String], folder: &mut RunFolder) {
    let mut fields = package_fields(&[
        ("draw", "integer", "Number of the draw"),
        ("policy", "string", "Stem of the policy"),
        ("actor", "string", "Whose it is"),
        ("quarter", "string", "Calendar quarter"),
    ]);
    for m in metrics {
        let series = &simulation.recording.series;
        let unit = series.iter().find(|s| s.metric == *m).map_or("", |s| s.unit.as_str());
        fields.push(package_number(m, unit, "The metric of that name; empty where the actor has none"));
    }
    folder.describe("draws.csv", "A row a draw, actor and quarter", fields);
}

fn describe_inputs(plan: &Plan, folder: &mut RunFolder) {
    let mut fields = package_fields(&[("draw", "integer", "Number of the draw")]);
    for q in plan.layout.uncertain() {
        let quantity = &plan.model.quantities[q.0 as usize];
        let about = "What the draw took; a dated series at its last uncertain date";
        fields.push(package_number(&quantity.path, &quantity.unit, about));
    }
    folder.describe("inputs.csv", "A row a draw, a column an uncertain quantity", fields);
}

/// Subjects in the order of labels: chips, labs, labs' effective compute.
fn subject(plan: &Plan, i: usize) -> (String, &'static str) {
    let m = &plan.model;
    let chips = plan.edges.chips.len();
    if i < chips {
        return (format!("chip.{}", m.chips[plan.edges.chips[i].index()].id), "chip");
    }
    let (l, kind) = if i < chips + m.labs.len() {
        (i - chips, "lab")
    } else {
        (i - chips - m.labs.len(), "lab-effective")
    };
    (format!("lab.{}", m.labs[l].id), kind)
}

fn cause_name(plan: &Plan, kind: &str, code: u8) -> String {
    match (kind, code) {
        ("chip", cause::DEMAND) => "demand".to_owned(),
        ("chip", cause::RAMP) => "ramp".to_owned(),
        ("chip", good) => format!("good.{}", plan.model.goods[usize::from(good)].id),
        (_, code) => lab_cause::NAMES[usize::from(code)].to_owned(),
    }
}
