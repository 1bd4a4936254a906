//! Section 12, in a draw: what is noted of a quarter.

use super::names::{
    BOUGHT, HELD, IMPORTED, MADE, PLANNED, POWER, RETIRED, SMUGGLED, SOLD, SPEND, STRANDED, TRAINED,
};
use super::training::Trained;
use super::{Draw, per};
use chokepoint::internals::model::CountryId;

#[inline]
fn add<const N: usize>(values: &mut [f64], from: usize, to: usize) {
    let mut row = [0.0; N];
    row.copy_from_slice(&values[from..from + N]);
    values[to..to + N].iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
}

impl Draw<'_> {
    /// Records the quarter.
    #[inline(never)]
    pub fn record(&mut self) {
        let w = self.w;
        let table = &w.table;
        if table.bare {
            return;
        }
        let stocks = table.stocks[self.t];
        let mut v = std::mem::take(&mut self.values);
        v[..table.places].fill(0.0);
        if stocks {
            self.record_fleets(&mut v);
            self.record_supply(&mut v, true);
        } else {
            self.record_supply(&mut v, false);
        }
        self.record_retired(&mut v);
        self.record_sales(&mut v);
        self.record_places(&mut v);
        self.record_labs(&mut v);
        self.record_trade(&mut v);
        let (now, sums) = v.split_at_mut(table.places);
        sums.iter_mut().zip(now).for_each(|(sum, x)| *sum += *x);
        if stocks {
            let world = v[table.rows.world + 1];
            for n in 0..w.m.countries.len() {
                v[table.rows.shares + n] = per(v[table.rows.countries + n * HELD.len() + 1], world);
            }
            // Rows of buyers, countries, groups and the world follow on one another.
            for i in 0..table.rows.chips / HELD.len() {
                v[table.rows.over_plan + i] = per(v[i * HELD.len() + SPEND], v[i * HELD.len() + PLANNED]);
            }
        }
        for (i, &(of, over)) in table.ratios.iter().enumerate() {
            v[table.rows.ratios + i] = per(v[of], v[over]);
        }
        self.cells.extend(table.cells[self.t].iter().map(|&place| v[place]));
        self.values = v;
    }

    #[inline(never)]
    fn record_fleets(&self, v: &mut [f64]) {
        let w = self.w;
        for (i, fleet) in w.fleets.iter().enumerate().filter(|(i, _)| self.held_chips[*i].alive) {
            let (n, held) = (fleet.country, &self.held_chips[i]);
            let row = w.table.rows.buyers + fleet.buyer * HELD.len();
            let owned = held.count + held.waiting + held.coming.total();
            for (u, unit) in self.units[fleet.chip].iter().enumerate() {
                v[row + u] += owned * unit;
            }
            v[row + POWER] += held.count * self.facility_watts(fleet.chip, n);
            for u in 0..2 {
                v[row + STRANDED + u] += held.waiting * self.units[fleet.chip][u];
            }
        }
    }

    fn record_retired(&self, v: &mut [f64]) {
        let w = self.w;
        for (fleet, held) in w.fleets.iter().zip(&self.held_chips).filter(|(_, held)| held.retired > 0.0) {
            let row = w.table.rows.buyers + fleet.buyer * HELD.len() + RETIRED;
            for u in 0..2 {
                v[row + u] += held.retired * self.units[fleet.chip][u];
            }
        }
    }

    #[inline(never)]
    fn record_sales(&self, v: &mut [f64]) {
        let w = self.w;
        let rows = &w.table.rows;
        for &b in &w.market.buyers {
            let menu = self.choices.menus[b];
            let row = rows.buyers + b * HELD.len();
            v[row + SPEND] = self.purses[b].spent;
            v[row + PLANNED] = self.planned_spend[b];
            for c in &self.choices.list[menu.first..menu.end] {
                let sold = self.sold[c.sale];
                let home = w.m.designers[w.m.chips[c.chip].designer].country;
                let abroad = if home == w.m.buyers[b].country { 0.0 } else { 1.0 };
                for u in 0..3 {
                    let amount = sold * self.units[c.chip][u];
                    v[row + BOUGHT + u] += amount;
                    v[row + IMPORTED + u] += amount * abroad;
                }
                v[rows.chips + c.chip * SOLD.len() + 1] += sold;
            }
        }
        for &i in w.smuggled.iter().filter(|&&i| self.delivered[i] > 0.0) {
            let fleet = &w.fleets[i];
            for u in 0..3 {
                v[rows.buyers + fleet.buyer * HELD.len() + SMUGGLED + u] +=
                    self.delivered[i] * self.units[fleet.chip][u];
            }
        }
        for r in &self.resellers {
            let attempted = self.attempted[r.route * w.m.chips.len() + r.chip];
            v[rows.chips + r.chip * SOLD.len() + 1] += attempted;
        }
        for &c in &w.market.chips {
            let row = rows.chips + c * SOLD.len();
            let shipped = v[row + 1];
            v[row] = self.started[c];
            v[row + 2] = shipped * self.units[c][1];
            v[row + 3] = shipped * self.units[c][2];
            v[row + 4] = shipped * self.price[c];
            add::<5>(v, row, rows.designers + w.m.chips[c].designer.index() * SOLD.len());
            add::<5>(v, row, rows.all_chips);
            if let Some(f) = w.table.family_of[c].filter(|f| *f < w.table.families) {
                add::<5>(v, row, rows.families + f * SOLD.len());
            }
        }
    }

    /// Countries, groups and the world from buyers.
    #[inline(never)]
    fn record_places(&self, v: &mut [f64]) {
        let w = self.w;
        let rows = &w.table.rows;
        for (b, buyer) in w.m.buyers.iter().enumerate() {
            let country = rows.countries + buyer.country.index() * HELD.len();
            add::<{ HELD.len() }>(v, rows.buyers + b * HELD.len(), country);
        }
        for n in 0..w.m.countries.len() {
            add::<{ HELD.len() }>(v, rows.countries + n * HELD.len(), rows.world);
        }
        for (g, group) in w.m.groups.iter().enumerate() {
            for n in &group.members {
                let country = rows.countries + n.index() * HELD.len();
                add::<{ HELD.len() }>(v, country, rows.groups + g * HELD.len());
            }
        }
    }

    #[inline(never)]
    fn record_labs(&self, v: &mut [f64]) {
        let w = self.w;
        let rows = &w.table.rows;
        let width = TRAINED.len();
        let row = |v: &mut [f64], at: usize, x: &Trained| {
            let parameters = per(x.reachable / 6.0, x.tokens);
            v[at..at + 5].copy_from_slice(&[x.reachable, x.run, x.accessible, x.rented, x.free]);
            v[at + 5..at + width].copy_from_slice(&[x.effective, x.cost, parameters, x.tokens]);
        };
        let best = |labs: &mut dyn Iterator<Item = usize>| {
            let mut best = Trained { reachable: -1.0, ..Trained::default() };
            for x in labs.map(|l| &self.trained[l]) {
                if x.reachable > best.reachable {
                    (best.reachable, best.cost, best.tokens) = (x.reachable, x.cost, x.tokens);
                }
                best.run = best.run.max(x.run);
                best.effective = best.effective.max(x.effective);
                best.accessible += x.accessible;
                best.rented += x.rented;
                best.free += x.free;
            }
            best
        };
        for (l, trained) in self.trained.iter().enumerate() {
            row(v, rows.labs + l * width, trained);
        }
        for (p, set) in w.pools.of.iter().enumerate().filter_map(|(p, set)| Some((p, (*set)?))) {
            row(v, rows.labs_of + p * width, &best(&mut w.pools.sets[set].iter().copied()));
            v[rows.pooled + p] = self.pooled_flop[set];
        }
        if !self.trained.is_empty() {
            row(v, rows.all_labs, &best(&mut (0..self.trained.len())));
        }
    }

    #[inline(never)]
    fn record_supply(&self, v: &mut [f64], stocks: bool) {
        let w = self.w;
        let rows = &w.table.rows;
        let width = MADE.len() + 1;
        for (f, facility) in w.m.facilities.iter().enumerate() {
            let row = rows.facilities + width * f;
            let made = [self.works[f], self.used[f], self.elsewhere[f], self.companions[f], self.answered[f]];
            v[row..row + 5].copy_from_slice(&made);
            add::<5>(v, row, rows.goods + width * facility.good.index());
        }
        if stocks {
            let facilities = (0..w.m.facilities.len()).map(|f| rows.facilities + width * f);
            for row in facilities.chain((0..w.m.goods.len()).map(|g| rows.goods + width * g)) {
                v[row + 5] = per(v[row + 1] + v[row + 2], v[row]);
            }
        }
    }

    #[inline(never)]
    fn record_trade(&self, v: &mut [f64]) {
        let w = self.w;
        let rows = &w.table.rows;
        for (r, route) in w.m.routes.iter().enumerate().filter(|(_, r)| r.good.is_none()) {
            let row = rows.routes + 4 * r;
            v[row..row + 3].copy_from_slice(&self.route_delivered[r]);
            v[row + 3] = self.route_seized[r];
            v[rows.seized + route.to.index()] += self.route_seized[r];
        }
        v[rows.premium..rows.premium + self.premium.len()].copy_from_slice(&self.premium);
        v[rows.rent] = self.rent_price;
        for &(b, case, refused) in &self.refused {
            let CountryId(n) = w.m.buyers[b].country;
            v[rows.denied_in + n as usize] += refused;
            let governing = &self.rules.now[case].governing;
            let all: f64 = governing.iter().map(|g| g.1).sum();
            for (rule, part) in governing {
                v[rows.denied_by + rule] += refused * per(*part, all);
            }
        }
    }
}
