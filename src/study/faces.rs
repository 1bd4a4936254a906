//! What is public of studies of many draws: the same for each.

use super::calibrate::{Calibrate, CalibrateResults};
use super::compare::{Compare, CompareResults};
use super::error::Error;
use super::folder::{RunFolder, Took};
use super::hindcast::{Hindcast, HindcastResults};
use super::long::{Found, ManyDraws, Steps};
use super::request::Destination;
use super::run::{Run, RunResults};
use super::simulation::Simulation;
use super::sweep::{Sweep, SweepResults};
use super::watch::Watch;
use crate::report::OutputFormat;
use std::path::{Path, PathBuf};

/// A study of many draws, opened.
pub trait Study {
    /// What it finds.
    type Finds<'a>: Found
    where
        Self: 'a;

    /// The scenario as it stands.
    fn reference(&self) -> &Simulation;

    /// Plans that are simulated on the same draws, the scenario as it stands included.
    fn plans(&self) -> usize;

    /// Takes the folder that it is to be written to; none if it is there already, complete.
    ///
    /// # Errors
    /// If the folder cannot be written, is in use, or holds another run.
    fn open_folder(&self, to: &Destination, watch: &dyn Watch) -> Result<Option<RunFolder>, Error>;

    /// Refuses what cannot fit into the memory or on the disk, and says of a long simulation what it will take.
    ///
    /// # Errors
    /// If it cannot fit.
    fn fits(&self, to: &Destination, watch: &dyn Watch) -> Result<(), Error>;

    /// The study's own folder.
    fn path(&self, to: &Destination) -> PathBuf;

    /// The answer that is stored in the folder of a study that is there already.
    ///
    /// # Errors
    /// If it cannot be read, or is not what was written.
    fn stored_answer(&self, to: &Destination, format: OutputFormat) -> Result<String, Error>;

    /// Simulates all draws; tables with a row a draw go to the folder as they come.
    ///
    /// # Errors
    /// If it is stopped, a draw is not what it must be, or what is kept cannot be written.
    fn find(&self, folder: Option<&mut RunFolder>, watch: &dyn Watch) -> Result<Self::Finds<'_>, Error>;

    /// Simulates one part of the draws, and writes it; says where it is, and what it took.
    ///
    /// # Errors
    /// As [`Study::find`].
    fn find_part(&self, folder: RunFolder, watch: &dyn Watch) -> Result<(PathBuf, Took), Error>;

    /// Joins all parts of the draws.
    ///
    /// # Errors
    /// If a part is missing, doubled, torn or foreign, or a table with a row a draw cannot be written.
    fn merge(&self, parts: &[PathBuf], folder: &mut RunFolder) -> Result<Self::Finds<'_>, Error>;

    /// Joins parts that follow each other to a larger one, and writes it; says where it is.
    ///
    /// # Errors
    /// As [`Study::merge`].
    fn merge_some(&self, parts: &[PathBuf], folder: RunFolder) -> Result<PathBuf, Error>;

    /// Simulates rounds of the run in a folder anew, and gives the numbers of those that come out differently, and how many
    /// were simulated.
    ///
    /// # Errors
    /// If the run is not this study's, or cannot be simulated.
    fn again(&self, run: &Path, rounds: u64, watch: &dyn Watch) -> Result<(Vec<u64>, u64), Error>;
}

/// A study's public face: what [`Steps`] does.
macro_rules! study {
    ($($study:ty => $found:ident),* $(,)?) => { $(
        impl Study for $study {
            type Finds<'a> = $found<'a>;

            fn reference(&self) -> &Simulation {
                self.base()
            }

            fn plans(&self) -> usize {
                1 + self.others().len()
            }

            fn open_folder(&self, to: &Destination, watch: &dyn Watch) -> Result<Option<RunFolder>, Error> {
                Steps::open_folder(self, to, watch)
            }

            fn fits(&self, to: &Destination, watch: &dyn Watch) -> Result<(), Error> {
                Steps::fits(self, to, watch)
            }

            fn path(&self, to: &Destination) -> PathBuf {
                Steps::path(self, to)
            }

            fn stored_answer(&self, to: &Destination, format: OutputFormat) -> Result<String, Error> {
                Steps::stored_answer(self, to, format)
            }

            fn find(&self, folder: Option<&mut RunFolder>, watch: &dyn Watch) -> Result<$found<'_>, Error> {
                Steps::find(self, folder, watch)
            }

            fn find_part(&self, folder: RunFolder, watch: &dyn Watch) -> Result<(PathBuf, Took), Error> {
                Steps::find_part(self, folder, watch)
            }

            fn merge(&self, parts: &[PathBuf], folder: &mut RunFolder) -> Result<$found<'_>, Error> {
                Steps::merge(self, parts, folder)
            }

            fn merge_some(&self, parts: &[PathBuf], folder: RunFolder) -> Result<PathBuf, Error> {
                Steps::merge_some(self, parts, folder)
            }

            fn again(&self, run: &Path, rounds: u64, watch: &dyn Watch) -> Result<(Vec<u64>, u64), Error> {
                Steps::again(self, run, rounds, watch)
            }
        }
    )* };
}

study! {
    Run => RunResults,
    Compare => CompareResults,
    Sweep => SweepResults,
    Hindcast => HindcastResults,
    Calibrate => CalibrateResults,
}
