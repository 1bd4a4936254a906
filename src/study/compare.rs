//! The same draws under every policy, and in every scenario whose draws can be paired, against the scenario as it stands.

use super::comparison::{ComparedDraws, Comparison, Findings, Goals, write_exports};
use super::distributions::{Distributions, Rows, THRESHOLDS};
use super::drivers::Drivers;
use super::error::Error;
use super::folder::{RunFolder, Took, Written, free_aside};
use super::gather::{Gatherer, Values, pool};
use super::long::{Found, ManyDraws, Steps, answers};
use super::project::{Project, Reading, policies, promised};
use super::request::{CompareRequest, Destination, PolicySource, ScenarioRequest, TextSource};
use super::rounds::Rounds;
use super::simulation::{Simulation, TOLD};
use super::stopping::{Stopping, interval};
use super::watch::Watch;
use crate::analysis::tables::{ExpectedRow, RobustRow, expectations, robustness};
use crate::analysis::{Expectation, Paired, Precision, Statistic};
use crate::inputs::paired;
use crate::metrics::{ActorKind, Cells, Recording, headline};
use crate::plan::Plan;
use crate::report::{OutputFormat, Ranked, Verdict, differences};
use crate::results::table::TableText;
use crate::results::{Cell, Interval, Manifest, PolicyAbout, SourceFile, Statistics};
use crate::scenario::Source;
use rayon::prelude::*;
use std::sync::Arc;

/// Cells that are ranked in print at most.
const RANKED: usize = 3;
/// Files of a comparison.
const FILES: [&str; 6] =
    ["summary.csv", "thresholds.csv", "bottlenecks.csv", "comparison.csv", "robustness.csv", Drivers::FILE];

/// A comparison, opened: the scenario is read, checked and laid out under every policy.
#[derive(Debug)]
pub struct Compare {
    /// The scenario as it stands.
    pub base: Simulation,
    /// The scenario under each policy; then each other scenario, as it stands and under each policy.
    pub others: Vec<Simulation>,
    goals: Goals,
    stopping: Stopping,
    /// The recorded cell that the precision is about.
    cell: Option<usize>,
}

/// What a comparison has found.
pub struct CompareResults<'a> {
    study: &'a Compare,
    rounds: Rounds,
    comparison: Comparison,
    distributions: Vec<Distributions>,
    /// By plan, then cell of its recording.
    statistics: Vec<Vec<Statistics>>,
    findings: Findings,
    /// What drives the scenario as it stands.
    drivers: Drivers,
    /// What it took.
    pub took: Took,
}

/// Cells that are compared: those selected, or the headline's; and those that goals ask for.
pub(super) fn selection(among: &Cells<'_>, select: &[String], asked: &[String]) -> Vec<String> {
    let mut all = if select.is_empty() { headline::cells(among) } else { select.to_vec() };
    all.extend(asked.iter().cloned());
    all
}

/// Thresholds of a scenario \[FLOP\].
pub(super) fn levels(plan: &Plan) -> Vec<f64> {
    let named = &plan.model.run.thresholds;
    if named.is_empty() { THRESHOLDS.to_vec() } else { named.clone() }
}

impl Compare {
    /// Reads and checks all that is asked.
    ///
    /// # Errors
    /// If the request cannot be read, a policy or scenario is named twice, the draws of a scenario cannot be paired with the first's, or
    /// a scenario has errors, as it stands or under a policy.
    pub fn open(request: &CompareRequest, watch: &dyn Watch) -> Result<Self, Error> {
        let goals = Goals::parse(&request.objectives, &request.targets)?;
        let stopping = Stopping::new(&request.precision, request.simulation.sampling.draws)?;
        let mut asked = goals.cells();
        asked.extend(stopping.wanted.iter().map(|p| p.cell.clone()));
        let mut named = request.policies.clone();
        if named.is_empty() && request.others.is_empty() {
            named = policies(&request.scenario.scenario).into_iter().map(PolicySource::Named).collect();
        }
        let promised = promised(&request.scenario, &named);
        let own = &request.scenario.scenario;
        let read = |source: &TextSource| {
            Reading::of(&ScenarioRequest { scenario: source.clone(), ..request.scenario.clone() })
        };
        let open =
            |(source, reading): (&TextSource, &Reading), policy: Option<&PolicySource>, watch: &dyn Watch| {
                let scenario = ScenarioRequest {
                    scenario: source.clone(),
                    policy: policy.cloned(),
                    ..request.scenario.clone()
                };
                let project = Project::of(reading, &scenario)?;
                project.note_warnings(watch);
                Simulation::of(project, &request.simulation, |plan| {
                    let cells = Cells::of(plan)?;
                    let mut select = selection(&cells, &request.simulation.select, &asked);
                    select.extend(cells.matching(&promised));
                    if policy.is_some() || source != own {
                        // What a policy takes away, or another scenario lacks, cannot be compared; what is there can.
                        select = cells.matching(&select);
                    }
                    Recording::lean_among(cells, &select)
                })
            };
        let first = read(own)?;
        let first = (own, &first);
        let mut base = open(first, None, watch)?;
        base.read_condition()?;
        Drivers::watch(&mut base);
        if named.is_empty() && request.others.is_empty() {
            return Err(Error::NoPolicy);
        }
        let pool = pool(request.simulation.threads)?;
        // Their warnings are the scenario's own. Of several that have errors the first is told.
        let under = |world: (&TextSource, &Reading)| -> Result<Vec<Simulation>, Error> {
            let all: Vec<Result<Simulation, Error>> =
                pool.install(|| named.par_iter().map(|p| open(world, Some(p), &())).collect());
            all.into_iter().collect()
        };
        let mut others = under(first)?;
        for source in &request.others {
            let reading = read(source)?;
            let mut world = open((source, &reading), None, watch)?;
            let name = world.project.name.clone();
            paired(&base.plan.model, &world.plan.model).map_err(|why| Error::Unpaired {
                scenario: name.clone(),
                with: base.project.name.clone(),
                why,
            })?;
            let policies = under((source, &reading))?;
            world.called = Some(name.clone());
            others.push(world);
            others.extend(policies.into_iter().map(|mut plan| {
                plan.called = Some(format!("{name}:{}", plan.policy()));
                plan
            }));
        }
        base.settings = request.objectives.iter().chain(&request.targets).cloned().collect();
        base.settings.extend(request.precision.settings());
        let cell = stopping.cell(&base)?;
        let study = Self { base, others, goals, stopping, cell };
        study.check()?;
        Ok(study)
    }

    /// Takes the folder that the comparison is to be written to; none if it is there already, complete.
    ///
    /// # Errors
    /// If the folder cannot be written, is in use, or holds another run.
    pub fn folder(&self, to: &Destination, watch: &dyn Watch) -> Result<Option<RunFolder>, Error> {
        self.open_folder(to, watch)
    }

    /// Simulates all draws under every policy; tables with a row a draw go to the folder as they come.
    ///
    /// # Errors
    /// If it is stopped, an audited draw does not add up, no draw counts, or such a table cannot be written.
    pub fn simulate(
        &self,
        folder: Option<&mut RunFolder>,
        watch: &dyn Watch,
    ) -> Result<CompareResults<'_>, Error> {
        self.find(folder, watch)
    }

    /// Simulates all draws under every policy, and keeps the values of all cells in memory: the scenario as it stands first.
    ///
    /// # Errors
    /// If it is stopped, or a draw does not add up under audit.
    pub fn values(&self, watch: &dyn Watch) -> Result<Vec<Values>, Error> {
        let plans = self.plans().into_iter().enumerate();
        let mut all: Vec<Values> = plans.map(|(i, plan)| Values::new(i, &plan.recording)).collect();
        let mut gatherers: Vec<&mut dyn Gatherer> =
            all.iter_mut().map(|values| values as &mut dyn Gatherer).collect();
        self.base.work_on(&self.others, 0..self.base.request.sampling.draws, watch, &mut gatherers)?;
        Ok(all)
    }

    fn plans(&self) -> Vec<&Simulation> {
        std::iter::once(&self.base).chain(&self.others).collect()
    }

    /// Holds that no policy or scenario is named twice, and that every plan has the cells that goals name.
    fn check(&self) -> Result<(), Error> {
        let (names, plans) = (self.names(), self.plans());
        let own = &self.base.project.name;
        let is_scenario = |p: &Simulation| p.called.is_some() && p.project.policy.is_none();
        if let Some(twice) = plans.iter().find(|p| is_scenario(p) && p.project.name == *own) {
            return Err(Error::ScenarioTwice(twice.project.name.clone()));
        }
        if let Some((i, twice)) = names.iter().enumerate().find(|(i, n)| names[..*i].contains(n)) {
            let error = if is_scenario(plans[i]) { Error::ScenarioTwice } else { Error::PolicyTwice };
            return Err(error(twice.clone()));
        }
        self.goals.check(&self.plans())
    }

    /// Names of the plans, the scenario as it stands first.
    fn names(&self) -> Vec<String> {
        self.plans().iter().map(|p| p.policy()).collect()
    }

    /// The widest of the policies' paired intervals of a number, and the scenario's own number.
    fn precision(
        &self,
        comparison: &Comparison,
        base: &Distributions,
        wanted: &Precision,
        cell: usize,
    ) -> (Interval, f64) {
        let own = interval(&base.statistic(cell), wanted.statistic, self.base.is_independent());
        let place = comparison.cells.iter().position(|c| *c == self.base.recording.names[cell]);
        let of = |place: usize, p: usize| {
            let paired = comparison.runs.paired(place, p);
            match wanted.statistic {
                Statistic::Mean => paired.mean,
                Statistic::Quantile(i) => paired.quantiles[i],
            }
        };
        // A cell that a policy takes away is compared with none.
        let widest = place.and_then(|place| {
            let intervals = (1..comparison.plans.len()).map(|p| of(place, p));
            intervals.reduce(|a, b| if b.half() > a.half() { b } else { a })
        });
        (widest.unwrap_or(own), own.value)
    }

    /// Whether a policy says of a cell that every plan has which way it goes.
    fn promises(&self) -> bool {
        let all = self.others.iter().filter_map(|o| o.project.policy.as_ref()).flat_map(|p| &p.expects);
        let mut cells = all.filter_map(|text| Expectation::parse(text)).map(|e| e.cell);
        let has = |plan: &&Simulation, cell: &str| plan.recording.names.iter().any(|c| c.address() == cell);
        cells.any(|cell| self.plans().iter().all(|plan| has(plan, &cell)))
    }

    fn verdict(
        &self,
        comparison: &Comparison,
        findings: &Findings,
        base: &[Statistics],
        draws: u64,
    ) -> Verdict {
        let shown = self.shown(comparison);
        let rank = |c: usize| {
            let own = self.base.recording.names.iter().position(|n| *n == comparison.cells[c]);
            Ranked {
                cell: comparison.cells[c].address(),
                unit: comparison.cells[c].unit.clone(),
                sense: comparison.senses[c],
                base: own.map(|i| base[i].mean),
                plans: comparison.plans.clone(),
                scenarios: comparison.scenarios.clone(),
                paired: findings.paired[c].clone(),
                tiers: findings.tiers[c].clone(),
            }
        };
        Verdict {
            title: self.base.title(),
            draws,
            cells: shown.into_iter().map(rank).collect(),
            objectives: self.goals.objectives.iter().map(|o| format!("{} {}", o.sense, o.cell)).collect(),
            standings: findings.standings.clone(),
            targets: comparison.shares(),
            apart: comparison.apart.clone(),
            robust: Vec::new(),
            about: self.about(),
            expected: self.expected(comparison, findings, base),
        }
    }

    /// What the policies and the other scenarios are, for people.
    fn about(&self) -> Vec<PolicyAbout> {
        let world = |plan: &Simulation| {
            let differences = differences(&self.base.project.document, &plan.project.document, TOLD);
            PolicyAbout {
                policy: plan.policy(),
                title: plan.plan.model.title.clone(),
                reason: String::new(),
                source: String::new(),
                changes: differences,
            }
        };
        self.others.iter().map(|plan| plan.about().unwrap_or_else(|| world(plan))).collect()
    }

    /// What policies say that they move, and whether they do, of cells that every plan has.
    fn expected(
        &self,
        comparison: &Comparison,
        findings: &Findings,
        base: &[Statistics],
    ) -> Vec<ExpectedRow> {
        let mut rows = Vec::new();
        for (p, other) in self.others.iter().enumerate() {
            let sentences = other.project.policy.iter().flat_map(|policy| &policy.expects);
            for expected in sentences.filter_map(|text| Expectation::parse(text)) {
                let cell = comparison.cells.iter().position(|c| c.address() == expected.cell);
                let Some(c) = cell else { continue };
                let paired = &findings.paired[c][p + 1];
                rows.push(ExpectedRow {
                    scenario: other.project.name.clone(),
                    policy: other.policy(),
                    unit: comparison.cells[c].unit.clone(),
                    change: (
                        paired.mean.value,
                        paired.mean.half(),
                        comparison.own(c, 0).map(|i| base[i].mean),
                    ),
                    held: expected.held(paired),
                    expected,
                });
            }
        }
        rows
    }

    /// Cells that are ranked in print: the objectives', or the headline countries' reachable compute at the end, or what is
    /// selected of the last quarter; not more than fit a screen.
    fn shown(&self, comparison: &Comparison) -> Vec<usize> {
        let find = |address: &str| comparison.cells.iter().position(|c| c.address() == address);
        if !self.goals.objectives.is_empty() {
            return self.goals.objectives.iter().filter_map(|o| find(&o.cell)).take(RANKED).collect();
        }
        let model = &self.base.plan.model;
        let countries = headline::of_kind(model, ActorKind::Country);
        let mut shown: Vec<usize> = countries.iter().filter_map(|a| find(&headline::end(model, a))).collect();
        if shown.is_empty() {
            let metrics = comparison.metric_cells();
            let end = metrics.iter().map(|c| c.quarter).max();
            shown = (0..metrics.len()).filter(|&c| Some(metrics[c].quarter) == end).take(RANKED).collect();
        }
        shown
    }
}

impl CompareResults<'_> {
    /// Names of the plans, the scenario as it stands first.
    pub fn plans(&self) -> &[String] {
        &self.comparison.plans
    }

    /// Cells that are compared, in order: metrics, then quarters until thresholds are reached.
    pub fn cells(&self) -> &[Cell] {
        &self.comparison.cells
    }

    /// A cell under a plan against the scenario as it stands, by their places; in the cell's unit.
    pub fn paired(&self, cell: usize, plan: usize) -> &Paired {
        &self.findings.paired[cell][plan]
    }

    /// The tier of a plan for a cell, from 0, the best.
    pub fn tier(&self, cell: usize, plan: usize) -> usize {
        self.findings.tiers[cell][plan]
    }

    /// Cells that a plan records, with their statistics.
    pub fn statistics(&self, plan: usize) -> (&[Cell], &[Statistics]) {
        (&self.study.plans()[plan].recording.names, &self.statistics[plan])
    }

    /// The verdict: policies ranked by the cells that matter, and where they stand under objectives and targets.
    pub fn verdict(&self) -> Verdict {
        let verdict =
            self.study.verdict(&self.comparison, &self.findings, &self.statistics[0], self.took.used);
        Verdict { robust: self.robust(), ..verdict }
    }

    /// How plans do where they do badly, in the cells that are ranked in print.
    pub fn robust(&self) -> Vec<RobustRow> {
        let shown = self.study.shown(&self.comparison);
        self.comparison.robust(&shown, &self.findings, &self.statistics)
    }

    /// All tables, as they stand in a comparison's folder.
    pub fn tables(&self) -> Vec<TableText> {
        let mut rows = Rows::new();
        for ((plan, distributions), statistics) in
            self.study.plans().iter().zip(&self.distributions).zip(&self.statistics)
        {
            distributions.add_rows(plan, statistics, &mut rows);
        }
        let mut all = rows.tables();
        all.extend([self.comparison.table(&self.findings, &self.statistics[0]), self.rounds.table()]);
        all.push(TableText::of(&robustness(), self.robust()));
        all.push(self.drivers.table(&self.study.base.plan));
        let goals = &self.study.goals;
        all.extend((!goals.objectives.is_empty()).then(|| self.comparison.objectives(&self.findings)));
        all.extend((!goals.targets.is_empty()).then(|| self.comparison.targets()));
        let expected = self.study.expected(&self.comparison, &self.findings, &self.statistics[0]);
        all.extend(self.study.promises().then(|| TableText::of(&expectations(), expected)));
        all
    }

    /// Writes all tables, the page, the data package and the manifest.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(self, mut folder: RunFolder) -> Result<Written, Error> {
        let answers = answers(&self);
        self.tables().into_iter().try_for_each(|table| folder.table(table))?;
        let Self { mut comparison, mut distributions, statistics, findings, drivers, took, .. } = self;
        write_exports(&mut comparison, &mut distributions[0], &mut folder)?;
        // The page is made from the tables, which take as much room again: what they were made from goes first.
        free_aside((comparison, distributions, statistics, findings, drivers));
        folder.finish(took, &answers)
    }
}

impl ManyDraws for Compare {
    type Gathered<'a> = ComparedDraws;
    type Found<'a> = CompareResults<'a>;

    fn base(&self) -> &Simulation {
        &self.base
    }

    fn others(&self) -> &[Simulation] {
        &self.others
    }

    fn stopping(&self) -> Option<&Stopping> {
        Some(&self.stopping)
    }

    fn manifest(&self) -> Manifest {
        let mut manifest = self.base.manifest();
        manifest.policies = self.others.iter().map(Simulation::policy).collect();
        manifest.about_policies = self.about();
        for other in &self.others {
            let resolved = SourceFile::new(&other.policy(), &other.project.document.to_toml());
            manifest.resolved_policies.push(resolved);
            // Those of the scenario itself are told once.
            let own =
                |source: &&Arc<Source>| !self.base.project.sources.all.iter().any(|s| Arc::ptr_eq(s, source));
            for source in other.project.sources.all.iter().filter(own) {
                let file = SourceFile::new(&source.name, &source.text);
                if !manifest.files.contains(&file) {
                    manifest.files.push(file);
                }
            }
        }
        manifest
    }

    fn files(&self) -> Vec<&'static str> {
        let mut files = FILES.to_vec();
        files.extend((!self.goals.objectives.is_empty()).then_some("objectives.csv"));
        files.extend((!self.goals.targets.is_empty()).then_some("targets.csv"));
        files.extend(self.promises().then_some("expectations.csv"));
        files
    }

    fn gather(&self, folder: Option<&mut RunFolder>) -> Result<ComparedDraws, Error> {
        let (plans, levels) = (self.plans(), levels(&self.base.plan));
        let comparison = Comparison::new(&plans, self.names(), &levels, &self.goals);
        let gathered = ComparedDraws::new(&plans, comparison, folder)?;
        Ok(ComparedDraws { drivers: Some(Drivers::new(&self.base)), ..gathered })
    }

    fn known(&self, gathered: &ComparedDraws) -> Option<(Interval, f64)> {
        let (wanted, cell) = self.stopping.wanted.as_ref().zip(self.cell)?;
        Some(self.precision(&gathered.comparison, &gathered.distributions[0], wanted, cell))
    }

    fn conclude(&self, gathered: ComparedDraws, took: Took) -> Result<CompareResults<'_>, Error> {
        let ComparedDraws { rounds, comparison, distributions, drivers } = gathered;
        let drivers = drivers.expect("a comparison gathers them");
        let statistics = distributions.iter().map(Distributions::statistics).collect();
        let findings = comparison.findings();
        Ok(CompareResults {
            study: self,
            rounds,
            comparison,
            distributions,
            statistics,
            findings,
            drivers,
            took,
        })
    }
}

impl Found for CompareResults<'_> {
    fn answer(&self, format: OutputFormat) -> String {
        self.verdict().render(format)
    }

    fn answer_table(&self) -> TableText {
        self.verdict().to_table()
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
