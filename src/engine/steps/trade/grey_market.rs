//! The grey market: what buyers want to have smuggled, what resellers order for it, and who pays.

use super::super::choice::limit_to_routes;
use super::{Trade, TradeContext};
use crate::math::wide::Lanes;
use crate::plan::Plan;

impl Trade<'_> {
    /// What buyers would have smuggled, and how much of it routes can carry.
    #[inline(always)]
    pub(super) fn want_smuggled(&mut self, plan: &Plan, context: &TradeContext<'_>) {
        let choice = context.choice;
        let money = &self.out.money[..];
        let usd = |b: usize, g: usize| money[b].per(choice.total[b]) * choice.grey[g];
        for (s, g) in choice.smuggled(plan) {
            let sale = &plan.edges.sales[s];
            let street = choice.list[sale.chip.index()] * context.routes.premium[sale.country.index()];
            self.out.wants[g] = usd(sale.buyer.index(), g) / street;
        }
        let buyer = |g: usize| plan.edges.sales[plan.edges.grey_options[g]].buyer.index();
        limit_to_routes(plan, choice, &context.routes, |g| usd(buyer(g), g), &mut self.scratch.reach);
    }

    /// Resellers' orders for what buyers want to have smuggled, as far as routes, and rules on resellers, allow.
    #[inline(always)]
    pub(super) fn place_grey_orders(&mut self, plan: &Plan, context: &TradeContext<'_>) {
        let chips = plan.model.chips.len();
        for &(r, c) in &self.out.smuggled {
            self.out.reseller_orders[r * chips + c] = Lanes::ZERO;
            self.out.attempted[r * chips + c] = Lanes::ZERO;
        }
        self.out.smuggled.clear();
        self.state.grey_orders.fill(Lanes::ZERO);
        for (n, routes) in plan.edges.routes_to.iter().enumerate() {
            if !routes.is_empty() {
                self.out.wanted[n * chips..(n + 1) * chips].fill(Lanes::ZERO);
            }
        }
        for s in context.choice.open.all() {
            let sale = &plan.edges.sales[s];
            if let Some(g) = sale.grey {
                let n = sale.country.index();
                self.out.wanted[n * chips + sale.chip.index()] += self.out.wants[g];
            }
        }
        for (n, routes) in plan.edges.routes_to.iter().enumerate() {
            if routes.is_empty() {
                continue;
            }
            let capacity = context.routes.capacity[n];
            let reach = self.scratch.reach[n].min(self.state.carried[n]);
            for r in routes {
                let share = context.route_capacity[r.index()].per(capacity);
                let market = plan.edges.reseller_market[*r];
                for &c in &context.choice.chips {
                    let wanted = self.out.wanted[n * chips + c];
                    if !wanted.gt(Lanes::ZERO).any() {
                        continue;
                    }
                    let granted = context.controls.permitted[c * plan.edges.markets.len() + market];
                    let order = share * reach * wanted * granted;
                    self.out.reseller_orders[r.index() * chips + c] = order;
                    self.state.grey_orders[c] += order;
                    self.out.smuggled.push((r.index(), c));
                }
            }
        }
        self.out.smuggled.sort_unstable();
    }

    /// Buyers pay for what resellers bought for them, in proportion to their wants.
    #[inline(always)]
    pub(super) fn pay_grey(&mut self, plan: &Plan, context: &TradeContext<'_>) {
        if self.out.smuggled.is_empty() {
            return;
        }
        let chips = plan.model.chips.len();
        for s in self.scratch.options.all() {
            let sale = &plan.edges.sales[s];
            let Some(g) = sale.grey else { continue };
            let (b, c) = (sale.buyer.index(), sale.chip.index());
            let n = sale.country.index();
            let routes = plan.edges.routes_to[n].iter();
            let bought = Lanes::total(routes.map(|r| self.out.attempted[r.index() * chips + c]));
            let part = bought * self.out.wants[g].per(self.out.wanted[n * chips + c]);
            self.out.spent_grey[b] += part * context.choice.list[c] * context.routes.premium[n];
        }
    }
}
