//! Trade: buyers order, sellers ration, rules cap, and what is refused comes back in later rounds.

mod commitment_room;
mod committed;
mod grey_market;
mod power;

use super::super::twins::Twins;
use super::caps::{CapScratch, CapState, Caps};
use super::choice::{ChoiceOutputs, Options, RouteLimits};
use super::controls::ControlOutputs;
use super::data_sheets::DataSheets;
use super::fleet::FleetState;
use super::shocks::ShockOutputs;
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::{Lanes, Mask};
use crate::model::Lever;
use crate::plan::{Plan, Sale};
use crate::rules::Parameters;
use commitment_room::CommittedScratch;

/// Trade rounds in a quarter.
const ROUNDS: usize = 3;
/// Less than this share of a quarter's stock is rounding, not stock.
const REMNANT: f64 = 1e-9;

/// What the market for chips leaves to the next quarter.
#[derive(Clone, Debug)]
pub struct TradeState {
    /// Chips in stock, by chip.
    pub inventory: List<Lanes>,
    /// Money carried (or owed), by buyer \[USD\].
    pub cash: List<Lanes>,
    /// Resellers' orders of the quarter, by chip \[chips\].
    pub grey_orders: List<Lanes>,
    /// Share of wanted power that a buyer has room for \[1\].
    pub power: List<Lanes>,
    /// The same of what commitments want.
    pub power_first: List<Lanes>,
    /// Share of smuggled wants that routes could carry in the last quarter in which there were any, by country \[1\].
    pub carried: List<Lanes>,
    /// What has been sold under volume limits of rules.
    caps: CapState,
}

/// A quarter's market for chips.
#[derive(Clone, Debug)]
pub struct TradeOutputs {
    /// Sold, by sale \[chips\].
    pub sold: List<Lanes>,
    /// Orders of the last round, by sale \[chips\].
    pub orders: List<Lanes>,
    /// Wants of grey-market options \[chips\].
    pub wants: List<Lanes>,
    /// Their sums by country and chip.
    pub wanted: List<Lanes>,
    /// Resellers' orders, by route and chip \[chips\].
    pub reseller_orders: List<Lanes>,
    /// What resellers bought, by route and chip \[chips\].
    pub attempted: List<Lanes>,
    /// Routes and chips of which resellers ordered something in some draw, in order.
    pub smuggled: Vec<(usize, usize)>,
    /// What a buyer would spend if everything could be bought at list price, with shocks \[USD\].
    pub planned: List<Lanes>,
    /// That as far as it can buy what it would, by buyer \[USD\].
    pub budget: List<Lanes>,
    /// What a buyer could spend, before power limits it, by buyer \[USD\].
    pub had: List<Lanes>,
    /// Money left, by buyer \[USD\].
    pub money: List<Lanes>,
    /// Spent on legal purchases, those brought forward included, by buyer \[USD\].
    pub spent: List<Lanes>,
    /// Spent from the next quarter's budget, by buyer \[USD\].
    pub spent_ahead: List<Lanes>,
    /// Spent on smuggled chips, by buyer \[USD\].
    pub spent_grey: List<Lanes>,
    /// Fees paid, by buyer \[USD\].
    pub fees: List<Lanes>,
    /// First-round legal orders, by buyer \[USD\].
    pub ordered: List<Lanes>,
    /// First-round legal fills before caps, by buyer \[USD\].
    pub filled: List<Lanes>,
    /// Orders turned away, by sale \[chips\].
    pub refused: List<Lanes>,
    /// What commitments ask for, as far as there is money and power for it, by sale \[chips\].
    pub committed: List<Lanes>,
    /// Filled of it, by sale, before volume limits \[chips\].
    pub committed_fill: List<Lanes>,
    /// Filled of commitments and in the first round, by sale, before volume limits \[chips\].
    pub first_fill: List<Lanes>,
}

/// Room to work in.
#[derive(Clone, Debug)]
pub(crate) struct TradeScratch {
    caps: CapScratch,
    /// Money for legal options in the first round, by buyer \[USD\].
    free: List<Lanes>,
    /// Share of smuggled wants that routes can carry, by country \[1\].
    reach: List<Lanes>,
    /// Orders that are brought forward, by sale \[chips\].
    front_running: List<Lanes>,
    /// Whether a buyer brings orders forward.
    front_runs: Vec<bool>,
    /// Filled in the round, by sale \[chips\].
    fill: List<Lanes>,
    /// In stock before the round, by chip \[chips\].
    left: List<Lanes>,
    /// In stock before the quarter's trade, by chip \[chips\].
    opening: List<Lanes>,
    demand: List<Lanes>,
    /// Options of the round.
    options: Options,
    /// Sales of which anything was noted in the last quarter.
    noted: Vec<usize>,
    /// Weight of the round's options with waiting, and of waiting alone, by buyer.
    rest: List<(Lanes, Lanes)>,
    /// Draws in which a chip is in stock, by chip.
    stocked: List<Mask>,
    /// Power that a country will have in the next quarter; none where nothing limits it \[MW\].
    coming_power: List<Option<Lanes>>,
    /// What its buyers plan to spend \[USD\].
    planned_in: List<Lanes>,
    /// Power that a buyer expects to be free for it; none where nothing limits it \[MW\].
    free_power: List<Option<Lanes>>,
    /// What a buyer wants power for: sales, each with its part of it in any unit.
    parts: List<(usize, Lanes)>,
    /// A buyer's chips: how efficient each is, and what all of it take \[W\].
    owned: List<(f64, Lanes)>,
    committed: CommittedScratch,
}

/// The step.
pub(crate) struct Trade<'a> {
    pub state: &'a mut TradeState,
    pub out: &'a mut TradeOutputs,
    pub scratch: &'a mut TradeScratch,
}

/// What trade looks at beside its own state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TradeContext<'a> {
    /// Weights of options.
    pub choice: &'a ChoiceOutputs,
    /// Rules' outcomes.
    pub controls: &'a ControlOutputs,
    /// Rules' intervals and numbers.
    pub terms: &'a Parameters,
    /// Factors of shocks.
    pub shocks: &'a ShockOutputs,
    /// Effective capacity of routes \[chips/quarter\].
    pub route_capacity: &'a [Lanes],
    /// What routes to each country can carry, and at what price.
    pub routes: RouteLimits<'a>,
    /// Data sheets of chips.
    pub sheets: &'a DataSheets,
    /// Chips that run, wait and are in deployment.
    pub fleet: &'a FleetState,
}

impl TradeState {
    /// Nothing in stock, nothing owed.
    pub fn new(plan: &Plan) -> Self {
        let m = &plan.model;
        Self {
            inventory: List::of(Lanes::ZERO, m.chips.len()),
            cash: List::of(Lanes::ZERO, m.buyers.len()),
            grey_orders: List::of(Lanes::ZERO, m.chips.len()),
            power: List::of(Lanes::ONE, m.buyers.len()),
            power_first: List::of(Lanes::ONE, m.buyers.len()),
            carried: List::of(Lanes::ONE, m.countries.len()),
            caps: CapState::new(plan),
        }
    }

    /// Takes over stocks, money and what has been sold under caps of rules that both plans have.
    pub(crate) fn adopt(&mut self, from: &Self, twins: &Twins) {
        let Self { inventory, cash, grey_orders, power, power_first, carried, caps } = from;
        self.inventory.clone_from(inventory);
        self.cash.clone_from(cash);
        self.grey_orders.clone_from(grey_orders);
        self.power.clone_from(power);
        self.power_first.clone_from(power_first);
        self.carried.clone_from(carried);
        self.caps.adopt(caps, twins);
    }
}

impl TradeOutputs {
    /// No trade.
    pub fn new(plan: &Plan) -> Self {
        let lanes = |n: usize| List::of(Lanes::ZERO, n);
        let m = &plan.model;
        let (chips, buyers, routes) = (m.chips.len(), m.buyers.len(), m.routes.len());
        let (sales, grey_options) = (plan.edges.sales.len(), plan.edges.grey_options.len());
        Self {
            sold: lanes(sales),
            orders: lanes(sales),
            wants: lanes(grey_options),
            wanted: lanes(m.countries.len() * chips),
            reseller_orders: lanes(routes * chips),
            attempted: lanes(routes * chips),
            smuggled: Vec::with_capacity(routes * chips),
            planned: lanes(buyers),
            budget: lanes(buyers),
            had: lanes(buyers),
            money: lanes(buyers),
            spent: lanes(buyers),
            spent_ahead: lanes(buyers),
            spent_grey: lanes(buyers),
            fees: lanes(buyers),
            ordered: lanes(buyers),
            filled: lanes(buyers),
            refused: lanes(sales),
            committed: lanes(sales),
            committed_fill: lanes(sales),
            first_fill: lanes(sales),
        }
    }
}

impl TradeScratch {
    /// Room for a plan's edges.
    pub(crate) fn new(plan: &Plan) -> Self {
        let lanes = |n: usize| List::of(Lanes::ZERO, n);
        let m = &plan.model;
        let (chips, buyers, sales) = (m.chips.len(), m.buyers.len(), plan.edges.sales.len());
        Self {
            caps: CapScratch::new(plan),
            free: lanes(buyers),
            reach: lanes(m.countries.len()),
            front_running: lanes(sales),
            front_runs: vec![false; buyers],
            fill: lanes(sales),
            left: lanes(chips),
            opening: lanes(chips),
            demand: lanes(chips),
            options: Options::new(plan),
            noted: Vec::with_capacity(sales),
            rest: List::of((Lanes::ZERO, Lanes::ZERO), buyers),
            stocked: List::of(Mask::splat(false), chips),
            coming_power: List::of(None, m.countries.len()),
            planned_in: lanes(m.countries.len()),
            free_power: List::of(None, buyers),
            parts: List::with_room(chips),
            owned: List::with_room(chips),
            committed: CommittedScratch::new(plan),
        }
    }
}

impl Trade<'_> {
    /// Back to the horizon's start.
    #[inline(always)]
    pub(crate) fn reset(&mut self) {
        for list in [&mut self.state.inventory, &mut self.state.cash, &mut self.state.grey_orders] {
            list.fill(Lanes::ZERO);
        }
        self.state.caps.reset();
        self.scratch.caps.reset();
        self.state.power.fill(Lanes::ONE);
        self.state.power_first.fill(Lanes::ONE);
        self.state.carried.fill(Lanes::ONE);
    }

    /// Takes in what arrives, so that it can be chosen.
    #[inline(always)]
    pub(crate) fn stock_up(&mut self, arrived: &[Lanes]) {
        for (stock, &more) in self.state.inventory.iter_mut().zip(arrived) {
            *stock += more;
        }
        self.scratch.opening.copy_from_slice(&self.state.inventory);
    }

    /// Three rounds of trade in quarter `t`.
    #[inline(always)]
    pub(crate) fn step(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>, t: usize) {
        self.open(plan, inputs, context, t);
        Caps { state: &mut self.state.caps, scratch: &mut self.scratch.caps }.open(
            plan,
            context.terms,
            &context.choice.legal,
            t,
        );
        self.find_free_power(plan, inputs, context, t);
        self.commit(plan, inputs, context, t);
        self.limit_to_power(plan, inputs, context);
        self.first_orders(plan, inputs, context, t);
        self.place_grey_orders(plan, context);
        self.refuse(plan, context);
        self.refuse_committed(plan, context);
        for round in 0..ROUNDS {
            if round == 0 {
                self.scratch.options.copy(&context.choice.open);
            } else {
                self.later_orders(plan, context);
            }
            self.ration(plan, inputs, context, round);
            if round == 0 {
                self.note_first_fills(plan, context);
                self.pay_grey(plan, context);
            }
            Caps { state: &mut self.state.caps, scratch: &mut self.scratch.caps }.limit(
                plan,
                inputs,
                &context.sheets.units,
                &mut self.scratch.fill,
            );
            self.settle(plan, context, round);
            if round == 0 {
                self.release(plan);
            }
        }
        self.close(plan, inputs);
        self.state.caps.close(plan, context.choice.open.all(), &self.out.sold);
    }

    #[inline(always)]
    fn open(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>, t: usize) {
        let world = inputs.value(plan.model.trade.world_budget);
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let budget = buyer.budget.map_or(Lanes::ZERO, |q| inputs.at(q, t));
            self.out.planned[b] = budget * world * context.shocks.of(Lever::Budget)[b];
            self.out.budget[b] = self.out.planned[b] * context.choice.access[b];
            self.out.money[b] = (self.out.budget[b] + self.state.cash[b]).max(0.0);
            self.out.had[b] = self.out.money[b];
        }
        for list in [
            &mut self.out.spent,
            &mut self.out.spent_ahead,
            &mut self.out.spent_grey,
            &mut self.out.fees,
            &mut self.out.ordered,
            &mut self.out.filled,
        ] {
            list.fill(Lanes::ZERO);
        }
        for s in self.scratch.noted.drain(..) {
            for list in [
                &mut self.out.sold,
                &mut self.out.orders,
                &mut self.out.refused,
                &mut self.out.first_fill,
                &mut self.scratch.front_running,
                &mut self.scratch.fill,
            ] {
                list[s] = Lanes::ZERO;
            }
            if let Some(g) = plan.edges.sales[s].grey {
                self.out.wants[g] = Lanes::ZERO;
            }
        }
        for &s in &plan.commitments.sales {
            self.out.first_fill[s] = Lanes::ZERO;
        }
        self.scratch.noted.extend(context.choice.wanted.all());
        self.scratch.left.copy_from_slice(&self.state.inventory);
    }

    /// Orders, front-running and smuggled wants of the first round.
    #[inline(always)]
    fn first_orders(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>, t: usize) {
        let choice = context.choice;
        let world = inputs.value(plan.model.trade.world_budget);
        self.want_smuggled(plan, context);
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let grey = self.state.carried[buyer.country.index()] * choice.grey_share[b];
            self.scratch.free[b] = self.out.money[b] * (1.0 - grey);
            let per_weight = self.scratch.free[b].per(choice.legal_total[b]);
            let mut brought = Lanes::ZERO;
            self.scratch.front_runs[b] = false;
            let (orders, legal) = (&mut self.out.orders[..], &choice.legal[..]);
            for s in choice.open.of(b) {
                let sale = &plan.edges.sales[s];
                let case = plan.edges.chip_markets[sale.chip_market].index();
                if context.controls.about_to_be_cut[case] {
                    let more = (context.controls.front_running[case] - 1.0) * context.controls.cut[case];
                    self.scratch.front_running[s] =
                        more * self.out.budget[b].per(choice.legal_total[b]) * legal[s];
                    brought += self.scratch.front_running[s];
                    self.scratch.front_runs[b] = true;
                }
                let granted = context.controls.permitted[sale.chip_market] / choice.price[sale.chip_market];
                orders[s] = per_weight * legal[s] * granted;
            }
            if self.scratch.front_runs[b] {
                let next = buyer.budget.map_or(Lanes::ZERO, |q| inputs.at(q, t + 1)) * world;
                let scale = brought.gt(next).select(next.per(brought), Lanes::ONE);
                for s in choice.open.of(b) {
                    let chip_market = plan.edges.sales[s].chip_market;
                    self.scratch.front_running[s] *=
                        scale * context.controls.permitted[chip_market] / choice.price[chip_market];
                    self.out.orders[s] += self.scratch.front_running[s];
                }
            }
        }
    }

    /// Orders that rules turn away.
    #[inline(always)]
    fn refuse(&mut self, plan: &Plan, context: &TradeContext<'_>) {
        let choice = context.choice;
        for b in 0..plan.edges.of_buyer.len() {
            let mut denied = Lanes::ZERO;
            for s in choice.wanted.of(b) {
                denied = denied + choice.asked[s] - choice.legal[s];
            }
            let per_weight = self.out.money[b].per(choice.total[b] + denied);
            for s in choice.wanted.of(b) {
                let chip_market = plan.edges.sales[s].chip_market;
                let refused = 1.0 - context.controls.permitted[chip_market];
                if refused.gt(Lanes::ZERO).any() {
                    self.out.refused[s] = per_weight * choice.asked[s] * refused / choice.price[chip_market];
                }
            }
        }
    }

    /// Orders of a later round, over what is left, with what money is left.
    #[inline(always)]
    fn later_orders(&mut self, plan: &Plan, context: &TradeContext<'_>) {
        let choice = context.choice;
        for &c in &choice.chips {
            self.scratch.stocked[c] = self.scratch.left[c].gt(self.scratch.opening[c] * REMNANT);
        }
        self.scratch.options.clear();
        let sales = &plan.edges.sales[..];
        let (permitted, legal) = (&context.controls.permitted[..], &choice.legal[..]);
        let (price, stocked) = (&choice.price[..], &self.scratch.stocked[..]);
        let (orders, fill) = (&mut self.out.orders[..], &mut self.scratch.fill[..]);
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
            let wait = context.sheets.wait * best;
            self.scratch.rest[b] = (sum + wait, wait);
            let per_weight = self.out.money[b].per(sum + wait);
            for s in choice.open.of(b) {
                let sale = &sales[s];
                let shelved = on_the_shelf(sale);
                if shelved.any() {
                    let order = per_weight * legal[s] / price[sale.chip_market];
                    orders[s] = shelved.select(order, Lanes::ZERO);
                    self.scratch.options.push(s);
                } else {
                    orders[s] = Lanes::ZERO;
                    fill[s] = Lanes::ZERO;
                }
            }
            self.scratch.options.end(b);
        }
    }

    /// Sellers ration by precedence.
    #[inline(always)]
    fn ration(&mut self, plan: &Plan, inputs: &Inputs, context: &TradeContext<'_>, round: usize) {
        let chips = plan.model.chips.len();
        self.scratch.demand.fill(Lanes::ZERO);
        let sales = &plan.edges.sales[..];
        let (demand, orders) = (&mut self.scratch.demand[..], &self.out.orders[..]);
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let priority = inputs.value(buyer.priority);
            for s in self.scratch.options.of(b) {
                demand[sales[s].chip.index()] += orders[s] * priority;
            }
        }
        if round == 0 {
            for &(r, c) in &self.out.smuggled {
                self.scratch.demand[c] +=
                    self.out.reseller_orders[r * chips + c] * reseller_priority(plan, inputs, r);
            }
        }
        for &c in &context.choice.chips {
            let some = self.scratch.left[c].gt(self.scratch.opening[c] * REMNANT);
            let left = some.select(self.scratch.left[c], Lanes::ZERO);
            self.scratch.demand[c] = left.per(self.scratch.demand[c]);
        }
        let supply = &self.scratch.demand[..];
        let (fill, orders) = (&mut self.scratch.fill[..], &self.out.orders[..]);
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let priority = inputs.value(buyer.priority);
            for s in self.scratch.options.of(b) {
                let share = (priority * supply[sales[s].chip.index()]).min(1.0);
                fill[s] = orders[s] * share;
            }
        }
        if round == 0 {
            for &(r, c) in &self.out.smuggled {
                let at = r * chips + c;
                let share = (reseller_priority(plan, inputs, r) * supply[c]).min(1.0);
                self.out.attempted[at] = self.out.reseller_orders[at] * share;
                self.scratch.left[c] = (self.scratch.left[c] - self.out.attempted[at]).max(0.0);
            }
        }
    }

    #[inline(always)]
    fn note_first_fills(&mut self, plan: &Plan, context: &TradeContext<'_>) {
        for s in context.choice.wanted.all() {
            self.out.first_fill[s] = self.scratch.fill[s];
        }
        self.note_committed_fills(plan);
        for b in 0..plan.edges.of_buyer.len() {
            for s in self.scratch.options.of(b) {
                let price = context.choice.price[plan.edges.sales[s].chip_market];
                self.out.ordered[b] += self.out.orders[s] * price;
                self.out.filled[b] += self.scratch.fill[s] * price;
            }
        }
    }

    /// Chips and money change hands; what waits is set aside.
    #[inline(always)]
    fn settle(&mut self, plan: &Plan, context: &TradeContext<'_>, round: usize) {
        let choice = context.choice;
        let (sales, list, fee) = (&plan.edges.sales[..], &choice.list[..], &context.controls.fee[..]);
        let (fill, sold, left) = (&self.scratch.fill[..], &mut self.out.sold[..], &mut self.scratch.left[..]);
        for b in 0..plan.edges.of_buyer.len() {
            let (money, total, wait) = if round == 0 {
                (self.scratch.free[b], choice.legal_total[b], choice.wait[b])
            } else {
                (self.out.money[b], self.scratch.rest[b].0, self.scratch.rest[b].1)
            };
            let mut spent = Lanes::ZERO;
            let mut ahead = Lanes::ZERO;
            let mut fees = self.out.fees[b];
            let front_runs = round == 0 && self.scratch.front_runs[b];
            for s in self.scratch.options.of(b) {
                let sale = &sales[s];
                let (fee, fill) = (fee[sale.chip_market], fill[s]);
                let worth = fill * list[sale.chip.index()];
                let paid = worth * (1.0 + fee);
                spent += paid;
                fees += worth * fee;
                if front_runs {
                    ahead += paid * self.scratch.front_running[s].per(self.out.orders[s]);
                }
                sold[s] += fill;
            }
            self.out.fees[b] = fees;
            self.out.spent[b] += spent;
            self.out.spent_ahead[b] += ahead;
            let grey = if round == 0 { self.out.spent_grey[b] } else { Lanes::ZERO };
            let waits = money * wait.per(total);
            self.out.money[b] = (self.out.money[b] - waits - (spent - ahead) - grey).max(0.0);
        }
        for s in self.scratch.options.all() {
            let c = sales[s].chip.index();
            left[c] = (left[c] - fill[s]).max(0.0);
        }
    }

    /// Inventories and cash for the next quarter.
    #[inline(always)]
    fn close(&mut self, plan: &Plan, inputs: &Inputs) {
        self.state.inventory.copy_from_slice(&self.scratch.left);
        let chips = plan.model.chips.len();
        for (n, carried) in self.state.carried.iter_mut().enumerate() {
            if !plan.edges.routes_to[n].is_empty() {
                let wanted = &self.out.wanted[n * chips..(n + 1) * chips];
                let wants = Lanes::total(wanted.iter().copied()).gt(Lanes::ZERO);
                *carried = wants.select(self.scratch.reach[n], *carried);
            }
        }
        let carry = inputs.value(plan.model.trade.carry);
        for b in 0..self.state.cash.len() {
            let unspent =
                self.out.had[b] - (self.out.spent[b] - self.out.spent_ahead[b]) - self.out.spent_grey[b];
            self.state.cash[b] = (carry * unspent).min(0.5 * self.out.budget[b]) - self.out.spent_ahead[b];
        }
    }
}

/// List price of a chip \[USD\].
#[inline(always)]
pub fn list_price(plan: &Plan, inputs: &Inputs, c: usize, t: usize) -> Lanes {
    plan.model.chips[c].price.map_or(Lanes::ONE, |q| inputs.at(q, t))
}

/// Precedence of a route's reseller \[1\].
#[inline(always)]
fn reseller_priority(plan: &Plan, inputs: &Inputs, r: usize) -> Lanes {
    let own =
        plan.model.routes[r].reseller.map_or(Lanes::ONE, |b| inputs.value(plan.model.buyers[b].priority));
    own * inputs.value(plan.model.diversion.priority)
}
