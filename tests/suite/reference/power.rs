//! Sections 7 and 9: what power there is and will be, what buyers order for it, and what is switched on.

use super::choice::Choices;
use super::fleets::{Fleet, Held};
use super::numbers::Layout;
use super::shocks::On;
use super::{DUST, Draw, fit, per};
use chokepoint::internals::model::{Model, QuantityId};

/// Throughput per watt at medians, by chip.
pub fn efficiency(m: &Model, layout: &Layout<'_>) -> Vec<f64> {
    let median = |q: Option<QuantityId>| q.map(|q| layout.median(q));
    let efficiency = |c: usize| {
        let chip = &m.chips[c];
        let server = layout.median(m.fleet.server_factor);
        let watts = median(chip.it_power).or(median(chip.tdp).map(|w| w * server)).unwrap_or(0.0);
        if watts > 0.0 { median(chip.bf16_tflops).unwrap_or(0.0) / watts } else { f64::INFINITY }
    };
    (0..m.chips.len()).map(efficiency).collect()
}

/// Fleets of each buyer in the order in which they are switched on: by throughput per watt at medians, then by row.
pub fn by_efficiency(m: &Model, layout: &Layout<'_>, fleets: &[Fleet]) -> Vec<Vec<usize>> {
    let all = efficiency(m, layout);
    let of = |b: usize| {
        let mut own: Vec<usize> = (0..fleets.len()).filter(|&i| fleets[i].buyer == b).collect();
        let rank = |i: &usize| (-all[fleets[*i].chip], fleets[*i].chip, fleets[*i].smuggled);
        own.sort_by(|a, b| rank(a).partial_cmp(&rank(b)).unwrap());
        own
    };
    (0..m.buyers.len()).map(of).collect()
}

impl Draw<'_> {
    /// Facility power of a country in a quarter, with shocks as they are now [MW]; infinite where nothing limits it.
    pub fn power_of(&self, n: usize, t: usize) -> f64 {
        let c = &self.w.m.countries[n];
        let part = |plan: Option<QuantityId>, delay, share| {
            plan.map(|q| self.built(q, self.n.v(delay), self.n.v(share), t))
        };
        let halls = part(c.halls, c.halls_delay, c.halls_share);
        let grid = part(c.grid, c.grid_delay, c.grid_share);
        let own = part(c.on_site, c.on_site_delay, c.on_site_share);
        let supply = match (grid, own) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0.0) + b.unwrap_or(0.0)),
        };
        let least = match (halls, supply) {
            (Some(a), Some(b)) => a.min(b),
            (a, b) => a.or(b).unwrap_or(f64::INFINITY),
        };
        if least.is_finite() { least * self.shocks.factor(On::Power, n) } else { least }
    }

    /// What has come about by a quarter of a plan of which a part comes late, and a part never.
    fn built(&self, plan: QuantityId, delay: f64, share: f64, t: usize) -> f64 {
        let known = self.w.known;
        if t <= known {
            return self.n.at(plan, t);
        }
        let x = t as f64 - delay.min((t - known) as f64 / 2.0);
        let (whole, part) = (x.floor() as usize, x.fract());
        let mut then = self.n.at(plan, whole);
        if part > 0.0 {
            then += part * (self.n.at(plan, whole + 1) - then);
        }
        let now = self.n.at(plan, known);
        now + share * (then - now)
    }

    /// Power that each buyer expects to be free for it; infinite where nothing limits it.
    #[inline(never)]
    pub fn find_free_power(&mut self) {
        let w = self.w;
        self.planned_in.fill(0.0);
        for &b in &w.market.buyers {
            self.planned_in[w.m.buyers[b].country.index()] += self.planned_spend[b];
        }
        let slack = self.n.v(w.m.trade.power_slack);
        for &b in &w.market.buyers {
            let n = w.m.buyers[b].country.index();
            let coming = self.power_of(n, self.t + 1);
            self.free_power[b] = f64::INFINITY;
            if coming.is_finite() {
                let part = per(self.planned_spend[b], self.planned_in[n]);
                self.free_power[b] = slack * part * left_of(coming, self.running_mw[n]);
            }
        }
    }

    /// Power that a buyer has for chips of which `wants` lists kind and power: what is free and what they would free, less what waits
    /// and comes.
    pub fn room(&self, b: usize, wants: &[(usize, f64)]) -> f64 {
        let w = self.w;
        let free = self.free_power[b];
        let all: f64 = wants.iter().map(|want| want.1).sum();
        if !free.is_finite() || all == 0.0 {
            return free;
        }
        let times = self.n.v(w.m.fleet.replace);
        let mut freed = 0.0;
        for &(chip, power) in wants {
            let worse = w.by_efficiency[b].iter().filter(|&&i| {
                self.held_chips[i].alive && times * w.efficiency[w.fleets[i].chip] <= w.efficiency[chip]
            });
            let own = |i: usize| {
                let (fleet, held) = (&w.fleets[i], &self.held_chips[i]);
                (held.count + held.waiting) * self.facility_watts(fleet.chip, fleet.country)
            };
            freed += power / all * worse.map(|&i| own(i)).sum::<f64>();
        }
        left_of(free + freed, self.waiting_mw[b] + self.coming_mw[b])
    }

    /// Cuts money to what the buyer expects to have power for, once commitments have theirs.
    #[inline(never)]
    pub fn limit_by_power(&mut self, choices: &Choices) {
        let w = self.w;
        for &b in &w.market.buyers {
            let n = w.m.buyers[b].country.index();
            self.power[b] = 1.0;
            if !self.free_power[b].is_finite() {
                continue;
            }
            let menu = choices.menus[b];
            let carried = self.carried[n];
            let smuggled = carried * per(menu.grey, menu.all);
            let want = |c: &super::choice::Choice| {
                let legal = (1.0 - smuggled) * per(c.x, menu.legal) * c.permitted / c.full;
                let each = legal + carried * per(c.y, menu.all) / c.street;
                (c.chip, each * self.facility_watts(c.chip, n))
            };
            let wants: Vec<_> = choices.list[menu.first..menu.end].iter().map(want).collect();
            let wanted: f64 = wants.iter().map(|want| want.1).sum();
            let room = self.room(b, &wants);
            let room = room - self.promised_power[b].min(room);
            self.power[b] = fit(room, self.money[b] * wanted);
            self.money[b] *= self.power[b];
        }
    }

    /// Facility power of a chip in a country [MW].
    pub fn facility_watts(&self, chip: usize, n: usize) -> f64 {
        self.watts[chip] * self.n.v(self.w.m.countries[n].overhead) / 1e6
    }

    /// Loads of what runs, waits and is in deployment, then what there is power for.
    #[inline(never)]
    pub fn switch(&mut self) {
        let w = self.w;
        self.weigh_fleets();
        for held in &mut self.held_chips {
            held.retired = 0.0;
        }
        self.waiting_in.fill(0.0);
        for (b, buyer) in w.m.buyers.iter().enumerate() {
            self.waiting_in[buyer.country.index()] += self.waiting_mw[b];
        }
        for (b, buyer) in w.m.buyers.iter().enumerate() {
            let n = buyer.country.index();
            let (has, load) = (self.power_of(n, self.t), self.running_mw[n]);
            if has < load {
                let mut excess = (load - has) / load * self.buyer_mw[b];
                for &i in w.by_efficiency[b].iter().rev() {
                    let each = self.facility_watts(w.fleets[i].chip, n);
                    let held = &mut self.held_chips[i];
                    if each > 0.0 && excess > 0.0 {
                        let part = held.count.min(excess / each);
                        let off = if held.count - part > DUST { part } else { held.count };
                        excess = (excess - off * each).max(0.0);
                        held.switch_off(off);
                    }
                }
            } else {
                let share = fit(has - load, self.waiting_in[n]);
                let mut room = share * self.waiting_mw[b];
                for &i in &w.by_efficiency[b] {
                    let each = self.facility_watts(w.fleets[i].chip, n);
                    let held = &mut self.held_chips[i];
                    let needs = held.waiting * each;
                    let on = match room / each {
                        _ if share >= 1.0 || needs <= room => held.waiting,
                        part if part > DUST => part,
                        _ => 0.0,
                    };
                    room = (room - needs).max(0.0);
                    held.switch_on(on);
                }
            }
            self.replace(b, n);
        }
        self.weigh_fleets();
    }

    /// What waits takes the place of what works and is enough worse.
    fn replace(&mut self, b: usize, n: usize) {
        let w = self.w;
        let times = self.n.v(w.m.fleet.replace);
        for &better in &w.by_efficiency[b] {
            if self.held_chips[better].waiting <= DUST {
                continue;
            }
            let (chip, watts) = (w.fleets[better].chip, self.facility_watts(w.fleets[better].chip, n));
            for &worse in w.by_efficiency[b].iter().rev() {
                let old = w.fleets[worse].chip;
                if times * w.efficiency[old] > w.efficiency[chip] {
                    break;
                }
                let frees = self.facility_watts(old, n);
                let (waiting, working) = (self.held_chips[better].waiting, self.held_chips[worse].count);
                let (needs, has) = (waiting * watts, working * frees);
                let on = if has < needs { has / watts } else { waiting };
                let part = if needs < has { needs / frees } else { working };
                let out = if working - part > DUST { part } else { working };
                if on > DUST && out > DUST {
                    self.held_chips[worse].retire(out);
                    self.held_chips[better].switch_on(on);
                }
            }
        }
    }

    /// Facility power of what runs, by country and by buyer, of what waits and of what is in deployment [MW].
    pub fn weigh_fleets(&mut self) {
        let w = self.w;
        let lists = [&mut self.running_mw, &mut self.buyer_mw, &mut self.waiting_mw, &mut self.coming_mw];
        for list in lists {
            list.fill(0.0);
        }
        for (i, fleet) in w.fleets.iter().enumerate().filter(|(i, _)| self.held_chips[*i].alive) {
            let each = self.facility_watts(fleet.chip, fleet.country);
            let held = &self.held_chips[i];
            self.running_mw[fleet.country] += held.count * each;
            self.buyer_mw[fleet.buyer] += held.count * each;
            self.waiting_mw[fleet.buyer] += held.waiting * each;
            self.coming_mw[fleet.buyer] += held.coming.total() * each;
        }
    }
}

impl Held {
    fn switch_on(&mut self, chips: f64) {
        let age = per(self.waiting_age, self.waiting);
        self.count += chips;
        self.age += chips * (age + 0.125);
        self.waiting = (self.waiting - chips).max(0.0);
        self.waiting_age = self.waiting * age;
    }

    fn retire(&mut self, chips: f64) {
        let age = per(self.age, self.count);
        self.retired += chips;
        self.count = (self.count - chips).max(0.0);
        self.age = self.count * age;
    }

    fn switch_off(&mut self, chips: f64) {
        let age = per(self.age, self.count);
        self.waiting += chips;
        self.waiting_age += chips * age;
        self.count = (self.count - chips).max(0.0);
        self.age = self.count * age;
    }
}

/// What is left of something; less than a billionth of it is nothing.
fn left_of(all: f64, taken: f64) -> f64 {
    if all - taken > 1e-9 * all { all - taken } else { 0.0 }
}
