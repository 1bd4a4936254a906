//! What stands in for Parquet tables in a build without them: none can be started.

use super::filling::{Filling, Group};
use super::table::Field;
use super::{FolderError, OutputFile};

/// There is none.
pub(super) enum ParquetTable {}

impl ParquetTable {
    pub(super) fn new(_: &OutputFile, _: &[Field]) -> Result<Self, FolderError> {
        Err(FolderError::WithoutParquet)
    }

    pub(super) fn write(&mut self, _: Group<'_>, _: &[&Filling]) -> Result<(), FolderError> {
        match *self {}
    }

    pub(super) fn save(&mut self) -> Result<(u64, Vec<u8>), FolderError> {
        match *self {}
    }

    pub(super) fn resume(&mut self, _: u64, _: &[u8]) -> Result<(), FolderError> {
        match *self {}
    }

    pub(super) fn append(&mut self, _: &std::path::Path, _: &[u8]) -> Result<(), FolderError> {
        match *self {}
    }

    pub(super) fn finish(self) -> Result<(), FolderError> {
        match self {}
    }
}
