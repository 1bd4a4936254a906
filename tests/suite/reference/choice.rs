//! Section 7: what each buyer can choose from, and how much of it routes can carry.

use super::market::Outlet;
use super::rules::CaseId;
use super::{DUST, Draw, fit, per};
use chokepoint::internals::math::pow;
use chokepoint::internals::network::Node;
use petgraph::Incoming;
use petgraph::visit::EdgeRef;

/// An option of a buyer in a quarter.
#[derive(Clone, Copy, Default)]
pub struct Choice {
    pub sale: usize,
    pub chip: usize,
    pub case: CaseId,
    /// Weight as a legal option, and as a smuggled one.
    pub x: f64,
    pub y: f64,
    pub permitted: f64,
    /// Price with fees, and on the grey market [USD].
    pub full: f64,
    pub street: f64,
    /// Smuggled chips wanted; ordered, of that the part brought forward, and filled in the round [chips].
    pub want: f64,
    pub order: f64,
    pub rush: f64,
    pub fill: f64,
}

/// An option that is permitted in part or not at all, as it would be with permission.
#[derive(Clone, Copy)]
pub struct Refusal {
    pub chip: usize,
    pub case: CaseId,
    pub permitted: f64,
    pub asked: f64,
    pub full: f64,
    /// Its place among options, if it is permitted in part.
    choice: usize,
}

/// Sums over a buyer's options.
#[derive(Clone, Copy, Default)]
pub struct Menu {
    /// Where its options lie.
    pub first: usize,
    pub end: usize,
    /// Where what is refused it begins, in part or whole.
    pub refused: usize,
    /// Weight of waiting for a legal offer; legal options with it; smuggled options; everything.
    pub wait: f64,
    pub legal: f64,
    pub grey: f64,
    pub all: f64,
    /// What can be had, by its permission, and what could if everything were permitted at list price.
    pub granted: f64,
    pub plain: f64,
}

/// A weight that a power goes to.
#[derive(Clone, Copy)]
pub enum Weight {
    Legal(usize),
    Grey(usize),
    Refused(usize),
    /// Of a buyer, were everything permitted at list price.
    Plain(usize),
}

/// Options of all buyers.
#[derive(Default)]
pub struct Choices {
    pub list: Vec<Choice>,
    pub refused: Vec<Refusal>,
    pub menus: Vec<Menu>,
    /// Values for money to be raised to their power, with a factor on that and the weight that it is for.
    values: Vec<f64>,
    raised: Vec<(f64, Weight)>,
}

impl Choices {
    /// Room for the options of so many buyers from so many sales.
    pub fn new(buyers: usize, sales: usize) -> Self {
        Self {
            list: Vec::with_capacity(sales),
            refused: Vec::with_capacity(sales),
            menus: vec![Menu::default(); buyers],
            values: Vec::with_capacity(2 * sales),
            raised: Vec::with_capacity(2 * sales),
        }
    }
    fn clear(&mut self) {
        self.list.clear();
        self.refused.clear();
        self.values.clear();
        self.raised.clear();
    }
    fn raise(&mut self, value: f64, factor: f64, weight: Weight) {
        self.values.push(value);
        self.raised.push((factor, weight));
    }
}

/// How a sale was weighed for one quarter, kept until then: what was expected mostly comes true.
#[derive(Clone, Copy)]
pub struct Weighed {
    pub quarter: usize,
    pub fee: f64,
    pub weight: f64,
}

impl Weighed {
    pub const NONE: Self = Self { quarter: usize::MAX, fee: 0.0, weight: 0.0 };
}

impl Draw<'_> {
    /// Prices of a quarter by chip.
    pub fn read_prices(&mut self, t: usize) {
        for &c in &self.w.market.chips {
            self.price[c] = self.w.m.chips[c].price.map_or(1.0, |q| self.n.at(q, t));
        }
    }

    /// What buyers can choose from, now or when chips that are started now arrive.
    #[inline(never)]
    pub fn choose(&mut self, ahead: bool, into: &mut Choices) {
        let w = self.w;
        let t = if ahead { self.t + w.lead } else { self.t };
        self.read_prices(t);
        into.clear();
        for &b in &w.market.buyers {
            let smuggling = self.open_capacity[w.m.buyers[b].country.index()] > 0.0;
            into.menus[b].first = into.list.len();
            into.menus[b].plain = 0.0;
            into.menus[b].refused = into.refused.len();
            for e in w.graph.edges_directed(w.nodes.buyers[b], Incoming) {
                let Node::Chip(c) = w.graph[e.source()] else { continue };
                if self.ramp[usize::from(ahead)][c.index()] > 0.0 {
                    self.option(ahead, t, w.market.sale_at[e.id().index()], smuggling, into);
                }
            }
            into.menus[b].end = into.list.len();
        }
        self.raise(t, into);
        for &b in &w.market.buyers {
            let menu = &mut into.menus[b];
            let (mut best, mut best_grey, mut legal, mut grey) = (0.0_f64, 0.0_f64, 0.0, 0.0);
            let willing = self.willing;
            menu.granted = 0.0;
            for c in &mut into.list[menu.first..menu.end] {
                best = best.max(c.x);
                best_grey = best_grey.max(c.y);
                legal += c.x;
                grey += c.y;
                c.y *= willing;
                menu.granted += c.permitted * c.x + c.y;
            }
            menu.wait = self.patience * best;
            menu.grey = grey * willing;
            menu.legal = legal + menu.wait;
            menu.all = legal + grey + self.patience * best.max(best_grey);
        }
    }

    /// Adds a sale of a chip that is on sale to the options, if it is offered; values for money are raised to their power later.
    #[inline(never)]
    fn option(&mut self, ahead: bool, t: usize, s: usize, smuggling: bool, into: &mut Choices) {
        let w = self.w;
        let Outlet { chip: c, buyer: b, affinity, .. } = w.market.sales[s];
        let class = w.market.class_of[b];
        if !self.is_offered(ahead, c, class) {
            return;
        }
        let (permitted, fee) = self.permit(ahead, c, class);
        let rho = self.ramp[usize::from(ahead)][c];
        let worth = affinity.map_or(1.0, |q| self.n.at(q, t)) * self.effective[s];
        let price = self.price[c];
        let full = price * (1.0 + fee);
        let street = price * self.premium[w.m.buyers[b].country.index()];
        let case = w.market.cases[c * w.market.classes.len() + class];
        let place = into.list.len();
        if self.eagerness > 0.0 {
            into.raise(worth / (price + self.running[c]), rho, Weight::Plain(b));
        }
        let mut x = 0.0;
        if permitted > 0.0 {
            let slots = w.lead + 1;
            let kept = &mut self.attractions[s * slots + t % slots];
            if kept.quarter == t && kept.fee == fee {
                x = rho * kept.weight;
            } else {
                (kept.quarter, kept.fee) = (t, fee);
                into.raise(worth / (full + self.running[c]), rho, Weight::Legal(place));
            }
        }
        if permitted < 1.0 && !(ahead || w.table.is_bare()) {
            if permitted == 0.0 {
                into.raise(worth / (full + self.running[c]), rho, Weight::Refused(into.refused.len()));
            }
            into.refused.push(Refusal { chip: c, case, permitted, asked: 0.0, full, choice: place });
        }
        let is_grey = smuggling && permitted < 1.0 && (ahead || self.inventory[c] > DUST);
        if is_grey {
            let value = worth * self.support / (street + self.running[c]);
            into.raise(value, self.carries[c] * (1.0 - permitted) * rho, Weight::Grey(place));
        }
        if permitted > 0.0 || is_grey {
            let rest = Choice::default();
            into.list.push(Choice { sale: s, chip: c, case, x, permitted, full, street, ..rest });
        }
    }

    /// Raises values for money to the power of the elasticity, all in one go, and gives each its weight.
    #[inline(never)]
    fn raise(&mut self, t: usize, choices: &mut Choices) {
        let slots = self.w.lead + 1;
        for value in &mut choices.values {
            *value = pow(*value, self.theta);
        }
        for (&power, &(factor, weight)) in choices.values.iter().zip(&choices.raised) {
            match weight {
                Weight::Legal(i) => {
                    let choice = &mut choices.list[i];
                    choice.x = factor * power;
                    self.attractions[choice.sale * slots + t % slots].weight = power;
                }
                Weight::Grey(i) => choices.list[i].y = factor * power,
                Weight::Refused(i) => choices.refused[i].asked = factor * power,
                Weight::Plain(b) => choices.menus[b].plain += factor * power,
            }
        }
        for refused in choices.refused.iter_mut().filter(|r| r.permitted > 0.0) {
            refused.asked = choices.list[refused.choice].x;
        }
    }

    /// Budget of a buyer over what it would be if everything were permitted at list price.
    pub fn access(&self, menu: &Menu) -> f64 {
        if self.eagerness > 0.0 && menu.plain > 0.0 {
            pow(menu.granted / menu.plain, self.eagerness)
        } else {
            1.0
        }
    }

    /// What buyers want smuggled with their money, and what routes to each country can carry of it.
    #[inline(never)]
    pub fn reach(&mut self, choices: &mut Choices) {
        let w = self.w;
        self.wanted.fill(0.0);
        self.wanted_usd.fill(0.0);
        for &b in &w.market.buyers {
            let menu = choices.menus[b];
            if menu.grey <= 0.0 {
                continue;
            }
            let n = w.m.buyers[b].country.index();
            for choice in choices.list[menu.first..menu.end].iter_mut().filter(|c| c.y > 0.0) {
                let usd = self.money[b] * per(choice.y, menu.all);
                choice.want = usd / choice.street;
                self.wanted[n] += choice.want;
                self.wanted_usd[n] += usd;
            }
        }
        for (n, reach) in self.reach.iter_mut().enumerate() {
            let by_number = fit(self.open_capacity[n], self.wanted[n]);
            *reach = by_number.min(fit(self.open_usd[n], self.wanted_usd[n]));
        }
    }
}
