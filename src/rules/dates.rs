//! When each rule is announced, in force and first approves, as far as no draw decides it.

use crate::model::{CountryId, Model, Rule, RuleId, Shape, ShockId};

/// What of a rule does not depend on a draw, in quarters since the horizon's start.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Dates {
    pub(super) issuer: CountryId,
    pub(super) from: f64,
    pub(super) until: f64,
    pub(super) announced: f64,
    pub(super) enforced_by: Vec<ShockId>,
    pub(super) lifted_by: Vec<ShockId>,
    /// Signs of which one must be on for its own dates to count; empty if they count always.
    pub(super) waits_for: Vec<usize>,
    /// Signs that keep it out of force while they are on.
    pub(super) gives_way_to: Vec<usize>,
    /// The lag, if it is certain \[quarters\].
    pub(super) lag: Option<f64>,
    /// Whether no shock and no sign has a say in when it is in force.
    pub(super) by_itself: bool,
    /// Time in which approvals begin in some draws and not yet in others; empty if the lag is certain.
    begins: (f64, f64),
}

impl Dates {
    pub(super) fn new(model: &Model, id: RuleId, rule: &Rule) -> Self {
        let start = model.run.horizon.first;
        let from = rule.effective.map_or(f64::INFINITY, |d| d.since(start));
        let until = rule.until.map_or(f64::INFINITY, |d| d.since(start));
        let announced = rule.announced.map_or(from, |d| d.since(start));
        let shocks = |acts: &dyn Fn(&crate::model::Shock) -> bool| {
            let acting = model.shocks.iter_enumerated().filter(|(_, shock)| acts(shock));
            acting.map(|(id, _)| id).collect::<Vec<_>>()
        };
        let enforced_by = shocks(&|s| s.enforces.contains(&id));
        let lifted_by = shocks(&|s| s.lifts.contains(&id));
        let (lag, begins) = match &model.quantities[rule.lag].shape {
            Shape::Fixed(lag) => (Some(*lag), (f64::INFINITY, f64::NEG_INFINITY)),
            Shape::Uncertain(lag) => (None, (from, from + lag.support().1)),
            Shape::Dated(_) => (None, (from, f64::INFINITY)),
        };
        let [waits_for, gives_way_to]: [Vec<usize>; 2] =
            [false, true].map(|l| model.answers.of_rule(id, l).collect());
        let others = [enforced_by.len(), lifted_by.len(), waits_for.len(), gives_way_to.len()];
        Self {
            by_itself: others == [0; 4],
            issuer: rule.issuer,
            from,
            until,
            announced,
            enforced_by,
            lifted_by,
            waits_for,
            gives_way_to,
            lag,
            begins,
        }
    }

    /// Whether draws differ in what has been approved at some moment of the quarter at `t`.
    pub(super) fn begins_in(&self, t: f64) -> bool {
        self.begins.0 < t + 1.0 && t < self.begins.1
    }

    /// Whether the rule, with this lag, changes nothing between two moments: it is not in force, nobody knows that it will be, and nothing
    /// of it happens. A moment between them counts even where nothing turns on it, for it parts a quarter.
    #[inline]
    pub(super) fn is_silent(&self, lag: f64, (start, end): (f64, f64)) -> bool {
        let elsewhere = self.until <= start || (self.from >= end && self.announced >= end);
        let moments = [self.announced, self.from, self.until, self.from + lag];
        self.by_itself && elsewhere && moments.iter().all(|&x| x <= start || x >= end)
    }
}
