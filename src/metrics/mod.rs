//! What is measured: the catalogue of metrics, every metric of every actor, the cells that are chosen of them, and what
//! observations are held against.

mod catalogue;
mod flows;
pub mod headline;
mod observed;
mod recording;
mod select;
mod series;
mod signs;

pub use catalogue::{
    ActorKind, Arrived, Better, Carried, Course, Group, Held, Made, Metric, Reads, Row, Sold, Trained,
};
pub use flows::{FlowSource, flows};
pub use observed::{Observed, Reading, bind};
pub use recording::{BUDGET, Recording, SelectError};
pub use select::Cells;
pub use series::{BadRatio, Series, Source, all_series};
pub use signs::check_signs;
