//! Quarters: [`steps`] has one file for each step of the model; here stands their order.
//!
//! A batch is eight draws in lockstep, one in each lane of [`Lanes`]. [`Batch`] holds its state; an [`Observer`] looks at it
//! after every step, and that is how results are recorded, ledgers audited and stories told. The engine knows no names
//! and no files.

pub mod fork;
pub mod knockout;
pub mod ledger;
pub mod record;
pub mod run;
pub mod steps;
pub mod trace;

use crate::inputs::Inputs;
use crate::math::{Kernel, Lanes, Mask, WIDTH, dispatch};
use crate::plan::Plan;
use crate::rules::Parameters;
use steps::capacity::Capacity;
use steps::choice::{Choice, ChoiceContext, DataSheets};
use steps::controls::Controls;
use steps::diversion::Diversion;
use steps::fleet::Fleet;
use steps::production::{Production, ProductionContext};
use steps::shocks::{Shocks, Triggers};
use steps::stockpiles::Stockpiles;
use steps::trade::{self, Trade, TradeContext};
use steps::training::Training;

/// The steps of a quarter after which an observer may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Shocks, capacity and rules.
    Shocks,
    /// Production and arrivals.
    Production,
    /// Trade and resellers' orders.
    Trade,
    /// Seizures and deliveries.
    Diversion,
    /// Fleets and rentals.
    Fleet,
    /// Training: the quarter is over, but for what the next one starts from.
    Training,
}

/// Something that looks at a batch while it runs.
pub trait Observer {
    /// Called after each step of each quarter; tests may tamper with the state.
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &mut Batch);
}

impl Observer for () {
    #[inline(always)]
    fn after(&mut self, _: Step, _: usize, _: &Plan, _: &mut Batch) {}
}

/// Two observers, one after the other.
impl<A: Observer, B: Observer> Observer for (A, B) {
    #[inline(always)]
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &mut Batch) {
        self.0.after(step, t, plan, batch);
        self.1.after(step, t, plan, batch);
    }
}

/// A borrowed observer.
impl<A: Observer> Observer for &mut A {
    #[inline(always)]
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &mut Batch) {
        (**self).after(step, t, plan, batch);
    }
}

/// Eight draws in lockstep: their inputs and the state of each step.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Values of all quantities.
    pub inputs: Inputs,
    /// Data sheets of chips.
    pub sheets: DataSheets,
    /// Intervals and numbers of rules.
    pub terms: Parameters,
    /// Shocks.
    pub shocks: Shocks,
    /// States on which shocks can wait.
    pub triggers: Triggers,
    /// Capacity.
    pub capacity: Capacity,
    /// Outcomes of rules, launches and offers.
    pub controls: Controls,
    /// Private stocks.
    pub stockpiles: Stockpiles,
    /// Production.
    pub production: Production,
    /// Weights of options in trade.
    pub choice: Choice,
    /// Trade.
    pub trade: Trade,
    /// Smuggling.
    pub diversion: Diversion,
    /// Fleets.
    pub fleet: Fleet,
    /// Training.
    pub training: Training,
    /// List price of each chip in the quarter [USD].
    pub price: Vec<Lanes>,
    /// Number of the first draw.
    pub first_draw: u64,
    /// Draws in which a chip is in stock, by chip.
    in_stock: Vec<Mask>,
    /// The quarter that follows on what the state says of itself; none if it was set from outside.
    next: Option<usize>,
}

impl Batch {
    /// A batch of a plan, before its first draws.
    pub fn new(plan: &Plan) -> Self {
        let mut inputs = plan.layout.inputs();
        plan.layout.medians(&mut inputs);
        Self {
            terms: Parameters::new(&plan.rules, &inputs),
            inputs,
            sheets: DataSheets::new(plan),
            shocks: Shocks::new(plan),
            triggers: Triggers::new(plan.model.countries.len()),
            capacity: Capacity::new(plan),
            controls: Controls::new(plan),
            stockpiles: Stockpiles::new(plan),
            production: Production::new(plan),
            choice: Choice::new(plan),
            trade: Trade::new(plan),
            diversion: Diversion::new(plan),
            fleet: Fleet::new(plan),
            training: Training::new(plan),
            price: vec![Lanes::ZERO; plan.model.chips.len()],
            first_draw: 0,
            in_stock: vec![Mask::splat(false); plan.model.chips.len()],
            next: None,
        }
    }

    /// Simulates draws `8·batch .. 8·batch + 8`.
    pub fn simulate(&mut self, plan: &Plan, batch: u64, observer: &mut dyn Observer) {
        plan.layout.sample(batch, &mut self.inputs);
        self.run(plan, batch, observer);
    }

    /// The same from inputs that are already in place.
    pub fn run(&mut self, plan: &Plan, batch: u64, observer: &mut dyn Observer) {
        self.reset(plan, batch);
        self.advance(plan, 0..plan.quarters, observer);
    }

    /// Draws `8·batch .. 8·batch + 8` at the horizon's start.
    pub fn begin(&mut self, plan: &Plan, batch: u64) {
        plan.layout.sample(batch, &mut self.inputs);
        self.reset(plan, batch);
    }

    /// Consecutive quarters, the first of them the next from where the batch stands.
    pub fn advance(&mut self, plan: &Plan, quarters: std::ops::Range<usize>, observer: &mut dyn Observer) {
        for t in quarters {
            self.quarter(plan, t, observer);
        }
    }

    fn reset(&mut self, plan: &Plan, batch: u64) {
        self.first_draw = batch * WIDTH as u64;
        self.next = None;
        dispatch(Start(self, plan, 0));
    }

    #[inline(always)]
    fn start(&mut self, plan: &Plan, _: usize) {
        self.terms.refresh(&plan.rules, &self.inputs);
        self.sheets.read(plan, &self.inputs);
        self.shocks.reset(plan, &mut self.terms, self.first_draw);
        self.triggers.reset();
        self.capacity.reset(plan, &self.inputs);
        self.controls.reset(plan, &self.inputs);
        self.stockpiles.reset(plan, &self.inputs);
        self.production.reset(plan, &self.inputs);
        self.trade.reset();
        self.diversion.reset(plan, &self.inputs);
        self.fleet.reset(plan, &self.inputs, &self.sheets);
        self.training.reset(plan, &self.inputs);
    }

    fn quarter(&mut self, plan: &Plan, t: usize, observer: &mut dyn Observer) {
        if self.next != Some(t) {
            self.fleet.note_held();
            self.diversion.note_sent();
        }
        self.next = Some(t + 1);
        dispatch(Prepare(self, plan, t));
        observer.after(Step::Shocks, t, plan, self);
        dispatch(Produce(self, plan, t));
        observer.after(Step::Production, t, plan, self);
        dispatch(Sell(self, plan, t));
        observer.after(Step::Trade, t, plan, self);
        dispatch(Divert(self, plan, t));
        observer.after(Step::Diversion, t, plan, self);
        dispatch(Deploy(self, plan, t));
        observer.after(Step::Fleet, t, plan, self);
        dispatch(Train(self, plan, t));
        observer.after(Step::Training, t, plan, self);
    }

    /// Shocks, capacity, rules and routes of the quarter.
    #[inline(always)]
    fn prepare(&mut self, plan: &Plan, t: usize) {
        let first = self.first_draw;
        self.shocks.step(plan, &self.inputs, &mut self.terms, &self.triggers, first, t);
        self.capacity.step(&self.shocks);
        self.controls.step(plan, &self.inputs, &self.terms, &self.shocks, t);
        self.diversion.open(plan, &self.inputs, &self.shocks, t);
        self.stockpiles.routes.copy(&self.diversion.routes);
        self.stockpiles.leaked.copy_from_slice(&self.shocks.leaked);
        for &c in &plan.edges.chips {
            self.price[c.index()] = trade::list_price(plan, &self.inputs, c.index(), t);
        }
    }

    /// Production alone, from the state after [`Step::Shocks`]: each step can be taken again from a state that was changed.
    #[inline(always)]
    pub fn produce(&mut self, plan: &Plan, t: usize) {
        let context = ProductionContext {
            inventory: &self.trade.inventory,
            grey_orders: &self.trade.grey_orders,
            power: &self.trade.power,
            route_capacity: &self.diversion.capacity_to,
            premium: &self.diversion.premium,
            available: &self.capacity.available,
        };
        self.production.step(
            plan,
            &self.inputs,
            &self.sheets,
            &self.controls,
            &context,
            &mut self.stockpiles,
            t,
        );
        self.trade.stock_up(&self.production.arrived);
    }

    /// Trade alone, from the state after [`Step::Production`].
    #[inline(always)]
    pub fn sell(&mut self, plan: &Plan, t: usize) {
        for (in_stock, inventory) in self.in_stock.iter_mut().zip(&self.trade.inventory) {
            *in_stock = inventory.gt(Lanes::splat(trade::DUST));
        }
        let view = ChoiceContext {
            quarter: t,
            ramp: &self.controls.ramp,
            offered: &self.controls.offered,
            permitted: &self.controls.permitted,
            fee: &self.controls.fee,
            in_stock: &self.in_stock,
            route_capacity: &self.diversion.capacity_to,
            premium: &self.diversion.premium,
        };
        self.choice.weigh(plan, &self.inputs, &self.sheets, &view);
        let context = TradeContext {
            choice: &self.choice,
            controls: &self.controls,
            terms: &self.terms,
            shocks: &self.shocks,
            premium: &self.diversion.premium,
            route_capacity: &self.diversion.routes.capacity,
            capacity_to: &self.diversion.capacity_to,
            watts: &self.sheets.watts,
            units: &self.sheets.units,
            load: &self.fleet.coming_load,
            wait: self.sheets.wait,
        };
        self.trade.step(plan, &self.inputs, &context, t);
    }

    /// Seizures and deliveries alone, from the state after [`Step::Trade`].
    #[inline(always)]
    pub fn divert(&mut self, plan: &Plan, t: usize) {
        self.diversion.attempted_chips.copy_from_slice(&self.trade.attempted);
        let (wants, wanted) = (&self.trade.wants, &self.trade.wanted);
        self.diversion.step(plan, &self.inputs, &self.sheets.units, wants, wanted, t);
    }

    /// Fleets and rentals alone, from the state after [`Step::Diversion`].
    #[inline(always)]
    pub fn deploy(&mut self, plan: &Plan, t: usize) {
        let (sold, delivered) = (&self.trade.sold, &self.diversion.delivered);
        self.fleet.step(plan, &self.inputs, &self.sheets, &self.shocks, sold, delivered, t);
        self.fleet.rent(plan, &self.inputs, &self.controls, t);
    }

    /// Training alone, from the state after [`Step::Fleet`], and what the next quarter starts from.
    #[inline(always)]
    pub fn train(&mut self, plan: &Plan, t: usize) {
        self.training.step(plan, &self.inputs, &self.fleet, t);
        self.adapt(plan, t);
    }

    /// State that the next quarter starts from.
    #[inline(always)]
    fn adapt(&mut self, plan: &Plan, t: usize) {
        self.diversion.adapt(plan, &self.inputs, &self.stockpiles.attempted, &self.trade.wanted, t);
        self.capacity.grow(plan, &self.inputs, &self.controls, &self.shocks, t);
        let over_max = inputs_over(plan, &self.inputs);
        for b in 0..plan.model.buyers.len() {
            let (ordered, filled) = (self.trade.ordered[b], self.trade.filled[b]);
            let ratio = filled.gt(Lanes::ZERO).select(ordered.per(filled), over_max);
            let ratio = ordered.gt(Lanes::ZERO).select(ratio.max(1.0).min(over_max), Lanes::ONE);
            self.production.over[b] = 0.5 * self.production.over[b] + 0.5 * ratio;
        }
        self.read_triggers(plan);
    }

    #[inline(always)]
    fn read_triggers(&mut self, plan: &Plan) {
        for n in 0..plan.model.countries.len() {
            let routes = &plan.edges.routes_to[n];
            let over_routes =
                |list: &[Lanes]| routes.iter().fold(Lanes::ZERO, |sum, r| sum + list[r.index()]);
            self.triggers.seized[n] =
                over_routes(&self.diversion.seized).per(over_routes(&self.diversion.attempted));
            let mut ordered = Lanes::ZERO;
            let mut filled = Lanes::ZERO;
            let mut bought = Lanes::ZERO;
            let mut smuggled = Lanes::ZERO;
            for (b, _) in plan.model.buyers.iter().enumerate().filter(|(_, b)| b.country.index() == n) {
                ordered += self.trade.ordered[b];
                filled += self.trade.filled[b];
                for s in plan.edges.of_buyer[b].clone() {
                    bought += self.trade.sold[s];
                    if let Some(g) = plan.edges.sales[s].grey {
                        smuggled += self.diversion.delivered[g];
                    }
                }
            }
            let unmet = 1.0 - filled.per(ordered);
            self.triggers.unmet[n] = ordered.gt(Lanes::ZERO).select(unmet.max(0.0), Lanes::ZERO);
            // Less than dust is rounding: that of sums must not decide whether a shock strikes.
            let some = |chips: Lanes| chips.gt(Lanes::splat(trade::DUST));
            let none_legal = some(smuggled).select(Lanes::splat(f64::INFINITY), Lanes::ZERO);
            self.triggers.smuggled[n] = some(bought).select(smuggled / bought, none_legal);
        }
    }
}

/// Steps as kernels: each is compiled on its own.
macro_rules! kernels {
    ($($kernel:ident $step:ident),*) => {$(
        struct $kernel<'a>(&'a mut Batch, &'a Plan, usize);
        impl Kernel for $kernel<'_> {
            type Output = ();
            #[inline(always)]
            fn run(self) {
                self.0.$step(self.1, self.2);
            }
        }
    )*};
}
kernels!(Start start, Prepare prepare, Produce produce, Sell sell, Divert divert, Deploy deploy, Train train);

/// Bound of over-ordering [1].
#[inline(always)]
fn inputs_over(plan: &Plan, inputs: &Inputs) -> Lanes {
    inputs.value(plan.model.trade.over_order)
}
