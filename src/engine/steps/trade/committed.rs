//! Commitments are filled first: before wants and orders are made of what money and stock they leave.

use super::{Trade, TradeContext};
use crate::engine::steps::commitments::{affordable, cost, divide};
use crate::inputs::Inputs;
use crate::math::Lanes;
use crate::plan::Plan;

/// What commitments take in a quarter.
#[derive(Clone, Debug)]
pub(super) struct Committed {
    /// Asked for, as far as there is money and power for it, by sale [chips].
    asked: Vec<Lanes>,
    /// Filled before volume limits, by sale [chips].
    filled: Vec<Lanes>,
    /// What all of it costs, by buyer [USD].
    costs: Vec<Lanes>,
    /// What it wants of power, by country [MW].
    pub(super) power: Vec<Lanes>,
    demand: Vec<Lanes>,
}

impl Committed {
    /// Nothing asked for.
    pub(super) fn new(plan: &Plan) -> Self {
        let lanes = |n: usize| vec![Lanes::ZERO; n];
        Self {
            asked: lanes(plan.edges.sales.len()),
            filled: lanes(plan.edges.sales.len()),
            costs: lanes(plan.model.buyers.len()),
            power: lanes(plan.model.countries.len()),
            demand: lanes(plan.model.chips.len()),
        }
    }
}

impl Trade {
    /// What a sale's commitments asked for, as far as there was money and power for it, and what was filled [chips].
    pub fn committed(&self, sale: usize) -> [Lanes; 2] {
        [self.committed.asked[sale], self.committed.filled[sale]]
    }

    /// Fills commitments, cut pro rata to money and to power, then shared alike where stock falls short.
    #[inline(always)]
    pub(super) fn commit(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>, t: usize) {
        if plan.commitments.rows.is_empty() {
            return;
        }
        let (controls, sales) = (context.controls, &plan.commitments.sales);
        divide(plan, inputs, &controls.ramp, &controls.offered, t, &mut self.committed.asked);
        cost(plan, context.choice, &controls.permitted, &self.committed.asked, &mut self.committed.costs);
        self.committed.power.fill(Lanes::ZERO);
        for &s in sales {
            let sale = &plan.edges.sales[s];
            let b = sale.buyer.index();
            let asked = &mut self.committed.asked[s];
            *asked *= affordable(self.money[b], self.committed.costs[b]);
            self.committed.power[sale.country.index()] +=
                *asked * controls.permitted[sale.chip_market] * context.watts[sale.chip.index()];
        }
        for (n, country) in plan.model.countries.iter().enumerate() {
            self.committed.power[n] *= inputs.value(country.overhead) / 1e6;
            self.power_first[n] = Lanes::ONE;
            if let Some(room) = power_room(plan, inputs, context, n, t) {
                self.power_first[n] = affordable(room, self.committed.power[n]);
            }
        }
        self.fill_committed(plan, inputs, context);
    }

    #[inline(always)]
    fn fill_committed(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>) {
        let sales = &plan.commitments.sales;
        self.committed.demand.fill(Lanes::ZERO);
        for &s in sales {
            let sale = &plan.edges.sales[s];
            self.committed.asked[s] *= self.power_first[sale.country.index()];
            self.orders[s] = self.committed.asked[s] * context.controls.permitted[sale.chip_market];
            self.committed.demand[sale.chip.index()] += self.orders[s];
        }
        for &s in sales {
            let sale = &plan.edges.sales[s];
            let (b, c) = (sale.buyer.index(), sale.chip.index());
            self.fill[s] = self.orders[s] * affordable(self.left[c], self.committed.demand[c]);
            self.committed.filled[s] = self.fill[s];
            if self.orders[s].gt(Lanes::ZERO).any() {
                self.ordered[b] += self.orders[s] * context.choice.price[sale.chip_market];
                self.filled[b] += self.fill[s] * context.choice.price[sale.chip_market];
            }
        }
        self.caps.limit(plan, inputs, context.units, &mut self.fill);
        for &s in sales {
            let sale = &plan.edges.sales[s];
            let (b, c) = (sale.buyer.index(), sale.chip.index());
            if self.fill[s].gt(Lanes::ZERO).any() {
                let worth = self.fill[s] * context.choice.list[c];
                let fee = context.controls.fee[sale.chip_market];
                let paid = worth * (1.0 + fee);
                self.spent[b] += paid;
                self.fees[b] += worth * fee;
                self.money[b] = (self.money[b] - paid).max(0.0);
                self.sold[s] += self.fill[s];
                self.left[c] = (self.left[c] - self.fill[s]).max(0.0);
            }
            self.fill[s] = Lanes::ZERO;
            self.orders[s] = Lanes::ZERO;
        }
    }

    /// Adds what commitments filled to what the first round did.
    #[inline(always)]
    pub(super) fn note_committed_fills(&mut self, plan: &Plan) {
        for &s in &plan.commitments.sales {
            self.first_fill[s] += self.committed.filled[s];
        }
    }

    /// Adds what rules turn away of commitments.
    #[inline(always)]
    pub(super) fn refuse_committed(&mut self, plan: &Plan, context: &TradeContext<'_>) {
        for &s in &plan.commitments.sales {
            let refused = 1.0 - context.controls.permitted[plan.edges.sales[s].chip_market];
            if self.committed.asked[s].gt(Lanes::ZERO).any() {
                self.refused[s] += self.committed.asked[s] * refused;
            }
        }
    }
}

/// Room for more chips in a country [MW]; none where power never binds.
#[inline(always)]
pub(super) fn power_room(
    plan: &Plan,
    inputs: &Inputs,
    context: &TradeContext<'_>,
    n: usize,
    t: usize,
) -> Option<Lanes> {
    let power = plan.model.countries[n].power?;
    let has = inputs.at(power, t) * context.shocks.of(crate::model::Lever::Power)[n];
    Some(inputs.value(plan.model.trade.power_slack) * (has - context.load[n]).max(0.0))
}
