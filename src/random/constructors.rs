//! The ways to give an uncertain number: by an interval, by quantiles, by the parameters of a form, as values or as a mixture.

use super::beta::BetaTable;
use super::distribution::{Base, Distribution, Mixture};
use crate::math::{inverse_normal, ln};
use std::sync::Arc;

/// Which family a 90% interval means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For positive numbers.
    Lognormal,
    /// For any numbers.
    Normal,
    /// For shares.
    LogitNormal,
}

/// Numbers that make no distribution.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DistributionError {
    /// Ends in the wrong order.
    #[error("the ends are swapped: {0} to {1}")]
    Swapped(f64, f64),
    /// Quantiles in the wrong order.
    #[error("the quantiles are out of order: {0} at {1}%, {2} at {3}%")]
    OutOfOrder(f64, f64, f64, f64),
    /// A number outside what the form allows.
    #[error("{what} must be {must}, not {is}")]
    Must {
        /// Which number.
        what: &'static str,
        /// What it must be.
        must: &'static str,
        /// What it is.
        is: f64,
    },
    /// Weights that do not sum to one.
    #[error("the probabilities sum to {0}%, not to 100%")]
    Weights(f64),
    /// Nothing to choose from.
    #[error("it has no values")]
    Empty,
    /// All mass lies outside.
    #[error("nothing lies between {0} and {1}")]
    NothingLeft(f64, f64),
}

/// Normal score of the 95% quantile.
const Z95: f64 = 1.644_853_626_951_472_2;

impl Distribution {
    /// One number.
    pub fn fixed(x: f64) -> Self {
        Self::of(Base::Fixed(x))
    }

    /// From a 90% interval.
    ///
    /// # Errors
    /// If the ends are swapped, or outside the form's range.
    pub fn interval(low: f64, high: f64, form: Form) -> Result<Self, DistributionError> {
        ordered(low, high)?;
        if low == high {
            return Ok(Self::fixed(low));
        }
        match form {
            Form::Normal => Self::normal(0.5 * (low + high), 0.5 * (high - low) / Z95),
            Form::Lognormal => Self::lognormal(&[(0.05, low), (0.95, high)]),
            Form::LogitNormal => {
                must("the low end", "above 0", low, low > 0.0)?;
                must("the high end", "below 1", high, high < 1.0)?;
                let logit = |x: f64| ln(x / (1.0 - x));
                let (a, b) = (logit(low), logit(high));
                Ok(Self::of(Base::LogitNormal { mean: 0.5 * (a + b), sd: 0.5 * (b - a) / Z95 }))
            }
        }
    }

    /// Normal.
    ///
    /// # Errors
    /// If the standard deviation is negative.
    pub fn normal(mean: f64, sd: f64) -> Result<Self, DistributionError> {
        must("the standard deviation", "positive", sd, sd >= 0.0)?;
        Ok(if sd == 0.0 { Self::fixed(mean) } else { Self::of(Base::Normal { mean, sd }) })
    }

    /// Lognormal through two quantiles (p, x), or in two pieces through three.
    ///
    /// # Errors
    /// If the quantiles are out of order or not positive.
    pub fn lognormal(quantiles: &[(f64, f64)]) -> Result<Self, DistributionError> {
        for &(p, x) in quantiles {
            must("a quantile of a lognormal", "positive", x, x > 0.0)?;
            must("a quantile's probability", "between 0 and 1", p, p > 0.0 && p < 1.0)?;
        }
        for pair in quantiles.windows(2) {
            let ((p, x), (q, y)) = (pair[0], pair[1]);
            if x > y || p >= q {
                return Err(DistributionError::OutOfOrder(x, 100.0 * p, y, 100.0 * q));
            }
        }
        let point = |i: usize| (inverse_normal(quantiles[i].0), ln(quantiles[i].1));
        let slope = |a: (f64, f64), b: (f64, f64)| (b.1 - a.1) / (b.0 - a.0);
        let base = match quantiles.len() {
            2 => {
                let (a, b) = (point(0), point(1));
                let spread = slope(a, b);
                Base::Lognormal { join: 0.0, level: a.1 - spread * a.0, below: spread, above: spread }
            }
            3 => {
                let (a, b, c) = (point(0), point(1), point(2));
                Base::Lognormal { join: b.0, level: b.1, below: slope(a, b), above: slope(b, c) }
            }
            _ => return Err(DistributionError::Empty),
        };
        let flat = quantiles[0].1 == quantiles[quantiles.len() - 1].1;
        Ok(if flat { Self::fixed(quantiles[0].1) } else { Self::of(base) })
    }

    /// Uniform.
    ///
    /// # Errors
    /// If the ends are swapped.
    pub fn uniform(low: f64, high: f64) -> Result<Self, DistributionError> {
        ordered(low, high)?;
        Ok(if low == high { Self::fixed(low) } else { Self::of(Base::Uniform { low, high }) })
    }

    /// Triangular.
    ///
    /// # Errors
    /// If low, mode and high are out of order.
    pub fn triangular(low: f64, mode: f64, high: f64) -> Result<Self, DistributionError> {
        ordered(low, mode)?;
        ordered(mode, high)?;
        Ok(if low == high { Self::fixed(low) } else { Self::of(Base::Triangular { low, mode, high }) })
    }

    /// PERT: a beta with weight 4 on the mode.
    ///
    /// # Errors
    /// If low, mode and high are out of order.
    pub fn pert(low: f64, mode: f64, high: f64) -> Result<Self, DistributionError> {
        ordered(low, mode)?;
        ordered(mode, high)?;
        if low == high {
            return Ok(Self::fixed(low));
        }
        let at = (mode - low) / (high - low);
        Self::beta(1.0 + 4.0 * at, 1.0 + 4.0 * (1.0 - at), low, high)
    }

    /// Beta on \[low, high\].
    ///
    /// # Errors
    /// If a shape is not positive or the ends are swapped.
    pub fn beta(a: f64, b: f64, low: f64, high: f64) -> Result<Self, DistributionError> {
        for shape in [a, b] {
            must("a shape of a beta", "between 0.01 and 100000", shape, (0.01..=1e5).contains(&shape))?;
        }
        ordered(low, high)?;
        Ok(Self::of(Base::Beta(BetaTable::of(a, b))).scaled(high - low).shifted(low))
    }

    /// Values with probabilities.
    ///
    /// # Errors
    /// If there are none, or the probabilities do not sum to 1.
    pub fn discrete(values: &[(f64, f64)]) -> Result<Self, DistributionError> {
        weights(values.iter().map(|v| v.1))?;
        let mut sorted = values.to_vec();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut sum = 0.0;
        let mut steps: Vec<(f64, f64)> = Vec::new();
        for (x, w) in sorted {
            sum += w;
            match steps.last_mut() {
                Some(last) if last.0 == x => last.1 = sum,
                _ if w > 0.0 => steps.push((x, sum)),
                _ => {}
            }
        }
        let last = steps.len() - 1;
        steps[last].1 = 1.0;
        Ok(if last == 0 { Self::fixed(steps[0].0) } else { Self::of(Base::Discrete(steps.into())) })
    }

    /// 1 with probability p, else 0.
    ///
    /// # Errors
    /// If p is not a probability.
    pub fn bernoulli(p: f64) -> Result<Self, DistributionError> {
        must("a probability", "between 0 and 1", p, (0.0..=1.0).contains(&p))?;
        Self::discrete(&[(0.0, 1.0 - p), (1.0, p)])
    }

    /// Distributions with weights.
    ///
    /// # Errors
    /// If there are none, or the weights do not sum to 1.
    pub fn mixture(parts: Vec<(f64, Self)>) -> Result<Self, DistributionError> {
        weights(parts.iter().map(|p| p.0))?;
        Ok(Self::of(Base::Mixture(Arc::new(Mixture::new(parts)))))
    }

    /// Cut to \[low, high\] and renormalised.
    ///
    /// # Errors
    /// If the ends are swapped or nothing is left.
    pub fn truncated(self, low: f64, high: f64) -> Result<Self, DistributionError> {
        ordered(low, high)?;
        let (below, above) = (self.below(low), self.cdf(high));
        if above - below < 1e-12 {
            return Err(DistributionError::NothingLeft(low, high));
        }
        let (a, b) = self.range;
        let at = |p: f64| a + p * (b - a);
        let range =
            if self.scale < 0.0 { (at(1.0 - above), at(1.0 - below)) } else { (at(below), at(above)) };
        let ends = (self.ends.0.max(low), self.ends.1.min(high));
        Ok(Self { range, ends, ..self })
    }

    /// Cut to a field's domain, with the mass that was cut off. If all of it lies outside: the nearest end, and 1.
    #[must_use]
    pub fn cut(self, low: f64, high: f64) -> (Self, f64) {
        if self.ends.0 >= low && self.ends.1 <= high {
            return (self, 0.0);
        }
        let mass = self.below(low) + (1.0 - self.cdf(high));
        let nearest = if self.below(low) > 0.5 { low } else { high };
        match self.truncated(low, high) {
            Ok(cut) => (cut, mass),
            Err(_) => (Self::fixed(nearest), 1.0),
        }
    }

    /// Times a factor.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        let (a, b) = (self.ends.0 * factor, self.ends.1 * factor);
        let flips = factor < 0.0;
        if factor == 0.0 {
            return Self::fixed(0.0);
        }
        Self {
            scale: self.scale * factor,
            shift: self.shift * factor,
            ends: if flips { (b, a) } else { (a, b) },
            ..self
        }
    }

    /// Plus a number.
    #[must_use]
    pub fn shifted(self, by: f64) -> Self {
        Self { shift: self.shift + by, ends: (self.ends.0 + by, self.ends.1 + by), ..self }
    }
}

fn ordered(low: f64, high: f64) -> Result<(), DistributionError> {
    if low <= high { Ok(()) } else { Err(DistributionError::Swapped(low, high)) }
}

fn must(what: &'static str, must: &'static str, is: f64, holds: bool) -> Result<(), DistributionError> {
    if holds { Ok(()) } else { Err(DistributionError::Must { what, must, is }) }
}

fn weights(all: impl Iterator<Item = f64>) -> Result<(), DistributionError> {
    let mut sum = 0.0;
    let mut any = false;
    for w in all {
        must("a probability", "between 0 and 1", w, (0.0..=1.0 + 1e-9).contains(&w))?;
        sum += w;
        any = true;
    }
    if !any {
        return Err(DistributionError::Empty);
    }
    if (sum - 1.0).abs() > 1e-6 { Err(DistributionError::Weights(100.0 * sum)) } else { Ok(()) }
}
