//! The loop under every study of many draws: a pool of threads, somebody who watches, and rounds for whoever gathers.

use super::error::Error;
use super::watch::{Watch, Work};
use crate::engine::run::{Alternative, Round, Stopped, Task, simulate_paired};
use crate::math::WIDTH;
use crate::metrics::Recording;
use crate::results::{Cell, FolderError};

/// Something that takes rounds of draws, in order: distributions, indices, comparisons, scores.
pub trait Gatherer: Send {
    /// Takes the next round: one for each plan that is simulated on the same draws, the scenario as it stands first.
    ///
    /// # Errors
    /// If what it writes meanwhile cannot be written: then the study ends.
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError>;
}

/// Values of all cells that are recorded, draw by draw, in memory.
#[derive(Clone, Debug)]
pub struct Values {
    /// Which of the plans simulated side by side it looks at.
    place: usize,
    names: Vec<Cell>,
    draws: Vec<u64>,
    /// By cell, then draw.
    columns: Vec<Vec<f64>>,
}

impl Values {
    /// None yet, of the plan at a place among those that are simulated side by side.
    pub(super) fn new(place: usize, recording: &Recording) -> Self {
        let names = recording.names.clone();
        Self { place, columns: vec![Vec::new(); names.len()], names, draws: Vec::new() }
    }

    /// The cells, in order.
    pub fn cells(&self) -> &[Cell] {
        &self.names
    }

    /// Numbers of the draws that count, in order.
    pub fn draws(&self) -> &[u64] {
        &self.draws
    }

    /// Values of a cell by its place, in its unit, in order of draws.
    pub fn values(&self, cell: usize) -> &[f64] {
        &self.columns[cell]
    }

    /// Values of a cell by its address, `actor/metric@quarter`; none if it is not recorded.
    pub fn of(&self, address: &str) -> Option<&[f64]> {
        let place = self.names.iter().position(|c| c.address() == address)?;
        Some(&self.columns[place])
    }
}

impl Gatherer for Values {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        let round = &rounds[self.place];
        for (b, (cells, mask)) in round.cells.iter().zip(&round.masks).enumerate() {
            let first = (round.first + b as u64) * WIDTH as u64;
            for lane in (0..WIDTH).filter(|&lane| mask.lane(lane)) {
                self.draws.push(first + lane as u64);
                self.columns.iter_mut().zip(cells).for_each(|(list, x)| list.push(x[lane]));
            }
        }
        Ok(())
    }
}

/// A pool of threads; 0 for all cores.
pub(super) fn pool(threads: usize) -> Result<rayon::ThreadPool, Error> {
    Ok(rayon::ThreadPoolBuilder::new().num_threads(threads).build()?)
}

/// Simulates a task's draws and its alternatives', gives every round to every gatherer, and says how long it took \[s\].
pub(super) fn work(
    task: &Task<'_>,
    alternatives: &[Alternative<'_>],
    threads: usize,
    watch: &dyn Watch,
    gatherers: &mut [&mut dyn Gatherer],
) -> Result<f64, Error> {
    let pool = pool(threads)?;
    watch.begin(Work::Draws, task.draws);
    let started = watch.now();
    // Rounds are taken on the pool's threads, but by one at a time.
    let mut take = |rounds: &[Round]| -> Result<(), FolderError> {
        for gatherer in gatherers.iter_mut() {
            gatherer.absorb(rounds)?;
        }
        let done = rounds.first().map_or(0, |r| (r.first + r.masks.len() as u64) * WIDTH as u64);
        watch.progress(done.min(task.draws));
        Ok(())
    };
    let result = pool.install(|| simulate_paired(task, alternatives, watch.stop(), |rounds| take(rounds)));
    watch.end();
    result.map_err(why)?;
    Ok(watch.now() - started)
}

/// Why a simulation ended early.
pub(super) fn why<E: Into<Error>>(stopped: Stopped<E>) -> Error {
    match stopped {
        Stopped::Interrupted => Error::Interrupted,
        Stopped::Ledger(broken) => Error::Ledger(broken),
        Stopped::NotFinite(found) => Error::NotFinite(found),
        Stopped::Receiver(error) => error.into(),
    }
}
