//! Findings about results: which uncertain inputs carry an outcome.
//!
//! Analysis takes plain numbers, draw by draw in order, and knows no engine, files, command line or clock.

mod sensitivity;

pub use sensitivity::{CellDrivers, Scale, Sensitivity};
