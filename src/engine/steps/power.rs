//! Power: what halls, grid and generators on site let a country run, what is switched on, and what waits.

use super::choice::DUST;
use super::data_sheets::DataSheets;
use super::fleet::{FleetOutputs, Fleets};
use super::shocks::ShockOutputs;
use crate::inputs::Inputs;
use crate::math::wide::{Lanes, Mask};
use crate::model::{Lever, QuantityId};
use crate::plan::Plan;

/// One percent of something is this part of it, the inverse.
const PERCENTS: f64 = 100.0;

/// Facility power of a country in quarter `t`, with shocks as they are now \[MW\]; none where nothing limits it.
#[inline(always)]
pub(crate) fn available(
    plan: &Plan,
    inputs: &Inputs,
    shocks: &ShockOutputs,
    n: usize,
    t: usize,
) -> Option<Lanes> {
    let country = &plan.model.countries[n];
    let part = |announced: Option<QuantityId>, delay, share| {
        announced.map(|q| built(plan, inputs, q, inputs.value(delay), inputs.value(share), t))
    };
    let halls = part(country.halls, country.halls_delay, country.halls_share);
    let grid = part(country.grid, country.grid_delay, country.grid_share);
    let on_site = part(country.on_site, country.on_site_delay, country.on_site_share);
    let supply = match (grid, on_site) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    };
    let least = match (halls, supply) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    least.map(|megawatts| megawatts * shocks.of(Lever::Power)[n])
}

/// What has come about of a plan by quarter `t`: of what is announced for after what is known part comes late, part never.
///
/// What was nearly ready is hardly late: at most by half of the time that has passed since.
#[inline(always)]
fn built(plan: &Plan, inputs: &Inputs, q: QuantityId, delay: Lanes, share: Lanes, t: usize) -> Lanes {
    if t <= plan.known || (delay == Lanes::ZERO && share == Lanes::ONE) {
        return inputs.at(q, t);
    }
    let now = inputs.at(q, plan.known);
    let at = t as f64 - delay.min(0.5 * (t - plan.known) as f64);
    let whole = at.floor();
    let part = at - whole;
    let then = Lanes::from(std::array::from_fn(|lane| {
        let quarter = whole[lane] as usize;
        let value = inputs.at(q, quarter)[lane];
        if part[lane] > 0.0 { value + part[lane] * (inputs.at(q, quarter + 1)[lane] - value) } else { value }
    }));
    now + share * (then - now)
}

impl Fleets<'_> {
    /// Switches off what there is no power for, the least efficient first, or on what waits, the most efficient first.
    #[inline(always)]
    pub(super) fn switch(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        sheets: &DataSheets,
        shocks: &ShockOutputs,
        t: usize,
    ) {
        self.weigh_deployed(plan, sheets);
        self.out.more_power.fill([Lanes::ZERO; 2]);
        let FleetOutputs { switched, shed, retired, more_chips, .. } = &mut *self.out;
        for h in switched.drain(..) {
            (shed[h], retired[h], more_chips[h]) = (Lanes::ZERO, Lanes::ZERO, Lanes::ZERO);
        }
        for n in 0..plan.model.countries.len() {
            let buyers = plan.edges.buyers_in[n].iter().map(|b| b.index());
            let Some(has) = available(plan, inputs, shocks, n, t) else {
                for b in buyers {
                    for &h in &plan.edges.by_efficiency[b] {
                        if self.out.held[h] {
                            self.switch_on(h, self.state.waiting[h]);
                        }
                    }
                }
                continue;
            };
            let load = self.state.load[n];
            let short = load.gt(has);
            let excess = short.select((load - has).per(load), Lanes::ZERO);
            let waiting = self.waiting_in(plan, n);
            let room = (has - load).max(0.0);
            let share = waiting.gt(room).select(room.per(waiting), Lanes::ONE);
            for b in buyers {
                if short.any() {
                    self.shed(plan, sheets, b, excess * self.out.running_mw[b]);
                }
                // Of a buyer of whose chips none waited, none is switched on or taken out, nor would be with more power.
                if !self.light(plan, sheets, b, share, short) {
                    continue;
                }
                self.replace(plan, inputs, sheets, b);
                let part =
                    short.select(self.out.running_mw[b].per(load), self.state.waiting_mw[b].per(waiting));
                self.look_at_power(plan, inputs, sheets, b, has * part / PERCENTS, short);
            }
        }
        self.weigh_deployed(plan, sheets);
    }

    /// Switches off a buyer's chips until they draw `excess` less \[MW\].
    #[inline(always)]
    fn shed(&mut self, plan: &Plan, sheets: &DataSheets, b: usize, mut excess: Lanes) {
        let dust = Lanes::splat(DUST);
        for &h in plan.edges.by_efficiency[b].iter().rev() {
            if !self.out.held[h] {
                continue;
            }
            let each = facility_power(plan, sheets, h);
            let count = self.state.count[h];
            let off = count.min(excess.per(each));
            // What is left of a chip by rounding must not work.
            let off = (count - off).gt(dust).select(off, count);
            let off = (each.gt(Lanes::ZERO) & excess.gt(Lanes::ZERO)).select(off, Lanes::ZERO);
            excess = (excess - off * each).max(0.0);
            self.out.shed[h] = off;
            self.out.switched.push(h);
            let age = self.state.age[h].per(count);
            self.state.waiting[h] += off;
            self.state.waiting_age[h] += off * age;
            self.state.count[h] = (count - off).max(0.0);
            self.state.age[h] = self.state.count[h] * age;
        }
    }

    /// Switches on a share of what waits at a buyer, in megawatts, but in draws in which the country is `short`; says whether anything
    /// waited.
    #[inline(always)]
    fn light(&mut self, plan: &Plan, sheets: &DataSheets, b: usize, share: Lanes, short: Mask) -> bool {
        let mut any = false;
        let (all, dust) = (share.ge(Lanes::ONE), Lanes::splat(DUST));
        let mut room = share * self.state.waiting_mw[b];
        for &h in &plan.edges.by_efficiency[b] {
            if !self.out.held[h] {
                continue;
            }
            let waiting = self.state.waiting[h];
            if waiting == Lanes::ZERO && self.state.waiting_age[h] == Lanes::ZERO {
                continue;
            }
            any = true;
            let each = facility_power(plan, sheets, h);
            let needs = waiting * each;
            let part = room.per(each);
            let part = part.gt(dust).select(part, Lanes::ZERO);
            let on = (all | needs.le(room)).select(waiting, part);
            room = (room - needs).max(0.0);
            self.switch_on(h, short.select(Lanes::ZERO, on));
        }
        any
    }

    /// Takes working chips of a buyer out, the least efficient first, for what still waits, the most efficient first, where that is
    /// enough better.
    #[inline(always)]
    fn replace(&mut self, plan: &Plan, inputs: &Inputs, sheets: &DataSheets, b: usize) {
        let (times, dust) = (inputs.value(plan.model.fleet.replace), Lanes::splat(DUST));
        let efficiency = |h: usize| plan.edges.efficiency[plan.edges.holdings[h].chip.index()];
        for &better in &plan.edges.by_efficiency[b] {
            if !self.out.held[better] || !self.state.waiting[better].gt(dust).any() {
                continue;
            }
            let each = facility_power(plan, sheets, better);
            for &worse in plan.edges.by_efficiency[b].iter().rev() {
                // Cheap questions first: in most draws little of what is old runs.
                if !self.out.held[worse] {
                    continue;
                }
                let working = self.state.count[worse];
                if !working.gt(dust).any() {
                    continue;
                }
                let waiting = self.state.waiting[better];
                let worth_it = (times * efficiency(worse)).le(Lanes::splat(efficiency(better)));
                if !worth_it.any() || !waiting.gt(dust).any() {
                    break;
                }
                let frees = facility_power(plan, sheets, worse);
                let (needs, has) = (waiting * each, working * frees);
                let out = needs.lt(has).select(needs.per(frees), working);
                let out = (working - out).gt(dust).select(out, working);
                let on = has.lt(needs).select(has.per(each), waiting);
                let both = worth_it & out.gt(dust) & on.gt(dust);
                if both.any() {
                    self.retire(worse, both.select(out, Lanes::ZERO));
                    self.switch_on(better, both.select(on, Lanes::ZERO));
                }
            }
        }
    }

    #[inline(always)]
    fn retire(&mut self, h: usize, chips: Lanes) {
        let working = self.state.count[h];
        let age = self.state.age[h].per(working);
        self.out.retired[h] += chips;
        self.out.switched.push(h);
        self.state.count[h] = (working - chips).max(0.0);
        self.state.age[h] = self.state.count[h] * age;
    }

    #[inline(always)]
    fn switch_on(&mut self, h: usize, chips: Lanes) {
        let waiting = self.state.waiting[h];
        let age = self.state.waiting_age[h].per(waiting);
        self.state.count[h] += chips;
        self.state.age[h] += chips * (age + 0.125);
        self.state.waiting[h] = (waiting - chips).max(0.0);
        self.state.waiting_age[h] = self.state.waiting[h] * age;
    }

    /// Facility power of what waits in a country \[MW\].
    #[inline(always)]
    fn waiting_in(&self, plan: &Plan, n: usize) -> Lanes {
        Lanes::total(plan.edges.buyers_in[n].iter().map(|b| self.state.waiting_mw[b.index()]))
    }

    /// Facility power of what runs and waits.
    #[inline(always)]
    pub(super) fn weigh_deployed(&mut self, plan: &Plan, sheets: &DataSheets) {
        let (running, waiting) = (&mut self.out.running_mw[..], &mut self.state.waiting_mw[..]);
        for list in [&mut *running, &mut *waiting] {
            list.fill(Lanes::ZERO);
        }
        for (h, holding) in plan.edges.holdings.iter().enumerate().filter(|(h, _)| self.out.held[*h]) {
            let b = holding.buyer.index();
            let watts = sheets.watts[holding.chip.index()];
            running[b] += self.state.count[h] * watts;
            waiting[b] += self.state.waiting[h] * watts;
        }
        for (n, &megawatts) in sheets.megawatts.iter().enumerate() {
            let mut load = Lanes::ZERO;
            for b in plan.edges.buyers_in[n].iter().map(|b| b.index()) {
                for list in [&mut *running, &mut *waiting] {
                    list[b] *= megawatts;
                }
                load += running[b];
            }
            self.state.load[n] = load;
        }
    }

    /// Efficiency of the best of a buyer's chips of which there are `some`; 0 where there are none.
    #[inline(always)]
    fn best(&self, plan: &Plan, b: usize, some: impl Fn(&Self, usize) -> Lanes) -> Lanes {
        let dust = Lanes::splat(DUST);
        let mut best = Lanes::ZERO;
        for &h in plan.edges.by_efficiency[b].iter().filter(|&&h| self.out.held[h]).rev() {
            let efficiency = plan.edges.efficiency[plan.edges.holdings[h].chip.index()];
            best = some(self, h).gt(dust).select(Lanes::splat(efficiency), best);
        }
        best
    }

    /// What `more` power \[MW\], a percent of all that there is, would add to what a buyer runs, over a percent: where power falls
    /// short, of what was just switched off, else of what waits, but before that of what was just taken out.
    #[inline(always)]
    fn look_at_power(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        sheets: &DataSheets,
        b: usize,
        mut more: Lanes,
        short: Mask,
    ) {
        let support = inputs.value(plan.model.diversion.support);
        let mut sums = [Lanes::ZERO; 2];
        // What was taken out would stay before anything else that waits is switched on, but where something that still waits would take
        // its place; likewise what was switched off.
        let times = inputs.value(plan.model.fleet.replace);
        let still_waits =
            self.best(plan, b, |fleets, h| (fleets.state.waiting[h] - fleets.out.shed[h]).max(0.0));
        // Nothing is switched off where no draw falls short.
        let was_on =
            if short.any() { self.best(plan, b, |fleets, h| fleets.out.shed[h]) } else { Lanes::ZERO };
        let falls = short & (times * was_on).gt(still_waits);
        for taken_out in [true, false] {
            for &h in plan.edges.by_efficiency[b].iter().filter(|&&h| self.out.held[h]) {
                let holding = &plan.edges.holdings[h];
                let c = holding.chip.index();
                let waits = if taken_out {
                    let stays = (times * plan.edges.efficiency[c]).gt(still_waits);
                    stays.select(self.out.retired[h], Lanes::ZERO)
                } else {
                    falls.select(self.out.shed[h], self.state.waiting[h])
                };
                // Most chips run.
                if waits == Lanes::ZERO {
                    continue;
                }
                let each = facility_power(plan, sheets, h);
                let on = waits.min(more.per(each));
                more = (more - on * each).max(0.0);
                let quality = if holding.grey { sheets.quality[c] * support } else { sheets.quality[c] };
                sums[0] += on * sheets.flops[c] * quality;
                sums[1] += on;
                self.out.more_chips[h] += on * PERCENTS;
                self.out.switched.push(h);
            }
        }
        self.out.more_power[b] = sums.map(|sum| sum * PERCENTS);
    }
}

/// Facility power of a chip of a holding \[MW\].
#[inline(always)]
fn facility_power(plan: &Plan, sheets: &DataSheets, h: usize) -> Lanes {
    let holding = &plan.edges.holdings[h];
    sheets.watts[holding.chip.index()] * sheets.megawatts[holding.country.index()]
}
