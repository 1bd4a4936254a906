//! The ledger: recounts every quarter from stocks and flows, apart from the steps that made them.
//!
//! Chips are in exactly one place, goods are not used twice, money is not spent twice, shares are shares. A ledger that
//! does not add up names the account, the draw, the quarter and the node.

use super::steps::diversion::Lagged;
use super::steps::fleet::sum;
use super::steps::rental::HOURS;
use super::{Batch, Observer, State, Step};
use crate::math::wide::{Lanes, WIDTH};
use crate::model::{ChipUnit, Lever};
use crate::plan::Plan;

/// Relative difference that rounding may make.
const TOLERANCE: f64 = 1e-9;

/// What of a room counts like the amount that is taken from it, so that `TOLERANCE` of it is some fifty roundings of the room.
const ROOM_DIGITS: f64 = 1e-5;

/// An account that does not add up.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "the ledger does not add up: {account} of {node} in draw {draw}, quarter {quarter}: {left} against {right}"
)]
pub struct Broken {
    /// Which account.
    pub account: &'static str,
    /// Of whom: table and row.
    pub node: String,
    /// Number of the draw.
    pub draw: u64,
    /// The quarter, counted from 0.
    pub quarter: usize,
    /// One side.
    pub left: f64,
    /// The other.
    pub right: f64,
}

/// What was there at the end of the last quarter.
#[derive(Clone, Debug)]
pub struct Ledger {
    inventory: Vec<Lanes>,
    pipeline: Vec<Lanes>,
    /// Opening fleets and what has been deployed since, and what has failed since.
    entered: Vec<Lanes>,
    failed: Vec<Lanes>,
    /// What has been taken out for better ones since.
    retired: Vec<Lanes>,
    premium: Vec<Lanes>,
    deploying: Vec<Lanes>,
    transit: Vec<Lanes>,
    route_transit: Vec<Lanes>,
    stock: Vec<Lanes>,
    stock_transit: Vec<Lanes>,
    cash: Vec<Lanes>,
    rent: Vec<Lanes>,
    broken: Option<Broken>,
}

/// Where an account is being audited.
struct At<'a> {
    t: usize,
    first_draw: u64,
    broken: &'a mut Option<Broken>,
}

impl At<'_> {
    /// Both sides agree to rounding, measured against `scale` too.
    fn equal(
        &mut self,
        account: &'static str,
        node: impl Fn() -> String,
        left: Lanes,
        right: Lanes,
        scale: Lanes,
    ) {
        for lane in 0..WIDTH {
            let (a, b) = (left[lane], right[lane]);
            let room = TOLERANCE * a.abs().max(b.abs()).max(scale[lane].abs()) + 1e-9;
            // A value that is no number is caught here too.
            let fits = (a - b).abs() <= room;
            if !fits {
                self.note(account, &node, lane, a, b);
            }
        }
    }

    /// `left` is at most `right`, but for rounding.
    fn at_most(&mut self, account: &'static str, node: impl Fn() -> String, left: Lanes, right: Lanes) {
        for lane in 0..WIDTH {
            let (a, b) = (left[lane], right[lane]);
            let fits = a <= b + TOLERANCE * a.abs().max(b.abs()) + 1e-9;
            if !fits {
                self.note(account, &node, lane, a, b);
            }
        }
    }

    fn not_negative(&mut self, account: &'static str, node: impl Fn() -> String, x: Lanes) {
        for lane in 0..WIDTH {
            let fits = x[lane] >= 0.0 && x[lane].is_finite();
            if !fits {
                self.note(account, &node, lane, x[lane], 0.0);
            }
        }
    }

    fn note(&mut self, account: &'static str, node: &dyn Fn() -> String, lane: usize, left: f64, right: f64) {
        if self.broken.is_none() {
            let draw = self.first_draw + lane as u64;
            *self.broken = Some(Broken { account, node: node(), draw, quarter: self.t, left, right });
        }
    }
}

fn totals(list: &[Lagged]) -> Vec<Lanes> {
    list.iter().map(Lagged::total).collect()
}

impl Ledger {
    /// An empty ledger.
    pub fn new(plan: &Plan) -> Self {
        let lanes = |n: usize| vec![Lanes::ZERO; n];
        let chips = plan.model.chips.len();
        let holdings = plan.edges.holdings.len();
        Self {
            inventory: lanes(chips),
            pipeline: lanes(chips),
            entered: lanes(holdings),
            failed: lanes(holdings),
            retired: lanes(holdings),
            premium: lanes(plan.model.countries.len()),
            deploying: lanes(holdings),
            transit: lanes(plan.edges.grey_options.len()),
            route_transit: lanes(plan.model.routes.len()),
            stock: lanes(plan.model.stockpiles.len()),
            stock_transit: lanes(plan.model.stockpiles.len()),
            cash: lanes(plan.model.buyers.len()),
            rent: lanes(plan.model.labs.len()),
            broken: None,
        }
    }

    /// The first account that did not add up, if any; the ledger starts afresh.
    pub fn broken(&mut self) -> Option<Broken> {
        self.broken.take()
    }

    /// Takes the state before the first quarter.
    fn open(&mut self, plan: &Plan, batch: &Batch) {
        for list in [
            &mut self.inventory,
            &mut self.transit,
            &mut self.route_transit,
            &mut self.stock_transit,
            &mut self.cash,
            &mut self.rent,
        ] {
            list.fill(Lanes::ZERO);
        }
        self.deploying.fill(Lanes::ZERO);
        self.failed.fill(Lanes::ZERO);
        self.retired.fill(Lanes::ZERO);
        self.entered.copy_from_slice(&batch.state.fleet.count);
        self.premium.copy_from_slice(&batch.state.diversion.premium);
        for (s, stock) in plan.model.stockpiles.iter().enumerate() {
            self.stock[s] = batch.inputs.value(stock.opening);
        }
    }

    fn audit(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        // Every step has its place here: one that is added does not compile until somebody has said whether it is recounted.
        let State {
            capacity: _,
            stockpiles: _,
            production: _,
            trade: _,
            diversion: _,
            fleet: _,
            rental: _,
            // These hold nothing that could be lost.
            answers: _,
            shocks: _,
            triggers: _,
            controls: _,
            training: _,
            roots: _,
        } = &batch.state;
        let mut broken = self.broken.take();
        let mut at = At { t, first_draw: batch.first_draw, broken: &mut broken };
        self.audit_chips(&mut at, plan, batch);
        self.audit_fleets(&mut at, plan, batch);
        self.audit_diversion(&mut at, plan, batch);
        self.audit_goods(&mut at, plan, batch);
        self.audit_money(&mut at, plan, batch);
        self.audit_rent(&mut at, plan, batch);
        audit_shares(&mut at, plan, batch);
        self.broken = broken;
        self.keep(batch);
    }

    fn audit_chips(&self, at: &mut At<'_>, plan: &Plan, batch: &Batch) {
        let chips = plan.model.chips.len();
        let mut sold = vec![Lanes::ZERO; chips];
        for (s, sale) in plan.edges.sales.iter().enumerate() {
            sold[sale.chip.index()] += batch.outputs.trade.sold[s];
            at.not_negative("sales", || sale_name(plan, s), batch.outputs.trade.sold[s]);
        }
        for r in 0..plan.model.routes.len() {
            for (sold, &attempted) in sold.iter_mut().zip(&batch.outputs.trade.attempted[r * chips..]) {
                *sold += attempted;
            }
        }
        for &c in &plan.edges.chips {
            let i = c.index();
            let name = || format!("chip.{}", plan.model.chips[i].id);
            let p = &batch.outputs.production;
            let under_way = Lanes::total(batch.state.production.pipeline[i].iter().copied());
            // The opening pipeline comes with the first quarter.
            let opening = if at.t == 0 { under_way + p.arrived[i] - p.started[i] } else { Lanes::ZERO };
            let made = p.started[i] + opening;
            at.equal("production", name, made, p.arrived[i] + under_way - self.pipeline[i], self.pipeline[i]);
            let has = self.inventory[i] + p.arrived[i];
            at.equal("inventory", name, has, sold[i] + batch.state.trade.inventory[i], has);
            at.not_negative("inventory", name, batch.state.trade.inventory[i]);
            at.not_negative("production", name, p.started[i]);
        }
    }

    fn audit_fleets(&self, at: &mut At<'_>, plan: &Plan, batch: &Batch) {
        let sales = plan.edges.sales.len();
        for (h, holding) in plan.edges.holdings.iter().enumerate() {
            let name = || {
                let (chip, buyer) =
                    (&plan.model.chips[holding.chip].id, &plan.model.buyers[holding.buyer].id);
                format!("chip.{chip} at buyer.{buyer}{}", if holding.grey { ", smuggled" } else { "" })
            };
            let bought = if h < sales {
                batch.outputs.trade.sold[h]
            } else {
                batch.outputs.diversion.delivered.get(h - sales).copied().unwrap_or(Lanes::ZERO)
            };
            let (owned, moved) = (&batch.state.fleet, &batch.outputs.fleet);
            let coming = owned.deploying[h].total();
            at.equal(
                "deployment",
                name,
                bought,
                moved.deployed[h] + coming - self.deploying[h],
                self.deploying[h],
            );
            let entered = self.entered[h] + moved.deployed[h];
            let failed = self.failed[h] + moved.failed[h];
            let retired = self.retired[h] + moved.retired[h];
            let accounted = owned.count[h] + owned.waiting[h] + failed + retired;
            at.equal("fleet", name, accounted, entered, entered);
            let all = owned.count[h] + owned.waiting[h] + coming;
            at.equal("owned", name, if moved.held[h] { moved.owned[h] } else { Lanes::ZERO }, all, all);
            at.not_negative("failures", name, moved.failed[h]);
            at.not_negative("chips taken out", name, moved.retired[h]);
            for x in [owned.count[h], owned.waiting[h]] {
                at.not_negative("fleet", name, x);
            }
            for x in [owned.age[h], owned.waiting_age[h]] {
                at.not_negative("age", name, x);
            }
        }
    }

    fn audit_diversion(&self, at: &mut At<'_>, plan: &Plan, batch: &Batch) {
        let (d, on_way) = (&batch.outputs.diversion, &batch.state.diversion);
        let chips = plan.model.chips.len();
        for (r, route) in plan.model.routes.iter().enumerate().filter(|(_, r)| r.good.is_none()) {
            let name = || format!("route.{}", route.id);
            let bought =
                (0..chips).fold(Lanes::ZERO, |sum, c| sum + batch.outputs.trade.attempted[r * chips + c]);
            let under_way = on_way.transit_by_route[r][ChipUnit::Chips].total();
            let passed = d.delivered_by_route[r][ChipUnit::Chips] + under_way - self.route_transit[r];
            at.equal("diversion", name, bought, d.seized[r] + passed, self.route_transit[r]);
            at.at_most("route capacity", name, d.attempted[r], d.routes.capacity[r]);
            at.not_negative("seizures", name, d.seized[r]);
        }
        // What buyers get is what routes deliver, and it costs no more than routes can carry in money.
        for (n, routes) in plan.edges.routes_to.iter().enumerate() {
            let worth = |c: usize| batch.outputs.price[c] * self.premium[n];
            let value = routes.iter().flat_map(|r| plan.edges.chips.iter().map(move |c| (r, c.index())));
            let value = value.fold(Lanes::ZERO, |sum, (r, c)| {
                sum + batch.outputs.trade.attempted[r.index() * chips + c] * worth(c)
            });
            let country = || format!("country.{}", plan.model.countries[n].id);
            at.at_most("routes' money", country, value, d.usd_to[n]);
            let by_route = routes
                .iter()
                .fold(Lanes::ZERO, |sum, r| sum + d.delivered_by_route[r.index()][ChipUnit::Chips]);
            let mut by_buyer = Lanes::ZERO;
            for (g, &s) in plan.edges.grey_options.iter().enumerate() {
                if plan.model.buyers[plan.edges.sales[s].buyer].country.index() == n {
                    by_buyer += d.delivered[g];
                }
            }
            let name = || format!("country.{}", plan.model.countries[n].id);
            at.equal("deliveries", name, by_route, by_buyer, by_route);
        }
        for (g, &s) in plan.edges.grey_options.iter().enumerate() {
            at.not_negative("in transit", || sale_name(plan, s), on_way.transit[g].total());
        }
    }

    fn audit_goods(&self, at: &mut At<'_>, plan: &Plan, batch: &Batch) {
        let p = &batch.outputs.production;
        for (f, facility) in plan.model.facilities.iter().enumerate() {
            let links = plan.supply.links.iter().enumerate().filter(|(_, l)| l.facility.index() == f);
            let used = links.fold(batch.outputs.stockpiles.taken[f], |sum, (l, _)| sum + p.used[l]);
            let name = || format!("facility.{}", facility.id);
            let c = &batch.outputs.capacity;
            at.at_most("output", name, used + c.others[f], c.works[f]);
            at.at_most("companion silicon", name, p.companions[f], used);
            at.at_most("other customers", name, c.others[f], c.works[f]);
            at.not_negative("other customers", name, c.others[f]);
            at.not_negative("unmet share", name, p.unmet[f]);
            at.at_most("unmet share", name, p.unmet[f], Lanes::ONE);
            if let Some(opens) = facility.opens {
                let open = at.t as f64 + 1.0 - plan.since_start(opens) - batch.inputs.value(facility.delay);
                let made = open.gt(Lanes::ZERO).select(Lanes::ZERO, c.works[f]);
                at.at_most("opening", name, made, Lanes::ZERO);
            }
            at.not_negative("capacity", name, batch.state.capacity.installed[f]);
        }
        for (s, stock) in plan.model.stockpiles.iter().enumerate() {
            let name = || format!("stockpile.{}", stock.id);
            let (q, held) = (&batch.outputs.stockpiles, batch.state.stockpiles.held[s]);
            let gained = q.bought[s] + q.delivered[s] + q.leaked[s];
            at.equal("private stock", name, held + q.drawn[s], self.stock[s] + gained, self.stock[s]);
            at.not_negative("private stock", name, held);
        }
        Self::audit_recipes(at, plan, batch);
    }

    /// What chips need is what designers used of facilities and stocks; needs differ between passes, so chips bound it from both sides.
    fn audit_recipes(at: &mut At<'_>, plan: &Plan, batch: &Batch) {
        let (p, need) = (&batch.outputs.production, &batch.state.production.need);
        for (d, designer) in plan.model.designers.iter().enumerate() {
            for (g, good) in plan.model.goods.iter().enumerate() {
                let wafers = good.kind == crate::model::GoodKind::Wafer;
                let several = plan.supply.links_of[d][g].len() > 1 || wafers;
                let used = Lanes::total(plan.supply.links_of[d][g].iter().map(|&l| p.used[l]));
                let mut drawn = Lanes::ZERO;
                for (s, stock) in plan.model.stockpiles.iter().enumerate() {
                    if stock.designer.index() == d && stock.good.index() == g {
                        drawn += batch.outputs.stockpiles.drawn[s]
                            * super::steps::stockpiles::unit(plan, need, stock);
                    }
                }
                let mut needed = Lanes::ZERO;
                for &c in &plan.supply.chips_of[d] {
                    if let Some(k) = plan.supply.goods_of[c].iter().position(|x| x.index() == g) {
                        needed += p.started[c.index()] * need[c.index()][k];
                    }
                }
                if !several {
                    let name = || format!("designer.{} for good.{}", designer.id, good.id);
                    // Without room of its own a designer plans by all lines' needs, and takes what is left at its own.
                    let room = plan.supply.links_of[d][g].iter().fold(Lanes::ONE, |_, &l| p.room[l]);
                    let needed = room.gt(Lanes::ZERO).select(needed, used + drawn);
                    // What is used is what is no longer left of the room: known to some digits of that, which may be far more.
                    at.equal("recipes", name, needed, used + drawn, needed.max(room * ROOM_DIGITS));
                }
            }
        }
    }

    fn audit_money(&self, at: &mut At<'_>, plan: &Plan, batch: &Batch) {
        let trade = &batch.outputs.trade;
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let name = || format!("buyer.{}", buyer.id);
            let had = (trade.budget[b] + self.cash[b]).max(0.0);
            at.at_most("money", name, trade.spent[b] - trade.spent_ahead[b] + trade.spent_grey[b], had);
            let mut paid = Lanes::ZERO;
            let mut fees = Lanes::ZERO;
            for s in plan.edges.of_buyer[b].clone() {
                let sale = &plan.edges.sales[s];
                let list = trade.sold[s] * batch.outputs.price[sale.chip.index()];
                let fee = batch.outputs.controls.fee[sale.chip_market];
                paid += list * (1.0 + fee);
                fees += list * fee;
            }
            at.equal("spending", name, trade.spent[b], paid, paid);
            at.equal("fees", name, trade.fees[b], fees, fees);
            for x in
                [trade.spent[b], trade.spent_ahead[b], trade.spent_grey[b], trade.fees[b], trade.money[b]]
            {
                at.not_negative("money", name, x);
            }
        }
    }

    /// Rent is paid for what is had, within the quarter's money and what is left of a lab's funds, and clouds rent out what they offer.
    fn audit_rent(&self, at: &mut At<'_>, plan: &Plan, batch: &Batch) {
        let (rented, hour) = (&batch.outputs.fleet.rented, batch.outputs.fleet.rent_price * HOURS);
        for (l, lab) in plan.model.labs.iter().enumerate() {
            let name = || format!("lab.{}", lab.id);
            let paid = Lanes::total(plan.usage.of_lab[l].clone().map(|i| rented[i] * hour));
            let now = |q| batch.inputs.at(q, at.t);
            let has = lab.rent_budget.map_or(Lanes::ZERO, now);
            let left = lab.funds.map(|q| (now(q) - self.rent[l]).max(0.0));
            at.at_most("rent", name, paid, left.map_or(has, |left| has.min(left)));
            let so_far = self.rent[l] + paid;
            at.equal("rent so far", name, batch.state.rental.paid[l], so_far, so_far);
            let training = &batch.outputs.training;
            at.at_most("chips for runs", name, training.free[l], training.accessible[l]);
            at.not_negative("chips for runs", name, training.free[l]);
        }
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let links = plan.usage.of_buyer[b].iter();
            let out = Lanes::total(links.map(|&i| rented[i]));
            let has = batch.outputs.fleet.working[b][sum::H100E];
            let offer = buyer.rents.map_or(Lanes::ZERO, |q| batch.inputs.at(q, at.t) * has);
            at.at_most("chips rented out", || format!("buyer.{}", buyer.id), out, offer);
        }
    }

    fn keep(&mut self, batch: &Batch) {
        for (rent, paid) in self.rent.iter_mut().zip(&batch.outputs.fleet.rent_paid) {
            *rent += *paid;
        }
        self.inventory.copy_from_slice(&batch.state.trade.inventory);
        for (kept, slots) in self.pipeline.iter_mut().zip(&batch.state.production.pipeline) {
            *kept = Lanes::total(slots.iter().copied());
        }
        self.premium.copy_from_slice(&batch.state.diversion.premium);
        for (h, entered) in self.entered.iter_mut().enumerate() {
            *entered += batch.outputs.fleet.deployed[h];
            self.failed[h] += batch.outputs.fleet.failed[h];
            self.retired[h] += batch.outputs.fleet.retired[h];
        }
        self.deploying = totals(&batch.state.fleet.deploying);
        self.transit = totals(&batch.state.diversion.transit);
        self.route_transit =
            batch.state.diversion.transit_by_route.iter().map(|t| t[ChipUnit::Chips].total()).collect();
        self.stock.copy_from_slice(&batch.state.stockpiles.held);
        for (s, kept) in self.stock_transit.iter_mut().enumerate() {
            *kept = batch.state.stockpiles.in_transit(s);
        }
        self.cash.copy_from_slice(&batch.state.trade.cash);
    }
}

/// Shares lie in \[0, 1\], and what is trained is a number.
fn audit_shares(at: &mut At<'_>, plan: &Plan, batch: &Batch) {
    for (s, &permitted) in batch.outputs.controls.permitted.iter().enumerate() {
        at.at_most("permission", || format!("case of edge {s}"), permitted, Lanes::ONE);
        at.not_negative("permission", || format!("case of edge {s}"), permitted);
    }
    for (n, country) in plan.model.countries.iter().enumerate() {
        let name = || format!("country.{}", country.id);
        at.at_most("power", name, load(plan, batch, n), power(plan, batch, at.t, n));
    }
    for (b, buyer) in plan.model.buyers.iter().enumerate() {
        let name = || format!("buyer.{}", buyer.id);
        at.at_most("power", name, batch.state.trade.power[b], Lanes::ONE);
        at.not_negative("power", name, batch.state.trade.power[b]);
        at.at_most("budget", name, batch.outputs.trade.budget[b], batch.outputs.trade.planned[b]);
        let used = Lanes::total(plan.usage.of_buyer[b].iter().map(|&l| batch.outputs.fleet.used[l]));
        at.at_most("use of chips", || format!("buyer.{}", buyer.id), used, Lanes::ONE);
    }
    for (l, lab) in plan.model.labs.iter().enumerate() {
        let t = &batch.outputs.training;
        for x in [t.reachable[l], t.run[l], t.effective[l], t.cost[l]] {
            at.not_negative("training", || format!("lab.{}", lab.id), x);
        }
    }
}

/// What the chips that are switched on in a country draw \[MW\].
fn load(plan: &Plan, batch: &Batch, n: usize) -> Lanes {
    let here = plan.edges.holdings.iter().enumerate().filter(|(_, h)| h.country.index() == n);
    let watts = here.fold(Lanes::ZERO, |sum, (h, holding)| {
        sum + batch.state.fleet.count[h] * batch.sheets.watts[holding.chip.index()]
    });
    watts * batch.inputs.value(plan.model.countries[n].overhead) / 1e6
}

/// The power that there is in a country: the lesser of halls and of grid and generation together, as far as they have come about \[MW\].
fn power(plan: &Plan, batch: &Batch, t: usize, n: usize) -> Lanes {
    let country = &plan.model.countries[n];
    let links = [
        (country.halls, country.halls_delay, country.halls_share),
        (country.grid, country.grid_delay, country.grid_share),
        (country.on_site, country.on_site_delay, country.on_site_share),
    ];
    let known = t.min(plan.known);
    let course = |q, quarter: f64, lane: usize| {
        let [low, high] = [quarter.floor(), quarter.ceil()].map(|t| batch.inputs.at(q, t as usize)[lane]);
        low + (high - low) * quarter.fract()
    };
    Lanes::from(std::array::from_fn(|lane| {
        let [halls, grid, own] = links.map(|(q, delay, share)| {
            let [delay, share] = [delay, share].map(|q| batch.inputs.value(q)[lane]);
            let late = (t as f64 - delay).max(0.5 * (t + known) as f64);
            q.map(|q| (1.0 - share) * course(q, known as f64, lane) + share * course(q, late, lane))
        });
        let now = |q: Option<f64>, plan: Option<crate::model::QuantityId>| match plan {
            Some(plan) if t <= known => Some(course(plan, t as f64, lane)),
            _ => q,
        };
        let [halls, grid, own] =
            [now(halls, country.halls), now(grid, country.grid), now(own, country.on_site)];
        let supply = if grid.is_none() && own.is_none() {
            f64::INFINITY
        } else {
            grid.unwrap_or(0.0) + own.unwrap_or(0.0)
        };
        let least = halls.unwrap_or(f64::INFINITY).min(supply);
        let shock = batch.outputs.shocks.of(Lever::Power)[n][lane];
        if least.is_finite() { least * shock } else { least }
    }))
}

fn sale_name(plan: &Plan, s: usize) -> String {
    let sale = &plan.edges.sales[s];
    let (chip, buyer) = (&plan.model.chips[sale.chip].id, &plan.model.buyers[sale.buyer].id);
    format!("chip.{chip} to buyer.{buyer}")
}

impl Observer for Ledger {
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &Batch) {
        if t == 0 && step == Step::Shocks {
            self.pipeline.fill(Lanes::ZERO);
            self.open(plan, batch);
        }
        if step == Step::Training {
            self.audit(t, plan, batch);
        }
    }
}
