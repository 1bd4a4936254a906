//! Published numbers that simulated metrics can be held against.

use super::time::{Months, Quarter};
use crate::scenario::Place;

/// A published number that a simulated metric can be held against.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Metric, such as `shipped_h100e_8bit_cum`.
    pub metric: String,
    /// Actor, such as `designer.nvidia`.
    pub actor: String,
    /// Quarter at whose end or over which it held; of months, that of the last.
    pub quarter: Quarter,
    /// Months over which a flow was counted, where they are no calendar quarter.
    pub months: Option<Months>,
    /// Published low end, if any.
    pub low: Option<f64>,
    /// Published central value, if any.
    pub central: Option<f64>,
    /// Published high end, if any.
    pub high: Option<f64>,
    /// Coverage of low..high \[1\].
    pub interval: f64,
    /// Whether it is one-sided evidence: the truth is at least this.
    pub at_least: bool,
    /// Quarter from which a cumulative metric counts, that quarter included.
    pub since: Option<Quarter>,
    /// Unit of the three numbers as written; none is the metric's own.
    pub unit: Option<String>,
    /// Under which heading it is scored; none is the metric's own.
    pub group: Option<String>,
    /// Where it was published.
    pub source: String,
    /// Where its parts were written.
    pub places: ObservationPlaces,
}

/// Where the parts of an observation were written: the row's place for those that are not.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)] // the place of the field of that name
pub struct ObservationPlaces {
    pub row: Place,
    pub metric: Place,
    pub actor: Place,
    pub quarter: Place,
    pub from: Place,
    pub to: Place,
    pub since: Place,
    pub unit: Place,
}

impl Observation {
    /// The published middle: the central value, else the geometric middle of both ends, else the end that there is.
    ///
    /// # Panics
    /// If none of the three is given.
    pub fn center(&self) -> f64 {
        match (self.central, self.low, self.high) {
            (Some(x), ..) => x,
            (None, Some(a), Some(b)) => (a * b).sqrt(),
            (None, a, b) => a.or(b).expect("an observation gives at least one of the three"),
        }
    }

    /// What tells its series from others: one metric of one actor, counted from one quarter or over so many months.
    pub fn series(&self) -> (&str, &str, Option<Quarter>, i32) {
        (&self.actor, &self.metric, self.since, self.months.map_or(3, Months::len))
    }

    /// The time that it is about: a quarter, or months.
    pub fn time(&self) -> String {
        self.months.map_or_else(|| self.quarter.to_string(), |m| format!("{}..{}", m.first, m.last))
    }

    /// When the time that it is about ends \[years\].
    pub fn ends(&self) -> f64 {
        let last = self.months.map_or(self.quarter.last_month(), |m| m.last);
        f64::from(last.0 + 1) / 12.0
    }
}
