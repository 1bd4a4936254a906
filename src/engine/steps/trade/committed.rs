//! Commitments are filled first: before wants and orders are made of what money, power and stock they leave.

use super::super::caps::Caps;
use super::super::commitments::{affordable, cost, divide};
use super::{Trade, TradeContext};
use crate::inputs::Inputs;
use crate::math::wide::Lanes;
use crate::plan::Plan;

impl Trade<'_> {
    /// Fills commitments, cut pro rata to money and to power, then shared alike where stock falls short.
    ///
    /// The money that they tie is not a buyer's for the first round: what could not be filled comes back after it.
    #[inline(always)]
    pub(super) fn commit(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>, t: usize) {
        if plan.commitments.rows.is_empty() {
            return;
        }
        let controls = context.controls;
        let asked = &mut self.out.committed;
        divide(plan, inputs, &controls.ramp, &controls.offered, t, asked);
        let first = &mut self.scratch.committed;
        cost(plan, context.choice, &controls.permitted, asked, &mut first.costs);
        first.power.fill(Lanes::ZERO);
        for &s in &plan.commitments.sales {
            let sale = &plan.edges.sales[s];
            let b = sale.buyer.index();
            asked[s] *= affordable(self.out.money[b], first.costs[b]);
            let permitted = controls.permitted[sale.chip_market];
            first.power[b] += asked[s] * permitted * context.sheets.watts[sale.chip.index()];
        }
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let tied = first.costs[b].min(self.out.money[b]);
            self.out.money[b] = (self.out.money[b] - tied).max(0.0);
            first.power[b] *= context.sheets.megawatts[buyer.country.index()];
            first.unfilled[b] = tied;
        }
        for b in 0..plan.model.buyers.len() {
            let wanted = self.scratch.committed.power[b];
            self.scratch.parts.clear();
            for &s in plan.commitments.of_buyer(b, &plan.edges) {
                let sale = &plan.edges.sales[s];
                let chips = self.out.committed[s] * controls.permitted[sale.chip_market];
                self.scratch.parts.push((s, chips * context.sheets.watts[sale.chip.index()]));
            }
            let room = self.room(plan, inputs, context, b, wanted);
            self.state.power_first[b] = room.map_or(Lanes::ONE, |room| affordable(room, wanted));
            self.scratch.committed.unfilled[b] *= self.state.power_first[b];
        }
        self.fill_committed(plan, inputs, context);
    }

    #[inline(always)]
    fn fill_committed(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>) {
        let sales = &plan.commitments.sales;
        let demand = &mut self.scratch.committed.demand;
        demand.fill(Lanes::ZERO);
        for &s in sales {
            let sale = &plan.edges.sales[s];
            self.out.committed[s] *= self.state.power_first[sale.buyer.index()];
            self.out.orders[s] = self.out.committed[s] * context.controls.permitted[sale.chip_market];
            demand[sale.chip.index()] += self.out.orders[s];
        }
        for &s in sales {
            let sale = &plan.edges.sales[s];
            let (b, c) = (sale.buyer.index(), sale.chip.index());
            let fill = self.out.orders[s] * affordable(self.scratch.left[c], demand[c]);
            self.scratch.fill[s] = fill;
            self.out.committed_fill[s] = fill;
            if self.out.orders[s].gt(Lanes::ZERO).any() {
                self.out.ordered[b] += self.out.orders[s] * context.choice.price[sale.chip_market];
                self.out.filled[b] += fill * context.choice.price[sale.chip_market];
            }
        }
        Caps { state: &mut self.state.caps, scratch: &mut self.scratch.caps }.limit(
            plan,
            inputs,
            &context.sheets.units,
            &mut self.scratch.fill,
        );
        for &s in sales {
            let sale = &plan.edges.sales[s];
            let (b, c) = (sale.buyer.index(), sale.chip.index());
            let fill = std::mem::replace(&mut self.scratch.fill[s], Lanes::ZERO);
            self.out.orders[s] = Lanes::ZERO;
            if fill.gt(Lanes::ZERO).any() {
                let worth = fill * context.choice.list[c];
                let fee = context.controls.fee[sale.chip_market];
                let paid = worth * (1.0 + fee);
                let unfilled = &mut self.scratch.committed.unfilled[b];
                *unfilled = (*unfilled - paid).max(0.0);
                self.out.spent[b] += paid;
                self.out.fees[b] += worth * fee;
                self.out.sold[s] += fill;
                self.scratch.left[c] = (self.scratch.left[c] - fill).max(0.0);
            }
        }
    }

    /// Adds what commitments filled to what the first round did.
    #[inline(always)]
    pub(super) fn note_committed_fills(&mut self, plan: &Plan) {
        for &s in &plan.commitments.sales {
            self.out.first_fill[s] += self.out.committed_fill[s];
        }
    }

    /// Gives back what commitments tied and could not spend.
    #[inline(always)]
    pub(super) fn release(&mut self, plan: &Plan) {
        if !plan.commitments.rows.is_empty() {
            for (money, &unfilled) in self.out.money.iter_mut().zip(&self.scratch.committed.unfilled) {
                *money += unfilled;
            }
        }
    }

    /// Adds what rules turn away of commitments.
    #[inline(always)]
    pub(super) fn refuse_committed(&mut self, plan: &Plan, context: &TradeContext<'_>) {
        for &s in &plan.commitments.sales {
            let refused = 1.0 - context.controls.permitted[plan.edges.sales[s].chip_market];
            if self.out.committed[s].gt(Lanes::ZERO).any() {
                self.out.refused[s] += self.out.committed[s] * refused;
            }
        }
    }
}
