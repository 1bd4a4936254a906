//! Power limits what is ordered: a buyer orders up to the room that it expects.

use super::{REMNANT, Trade, TradeContext};
use crate::engine::steps::power::available;
use crate::inputs::Inputs;
use crate::math::Lanes;
use crate::plan::Plan;

impl Trade<'_> {
    /// Power that each buyer expects to have for more chips: its part of the room in its country, less what it has waiting.
    #[inline(always)]
    pub(super) fn find_rooms(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>, t: usize) {
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
            self.scratch.room[b] = self.scratch.coming_power[n].map(|coming| {
                let part = self.out.planned[b].per(self.scratch.planned_in[n]);
                let free = slack * part * unless_rounding(coming - fleet.load[n], coming);
                unless_rounding(free - fleet.waiting_mw[b] - fleet.coming_mw[b], free)
            });
        }
    }

    /// Cuts money to what a buyer expects to have power for, once commitments have theirs.
    ///
    /// What is wanted counts routes as they were in the last quarter, so that it does not depend on other buyers' orders.
    #[inline(always)]
    pub(super) fn limit_to_power(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>) {
        let choice = context.choice;
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let n = buyer.country.index();
            let Some(room) = self.scratch.room[b] else { continue };
            let carried = self.state.carried[n];
            let legal = (1.0 - carried * choice.grey_share[b]).per(choice.legal_total[b]);
            let mut wanted = Lanes::ZERO;
            for s in choice.open.of(b) {
                let sale = &plan.edges.sales[s];
                let c = sale.chip.index();
                let granted = context.controls.permitted[sale.chip_market] / choice.price[sale.chip_market];
                let mut chips = legal * choice.legal[s] * granted;
                if let Some(g) = sale.grey {
                    let street = choice.list[c] * context.routes.premium[n];
                    chips += carried * choice.grey[g].per(choice.total[b]) / street;
                }
                wanted += chips * context.sheets.watts[c];
            }
            let wanted = self.out.money[b] * wanted * (inputs.value(plan.model.countries[n].overhead) / 1e6);
            // What they cannot have whole leaves nothing, to the bit: a rest of rounding must order nothing.
            let room = room - self.scratch.committed.power[b].min(room);
            self.state.power[b] = wanted.gt(room).select(room.per(wanted), Lanes::ONE);
            self.out.money[b] *= self.state.power[b];
        }
    }
}

/// What is left of something; nothing where it is less than a billionth of it.
#[inline(always)]
fn unless_rounding(left: Lanes, of: Lanes) -> Lanes {
    left.gt(of * REMNANT).select(left, Lanes::ZERO)
}
