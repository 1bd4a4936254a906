//! Section 6: private stocks of goods: purchases, smuggling, leaks.

use super::rules::{CaseId, Item, Sale};
use super::{Draw, Preparation, fit, per};
use chokepoint::internals::model::Subject;
use chokepoint::internals::network::Edge;
use petgraph::Incoming;
use petgraph::visit::EdgeRef;

/// A private stock: where it buys, and how goods are smuggled to it.
pub struct Stock {
    /// Facilities, with the cases of their sales.
    from: Vec<(usize, CaseId)>,
    routes: Vec<usize>,
    /// Stocks of the same good in the same country: they share routes.
    alike: Vec<usize>,
}

/// All private stocks, along the graph.
pub fn stocks(p: &mut Preparation<'_>) -> Vec<Stock> {
    let m = p.m;
    let home = |s: usize| m.designers[m.stockpiles[s].designer].country;
    let mut all = Vec::new();
    for (s, stock) in m.stockpiles.iter().enumerate() {
        let from = stock.from.iter().map(|f| (f.index(), goods_case(p, stock.designer.index(), f.index())));
        let from = from.collect();
        let mut routes: Vec<usize> = (p.graph.edges_directed(p.nodes.stockpiles[s], Incoming))
            .filter(|e| *e.weight() == Edge::Diverts)
            .map(|e| p.row(e.source()))
            .collect();
        routes.sort_unstable();
        let alike = |r: &usize| m.stockpiles[*r].good == stock.good && home(*r) == home(s);
        all.push(Stock { from, routes, alike: (0..m.stockpiles.len()).filter(alike).collect() });
    }
    all
}

/// The case of a facility's good sold to a designer.
pub fn goods_case(p: &mut Preparation<'_>, d: usize, f: usize) -> CaseId {
    let good = p.m.facilities[f].good;
    let sale = supply(p, Subject::Goods, Item::Good(good), d, f);
    p.case(&sale)
}

/// A facility's sale to a designer.
pub fn supply(p: &Preparation<'_>, subject: Subject, item: Item, d: usize, f: usize) -> Sale {
    let (home, from) = (p.m.designers[d].country, p.m.facilities[f].country);
    let designer = Some(chokepoint::internals::model::DesignerId(d as u32));
    Sale { subject, item, designer, to: home, hq: home, from: [from, from], issuer: None }
}

impl Draw<'_> {
    /// Fills private stocks; what is taken from each facility goes to `taken`.
    #[inline(never)]
    pub fn fill_stocks(&mut self) {
        let w = self.w;
        self.taken.fill(0.0);
        self.goods_attempted.fill(0.0);
        if w.stocks.is_empty() {
            return;
        }
        for (s, stock) in w.stocks.iter().enumerate() {
            (self.stock_legal[s], self.stock_asked[s], self.stock_source[s]) = (0.0, 0.0, 0.0);
            for &(f, _) in &stock.from {
                self.stock_source[s] += self.available[f];
            }
            let Some(rate) = w.m.stockpiles[s].rate else { continue };
            let rate = self.n.at(rate, self.t);
            if stock.from.is_empty() {
                self.stock_legal[s] = rate;
                continue;
            }
            let (mut p, mut cut) = (0.0, 0.0);
            for &(f, case) in &stock.from {
                let share = per(self.available[f], self.stock_source[s]);
                p += share * self.permitted_now(case);
                cut += share * self.rules.now[case].cut;
            }
            let burst = self.n.v(w.m.stockpiles[s].burst);
            let want = rate * (1.0 + (burst - 1.0) * cut.min(1.0));
            self.stock_legal[s] = p * want;
            self.stock_asked[s] = (1.0 - p) * want;
        }
        for (s, stock) in w.stocks.iter().enumerate() {
            let wanted: f64 = stock.alike.iter().map(|&r| self.stock_asked[r]).sum();
            self.stock_grey[s] = self.stock_asked[s] * fit(self.stock_routes(s), wanted);
            for &(f, _) in &stock.from {
                let share = per(self.available[f], self.stock_source[s]);
                self.taken[f] += (self.stock_legal[s] + self.stock_grey[s]) * share;
            }
        }
        for s in 0..w.stocks.len() {
            self.receive(s);
        }
        for (taken, available) in self.taken.iter_mut().zip(&self.available) {
            *taken *= fit(*available, *taken);
        }
    }

    fn stock_routes(&self, s: usize) -> f64 {
        self.w.stocks[s].routes.iter().map(|&r| self.route_capacity[r]).sum()
    }

    /// What a stock gets: as much as facilities that are asked for more than they have can give.
    fn receive(&mut self, s: usize) {
        let w = self.w;
        let stock = &w.stocks[s];
        let mut fed = if stock.from.is_empty() { 1.0 } else { 0.0 };
        for &(f, _) in &stock.from {
            fed += per(self.available[f], self.stock_source[s]) * fit(self.available[f], self.taken[f]);
        }
        let capacity = self.stock_routes(s);
        for &r in &stock.routes {
            let attempted = self.stock_grey[s] * fed * per(self.route_capacity[r], capacity);
            self.goods_attempted[r] += attempted;
            let passed = attempted * (1.0 - self.route_detection[r]);
            self.stock_transit[s].send(self.t, passed, &self.route_lag[r]);
        }
        let delivered = self.stock_transit[s].take(self.t);
        self.held[s] += self.stock_legal[s] * fed + delivered + self.leaked(s);
    }
}
