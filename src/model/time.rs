//! Calendar: days, quarters and the horizon.

/// Quarters in a year.
pub const QUARTERS_PER_YEAR: f64 = 4.0;
/// Days in a quarter: 365.25/4.
pub const DAYS_PER_QUARTER: f64 = 91.3125;

/// A calendar quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quarter(pub i32);

impl Quarter {
    /// The quarter of a year, `quarter` from 1 to 4.
    pub fn new(year: i32, quarter: i32) -> Self {
        Self(year * 4 + quarter - 1)
    }
    /// Its year.
    pub fn year(self) -> i32 {
        self.0.div_euclid(4)
    }
    /// Its number in the year, 1 to 4.
    pub fn number(self) -> i32 {
        self.0.rem_euclid(4) + 1
    }
}

impl std::fmt::Display for Quarter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}Q{}", self.year(), self.number())
    }
}

/// A point in time: quarters since 0000Q1, with the elapsed share of the quarter's days.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Date(pub f64);

impl Date {
    /// Quarters from the start of `origin` to this date.
    pub fn since(self, origin: Quarter) -> f64 {
        self.0 - f64::from(origin.0)
    }
}

/// First and last quarter of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// The first quarter.
    pub first: Quarter,
    /// The last quarter.
    pub last: Quarter,
}

impl Horizon {
    /// How many quarters.
    pub fn len(self) -> usize {
        (self.last.0 - self.first.0 + 1).max(0) as usize
    }
    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}
