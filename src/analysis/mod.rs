//! Findings about results: which uncertain inputs carry an outcome, what is lost of it without a supplier, and how well a
//! simulated past fits what was published.
//!
//! Analysis takes plain numbers, draw by draw in order, and knows no engine, files, command line or clock.

pub mod ensemble;
pub mod hindcast;
mod loss;
pub mod naive;
mod sensitivity;
pub mod weights;

pub use loss::Loss;
pub use sensitivity::{CellDrivers, Scale, Sensitivity};
