//! What all verbs that simulate draws by the thousand have in common, and what is done with their folders.

use super::Format;
use crate::cli::values::{bytes, draws, part, sampler};
use crate::random::Sampler;
use crate::study::{Destination, Part, PrecisionRequest, Sampling, SimulationRequest};
use clap::Args;
use std::path::PathBuf;

#[derive(Clone, Debug, Args)]
pub(crate) struct SimulationArguments {
    /// Draws; 10k and 1M are understood
    #[arg(long, value_name = "N", default_value_t = Sampling::default().draws, value_parser = draws)]
    pub(crate) draws: u64,
    /// Seed of all random numbers
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How points are placed: sobol (scrambled net) or mc (independent)
    #[arg(long, default_value = "sobol", value_parser = sampler)]
    pub(crate) sampler: Sampler,
    /// An earlier end, such as 2022Q1..2028Q4; the start stays
    #[arg(long, value_name = "FROM..TO")]
    pub(crate) horizon: Option<String>,
}

/// A condition on draws.
#[derive(Clone, Debug, Args)]
pub(crate) struct GivenArguments {
    /// Only draws in which it holds: "shock.taiwan-blockade by 2028Q4", or "not ..."
    #[arg(long = "given", value_name = "CONDITION")]
    condition: Option<String>,
}

impl GivenArguments {
    pub(crate) fn request(&self) -> Option<String> {
        self.condition.clone()
    }
}

/// What all verbs that simulate draws by the thousand have in common.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // switches of a command line
pub(crate) struct SimulatingArguments {
    #[command(flatten)]
    pub(crate) simulation: SimulationArguments,
    #[command(flatten)]
    pub(crate) given: GivenArguments,
    /// Threads; all cores by default. The tables are the same for any number
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) threads: usize,
    /// The run's own folder; default `output/SCENARIO-HEX`, eight digits of the manifest
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Which cells are summarised: actor/metric@quarter, with `*` and `{a,b}`; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) select: Vec<String>,
    /// Write a table with rows of every draw: draws, inputs or strikes (of shocks), as csv or parquet: draws=csv, strikes=parquet
    #[arg(long, value_name = "TABLE=FORMAT")]
    pub(crate) export: Vec<String>,
    /// Recount every draw: chips, goods and money; always on in tests
    #[arg(long)]
    pub(crate) audit: bool,
    /// Replace another run in the folder as a whole, and start anew whatever an interrupted one left
    #[arg(long)]
    pub(crate) force: bool,
    /// Go on from what an interrupted or killed run left; without anything left, start
    #[arg(long, conflicts_with = "force")]
    pub(crate) resume: bool,
    /// One part of the draws, such as 3/64: a folder that only `merge` reads
    #[arg(long, value_name = "K/N", value_parser = part)]
    pub(crate) part: Option<Part>,
    /// Seconds of work that may be lost when the run is killed; 0 keeps what is gathered every 1024 draws
    #[arg(long, value_name = "SECONDS", default_value_t = Destination::KEEP_SECONDS)]
    pub(crate) keep: u64,
    /// The most memory that it may take, such as 2G; a run that cannot fit is refused at once
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(crate) memory: Option<u64>,
    /// No progress, no notes
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// What is printed when it is done
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    /// What was typed, for the manifest.
    #[arg(skip)]
    pub(crate) command: Vec<String>,
}

/// How well a number must be known.
#[derive(Clone, Debug, Args)]
pub(crate) struct PrecisionArguments {
    /// Simulate until half the 95% interval is that small: `country.china/reachable_flop@2028Q4 p50 = 1%`
    #[arg(long, value_name = "NUMBER")]
    pub(crate) precision: Option<String>,
    /// The most draws that --precision may take; 16 times --draws by default
    #[arg(long, value_name = "N", value_parser = draws)]
    pub(crate) max_draws: Option<u64>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct MergeArguments {
    /// Folders of parts, in any order
    #[arg(value_name = "DIR", required = true)]
    pub(crate) parts: Vec<PathBuf>,
    /// The run's own folder; default `output/SCENARIO-HEX`, eight digits of the manifest
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Join parts that follow each other to a larger part, for a later merge
    #[arg(long)]
    pub(crate) partial: bool,
    /// Replace another run in the folder as a whole
    #[arg(long)]
    pub(crate) force: bool,
    /// No notes
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// What is printed when it is done
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyArguments {
    /// A run's folder
    pub(crate) run: PathBuf,
    /// Simulate N rounds of 256 draws anew by the run's command, and compare every recorded value
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) again: u64,
    /// No progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl SimulationArguments {
    pub(crate) fn request(&self) -> Sampling {
        Sampling { draws: self.draws, seed: self.seed, sampler: self.sampler, horizon: self.horizon.clone() }
    }
}

impl SimulatingArguments {
    pub(crate) fn request(&self) -> SimulationRequest {
        SimulationRequest {
            sampling: self.simulation.request(),
            given: self.given.request(),
            select: self.select.clone(),
            export: self.export.clone(),
            audit: self.audit,
            threads: self.threads,
        }
    }

    pub(crate) fn destination(&self) -> Destination {
        Destination {
            out: self.out.clone(),
            force: self.force,
            resume: self.resume,
            part: self.part,
            keep_seconds: self.keep,
            memory: self.memory,
            machine: crate::cli::terminal::machine(),
            command: self.command.clone(),
            ..Destination::default()
        }
    }
}

impl PrecisionArguments {
    pub(crate) fn request(&self) -> PrecisionRequest {
        PrecisionRequest { precision: self.precision.clone(), max_draws: self.max_draws }
    }
}
