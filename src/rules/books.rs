//! Books of one scenario under many changes: those that say the same share what they have found to govern.

use super::rulebook::Rulebook;
use std::sync::{Arc, Mutex, PoisonError};

/// Books that are kept: that of the scenario as it stands, and the latest of others.
const KEPT: usize = 4;

/// The books of a scenario and of its changes.
#[derive(Debug, Default)]
pub struct Books(Mutex<Vec<Rulebook>>);

impl Books {
    /// Has a book share what one that says the same has found; keeps it if none does.
    pub fn share(&self, book: &mut Rulebook) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = known.iter().find(|other| book.says_the_same(other)) {
            book.cases = Arc::clone(&same.cases);
            return;
        }
        if known.len() == KEPT {
            known.remove(1);
        }
        known.push(book.clone());
    }
}
