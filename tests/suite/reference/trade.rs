//! Section 7: three rounds of trade, power, resellers' orders, volume limits.

use super::choice::Choices;
use super::shocks::On;
use super::{Draw, fit, per};

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
    /// What it means to spend, as far as it can buy what it would.
    pub budget: f64,
    /// Before power limits it.
    pub had: f64,
    free: f64,
    pub spent: f64,
    pub ahead: f64,
    pub grey: f64,
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
        let mut choices = std::mem::take(&mut self.choices);
        self.choose(false, &mut choices);
        for &b in &w.market.buyers {
            let plan = w.m.buyers[b].budget.map_or(0.0, |q| self.n.at(q, self.t));
            self.planned_spend[b] = plan * self.world_budget * self.shocks.factor(On::Budget, b);
            let budget = self.planned_spend[b] * self.access(&choices.menus[b]);
            self.money[b] = (budget + self.cash[b]).max(0.0);
            self.purses[b] = Purse { budget, had: self.money[b], ..Purse::default() };
        }
        self.open_caps(&choices.list);
        self.sold.fill(0.0);
        self.ordered.fill(0.0);
        self.filled.fill(0.0);
        self.find_free_power();
        self.meet_commitments(&mut choices);
        self.limit_by_power(&choices);
        self.reach(&mut choices);
        self.order(&mut choices);
        self.refuse(&choices);
        self.ask_resellers(&choices);
        for round in 0..3 {
            if round > 0 && !self.reorder(&mut choices) {
                break;
            }
            self.ration(round, &mut choices);
            self.apply_caps(&mut choices.list);
            self.pay(round, &choices);
        }
        if w.caps.iter().any(|c| c.home_share.is_some()) {
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
            let free = self.money[b] * (1.0 - self.carried[n] * per(menu.grey, menu.all));
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

    /// Chips that would have been ordered, had there been permission.
    #[inline(never)]
    fn refuse(&mut self, choices: &Choices) {
        let w = self.w;
        if w.table.is_bare() {
            return;
        }
        self.refused.clear();
        self.refused.extend_from_slice(&self.broken);
        let mut end = choices.refused.len();
        for &b in w.market.buyers.iter().rev() {
            let menu = choices.menus[b];
            let list = &choices.refused[menu.refused..end];
            end = menu.refused;
            let denied: f64 = list.iter().filter(|c| c.permitted == 0.0).map(|c| c.asked).sum();
            for c in list {
                let share = per(c.asked, menu.all + denied) * (1.0 - c.permitted);
                let chips = self.money[b] * share / c.full;
                self.refused.push((b, c.case, chips));
                self.roots.refused[b] += chips * self.useful_of(c.chip);
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
                    let order = part * self.reach[n].min(self.carried[n]) * want * permitted;
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
            let some = self.inventory[c] > self.opening[c] * 1e-9;
            self.ration[c] = if some { per(self.inventory[c], self.demand[c]) } else { 0.0 };
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
            self.roots.first_fill.fill(0.0);
            for c in &choices.list {
                self.roots.first_fill[c.sale] = c.fill;
            }
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
            if round == 0 {
                self.money[b] += self.unfilled[b];
            }
        }
    }
}
