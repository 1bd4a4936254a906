//! What every study of many draws starts from: a project laid out, what is recorded of it, and the answers to common requests.

use super::error::Error;
use super::gather::{Gatherer, Values, work};
use super::project::Project;
use super::request::{ScenarioRequest, SimulationRequest};
use super::watch::{Note, Watch};
use crate::engine::run::{Alternative, Condition, Task};
use crate::metrics::{BUDGET, Cells, FlowSource, Recording, SelectError, flows, headline};
use crate::model::time::{Horizon, Quarter};
use crate::network::Network;
use crate::plan::Plan;
use crate::random::Sampler;
use crate::report::{changes, world};
use crate::results::table::TableText;
use crate::results::tables::Flow;
use crate::results::{Cell, ExportFormat, Manifest, PolicyAbout, SourceFile};
use std::collections::BTreeMap;
use std::ops::Range;

/// Tables with a row a draw that were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Exports {
    pub(super) draws: Option<ExportFormat>,
    pub(super) inputs: Option<ExportFormat>,
    pub(super) strikes: Option<ExportFormat>,
}

/// A scenario, ready to be simulated.
#[derive(Debug)]
pub struct Simulation {
    /// What was asked.
    pub request: SimulationRequest,
    /// The scenario.
    pub project: Project,
    /// The scenario, laid out.
    pub plan: Plan,
    /// What is recorded of each draw.
    pub recording: Recording,
    /// Flows, and where they are read, side by side.
    pub(super) flows: Vec<Flow>,
    pub(super) flow_sources: Vec<FlowSource>,
    pub(super) exports: Exports,
    /// Cells of the recording that the table of draws has.
    pub(super) exported: Vec<usize>,
    /// Whether rounds bring what draws took for uncertain numbers, and strikes of shocks.
    pub(super) inputs: bool,
    pub(super) given: Option<Condition>,
    /// What else decides the tables: the verb, unless it is `run`, and its own arguments.
    pub(super) settings: Vec<String>,
    /// What it is called among others that it is compared with, if not by its policy.
    pub(super) called: Option<String>,
}

impl Simulation {
    /// Reads a scenario and lays it out, with flows and all that is recorded by default.
    ///
    /// # Errors
    /// If the scenario has errors, or the request cannot be read or names what does not exist.
    pub fn open(
        scenario: &ScenarioRequest,
        request: &SimulationRequest,
        watch: &dyn Watch,
    ) -> Result<Self, Error> {
        let mut simulation =
            Self::open_with(scenario, request, watch, |plan| Recording::new(plan, &request.select))?;
        simulation.read_condition()?;
        (simulation.flows, simulation.flow_sources) = flows(&simulation.plan).into_iter().unzip();
        if request.select.is_empty() && simulation.exports.draws.is_some() {
            simulation.export_headline()?;
        }
        let cells = simulation.recording.cells.len();
        if cells > BUDGET && request.select.is_empty() {
            watch.note(&Note::ManyCells(cells));
        }
        Ok(simulation)
    }

    /// Has the table of draws hold what comparisons look at, and no more: all that is summarised by default is gigabytes.
    fn export_headline(&mut self) -> Result<(), SelectError> {
        let cells = Cells::of(&self.plan)?;
        let wanted = headline::cells(&cells);
        let wanted = Recording::among(cells, &wanted)?;
        let is_wanted = |&c: &usize| wanted.names.contains(&self.recording.names[c]);
        self.exported = (0..self.recording.names.len()).filter(is_wanted).collect();
        Ok(())
    }

    /// Reads the condition, which is looked at in this simulation.
    pub(super) fn read_condition(&mut self) -> Result<(), Error> {
        let given = self.request.given.as_deref();
        self.given = given.map(|text| condition(&self.plan, text)).transpose()?;
        Ok(())
    }

    /// The same with a recording of one's own, without flows and condition.
    pub(super) fn open_with(
        scenario: &ScenarioRequest,
        request: &SimulationRequest,
        watch: &dyn Watch,
        record: impl FnOnce(&Plan) -> Result<Recording, SelectError>,
    ) -> Result<Self, Error> {
        let project = Project::open(scenario)?;
        project.note_warnings(watch);
        Self::of(project, request, record)
    }

    /// The same of a project that was read.
    pub(super) fn of(
        project: Project,
        request: &SimulationRequest,
        record: impl FnOnce(&Plan) -> Result<Recording, SelectError>,
    ) -> Result<Self, Error> {
        let exports = Exports::parse(&request.export)?;
        let plan = project.plan(&request.sampling)?;
        let recording = record(&plan)?;
        Ok(Self {
            request: request.clone(),
            project,
            plan,
            exported: (0..recording.names.len()).collect(),
            recording,
            flows: Vec::new(),
            flow_sources: Vec::new(),
            exports,
            inputs: exports.of_chance(),
            given: None,
            settings: Vec::new(),
            called: None,
        })
    }

    /// Has rounds bring what draws took for uncertain numbers, and gives their paths and units.
    pub fn bring_inputs(&mut self) -> Vec<(String, String)> {
        self.inputs = true;
        self.uncertain()
    }

    /// Paths and units of what is uncertain, in the order of a round's inputs.
    pub(super) fn uncertain(&self) -> Vec<(String, String)> {
        let quantities = &self.plan.model.quantities;
        let uncertain = self.plan.layout.uncertain().map(|q| &quantities[q]);
        uncertain.map(|q| (q.path.clone(), q.unit.clone())).collect()
    }

    /// Tables of what the scenario is about, as they stand in a study's folder.
    pub fn world_tables(&self) -> Vec<TableText> {
        let model = &self.plan.model;
        world::tables(model, &Network::from_model(model))
    }

    /// Simulates all draws, and gives every round to every gatherer; says how long it took \[s\].
    ///
    /// # Errors
    /// If it is stopped, a draw does not add up under audit, or a gatherer fails.
    pub fn work(&self, watch: &dyn Watch, gatherers: &mut [&mut dyn Gatherer]) -> Result<f64, Error> {
        self.work_on(&[], 0..self.request.sampling.draws, watch, gatherers)
    }

    /// Simulates all draws, and keeps the values of all cells in memory.
    ///
    /// # Errors
    /// If it is stopped, or a draw does not add up under audit.
    pub fn values(&self, watch: &dyn Watch) -> Result<Values, Error> {
        let mut values = Values::new(0, &self.recording);
        self.work(watch, &mut [&mut values])?;
        Ok(values)
    }

    /// Simulates a range of draws, which starts at a multiple of eight, under this plan and others.
    pub(super) fn work_on(
        &self,
        others: &[Self],
        draws: Range<u64>,
        watch: &dyn Watch,
        gatherers: &mut [&mut dyn Gatherer],
    ) -> Result<f64, Error> {
        let task = Task {
            plan: &self.plan,
            recording: &self.recording,
            flows: &self.flow_sources,
            from: draws.start,
            draws: draws.end,
            given: self.given,
            audit: self.request.audit,
            inputs: self.inputs,
        };
        let alternatives: Vec<Alternative<'_>> =
            others.iter().map(|o| Alternative::new(&task, &o.plan, &o.recording)).collect();
        work(&task, &alternatives, self.request.threads, watch, gatherers)
    }

    /// Place of a cell in the recording, or what was meant.
    pub(super) fn place(&self, parameter: &'static str, address: &str) -> Result<usize, Error> {
        let names = &self.recording.names;
        names.iter().position(|c| c.address() == address).ok_or_else(|| {
            let all: Vec<String> = names.iter().map(Cell::address).collect();
            let near = crate::scenario::suggest(address, all.iter().map(String::as_str));
            Error::NoCell { parameter, cell: address.to_owned(), near: near.map(str::to_owned) }
        })
    }

    /// Whether draws are independent of each other.
    pub(super) fn is_independent(&self) -> bool {
        self.request.sampling.sampler == Sampler::Mc
    }

    /// Name for the `policy` column.
    pub(super) fn policy(&self) -> String {
        self.called.clone().unwrap_or_else(|| self.project.policy_name())
    }

    /// What it is, for people: the scenario's title, the policy's, and the condition on draws.
    pub fn title(&self) -> String {
        let under = self
            .project
            .policy
            .as_ref()
            .map_or_else(String::new, |p| format!(", under {}", quoted(&p.title)));
        let given = self.request.given.as_ref().map_or_else(String::new, |given| format!(", given {given}"));
        format!("{}{under}{given}", self.plan.model.title)
    }

    /// What its policy is, for people.
    pub(super) fn about(&self) -> Option<PolicyAbout> {
        self.project.policy.as_ref().map(|p| PolicyAbout {
            policy: self.policy(),
            title: p.title.clone(),
            reason: p.reason.clone(),
            source: p.source.clone(),
            changes: changes(p, TOLD),
        })
    }

    /// The calendar quarter of a step.
    pub(super) fn quarter(&self, t: usize) -> Quarter {
        Quarter(self.plan.model.run.horizon.first.0 + t as i32)
    }

    /// What the study is; its identity and what it took are still to be said.
    pub(super) fn manifest(&self) -> Manifest {
        let horizon = self.plan.model.run.horizon;
        let (project, request) = (&self.project, &self.request);
        Manifest {
            identity: String::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: project.name.clone(),
            title: self.title(),
            policies: project.policy.iter().map(|p| p.name.clone()).collect(),
            about_policies: self.about().into_iter().collect(),
            files: project.sources.all.iter().map(|s| SourceFile::new(&s.name, &s.text)).collect(),
            horizon: format!("{}..{}", horizon.first, horizon.last),
            draws: request.sampling.draws,
            draws_used: 0,
            seed: request.sampling.seed,
            sampler: request.sampling.sampler.to_string(),
            given: request.given.clone(),
            resolved_policies: Vec::new(),
            select: request.select.clone(),
            exports: request.export.clone(),
            settings: self.settings.clone(),
            cells: self.recording.cells.len(),
            uncertain: self.plan.layout.uncertain().count(),
            command: Vec::new(),
            wall_seconds: 0.0,
            draws_per_second: 0.0,
            audited: request.audit,
            resolved: project.document.to_toml(),
            checksums: BTreeMap::new(),
            checksum: String::new(),
        }
    }

    /// Refuses a study of which no draw counts; says how many do under a condition.
    pub(super) fn check_used(&self, used: u64, watch: &dyn Watch) -> Result<(), Error> {
        if used == 0 {
            return Err(Error::NoDrawCounts);
        }
        if self.given.is_some() {
            watch.note(&Note::Counted { used, draws: self.request.sampling.draws });
        }
        Ok(())
    }
}

/// Changes of a policy that a manifest tells.
pub(super) const TOLD: usize = 8;

/// A title within a sentence.
fn quoted(title: &str) -> String {
    format!("\u{201c}{title}\u{201d}")
}

impl Exports {
    /// Reads `draws=csv` and its like.
    pub(super) fn parse(asked: &[String]) -> Result<Self, Error> {
        let mut all = Self::default();
        for text in asked {
            let (table, format) = text.split_once('=').unwrap_or((text, ""));
            let format = match format {
                "csv" => ExportFormat::Csv,
                "parquet" if !cfg!(feature = "parquet") => return Err(Error::WithoutFeature("parquet")),
                "parquet" => ExportFormat::Parquet,
                _ => return Err(Error::ExportFormat(text.clone())),
            };
            match table {
                "draws" => all.draws = Some(format),
                "inputs" => all.inputs = Some(format),
                "strikes" => all.strikes = Some(format),
                _ => return Err(Error::ExportTable(text.clone())),
            }
        }
        Ok(all)
    }

    /// Whether any table is asked for.
    pub(super) fn any(self) -> bool {
        self.draws.is_some() || self.of_chance()
    }

    /// Whether any of them is text.
    pub(super) fn any_text(self) -> bool {
        [self.draws, self.inputs, self.strikes].contains(&Some(ExportFormat::Csv))
    }

    /// Whether a table of what chance decided is asked for: of inputs, or of strikes.
    pub(super) fn of_chance(self) -> bool {
        self.inputs.is_some() || self.strikes.is_some()
    }
}

/// Reads `shock.taiwan-blockade by 2028Q4`, or the same after `not`.
pub(super) fn condition(plan: &Plan, text: &str) -> Result<Condition, Error> {
    let usage = || Error::Given(text.to_owned());
    let (struck, rest) =
        text.trim().strip_prefix("not ").map_or((true, text.trim()), |rest| (false, rest.trim()));
    let (name, quarter) = rest.split_once(" by ").ok_or_else(usage)?;
    let id = name.trim().strip_prefix("shock.").ok_or_else(usage)?;
    let quarter = Quarter::parse(quarter.trim()).ok_or_else(usage)?;
    let shocks = &plan.model.shocks;
    let shock = shocks.iter().position(|s| s.id == id).ok_or_else(|| {
        let near = crate::scenario::suggest(id, shocks.iter().map(|s| s.id.as_str()));
        Error::NoShock { id: id.to_owned(), near: near.map(str::to_owned) }
    })?;
    let by = quarter.0 - plan.model.run.horizon.first.0;
    if by < 0 || by >= plan.quarters as i32 {
        return Err(Error::GivenOutside(quarter));
    }
    Ok(Condition { shock: crate::model::ShockId(shock as u32), by: by as usize, struck })
}

/// A horizon that ends with the last of some cells: what happens after it need not be simulated. None if that is its own, or a cell has no quarter.
pub(super) fn until(cells: &[String], own: Horizon) -> Option<String> {
    let quarters = cells.iter().map(|c| c.rsplit_once('@').and_then(|(_, q)| Quarter::parse(q)));
    let last = quarters.collect::<Option<Vec<_>>>()?.into_iter().max()?;
    (own.first <= last && last < own.last).then(|| format!("{}..{last}", own.first))
}
