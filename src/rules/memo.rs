//! What was found to govern, kept: for each case and quarter, what was found for each set of rules in force.
//!
//! What governs is a pure function of which rules hold, of which shocks' courses last through the quarter, and of what comes
//! before and after the moment at which approvals begin. These make a key. What governs is found when a draw first needs it, by
//! whichever thread, and every other draw with the same key takes it from here.

use super::calendar::Quarter;
use crate::model::RuleId;
use std::sync::OnceLock;

/// Chains among which keys are spread, as a power of two.
const CHAINS: u32 = 4;
/// Sets of rules that a chain keeps; others are looked up each time.
const KEPT: usize = 16;

/// What governs a case in a quarter, by set of rules.
#[derive(Clone, Debug)]
pub(super) struct Memo {
    /// Starts of the chains, made when first asked for: most cases are never; none where draws with the same key still differ.
    chains: Option<OnceLock<Box<[Link; 1 << CHAINS]>>>,
    /// The rule whose approvals begin in some draws in or after this quarter, and not yet in others.
    pub(super) begins: Option<Begins>,
}

/// A rule with an uncertain lag.
#[derive(Clone, Debug)]
pub(super) struct Begins {
    /// The rule.
    pub(super) rule: RuleId,
    /// When it comes into force \[quarters since the start\].
    pub(super) from: f64,
    /// Moments of the quarter at which anything else can change, rising.
    pub(super) others: Vec<f64>,
}

/// Most moments that are told apart before one at which approvals begin.
const MOMENTS: usize = 12;

impl Begins {
    /// What comes before the moment, as a part of a key; none where two moments meet.
    pub(super) fn class(&self, moment: f64, t: f64) -> Option<u64> {
        if moment <= t {
            return Some(0);
        }
        if moment >= t + 1.0 {
            return Some(1);
        }
        let before = self.others.iter().filter(|&&x| x < moment).count();
        (before < MOMENTS && self.others.iter().all(|&x| x != moment)).then_some(2 + before as u64)
    }
}

type Link = OnceLock<Box<Entry>>;

#[derive(Clone, Debug)]
struct Entry {
    key: u64,
    quarter: Quarter,
    next: Link,
}

impl Default for Memo {
    fn default() -> Self {
        Self { chains: Some(OnceLock::new()), begins: None }
    }
}

impl Memo {
    /// One that keeps nothing.
    pub(super) fn none() -> Self {
        Self { chains: None, begins: None }
    }

    /// One for a quarter in which approvals of a rule may begin.
    pub(super) fn with(begins: Begins) -> Self {
        Self { begins: Some(begins), ..Self::default() }
    }

    /// Whether it keeps anything.
    pub(super) fn keeps(&self) -> bool {
        self.chains.is_some()
    }

    /// What governs where `key` holds; none if it is not kept.
    pub(super) fn find(&self, key: u64, make: impl FnOnce() -> Quarter) -> Option<&Quarter> {
        let mut link = self.chain(key)?;
        for _ in 0..KEPT {
            let Some(entry) = link.get() else { break };
            if entry.key == key {
                return Some(&entry.quarter);
            }
            link = &entry.next;
        }
        self.insert(key, make())
    }

    /// Start of the chain of a key, by the top bits of its product with the golden ratio.
    #[inline(always)]
    fn chain(&self, key: u64) -> Option<&Link> {
        let number = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - CHAINS);
        let chains = self.chains.as_ref()?;
        Some(&chains.get_or_init(|| Box::new([const { OnceLock::new() }; 1 << CHAINS]))[number as usize])
    }

    /// Keeps what was found, unless another thread has, or there is no room.
    #[cold]
    fn insert(&self, key: u64, quarter: Quarter) -> Option<&Quarter> {
        let mut found = Some(quarter);
        let mut link = self.chain(key)?;
        for _ in 0..KEPT {
            let entry = link.get_or_init(|| {
                let quarter = found.take().expect("the walk ends at the entry that it adds");
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
