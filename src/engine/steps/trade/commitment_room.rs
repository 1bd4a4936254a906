//! Room in which commitments are reckoned.

use crate::math::wide::Lanes;
use crate::plan::Plan;

/// Room to work in.
#[derive(Clone, Debug)]
pub(super) struct CommittedScratch {
    /// What all of it costs, by buyer \[USD\].
    pub(super) costs: Vec<Lanes>,
    /// Money of it that could not be spent, by buyer \[USD\].
    pub(super) unfilled: Vec<Lanes>,
    /// What it wants of power, by buyer \[MW\].
    pub(super) power: Vec<Lanes>,
    pub(super) demand: Vec<Lanes>,
}

impl CommittedScratch {
    /// Nothing asked for.
    pub(super) fn new(plan: &Plan) -> Self {
        let lanes = |n: usize| vec![Lanes::ZERO; n];
        let m = &plan.model;
        Self {
            costs: lanes(m.buyers.len()),
            unfilled: lanes(m.buyers.len()),
            power: lanes(m.buyers.len()),
            demand: lanes(m.chips.len()),
        }
    }
}
