//! Cases: sales that the same rules cover in the same way, and what is known of each in advance.

use super::memo::Memo;
use super::scope::Item;
use super::turns::Watch;
use crate::model::{Clause, Model, QuantityId, RuleId, ShockId};

crate::model::ids::ids! {
    /// Sales that the same rules cover in the same way.
    CaseId,
}

impl CaseId {
    /// The case that no rule covers.
    pub const FREE: Self = Self(0);
}

/// A rule in a case.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) rule: RuleId,
    /// Place of its condition among those that differ between draws.
    pub(super) condition: Option<usize>,
    /// Bands of its fee whose conditions differ between draws: the first that holds gives the fee.
    pub(super) bands: Vec<(usize, QuantityId)>,
    /// The fee where none of them holds.
    pub(super) fee: QuantityId,
}

/// A set of covering rules, and what is known of it in advance.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) members: Vec<Member>,
    /// Place of its first member among those of all cases.
    pub(super) first: usize,
    /// Quarters now and ahead.
    pub(super) now: Vec<Memo>,
    pub(super) ahead: Vec<Memo>,
    /// Shocks that enforce or lift one of its rules, and whether they enforce one.
    pub(super) shocks: Vec<(ShockId, bool)>,
    /// Signs for which one of its rules waits.
    pub(super) signs: Vec<usize>,
    /// Days on which its rules come into force by their own dates \[quarters since the start\].
    pub(super) dates: Vec<f64>,
    /// When it can change.
    pub(super) watch: Watch,
}

impl Case {
    /// Whether another case has the same rules and as many quarters; its moments follow from them.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let Self { members, first, now, ahead, shocks, signs, dates, watch: _ } = self;
        *members == other.members
            && *first == other.first
            && (now.len(), ahead.len()) == (other.now.len(), other.ahead.len())
            && *shocks == other.shocks
            && *signs == other.signs
            && *dates == other.dates
    }
}

/// A rule's condition on an item, or that of a band of its fee.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ItemCondition {
    pub(super) rule: RuleId,
    pub(super) band: Option<usize>,
    pub(super) item: Item,
}

impl ItemCondition {
    /// Its `any` and its `all`.
    pub(super) fn clauses<'a>(&self, model: &'a Model) -> (&'a [Clause], &'a [Clause]) {
        let rule = &model.rules[self.rule];
        match self.band {
            None => (&rule.any, &rule.all),
            Some(b) => (&rule.bands[b].any, &rule.bands[b].all),
        }
    }
}
