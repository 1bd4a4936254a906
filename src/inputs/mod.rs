//! Quantities of a batch: where each is sampled and stored, its values, and what two layouts on the same draws share.

mod exchange;
mod layout;
mod pairing;
mod sampling;
mod sharing;

pub use exchange::Exchange;
pub use layout::{Inputs, Layout, LayoutError, leading_paths};
pub use pairing::{Unpaired, paired};
pub use sharing::Shared;
