//! What is measured: every metric of every actor, the cells that are chosen of them, and what observations are held against.

mod flows;
mod headline;
mod observed;
mod recording;
mod select;
mod series;

pub use flows::{FlowSource, flows};
pub use headline::chief_cells;
pub use observed::{Observed, Reading, bind};
pub use recording::{BUDGET, Recording, SelectError};
pub use select::matching;
pub use series::{BadRatio, Holdings, Series, Sold, Source, Trained, all_series};
