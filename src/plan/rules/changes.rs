//! When a case can change: quarters in which it must be looked at again, all others being as the one before.
//!
//! Between the moments at which a rule is announced, comes into force, ends or gives its first approvals, and at which a
//! shock's course begins or ends, what governs stays what it was. So an outcome that was found for a quarter without such a
//! moment holds until the next one.

use super::CaseId;
use super::book::{Dates, Rulebook};
use super::terms::{NEVER, Terms};
use crate::math::WIDTH;
use crate::model::ShockId;

/// Quarters that are kept: the longest horizon, the longest lead and some to spare.
const KEPT: usize = 512;

/// A set of quarters since the horizon's start; those past what is kept are in every set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quarters([u64; KEPT / 64]);

impl Quarters {
    pub(super) const NONE: Self = Self([0; KEPT / 64]);

    /// Adds the quarter of a moment [quarters]; what is before the start or never comes is left out.
    #[inline(always)]
    pub(super) fn add(&mut self, moment: f64) {
        if (0.0..KEPT as f64).contains(&moment) {
            let quarter = moment as usize;
            self.0[quarter / 64] |= 1 << (quarter % 64);
        }
    }

    #[inline(always)]
    fn has(&self, quarter: usize) -> bool {
        self.0.get(quarter / 64).is_none_or(|word| word >> (quarter % 64) & 1 == 1)
    }

    /// Whether a quarter or the one before it is in the set: after a quarter of change comes one without.
    #[inline(always)]
    fn touches(&self, quarter: usize) -> bool {
        self.has(quarter) || quarter.checked_sub(1).is_some_and(|before| self.has(before))
    }
}

/// What can change a case, apart from draws.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    /// Moments of its rules' own dates.
    dates: Quarters,
    /// Quarters in which one of its rules is first known of.
    known: Quarters,
    /// Its rules whose lag differs between draws.
    lags: Vec<usize>,
}

impl Watch {
    /// Reads the dates of a case's rules.
    pub(super) fn new<'a>(rules: impl Iterator<Item = (usize, &'a Dates)>) -> Self {
        let mut watch = Self { dates: Quarters::NONE, known: Quarters::NONE, lags: Vec::new() };
        for (rule, d) in rules {
            for moment in [d.announced, d.from, d.until] {
                watch.dates.add(moment);
            }
            watch.known.add(d.announced);
            match d.lag {
                Some(lag) => watch.dates.add(d.from + lag),
                None => watch.lags.push(rule),
            }
        }
        watch
    }
}

impl Rulebook {
    /// Whether what a case comes to now may differ from the quarter before `t` in some draw.
    #[inline(always)]
    pub fn may_change(&self, case: CaseId, t: usize, terms: &Terms) -> bool {
        self.may_change_in(case, t, terms) || self.courses_of(case, terms).any(|q| q.touches(t))
    }

    /// Whether what it is expected to come to `lead` quarters later may differ from what was expected in the quarter before `t`.
    #[inline(always)]
    pub fn may_change_ahead(&self, case: CaseId, t: usize, lead: usize, terms: &Terms) -> bool {
        self.cases[case.index()].watch.known.touches(t)
            || self.may_change_in(case, t + lead, terms)
            // A course that begins in this quarter was not expected in the one before.
            || self.courses_of(case, terms).any(|q| q.touches(t) || q.touches(t + lead))
    }

    #[inline(always)]
    fn may_change_in(&self, case: CaseId, quarter: usize, terms: &Terms) -> bool {
        let watch = &self.cases[case.index()].watch;
        watch.dates.touches(quarter) || watch.lags.iter().any(|&rule| terms.approvals[rule].touches(quarter))
    }

    #[inline(always)]
    fn courses_of<'a>(&'a self, case: CaseId, terms: &'a Terms) -> impl Iterator<Item = &'a Quarters> {
        self.cases[case.index()].shocks.iter().map(|(shock, _)| &terms.turns[shock.index()])
    }
}

impl Terms {
    /// Forgets all courses of shocks.
    pub fn clear_courses(&mut self) {
        self.courses.fill((NEVER, NEVER));
        self.turns.fill(Quarters::NONE);
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
        self.courses[shock.index()].0[lane] = course.0;
        self.courses[shock.index()].1[lane] = course.1;
        self.turns[shock.index()].add(t as f64);
        self.note_turns(book, shock, lane);
    }

    /// Takes over courses that began before: `twins` are places of the same shocks in `from`.
    pub fn adopt_courses(&mut self, book: &Rulebook, from: &Self, twins: &[Option<usize>]) {
        for (s, twin) in twins.iter().enumerate().filter_map(|(s, twin)| twin.map(|t| (s, t))) {
            self.courses[s] = from.courses[twin];
            (0..WIDTH).for_each(|lane| self.note_turns(book, ShockId(s as u32), lane));
        }
    }

    /// Notes when a course and the approvals under rules that it puts in force begin and end.
    fn note_turns(&mut self, book: &Rulebook, shock: ShockId, lane: usize) {
        let (onset, until) = self.courses[shock.index()];
        let turns = &mut self.turns[shock.index()];
        turns.add(onset[lane]);
        turns.add(until[lane]);
        for rule in &book.model.shocks[shock.index()].enforces {
            turns.add(onset[lane] + self.lag[rule.index()][lane]);
        }
    }
}
