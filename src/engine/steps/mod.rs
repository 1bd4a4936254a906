//! The steps of a quarter, one file each. [`Batch`](super::Batch) calls them in the order of the model's page.

pub mod answers;
pub mod capacity;
mod caps;
pub mod choice;
pub mod commitments;
pub mod controls;
pub mod data_sheets;
pub mod diversion;
pub mod fleet;
pub mod power;
pub mod production;
pub mod rental;
pub mod roots;
pub mod shocks;
pub mod stockpiles;
pub mod trade;
pub mod training;
pub mod triggers;
