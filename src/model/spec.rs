//! What a field asks of its value: unit, domain, default.

use super::lever::Lever;

/// What a field asks of its value.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools)] // each is a property that a field has or has not
pub struct Spec {
    /// Canonical unit; empty for what has none.
    pub unit: Unit,
    /// Smallest and largest value.
    pub domain: (f64, f64),
    /// Written default.
    pub default: Option<&'static str>,
    /// Whether the field must be there.
    pub required: bool,
    /// What its effects act on, if it has some.
    pub lever: Option<Lever>,
    /// Whether it may change over time.
    pub series: bool,
    /// Whether it may be a list of ids where it is a table of shares.
    pub list: bool,
    /// Whether it is evaluated every quarter, so that an edit of it can wait for a sign.
    pub waits: bool,
}

/// A field's canonical unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// None: not a quantity.
    None,
    /// As written.
    Plain(&'static str),
    /// A share: `1`, on which 90% intervals are logit-normal.
    Share,
    /// A factor a year.
    Growth,
    /// The good's unit.
    Good,
    /// The good's unit per quarter.
    GoodPerQuarter,
}

impl Spec {
    const fn of(unit: Unit, low: f64, high: f64) -> Self {
        Self {
            unit,
            domain: (low, high),
            default: None,
            required: false,
            lever: None,
            series: false,
            list: false,
            waits: false,
        }
    }
    /// Nothing in particular.
    pub const fn none() -> Self {
        Self::of(Unit::None, f64::NEG_INFINITY, f64::INFINITY)
    }
    /// It must be there.
    pub const fn required() -> Self {
        Self { required: true, ..Self::none() }
    }
    /// A quantity in a unit.
    pub const fn unit(unit: &'static str) -> Self {
        Self::of(Unit::Plain(unit), f64::NEG_INFINITY, f64::INFINITY)
    }
    /// A share.
    pub const fn share() -> Self {
        Self::of(Unit::Share, 0.0, 1.0)
    }
    /// A factor a year.
    pub const fn growth() -> Self {
        Self::of(Unit::Growth, 1e-6, 1e6)
    }
    /// The good's unit per quarter.
    pub const fn rate_of_good() -> Self {
        Self::of(Unit::GoodPerQuarter, f64::NEG_INFINITY, f64::INFINITY)
    }
    /// The good's unit.
    pub const fn unit_of_good() -> Self {
        Self::of(Unit::Good, f64::NEG_INFINITY, f64::INFINITY)
    }
    /// Effects on a lever.
    pub const fn lever(lever: Lever) -> Self {
        Self { lever: Some(lever), ..Self::of(Unit::Plain("1"), 0.0, f64::INFINITY) }
    }
    /// Not below.
    #[must_use]
    pub const fn at_least(mut self, low: f64) -> Self {
        self.domain.0 = low;
        self
    }
    /// Not outside.
    #[must_use]
    pub const fn between(mut self, low: f64, high: f64) -> Self {
        self.domain = (low, high);
        self
    }
    /// Above zero.
    #[must_use]
    pub const fn positive(mut self) -> Self {
        self.domain.0 = f64::MIN_POSITIVE;
        self
    }
    /// Evaluated every quarter: an edit of it can wait for a sign.
    #[must_use]
    pub const fn waits(mut self) -> Self {
        self.waits = true;
        self
    }
    /// What it is where nothing is written.
    #[must_use]
    pub const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }
    /// What the field's type says: whether it may be dated, or a list.
    #[must_use]
    pub fn of_type(mut self, name: &str) -> Self {
        self.series = name.contains("Series");
        self.list = name.contains("Shares");
        self
    }
    /// The domain in words.
    pub fn domain_words(&self) -> String {
        match self.domain {
            (l, h) if l == f64::NEG_INFINITY && h == f64::INFINITY => "any number".to_owned(),
            (l, h) if l == f64::MIN_POSITIVE && h == f64::INFINITY => "a positive number".to_owned(),
            (l, h) if l == f64::MIN_POSITIVE && h <= 1.0 => "a quantile: above 0 and below 1".to_owned(),
            (0.0, h) if h == f64::INFINITY => "zero or more".to_owned(),
            (l, h) if h == f64::INFINITY => format!("at least {l}"),
            (0.0, 1.0) if self.unit == Unit::Share => "a share: from 0 to 1 (100%)".to_owned(),
            (l, h) => format!("from {l} to {h}"),
        }
    }
}
