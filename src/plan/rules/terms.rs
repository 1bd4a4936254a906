//! What rules say in a batch: switches, lags, shares and fees, which conditions hold, and the courses of shocks.

use super::book::Rulebook;
use super::cover;
use crate::math::{Lanes, Mask};
use crate::model::{Model, QuantityId, Rule, Status};
use crate::plan::inputs::Inputs;

/// Rules' intervals and numbers in a batch.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Whether a rule's own dates hold.
    pub(super) switched_on: Vec<Mask>,
    /// From the start of force to the first approvals, by rule [quarters].
    pub(super) lag: Vec<Lanes>,
    /// Approved share once approvals have begun, by rule [1].
    pub(super) share: Vec<Lanes>,
    /// Fee of each rule of each case, in order of cases [1].
    pub(super) fee: Vec<Lanes>,
    /// Whether conditions hold that are not the same in every draw.
    pub(super) holds: Vec<Mask>,
    /// Whether all conditions of a case come out as at medians in every lane: its table holds.
    pub(super) usual: Vec<bool>,
    /// Start and end of force of the current course of each shock [quarters since the horizon's start]; infinite before its first.
    pub courses: Vec<(Lanes, Lanes)>,
}

impl Terms {
    /// Terms at given inputs, without any shock.
    pub fn new(book: &Rulebook, inputs: &Inputs) -> Self {
        let never = Lanes::splat(f64::INFINITY);
        let mut terms = Self {
            switched_on: Vec::new(),
            lag: Vec::new(),
            share: Vec::new(),
            fee: Vec::new(),
            holds: Vec::new(),
            usual: Vec::new(),
            courses: vec![(never, never); book.model.shocks.len()],
        };
        terms.refresh(book, inputs);
        terms
    }

    /// Reads a batch's numbers; courses of shocks stay as they are.
    pub fn refresh(&mut self, book: &Rulebook, inputs: &Inputs) {
        let model = &book.model;
        let half = Lanes::splat(0.5);
        self.switched_on.clear();
        self.switched_on.extend(model.rules.iter().map(|r| inputs.value(r.in_force).ge(half)));
        self.lag.clear();
        self.lag.extend(model.rules.iter().map(|r| inputs.value(r.lag)));
        self.share.clear();
        self.share.extend(model.rules.iter().map(|r| approved(model, r, inputs)));
        self.holds.clear();
        self.holds.extend(book.conditions.iter().map(|c| {
            let (any, all) = c.clauses(model);
            cover::holds(model, c.item, any, all, inputs)
        }));
        let as_usual = |c: usize| book.usual.get(c).is_some_and(|&usual| self.holds[c] == Mask::splat(usual));
        self.usual.clear();
        self.usual
            .extend((book.cases.iter()).map(|c| c.members.iter().all(|m| m.condition.is_none_or(as_usual))));
        self.fee.clear();
        for member in book.cases.iter().flat_map(|c| &c.members) {
            let last = inputs.value(member.fee);
            let fee = member.bands.iter().rev().fold(last, |otherwise, &(condition, fee)| {
                self.holds[condition].select(inputs.value(fee), otherwise)
            });
            self.fee.push(fee);
        }
    }
}

/// Approved share of what a rule covers: its own, or by status.
fn approved(model: &Model, rule: &Rule, inputs: &Inputs) -> Lanes {
    let given = |by_status: QuantityId| inputs.value(rule.share.unwrap_or(by_status));
    match rule.requires.or(rule.eased_to).unwrap_or(Status::Free) {
        Status::Free | Status::Notify => Lanes::ONE,
        Status::LicensePresumedApproved => given(model.licensing.presumed),
        Status::LicenseCaseByCase => given(model.licensing.case_by_case),
        Status::License => given(model.licensing.license),
        Status::Denied => Lanes::ZERO,
    }
}
