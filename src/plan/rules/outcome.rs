//! What pieces of a quarter come to: permitted share, fee, and what is about to be cut; for one draw or for eight.

use super::moments::{Governing, Moment};
use crate::math::Lanes;
use crate::model::Model;
use std::ops::{Add, Mul, Sub};

/// What rules make of a sale in a quarter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Share that may flow [1].
    pub permitted: Lanes,
    /// Fees over the price [1].
    pub fee: Lanes,
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
}

impl Count for f64 {
    fn per(self, d: Self) -> Self {
        if d == 0.0 { 0.0 } else { self / d }
    }
}

impl Count for Lanes {
    fn per(self, d: Self) -> Self {
        Lanes::per(self, d)
    }
}

/// Share and fee of a governing rule: nothing before its approvals begin.
pub(super) fn share<T: Count>(g: &Governing, numbers: &dyn Fn(usize) -> (T, T)) -> (T, T) {
    let (share, fee) = numbers(g.rule);
    if g.shut && g.status > crate::model::Status::Notify {
        (T::from(0.0), T::from(0.0))
    } else {
        (share, fee)
    }
}

/// Permitted share (product over issuers of time averages) and fee (sum over issuers of averages weighted by share).
pub(super) fn evaluate<T: Count>(
    model: &Model,
    pieces: &[Moment],
    numbers: &dyn Fn(usize) -> (T, T),
) -> (T, T) {
    let mut issuers: Vec<_> =
        pieces.iter().flat_map(|m| m.now.iter().map(|g| model.rules[g.rule].issuer)).collect();
    issuers.sort_unstable();
    issuers.dedup();
    let one = T::from(1.0);
    let mut permitted = one;
    let mut fees = T::from(0.0);
    for issuer in issuers {
        let mut refused = T::from(0.0);
        let mut paid = T::from(0.0);
        for piece in pieces {
            if let Some(g) = piece.now.iter().find(|g| model.rules[g.rule].issuer == issuer) {
                let (share, fee) = share(g, numbers);
                let w = T::from(piece.weight);
                refused = refused + w * (one - share);
                paid = paid + w * share * fee;
            }
        }
        let passed = one - refused;
        permitted = permitted * passed;
        fees = fees + paid.per(passed);
    }
    (permitted, fees)
}

/// Loss of permission that is announced, over the quarter, and the rule that gives the rush.
pub(super) fn cut(pieces: &[Moment], numbers: &dyn Fn(usize) -> (f64, f64)) -> (f64, Option<usize>) {
    let permitted = |all: &[Governing]| all.iter().map(|g| share(g, numbers).0).product::<f64>();
    let mut total = 0.0;
    let mut rush = None;
    for piece in pieces {
        if let Some((pending, rule)) = &piece.pending {
            total += piece.weight * (permitted(&piece.now) - permitted(pending)).max(0.0);
            rush = rush.or(Some(*rule));
        }
    }
    (total, rush)
}
