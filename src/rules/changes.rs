//! When a case can change: quarters in which it must be looked at again, all others being as the one before.
//!
//! Between the moments at which a rule is announced, comes into force, ends or gives its first approvals, and at which a
//! shock's course begins or ends, what governs stays what it was. So an outcome that was found for a quarter without such a
//! moment holds until the next one.

use super::CaseId;
use super::parameters::{NEVER, Terms};
use super::rulebook::{Dates, Rulebook};
use crate::math::{Mask, WIDTH};
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

/// Quarters that differ between draws.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    /// Those of each draw.
    by_lane: [Quarters; WIDTH],
    /// Those of any.
    any: Quarters,
}

impl Turns {
    pub(super) const NONE: Self = Self { by_lane: [Quarters::NONE; WIDTH], any: Quarters::NONE };

    #[inline(always)]
    pub(super) fn add(&mut self, lane: usize, moment: f64) {
        self.by_lane[lane].add(moment);
        self.any.add(moment);
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
    /// Draws in which what a case comes to now may differ from the quarter before `t`; none if it does in no draw.
    #[inline(always)]
    pub fn may_change(&self, case: CaseId, t: usize, terms: &Terms) -> Option<Mask> {
        let watch = &self.cases[case.index()].watch;
        if watch.dates.touches(t) {
            return Some(Mask::splat(true));
        }
        self.moved(case, terms, |quarters| quarters.touches(t))
    }

    /// Draws in which what it is expected to come to `lead` quarters later may differ from what was expected before `t`.
    #[inline(always)]
    pub fn may_change_ahead(&self, case: CaseId, t: usize, lead: usize, terms: &Terms) -> Option<Mask> {
        let watch = &self.cases[case.index()].watch;
        if watch.known.touches(t) || watch.dates.touches(t + lead) {
            return Some(Mask::splat(true));
        }
        // A course that begins in this quarter was not expected in the one before.
        self.moved(case, terms, |quarters| quarters.touches(t) || quarters.touches(t + lead))
    }

    /// Draws in which something that differs between draws happens in certain quarters.
    #[inline(always)]
    fn moved(&self, case: CaseId, terms: &Terms, when: impl Fn(&Quarters) -> bool) -> Option<Mask> {
        let c = &self.cases[case.index()];
        let lags = c.watch.lags.iter().map(|&rule| &terms.approvals[rule]);
        let courses = c.shocks.iter().map(|(shock, _)| &terms.turns[shock.index()]);
        let mut lanes = None;
        for turns in lags.chain(courses).filter(|turns| when(&turns.any)) {
            let lanes = lanes.get_or_insert(Mask::splat(false));
            for (lane, _) in turns.by_lane.iter().enumerate().filter(|(_, quarters)| when(quarters)) {
                lanes.0[lane] = u64::MAX;
            }
        }
        lanes
    }
}

impl Terms {
    /// Forgets all courses of shocks.
    pub fn clear_courses(&mut self) {
        self.courses.fill((NEVER, NEVER));
        self.turns.fill(Turns::NONE);
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
        self.turns[shock.index()].add(lane, t as f64);
        self.note_turns(book, shock, lane);
    }

    /// Takes over courses that began before: `twins` are places of the same shocks in `from`.
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
            approvals: _,
        } = from;
        for (s, twin) in twins.iter().enumerate().filter_map(|(s, twin)| twin.map(|t| (s, t))) {
            self.courses[s] = courses[twin];
            (0..WIDTH).for_each(|lane| self.note_turns(book, ShockId(s as u32), lane));
        }
    }

    /// Notes when a course and the approvals under rules that it puts in force begin and end.
    fn note_turns(&mut self, book: &Rulebook, shock: ShockId, lane: usize) {
        let (onset, until) = self.courses[shock.index()];
        let turns = &mut self.turns[shock.index()];
        turns.add(lane, onset[lane]);
        turns.add(lane, until[lane]);
        for rule in &book.model.shocks[shock.index()].enforces {
            turns.add(lane, onset[lane] + self.lag[rule.index()][lane]);
        }
    }
}
