//! Section 7: volume limits of rules.

use super::choice::Choice;
use super::{Draw, fit};
use chokepoint::internals::model::{Model, QuantityId};

/// A rule's volume limits.
pub struct Cap {
    pub rule: usize,
    pub units: Option<QuantityId>,
    pub units_per_buyer: Option<QuantityId>,
    pub tpp_per_buyer: Option<QuantityId>,
    pub tpp_per_country: Option<QuantityId>,
    pub home_share: Option<QuantityId>,
    pub home: usize,
    /// Number of the period that holds each quarter.
    pub periods: Vec<i32>,
}

/// All volume limits.
pub fn caps(m: &Model) -> Vec<Cap> {
    let first = m.run.horizon.first;
    let of = |(rule, r): (usize, &chokepoint::internals::model::Rule)| {
        let cap = r.cap.as_ref()?;
        let start = r.effective.map_or(first, chokepoint::Date::quarter).0.div_euclid(4);
        let year = |t: usize| (first.0 + t as i32).div_euclid(4);
        let period = |t: usize| cap.years.map_or(0, |years| (year(t) - start).div_euclid(years as i32));
        Some(Cap {
            rule,
            units: cap.units,
            units_per_buyer: cap.units_per_buyer,
            tpp_per_buyer: cap.tpp_per_buyer,
            tpp_per_country: cap.tpp_per_country,
            home_share: cap.home_share,
            home: r.issuer.index(),
            periods: (0..m.run.horizon.len()).map(period).collect(),
        })
    };
    m.rules.iter().enumerate().filter_map(of).collect()
}

/// What was sold under a cap in its year or period, or so far.
#[derive(Clone)]
pub struct Sold {
    pub units: f64,
    /// Chips and TPP, by buyer; TPP by country; chips by chip so far.
    pub by_buyer: Vec<(f64, f64)>,
    pub by_country: Vec<f64>,
    pub by_chip: Vec<f64>,
}

impl Sold {
    pub fn new(m: &Model) -> Self {
        Self {
            units: 0.0,
            by_buyer: vec![(0.0, 0.0); m.buyers.len()],
            by_country: vec![0.0; m.countries.len()],
            by_chip: vec![0.0; m.chips.len()],
        }
    }
    pub fn clear(&mut self) {
        self.units = 0.0;
        self.by_buyer.fill((0.0, 0.0));
        self.by_country.fill(0.0);
        self.by_chip.fill(0.0);
    }
}

impl Draw<'_> {
    /// What was sold under caps is forgotten when its year or period ends; which sales belong to each in this one.
    pub fn open_caps(&mut self, list: &[Choice]) {
        let w = self.w;
        let new_year = (w.m.run.horizon.first.0 + self.t as i32).rem_euclid(4) == 0;
        for (cap, sold) in w.caps.iter().zip(&mut self.cap_sold) {
            if new_year {
                sold.units = 0.0;
                sold.by_buyer.fill((0.0, 0.0));
            }
            if self.t > 0 && cap.periods[self.t] != cap.periods[self.t - 1] {
                sold.by_country.fill(0.0);
            }
        }
        self.members.iter_mut().for_each(Vec::clear);
        for (k, c) in list.iter().enumerate().filter(|(_, c)| w.book.cases[c.case].capped) {
            for (members, cap) in self.members.iter_mut().zip(&w.caps) {
                if self.rules.now[c.case].governing.iter().any(|g| g.0 == cap.rule) {
                    members.push(k);
                }
            }
        }
    }

    /// Shrinks fills to the limits that apply to them, and counts them.
    #[inline(never)]
    pub fn apply_caps(&mut self, list: &mut [Choice]) {
        let w = self.w;
        if self.members.iter().all(Vec::is_empty) {
            return;
        }
        self.limits.clear();
        self.limits.resize(list.len(), 1.0);
        for (i, cap) in w.caps.iter().enumerate() {
            if !self.members[i].is_empty() {
                self.limit(i, cap, list);
            }
        }
        for (c, limit) in list.iter_mut().zip(&self.limits) {
            c.fill *= limit;
        }
        for (members, sold) in self.members.iter().zip(&mut self.cap_sold) {
            for c in members.iter().map(|&k| &list[k]) {
                let b = w.market.sales[c.sale].buyer;
                let tpp = c.fill * self.units[c.chip][3];
                sold.units += c.fill;
                sold.by_buyer[b].0 += c.fill;
                sold.by_buyer[b].1 += tpp;
                sold.by_country[w.m.buyers[b].country.index()] += tpp;
                sold.by_chip[c.chip] += c.fill;
            }
        }
    }

    /// Limits of the sales that belong to a cap.
    fn limit(&mut self, i: usize, cap: &Cap, list: &[Choice]) {
        let w = self.w;
        let (units, sold, n) = (&self.units, &self.cap_sold[i], &self.n);
        let buyer = |c: &Choice| w.market.sales[c.sale].buyer;
        let one = |_: &Choice| 1.0;
        let tpp = |c: &Choice| units[c.chip][3];
        let mut shrink =
            |of: &dyn Fn(&Choice) -> usize, size: &dyn Fn(&Choice) -> f64, room: &dyn Fn(usize) -> f64| {
                self.sums_of.fill(0.0);
                for &k in &self.members[i] {
                    self.sums_of[of(&list[k])] += size(&list[k]) * list[k].fill;
                }
                for &k in &self.members[i] {
                    let group = of(&list[k]);
                    self.limits[k] = self.limits[k].min(fit(room(group).max(0.0), self.sums_of[group]));
                }
            };
        if let Some(q) = cap.units {
            shrink(&|_| 0, &one, &|_| n.v(q) - sold.units);
        }
        if let Some(q) = cap.units_per_buyer {
            shrink(&buyer, &one, &|b| n.v(q) - sold.by_buyer[b].0);
        }
        if let Some(q) = cap.tpp_per_buyer {
            shrink(&buyer, &tpp, &|b| n.v(q) - sold.by_buyer[b].1);
        }
        if let Some(q) = cap.tpp_per_country {
            let country = |c: &Choice| w.m.buyers[buyer(c)].country.index();
            shrink(&country, &tpp, &|k| n.v(q) - sold.by_country[k]);
        }
        if let Some(q) = cap.home_share {
            let home = |c: usize| self.home[c * w.m.countries.len() + cap.home];
            shrink(&|c| c.chip, &one, &|c| n.v(q) * home(c) - sold.by_chip[c]);
        }
    }
}
