//! Why a folder cannot take a run, or a file of it cannot be written or read.

use super::reader::PastRunError;
use std::path::{Path, PathBuf};

/// Why a folder cannot take a run, or a file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The disk or its rights.
    #[error("{path} cannot be written: {error}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A file that is needed cannot be read.
    #[error("{path} cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Another run's files are there.
    #[error("{0} holds another run; choose another `--out`, or replace it with `--force`")]
    Occupied(PathBuf),
    /// Files are there that no run wrote.
    #[error("{folder} holds {name}, which is no file of a run; choose another `--out`")]
    Foreign {
        /// The folder.
        folder: PathBuf,
        /// The first of them.
        name: String,
    },
    /// A link stands where the folder is to be.
    #[error("{0} is a link; name the folder itself")]
    Link(PathBuf),
    /// The folder cannot be given as a whole.
    #[error("{0} is a mount point, which cannot be replaced as a whole; name a folder within it")]
    Mount(PathBuf),
    /// The run is there and is not what it wrote.
    #[error("{0}")]
    Changed(#[from] PastRunError),
    /// An interrupted run left something to go on from.
    #[error(
        "an interrupted run left {draws} draws of this run for {path}: the same command with `--resume` goes on from there, \
         with `--force` it starts anew"
    )]
    Interrupted {
        /// The folder that it is to be.
        path: PathBuf,
        /// Draws that are done.
        draws: u64,
    },
    /// An interrupted run of something else left something to go on from.
    #[error(
        "an interrupted run left draws of another run for {0}; choose another `--out`, or start anew with `--force`"
    )]
    InterruptedOther(PathBuf),
    /// A state or a part that is not what was written.
    #[error("{0} is torn: it is not what was written; `--force` starts anew")]
    Torn(PathBuf),
    /// A state or a part of a program that lays them out otherwise.
    #[error(
        "{0} is of another version of chokepoint, which lays such files out otherwise: go on with that one, or start \
         anew with `--force`"
    )]
    OtherLayout(PathBuf),
    /// This build writes no Parquet.
    #[error("Parquet tables take chokepoint with its feature `parquet`")]
    WithoutParquet,
    /// Another run is writing there now.
    #[error("another run is writing to {0}")]
    Busy(PathBuf),
}

impl FolderError {
    /// What the system says of a file that is written.
    pub(super) fn io(path: &Path, error: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }
}
