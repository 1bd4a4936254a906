//! What a quarter's pieces come to: permitted share, fee, and what is about to be cut.

use super::calendar::{Governing, Quarter};
use crate::math::wide::Lanes;
use crate::model::{RuleId, Status};

/// What rules make of a sale in a quarter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Share that may flow \[1\].
    pub permitted: Lanes,
    /// Fees over the price \[1\].
    pub fee: Lanes,
}

impl Outcome {
    /// What comes out where no rule covers a sale.
    pub const FREE: Self = Self { permitted: Lanes::ONE, fee: Lanes::ZERO };
}

/// What is announced and not yet in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Permission that it will take, times the share of the quarter before it does \[1\].
    pub share: Lanes,
    /// Purchases before it over ordinary ones \[1\].
    pub front_running: Lanes,
}

/// Share of a governing rule: nothing of what needs a licence before its approvals begin.
#[inline(always)]
pub(super) fn share(g: &Governing, given: Lanes) -> Lanes {
    if g.shut && g.status > Status::Notify { Lanes::ZERO } else { given }
}

/// Permitted share (product over issuers of time averages) and fee (sum over issuers of averages weighted by share).
///
/// `numbers` gives a governing rule's share once approvals have begun, and its fee; `begins` is when they do, where that moves.
#[inline(always)]
pub(super) fn evaluate(
    quarter: &Quarter,
    begins: Lanes,
    numbers: impl Fn(&Governing) -> (Lanes, Lanes),
) -> Outcome {
    let mut out = Outcome::FREE;
    for parts in quarter.parts.chunk_by(|a, b| a.1.issuer == b.1.issuer) {
        let (mut refused, mut paid) = (Lanes::ZERO, Lanes::ZERO);
        for (span, g) in parts {
            let (given, fee) = numbers(g);
            let (weight, share) = (span.weight(begins), share(g, given));
            refused += weight * (1.0 - share);
            paid += weight * share * fee;
        }
        let passed = 1.0 - refused;
        out.permitted *= passed;
        out.fee += paid.per(passed);
    }
    out
}

/// Of a quarter in which something is: loss of permission that is announced, over the quarter, and the rule that says how much is brought forward.
#[inline(always)]
pub(super) fn cut(quarter: &Quarter, begins: Lanes, given: impl Fn(&Governing) -> Lanes) -> (Lanes, RuleId) {
    let permitted =
        |all: &[Governing]| all.iter().fold(Lanes::ONE, |product, g| product * share(g, given(g)));
    let loss = quarter.pending.iter().fold(Lanes::ZERO, |sum, piece| {
        sum + piece.span.weight(begins)
            * (permitted(quarter.now(piece)) - permitted(quarter.then(piece))).max(0.0)
    });
    (loss, quarter.pending[0].rule)
}
