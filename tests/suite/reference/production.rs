//! Section 6: what designers want to start, room, the ramp, and three passes of production.

use super::rules::{CaseId, FREE, Item};
use super::stocks::{goods_case, supply};
use super::{Draw, Preparation, fit, per};
use chokepoint::internals::math::pow;
use chokepoint::internals::model::{Amount, DesignerId, GoodKind, Model, QuantityId, Subject};
use chokepoint::internals::network::Edge;
use petgraph::visit::EdgeRef;
use petgraph::{Incoming, Outgoing};
use std::ops::Range;

/// A good that a chip needs: in itself, beside it, or both.
pub struct Part {
    pub chip: usize,
    pub good: usize,
    pub amount: Option<Amount>,
    pub companion: Option<QuantityId>,
    /// Where it is made.
    pub lots: Range<usize>,
}

/// A facility that makes a part.
pub struct Lot {
    pub facility: usize,
}

/// The chain from facilities to chips.
pub struct Chain {
    pub parts: Vec<Part>,
    pub lots: Vec<Lot>,
    /// Parts of each chip.
    pub parts_of: Vec<Range<usize>>,
    /// Facilities that make each good.
    pub makers: Vec<Vec<usize>>,
    /// Chips that each designer sells.
    pub chips_of: Vec<Vec<usize>>,
    /// Stocks of each designer.
    pub stocks_of: Vec<Vec<usize>>,
    /// Part that a chip of a ramp is capped by: its first good of kind packaging.
    packaging: Vec<Option<usize>>,
    /// For stocks counted in dies, the part that a die stands for.
    die_part: Vec<Option<usize>>,
    /// By designer and facility: whether it is served.
    pub serves: Vec<bool>,
    /// Supplies that some rule covers: designer and facility, foundry's case, goods' case.
    supplies: Vec<(usize, CaseId, CaseId)>,
    /// Chips whose needs are asked for whether or not they are wanted.
    pub measured: Vec<bool>,
}

impl Chain {
    pub fn new(p: &mut Preparation<'_>) -> Self {
        let m = p.m;
        let makers: Vec<Vec<usize>> = (0..m.goods.len()).map(|g| makers(p, g)).collect();
        let mut chain = Self {
            parts: Vec::new(),
            lots: Vec::new(),
            parts_of: Vec::new(),
            makers,
            chips_of: chips_of(m),
            stocks_of: vec![Vec::new(); m.designers.len()],
            packaging: Vec::new(),
            die_part: Vec::new(),
            serves: Vec::new(),
            supplies: Vec::new(),
            measured: vec![false; m.chips.len()],
        };
        for c in 0..m.chips.len() {
            chain.add_chip(p, c);
        }
        for (s, stock) in m.stockpiles.iter().enumerate() {
            chain.stocks_of[stock.designer.index()].push(s);
            let part = |c: chokepoint::internals::model::ChipId| {
                let mut parts = chain.parts_of[c.index()].clone();
                parts.find(|&i| chain.parts[i].good == stock.good.index())
            };
            chain.die_part.push(stock.dies_of.and_then(part));
            if let Some(c) = stock.dies_of {
                chain.measured[c.index()] = true;
            }
        }
        for d in 0..m.designers.len() {
            for (f, facility) in m.facilities.iter().enumerate() {
                let id = DesignerId(d as u32);
                let serves = facility.serves.is_empty() || facility.serves.contains(&id);
                chain.serves.push(serves);
                if serves && !chain.chips_of[d].is_empty() {
                    chain.judge_supply(p, d, f);
                }
            }
        }
        chain
    }

    fn add_chip(&mut self, p: &Preparation<'_>, c: usize) {
        let m = p.m;
        let first = self.parts.len();
        let mut goods: Vec<usize> = (p.graph.edges_directed(p.nodes.chips[c], Incoming))
            .filter(|e| *e.weight() == Edge::Feeds)
            .map(|e| p.row(e.source()))
            .collect();
        goods.sort_unstable();
        for good in goods {
            let lots = self.lots.len()..self.lots.len() + self.makers[good].len();
            self.lots.extend(self.makers[good].iter().map(|&facility| Lot { facility }));
            let id = chokepoint::internals::model::GoodId(good as u32);
            let amount = m.chips[c].recipe.get(&id).copied();
            let companion = m.chips[c].companions.get(&id).copied();
            self.parts.push(Part { chip: c, good, amount, companion, lots });
        }
        let parts = first..self.parts.len();
        let packages = |i: &usize| m.goods[self.parts[*i].good].kind == GoodKind::Packaging;
        self.packaging.push(parts.clone().find(packages));
        self.parts_of.push(parts);
    }

    fn judge_supply(&mut self, p: &mut Preparation<'_>, d: usize, f: usize) {
        let good = p.m.facilities[f].good;
        let made = matches!(p.m.goods[good].kind, GoodKind::Wafer | GoodKind::Packaging);
        let item = Item::Foundry(good, DesignerId(d as u32));
        let foundry = supply(p, Subject::Foundry, item, d, f);
        let foundry = if made { p.case(&foundry) } else { FREE };
        let goods = goods_case(p, d, f);
        if (foundry, goods) != (FREE, FREE) {
            self.supplies.push((d * p.m.facilities.len() + f, foundry, goods));
        }
    }
}

fn makers(p: &Preparation<'_>, g: usize) -> Vec<usize> {
    let edges = p.graph.edges_directed(p.nodes.goods[g], Incoming);
    let mut makers: Vec<usize> =
        edges.filter(|e| *e.weight() == Edge::Makes).map(|e| p.row(e.source())).collect();
    makers.sort_unstable();
    makers
}

/// Chips that each designer sells.
fn chips_of(m: &Model) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new(); m.designers.len()];
    for (c, chip) in m.chips.iter().enumerate().filter(|(_, c)| super::is_sold(c)) {
        all[chip.designer.index()].push(c);
    }
    all
}

/// Room for a designer's production.
#[derive(Default)]
pub struct Room {
    /// By facility: its share of the output.
    pub at: Vec<f64>,
    /// By good.
    claims: Vec<f64>,
    private: Vec<f64>,
    rooms: Vec<f64>,
    rest: Vec<f64>,
    asked: Vec<f64>,
    /// What launching chips take of packaging before others.
    reserved: Vec<f64>,
    ratio: Vec<f64>,
    /// What went into chips, and what of it into companion silicon.
    drawn: Vec<f64>,
    beside: Vec<f64>,
}

impl Room {
    pub fn new(m: &Model) -> Self {
        let goods = || vec![0.0; m.goods.len()];
        Self {
            at: vec![0.0; m.facilities.len()],
            claims: goods(),
            private: goods(),
            rooms: goods(),
            rest: goods(),
            asked: goods(),
            reserved: goods(),
            ratio: goods(),
            drawn: goods(),
            beside: goods(),
        }
    }
}

impl Draw<'_> {
    /// Ramps of all chips, now or when chips that are started now arrive.
    #[inline(never)]
    pub fn read_ramps(&mut self, ahead: bool) {
        let w = self.w;
        let t = if ahead { self.t + w.lead } else { self.t };
        let mut own = std::mem::take(&mut self.own_ramp);
        for (c, ramp) in own.iter_mut().enumerate() {
            *ramp = self.own_ramp_of(c, t as f64);
        }
        let wind_down = self.n.v(w.m.production.wind_down);
        for (c, chip) in w.m.chips.iter().enumerate() {
            let next = chip.successor.map_or(0.0, |s| own[s.index()]);
            self.ramp[usize::from(ahead)][c] = own[c] * (1.0 - wind_down * next);
        }
        self.own_ramp = own;
    }

    fn own_ramp_of(&self, c: usize, t: f64) -> f64 {
        let chip = &self.w.m.chips[c];
        let k = t - self.launch[c];
        let mut on = (1.0 + k).clamp(0.0, 1.0);
        if let Some(end) = chip.end {
            on *= (end.since(self.w.m.run.horizon.first) - t).clamp(0.0, 1.0);
        }
        if on == 0.0 || chip.price.is_none() {
            return 0.0;
        }
        let mut progress: f64 = 1.0;
        let mut of = Some(c);
        while let Some(c) = of {
            let k = t - self.launch[c];
            let m = if k >= 0.0 { k + 0.5 } else { (0.5 + k / 2.0).max(0.0) };
            progress = progress.min(m / self.n.v(self.w.m.chips[c].ramp));
            let parent = self.w.m.chips[c].variant_of.map(chokepoint::internals::model::ChipId::index);
            of = parent.filter(|&p| self.w.m.chips[p].price.is_some());
        }
        if progress >= 1.0 { on } else { on * pow(progress, 1.2) }
    }

    /// Permission of each designer at each facility.
    #[inline(never)]
    fn read_supplies(&mut self) {
        let w = self.w;
        for &(place, foundry, goods) in &w.chain.supplies {
            self.granted[place] = self.permitted_now(foundry) * self.permitted_now(goods);
        }
    }

    /// Inverse needs at facilities, of chips whose needs are asked for.
    #[inline(never)]
    fn measure(&mut self) {
        let w = self.w;
        for c in 0..w.m.chips.len() {
            if self.wants[c] <= 0.0 && !w.chain.measured[c] {
                continue;
            }
            for part in &w.chain.parts[w.chain.parts_of[c].clone()] {
                for i in part.lots.clone() {
                    self.yields[i] = self.yielded(part, &w.chain.lots[i]);
                }
            }
        }
    }

    /// Harmonic mean of a part's needs over facilities, by weights; none if the weights sum to nothing.
    pub fn mean_need(&self, part: &Part, weights: &[f64]) -> Option<f64> {
        let (mut total, mut made) = (0.0, 0.0);
        for i in part.lots.clone() {
            let weight = weights[self.w.chain.lots[i].facility];
            if weight > 0.0 {
                total += weight;
                made += weight * self.yields[i];
            }
        }
        (total > 0.0).then(|| total / made)
    }

    fn need(&self, part: &Part, room: &[f64]) -> f64 {
        let found = self.mean_need(part, room).or_else(|| self.mean_need(part, &self.available));
        found.unwrap_or_else(|| {
            let lots = part.lots.clone();
            if lots.is_empty() {
                return self.amount(part, 1.0) + self.companion(part);
            }
            let count = lots.len() as f64;
            count / lots.map(|i| self.yields[i]).sum::<f64>()
        })
    }

    /// Production of the quarter.
    pub fn produce(&mut self) {
        let w = self.w;
        self.want();
        self.fill_stocks();
        self.read_supplies();
        self.measure();
        for f in 0..self.available.len() {
            self.output[f] = (self.available[f] - self.taken[f]).max(0.0);
        }
        self.companions.fill(0.0);
        self.asked_of.fill(0.0);
        self.short_of.fill(0.0);
        self.left.copy_from_slice(&self.output);
        self.used.copy_from_slice(&self.taken);
        self.claimed.fill(0.0);
        for &node in &w.nodes.designers {
            for e in w.graph.edges(node).filter(|e| *e.weight() == Edge::Claims) {
                self.claimed[w.row(e.target())] += self.n.at(w.quantity(e.id()), self.t);
            }
        }
        self.started.fill(0.0);
        let mut room = std::mem::take(&mut self.room);
        for d in 0..w.m.designers.len() {
            if !w.chain.chips_of[d].is_empty() {
                self.find_room(d, &mut room);
                self.ramp_up(d, &room);
                self.own_passes(d, &mut room);
                self.book(d, &room);
                self.miss(d, &room);
            }
        }
        self.room = room;
        self.pool();
        self.send();
    }

    /// A designer's room at facilities and in stocks, and the needs of its chips there.
    #[inline(never)]
    fn find_room(&mut self, d: usize, room: &mut Room) {
        let w = self.w;
        room.at.fill(0.0);
        for e in w.graph.edges_directed(w.nodes.designers[d], Outgoing) {
            let f = w.row(e.target());
            if *e.weight() != Edge::Claims || !w.chain.serves[d * self.output.len() + f] {
                continue;
            }
            let claim = self.n.at(w.quantity(e.id()), self.t) / self.claimed[f].max(1.0);
            room.at[f] = claim * self.granted[d * self.output.len() + f] * self.output[f];
        }
        for &c in &w.chain.chips_of[d] {
            if self.wants[c] <= 0.0 && !w.chain.measured[c] {
                continue;
            }
            for i in w.chain.parts_of[c].clone() {
                self.needs[i] = self.need(&w.chain.parts[i], &room.at);
            }
        }
        for (g, makers) in w.chain.makers.iter().enumerate() {
            room.claims[g] = makers.iter().map(|&f| room.at[f]).sum();
        }
        room.private.fill(0.0);
        for &s in &w.chain.stocks_of[d] {
            room.private[w.m.stockpiles[s].good.index()] += self.held[s] * self.worth(s);
        }
        for g in 0..room.rooms.len() {
            room.rooms[g] = room.claims[g] + room.private[g];
        }
    }

    /// What one of a stock stands for in the good's unit.
    fn worth(&self, s: usize) -> f64 {
        match (self.w.m.stockpiles[s].dies_of, self.w.chain.die_part[s]) {
            (None, _) => 1.0,
            (Some(_), None) => 0.0,
            (Some(c), Some(part)) => self.needs[part] / self.w.m.chips[c].dies,
        }
    }

    /// Plans: wants, as far as ramps let through, and what others of the designer's make of the rest.
    #[inline(never)]
    fn ramp_up(&mut self, d: usize, room: &Room) {
        let w = self.w;
        let chips = &w.chain.chips_of[d];
        for &c in chips {
            self.planned[c] = self.wants[c];
            self.capped[c] = false;
        }
        for g in (0..w.m.goods.len()).filter(|&g| w.m.goods[g].kind == GoodKind::Packaging) {
            let users = || chips.iter().filter_map(|&c| Some((c, w.chain.packaging[c]?)));
            let users = || users().filter(|u| w.chain.parts[u.1].good == g && self.wants[u.0] > 0.0);
            let room = room.rooms[g];
            // Who is limited leaves more for the others, of whom then another may be.
            loop {
                let (mut rest, mut others) = (room, 0.0);
                for (c, part) in users() {
                    if self.capped[c] {
                        rest -= self.ramp[1][c] * room;
                    } else {
                        others += self.wants[c] * self.needs[part];
                    }
                }
                let ratio = fit(rest.max(0.0), others);
                let over = |&(c, part): &(usize, usize)| {
                    let rho = self.ramp[1][c];
                    !self.capped[c] && rho < 1.0 && self.wants[c] * self.needs[part] * ratio > rho * room
                };
                let over: Vec<usize> = users().filter(over).map(|u| u.0).collect();
                if over.is_empty() {
                    break;
                }
                for c in over {
                    self.capped[c] = true;
                }
            }
            let users = || chips.iter().filter_map(|&c| Some((c, w.chain.packaging[c]?)));
            let users = || users().filter(|u| w.chain.parts[u.1].good == g && self.wants[u.0] > 0.0);
            let (mut excess, mut others) = (0.0, 0.0);
            for (c, part) in users() {
                let need = self.needs[part];
                if self.capped[c] {
                    excess += (self.wants[c] - per(self.ramp[1][c] * room, need)) * need;
                } else {
                    others += self.wants[c] * need;
                }
            }
            let more = 1.0 + per(excess.min(room), others);
            let all: Vec<(usize, usize)> = users().collect();
            for (c, part) in all {
                if self.capped[c] {
                    self.planned[c] = per(self.ramp[1][c] * room, self.needs[part]);
                } else {
                    self.planned[c] *= more;
                }
            }
        }
    }

    /// Whether a chip has a part for itself: its packaging, while its ramp limits it.
    fn has_for_itself(&self, c: usize, part: usize) -> bool {
        self.capped[c] && self.w.chain.packaging[c] == Some(part)
    }

    /// The first two passes: the designer's own room.
    #[inline(never)]
    fn own_passes(&mut self, d: usize, room: &mut Room) {
        let w = self.w;
        room.rest.copy_from_slice(&room.rooms);
        room.drawn.fill(0.0);
        room.beside.fill(0.0);
        for pass in 0..2 {
            room.asked.fill(0.0);
            room.reserved.fill(0.0);
            for &c in &w.chain.chips_of[d] {
                let residual = self.planned[c] - self.started[c];
                if residual > 0.0 {
                    for i in w.chain.parts_of[c].clone() {
                        let own = self.has_for_itself(c, i);
                        let list = if own { &mut room.reserved } else { &mut room.asked };
                        list[w.chain.parts[i].good] += residual * self.needs[i];
                    }
                }
            }
            for g in 0..room.ratio.len() {
                room.ratio[g] = fit((room.rest[g] - room.reserved[g]).max(0.0), room.asked[g]);
                if pass == 0 {
                    self.asked_of[d * room.asked.len() + g] = room.asked[g] + room.reserved[g];
                }
            }
            for &c in &w.chain.chips_of[d] {
                let residual = self.planned[c] - self.started[c];
                if residual <= 0.0 {
                    continue;
                }
                let parts = w.chain.parts_of[c].clone();
                let shared = parts.clone().filter(|&i| !self.has_for_itself(c, i));
                let least = shared.map(|i| room.ratio[w.chain.parts[i].good]).fold(1.0, f64::min);
                let made = residual * least;
                if pass == 0 {
                    let mut shared = parts.clone().filter(|&i| !self.has_for_itself(c, i));
                    let bound = shared.find(|&i| least < 1.0 && room.ratio[w.chain.parts[i].good] == least);
                    self.roots.bottleneck[c] = bound.map(|i| w.chain.parts[i].good);
                }
                for i in parts {
                    let part = &w.chain.parts[i];
                    let rest = &mut room.rest[part.good];
                    *rest = (*rest - made * self.needs[i]).max(0.0);
                    room.drawn[part.good] += made * self.needs[i];
                    room.beside[part.good] += made * self.companion(part);
                }
                self.started[c] += made;
            }
        }
    }

    /// Takes what a designer used: from its claims first, then from its stocks.
    #[inline(never)]
    fn book(&mut self, d: usize, room: &Room) {
        let w = self.w;
        for (g, makers) in w.chain.makers.iter().enumerate() {
            let used = room.rooms[g] - room.rest[g];
            let from_claims = used.min(room.claims[g]);
            if from_claims > 0.0 {
                for &f in makers {
                    let here = from_claims * per(room.at[f], room.claims[g]);
                    self.left[f] = (self.left[f] - here).max(0.0);
                    self.used[f] += here;
                    self.companions[f] += here * per(room.beside[g], room.drawn[g]);
                }
            }
        }
        for &s in &w.chain.stocks_of[d] {
            let g = w.m.stockpiles[s].good.index();
            let used = room.rooms[g] - room.rest[g];
            let from_claims = used.min(room.claims[g]);
            let share = per((used - from_claims).max(0.0), room.private[g]).min(1.0);
            self.held[s] = (self.held[s] * (1.0 - share)).max(0.0);
        }
    }

    /// What a designer could not have of its own of what it asked for: what its stocks still hold is no lack.
    #[inline(never)]
    fn miss(&mut self, d: usize, room: &Room) {
        let w = self.w;
        let goods = room.rooms.len();
        for &c in &w.chain.chips_of[d] {
            let residual = self.planned[c] - self.started[c];
            if residual <= 0.0 {
                continue;
            }
            for i in w.chain.parts_of[c].clone() {
                self.short_of[d * goods + w.chain.parts[i].good] += residual * self.needs[i];
            }
        }
        for g in 0..goods {
            let used = room.rooms[g] - room.rest[g];
            let held = room.private[g] - (used - used.min(room.claims[g])).max(0.0);
            let short = &mut self.short_of[d * goods + g];
            *short = (*short - held.max(0.0)).max(0.0);
        }
    }

    /// Chips on their way: started now, there after the lead.
    #[inline(never)]
    fn send(&mut self) {
        let w = self.w;
        let slots = w.lead + 1;
        for c in 0..w.m.chips.len() {
            let started = self.started[c];
            let pipeline = &mut self.pipeline[c * slots..(c + 1) * slots];
            if self.t == 0 {
                for (slot, chips) in pipeline.iter_mut().enumerate() {
                    *chips = if self.launch[c] < slot as f64 + 1.0 { started } else { 0.0 };
                }
            }
            pipeline[(self.t + w.lead) % slots] = started;
            self.arrived[c] = pipeline[self.t % slots];
        }
    }
}
