//! Section 7: three rounds of trade, power, resellers' orders, volume limits.

use super::market::{Choice, Choices};
use super::shocks::On;
use super::{Draw, fit, per};
use chokepoint::model::{Model, QuantityId};

/// A rule's volume limits.
pub struct Cap {
    rule: usize,
    units: Option<QuantityId>,
    units_per_buyer: Option<QuantityId>,
    tpp_per_buyer: Option<QuantityId>,
    tpp_per_country: Option<QuantityId>,
    home_share: Option<QuantityId>,
    home: usize,
    /// Number of the period that holds each quarter.
    periods: Vec<i32>,
}

/// All volume limits.
pub fn caps(m: &Model) -> Vec<Cap> {
    let first = m.run.horizon.first;
    let of = |(rule, r): (usize, &chokepoint::model::Rule)| {
        let cap = r.cap.as_ref()?;
        let start = r.effective.map_or(first, |d| d.quarter()).0.div_euclid(4);
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

/// What was sold under a cap in its year, period or quarter.
#[derive(Clone)]
pub struct Sold {
    units: f64,
    /// Chips and TPP, by buyer; TPP by country; chips by chip in this quarter.
    by_buyer: Vec<(f64, f64)>,
    by_country: Vec<f64>,
    by_chip: Vec<f64>,
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

/// A reseller's order on a route.
#[derive(Clone, Copy)]
pub struct Reseller {
    pub route: usize,
    pub chip: usize,
    order: f64,
}

/// A buyer's books of the quarter [USD].
#[derive(Clone, Copy, Default)]
pub struct Purse {
    budget: f64,
    /// Before power limits it.
    had: f64,
    free: f64,
    pub spent: f64,
    ahead: f64,
    grey: f64,
    /// Share of what it chooses from that waits.
    waits: f64,
}

impl Draw<'_> {
    /// Three rounds of trade.
    pub fn trade(&mut self) {
        let w = self.w;
        for (c, arrived) in self.arrived.iter().enumerate() {
            self.inventory[c] += arrived;
        }
        self.opening.copy_from_slice(&self.inventory);
        for &b in &w.market.buyers {
            let budget = w.m.buyers[b].budget.map_or(0.0, |q| self.n.at(q, self.t));
            let budget = budget * self.world_budget * self.shocks.factor(On::Budget, b);
            self.money[b] = (budget + self.cash[b]).max(0.0);
            self.purses[b] = Purse { budget, had: self.money[b], ..Purse::default() };
        }
        let mut choices = std::mem::take(&mut self.choices);
        self.choose(false, &mut choices);
        self.reach(&mut choices);
        self.order(&mut choices);
        self.limit_by_power(&mut choices);
        self.refuse(&choices);
        self.ask_resellers(&choices);
        self.open_caps(&choices.list);
        self.sold.fill(0.0);
        self.ordered.fill(0.0);
        self.filled.fill(0.0);
        for round in 0..3 {
            if round > 0 && !self.reorder(&mut choices) {
                break;
            }
            self.ration(round, &mut choices);
            self.apply_caps(&mut choices.list);
            self.pay(round, &choices);
        }
        if w.caps.iter().any(|c| c.home_share.is_some()) {
            self.home.fill(0.0);
            for c in &choices.list {
                let n = w.m.buyers[w.market.sales[c.sale].buyer].country.index();
                self.home[c.chip * w.m.countries.len() + n] += self.sold[c.sale];
            }
        }
        self.choices = choices;
        let carry = self.n.v(w.m.trade.carry);
        for &b in &w.market.buyers {
            let purse = &self.purses[b];
            let unspent = purse.had - (purse.spent - purse.ahead) - purse.grey;
            self.cash[b] = (carry * unspent).min(0.5 * purse.budget) - purse.ahead;
        }
    }

    /// Orders of the first round, and the part of them that is brought forward.
    #[inline(never)]
    fn order(&mut self, choices: &mut Choices) {
        let w = self.w;
        for &b in &w.market.buyers {
            let menu = choices.menus[b];
            let list = &mut choices.list[menu.first..menu.end];
            let n = w.m.buyers[b].country.index();
            let free = self.money[b] * (1.0 - self.reach[n] * per(menu.grey, menu.all));
            self.purses[b].free = free;
            self.purses[b].waits = per(menu.wait, menu.legal);
            let mut forward = 0.0;
            for c in list.iter_mut() {
                let v = &self.rules.now[c.case];
                c.rush = 0.0;
                if v.cut > 0.0 {
                    c.rush = (v.rush - 1.0) * v.cut * self.purses[b].budget * per(c.x, menu.legal);
                    forward += c.rush;
                }
            }
            let scale = if forward > 0.0 {
                let next = w.m.buyers[b].budget.map_or(0.0, |q| self.n.at(q, self.t + 1));
                fit(next * self.world_budget, forward)
            } else {
                1.0
            };
            for c in list {
                let share = c.permitted / c.full;
                c.rush *= scale * share;
                c.order = free * per(c.x, menu.legal) * share + c.rush;
            }
        }
    }

    /// Cuts money, orders and wants to what the country can power.
    #[inline(never)]
    fn limit_by_power(&mut self, choices: &mut Choices) {
        let w = self.w;
        self.wanted_power.fill(0.0);
        for &b in &w.market.buyers {
            let menu = choices.menus[b];
            let n = w.m.buyers[b].country.index();
            if w.m.countries[n].power.is_some() {
                for c in &choices.list[menu.first..menu.end] {
                    self.wanted_power[n] += (c.order + self.reach[n] * c.want) * self.watts[c.chip];
                }
            }
        }
        for (n, country) in w.m.countries.iter().enumerate() {
            let Some(q) = country.power else { continue };
            let wanted = self.wanted_power[n] * self.n.v(country.overhead) / 1e6;
            let has = self.n.at(q, self.t) * self.shocks.factor(On::Power, n);
            let room = self.n.v(w.m.trade.power_slack) * (has - self.owned_load[n]).max(0.0);
            self.power[n] = fit(room, wanted);
        }
        for &b in &w.market.buyers {
            let power = self.power[w.m.buyers[b].country.index()];
            if power < 1.0 {
                let menu = choices.menus[b];
                for c in &mut choices.list[menu.first..menu.end] {
                    c.order *= power;
                    c.rush *= power;
                    c.want *= power;
                }
                self.money[b] *= power;
                self.purses[b].free *= power;
            }
        }
    }

    /// Chips that would have been ordered, had there been permission.
    #[inline(never)]
    fn refuse(&mut self, choices: &Choices) {
        let w = self.w;
        if w.table.is_bare() {
            return;
        }
        self.refused.clear();
        let mut end = choices.refused.len();
        for &b in w.market.buyers.iter().rev() {
            let menu = choices.menus[b];
            let list = &choices.refused[menu.refused..end];
            end = menu.refused;
            let denied: f64 = list.iter().filter(|c| c.permitted == 0.0).map(|c| c.asked).sum();
            for c in list {
                let share = per(c.asked, menu.all + denied) * (1.0 - c.permitted);
                self.refused.push((b, c.case, self.money[b] * share / c.full));
            }
        }
    }

    /// Smuggled wants of a country's buyers, divided over its routes; what resellers may order of it.
    #[inline(never)]
    fn ask_resellers(&mut self, choices: &Choices) {
        let w = self.w;
        let chips = w.m.chips.len();
        self.resellers.clear();
        self.grey_orders.fill(0.0);
        for (n, _) in w.market.routes_to.iter().enumerate().filter(|(_, r)| !r.is_empty()) {
            self.grey_wants[n * chips..(n + 1) * chips].fill(0.0);
        }
        for &b in &w.market.buyers {
            let menu = choices.menus[b];
            if menu.grey > 0.0 {
                let n = w.m.buyers[b].country.index();
                for c in &choices.list[menu.first..menu.end] {
                    self.grey_wants[n * chips + c.chip] += c.want;
                }
            }
        }
        for (n, routes) in w.market.routes_to.iter().enumerate().filter(|(_, r)| !r.is_empty()) {
            for &c in &w.market.chips {
                let want = self.grey_wants[n * chips + c];
                if want <= 0.0 {
                    continue;
                }
                for &route in routes {
                    let part = per(self.route_capacity[route], self.open_capacity[n]);
                    let permitted = self.permit(false, c, w.market.reseller_class[route]).0;
                    let order = part * self.reach[n] * want * permitted;
                    self.resellers.push(Reseller { route, chip: c, order });
                    self.grey_orders[c] += order;
                }
            }
        }
    }

    /// Orders of a later round: what is left in stock and wholly permitted, with the money that is left; whether there are any.
    #[inline(never)]
    fn reorder(&mut self, choices: &mut Choices) -> bool {
        let mut any = false;
        for &b in &self.w.market.buyers {
            let menu = choices.menus[b];
            let list = &mut choices.list[menu.first..menu.end];
            let (mut sum, mut best) = (0.0, 0.0_f64);
            for c in list.iter_mut() {
                let there = self.inventory[c.chip] > self.opening[c.chip] * 1e-9;
                // Marked by its weight; worked out below.
                c.order = if there && c.permitted >= 1.0 { c.x } else { 0.0 };
                c.rush = 0.0;
                sum += c.order;
                best = best.max(c.order);
            }
            let wait = self.patience * best;
            self.purses[b].waits = per(wait, sum + wait);
            if best > 0.0 {
                any |= self.money[b] > 0.0;
                let money = self.money[b] / (sum + wait);
                for c in list {
                    c.order *= money / c.full;
                }
            }
        }
        any
    }

    /// Divides what is in stock among orders.
    #[inline(never)]
    fn ration(&mut self, round: usize, choices: &mut Choices) {
        let w = self.w;
        self.demand.fill(0.0);
        for &b in &w.market.buyers {
            let menu = choices.menus[b];
            for c in &choices.list[menu.first..menu.end] {
                self.demand[c.chip] += c.order * self.priority[b];
            }
        }
        if round == 0 {
            for r in &self.resellers {
                self.demand[r.chip] += r.order * self.precedence[r.route];
            }
        }
        for c in 0..self.demand.len() {
            self.ration[c] = per(self.inventory[c], self.demand[c]);
        }
        for &b in &w.market.buyers {
            let menu = choices.menus[b];
            for c in &mut choices.list[menu.first..menu.end] {
                c.fill = c.order * (self.priority[b] * self.ration[c.chip]).min(1.0);
                if round == 0 {
                    self.ordered[b] += c.order * c.full;
                    self.filled[b] += c.fill * c.full;
                }
            }
        }
        if round == 0 {
            self.fill_resellers(choices);
        }
    }

    /// What resellers get, and what the buyers behind them pay.
    #[inline(never)]
    fn fill_resellers(&mut self, choices: &Choices) {
        let w = self.w;
        let chips = w.m.chips.len();
        self.attempted.fill(0.0);
        for r in &self.resellers {
            self.grey_bought[w.m.routes[r.route].to.index() * chips + r.chip] = 0.0;
        }
        for r in &self.resellers {
            let filled = r.order * (self.precedence[r.route] * self.ration[r.chip]).min(1.0);
            self.attempted[r.route * chips + r.chip] = filled;
            self.grey_bought[w.m.routes[r.route].to.index() * chips + r.chip] += filled;
            self.inventory[r.chip] = (self.inventory[r.chip] - filled).max(0.0);
        }
        for &b in &w.market.buyers {
            let menu = choices.menus[b];
            if menu.grey <= 0.0 {
                continue;
            }
            let n = w.m.buyers[b].country.index();
            for c in choices.list[menu.first..menu.end].iter().filter(|c| c.want > 0.0) {
                let place = n * chips + c.chip;
                let got = self.grey_bought[place] * per(c.want, self.grey_wants[place]);
                self.purses[b].grey += got * c.street;
            }
        }
    }

    /// Chips change hands.
    #[inline(never)]
    fn pay(&mut self, round: usize, choices: &Choices) {
        for &b in &self.w.market.buyers {
            let menu = choices.menus[b];
            let purse = &mut self.purses[b];
            let (mut paid, mut lent) = (0.0, 0.0);
            for c in choices.list[menu.first..menu.end].iter().filter(|c| c.fill > 0.0) {
                let cost = c.fill * c.full;
                paid += cost;
                if c.rush > 0.0 {
                    lent += cost * per(c.rush, c.order);
                }
                self.inventory[c.chip] = (self.inventory[c.chip] - c.fill).max(0.0);
                self.sold[c.sale] += c.fill;
            }
            purse.spent += paid;
            purse.ahead += lent;
            let (street, choosing) = if round == 0 { (purse.grey, purse.free) } else { (0.0, self.money[b]) };
            self.money[b] = (self.money[b] - choosing * purse.waits - (paid - lent) - street).max(0.0);
        }
    }

    /// What was sold under caps is forgotten when its year, period or quarter ends; which sales belong to each in this one.
    fn open_caps(&mut self, list: &[Choice]) {
        let w = self.w;
        let new_year = (w.m.run.horizon.first.0 + self.t as i32).rem_euclid(4) == 0;
        for (cap, sold) in w.caps.iter().zip(&mut self.cap_sold) {
            sold.by_chip.fill(0.0);
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
    fn apply_caps(&mut self, list: &mut [Choice]) {
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
