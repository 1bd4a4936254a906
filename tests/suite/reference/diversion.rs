//! Section 8: routes, seizures, deliveries, the premium.

use super::shocks::On;
use super::{DUST, Draw, per};
use chokepoint::internals::math::{exp, pow};

/// What is under way: arrivals of this quarter and the next three, in turn.
#[derive(Clone, Copy, Default)]
pub struct Transit([f64; 4]);

impl Transit {
    /// Sends an amount evenly over quarter t, by the shares that arrive in it and in each of the next three.
    pub fn send(&mut self, t: usize, amount: f64, shares: &[f64; 4]) {
        for (j, share) in shares.iter().enumerate() {
            self.0[(t + j) % 4] += amount * share;
        }
    }
    /// What arrives in quarter t.
    pub fn take(&mut self, t: usize) -> f64 {
        std::mem::take(&mut self.0[t % 4])
    }
    pub fn total(&self) -> f64 {
        self.0.iter().sum()
    }
}

/// Shares of what is sent evenly over a quarter that arrive in it and in the next three.
pub fn lagged(lag: f64) -> [f64; 4] {
    let whole = lag.floor();
    std::array::from_fn(|j| match j as f64 - whole {
        0.0 => 1.0 - (lag - whole),
        1.0 => lag - whole,
        _ => 0.0,
    })
}

impl Draw<'_> {
    pub fn reset_routes(&mut self) {
        let m = self.w.m;
        for (r, route) in m.routes.iter().enumerate() {
            self.networks[r] = self.n.v(route.capacity);
        }
        self.premium.fill(self.n.v(m.diversion.premium));
        self.read_lags();
    }

    /// How long things are under way.
    pub fn read_lags(&mut self) {
        let m = self.w.m;
        for (r, route) in m.routes.iter().enumerate() {
            self.route_lag[r] = lagged(self.n.v(route.lag));
        }
        self.fleet_lag = lagged(self.n.v(m.fleet.lag));
    }

    /// Capacity and detection of the quarter.
    #[inline(never)]
    pub fn open_routes(&mut self) {
        let w = self.w;
        let made = self.t.saturating_sub(w.lead);
        for (r, route) in w.m.routes.iter().enumerate() {
            let since = |d: chokepoint::internals::model::time::Date| d.since(w.m.run.horizon.first);
            let open = route.opens.map_or(1.0, |d| (self.t as f64 + 1.0 - since(d)).clamp(0.0, 1.0));
            self.route_capacity[r] = self.networks[r] * self.shocks.factor(On::RouteCapacity, r) * open;
            let found = self.n.at(route.detection, self.t) * self.shocks.factor(On::Detection, r);
            let verified = match route.good {
                Some(_) => 0.0,
                None => self.n.at(w.m.diversion.verification, made),
            };
            self.route_detection[r] = 1.0 - (1.0 - found.clamp(0.0, 1.0)) * (1.0 - verified);
        }
        for (n, routes) in w.market.routes_to.iter().enumerate() {
            self.open_capacity[n] = routes.iter().map(|&r| self.route_capacity[r]).sum();
            let usd = |&r: &usize| match w.m.routes[r].capacity_usd {
                _ if self.route_capacity[r] <= 0.0 => 0.0,
                Some(q) => self.n.v(q) * per(self.route_capacity[r], self.n.v(w.m.routes[r].capacity)),
                None => f64::INFINITY,
            };
            self.open_usd[n] = routes.iter().map(usd).sum();
        }
    }

    /// Seizures and deliveries.
    #[inline(never)]
    pub fn divert(&mut self) {
        let w = self.w;
        let chips = w.m.chips.len();
        self.route_attempted.copy_from_slice(&self.goods_attempted);
        self.route_delivered.fill([0.0; 3]);
        for r in &self.resellers {
            self.passed[w.m.routes[r.route].to.index() * chips + r.chip] = [0.0; 4];
        }
        for r in &self.resellers {
            let bought = self.attempted[r.route * chips + r.chip];
            self.route_attempted[r.route] += bought;
            let passed = bought * (1.0 - self.route_detection[r.route]);
            let under_way = &mut self.passed[w.m.routes[r.route].to.index() * chips + r.chip];
            for (amount, share) in under_way.iter_mut().zip(&self.route_lag[r.route]) {
                *amount += passed * share;
            }
            for u in 0..3 {
                self.route_delivered[r.route][u] += bought * self.units[r.chip][u];
            }
        }
        for r in 0..w.m.routes.len() {
            self.route_seized[r] = self.route_attempted[r] * self.route_detection[r];
            let passed = 1.0 - self.route_detection[r];
            for (amount, transit) in self.route_delivered[r].iter_mut().zip(&mut self.route_transit[r]) {
                transit.send(self.t, *amount * passed, &self.route_lag[r]);
                *amount = transit.take(self.t);
            }
        }
        let choices = std::mem::take(&mut self.choices);
        for &b in &w.market.buyers {
            let menu = choices.menus[b];
            if menu.grey <= 0.0 {
                continue;
            }
            let n = w.m.buyers[b].country.index();
            for c in choices.list[menu.first..menu.end].iter().filter(|c| c.want > 0.0) {
                let Some(fleet) = w.market.sales[c.sale].smuggled else { continue };
                let share = per(c.want, self.grey_wants[n * chips + c.chip]);
                self.transit[fleet].send(self.t, share, &self.passed[n * chips + c.chip]);
            }
        }
        self.choices = choices;
    }

    /// Networks and premiums of the next quarter.
    #[inline(never)]
    pub fn adapt_routes(&mut self) {
        let w = self.w;
        for (r, route) in w.m.routes.iter().enumerate() {
            let start = w.m.run.horizon.first;
            if route.opens.is_some_and(|d| d.since(start) >= self.t as f64 + 1.0) {
                continue;
            }
            let ceiling = self.n.v(route.ceiling.unwrap_or(route.capacity));
            let attempted = self.route_attempted[r];
            let used = per(attempted, self.route_capacity[r]);
            let growth = self.n.v(route.growth) * used * (1.0 - per(self.networks[r], ceiling));
            let loss = self.n.v(route.rollup) * per(self.route_seized[r], attempted);
            if growth != loss {
                self.networks[r] *= exp(growth - loss);
            }
        }
        let (p0, top) = (self.n.v(w.m.diversion.premium), self.n.v(w.m.diversion.premium_max));
        let exponent = self.n.v(w.m.diversion.premium_exponent);
        for (n, _) in w.market.routes_to.iter().enumerate().filter(|(_, r)| !r.is_empty()) {
            if self.wanted[n] > 0.0 {
                let by_number = self.wanted[n] / self.open_capacity[n];
                let scarcity = by_number.max(self.wanted_usd[n] / self.open_usd[n]);
                let price = 1.0 + (p0 - 1.0) * pow(scarcity, exponent);
                self.premium[n] = price.max(1.0).min(top);
                self.carried[n] = self.reach[n];
            }
        }
    }

    /// What shocks look at in the next quarter, and how much buyers over-order.
    #[inline(never)]
    pub fn read_gauges(&mut self) {
        let w = self.w;
        let most = self.n.v(w.m.trade.over_order);
        for (b, over) in self.over.iter_mut().enumerate() {
            let (o, f) = (self.ordered[b], self.filled[b]);
            let ratio = match (o <= 0.0, f <= 0.0) {
                (true, _) => 1.0,
                (_, true) => most,
                _ => (o / f).clamp(1.0, most),
            };
            *over = 0.5 * *over + 0.5 * ratio;
        }
        // Seized, attempted; filled, ordered; smuggled, bought.
        self.tallies.fill([0.0; 6]);
        for (n, routes) in w.market.routes_to.iter().enumerate() {
            for &r in routes {
                self.tallies[n][0] += self.route_seized[r];
                self.tallies[n][1] += self.route_attempted[r];
            }
        }
        for &b in &w.market.buyers {
            let tally = &mut self.tallies[w.m.buyers[b].country.index()];
            tally[2] += self.filled[b];
            tally[3] += self.ordered[b];
        }
        for &b in &w.market.buyers {
            let menu = self.choices.menus[b];
            let tally = &mut self.tallies[w.m.buyers[b].country.index()];
            for c in &self.choices.list[menu.first..menu.end] {
                tally[5] += self.sold[c.sale];
            }
        }
        for &i in &w.smuggled {
            self.tallies[w.fleets[i].country][4] += self.delivered[i];
        }
        for (gauges, x) in self.shocks.gauges.iter_mut().zip(&self.tallies) {
            let unmet = if x[3] > 0.0 { (1.0 - per(x[2], x[3])).max(0.0) } else { 0.0 };
            let smuggled = match (x[4] > DUST, x[5] > DUST) {
                (_, true) => x[4] / x[5],
                (true, false) => f64::INFINITY,
                (false, false) => 0.0,
            };
            *gauges = [per(x[0], x[1]), unmet, smuggled];
        }
    }
}
