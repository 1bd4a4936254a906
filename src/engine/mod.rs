//! Quarters: [`steps`] has one file for each step of the model; here is their order.
//!
//! A batch is sixteen draws in lockstep, one in each lane of [`Lanes`]; results are kept by eights, one draw of each replicate.
//! [`Batch`] holds their inputs, the [`State`] that one quarter leaves to the next, and the [`Outputs`] of the quarter. An
//! [`Observer`] looks at it after every step: that is how results are recorded, ledgers audited and stories told. An
//! [`Intervention`] changes it there: that is how a supplier is knocked out. The engine knows no names and no files.
//!
//! # A new step
//!
//! A file in [`steps`] with up to four structs: what the step leaves to the next quarter (`…State`, with `new` and `adopt`, which
//! lists every field), what is read of the quarter (`…Outputs`), room to work in (`…Scratch`), and a view of the three, which
//! has the step's methods. [`state`] gathers them, and does not compile while a state is not taken over by a fork; nor does this
//! file while it is not set back at the start, nor [`ledger`] while nobody has said whether it is recounted. Its place in the order
//! is in the table of [`Step`] and in the methods of [`Batch`] below. `docs/contributing.md` has an example.

pub mod exchange;
pub mod fork;
mod gauges;
pub mod knockout;
pub mod ledger;
pub mod record;
pub mod run;
pub mod state;
pub mod steps;
mod tally;
pub mod trace;
mod twins;

use crate::inputs::Inputs;
use crate::math::dispatch;
use crate::math::wide::{Lanes, WIDTH};
use crate::model::Sign;
use crate::plan::Plan;
use crate::rules::Parameters;
use gauges::Gauges;
pub use state::{Outputs, State};
use state::{Scratch, Seen};
use steps::answers::Answering;
use steps::capacity::Capacity;
use steps::choice::{Choice, ChoiceContext, DUST, RouteLimits};
use steps::controls::Controls;
use steps::data_sheets::DataSheets;
use steps::diversion::Diversion;
use steps::fleet::Fleets;
use steps::production::{Production, ProductionContext};
use steps::rental::Rental;
use steps::roots::{RootContext, Roots};
use steps::shocks::Shocks;
use steps::stockpiles::Stockpiles;
use steps::trade::{self, Trade, TradeContext};
use steps::training::{Training, TrainingContext};
use steps::triggers::TriggerContext;

/// A method of a batch as a kernel, in a module of its own: what is in one module is compiled in one piece, and steps are large.
macro_rules! kernel {
    ($method:ident) => {
        mod $method {
            use crate::engine::Batch;
            use crate::math::Kernel;
            use crate::plan::Plan;

            pub(super) struct Work<'a>(pub(super) &'a mut Batch, pub(super) &'a Plan, pub(super) usize);

            impl Kernel for Work<'_> {
                type Output = ();
                #[inline(always)]
                fn run(self) {
                    self.0.$method(self.1, self.2);
                }
            }
        }
    };
}

macro_rules! quarter {
    ($( $(#[doc = $about:literal])+ $step:ident = $method:ident; )*) => {
        /// The steps of a quarter, in order; observers look after each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Step { $( $(#[doc = $about])+ $step, )* }

        impl Step {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$step),*];

            /// Takes the step of quarter `t`.
            pub fn take(self, batch: &mut Batch, plan: &Plan, t: usize) {
                match self { $(
                    Self::$step => dispatch($method::Work(batch, plan, t)),
                )* }
            }
        }

        $( kernel!($method); )*
    };
}

// The order of a quarter: each step, and the method of a batch that takes it.
quarter! {
    /// Shocks, capacity and rules.
    Shocks = prepare;
    /// Production and arrivals.
    Production = produce;
    /// Trade and resellers' orders.
    Trade = sell;
    /// Seizures and deliveries.
    Diversion = divert;
    /// Fleets and rentals.
    Fleet = deploy;
    /// Training: the quarter is over, but for what the next one starts from.
    Training = train;
}

kernel!(start);
kernel!(find_roots);

/// Something that looks at a batch while it runs.
pub trait Observer {
    /// Called after each step of each quarter.
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &Batch);
}

impl Observer for () {
    #[inline(always)]
    fn after(&mut self, _: Step, _: usize, _: &Plan, _: &Batch) {}
}

/// Two observers, one after the other.
impl<A: Observer, B: Observer> Observer for (A, B) {
    #[inline(always)]
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &Batch) {
        self.0.after(step, t, plan, batch);
        self.1.after(step, t, plan, batch);
    }
}

/// A borrowed observer.
impl<A: Observer> Observer for &mut A {
    #[inline(always)]
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &Batch) {
        (**self).after(step, t, plan, batch);
    }
}

/// Something that changes a batch while it runs.
pub trait Intervention {
    /// Called after each step of each quarter, before observers look.
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &mut Batch);
}

/// No intervention.
impl Intervention for () {
    #[inline(always)]
    fn after(&mut self, _: Step, _: usize, _: &Plan, _: &mut Batch) {}
}

/// Draws in lockstep.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Values of all quantities.
    pub inputs: Inputs,
    /// Data sheets of chips.
    pub sheets: DataSheets,
    /// Intervals and numbers of rules, and the courses of shocks that rules wait for.
    pub terms: Parameters,
    /// What the last quarter left to this one, then what this one leaves to the next.
    pub state: State,
    /// What the steps of the quarter came to.
    pub outputs: Outputs,
    /// Number of the first draw.
    pub first_draw: u64,
    scratch: Scratch,
    /// What signs look at; none if nobody looks.
    gauges: Option<Box<Gauges>>,
    /// Where each of the plan's own signs is among it.
    gauge_of: Vec<usize>,
    /// The quarter that follows on what the outputs say of the state; none if the state was set from outside.
    next: Option<usize>,
}

/// A step's view of its own structs in a batch.
macro_rules! view {
    ($View:ident, $batch:ident.$step:ident) => {
        $View {
            state: &mut $batch.state.$step,
            out: &mut $batch.outputs.$step,
            scratch: &mut $batch.scratch.$step,
        }
    };
    ($View:ident, $batch:ident.$step:ident, no scratch) => {
        $View { state: &mut $batch.state.$step, out: &mut $batch.outputs.$step }
    };
}

impl Batch {
    /// A batch of a plan, before its first draws.
    pub fn new(plan: &Plan) -> Self {
        Self::looking(plan, Vec::new())
    }

    /// The same; it notes what is at some addresses, too, such as `country.china/smuggled_chips`.
    fn looking(plan: &Plan, mut addresses: Vec<String>) -> Self {
        let own: Vec<String> = plan.model.answers.signs.iter().map(Sign::address).collect();
        addresses.extend(own.iter().cloned());
        let gauges = Gauges::new(plan, addresses).map(Box::new);
        let place = |address: &String| {
            let place = gauges.as_ref().and_then(|g| g.place(address));
            place.expect(
                "the reader refuses a sign of what is not recorded, and what it looks at was asked for above",
            )
        };
        let gauge_of = own.iter().map(place).collect();
        Self {
            terms: Parameters::unread(&plan.rules),
            inputs: plan.layout.inputs(),
            sheets: DataSheets::new(plan),
            state: State::new(plan),
            outputs: Outputs::new(plan),
            first_draw: 0,
            scratch: Scratch::new(plan),
            gauges,
            gauge_of,
            next: None,
        }
    }

    /// Simulates draws `16·batch .. 16·batch + 16`.
    pub fn simulate(&mut self, plan: &Plan, batch: u64, observer: &mut dyn Observer) {
        self.simulate_under(plan, batch, &mut (), observer);
    }

    /// The same under an intervention.
    pub fn simulate_under(
        &mut self,
        plan: &Plan,
        batch: u64,
        intervention: &mut dyn Intervention,
        observer: &mut dyn Observer,
    ) {
        self.begin(plan, batch);
        self.advance(plan, 0..plan.quarters, intervention, observer);
    }

    /// The same without one, from inputs that are already in place.
    pub fn run(&mut self, plan: &Plan, batch: u64, observer: &mut dyn Observer) {
        self.reset(plan, batch);
        self.advance(plan, 0..plan.quarters, &mut (), observer);
    }

    /// Draws `16·batch .. 16·batch + 16` at the horizon's start.
    pub fn begin(&mut self, plan: &Plan, batch: u64) {
        self.restore(plan);
        plan.layout.sample(batch, &mut self.inputs);
        self.reset(plan, batch);
    }

    /// Consecutive quarters, the first of them the next from where the batch stands.
    pub fn advance(
        &mut self,
        plan: &Plan,
        quarters: std::ops::Range<usize>,
        intervention: &mut dyn Intervention,
        observer: &mut dyn Observer,
    ) {
        for t in quarters {
            self.quarter(plan, t, intervention, observer);
        }
    }

    fn reset(&mut self, plan: &Plan, batch: u64) {
        self.first_draw = batch * WIDTH as u64;
        self.next = None;
        dispatch(start::Work(self, plan, 0));
    }

    fn quarter(
        &mut self,
        plan: &Plan,
        t: usize,
        intervention: &mut dyn Intervention,
        observer: &mut dyn Observer,
    ) {
        if self.next != Some(t) {
            view!(Fleets, self.fleet, no scratch).note_held();
            view!(Diversion, self.diversion).note_sent();
        }
        self.next = Some(t + 1);
        self.answer(plan, t);
        for &step in Step::ALL {
            step.take(self, plan, t);
            intervention.after(step, t, plan, self);
            observer.after(step, t, plan, self);
        }
        if let Some(mut gauges) = self.gauges.take() {
            gauges.note(t, plan, &self.seen());
            self.gauges = Some(gauges);
        }
        if t + 1 == plan.quarters {
            self.restore(plan);
        }
    }

    /// Looks for the quarter's signs.
    fn answer(&mut self, plan: &Plan, t: usize) {
        let Some(gauges) = self.gauges.as_ref().filter(|_| plan.answers.first.is_some()) else { return };
        let (of, batch) = (&self.gauge_of, self.first_draw / WIDTH as u64);
        let seen = |sign: usize, quarter: usize| gauges.at(of[sign], quarter);
        view!(Answering, self.answers).step(plan, &mut self.inputs, &mut self.terms, seen, batch, t);
    }

    /// Puts back the numbers that signs changed.
    fn restore(&mut self, plan: &Plan) {
        self.scratch.answers.restore(plan, &mut self.inputs);
    }

    /// All of it, for those who count.
    pub(crate) fn seen(&self) -> Seen<'_> {
        Seen { sheets: &self.sheets, terms: &self.terms, state: &self.state, outputs: &self.outputs }
    }

    /// The horizon's start.
    #[inline(always)]
    fn start(&mut self, plan: &Plan, _: usize) {
        // Every step has its place here: one that is added does not compile until its state is set back below.
        let State {
            answers: _,
            shocks: _,
            triggers: _,
            capacity: _,
            controls: _,
            stockpiles: _,
            production: _,
            trade: _,
            diversion: _,
            fleet: _,
            rental: _,
            training: _,
            roots: _,
        } = &self.state;
        let batch = self.first_draw / WIDTH as u64;
        view!(Answering, self.answers).reset(plan, &self.inputs, batch);
        self.terms.refresh(&plan.rules, &self.inputs);
        self.sheets.read(plan, &self.inputs);
        view!(Shocks, self.shocks, no scratch).reset(plan, &mut self.terms, self.first_draw);
        self.state.triggers.reset();
        view!(Capacity, self.capacity, no scratch).reset(plan, &self.inputs);
        view!(Controls, self.controls).reset(plan, &self.inputs);
        view!(Stockpiles, self.stockpiles).reset(plan, &self.inputs);
        view!(Production, self.production).reset(plan, &self.inputs);
        view!(Trade, self.trade).reset();
        view!(Diversion, self.diversion).reset(plan, &self.inputs);
        view!(Fleets, self.fleet, no scratch).reset(plan, &self.inputs, &self.sheets);
        self.state.rental.reset();
        view!(Training, self.training).reset(plan, &self.inputs);
        view!(Roots, self.roots).reset(plan, &self.inputs, &self.outputs.fleet, &self.sheets);
    }

    /// Shocks, capacity, rules and routes of the quarter.
    #[inline(always)]
    fn prepare(&mut self, plan: &Plan, t: usize) {
        let (triggers, first) = (&self.state.triggers, self.first_draw);
        view!(Shocks, self.shocks, no scratch).step(plan, &self.inputs, &mut self.terms, triggers, first, t);
        view!(Capacity, self.capacity, no scratch).step(plan, &self.inputs, &self.outputs.shocks, t);
        view!(Controls, self.controls).step(plan, &self.inputs, &self.terms, &self.outputs.shocks, t);
        self.open_routes(plan, t);
        self.outputs.stockpiles.leaked.copy_from_slice(&self.outputs.shocks.leaked);
        for &c in &plan.edges.chips {
            self.outputs.price[c.index()] = trade::list_price(plan, &self.inputs, c.index(), t);
        }
    }

    /// Routes alone, once the quarter's shocks are known.
    #[inline(always)]
    pub fn open_routes(&mut self, plan: &Plan, t: usize) {
        view!(Diversion, self.diversion).open(plan, &self.inputs, &self.outputs.shocks, t);
        self.outputs.stockpiles.routes.copy(&self.outputs.diversion.routes);
    }

    /// Production alone, from the state after [`Step::Shocks`]: each step can be taken again from a state that was changed.
    #[inline(always)]
    fn produce(&mut self, plan: &Plan, t: usize) {
        let context = ProductionContext {
            sheets: &self.sheets,
            controls: &self.outputs.controls,
            launch: &self.state.controls.launch,
            inventory: &self.state.trade.inventory,
            grey_orders: &self.state.trade.grey_orders,
            power: &self.state.trade.power,
            power_first: &self.state.trade.power_first,
            route_capacity: &self.outputs.diversion.capacity_to,
            route_usd: &self.outputs.diversion.usd_to,
            premium: &self.state.diversion.premium,
            available: &self.outputs.capacity.available,
        };
        let mut stockpiles = view!(Stockpiles, self.stockpiles);
        view!(Production, self.production).step(plan, &self.inputs, &context, &mut stockpiles, t);
        view!(Trade, self.trade).stock_up(&self.outputs.production.arrived);
    }

    /// Trade alone, from the state after [`Step::Production`].
    #[inline(always)]
    fn sell(&mut self, plan: &Plan, t: usize) {
        for (in_stock, inventory) in self.scratch.in_stock.iter_mut().zip(&self.state.trade.inventory) {
            *in_stock = inventory.gt(Lanes::splat(DUST));
        }
        let (controls, routes) = (&self.outputs.controls, &self.outputs.diversion);
        let context = ChoiceContext {
            quarter: t,
            ramp: &controls.ramp,
            offered: &controls.offered,
            permitted: &controls.permitted,
            fee: &controls.fee,
            in_stock: &self.scratch.in_stock,
            route_capacity: &routes.capacity_to,
            route_usd: &routes.usd_to,
            premium: &self.state.diversion.premium,
        };
        Choice { out: &mut self.outputs.choice, scratch: &mut self.scratch.choice }.weigh(
            plan,
            &self.inputs,
            &self.sheets,
            &context,
        );
        let context = TradeContext {
            choice: &self.outputs.choice,
            controls,
            terms: &self.terms,
            shocks: &self.outputs.shocks,
            route_capacity: &routes.routes.capacity,
            routes: RouteLimits {
                capacity: &routes.capacity_to,
                usd: &routes.usd_to,
                premium: &self.state.diversion.premium,
            },
            sheets: &self.sheets,
            fleet: &self.state.fleet,
        };
        view!(Trade, self.trade).step(plan, &self.inputs, &context, t);
    }

    /// Seizures and deliveries alone, from the state after [`Step::Trade`].
    #[inline(always)]
    fn divert(&mut self, plan: &Plan, t: usize) {
        let (trade, units) = (&self.outputs.trade, &self.sheets.units);
        let smuggled = [&trade.attempted[..], &trade.wants, &trade.wanted];
        view!(Diversion, self.diversion).step(plan, &self.inputs, units, smuggled, t);
    }

    /// Fleets and rentals alone, from the state after [`Step::Diversion`].
    #[inline(always)]
    fn deploy(&mut self, plan: &Plan, t: usize) {
        let (sold, delivered) = (&self.outputs.trade.sold, &self.outputs.diversion.delivered);
        let mut fleets = view!(Fleets, self.fleet, no scratch);
        fleets.step(plan, &self.inputs, &self.sheets, &self.outputs.shocks, sold, delivered, t);
        let mut rental = Rental { state: &mut self.state.rental, out: &mut self.outputs.fleet };
        rental.step(plan, &self.inputs, &self.outputs.controls, t);
    }

    /// Training alone, from the state after [`Step::Fleet`], and what the next quarter starts from.
    #[inline(always)]
    fn train(&mut self, plan: &Plan, t: usize) {
        let (fleet, owned) = (&self.outputs.fleet, &self.state.fleet);
        let context = TrainingContext { sheets: &self.sheets, fleet, owned };
        view!(Training, self.training).step(plan, &self.inputs, &context, t);
        // A kernel of its own: it takes long to compile.
        dispatch(find_roots::Work(self, plan, t));
        self.adapt(plan, t);
    }

    /// What labs' chips lack.
    #[inline(always)]
    fn find_roots(&mut self, plan: &Plan, t: usize) {
        let context = RootContext {
            sheets: &self.sheets,
            shocks: &self.outputs.shocks,
            production: &self.outputs.production,
            choice: &self.outputs.choice,
            permitted: &self.outputs.controls.permitted,
            trade: &self.outputs.trade,
            trade_state: &self.state.trade,
            diversion: &self.outputs.diversion,
            premium: &self.state.diversion.premium,
            fleet: &self.outputs.fleet,
            fleet_state: &self.state.fleet,
            training: &self.outputs.training,
        };
        view!(Roots, self.roots).step(plan, &self.inputs, &context, t);
    }

    /// State that the next quarter starts from.
    #[inline(always)]
    fn adapt(&mut self, plan: &Plan, t: usize) {
        let (trade, goods) = (&self.outputs.trade, &self.outputs.stockpiles.attempted);
        view!(Diversion, self.diversion).adapt(
            plan,
            &self.inputs,
            goods,
            &trade.wanted,
            &self.outputs.price,
            t,
        );
        let (controls, shocks) = (&self.outputs.controls, &self.outputs.shocks);
        let unmet = &self.outputs.production.unmet;
        view!(Capacity, self.capacity, no scratch).grow(plan, &self.inputs, controls, shocks, unmet, t);
        self.state.production.adapt(plan, &self.inputs, &trade.ordered, &trade.filled);
        let diversion = &self.outputs.diversion;
        let quarter = TriggerContext {
            attempted: &diversion.attempted,
            seized: &diversion.seized,
            ordered: &trade.ordered,
            filled: &trade.filled,
            open: &self.outputs.choice.open,
            sold: &trade.sold,
            sent: &diversion.sent,
            delivered: &diversion.delivered,
        };
        self.state.triggers.step(plan, &quarter);
    }
}
