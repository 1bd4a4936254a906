//! Private stocks of goods: purchases while rules permit them, smuggling when they do not, leaks, and what production draws.

use super::controls::ControlOutputs;
use super::diversion::{Lagged, Routes};
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::Lanes;
use crate::model::{DesignerId, GoodId, Stockpile};
use crate::plan::Plan;

/// Private stocks and what is on its way to them.
#[derive(Clone, Debug)]
pub struct StockpileState {
    /// Held, by stock \[its unit\].
    pub held: List<Lanes>,
    /// On its way to each stock \[its unit\].
    pub transit: List<Lagged>,
}

/// Flows into and out of private stocks in a quarter.
#[derive(Clone, Debug)]
pub struct StockpileOutputs {
    /// Bought legally, by stock \[its unit\].
    pub bought: List<Lanes>,
    /// Smuggled in and delivered, by stock.
    pub delivered: List<Lanes>,
    /// Gained by leaks, by stock.
    pub leaked: List<Lanes>,
    /// Used, by stock.
    pub drawn: List<Lanes>,
    /// Taken from each facility's output, legally or not \[good's unit\].
    pub taken: List<Lanes>,
    /// Attempted on each goods route \[good's unit\].
    pub attempted: List<Lanes>,
    /// Capacity of goods routes and their detection, set at the start of the quarter.
    pub routes: Routes,
}

/// Room to work in.
#[derive(Clone, Debug)]
pub(crate) struct StockpileScratch {
    /// Asked legally and of routes, by stock.
    asks: List<Ask>,
    /// Asked of routes, by stock, before they limit it.
    wanted: List<Lanes>,
    /// Share of what is asked of a facility that it can give \[1\].
    scale: List<Lanes>,
}

/// The step.
pub(crate) struct Stockpiles<'a> {
    pub state: &'a mut StockpileState,
    pub out: &'a mut StockpileOutputs,
    pub scratch: &'a mut StockpileScratch,
}

/// What a stock asks for \[its unit\].
#[derive(Clone, Copy, Debug, Default)]
struct Ask {
    legally: Lanes,
    of_routes: Lanes,
}

impl StockpileState {
    /// Empty stocks.
    pub fn new(plan: &Plan) -> Self {
        let stocks = plan.model.stockpiles.len();
        Self { held: List::of(Lanes::ZERO, stocks), transit: List::of(Lagged::default(), stocks) }
    }

    /// Takes over what is held and on its way.
    pub(crate) fn adopt(&mut self, from: &Self) {
        let Self { held, transit } = from;
        self.held.clone_from(held);
        self.transit.clone_from(transit);
    }

    /// What is on its way to a stock \[its unit\].
    pub fn in_transit(&self, s: usize) -> Lanes {
        self.transit[s].total()
    }
}

impl StockpileOutputs {
    /// Nothing gained or used.
    pub fn new(plan: &Plan) -> Self {
        let zeros = List::of(Lanes::ZERO, plan.model.stockpiles.len());
        Self {
            bought: zeros.clone(),
            delivered: zeros.clone(),
            leaked: zeros.clone(),
            drawn: zeros,
            taken: List::of(Lanes::ZERO, plan.model.facilities.len()),
            attempted: List::of(Lanes::ZERO, plan.model.routes.len()),
            routes: Routes::new(plan),
        }
    }
}

impl StockpileScratch {
    /// Room for a plan's stocks.
    pub(crate) fn new(plan: &Plan) -> Self {
        let stocks = plan.model.stockpiles.len();
        Self {
            asks: List::of(Ask::default(), stocks),
            wanted: List::of(Lanes::ZERO, stocks),
            scale: List::of(Lanes::ONE, plan.model.facilities.len()),
        }
    }
}

impl Stockpiles<'_> {
    /// What is held at the start.
    #[inline(always)]
    pub(crate) fn reset(&mut self, plan: &Plan, inputs: &Inputs) {
        for (s, stock) in plan.model.stockpiles.iter().enumerate() {
            self.state.held[s] = inputs.value(stock.opening);
            self.state.transit[s] = Lagged::default();
        }
    }

    /// Purchases, smuggling and leaks of quarter `t`, all of which can be used in it.
    #[inline(always)]
    pub(crate) fn buy(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        controls: &ControlOutputs,
        available: &[Lanes],
        t: usize,
    ) {
        self.out.taken.fill(Lanes::ZERO);
        self.out.attempted.fill(Lanes::ZERO);
        self.out.drawn.fill(Lanes::ZERO);
        for (s, stock) in plan.model.stockpiles.iter().enumerate() {
            self.scratch.asks[s] = ask(plan, inputs, controls, available, s, stock, t);
        }
        self.limit_to_routes(plan);
        self.take(plan, available);
        for (s, stock) in plan.model.stockpiles.iter().enumerate() {
            let fed = share_fed(plan, available, s, &self.scratch.scale);
            self.out.bought[s] = self.scratch.asks[s].legally * fed;
            self.out.delivered[s] = self.smuggle(plan, inputs, s, stock, fed, t);
            self.state.held[s] += self.out.bought[s] + self.out.delivered[s] + self.out.leaked[s];
        }
    }

    /// What is asked of routes is at most their capacity.
    #[inline(always)]
    fn limit_to_routes(&mut self, plan: &Plan) {
        for (wanted, asks) in self.scratch.wanted.iter_mut().zip(&self.scratch.asks) {
            *wanted = asks.of_routes;
        }
        for (s, stock) in plan.model.stockpiles.iter().enumerate() {
            let alike = plan.model.stockpiles.iter().enumerate().filter(|(_, r)| same_routes(plan, stock, r));
            let wanted = Lanes::total(alike.map(|(r, _)| self.scratch.wanted[r]));
            let capacity = Lanes::total(routes_for(plan, stock).map(|r| self.out.routes.capacity[r]));
            self.scratch.asks[s].of_routes *= wanted.gt(capacity).select(capacity.per(wanted), Lanes::ONE);
        }
    }

    /// Takes from facilities what is asked, as far as each can give it.
    #[inline(always)]
    fn take(&mut self, plan: &Plan, available: &[Lanes]) {
        for (s, sources) in plan.supply.stockpile_sources.iter().enumerate() {
            let total = Lanes::total(sources.iter().map(|(f, _)| available[f.index()]));
            for (f, _) in sources {
                let share = available[f.index()].per(total);
                self.out.taken[f.index()] +=
                    (self.scratch.asks[s].legally + self.scratch.asks[s].of_routes) * share;
            }
        }
        for ((taken, &has), scale) in self.out.taken.iter_mut().zip(available).zip(&mut self.scratch.scale) {
            *scale = taken.gt(has).select(has.per(*taken), Lanes::ONE);
            *taken *= *scale;
        }
    }

    /// Sends what is smuggled for a stock on its way; gives what is delivered in this quarter.
    #[inline(always)]
    fn smuggle(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        s: usize,
        stock: &Stockpile,
        fed: Lanes,
        t: usize,
    ) -> Lanes {
        let capacity = Lanes::total(routes_for(plan, stock).map(|r| self.out.routes.capacity[r]));
        for r in routes_for(plan, stock) {
            let attempted = self.scratch.asks[s].of_routes * fed * self.out.routes.capacity[r].per(capacity);
            self.out.attempted[r] += attempted;
            let passed = attempted * (1.0 - self.out.routes.detection[r]);
            self.state.transit[s].add(passed, inputs.value(plan.model.routes[r].lag), t);
        }
        self.state.transit[s].take(t)
    }

    /// What a designer's stocks add to its room for a good \[good's unit\].
    #[inline(always)]
    pub(crate) fn room(
        &self,
        plan: &Plan,
        need: &[List<Lanes>],
        designer: DesignerId,
        good: GoodId,
    ) -> Lanes {
        let stocks = plan.model.stockpiles.iter().enumerate();
        let own = stocks.filter(|(_, s)| s.designer == designer && s.good == good);
        Lanes::total(own.map(|(i, s)| self.state.held[i] * unit(plan, need, s)))
    }

    /// Draws an amount of a good \[good's unit\] from a designer's stocks, pro rata.
    #[inline(always)]
    pub(crate) fn draw(
        &mut self,
        plan: &Plan,
        need: &[List<Lanes>],
        designer: DesignerId,
        good: GoodId,
        amount: Lanes,
    ) {
        let room = self.room(plan, need, designer, good);
        let share = amount.max(0.0).per(room).min(1.0);
        for (i, s) in plan.model.stockpiles.iter().enumerate() {
            if s.designer == designer && s.good == good {
                self.out.drawn[i] = self.state.held[i] * share;
                self.state.held[i] = (self.state.held[i] - self.out.drawn[i]).max(0.0);
            }
        }
    }
}

/// Units of the good in one of a stock's unit: a die stands for the good that it needs.
#[inline(always)]
pub fn unit(plan: &Plan, need: &[List<Lanes>], stock: &Stockpile) -> Lanes {
    let Some(chip) = stock.dies_of else { return Lanes::ONE };
    let position = plan.supply.goods_of[chip].iter().position(|&g| g == stock.good);
    position.map_or(Lanes::ZERO, |k| need[chip.index()][k] / plan.model.chips[chip].dies)
}

/// What a stock asks for legally and of routes.
#[inline(always)]
fn ask(
    plan: &Plan,
    inputs: &Inputs,
    controls: &ControlOutputs,
    available: &[Lanes],
    s: usize,
    stock: &Stockpile,
    t: usize,
) -> Ask {
    let Some(rate) = stock.rate else { return Ask::default() };
    let sources = &plan.supply.stockpile_sources[s];
    if sources.is_empty() {
        return Ask { legally: inputs.at(rate, t), of_routes: Lanes::ZERO };
    }
    let mean = |values: &dyn Fn(crate::rules::CaseId) -> Lanes| {
        let total = Lanes::total(sources.iter().map(|(f, _)| available[f.index()]));
        let part = Lanes::total(sources.iter().map(|(f, c)| available[f.index()] * values(*c)));
        part.per(total)
    };
    let permitted = mean(&|case| controls.permitted_now(case));
    let cut = mean(&|case| controls.cut[case.index()]).min(1.0);
    let want = inputs.at(rate, t) * (1.0 + (inputs.value(stock.burst) - 1.0) * cut);
    Ask { legally: permitted * want, of_routes: (1.0 - permitted) * want }
}

/// Share of what a stock asks that its sources can give.
#[inline(always)]
fn share_fed(plan: &Plan, available: &[Lanes], s: usize, scale: &[Lanes]) -> Lanes {
    let sources = &plan.supply.stockpile_sources[s];
    if sources.is_empty() {
        return Lanes::ONE;
    }
    let total = Lanes::total(sources.iter().map(|(f, _)| available[f.index()]));
    Lanes::total(sources.iter().map(|(f, _)| available[f.index()].per(total) * scale[f.index()]))
}

fn same_routes(plan: &Plan, a: &Stockpile, b: &Stockpile) -> bool {
    let country = |s: &Stockpile| plan.model.designers[s.designer].country;
    a.good == b.good && country(a) == country(b)
}

/// Goods routes that serve a stock.
fn routes_for<'a>(plan: &'a Plan, stock: &'a Stockpile) -> impl Iterator<Item = usize> + 'a {
    let country = plan.model.designers[stock.designer].country;
    let routes = plan.model.routes.iter().enumerate();
    routes.filter(move |(_, r)| r.good == Some(stock.good) && r.to == country).map(|(i, _)| i)
}
