//! Sections 4 and 6: capacity, stockpiles, production.

use super::numbers::Numbers;
use super::rules::{Edge, Item, Verdict};
use super::{World, fit, lagged, per};
use chokepoint::math::{exp, pow};
use chokepoint::model::{Amount, FacilityId, GoodKind, Model, Nodes, Subject};
use std::collections::BTreeMap;

pub struct Supply {
    pub installed: Vec<f64>,
    pub available: Vec<f64>,
    pub launch: Vec<f64>,
    pub expected: Vec<f64>,
    pub started: Vec<f64>,
    pub arrived: Vec<f64>,
    pipeline: Vec<Vec<f64>>,
    pub over: Vec<f64>,
    pub held: Vec<f64>,
    stock_transit: Vec<[f64; 5]>,
    pub goods_attempted: Vec<f64>,
    /// Output used at each facility.
    pub used: Vec<f64>,
    /// What bound each chip.
    pub bound: Vec<Option<String>>,
}

impl Supply {
    pub fn new(m: &Model, n: &Numbers<'_>) -> Self {
        let start = m.run.horizon.first;
        let launch = m.chips.iter().map(|c| match c.launch {
            Some(d) if c.price.is_some() => d.since(start) + n.v(c.delay),
            _ => f64::INFINITY,
        });
        let chips = m.chips.len();
        Self {
            installed: m.facilities.iter().map(|f| n.at(f.capacity, 0)).collect(),
            available: vec![0.0; m.facilities.len()],
            launch: launch.collect(),
            expected: vec![0.0; chips],
            started: vec![0.0; chips],
            arrived: vec![0.0; chips],
            pipeline: vec![Vec::new(); chips],
            over: vec![1.0; m.buyers.len()],
            held: m.stockpiles.iter().map(|s| n.v(s.opening)).collect(),
            stock_transit: vec![[0.0; 5]; m.stockpiles.len()],
            goods_attempted: vec![0.0; m.routes.len()],
            used: vec![0.0; m.facilities.len()],
            bound: vec![None; chips],
        }
    }
}

impl World<'_> {
    /// A chip's ramp in quarter t.
    pub fn ramp(&self, c: usize, t: usize) -> f64 {
        let next = self.m.chips[c].successor.map_or(0.0, |s| self.own_ramp(s.index(), t));
        self.own_ramp(c, t) * (1.0 - self.n.v(self.m.production.wind_down) * next)
    }

    fn own_ramp(&self, c: usize, t: usize) -> f64 {
        let chip = &self.m.chips[c];
        if chip.price.is_none() {
            return 0.0;
        }
        let k = t as f64 - self.supply.launch[c];
        let mut on = (1.0 + k).clamp(0.0, 1.0);
        if let Some(end) = chip.end {
            on *= (end.since(self.m.run.horizon.first) - t as f64).clamp(0.0, 1.0);
        }
        let m = if k >= 0.0 { k + 0.5 } else { (0.5 + k / 2.0).max(0.0) };
        on * pow((m / self.n.v(chip.ramp)).min(1.0), 1.2)
    }

    fn supplier_edge(&self, subject: Subject, item: Item, d: usize, f: usize) -> Edge {
        let home = self.m.designers[d].country;
        let from = self.m.facilities[f].country;
        let designer = Some(chokepoint::model::DesignerId(d as u32));
        Edge { subject, item, designer, to: home, hq: home, from: [from, from], issuer: None }
    }

    pub fn goods_verdict(&self, d: usize, f: usize) -> Verdict {
        let good = self.m.facilities[f].good;
        self.verdict(&self.supplier_edge(Subject::Goods, Item::Good(good), d, f), self.t as f64, None)
    }

    /// Permission of a designer at a facility.
    fn granted(&self, d: usize, f: usize) -> f64 {
        let good = self.m.facilities[f].good;
        let designer = chokepoint::model::DesignerId(d as u32);
        let made = matches!(self.m.goods[good.index()].kind, GoodKind::Wafer | GoodKind::Packaging);
        let foundry = if made {
            self.verdict(
                &self.supplier_edge(Subject::Foundry, Item::Foundry(good, designer), d, f),
                self.t as f64,
                None,
            )
            .permitted
        } else {
            1.0
        };
        foundry * self.goods_verdict(d, f).permitted
    }

    /// Need of a chip for a good at a facility.
    fn need_at(&self, c: usize, g: usize, f: usize) -> f64 {
        let facility = &self.m.facilities[f];
        let area = self.n.opt(self.m.chips[c].die_area).unwrap_or(1.0);
        let x = area * facility.defect_density.map_or(0.0, |q| self.n.at(q, self.t));
        let root = if x > 1e-9 { (1.0 - exp(-x)) / x } else { 1.0 - x / 2.0 };
        let amount = self.amount(c, g, root * root * self.n.v(facility.parametric_yield));
        amount / self.n.at(facility.line_yield, self.t)
    }

    /// Amount of a good in a chip, with a share of its dies sound.
    fn amount(&self, c: usize, g: usize, sound: f64) -> f64 {
        let chip = &self.m.chips[c];
        match chip.recipe[&chokepoint::model::GoodId(g as u32)] {
            Amount::Units(q) => self.n.v(q),
            Amount::Memory => self.n.opt(chip.memory).unwrap_or(0.0),
            Amount::Dies => {
                let area = self.n.opt(chip.die_area).unwrap_or(1.0);
                let pi = std::f64::consts::PI;
                let gross = pi * 150.0 * 150.0 / area - 300.0 * pi / (2.0 * area).sqrt();
                chip.dies / (gross * sound * self.n.v(self.m.production.harvest))
            }
        }
    }

    /// Harmonic mean of needs over facilities, by weights; none if the weights sum to nothing.
    fn mean_need(&self, c: usize, g: usize, weight: impl Fn(usize) -> f64) -> Option<f64> {
        let (mut total, mut made) = (0.0, 0.0);
        for f in self.makers(g) {
            total += weight(f);
            made += weight(f) / self.need_at(c, g, f);
        }
        (total > 0.0).then(|| total / made)
    }

    fn makers(&self, g: usize) -> Vec<usize> {
        (0..self.m.facilities.len()).filter(|&f| self.m.facilities[f].good.index() == g).collect()
    }

    fn serves(&self, d: usize, f: usize) -> bool {
        let serves = &self.m.facilities[f].serves;
        serves.is_empty() || serves.iter().any(|x| x.index() == d)
    }

    pub fn made_by(&self, d: usize) -> Vec<usize> {
        let sold =
            |c: &chokepoint::model::Chip| c.price.is_some() && (c.launch.is_some() || c.variant_of.is_some());
        (0..self.m.chips.len())
            .filter(|&c| self.m.chips[c].designer.index() == d && sold(&self.m.chips[c]))
            .collect()
    }

    /// Capacity and launches of the quarter.
    pub fn open_quarter(&mut self) {
        for f in 0..self.m.facilities.len() {
            let hit = |e: &chokepoint::model::Effect| matches!(&e.on, Nodes::Facilities(l) if l.iter().any(|x| x.index() == f));
            let a = self.factor(|s| &s.capacity, hit).min(1.0);
            self.supply.available[f] = self.supply.installed[f] * a;
        }
        self.read_rules();
        self.launch_variants();
        self.open_routes();
    }

    /// Installed capacity of the next quarter.
    pub fn grow(&mut self) {
        for f in 0..self.m.facilities.len() {
            let facility = &self.m.facilities[f];
            let (mut access, mut wear) = (1.0, 0.0);
            for k in 0..self.m.tools.len() {
                let tool = chokepoint::model::ToolId(k as u32);
                let rest = 1.0
                    - self.m.tools[k].substitute.get(&facility.country).map_or(0.0, |s| {
                        let x = self.t as f64 - self.n.v(s.midpoint);
                        self.n.v(s.ceiling) / (1.0 + exp(-self.n.v(s.steepness) * x))
                    });
                if let Some(&q) = facility.dependence.get(&tool) {
                    access *= 1.0 - self.n.v(q) * self.denied(k, f, Subject::Tools) * rest;
                }
                if let Some(&q) = facility.servicing.get(&tool) {
                    wear += self.n.v(q) * self.denied(k, f, Subject::Servicing) * rest;
                }
            }
            let (now, next) =
                (self.n.at(facility.capacity, self.t), self.n.at(facility.capacity, self.t + 1));
            let change = next - now;
            let i = self.supply.installed[f];
            let shrink = change.min(0.0) * per(i, now).min(1.0);
            self.supply.installed[f] =
                (i * (1.0 - wear.min(1.0)) + change.max(0.0) * access + shrink).max(0.0);
        }
    }

    fn denied(&self, k: usize, f: usize, subject: Subject) -> f64 {
        let facility = &self.m.facilities[f];
        let tool = chokepoint::model::ToolId(k as u32);
        let (mut refused, mut total) = (0.0, 0.0);
        for (&j, &q) in &self.m.tools[k].suppliers {
            let item = Item::Tool(tool, facility.good);
            let edge = Edge {
                subject,
                item,
                designer: None,
                to: facility.country,
                hq: facility.country,
                from: [j, j],
                issuer: Some(j),
            };
            total += self.n.v(q);
            refused += self.n.v(q) * (1.0 - self.verdict(&edge, self.t as f64, None).permitted);
        }
        let hit = |e: &chokepoint::model::Effect| {
            let named = matches!(&e.on, Nodes::Tools(l) if l.contains(&tool));
            named && (e.to.is_empty() || e.to.contains(&facility.country))
        };
        let factor = if subject == Subject::Tools {
            self.factor(|s| &s.tools, hit)
        } else {
            self.factor(|s| &s.service, hit)
        };
        1.0 - (1.0 - refused / total.max(1.0)) * factor.min(1.0)
    }

    /// Purchases, smuggling and leaks of private stocks; gives what is taken from each facility.
    fn fill_stocks(&mut self) -> Vec<f64> {
        let n = self.m.stockpiles.len();
        let mut legal = vec![0.0; n];
        let mut grey = vec![0.0; n];
        for (s, stock) in self.m.stockpiles.iter().enumerate() {
            let Some(rate) = stock.rate else { continue };
            let rate = self.n.at(rate, self.t);
            if stock.from.is_empty() {
                legal[s] = rate;
                continue;
            }
            let total: f64 = stock.from.iter().map(|f| self.supply.available[f.index()]).sum();
            let (mut p, mut cut) = (0.0, 0.0);
            for f in &stock.from {
                let v = self.goods_verdict(stock.designer.index(), f.index());
                let w = per(self.supply.available[f.index()], total);
                p += w * v.permitted;
                cut += w * v.cut;
            }
            let want = rate * (1.0 + (self.n.v(stock.burst) - 1.0) * cut.min(1.0));
            legal[s] = p * want;
            grey[s] = (1.0 - p) * want;
        }
        let home = |s: usize| self.m.designers[self.m.stockpiles[s].designer.index()].country;
        let routes = |s: usize| -> Vec<usize> {
            let good = self.m.stockpiles[s].good;
            (0..self.m.routes.len())
                .filter(|&r| self.m.routes[r].good == Some(good) && self.m.routes[r].to == home(s))
                .collect()
        };
        let asked = grey.clone();
        for s in 0..n {
            let alike = (0..n)
                .filter(|&r| self.m.stockpiles[r].good == self.m.stockpiles[s].good && home(r) == home(s));
            let wanted: f64 = alike.map(|r| asked[r]).sum();
            let capacity: f64 = routes(s).iter().map(|&r| self.demand.route_capacity[r]).sum();
            grey[s] *= fit(capacity, wanted);
        }
        let mut taken = vec![0.0; self.m.facilities.len()];
        for (s, stock) in self.m.stockpiles.iter().enumerate() {
            let total: f64 = stock.from.iter().map(|f| self.supply.available[f.index()]).sum();
            for f in &stock.from {
                taken[f.index()] += (legal[s] + grey[s]) * per(self.supply.available[f.index()], total);
            }
        }
        let scale: Vec<f64> = taken.iter().zip(&self.supply.available).map(|(t, a)| fit(*a, *t)).collect();
        self.supply.goods_attempted.fill(0.0);
        for (s, stock) in self.m.stockpiles.iter().enumerate() {
            let total: f64 = stock.from.iter().map(|f| self.supply.available[f.index()]).sum();
            let fed = if stock.from.is_empty() {
                1.0
            } else {
                stock
                    .from
                    .iter()
                    .map(|f| per(self.supply.available[f.index()], total) * scale[f.index()])
                    .sum()
            };
            let capacity: f64 = routes(s).iter().map(|&r| self.demand.route_capacity[r]).sum();
            for r in routes(s) {
                let attempted = grey[s] * fed * per(self.demand.route_capacity[r], capacity);
                self.supply.goods_attempted[r] += attempted;
                let passed = attempted * (1.0 - self.demand.route_detection[r]);
                for (j, w) in lagged(self.n.v(self.m.routes[r].lag)).iter().enumerate() {
                    self.supply.stock_transit[s][j] += passed * w;
                }
            }
            let delivered = self.supply.stock_transit[s][0];
            self.supply.stock_transit[s].rotate_left(1);
            self.supply.stock_transit[s][4] = 0.0;
            self.supply.held[s] += legal[s] * fed + delivered + self.leaked(s);
        }
        taken.iter().zip(scale).map(|(t, s)| t * s).collect()
    }

    /// Production of the quarter.
    pub fn produce(&mut self) {
        let wants = self.wants();
        let taken = self.fill_stocks();
        let facilities = self.m.facilities.len();
        let mut left: Vec<f64> =
            (0..facilities).map(|f| (self.supply.available[f] - taken[f]).max(0.0)).collect();
        let output = left.clone();
        self.supply.used = taken;
        let mut claimed = vec![0.0; facilities];
        for d in &self.m.designers {
            for (f, q) in &d.claims {
                claimed[f.index()] += self.n.at(*q, self.t);
            }
        }
        let mut needs: Vec<BTreeMap<usize, f64>> = vec![BTreeMap::new(); self.m.chips.len()];
        let mut planned = vec![0.0; self.m.chips.len()];
        self.supply.started.fill(0.0);
        for d in 0..self.m.designers.len() {
            let chips = self.made_by(d);
            if chips.is_empty() {
                continue;
            }
            let room: Vec<f64> = (0..facilities)
                .map(|f| {
                    let q = self.m.designers[d].claims.get(&FacilityId(f as u32));
                    match q {
                        Some(q) if self.serves(d, f) => {
                            self.n.at(*q, self.t) / claimed[f].max(1.0) * self.granted(d, f) * output[f]
                        }
                        _ => 0.0,
                    }
                })
                .collect();
            for &c in &chips {
                for g in self.m.chips[c].recipe.keys() {
                    let g = g.index();
                    let need = self
                        .mean_need(c, g, |f| room[f])
                        .or_else(|| self.mean_need(c, g, |f| self.supply.available[f]))
                        .or_else(|| self.mean_need(c, g, |_| 1.0));
                    needs[c].insert(g, need.unwrap_or_else(|| self.amount(c, g, 1.0)));
                }
            }
            let stock_worth = |s: usize| {
                let stock = &self.m.stockpiles[s];
                match stock.dies_of {
                    None => 1.0,
                    Some(c) => needs[c.index()]
                        .get(&stock.good.index())
                        .map_or(0.0, |n| n / self.m.chips[c.index()].dies),
                }
            };
            let stocks = |g: usize| -> Vec<usize> {
                let own = |s: &usize| {
                    self.m.stockpiles[*s].designer.index() == d && self.m.stockpiles[*s].good.index() == g
                };
                (0..self.m.stockpiles.len()).filter(own).collect()
            };
            let goods = self.m.goods.len();
            let claims: Vec<f64> =
                (0..goods).map(|g| self.makers(g).iter().map(|&f| room[f]).sum()).collect();
            let private: Vec<f64> = (0..goods)
                .map(|g| stocks(g).iter().map(|&s| self.supply.held[s] * stock_worth(s)).sum())
                .collect();
            let rooms: Vec<f64> = (0..goods).map(|g| claims[g] + private[g]).collect();
            let mut capped = vec![false; self.m.chips.len()];
            for &c in &chips {
                planned[c] = wants[c];
            }
            for g in 0..goods {
                if self.m.goods[g].kind != GoodKind::Packaging {
                    continue;
                }
                let first = |c: usize| {
                    let keys = self.m.chips[c].recipe.keys().map(|g| g.index());
                    keys.into_iter().find(|&x| self.m.goods[x].kind == GoodKind::Packaging)
                };
                let users: Vec<usize> = chips.iter().copied().filter(|&c| first(c) == Some(g)).collect();
                let (mut excess, mut others) = (0.0, 0.0);
                for &c in &users {
                    let (need, rho) = (needs[c][&g], self.ramp(c, self.t + self.lead));
                    let cap = per(rho * rooms[g], need);
                    if rho < 1.0 && wants[c] > cap && need > 0.0 {
                        capped[c] = true;
                        planned[c] = cap;
                        excess += (wants[c] - cap) * need;
                    } else {
                        others += wants[c] * need;
                    }
                }
                for &c in users.iter().filter(|&&c| !capped[c]) {
                    planned[c] *= 1.0 + per(excess.min(rooms[g]), others);
                }
            }
            let mut rest = rooms.clone();
            for pass in 0..2 {
                let mut asked = vec![0.0; goods];
                for &c in &chips {
                    for (&g, need) in &needs[c] {
                        asked[g] += (planned[c] - self.supply.started[c]).max(0.0) * need;
                    }
                }
                let ratio: Vec<f64> = (0..goods).map(|g| fit(rest[g], asked[g])).collect();
                for &c in &chips {
                    let residual = (planned[c] - self.supply.started[c]).max(0.0);
                    let least = needs[c].keys().map(|&g| ratio[g]).fold(1.0, f64::min);
                    if pass == 0 {
                        self.supply.bound[c] =
                            bound(self.m, wants[c], residual, least, capped[c], &needs[c], &ratio);
                    }
                    let made = residual * least;
                    for (&g, need) in &needs[c] {
                        rest[g] = (rest[g] - made * need).max(0.0);
                    }
                    self.supply.started[c] += made;
                }
            }
            for g in 0..goods {
                let used = rooms[g] - rest[g];
                let from_claims = used.min(claims[g]);
                for f in self.makers(g) {
                    let here = from_claims * per(room[f], claims[g]);
                    left[f] = (left[f] - here).max(0.0);
                    self.supply.used[f] += here;
                }
                let share = per((used - from_claims).max(0.0), private[g]).min(1.0);
                for s in stocks(g) {
                    self.supply.held[s] = (self.supply.held[s] * (1.0 - share)).max(0.0);
                }
            }
        }
        self.pool(&planned, &needs, &left);
        self.send();
    }

    /// The third pass: what is left, pooled.
    fn pool(&mut self, planned: &[f64], needs: &[BTreeMap<usize, f64>], left: &[f64]) {
        let open: Vec<Vec<f64>> = (0..self.m.designers.len())
            .map(|d| {
                (0..left.len())
                    .map(|f| if self.serves(d, f) && self.granted(d, f) > 0.0 { left[f] } else { 0.0 })
                    .collect()
            })
            .collect();
        let total = |d: usize, g: usize| -> f64 { self.makers(g).iter().map(|&f| open[d][f]).sum() };
        let need =
            |c: usize, d: usize, g: usize| self.mean_need(c, g, |f| open[d][f]).unwrap_or(needs[c][&g]);
        let mut demand = vec![0.0; left.len()];
        let residual = |w: &Self, c: usize| (planned[c] - w.supply.started[c]).max(0.0);
        for d in 0..self.m.designers.len() {
            for c in self.made_by(d) {
                for &g in needs[c].keys() {
                    for f in self.makers(g) {
                        demand[f] += residual(self, c) * need(c, d, g) * per(open[d][f], total(d, g));
                    }
                }
            }
        }
        let granted: Vec<f64> = (0..left.len()).map(|f| fit(left[f], demand[f])).collect();
        let mut made = vec![0.0; planned.len()];
        let mut used = vec![0.0; left.len()];
        for d in 0..self.m.designers.len() {
            let ratio = |g: usize| -> f64 {
                self.makers(g).iter().map(|&f| per(open[d][f], total(d, g)) * granted[f]).sum()
            };
            for c in self.made_by(d) {
                let least = needs[c].keys().map(|&g| ratio(g)).fold(1.0, f64::min);
                made[c] = residual(self, c) * least;
                for &g in needs[c].keys() {
                    for f in self.makers(g) {
                        let share = per(open[d][f], total(d, g)) * granted[f];
                        used[f] += made[c] * need(c, d, g) * per(share, ratio(g));
                    }
                }
            }
        }
        for (s, m) in self.supply.started.iter_mut().zip(made) {
            *s += m;
        }
        for (s, u) in self.supply.used.iter_mut().zip(used) {
            *s += u;
        }
    }

    fn send(&mut self) {
        for c in 0..self.m.chips.len() {
            let started = self.supply.started[c];
            if self.t == 0 {
                self.supply.pipeline[c] = (0..self.lead)
                    .map(|slot| if self.supply.launch[c] < slot as f64 + 1.0 { started } else { 0.0 })
                    .collect();
            }
            self.supply.pipeline[c].push(started);
            self.supply.arrived[c] = self.supply.pipeline[c].remove(0);
        }
    }
}

fn bound(
    m: &Model,
    want: f64,
    residual: f64,
    least: f64,
    capped: bool,
    needs: &BTreeMap<usize, f64>,
    ratio: &[f64],
) -> Option<String> {
    if want <= 0.0 {
        None
    } else if least < 1.0 && residual > 0.0 {
        needs.keys().find(|&&g| ratio[g] == least).map(|&g| format!("good.{}", m.goods[g].id))
    } else if capped {
        Some("ramp".to_owned())
    } else {
        Some("demand".to_owned())
    }
}
