//! Commitments: what buyers will take before anything else, and how it is planned for.

use super::choice::{ChoiceContext, ChoiceOutputs};
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::{Lanes, Mask};
use crate::plan::Plan;

/// What commitments are expected to take when chips that are started now arrive.
#[derive(Clone, Debug)]
pub(crate) struct Promises {
    /// By chip \[chips\].
    pub chips: List<Lanes>,
    /// By sale, before rules and money limit it \[chips\].
    asked: List<Lanes>,
    /// What that costs, as far as rules permit it, by buyer \[USD\].
    costs: List<Lanes>,
}

impl Promises {
    /// Nothing promised.
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            chips: List::of(Lanes::ZERO, plan.model.chips.len()),
            asked: List::of(Lanes::ZERO, plan.edges.sales.len()),
            costs: List::of(Lanes::ZERO, plan.model.buyers.len()),
        }
    }

    /// Expects commitments of the quarter that a choice is made for, and takes what they cost from `money` \[USD\].
    ///
    /// `power` is the share of last quarter's that there was power for, by buyer \[1\].
    #[inline(always)]
    pub(crate) fn expect(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        choice: &ChoiceOutputs,
        arrival: &ChoiceContext<'_>,
        power: &[Lanes],
        money: &mut [Lanes],
    ) {
        if plan.commitments.rows.is_empty() {
            return;
        }
        self.chips.fill(Lanes::ZERO);
        divide(plan, inputs, arrival.ramp, arrival.offered, arrival.quarter, &mut self.asked);
        cost(plan, choice, arrival.permitted, &self.asked, &mut self.costs);
        for &s in &plan.commitments.sales {
            let sale = &plan.edges.sales[s];
            let b = sale.buyer.index();
            let share = affordable(money[b], self.costs[b]) * power[b];
            self.chips[sale.chip.index()] += self.asked[s] * arrival.permitted[sale.chip_market] * share;
        }
        for (money, &cost) in money.iter_mut().zip(&self.costs) {
            *money = (*money - affordable(*money, cost) * cost).max(0.0);
        }
    }
}

/// Divides the units of every row over the chips that are offered, in proportion to their ramps; sums by sale go to `into` \[chips\].
#[inline(always)]
pub(crate) fn divide(
    plan: &Plan,
    inputs: &Inputs,
    ramp: &[Lanes],
    offered: &[Mask],
    quarter: usize,
    into: &mut [Lanes],
) {
    for &s in &plan.commitments.sales {
        into[s] = Lanes::ZERO;
    }
    let weight = |s: usize| {
        let sale = &plan.edges.sales[s];
        offered[sale.chip_market].select(ramp[sale.chip.index()], Lanes::ZERO)
    };
    for row in &plan.commitments.rows {
        let all = Lanes::total(row.sales.iter().map(|&s| weight(s)));
        if all.gt(Lanes::ZERO).any() {
            let each = inputs.at(row.units, quarter).per(all);
            for &s in &row.sales {
                into[s] += each * weight(s);
            }
        }
    }
}

/// What sales \[chips\] cost each buyer, as far as rules permit them \[USD\].
#[inline(always)]
pub(crate) fn cost(
    plan: &Plan,
    choice: &ChoiceOutputs,
    permitted: &[Lanes],
    asked: &[Lanes],
    costs: &mut [Lanes],
) {
    costs.fill(Lanes::ZERO);
    for &s in &plan.commitments.sales {
        let sale = &plan.edges.sales[s];
        // What is not offered has no price.
        if asked[s].gt(Lanes::ZERO).any() {
            costs[sale.buyer.index()] +=
                asked[s] * permitted[sale.chip_market] * choice.price[sale.chip_market];
        }
    }
}

/// Share of a cost that there is money for \[1\].
#[inline(always)]
pub(crate) fn affordable(money: Lanes, cost: Lanes) -> Lanes {
    cost.gt(money).select(money.per(cost), Lanes::ONE)
}
