//! What can be typed.

mod explore;
mod finding;
mod questions;
mod record;
mod simulating;

pub(super) use explore::ExploreArguments;
pub(super) use finding::{FieldsArguments, MetricsArguments, New, NewArguments, PoliciesArguments};
pub(super) use questions::{DiscoverArguments, IndicesArguments, SearchArguments, WorthArguments};
pub(super) use record::{CalibrateArguments, HindcastArguments};
pub(super) use simulating::{
    GivenArguments, MergeArguments, PrecisionArguments, SimulatingArguments, SimulationArguments,
    VerifyArguments,
};

use super::values::draws;
use crate::report::OutputFormat;
use crate::study::{
    CompareRequest, KnockoutRequest, RulesRequest, RunRequest, ScenarioRequest, SweepRequest,
};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Who can train what, by when, with what probability, and which link of the chain stops them.
#[derive(Debug, Parser)]
#[command(name = "chokepoint", version, about, max_term_width = 100, propagate_version = true)]
#[command(after_help = "Start with: chokepoint run baseline")]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Read, resolve and validate a scenario; list every error at once
    Check(CheckArguments),
    /// List every quantity: value, quantiles, unit, source, grade, place
    Show(ShowArguments),
    /// List what can be selected: metrics with unit, actors and meaning, all or those of some words
    Metrics(MetricsArguments),
    /// List the policies of a scenario, and what each changes
    Policies(PoliciesArguments),
    /// List the keys of a table of a scenario: unit, range, default, meaning
    Fields(FieldsArguments),
    /// Write a scenario or a policy to start from
    New(NewArguments),
    /// Simulate, summarise, export, report: the main job
    Run(RunArguments),
    /// Simulate the same draws under several policies, or in several scenarios; rank them, with honest error bars
    Compare(CompareArguments),
    /// Simulate a factorial of levers, every point on the same draws
    Sweep(SweepArguments),
    /// Print the rule book: status by chip, destination, headquarters and issuer on a day
    Rules(RulesArguments),
    /// Hold the simulated past against what was published, and score it
    Hindcast(HindcastArguments),
    /// Weigh draws by the record, and say which ranges of which numbers it narrows
    Calibrate(CalibrateArguments),
    /// Join parts of a run, which `--part` made, to the run: the same tables as in one go
    Merge(MergeArguments),
    /// Hold every file of a run against its checksum, and rounds of draws against a new simulation
    Verify(VerifyArguments),
    /// Tell the story of one draw, equal to that draw in any run
    Explain(ExplainArguments),
    /// Say under which conditions something comes about: on draws of a scenario, or of a run
    Discover(DiscoverArguments),
    /// Say what a number's leading inputs explain of it, alone and together with others
    Indices(IndicesArguments),
    /// Search levers for what no other setting of them beats, by several objectives
    Search(SearchArguments),
    /// Say what learning each input before choosing among policies is worth
    Worth(WorthArguments),
    /// Write a page with the engine inside: move a lever, see the answer
    Explore(ExploreArguments),
    /// Print the supply graph, or rank its chokepoints
    Graph(GraphArguments),
    /// Print a supply-chain data set as tool classes and dependence, in the language of scenarios
    Import(ImportArguments),
    /// Say which inputs of two runs differ, and which numbers moved beyond their error
    Diff(DiffArguments),
    /// Make a run's page again, or a brief of it to hand on, from its files
    Report(ReportArguments),
    /// Print the JSON Schema of a scenario file
    Schema,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// A scenario and what is changed of it.
#[derive(Clone, Debug, Args)]
pub(super) struct ScenarioArguments {
    /// A scenario's folder, its TOML file, or one that comes with the program: baseline, tutorial
    pub(super) scenario: PathBuf,
    /// A policy: a file, or a stem in the scenario's policies/; `a+b` combines
    #[arg(long, value_name = "POLICY")]
    pub(super) policy: Option<String>,
    /// What was known at some time, by its name in the scenario's [vintage]: 2024
    #[arg(long, value_name = "NAME")]
    pub(super) vintage: Option<String>,
    /// A CSV file of edits: path,value,unit,grade,source,note
    #[arg(long, value_name = "FILE")]
    pub(super) edits: Vec<PathBuf>,
    /// One edit: a path and its value, such as `route.malaysia.detection=20%`
    #[arg(long, value_name = "PATH=VALUE")]
    pub(super) set: Vec<String>,
    /// A folder beside its own that the scenario may read from; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(super) allow_read: Vec<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    pub(super) scenario: ScenarioArguments,
    /// List all findings, not only the first twenty
    #[arg(long)]
    pub(super) all_errors: bool,
}

/// A data set that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DataSet {
    /// The Emerging Technology Observatory's Advanced Semiconductor Supply Chain Dataset.
    Eto,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ImportArguments {
    /// Whose layout the tables have
    pub(super) data_set: DataSet,
    /// Folder with inputs.csv, providers.csv, provision.csv and sequence.csv
    pub(super) folder: PathBuf,
    /// A scenario to import into: print a policy for it rather than a part to include
    #[arg(long, value_name = "SCENARIO")]
    pub(super) into: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ShowArguments {
    #[command(flatten)]
    pub(super) scenario: ScenarioArguments,
    /// Only paths that match: `route.*.detection`, `**` for everything
    #[arg(default_value = "**")]
    pub(super) glob: String,
    /// What is printed; csv is accepted by --edits
    #[arg(long, value_enum, default_value = "table")]
    pub(super) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(super) struct RulesArguments {
    #[command(flatten)]
    pub(super) scenario: ScenarioArguments,
    /// The day, such as 2023-12-01; or a quarter, whose first day it is
    #[arg(long, value_name = "DATE", required_unless_present = "diff", conflicts_with = "diff")]
    pub(super) on: Option<String>,
    /// Country of delivery; every country of the scenario by default
    #[arg(long, value_name = "COUNTRY")]
    pub(super) to: Option<String>,
    /// Country of the buyer's headquarters; that of delivery by default
    #[arg(long, value_name = "COUNTRY")]
    pub(super) hq: Option<String>,
    /// Country whose rules are asked for; every issuer of rules on chips by default
    #[arg(long, value_name = "COUNTRY")]
    pub(super) issuer: Option<String>,
    /// Chip; every one of the scenario by default, sold or not
    #[arg(long, value_name = "ID")]
    pub(super) chip: Option<String>,
    /// Print what the policy and the edits change of the scenario as it stands, in ranges of dates: chips, tools, servicing and the rest
    #[arg(long)]
    pub(super) diff: bool,
    /// What is printed
    #[arg(long, value_enum, default_value = "table")]
    pub(super) format: Format,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Table,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
    /// For documents.
    Markdown,
}

#[derive(Clone, Debug, Args)]
pub(super) struct RunArguments {
    #[command(flatten)]
    pub(super) scenario: ScenarioArguments,
    /// More scenarios: each is a run of its own with the same options, and a table at the end has all their headlines
    #[arg(value_name = "SCENARIO")]
    pub(super) more: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) precision: PrecisionArguments,
    #[command(flatten)]
    pub(super) simulating: SimulatingArguments,
    /// Write a brief too, one or two pages to hand on: brief.html for print, and brief.md
    #[arg(long, conflicts_with = "part")]
    pub(super) brief: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct CompareArguments {
    /// A scenario's folder, its TOML file, or one that comes with the program: baseline, tutorial
    pub(super) scenario: PathBuf,
    /// More scenarios, on the draws of the first: each as it stands, and under each --policy
    #[arg(value_name = "SCENARIO")]
    pub(super) more: Vec<PathBuf>,
    /// A policy: a file, or a stem in the scenario's policies/; `a+b` combines; may be repeated. Of one scenario all of them by default
    #[arg(long, value_name = "POLICY")]
    pub(super) policy: Vec<String>,
    /// A CSV file of edits, under every policy: path,value,unit,grade,source,note
    #[arg(long, value_name = "FILE")]
    pub(super) edits: Vec<PathBuf>,
    /// One edit, under every policy: a path and its value
    #[arg(long, value_name = "PATH=VALUE")]
    pub(super) set: Vec<String>,
    /// A folder beside its own that the scenario may read from; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(super) allow_read: Vec<PathBuf>,
    /// What is good: "min CELL" or "max CELL"; may be repeated, for a Pareto front
    #[arg(long, value_name = "GOAL")]
    pub(super) objective: Vec<String>,
    /// A bound, of which the share of draws that satisfy it is told: "CELL < NUMBER"
    #[arg(long, value_name = "BOUND")]
    pub(super) target: Vec<String>,
    #[command(flatten)]
    pub(super) precision: PrecisionArguments,
    #[command(flatten)]
    pub(super) simulating: SimulatingArguments,
    /// Write a brief too, one or two pages to hand on: brief.html for print, and brief.md
    #[arg(long, conflicts_with = "part")]
    pub(super) brief: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct SweepArguments {
    #[command(flatten)]
    pub(super) scenario: ScenarioArguments,
    /// A lever and its levels: PATH=a,b,c, where the path may be a pattern; may be repeated, for all combinations
    #[arg(long, value_name = "PATH=LEVELS", required = true)]
    pub(super) grid: Vec<String>,
    /// What is good, for the best and the worst point: "min CELL" or "max CELL"
    #[arg(long, value_name = "GOAL")]
    pub(super) objective: Vec<String>,
    #[command(flatten)]
    pub(super) simulating: SimulatingArguments,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ExplainArguments {
    #[command(flatten)]
    pub(super) scenario: ScenarioArguments,
    #[command(flatten)]
    pub(super) simulation: SimulationArguments,
    /// Number of the draw, from 0; without it and --pick, the median draw of the headline's first actor at the end, by years
    #[arg(long, value_name = "I")]
    pub(super) draw: Option<u64>,
    /// The draw at a quantile of a cell over all draws: `p95:country.china/reachable_flop@2028Q4`
    #[arg(long, value_name = "QUANTILE:CELL", conflicts_with = "draw")]
    pub(super) pick: Option<String>,
    /// Only what concerns an actor, with all its numbers: lab.deepseek, country.china, designer.huawei
    #[arg(long, value_name = "ACTOR")]
    pub(super) actor: Option<String>,
    /// Of the median draw every quarter and everybody, not years of the headline's actors
    #[arg(long)]
    pub(super) whole: bool,
    /// table for people, json for programs (every number to the bit)
    #[arg(long, value_enum, default_value = "table")]
    pub(super) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(super) struct DiffArguments {
    /// Folder of the first run
    #[arg(value_name = "RUN")]
    pub(super) before: PathBuf,
    /// Folder of the second run
    #[arg(value_name = "RUN")]
    pub(super) after: PathBuf,
    /// What is printed
    #[arg(long, value_enum, default_value = "table")]
    pub(super) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(super) struct GraphArguments {
    #[command(flatten)]
    pub(super) scenario: ScenarioArguments,
    /// What is printed: dot, graphml or json of the graph; table, csv or json of the ranking
    #[arg(long, value_enum)]
    pub(super) format: Option<GraphForm>,
    /// Rank nodes and classes of edges by what a cell loses without them, beside what structure says
    #[arg(long)]
    pub(super) rank: bool,
    /// The cell, such as `country.china/reachable_flop@2028Q4`; may be repeated; default: the first of the headline, at the end
    #[arg(long, value_name = "CELL", requires = "rank")]
    pub(super) cell: Vec<String>,
    /// Quarter from which suppliers fail; default: the first after `run.known_until`
    #[arg(long, value_name = "QUARTER", requires = "rank")]
    pub(super) from: Option<String>,
    /// Draws of each failure; each is simulated once for every supplier, cut and weakened
    #[arg(long, value_name = "N", default_value = "64", value_parser = draws, requires = "rank")]
    pub(super) draws: u64,
    /// Seed of all random numbers
    #[arg(long, value_name = "S", default_value_t = 1, requires = "rank")]
    pub(super) seed: u64,
    /// Threads; all cores by default
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, requires = "rank")]
    pub(super) threads: usize,
    /// No progress
    #[arg(long, short, requires = "rank")]
    pub(super) quiet: bool,
}

/// How the graph or its ranking is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphForm {
    /// Graphviz.
    Dot,
    /// Graph Markup Language.
    Graphml,
    /// For people.
    Table,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ReportArguments {
    /// A run's folder
    pub(super) run: PathBuf,
    /// Write a brief instead, one or two pages to hand on: brief.html for print, and brief.md
    #[arg(long)]
    pub(super) brief: bool,
    /// The policy of a comparison that the brief is about; all of them by default
    #[arg(long, value_name = "POLICY", requires = "brief")]
    pub(super) policy: Option<String>,
}

impl Verb {
    /// Keeps what was typed, for verbs that write a manifest.
    pub(super) fn remember(&mut self, command: Vec<String>) {
        match self {
            Self::Run(a) => a.simulating.command = command,
            Self::Compare(a) => a.simulating.command = command,
            Self::Sweep(a) => a.simulating.command = command,
            Self::Hindcast(a) => a.simulating.command = command,
            Self::Calibrate(a) => a.simulating.command = command,
            Self::Check(_)
            | Self::Show(_)
            | Self::Metrics(_)
            | Self::Policies(_)
            | Self::Fields(_)
            | Self::New(_)
            | Self::Rules(_)
            | Self::Merge(_)
            | Self::Verify(_)
            | Self::Explain(_)
            | Self::Explore(_)
            | Self::Graph(_)
            | Self::Import(_)
            | Self::Diff(_)
            | Self::Discover(_)
            | Self::Indices(_)
            | Self::Search(_)
            | Self::Worth(_)
            | Self::Report(_)
            | Self::Schema
            | Self::Completions { .. } => {}
        }
    }
}

impl ScenarioArguments {
    pub(super) fn request(&self) -> ScenarioRequest {
        ScenarioRequest {
            policy: self.policy.clone().map(Into::into),
            vintage: self.vintage.clone(),
            ..edited(&self.scenario, &self.edits, &self.set, &self.allow_read)
        }
    }
}

/// A scenario with edits and no policy.
fn edited(scenario: &PathBuf, edits: &[PathBuf], set: &[String], allowed: &[PathBuf]) -> ScenarioRequest {
    ScenarioRequest {
        allow_read: allowed.to_vec(),
        edits: edits.iter().map(Into::into).collect(),
        set: set.to_vec(),
        ..ScenarioRequest::new(scenario)
    }
}

impl RunArguments {
    pub(super) fn request(&self) -> RunRequest {
        RunRequest {
            scenario: self.scenario.request(),
            precision: self.precision.request(),
            simulation: self.simulating.request(),
        }
    }
}

impl CompareArguments {
    pub(super) fn request(&self) -> CompareRequest {
        CompareRequest {
            scenario: edited(&self.scenario, &self.edits, &self.set, &self.allow_read),
            others: self.more.iter().map(Into::into).collect(),
            policies: self.policy.iter().map(|p| p.as_str().into()).collect(),
            objectives: self.objective.clone(),
            targets: self.target.clone(),
            precision: self.precision.request(),
            simulation: self.simulating.request(),
        }
    }
}

impl SweepArguments {
    pub(super) fn request(&self) -> SweepRequest {
        SweepRequest {
            scenario: self.scenario.request(),
            grid: self.grid.clone(),
            objectives: self.objective.clone(),
            simulation: self.simulating.request(),
        }
    }
}

impl RulesArguments {
    pub(super) fn request(&self) -> RulesRequest {
        RulesRequest {
            scenario: self.scenario.request(),
            on: self.on.clone(),
            to: self.to.clone(),
            headquarters: self.hq.clone(),
            issuer: self.issuer.clone(),
            chip: self.chip.clone(),
        }
    }
}

impl ExplainArguments {
    /// Whether it is told by years: nobody asked for a draw, an actor, the whole or the data.
    pub(super) fn is_brief(&self) -> bool {
        let asked = self.draw.is_some() || self.pick.is_some() || self.actor.is_some() || self.whole;
        !asked && self.format == Format::Table
    }
}

impl GraphArguments {
    pub(super) fn request(&self) -> KnockoutRequest {
        KnockoutRequest {
            scenario: self.scenario.request(),
            cells: self.cell.clone(),
            from: self.from.clone(),
            draws: self.draws,
            seed: self.seed,
            threads: self.threads,
        }
    }
}

impl Format {
    /// The same, as reports call it.
    pub(super) fn table(self) -> OutputFormat {
        match self {
            Self::Table => OutputFormat::Text,
            // Markdown is made of it.
            Self::Csv | Self::Markdown => OutputFormat::Csv,
            Self::Json => OutputFormat::Json,
        }
    }
}

/// The whole command, for completions.
pub(super) fn command() -> clap::Command {
    Arguments::command()
}
