//! Many batches over many threads, handed over in order: the same results for any number of threads.

use super::ledger::{Broken, Ledger};
use super::record::Recorder;
use super::{Batch, Observer, Step};
use crate::math::{Lanes, Mask, WIDTH};
use crate::plan::series::{FlowSource, Recording};
use crate::plan::{Driver, Plan};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Batches that are simulated side by side and handed over together.
pub const ROUND: u64 = 32;

/// What of a draw is asked for.
#[derive(Clone, Debug)]
pub struct Task<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Cells.
    pub recording: &'a Recording,
    /// Flows.
    pub flows: &'a [FlowSource],
    /// Draws, from 0 on.
    pub draws: u64,
    /// Only draws in which it holds count.
    pub given: Option<Condition>,
    /// Whether the ledger audits every draw.
    pub audit: bool,
    /// Whether uncertain inputs are handed over too.
    pub inputs: bool,
}

/// A condition on a draw: that a shock has struck by the end of a quarter, or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The shock.
    pub shock: crate::model::ShockId,
    /// The quarter.
    pub by: usize,
    /// Whether it must have struck.
    pub struck: bool,
}

/// A round of consecutive batches.
#[derive(Clone, Debug)]
pub struct Round {
    /// Number of the first batch.
    pub first: u64,
    /// Draws that count, by batch.
    pub masks: Vec<Mask>,
    /// Values of cells by batch.
    pub cells: Vec<Vec<Lanes>>,
    /// Values of tracked series by batch.
    pub tracked: Vec<Vec<Lanes>>,
    /// Labels by batch.
    pub labels: Vec<Vec<[u8; WIDTH]>>,
    /// Flows by batch.
    pub flowed: Vec<Vec<Lanes>>,
    /// Uncertain inputs by batch, if asked for.
    pub inputs: Vec<Vec<Lanes>>,
    /// Values of watched cells by batch.
    pub watched: Vec<Vec<Lanes>>,
    /// Ranks of the plan's drivers by batch, where cells are watched.
    pub ranks: Vec<Vec<Lanes>>,
}

/// Why a simulation ended early.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Stopped<E> {
    /// Asked to.
    #[error("interrupted")]
    Interrupted,
    /// The ledger does not add up.
    #[error("{0}")]
    Ledger(Broken),
    /// Who takes the rounds could not.
    #[error("{0}")]
    Taker(E),
}

/// When the shock of a condition first struck, by lane.
struct Watch {
    condition: Option<Condition>,
    struck: Mask,
}

impl Observer for Watch {
    fn after(&mut self, step: Step, t: usize, _: &Plan, batch: &mut Batch) {
        if t == 0 && step == Step::Shocks {
            self.struck = Mask::splat(false);
        }
        if let (Some(c), Step::Shocks) = (self.condition, step) {
            if t <= c.by {
                self.struck = self.struck | batch.shocks.struck[c.shock.index()];
            }
        }
    }
}

struct Worker<'a> {
    batch: Batch,
    recorder: Recorder<'a>,
    ledger: Ledger,
    watch: Watch,
    /// Paths whose ranks are handed over.
    drivers: Vec<Driver>,
}

struct Done {
    mask: Mask,
    cells: Vec<Lanes>,
    tracked: Vec<Lanes>,
    labels: Vec<[u8; WIDTH]>,
    flowed: Vec<Lanes>,
    inputs: Vec<Lanes>,
    watched: Vec<Lanes>,
    ranks: Vec<Lanes>,
}

/// Simulates all draws and hands each round over, in order.
///
/// # Errors
/// If `stop` is set, the ledger breaks, or `take` fails: then no later round is handed over.
pub fn simulate<E: Send>(
    task: &Task<'_>,
    stop: &AtomicBool,
    mut take: impl FnMut(Round) -> Result<(), E>,
) -> Result<(), Stopped<E>> {
    let batches = task.draws.div_ceil(WIDTH as u64);
    let mut first = 0;
    while first < batches {
        let last = (first + ROUND).min(batches);
        let done: Result<Vec<Done>, Stopped<E>> = (first..last)
            .into_par_iter()
            .map_init(|| Worker::new(task), |worker, b| worker.run(task, b, stop))
            .collect();
        let mut round = Round {
            first,
            masks: Vec::new(),
            cells: Vec::new(),
            tracked: Vec::new(),
            labels: Vec::new(),
            flowed: Vec::new(),
            inputs: Vec::new(),
            watched: Vec::new(),
            ranks: Vec::new(),
        };
        for d in done? {
            round.masks.push(d.mask);
            round.cells.push(d.cells);
            round.tracked.push(d.tracked);
            round.labels.push(d.labels);
            round.flowed.push(d.flowed);
            round.inputs.push(d.inputs);
            round.watched.push(d.watched);
            round.ranks.push(d.ranks);
        }
        take(round).map_err(Stopped::Taker)?;
        first = last;
    }
    Ok(())
}

impl<'a> Worker<'a> {
    fn new(task: &Task<'a>) -> Self {
        Self {
            batch: Batch::new(task.plan),
            recorder: Recorder::new(task.plan, task.recording, task.flows),
            ledger: Ledger::new(task.plan),
            watch: Watch { condition: task.given, struck: Mask::splat(false) },
            drivers: if task.recording.watched.is_empty() { Vec::new() } else { task.plan.drivers() },
        }
    }

    fn run<E: Send>(&mut self, task: &Task<'_>, b: u64, stop: &AtomicBool) -> Result<Done, Stopped<E>> {
        if stop.load(Ordering::Relaxed) {
            return Err(Stopped::Interrupted);
        }
        if task.audit {
            self.batch.simulate(task.plan, b, &mut ((&mut self.ledger, &mut self.recorder), &mut self.watch));
            if let Some(broken) = self.ledger.broken() {
                return Err(Stopped::Ledger(broken));
            }
        } else {
            self.batch.simulate(task.plan, b, &mut (&mut self.recorder, &mut self.watch));
        }
        let layout = &task.plan.layout;
        let inputs = if task.inputs {
            layout.uncertain().map(|q| layout.drawn(q, &self.batch.inputs)).collect()
        } else {
            Vec::new()
        };
        Ok(Done {
            mask: self.mask(task, b),
            cells: self.recorder.cells.clone(),
            tracked: self.recorder.tracked.clone(),
            labels: self.recorder.labels.clone(),
            flowed: self.recorder.flowed.clone(),
            inputs,
            watched: self.recorder.watched.clone(),
            ranks: self.drivers.iter().map(|&d| task.plan.driver_rank(d, &self.batch.inputs, b)).collect(),
        })
    }

    /// Draws that count: those asked for, and of them those in which the condition holds.
    fn mask(&self, task: &Task<'_>, b: u64) -> Mask {
        let mut mask = Mask::splat(true);
        for lane in 0..WIDTH {
            let asked = b * (WIDTH as u64) + (lane as u64) < task.draws;
            let holds = task.given.is_none_or(|c| self.watch.struck.lane(lane) == c.struck);
            mask.0[lane] = if asked && holds { u64::MAX } else { 0 };
        }
        mask
    }
}
