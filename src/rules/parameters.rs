//! The numbers of rules in a batch: switches, lags, shares and fees, which conditions hold, and the courses of shocks.

use super::case::{Case, CaseId};
use super::rulebook::Rulebook;
use super::scope;
use super::turns::{Quarters, Turns};
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::{Lanes, Mask, WIDTH};
use crate::model::{IdVec, Model, QuantityId, Rule, RuleId, Shock, ShockId, Status};

/// What tells the draws of a batch apart in a case: a bit for each rule, set where its condition holds and its own dates count.
type Keys = [u64; WIDTH];

/// Rules' intervals and numbers in a batch.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// Whether a rule's own dates hold.
    pub(super) switched_on: IdVec<RuleId, Mask>,
    /// From the start of force to the first approvals, by rule \[quarters\].
    pub(super) lag: IdVec<RuleId, Lanes>,
    /// Approved share once approvals have begun, by rule \[1\].
    pub(super) share: IdVec<RuleId, Lanes>,
    /// Fee of each rule of each case, in order of cases \[1\].
    pub(super) fee: List<Lanes>,
    /// Whether conditions hold that are not the same in every draw.
    pub(super) holds: List<Mask>,
    /// Which rules of each case hold and are switched on, as bits by lane: the key to its tables.
    pub(super) keys: IdVec<CaseId, Keys>,
    /// From the onset of each shock to the last first approvals under what it puts in force \[quarters\].
    pub(super) settles: IdVec<ShockId, Lanes>,
    /// Start and end of force of the current course of each shock \[quarters since the horizon's start\]; infinite before its first.
    pub courses: IdVec<ShockId, (Lanes, Lanes)>,
    /// Quarters in which first approvals under each rule's own dates come, in draws that differ.
    pub(super) approvals: IdVec<RuleId, Turns>,
    /// Quarters in which courses of each shock begin or end, or approvals under what they enforce come.
    pub(super) turns: IdVec<ShockId, Turns>,
    /// Since when each sign that rules wait for has been on \[quarters since the horizon's start\]; infinite while it is off.
    pub(super) since: List<Lanes>,
    /// Quarters in which each sign comes on or goes off, or approvals under what waits for it come.
    pub(super) sign_turns: Vec<Turns>,
    /// Quarters in which numbers of rules change because a sign does, in some draw.
    pub(super) renewed: Quarters,
}

/// When a shock that has not struck begins and ends.
pub(super) const NEVER: Lanes = Lanes::splat(f64::INFINITY);

impl Parameters {
    /// Parameters of all cases at given inputs, without any shock.
    pub fn new(book: &Rulebook, inputs: &Inputs) -> Self {
        let mut parameters = Self::unread(book);
        parameters.read(book, inputs, book.cases.ids());
        parameters
    }

    /// Room for parameters, of which none was read yet.
    pub(crate) fn unread(book: &Rulebook) -> Self {
        let members = book.cases.iter().map(|c| c.members.len()).sum();
        Self {
            switched_on: IdVec::new(),
            lag: IdVec::new(),
            share: IdVec::new(),
            fee: List::of(Lanes::ZERO, members),
            holds: List::default(),
            keys: book.cases.filled([0; WIDTH]),
            settles: book.model.shocks.filled(Lanes::ZERO),
            courses: book.model.shocks.filled((NEVER, NEVER)),
            approvals: book.model.rules.filled(Turns::NONE),
            turns: book.model.shocks.filled(Turns::NONE),
            since: List::of(NEVER, book.model.answers.signs.len()),
            sign_turns: vec![Turns::NONE; book.model.answers.signs.len()],
            renewed: Quarters::NONE,
        }
    }

    /// Reads a batch's numbers for the cases that occur; courses of shocks stay as they are.
    pub fn refresh(&mut self, book: &Rulebook, inputs: &Inputs) {
        self.read(book, inputs, book.occurring.iter().copied());
    }

    fn read(&mut self, book: &Rulebook, inputs: &Inputs, cases: impl Iterator<Item = CaseId>) {
        let model = &book.model;
        let half = Lanes::splat(0.5);
        self.switched_on.refill(model.rules.iter().map(|r| inputs.value(r.in_force).ge(half)));
        self.lag.refill(model.rules.iter().map(|r| inputs.value(r.lag)));
        self.share.refill(model.rules.iter().map(|r| approved(model, r, inputs)));
        let lag = &self.lag;
        let last = |shock: &Shock| Lanes::ZERO.max_of(shock.enforces.iter().map(|rule| lag[*rule]));
        self.settles.refill(model.shocks.iter().map(last));
        self.holds.refill(book.conditions.iter().map(|c| {
            let (any, all) = c.clauses(model);
            scope::holds(model, c.item, any, all, inputs)
        }));
        for (turns, moments) in self.approvals.iter_mut().zip(book.first_approvals(&self.lag)) {
            if let Some(moments) = moments {
                *turns = Turns::NONE;
                moments.0.into_iter().enumerate().for_each(|(lane, moment)| turns.add(lane, moment));
            }
        }
        for case in cases {
            self.read_case(&book.cases[case], case, inputs);
        }
    }

    /// The key and the fees of a case.
    fn read_case(&mut self, case: &Case, id: CaseId, inputs: &Inputs) {
        let mut keys = [0; WIDTH];
        for (place, member) in case.members.iter().enumerate() {
            let holds = member.condition.map_or(Mask::splat(true), |c| self.holds[c]);
            let on = holds & self.switched_on[member.rule];
            for (key, on) in keys.iter_mut().zip(on.0) {
                // A case of more rules than a key has bits keeps no memo.
                *key |= on & 1_u64.checked_shl(place as u32).unwrap_or(0);
            }
            let last = inputs.value(member.fee);
            let fee = member.bands.iter().rev().fold(last, |otherwise, &(condition, fee)| {
                self.holds[condition].select(inputs.value(fee), otherwise)
            });
            self.fee[case.first + place] = fee;
        }
        self.keys[id] = keys;
    }

    /// Forgets all courses of shocks, and that signs have come on.
    pub fn clear_courses(&mut self) {
        self.courses.fill((NEVER, NEVER));
        self.turns.fill(Turns::NONE);
        self.since.fill(NEVER);
        self.sign_turns.fill(Turns::NONE);
        self.renewed = Quarters::NONE;
    }

    /// A sign comes on or goes off in one lane, at the start of quarter `t`.
    pub fn turn_sign(&mut self, book: &Rulebook, sign: usize, lane: usize, t: usize, on: bool) {
        self.since[sign][lane] = if on { t as f64 } else { f64::INFINITY };
        let turns = &mut self.sign_turns[sign];
        turns.add(lane, t as f64);
        for waits in book.model.answers.rules.iter().filter(|w| w.sign == sign) {
            turns.add(lane, t as f64 + self.lag[waits.rule][lane]);
        }
    }

    /// Reads the numbers of rules again, which signs changed at the start of quarter `t`.
    pub fn renew(&mut self, book: &Rulebook, inputs: &Inputs, t: usize) {
        self.refresh(book, inputs);
        self.renewed.add(t as f64);
    }

    /// Starts a course of a shock that struck in quarter `t`, in one lane; times in quarters since the horizon's start.
    pub fn begin_course(
        &mut self,
        book: &Rulebook,
        shock: ShockId,
        lane: usize,
        course: (f64, f64),
        t: usize,
    ) {
        self.courses[shock].0[lane] = course.0;
        self.courses[shock].1[lane] = course.1;
        self.turns[shock].add(lane, t as f64);
        self.note_turns(book, shock, lane);
    }

    /// Takes over courses that began before: `twins` are places of the same shocks in `from`, by shock.
    pub fn adopt_courses(&mut self, book: &Rulebook, from: &Self, twins: &[Option<usize>]) {
        // Everything but courses, and the turns that follow from them, is read from the inputs.
        let Self {
            courses,
            turns: _,
            switched_on: _,
            lag: _,
            share: _,
            fee: _,
            holds: _,
            keys: _,
            settles: _,
            approvals: _,
            // Nobody forks once a sign can have come on.
            since: _,
            sign_turns: _,
            renewed: _,
        } = from;
        for (shock, twin) in book.model.shocks.ids().zip(twins) {
            let Some(twin) = *twin else { continue };
            self.courses[shock] = courses.as_slice()[twin];
            (0..WIDTH).for_each(|lane| self.note_turns(book, shock, lane));
        }
    }

    /// Notes when a course and the approvals under rules that it puts in force begin and end.
    fn note_turns(&mut self, book: &Rulebook, shock: ShockId, lane: usize) {
        let (onset, until) = self.courses[shock];
        let turns = &mut self.turns[shock];
        turns.add(lane, onset[lane]);
        turns.add(lane, until[lane]);
        for rule in &book.model.shocks[shock].enforces {
            turns.add(lane, onset[lane] + self.lag[*rule][lane]);
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
