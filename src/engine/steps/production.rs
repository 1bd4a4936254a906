//! Production: what designers want to make, what supply lets them make, and what is under way.

mod pool;
mod wafer;

use super::choice::{Choice, ChoiceContext, DataSheets, expected_sales};
use super::controls::Controls;
use super::stockpiles::Stockpiles;
use crate::inputs::Inputs;
use crate::math::{Lanes, Mask};
use crate::model::{Amount, ChipId, DesignerId, GoodId};
use crate::plan::{Line, Plan};
pub use wafer::{dies_per_wafer, murphy};

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
    /// Need of each chip for each good at each of its facilities, see [`Line::base`] [good's unit].
    need_at: Vec<Lanes>,
    /// Gross dies per wafer, by chip; where its good is counted so.
    gross_dies: Vec<Lanes>,
    ahead: Choice,
    in_stock: Vec<Mask>,
    /// Money that is expected of buyers at arrival [USD].
    money: Vec<Lanes>,
    /// Share of smuggled wants that routes can carry then, by country [1].
    reach: Vec<Lanes>,
    raw: Vec<Lanes>,
    /// What facilities have left [good's unit].
    left: Vec<Lanes>,
    /// What designers claim of facilities [1].
    claimed: Vec<Lanes>,
    /// What rules permit of each link [1].
    granted: Vec<Lanes>,
    /// By good: a designer's room, what is left of it, what is asked of it, the share that it can give.
    rooms: Vec<Lanes>,
    rest: Vec<Lanes>,
    asked: Vec<Lanes>,
    ratios: Vec<Lanes>,
    pool: Pool,
}

/// The third pass: what is left, pooled.
#[derive(Clone, Debug)]
struct Pool {
    /// What each link may take of what is left [good's unit].
    open: Vec<Lanes>,
    /// The same as a share of all that its designer may take of the good [1].
    share: Vec<Lanes>,
    /// Need of each chip for each good, where it would be made now [good's unit].
    need: Vec<Vec<Lanes>>,
    asked: Vec<Lanes>,
    demand: Vec<Lanes>,
    granted: Vec<Lanes>,
}

/// What production looks at beside its own state.
#[derive(Clone, Copy, Debug)]
pub struct ProductionContext<'a> {
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
    /// Nothing made and nothing under way.
    pub fn new(plan: &Plan) -> Self {
        let chips = plan.model.chips.len();
        let zeros = vec![Lanes::ZERO; chips];
        let links = vec![Lanes::ZERO; plan.supply.links.len()];
        let facilities = vec![Lanes::ZERO; plan.model.facilities.len()];
        let goods = vec![Lanes::ZERO; plan.model.goods.len()];
        let need: Vec<Vec<Lanes>> =
            plan.supply.goods_of.iter().map(|goods| vec![Lanes::ZERO; goods.len()]).collect();
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
            used: links.clone(),
            first_pass: zeros.clone(),
            need: need.clone(),
            over: vec![Lanes::ONE; plan.model.buyers.len()],
            need_at: vec![Lanes::ZERO; plan.supply.needs],
            gross_dies: zeros.clone(),
            ahead: Choice::new(plan),
            in_stock: vec![Mask::splat(false); chips],
            money: vec![Lanes::ZERO; plan.model.buyers.len()],
            reach: vec![Lanes::ONE; plan.model.countries.len()],
            raw: zeros,
            left: facilities.clone(),
            claimed: facilities.clone(),
            granted: links.clone(),
            rooms: goods.clone(),
            rest: goods.clone(),
            asked: goods.clone(),
            ratios: goods,
            pool: Pool {
                open: links.clone(),
                share: links.clone(),
                need,
                asked: links,
                demand: facilities.clone(),
                granted: facilities,
            },
        }
    }

    /// Back to the horizon's start.
    #[inline(always)]
    pub fn reset(&mut self, plan: &Plan, inputs: &Inputs) {
        self.over.fill(Lanes::ONE);
        for slots in &mut self.pipeline {
            slots.fill(Lanes::ZERO);
        }
        for list in [&mut self.started, &mut self.first_pass, &mut self.planned, &mut self.want] {
            list.fill(Lanes::ZERO);
        }
        self.capped.fill(Mask::splat(false));
        self.bound_by.fill([cause::NONE; 8]);
        self.need.iter_mut().for_each(|need| need.fill(Lanes::ZERO));
        for (c, chip) in plan.model.chips.iter().enumerate() {
            if plan.supply.lines_of[c].iter().any(|line| line.amount == Amount::Dies) {
                let area = chip.die_area.map_or(Lanes::ONE, |q| inputs.value(q));
                self.gross_dies[c] = dies_per_wafer(area);
            }
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
        controls: &Controls,
        context: &ProductionContext<'_>,
        stockpiles: &mut Stockpiles,
        t: usize,
    ) {
        self.expect(plan, inputs, sheets, controls, context, t);
        self.find_room(plan, inputs, controls, stockpiles, context.available, t);
        self.started.fill(Lanes::ZERO);
        self.used.fill(Lanes::ZERO);
        for d in 0..plan.supply.chips_of.len() {
            let designer = DesignerId(d as u32);
            if self.find_needs(plan, inputs, designer, context.available, t) {
                self.limit_ramps(plan, controls, stockpiles, designer);
                self.own_passes(plan, stockpiles, designer);
            }
        }
        self.pooled_pass(plan);
        self.send(plan, controls, t);
    }

    /// Expected sales and wants.
    #[inline(always)]
    fn expect(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        sheets: &DataSheets,
        controls: &Controls,
        context: &ProductionContext<'_>,
        t: usize,
    ) {
        for (in_stock, ramp) in self.in_stock.iter_mut().zip(&controls.ramp_ahead) {
            *in_stock = ramp.gt(Lanes::ZERO);
        }
        let view = ChoiceContext {
            quarter: t + plan.lead,
            ramp: &controls.ramp_ahead,
            offered: &controls.offered_ahead,
            permitted: &controls.permitted_ahead,
            fee: &controls.fee_ahead,
            in_stock: &self.in_stock,
            route_capacity: context.route_capacity,
            premium: context.premium,
        };
        self.ahead.weigh(plan, inputs, sheets, &view);
        let world = inputs.value(plan.model.trade.world_budget);
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let appetite = self.over[b] * context.power[buyer.country.index()];
            self.money[b] =
                buyer.budget.map_or(Lanes::ZERO, |q| inputs.at(q, view.quarter) * world * appetite);
        }
        expected_sales(plan, &self.ahead, &view, &self.money, &mut self.reach, &mut self.raw);
        let headroom = inputs.value(plan.model.production.headroom);
        for &c in &plan.edges.chips {
            let i = c.index();
            self.expected[i] = if t == 0 { self.raw[i] } else { 0.5 * self.expected[i] + 0.5 * self.raw[i] };
            let glut = (context.inventory[i] - 0.1 * self.expected[i]).max(0.0);
            let want = (headroom * self.expected[i] + context.grey_orders[i] - 0.5 * glut).max(0.0);
            self.want[i] = self.in_stock[i].select(want, Lanes::ZERO);
        }
    }

    /// Room of every designer at every facility: normalised claims, as far as rules permit, of what stockpiles leave.
    #[inline(always)]
    fn find_room(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        controls: &Controls,
        stockpiles: &mut Stockpiles,
        available: &[Lanes],
        t: usize,
    ) {
        stockpiles.buy(plan, inputs, controls, available, t);
        for f in 0..available.len() {
            self.left[f] = (available[f] - stockpiles.taken[f]).max(0.0);
        }
        self.claimed.fill(Lanes::ZERO);
        for designer in &plan.model.designers {
            for (f, &claim) in &designer.claims {
                self.claimed[f.index()] += inputs.at(claim, t);
            }
        }
        for (l, link) in plan.supply.links.iter().enumerate() {
            let f = link.facility.index();
            self.granted[l] = controls.permitted_now(link.foundry) * controls.permitted_now(link.goods);
            self.room[l] = link.claim.map_or(Lanes::ZERO, |q| {
                inputs.at(q, t) / self.claimed[f].max(1.0) * self.granted[l] * self.left[f]
            });
        }
    }

    /// Needs of a designer's chips for goods; whether any chip is wanted. Needs of others are not looked at.
    #[inline(always)]
    fn find_needs(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        designer: DesignerId,
        available: &[Lanes],
        t: usize,
    ) -> bool {
        let supply = &plan.supply;
        let links_of = &supply.links_of[designer.index()];
        let mut any = false;
        for &c in &supply.chips_of[designer.index()] {
            let i = c.index();
            let wanted = self.wanted(c);
            any |= wanted;
            if !wanted {
                self.planned[i] = Lanes::ZERO;
                self.first_pass[i] = Lanes::ZERO;
                self.capped[i] = Mask::splat(false);
                self.bound_by[i] = [cause::NONE; 8];
                if !supply.stocked_dies[i] {
                    continue;
                }
            }
            for (k, line) in supply.lines_of[i].iter().enumerate() {
                if supply.facilities_of[line.good.index()].is_empty() {
                    // Private stocks alone hold the good: nothing is lost on a line.
                    self.need[i][k] = self.amount(plan, inputs, c, line, Lanes::ONE);
                    continue;
                }
                self.find_needs_at(plan, inputs, c, line, t);
                let facilities = &supply.facilities_of[line.good.index()];
                let needs = &self.need_at[line.base..line.base + facilities.len()];
                let by_room = mean_need(
                    links_of[line.good.index()].iter().map(|&l| (self.room[l], needs[supply.links[l].place])),
                );
                self.need[i][k] = by_room.1;
                let somewhere = by_room.0.gt(Lanes::ZERO);
                if !somewhere.all() {
                    let by_output = mean_need(
                        facilities.iter().zip(needs).map(|(f, &need)| (available[f.index()], need)),
                    );
                    let even = mean_need(needs.iter().map(|&need| (Lanes::ONE, need)));
                    let otherwise = by_output.0.gt(Lanes::ZERO).select(by_output.1, even.1);
                    self.need[i][k] = somewhere.select(by_room.1, otherwise);
                }
            }
        }
        any || supply.chips_of[designer.index()].iter().any(|c| supply.stocked_dies[c.index()])
    }

    /// Whether any of a chip is wanted in some draw.
    #[inline(always)]
    fn wanted(&self, chip: ChipId) -> bool {
        self.want[chip.index()].gt(Lanes::ZERO).any()
    }

    /// Needs of a chip for a good at each of its facilities.
    #[inline(always)]
    fn find_needs_at(&mut self, plan: &Plan, inputs: &Inputs, chip: ChipId, line: &Line, t: usize) {
        let c = &plan.model.chips[chip.index()];
        for (place, f) in plan.supply.facilities_of[line.good.index()].iter().enumerate() {
            let facility = &plan.model.facilities[f.index()];
            let sound = match line.amount {
                Amount::Dies => {
                    let area = c.die_area.map_or(Lanes::ONE, |q| inputs.value(q));
                    let defects = facility.defect_density.map_or(Lanes::ZERO, |q| inputs.at(q, t));
                    murphy(area * defects) * inputs.value(facility.parametric_yield)
                }
                Amount::Units(_) | Amount::Memory => Lanes::ONE,
            };
            let amount = self.amount(plan, inputs, chip, line, sound);
            self.need_at[line.base + place] = amount / inputs.at(facility.line_yield, t);
        }
    }

    /// Amount of a good in a chip, of whose dies a share is sound [good's unit].
    #[inline(always)]
    fn amount(&self, plan: &Plan, inputs: &Inputs, chip: ChipId, line: &Line, sound: Lanes) -> Lanes {
        let c = &plan.model.chips[chip.index()];
        match line.amount {
            Amount::Units(q) => inputs.value(q),
            Amount::Memory => c.memory.map_or(Lanes::ZERO, |q| inputs.value(q)),
            Amount::Dies => {
                let good_dies =
                    self.gross_dies[chip.index()] * sound * inputs.value(plan.model.production.harvest);
                c.dies / good_dies
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
    fn limit_ramps(
        &mut self,
        plan: &Plan,
        controls: &Controls,
        stockpiles: &Stockpiles,
        designer: DesignerId,
    ) {
        let d = designer.index();
        for &c in &plan.supply.chips_of[d] {
            self.planned[c.index()] = self.want[c.index()];
            self.capped[c.index()] = Mask::splat(false);
        }
        for (g, users) in &plan.supply.packagings[d] {
            let ramped = |&(c, _): &(ChipId, usize)| {
                controls.ramp_ahead[c.index()].ge(Lanes::ONE).all() || !self.wanted(c)
            };
            if users.iter().all(ramped) {
                continue;
            }
            let room = self.total_room(plan, stockpiles, d, *g);
            let mut excess = Lanes::ZERO;
            let mut others = Lanes::ZERO;
            for &(c, i) in users {
                if !self.wanted(c) {
                    continue;
                }
                let (want, need) = (self.want[c.index()], self.need[c.index()][i]);
                let ramp = controls.ramp_ahead[c.index()];
                let cap = (ramp * room).per(need);
                let capped = ramp.lt(Lanes::ONE) & want.gt(cap) & need.gt(Lanes::ZERO);
                self.capped[c.index()] = capped;
                self.planned[c.index()] = capped.select(cap, want);
                excess += capped.select((want - cap) * need, Lanes::ZERO);
                others += capped.select(Lanes::ZERO, want * need);
            }
            let more = 1.0 + excess.min(room).per(others);
            for &(c, _) in users {
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
        let goods = &plan.supply.needed[d];
        for g in goods {
            let room = self.total_room(plan, stockpiles, d, *g);
            self.rooms[g.index()] = room;
            self.rest[g.index()] = room;
        }
        for pass in 0..2 {
            self.find_ratios(plan, chips, goods);
            for &c in chips {
                let i = c.index();
                if !self.wanted(c) {
                    continue;
                }
                let residual = (self.planned[i] - self.started[i]).max(0.0);
                let goods_of = &plan.supply.goods_of[i];
                let least = goods_of.iter().fold(Lanes::ONE, |least, g| least.min(self.ratios[g.index()]));
                if pass == 0 {
                    self.bound_by[i] =
                        label(residual, least, self.capped[i], self.want[i], goods_of, &self.ratios);
                    self.first_pass[i] = residual * least;
                }
                self.raw[i] = residual * least;
            }
            for &c in chips {
                let i = c.index();
                if !self.wanted(c) {
                    continue;
                }
                self.started[i] += self.raw[i];
                for (k, g) in plan.supply.goods_of[i].iter().enumerate() {
                    let rest = &mut self.rest[g.index()];
                    *rest = (*rest - self.raw[i] * self.need[i][k]).max(0.0);
                }
            }
        }
        for &g in goods {
            self.use_room(plan, stockpiles, designer, g);
        }
    }

    /// Takes what the own passes used of a good: of claims first, then of private stocks.
    #[inline(always)]
    fn use_room(&mut self, plan: &Plan, stockpiles: &mut Stockpiles, designer: DesignerId, good: GoodId) {
        let used = self.rooms[good.index()] - self.rest[good.index()];
        if !used.gt(Lanes::ZERO).any() {
            return;
        }
        let links = &plan.supply.links_of[designer.index()][good.index()];
        let claims = links.iter().fold(Lanes::ZERO, |sum, &l| sum + self.room[l]);
        let from_claims = used.min(claims);
        for &l in links {
            self.used[l] = from_claims * self.room[l].per(claims);
            let f = plan.supply.links[l].facility.index();
            self.left[f] = (self.left[f] - self.used[l]).max(0.0);
        }
        stockpiles.draw(plan, &self.need, designer, good, used - from_claims);
    }

    /// For each good, the share of what is still wanted that there is room for.
    #[inline(always)]
    fn find_ratios(&mut self, plan: &Plan, chips: &[ChipId], goods: &[GoodId]) {
        for g in goods {
            self.asked[g.index()] = Lanes::ZERO;
        }
        for &c in chips {
            let i = c.index();
            if !self.wanted(c) {
                continue;
            }
            let residual = (self.planned[i] - self.started[i]).max(0.0);
            for (k, g) in plan.supply.goods_of[i].iter().enumerate() {
                self.asked[g.index()] += residual * self.need[i][k];
            }
        }
        for g in goods {
            let (asked, room) = (self.asked[g.index()], self.rest[g.index()]);
            self.ratios[g.index()] = asked.gt(room).select(room.per(asked), Lanes::ONE);
        }
    }

    /// What of a chip's plan is not made yet, if anything in some draw [chips].
    #[inline(always)]
    fn residual(&self, chip: ChipId) -> Option<Lanes> {
        let i = chip.index();
        let residual = (self.planned[i] - self.started[i]).max(0.0);
        residual.gt(Lanes::ZERO).any().then_some(residual)
    }

    /// Moves what was started into the pipeline and takes out what arrives.
    #[inline(always)]
    fn send(&mut self, plan: &Plan, controls: &Controls, t: usize) {
        let slots = plan.lead + 1;
        for &c in &plan.edges.chips {
            let i = c.index();
            if t == 0 {
                for slot in 0..plan.lead {
                    let launched = controls.launch[i].lt(Lanes::splat(slot as f64 + 1.0));
                    self.pipeline[i][slot] = launched.select(self.started[i], Lanes::ZERO);
                }
            }
            self.pipeline[i][(t + plan.lead) % slots] = self.started[i];
            self.arrived[i] = self.pipeline[i][t % slots];
            self.pipeline[i][t % slots] = Lanes::ZERO;
        }
    }
}

/// Sum of weights, and the harmonic mean of needs with them.
#[inline(always)]
fn mean_need(weighted: impl Iterator<Item = (Lanes, Lanes)>) -> (Lanes, Lanes) {
    let mut total = Lanes::ZERO;
    let mut made = Lanes::ZERO;
    for (weight, need) in weighted {
        total += weight;
        made += weight / need;
    }
    (total, total.per(made))
}

/// What bound a chip in the first pass, by lane.
#[inline(always)]
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
