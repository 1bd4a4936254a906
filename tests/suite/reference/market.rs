//! Section 7, who can buy what: sales along the graph's edges, offers by class of buyer, and what each buyer chooses from.

use super::choice::Weighed;
use super::rules::{CaseId, Item, Sale};
use super::shocks::On;
use super::verdict::snap;
use super::{Draw, Preparation, per};
use chokepoint::internals::math::pow;
use chokepoint::internals::model::{BuyerId, CountryId, Form, Model, QuantityId, Subject};
use chokepoint::internals::network::Node;
use petgraph::Incoming;
use petgraph::visit::EdgeRef;

/// A chip that can be sold to a buyer: an edge of the graph.
pub struct Outlet {
    pub chip: usize,
    pub buyer: usize,
    pub affinity: Option<QuantityId>,
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
    pub sale_at: Vec<usize>,
    /// Buyers with money of their own.
    pub buyers: Vec<usize>,
    pub class_of: Vec<Class>,
    pub reseller_class: Vec<Class>,
    pub buyer_classes: Vec<Class>,
    pub classes: Vec<(CountryId, CountryId)>,
    /// By chip and class.
    pub cases: Vec<CaseId>,
    pub chips: Vec<usize>,
    pub variants: Vec<(usize, usize)>,
    /// Chip routes to each country.
    pub routes_to: Vec<Vec<usize>>,
}

impl Market {
    pub fn new(p: &mut Preparation<'_>) -> Self {
        let m = p.m;
        let class = |b: usize| (m.buyers[b].country, m.buyers[b].headquarters.unwrap_or(m.buyers[b].country));
        let through =
            |r: &chokepoint::internals::model::Route| r.reseller.map_or((r.via, r.via), |b| class(b.index()));
        let (mut sales, mut buyers) = (Vec::new(), Vec::new());
        let mut sale_at = vec![usize::MAX; p.graph.edge_count()];
        for b in 0..m.buyers.len() {
            for e in p.graph.edges_directed(p.nodes.buyers[b], Incoming) {
                let Node::Chip(c) = p.graph[e.source()] else { continue };
                sale_at[e.id().index()] = sales.len();
                let affinity = m.buyers[b].affinity.get(&m.chips[c].designer).copied();
                sales.push(Outlet { chip: c.index(), buyer: b, affinity, fleet: 0, smuggled: None });
            }
            if m.buyers[b].budget.is_some()
                && m.buyers[b].kind != chokepoint::internals::model::BuyerKind::Reseller
            {
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
    let home = m.designers[designer].country;
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

impl Draw<'_> {
    /// What rules and shocks make of a chip for a class, now or as planned for: permission and fee.
    #[inline]
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

    pub fn is_offered(&mut self, ahead: bool, c: usize, class: Class) -> bool {
        let Some(parent) = self.w.m.chips[c].variant_of else { return true };
        !self.only_cut[usize::from(ahead)][c] || self.permit(ahead, parent.index(), class).0 < 1.0
    }

    /// What designers want to start.
    #[inline(never)]
    pub fn want(&mut self) {
        let w = self.w;
        let t = self.t + w.lead;
        let mut choices = std::mem::take(&mut self.planned_choices);
        self.choose(true, &mut choices);
        for &b in &w.market.buyers {
            let budget = w.m.buyers[b].budget.map_or(0.0, |q| self.n.at(q, t));
            self.money[b] = budget * self.world_budget * self.access(&choices.menus[b]);
        }
        self.expect_commitments();
        for &b in &w.market.buyers {
            self.money[b] *= self.over[b] * self.power[b];
        }
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
                self.wants[c] = (headroom * e + self.promised[c] + self.grey_orders[c] - 0.5 * glut).max(0.0);
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
        self.eagerness = self.n.v(trade.access_elasticity) / self.theta;
        let server = self.n.v(m.fleet.server_factor);
        for (c, chip) in m.chips.iter().enumerate() {
            let given = |q| self.n.opt(q);
            let bf16 = given(chip.bf16_tflops).unwrap_or(0.0);
            let int8 = given(chip.int8_tops).unwrap_or(bf16);
            let fp4 = given(chip.fp4_tflops).unwrap_or(0.0);
            let tpp = given(chip.tpp).unwrap_or((16.0 * bf16).max(8.0 * int8).max(4.0 * fp4));
            self.units[c] = [1.0, bf16 / 989.5, int8 / 1979.0, tpp];
            self.watts[c] = given(chip.it_power).or(given(chip.tdp).map(|w| w * server)).unwrap_or(0.0);
            let carries = &m.diversion.carries;
            self.carries[c] = self.n.v(match chip.form {
                Form::Card => carries.card,
                Form::Server => carries.server,
                Form::Rack => carries.rack,
            });
        }
        let intensity = self.n.v(trade.intensity);
        for (s, sale) in w.market.sales.iter().enumerate() {
            let f = self.units[sale.chip][1] * 989.5e12;
            let share = self.n.v(m.buyers[sale.buyer].memory_bound.unwrap_or(trade.memory_bound));
            let bandwidth = self.n.opt(m.chips[sale.chip].memory_bandwidth);
            let fed = bandwidth.map_or(f, |bw| f.min(bw * 1e9 * intensity));
            self.effective[s] = 1.0 / ((1.0 - share) / f + share / fed);
        }
        self.read_market();
    }

    /// Numbers of trade that signs can change.
    pub fn read_market(&mut self) {
        let w = self.w;
        let (m, trade) = (w.m, &w.m.trade);
        self.willing = self.n.v(m.diversion.willing);
        self.support = self.n.v(m.diversion.support);
        self.world_budget = self.n.v(trade.world_budget);
        let (per_watt, per_chip) = (self.n.v(trade.usd_per_watt), self.n.v(trade.usd_per_chip));
        for (running, watts) in self.running.iter_mut().zip(&self.watts) {
            *running = per_watt * watts + per_chip;
        }
        self.attractions.fill(Weighed::NONE);
        for (b, buyer) in m.buyers.iter().enumerate() {
            self.priority[b] = self.n.v(buyer.priority);
        }
        let own = |r: &chokepoint::internals::model::Route| {
            r.reseller.map_or(1.0, |b: BuyerId| self.priority[b.index()])
        };
        let resellers = self.n.v(m.diversion.priority);
        self.precedence.clear();
        self.precedence.extend(m.routes.iter().map(|r| own(r) * resellers));
    }
}
