//! What a policy says that it moves, held against what it does.

use super::Paired;
use std::fmt;

/// Which way a cell should go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// More of it.
    Rises,
    /// Less of it.
    Falls,
    /// As much of it.
    Stays,
}

/// A cell and its way, as a policy's `expects` writes them: `country.china/imported_h100e_cum@2028Q4 falls`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The cell's address.
    pub cell: String,
    /// Which way it should go.
    pub way: Way,
}

/// Whether an expectation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It does, beyond the error of the simulation.
    Holds,
    /// It does not, beyond the error of the simulation.
    Fails,
    /// Draws are too few to say.
    Open,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rises => "rises",
            Self::Falls => "falls",
            Self::Stays => "stays",
        })
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holds => "holds",
            Self::Fails => "does not hold",
            Self::Open => "cannot be told",
        })
    }
}

impl Expectation {
    /// Reads a cell and its way; none of a sentence that says something else.
    pub fn parse(text: &str) -> Option<Self> {
        let (cell, way) = text.trim().rsplit_once(char::is_whitespace)?;
        let way = match way {
            "rises" => Way::Rises,
            "falls" => Way::Falls,
            "stays" => Way::Stays,
            _ => return None,
        };
        let cell = cell.trim();
        let whole = cell.contains('/') && cell.contains('@') && !cell.contains(['*', '{', ' ']);
        whole.then(|| Self { cell: cell.to_owned(), way })
    }

    /// Whether a policy's change of the cell is what was expected, by the mean and its 95% interval.
    pub fn held(&self, paired: &Paired) -> Held {
        let mean = &paired.mean;
        let (up, down) = (mean.low > 0.0, mean.high < 0.0);
        // What is the same in every draw needs no interval.
        let still = paired.lower + paired.higher == 0.0;
        let (right, wrong) = match self.way {
            Way::Rises => (up, down || still),
            Way::Falls => (down, up || still),
            Way::Stays => (still, up || down),
        };
        if right {
            Held::Holds
        } else if wrong {
            Held::Fails
        } else {
            Held::Open
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_read_as_policies_write_them() {
        let cell = "country.china/imported_h100e_cum@2028Q4";
        let falls = Expectation::parse(&format!("{cell} falls")).unwrap();
        assert_eq!((falls.cell.as_str(), falls.way), (cell, Way::Falls));
        for other in [
            cell.to_owned(),
            format!("{cell} is less"),
            "china falls".to_owned(),
            "a/*@2028Q4 falls".to_owned(),
        ] {
            assert_eq!(Expectation::parse(&other), None, "{other}");
        }
    }
}
