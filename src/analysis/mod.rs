//! Findings from many draws: policies compared on the same draws, which are better at what, and how surely.
//!
//! Analyses take values of draws batch by batch, as results do; they know no engine, no files and no command line.

mod front;
mod goal;
mod interval;
mod paired;
mod sweep;
mod table;
mod tiers;

pub use front::{Front, Standing};
pub use goal::{BadGoal, Objective, Precision, Sense, Statistic, Target};
pub use interval::{Interval, t95};
pub use paired::{Contest, Dominance, Paired, quarters_to};
pub use sweep::{Effect, Factorial, interactions};
pub use table::{COMPARISON, ContrastRow, OBJECTIVES, SWEEP_TAIL, TARGETS, comparison, sweep_row};
pub use tiers::tiers;
