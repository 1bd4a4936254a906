//! Sections 5 (as sales see it), 7, 8, 9 and 10: trade, diversion, fleets, training; and what is recorded.

use super::numbers::Numbers;
use super::rules::{Verdict, snap};
use super::shocks::on_chip;
use super::{World, fit, lagged, per};
use chokepoint::math::{exp, pow};
use chokepoint::model::{BuyerId, BuyerKind, ChipId, CountryId, Model, Nodes};
use std::collections::BTreeMap;

/// A stock of chips.
#[derive(Clone, Copy, Default)]
struct Holding {
    count: f64,
    age: f64,
    coming: [f64; 5],
}

/// (chip, buyer, smuggled).
type Place = (usize, usize, bool);

pub struct Demand {
    pub route_capacity: Vec<f64>,
    pub route_detection: Vec<f64>,
    networks: Vec<f64>,
    premium: Vec<f64>,
    inventory: Vec<f64>,
    cash: Vec<f64>,
    power: Vec<f64>,
    grey_orders: Vec<f64>,
    ordered: Vec<f64>,
    filled: Vec<f64>,
    coming_load: Vec<f64>,
    fleets: BTreeMap<Place, Holding>,
    transit: BTreeMap<(usize, usize), [f64; 5]>,
    now: BTreeMap<(usize, CountryId, CountryId), Verdict>,
    ahead: BTreeMap<(usize, CountryId, CountryId), Verdict>,
    cap_units: Vec<f64>,
    /// Sold under a cap to a country, with the calendar year.
    cap_tpp: BTreeMap<(usize, usize), Vec<(i32, f64)>>,
    /// Chips and TPP sold under a cap to a buyer in this calendar year.
    cap_buyers: BTreeMap<(usize, usize), (f64, f64)>,
    home: BTreeMap<(usize, usize), f64>,
    sold: BTreeMap<(usize, usize), f64>,
    attempted: BTreeMap<(usize, usize), f64>,
    wants: BTreeMap<(usize, usize), f64>,
    route_attempted: Vec<f64>,
    route_seized: Vec<f64>,
    delivered: BTreeMap<(usize, usize), f64>,
    working: Vec<[f64; 4]>,
    used: Vec<Vec<f64>>,
    operating: Vec<f64>,
    sums: Vec<[[f64; 4]; 2]>,
    made: Vec<Vec<f64>>,
}

impl Demand {
    pub fn new(m: &Model, n: &Numbers<'_>) -> Self {
        let mut fleets = BTreeMap::new();
        for (b, buyer) in m.buyers.iter().enumerate() {
            for (c, o) in &buyer.opening {
                let count = n.v(o.count);
                let holding = Holding { count, age: count * n.v(o.age), ..Holding::default() };
                fleets.insert((c.index(), b, false), holding);
            }
        }
        let (buyers, routes, countries) = (m.buyers.len(), m.routes.len(), m.countries.len());
        Self {
            route_capacity: vec![0.0; routes],
            route_detection: vec![0.0; routes],
            networks: m.routes.iter().map(|r| n.v(r.capacity)).collect(),
            premium: vec![n.v(m.diversion.premium); countries],
            inventory: vec![0.0; m.chips.len()],
            cash: vec![0.0; buyers],
            power: vec![1.0; countries],
            grey_orders: vec![0.0; m.chips.len()],
            ordered: vec![0.0; buyers],
            filled: vec![0.0; buyers],
            coming_load: vec![0.0; countries],
            fleets,
            transit: BTreeMap::new(),
            now: BTreeMap::new(),
            ahead: BTreeMap::new(),
            cap_units: vec![0.0; m.rules.len()],
            cap_tpp: BTreeMap::new(),
            cap_buyers: BTreeMap::new(),
            home: BTreeMap::new(),
            sold: BTreeMap::new(),
            attempted: BTreeMap::new(),
            wants: BTreeMap::new(),
            route_attempted: vec![0.0; routes],
            route_seized: vec![0.0; routes],
            delivered: BTreeMap::new(),
            working: vec![[0.0; 4]; buyers],
            used: vec![vec![0.0; buyers]; m.labs.len()],
            operating: vec![1.0; countries],
            sums: vec![[[0.0; 4]; 2]; m.labs.len()],
            made: vec![Vec::new(); m.labs.len()],
        }
    }
}

impl World<'_> {
    fn hq(&self, b: usize) -> CountryId {
        self.m.buyers[b].headquarters.unwrap_or(self.m.buyers[b].country)
    }
    fn class(&self, b: usize) -> (CountryId, CountryId) {
        (self.m.buyers[b].country, self.hq(b))
    }
    fn reseller_class(&self, r: usize) -> (CountryId, CountryId) {
        let route = &self.m.routes[r];
        route.reseller.map_or((route.via, route.via), |b| self.class(b.index()))
    }
    fn buys(&self, b: usize) -> bool {
        self.m.buyers[b].budget.is_some() && self.m.buyers[b].kind != BuyerKind::Reseller
    }
    fn buyers(&self) -> Vec<usize> {
        (0..self.m.buyers.len()).filter(|&b| self.buys(b)).collect()
    }
    fn chips(&self) -> Vec<usize> {
        let sold =
            |c: &chokepoint::model::Chip| c.price.is_some() && (c.launch.is_some() || c.variant_of.is_some());
        (0..self.m.chips.len()).filter(|&c| sold(&self.m.chips[c])).collect()
    }
    fn for_buyer(&self, c: usize, b: usize) -> bool {
        let to = &self.m.chips[c].sold_to;
        to.is_empty() || to.contains(&BuyerId(b as u32))
    }
    fn chip_routes(&self, n: usize) -> Vec<usize> {
        (0..self.m.routes.len())
            .filter(|&r| self.m.routes[r].to.index() == n && self.m.routes[r].good.is_none())
            .collect()
    }
    fn open_capacity(&self, n: usize) -> f64 {
        self.chip_routes(n).iter().map(|&r| self.demand.route_capacity[r]).sum()
    }
    fn price(&self, c: usize, t: usize) -> f64 {
        self.m.chips[c].price.map_or(1.0, |q| self.n.at(q, t))
    }
    fn watts(&self, c: usize) -> f64 {
        let chip = &self.m.chips[c];
        let tdp = self.n.opt(chip.tdp).map(|w| w * self.n.v(self.m.fleet.server_factor));
        self.n.opt(chip.it_power).or(tdp).unwrap_or(0.0)
    }
    /// Chips, H100e, 8-bit H100e, TPP.
    fn units(&self, c: usize) -> [f64; 4] {
        let chip = &self.m.chips[c];
        let bf16 = self.n.opt(chip.bf16_tflops).unwrap_or(0.0);
        let int8 = self.n.opt(chip.int8_tops).unwrap_or(bf16);
        let fp4 = self.n.opt(chip.fp4_tflops).unwrap_or(0.0);
        let tpp = self.n.opt(chip.tpp).unwrap_or((16.0 * bf16).max(8.0 * int8).max(4.0 * fp4));
        [1.0, bf16 / 989.5, int8 / 1979.0, tpp]
    }

    /// Outcomes for every chip and class, now and ahead.
    pub fn read_rules(&mut self) {
        let mut classes: Vec<(CountryId, CountryId)> = self.buyers().iter().map(|&b| self.class(b)).collect();
        classes.extend((0..self.m.routes.len()).map(|r| self.reseller_class(r)));
        classes.sort_unstable();
        classes.dedup();
        let (t, x) = (self.t as f64, (self.t + self.lead) as f64);
        for c in 0..self.m.chips.len() {
            for &(to, hq) in &classes {
                let edge = self.chip_edge(c, to, hq);
                let mut now = self.verdict(&edge, t, None);
                let sales = self.factor(|s| &s.sales, |e| on_chip(e, c, to.index())).min(1.0);
                now.permitted = snap(now.permitted * sales);
                now.fee += self.added_fee(c, to.index());
                let ahead = self.verdict(&edge, x, Some(t + 1.0));
                self.demand.now.insert((c, to, hq), now);
                self.demand.ahead.insert((c, to, hq), ahead);
            }
        }
    }

    pub fn launch_variants(&mut self) {
        let before = self.supply.launch.clone();
        let mut launches = before.clone();
        for c in self.chips() {
            let chip = &self.m.chips[c];
            let (None, Some(parent), Some(lag)) = (chip.launch, chip.variant_of, chip.variant_lag) else {
                continue;
            };
            let denied =
                self.demand.now.iter().any(|((p, _, _), v)| *p == parent.index() && v.permitted < 0.5);
            if before[c].is_infinite() && denied && self.ramp(parent.index(), self.t) > 0.0 {
                launches[c] = self.t as f64 + self.n.v(lag);
            }
        }
        self.supply.launch = launches;
    }

    /// Whether a chip is offered to a class.
    fn offered(&self, c: usize, class: (CountryId, CountryId), ahead: bool) -> bool {
        let Some(parent) = self.m.chips[c].variant_of else { return true };
        let book = if ahead { &self.demand.ahead } else { &self.demand.now };
        let cut = |to: CountryId, hq: CountryId| book[&(parent.index(), to, hq)].permitted < 1.0;
        let somewhere = self.buyers().iter().any(|&b| {
            let (to, hq) = self.class(b);
            cut(to, hq) && book[&(c, to, hq)].permitted > 0.0
        });
        cut(class.0, class.1) || !somewhere
    }

    pub fn open_routes(&mut self) {
        let made = self.t.saturating_sub(self.lead);
        let start = self.m.run.horizon.first;
        for (r, route) in self.m.routes.iter().enumerate() {
            let hit = |e: &chokepoint::model::Effect| matches!(&e.on, Nodes::Routes(l) if l.iter().any(|x| x.index() == r));
            let open = route.opens.map_or(1.0, |d| (self.t as f64 + 1.0 - d.since(start)).clamp(0.0, 1.0));
            self.demand.route_capacity[r] =
                self.demand.networks[r] * self.factor(|s| &s.route_capacity, hit) * open;
            let found =
                (self.n.at(route.detection, self.t) * self.factor(|s| &s.detection, hit)).clamp(0.0, 1.0);
            let verified =
                if route.good.is_some() { 0.0 } else { self.n.at(self.m.diversion.verification, made) };
            self.demand.route_detection[r] = 1.0 - (1.0 - found) * (1.0 - verified);
        }
    }

    fn effective(&self, c: usize, b: usize) -> f64 {
        let chip = &self.m.chips[c];
        let f = self.units(c)[1] * 989.5e12;
        let share = self.n.v(self.m.buyers[b].memory_bound.unwrap_or(self.m.trade.memory_bound));
        let fed = self
            .n
            .opt(chip.memory_bandwidth)
            .map_or(f, |bw| f.min(bw * 1e9 * self.n.v(self.m.trade.intensity)));
        1.0 / ((1.0 - share) / f + share / fed)
    }

    /// A buyer's options: legal x (0 where nothing is permitted), x were there permission, grey y;
    /// waiting for legal offers, and for any.
    fn options(&self, b: usize, ahead: bool) -> (Vec<(usize, f64, f64, f64)>, f64, f64) {
        let t = if ahead { self.t + self.lead } else { self.t };
        let book = if ahead { &self.demand.ahead } else { &self.demand.now };
        let theta = self.n.v(self.m.trade.elasticity);
        let class = self.class(b);
        let n = class.0.index();
        let mut all = Vec::new();
        let (mut best, mut best_grey) = (0.0_f64, 0.0_f64);
        for c in self.chips() {
            let rho = self.ramp(c, t);
            if !self.for_buyer(c, b) || rho <= 0.0 || !self.offered(c, class, ahead) {
                continue;
            }
            let v = &book[&(c, class.0, class.1)];
            let designer = self.m.chips[c].designer;
            let affinity = self.m.buyers[b].affinity.get(&designer).map_or(1.0, |q| self.n.at(*q, t));
            let (eff, price) = (self.effective(c, b), self.price(c, t));
            let running =
                self.n.v(self.m.trade.usd_per_watt) * self.watts(c) + self.n.v(self.m.trade.usd_per_chip);
            let asked = rho * pow(affinity * eff / (price * (1.0 + v.fee) + running), theta);
            let x = if v.permitted > 0.0 { asked } else { 0.0 };
            let stocked = ahead || self.demand.inventory[c] > 1e-6;
            let mut y = 0.0;
            if stocked && v.permitted < 1.0 && self.open_capacity(n) > 0.0 {
                let street = price * self.demand.premium[n] + running;
                let support = self.n.v(self.m.diversion.support);
                y = self.n.v(self.m.diversion.willing)
                    * (1.0 - v.permitted)
                    * rho
                    * pow(affinity * eff * support / street, theta);
            }
            best = best.max(x);
            best_grey = best_grey.max(y);
            all.push((c, x, asked, y));
        }
        let patience = pow(self.n.v(self.m.trade.wait), theta);
        (all, patience * best, patience * best.max(best_grey))
    }

    /// Chips that a buyer would have smuggled with some money.
    fn smuggled(&self, b: usize, ahead: bool, money: f64) -> Vec<(usize, f64)> {
        let (list, _, wait) = self.options(b, ahead);
        let total = list.iter().map(|o| o.1 + o.3).sum::<f64>() + wait;
        let t = if ahead { self.t + self.lead } else { self.t };
        let premium = self.demand.premium[self.class(b).0.index()];
        let chips = |&(c, _, _, y): &(usize, f64, f64, f64)| {
            (c, money * per(y, total) / (self.price(c, t) * premium))
        };
        list.iter().filter(|o| o.3 > 0.0).map(chips).collect()
    }

    /// Share of smuggled wants of a country's buyers that its routes can carry.
    fn reach(&self, n: usize, ahead: bool, money: &[f64]) -> f64 {
        let mut wanted = 0.0;
        for b in self.buyers().into_iter().filter(|&b| self.class(b).0.index() == n) {
            wanted += self.smuggled(b, ahead, money[b]).iter().map(|w| w.1).sum::<f64>();
        }
        fit(self.open_capacity(n), wanted)
    }

    /// What designers want to start.
    pub fn wants(&mut self) -> Vec<f64> {
        let mut expected = vec![0.0; self.m.chips.len()];
        let t = self.t + self.lead;
        let mut money = vec![0.0; self.m.buyers.len()];
        for b in self.buyers() {
            money[b] = self.n.at(self.m.buyers[b].budget.unwrap(), t)
                * self.n.v(self.m.trade.world_budget)
                * self.supply.over[b]
                * self.demand.power[self.class(b).0.index()];
        }
        let reach: Vec<f64> = (0..self.m.countries.len()).map(|k| self.reach(k, true, &money)).collect();
        for b in self.buyers() {
            let (options, wait, wait_any) = self.options(b, true);
            let legal = options.iter().map(|o| o.1).sum::<f64>() + wait;
            let grey: f64 = options.iter().map(|o| o.3).sum();
            let all = options.iter().map(|o| o.1 + o.3).sum::<f64>() + wait_any;
            let class = self.class(b);
            let free = money[b] * (1.0 - reach[class.0.index()] * per(grey, all));
            for (c, x, _, _) in options {
                let v = &self.demand.ahead[&(c, class.0, class.1)];
                expected[c] += free * v.permitted * per(x, legal) / (self.price(c, t) * (1.0 + v.fee));
            }
        }
        let mut wants = vec![0.0; self.m.chips.len()];
        for c in self.chips() {
            let e = if self.t == 0 { expected[c] } else { 0.5 * self.supply.expected[c] + 0.5 * expected[c] };
            self.supply.expected[c] = e;
            if self.ramp(c, t) > 0.0 {
                let glut = (self.demand.inventory[c] - 0.1 * e).max(0.0);
                wants[c] = (self.n.v(self.m.production.headroom) * e + self.demand.grey_orders[c]
                    - 0.5 * glut)
                    .max(0.0);
            }
        }
        wants
    }

    /// Three rounds of trade.
    pub fn trade(&mut self) {
        for (i, &a) in self.supply.arrived.clone().iter().enumerate() {
            self.demand.inventory[i] += a;
        }
        let opening = self.demand.inventory.clone();
        let world = self.n.v(self.m.trade.world_budget);
        let buyers = self.buyers();
        let n = self.m.buyers.len();
        let (mut budget, mut money) = (vec![0.0; n], vec![0.0; n]);
        for &b in &buyers {
            let hit = |e: &chokepoint::model::Effect| matches!(&e.on, Nodes::Buyers(l) if l.iter().any(|x| x.index() == b));
            budget[b] =
                self.n.at(self.m.buyers[b].budget.unwrap(), self.t) * world * self.factor(|s| &s.budget, hit);
            money[b] = (budget[b] + self.demand.cash[b]).max(0.0);
        }
        let had = money.clone();
        let options: Vec<(Vec<(usize, f64, f64, f64)>, f64, f64)> = (0..n)
            .map(|b| if self.buys(b) { self.options(b, false) } else { (Vec::new(), 0.0, 0.0) })
            .collect();
        let reach: Vec<f64> = (0..self.m.countries.len()).map(|k| self.reach(k, false, &money)).collect();
        let verdict = |w: &Self, c: usize, b: usize| w.demand.now[&(c, w.class(b).0, w.class(b).1)].clone();
        let full = |w: &Self, c: usize, b: usize| w.price(c, w.t) * (1.0 + verdict(w, c, b).fee);
        // Orders of the first round, the part brought forward, and wants of smuggled chips.
        let mut orders: BTreeMap<(usize, usize), (f64, f64)> = BTreeMap::new();
        let mut wants: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        let (mut totals, mut legal, mut free) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        for &b in &buyers {
            let (list, wait, wait_any) = &options[b];
            totals[b] = list.iter().map(|o| o.1 + o.3).sum::<f64>() + wait_any;
            legal[b] = list.iter().map(|o| o.1).sum::<f64>() + wait;
            let grey: f64 = list.iter().map(|o| o.3).sum();
            free[b] = money[b] * (1.0 - reach[self.class(b).0.index()] * per(grey, totals[b]));
            let forward: Vec<f64> = list
                .iter()
                .map(|&(c, x, _, _)| {
                    let v = verdict(self, c, b);
                    (v.rush - 1.0) * v.cut * budget[b] * per(x, legal[b])
                })
                .collect();
            let next = self.n.at(self.m.buyers[b].budget.unwrap(), self.t + 1) * world;
            let scale = fit(next, forward.iter().sum());
            for (&(c, x, _, _), f) in list.iter().zip(forward) {
                let v = verdict(self, c, b);
                let share = v.permitted / full(self, c, b);
                let rush = f * scale * share;
                orders.insert((c, b), (free[b] * per(x, legal[b]) * share + rush, rush));
            }
            for (c, want) in self.smuggled(b, false, money[b]) {
                wants.insert((c, b), want);
            }
        }
        // Power.
        for (k, country) in self.m.countries.iter().enumerate() {
            let mut wanted = 0.0;
            for (&(c, b), o) in &orders {
                if self.class(b).0.index() == k {
                    wanted += (o.0 + reach[k] * wants.get(&(c, b)).copied().unwrap_or(0.0)) * self.watts(c);
                }
            }
            wanted *= self.n.v(country.overhead) / 1e6;
            self.demand.power[k] = country.power.map_or(1.0, |q| {
                let hit = |e: &chokepoint::model::Effect| matches!(&e.on, Nodes::Countries(l) if l.iter().any(|x| x.index() == k));
                let has = self.n.at(q, self.t) * self.factor(|s| &s.power, hit);
                fit(self.n.v(self.m.trade.power_slack) * (has - self.demand_load(k)).max(0.0), wanted)
            });
        }
        for (&(_, b), o) in &mut orders {
            let p = self.demand.power[self.class(b).0.index()];
            *o = (o.0 * p, o.1 * p);
        }
        for (&(_, b), w) in &mut wants {
            *w *= self.demand.power[self.class(b).0.index()];
        }
        for &b in &buyers {
            money[b] *= self.demand.power[self.class(b).0.index()];
            free[b] *= self.demand.power[self.class(b).0.index()];
        }
        // Orders turned away.
        for &b in &buyers {
            let denied: f64 = options[b].0.iter().filter(|o| o.1 == 0.0).map(|o| o.2).sum();
            for &(c, _, asked, _) in &options[b].0 {
                let v = verdict(self, c, b);
                let refused =
                    money[b] * per(asked, totals[b] + denied) * (1.0 - v.permitted) / full(self, c, b);
                let name = format!("country.{}", self.m.countries[self.class(b).0.index()].id);
                self.note(&name, "denied_chips", refused);
                let all: f64 = v.refused.iter().map(|r| r.1).sum();
                for (rule, part) in &v.refused {
                    let name = format!("rule.{}", self.m.rules[*rule].id);
                    self.note(&name, "denied_chips", refused * per(*part, all));
                }
            }
        }
        // Resellers.
        let mut reseller: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        self.demand.grey_orders.fill(0.0);
        for k in 0..self.m.countries.len() {
            let capacity = self.open_capacity(k);
            for r in self.chip_routes(k) {
                for c in self.chips() {
                    let want: f64 = wants
                        .iter()
                        .filter(|((x, b), _)| *x == c && self.class(*b).0.index() == k)
                        .map(|w| w.1)
                        .sum();
                    let (to, hq) = self.reseller_class(r);
                    let permitted = self.demand.now[&(c, to, hq)].permitted;
                    let order = per(self.demand.route_capacity[r], capacity) * reach[k] * want * permitted;
                    reseller.insert((r, c), order);
                    self.demand.grey_orders[c] += order;
                }
            }
        }
        self.demand.sold.clear();
        self.demand.attempted.clear();
        let mut left = opening.clone();
        let mut spent = vec![0.0; n];
        let mut ahead = vec![0.0; n];
        let mut grey = vec![0.0; n];
        let first_quarter = (self.m.run.horizon.first.0 + self.t as i32).rem_euclid(4) == 0;
        if first_quarter {
            self.demand.cap_units.fill(0.0);
            self.demand.cap_buyers.clear();
        }
        let mut cap_sold: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        self.demand.ordered.fill(0.0);
        self.demand.filled.fill(0.0);
        for round in 0..3 {
            let stocked = |left: &[f64], c: usize| left[c] > opening[c] * 1e-9;
            let mut waits = vec![0.0; n];
            if round > 0 {
                orders.clear();
                for &b in &buyers {
                    let there = (options[b].0.iter()).filter(|o| {
                        stocked(&left, o.0) && o.1 > 0.0 && verdict(self, o.0, b).permitted >= 1.0
                    });
                    let sum: f64 = there.clone().map(|o| o.1).sum();
                    let best = there.clone().map(|o| o.1).fold(0.0, f64::max);
                    let wait = pow(self.n.v(self.m.trade.wait), self.n.v(self.m.trade.elasticity)) * best;
                    waits[b] = per(wait, sum + wait);
                    for o in there {
                        let order = money[b] * per(o.1, sum + wait) / full(self, o.0, b);
                        orders.insert((o.0, b), (order, 0.0));
                    }
                }
            } else {
                for &b in &buyers {
                    waits[b] = per(options[b].1, legal[b]);
                }
            }
            let mut demand = vec![0.0; left.len()];
            for (&(c, b), o) in &orders {
                demand[c] += o.0 * self.n.v(self.m.buyers[b].priority);
            }
            let precedence = |w: &Self, r: usize| {
                let own = w.m.routes[r].reseller.map_or(1.0, |b| w.n.v(w.m.buyers[b.index()].priority));
                own * w.n.v(w.m.diversion.priority)
            };
            if round == 0 {
                for (&(r, c), o) in &reseller {
                    demand[c] += o * precedence(self, r);
                }
            }
            let supply: Vec<f64> = left.iter().zip(&demand).map(|(l, d)| per(*l, *d)).collect();
            let mut fills: BTreeMap<(usize, usize), f64> = orders
                .iter()
                .map(|(&(c, b), o)| {
                    ((c, b), o.0 * (self.n.v(self.m.buyers[b].priority) * supply[c]).min(1.0))
                })
                .collect();
            if round == 0 {
                for (&(r, c), o) in &reseller {
                    let filled = o * (precedence(self, r) * supply[c]).min(1.0);
                    self.demand.attempted.insert((r, c), filled);
                    left[c] = (left[c] - filled).max(0.0);
                }
                for (&(c, b), f) in &fills {
                    self.demand.ordered[b] += orders[&(c, b)].0 * full(self, c, b);
                    self.demand.filled[b] += f * full(self, c, b);
                }
                for (&(c, b), w) in &wants {
                    let k = self.class(b).0.index();
                    let bought: f64 =
                        self.chip_routes(k).iter().map(|&r| self.demand.attempted[&(r, c)]).sum();
                    let all: f64 = wants
                        .iter()
                        .filter(|((x, o), _)| *x == c && self.class(*o).0.index() == k)
                        .map(|w| w.1)
                        .sum();
                    grey[b] += bought * per(*w, all) * self.price(c, self.t) * self.demand.premium[k];
                }
            }
            self.apply_caps(&mut fills, &mut cap_sold);
            let mut paid = vec![0.0; n];
            let mut lent = vec![0.0; n];
            for (&(c, b), f) in &fills {
                let cost = f * full(self, c, b);
                paid[b] += cost;
                lent[b] += cost * per(orders[&(c, b)].1, orders[&(c, b)].0);
                left[c] = (left[c] - f).max(0.0);
                *self.demand.sold.entry((c, b)).or_default() += f;
            }
            for &b in &buyers {
                spent[b] += paid[b];
                ahead[b] += lent[b];
                let street = if round == 0 { grey[b] } else { 0.0 };
                let choosing = if round == 0 { free[b] } else { money[b] };
                money[b] = (money[b] - choosing * waits[b] - (paid[b] - lent[b]) - street).max(0.0);
            }
        }
        self.demand.inventory = left;
        let carry = self.n.v(self.m.trade.carry);
        for &b in &buyers {
            let unspent = had[b] - (spent[b] - ahead[b]) - grey[b];
            self.demand.cash[b] = (carry * unspent).min(0.5 * budget[b]) - ahead[b];
            let name = format!("buyer.{}", self.m.buyers[b].id);
            self.note(&name, "spend_usd", spent[b]);
        }
        self.demand.wants = wants;
        self.demand.home.clear();
        for (&(c, b), s) in &self.demand.sold {
            *self.demand.home.entry((c, self.m.buyers[b].country.index())).or_default() += s;
        }
    }

    fn apply_caps(
        &mut self,
        fills: &mut BTreeMap<(usize, usize), f64>,
        cap_sold: &mut BTreeMap<(usize, usize), f64>,
    ) {
        let mut limit: BTreeMap<(usize, usize), f64> = fills.keys().map(|k| (*k, 1.0)).collect();
        for i in 0..self.m.rules.len() {
            let Some(cap) = self.m.rules[i].cap.clone() else { continue };
            let member = |k: &(usize, usize)| {
                self.demand.now[&(k.0, self.class(k.1).0, self.class(k.1).1)].governing.contains(&i)
            };
            let members: Vec<(usize, usize)> = fills.keys().copied().filter(|k| member(k)).collect();
            let mut shrink = |room: f64, of: &dyn Fn(&(usize, usize)) -> Option<f64>| {
                let total: f64 = members.iter().filter_map(|k| Some(of(k)? * fills[k])).sum();
                let factor = fit(room.max(0.0), total);
                for k in members.iter().filter(|k| of(k).is_some()) {
                    let l = limit.get_mut(k).unwrap();
                    *l = l.min(factor);
                }
            };
            if let Some(q) = cap.units {
                shrink(self.n.v(q) - self.demand.cap_units[i], &|_| Some(1.0));
            }
            for b in 0..self.m.buyers.len() {
                let used = self.demand.cap_buyers.get(&(i, b)).copied().unwrap_or_default();
                if let Some(q) = cap.units_per_buyer {
                    shrink(self.n.v(q) - used.0, &|e| (e.1 == b).then_some(1.0));
                }
                if let Some(q) = cap.tpp_per_buyer {
                    shrink(self.n.v(q) - used.1, &|e| (e.1 == b).then(|| self.units(e.0)[3]));
                }
            }
            if let Some(q) = cap.tpp_per_country {
                for k in 0..self.m.countries.len() {
                    let all = self.demand.cap_tpp.get(&(i, k)).cloned().unwrap_or_default();
                    let used: f64 = all.iter().filter(|s| self.one_period(i, s.0)).map(|s| s.1).sum();
                    let of =
                        |e: &(usize, usize)| (self.class(e.1).0.index() == k).then(|| self.units(e.0)[3]);
                    shrink(self.n.v(q) - used, &of);
                }
            }
            if let Some(q) = cap.home_share {
                for c in self.chips() {
                    let home =
                        self.demand.home.get(&(c, self.m.rules[i].issuer.index())).copied().unwrap_or(0.0);
                    let gone = cap_sold.get(&(i, c)).copied().unwrap_or(0.0);
                    shrink(self.n.v(q) * home - gone, &|e| (e.0 == c).then_some(1.0));
                }
            }
        }
        for (k, f) in fills.iter_mut() {
            *f *= limit[k];
        }
        for i in (0..self.m.rules.len()).filter(|&i| self.m.rules[i].cap.is_some()) {
            for (&(c, b), f) in fills.iter() {
                let (to, hq) = self.class(b);
                if self.demand.now[&(c, to, hq)].governing.contains(&i) {
                    self.demand.cap_units[i] += f;
                    let tpp = f * self.units(c)[3];
                    let mine = self.demand.cap_buyers.entry((i, b)).or_default();
                    *mine = (mine.0 + f, mine.1 + tpp);
                    let year = (self.m.run.horizon.first.0 + self.t as i32).div_euclid(4);
                    self.demand.cap_tpp.entry((i, to.index())).or_default().push((year, tpp));
                    *cap_sold.entry((i, c)).or_default() += f;
                }
            }
        }
    }

    /// Whether a year lies in the same period of a cap as this quarter.
    fn one_period(&self, rule: usize, year: i32) -> bool {
        let rule = &self.m.rules[rule];
        let Some(years) = rule.cap.as_ref().unwrap().years else { return true };
        let start = self.m.run.horizon.first;
        let first = rule.effective.map_or(start, |d| d.quarter()).0.div_euclid(4);
        let period = |year: i32| (year - first).div_euclid(years as i32);
        period(year) == period((start.0 + self.t as i32).div_euclid(4))
    }

    /// Facility power of everything deployed or on its way at the end of the last quarter [MW].
    fn demand_load(&self, k: usize) -> f64 {
        let here = self.demand.fleets.iter().filter(|((_, b, _), _)| self.m.buyers[*b].country.index() == k);
        let watts: f64 =
            here.map(|((c, _, _), h)| (h.count + h.coming.iter().sum::<f64>()) * self.watts(*c)).sum();
        watts * self.n.v(self.m.countries[k].overhead) / 1e6
    }

    /// Seizures and deliveries.
    pub fn divert(&mut self) {
        self.demand.delivered.clear();
        for r in 0..self.m.routes.len() {
            let bought: f64 = self.demand.attempted.iter().filter(|((x, _), _)| *x == r).map(|a| a.1).sum();
            let total = if self.m.routes[r].good.is_some() { self.supply.goods_attempted[r] } else { bought };
            self.demand.route_attempted[r] = total;
            self.demand.route_seized[r] = total * self.demand.route_detection[r];
        }
        let wants = self.demand.wants.clone();
        for (&(c, b), w) in &wants {
            let k = self.class(b).0.index();
            let all: f64 = wants
                .iter()
                .filter(|((x, o), _)| *x == c && self.class(*o).0.index() == k)
                .map(|w| w.1)
                .sum();
            for r in self.chip_routes(k) {
                let passed =
                    self.demand.attempted[&(r, c)] * per(*w, all) * (1.0 - self.demand.route_detection[r]);
                let ring = self.demand.transit.entry((c, b)).or_default();
                for (j, part) in lagged(self.n.v(self.m.routes[r].lag)).iter().enumerate() {
                    ring[j] += passed * part;
                }
            }
        }
        for (k, ring) in &mut self.demand.transit {
            self.demand.delivered.insert(*k, ring[0]);
            ring.rotate_left(1);
            ring[4] = 0.0;
        }
    }

    /// A quarter of failures and deployments, then operation and rental.
    pub fn age_fleets(&mut self) {
        let lag = lagged(self.n.v(self.m.fleet.lag));
        let mut bought: BTreeMap<Place, f64> = BTreeMap::new();
        for (&(c, b), s) in &self.demand.sold {
            bought.insert((c, b, false), *s);
        }
        for (&(c, b), s) in &self.demand.delivered {
            bought.insert((c, b, true), *s);
        }
        for (place, amount) in bought {
            let h = self.demand.fleets.entry(place).or_default();
            for (j, w) in lag.iter().enumerate() {
                h.coming[j] += amount * w;
            }
        }
        let (h0, h1) = (self.n.v(self.m.fleet.hazard), self.n.v(self.m.fleet.aging));
        let failure = self.n.v(self.m.diversion.failure);
        for (place, h) in &mut self.demand.fleets {
            let entering = h.coming[0];
            h.coming.rotate_left(1);
            h.coming[4] = 0.0;
            let age = per(h.age, h.count);
            let x = 0.25 * (h0 + h1 * (age + 0.125)) * if place.2 { failure } else { 1.0 };
            let left = h.count * ((1.0 - x / 2.0) / (1.0 + x / 2.0)).max(0.0);
            h.age = left * (age + 0.25) + entering * 0.125;
            h.count = left + entering;
        }
        for k in 0..self.m.countries.len() {
            let here =
                self.demand.fleets.iter().filter(|((_, b, _), _)| self.m.buyers[*b].country.index() == k);
            let watts: f64 = here.map(|((c, _, _), h)| h.count * self.watts(*c)).sum();
            let load = watts * self.n.v(self.m.countries[k].overhead) / 1e6;
            self.demand.operating[k] = self.m.countries[k].power.map_or(1.0, |q| {
                let hit = |e: &chokepoint::model::Effect| matches!(&e.on, Nodes::Countries(l) if l.iter().any(|x| x.index() == k));
                fit(self.n.at(q, self.t) * self.factor(|s| &s.power, hit), load)
            });
            let name = format!("country.{}", self.m.countries[k].id);
            self.note(&name, "power_mw", load * self.demand.operating[k]);
        }
        let t = &self.m.training;
        self.demand.working = vec![[0.0; 4]; self.m.buyers.len()];
        for (&(c, b, smuggled), h) in &self.demand.fleets {
            let working = h.count * self.demand.operating[self.m.buyers[b].country.index()];
            let q = self.n.opt(self.m.chips[c].interconnect).map_or(1.0, |ic| {
                pow(ic / self.n.v(t.reference_interconnect), self.n.v(t.interconnect_loss)).min(1.0)
            });
            let q = if smuggled { q * self.n.v(self.m.diversion.support) } else { q };
            let peak = working * self.units(c)[1] * 989.5e12;
            let sums = [working * self.units(c)[1], peak, peak * q, working];
            for (s, x) in self.demand.working[b].iter_mut().zip(sums) {
                *s += x;
            }
        }
        self.rent();
    }

    fn rent(&mut self) {
        let hours = 24.0 * 91.3125;
        let price = self.n.at(self.m.rental.price, self.t);
        let (labs, buyers) = (self.m.labs.len(), self.m.buyers.len());
        let mut rented = vec![vec![0.0; buyers]; labs];
        for (l, lab) in self.m.labs.iter().enumerate() {
            let total: f64 = lab.clouds.values().map(|q| self.n.v(*q)).sum();
            let money = lab.rent_budget.map_or(0.0, |q| self.n.at(q, self.t));
            for (b, q) in &lab.clouds {
                let b = b.index();
                let want = money / (price * hours) * per(self.n.v(*q), total);
                let edge = super::rules::Edge {
                    subject: chokepoint::model::Subject::RemoteAccess,
                    item: super::rules::Item::Nothing,
                    designer: None,
                    to: lab.country,
                    hq: lab.country,
                    from: [self.m.buyers[b].country, self.hq(b)],
                    issuer: None,
                };
                let v = self.verdict(&edge, self.t as f64, None);
                let above = self.floor_of(&edge);
                rented[l][b] = want.min(above) + v.permitted * (want - above).max(0.0);
            }
        }
        for b in 0..buyers {
            let h = self.demand.working[b][0];
            let offer = self.m.buyers[b].rents.map_or(0.0, |q| self.n.at(q, self.t)) * h;
            let scale = fit(offer, rented.iter().map(|r| r[b]).sum());
            let own = |l: usize| self.m.labs[l].buyers.get(&BuyerId(b as u32)).map_or(0.0, |q| self.n.v(*q));
            let parts: Vec<f64> = (0..labs).map(|l| own(l) + per(rented[l][b] * scale, h)).collect();
            let sum: f64 = parts.iter().sum();
            let norm = if sum > 1.0 { 1.0 / sum } else { 1.0 };
            for l in 0..labs {
                rented[l][b] *= scale * norm;
                self.demand.used[l][b] = parts[l] * norm;
            }
        }
        for l in 0..labs {
            let name = format!("lab.{}", self.m.labs[l].id);
            let total: f64 = rented[l].iter().sum();
            self.note(&name, "rented_h100e", total);
        }
    }

    /// Size from which the first covering rule that gives one counts.
    fn floor_of(&self, edge: &super::rules::Edge) -> f64 {
        let rules = self.m.rules.iter().filter(|r| {
            let member = |n: CountryId| {
                let to = &r.to;
                let inside = to.countries.contains(&n)
                    || to.groups.iter().any(|g| self.m.groups[g.index()].members.contains(&n));
                inside && !to.except.contains(&n)
            };
            let reaches = (r.to.delivered && member(edge.to)) || (r.to.headquarters && member(edge.hq));
            r.subject == edge.subject
                && r.designers.is_empty()
                && r.any.is_empty()
                && r.all.is_empty()
                && reaches
                && !edge.from.contains(&edge.to)
        });
        rules.filter_map(|r| r.above).map(|q| self.n.v(q)).next().unwrap_or(0.0)
    }

    pub fn train(&mut self) {
        let t = &self.m.training;
        for l in 0..self.m.labs.len() {
            let mut sums = [0.0; 4];
            for b in 0..self.m.buyers.len() {
                for (s, x) in sums.iter_mut().zip(self.demand.working[b]) {
                    *s += self.demand.used[l][b] * x;
                }
            }
            self.demand.sums[l][0] = if self.t == 0 { sums } else { self.demand.sums[l][1] };
            self.demand.sums[l][1] = sums;
        }
        let mut parts = Vec::new();
        for (l, lab) in self.m.labs.iter().enumerate() {
            let share = self.n.v(lab.max_share.unwrap_or(t.max_share));
            let days = self.n.v(lab.longest_run);
            let money = lab.financeable.map(|q| self.n.at(q, self.t));
            let (could, cost) = self.run(l, share, days, money);
            let usual = self.n.v(lab.usual_run.unwrap_or(t.usual_run));
            let phi = (self.n.v(t.run_share) * self.n.v(lab.run_share_factor)).min(1.0);
            let budget = lab.training_budget.map(|q| self.n.at(q, self.t));
            let made = self.run(l, phi, usual, budget).0;
            let mid = self.mid(l, days);
            let useful = mid[2] * self.base(l);
            parts.push((could, share * useful * days * 86_400.0, share * mid[3], mid[1], useful, money));
            self.demand.made[l].push(made);
            let lag = (self.n.v(t.disclosure_lag) + 0.5).floor() as usize;
            let known = if self.t >= lag { &self.demand.made[l][..=self.t - lag] } else { &[][..] };
            let best = known.iter().copied().fold(self.n.v(lab.opening_run), f64::max);
            let name = format!("lab.{}", lab.id);
            let h = self.demand.sums[l][1][0];
            let (tokens, effective) = self.effective_compute(could);
            self.note(&name, "reachable_flop", could);
            self.note(&name, "run_flop", best);
            self.note(&name, "run_cost_usd", cost);
            self.note(&name, "accessible_h100e", h);
            self.note(&name, "effective_flop", effective);
            self.note(&name, "optimal_tokens", tokens);
        }
        for (k, country) in self.m.countries.iter().enumerate() {
            let own: Vec<_> =
                (0..parts.len()).filter(|&l| self.m.labs[l].country.index() == k).map(|l| parts[l]).collect();
            if !own.is_empty() {
                let pooled = self.pooled(&own);
                self.note(&format!("country.{}", country.id), "pooled_flop", pooled);
            }
        }
    }

    fn base(&self, l: usize) -> f64 {
        (self.n.v(self.m.labs[l].mfu) * self.n.v(self.m.training.mfu_factor)).min(1.0)
    }

    fn mid(&self, l: usize, days: f64) -> [f64; 4] {
        let w = (days / 2.0 / 91.3125).min(1.0);
        let [before, now] = self.demand.sums[l];
        std::array::from_fn(|i| (1.0 - w) * now[i] + w * before[i])
    }

    /// Size of a run and its cost.
    fn run(&self, l: usize, share: f64, days: f64, money: Option<f64>) -> (f64, f64) {
        let t = &self.m.training;
        let mid = self.mid(l, days);
        if mid[1] <= 0.0 {
            return (0.0, 0.0);
        }
        let size = share * mid[3] / self.n.v(t.reference_chips);
        let mfu = self.base(l) * pow(size.max(1.0), -self.n.v(t.scale_loss)) * mid[2] / mid[1];
        let cost = per(self.n.at(self.m.rental.price, self.t), 989.5e12 * 3600.0 * mfu);
        let by_chips = share * mid[1] * mfu * days * 86_400.0;
        let flop = money.map_or(by_chips, |m| by_chips.min(per(m, cost)));
        (flop, flop * cost)
    }

    fn effective_compute(&self, flop: f64) -> (f64, f64) {
        let s = &self.m.science;
        let (a, b) = (self.n.v(s.scaling_alpha), self.n.v(s.scaling_beta));
        let g = pow(a * self.n.v(s.scaling_a) / (b * self.n.v(s.scaling_b)), 1.0 / (a + b));
        let tokens = pow(flop / 6.0, a / (a + b)) / g;
        let fed = fit(self.n.at(s.data_stock, self.t), tokens);
        let growth = pow(self.n.v(s.algorithms), self.t as f64 / 4.0);
        (tokens, flop * growth * pow(fed, self.n.v(s.data_returns)))
    }

    #[allow(clippy::type_complexity)] // the parts of a pooled run, in the order of their making
    fn pooled(&self, labs: &[(f64, f64, f64, f64, f64, Option<f64>)]) -> f64 {
        let t = &self.m.training;
        let sum =
            |f: &dyn Fn(&(f64, f64, f64, f64, f64, Option<f64>)) -> f64| labs.iter().map(f).sum::<f64>();
        let k = pow((sum(&|p| p.2) / self.n.v(t.reference_chips)).max(1.0), -self.n.v(t.scale_loss));
        let coordination = self.n.v(t.coordination);
        let mut flop = coordination * sum(&|p| p.1) * k;
        if labs.iter().all(|p| p.5.is_some()) {
            let mfu = coordination * k * per(sum(&|p| p.4), sum(&|p| p.3));
            let cost = per(self.n.at(self.m.rental.price, self.t), 989.5e12 * 3600.0 * mfu);
            flop = flop.min(per(sum(&|p| p.5.unwrap_or(0.0)), cost));
        }
        labs.iter().fold(flop, |best, p| best.max(p.0))
    }

    /// Records, and state for the next quarter.
    pub fn close_quarter(&mut self) {
        self.record();
        for (r, route) in self.m.routes.iter().enumerate() {
            let start = self.m.run.horizon.first;
            if route.opens.is_some_and(|d| d.since(start) >= self.t as f64 + 1.0) {
                continue;
            }
            let ceiling = self.n.v(route.ceiling.unwrap_or(route.capacity));
            let use_ = per(self.demand.route_attempted[r], self.demand.route_capacity[r]);
            let growth = self.n.v(route.growth) * use_ * (1.0 - per(self.demand.networks[r], ceiling));
            let loss =
                self.n.v(route.rollup) * per(self.demand.route_seized[r], self.demand.route_attempted[r]);
            self.demand.networks[r] *= exp(growth - loss);
        }
        let (p0, top) = (self.n.v(self.m.diversion.premium), self.n.v(self.m.diversion.premium_max));
        for k in 0..self.m.countries.len() {
            let routes = self.chip_routes(k);
            if routes.is_empty() {
                continue;
            }
            let wanted: f64 = self
                .demand
                .wants
                .iter()
                .filter(|((_, b), _)| self.class(*b).0.index() == k)
                .map(|w| w.1)
                .sum();
            let got: f64 = routes.iter().map(|&r| self.demand.route_attempted[r]).sum();
            if wanted > 0.0 {
                let price = 1.0 + (p0 - 1.0) * pow(per(wanted, got), 0.25);
                self.demand.premium[k] = if got > 0.0 { price.max(1.0).min(top) } else { top };
            }
            let (premium, name) = (self.demand.premium[k], format!("country.{}", self.m.countries[k].id));
            self.note(&name, "premium", premium);
        }
        self.grow();
        let most = self.n.v(self.m.trade.over_order);
        for b in 0..self.m.buyers.len() {
            let (o, f) = (self.demand.ordered[b], self.demand.filled[b]);
            let ratio = if o <= 0.0 {
                1.0
            } else if f <= 0.0 {
                most
            } else {
                (o / f).clamp(1.0, most)
            };
            self.supply.over[b] = 0.5 * self.supply.over[b] + 0.5 * ratio;
        }
        for k in 0..self.m.countries.len() {
            let routes = self.chip_routes(k);
            let (a, s): (f64, f64) = routes.iter().fold((0.0, 0.0), |(a, s), &r| {
                (a + self.demand.route_attempted[r], s + self.demand.route_seized[r])
            });
            let here = |b: usize| self.m.buyers[b].country.index() == k;
            let o: f64 = (0..self.m.buyers.len()).filter(|&b| here(b)).map(|b| self.demand.ordered[b]).sum();
            let f: f64 = (0..self.m.buyers.len()).filter(|&b| here(b)).map(|b| self.demand.filled[b]).sum();
            let bought: f64 = self.demand.sold.iter().filter(|((_, b), _)| here(*b)).map(|x| x.1).sum();
            let got: f64 = self.demand.delivered.iter().filter(|((_, b), _)| here(*b)).map(|x| x.1).sum();
            let unmet = if o > 0.0 { (1.0 - per(f, o)).max(0.0) } else { 0.0 };
            self.shocks.gauges[k] = [per(s, a), unmet, per(got, bought)];
        }
    }

    fn record(&mut self) {
        for (&(c, b), s) in &self.demand.sold.clone() {
            let units = self.units(c);
            let country = format!("country.{}", self.m.countries[self.class(b).0.index()].id);
            let chip = format!("chip.{}", self.m.chips[c].id);
            self.note(&country, "bought_chips", *s);
            self.note(&country, "bought_h100e", s * units[1]);
            self.note(&format!("buyer.{}", self.m.buyers[b].id), "bought_h100e_8bit", s * units[2]);
            self.note(&chip, "shipped_chips", *s);
            if !self.m.chips[c].family.is_empty() {
                self.note(&format!("family.{}", self.m.chips[c].family), "shipped_chips", *s);
            }
            self.note(&chip, "revenue_usd", s * self.price(c, self.t));
        }
        for (&(_, c), a) in &self.demand.attempted.clone() {
            let chip = format!("chip.{}", self.m.chips[c].id);
            self.note(&chip, "shipped_chips", *a);
            if !self.m.chips[c].family.is_empty() {
                self.note(&format!("family.{}", self.m.chips[c].family), "shipped_chips", *a);
            }
            self.note(&chip, "revenue_usd", a * self.price(c, self.t));
        }
        for (&(c, b, _), h) in &self.demand.fleets.clone() {
            let owned = h.count + h.coming.iter().sum::<f64>();
            self.note(&format!("buyer.{}", self.m.buyers[b].id), "fleet_h100e", owned * self.units(c)[1]);
            self.note("world", "fleet_tpp", owned * self.units(c)[3]);
        }
        for (&(c, b), d) in &self.demand.delivered.clone() {
            let country = format!("country.{}", self.m.countries[self.class(b).0.index()].id);
            self.note(&country, "smuggled_chips", *d);
            self.note(&country, "smuggled_h100e", d * self.units(c)[1]);
        }
        for r in 0..self.m.routes.len() {
            if self.m.routes[r].good.is_none() {
                let seized = self.demand.route_seized[r];
                self.note(&format!("route.{}", self.m.routes[r].id), "seized_chips", seized);
            }
        }
        for f in 0..self.m.facilities.len() {
            let (name, used, has) = (
                format!("facility.{}", self.m.facilities[f].id),
                self.supply.used[f],
                self.supply.available[f],
            );
            self.note(&name, "capacity", has);
            self.note(&name, "output", used);
        }
        for c in self.chips() {
            let made = self.supply.started[c];
            self.note(&format!("chip.{}", self.m.chips[c].id), "produced_chips", made);
        }
        let _ = ChipId(0);
    }
}
