//! Section 7, who can buy what: sales along the graph's edges, offers by class of buyer, and what each buyer chooses from.

use super::rules::{CaseId, Item, Sale};
use super::shocks::On;
use super::verdict::snap;
use super::{Draw, Preparation, fit, per};
use chokepoint::math::pow;
use chokepoint::model::{BuyerId, CountryId, Model, QuantityId, Subject};
use chokepoint::network::Node;
use petgraph::Incoming;
use petgraph::visit::EdgeRef;

/// A chip that can be sold to a buyer: an edge of the graph.
pub struct Outlet {
    pub chip: usize,
    pub buyer: usize,
    affinity: Option<QuantityId>,
    /// Fleets that it adds to: bought legally, and smuggled where a route leads to the buyer.
    pub fleet: usize,
    pub smuggled: Option<usize>,
}

/// Place of a class: (country of delivery, headquarters).
pub type Class = usize;

/// Who can buy what.
pub struct Market {
    pub sales: Vec<Outlet>,
    /// Sale of each edge of the graph.
    sale_at: Vec<usize>,
    /// Buyers with money of their own.
    pub buyers: Vec<usize>,
    pub class_of: Vec<Class>,
    pub reseller_class: Vec<Class>,
    buyer_classes: Vec<Class>,
    classes: Vec<(CountryId, CountryId)>,
    /// By chip and class.
    cases: Vec<CaseId>,
    pub chips: Vec<usize>,
    variants: Vec<(usize, usize)>,
    /// Chip routes to each country.
    pub routes_to: Vec<Vec<usize>>,
}

impl Market {
    pub fn new(p: &mut Preparation<'_>) -> Self {
        let m = p.m;
        let class = |b: usize| (m.buyers[b].country, m.buyers[b].headquarters.unwrap_or(m.buyers[b].country));
        let through = |r: &chokepoint::model::Route| r.reseller.map_or((r.via, r.via), |b| class(b.index()));
        let (mut sales, mut buyers) = (Vec::new(), Vec::new());
        let mut sale_at = vec![usize::MAX; p.graph.edge_count()];
        for b in 0..m.buyers.len() {
            for e in p.graph.edges_directed(p.nodes.buyers[b], Incoming) {
                let Node::Chip(c) = p.graph[e.source()] else { continue };
                sale_at[e.id().index()] = sales.len();
                let affinity = m.buyers[b].affinity.get(&m.chips[c.index()].designer).copied();
                sales.push(Outlet { chip: c.index(), buyer: b, affinity, fleet: 0, smuggled: None });
            }
            if m.buyers[b].budget.is_some() && m.buyers[b].kind != chokepoint::model::BuyerKind::Reseller {
                buyers.push(b);
            }
        }
        let mut classes: Vec<_> = buyers.iter().map(|&b| class(b)).collect();
        classes.extend(m.routes.iter().map(through));
        classes.sort_unstable();
        classes.dedup();
        let place = |c: (CountryId, CountryId)| classes.partition_point(|x| *x < c);
        let mut buyer_classes: Vec<Class> = buyers.iter().map(|&b| place(class(b))).collect();
        buyer_classes.sort_unstable();
        buyer_classes.dedup();
        let mut cases = Vec::new();
        for c in 0..m.chips.len() {
            for &(to, hq) in &classes {
                let sale = chip_sale(m, c, to, hq);
                cases.push(p.case(&sale));
            }
        }
        let chips: Vec<usize> = (0..m.chips.len()).filter(|&c| super::is_sold(&m.chips[c])).collect();
        let parent = |&c: &usize| m.chips[c].variant_of.map(|v| (c, v.index()));
        let routes_to = |n: usize| {
            let leads = |r: &usize| m.routes[*r].to.index() == n && m.routes[*r].good.is_none();
            (0..m.routes.len()).filter(leads).collect()
        };
        Self {
            sales,
            sale_at,
            class_of: (0..m.buyers.len()).map(|b| place(class(b)).min(classes.len())).collect(),
            reseller_class: m.routes.iter().map(|r| place(through(r))).collect(),
            buyers,
            buyer_classes,
            cases,
            variants: chips.iter().filter_map(parent).collect(),
            chips,
            routes_to: (0..m.countries.len()).map(routes_to).collect(),
            classes,
        }
    }
}

fn chip_sale(m: &Model, c: usize, to: CountryId, hq: CountryId) -> Sale {
    let designer = m.chips[c].designer;
    let home = m.designers[designer.index()].country;
    Sale {
        subject: Subject::Chips,
        item: Item::Chip(c),
        designer: Some(designer),
        to,
        hq,
        from: [home, home],
        issuer: None,
    }
}

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
}

/// A weight that a power goes to.
#[derive(Clone, Copy)]
pub enum Weight {
    Legal(usize),
    Grey(usize),
    Refused(usize),
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

/// Attraction of a sale for one quarter, kept until then: what was expected mostly comes true.
#[derive(Clone, Copy)]
pub struct Attraction {
    pub quarter: usize,
    fee: f64,
    weight: f64,
}

impl Attraction {
    pub const NONE: Self = Self { quarter: usize::MAX, fee: 0.0, weight: 0.0 };
}

impl Draw<'_> {
    /// What rules and shocks make of a chip for a class, now or as planned for: permission and fee.
    pub fn permit(&mut self, ahead: bool, chip: usize, class: Class) -> (f64, f64) {
        let w = self.w;
        let case = w.market.cases[chip * w.market.classes.len() + class];
        if ahead {
            let v = self.judge_ahead(case);
            return (v.permitted, v.fee);
        }
        let v = self.judge(case);
        let (mut permitted, mut fee) = (v.permitted, v.fee);
        let place = chip * w.m.countries.len() + w.market.classes[class].0.index();
        if self.shocks.acts(On::Sales) {
            permitted = snap(permitted * self.shocks.factor(On::Sales, place).min(1.0));
        }
        if self.shocks.acts(On::Fee) {
            fee += self.shocks.added_fee(place);
        }
        (permitted, fee)
    }

    /// Launches of compliant variants without a date, some time after their parents are cut off; whether there are any.
    #[inline(never)]
    pub fn launch_variants(&mut self) -> bool {
        let w = self.w;
        let mut any = false;
        for &(c, parent) in &w.market.variants {
            let chip = &w.m.chips[c];
            let (None, Some(lag)) = (chip.launch, chip.variant_lag) else { continue };
            if self.launch[c].is_finite() || self.ramp[0][parent] <= 0.0 {
                continue;
            }
            if (0..w.market.classes.len()).any(|k| self.permit(false, parent, k).0 < 0.5) {
                self.launch[c] = self.t as f64 + self.n.v(lag);
                any = true;
            }
        }
        any
    }

    /// Which variants are offered to those alone whose parent is cut.
    #[inline(never)]
    pub fn offer_variants(&mut self) {
        let w = self.w;
        for ahead in [false, true] {
            for &(c, parent) in &w.market.variants {
                if self.ramp[usize::from(ahead)][c] > 0.0 {
                    self.only_cut[usize::from(ahead)][c] =
                        w.market.buyer_classes.iter().any(|&k| {
                            self.permit(ahead, parent, k).0 < 1.0 && self.permit(ahead, c, k).0 > 0.0
                        });
                }
            }
        }
    }

    fn is_offered(&mut self, ahead: bool, c: usize, class: Class) -> bool {
        let Some(parent) = self.w.m.chips[c].variant_of else { return true };
        !self.only_cut[usize::from(ahead)][c] || self.permit(ahead, parent.index(), class).0 < 1.0
    }

    /// Prices of a quarter by chip.
    fn read_prices(&mut self, t: usize) {
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
            for c in &into.list[menu.first..menu.end] {
                best = best.max(c.x);
                best_grey = best_grey.max(c.y);
                legal += c.x;
                grey += c.y;
            }
            menu.wait = self.patience * best;
            menu.grey = grey;
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
            into.refused.push(Refusal { case, permitted, asked: 0.0, full, choice: place });
        }
        let is_grey = smuggling && permitted < 1.0 && (ahead || self.inventory[c] > 1e-6);
        if is_grey {
            let value = worth * self.support / (street + self.running[c]);
            into.raise(value, self.willing * (1.0 - permitted) * rho, Weight::Grey(place));
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
            }
        }
        for refused in choices.refused.iter_mut().filter(|r| r.permitted > 0.0) {
            refused.asked = choices.list[refused.choice].x;
        }
    }

    /// What buyers want smuggled with their money, and what routes to each country can carry of it.
    #[inline(never)]
    pub fn reach(&mut self, choices: &mut Choices) {
        let w = self.w;
        self.reach.fill(0.0);
        for &b in &w.market.buyers {
            let menu = choices.menus[b];
            if menu.grey <= 0.0 {
                continue;
            }
            let n = w.m.buyers[b].country.index();
            for choice in choices.list[menu.first..menu.end].iter_mut().filter(|c| c.y > 0.0) {
                choice.want = self.money[b] * per(choice.y, menu.all) / choice.street;
                self.reach[n] += choice.want;
            }
        }
        for (reach, capacity) in self.reach.iter_mut().zip(&self.open_capacity) {
            *reach = fit(*capacity, *reach);
        }
    }

    /// What designers want to start.
    #[inline(never)]
    pub fn want(&mut self) {
        let w = self.w;
        let t = self.t + w.lead;
        for &b in &w.market.buyers {
            let n = w.m.buyers[b].country.index();
            let budget = w.m.buyers[b].budget.map_or(0.0, |q| self.n.at(q, t));
            self.money[b] = budget * self.world_budget * self.over[b] * self.power[n];
        }
        let mut choices = std::mem::take(&mut self.planned_choices);
        self.choose(true, &mut choices);
        self.reach(&mut choices);
        self.sales_expected.fill(0.0);
        for &b in &w.market.buyers {
            let menu = choices.menus[b];
            let n = w.m.buyers[b].country.index();
            let free = self.money[b] * (1.0 - self.reach[n] * per(menu.grey, menu.all));
            for c in &choices.list[menu.first..menu.end] {
                self.sales_expected[c.chip] += free * c.permitted * per(c.x, menu.legal) / c.full;
            }
        }
        self.planned_choices = choices;
        let headroom = self.n.v(w.m.production.headroom);
        for &c in &w.market.chips {
            let now = self.sales_expected[c];
            let e = if self.t == 0 { now } else { 0.5 * self.expected[c] + 0.5 * now };
            self.expected[c] = e;
            self.wants[c] = 0.0;
            if self.ramp[1][c] > 0.0 {
                let glut = (self.inventory[c] - 0.1 * e).max(0.0);
                self.wants[c] = (headroom * e + self.grey_orders[c] - 0.5 * glut).max(0.0);
            }
        }
    }

    /// What chips are worth to buyers, and other numbers of trade that do not change within a draw.
    #[inline(never)]
    pub fn reset_market(&mut self) {
        let w = self.w;
        let (m, trade) = (w.m, &w.m.trade);
        self.theta = self.n.v(trade.elasticity);
        self.patience = pow(self.n.v(trade.wait), self.theta);
        self.willing = self.n.v(m.diversion.willing);
        self.support = self.n.v(m.diversion.support);
        self.world_budget = self.n.v(trade.world_budget);
        let server = self.n.v(m.fleet.server_factor);
        let (per_watt, per_chip) = (self.n.v(trade.usd_per_watt), self.n.v(trade.usd_per_chip));
        for (c, chip) in m.chips.iter().enumerate() {
            let given = |q| self.n.opt(q);
            let bf16 = given(chip.bf16_tflops).unwrap_or(0.0);
            let int8 = given(chip.int8_tops).unwrap_or(bf16);
            let fp4 = given(chip.fp4_tflops).unwrap_or(0.0);
            let tpp = given(chip.tpp).unwrap_or((16.0 * bf16).max(8.0 * int8).max(4.0 * fp4));
            self.units[c] = [1.0, bf16 / 989.5, int8 / 1979.0, tpp];
            self.watts[c] = given(chip.it_power).or(given(chip.tdp).map(|w| w * server)).unwrap_or(0.0);
            self.running[c] = per_watt * self.watts[c] + per_chip;
        }
        let intensity = self.n.v(trade.intensity);
        for (s, sale) in w.market.sales.iter().enumerate() {
            let f = self.units[sale.chip][1] * 989.5e12;
            let share = self.n.v(m.buyers[sale.buyer].memory_bound.unwrap_or(trade.memory_bound));
            let bandwidth = self.n.opt(m.chips[sale.chip].memory_bandwidth);
            let fed = bandwidth.map_or(f, |bw| f.min(bw * 1e9 * intensity));
            self.effective[s] = 1.0 / ((1.0 - share) / f + share / fed);
        }
        self.attractions.fill(Attraction::NONE);
        for (b, buyer) in m.buyers.iter().enumerate() {
            self.priority[b] = self.n.v(buyer.priority);
        }
        let own =
            |r: &chokepoint::model::Route| r.reseller.map_or(1.0, |b: BuyerId| self.priority[b.index()]);
        let resellers = self.n.v(m.diversion.priority);
        self.precedence.clear();
        self.precedence.extend(m.routes.iter().map(|r| own(r) * resellers));
    }
}
