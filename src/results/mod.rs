//! Distributions from draws: moments, histograms, quantiles with errors, counts; and the files that hold them.
//!
//! Results know no engine: they take values of cells, batch by batch in order, and give the same bytes for any number of
//! threads and any way of handing batches over.

mod claim;
mod csv;
mod export;
mod fault;
mod filling;
mod folder;
mod histogram;
mod interval;
mod manifest;
mod moments;
mod package;
#[cfg(feature = "parquet")]
mod pages;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(not(feature = "parquet"))]
#[path = "without_parquet.rs"]
mod parquet;
mod past_run;
mod quantile;
mod reader;
mod rows;
mod share;
mod state;
mod strikes;
mod summary;
pub mod table;
pub mod tables;
mod tree;
mod window;

pub use claim::Wanted;
pub use csv::{float, quoted};
pub use export::{DrawsTable, ExportFormat, InputsTable, KeptRows, KeptTable};
pub use fault::FolderError;
pub use folder::{Folder, Opened, OutputFile};
pub use histogram::Histogram;
pub use interval::{Interval, t95};
pub use manifest::{Manifest, PolicyAbout, SourceFile};
pub use moments::Moments;
pub(crate) use moments::{Counts, Merge, Spread, Step};
pub use package::data_package;
pub use past_run::{PastCell, PastRun};
pub use quantile::Ranks;
pub use reader::{MANIFEST, PART, PastRunError, RunReader, seal};
pub use share::{Labels, Thresholds, wilson};
pub use state::{StateHead, StateReader, StateWriter, Stretch};
pub use strikes::{Strike, StrikesTable};
pub use summary::{Quantiles, Statistics, Summary};
pub use tree::{Forest, LEAF};

use crate::model::time::Quarter;

/// A number of a draw that is summarised: one actor's metric in one quarter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The actor, as `kind.id`, or `world`.
    pub actor: String,
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// The quarter.
    pub quarter: Quarter,
}

impl Cell {
    /// The kind of actor.
    pub fn actor_kind(&self) -> &str {
        self.actor.split_once('.').map_or(&self.actor, |(kind, _)| kind)
    }
    /// As written: `country.china/reachable_flop@2028Q4`.
    pub fn address(&self) -> String {
        format!("{}/{}@{}", self.actor, self.metric, self.quarter)
    }
}
