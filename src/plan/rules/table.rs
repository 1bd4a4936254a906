//! Tables of what governs: for each case and quarter, what was found for each set of rules in force.
//!
//! What governs is a pure function of which rules hold, shocks and uncertain lags aside. So it is found when a draw first needs
//! it, by whichever thread, and every other draw in which the same rules hold takes it from here.

use super::moments::Quarter;
use std::sync::OnceLock;

/// Sets of rules that are kept; others are looked up each time.
const KEPT: usize = 64;

/// What governs a case in a quarter, by set of rules.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// None where draws with the same rules still differ.
    first: Option<Link>,
}

type Link = OnceLock<Box<Entry>>;

#[derive(Clone, Debug)]
struct Entry {
    key: u64,
    quarter: Quarter,
    next: Link,
}

impl Default for Table {
    fn default() -> Self {
        Self { first: Some(OnceLock::new()) }
    }
}

impl Table {
    /// A table that keeps nothing.
    pub(super) fn none() -> Self {
        Self { first: None }
    }

    /// What governs where the rules of `key` hold; none if it is not kept.
    pub(super) fn find(&self, key: u64, make: impl FnOnce() -> Quarter) -> Option<&Quarter> {
        let mut link = self.first.as_ref()?;
        for _ in 0..KEPT {
            let Some(entry) = link.get() else { break };
            if entry.key == key {
                return Some(&entry.quarter);
            }
            link = &entry.next;
        }
        self.insert(key, make())
    }

    /// Keeps what was found, unless another thread has, or there is no room.
    #[cold]
    fn insert(&self, key: u64, quarter: Quarter) -> Option<&Quarter> {
        let mut made = Some(quarter);
        let mut link = self.first.as_ref()?;
        for _ in 0..KEPT {
            let entry = link.get_or_init(|| {
                let quarter = made.take().unwrap_or_default();
                Box::new(Entry { key, quarter, next: OnceLock::new() })
            });
            if entry.key == key {
                return Some(&entry.quarter);
            }
            link = &entry.next;
        }
        None
    }
}
