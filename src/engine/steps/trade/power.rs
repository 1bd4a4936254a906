//! Power limits what is ordered: a buyer orders up to the room that it expects.

use super::super::power::available;
use super::{REMNANT, Trade, TradeContext};
use crate::inputs::Inputs;
use crate::math::wide::Lanes;
use crate::plan::Plan;

impl Trade<'_> {
    /// Power that each buyer expects to be free for it: its part of what no chip takes in its country.
    #[inline(always)]
    pub(super) fn find_free_power(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        context: &TradeContext<'_>,
        t: usize,
    ) {
        let (slack, fleet) = (inputs.value(plan.model.trade.power_slack), context.fleet);
        self.scratch.planned_in.fill(Lanes::ZERO);
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            self.scratch.planned_in[buyer.country.index()] += self.out.planned[b];
        }
        for (n, coming) in self.scratch.coming_power.iter_mut().enumerate() {
            *coming = available(plan, inputs, context.shocks, n, t + 1);
        }
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let n = buyer.country.index();
            self.scratch.free_power[b] = self.scratch.coming_power[n].map(|coming| {
                let part = self.out.planned[b].per(self.scratch.planned_in[n]);
                slack * part * unless_rounding(coming - fleet.load[n], coming)
            });
        }
    }

    /// Power that a buyer has for `wanted` \[MW\] of facility power: what it expects to be free, what better chips would free by
    /// taking the place of its own, less what waits and comes; none where nothing limits it \[MW\].
    ///
    /// The scratch's `parts` are what is wanted.
    #[inline(always)]
    pub(super) fn room(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        context: &TradeContext<'_>,
        b: usize,
        wanted: Lanes,
    ) -> Option<Lanes> {
        let fleet = context.fleet;
        let taken = fleet.waiting_mw[b] + fleet.coming_mw[b];
        let free = self.scratch.free_power[b]?;
        let room = unless_rounding(free - taken, free);
        if !wanted.gt(room).any() {
            return Some(room);
        }
        list_owned(plan, context, b, &mut self.scratch.owned);
        let times = inputs.value(plan.model.fleet.replace);
        let megawatts = context.sheets.megawatts[plan.model.buyers[b].country.index()];
        let all = Lanes::total(self.scratch.parts.iter().map(|p| p.1));
        let mut replaced = Lanes::ZERO;
        for &(s, part) in &self.scratch.parts {
            let better = plan.edges.efficiency[plan.edges.sales[s].chip.index()];
            replaced += part.per(all) * replaceable(&self.scratch.owned, times, better, megawatts);
        }
        Some(unless_rounding(free + replaced - taken, free + replaced))
    }

    /// Cuts money to what a buyer expects to have power for, once commitments have theirs.
    ///
    /// What is wanted counts routes as they were in the last quarter, so that it does not depend on other buyers' orders.
    #[inline(always)]
    pub(super) fn limit_to_power(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>) {
        let choice = context.choice;
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let n = buyer.country.index();
            if self.scratch.free_power[b].is_none() {
                continue;
            }
            let carried = self.state.carried[n];
            let legal = (1.0 - carried * choice.grey_share[b]).per(choice.legal_total[b]);
            self.scratch.parts.clear();
            for s in choice.open.of(b) {
                let sale = &plan.edges.sales[s];
                let c = sale.chip.index();
                let granted = context.controls.permitted[sale.chip_market] / choice.price[sale.chip_market];
                let mut chips = legal * choice.legal[s] * granted;
                if let Some(g) = sale.grey {
                    let street = choice.list[c] * context.routes.premium[n];
                    chips += carried * choice.grey[g].per(choice.total[b]) / street;
                }
                self.scratch.parts.push((s, chips * context.sheets.watts[c]));
            }
            let each = Lanes::total(self.scratch.parts.iter().map(|p| p.1));
            let wanted = self.out.money[b] * each * context.sheets.megawatts[n];
            let committed = self.scratch.committed.power[b];
            let Some(room) = self.room(plan, inputs, context, b, wanted + committed) else { continue };
            // What they cannot have whole leaves nothing, to the bit: a rest of rounding must order nothing.
            let room = room - committed.min(room);
            self.state.power[b] = wanted.gt(room).select(room.per(wanted), Lanes::ONE);
            self.out.money[b] *= self.state.power[b];
        }
    }
}

/// Lists the buyer's chips, on or waiting: how efficient each is, the least first, and what all of it take \[W\].
#[inline(always)]
fn list_owned(plan: &Plan, context: &TradeContext<'_>, b: usize, owned: &mut Vec<(f64, Lanes)>) {
    owned.clear();
    for &h in plan.edges.by_efficiency[b].iter().rev() {
        let n = context.fleet.count[h] + context.fleet.waiting[h];
        if n.gt(Lanes::ZERO).any() {
            let c = plan.edges.holdings[h].chip.index();
            owned.push((plan.edges.efficiency[c], n * context.sheets.watts[c]));
        }
    }
}

/// Facility power of what is owned that would make room for a chip so many `times` as efficient \[MW\].
#[inline(always)]
fn replaceable(owned: &[(f64, Lanes)], times: Lanes, better: f64, megawatts: Lanes) -> Lanes {
    let mut sum = Lanes::ZERO;
    for &(efficiency, watts) in owned {
        let worse = (times * efficiency).le(Lanes::splat(better));
        if !worse.any() {
            break;
        }
        sum += worse.select(watts, Lanes::ZERO);
    }
    sum * megawatts
}

/// What is left of something; nothing where it is less than a billionth of it.
#[inline(always)]
fn unless_rounding(left: Lanes, of: Lanes) -> Lanes {
    left.gt(of * REMNANT).select(left, Lanes::ZERO)
}
