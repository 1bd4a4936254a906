//! `run`: simulate, summarise, export, print.

use super::Failure;
use super::arguments::{Format, RunArguments};
use super::session::{Session, plan, print};
use crate::engine::production::cause;
use crate::engine::record::subjects;
use crate::engine::run::{Condition, Round, Stopped, Task, simulate};
use crate::engine::training::lab_cause;
use crate::math::WIDTH;
use crate::model::time::Quarter;
use crate::plan::Plan;
use crate::plan::series::{BUDGET, Recording, flows};
use crate::random::Sampler;
use crate::report::{Headline, HeadlineRow, Table};
use crate::results::tables::{self, BottleneckRow, Flow, ThresholdRow};
use crate::results::{
    DrawsTable, ExportFormat, Folder, FolderError, InputsTable, Labels, Manifest, Opened, OutputFile,
    SourceFile, Statistics, Summary, Thresholds, data_package, package_fields, package_number,
    package_resource,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Thresholds where the scenario names none [FLOP].
const THRESHOLDS: [f64; 4] = [1e25, 1e26, 1e27, 1e28];
/// Files of every run, in order of writing; the manifest comes last.
const FILES: [&str; 6] =
    ["summary.csv", "thresholds.csv", "bottlenecks.csv", "flows.csv", "datapackage.json", "manifest.json"];

/// Tables with a row a draw that were asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Exports {
    draws: Option<ExportFormat>,
    inputs: Option<ExportFormat>,
}

/// Everything that gathers rounds.
struct Gathering {
    summary: Summary,
    flows: Summary,
    thresholds: Thresholds,
    labels: Labels,
    draws: Option<DrawsTable>,
    inputs: Option<InputsTable>,
    used: u64,
}

impl Gathering {
    fn absorb(&mut self, round: &Round) -> Result<(), FolderError> {
        self.summary.absorb(&round.cells, &round.masks);
        self.flows.absorb(&round.flowed, &round.masks);
        for (b, &mask) in round.masks.iter().enumerate() {
            self.thresholds.add(&round.tracked[b], mask);
            self.labels.add(&round.labels[b], mask);
            self.used += u64::from(mask.count());
        }
        if let Some(table) = &mut self.draws {
            table.write(round.first, &round.cells, &round.masks)?;
        }
        if let Some(table) = &mut self.inputs {
            table.write(round.first, &round.inputs, &round.masks)?;
        }
        Ok(())
    }
}

pub(super) fn run(arguments: &RunArguments) -> Result<(), Failure> {
    let exports = exports(&arguments.export)?;
    let mut session = Session::read(&arguments.scenario)?;
    let model = session.take_model(arguments.quiet)?;
    let plan = plan(model, &arguments.simulation)?;
    let recording =
        Recording::new(&plan, &arguments.select).map_err(|e| Failure::Rejected(format!("error: {e}")))?;
    if recording.cells.len() > BUDGET && arguments.select.is_empty() && !arguments.quiet {
        eprintln!("{} cells are summarised; --select chooses fewer", recording.cells.len());
    }
    let given = arguments.given.as_deref().map(|text| condition(&plan, text)).transpose()?;
    let mut manifest = describe(arguments, &session, &plan, &recording);
    manifest.identify();
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from("output").join(format!("{}-{}", session.name, manifest.identity)));
    let mut folder = match Folder::open(&out, &manifest.identity, arguments.force).map_err(failed)? {
        Opened::Ready(folder) => folder,
        Opened::Complete => {
            eprintln!("{} holds this very run, complete; --force does it again", out.display());
            return Ok(());
        }
    };
    let files: Result<Vec<OutputFile>, FolderError> = FILES.iter().map(|name| folder.create(name)).collect();
    let files = files.map_err(failed)?;
    let policy = session.policy_name();
    let named_flows = flows(&plan);
    let sources: Vec<_> = named_flows.iter().map(|f| f.1.clone()).collect();
    let mut gathering =
        gather(&plan, &recording, named_flows.len(), arguments, &policy, exports, &mut folder)?;
    let task = Task {
        plan: &plan,
        recording: &recording,
        flows: &sources,
        draws: arguments.simulation.draws,
        given,
        audit: arguments.audit,
        inputs: exports.inputs.is_some(),
    };
    let started = Instant::now();
    work(&task, arguments, &mut gathering)?;
    let seconds = started.elapsed().as_secs_f64();
    manifest.wall_seconds = seconds;
    manifest.draws_per_second = arguments.simulation.draws as f64 / seconds.max(1e-9);
    manifest.draws_used = gathering.used;
    if gathering.used == 0 {
        return Err(Failure::Running("no draw satisfies --given; more draws may".to_owned()));
    }
    if given.is_some() && !arguments.quiet {
        eprintln!("{} of {} draws satisfy --given", gathering.used, arguments.simulation.draws);
    }
    let statistics = gathering.summary.finish();
    let finished =
        Finished { plan: &plan, recording: &recording, named_flows: &named_flows, policy: &policy };
    finished
        .write(&session.name, &mut folder, files, &mut gathering, &statistics, &manifest, exports)
        .map_err(failed)?;
    let headline = finished.headline(&statistics, &gathering);
    let how = match arguments.format {
        Format::Table => Table::Text,
        Format::Csv => Table::Csv,
        Format::Json => Table::Json,
    };
    drop(folder);
    print(&headline.render(how))?;
    if !arguments.quiet {
        eprintln!(
            "\n{} draws in {seconds:.1} s ({:.0} draws/s); tables in {}",
            arguments.simulation.draws,
            manifest.draws_per_second,
            out.display()
        );
    }
    Ok(())
}

fn failed(error: FolderError) -> Failure {
    Failure::Running(error.to_string())
}

fn exports(asked: &[String]) -> Result<Exports, Failure> {
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
fn condition(plan: &Plan, text: &str) -> Result<Condition, Failure> {
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

fn describe(arguments: &RunArguments, session: &Session, plan: &Plan, recording: &Recording) -> Manifest {
    let horizon = plan.model.run.horizon;
    Manifest {
        identity: String::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: session.name.clone(),
        title: plan.model.title.clone(),
        policies: session.policy.iter().map(|p| p.name.clone()).collect(),
        files: session.sources.all.iter().map(|s| SourceFile::new(&s.name, &s.text)).collect(),
        horizon: format!("{}..{}", horizon.first, horizon.last),
        draws: arguments.simulation.draws,
        draws_used: 0,
        seed: arguments.simulation.seed,
        sampler: arguments.simulation.sampler.to_string(),
        given: arguments.given.clone(),
        select: arguments.select.clone(),
        exports: arguments.export.clone(),
        cells: recording.cells.len(),
        uncertain: plan.layout.uncertain().count(),
        command: std::env::args().skip(1).collect(),
        wall_seconds: 0.0,
        draws_per_second: 0.0,
        resolved: session.document.to_toml(),
    }
}

fn gather(
    plan: &Plan,
    recording: &Recording,
    flows: usize,
    arguments: &RunArguments,
    policy: &str,
    exports: Exports,
    folder: &mut Folder,
) -> Result<Gathering, Failure> {
    let levels = if plan.model.run.thresholds.is_empty() {
        THRESHOLDS.to_vec()
    } else {
        plan.model.run.thresholds.clone()
    };
    let independent = arguments.simulation.sampler == Sampler::Mc;
    let draws = match exports.draws {
        Some(format) => {
            let file = folder.create(&format!("draws.{}", format.extension())).map_err(failed)?;
            Some(DrawsTable::new(format, file, policy, &recording.names).map_err(failed)?)
        }
        None => None,
    };
    let inputs = match exports.inputs {
        Some(format) => {
            let file = folder.create(&format!("inputs.{}", format.extension())).map_err(failed)?;
            let paths: Vec<String> =
                plan.layout.uncertain().map(|q| plan.model.quantities[q.0 as usize].path.clone()).collect();
            Some(InputsTable::new(format, file, &paths).map_err(failed)?)
        }
        None => None,
    };
    Ok(Gathering {
        summary: Summary::new(recording.cells.len(), independent),
        flows: Summary::new(plan.quarters * flows, independent),
        thresholds: Thresholds::new(levels, recording.tracked.len(), plan.quarters),
        labels: Labels::new(plan.quarters * subjects(plan)),
        draws,
        inputs,
        used: 0,
    })
}

/// Simulates with a progress bar and a hand on Ctrl-C.
fn work(task: &Task<'_>, arguments: &RunArguments, gathering: &mut Gathering) -> Result<(), Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let hand = Arc::clone(&stop);
    // A second handler in one process is refused: then the first one serves.
    let _ = ctrlc::set_handler(move || hand.store(true, Ordering::Relaxed));
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.threads)
        .build()
        .map_err(|e| Failure::Running(format!("threads: {e}")))?;
    let terminal = std::io::stderr().is_terminal() && !arguments.quiet;
    let bar = if terminal { progress(task.draws) } else { ProgressBar::hidden() };
    let result = pool.install(|| {
        simulate(task, &stop, |round: Round| {
            gathering.absorb(&round)?;
            let done = (round.first + round.masks.len() as u64) * WIDTH as u64;
            bar.set_position(done.min(task.draws));
            Ok(())
        })
    });
    bar.finish_and_clear();
    result.map_err(|e: Stopped<FolderError>| match e {
        Stopped::Interrupted => Failure::Running("interrupted; nothing was written".to_owned()),
        other => Failure::Running(other.to_string()),
    })
}

fn progress(draws: u64) -> ProgressBar {
    let bar = ProgressBar::new(draws);
    let style = ProgressStyle::with_template("{bar:32} {pos}/{len} draws, {per_sec}, {eta} left");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// What is needed to write and to print results.
struct Finished<'a> {
    plan: &'a Plan,
    recording: &'a Recording,
    named_flows: &'a [(Flow, crate::plan::series::FlowSource)],
    policy: &'a str,
}

impl Finished<'_> {
    fn quarter(&self, t: usize) -> Quarter {
        Quarter(self.plan.model.run.horizon.first.0 + t as i32)
    }

    #[allow(clippy::too_many_arguments)] // everything of a run comes together here
    fn write(
        &self,
        scenario: &str,
        folder: &mut Folder,
        files: Vec<OutputFile>,
        gathering: &mut Gathering,
        statistics: &[Statistics],
        manifest: &Manifest,
        exports: Exports,
    ) -> Result<(), FolderError> {
        let summary = tables::header(&tables::SUMMARY)
            + &tables::summary(scenario, self.policy, &self.recording.names, statistics);
        let thresholds = tables::header(&tables::THRESHOLDS)
            + &tables::thresholds(self.policy, &self.threshold_rows(gathering));
        let bottlenecks = tables::header(&tables::BOTTLENECKS)
            + &tables::bottlenecks(self.policy, &self.bottleneck_rows(gathering));
        let flow_statistics = gathering.flows.finish();
        let n = self.named_flows.len();
        let rows = (flow_statistics.iter().enumerate())
            .map(|(i, s)| (&self.named_flows[i % n].0, self.quarter(i / n).to_string(), s));
        let flows = tables::header(&tables::FLOWS) + &tables::flows(self.policy, rows);
        let metrics = gathering.draws.as_ref().map(|d| d.metrics().to_vec()).unwrap_or_default();
        let package = self.package(scenario, &metrics, exports);
        let manifest = serde_json::to_string_pretty(manifest).unwrap_or_default() + "\n";
        let tables = [
            gathering.draws.take().map(DrawsTable::finish),
            gathering.inputs.take().map(InputsTable::finish),
        ];
        for file in tables.into_iter().flatten() {
            folder.finish(file?)?;
        }
        let texts = [summary, thresholds, bottlenecks, flows, package, manifest];
        for (file, text) in files.into_iter().zip(texts) {
            folder.write(file, &text)?;
        }
        Ok(())
    }

    fn threshold_rows(&self, gathering: &Gathering) -> Vec<ThresholdRow> {
        let mut rows = Vec::new();
        for (i, &s) in self.recording.tracked.iter().enumerate() {
            let series = &self.recording.series[s];
            for (l, &threshold) in gathering.thresholds.levels().iter().enumerate() {
                for t in 0..self.plan.quarters {
                    rows.push(ThresholdRow {
                        actor: series.actor.clone(),
                        metric: series.metric.clone(),
                        threshold,
                        quarter: self.quarter(t).to_string(),
                        probability: gathering.thresholds.probability(i, t, l),
                    });
                }
            }
        }
        rows
    }

    /// Subjects in the order of labels: chips, labs, labs' effective compute.
    fn subject(&self, i: usize) -> (String, &'static str) {
        let m = &self.plan.model;
        let chips = self.plan.edges.chips.len();
        if i < chips {
            return (format!("chip.{}", m.chips[self.plan.edges.chips[i].index()].id), "chip");
        }
        let (l, kind) = if i < chips + m.labs.len() {
            (i - chips, "lab")
        } else {
            (i - chips - m.labs.len(), "lab-effective")
        };
        (format!("lab.{}", m.labs[l].id), kind)
    }

    fn cause_name(&self, kind: &str, code: u8) -> String {
        match (kind, code) {
            ("chip", cause::DEMAND) => "demand".to_owned(),
            ("chip", cause::RAMP) => "ramp".to_owned(),
            ("chip", good) => format!("good.{}", self.plan.model.goods[usize::from(good)].id),
            (_, code) => lab_cause::NAMES[usize::from(code)].to_owned(),
        }
    }

    fn bottleneck_rows(&self, gathering: &Gathering) -> Vec<BottleneckRow> {
        let per_quarter = subjects(self.plan);
        let mut rows = Vec::new();
        for i in 0..per_quarter {
            let (subject, subject_kind) = self.subject(i);
            for t in 0..self.plan.quarters {
                for (code, share) in gathering.labels.shares(t * per_quarter + i, cause::NONE) {
                    rows.push(BottleneckRow {
                        subject: subject.clone(),
                        subject_kind,
                        quarter: self.quarter(t).to_string(),
                        cause: self.cause_name(subject_kind, code),
                        share,
                    });
                }
            }
        }
        rows
    }

    fn package(&self, scenario: &str, metrics: &[String], exports: Exports) -> String {
        let mut resources = vec![
            package_resource("summary.csv", "Distributions: a row a cell", package_fields(&tables::SUMMARY)),
            package_resource(
                "thresholds.csv",
                "When thresholds are reached",
                package_fields(&tables::THRESHOLDS),
            ),
            package_resource("bottlenecks.csv", "What bound whom", package_fields(&tables::BOTTLENECKS)),
            package_resource("flows.csv", "What flowed where", package_fields(&tables::FLOWS)),
        ];
        if exports.draws == Some(ExportFormat::Csv) {
            let mut fields = package_fields(&[
                ("draw", "integer", "Number of the draw"),
                ("policy", "string", "Stem of the policy"),
                ("actor", "string", "Whose it is"),
                ("quarter", "string", "Calendar quarter"),
            ]);
            for m in metrics {
                let unit =
                    self.recording.series.iter().find(|s| s.metric == *m).map_or("", |s| s.unit.as_str());
                fields.push(package_number(
                    m,
                    unit,
                    "The metric of that name; empty where the actor has none",
                ));
            }
            resources.push(package_resource("draws.csv", "A row a draw, actor and quarter", fields));
        }
        if exports.inputs == Some(ExportFormat::Csv) {
            let mut fields = package_fields(&[("draw", "integer", "Number of the draw")]);
            for q in self.plan.layout.uncertain() {
                let quantity = &self.plan.model.quantities[q.0 as usize];
                fields.push(package_number(
                    &quantity.path,
                    &quantity.unit,
                    "What the draw took; a dated series at its last uncertain date",
                ));
            }
            resources.push(package_resource(
                "inputs.csv",
                "A row a draw, a column an uncertain quantity",
                fields,
            ));
        }
        data_package(scenario, &self.plan.model.title, &resources)
    }

    /// Actors of the headline, at the horizon's end and two earlier year ends.
    fn headline(&self, statistics: &[Statistics], gathering: &Gathering) -> Headline {
        let last = self.plan.model.run.horizon.last;
        let ends: Vec<usize> = (0..self.plan.quarters)
            .filter(|&t| self.quarter(t).number() == 4 || self.quarter(t) == last)
            .collect();
        let step = ends.len().div_ceil(3).max(1);
        let mut shown: Vec<usize> = ends.iter().rev().step_by(step).copied().take(3).collect();
        shown.reverse();
        let find = |actor: &str, metric: &str, t: usize| {
            let quarter = self.quarter(t);
            let place = self
                .recording
                .names
                .iter()
                .position(|c| c.actor == actor && c.metric == metric && c.quarter == quarter);
            place.map(|i| statistics[i])
        };
        let mut rows = Vec::new();
        for actor in self.actors() {
            for &t in &shown {
                let Some(reachable) = find(&actor, "reachable_flop", t) else { continue };
                let series = self.recording.tracked.iter().position(|&s| {
                    let series = &self.recording.series[s];
                    series.actor == actor && series.metric == "reachable_flop"
                });
                let levels = gathering.thresholds.levels();
                let reached = series.map_or_else(Vec::new, |i| {
                    (0..levels.len())
                        .map(|l| (levels[l], gathering.thresholds.probability(i, t, l).0))
                        .collect()
                });
                rows.push(HeadlineRow {
                    actor: actor.clone(),
                    quarter: self.quarter(t).to_string(),
                    reachable,
                    run: find(&actor, "run_flop", t),
                    reached,
                    bound_by: self.bound_by(&actor, t, gathering),
                });
            }
        }
        Headline { title: self.plan.model.title.clone(), rows, draws: gathering.used }
    }

    fn actors(&self) -> Vec<String> {
        let named = &self.plan.model.run.headline;
        if !named.is_empty() {
            return named.clone();
        }
        let labs = self.plan.model.labs.iter().map(|l| format!("lab.{}", l.id));
        labs.chain(["world".to_owned()]).collect()
    }

    fn bound_by(&self, actor: &str, t: usize, gathering: &Gathering) -> Option<(String, f64)> {
        let per_quarter = subjects(self.plan);
        let place = (0..per_quarter).find(|&i| {
            let (subject, kind) = self.subject(i);
            subject == actor && kind == "lab"
        })?;
        let (code, share) = *gathering.labels.shares(t * per_quarter + place, cause::NONE).first()?;
        Some((self.cause_name("lab", code), share))
    }
}
