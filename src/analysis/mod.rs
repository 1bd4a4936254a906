//! Findings from results: how well a simulated past fits what was published, and what follows from the fit.
//!
//! Analysis knows no files, command line or clock: numbers in, findings out.

pub mod ensemble;
pub mod hindcast;
pub mod naive;
pub mod weights;
