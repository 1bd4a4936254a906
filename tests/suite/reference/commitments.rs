//! Section 7: commitments: what is planned and filled before everything else.

use super::choice::Choices;
use super::market::Market;
use super::{Draw, fit, per};
use chokepoint::internals::model::{Model, QuantityId};

/// A row of commitments.
pub struct Commitment {
    buyer: usize,
    /// Sales that it may be met with.
    sales: Vec<usize>,
    units: QuantityId,
}

/// All rows.
pub fn commitments(m: &Model, market: &Market) -> Vec<Commitment> {
    let of = |row: &chokepoint::internals::model::Commitment| {
        let meets = |s: &usize| {
            let sale = &market.sales[*s];
            let named = row.chips.is_empty() || row.chips.iter().any(|c| c.index() == sale.chip);
            sale.buyer == row.buyer.index() && named && m.chips[sale.chip].designer == row.designer
        };
        let sales = (0..market.sales.len()).filter(meets).collect();
        Commitment { buyer: row.buyer.index(), sales, units: row.units }
    };
    m.commitments.iter().map(of).collect()
}

impl Draw<'_> {
    /// Divides rows over chips that are offered, now or when chips that are started now arrive; whether there are any.
    #[inline(never)]
    fn share_commitments(&mut self, ahead: bool) -> bool {
        let w = self.w;
        let t = if ahead { self.t + w.lead } else { self.t };
        if w.commitments.is_empty() {
            return false;
        }
        self.committed.fill(0.0);
        for row in &w.commitments {
            let units = self.n.at(row.units, t);
            let class = w.market.class_of[row.buyer];
            let weight = |draw: &mut Self, s: usize| {
                let c = w.market.sales[s].chip;
                let rho = draw.ramp[usize::from(ahead)][c];
                if rho > 0.0 && draw.is_offered(ahead, c, class) { rho } else { 0.0 }
            };
            let all: f64 = row.sales.iter().map(|&s| weight(self, s)).sum();
            for &s in &row.sales {
                self.committed[s] += units * per(weight(self, s), all);
            }
        }
        true
    }

    /// What commitments cost each buyer, as far as rules let them be met; what they take goes to `committed`.
    fn cost_commitments(&mut self, ahead: bool, costs: &mut [f64]) {
        let w = self.w;
        costs.fill(0.0);
        for s in 0..w.market.sales.len() {
            if self.committed[s] > 0.0 {
                let (c, b) = (w.market.sales[s].chip, w.market.sales[s].buyer);
                let (permitted, fee) = self.permit(ahead, c, w.market.class_of[b]);
                costs[b] += self.committed[s] * permitted * self.price[c] * (1.0 + fee);
            }
        }
    }

    /// Chips that commitments will ask for; what they cost is taken from the money that is expected.
    #[inline(never)]
    pub fn expect_commitments(&mut self) {
        let w = self.w;
        self.promised.fill(0.0);
        if !self.share_commitments(true) {
            return;
        }
        let mut costs = std::mem::take(&mut self.costs);
        self.cost_commitments(true, &mut costs);
        for s in 0..w.market.sales.len() {
            if self.committed[s] > 0.0 {
                let (c, b) = (w.market.sales[s].chip, w.market.sales[s].buyer);
                let cut = fit(self.money[b], costs[b]);
                let (permitted, _) = self.permit(true, c, w.market.class_of[b]);
                self.promised[c] += self.committed[s] * permitted * cut * self.power_first[b];
            }
        }
        for (money, cost) in self.money.iter_mut().zip(&costs) {
            *money = (*money - fit(*money, *cost) * cost).max(0.0);
        }
        self.costs = costs;
    }

    /// Fills commitments, cut pro rata to money and to power, before wants and orders of the first round are made.
    #[inline(never)]
    pub fn meet_commitments(&mut self, choices: &mut Choices) {
        let w = self.w;
        self.broken.clear();
        self.roots.committed_fill.fill(0.0);
        self.power_first.fill(1.0);
        self.promised_power.fill(0.0);
        self.unfilled.fill(0.0);
        if !self.share_commitments(false) {
            return;
        }
        let mut costs = std::mem::take(&mut self.costs);
        self.cost_commitments(false, &mut costs);
        let mut wants = vec![Vec::new(); w.m.buyers.len()];
        for s in 0..w.market.sales.len() {
            let (c, b) = (w.market.sales[s].chip, w.market.sales[s].buyer);
            self.committed[s] *= fit(self.money[b], costs[b]);
            if self.committed[s] > 0.0 {
                let n = w.m.buyers[b].country.index();
                let (permitted, _) = self.permit(false, c, w.market.class_of[b]);
                let power = self.committed[s] * permitted * self.facility_watts(c, n);
                self.promised_power[b] += power;
                wants[b].push((c, power));
            }
        }
        for &b in &w.market.buyers {
            let tied = costs[b].min(self.money[b]);
            self.money[b] = (self.money[b] - tied).max(0.0);
            self.power_first[b] = fit(self.room(b, &wants[b]), self.promised_power[b]);
            self.unfilled[b] = tied * self.power_first[b];
        }
        self.costs = costs;
        for s in 0..w.market.sales.len() {
            let (c, b) = (w.market.sales[s].chip, w.market.sales[s].buyer);
            self.committed[s] *= self.power_first[b];
            if self.committed[s] > 0.0 && !w.table.is_bare() {
                let class = w.market.class_of[b];
                let (permitted, _) = self.permit(false, c, class);
                let case = w.market.cases[c * w.market.classes.len() + class];
                let chips = self.committed[s] * (1.0 - permitted);
                self.broken.push((b, case, chips));
                self.roots.refused[b] += chips * self.useful_of(c);
            }
        }
        self.fill_commitments(choices);
    }

    fn fill_commitments(&mut self, choices: &mut Choices) {
        let w = self.w;
        self.demand.fill(0.0);
        for c in &mut choices.list {
            c.order = self.committed[c.sale] * c.permitted;
            c.rush = 0.0;
            self.demand[c.chip] += c.order;
        }
        for &b in &w.market.buyers {
            let menu = choices.menus[b];
            for c in &mut choices.list[menu.first..menu.end] {
                c.fill = c.order * fit(self.inventory[c.chip], self.demand[c.chip]);
                self.roots.committed_fill[c.sale] = c.fill;
                self.ordered[b] += c.order * c.full;
                self.filled[b] += c.fill * c.full;
            }
        }
        self.apply_caps(&mut choices.list);
        for &b in &w.market.buyers {
            let menu = choices.menus[b];
            for c in choices.list[menu.first..menu.end].iter().filter(|c| c.fill > 0.0) {
                self.purses[b].spent += c.fill * c.full;
                self.unfilled[b] = (self.unfilled[b] - c.fill * c.full).max(0.0);
                self.inventory[c.chip] = (self.inventory[c.chip] - c.fill).max(0.0);
                self.sold[c.sale] += c.fill;
            }
        }
    }
}
