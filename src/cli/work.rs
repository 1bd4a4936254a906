//! The loop under every simulating verb: a pool of threads, a progress bar, a hand on Ctrl-C, and rounds for whoever gathers.

use super::Failure;
use crate::engine::run::{Alternative, Round, Stopped, Task, simulate_paired};
use crate::math::WIDTH;
use crate::results::FolderError;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Something that takes rounds of draws, in order: distributions, indices, comparisons, scores.
pub(super) trait Gatherer: Send {
    /// Takes the next round: one for each plan that is simulated on the same draws, the scenario as it stands first.
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError>;
}

/// How the work is watched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    /// Threads; 0 for all cores.
    pub(super) threads: usize,
    /// Whether nothing is said.
    pub(super) quiet: bool,
}

/// Simulates a task's draws and its rivals', gives every round to every gatherer, and says how long it took [s].
pub(super) fn work(
    task: &Task<'_>,
    rivals: &[Alternative<'_>],
    watch: Watch,
    gatherers: &mut [&mut dyn Gatherer],
) -> Result<f64, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let hand = Arc::clone(&stop);
    // A second handler in one process is refused: then the first one serves.
    let _ = ctrlc::set_handler(move || hand.store(true, Ordering::Relaxed));
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(watch.threads)
        .build()
        .map_err(|e| Failure::Running(format!("threads: {e}")))?;
    let terminal = std::io::stderr().is_terminal() && !watch.quiet;
    let bar = if terminal { progress(task.draws) } else { ProgressBar::hidden() };
    let started = Instant::now();
    // Rounds are taken on the pool's threads, but by one at a time.
    let mut take = |rounds: &[Round]| -> Result<(), FolderError> {
        for gatherer in gatherers.iter_mut() {
            gatherer.absorb(rounds)?;
        }
        let done = rounds.first().map_or(0, |r| (r.first + r.masks.len() as u64) * WIDTH as u64);
        bar.set_position(done.min(task.draws));
        Ok(())
    };
    let result = pool.install(|| simulate_paired(task, rivals, &stop, |rounds| take(rounds)));
    bar.finish_and_clear();
    result.map_err(|e: Stopped<FolderError>| match e {
        Stopped::Interrupted => Failure::Running("interrupted; nothing was written".to_owned()),
        other => Failure::Running(other.to_string()),
    })?;
    Ok(started.elapsed().as_secs_f64())
}

fn progress(draws: u64) -> ProgressBar {
    let bar = ProgressBar::new(draws);
    let style = ProgressStyle::with_template("{bar:32} {pos}/{len} draws, {per_sec}, {eta} left");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
