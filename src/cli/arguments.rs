//! What can be typed.

mod explore;
mod questions;
mod record;

pub(super) use explore::ExploreArguments;
pub(super) use questions::{DiscoverArguments, WorthArguments};
pub(super) use record::{CalibrateArguments, HindcastArguments};

use super::values::{bytes, draws, part, sampler};
use crate::random::Sampler;
use crate::report::OutputFormat;
use crate::study::{
    CompareRequest, Destination, KnockoutRequest, Part, PrecisionRequest, RulesRequest, RunRequest, Sampling,
    ScenarioRequest, SimulationRequest, SweepRequest,
};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Who can train what, by when, with which probability, and which link of the chain stops them.
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
    /// Simulate, summarise, export, report: the main job
    Run(RunArguments),
    /// Simulate the same draws under several policies; rank them, with honest error bars
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
    /// Make a run's page again, from its files
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
    /// Print what the policy and the edits change of the scenario as it stands, quarter by quarter
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
}

#[derive(Clone, Debug, Args)]
pub(super) struct SimulationArguments {
    /// Draws; 10k and 1M are understood
    #[arg(long, value_name = "N", default_value_t = Sampling::default().draws, value_parser = draws)]
    pub(super) draws: u64,
    /// Seed of all random numbers
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(super) seed: u64,
    /// How points are placed: sobol (scrambled net) or mc (independent)
    #[arg(long, default_value = "sobol", value_parser = sampler)]
    pub(super) sampler: Sampler,
    /// An earlier end, such as 2022Q1..2028Q4; the start stays
    #[arg(long, value_name = "FROM..TO")]
    pub(super) horizon: Option<String>,
}

/// What all verbs that simulate draws by the thousand have in common.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // switches of a command line
pub(super) struct SimulatingArguments {
    #[command(flatten)]
    pub(super) simulation: SimulationArguments,
    /// Only draws in which it holds: "shock.taiwan-blockade by 2028Q4", or "not ..."
    #[arg(long, value_name = "CONDITION")]
    pub(super) given: Option<String>,
    /// Threads; all cores by default. The tables are the same for any number
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(super) threads: usize,
    /// The run's own folder; default `output/SCENARIO-HEX`, eight digits of the manifest
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Which cells are summarised: actor/metric@quarter, with `*` and `{a,b}`; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(super) select: Vec<String>,
    /// Write a table with rows of every draw: draws, inputs or strikes (of shocks), as csv or parquet: draws=csv, strikes=parquet
    #[arg(long, value_name = "TABLE=FORMAT")]
    pub(super) export: Vec<String>,
    /// Recount every draw: chips, goods and money; always on in tests
    #[arg(long)]
    pub(super) audit: bool,
    /// Replace another run in the folder as a whole, and start anew whatever an interrupted one left
    #[arg(long)]
    pub(super) force: bool,
    /// Go on from what an interrupted or killed run left; without anything left, start
    #[arg(long, conflicts_with = "force")]
    pub(super) resume: bool,
    /// One part of the draws, such as 3/64: a folder that only `merge` reads
    #[arg(long, value_name = "K/N", value_parser = part)]
    pub(super) part: Option<Part>,
    /// Seconds of work that may be lost when the run is killed; 0 keeps what is gathered every 1024 draws
    #[arg(long, value_name = "SECONDS", default_value_t = Destination::KEEP_SECONDS)]
    pub(super) keep: u64,
    /// The most memory that it may take, such as 2G; a run that cannot fit is refused at once
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(super) memory: Option<u64>,
    /// No progress, no notes
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// What is printed when it is done
    #[arg(long, value_enum, default_value = "table")]
    pub(super) format: Format,
    /// What was typed, for the manifest.
    #[arg(skip)]
    command: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct MergeArguments {
    /// Folders of parts, in any order
    #[arg(value_name = "DIR", required = true)]
    pub(super) parts: Vec<PathBuf>,
    /// The run's own folder; default `output/SCENARIO-HEX`, eight digits of the manifest
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Join parts that follow each other to a larger part, for a later merge
    #[arg(long)]
    pub(super) partial: bool,
    /// Replace another run in the folder as a whole
    #[arg(long)]
    pub(super) force: bool,
    /// No notes
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// What is printed when it is done
    #[arg(long, value_enum, default_value = "table")]
    pub(super) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(super) struct VerifyArguments {
    /// A run's folder
    pub(super) run: PathBuf,
    /// Simulate N rounds of 256 draws anew by the run's command, and compare every recorded value
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(super) again: u64,
    /// No progress
    #[arg(long, short)]
    pub(super) quiet: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct RunArguments {
    #[command(flatten)]
    pub(super) scenario: ScenarioArguments,
    #[command(flatten)]
    pub(super) precision: PrecisionArguments,
    #[command(flatten)]
    pub(super) simulating: SimulatingArguments,
}

/// How well a number must be known.
#[derive(Clone, Debug, Args)]
pub(super) struct PrecisionArguments {
    /// Simulate until half the 95 % interval is that small: `country.china/reachable_flop@2028Q4 p50 = 1%`
    #[arg(long, value_name = "NUMBER")]
    pub(super) precision: Option<String>,
    /// The most draws that --precision may take; 16 times --draws by default
    #[arg(long, value_name = "N", value_parser = draws)]
    pub(super) max_draws: Option<u64>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct CompareArguments {
    /// A scenario's folder, its TOML file, or one that comes with the program: baseline, tutorial
    pub(super) scenario: PathBuf,
    /// A policy: a file, or a stem in the scenario's policies/; `a+b` combines; may be repeated. All of them by default
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
    /// Number of the draw, from 0
    #[arg(long, value_name = "I", required_unless_present = "pick")]
    pub(super) draw: Option<u64>,
    /// The draw at a quantile of a cell over all draws: `p95:country.china/reachable_flop@2028Q4`
    #[arg(long, value_name = "QUANTILE:CELL", conflicts_with = "draw")]
    pub(super) pick: Option<String>,
    /// Only what concerns an actor, with all its numbers: lab.deepseek, country.china, designer.huawei
    #[arg(long, value_name = "ACTOR")]
    pub(super) actor: Option<String>,
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
            | Self::Rules(_)
            | Self::Merge(_)
            | Self::Verify(_)
            | Self::Explain(_)
            | Self::Explore(_)
            | Self::Graph(_)
            | Self::Import(_)
            | Self::Diff(_)
            | Self::Discover(_)
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

impl SimulationArguments {
    pub(super) fn request(&self) -> Sampling {
        Sampling { draws: self.draws, seed: self.seed, sampler: self.sampler, horizon: self.horizon.clone() }
    }
}

impl SimulatingArguments {
    fn request(&self) -> SimulationRequest {
        SimulationRequest {
            sampling: self.simulation.request(),
            given: self.given.clone(),
            select: self.select.clone(),
            export: self.export.clone(),
            audit: self.audit,
            threads: self.threads,
        }
    }

    pub(super) fn destination(&self) -> Destination {
        Destination {
            out: self.out.clone(),
            force: self.force,
            resume: self.resume,
            part: self.part,
            keep_seconds: self.keep,
            memory: self.memory,
            machine: super::terminal::machine(),
            command: self.command.clone(),
            ..Destination::default()
        }
    }
}

impl PrecisionArguments {
    fn request(&self) -> PrecisionRequest {
        PrecisionRequest { precision: self.precision.clone(), max_draws: self.max_draws }
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
            Self::Csv => OutputFormat::Csv,
            Self::Json => OutputFormat::Json,
        }
    }
}

/// The whole command, for completions.
pub(super) fn command() -> clap::Command {
    Arguments::command()
}
