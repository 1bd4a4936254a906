//! The forms of distributions on their own scale: quantile, distribution function, support.

use super::table::{BetaTable, Mixture};
use crate::math::{Lanes, ln, normal_cdf};
use std::sync::Arc;

/// A distribution before it is scaled, shifted or cut.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Base {
    /// One number.
    Fixed(f64),
    /// Normal.
    Normal { mean: f64, sd: f64 },
    /// Lognormal in two pieces that meet at normal score `join`: ln x there, and the spread on each side.
    Lognormal { join: f64, level: f64, below: f64, above: f64 },
    /// Logit-normal.
    LogitNormal { mean: f64, sd: f64 },
    /// Uniform.
    Uniform { low: f64, high: f64 },
    /// Triangular.
    Triangular { low: f64, mode: f64, high: f64 },
    /// Beta, on [0, 1].
    Beta(Arc<BetaTable>),
    /// Values with the probability of each and all before it.
    Discrete(Arc<[(f64, f64)]>),
    /// Parts with weights.
    Mixture(Arc<Mixture>),
}

impl Base {
    #[inline(always)]
    pub(super) fn quantiles(&self, u: Lanes) -> Lanes {
        match self {
            Self::Fixed(x) => Lanes::splat(*x),
            Self::Normal { mean, sd } => *mean + *sd * u.inverse_normal(),
            Self::Lognormal { join, level, below, above } => {
                let z = u.inverse_normal() - *join;
                let spread = z.lt(Lanes::ZERO).select(Lanes::splat(*below), Lanes::splat(*above));
                (*level + z * spread).exp()
            }
            Self::LogitNormal { mean, sd } => 1.0 / (1.0 + (-(*mean + *sd * u.inverse_normal())).exp()),
            Self::Uniform { low, high } => *low + u * (high - low),
            Self::Triangular { low, mode, high } => triangular(u, *low, *mode, *high),
            Self::Beta(table) => table.quantiles(u),
            Self::Discrete(values) => u.map(|u| discrete(u, values)),
            Self::Mixture(mixture) => u.map(|u| mixture.quantile(u)),
        }
    }

    /// Probability of values up to and including x.
    pub(super) fn cdf(&self, x: f64) -> f64 {
        match self {
            Self::Fixed(at) => f64::from(u8::from(x >= *at)),
            Self::Normal { mean, sd } => normal_cdf((x - mean) / sd),
            Self::Lognormal { join, level, below, above } => {
                if x <= 0.0 {
                    return 0.0;
                }
                let y = ln(x) - level;
                normal_cdf(join + y / if y < 0.0 { *below } else { *above })
            }
            Self::LogitNormal { mean, sd } => {
                if x <= 0.0 {
                    0.0
                } else if x >= 1.0 {
                    1.0
                } else {
                    normal_cdf((ln(x / (1.0 - x)) - mean) / sd)
                }
            }
            Self::Uniform { low, high } => ((x - low) / (high - low)).clamp(0.0, 1.0),
            Self::Triangular { low, mode, high } => triangular_cdf(x, *low, *mode, *high),
            Self::Beta(table) => table.cdf(x),
            Self::Discrete(values) => {
                values.iter().rev().find(|(at, _)| *at <= x + rounding(x)).map_or(0.0, |(_, p)| *p)
            }
            Self::Mixture(mixture) => mixture.cdf(x),
        }
    }

    /// Probability of values below x.
    pub(super) fn below(&self, x: f64) -> f64 {
        match self {
            Self::Fixed(at) => f64::from(u8::from(x > *at)),
            Self::Discrete(values) => {
                values.iter().rev().find(|(at, _)| *at < x - rounding(x)).map_or(0.0, |(_, p)| *p)
            }
            Self::Mixture(mixture) => mixture.below(x),
            _ => self.cdf(x),
        }
    }

    pub(super) fn support(&self) -> (f64, f64) {
        match self {
            Self::Fixed(x) => (*x, *x),
            Self::Normal { .. } => (f64::NEG_INFINITY, f64::INFINITY),
            Self::Lognormal { .. } => (0.0, f64::INFINITY),
            Self::LogitNormal { .. } | Self::Beta(_) => (0.0, 1.0),
            Self::Uniform { low, high } | Self::Triangular { low, high, .. } => (*low, *high),
            Self::Discrete(values) => (values[0].0, values[values.len() - 1].0),
            Self::Mixture(mixture) => mixture.support(),
        }
    }
}

/// What scaling and shifting a value there and back may change of it: an atom is still met.
fn rounding(x: f64) -> f64 {
    1e-12 * (1.0 + x.abs())
}

#[inline(always)]
fn triangular(u: Lanes, low: f64, mode: f64, high: f64) -> Lanes {
    let width = high - low;
    let at_mode = (mode - low) / width;
    let left = low + (u * width * (mode - low)).sqrt();
    let right = high - ((1.0 - u) * width * (high - mode)).sqrt();
    u.lt(Lanes::splat(at_mode)).select(left, right)
}

fn triangular_cdf(x: f64, low: f64, mode: f64, high: f64) -> f64 {
    if x <= low {
        0.0
    } else if x >= high {
        1.0
    } else if x < mode {
        (x - low) * (x - low) / ((high - low) * (mode - low))
    } else {
        1.0 - (high - x) * (high - x) / ((high - low) * (high - mode))
    }
}

#[inline]
fn discrete(u: f64, values: &[(f64, f64)]) -> f64 {
    values.iter().find(|(_, p)| u <= *p).map_or(values[values.len() - 1].0, |(x, _)| *x)
}
