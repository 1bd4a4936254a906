//! Findings about results: which uncertain inputs carry an outcome, and what is lost of it without a supplier.
//!
//! Analysis takes plain numbers, draw by draw in order, and knows no engine, files, command line or clock.

mod loss;
mod sensitivity;

pub use loss::Loss;
pub use sensitivity::{CellDrivers, Scale, Sensitivity};
