//! Power limits what is ordered: a buyer orders up to the room that it expects.

use super::super::power::available;
use super::{REMNANT, Trade, TradeContext};
use crate::inputs::Inputs;
use crate::math::Lanes;
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
    /// `parts` are the sales of what is wanted, each with its part of it in any unit.
    #[inline(always)]
    pub(super) fn room(
        &self,
        plan: &Plan,
        inputs: &Inputs,
        context: &TradeContext<'_>,
        b: usize,
        wanted: Lanes,
        parts: impl Iterator<Item = (usize, Lanes)> + Clone,
    ) -> Option<Lanes> {
        let fleet = context.fleet;
        let taken = fleet.waiting_mw[b] + fleet.coming_mw[b];
        self.scratch.free_power[b].map(|free| {
            let room = unless_rounding(free - taken, free);
            if !wanted.gt(room).any() {
                return room;
            }
            let all = parts.clone().fold(Lanes::ZERO, |sum, (_, part)| sum + part);
            let replaceable = parts.fold(Lanes::ZERO, |sum, (s, part)| {
                let chip = plan.edges.sales[s].chip.index();
                sum + part.per(all) * replaceable(plan, inputs, context, b, chip)
            });
            unless_rounding(free + replaceable - taken, free + replaceable)
        })
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
            let watts = |s: usize| {
                let sale = &plan.edges.sales[s];
                let c = sale.chip.index();
                let granted = context.controls.permitted[sale.chip_market] / choice.price[sale.chip_market];
                let mut chips = legal * choice.legal[s] * granted;
                if let Some(g) = sale.grey {
                    let street = choice.list[c] * context.routes.premium[n];
                    chips += carried * choice.grey[g].per(choice.total[b]) / street;
                }
                chips * context.sheets.watts[c]
            };
            let parts = choice.open.of(b).map(|s| (s, watts(s)));
            let each = parts.clone().fold(Lanes::ZERO, |sum, (_, part)| sum + part);
            let wanted = self.out.money[b] * each * (inputs.value(plan.model.countries[n].overhead) / 1e6);
            let committed = self.scratch.committed.power[b];
            let Some(room) = self.room(plan, inputs, context, b, wanted + committed, parts) else { continue };
            // What they cannot have whole leaves nothing, to the bit: a rest of rounding must order nothing.
            let room = room - committed.min(room);
            self.state.power[b] = wanted.gt(room).select(room.per(wanted), Lanes::ONE);
            self.out.money[b] *= self.state.power[b];
        }
    }
}

/// Facility power of a buyer's chips, on or waiting, that would make room for a chip \[MW\].
#[inline(always)]
fn replaceable(plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>, b: usize, chip: usize) -> Lanes {
    let (times, fleet) = (inputs.value(plan.model.fleet.replace), context.fleet);
    let better = Lanes::splat(plan.edges.efficiency[chip]);
    let overhead = inputs.value(plan.model.countries[plan.model.buyers[b].country].overhead) / 1e6;
    let mut sum = Lanes::ZERO;
    for &h in plan.edges.by_efficiency[b].iter().rev() {
        let c = plan.edges.holdings[h].chip.index();
        let worse = (times * plan.edges.efficiency[c]).le(better);
        if !worse.any() {
            break;
        }
        let owned = fleet.count[h] + fleet.waiting[h];
        if owned.gt(Lanes::ZERO).any() {
            sum += worse.select(owned * context.sheets.watts[c], Lanes::ZERO);
        }
    }
    sum * overhead
}

/// What is left of something; nothing where it is less than a billionth of it.
#[inline(always)]
fn unless_rounding(left: Lanes, of: Lanes) -> Lanes {
    left.gt(of * REMNANT).select(left, Lanes::ZERO)
}
