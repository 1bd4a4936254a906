//! Section 1: every quantity of a draw, by quarter.

use chokepoint::math::{Lanes, exp, ln, pow};
use chokepoint::model::{Between, Dated, Model, Point, QuantityId, Shape};
use chokepoint::random::{Copula, Design, Stream};
use chokepoint::scenario::glob_match;

pub struct Numbers<'a> {
    m: &'a Model,
    design: &'a Design,
    draw: u64,
    leads: Vec<String>,
    uniform: Vec<f64>,
    table: Vec<Vec<f64>>,
}

impl<'a> Numbers<'a> {
    pub fn new(m: &'a Model, design: &'a Design, draw: u64, quarters: usize) -> Self {
        let mut n = Self {
            m,
            design,
            draw,
            leads: leads(m),
            uniform: vec![0.5; m.quantities.len()],
            table: Vec::new(),
        };
        for (i, q) in m.quantities.iter().enumerate() {
            if q.is_uncertain() {
                n.uniform[i] = n.stream(&q.path).uniform(draw);
            }
        }
        n.correlate();
        n.table = vec![Vec::new(); m.quantities.len()];
        for (i, q) in m.quantities.iter().enumerate() {
            match &q.shape {
                Shape::Fixed(x) => n.table[i] = vec![*x; quarters],
                Shape::Uncertain(d) => n.table[i] = vec![d.quantile(n.uniform[i]); quarters],
                Shape::Dated(_) => {}
            }
        }
        for (i, q) in m.quantities.iter().enumerate() {
            if let Shape::Dated(d) = &q.shape {
                n.table[i] = (0..quarters)
                    .map(|t| n.dated(d, n.uniform[i], t as f64).max(q.domain.0).min(q.domain.1))
                    .collect();
            }
        }
        n
    }

    fn stream(&self, path: &str) -> Stream {
        self.design.stream(path, self.leads.iter().position(|p| p == path))
    }

    /// Mixes normal scores of correlated paths: all correlations are one matrix here.
    fn correlate(&mut self) {
        let mut members: Vec<usize> = Vec::new();
        for c in &self.m.correlations {
            members.extend(c.of.iter().map(|q| q.0 as usize));
        }
        members.sort_unstable();
        members.dedup();
        let place = |q: usize| members.iter().position(|&m| m == q).unwrap();
        let mut pairs = Vec::new();
        for c in &self.m.correlations {
            for (i, a) in c.of.iter().enumerate() {
                for b in &c.of[i + 1..] {
                    pairs.push((place(a.0 as usize), place(b.0 as usize), c.rho));
                }
            }
        }
        if members.is_empty() {
            return;
        }
        let copula = Copula::new(members.len(), &pairs).unwrap();
        let mut uniforms: Vec<Lanes> = members.iter().map(|&q| Lanes::splat(self.uniform[q])).collect();
        copula.apply(&mut uniforms);
        for (&q, u) in members.iter().zip(uniforms) {
            self.uniform[q] = u[0];
        }
    }

    fn dated(&self, d: &Dated, u: f64, x: f64) -> f64 {
        let value = |p: &Point| match p {
            Point::Shared(d) => d.quantile(u),
            Point::Own(q) => self.v(*q),
        };
        let growth = |q: Option<QuantityId>| q.map_or(1.0, |q| self.v(q));
        let (first, last) = (&d.points[0], &d.points[d.points.len() - 1]);
        let level = growth(d.level);
        if x < first.0 {
            return level * value(&first.1) * pow(growth(d.before), (x - first.0) / 4.0);
        }
        if x >= last.0 {
            return level * value(&last.1) * pow(growth(d.after), (x - last.0) / 4.0);
        }
        let next = d.points.iter().position(|p| p.0 > x).unwrap();
        let (a, b) = (&d.points[next - 1], &d.points[next]);
        let (ya, yb) = (value(&a.1), value(&b.1));
        let w = (x - a.0) / (b.0 - a.0);
        level
            * match d.between {
                Between::Step => ya,
                Between::Log if ya > 0.0 && yb > 0.0 => exp(ln(ya) + w * (ln(yb) - ln(ya))),
                _ => ya + w * (yb - ya),
            }
    }

    pub fn v(&self, q: QuantityId) -> f64 {
        self.table[q.0 as usize][0]
    }
    pub fn at(&self, q: QuantityId, t: usize) -> f64 {
        self.table[q.0 as usize][t]
    }
    pub fn opt(&self, q: Option<QuantityId>) -> Option<f64> {
        q.map(|q| self.v(q))
    }
    /// As drawn for strike k.
    pub fn struck(&self, q: QuantityId, k: u32) -> f64 {
        match &self.m.quantities[q.0 as usize].shape {
            Shape::Uncertain(d) if k > 0 => {
                let path = &self.m.quantities[q.0 as usize].path;
                d.quantile(self.stream(path).redraw(k).uniform(self.draw))
            }
            _ => self.v(q),
        }
    }
    /// Accumulated hazard at which strike k comes.
    pub fn clock(&self, shock: &str, k: u32) -> f64 {
        let u = self.stream(&format!("shock.{shock}.clock")).redraw(k).uniform(self.draw);
        -ln(1.0 - u)
    }
}

fn leads(m: &Model) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for pattern in &m.run.lead {
        let mut matched = false;
        let clocks = m.shocks.iter().filter(|s| s.hazard.is_some()).map(|s| format!("shock.{}.clock", s.id));
        for path in m.quantities.iter().filter(|q| q.is_uncertain()).map(|q| q.path.clone()).chain(clocks) {
            if glob_match(pattern, &path) {
                matched = true;
                if !all.contains(&path) {
                    all.push(path);
                }
            }
        }
        if !matched && !pattern.contains(['*', '{']) {
            all.push(pattern.clone());
        }
    }
    all
}
