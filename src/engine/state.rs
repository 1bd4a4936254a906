//! The steps' structs gathered: what a quarter leaves to the next, what is read of a quarter, and room to work in.
//!
//! A field that a later quarter reads before it is written anew belongs to [`State`]. A fork takes over [`State`] alone, so
//! anything else is found afresh from the plan, the inputs and the state.

use super::steps::answers::{AnswerOutputs, AnswerScratch, AnswerState};
use super::steps::capacity::{CapacityOutputs, CapacityState};
use super::steps::choice::{ChoiceOutputs, ChoiceScratch};
use super::steps::controls::{ControlOutputs, ControlScratch, ControlState};
use super::steps::data_sheets::DataSheets;
use super::steps::diversion::{DiversionOutputs, DiversionScratch, DiversionState};
use super::steps::fleet::{FleetOutputs, FleetState};
use super::steps::production::{ProductionOutputs, ProductionScratch, ProductionState};
use super::steps::rental::RentalState;
use super::steps::roots::{RootOutputs, RootScratch, RootState};
use super::steps::shocks::{ShockOutputs, ShockState};
use super::steps::stockpiles::{StockpileOutputs, StockpileScratch, StockpileState};
use super::steps::trade::{TradeOutputs, TradeScratch, TradeState};
use super::steps::training::{TrainingOutputs, TrainingScratch, TrainingState};
use super::steps::triggers::TriggerState;
use super::twins::Twins;
use crate::math::List;
use crate::math::wide::{Lanes, Mask};
use crate::plan::Plan;
use crate::rules::Parameters;

/// What one quarter leaves to the next.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // each is its step's
pub struct State {
    pub answers: AnswerState,
    pub shocks: ShockState,
    pub triggers: TriggerState,
    pub capacity: CapacityState,
    pub controls: ControlState,
    pub stockpiles: StockpileState,
    pub production: ProductionState,
    pub trade: TradeState,
    pub diversion: DiversionState,
    pub fleet: FleetState,
    pub rental: RentalState,
    pub training: TrainingState,
    pub roots: RootState,
}

/// What later steps and observers read of a quarter.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // each is its step's
pub struct Outputs {
    pub answers: AnswerOutputs,
    pub shocks: ShockOutputs,
    pub capacity: CapacityOutputs,
    pub controls: ControlOutputs,
    pub stockpiles: StockpileOutputs,
    pub production: ProductionOutputs,
    pub choice: ChoiceOutputs,
    pub trade: TradeOutputs,
    pub diversion: DiversionOutputs,
    pub fleet: FleetOutputs,
    pub training: TrainingOutputs,
    pub roots: RootOutputs,
    /// List price of each chip \[USD\].
    pub price: List<Lanes>,
}

/// All of a batch at the end of a quarter, for those who count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    /// Data sheets of chips.
    pub sheets: &'a DataSheets,
    /// Numbers of rules, and courses of shocks.
    pub terms: &'a Parameters,
    /// What the quarter leaves to the next.
    pub state: &'a State,
    /// What its steps came to.
    pub outputs: &'a Outputs,
}

/// Room to work in: nobody else reads it.
#[derive(Clone, Debug)]
pub(crate) struct Scratch {
    pub answers: AnswerScratch,
    pub controls: ControlScratch,
    pub stockpiles: StockpileScratch,
    pub production: ProductionScratch,
    pub choice: ChoiceScratch,
    pub trade: TradeScratch,
    pub diversion: DiversionScratch,
    pub training: TrainingScratch,
    pub roots: RootScratch,
    /// Draws in which a chip is in stock, by chip.
    pub in_stock: List<Mask>,
}

impl State {
    /// A state before the horizon's start.
    pub fn new(plan: &Plan) -> Self {
        Self {
            answers: AnswerState::new(plan),
            shocks: ShockState::new(plan),
            triggers: TriggerState::new(plan),
            capacity: CapacityState::new(plan),
            controls: ControlState::new(plan),
            stockpiles: StockpileState::new(plan),
            production: ProductionState::new(plan),
            trade: TradeState::new(plan),
            diversion: DiversionState::new(plan),
            fleet: FleetState::new(plan),
            rental: RentalState::new(plan),
            training: TrainingState::new(plan),
            roots: RootState::new(plan),
        }
    }

    /// Takes over the state of another plan's batch; what has no twin there stays as it is.
    pub(crate) fn adopt(&mut self, from: &Self, twins: &Twins) {
        // Every step has its place here: one that is added does not compile until it has.
        let Self {
            // Nobody forks once a sign can have come on.
            answers: _,
            shocks,
            triggers,
            capacity,
            controls,
            stockpiles,
            production,
            trade,
            diversion,
            fleet,
            rental,
            training,
            roots,
        } = from;
        self.shocks.adopt(shocks, twins);
        self.triggers.adopt(triggers);
        self.capacity.adopt(capacity);
        self.controls.adopt(controls);
        self.stockpiles.adopt(stockpiles);
        self.production.adopt(production);
        self.trade.adopt(trade, twins);
        self.diversion.adopt(diversion, twins);
        self.fleet.adopt(fleet, twins);
        self.rental.adopt(rental);
        self.training.adopt(training);
        self.roots.adopt(roots);
    }
}

impl Outputs {
    /// Outputs of no quarter yet.
    pub fn new(plan: &Plan) -> Self {
        Self {
            answers: AnswerOutputs::new(plan),
            shocks: ShockOutputs::new(plan),
            capacity: CapacityOutputs::new(plan),
            controls: ControlOutputs::new(plan),
            stockpiles: StockpileOutputs::new(plan),
            production: ProductionOutputs::new(plan),
            choice: ChoiceOutputs::new(plan),
            trade: TradeOutputs::new(plan),
            diversion: DiversionOutputs::new(plan),
            fleet: FleetOutputs::new(plan),
            training: TrainingOutputs::new(plan),
            roots: RootOutputs::new(plan),
            price: List::of(Lanes::ZERO, plan.model.chips.len()),
        }
    }
}

impl Scratch {
    /// Room for a plan's steps.
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            answers: AnswerScratch::new(plan),
            controls: ControlScratch::new(plan),
            stockpiles: StockpileScratch::new(plan),
            production: ProductionScratch::new(plan),
            choice: ChoiceScratch::new(plan),
            trade: TradeScratch::new(plan),
            diversion: DiversionScratch::new(plan),
            training: TrainingScratch::new(plan),
            roots: RootScratch::new(plan),
            in_stock: List::of(Mask::splat(false), plan.model.chips.len()),
        }
    }
}
