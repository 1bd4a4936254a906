//! Quarters in which something turns: a rule is announced, comes into force, ends or first approves, a shock begins or ends.

use super::dates::Dates;
use crate::math::wide::WIDTH;
use crate::model::RuleId;

/// Quarters that are kept: the longest horizon, the longest lead and some to spare.
const KEPT: usize = 512;

/// A set of quarters since the horizon's start; those past what is kept are in every set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quarters([u64; KEPT / 64]);

impl Quarters {
    pub(super) const NONE: Self = Self([0; KEPT / 64]);

    /// Adds the quarter of a moment \[quarters\]; what is before the start or never comes is left out.
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
    pub(super) fn touches(&self, quarter: usize) -> bool {
        self.has(quarter) || quarter.checked_sub(1).is_some_and(|before| self.has(before))
    }
}

/// Quarters that differ between draws.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    /// Those of each draw.
    pub(super) by_lane: [Quarters; WIDTH],
    /// Those of any.
    pub(super) any: Quarters,
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
    pub(super) dates: Quarters,
    /// Quarters in which one of its rules is first known of.
    pub(super) known: Quarters,
    /// Its rules whose lag differs between draws.
    pub(super) lags: Vec<RuleId>,
}

impl Watch {
    /// Reads the dates of a case's rules.
    pub(super) fn new<'a>(rules: impl Iterator<Item = (RuleId, &'a Dates)>) -> Self {
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
