//! Section 3: shocks.

use super::World;
use super::numbers::Numbers;
use chokepoint::math::exp;
use chokepoint::model::{Effect, Gauge, Model, Nodes, Recovery};

pub struct Shocks {
    pub onset: Vec<f64>,
    pub duration: Vec<f64>,
    pub strength: Vec<f64>,
    strikes: Vec<u32>,
    resume: Vec<f64>,
    gathered: Vec<f64>,
    /// Number of the strike whose course runs.
    course: Vec<u32>,
    /// Gauges of the last quarter by country: seized, unmet, smuggled.
    pub gauges: Vec<[f64; 3]>,
}

impl Shocks {
    pub fn new(m: &Model, _: &Numbers<'_>) -> Self {
        let n = m.shocks.len();
        Self {
            onset: vec![f64::INFINITY; n],
            duration: vec![1.0; n],
            strength: vec![0.0; n],
            strikes: vec![0; n],
            resume: vec![0.0; n],
            gathered: vec![0.0; n],
            course: vec![0; n],
            gauges: vec![[0.0; 3]; m.countries.len()],
        }
    }
}

/// The integral of a course's intensity from its onset.
fn area(recovery: Recovery, x: f64, d: f64) -> f64 {
    let y = x.max(0.0);
    match recovery {
        Recovery::Step => y.min(d),
        Recovery::Linear => y.min(d) - y.min(d) * y.min(d) / (2.0 * d),
        Recovery::Exponential => d * (1.0 - exp(-y / d)),
    }
}

impl World<'_> {
    /// Strikes of the quarter, then strengths.
    pub fn strike(&mut self) {
        let now = self.t as f64;
        let before = self.shocks.strength.clone();
        for s in 0..self.m.shocks.len() {
            if let Some(when) = self.moment(s, &before) {
                let shock = &self.m.shocks[s];
                let k = self.shocks.strikes[s];
                let onset = when + self.n.struck(shock.delay, k);
                let d = self.n.struck(shock.duration, k);
                self.shocks.onset[s] = onset;
                self.shocks.duration[s] = d;
                self.shocks.course[s] = k;
                let end = onset + if shock.recovery == Recovery::Exponential { 3.0 * d } else { d };
                self.shocks.resume[s] = end.max(now + 1.0);
                self.shocks.gathered[s] = 0.0;
                self.shocks.strikes[s] = k + 1;
            }
        }
        for s in 0..self.m.shocks.len() {
            let x = now - self.shocks.onset[s];
            let (r, d) = (self.m.shocks[s].recovery, self.shocks.duration[s]);
            self.shocks.strength[s] = area(r, x + 1.0, d) - area(r, x, d);
        }
    }

    fn moment(&mut self, s: usize, before: &[f64]) -> Option<f64> {
        let shock = &self.m.shocks[s];
        let now = self.t as f64;
        let k = self.shocks.strikes[s];
        let start = self.m.run.horizon.first;
        if let (Some(date), 0) = (shock.date, k) {
            let date = date.since(start);
            return (date < now + 1.0).then_some(date);
        }
        let first = self.m.run.known_until.map_or(1.0, |d| d.since(start).floor() + 1.0);
        let gate = shock.when.as_ref().is_none_or(|w| {
            let gauge = match w.gauge {
                Gauge::SeizedShare => 0,
                Gauge::UnmetDemand => 1,
                Gauge::SmuggledShare => 2,
            };
            self.shocks.gauges[w.country.index()][gauge] > self.n.v(w.above)
        });
        if now < first || (k > 0 && !shock.recurring) || (shock.hazard.is_none() && shock.when.is_none()) {
            return None;
        }
        let from = self.shocks.resume[s].max(now);
        let Some(hazard) = shock.hazard else { return (gate && from <= now).then_some(now) };
        let mut h = self.n.at(hazard, self.t) / 4.0;
        for (other, times) in &shock.hazard_times {
            h *= 1.0 + (self.n.v(*times) - 1.0) * before[other.index()];
        }
        if !gate || from >= now + 1.0 || h == 0.0 {
            return None;
        }
        let missing = self.n.clock(&shock.id, k) - self.shocks.gathered[s];
        if h * (now + 1.0 - from) >= missing {
            return Some(from + missing / h);
        }
        self.shocks.gathered[s] += h * (now + 1.0 - from);
        None
    }

    /// Product of the factors that effects have on a node.
    pub fn factor(
        &self,
        of: impl Fn(&chokepoint::model::Shock) -> &Vec<Effect>,
        hits: impl Fn(&Effect) -> bool,
    ) -> f64 {
        let mut factor = 1.0;
        for (s, shock) in self.m.shocks.iter().enumerate() {
            let w = self.shocks.strength[s];
            for e in of(shock).iter().filter(|e| w > 0.0 && hits(e)) {
                factor *= 1.0 + (self.n.struck(e.amount, self.shocks.course[s]) - 1.0) * w;
            }
        }
        factor.max(0.0)
    }

    /// Sum of additions to fees.
    pub fn added_fee(&self, chip: usize, to: usize) -> f64 {
        let mut fee = 0.0;
        for (s, shock) in self.m.shocks.iter().enumerate() {
            let w = self.shocks.strength[s];
            for e in shock.fee.iter().filter(|e| w > 0.0 && on_chip(e, chip, to)) {
                fee += self.n.struck(e.amount, self.shocks.course[s]) * w;
            }
        }
        fee
    }

    /// What a stock gains by leaks in the quarter.
    pub fn leaked(&self, stock: usize) -> f64 {
        let mut gained = 0.0;
        for (s, shock) in self.m.shocks.iter().enumerate() {
            if let Some(leak) = shock.leak.as_ref().filter(|l| l.stockpile.index() == stock) {
                let (x, d) = (self.t as f64 - self.shocks.onset[s], self.shocks.duration[s]);
                let share = ((x + 1.0).clamp(0.0, d) - x.clamp(0.0, d)) / d;
                if share > 0.0 {
                    gained += share * self.n.struck(leak.amount, self.shocks.course[s]);
                }
            }
        }
        gained
    }
}

/// Whether an effect acts on a chip's sales to a country.
pub fn on_chip(e: &Effect, chip: usize, to: usize) -> bool {
    let named = matches!(&e.on, Nodes::Chips(list) if list.iter().any(|c| c.index() == chip));
    named && (e.to.is_empty() || e.to.iter().any(|n| n.index() == to))
}
