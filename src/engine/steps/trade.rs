//! Trade: buyers order, sellers ration, rules cap, and what is refused comes back in later rounds.

use super::caps::Caps;
use super::choice::{Choice, Options, limit_to_routes};
use super::controls::Controls;
use super::shocks::Shocks;
use crate::inputs::Inputs;
use crate::math::{Lanes, Mask};
use crate::model::{Lever, PerUnit};
use crate::rules::Parameters;

use crate::plan::{Plan, Sale};

/// Trade rounds in a quarter.
const ROUNDS: usize = 3;
/// Less than this share of a quarter's stock is rounding, not stock.
const REMNANT: f64 = 1e-9;
/// Less than this of a chip is rounding, not something to smuggle [chips].
pub(in crate::engine) const DUST: f64 = 1e-6;

/// A quarter's market for chips, and what it leaves for the next.
#[derive(Clone, Debug)]
pub struct Trade {
    /// Chips in stock, by chip.
    pub inventory: Vec<Lanes>,
    /// Sold in the quarter, by sale [chips].
    pub sold: Vec<Lanes>,
    /// Orders of the first round, by sale [chips].
    pub orders: Vec<Lanes>,
    /// Wants of grey-market options [chips].
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
    pub(in crate::engine) caps: Caps,
    /// Filled in the first round, by sale, before volume limits [chips].
    pub first_fill: Vec<Lanes>,
    rush: Vec<Lanes>,
    fill: Vec<Lanes>,
    left: Vec<Lanes>,
    opening: Vec<Lanes>,
    demand: Vec<Lanes>,
    /// Options of the round.
    options: Options,
    /// Sales of which anything was noted in the last quarter.
    noted: Vec<usize>,
    /// Routes and chips that resellers ordered, in order.
    smuggled: Vec<(usize, usize)>,
    /// Whether a buyer has rush orders.
    rushes: Vec<bool>,
    /// Choice of the round's options and of waiting, by buyer.
    rest: Vec<(Lanes, Lanes)>,
    /// Draws in which a chip is in stock, by chip.
    stocked: Vec<Mask>,
    /// What is wanted of power, by country [W].
    wanted_power: Vec<Lanes>,
}

/// What trade looks at beside its own state.
#[derive(Clone, Copy, Debug)]
pub struct TradeContext<'a> {
    /// Weights of options.
    pub choice: &'a Choice,
    /// Rules' outcomes.
    pub controls: &'a Controls,
    /// Rules' intervals and numbers.
    pub terms: &'a Parameters,
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
    pub units: &'a [PerUnit<Lanes>],
    /// Facility power of chips deployed and in deployment, by country [MW].
    pub load: &'a [Lanes],
    /// Choice of waiting over that of the best option [1].
    pub wait: Lanes,
}

impl Trade {
    /// An empty market.
    pub fn new(plan: &Plan) -> Self {
        let lanes = |n: usize| vec![Lanes::ZERO; n];
        let m = &plan.model;
        let (chips, buyers, countries) = (m.chips.len(), m.buyers.len(), m.countries.len());
        let (sales, grey_options, routes) =
            (plan.edges.sales.len(), plan.edges.grey_options.len(), m.routes.len());
        Self {
            inventory: lanes(chips),
            sold: lanes(sales),
            orders: lanes(sales),
            wants: lanes(grey_options),
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
            options: Options::new(plan),
            noted: Vec::with_capacity(sales),
            smuggled: Vec::with_capacity(routes * chips),
            rushes: vec![false; buyers],
            rest: vec![(Lanes::ZERO, Lanes::ZERO); buyers],
            stocked: vec![Mask::splat(false); chips],
            wanted_power: lanes(countries),
        }
    }

    /// Back to the horizon's start.
    #[inline(always)]
    pub fn reset(&mut self) {
        for list in [&mut self.inventory, &mut self.cash, &mut self.grey_orders] {
            list.fill(Lanes::ZERO);
        }
        self.caps.reset();
        self.power.fill(Lanes::ONE);
    }

    /// Routes and chips of which resellers bought something in some draw, in order.
    pub fn smuggled(&self) -> &[(usize, usize)] {
        &self.smuggled
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
    pub fn step(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>, t: usize) {
        self.open(plan, inputs, context, t);
        self.caps.open(plan, context.terms, &context.choice.legal, t);
        self.first_orders(plan, inputs, context, t);
        self.limit_to_power(plan, inputs, context, t);
        self.place_grey_orders(plan, context);
        self.refuse(plan, context);
        for round in 0..ROUNDS {
            if round == 0 {
                self.options.copy(&context.choice.open);
            } else {
                self.later_orders(plan, context);
            }
            self.ration(plan, inputs, context, round);
            if round == 0 {
                self.note_first_fills(plan, context);
                self.pay_grey(plan, context);
            }
            self.caps.limit(plan, inputs, context.units, &mut self.fill);
            self.settle(plan, context, round);
        }
        self.close(plan, inputs);
        self.caps.close(plan, context.choice.open.all(), &self.sold);
    }

    #[inline(always)]
    fn open(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>, t: usize) {
        let world = inputs.value(plan.model.trade.world_budget);
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let budget = buyer.budget.map_or(Lanes::ZERO, |q| inputs.at(q, t));
            self.budget[b] = budget * world * context.shocks.of(Lever::Budget)[b];
            self.money[b] = (self.budget[b] + self.cash[b]).max(0.0);
            self.had[b] = self.money[b];
        }
        for list in [
            &mut self.spent,
            &mut self.spent_ahead,
            &mut self.spent_grey,
            &mut self.fees,
            &mut self.ordered,
            &mut self.filled,
        ] {
            list.fill(Lanes::ZERO);
        }
        for s in self.noted.drain(..) {
            for list in [&mut self.sold, &mut self.orders, &mut self.refused, &mut self.rush, &mut self.fill]
            {
                list[s] = Lanes::ZERO;
            }
            if let Some(g) = plan.edges.sales[s].grey {
                self.wants[g] = Lanes::ZERO;
            }
        }
        self.noted.extend(context.choice.wanted.all());
        self.left.copy_from_slice(&self.inventory);
    }

    /// Orders, rush and smuggled wants of the first round, before power.
    #[inline(always)]
    fn first_orders(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>, t: usize) {
        let choice = context.choice;
        let world = inputs.value(plan.model.trade.world_budget);
        self.want_smuggled(plan, context);
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let grey = self.reach[buyer.country.index()] * choice.grey_share[b];
            self.free[b] = self.money[b] * (1.0 - grey);
            let per_weight = self.free[b].per(choice.legal_total[b]);
            let mut brought = Lanes::ZERO;
            self.rushes[b] = false;
            let (orders, legal) = (&mut self.orders[..], &choice.legal[..]);
            for s in choice.open.of(b) {
                let sale = &plan.edges.sales[s];
                let case = plan.edges.chip_markets[sale.chip_market].index();
                if context.controls.about_to_be_cut[case] {
                    let rush = (context.controls.rush[case] - 1.0) * context.controls.cut[case];
                    self.rush[s] = rush * self.budget[b].per(choice.legal_total[b]) * legal[s];
                    brought += self.rush[s];
                    self.rushes[b] = true;
                }
                let granted = context.controls.permitted[sale.chip_market] / choice.price[sale.chip_market];
                orders[s] = per_weight * legal[s] * granted;
            }
            if self.rushes[b] {
                let next = buyer.budget.map_or(Lanes::ZERO, |q| inputs.at(q, t + 1)) * world;
                let scale = brought.gt(next).select(next.per(brought), Lanes::ONE);
                for s in choice.open.of(b) {
                    let chip_market = plan.edges.sales[s].chip_market;
                    self.rush[s] *=
                        scale * context.controls.permitted[chip_market] / choice.price[chip_market];
                    self.orders[s] += self.rush[s];
                }
            }
        }
    }

    /// What buyers would have smuggled, and how much of it routes can carry.
    #[inline(always)]
    fn want_smuggled(&mut self, plan: &Plan, context: &TradeContext<'_>) {
        let choice = context.choice;
        for (s, g) in choice.smuggled(plan) {
            let sale = &plan.edges.sales[s];
            let b = sale.buyer.index();
            let premium = context.premium[sale.country.index()];
            let street = choice.list[sale.chip.index()] * premium;
            self.wants[g] = self.money[b].per(choice.total[b]) * choice.grey[g] / street;
        }
        limit_to_routes(plan, choice, context.capacity_to, |g| self.wants[g], &mut self.reach);
    }

    /// Power limits buying: all orders of a country shrink to the room that there is.
    #[inline(always)]
    fn limit_to_power(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>, t: usize) {
        let slack = inputs.value(plan.model.trade.power_slack);
        let open = &context.choice.open;
        self.wanted_power.fill(Lanes::ZERO);
        let (sales, orders) = (&plan.edges.sales[..], &self.orders[..]);
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let n = buyer.country.index();
            let (reach, mut wanted) = (self.reach[n], self.wanted_power[n]);
            for s in open.of(b) {
                let sale = &sales[s];
                let chips = orders[s] + sale.grey.map_or(Lanes::ZERO, |g| reach * self.wants[g]);
                wanted += chips * context.watts[sale.chip.index()];
            }
            self.wanted_power[n] = wanted;
        }
        for (n, country) in plan.model.countries.iter().enumerate() {
            let Some(power) = country.power else { continue };
            let overhead = inputs.value(country.overhead);
            let wanted = self.wanted_power[n] * overhead / 1e6;
            let has = inputs.at(power, t) * context.shocks.of(Lever::Power)[n];
            let room = slack * (has - context.load[n]).max(0.0);
            self.power[n] = wanted.gt(room).select(room.per(wanted), Lanes::ONE);
        }
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let scale = self.power[buyer.country.index()];
            if scale == Lanes::ONE {
                continue;
            }
            for s in open.of(b) {
                self.orders[s] *= scale;
                self.rush[s] *= scale;
                if let Some(g) = plan.edges.sales[s].grey {
                    self.wants[g] *= scale;
                }
            }
            self.money[b] *= scale;
            self.free[b] *= scale;
        }
    }

    /// Resellers' orders for what buyers want to have smuggled, as far as routes and their own controls allow.
    #[inline(always)]
    fn place_grey_orders(&mut self, plan: &Plan, context: &TradeContext<'_>) {
        let chips = plan.model.chips.len();
        for &(r, c) in &self.smuggled {
            self.reseller_orders[r * chips + c] = Lanes::ZERO;
            self.attempted[r * chips + c] = Lanes::ZERO;
        }
        self.smuggled.clear();
        self.grey_orders.fill(Lanes::ZERO);
        for (n, routes) in plan.edges.routes_to.iter().enumerate() {
            if !routes.is_empty() {
                self.wanted[n * chips..(n + 1) * chips].fill(Lanes::ZERO);
            }
        }
        for s in context.choice.open.all() {
            let sale = &plan.edges.sales[s];
            if let Some(g) = sale.grey {
                let n = sale.country.index();
                self.wanted[n * chips + sale.chip.index()] += self.wants[g];
            }
        }
        for (n, routes) in plan.edges.routes_to.iter().enumerate() {
            if routes.is_empty() {
                continue;
            }
            let capacity = context.capacity_to[n];
            for r in routes {
                let share = context.route_capacity[r.index()].per(capacity);
                let market = plan.edges.reseller_market[r.index()];
                for &c in &context.choice.chips {
                    let wanted = self.wanted[n * chips + c];
                    if !wanted.gt(Lanes::ZERO).any() {
                        continue;
                    }
                    let granted = context.controls.permitted[c * plan.edges.markets.len() + market];
                    let order = share * self.reach[n] * wanted * granted;
                    self.reseller_orders[r.index() * chips + c] = order;
                    self.grey_orders[c] += order;
                    self.smuggled.push((r.index(), c));
                }
            }
        }
        self.smuggled.sort_unstable();
    }

    /// Orders that rules turn away.
    #[inline(always)]
    fn refuse(&mut self, plan: &Plan, context: &TradeContext<'_>) {
        let choice = context.choice;
        for b in 0..plan.edges.of_buyer.len() {
            let denied =
                (choice.wanted.of(b)).fold(Lanes::ZERO, |sum, s| sum + choice.asked[s] - choice.legal[s]);
            let per_weight = self.money[b].per(choice.total[b] + denied);
            for s in choice.wanted.of(b) {
                let chip_market = plan.edges.sales[s].chip_market;
                let refused = 1.0 - context.controls.permitted[chip_market];
                if refused.gt(Lanes::ZERO).any() {
                    self.refused[s] = per_weight * choice.asked[s] * refused / choice.price[chip_market];
                }
            }
        }
    }

    /// Orders of a later round, over what is left, with what money is left.
    #[inline(always)]
    fn later_orders(&mut self, plan: &Plan, context: &TradeContext<'_>) {
        let choice = context.choice;
        for &c in &choice.chips {
            self.stocked[c] = self.left[c].gt(self.opening[c] * REMNANT);
        }
        self.options.clear();
        let sales = &plan.edges.sales[..];
        let (permitted, legal) = (&context.controls.permitted[..], &choice.legal[..]);
        let (price, stocked) = (&choice.price[..], &self.stocked[..]);
        let (orders, fill) = (&mut self.orders[..], &mut self.fill[..]);
        // A chip can be had in a later round where some is left and no licence has to be asked for a second time.
        let on_the_shelf =
            |sale: &Sale| stocked[sale.chip.index()] & permitted[sale.chip_market].ge(Lanes::ONE);
        for b in 0..plan.edges.of_buyer.len() {
            let mut sum = Lanes::ZERO;
            let mut best = Lanes::ZERO;
            for s in choice.open.of(b) {
                let x = on_the_shelf(&sales[s]).select(legal[s], Lanes::ZERO);
                sum += x;
                best = best.max(x);
            }
            let wait = context.wait * best;
            self.rest[b] = (sum + wait, wait);
            let per_weight = self.money[b].per(sum + wait);
            for s in choice.open.of(b) {
                let sale = &sales[s];
                let shelved = on_the_shelf(sale);
                if shelved.any() {
                    let order = per_weight * legal[s] / price[sale.chip_market];
                    orders[s] = shelved.select(order, Lanes::ZERO);
                    self.options.push(s);
                } else {
                    orders[s] = Lanes::ZERO;
                    fill[s] = Lanes::ZERO;
                }
            }
            self.options.end(b);
        }
    }

    /// Sellers ration by precedence.
    #[inline(always)]
    fn ration(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>, round: usize) {
        let chips = plan.model.chips.len();
        self.demand.fill(Lanes::ZERO);
        let sales = &plan.edges.sales[..];
        let (demand, orders) = (&mut self.demand[..], &self.orders[..]);
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let priority = inputs.value(buyer.priority);
            for s in self.options.of(b) {
                demand[sales[s].chip.index()] += orders[s] * priority;
            }
        }
        if round == 0 {
            for &(r, c) in &self.smuggled {
                self.demand[c] += self.reseller_orders[r * chips + c] * reseller_priority(plan, inputs, r);
            }
        }
        for &c in &context.choice.chips {
            self.demand[c] = self.left[c].per(self.demand[c]);
        }
        let supply = &self.demand[..];
        let (fill, orders) = (&mut self.fill[..], &self.orders[..]);
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let priority = inputs.value(buyer.priority);
            for s in self.options.of(b) {
                let share = (priority * supply[sales[s].chip.index()]).min(1.0);
                fill[s] = orders[s] * share;
            }
        }
        if round == 0 {
            for &(r, c) in &self.smuggled {
                let at = r * chips + c;
                let share = (reseller_priority(plan, inputs, r) * supply[c]).min(1.0);
                self.attempted[at] = self.reseller_orders[at] * share;
                self.left[c] = (self.left[c] - self.attempted[at]).max(0.0);
            }
        }
    }

    #[inline(always)]
    fn note_first_fills(&mut self, plan: &Plan, context: &TradeContext<'_>) {
        self.first_fill.copy_from_slice(&self.fill);
        for b in 0..plan.edges.of_buyer.len() {
            let mut ordered = Lanes::ZERO;
            let mut filled = Lanes::ZERO;
            for s in self.options.of(b) {
                let price = context.choice.price[plan.edges.sales[s].chip_market];
                ordered += self.orders[s] * price;
                filled += self.fill[s] * price;
            }
            self.ordered[b] = ordered;
            self.filled[b] = filled;
        }
    }

    /// Buyers pay for what resellers bought for them, in proportion to their wants.
    #[inline(always)]
    fn pay_grey(&mut self, plan: &Plan, context: &TradeContext<'_>) {
        if self.smuggled.is_empty() {
            return;
        }
        let chips = plan.model.chips.len();
        for s in self.options.all() {
            let sale = &plan.edges.sales[s];
            let Some(g) = sale.grey else { continue };
            let (b, c) = (sale.buyer.index(), sale.chip.index());
            let n = sale.country.index();
            let bought = (plan.edges.routes_to[n].iter())
                .fold(Lanes::ZERO, |sum, r| sum + self.attempted[r.index() * chips + c]);
            let part = bought * self.wants[g].per(self.wanted[n * chips + c]);
            self.spent_grey[b] += part * context.choice.list[c] * context.premium[n];
        }
    }

    /// Chips and money change hands; what waits is set aside.
    #[inline(always)]
    fn settle(&mut self, plan: &Plan, context: &TradeContext<'_>, round: usize) {
        let choice = context.choice;
        let (sales, list, fee) = (&plan.edges.sales[..], &choice.list[..], &context.controls.fee[..]);
        let (fill, sold, left) = (&self.fill[..], &mut self.sold[..], &mut self.left[..]);
        for b in 0..plan.edges.of_buyer.len() {
            let (money, total, wait) = if round == 0 {
                (self.free[b], choice.legal_total[b], choice.wait[b])
            } else {
                (self.money[b], self.rest[b].0, self.rest[b].1)
            };
            let mut spent = Lanes::ZERO;
            let mut ahead = Lanes::ZERO;
            let mut fees = self.fees[b];
            let rushes = round == 0 && self.rushes[b];
            for s in self.options.of(b) {
                let sale = &sales[s];
                let (fee, fill) = (fee[sale.chip_market], fill[s]);
                let worth = fill * list[sale.chip.index()];
                let paid = worth * (1.0 + fee);
                spent += paid;
                fees += worth * fee;
                if rushes {
                    ahead += paid * self.rush[s].per(self.orders[s]);
                }
                sold[s] += fill;
            }
            self.fees[b] = fees;
            self.spent[b] += spent;
            self.spent_ahead[b] += ahead;
            let grey = if round == 0 { self.spent_grey[b] } else { Lanes::ZERO };
            let waits = money * wait.per(total);
            self.money[b] = (self.money[b] - waits - (spent - ahead) - grey).max(0.0);
        }
        for s in self.options.all() {
            let c = sales[s].chip.index();
            left[c] = (left[c] - fill[s]).max(0.0);
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
