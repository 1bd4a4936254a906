//! Section 4: capacity, and what a chip needs of it.

use super::production::{Lot, Part};
use super::rules::{CaseId, FREE, Item, Sale};
use super::shocks::On;
use super::{Draw, Preparation, per};
use chokepoint::internals::math::exp;
use chokepoint::internals::model::{Amount, CountryId, Model, QuantityId, Subject, ToolId};
use chokepoint::internals::network::Edge;
use petgraph::Outgoing;
use petgraph::visit::EdgeRef;

/// A tool class at a facility.
pub struct Equipment {
    tool: usize,
    facility: usize,
    /// What a lack of new tools costs of growth, and one of servicing of capacity, if anything.
    dependence: Option<QuantityId>,
    servicing: Option<QuantityId>,
    /// Suppliers' shares, and the cases of their sales and servicing.
    suppliers: Vec<(QuantityId, CaseId, CaseId)>,
}

/// Every tool class at every facility that uses it, along the graph.
pub fn equipment(p: &mut Preparation<'_>) -> Vec<Equipment> {
    let m = p.m;
    let mut all = Vec::new();
    for k in 0..m.tools.len() {
        let from = p.nodes.tools[k];
        let mut at: Vec<usize> = (p.graph.edges_directed(from, Outgoing))
            .filter(|e| *e.weight() == Edge::Equips)
            .map(|e| p.row(e.target()))
            .collect();
        at.sort_unstable();
        at.dedup();
        for f in at {
            let facility = &m.facilities[f];
            let tool = ToolId(k as u32);
            let suppliers = m.tools[k].suppliers.iter().map(|(&j, &q)| {
                let [new, service] =
                    [Subject::Tools, Subject::Servicing].map(|s| tool_sale(m, s, tool, f, j));
                (q, p.case(&new), p.case(&service))
            });
            let suppliers = suppliers.collect();
            let (dependence, servicing) =
                (facility.dependence.get(&tool).copied(), facility.servicing.get(&tool).copied());
            all.push(Equipment { tool: k, facility: f, dependence, servicing, suppliers });
        }
    }
    all.sort_by_key(|e| (e.facility, e.tool));
    all
}

fn tool_sale(m: &Model, subject: Subject, tool: ToolId, f: usize, supplier: CountryId) -> Sale {
    let facility = &m.facilities[f];
    Sale {
        subject,
        item: Item::Tool(tool, facility.good),
        designer: None,
        to: facility.country,
        hq: facility.country,
        from: [supplier, supplier],
        issuer: Some(supplier),
    }
}

impl Draw<'_> {
    /// Available capacity of the quarter.
    #[inline(never)]
    pub fn open_facilities(&mut self) {
        for (f, facility) in self.w.m.facilities.iter().enumerate() {
            let works = self.installed[f] * self.shocks.factor(On::Capacity, f).min(1.0);
            let kept = self.n.at(facility.floor, self.t) * works;
            let others = facility.others.map_or(0.0, |q| self.n.at(q, self.t));
            self.works[f] = works;
            self.elsewhere[f] = others.min(works - kept);
            self.available[f] = works - self.elsewhere[f];
            self.answered[f] = self.built[f];
        }
    }

    /// Capacity as planned: none before the facility opens.
    pub fn planned_capacity(&self, f: usize, t: usize) -> f64 {
        let facility = &self.w.m.facilities[f];
        let start = self.w.m.run.horizon.first;
        let open = facility
            .opens
            .map_or(1.0, |d| (t as f64 + 1.0 - d.since(start) - self.n.v(facility.delay)).clamp(0.0, 1.0));
        self.n.at(facility.capacity, t) * open
    }

    /// Capacity that comes in the next quarter in answer to scarcity, from decisions of this one and of earlier ones.
    fn answer(&mut self, f: usize) -> f64 {
        let facility = &self.w.m.facilities[f];
        let t = self.t;
        if t as f64 >= self.w.shocks.first {
            let seen = (t + 1).min(4);
            let lack = self.unmet[f][..seen].iter().sum::<f64>() / seen as f64;
            let decided =
                self.n.v(facility.answer) * self.installed[f] * lack.min(self.n.v(facility.answer_cap));
            let lag = self.n.v(facility.answer_lag);
            let whole = lag.floor();
            let slots = &mut self.answers[f];
            let first = t + 1 + whole as usize;
            slots[first % 16] += decided * (1.0 - (lag - whole));
            slots[(first + 1) % 16] += decided * (lag - whole);
        }
        std::mem::take(&mut self.answers[f][(t + 1) % 16])
    }

    /// Installed capacity of the next quarter.
    #[inline(never)]
    pub fn grow(&mut self) {
        let w = self.w;
        self.access.fill(1.0);
        self.wear.fill(0.0);
        for e in &w.equipment {
            let country = w.m.facilities[e.facility].country;
            let (mut refused, mut unserviced, mut total) = (0.0, 0.0, 0.0);
            for &(share, new, service) in &e.suppliers {
                let share = self.n.v(share);
                total += share;
                refused += share * (1.0 - self.permitted_now(new));
                unserviced += share * (1.0 - self.permitted_now(service));
            }
            let place = e.tool * w.m.countries.len() + country.index();
            let lacking =
                |refused: f64, factor: f64| 1.0 - (1.0 - refused / total.max(1.0)) * factor.min(1.0);
            let denied = lacking(refused, self.shocks.factor(On::Tools, place));
            let idle = lacking(unserviced, self.shocks.factor(On::Service, place));
            if denied == 0.0 && idle == 0.0 {
                continue;
            }
            let rest = 1.0
                - w.m.tools[e.tool].substitute.get(&country).map_or(0.0, |s| {
                    let x = self.t as f64 - self.n.v(s.midpoint);
                    self.n.v(s.ceiling) / (1.0 + exp(-self.n.v(s.steepness) * x))
                });
            if let Some(q) = e.dependence {
                self.access[e.facility] *= 1.0 - self.n.v(q) * denied * rest;
            }
            if let Some(q) = e.servicing {
                self.wear[e.facility] += self.n.v(q) * idle * rest;
            }
        }
        for (f, facility) in w.m.facilities.iter().enumerate() {
            let next = self.planned_capacity(f, self.t + 1);
            let now = std::mem::replace(&mut self.foreseen[f], next);
            let answer = self.answer(f);
            self.built[f] += answer * self.access[f];
            let change = next - now;
            let i = self.installed[f];
            let shrink = change.min(0.0) * per(i, now).min(1.0);
            let growth = change.max(0.0) / self.n.v(facility.assumed_access) + answer;
            self.installed[f] =
                (i * (1.0 - self.wear[f].min(1.0)) + growth * self.access[f] + shrink).max(0.0);
        }
    }

    /// What rules let through of a case in this quarter.
    pub fn permitted_now(&mut self, case: CaseId) -> f64 {
        if case == FREE { 1.0 } else { self.judge(case).permitted }
    }

    /// Chips per unit of a good at a facility: the inverse of a chip's need there.
    #[inline(never)]
    pub fn yielded(&self, part: &Part, lot: &Lot) -> f64 {
        let facility = &self.w.m.facilities[lot.facility];
        let sound = match part.amount {
            Some(Amount::Dies) => {
                let x = self.area[part.chip] * facility.defect_density.map_or(0.0, |q| self.n.at(q, self.t));
                let root = if x > 1e-9 { (1.0 - exp(-x)) / x } else { 1.0 - x / 2.0 };
                root * root * self.n.v(facility.parametric_yield)
            }
            _ => 1.0,
        };
        1.0 / (self.amount(part, sound) / self.n.at(facility.line_yield, self.t) + self.companion(part))
    }

    /// Wafers of companion silicon beside a chip.
    pub fn companion(&self, part: &Part) -> f64 {
        let wafer = std::f64::consts::PI * 150.0 * 150.0;
        let sound = self.n.v(self.w.m.production.companion_yield);
        part.companion.map_or(0.0, |q| self.n.v(q) / (wafer * sound))
    }

    /// Amount of a good in a chip, with a share of its dies sound.
    pub fn amount(&self, part: &Part, sound: f64) -> f64 {
        let chip = &self.w.m.chips[part.chip];
        match part.amount {
            None => 0.0,
            Some(Amount::Units(q)) => self.n.v(q),
            Some(Amount::Memory) => self.n.opt(chip.memory).unwrap_or(0.0),
            Some(Amount::Dies) => {
                chip.dies / (self.gross[part.chip] * sound * self.n.v(self.w.m.production.harvest))
            }
        }
    }

    /// Areas of dies [mm2] and gross dies of a wafer, by chip.
    pub fn reset_dies(&mut self) {
        let pi = std::f64::consts::PI;
        for (c, chip) in self.w.m.chips.iter().enumerate() {
            let area = self.n.opt(chip.die_area).unwrap_or(1.0);
            self.area[c] = area;
            self.gross[c] = pi * 150.0 * 150.0 / area - 300.0 * pi / (2.0 * area).sqrt();
        }
    }
}
