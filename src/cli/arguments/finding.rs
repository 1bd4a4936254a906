//! What can be typed of verbs that say what there is, and of those that write something to start from.

use super::Format;
use crate::study::PolicyKind;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Clone, Debug, Args)]
pub(crate) struct MetricsArguments {
    /// Words that all must be said of a metric, in its name, unit, actors or meaning; none: all metrics
    pub(crate) words: Vec<String>,
    /// What is printed
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct PoliciesArguments {
    /// A scenario's folder, its TOML file, or one that comes with the program: baseline, tutorial
    pub(crate) scenario: PathBuf,
    /// What is printed
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct FieldsArguments {
    /// A table of a scenario, such as chip or training; none: all tables
    pub(crate) table: Option<String>,
    /// What is printed
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct NewArguments {
    #[command(subcommand)]
    pub(crate) what: New,
}

/// What is written.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum New {
    /// A scenario in a folder of its own: a small world with remarks, or one that comes with the program
    World {
        /// The folder, which is not there yet
        folder: PathBuf,
        /// A scenario that comes with the program: baseline, tutorial
        #[arg(long, value_name = "NAME")]
        from: Option<String>,
    },
    /// A policy, in the words of a scenario
    Policy {
        /// The file, which is not there yet
        file: PathBuf,
        /// What it does
        #[arg(long, value_enum)]
        kind: Kind,
        /// The scenario that it is for
        #[arg(long, value_name = "SCENARIO", default_value = "baseline")]
        scenario: PathBuf,
    },
}

/// What a policy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Deny chips above a threshold
    Ban,
    /// Ask for a licence that some applications get
    Licence,
    /// Take a rule away
    Ease,
    /// Limit how many chips a year
    Cap,
    /// Find chips that are not where they should be
    Verify,
    /// Find more of what is smuggled
    Enforce,
}

impl Kind {
    /// The same, as studies call it.
    pub(crate) fn policy(self) -> PolicyKind {
        match self {
            Self::Ban => PolicyKind::Ban,
            Self::Licence => PolicyKind::Licence,
            Self::Ease => PolicyKind::Ease,
            Self::Cap => PolicyKind::Cap,
            Self::Verify => PolicyKind::Verify,
            Self::Enforce => PolicyKind::Enforce,
        }
    }
}
