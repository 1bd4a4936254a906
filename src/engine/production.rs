//! Production: what designers want to make, what supply lets them make, and what is under way.

use super::attraction::{Attraction, DataSheets, View, expected_sales};
use super::permits::Permits;
use super::stockpiles::Stockpiles;
use crate::math::{Lanes, Mask};
use crate::model::{Amount, ChipId, DesignerId, FacilityId, GoodId};
use crate::plan::Plan;
use crate::plan::inputs::Inputs;

/// What kept a chip's production from being larger, as codes: a good's row, or one of these.
pub mod cause {
    /// Nothing was wanted.
    pub const NONE: u8 = 255;
    /// Everything wanted was made.
    pub const DEMAND: u8 = 254;
    /// The launch ramp.
    pub const RAMP: u8 = 253;
}

/// Production and what led to it.
#[derive(Clone, Debug)]
pub struct Production {
    /// Smoothed expected sales, by chip [chips/quarter].
    pub expected: Vec<Lanes>,
    /// What designers want to start, before the ramp's limits [chips].
    pub want: Vec<Lanes>,
    /// The same after them [chips].
    pub planned: Vec<Lanes>,
    /// Chips that the ramp limited.
    pub capped: Vec<Mask>,
    /// Chips started [chips].
    pub started: Vec<Lanes>,
    /// Chips under way, by chip and slot of arrival.
    pub pipeline: Vec<Vec<Lanes>>,
    /// Chips that arrived in this quarter.
    pub arrived: Vec<Lanes>,
    /// What bound each chip in the first pass, see [`cause`].
    pub bound_by: Vec<[u8; 8]>,
    /// What each link of a designer to a facility may use of its claim [good's unit].
    pub room: Vec<Lanes>,
    /// What it used [good's unit].
    pub used: Vec<Lanes>,
    /// What the first pass made, for its laws [chips].
    pub first_pass: Vec<Lanes>,
    /// Need of each chip for each good of its recipe [good's unit].
    pub need: Vec<Vec<Lanes>>,
    /// Over-ordering of buyers [1].
    pub over: Vec<Lanes>,
    ahead: Attraction,
    raw: Vec<Lanes>,
    stands: [Vec<Lanes>; 2],
    left: Vec<Lanes>,
}

/// What production looks at beside its own state.
#[derive(Clone, Copy, Debug)]
pub struct Outlook<'a> {
    /// Stock of each chip [chips].
    pub inventory: &'a [Lanes],
    /// Grey orders of the last quarter, by chip [chips].
    pub grey_orders: &'a [Lanes],
    /// Share of wanted power that there was room for in the last quarter, by country [1].
    pub power: &'a [Lanes],
    /// Capacity of chip routes to each country [chips/quarter].
    pub route_capacity: &'a [Lanes],
    /// Premium of the last quarter, by country [1].
    pub premium: &'a [Lanes],
    /// Available capacity [good's unit/quarter].
    pub available: &'a [Lanes],
}

impl Production {
    /// Room for a plan's chips.
    pub fn new(plan: &Plan) -> Self {
        let chips = plan.model.chips.len();
        let zeros = vec![Lanes::ZERO; chips];
        let links = vec![Lanes::ZERO; plan.supply.links.len()];
        let stands = vec![Lanes::ZERO; plan.edges.stands.len()];
        Self {
            expected: zeros.clone(),
            want: zeros.clone(),
            planned: zeros.clone(),
            capped: vec![Mask::splat(false); chips],
            started: zeros.clone(),
            pipeline: vec![vec![Lanes::ZERO; plan.lead + 1]; chips],
            arrived: zeros.clone(),
            bound_by: vec![[cause::NONE; 8]; chips],
            room: links.clone(),
            used: links,
            first_pass: zeros.clone(),
            need: plan.supply.goods_of.iter().map(|goods| vec![Lanes::ZERO; goods.len()]).collect(),
            over: vec![Lanes::ONE; plan.model.buyers.len()],
            ahead: Attraction::new(plan),
            raw: zeros,
            stands: [stands.clone(), stands],
            left: vec![Lanes::ZERO; plan.model.facilities.len()],
        }
    }

    /// Back to the horizon's start.
    pub fn reset(&mut self) {
        self.over.fill(Lanes::ONE);
        for slots in &mut self.pipeline {
            slots.fill(Lanes::ZERO);
        }
    }

    /// Decides and makes what is started in quarter `t`.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // the step's inputs, each from another step
    pub fn step(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        sheets: &DataSheets,
        permits: &Permits,
        outlook: &Outlook<'_>,
        stockpiles: &mut Stockpiles,
        t: usize,
    ) {
        self.expect(plan, inputs, sheets, permits, outlook, t);
        self.find_room(plan, inputs, permits, stockpiles, outlook.available, t);
        self.started.fill(Lanes::ZERO);
        self.used.fill(Lanes::ZERO);
        for d in 0..plan.supply.chips_of.len() {
            if !plan.supply.chips_of[d].is_empty() {
                let designer = DesignerId(d as u32);
                self.find_needs(plan, inputs, designer, outlook.available, t);
                self.limit_ramps(plan, permits, stockpiles, designer);
                self.own_passes(plan, stockpiles, designer);
            }
        }
        self.pooled_pass(plan, inputs, permits, stockpiles, t);
        self.send(plan, permits, t);
    }

    /// Expected sales and wants.
    #[inline(always)]
    fn expect(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        sheets: &DataSheets,
        permits: &Permits,
        outlook: &Outlook<'_>,
        t: usize,
    ) {
        let [permitted, fee] = &mut self.stands;
        for (s, case) in plan.edges.stands.iter().enumerate() {
            permitted[s] = permits.ahead[case.index()].permitted;
            fee[s] = permits.ahead[case.index()].fee;
        }
        let in_stock: Vec<Mask> = permits.ramp_ahead.iter().map(|r| r.gt(Lanes::ZERO)).collect();
        let view = View {
            quarter: t + plan.lead,
            ramp: &permits.ramp_ahead,
            offered: &permits.offered_ahead,
            permitted,
            fee,
            in_stock: &in_stock,
            route_capacity: outlook.route_capacity,
            premium: outlook.premium,
        };
        self.ahead.weigh(plan, inputs, sheets, &view);
        let appetite: Vec<Lanes> = (plan.model.buyers.iter().zip(&self.over))
            .map(|(b, &over)| over * outlook.power[b.country.index()])
            .collect();
        expected_sales(plan, inputs, permits, &self.ahead, &view, &appetite, &mut self.raw);
        let headroom = inputs.value(plan.model.production.headroom);
        for &c in &plan.edges.chips {
            let i = c.index();
            self.expected[i] = if t == 0 { self.raw[i] } else { 0.5 * self.expected[i] + 0.5 * self.raw[i] };
            let glut = (outlook.inventory[i] - 0.1 * self.expected[i]).max(0.0);
            let want = (headroom * self.expected[i] + outlook.grey_orders[i] - 0.5 * glut).max(0.0);
            self.want[i] = in_stock[i].select(want, Lanes::ZERO);
        }
    }

    /// Room of every designer at every facility: normalised claims, as far as rules permit, of what stockpiles leave.
    #[inline(always)]
    fn find_room(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        permits: &Permits,
        stockpiles: &mut Stockpiles,
        available: &[Lanes],
        t: usize,
    ) {
        stockpiles.buy(plan, inputs, permits, available, t);
        for f in 0..available.len() {
            self.left[f] = (available[f] - stockpiles.taken[f]).max(0.0);
        }
        let mut claimed = vec![Lanes::ZERO; available.len()];
        for designer in &plan.model.designers {
            for (f, &claim) in &designer.claims {
                claimed[f.index()] += inputs.at(claim, t);
            }
        }
        for (l, link) in plan.supply.links.iter().enumerate() {
            let f = link.facility.index();
            let claim = plan.model.designers[link.designer.index()].claims.get(&link.facility);
            self.room[l] = claim.map_or(Lanes::ZERO, |&q| {
                let granted = permits.permitted_now(link.foundry) * permits.permitted_now(link.goods);
                inputs.at(q, t) / claimed[f].max(1.0) * granted * self.left[f]
            });
        }
    }

    /// Needs of a designer's chips for goods.
    #[inline(always)]
    fn find_needs(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        designer: DesignerId,
        available: &[Lanes],
        t: usize,
    ) {
        let d = designer.index();
        let one = Lanes::ONE;
        for &c in &plan.supply.chips_of[d] {
            for (i, &g) in plan.supply.goods_of[c.index()].iter().enumerate() {
                let weights = |f: FacilityId| {
                    let link = plan.supply.links_of[d][g.index()]
                        .iter()
                        .find(|&&l| plan.supply.links[l].facility == f);
                    link.map_or(Lanes::ZERO, |&l| self.room[l])
                };
                let by_room = mean_need(plan, inputs, c, g, t, weights);
                let by_output = mean_need(plan, inputs, c, g, t, |f| available[f.index()]);
                let even = mean_need(plan, inputs, c, g, t, |_| one);
                let need = by_room
                    .0
                    .gt(Lanes::ZERO)
                    .select(by_room.1, by_output.0.gt(Lanes::ZERO).select(by_output.1, even.1));
                self.need[c.index()][i] = need;
            }
        }
    }

    /// Room of a designer for a good: claims and private stocks [good's unit].
    #[inline(always)]
    fn total_room(&self, plan: &Plan, stockpiles: &Stockpiles, d: usize, g: GoodId) -> Lanes {
        let claims =
            plan.supply.links_of[d][g.index()].iter().fold(Lanes::ZERO, |sum, &l| sum + self.room[l]);
        claims + stockpiles.room(plan, &self.need, DesignerId(d as u32), g)
    }

    /// A launching chip takes at most its ramp of its designer's packaging; older chips take the rest.
    #[inline(always)]
    fn limit_ramps(&mut self, plan: &Plan, permits: &Permits, stockpiles: &Stockpiles, designer: DesignerId) {
        let d = designer.index();
        let chips = &plan.supply.chips_of[d];
        for &c in chips {
            self.planned[c.index()] = self.want[c.index()];
            self.capped[c.index()] = Mask::splat(false);
        }
        for g in (0..plan.model.goods.len() as u32).map(GoodId) {
            let users: Vec<(ChipId, usize)> = chips
                .iter()
                .filter(|c| plan.supply.packaging_of[c.index()] == Some(g))
                .filter_map(|&c| plan.supply.goods_of[c.index()].iter().position(|&x| x == g).map(|i| (c, i)))
                .collect();
            if users.is_empty() {
                continue;
            }
            let room = self.total_room(plan, stockpiles, d, g);
            let mut excess = Lanes::ZERO;
            let mut others = Lanes::ZERO;
            for &(c, i) in &users {
                let (want, need) = (self.want[c.index()], self.need[c.index()][i]);
                let ramp = permits.ramp_ahead[c.index()];
                let cap = (ramp * room).per(need);
                let capped = ramp.lt(Lanes::ONE) & want.gt(cap) & need.gt(Lanes::ZERO);
                self.capped[c.index()] = capped;
                self.planned[c.index()] = capped.select(cap, want);
                excess += capped.select((want - cap) * need, Lanes::ZERO);
                others += capped.select(Lanes::ZERO, want * need);
            }
            let more = 1.0 + excess.min(room).per(others);
            for &(c, _) in &users {
                let i = c.index();
                self.planned[i] = self.capped[i].select(self.planned[i], self.planned[i] * more);
            }
        }
    }

    /// Passes 1 and 2: a designer's own claims and stocks.
    #[inline(always)]
    fn own_passes(&mut self, plan: &Plan, stockpiles: &mut Stockpiles, designer: DesignerId) {
        let d = designer.index();
        let chips = &plan.supply.chips_of[d];
        let goods = plan.model.goods.len();
        let rooms: Vec<Lanes> =
            (0..goods as u32).map(|g| self.total_room(plan, stockpiles, d, GoodId(g))).collect();
        let mut rest = rooms.clone();
        for pass in 0..2 {
            let ratios = self.ratios(plan, chips, &rest);
            for &c in chips {
                let i = c.index();
                let residual = (self.planned[i] - self.started[i]).max(0.0);
                let goods_of = &plan.supply.goods_of[i];
                let least = goods_of.iter().fold(Lanes::ONE, |least, g| least.min(ratios[g.index()]));
                if pass == 0 {
                    self.bound_by[i] =
                        label(residual, least, self.capped[i], self.want[i], goods_of, &ratios);
                    self.first_pass[i] = residual * least;
                }
                self.raw[i] = residual * least;
            }
            for &c in chips {
                let i = c.index();
                self.started[i] += self.raw[i];
                for (k, g) in plan.supply.goods_of[i].iter().enumerate() {
                    rest[g.index()] = (rest[g.index()] - self.raw[i] * self.need[i][k]).max(0.0);
                }
            }
        }
        for g in 0..goods {
            let used = rooms[g] - rest[g];
            let links = &plan.supply.links_of[d][g];
            let claims = links.iter().fold(Lanes::ZERO, |sum, &l| sum + self.room[l]);
            let from_claims = used.min(claims);
            for &l in links {
                self.used[l] = from_claims * self.room[l].per(claims);
                let f = plan.supply.links[l].facility.index();
                self.left[f] = (self.left[f] - self.used[l]).max(0.0);
            }
            stockpiles.draw(plan, &self.need, designer, GoodId(g as u32), used - from_claims);
        }
    }

    /// For each good, the share of what is still wanted that there is room for.
    #[inline(always)]
    fn ratios(&self, plan: &Plan, chips: &[ChipId], rooms: &[Lanes]) -> Vec<Lanes> {
        let mut asked = vec![Lanes::ZERO; rooms.len()];
        for &c in chips {
            let i = c.index();
            let residual = (self.planned[i] - self.started[i]).max(0.0);
            for (k, g) in plan.supply.goods_of[i].iter().enumerate() {
                asked[g.index()] += residual * self.need[i][k];
            }
        }
        asked
            .iter()
            .zip(rooms)
            .map(|(&asked, &room)| asked.gt(room).select(room.per(asked), Lanes::ONE))
            .collect()
    }

    /// Pass 3: what is left at facilities, pooled among those that they may serve.
    #[inline(always)]
    fn pooled_pass(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        permits: &Permits,
        _stockpiles: &Stockpiles,
        t: usize,
    ) {
        let supply = &plan.supply;
        let open: Vec<Lanes> = supply
            .links
            .iter()
            .map(|link| {
                let granted = permits.permitted_now(link.foundry) * permits.permitted_now(link.goods);
                granted.gt(Lanes::ZERO).select(self.left[link.facility.index()], Lanes::ZERO)
            })
            .collect();
        let mut pooled_need: Vec<Vec<Lanes>> = self.need.clone();
        let mut asked_of_link = vec![Lanes::ZERO; supply.links.len()];
        let mut demand = vec![Lanes::ZERO; self.left.len()];
        for (d, chips) in supply.chips_of.iter().enumerate() {
            for &c in chips {
                let i = c.index();
                let residual = (self.planned[i] - self.started[i]).max(0.0);
                for (k, g) in supply.goods_of[i].iter().enumerate() {
                    let links = &supply.links_of[d][g.index()];
                    let by_left = mean_need(plan, inputs, c, *g, t, |f| {
                        links
                            .iter()
                            .find(|&&l| supply.links[l].facility == f)
                            .map_or(Lanes::ZERO, |&l| open[l])
                    });
                    let total = links.iter().fold(Lanes::ZERO, |sum, &l| sum + open[l]);
                    pooled_need[i][k] = total.gt(Lanes::ZERO).select(by_left.1, self.need[i][k]);
                    for &l in links {
                        asked_of_link[l] += residual * pooled_need[i][k] * open[l].per(total);
                    }
                }
            }
        }
        for (l, link) in supply.links.iter().enumerate() {
            demand[link.facility.index()] += asked_of_link[l];
        }
        let granted: Vec<Lanes> = demand
            .iter()
            .zip(&self.left)
            .map(|(&demand, &left)| demand.gt(left).select(left.per(demand), Lanes::ONE))
            .collect();
        for (d, chips) in supply.chips_of.iter().enumerate() {
            let ratios: Vec<Lanes> = supply.links_of[d]
                .iter()
                .map(|links| {
                    let total = links.iter().fold(Lanes::ZERO, |sum, &l| sum + open[l]);
                    links.iter().fold(Lanes::ZERO, |sum, &l| {
                        sum + open[l].per(total) * granted[supply.links[l].facility.index()]
                    })
                })
                .collect();
            for &c in chips {
                let i = c.index();
                let residual = (self.planned[i] - self.started[i]).max(0.0);
                let least =
                    supply.goods_of[i].iter().fold(Lanes::ONE, |least, g| least.min(ratios[g.index()]));
                let made = residual * least;
                self.raw[i] = made;
                for (k, g) in supply.goods_of[i].iter().enumerate() {
                    let links = &supply.links_of[d][g.index()];
                    let total = links.iter().fold(Lanes::ZERO, |sum, &l| sum + open[l]);
                    for &l in links {
                        let f = supply.links[l].facility.index();
                        let here = open[l].per(total) * granted[f];
                        self.used[l] += made * pooled_need[i][k] * here.per(ratios[g.index()]);
                    }
                }
            }
            for &c in chips {
                self.started[c.index()] += self.raw[c.index()];
            }
        }
    }

    /// Moves what was started into the pipeline and takes out what arrives.
    #[inline(always)]
    fn send(&mut self, plan: &Plan, permits: &Permits, t: usize) {
        let slots = plan.lead + 1;
        for &c in &plan.edges.chips {
            let i = c.index();
            if t == 0 {
                for slot in 0..plan.lead {
                    let launched = permits.launch[i].lt(Lanes::splat(slot as f64 + 1.0));
                    self.pipeline[i][slot] = launched.select(self.started[i], Lanes::ZERO);
                }
            }
            self.pipeline[i][(t + plan.lead) % slots] = self.started[i];
            self.arrived[i] = self.pipeline[i][t % slots];
            self.pipeline[i][t % slots] = Lanes::ZERO;
        }
    }
}

/// Amount of a good in a chip before the line's yield, at a facility [good's unit].
#[inline(always)]
fn need_at(plan: &Plan, inputs: &Inputs, chip: ChipId, good: GoodId, f: FacilityId, t: usize) -> Lanes {
    let c = &plan.model.chips[chip.index()];
    let facility = &plan.model.facilities[f.index()];
    let amount = match c.recipe[&good] {
        Amount::Units(q) => inputs.value(q),
        Amount::Memory => c.memory.map_or(Lanes::ZERO, |q| inputs.value(q)),
        Amount::Dies => {
            let area = c.die_area.map_or(Lanes::ONE, |q| inputs.value(q));
            let defects = facility.defect_density.map_or(Lanes::ZERO, |q| inputs.at(q, t));
            let good_dies = dies_per_wafer(area)
                * murphy(area * defects)
                * inputs.value(facility.parametric_yield)
                * inputs.value(plan.model.production.harvest);
            c.dies / good_dies
        }
    };
    amount / inputs.at(facility.line_yield, t)
}

/// Gross dies of an area [mm²] on a 300 mm wafer.
#[inline(always)]
pub fn dies_per_wafer(area: Lanes) -> Lanes {
    let pi = std::f64::consts::PI;
    pi * 22_500.0 / area - 300.0 * pi / (2.0 * area).sqrt()
}

/// Murphy's yield at an expected number of defects per die.
#[inline(always)]
pub fn murphy(defects: Lanes) -> Lanes {
    // Below 1e-4 the difference in the formula loses digits; there its series is exact to 1e-12.
    let x = defects.max(1e-4);
    let root = (1.0 - (-x).exp()) / x;
    let series = 1.0 - defects + defects * defects * (7.0 / 12.0);
    defects.gt(Lanes::splat(1e-4)).select(root * root, series)
}

/// Sum of weights and harmonic mean of a chip's need of a good over the facilities that make it.
#[inline(always)]
fn mean_need(
    plan: &Plan,
    inputs: &Inputs,
    chip: ChipId,
    good: GoodId,
    t: usize,
    weight: impl Fn(FacilityId) -> Lanes,
) -> (Lanes, Lanes) {
    let facilities = &plan.supply.facilities_of[good.index()];
    let mut total = Lanes::ZERO;
    let mut made = Lanes::ZERO;
    for &f in facilities {
        let w = weight(f);
        total += w;
        made += w / need_at(plan, inputs, chip, good, f, t);
    }
    (total, total.per(made))
}

/// What bound a chip in the first pass, by lane.
fn label(
    planned: Lanes,
    least: Lanes,
    capped: Mask,
    want: Lanes,
    goods: &[GoodId],
    ratios: &[Lanes],
) -> [u8; 8] {
    std::array::from_fn(|lane| {
        if want[lane] <= 0.0 {
            cause::NONE
        } else if least[lane] < 1.0 && planned[lane] > 0.0 {
            let binding = goods.iter().find(|g| ratios[g.index()][lane] == least[lane]);
            binding.map_or(cause::DEMAND, |g| g.0 as u8)
        } else if capped.lane(lane) {
            cause::RAMP
        } else {
            cause::DEMAND
        }
    })
}
