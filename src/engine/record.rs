//! Recording: metrics of every actor at the end of each quarter, what bound whom, and what flowed where.

use super::tally::Tally;
use super::{Batch, Observer, Step};
use crate::math::wide::{self, PARTS};
use crate::math::{Kernel, Lanes, List, Mask, WIDTH, dispatch};
use crate::metrics::{FlowSource, Recording, Source};
use crate::model::time::Quarter;
use crate::plan::Plan;
use std::sync::Arc;

/// Values of cells, labels and flows of eight draws.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// Values of cells, in the recording's order.
    pub cells: Vec<Lanes>,
    /// Values of tracked series: `series * quarters + quarter`.
    pub tracked: Vec<Lanes>,
    /// Labels: chips in order of the plan's, labs, labs' effective compute, what labs' chips lack, and what those designed at home
    /// do; `quarter * subjects + subject`.
    pub labels: Vec<[u8; WIDTH]>,
    /// Flows: `quarter * flows + flow`.
    pub flowed: Vec<Lanes>,
    /// Values of watched cells, in the recording's order.
    pub watched: Vec<Lanes>,
    /// 0 as long as all values are finite: the sum of all of them times zero.
    pub(super) rests: Lanes,
}

/// What is read of a plan: found once for all of its recorders.
#[derive(Debug)]
pub(super) struct Reads {
    /// Series that are looked at, by quarter, in order.
    needed: Vec<Vec<Needed>>,
    /// Where each series comes from, side by side: names and units are not looked at in a quarter.
    sources: Vec<Source>,
    /// Flows of each sale: free, and below full permission.
    flows_of: Vec<[Option<usize>; 2]>,
}

/// A series that is looked at in a quarter.
#[derive(Clone, Copy, Debug)]
struct Needed {
    series: u32,
    /// Whether it is a sum since the start.
    cumulative: bool,
}

/// What is recorded of a batch.
#[derive(Clone, Debug)]
pub struct Recorder<'a> {
    recording: &'a Recording,
    flows: &'a [FlowSource],
    tally: Tally,
    pub(super) values: List<wide::Lanes>,
    /// The batch in parts of eight draws.
    pub parts: [Recorded; PARTS],
    /// The quarter's flows.
    flowing: List<wide::Lanes>,
    reads: Arc<Reads>,
    /// How many labels there are.
    labels: usize,
    quarters: usize,
    pub(super) next_cell: usize,
    pub(super) next_watched: usize,
}

/// A recorded value that is no finite number: the model was asked for what it cannot compute.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "{cell} is {value} in draw {draw}, which is no finite number: `chokepoint explain --draw {draw}` tells how it came about"
)]
pub struct NotFinite {
    /// The cell.
    pub cell: String,
    /// Number of the draw.
    pub draw: u64,
    /// What it is.
    pub value: f64,
}

impl Recorded {
    /// What was recorded; the lists go with it.
    pub(super) fn hand_over(&mut self) -> Self {
        let Self { cells, tracked, labels, flowed, watched, rests } = self;
        Self {
            cells: std::mem::take(cells),
            tracked: std::mem::take(tracked),
            labels: std::mem::take(labels),
            flowed: std::mem::take(flowed),
            watched: std::mem::take(watched),
            rests: *rests,
        }
    }

    /// A value that is no finite number, in draws that count; quotients of nothing are none, and are left blank.
    pub(super) fn not_finite(
        &self,
        (recording, sources): (&Recording, &[FlowSource]),
        mask: Mask,
        plan: &Plan,
        first_draw: u64,
    ) -> Option<NotFinite> {
        let Self { cells, tracked, labels: _, flowed, watched, rests } = self;
        if *rests == Lanes::ZERO {
            return None;
        }
        // Places are put into words only where something was found: quotients of nothing are common.
        let (quarters, flows) = (plan.quarters, sources.len());
        let counts = |series: usize| !matches!(recording.series[series].source, Source::Quotient(..));
        let quarter = |t: usize| Quarter(plan.model.run.horizon.first.0 + t as i32);
        let name = |t: usize, series: usize| {
            let series = &recording.series[series];
            format!("{}/{}@{}", series.actor, series.name(), quarter(t))
        };
        let wrong = |value: &Lanes| (0..WIDTH).find(|&lane| mask.lane(lane) && !value[lane].is_finite());
        let found = |value: &Lanes, lane: usize, cell: String| NotFinite {
            cell,
            draw: first_draw + lane as u64,
            value: value[lane],
        };
        let courses = (0..tracked.len()).map(|i| (i % quarters, recording.tracked[i / quarters]));
        let lists = [(cells, &recording.cells), (watched, &recording.watched)];
        let placed = lists.into_iter().flat_map(|(values, places)| values.iter().zip(places.iter().copied()));
        for (value, (t, series)) in placed.chain(tracked.iter().zip(courses)) {
            if let Some(lane) = wrong(value).filter(|_| counts(series)) {
                return Some(found(value, lane, name(t, series)));
            }
        }
        flowed.iter().enumerate().find_map(|(i, value)| {
            let flow = || format!("a flow in {}, {:?},", quarter(i / flows), sources[i % flows]);
            wrong(value).map(|lane| found(value, lane, flow()))
        })
    }
}

impl Reads {
    pub(super) fn new(plan: &Plan, recording: &Recording, flows: &[FlowSource]) -> Self {
        let sources = recording.series.iter().map(|series| series.source.clone()).collect();
        Self { needed: needed(recording, plan.quarters), sources, flows_of: flows_of(plan, flows) }
    }
}

impl<'a> Recorder<'a> {
    /// A recorder for the batches of a plan.
    pub fn new(plan: &Plan, recording: &'a Recording, flows: &'a [FlowSource]) -> Self {
        let reads = Arc::new(Reads::new(plan, recording, flows));
        let mut recorder = Self::without_lists(plan, recording, flows, reads);
        recorder.take_lists(|length| vec![Lanes::ZERO; length]);
        recorder
    }

    /// One that is given lists before each batch.
    pub(super) fn without_lists(
        plan: &Plan,
        recording: &'a Recording,
        flows: &'a [FlowSource],
        reads: Arc<Reads>,
    ) -> Self {
        Self {
            recording,
            flows,
            tally: Tally::new(plan),
            values: List::of(wide::Lanes::ZERO, recording.series.len()),
            parts: std::array::from_fn(|_| Recorded::default()),
            flowing: List::of(wide::Lanes::ZERO, flows.len()),
            reads,
            labels: plan.quarters * subjects(plan),
            quarters: plan.quarters,
            next_cell: 0,
            next_watched: 0,
        }
    }

    /// Takes lists in each part that has none.
    pub(super) fn take_lists(&mut self, list: impl Fn(usize) -> Vec<Lanes>) {
        let (recording, quarters) = (self.recording, self.quarters);
        for part in &mut self.parts {
            let lists = [
                (&mut part.cells, recording.cells.len()),
                (&mut part.tracked, recording.tracked.len() * quarters),
                (&mut part.flowed, self.flows.len() * quarters),
                (&mut part.watched, recording.watched.len()),
            ];
            for (lanes, length) in lists {
                if lanes.len() != length {
                    *lanes = list(length);
                }
            }
            part.labels.resize(self.labels, [0; WIDTH]);
        }
    }

    /// How many cells are of quarters before one.
    pub(super) fn cells_before(&self, t: usize) -> usize {
        self.recording.cells.partition_point(|c| c.0 < t)
    }

    /// Forgets what rules refused: other draws follow.
    pub(super) fn forget_shares(&mut self) {
        self.tally.forget_shares();
    }

    /// A recorded value of a batch that is no finite number, in draws that count.
    pub fn not_finite(&self, mask: wide::Mask, plan: &Plan, first_draw: u64) -> Option<NotFinite> {
        self.parts.iter().enumerate().find_map(|(p, part)| {
            let first_draw = first_draw + (p * WIDTH) as u64;
            part.not_finite((self.recording, self.flows), mask.part(p), plan, first_draw)
        })
    }

    /// Value of a series in the quarter that was recorded last.
    pub fn value(&self, series: usize) -> wide::Lanes {
        self.values[series]
    }

    /// Value of a cell, by its place in the recording.
    pub fn cell(&self, place: usize) -> wide::Lanes {
        wide::Lanes::joined(|part| self.parts[part].cells[place])
    }

    #[inline(always)]
    fn record(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        if t == 0 {
            self.values.fill(wide::Lanes::ZERO);
            self.forget_shares();
            self.next_cell = 0;
            self.next_watched = 0;
            self.parts.iter_mut().for_each(|part| part.rests = Lanes::ZERO);
        }
        let seen = batch.seen();
        self.tally.count(t, plan, &seen);
        for &Needed { series, cumulative } in &self.reads.needed[t] {
            let i = series as usize;
            let now = self.tally.read(&self.reads.sources[i], &self.values, plan, &seen);
            self.values[i] = if cumulative { self.values[i] + now } else { now };
        }
        let recording = self.recording;
        let (cells, watched) = (self.next_cell, self.next_watched);
        for (p, part) in self.parts.iter_mut().enumerate() {
            let of = |series: usize| self.values[series].part(p);
            let rests = &mut part.rests;
            self.next_cell = note(t, &recording.cells, cells, of, &mut part.cells, rests);
            self.next_watched = note(t, &recording.watched, watched, of, &mut part.watched, rests);
            for (i, &series) in recording.tracked.iter().enumerate() {
                put(&mut part.tracked[i * plan.quarters + t], of(series), rests);
            }
        }
        self.label(t, plan, batch);
        self.flow(t, plan, batch);
    }

    #[inline(always)]
    fn flow(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        let row = &mut self.flowing;
        for (flowed, flow) in row.iter_mut().zip(self.flows) {
            *flowed = match flow {
                FlowSource::Sales(..) => wide::Lanes::ZERO,
                FlowSource::Link(l) => batch.outputs.production.used[*l],
                FlowSource::Smuggled(grey_options) => {
                    wide::Lanes::total(grey_options.iter().map(|&g| batch.outputs.diversion.delivered[g]))
                }
                FlowSource::Stocked(s) => batch.outputs.stockpiles.bought[*s],
                FlowSource::Diverted(s) => {
                    batch.outputs.stockpiles.delivered[*s] + batch.outputs.stockpiles.leaked[*s]
                }
                FlowSource::Seized(r) => batch.outputs.diversion.seized[r.index()],
                FlowSource::Rental(l) => batch.outputs.fleet.rented[*l],
            };
        }
        if row.is_empty() {
            return;
        }
        for s in batch.outputs.choice.open.all() {
            let is_free =
                batch.outputs.controls.permitted[plan.edges.sales[s].chip_market].ge(wide::Lanes::ONE);
            for (flow, counts) in self.reads.flows_of[s].into_iter().zip([is_free, !is_free]) {
                if let Some(flow) = flow {
                    row[flow] += counts.select(batch.outputs.trade.sold[s], wide::Lanes::ZERO);
                }
            }
        }
        for (p, part) in self.parts.iter_mut().enumerate() {
            let Recorded { flowed, rests, .. } = part;
            for (flowed, flow) in flowed[t * row.len()..].iter_mut().zip(row.iter()) {
                put(flowed, flow.part(p), rests);
            }
        }
    }

    #[inline(always)]
    fn label(&mut self, t: usize, plan: &Plan, batch: &Batch) {
        let base = t * subjects(plan);
        let chips = &plan.edges.chips;
        let labs = plan.model.labs.len();
        let (training, roots) = (&batch.outputs.training, &batch.outputs.roots);
        let lists = [&training.bound_by, &training.effective_bound_by, &roots.root, &roots.at_home];
        for (p, part) in self.parts.iter_mut().enumerate() {
            let labels = &mut part.labels[base..];
            for (label, c) in labels.iter_mut().zip(chips) {
                *label = of_part(&batch.outputs.production.bound_by[c.index()], p);
            }
            for (i, list) in lists.into_iter().enumerate() {
                for (label, all) in labels[chips.len() + i * labs..].iter_mut().zip(list) {
                    *label = of_part(all, p);
                }
            }
        }
    }
}

/// Notes a part's cells of a quarter, which begin at a place, with the values `of` series; says where those of the next one do.
#[inline(always)]
fn note(
    t: usize,
    cells: &[(usize, usize)],
    from: usize,
    of: impl Fn(usize) -> Lanes,
    into: &mut [Lanes],
    rests: &mut Lanes,
) -> usize {
    let mut next = from;
    // Loops, and no folds: what is not inlined is compiled for any machine.
    for (place, _) in into[from..].iter_mut().zip(cells[from..].iter().take_while(|cell| cell.0 == t)) {
        put(place, of(cells[next].1), rests);
        next += 1;
    }
    next
}

/// Puts a value in its place; no number times zero is zero but a finite one.
#[inline(always)]
fn put(place: &mut Lanes, value: Lanes, rests: &mut Lanes) {
    *place = value;
    *rests += value * 0.0;
}

/// A part's labels of a batch's.
#[inline(always)]
fn of_part(labels: &[u8; wide::WIDTH], part: usize) -> [u8; WIDTH] {
    std::array::from_fn(|lane| labels[part * WIDTH + lane])
}

/// How many subjects have labels in a quarter.
pub fn subjects(plan: &Plan) -> usize {
    plan.edges.chips.len() + 4 * plan.model.labs.len()
}

impl Observer for Recorder<'_> {
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &Batch) {
        if step == Step::Training {
            dispatch(Record { recorder: self, t, plan, batch });
        }
    }
}

/// A quarter's recording.
struct Record<'a, 'b> {
    recorder: &'a mut Recorder<'b>,
    t: usize,
    plan: &'a Plan,
    batch: &'a Batch,
}

impl Kernel for Record<'_, '_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        self.recorder.record(self.t, self.plan, self.batch);
    }
}

/// For each quarter the series that are looked at: those of its cells and of tracked courses, parts of ratios, sums under way.
fn needed(recording: &Recording, quarters: usize) -> Vec<Vec<Needed>> {
    let mut needed = vec![vec![false; recording.series.len()]; quarters];
    for (t, needed) in needed.iter_mut().enumerate() {
        for &s in &recording.tracked {
            needed[s] = true;
        }
        for &(quarter, s) in recording.cells.iter().chain(&recording.watched) {
            needed[s] |= quarter == t || (quarter > t && recording.series[s].cumulative);
        }
        for (s, series) in recording.series.iter().enumerate().rev() {
            if needed[s] {
                series.parts().into_iter().flatten().for_each(|part| needed[part] = true);
            }
        }
    }
    // A part of a ratio that is a sum is added up from the start.
    let sums = |s: usize| recording.series[s].cumulative;
    for t in (0..quarters.saturating_sub(1)).rev() {
        for s in (0..recording.series.len()).filter(|&s| sums(s)) {
            needed[t][s] |= needed[t + 1][s];
        }
    }
    let one = |s: usize| Needed { series: s as u32, cumulative: sums(s) };
    let list = |of: Vec<bool>| of.iter().enumerate().filter(|(_, n)| **n).map(|(s, _)| one(s)).collect();
    needed.into_iter().map(list).collect()
}

/// The flows that each sale is part of.
fn flows_of(plan: &Plan, flows: &[FlowSource]) -> Vec<[Option<usize>; 2]> {
    let mut of = vec![[None; 2]; plan.edges.sales.len()];
    for (i, flow) in flows.iter().enumerate() {
        if let FlowSource::Sales(sales, free) = flow {
            for &s in sales {
                of[s][usize::from(!free)] = Some(i);
            }
        }
    }
    of
}
