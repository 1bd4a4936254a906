//! Chokepoint: a simulator of the geopolitics of AI compute.

pub mod engine;
pub mod math;
pub mod model;
pub mod network;
pub mod plan;
pub mod random;
pub mod report;
pub mod results;
pub mod scenario;

#[doc(hidden)]
pub mod cli;
