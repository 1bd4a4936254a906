//! `compare`: the same draws under every policy, against the scenario as it stands.

use super::Failure;
use super::arguments::{CompareArguments, ScenarioArguments};
use super::comparison::{Comparison, Findings, Goals};
use super::distributions::{Distributions, Rows, describe_draws};
use super::precision::{Stopping, interval};
use super::run_folder::RunFolder;
use super::session::print;
use super::simulation::{Exports, Simulation, failed};
use super::work::Gatherer;
use crate::analysis::{COMPARISON, OBJECTIVES, Precision, Statistic, TARGETS};
use crate::metrics::chief_cells;
use crate::metrics::{Recording, matching};
use crate::report::{Ranked, Verdict};
use crate::results::{DrawsTable, ExportFormat, SourceFile, Statistics};

/// Cells that are ranked in print at most.
const RANKED: usize = 3;
/// Files of a comparison.
const FILES: [&str; 4] = ["summary.csv", "thresholds.csv", "bottlenecks.csv", "comparison.csv"];

pub(super) fn compare(arguments: &CompareArguments) -> Result<(), Failure> {
    let goals = Goals::parse(&arguments.objective, &arguments.target)?;
    let stopping = Stopping::new(&arguments.precision, arguments.simulating.simulation.draws)?;
    let mut asked = goals.cells();
    asked.extend(stopping.wanted.iter().map(|p| p.cell.clone()));
    let mut base = open(arguments, None, &asked)?;
    base.read_condition()?;
    let names = policies(arguments)?;
    let others: Result<Vec<_>, _> = names.iter().map(|p| open(arguments, Some(p), &asked)).collect();
    let mut field = Field { base, others: others?, goals };
    let comparison = field.comparison()?;
    field.base.settings = arguments.objective.iter().chain(&arguments.target).cloned().collect();
    field.base.settings.extend(arguments.precision.settings());
    let mut manifest = field.base.manifest();
    manifest.policies = comparison.plans[1..].to_vec();
    field.describe(&mut manifest);
    let mut files = FILES.to_vec();
    files.extend((!arguments.objective.is_empty()).then_some("objectives.csv"));
    files.extend((!arguments.target.is_empty()).then_some("targets.csv"));
    let Some(folder) = RunFolder::open_as(&field.base, manifest, &files)? else { return Ok(()) };
    field.run(comparison, &stopping, folder)
}

/// A policy's name and the files of it that were read are those of its session.
fn open<'a>(
    arguments: &'a CompareArguments,
    policy: Option<&String>,
    asked: &[String],
) -> Result<Simulation<'a>, Failure> {
    let scenario = ScenarioArguments {
        scenario: arguments.scenario.clone(),
        policy: policy.cloned(),
        edits: arguments.edits.clone(),
        set: arguments.set.clone(),
    };
    let quiet = arguments.simulating.quiet || policy.is_some();
    Simulation::open_with(&scenario, &arguments.simulating, quiet, |plan| {
        let mut select = selection(plan, &arguments.simulating.select, asked);
        if policy.is_some() {
            // What a policy takes away cannot be compared; what is there still can.
            select = matching(plan, &select)?;
        }
        Recording::lean(plan, &select)
    })
}

/// Cells that are compared: those selected, or the chief ones; and those that goals ask for.
pub(super) fn selection(plan: &crate::plan::Plan, select: &[String], asked: &[String]) -> Vec<String> {
    let mut all = if select.is_empty() { chief_cells(plan) } else { select.to_vec() };
    all.extend(asked.iter().cloned());
    all
}

/// Policies named, or all of the scenario's folder.
fn policies(arguments: &CompareArguments) -> Result<Vec<String>, Failure> {
    if !arguments.policy.is_empty() {
        return Ok(arguments.policy.clone());
    }
    let path = &arguments.scenario;
    let folder = if path.is_dir() { path.join("policies") } else { path.with_file_name("policies") };
    let mut stems: Vec<String> = std::fs::read_dir(&folder)
        .map(|dir| {
            let files =
                dir.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "toml"));
            files.filter_map(|p| p.file_stem().map(|s| s.to_string_lossy().into_owned())).collect()
        })
        .unwrap_or_default();
    stems.sort();
    if stems.is_empty() {
        return Err(Failure::Usage("name a --policy: the scenario has none of its own".to_owned()));
    }
    Ok(stems)
}

/// The plans that meet: the scenario as it stands and its rivals.
pub(super) struct Field<'a> {
    pub(super) base: Simulation<'a>,
    pub(super) others: Vec<Simulation<'a>>,
    pub(super) goals: Goals,
}

impl Field<'_> {
    fn plans(&self) -> Vec<&Simulation<'_>> {
        std::iter::once(&self.base).chain(&self.others).collect()
    }

    /// Room for the comparison; a policy that is named twice is an error.
    fn comparison(&self) -> Result<Comparison, Failure> {
        let names: Vec<String> = self.plans().iter().map(|p| p.policy()).collect();
        if let Some(twice) = names.iter().enumerate().find(|(i, n)| names[..*i].contains(n)) {
            return Err(Failure::Usage(format!("{} is compared twice", twice.1)));
        }
        Comparison::new(&self.plans(), names, &self.levels(), &self.goals)
    }

    pub(super) fn levels(&self) -> Vec<f64> {
        let named = &self.base.plan.model.run.thresholds;
        if named.is_empty() { super::distributions::THRESHOLDS.to_vec() } else { named.clone() }
    }

    /// Adds what the rivals were made from.
    pub(super) fn describe(&self, manifest: &mut crate::results::Manifest) {
        for other in &self.others {
            let resolved = SourceFile::new(&other.policy(), &other.session.document.to_toml());
            manifest.resolved_policies.push(resolved);
            for source in &other.session.sources.all {
                let file = SourceFile::new(&source.name, &source.text);
                if !manifest.files.contains(&file) {
                    manifest.files.push(file);
                }
            }
        }
    }

    fn run(
        &self,
        mut comparison: Comparison,
        stopping: &Stopping,
        mut folder: RunFolder,
    ) -> Result<(), Failure> {
        let mut all = self.distributions(&mut folder)?;
        if let Some(format) = self.base.exports.draws {
            let file = folder.create(&format!("draws.{}", format.extension())).map_err(failed)?;
            let table = DrawsTable::new(format, file, comparison.metric_cells()).map_err(failed)?;
            comparison.draws = Some(table);
        }
        let cell = stopping.cell(&self.base)?;
        let (draws, seconds) = stopping.run(&self.base, |range| {
            let mut gatherers: Vec<&mut dyn Gatherer> = vec![&mut comparison];
            gatherers.extend(all.iter_mut().map(|d| d as &mut dyn Gatherer));
            let seconds = self.base.work_on(&self.others, range, &mut gatherers)?;
            let known = stopping.wanted.as_ref().zip(cell);
            Ok((seconds, known.map(|(wanted, cell)| self.precision(&comparison, &all[0], wanted, cell))))
        })?;
        folder.manifest.draws = draws;
        self.base.check_used(all[0].used)?;
        let statistics: Vec<Vec<Statistics>> = all.iter().map(Distributions::statistics).collect();
        let findings = comparison.findings();
        self.write(&mut comparison, &mut all, &statistics, &findings, &mut folder).map_err(failed)?;
        let used = all[0].used;
        let verdict = self.verdict(&comparison, &findings, &statistics[0], used).render(self.base.layout());
        // The page is made from the tables, which take as much room again: what they were made from goes first.
        drop((comparison, all, statistics, findings));
        let path = folder.path.clone();
        let manifest = folder.finish(used, seconds).map_err(failed)?;
        print(&verdict)?;
        if !self.base.arguments.quiet {
            tell!(
                "\n{} draws under {} plans in {seconds:.1} s; tables in {}",
                manifest.draws,
                self.others.len() + 1,
                path.display()
            );
        }
        Ok(())
    }

    fn distributions(&self, folder: &mut RunFolder) -> Result<Vec<Distributions>, Failure> {
        let mut all = Vec::new();
        for (place, plan) in self.plans().into_iter().enumerate() {
            let inputs = self.base.exports.inputs.filter(|_| place == 0);
            all.push(Distributions::among(plan, place, Exports { draws: None, inputs }, folder)?);
        }
        Ok(all)
    }

    /// The widest of the policies' paired intervals of a number, and the scenario's own number.
    fn precision(
        &self,
        comparison: &Comparison,
        base: &Distributions,
        wanted: &Precision,
        cell: usize,
    ) -> (crate::results::Interval, f64) {
        let own = interval(&base.statistic(cell), wanted.statistic, self.base.is_independent());
        let place = comparison.cells.iter().position(|c| *c == self.base.recording.names[cell]);
        let of = |p: usize| {
            let paired = comparison.contest.paired(place.unwrap_or(0), p);
            match wanted.statistic {
                Statistic::Mean => paired.mean,
                Statistic::Quantile(i) => paired.quantiles[i],
            }
        };
        let widest =
            (1..comparison.plans.len()).map(of).reduce(|a, b| if b.half() > a.half() { b } else { a });
        (widest.unwrap_or(own), own.value)
    }

    fn write(
        &self,
        comparison: &mut Comparison,
        all: &mut [Distributions],
        statistics: &[Vec<Statistics>],
        findings: &Findings,
        folder: &mut RunFolder,
    ) -> Result<(), crate::results::FolderError> {
        let mut rows = Rows::default();
        for ((plan, distributions), statistics) in self.plans().iter().zip(all.iter_mut()).zip(statistics) {
            distributions.add_rows(plan, statistics, &mut rows);
        }
        rows.write(folder)?;
        let about = "Policies against the scenario as it stands, draw by draw";
        folder.table("comparison.csv", about, &COMPARISON, &comparison.rows(findings))?;
        if !self.goals.objectives.is_empty() {
            let about = "Which policies are dominated under all objectives";
            folder.table("objectives.csv", about, &OBJECTIVES, &comparison.objective_rows(findings))?;
        }
        if !self.goals.targets.is_empty() {
            let about = "Shares of draws that satisfy the targets";
            folder.table("targets.csv", about, &TARGETS, &comparison.target_rows())?;
        }
        if let Some(table) = comparison.draws.take() {
            if self.base.exports.draws == Some(ExportFormat::Csv) {
                describe_draws(&self.base, table.metrics(), folder);
            }
            folder.finish_file(table.finish()?)?;
        }
        all[0].write_exports(&self.base, folder)
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
                base: own.map(|i| base[i].mean).unwrap_or_default(),
                plans: comparison.plans.clone(),
                paired: findings.paired[c].clone(),
                tiers: findings.tiers[c].clone(),
            }
        };
        Verdict {
            title: self.base.plan.model.title.clone(),
            draws,
            cells: shown.into_iter().map(rank).collect(),
            objectives: self.goals.objectives.iter().map(|o| format!("{} {}", o.sense, o.cell)).collect(),
            standings: findings.standings.clone(),
            targets: comparison.shares(),
        }
    }

    /// Cells that are ranked in print: the objectives', or the headline countries' reachable compute at the end, or what is
    /// selected of the last quarter; not more than fit a screen.
    fn shown(&self, comparison: &Comparison) -> Vec<usize> {
        let find = |address: &str| comparison.cells.iter().position(|c| c.address() == address);
        if !self.goals.objectives.is_empty() {
            return self.goals.objectives.iter().filter_map(|o| find(&o.cell)).take(RANKED).collect();
        }
        let model = &self.base.plan.model;
        let last = model.run.horizon.last;
        let mut actors: Vec<String> =
            model.run.headline.iter().filter(|a| a.starts_with("country.")).cloned().collect();
        if actors.is_empty() {
            actors = model.countries.iter().map(|c| format!("country.{}", c.id)).collect();
        }
        let mut shown: Vec<usize> =
            actors.iter().filter_map(|a| find(&format!("{a}/reachable_flop@{last}"))).collect();
        if shown.is_empty() {
            let metrics = comparison.metric_cells();
            let end = metrics.iter().map(|c| c.quarter).max();
            shown = (0..metrics.len()).filter(|&c| Some(metrics[c].quarter) == end).take(RANKED).collect();
        }
        shown
    }
}
