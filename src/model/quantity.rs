//! A number of the scenario: fixed, uncertain or dated, in canonical units, with where it came from.

use super::ids::QuantityId;
use crate::random::Distribution;

/// A number of the scenario under its path.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// Its identity, such as `facility.smic-n2.capacity`: key of its random stream and its column.
    pub path: String,
    /// What it can be, in the canonical unit.
    pub shape: Shape,
    /// Canonical unit of the value.
    pub unit: String,
    /// Smallest and largest value that the field can take; distributions are cut to it.
    pub domain: (f64, f64),
    /// Whether it is evaluated every quarter, so that an edit of it can wait for a sign.
    pub waits: bool,
    /// Whether its field may change over time, so that steps look it up by quarter.
    pub series: bool,
    /// Where it was given, who says so and how sure.
    pub provenance: Provenance,
    /// Policies (or `--edits`, `--set`) that touched it, in order.
    pub edited_by: Vec<String>,
}

/// What a number can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// One number.
    Fixed(f64),
    /// One draw, the same in all quarters.
    Uncertain(Distribution),
    /// A path through dated points.
    Dated(Dated),
}

/// A path through dated points: all points share the quantity's uniform unless `independent`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dated {
    /// Points in time order: quarters since the horizon's start (possibly negative or fractional), and the value there.
    pub points: Vec<(f64, Point)>,
    /// How values between points are found.
    pub between: Between,
    /// Factor a year before the first point (its own quantity, path `.before`); 1 if absent.
    pub before: Option<QuantityId>,
    /// Factor a year after the last point (its own quantity, path `.after`); 1 if absent.
    pub after: Option<QuantityId>,
    /// Factor on the whole path (its own quantity, path `.level`).
    pub level: Option<QuantityId>,
}

/// The value of a dated path at one of its points.
#[derive(Clone, Debug, PartialEq)]
pub enum Point {
    /// A distribution at the path's own uniform ([`Distribution::fixed`] for a number).
    Shared(Distribution),
    /// A quantity of its own, where points are independent: path `facility.x.capacity.2024Q4`.
    Own(QuantityId),
}

/// How values between dated points are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// Linear in the logarithm; linear where an end is zero or negative.
    Log,
    /// Linear.
    Linear,
    /// The earlier point's value holds until the next.
    Step,
}

/// Who says so, and how sure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// File (relative to the scenario's folder, or `--set`) and line.
    pub place: String,
    /// As written: `"10k to 400k"`.
    pub written: String,
    /// The unit in which it was written; empty for the canonical one.
    pub unit: String,
    /// Source.
    pub source: String,
    /// How sure.
    pub grade: Option<Grade>,
    /// Anything else.
    pub note: String,
}

/// How well a number is founded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// A published figure.
    Published,
    /// Worked out from published figures.
    Derived,
    /// Our judgement.
    Judgement,
}

impl Grade {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Derived => "derived",
            Self::Judgement => "judgement",
        }
    }
}

impl Quantity {
    /// Whether it varies between draws.
    pub fn is_uncertain(&self) -> bool {
        match &self.shape {
            Shape::Fixed(_) => false,
            Shape::Uncertain(d) => !d.is_fixed(),
            Shape::Dated(d) => d.points.iter().any(|(_, p)| matches!(p, Point::Shared(d) if !d.is_fixed())),
        }
    }
}
