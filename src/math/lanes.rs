//! Several draws at once: a plain array with operators, which compilers turn into vector code.

use super::dispatch::{Kernel, dispatch};
use serde::{Deserialize, Serialize};
use std::ops::{
    Add, AddAssign, BitAnd, BitOr, Div, DivAssign, Index, IndexMut, Mul, MulAssign, Neg, Not, Sub, SubAssign,
};

/// One number of several draws.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "[f64; N]: Serialize", deserialize = "[f64; N]: Deserialize<'de>"))]
#[repr(align(64))]
pub struct Lanes<const N: usize>(pub [f64; N]);

/// A condition in several draws: all bits of a lane are set where it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "[u64; N]: Serialize", deserialize = "[u64; N]: Deserialize<'de>"))]
#[repr(align(64))]
pub struct Mask<const N: usize>(pub [u64; N]);

impl<const N: usize> PartialEq for Lanes<N> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        Lanes::eq(*self, *other).all()
    }
}

impl<const N: usize> Default for Lanes<N> {
    fn default() -> Self {
        Self::ZERO
    }
}

impl<const N: usize> Lanes<N> {
    /// 0 in every lane.
    pub const ZERO: Self = Self([0.0; N]);
    /// 1 in every lane.
    pub const ONE: Self = Self([1.0; N]);

    /// The same number in every lane.
    #[inline(always)]
    pub const fn splat(x: f64) -> Self {
        Self([x; N])
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
    fn compare(self, other: Self, f: impl Fn(f64, f64) -> bool) -> Mask<N> {
        let mut out = [0; N];
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
    /// Some of the lanes, counted in parts of `M`.
    #[inline(always)]
    pub fn part<const M: usize>(self, part: usize) -> Lanes<M> {
        Lanes::from_fn(|lane| self.0[part * M + lane])
    }
    /// Lanes of parts, one after the other.
    #[inline(always)]
    pub fn joined<const M: usize>(parts: impl Fn(usize) -> Lanes<M>) -> Self {
        let mut out = Self::ZERO;
        for (i, lanes) in out.0.chunks_exact_mut(M).enumerate() {
            lanes.copy_from_slice(&parts(i).0);
        }
        out
    }
    /// Sum over lanes, in order.
    #[inline(always)]
    pub fn sum(self) -> f64 {
        self.0.iter().sum()
    }
    /// self < other
    #[inline(always)]
    pub fn lt(self, other: Self) -> Mask<N> {
        self.compare(other, |a, b| a < b)
    }
    /// self ≤ other
    #[inline(always)]
    pub fn le(self, other: Self) -> Mask<N> {
        self.compare(other, |a, b| a <= b)
    }
    /// self > other
    #[inline(always)]
    pub fn gt(self, other: Self) -> Mask<N> {
        self.compare(other, |a, b| a > b)
    }
    /// self ≥ other
    #[inline(always)]
    pub fn ge(self, other: Self) -> Mask<N> {
        self.compare(other, |a, b| a >= b)
    }
    /// self = other
    #[inline(always)]
    pub fn eq(self, other: Self) -> Mask<N> {
        self.compare(other, |a, b| a == b)
    }
}

impl<const N: usize> From<[f64; N]> for Lanes<N> {
    #[inline(always)]
    fn from(lanes: [f64; N]) -> Self {
        Self(lanes)
    }
}

impl<const N: usize> From<[u64; N]> for Mask<N> {
    #[inline(always)]
    fn from(lanes: [u64; N]) -> Self {
        Self(lanes)
    }
}

impl<const N: usize> From<f64> for Lanes<N> {
    #[inline(always)]
    fn from(x: f64) -> Self {
        Self::splat(x)
    }
}

impl<const N: usize> Mask<N> {
    /// The same in every lane.
    #[inline(always)]
    pub const fn splat(holds: bool) -> Self {
        Self([if holds { u64::MAX } else { 0 }; N])
    }
    /// Whether it holds in a lane.
    #[inline(always)]
    pub fn lane(self, i: usize) -> bool {
        self.0[i] != 0
    }
    /// `yes` where it holds, `no` elsewhere.
    #[inline(always)]
    pub fn select(self, yes: Lanes<N>, no: Lanes<N>) -> Lanes<N> {
        let mut out = [0.0; N];
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
    /// Some of the lanes, counted in parts of `M`.
    #[inline(always)]
    pub fn part<const M: usize>(self, part: usize) -> Mask<M> {
        Mask(std::array::from_fn(|lane| self.0[part * M + lane]))
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

impl<const N: usize> BitAnd for Mask<N> {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }
}
impl<const N: usize> BitOr for Mask<N> {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }
}
impl<const N: usize> Not for Mask<N> {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        self.zip(self, |a, _| !a)
    }
}
impl<const N: usize> Index<usize> for Lanes<N> {
    type Output = f64;
    #[inline(always)]
    fn index(&self, i: usize) -> &f64 {
        &self.0[i]
    }
}
impl<const N: usize> IndexMut<usize> for Lanes<N> {
    #[inline(always)]
    fn index_mut(&mut self, i: usize) -> &mut f64 {
        &mut self.0[i]
    }
}
impl<const N: usize> Neg for Lanes<N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|x| -x)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $assign_trait:ident, $assign:ident, $op:tt) => {
        impl<const N: usize> $trait for Lanes<N> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.zip(other, |a, b| a $op b)
            }
        }
        impl<const N: usize> $trait<f64> for Lanes<N> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: f64) -> Self {
                self.map(|a| a $op other)
            }
        }
        impl<const N: usize> $trait<Lanes<N>> for f64 {
            type Output = Lanes<N>;
            #[inline(always)]
            fn $method(self, other: Lanes<N>) -> Lanes<N> {
                other.map(|b| self $op b)
            }
        }
        impl<const N: usize> $assign_trait for Lanes<N> {
            #[inline(always)]
            fn $assign(&mut self, other: Self) {
                *self = *self $op other;
            }
        }
        impl<const N: usize> $assign_trait<f64> for Lanes<N> {
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
        struct $name<const N: usize>($(function!(@lanes $field N)),*);
        impl<const N: usize> Kernel for $name<N> {
            type Output = Lanes<N>;
            #[inline(always)]
            fn run(self) -> Lanes<N> {
                let mut out = Lanes::ZERO;
                for i in 0..N {
                    out.0[i] = $function($(self.$field.0[i]),*);
                }
                out
            }
        }
    };
    (@lanes $field:tt $n:ident) => { Lanes<$n> };
}
function!(Exp, "e^x of lanes.", (0), super::exp);
function!(Ln, "Logarithm of lanes.", (0), super::ln);
function!(Pow, "Power of lanes.", (0, 1), super::pow);
function!(InverseNormal, "Normal score of lanes.", (0), super::inverse_normal);

#[cfg(test)]
mod tests {
    use crate::math::wide::WIDTH;
    use crate::math::{Lanes, Mask, lanes, wide};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_lane_is_its_scalar_to_the_bit(x in prop::array::uniform(1e-30f64..1e30), y in -4.0f64..4.0) {
            let lanes = lanes::Lanes::<WIDTH>(x);
            let powers = lanes.pow(wide::Lanes::splat(y));
            for i in 0..WIDTH {
                prop_assert_eq!(lanes.ln()[i].to_bits(), crate::math::ln(x[i]).to_bits());
                prop_assert_eq!(powers[i].to_bits(), crate::math::pow(x[i], y).to_bits());
                prop_assert_eq!((lanes.ln() * y).exp()[i].to_bits(), crate::math::exp(crate::math::ln(x[i]) * y).to_bits());
            }
        }
    }

    #[test]
    fn parts_are_the_whole() {
        let all = wide::Lanes::from_fn(|i| i as f64);
        for part in 0..wide::PARTS {
            let eight: Lanes = all.part(part);
            assert_eq!(eight, Lanes::from_fn(|i| (8 * part + i) as f64));
            let odd: Mask = all.ge(wide::Lanes::splat(3.0)).part(part);
            assert_eq!(odd, eight.ge(Lanes::splat(3.0)));
        }
        assert_eq!(wide::Lanes::joined(|part| all.part::<8>(part)), all);
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
