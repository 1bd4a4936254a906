//! Findings about results: policies compared on the same draws and how surely, which uncertain inputs carry an outcome, what
//! is lost of it without a supplier, and how well a simulated past fits what was published.
//!
//! Analysis takes plain numbers, draw by draw in order, and knows no engine, files, command line or clock.

pub mod board;
pub mod calibration;
pub mod discovery;
pub mod ensemble;
mod expectation;
mod front;
mod goal;
pub mod hindcast;
pub mod indices;
mod loss;
pub mod moved;
pub mod naive;
mod paired;
pub mod prim;
pub mod search;
mod sensitivity;
pub mod simple_rule;
mod sweep;
pub mod tables;
mod tiers;
pub mod weights;
pub mod worth;

pub use expectation::{Expectation, Held, Way};
pub use front::{Front, Standing};
pub use goal::{BadGoal, Objective, Precision, Sense, Statistic, Target};
pub use loss::Loss;
pub use paired::{Dominance, Paired, PairedRuns, quarters_to};
pub use sensitivity::{CellDrivers, End, Scale, Sensitivity};
pub use sweep::{Effect, Factorial, interactions};
pub use tiers::tiers;
