//! Section 9: fleets, power, rental.

use super::market::Market;
use super::rules::{CaseId, Item, Sale};
use super::{Draw, Preparation, fit, per};
use chokepoint::internals::math::pow;
use chokepoint::internals::model::{QuantityId, Subject};
use chokepoint::internals::network::Edge;
use petgraph::Incoming;
use petgraph::visit::EdgeRef;

/// Chips of one kind that a buyer holds, bought in one way.
pub struct Fleet {
    pub chip: usize,
    pub buyer: usize,
    pub smuggled: bool,
    /// The sale that adds to it, if any can.
    pub sale: Option<usize>,
    pub country: usize,
}

/// A fleet in a draw.
#[derive(Clone, Copy, Default)]
pub struct Held {
    /// Whether there ever was any.
    pub alive: bool,
    /// Switched on, the sum of their ages [years]; the same of what waits for power; in deployment.
    pub count: f64,
    pub age: f64,
    pub waiting: f64,
    pub waiting_age: f64,
    /// Taken out in the quarter for better ones, and failed.
    pub retired: f64,
    pub failed: f64,
    pub coming: super::diversion::Transit,
}

/// All fleets that there can be: one for each sale, one more where routes lead, and what buyers have at the start.
pub fn fleets(p: &Preparation<'_>, market: &mut Market) -> Vec<Fleet> {
    let m = p.m;
    let mut all = Vec::new();
    for (s, sale) in market.sales.iter_mut().enumerate() {
        let country = m.buyers[sale.buyer].country.index();
        let (chip, buyer) = (sale.chip, sale.buyer);
        let fleet = |smuggled| Fleet { chip, buyer, smuggled, sale: Some(s), country };
        sale.fleet = all.len();
        all.push(fleet(false));
        if !market.routes_to[country].is_empty() {
            sale.smuggled = Some(all.len());
            all.push(fleet(true));
        }
    }
    for (b, buyer) in m.buyers.iter().enumerate() {
        for c in buyer.opening.keys().map(|c| c.index()) {
            if !all.iter().any(|f| (f.chip, f.buyer, f.smuggled) == (c, b, false)) {
                let country = buyer.country.index();
                all.push(Fleet { chip: c, buyer: b, smuggled: false, sale: None, country });
            }
        }
    }
    all
}

/// A buyer's chips that a lab uses: owned, or rented by weight.
pub struct Use {
    pub lab: usize,
    pub buyer: usize,
    own: Option<QuantityId>,
    weight: Option<QuantityId>,
    case: CaseId,
    /// Size from which rules on remote access cover a rental.
    above: Option<QuantityId>,
}

/// Who uses whose chips, along the graph.
pub fn uses(p: &mut Preparation<'_>) -> Vec<Use> {
    let m = p.m;
    let mut all: Vec<Use> = Vec::new();
    for (l, lab) in m.labs.iter().enumerate() {
        let mut from: Vec<usize> = (p.graph.edges_directed(p.nodes.labs[l], Incoming))
            .filter(|e| matches!(e.weight(), Edge::Owns | Edge::Rents))
            .map(|e| p.row(e.source()))
            .collect();
        from.sort_unstable();
        from.dedup();
        for b in from {
            let id = chokepoint::internals::model::BuyerId(b as u32);
            let cloud = &m.buyers[b];
            let sale = Sale {
                subject: Subject::RemoteAccess,
                item: Item::Nothing,
                designer: None,
                to: lab.country,
                hq: lab.country,
                from: [cloud.country, cloud.headquarters.unwrap_or(cloud.country)],
                issuer: None,
            };
            let case = p.case(&sale);
            let mut rules: Vec<usize> = p.book.cases[case].rules.iter().map(|c| c.rule).collect();
            rules.sort_unstable();
            all.push(Use {
                lab: l,
                buyer: b,
                own: lab.buyers.get(&id).copied(),
                weight: lab.clouds.get(&id).copied(),
                case,
                above: rules.iter().find_map(|&r| m.rules[r].above),
            });
        }
    }
    all
}

/// What a chip in service gives [H100e], what its interconnect leaves of that, and the time of a FLOP in 8 bits over that in 16.
#[derive(Clone, Copy, Default)]
pub struct Service {
    pub h100e: f64,
    pub quality: f64,
    pub eight: f64,
}

/// What a buyer has working: [H100e] and chips.
#[derive(Clone, Copy, Default)]
pub struct Working {
    pub h100e: f64,
    pub chips: f64,
}

/// What labs asked of clouds in the last quarter, and what those offered [H100e].
#[derive(Clone, Copy, Default)]
pub struct LastRent {
    asked: f64,
    offered: f64,
}

impl Draw<'_> {
    /// Throughput of a chip less what slow links lose [H100e].
    pub fn useful_of(&self, c: usize) -> f64 {
        self.service[c].h100e * self.service[c].quality
    }

    #[inline(never)]
    pub fn reset_fleets(&mut self) {
        let w = self.w;
        let m = w.m;
        let (reference, loss) =
            (self.n.v(m.training.reference_interconnect), self.n.v(m.training.interconnect_loss));
        for (c, chip) in m.chips.iter().enumerate() {
            let q = self.n.opt(chip.interconnect).map_or(1.0, |ic| pow(ic / reference, loss).min(1.0));
            let flops = self.units[c][1] * 989.5;
            let ratio = self.n.v(m.training.low_precision_mfu);
            let eight = self.n.opt(chip.fp8_tflops).map_or(1.0, |f8| flops / (f8 * ratio));
            self.service[c] = Service { h100e: self.units[c][1], quality: q, eight };
        }
        for (i, fleet) in w.fleets.iter().enumerate() {
            let buyer = &m.buyers[fleet.buyer];
            let id = chokepoint::internals::model::ChipId(fleet.chip as u32);
            let opening = if fleet.smuggled { None } else { buyer.opening.get(&id) };
            let count = opening.map_or(0.0, |o| self.n.v(o.count));
            let age = opening.map_or(0.0, |o| count * self.n.v(o.age));
            self.held_chips[i] = Held { alive: count > 0.0, count, age, ..Held::default() };
        }
        self.weigh_fleets();
        self.rent_paid.fill(0.0);
        self.rent_last = LastRent::default();
    }

    /// A quarter of failures and deployments, then operation and rental.
    #[inline(never)]
    pub fn age_fleets(&mut self) {
        let w = self.w;
        let m = w.m;
        let (h0, h1) = (self.n.v(m.fleet.hazard), self.n.v(m.fleet.aging));
        let failure = self.n.v(m.diversion.failure);
        self.working.fill(Working::default());
        for &i in &w.smuggled {
            self.delivered[i] = self.transit[i].take(self.t);
        }
        for (i, (fleet, held)) in w.fleets.iter().zip(&mut self.held_chips).enumerate() {
            let arrived = match fleet.sale {
                _ if fleet.smuggled => self.delivered[i],
                Some(s) => self.sold[s],
                None => 0.0,
            };
            if arrived > 0.0 {
                held.alive = true;
                held.coming.send(self.t, arrived, &self.fleet_lag);
            } else if !held.alive {
                continue;
            }
            let entering = held.coming.take(self.t);
            let age = per(held.age, held.count);
            let x = 0.125 * (h0 + h1 * (age + 0.125)) * if fleet.smuggled { failure } else { 1.0 };
            let left = held.count * ((1.0 - x) / (1.0 + x)).max(0.0);
            held.failed = held.count - left;
            held.age = left * (age + 0.25);
            held.count = left;
            held.waiting += entering;
        }
        self.switch();
        for (i, fleet) in w.fleets.iter().enumerate().filter(|(i, _)| self.held_chips[*i].alive) {
            let on = self.held_chips[i].count;
            let working = &mut self.working[fleet.buyer];
            working.h100e += on * self.service[fleet.chip].h100e;
            working.chips += on;
        }
        self.rent();
    }

    /// What an hour costs [USD/H100e-hour].
    fn hourly_rent(&self) -> f64 {
        let r = &self.w.m.rental;
        let price = self.n.at(r.price, self.t);
        let balanced = self.n.at(r.balance, self.t) * self.rent_last.offered;
        if balanced <= 0.0 {
            return price;
        }
        let most = self.n.v(r.scarcity_max);
        price * pow((self.rent_last.asked / balanced).clamp(1.0 / most, most), self.n.v(r.scarcity))
    }

    #[inline(never)]
    fn rent(&mut self) {
        let w = self.w;
        let m = w.m;
        self.rent_price = self.hourly_rent();
        self.rent_last = LastRent::default();
        let price = self.rent_price * 24.0 * 91.3125;
        self.lab_weight.fill(0.0);
        for u in &w.uses {
            self.lab_weight[u.lab] += u.weight.map_or(0.0, |q| self.n.v(q));
        }
        self.rent_asked.fill(0.0);
        self.parts.fill(0.0);
        for (i, u) in w.uses.iter().enumerate() {
            self.rented[i] = 0.0;
            let Some(weight) = u.weight else { continue };
            let lab = &m.labs[u.lab];
            let mut money = lab.rent_budget.map_or(0.0, |q| self.n.at(q, self.t));
            if let Some(funds) = lab.funds {
                let has = self.n.at(funds, self.t);
                let left = has - self.rent_paid[u.lab];
                money = money.min(if left > 1e-9 * has { left } else { 0.0 });
            }
            let want = money / price * per(self.n.v(weight), self.lab_weight[u.lab]);
            let above = self.n.opt(u.above).unwrap_or(0.0);
            let permitted = self.permitted_now(u.case);
            self.rented[i] = want.min(above) + permitted * (want - above).max(0.0);
            self.rent_asked[u.buyer] += self.rented[i];
            self.rent_last.asked += self.rented[i];
        }
        for (b, buyer) in m.buyers.iter().enumerate() {
            let rents = buyer.rents.map_or(0.0, |q| self.n.at(q, self.t));
            self.rent_last.offered += rents * self.working[b].h100e;
        }
        for (i, u) in w.uses.iter().enumerate() {
            let h = self.working[u.buyer].h100e;
            let offer = m.buyers[u.buyer].rents.map_or(0.0, |q| self.n.at(q, self.t)) * h;
            self.rented[i] *= fit(offer, self.rent_asked[u.buyer]);
            self.used_share[i] = u.own.map_or(0.0, |q| self.n.v(q)) + per(self.rented[i], h);
            self.parts[u.buyer] += self.used_share[i];
        }
        for (i, u) in w.uses.iter().enumerate() {
            if self.parts[u.buyer] > 1.0 {
                self.rented[i] /= self.parts[u.buyer];
                self.used_share[i] /= self.parts[u.buyer];
            }
        }
        for (i, u) in w.uses.iter().enumerate() {
            self.rent_paid[u.lab] += self.rented[i] * price;
        }
    }
}
