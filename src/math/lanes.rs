//! Eight draws at once: a plain array with operators, which compilers turn into vector code.

use super::dispatch::{Kernel, dispatch};
use serde::{Deserialize, Serialize};
use std::ops::{
    Add, AddAssign, BitAnd, BitOr, Div, DivAssign, Index, IndexMut, Mul, MulAssign, Neg, Not, Sub, SubAssign,
};

/// Draws in a batch.
pub const WIDTH: usize = 8;

/// One number of eight draws.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[repr(align(64))]
pub struct Lanes(pub [f64; WIDTH]);

/// A condition in eight draws: all bits of a lane are set where it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(align(64))]
pub struct Mask(pub [u64; WIDTH]);

impl PartialEq for Lanes {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        Lanes::eq(*self, *other).all()
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Lanes {
    /// 0 in every lane.
    pub const ZERO: Self = Self([0.0; WIDTH]);
    /// 1 in every lane.
    pub const ONE: Self = Self([1.0; WIDTH]);

    /// The same number in every lane.
    #[inline(always)]
    pub const fn splat(x: f64) -> Self {
        Self([x; WIDTH])
    }
    /// A number for each lane.
    #[inline(always)]
    pub fn from_fn(f: impl FnMut(usize) -> f64) -> Self {
        Self(std::array::from_fn(f))
    }
    /// Applies a function to each lane.
    #[inline(always)]
    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        let mut out = self;
        for x in &mut out.0 {
            *x = f(*x);
        }
        out
    }
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let mut out = self;
        for (x, y) in out.0.iter_mut().zip(other.0) {
            *x = f(*x, y);
        }
        out
    }
    #[inline(always)]
    fn compare(self, other: Self, f: impl Fn(f64, f64) -> bool) -> Mask {
        let mut out = [0; WIDTH];
        for (i, lane) in out.iter_mut().enumerate() {
            *lane = if f(self.0[i], other.0[i]) { u64::MAX } else { 0 };
        }
        Mask(out)
    }
    /// The smaller of two.
    #[inline(always)]
    pub fn min(self, other: impl Into<Self>) -> Self {
        self.zip(other.into(), |a, b| if a < b { a } else { b })
    }
    /// The larger of two.
    #[inline(always)]
    pub fn max(self, other: impl Into<Self>) -> Self {
        self.zip(other.into(), |a, b| if a > b { a } else { b })
    }
    /// Cut to an interval.
    #[inline(always)]
    pub fn clamp(self, low: f64, high: f64) -> Self {
        self.max(low).min(high)
    }
    /// Absolute value.
    #[inline(always)]
    pub fn abs(self) -> Self {
        self.map(f64::abs)
    }
    /// Square root.
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        self.map(f64::sqrt)
    }
    /// Largest whole number not above.
    #[inline(always)]
    pub fn floor(self) -> Self {
        self.map(f64::floor)
    }
    /// 1/x.
    #[inline(always)]
    pub fn recip(self) -> Self {
        self.map(|x| 1.0 / x)
    }
    /// self/d, and 0 where d is 0: a share of nothing is nothing.
    #[inline(always)]
    pub fn per(self, d: impl Into<Self>) -> Self {
        self.zip(d.into(), |a, b| if b == 0.0 { 0.0 } else { a / b })
    }
    /// e^x.
    #[inline(always)]
    pub fn exp(self) -> Self {
        dispatch(Exp(self))
    }
    /// Natural logarithm.
    #[inline(always)]
    pub fn ln(self) -> Self {
        dispatch(Ln(self))
    }
    /// Power of a number that is not negative.
    #[inline(always)]
    pub fn pow(self, exponent: Self) -> Self {
        dispatch(Pow(self, exponent))
    }
    /// The normal score with this probability below it.
    #[inline(always)]
    pub fn inverse_normal(self) -> Self {
        dispatch(InverseNormal(self))
    }
    /// Sum of several, in order.
    ///
    /// A loop, and no fold: one that many use is compiled by itself, for any machine.
    #[inline(always)]
    pub fn total(several: impl IntoIterator<Item = Self>) -> Self {
        let mut total = Self::ZERO;
        for one in several {
            total += one;
        }
        total
    }
    /// The smallest of this and several others; a loop for the same reason.
    #[inline(always)]
    pub fn min_of(self, others: impl IntoIterator<Item = Self>) -> Self {
        let mut least = self;
        for other in others {
            least = least.min(other);
        }
        least
    }
    /// The largest of this and several others.
    #[inline(always)]
    pub fn max_of(self, others: impl IntoIterator<Item = Self>) -> Self {
        let mut largest = self;
        for other in others {
            largest = largest.max(other);
        }
        largest
    }
    /// Sum over lanes, in order.
    #[inline(always)]
    pub fn sum(self) -> f64 {
        self.0.iter().sum()
    }
    /// self < other
    #[inline(always)]
    pub fn lt(self, other: Self) -> Mask {
        self.compare(other, |a, b| a < b)
    }
    /// self ≤ other
    #[inline(always)]
    pub fn le(self, other: Self) -> Mask {
        self.compare(other, |a, b| a <= b)
    }
    /// self > other
    #[inline(always)]
    pub fn gt(self, other: Self) -> Mask {
        self.compare(other, |a, b| a > b)
    }
    /// self ≥ other
    #[inline(always)]
    pub fn ge(self, other: Self) -> Mask {
        self.compare(other, |a, b| a >= b)
    }
    /// self = other
    #[inline(always)]
    pub fn eq(self, other: Self) -> Mask {
        self.compare(other, |a, b| a == b)
    }
}

impl From<f64> for Lanes {
    #[inline(always)]
    fn from(x: f64) -> Self {
        Self::splat(x)
    }
}

impl Mask {
    /// The same in every lane.
    #[inline(always)]
    pub const fn splat(holds: bool) -> Self {
        Self([if holds { u64::MAX } else { 0 }; WIDTH])
    }
    /// Whether it holds in a lane.
    #[inline(always)]
    pub fn lane(self, i: usize) -> bool {
        self.0[i] != 0
    }
    /// `yes` where it holds, `no` elsewhere.
    #[inline(always)]
    pub fn select(self, yes: Lanes, no: Lanes) -> Lanes {
        let mut out = [0.0; WIDTH];
        for (i, lane) in out.iter_mut().enumerate() {
            *lane = f64::from_bits((yes.0[i].to_bits() & self.0[i]) | (no.0[i].to_bits() & !self.0[i]));
        }
        Lanes(out)
    }
    /// Whether it holds in any lane.
    #[inline(always)]
    pub fn any(self) -> bool {
        self.0.iter().fold(0, |a, b| a | b) != 0
    }
    /// Whether it holds in all lanes.
    #[inline(always)]
    pub fn all(self) -> bool {
        self.0.iter().fold(u64::MAX, |a, b| a & b) == u64::MAX
    }
    /// In how many lanes it holds.
    pub fn count(self) -> u32 {
        self.0.iter().map(|&x| u32::from(x != 0)).sum()
    }
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        let mut out = self;
        for (x, y) in out.0.iter_mut().zip(other.0) {
            *x = f(*x, y);
        }
        out
    }
}

impl BitAnd for Mask {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }
}
impl BitOr for Mask {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }
}
impl Not for Mask {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        self.zip(self, |a, _| !a)
    }
}
impl Index<usize> for Lanes {
    type Output = f64;
    #[inline(always)]
    fn index(&self, i: usize) -> &f64 {
        &self.0[i]
    }
}
impl IndexMut<usize> for Lanes {
    #[inline(always)]
    fn index_mut(&mut self, i: usize) -> &mut f64 {
        &mut self.0[i]
    }
}
impl Neg for Lanes {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|x| -x)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $assign_trait:ident, $assign:ident, $op:tt) => {
        impl $trait for Lanes {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.zip(other, |a, b| a $op b)
            }
        }
        impl $trait<f64> for Lanes {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: f64) -> Self {
                self.map(|a| a $op other)
            }
        }
        impl $trait<Lanes> for f64 {
            type Output = Lanes;
            #[inline(always)]
            fn $method(self, other: Lanes) -> Lanes {
                other.map(|b| self $op b)
            }
        }
        impl $assign_trait for Lanes {
            #[inline(always)]
            fn $assign(&mut self, other: Self) {
                *self = *self $op other;
            }
        }
        impl $assign_trait<f64> for Lanes {
            #[inline(always)]
            fn $assign(&mut self, other: f64) {
                *self = *self $op other;
            }
        }
    };
}
operator!(Add, add, AddAssign, add_assign, +);
operator!(Sub, sub, SubAssign, sub_assign, -);
operator!(Mul, mul, MulAssign, mul_assign, *);
operator!(Div, div, DivAssign, div_assign, /);

/// A function of each lane as a kernel of its own: too long to be copied to every place that calls it.
macro_rules! function {
    ($name:ident, $doc:literal, ($($field:tt),*), $function:path) => {
        #[doc = $doc]
        struct $name($(function!(@lanes $field)),*);
        impl Kernel for $name {
            type Output = Lanes;
            #[inline(always)]
            fn run(self) -> Lanes {
                let mut out = Lanes::ZERO;
                for i in 0..WIDTH {
                    out.0[i] = $function($(self.$field.0[i]),*);
                }
                out
            }
        }
    };
    (@lanes $field:tt) => { Lanes };
}
function!(Exp, "e^x of lanes.", (0), super::exp);
function!(Ln, "Logarithm of lanes.", (0), super::ln);
function!(Pow, "Power of lanes.", (0, 1), super::pow);
function!(InverseNormal, "Normal score of lanes.", (0), super::inverse_normal);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_lane_is_its_scalar_to_the_bit(x in prop::array::uniform8(1e-30f64..1e30), y in -4.0f64..4.0) {
            let lanes = Lanes(x);
            let powers = lanes.pow(Lanes::splat(y));
            for i in 0..WIDTH {
                prop_assert_eq!(lanes.ln()[i].to_bits(), crate::math::ln(x[i]).to_bits());
                prop_assert_eq!(powers[i].to_bits(), crate::math::pow(x[i], y).to_bits());
                prop_assert_eq!((lanes.ln() * y).exp()[i].to_bits(), crate::math::exp(crate::math::ln(x[i]) * y).to_bits());
            }
        }
    }

    #[test]
    fn a_share_of_nothing_is_nothing() {
        assert_eq!(Lanes::ONE.per(0.0), Lanes::ZERO);
        assert_eq!(Lanes::ONE.per(4.0), Lanes::splat(0.25));
    }

    #[test]
    fn masks_choose_by_lane() {
        let x = Lanes::from_fn(|i| i as f64);
        let large = x.ge(Lanes::splat(4.0));
        assert_eq!(large.select(x, Lanes::ZERO).sum(), 4.0 + 5.0 + 6.0 + 7.0);
        assert_eq!((!large).count(), 4);
        assert!(large.any() && !large.all());
        // A value that is not chosen does not leak, even if it is no number.
        assert_eq!(large.select(Lanes::splat(f64::NAN), Lanes::ONE)[0], 1.0);
    }
}
