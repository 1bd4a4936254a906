//! Trade: buyers order, sellers ration, rules cap, and what is refused comes back in later rounds.

use super::attraction::{Attraction, limit_to_routes};
use super::caps::Caps;
use super::permits::Permits;
use super::shocks::Shocks;
use crate::math::{Lanes, Mask};
use crate::plan::inputs::Inputs;
use crate::plan::rules::Terms;
use crate::plan::{Lever, Plan};

/// Trade rounds in a quarter.
const ROUNDS: usize = 3;
/// Less than this share of a quarter's stock is rounding, not stock.
const REMNANT: f64 = 1e-9;
/// Less than this of a chip is rounding, not something to smuggle [chips].
pub(super) const DUST: f64 = 1e-6;

/// A quarter's market for chips, and what it leaves for the next.
#[derive(Clone, Debug)]
pub struct Trade {
    /// Chips in stock, by chip.
    pub inventory: Vec<Lanes>,
    /// Sold in the quarter, by sale [chips].
    pub sold: Vec<Lanes>,
    /// Orders of the first round, by sale [chips].
    pub orders: Vec<Lanes>,
    /// Wants of smuggled options [chips].
    pub wants: Vec<Lanes>,
    /// Their sums by country and chip.
    pub wanted: Vec<Lanes>,
    /// Resellers' orders, by route and chip [chips].
    pub reseller_orders: Vec<Lanes>,
    /// What resellers bought, by route and chip [chips].
    pub attempted: Vec<Lanes>,
    /// Resellers' orders of the quarter, by chip [chips].
    pub grey_orders: Vec<Lanes>,
    /// Budget with shocks, by buyer [USD].
    pub budget: Vec<Lanes>,
    /// Money carried (or owed), by buyer [USD].
    pub cash: Vec<Lanes>,
    /// Money left in the quarter, by buyer [USD].
    pub money: Vec<Lanes>,
    had: Vec<Lanes>,
    /// Money for legal options in the first round, by buyer [USD].
    free: Vec<Lanes>,
    /// Share of smuggled wants that routes can carry, by country [1].
    reach: Vec<Lanes>,
    /// Spent on legal purchases, rush included, by buyer [USD].
    pub spent: Vec<Lanes>,
    /// Spent from the next quarter's budget, by buyer [USD].
    pub spent_ahead: Vec<Lanes>,
    /// Spent on smuggled chips, by buyer [USD].
    pub spent_grey: Vec<Lanes>,
    /// Fees paid, by buyer [USD].
    pub fees: Vec<Lanes>,
    /// First-round legal orders and fills, by buyer [USD].
    pub ordered: Vec<Lanes>,
    /// First-round legal fills before caps, by buyer [USD].
    pub filled: Vec<Lanes>,
    /// Orders turned away, by sale [chips].
    pub refused: Vec<Lanes>,
    /// Share of wanted power that there is room for, by country [1].
    pub power: Vec<Lanes>,
    /// Volume limits of rules.
    caps: Caps,
    /// Filled in the first round, by sale, before volume limits [chips].
    pub first_fill: Vec<Lanes>,
    rush: Vec<Lanes>,
    fill: Vec<Lanes>,
    left: Vec<Lanes>,
    opening: Vec<Lanes>,
    demand: Vec<Lanes>,
}

/// What trade looks at beside its own state.
#[derive(Clone, Copy, Debug)]
pub struct Counter<'a> {
    /// Weights of options.
    pub attraction: &'a Attraction,
    /// Rules' outcomes.
    pub permits: &'a Permits,
    /// Rules' intervals and numbers.
    pub terms: &'a Terms,
    /// Factors of shocks.
    pub shocks: &'a Shocks,
    /// Grey-market price over list price, by country [1].
    pub premium: &'a [Lanes],
    /// Effective capacity of routes [chips/quarter].
    pub route_capacity: &'a [Lanes],
    /// The same by country.
    pub capacity_to: &'a [Lanes],
    /// IT power of chips [W].
    pub watts: &'a [Lanes],
    /// TPP of chips.
    pub units: &'a [[Lanes; 4]],
    /// Facility power of chips deployed and in deployment, by country [MW].
    pub load: &'a [Lanes],
}

impl Trade {
    /// Room for a plan's edges.
    pub fn new(plan: &Plan) -> Self {
        let lanes = |n: usize| vec![Lanes::ZERO; n];
        let m = &plan.model;
        let (chips, buyers, countries) = (m.chips.len(), m.buyers.len(), m.countries.len());
        let (sales, greys, routes) = (plan.edges.sales.len(), plan.edges.greys.len(), m.routes.len());
        Self {
            inventory: lanes(chips),
            sold: lanes(sales),
            orders: lanes(sales),
            wants: lanes(greys),
            wanted: lanes(countries * chips),
            reseller_orders: lanes(routes * chips),
            attempted: lanes(routes * chips),
            grey_orders: lanes(chips),
            budget: lanes(buyers),
            cash: lanes(buyers),
            money: lanes(buyers),
            had: lanes(buyers),
            free: lanes(buyers),
            reach: lanes(countries),
            spent: lanes(buyers),
            spent_ahead: lanes(buyers),
            spent_grey: lanes(buyers),
            fees: lanes(buyers),
            ordered: lanes(buyers),
            filled: lanes(buyers),
            refused: lanes(sales),
            power: vec![Lanes::ONE; countries],
            caps: Caps::new(plan),
            first_fill: lanes(sales),
            rush: lanes(sales),
            fill: lanes(sales),
            left: lanes(chips),
            opening: lanes(chips),
            demand: lanes(chips),
        }
    }

    /// Back to the horizon's start.
    pub fn reset(&mut self) {
        for list in [&mut self.inventory, &mut self.cash, &mut self.grey_orders] {
            list.fill(Lanes::ZERO);
        }
        self.caps.reset();
        self.power.fill(Lanes::ONE);
    }

    /// What a buyer could spend in the quarter, before power limits it [USD].
    pub fn money_at_start(&self, b: usize) -> Lanes {
        self.had[b]
    }

    /// Takes in what arrives, so that it can be chosen.
    #[inline(always)]
    pub fn stock_up(&mut self, arrived: &[Lanes]) {
        for (stock, &more) in self.inventory.iter_mut().zip(arrived) {
            *stock += more;
        }
        self.opening.copy_from_slice(&self.inventory);
    }

    /// Three rounds of trade in quarter `t`.
    #[inline(always)]
    pub fn step(&mut self, plan: &Plan, inputs: &Inputs, counter: &Counter<'_>, t: usize) {
        self.open(plan, inputs, counter, t);
        self.caps.open(plan, counter.terms, t);
        self.first_orders(plan, inputs, counter, t);
        self.limit_to_power(plan, inputs, counter, t);
        self.place_grey_orders(plan, counter);
        self.refuse(plan, inputs, counter, t);
        for round in 0..ROUNDS {
            if round > 0 {
                self.later_orders(plan, inputs, counter, t);
            }
            self.ration(plan, inputs, round);
            if round == 0 {
                self.note_first_fills(plan, inputs, counter, t);
                self.pay_grey(plan, inputs, counter, t);
            }
            self.caps.limit(plan, inputs, counter.units, &mut self.fill);
            self.settle(plan, inputs, counter, round, t);
        }
        self.close(plan, inputs);
        self.caps.close(plan, &self.sold);
    }

    #[inline(always)]
    fn open(&mut self, plan: &Plan, inputs: &Inputs, counter: &Counter<'_>, t: usize) {
        let world = inputs.value(plan.model.trade.world_budget);
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let budget = buyer.budget.map_or(Lanes::ZERO, |q| inputs.at(q, t));
            self.budget[b] = budget * world * counter.shocks.of(Lever::Budget)[b];
            self.money[b] = (self.budget[b] + self.cash[b]).max(0.0);
            self.had[b] = self.money[b];
        }
        for list in [
            &mut self.sold,
            &mut self.spent,
            &mut self.spent_ahead,
            &mut self.spent_grey,
            &mut self.fees,
            &mut self.refused,
        ] {
            list.fill(Lanes::ZERO);
        }
        self.left.copy_from_slice(&self.inventory);
    }

    /// Price with fees of a sale [USD].
    #[inline(always)]
    fn price(plan: &Plan, inputs: &Inputs, counter: &Counter<'_>, s: usize, t: usize) -> Lanes {
        let sale = &plan.edges.sales[s];
        list_price(plan, inputs, sale.chip.index(), t) * (1.0 + counter.permits.fee[sale.stand])
    }

    /// Orders, rush and smuggled wants of the first round, before power.
    #[inline(always)]
    fn first_orders(&mut self, plan: &Plan, inputs: &Inputs, counter: &Counter<'_>, t: usize) {
        let attraction = counter.attraction;
        let world = inputs.value(plan.model.trade.world_budget);
        self.want_smuggled(plan, inputs, counter, t);
        for (b, range) in plan.edges.of_buyer.iter().enumerate() {
            let grey = self.reach[plan.model.buyers[b].country.index()] * attraction.grey_share[b];
            self.free[b] = self.money[b] * (1.0 - grey);
            let per_weight = self.free[b].per(attraction.legal_total[b]);
            let budget_weight = self.budget[b].per(attraction.legal_total[b]);
            let mut brought = Lanes::ZERO;
            for s in range.clone() {
                let sale = &plan.edges.sales[s];
                let case = plan.edges.stands[sale.stand].index();
                let rush = (counter.permits.rush[case] - 1.0) * counter.permits.cut[case];
                self.rush[s] = rush * budget_weight * attraction.legal[s];
                brought += self.rush[s];
                let price = Self::price(plan, inputs, counter, s, t);
                let granted = counter.permits.permitted[sale.stand] / price;
                self.orders[s] = per_weight * attraction.legal[s] * granted;
            }
            let next = plan.model.buyers[b].budget.map_or(Lanes::ZERO, |q| inputs.at(q, t + 1)) * world;
            let scale = brought.gt(next).select(next.per(brought), Lanes::ONE);
            for s in range.clone() {
                let sale = &plan.edges.sales[s];
                let price = Self::price(plan, inputs, counter, s, t);
                self.rush[s] *= scale * counter.permits.permitted[sale.stand] / price;
                self.orders[s] += self.rush[s];
            }
        }
    }

    /// What buyers would have smuggled, and how much of it routes can carry.
    #[inline(always)]
    fn want_smuggled(&mut self, plan: &Plan, inputs: &Inputs, counter: &Counter<'_>, t: usize) {
        let attraction = counter.attraction;
        for (g, &s) in plan.edges.greys.iter().enumerate() {
            let sale = &plan.edges.sales[s];
            let b = sale.buyer.index();
            let premium = counter.premium[plan.model.buyers[b].country.index()];
            let street = list_price(plan, inputs, sale.chip.index(), t) * premium;
            self.wants[g] = self.money[b].per(attraction.total[b]) * attraction.grey[g] / street;
        }
        limit_to_routes(plan, counter.capacity_to, |g| self.wants[g], &mut self.reach);
    }

    /// Power limits buying: all orders of a country shrink to the room that there is.
    #[inline(always)]
    fn limit_to_power(&mut self, plan: &Plan, inputs: &Inputs, counter: &Counter<'_>, t: usize) {
        let slack = inputs.value(plan.model.trade.power_slack);
        let mut wanted = vec![Lanes::ZERO; plan.model.countries.len()];
        for (s, sale) in plan.edges.sales.iter().enumerate() {
            let n = plan.model.buyers[sale.buyer.index()].country.index();
            let chips = self.orders[s] + sale.grey.map_or(Lanes::ZERO, |g| self.reach[n] * self.wants[g]);
            wanted[n] += chips * counter.watts[sale.chip.index()];
        }
        for (n, country) in plan.model.countries.iter().enumerate() {
            let Some(power) = country.power else { continue };
            let overhead = inputs.value(country.overhead);
            let wanted = wanted[n] * overhead / 1e6;
            let has = inputs.at(power, t) * counter.shocks.of(Lever::Power)[n];
            let room = slack * (has - counter.load[n]).max(0.0);
            self.power[n] = wanted.gt(room).select(room.per(wanted), Lanes::ONE);
        }
        for (s, sale) in plan.edges.sales.iter().enumerate() {
            let scale = self.power[plan.model.buyers[sale.buyer.index()].country.index()];
            self.orders[s] *= scale;
            self.rush[s] *= scale;
            if let Some(g) = sale.grey {
                self.wants[g] *= scale;
            }
        }
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            self.money[b] *= self.power[buyer.country.index()];
            self.free[b] *= self.power[buyer.country.index()];
        }
    }

    /// Resellers' orders for what buyers want to have smuggled, as far as routes and their own permits allow.
    #[inline(always)]
    fn place_grey_orders(&mut self, plan: &Plan, counter: &Counter<'_>) {
        let chips = plan.model.chips.len();
        self.wanted.fill(Lanes::ZERO);
        self.grey_orders.fill(Lanes::ZERO);
        self.reseller_orders.fill(Lanes::ZERO);
        for (g, &s) in plan.edges.greys.iter().enumerate() {
            let sale = &plan.edges.sales[s];
            let n = plan.model.buyers[sale.buyer.index()].country.index();
            self.wanted[n * chips + sale.chip.index()] += self.wants[g];
        }
        for (n, routes) in plan.edges.routes_to.iter().enumerate() {
            if routes.is_empty() {
                continue;
            }
            let capacity = counter.capacity_to[n];
            for r in routes {
                let share = counter.route_capacity[r.index()].per(capacity);
                let market = plan.edges.reseller_market[r.index()];
                for &c in &plan.edges.chips {
                    let stand = c.index() * plan.edges.markets.len() + market;
                    let granted = counter.permits.permitted[stand];
                    let order = share * self.reach[n] * self.wanted[n * chips + c.index()] * granted;
                    self.reseller_orders[r.index() * chips + c.index()] = order;
                    self.grey_orders[c.index()] += order;
                }
            }
        }
    }

    /// Orders that rules turn away.
    #[inline(always)]
    fn refuse(&mut self, plan: &Plan, inputs: &Inputs, counter: &Counter<'_>, t: usize) {
        let attraction = counter.attraction;
        for (b, range) in plan.edges.of_buyer.iter().enumerate() {
            let denied =
                range.clone().fold(Lanes::ZERO, |sum, s| sum + attraction.asked[s] - attraction.legal[s]);
            let per_weight = self.money[b].per(attraction.total[b] + denied);
            for s in range.clone() {
                let refused = 1.0 - counter.permits.permitted[plan.edges.sales[s].stand];
                let price = Self::price(plan, inputs, counter, s, t);
                self.refused[s] = per_weight * attraction.asked[s] * refused / price;
            }
        }
    }

    /// Orders of a later round, over what is left, with what money is left.
    #[inline(always)]
    fn later_orders(&mut self, plan: &Plan, inputs: &Inputs, counter: &Counter<'_>, t: usize) {
        let attraction = counter.attraction;
        for (b, range) in plan.edges.of_buyer.iter().enumerate() {
            let (sum, wait) = self.rest(plan, inputs, attraction, range.clone());
            let per_weight = self.money[b].per(sum + wait);
            for s in range.clone() {
                let sale = &plan.edges.sales[s];
                let price = Self::price(plan, inputs, counter, s, t);
                let order = per_weight * attraction.legal[s] * counter.permits.permitted[sale.stand] / price;
                self.orders[s] = self.in_stock(sale.chip.index()).select(order, Lanes::ZERO);
            }
        }
    }

    /// Attraction of what is left, and of waiting for better.
    #[inline(always)]
    fn rest(
        &self,
        plan: &Plan,
        inputs: &Inputs,
        attraction: &Attraction,
        range: std::ops::Range<usize>,
    ) -> (Lanes, Lanes) {
        let mut sum = Lanes::ZERO;
        let mut best = Lanes::ZERO;
        for s in range {
            let c = plan.edges.sales[s].chip.index();
            let x = self.in_stock(c).select(attraction.legal[s], Lanes::ZERO);
            sum += x;
            best = best.max(x);
        }
        let theta = inputs.value(plan.model.trade.elasticity);
        (sum, inputs.value(plan.model.trade.wait).pow(theta) * best)
    }

    #[inline(always)]
    fn in_stock(&self, c: usize) -> Mask {
        self.left[c].gt(self.opening[c] * REMNANT)
    }

    /// Sellers ration by precedence.
    #[inline(always)]
    fn ration(&mut self, plan: &Plan, inputs: &Inputs, round: usize) {
        let chips = plan.model.chips.len();
        self.demand.fill(Lanes::ZERO);
        for (s, sale) in plan.edges.sales.iter().enumerate() {
            let priority = inputs.value(plan.model.buyers[sale.buyer.index()].priority);
            self.demand[sale.chip.index()] += self.orders[s] * priority;
        }
        if round == 0 {
            for r in 0..plan.model.routes.len() {
                let priority = reseller_priority(plan, inputs, r);
                for &c in &plan.edges.chips {
                    self.demand[c.index()] += self.reseller_orders[r * chips + c.index()] * priority;
                }
            }
        }
        for &c in &plan.edges.chips {
            self.demand[c.index()] = self.left[c.index()].per(self.demand[c.index()]);
        }
        let supply = &self.demand;
        for (s, sale) in plan.edges.sales.iter().enumerate() {
            let priority = inputs.value(plan.model.buyers[sale.buyer.index()].priority);
            self.fill[s] = self.orders[s] * (priority * supply[sale.chip.index()]).min(1.0);
        }
        if round == 0 {
            for r in 0..plan.model.routes.len() {
                let priority = reseller_priority(plan, inputs, r);
                for &c in &plan.edges.chips {
                    let at = r * chips + c.index();
                    let filled = self.reseller_orders[at] * (priority * supply[c.index()]).min(1.0);
                    self.attempted[at] = filled;
                    self.left[c.index()] = (self.left[c.index()] - filled).max(0.0);
                }
            }
        }
    }

    #[inline(always)]
    fn note_first_fills(&mut self, plan: &Plan, inputs: &Inputs, counter: &Counter<'_>, t: usize) {
        self.first_fill.copy_from_slice(&self.fill);
        for (b, range) in plan.edges.of_buyer.iter().enumerate() {
            let mut ordered = Lanes::ZERO;
            let mut filled = Lanes::ZERO;
            for s in range.clone() {
                let price = Self::price(plan, inputs, counter, s, t);
                ordered += self.orders[s] * price;
                filled += self.fill[s] * price;
            }
            self.ordered[b] = ordered;
            self.filled[b] = filled;
        }
    }

    /// Buyers pay for what resellers bought for them, in proportion to their wants.
    #[inline(always)]
    fn pay_grey(&mut self, plan: &Plan, inputs: &Inputs, counter: &Counter<'_>, t: usize) {
        let chips = plan.model.chips.len();
        for (g, &s) in plan.edges.greys.iter().enumerate() {
            let sale = &plan.edges.sales[s];
            let (b, c) = (sale.buyer.index(), sale.chip.index());
            let n = plan.model.buyers[b].country.index();
            let bought = (plan.edges.routes_to[n].iter())
                .fold(Lanes::ZERO, |sum, r| sum + self.attempted[r.index() * chips + c]);
            let part = bought * self.wants[g].per(self.wanted[n * chips + c]);
            self.spent_grey[b] += part * list_price(plan, inputs, c, t) * counter.premium[n];
        }
    }

    /// Chips and money change hands; what waits is set aside.
    #[inline(always)]
    fn settle(&mut self, plan: &Plan, inputs: &Inputs, counter: &Counter<'_>, round: usize, t: usize) {
        for (b, range) in plan.edges.of_buyer.iter().enumerate() {
            let (money, total, wait) = if round == 0 {
                (self.free[b], counter.attraction.legal_total[b], counter.attraction.wait[b])
            } else {
                let (sum, wait) = self.rest(plan, inputs, counter.attraction, range.clone());
                (self.money[b], sum + wait, wait)
            };
            let mut spent = Lanes::ZERO;
            let mut ahead = Lanes::ZERO;
            for s in range.clone() {
                let sale = &plan.edges.sales[s];
                let list = list_price(plan, inputs, sale.chip.index(), t);
                let fee = counter.permits.fee[sale.stand];
                let paid = self.fill[s] * list * (1.0 + fee);
                spent += paid;
                self.fees[b] += self.fill[s] * list * fee;
                if round == 0 {
                    ahead += paid * self.rush[s].per(self.orders[s]);
                }
                self.sold[s] += self.fill[s];
            }
            self.spent[b] += spent;
            self.spent_ahead[b] += ahead;
            let grey = if round == 0 { self.spent_grey[b] } else { Lanes::ZERO };
            let waits = money * wait.per(total);
            self.money[b] = (self.money[b] - waits - (spent - ahead) - grey).max(0.0);
        }
        for (s, sale) in plan.edges.sales.iter().enumerate() {
            let c = sale.chip.index();
            self.left[c] = (self.left[c] - self.fill[s]).max(0.0);
        }
    }

    /// Inventories and cash for the next quarter.
    #[inline(always)]
    fn close(&mut self, plan: &Plan, inputs: &Inputs) {
        self.inventory.copy_from_slice(&self.left);
        let carry = inputs.value(plan.model.trade.carry);
        for b in 0..self.cash.len() {
            let unspent = self.had[b] - (self.spent[b] - self.spent_ahead[b]) - self.spent_grey[b];
            self.cash[b] = (carry * unspent).min(0.5 * self.budget[b]) - self.spent_ahead[b];
        }
    }
}

/// List price of a chip [USD].
#[inline(always)]
pub fn list_price(plan: &Plan, inputs: &Inputs, c: usize, t: usize) -> Lanes {
    plan.model.chips[c].price.map_or(Lanes::ONE, |q| inputs.at(q, t))
}

/// Precedence of a route's reseller [1].
#[inline(always)]
fn reseller_priority(plan: &Plan, inputs: &Inputs, r: usize) -> Lanes {
    let own = plan.model.routes[r]
        .reseller
        .map_or(Lanes::ONE, |b| inputs.value(plan.model.buyers[b.index()].priority));
    own * inputs.value(plan.model.diversion.priority)
}
