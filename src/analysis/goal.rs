//! What is asked of a comparison: objectives, targets, and how precise a number must be.

use std::fmt;

/// A goal that cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadGoal {
    /// An objective.
    #[error(
        "--objective takes \"min CELL\" or \"max CELL\", such as \"min country.china/reachable_flop@2028Q4\", not \"{0}\""
    )]
    Objective(String),
    /// A target.
    #[error(
        "--target takes \"CELL < NUMBER\" or \"CELL > NUMBER\", such as \"country.china/reachable_flop@2028Q4 < 1e27\", not \"{0}\""
    )]
    Target(String),
    /// A condition on a cell.
    #[error(
        "{parameter} takes \"CELL < NUMBER\" or \"CELL > NUMBER\", such as \"country.china/reachable_flop@2028Q4 < 1e27\", not \"{text}\""
    )]
    Condition {
        /// What takes it.
        parameter: &'static str,
        /// What was typed.
        text: String,
    },
    /// A precision.
    #[error(
        "--precision takes \"CELL mean|p05|p50|p95 = SHARE\", such as \"country.china/reachable_flop@2028Q4 p50 = 1%\", not \"{0}\""
    )]
    Precision(String),
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// Less is better.
    Min,
    /// More is better.
    Max,
}

impl Sense {
    /// 1 where less is better, −1 where more is.
    pub fn sign(self) -> f64 {
        if self == Self::Min { 1.0 } else { -1.0 }
    }
}

impl fmt::Display for Sense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Min { "min" } else { "max" })
    }
}

/// A cell that should be small or large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    /// Which way is better.
    pub sense: Sense,
    /// The cell's address.
    pub cell: String,
}

/// A cell's bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The cell's address.
    pub cell: String,
    /// Whether it must be below the bound rather than above.
    pub below: bool,
    /// The bound, in the cell's unit.
    pub bound: f64,
}

/// Which number of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Its mean.
    Mean,
    /// A quantile: 5%, 50% or 95%, by position.
    Quantile(usize),
}

/// How small the 95% interval of a number must be, as a share of the number.
#[derive(Clone, Debug, PartialEq)]
pub struct Precision {
    /// The cell's address.
    pub cell: String,
    /// Which number of it.
    pub statistic: Statistic,
    /// Half of the interval over the number \[1\].
    pub share: f64,
}

impl Objective {
    /// Reads `min CELL` or `max CELL`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse(text: &str) -> Result<Self, BadGoal> {
        let bad = || BadGoal::Objective(text.to_owned());
        let (sense, cell) = text.trim().split_once(char::is_whitespace).ok_or_else(bad)?;
        let sense = match sense {
            "min" => Sense::Min,
            "max" => Sense::Max,
            _ => return Err(bad()),
        };
        Ok(Self { sense, cell: address(cell).ok_or_else(bad)? })
    }
}

impl Target {
    /// Reads `CELL < NUMBER` or `CELL > NUMBER`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse(text: &str) -> Result<Self, BadGoal> {
        let bad = || BadGoal::Target(text.to_owned());
        let below = text.contains('<');
        let (cell, bound) = text.split_once(['<', '>']).ok_or_else(bad)?;
        let bound = share(bound.trim()).ok_or_else(bad)?;
        Ok(Self { cell: address(cell).ok_or_else(bad)?, below, bound })
    }

    /// The same of another parameter than `--target`.
    ///
    /// # Errors
    /// As [`Target::parse`], in the parameter's name.
    pub fn parse_as(parameter: &'static str, text: &str) -> Result<Self, BadGoal> {
        Self::parse(text).map_err(|_| BadGoal::Condition { parameter, text: text.to_owned() })
    }

    /// Whether a value satisfies it.
    pub fn holds(&self, x: f64) -> bool {
        if self.below { x < self.bound } else { x > self.bound }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.below { '<' } else { '>' };
        let plain = self.bound == 0.0 || (1e-4..1e6).contains(&self.bound.abs());
        if plain {
            write!(f, "{} {sign} {}", self.cell, self.bound)
        } else {
            write!(f, "{} {sign} {:e}", self.cell, self.bound)
        }
    }
}

impl Precision {
    /// Reads `CELL p50 = 1%`.
    ///
    /// # Errors
    /// If it is not that.
    pub fn parse(text: &str) -> Result<Self, BadGoal> {
        let bad = || BadGoal::Precision(text.to_owned());
        let (number, wanted) = text.split_once('=').ok_or_else(bad)?;
        let (cell, statistic) = number.trim().rsplit_once(char::is_whitespace).ok_or_else(bad)?;
        let statistic = match statistic {
            "mean" => Statistic::Mean,
            "p05" => Statistic::Quantile(0),
            "p50" => Statistic::Quantile(1),
            "p95" => Statistic::Quantile(2),
            _ => return Err(bad()),
        };
        let share = share(wanted.trim()).filter(|s| *s > 0.0).ok_or_else(bad)?;
        Ok(Self { cell: address(cell).ok_or_else(bad)?, statistic, share })
    }
}

/// A number, or a percentage.
fn share(text: &str) -> Option<f64> {
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => text.parse().ok()?,
    };
    number.is_finite().then_some(number)
}

/// A cell's address: actor/metric@quarter, without patterns.
fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let whole = text.contains('/') && text.contains('@') && !text.contains(['*', '{', ' ']);
    whole.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_read_as_people_write_them() {
        let cell = "country.china/reachable_flop@2028Q4";
        let objective = Objective::parse(&format!("min {cell}")).unwrap();
        assert_eq!((objective.sense, objective.cell.as_str()), (Sense::Min, cell));
        assert!(Objective::parse(cell).is_err() && Objective::parse("least a/b@2028Q4").is_err());
        let target = Target::parse(&format!("{cell} < 1e27")).unwrap();
        assert!(target.holds(9e26) && !target.holds(1e27) && !target.holds(2e27));
        assert_eq!(target.to_string(), format!("{cell} < 1e27"));
        assert!(!Target::parse(&format!("{cell}>1e27")).unwrap().holds(1e27));
        assert!(Target::parse(&format!("{cell} = 1e27")).is_err());
        let precision = Precision::parse(&format!("{cell} p50 = 1%")).unwrap();
        assert_eq!((precision.statistic, precision.share), (Statistic::Quantile(1), 0.01));
        assert!(Precision::parse(&format!("{cell} p50 = 0%")).is_err());
        assert!(Precision::parse(&format!("{cell} p51 = 1%")).is_err());
    }
}
