//! What gatherers keep of whole leaves of draws: the one form in which a run goes on, parts are stored and parts are joined.

use super::gather::Gatherer;
use crate::math::WIDTH;
use crate::results::{FolderError, LEAF, StateReader, StateWriter};
use std::path::Path;

/// Draws in a leaf.
pub(super) const LEAF_DRAWS: u64 = LEAF * WIDTH as u64;

/// A gatherer that can be put down and taken up again.
pub(super) trait Kept: Gatherer {
    /// Begins with a leaf other than the first.
    fn start(&mut self, leaf: u64);

    /// Keeps all that was gathered; what it writes meanwhile is on the disk.
    fn save(&mut self, state: &mut StateWriter) -> Result<(), FolderError>;

    /// Adds what was kept of the leaves that follow. `from` is the folder of a part, whose files are added to its own; without
    /// one its own files are gone on with.
    fn load(&mut self, state: &mut StateReader, from: Option<&Path>) -> Result<(), FolderError>;
}

/// All gatherers of a study.
pub(super) trait Gathered {
    /// They themselves, in an order that stays.
    fn all(&mut self) -> Vec<&mut dyn Kept>;
    /// Draws that count so far.
    fn used(&self) -> u64;
}
