//! Findings about results: policies compared on the same draws and how surely, and which uncertain inputs carry an outcome.
//!
//! Analysis takes plain numbers, draw by draw in order, and knows no engine, files, command line or clock.

mod front;
mod goal;
mod interval;
mod paired;
mod sensitivity;
mod sweep;
mod table;
mod tiers;

pub use front::{Front, Standing};
pub use goal::{BadGoal, Objective, Precision, Sense, Statistic, Target};
pub use interval::{Interval, t95};
pub use paired::{Contest, Dominance, Paired, quarters_to};
pub use sensitivity::{CellDrivers, Scale, Sensitivity};
pub use sweep::{Effect, Factorial, interactions};
pub use table::{COMPARISON, ContrastRow, OBJECTIVES, SWEEP_TAIL, TARGETS, comparison, sweep_row};
pub use tiers::tiers;
