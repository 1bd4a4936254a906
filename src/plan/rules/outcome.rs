//! What a quarter's pieces come to: permitted share, fee, and what is about to be cut; for one draw or for eight.

use super::moments::{Governing, Quarter};
use crate::math::Lanes;
use crate::model::Status;
use std::ops::{Add, Mul, Sub};

/// What rules make of a sale in a quarter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Share that may flow [1].
    pub permitted: Lanes,
    /// Fees over the price [1].
    pub fee: Lanes,
}

impl Outcome {
    /// What comes out where no rule covers a sale.
    pub const FREE: Self = Self { permitted: Lanes::ONE, fee: Lanes::ZERO };
}

/// What is announced and not yet in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Permission that it will take, times the share of the quarter before it does [1].
    pub share: Lanes,
    /// Purchases before it over ordinary ones [1].
    pub rush: Lanes,
}

/// A number of one draw or of eight.
pub(super) trait Count:
    Copy + From<f64> + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self>
{
    /// self/d, 0 where d is 0.
    fn per(self, d: Self) -> Self;
    /// The positive part.
    fn positive(self) -> Self;
}

impl Count for f64 {
    fn per(self, d: Self) -> Self {
        if d == 0.0 { 0.0 } else { self / d }
    }
    fn positive(self) -> Self {
        self.max(0.0)
    }
}

impl Count for Lanes {
    #[inline(always)]
    fn per(self, d: Self) -> Self {
        Lanes::per(self, d)
    }
    #[inline(always)]
    fn positive(self) -> Self {
        self.max(0.0)
    }
}

/// Share of a governing rule: nothing of what needs a licence before its approvals begin.
#[inline(always)]
pub(super) fn share<T: Count>(g: &Governing, given: T) -> T {
    if g.shut && g.status > Status::Notify { T::from(0.0) } else { given }
}

/// Permitted share (product over issuers of time averages) and fee (sum over issuers of averages weighted by share).
///
/// `numbers` gives a governing rule's share once approvals have begun, and its fee.
#[inline(always)]
pub(super) fn evaluate<T: Count>(quarter: &Quarter, numbers: impl Fn(&Governing) -> (T, T)) -> (T, T) {
    let (zero, one) = (T::from(0.0), T::from(1.0));
    let (mut permitted, mut fees) = (one, zero);
    for parts in quarter.parts.chunk_by(|a, b| a.1.issuer == b.1.issuer) {
        let (mut refused, mut paid) = (zero, zero);
        for (weight, g) in parts {
            let (given, fee) = numbers(g);
            let (weight, share) = (T::from(*weight), share(g, given));
            refused = refused + weight * (one - share);
            paid = paid + weight * share * fee;
        }
        let passed = one - refused;
        permitted = permitted * passed;
        fees = fees + paid.per(passed);
    }
    (permitted, fees)
}

/// Loss of permission that is announced, over the quarter, and the rule that gives the rush.
#[inline(always)]
pub(super) fn cut<T: Count>(quarter: &Quarter, given: impl Fn(&Governing) -> T) -> (T, Option<usize>) {
    let permitted =
        |all: &[Governing]| all.iter().fold(T::from(1.0), |product, g| product * share(g, given(g)));
    let loss = quarter.pending.iter().fold(T::from(0.0), |sum, piece| {
        sum + T::from(piece.weight) * (permitted(&piece.now) - permitted(&piece.then)).positive()
    });
    (loss, quarter.pending.first().map(|piece| piece.rule))
}
