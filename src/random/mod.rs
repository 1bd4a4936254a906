//! Uniforms by address, inverse distribution functions and copulas.
//!
//! A [`Design`] gives every path a [`Stream`]; a stream gives the uniform of any draw as a pure function of (seed, path, draw);
//! a [`Distribution`] turns one uniform into one number.

mod beta;
mod constructors;
mod copula;
mod design;
mod distribution;
mod sobol;

pub use constructors::{DistributionError, Form};
pub use copula::{Copula, NotPositiveSemiDefinite, loaded};
pub use design::{DIMENSIONS, Design, REPLICATES, Sampler, Stream, UnknownSampler};
pub use distribution::Distribution;
