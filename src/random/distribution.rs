//! An uncertain number: one uniform, one monotone inverse distribution function.

use super::beta::BetaTable;
use crate::math::lanes::Lanes;
use crate::math::{ln, normal_cdf};
use std::sync::Arc;

/// An uncertain number.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    pub(super) base: Base,
    /// Probabilities of the base between which it is read.
    pub(super) range: (f64, f64),
    pub(super) scale: f64,
    pub(super) shift: f64,
    /// Ends after cutting; rounding does not pass them.
    pub(super) ends: (f64, f64),
}

impl Distribution {
    pub(super) fn of(base: Base) -> Self {
        let ends = base.support();
        Self { base, range: (0.0, 1.0), scale: 1.0, shift: 0.0, ends }
    }

    /// The values with probabilities `u` below them.
    #[inline(always)]
    pub fn quantiles<const N: usize>(&self, u: Lanes<N>) -> Lanes<N> {
        let u = if self.scale < 0.0 { 1.0 - u } else { u };
        let inner = self.range.0 + u * (self.range.1 - self.range.0);
        let x = self.scale * self.base.quantiles(inner) + self.shift;
        x.max(self.ends.0).min(self.ends.1)
    }

    /// The value with probability `u` below it: the same bits as a lane of [`Distribution::quantiles`].
    pub fn quantile(&self, u: f64) -> f64 {
        self.quantiles(crate::math::Lanes::splat(u))[0]
    }

    /// [`Distribution::quantile`], without eight lanes at each mixture within a mixture.
    fn one(&self, u: f64) -> f64 {
        let Base::Mixture(mixture) = &self.base else { return self.quantile(u) };
        let u = if self.scale < 0.0 { 1.0 - u } else { u };
        let inner = self.range.0 + u * (self.range.1 - self.range.0);
        let x = self.scale * mixture.quantile(inner) + self.shift;
        x.max(self.ends.0).min(self.ends.1)
    }

    fn inner(&self, x: f64, of: impl Fn(&Base, f64) -> f64) -> f64 {
        if x < self.ends.0 {
            return 0.0;
        }
        let p = of(&self.base, (x - self.shift) / self.scale);
        let p = if self.scale < 0.0 { 1.0 - p } else { p };
        let (a, b) = if self.scale < 0.0 { (1.0 - self.range.1, 1.0 - self.range.0) } else { self.range };
        ((p - a) / (b - a)).clamp(0.0, 1.0)
    }

    /// Probability of values up to and including x.
    pub fn cdf(&self, x: f64) -> f64 {
        // Turned round, what lies below is what lay above.
        let of = if self.scale < 0.0 { Base::below } else { Base::cdf };
        if x >= self.ends.1 { 1.0 } else { self.inner(x, of) }
    }

    /// Probability of values below x.
    pub fn below(&self, x: f64) -> f64 {
        let of = if self.scale < 0.0 { Base::cdf } else { Base::below };
        if x > self.ends.1 { 1.0 } else { self.inner(x, of) }
    }

    /// Smallest and largest value.
    pub fn support(&self) -> (f64, f64) {
        self.ends
    }

    /// Whether it is one number.
    pub fn is_fixed(&self) -> bool {
        self.ends.0 == self.ends.1
    }
}

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
    /// Beta, on \[0, 1\].
    Beta(Arc<BetaTable>),
    /// Values with the probability of each and all before it.
    Discrete(Arc<[(f64, f64)]>),
    /// Parts with weights.
    Mixture(Arc<Mixture>),
}

impl Base {
    #[inline(always)]
    pub(super) fn quantiles<const N: usize>(&self, u: Lanes<N>) -> Lanes<N> {
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
fn triangular<const N: usize>(u: Lanes<N>, low: f64, mode: f64, high: f64) -> Lanes<N> {
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

/// A mixture, its quantile found by bracketing its distribution function.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mixture {
    parts: Vec<(f64, Distribution)>,
}

impl Mixture {
    pub(super) fn new(parts: Vec<(f64, Distribution)>) -> Self {
        Self { parts }
    }

    pub(super) fn cdf(&self, x: f64) -> f64 {
        self.parts.iter().map(|(w, d)| w * d.cdf(x)).sum::<f64>().min(1.0)
    }

    pub(super) fn below(&self, x: f64) -> f64 {
        self.parts.iter().map(|(w, d)| w * d.below(x)).sum::<f64>().min(1.0)
    }

    pub(super) fn support(&self) -> (f64, f64) {
        self.parts.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, d)| {
            let (a, b) = d.support();
            (low.min(a), high.max(b))
        })
    }

    /// The smallest x with probability u up to it: between the smallest and largest of the parts' own quantiles.
    pub(super) fn quantile(&self, u: f64) -> f64 {
        let ends = self.parts.iter().map(|(_, d)| d.one(u));
        let (mut low, mut high) =
            ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        if self.cdf(low) >= u {
            return low;
        }
        while high - low > 1e-13 * (low.abs() + high.abs()) {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            if self.cdf(middle) < u { low = middle } else { high = middle }
        }
        high
    }
}
