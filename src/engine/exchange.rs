//! Pick-freeze: the same batch again and again, with the uniforms of one group of inputs after the other exchanged for second ones.

use super::Batch;
use super::fork::{Before, Fork};
use super::record::Recorder;
use super::run::Stopped;
use crate::inputs::{Exchange, Shared};
use crate::math::{Lanes, Mask};
use crate::metrics::Recording;
use crate::plan::Plan;
use std::sync::atomic::{AtomicBool, Ordering};

/// A plan of its own, whose uniforms are exchanged, and a batch of it.
struct Walked<'a> {
    plan: Plan,
    recording: &'a Recording,
    /// By group of inputs.
    exchanges: Vec<Exchange>,
    batch: Batch,
}

/// A plan, and beside it another one on the same uniforms, if there is one.
pub struct Walker<'a> {
    first: Walked<'a>,
    /// With what it takes of the first one's samples, and where it takes its state.
    other: Option<(Walked<'a>, Shared, Option<Fork>)>,
}

impl<'a> Walked<'a> {
    fn new((plan, recording): (&Plan, &'a Recording), exchanges: Vec<Exchange>) -> Self {
        Self { plan: plan.clone(), recording, exchanges, batch: Batch::new(plan) }
    }

    /// Runs quarters from where the batch stands to the end.
    fn end<E>(&mut self, from: usize, mut recorder: Recorder<'a>) -> Result<Vec<Lanes>, Stopped<E>> {
        self.batch.advance(&self.plan, from..self.plan.quarters, &mut (), &mut recorder);
        match recorder.not_finite(Mask::splat(true), &self.plan, self.batch.first_draw) {
            Some(found) => Err(Stopped::NotFinite(found)),
            None => Ok(recorder.cells),
        }
    }
}

impl<'a> Walker<'a> {
    /// A walker on a plan and what is recorded of it, and beside it on another one; `exchanges` by plan, then group.
    pub fn new(
        first: (&Plan, &'a Recording),
        other: Option<(&Plan, &'a Recording)>,
        exchanges: &[Vec<Exchange>],
    ) -> Self {
        let beside = |other: (&Plan, &'a Recording)| {
            let shared = other.0.layout.shared_with(&first.0.layout);
            (Walked::new(other, exchanges[1].clone()), shared, Fork::new(first, other))
        };
        Self { first: Walked::new(first, exchanges[0].clone()), other: other.map(beside) }
    }

    /// Draws `8·batch .. 8·batch + 8` as they are, then with one group of inputs after the other exchanged, in an order, until all are,
    /// and one after the other given back: the cells of each plan at each point but the last, which is the first again.
    ///
    /// # Errors
    /// If `stop` is set, or a recorded value is no finite number.
    pub fn walk<E>(
        &mut self,
        batch: u64,
        order: &[usize],
        stop: &AtomicBool,
        done: impl Fn(),
    ) -> Result<Vec<[Vec<Lanes>; 2]>, Stopped<E>> {
        let mut points = Vec::with_capacity(2 * order.len());
        for &group in order.iter().chain(order) {
            if stop.load(Ordering::Relaxed) {
                return Err(Stopped::Interrupted);
            }
            points.push(self.point(batch)?);
            done();
            let plans = std::iter::once(&mut self.first).chain(self.other.as_mut().map(|(other, ..)| other));
            for walked in plans {
                walked.plan.layout.exchange(&mut walked.exchanges[group]);
            }
        }
        Ok(points)
    }

    fn point<E>(&mut self, batch: u64) -> Result<[Vec<Lanes>; 2], Stopped<E>> {
        let first = &mut self.first;
        let mut recorder = Recorder::new(&first.plan, first.recording, &[]);
        first.batch.begin(&first.plan, batch);
        let Some((other, shared, fork)) = &mut self.other else {
            return Ok([first.end(0, recorder)?, Vec::new()]);
        };
        let at = fork.as_ref().map_or(0, |fork| fork.at);
        first.batch.advance(&first.plan, 0..at, &mut (), &mut recorder);
        other.plan.layout.sample_sharing(batch, shared, &first.batch.inputs, &mut other.batch.inputs);
        other.batch.reset(&other.plan, batch);
        let mut beside = Recorder::new(&other.plan, other.recording, &[]);
        if let Some(fork) = fork {
            fork.adopt(&other.plan, &Before::of(&first.batch, &recorder), &mut other.batch, &mut beside);
        }
        Ok([first.end(at, recorder)?, other.end(at, beside)?])
    }
}
