//! Who watches a study that Python started: how far it is, what is worth a note, and whether it is to stop.

use chokepoint::study::{Note, Watch, Work};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What is known of a study while it runs.
#[derive(Debug)]
pub(crate) struct Progress {
    started: Instant,
    stop: AtomicBool,
    done: AtomicU64,
    steps: AtomicU64,
    notes: Mutex<Vec<String>>,
    /// The folder in which the study was found complete.
    complete: Mutex<Option<PathBuf>>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            stop: AtomicBool::new(false),
            done: AtomicU64::new(0),
            steps: AtomicU64::new(0),
            notes: Mutex::default(),
            complete: Mutex::default(),
        }
    }

    /// Has the study end after the draws at hand.
    pub(crate) fn ask_to_stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Steps that are done, and all of them; 0 of 0 before the work begins.
    pub(crate) fn steps(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.steps.load(Ordering::Relaxed))
    }

    /// Adds a note of one's own.
    pub(crate) fn note_text(&self, text: String) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn complete(&self) -> Option<PathBuf> {
        self.complete.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Watch for Progress {
    fn begin(&self, _: Work, steps: u64) {
        self.steps.store(steps, Ordering::Relaxed);
    }

    fn progress(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    fn note(&self, note: &Note) {
        if let Note::Complete(path) = note {
            *self.complete.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.clone());
        }
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note.to_string());
    }

    fn stop(&self) -> &AtomicBool {
        &self.stop
    }

    fn now(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}
