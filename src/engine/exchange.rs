//! Pick-freeze: the same batch again and again, with the uniforms of one group of inputs after the other exchanged for second ones.
//!
//! A point differs from the one before it in one group. Until something reads a number of that group both are the same to the bit,
//! so a point goes on from where the one before it stood.

use super::Batch;
use super::fork::{Fork, Stand};
use super::record::Recorder;
use super::run::Stopped;
use crate::inputs::{Exchange, Shared};
use crate::math::Lanes;
use crate::math::wide::{Mask, PARTS};
use crate::metrics::Recording;
use crate::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

/// A plan with second uniforms of groups of inputs, and where it goes on when it takes them.
#[derive(Clone, Debug)]
pub struct Exchanged<'a> {
    plan: &'a Plan,
    recording: &'a Recording,
    exchanges: Vec<Exchange>,
    /// By group; none to run from the start.
    forks: Vec<Option<Fork>>,
}

impl<'a> Exchanged<'a> {
    /// A plan, what is recorded of it, and second uniforms by group.
    pub fn new(plan: &'a Plan, recording: &'a Recording, exchanges: Vec<Exchange>) -> Self {
        let mut moved = plan.clone();
        let fork = |exchange: &Exchange| {
            moved.layout.exchange(exchange, 0);
            let fork = Fork::new((plan, recording), (&moved, recording));
            moved.layout.exchange(exchange, 0);
            fork
        };
        let forks = exchanges.iter().map(fork).collect();
        Self { plan, recording, exchanges, forks }
    }

    /// The quarter from which each group acts, by group.
    pub fn acts_from(&self) -> impl Iterator<Item = usize> + '_ {
        self.forks.iter().map(|fork| fork.as_ref().map_or(0, |fork| fork.at))
    }
}

/// A plan of its own, whose uniforms are exchanged, and a batch of it.
struct Walked<'a> {
    of: &'a Exchanged<'a>,
    plan: Plan,
    batch: Batch,
    /// Where the last point stood at the start of quarters in which a later one goes on, and nothing has changed since.
    stands: BTreeMap<usize, Stand>,
}

/// Cells at a point: by plan and part of the batch.
pub type Cells = [[Vec<Lanes>; PARTS]; 2];

/// A plan, and beside it another one on the same uniforms, if there is one.
pub struct Walker<'a> {
    first: Walked<'a>,
    /// With what it takes of the first one's samples, and where it takes its state.
    other: Option<(Walked<'a>, Shared, Option<Fork>)>,
}

impl<'a> Walked<'a> {
    fn new(of: &'a Exchanged<'a>) -> Self {
        Self { of, plan: of.plan.clone(), batch: Batch::new(of.plan), stands: BTreeMap::new() }
    }

    /// Runs the batch from where a fork takes it, or from the start, to the end, and keeps where it stands at the start of some quarters.
    fn run<E>(
        &mut self,
        from: Option<(&Fork, &Stand)>,
        keep: &BTreeSet<usize>,
    ) -> Result<[Vec<Lanes>; PARTS], Stopped<E>> {
        let mut recorder = Recorder::new(&self.plan, self.of.recording, &[]);
        if let Some((fork, stand)) = from {
            fork.adopt(&self.plan, &stand.before(), &mut self.batch, &mut recorder);
        }
        let mut t = from.map_or(0, |(fork, _)| fork.at);
        self.stands.retain(|quarter, _| *quarter < t);
        for &quarter in keep.range(t..) {
            self.batch.advance(&self.plan, t..quarter, &mut (), &mut recorder);
            self.stands.insert(quarter, Stand::of(&self.batch, &recorder));
            t = quarter;
        }
        self.batch.advance(&self.plan, t..self.plan.quarters, &mut (), &mut recorder);
        match recorder.not_finite(Mask::splat(true), &self.plan, self.batch.first_draw) {
            Some(found) => Err(Stopped::NotFinite(found)),
            None => Ok(recorder.parts.map(|part| part.cells)),
        }
    }

    /// Where the next points go on: up to the first that starts anew, or in a quarter before `from`.
    fn next(&self, coming: &[[usize; PARTS]], from: usize) -> BTreeSet<usize> {
        let forks = coming.iter().map_while(|&groups| self.fork(Some(groups), from));
        forks.map(|fork| fork.at).collect()
    }

    /// How a point goes on for which a group of each part was exchanged last; none if it starts anew, or in a quarter before `from`.
    fn fork(&self, exchanged: Option<[usize; PARTS]>, from: usize) -> Option<&'a Fork> {
        let forks = exchanged?.map(|group| self.of.forks[group].as_ref());
        let all = forks.iter().all(Option::is_some);
        let earliest = forks.into_iter().flatten().min_by_key(|fork| fork.at).filter(|_| all);
        earliest.filter(|fork| fork.at >= from)
    }

    /// Takes out where the last point stood.
    fn stand(&mut self, fork: &Fork) -> Stand {
        self.stands.remove(&fork.at).expect("the points before kept where they stood when this one goes on")
    }
}

impl<'a> Walker<'a> {
    /// A walker on a plan, and beside it on another one of as many groups.
    pub fn new(first: &'a Exchanged<'a>, other: Option<&'a Exchanged<'a>>) -> Self {
        let beside = |other: &'a Exchanged<'a>| {
            let shared = other.plan.layout.shared_with(&first.plan.layout);
            let fork = Fork::new((first.plan, first.recording), (other.plan, other.recording));
            // What signs look at is not kept.
            (Walked::new(other), shared, fork.filter(|_| other.plan.model.answers.signs.is_empty()))
        };
        Self { first: Walked::new(first), other: other.map(beside) }
    }

    /// The draws of a batch as they are, then with one group of inputs after the other exchanged, in an order by part, until all are,
    /// and one after the other given back: the cells of each plan and part at each point but the last, which is the first again.
    ///
    /// # Errors
    /// If `stop` is set, or a recorded value is no finite number.
    pub fn walk<E>(
        &mut self,
        batch: u64,
        order: &[[usize; PARTS]],
        stop: &AtomicBool,
        done: impl Fn(),
    ) -> Result<Vec<Cells>, Stopped<E>> {
        let mut points = Vec::with_capacity(2 * order.len());
        let all: Vec<[usize; PARTS]> = order.iter().chain(order).copied().collect();
        for (k, &groups) in all.iter().enumerate() {
            if stop.load(Ordering::Relaxed) {
                return Err(Stopped::Interrupted);
            }
            let exchanged = k.checked_sub(1).map(|last| all[last]);
            points.push(self.point(batch, exchanged, &all[k..all.len() - 1])?);
            done();
            let plans = std::iter::once(&mut self.first).chain(self.other.as_mut().map(|(other, ..)| other));
            for walked in plans {
                for (part, &group) in groups.iter().enumerate() {
                    walked.plan.layout.exchange(&walked.of.exchanges[group], part);
                }
            }
        }
        Ok(points)
    }

    /// A point: a group of inputs of each part has been exchanged since the last one of the same batch, if there was one, and some more
    /// follow.
    fn point<E>(
        &mut self,
        batch: u64,
        exchanged: Option<[usize; PARTS]>,
        coming: &[[usize; PARTS]],
    ) -> Result<Cells, Stopped<E>> {
        let first = &mut self.first;
        let diverges = self.other.as_ref().and_then(|(_, _, fork)| fork.as_ref()).map(|fork| fork.at);
        first.batch.begin(&first.plan, batch);
        let since = first.fork(exchanged, 0).map(|fork| (fork, first.stand(fork)));
        let mut keep = first.next(coming, 0);
        keep.extend(diverges);
        let cells = first.run(since.as_ref().map(|(fork, stand)| (*fork, stand)), &keep)?;
        let Some((other, shared, fork)) = &mut self.other else { return Ok([cells, Default::default()]) };
        other.plan.layout.sample_sharing(batch, shared, &first.batch.inputs, &mut other.batch.inputs);
        other.batch.reset(&other.plan, batch);
        // From where it stood itself, or from where the first one stands: that is later.
        let from = diverges.unwrap_or(0);
        let since = other.fork(exchanged, from).map(|fork| (fork, other.stand(fork)));
        let since = since.as_ref().map(|(fork, stand)| (*fork, stand));
        let beside = || {
            let fork = fork.as_ref()?;
            let stand = first.stands.get(&fork.at);
            Some((fork, stand.expect("the first plan keeps where it stands when the other diverges")))
        };
        let keep = other.next(coming, from);
        Ok([cells, other.run(since.or_else(beside), &keep)?])
    }
}
