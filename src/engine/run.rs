//! Many batches over many threads, handed over in order: the same results for any number of threads.

mod pipeline;
mod round;

use super::fork::{Before, Fork};
use super::ledger::{Broken, Ledger};
use super::record::{NotFinite, Reads, Recorded, Recorder};
use super::{Batch, Observer, Step};
use crate::inputs::Shared;
use crate::math::WIDTH;
use crate::math::wide::{self, PARTS};
use crate::metrics::{FlowSource, Recording};
use crate::plan::{Driver, Plan};
use crate::results::Strike;
use pipeline::Pipeline;
pub use pipeline::{ROUND, under_way};
pub use round::Round;
use round::{Done, Spare};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What of a draw is asked for.
#[derive(Clone, Debug)]
pub struct Task<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Cells.
    pub recording: &'a Recording,
    /// Flows.
    pub flows: &'a [FlowSource],
    /// First draw: a multiple of eight.
    pub from: u64,
    /// Draws up to this number, counted from 0.
    pub draws: u64,
    /// Only draws in which it holds count.
    pub given: Option<Condition>,
    /// Whether the ledger audits every draw.
    pub audit: bool,
    /// Whether uncertain inputs and strikes of shocks are handed over too.
    pub inputs: bool,
}

/// Another plan on the same draws as a task's: a policy beside the reference case.
#[derive(Clone, Debug)]
pub struct Alternative<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its cells.
    pub recording: &'a Recording,
    /// What it takes of the task's samples.
    pub shared: Shared,
    /// Where it takes the task's state; none to run from the start.
    pub fork: Option<Fork>,
}

impl<'a> Alternative<'a> {
    /// A plan beside that of a task, forked from it as late as can be.
    pub fn new(task: &Task<'_>, plan: &'a Plan, recording: &'a Recording) -> Self {
        let shared = plan.layout.shared_with(&task.plan.layout);
        let fork = Fork::new((task.plan, task.recording), (plan, recording));
        Self { plan, recording, shared, fork }
    }
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

/// Why a simulation ended early.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Stopped<E> {
    /// Asked to.
    #[error("interrupted")]
    Interrupted,
    /// The ledger does not add up.
    #[error("{0}")]
    Ledger(Broken),
    /// A recorded value is no finite number.
    #[error("{0}")]
    NotFinite(NotFinite),
    /// The receiver of the rounds failed.
    #[error("{0}")]
    Receiver(E),
}

/// When the shock of a condition first struck, by lane; and all strikes, if they are kept.
struct Watch {
    condition: Option<Condition>,
    struck: wide::Mask,
    strikes: Option<Vec<Strike>>,
}

impl Watch {
    /// Notes the strikes of a quarter, and after the last one clocks that run on.
    fn note(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        let Some(strikes) = &mut self.strikes else { return };
        if t == 0 {
            strikes.clear();
        }
        let (state, last) = (&batch.state.shocks, t + 1 == plan.quarters);
        for (id, shock) in plan.model.shocks.iter_enumerated() {
            let s = id.index();
            for lane in 0..wide::WIDTH {
                let draw = batch.first_draw + lane as u64;
                let clock = |k: u32| {
                    let by_chance = shock.hazard.is_some() && (k > 0 || shock.date.is_none());
                    by_chance.then(|| plan.layout.clock(id, k, draw))
                };
                let all = state.strikes[s][lane];
                let strike = |k: u32, onset: f64, duration: f64, clock: Option<f64>| Strike {
                    lane,
                    shock: s,
                    number: k,
                    onset,
                    duration,
                    clock: clock.unwrap_or(f64::NAN),
                };
                if batch.outputs.shocks.struck[s].lane(lane) {
                    let (onset, duration) = (state.onset[s][lane], state.duration[s][lane]);
                    strikes.push(strike(all - 1, onset, duration, clock(all - 1)));
                }
                if last && (all == 0 || shock.recurring) && clock(all).is_some() {
                    strikes.push(strike(all, f64::NAN, f64::NAN, clock(all)));
                }
            }
        }
        if last {
            strikes.sort_by_key(|s| (s.lane, s.shock, s.number));
        }
    }
}

impl Watch {
    /// Strikes of a part's draws; where they are not asked for, none.
    fn strikes_of(&self, part: usize) -> Vec<Strike> {
        let lanes = part * WIDTH..(part + 1) * WIDTH;
        let strikes = self.strikes.iter().flatten().filter(|s| lanes.contains(&s.lane));
        strikes.map(|s| Strike { lane: s.lane - lanes.start, ..*s }).collect()
    }
}

impl Observer for Watch {
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &Batch) {
        if t == 0 && step == Step::Shocks {
            self.struck = wide::Mask::splat(false);
        }
        if let (Some(c), Step::Shocks) = (self.condition, step)
            && t <= c.by
        {
            self.struck = self.struck | batch.outputs.shocks.struck[c.shock.index()];
        }
        if step == Step::Shocks {
            self.note(t, plan, batch);
        }
    }
}

/// The simulation of one plan: its batch, what is recorded of it, and its audit.
struct PlanRun<'a> {
    batch: Batch,
    recorder: Recorder<'a>,
    /// None where nothing is audited: of many plans it takes room.
    ledger: Option<Ledger>,
}

/// A thread's room: the task's run, and the watch on the condition.
struct Worker<'a> {
    first: PlanRun<'a>,
    watch: Watch,
    /// Paths whose ranks are handed over.
    drivers: Vec<Driver>,
}

/// Simulates all draws of a task and hands each round over, in order.
///
/// # Errors
/// If `stop` is set, the ledger breaks, or `take` fails: then no later round is handed over.
pub fn simulate<E: Send>(
    task: &Task<'_>,
    stop: &AtomicBool,
    mut take: impl FnMut(Round) -> Result<(), E> + Send,
) -> Result<(), Stopped<E>> {
    simulate_paired(task, &[], stop, |rounds| rounds.pop().map_or(Ok(()), &mut take))
}

/// Simulates all draws of a task and of its alternatives, and hands over a round of each, the task's first.
///
/// A condition is looked at in the task's own plan, so that the same draws count for every alternative.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_paired<E: Send>(
    task: &Task<'_>,
    alternatives: &[Alternative<'_>],
    stop: &AtomicBool,
    mut take: impl FnMut(&mut Vec<Round>) -> Result<(), E> + Send,
) -> Result<(), Stopped<E>> {
    let eights = task.from / WIDTH as u64..task.draws.div_ceil(WIDTH as u64);
    let workers = Workers::new(task, alternatives);
    let spare = Spare::default();
    let simulate = |b: u64| {
        // A batch may begin before what is asked for, and end after it.
        let asked = |part: &usize| eights.contains(&(b * PARTS as u64 + *part as u64));
        workers.with(|worker| worker.run((task, alternatives), &workers.reads[1..], b, asked, stop, &spare))
    };
    let hand_over = |first: u64, all: Vec<Vec<Done>>| {
        let mut rounds: Vec<Round> = (0..=alternatives.len()).map(|_| Round::empty(first)).collect();
        for plans in all {
            rounds.iter_mut().zip(plans).for_each(|(round, done)| round.push(done));
        }
        let taken = take(&mut rounds).map_err(Stopped::Receiver);
        for round in rounds {
            spare.take_back(round);
        }
        taken
    };
    let under_way = under_way(alternatives.len(), rayon::current_num_threads());
    Pipeline::new(eights.clone(), under_way, simulate, hand_over).run()
}

impl<'a> PlanRun<'a> {
    fn new(
        (plan, recording, reads): (&Plan, &'a Recording, &Arc<Reads>),
        flows: &'a [FlowSource],
        looked_at: Vec<String>,
        audit: bool,
    ) -> Self {
        Self {
            batch: Batch::looking(plan, looked_at),
            recorder: Recorder::without_lists(plan, recording, flows, Arc::clone(reads)),
            ledger: audit.then(|| Ledger::new(plan)),
        }
    }

    /// Draws of a batch at the horizon's start, and lists to record them in.
    fn begin(&mut self, plan: &Plan, b: u64, spare: &Spare) {
        self.batch.reset(plan, b);
        self.recorder.take_lists(|length| spare.list(length));
    }

    fn quarter(&mut self, plan: &Plan, t: usize, watch: Option<&mut Watch>) {
        let (batch, recorder) = (&mut self.batch, &mut self.recorder);
        match (&mut self.ledger, watch) {
            (Some(ledger), Some(watch)) => batch.quarter(plan, t, &mut (), &mut ((ledger, recorder), watch)),
            (None, Some(watch)) => batch.quarter(plan, t, &mut (), &mut (recorder, watch)),
            (Some(ledger), None) => batch.quarter(plan, t, &mut (), &mut (ledger, recorder)),
            (None, None) => batch.quarter(plan, t, &mut (), recorder),
        }
    }

    /// An alternative's quarters, from the one in which it diverges from the task's run.
    fn follow(
        &mut self,
        alternative: &Alternative<'_>,
        first: &Self,
        task: &Task<'_>,
        b: u64,
        spare: &Spare,
    ) {
        let plan = alternative.plan;
        plan.layout.sample_sharing(b, &alternative.shared, &first.batch.inputs, &mut self.batch.inputs);
        self.begin(plan, b, spare);
        let mut from = 0;
        if let Some(fork) = alternative.fork.as_ref().filter(|_| !task.audit) {
            let before = Before::of(&first.batch, &first.recorder);
            fork.adopt(plan, &before, &mut self.batch, &mut self.recorder);
            from = fork.at;
        }
        for t in from..plan.quarters {
            self.quarter(plan, t, None);
        }
    }

    /// What was recorded, by part.
    fn recorded<E>(&mut self) -> Result<[Recorded; PARTS], Stopped<E>> {
        match self.ledger.as_mut().and_then(Ledger::broken) {
            Some(broken) => Err(Stopped::Ledger(broken)),
            None => Ok(self.recorder.parts.each_mut().map(Recorded::hand_over)),
        }
    }
}

/// The quarter in which an alternative diverges from the task's run; an audit wants every quarter.
fn diverges_at(alternative: &Alternative<'_>, task: &Task<'_>) -> usize {
    alternative.fork.as_ref().filter(|_| !task.audit).map_or(0, |fork| fork.at)
}

/// A worker for each thread, made when it is first needed and kept from round to round.
struct Workers<'a, 'b> {
    task: &'b Task<'a>,
    alternatives: &'b [Alternative<'a>],
    idle: Mutex<Vec<Worker<'a>>>,
    /// What is read of each plan, the task's first.
    reads: Vec<Arc<Reads>>,
}

impl<'a, 'b> Workers<'a, 'b> {
    fn new(task: &'b Task<'a>, alternatives: &'b [Alternative<'a>]) -> Self {
        let first = Reads::new(task.plan, task.recording, task.flows);
        let others = alternatives.iter().map(|a| Reads::new(a.plan, a.recording, &[]));
        let reads = std::iter::once(first).chain(others).map(Arc::new).collect();
        Self { task, alternatives, idle: Mutex::new(Vec::new()), reads }
    }

    /// Lends a worker: whose it is changes no result.
    fn with<T>(&self, work: impl FnOnce(&mut Worker<'a>) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let lent = idle().pop();
        let mut worker = lent.unwrap_or_else(|| Worker::new(self.task, self.alternatives, &self.reads[0]));
        let result = work(&mut worker);
        idle().push(worker);
        result
    }
}

impl<'a> Worker<'a> {
    fn new(task: &Task<'a>, alternatives: &[Alternative<'a>], reads: &Arc<Reads>) -> Self {
        // What the signs of a policy look at before it forks happens in the reference case.
        let forked = alternatives.iter().filter(|r| r.fork.is_some());
        let signs = forked.flat_map(|r| &r.plan.model.answers.signs);
        let looked_at = signs.map(crate::model::Sign::address).collect();
        Self {
            first: PlanRun::new((task.plan, task.recording, reads), task.flows, looked_at, task.audit),
            watch: Watch {
                condition: task.given,
                struck: wide::Mask::splat(false),
                strikes: task.inputs.then(Vec::new),
            },
            drivers: if task.recording.watched.is_empty() { Vec::new() } else { task.plan.drivers() },
        }
    }

    /// Runs a batch: of each part that is asked for, what there is of every plan.
    fn run<E: Send>(
        &mut self,
        (task, alternatives): (&Task<'a>, &[Alternative<'a>]),
        reads: &[Arc<Reads>],
        b: u64,
        asked: impl Fn(&usize) -> bool,
        stop: &AtomicBool,
        spare: &Spare,
    ) -> Result<Vec<Vec<Done>>, Stopped<E>> {
        let (plan, first) = (task.plan, &mut self.first);
        first.batch.restore(plan);
        plan.layout.sample(b, &mut first.batch.inputs);
        first.begin(plan, b, spare);
        // Before each quarter the alternatives that diverge in it take the state and run to the end.
        let mut followed: Vec<Option<[Recorded; PARTS]>> = alternatives.iter().map(|_| None).collect();
        for t in 0..=plan.quarters {
            let diverging = (alternatives.iter().zip(reads).zip(&mut followed))
                .filter(|((of, _), _)| diverges_at(of, task) == t);
            for ((of, reads), followed) in diverging {
                if stop.load(Ordering::Relaxed) {
                    return Err(Stopped::Interrupted);
                }
                // Its room is what the alternative before it gave up: one for each would take much memory.
                let mut run = PlanRun::new((of.plan, of.recording, reads), &[], Vec::new(), task.audit);
                run.follow(of, first, task, b, spare);
                *followed = Some(run.recorded()?);
            }
            if t < plan.quarters {
                first.quarter(plan, t, Some(&mut self.watch));
            }
        }
        if stop.load(Ordering::Relaxed) {
            return Err(Stopped::Interrupted);
        }
        let recorded = std::iter::once(Some(first.recorded()?)).chain(followed);
        let layout = &plan.layout;
        let drawn = |q| layout.drawn(q, &self.first.batch.inputs);
        let inputs: Vec<_> = if task.inputs { layout.uncertain().map(drawn).collect() } else { Vec::new() };
        let rank = |&d: &Driver| plan.driver_rank(d, &self.first.batch.inputs, b);
        let ranks: Vec<_> = self.drivers.iter().map(rank).collect();
        let mask = self.mask(task, b);
        // By plan, then by part; handed over by part, then by plan.
        let mut recorded: Vec<[Option<Recorded>; PARTS]> = recorded
            .map(|parts| parts.expect("every alternative diverges, at the latest at the end").map(Some))
            .collect();
        let plans: Vec<(&Plan, &Recording, &[FlowSource])> =
            std::iter::once((plan, task.recording, task.flows))
                .chain(alternatives.iter().map(|a| (a.plan, a.recording, &[][..])))
                .collect();
        let part = |part: usize| {
            let (mask, first_draw) = (mask.part(part), b * wide::WIDTH as u64 + (part * WIDTH) as u64);
            let mut done = Vec::with_capacity(plans.len());
            for (parts, &(plan, recording, flows)) in recorded.iter_mut().zip(&plans) {
                let recorded = parts[part].take().expect("a part is handed over once");
                if let Some(found) = recorded.not_finite((recording, flows), mask, plan, first_draw) {
                    return Err(Stopped::NotFinite(found));
                }
                done.push(Done::of(recorded, mask));
            }
            let of_part = |all: &[wide::Lanes]| all.iter().map(|lanes| lanes.part(part)).collect();
            (done[0].inputs, done[0].ranks) = (of_part(&inputs), of_part(&ranks));
            done[0].strikes = self.watch.strikes_of(part);
            Ok(done)
        };
        (0..PARTS).filter(asked).map(part).collect()
    }

    /// Draws that count: those asked for, and of them those in which the condition holds.
    fn mask(&self, task: &Task<'_>, b: u64) -> wide::Mask {
        let mut mask = wide::Mask::splat(true);
        for lane in 0..wide::WIDTH {
            let asked = b * (wide::WIDTH as u64) + (lane as u64) < task.draws;
            let holds = task.given.is_none_or(|c| self.watch.struck.lane(lane) == c.struck);
            mask.0[lane] = if asked && holds { u64::MAX } else { 0 };
        }
        mask
    }
}
