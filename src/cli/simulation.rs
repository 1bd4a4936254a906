//! What every simulating verb starts from: a scenario read, laid out and ready, and the answers to their common arguments.

use super::Failure;
use super::arguments::{Format, ScenarioArguments, SimulatingArguments};
use super::session::{Session, plan};
use super::work::{Gatherer, Watch, work};
use crate::engine::run::{Alternative, Condition, Task};
use crate::metrics::{BUDGET, FlowSource, Recording, SelectError, flows};
use crate::model::time::Quarter;
use crate::plan::Plan;
use crate::random::Sampler;
use crate::report::Table;
use crate::results::tables::Flow;
use crate::results::{ExportFormat, FolderError, Manifest, SourceFile};
use std::ops::Range;

/// Tables with a row a draw that were asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Exports {
    pub(super) draws: Option<ExportFormat>,
    pub(super) inputs: Option<ExportFormat>,
}

/// A scenario, ready to be simulated.
pub(super) struct Simulation<'a> {
    pub(super) arguments: &'a SimulatingArguments,
    pub(super) session: Session,
    pub(super) plan: Plan,
    pub(super) recording: Recording,
    /// Flows, and where they are read, side by side.
    pub(super) flows: Vec<Flow>,
    pub(super) flow_sources: Vec<FlowSource>,
    pub(super) exports: Exports,
    pub(super) given: Option<Condition>,
    /// What else decides the tables: the verb, unless it is `run`, and its own arguments.
    pub(super) settings: Vec<String>,
}

impl<'a> Simulation<'a> {
    /// Reads a scenario, its policy and edits, and lays it out, with flows and all that is recorded by default.
    pub(super) fn open(
        scenario: &ScenarioArguments,
        arguments: &'a SimulatingArguments,
    ) -> Result<Self, Failure> {
        let mut simulation = Self::open_with(scenario, arguments, arguments.quiet, |plan| {
            Recording::new(plan, &arguments.select)
        })?;
        simulation.read_condition()?;
        (simulation.flows, simulation.flow_sources) = flows(&simulation.plan).into_iter().unzip();
        let cells = simulation.recording.cells.len();
        if cells > BUDGET && arguments.select.is_empty() && !arguments.quiet {
            tell!("{cells} cells are summarised; --select chooses fewer");
        }
        Ok(simulation)
    }

    /// Reads `--given`, which is looked at in this simulation.
    pub(super) fn read_condition(&mut self) -> Result<(), Failure> {
        let given = self.arguments.given.as_deref();
        self.given = given.map(|text| condition(&self.plan, text)).transpose()?;
        Ok(())
    }

    /// The same with a recording of one's own, without flows and condition.
    pub(super) fn open_with(
        scenario: &ScenarioArguments,
        arguments: &'a SimulatingArguments,
        quiet: bool,
        record: impl FnOnce(&Plan) -> Result<Recording, SelectError>,
    ) -> Result<Self, Failure> {
        let exports = exports(&arguments.export)?;
        let mut session = Session::read(scenario)?;
        let model = session.take_model(quiet)?;
        let plan = plan(model, &arguments.simulation)?;
        let recording = record(&plan).map_err(|e| Failure::Rejected(format!("error: {e}")))?;
        Ok(Self {
            arguments,
            session,
            plan,
            recording,
            flows: Vec::new(),
            flow_sources: Vec::new(),
            exports,
            given: None,
            settings: Vec::new(),
        })
    }

    /// Simulates all draws, and gives every round to every gatherer; says how long it took [s].
    pub(super) fn work(&self, gatherers: &mut [&mut dyn Gatherer]) -> Result<f64, Failure> {
        self.work_on(&[], 0..self.arguments.simulation.draws, gatherers)
    }

    /// Simulates a range of draws, which starts at a multiple of eight, under this plan and others.
    pub(super) fn work_on(
        &self,
        others: &[Simulation<'_>],
        draws: Range<u64>,
        gatherers: &mut [&mut dyn Gatherer],
    ) -> Result<f64, Failure> {
        let task = Task {
            plan: &self.plan,
            recording: &self.recording,
            flows: &self.flow_sources,
            from: draws.start,
            draws: draws.end,
            given: self.given,
            audit: self.arguments.audit,
            inputs: self.exports.inputs.is_some(),
        };
        let rivals: Vec<Alternative<'_>> =
            others.iter().map(|o| Alternative::new(&task, &o.plan, &o.recording)).collect();
        let watch = Watch { threads: self.arguments.threads, quiet: self.arguments.quiet };
        work(&task, &rivals, watch, gatherers)
    }

    /// Whether draws are independent of each other.
    pub(super) fn is_independent(&self) -> bool {
        self.arguments.simulation.sampler == Sampler::Mc
    }

    /// Name for the `policy` column.
    pub(super) fn policy(&self) -> String {
        self.session.policy_name()
    }

    /// The calendar quarter of a step.
    pub(super) fn quarter(&self, t: usize) -> Quarter {
        Quarter(self.plan.model.run.horizon.first.0 + t as i32)
    }

    /// Actors that summaries show, in order: as the scenario names them, or every lab and the world.
    pub(super) fn headline_actors(&self) -> Vec<String> {
        let model = &self.plan.model;
        if !model.run.headline.is_empty() {
            return model.run.headline.clone();
        }
        let labs = model.labs.iter().map(|l| format!("lab.{}", l.id));
        labs.chain(["world".to_owned()]).collect()
    }

    /// Quarters that summaries show: the horizon's end and two earlier year ends.
    pub(super) fn headline_quarters(&self) -> Vec<usize> {
        let last = self.plan.quarters - 1;
        let ends: Vec<usize> = (0..=last).filter(|&t| self.quarter(t).number() == 4 || t == last).collect();
        let step = ends.len().div_ceil(3).max(1);
        let mut shown: Vec<usize> = ends.iter().rev().step_by(step).copied().take(3).collect();
        shown.reverse();
        shown
    }

    /// What the run is; its identity and what it took are still to be said.
    pub(super) fn manifest(&self) -> Manifest {
        let horizon = self.plan.model.run.horizon;
        let (session, arguments) = (&self.session, self.arguments);
        Manifest {
            identity: String::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: session.name.clone(),
            title: self.plan.model.title.clone(),
            policies: session.policy.iter().map(|p| p.name.clone()).collect(),
            files: session.sources.all.iter().map(|s| SourceFile::new(&s.name, &s.text)).collect(),
            horizon: format!("{}..{}", horizon.first, horizon.last),
            draws: arguments.simulation.draws,
            draws_used: 0,
            seed: arguments.simulation.seed,
            sampler: arguments.simulation.sampler.to_string(),
            given: arguments.given.clone(),
            resolved_policies: Vec::new(),
            select: arguments.select.clone(),
            exports: arguments.export.clone(),
            settings: self.settings.clone(),
            cells: self.recording.cells.len(),
            uncertain: self.plan.layout.uncertain().count(),
            command: std::env::args().skip(1).collect(),
            wall_seconds: 0.0,
            draws_per_second: 0.0,
            resolved: session.document.to_toml(),
        }
    }

    /// Refuses a run of which no draw counts; says how many do under a condition.
    pub(super) fn check_used(&self, used: u64) -> Result<(), Failure> {
        if used == 0 {
            return Err(Failure::Running("no draw satisfies --given; more draws may".to_owned()));
        }
        if self.given.is_some() && !self.arguments.quiet {
            tell!("{used} of {} draws satisfy --given", self.arguments.simulation.draws);
        }
        Ok(())
    }

    /// How what is printed is laid out.
    pub(super) fn layout(&self) -> Table {
        match self.arguments.format {
            Format::Table => Table::Text,
            Format::Csv => Table::Csv,
            Format::Json => Table::Json,
        }
    }
}

/// A folder's error as a command's.
pub(super) fn failed(error: FolderError) -> Failure {
    Failure::Running(error.to_string())
}

pub(super) fn exports(asked: &[String]) -> Result<Exports, Failure> {
    let mut all = Exports::default();
    for text in asked {
        let (table, format) = text.split_once('=').unwrap_or((text, ""));
        let format = match format {
            "csv" => ExportFormat::Csv,
            "parquet" => ExportFormat::Parquet,
            _ => {
                return Err(Failure::Usage(format!(
                    "--export takes draws=csv, draws=parquet, inputs=csv or inputs=parquet, not {text}"
                )));
            }
        };
        match table {
            "draws" => all.draws = Some(format),
            "inputs" => all.inputs = Some(format),
            _ => return Err(Failure::Usage(format!("--export takes draws=... or inputs=..., not {text}"))),
        }
    }
    Ok(all)
}

/// Reads `shock.taiwan-blockade by 2028Q4`, or the same after `not`.
pub(super) fn condition(plan: &Plan, text: &str) -> Result<Condition, Failure> {
    let usage = || {
        Failure::Usage(format!(
            "--given takes \"shock.ID by QUARTER\", or \"not ...\" before it, not \"{text}\""
        ))
    };
    let (struck, rest) =
        text.trim().strip_prefix("not ").map_or((true, text.trim()), |rest| (false, rest.trim()));
    let (name, quarter) = rest.split_once(" by ").ok_or_else(usage)?;
    let id = name.trim().strip_prefix("shock.").ok_or_else(usage)?;
    let quarter = Quarter::parse(quarter.trim()).ok_or_else(usage)?;
    let shocks = &plan.model.shocks;
    let shock = shocks.iter().position(|s| s.id == id).ok_or_else(|| {
        let near = crate::scenario::suggest(id, shocks.iter().map(|s| s.id.as_str()));
        let help = near.map_or_else(String::new, |n| format!("; did you mean shock.{n}?"));
        Failure::Rejected(format!("error: there is no shock.{id}{help}"))
    })?;
    let by = quarter.0 - plan.model.run.horizon.first.0;
    if by < 0 || by >= plan.quarters as i32 {
        return Err(Failure::Rejected(format!("error: --given: {quarter} lies outside the horizon")));
    }
    Ok(Condition { shock: crate::model::ShockId(shock as u32), by: by as usize, struck })
}
