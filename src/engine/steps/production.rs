//! Production: what designers want to make, what supply lets them make, and what is under way.

pub mod cause;
mod lack;
mod needs;
mod pipeline;
mod pool;
mod ramps;
mod shortfall;
mod wafer;

use super::choice::{Choice, ChoiceContext, ChoiceOutputs, ChoiceScratch, expected_sales};
use super::commitments::Promises;
use super::controls::ControlOutputs;
use super::data_sheets::DataSheets;
use super::stockpiles::Stockpiles;
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::{Lanes, Mask, WIDTH};
use crate::model::{Amount, ChipId, DesignerId, GoodId, GoodKind};
use crate::plan::Plan;
use cause::label;
use shortfall::Lack;
pub use wafer::{dies_per_wafer, murphy};

/// What production leaves to the next quarter.
#[derive(Clone, Debug)]
pub struct ProductionState {
    /// Smoothed expected sales, by chip \[chips/quarter\].
    pub expected: List<Lanes>,
    /// Chips under way, by chip and slot of arrival.
    pub pipeline: Vec<List<Lanes>>,
    /// Over-ordering of buyers \[1\].
    pub over: List<Lanes>,
    /// Need of each chip for each good of its recipe \[good's unit\].
    pub need: Vec<List<Lanes>>,
}

/// Production in a quarter and what led to it.
#[derive(Clone, Debug)]
pub struct ProductionOutputs {
    /// What designers want to start, before the ramp's limits \[chips\].
    pub want: List<Lanes>,
    /// The same after them \[chips\].
    pub planned: List<Lanes>,
    /// Chips that the ramp limited.
    pub capped: List<Mask>,
    /// Chips started \[chips\].
    pub started: List<Lanes>,
    /// Chips that arrived.
    pub arrived: List<Lanes>,
    /// What bound each chip in the first pass, see [`cause`].
    pub bound_by: Vec<[u8; WIDTH]>,
    /// What the rest of a chip's plan lacked in the third pass, or [`cause::RAMP`]; [`cause::DEMAND`] where all was made.
    pub short_of: Vec<[u8; WIDTH]>,
    /// What each link of a designer to a facility may use of its claim \[good's unit\].
    pub room: List<Lanes>,
    /// What it used \[good's unit\].
    pub used: List<Lanes>,
    /// What the first pass made, for its laws \[chips\].
    pub first_pass: List<Lanes>,
    /// What of facilities' output went into companion silicon \[good's unit\].
    pub companions: List<Lanes>,
    /// Unmet share of the good of each facility that answers to it \[1\].
    pub unmet: List<Lanes>,
}

/// Room to work in.
#[derive(Clone, Debug)]
pub(crate) struct ProductionScratch {
    /// Need of each chip for each good at each of its facilities, see [`crate::plan::Line::base`] \[good's unit\].
    need_at: List<Lanes>,
    /// Gross dies per wafer, by chip; where its good is counted so.
    gross_dies: List<Lanes>,
    /// Buyers' choice at arrival of what is started.
    ahead: ChoiceOutputs,
    choosing: ChoiceScratch,
    in_stock: List<Mask>,
    /// Money that is expected of buyers at arrival \[USD\].
    money: List<Lanes>,
    /// Share of smuggled wants that routes can carry then, by country \[1\].
    reach: List<Lanes>,
    raw: List<Lanes>,
    /// What facilities have left \[good's unit\].
    left: List<Lanes>,
    /// What designers claim of facilities \[1\].
    claimed: List<Lanes>,
    /// What rules permit of each link \[1\].
    granted: List<Lanes>,
    /// By good: a designer's room, what is left of it, what is asked of it, the share that it can give.
    rooms: List<Lanes>,
    rest: List<Lanes>,
    asked: List<Lanes>,
    /// What launching chips take of packaging before others, by good \[good's unit\].
    reserved: List<Lanes>,
    ratios: List<Lanes>,
    pool: Pool,
    lack: Lack,
    /// What commitments are expected to take at arrival.
    promises: Promises,
}

/// The third pass: what is left, pooled.
#[derive(Clone, Debug)]
struct Pool {
    /// What each link may take of what is left \[good's unit\].
    open: List<Lanes>,
    /// The same as a share of all that its designer may take of the good \[1\].
    share: List<Lanes>,
    /// Need of each chip for each good, where it would be made now \[good's unit\].
    need: Vec<List<Lanes>>,
    asked: List<Lanes>,
    demand: List<Lanes>,
    granted: List<Lanes>,
}

/// The step.
pub(crate) struct Production<'a> {
    pub state: &'a mut ProductionState,
    pub out: &'a mut ProductionOutputs,
    pub scratch: &'a mut ProductionScratch,
}

/// What production looks at beside its own state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProductionContext<'a> {
    /// Data sheets of chips.
    pub sheets: &'a DataSheets,
    /// Rules' outcomes.
    pub controls: &'a ControlOutputs,
    /// Launch of each chip \[quarters\].
    pub launch: &'a [Lanes],
    /// Stock of each chip \[chips\].
    pub inventory: &'a [Lanes],
    /// Grey orders of the last quarter, by chip \[chips\].
    pub grey_orders: &'a [Lanes],
    /// Share of wanted power that there was room for in the last quarter, by buyer \[1\].
    pub power: &'a [Lanes],
    /// The same for what commitments wanted.
    pub power_first: &'a [Lanes],
    /// Capacity of chip routes to each country \[chips/quarter\].
    pub route_capacity: &'a [Lanes],
    /// The same in money \[USD/quarter\].
    pub route_usd: &'a [Lanes],
    /// Premium of the last quarter, by country \[1\].
    pub premium: &'a [Lanes],
    /// Available capacity \[good's unit/quarter\].
    pub available: &'a [Lanes],
}

/// A zero for each good of each chip's recipe.
fn no_needs(plan: &Plan) -> Vec<List<Lanes>> {
    plan.supply.goods_of.iter().map(|goods| List::of(Lanes::ZERO, goods.len())).collect()
}

impl ProductionState {
    /// Nothing is under way.
    pub fn new(plan: &Plan) -> Self {
        let chips = plan.model.chips.len();
        Self {
            expected: List::of(Lanes::ZERO, chips),
            pipeline: vec![List::of(Lanes::ZERO, plan.lead + 1); chips],
            over: List::of(Lanes::ONE, plan.model.buyers.len()),
            need: no_needs(plan),
        }
    }

    /// Takes over what is expected, needed and under way.
    pub(crate) fn adopt(&mut self, from: &Self) {
        let Self { expected, pipeline, over, need } = from;
        self.expected.clone_from(expected);
        self.pipeline.clone_from(pipeline);
        self.over.clone_from(over);
        self.need.clone_from(need);
    }

    /// Over-ordering in the next quarter, from first-round orders and fills of this one, by buyer \[USD\].
    #[inline(always)]
    pub(crate) fn adapt(&mut self, plan: &Plan, inputs: &Inputs, ordered: &[Lanes], filled: &[Lanes]) {
        let most = inputs.value(plan.model.trade.over_order);
        for (b, over) in self.over.iter_mut().enumerate() {
            let (ordered, filled) = (ordered[b], filled[b]);
            let ratio = filled.gt(Lanes::ZERO).select(ordered.per(filled), most);
            let ratio = ordered.gt(Lanes::ZERO).select(ratio.max(1.0).min(most), Lanes::ONE);
            *over = 0.5 * *over + 0.5 * ratio;
        }
    }
}

impl ProductionOutputs {
    /// Nothing is made.
    pub fn new(plan: &Plan) -> Self {
        let chips = plan.model.chips.len();
        let zeros = List::of(Lanes::ZERO, chips);
        let links = List::of(Lanes::ZERO, plan.supply.links.len());
        Self {
            want: zeros.clone(),
            planned: zeros.clone(),
            capped: List::of(Mask::splat(false), chips),
            started: zeros.clone(),
            arrived: zeros.clone(),
            bound_by: vec![[cause::NONE; WIDTH]; chips],
            short_of: vec![[cause::DEMAND; WIDTH]; chips],
            room: links.clone(),
            used: links,
            first_pass: zeros,
            companions: List::of(Lanes::ZERO, plan.model.facilities.len()),
            unmet: List::of(Lanes::ZERO, plan.model.facilities.len()),
        }
    }
}

impl ProductionScratch {
    /// Room for a plan's chips.
    pub(crate) fn new(plan: &Plan) -> Self {
        let chips = plan.model.chips.len();
        let zeros = List::of(Lanes::ZERO, chips);
        let links = List::of(Lanes::ZERO, plan.supply.links.len());
        let facilities = List::of(Lanes::ZERO, plan.model.facilities.len());
        let goods = List::of(Lanes::ZERO, plan.model.goods.len());
        Self {
            need_at: List::of(Lanes::ZERO, plan.supply.needs),
            gross_dies: zeros.clone(),
            ahead: ChoiceOutputs::new(plan),
            choosing: ChoiceScratch::new(plan),
            in_stock: List::of(Mask::splat(false), chips),
            money: List::of(Lanes::ZERO, plan.model.buyers.len()),
            reach: List::of(Lanes::ONE, plan.model.countries.len()),
            raw: zeros,
            left: facilities.clone(),
            claimed: facilities.clone(),
            granted: links.clone(),
            rooms: goods.clone(),
            rest: goods.clone(),
            asked: goods.clone(),
            reserved: goods.clone(),
            ratios: goods,
            pool: Pool {
                open: links.clone(),
                share: links.clone(),
                need: no_needs(plan),
                asked: links,
                demand: facilities.clone(),
                granted: facilities,
            },
            lack: Lack::new(plan),
            promises: Promises::new(plan),
        }
    }
}

impl Production<'_> {
    /// Back to the horizon's start.
    #[inline(always)]
    pub(crate) fn reset(&mut self, plan: &Plan, inputs: &Inputs) {
        self.state.over.fill(Lanes::ONE);
        for slots in &mut self.state.pipeline {
            slots.fill(Lanes::ZERO);
        }
        for list in
            [&mut self.out.started, &mut self.out.first_pass, &mut self.out.planned, &mut self.out.want]
        {
            list.fill(Lanes::ZERO);
        }
        self.out.capped.fill(Mask::splat(false));
        self.out.bound_by.fill([cause::NONE; WIDTH]);
        self.state.need.iter_mut().for_each(|need| need.fill(Lanes::ZERO));
        for (c, chip) in plan.model.chips.iter().enumerate() {
            if plan.supply.lines_of[c].iter().any(|line| line.amount == Some(Amount::Dies)) {
                let area = chip.die_area.map_or(Lanes::ONE, |q| inputs.value(q));
                self.scratch.gross_dies[c] = dies_per_wafer(area);
            }
        }
        self.scratch.lack.reset(plan, inputs);
    }

    /// Decides and makes what is started in quarter `t`.
    #[inline(always)]
    pub(crate) fn step(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        context: &ProductionContext<'_>,
        stockpiles: &mut Stockpiles<'_>,
        t: usize,
    ) {
        let (controls, available) = (context.controls, context.available);
        self.expect(plan, inputs, context, t);
        self.find_room(plan, inputs, controls, stockpiles, available, t);
        self.out.started.fill(Lanes::ZERO);
        self.out.used.fill(Lanes::ZERO);
        self.open_lack(plan);
        for d in 0..plan.supply.chips_of.len() {
            let designer = DesignerId(d as u32);
            if self.find_needs(plan, inputs, designer, available, t) {
                self.limit_ramps(plan, controls, stockpiles, designer);
                self.own_passes(plan, stockpiles, designer);
            }
        }
        self.pooled_pass(plan);
        self.send(plan, context.launch, t);
    }

    /// Expected sales and wants.
    #[inline(always)]
    fn expect(&mut self, plan: &Plan, inputs: &Inputs, context: &ProductionContext<'_>, t: usize) {
        let controls = context.controls;
        for (in_stock, ramp) in self.scratch.in_stock.iter_mut().zip(&controls.ramp_ahead) {
            *in_stock = ramp.gt(Lanes::ZERO);
        }
        let arrival = ChoiceContext {
            quarter: t + plan.lead,
            ramp: &controls.ramp_ahead,
            offered: &controls.offered_ahead,
            permitted: &controls.permitted_ahead,
            fee: &controls.fee_ahead,
            in_stock: &self.scratch.in_stock,
            route_capacity: context.route_capacity,
            route_usd: context.route_usd,
            premium: context.premium,
        };
        Choice { out: &mut self.scratch.ahead, scratch: &mut self.scratch.choosing }.weigh(
            plan,
            inputs,
            context.sheets,
            &arrival,
        );
        let world = inputs.value(plan.model.trade.world_budget);
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let budget = buyer.budget.map_or(Lanes::ZERO, |q| inputs.at(q, arrival.quarter));
            self.scratch.money[b] = budget * world * self.scratch.ahead.access[b];
        }
        let (ahead, money) = (&self.scratch.ahead, &mut self.scratch.money);
        self.scratch.promises.expect(plan, inputs, ahead, &arrival, context.power_first, money);
        for (b, money) in money.iter_mut().enumerate() {
            *money *= self.state.over[b] * context.power[b];
        }
        expected_sales(
            plan,
            &self.scratch.ahead,
            &arrival,
            &self.scratch.money,
            &mut self.scratch.reach,
            &mut self.scratch.raw,
        );
        let headroom = inputs.value(plan.model.production.headroom);
        for &c in &plan.edges.chips {
            let i = c.index();
            self.state.expected[i] = if t == 0 {
                self.scratch.raw[i]
            } else {
                0.5 * self.state.expected[i] + 0.5 * self.scratch.raw[i]
            };
            let glut = (context.inventory[i] - 0.1 * self.state.expected[i]).max(0.0);
            let sure = self.scratch.promises.chips[i] + context.grey_orders[i];
            let want = (headroom * self.state.expected[i] + sure - 0.5 * glut).max(0.0);
            self.out.want[i] = self.scratch.in_stock[i].select(want, Lanes::ZERO);
        }
    }

    /// Room of every designer at every facility: normalised claims, as far as rules permit, of what stockpiles leave.
    #[inline(always)]
    fn find_room(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        controls: &ControlOutputs,
        stockpiles: &mut Stockpiles<'_>,
        available: &[Lanes],
        t: usize,
    ) {
        stockpiles.buy(plan, inputs, controls, available, t);
        for (f, &available) in available.iter().enumerate() {
            self.scratch.left[f] = (available - stockpiles.out.taken[f]).max(0.0);
        }
        self.scratch.claimed.fill(Lanes::ZERO);
        for designer in &plan.model.designers {
            for (f, &claim) in &designer.claims {
                self.scratch.claimed[f.index()] += inputs.at(claim, t);
            }
        }
        for (l, link) in plan.supply.links.iter().enumerate() {
            let f = link.facility.index();
            self.scratch.granted[l] =
                controls.permitted_now(link.foundry) * controls.permitted_now(link.goods);
            self.out.room[l] = link.claim.map_or(Lanes::ZERO, |q| {
                inputs.at(q, t) / self.scratch.claimed[f].max(1.0)
                    * self.scratch.granted[l]
                    * self.scratch.left[f]
            });
        }
    }

    /// Whether any of a chip is wanted in some draw.
    #[inline(always)]
    fn wanted(&self, chip: ChipId) -> bool {
        self.out.want[chip.index()].gt(Lanes::ZERO).any()
    }

    /// Room of a designer for a good: claims and private stocks \[good's unit\].
    #[inline(always)]
    fn total_room(&self, plan: &Plan, stockpiles: &Stockpiles<'_>, d: usize, g: GoodId) -> Lanes {
        let claims = Lanes::total(plan.supply.links_of[d][g.index()].iter().map(|&l| self.out.room[l]));
        claims + stockpiles.room(plan, &self.state.need, DesignerId(d as u32), g)
    }

    /// Place of the packaging of which a chip has its ramp's share for itself, if it has in some draw.
    #[inline(always)]
    fn reserves(&self, plan: &Plan, chip: ChipId) -> Option<usize> {
        let packaging = |g: &GoodId| plan.model.goods[g.index()].kind == GoodKind::Packaging;
        let capped = self.out.capped[chip.index()].any();
        capped.then(|| plan.supply.goods_of[chip.index()].iter().position(packaging)).flatten()
    }

    /// Passes 1 and 2: a designer's own claims and stocks.
    #[inline(always)]
    fn own_passes(&mut self, plan: &Plan, stockpiles: &mut Stockpiles<'_>, designer: DesignerId) {
        let d = designer.index();
        let chips = &plan.supply.chips_of[d];
        let goods = &plan.supply.needed[d];
        for g in goods {
            let room = self.total_room(plan, stockpiles, d, *g);
            self.scratch.rooms[g.index()] = room;
            self.scratch.rest[g.index()] = room;
        }
        for pass in 0..2 {
            self.find_ratios(plan, chips, goods);
            if pass == 0 {
                self.note_asked(plan, d, goods);
            }
            for &c in chips {
                let i = c.index();
                if !self.wanted(c) {
                    continue;
                }
                let residual = (self.out.planned[i] - self.out.started[i]).max(0.0);
                let goods_of = &plan.supply.goods_of[i];
                let (own, capped) = (self.reserves(plan, c), self.out.capped[i]);
                let least = Lanes::ONE.min_of(goods_of.iter().enumerate().map(|(k, g)| {
                    let ratio = self.scratch.ratios[g.index()];
                    if own == Some(k) { capped.select(Lanes::ONE, ratio) } else { ratio }
                }));
                if pass == 0 {
                    self.out.bound_by[i] = label(
                        residual,
                        least,
                        self.out.capped[i],
                        self.out.want[i],
                        goods_of,
                        &self.scratch.ratios,
                    );
                    self.out.first_pass[i] = residual * least;
                }
                self.scratch.raw[i] = residual * least;
            }
            for &c in chips {
                let i = c.index();
                if !self.wanted(c) {
                    continue;
                }
                self.out.started[i] += self.scratch.raw[i];
                for (k, g) in plan.supply.goods_of[i].iter().enumerate() {
                    let rest = &mut self.scratch.rest[g.index()];
                    *rest = (*rest - self.scratch.raw[i] * self.state.need[i][k]).max(0.0);
                }
            }
        }
        self.note_short(plan, d);
        for &g in goods {
            self.use_room(plan, stockpiles, designer, g);
        }
    }

    /// Takes what the own passes used of a good: of claims first, then of private stocks.
    #[inline(always)]
    fn use_room(&mut self, plan: &Plan, stockpiles: &mut Stockpiles<'_>, designer: DesignerId, good: GoodId) {
        let used = self.scratch.rooms[good.index()] - self.scratch.rest[good.index()];
        if !used.gt(Lanes::ZERO).any() {
            return;
        }
        let links = &plan.supply.links_of[designer][good.index()];
        let claims = Lanes::total(links.iter().map(|&l| self.out.room[l]));
        let from_claims = used.min(claims);
        for &l in links {
            self.out.used[l] = from_claims * self.out.room[l].per(claims);
            let f = plan.supply.links[l].facility.index();
            if plan.supply.companions {
                self.out.companions[f] += self.out.used[l] * self.scratch.lack.beside[good.index()];
            }
            self.scratch.left[f] = (self.scratch.left[f] - self.out.used[l]).max(0.0);
        }
        stockpiles.draw(plan, &self.state.need, designer, good, used - from_claims);
    }

    /// For each good, the share of what is still wanted that there is room for, once launching chips have their ramp's share of packaging.
    #[inline(always)]
    fn find_ratios(&mut self, plan: &Plan, chips: &[ChipId], goods: &[GoodId]) {
        for g in goods {
            self.scratch.asked[g.index()] = Lanes::ZERO;
            self.scratch.reserved[g.index()] = Lanes::ZERO;
        }
        for &c in chips {
            let i = c.index();
            if !self.wanted(c) {
                continue;
            }
            let residual = (self.out.planned[i] - self.out.started[i]).max(0.0);
            let (own, capped) = (self.reserves(plan, c), self.out.capped[i]);
            for (k, g) in plan.supply.goods_of[i].iter().enumerate() {
                let needed = residual * self.state.need[i][k];
                if own == Some(k) {
                    self.scratch.reserved[g.index()] += capped.select(needed, Lanes::ZERO);
                    self.scratch.asked[g.index()] += capped.select(Lanes::ZERO, needed);
                } else {
                    self.scratch.asked[g.index()] += needed;
                }
            }
        }
        for g in goods {
            let room = (self.scratch.rest[g.index()] - self.scratch.reserved[g.index()]).max(0.0);
            let asked = self.scratch.asked[g.index()];
            self.scratch.ratios[g.index()] = asked.gt(room).select(room.per(asked), Lanes::ONE);
        }
    }

    /// What of a chip's plan is not made yet, if anything in some draw \[chips\].
    #[inline(always)]
    fn residual(&self, chip: ChipId) -> Option<Lanes> {
        let i = chip.index();
        let residual = (self.out.planned[i] - self.out.started[i]).max(0.0);
        residual.gt(Lanes::ZERO).any().then_some(residual)
    }
}
