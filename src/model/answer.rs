//! Answers: edits and rules that wait for a sign, a recorded metric that has passed a level.

use super::Model;
use super::ids::{QuantityId, RuleId};
use super::quantity::Shape;
use crate::scenario::Place;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is waited for: a metric of an earlier quarter, as it is observed, beyond a level.
#[derive(Clone, Debug)]
pub struct Sign {
    /// Actor, such as `country.china`.
    pub actor: String,
    /// Metric, such as `smuggled_chips`.
    pub metric: String,
    /// Whether it is met above the level; below it otherwise.
    pub above: bool,
    /// The level \[the metric's unit\].
    pub level: f64,
    /// The level that it must be beyond to stay on; none: once on, it stays on \[the metric's unit\].
    pub off: Option<f64>,
    /// Whether it can come on again after it went off.
    pub again: bool,
    /// From the quarter that is observed to the one that answers \[quarters\].
    pub lag: usize,
    /// Standard deviation of the logarithm of what is observed, about that of the truth \[ln\].
    pub error: f64,
    /// First quarter in which it can come on, counted from the horizon's first.
    pub from: usize,
    /// Where it was written.
    pub place: Place,
}

impl PartialEq for Sign {
    fn eq(&self, other: &Self) -> bool {
        let what = |s: &Self| (s.actor.clone(), s.metric.clone(), s.above, s.again, s.lag, s.from);
        let levels = |s: &Self| (s.level, s.off, s.error);
        what(self) == what(other) && levels(self) == levels(other)
    }
}

impl Sign {
    /// What is looked at, as a cell is written, without its quarter.
    pub fn address(&self) -> String {
        format!("{}/{}", self.actor, self.metric)
    }

    /// In words: `country.omega/smuggled_chips > 2000, seen 2 quarters late with an error of 0.3 (…)`.
    pub fn words(&self) -> String {
        let way = if self.above { ">" } else { "<" };
        let late = if self.lag == 1 { "quarter late" } else { "quarters late" };
        let mut words = format!("{} {way} {}, seen {} {late}", self.address(), self.level, self.lag);
        if self.error > 0.0 {
            words
                .push_str(&format!(" with an error of {} (standard deviation of its logarithm)", self.error));
        }
        if let Some(off) = self.off {
            words.push_str(&format!(", until it is no more beyond {off}"));
            words.push_str(if self.again { "" } else { ", never again then" });
        }
        words
    }

    /// Path of the error with which it is observed: the same for all who look at that metric.
    pub fn error_path(&self) -> String {
        format!("sign.{}.error", self.address())
    }

    /// First quarter in which it can come on.
    pub fn first(&self) -> usize {
        self.from.max(self.lag)
    }
}

/// A number that is another while a sign is on.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The number.
    pub number: QuantityId,
    /// Signs in order of their first edits, and the number as it is edited, in the model of that sign: of several that are on the last rules.
    pub edited: Vec<(usize, QuantityId)>,
    /// Whether it takes a place for each quarter although it is the same in all: a sign gives it a course, and steps look back and ahead.
    pub spread: bool,
}

/// A rule that is in force only while a sign is on, or only while it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleWaits {
    /// The rule.
    pub rule: RuleId,
    /// The sign.
    pub sign: usize,
    /// Whether the sign puts it out of force.
    pub lifted: bool,
}

/// All that waits for signs.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The signs.
    pub signs: Vec<Sign>,
    /// By sign: the model under its edits of numbers; none without such edits.
    pub edited: Vec<Option<Arc<Model>>>,
    /// Numbers that wait.
    pub numbers: Vec<Waiting>,
    /// Rules that wait.
    pub rules: Vec<RuleWaits>,
}

impl Answers {
    /// First quarter in which a sign can come on; none without signs.
    pub fn first(&self) -> Option<usize> {
        self.signs.iter().map(Sign::first).min()
    }

    /// Signs that keep a rule out of force while they are off, and those that do while they are on.
    pub fn of_rule(&self, rule: RuleId, lifted: bool) -> impl Iterator<Item = usize> + '_ {
        self.rules.iter().filter(move |w| w.rule == rule && w.lifted == lifted).map(|w| w.sign)
    }

    /// Pairs the numbers that wait with what each sign makes of them; by sign, those that its edits are about.
    pub(super) fn pair(&mut self, model: &Model, of_sign: &[BTreeSet<QuantityId>]) {
        let under: Vec<_> = self.edited.iter().map(|m| m.as_ref().map(|m| m.numbers_by_path())).collect();
        let all: BTreeSet<QuantityId> = of_sign.iter().flatten().copied().collect();
        for number in all {
            let path = model.quantities[number].path.as_str();
            let edited = |sign: usize| {
                let paths = under[sign].as_ref().filter(|_| of_sign[sign].contains(&number))?;
                Some((sign, *paths.get(path)?))
            };
            let edited: Vec<_> = (0..self.signs.len()).filter_map(edited).collect();
            let of = &model.quantities[number];
            let spread = of.series && !matches!(of.shape, Shape::Dated(_));
            self.numbers.push(Waiting { number, edited, spread });
        }
    }
}

impl Model {
    /// Numbers by path.
    pub(super) fn numbers_by_path(&self) -> BTreeMap<&str, QuantityId> {
        self.quantities.iter_enumerated().map(|(id, q)| (q.path.as_str(), id)).collect()
    }
}
