//! Commitments: what buyers will take before anything else, and how it is planned for.

use super::choice::{Choice, ChoiceContext};
use crate::inputs::Inputs;
use crate::math::{Lanes, Mask};
use crate::plan::Plan;

/// What commitments are expected to take when chips that are started now arrive.
#[derive(Clone, Debug)]
pub struct Promises {
    /// By chip [chips].
    pub chips: Vec<Lanes>,
    /// By sale, before rules and money limit it [chips].
    asked: Vec<Lanes>,
    /// What that costs, as far as rules permit it, by buyer [USD].
    costs: Vec<Lanes>,
}

impl Promises {
    /// Nothing promised.
    pub fn new(plan: &Plan) -> Self {
        Self {
            chips: vec![Lanes::ZERO; plan.model.chips.len()],
            asked: vec![Lanes::ZERO; plan.edges.sales.len()],
            costs: vec![Lanes::ZERO; plan.model.buyers.len()],
        }
    }

    /// Expects commitments of the quarter that a choice is made for, and takes what they cost from `money` [USD].
    ///
    /// `power` is the share of last quarter's that there was power for, by country [1].
    #[inline(always)]
    pub fn expect(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        choice: &Choice,
        view: &ChoiceContext<'_>,
        power: &[Lanes],
        money: &mut [Lanes],
    ) {
        if plan.commitments.rows.is_empty() {
            return;
        }
        self.chips.fill(Lanes::ZERO);
        divide(plan, inputs, view.ramp, view.offered, view.quarter, &mut self.asked);
        cost(plan, choice, view.permitted, &self.asked, &mut self.costs);
        for &s in &plan.commitments.sales {
            let sale = &plan.edges.sales[s];
            let share = affordable(money[sale.buyer.index()], self.costs[sale.buyer.index()])
                * power[sale.country.index()];
            self.chips[sale.chip.index()] += self.asked[s] * view.permitted[sale.chip_market] * share;
        }
        for (money, &cost) in money.iter_mut().zip(&self.costs) {
            *money = (*money - affordable(*money, cost) * cost).max(0.0);
        }
    }
}

/// Divides the units of every row over the chips that are offered, in proportion to their ramps; sums by sale go to `into` [chips].
#[inline(always)]
pub fn divide(
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
        let all = row.sales.iter().fold(Lanes::ZERO, |sum, &s| sum + weight(s));
        if all.gt(Lanes::ZERO).any() {
            let each = inputs.at(row.units, quarter).per(all);
            for &s in &row.sales {
                into[s] += each * weight(s);
            }
        }
    }
}

/// What sales [chips] cost each buyer, as far as rules permit them [USD].
#[inline(always)]
pub fn cost(plan: &Plan, choice: &Choice, permitted: &[Lanes], asked: &[Lanes], costs: &mut [Lanes]) {
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

/// Share of a cost that there is money for [1].
#[inline(always)]
pub fn affordable(money: Lanes, cost: Lanes) -> Lanes {
    cost.gt(money).select(money.per(cost), Lanes::ONE)
}
