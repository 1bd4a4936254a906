//! How a command fails: its exit code, and what is said.

use crate::results::PastRunError;
use crate::study::{Error, ErrorKind};

/// Why a command failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The study could not be done.
    Study(Error),
    /// A scenario has errors, all of which are told.
    Findings(String),
    /// Arguments that do not go together.
    Usage(&'static str),
    /// Files of a run are not what was written.
    Wrong(Vec<PastRunError>),
    /// Rounds that were simulated anew came out differently.
    Differs {
        /// How many.
        wrong: usize,
        /// Of how many.
        of: u64,
        /// The number of the first.
        first: u64,
    },
    /// What was to be printed could not be.
    Stdout(std::io::Error),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Study(error.into())
    }
}

impl Failure {
    /// 1 failed while running, 2 used wrongly, 3 rejected.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Stdout(_) => 1,
            Self::Usage(_) => 2,
            Self::Findings(_) | Self::Wrong(_) | Self::Differs { .. } => 3,
            Self::Study(error) => match error.kind() {
                ErrorKind::Failed => 1,
                ErrorKind::Misused => 2,
                ErrorKind::Rejected => 3,
            },
        }
    }
}
