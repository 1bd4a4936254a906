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
    pub const fn new(year: i32, quarter: i32) -> Self {
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

impl Quarter {
    /// Reads `2022Q4`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, number) = text.split_once('Q')?;
        let (year, number): (i32, i32) = (year.parse().ok()?, number.parse().ok()?);
        (text.len() == 6 && (1900..=2200).contains(&year) && (1..=4).contains(&number))
            .then(|| Self::new(year, number))
    }
}

/// A calendar month: months since January of the year 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub i32);

impl Month {
    /// Reads `2024-11`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let (year, month): (i32, i32) = (year.parse().ok()?, month.parse().ok()?);
        (text.len() == 7 && (1900..=2200).contains(&year) && (1..=12).contains(&month))
            .then(|| Self(year * 12 + month - 1))
    }

    /// The quarter that holds it.
    pub fn quarter(self) -> Quarter {
        Quarter(self.0.div_euclid(3))
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

impl Quarter {
    /// Its last month.
    pub fn last_month(self) -> Month {
        Month(self.0 * 3 + 2)
    }
}

/// Some months in a row, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Months {
    /// The first month.
    pub first: Month,
    /// The last month.
    pub last: Month,
}

impl Months {
    /// How many.
    pub fn len(self) -> i32 {
        self.last.0 - self.first.0 + 1
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() <= 0
    }

    /// The quarters that they touch, each with the share of its months that is among them.
    pub fn shares(self) -> impl Iterator<Item = (Quarter, f64)> {
        let months = move |q: i32| f64::from(self.last.0.min(q * 3 + 2) - self.first.0.max(q * 3) + 1) / 3.0;
        (self.first.quarter().0..=self.last.quarter().0).map(move |q| (Quarter(q), months(q)))
    }
}

impl Horizon {
    /// Reads `2022Q1..2030Q4`.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once("..")?;
        Some(Self { first: Quarter::parse(first.trim())?, last: Quarter::parse(last.trim())? })
    }
}

impl Date {
    /// Reads `2022-10-07` or `2022Q4`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(quarter) = Quarter::parse(text) {
            return Some(Self(f64::from(quarter.0)));
        }
        let mut parts = text.split('-');
        let mut next = || parts.next()?.parse::<i32>().ok();
        let (year, month, day) = (next()?, next()?, next()?);
        if parts.next().is_some()
            || text.len() != 10
            || !(1..=12).contains(&month)
            || !(1900..=2200).contains(&year)
        {
            return None;
        }
        let days = |m: i32| days(year, m);
        if day < 1 || day > days(month) {
            return None;
        }
        let quarter = (month - 1) / 3;
        let first = quarter * 3 + 1;
        let elapsed: i32 = (first..month).map(days).sum::<i32>() + day - 1;
        let length: i32 = (first..first + 3).map(days).sum();
        Some(Self(f64::from(year * 4 + quarter) + f64::from(elapsed) / f64::from(length)))
    }

    /// As a day of the calendar: `2022-10-07`.
    pub fn day(self) -> String {
        let quarter = self.quarter();
        let first = quarter.number() * 3 - 2;
        let days = |m: i32| days(quarter.year(), m);
        let length: i32 = (first..first + 3).map(days).sum();
        let mut day = ((self.0 - self.0.floor()) * f64::from(length)).round() as i32;
        let mut month = first;
        while day >= days(month) && month < first + 2 {
            day -= days(month);
            month += 1;
        }
        format!("{}-{month:02}-{:02}", quarter.year(), day + 1)
    }

    /// The quarter that holds it.
    pub fn quarter(self) -> Quarter {
        Quarter(self.0.floor() as i32)
    }

    /// Quarters from the start of `origin` to this date.
    pub fn since(self, origin: Quarter) -> f64 {
        self.0 - f64::from(origin.0)
    }
}

/// Days in a month, 1 to 12.
fn days(year: i32, month: i32) -> i32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_a_leap_cycle_reads_back() {
        for year in 2022..2030 {
            for month in 1..=12 {
                for day in 1..=days(year, month) {
                    let text = format!("{year}-{month:02}-{day:02}");
                    assert_eq!(Date::parse(&text).unwrap().day(), text);
                }
            }
        }
    }

    #[test]
    fn shares_of_quarters_add_up_to_the_months() {
        let month = |text: &str| Month::parse(text).unwrap();
        let fiscal = Months { first: month("2024-11"), last: month("2025-01") };
        let shares: Vec<(String, f64)> = fiscal.shares().map(|(q, s)| (q.to_string(), s)).collect();
        assert_eq!(shares, [("2024Q4".to_owned(), 2.0 / 3.0), ("2025Q1".to_owned(), 1.0 / 3.0)]);
        assert_eq!(
            (month("2025-01").quarter(), month("2025-01").to_string()),
            (Quarter::new(2025, 1), "2025-01".into())
        );
        for first in 24_264..24_276 {
            for last in first..first + 9 {
                let months = Months { first: Month(first), last: Month(last) };
                let total: f64 = months.shares().map(|(_, s)| 3.0 * s).sum();
                assert!((total - f64::from(months.len())).abs() < 1e-12);
                assert!(months.shares().all(|(_, s)| s > 0.0 && s <= 1.0));
            }
        }
        for wrong in ["2024-13", "2024-00", "24-01", "2024Q1", "2024-1", "2024-001"] {
            assert_eq!(Month::parse(wrong), None, "{wrong}");
        }
    }
}
