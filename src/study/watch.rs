//! Who watches a study: is told how far it is and what is worth a note, says stop, and has the clock.

use crate::report::number;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// What is being counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Draws.
    Draws,
    /// Failures of suppliers, each in a batch of draws.
    Failures,
}

/// Who watches a study. Every method has a default: `()` watches nothing and lets everything run to its end.
pub trait Watch: Sync {
    /// Work begins, of so many steps.
    fn begin(&self, _work: Work, _steps: u64) {}
    /// So many steps are done. It may be called from any thread.
    fn progress(&self, _done: u64) {}
    /// The work that began has ended, or was given up.
    fn end(&self) {}
    /// Something worth knowing that is no error.
    fn note(&self, _note: &Note) {}
    /// Where it is set, the study stops with [`super::Error::Interrupted`] after the draws at hand.
    fn stop(&self) -> &AtomicBool {
        static NEVER: AtomicBool = AtomicBool::new(false);
        &NEVER
    }
    /// Seconds on a clock that only goes forward; 0 where there is no clock.
    fn now(&self) -> f64 {
        0.0
    }
}

impl Watch for () {}

/// Something worth knowing that is no error.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// The scenario has so many warnings.
    Warnings(usize),
    /// So many cells are summarised, more than are looked at by default.
    ManyCells(usize),
    /// The folder holds the study that was asked for, complete.
    Complete(PathBuf),
    /// A study goes on from what an interrupted one left.
    GoesOn {
        /// Draws that are done.
        done: u64,
        /// Draws.
        draws: u64,
    },
    /// Tables with a row a draw will be large.
    LargeTables {
        /// How large, in words.
        size: String,
        /// Whether any is text.
        text: bool,
    },
    /// What a long study will take, by a first few draws.
    Takes {
        /// Time \[s\].
        seconds: f64,
        /// Memory, in words.
        memory: String,
        /// Room on the disk, in words.
        disk: String,
    },
    /// So many of the draws satisfy the condition.
    Counted {
        /// Draws that do.
        used: u64,
        /// Draws.
        draws: u64,
    },
    /// How well the number is known of which a precision was asked.
    Precision {
        /// Its cell.
        cell: String,
        /// Half its 95% interval, as a share of it; none where that is not known.
        reached: Option<f64>,
        /// The share that was asked for.
        asked: f64,
        /// Draws that it took.
        draws: u64,
    },
    /// So many observations lie after the end of the simulation.
    LeftOut(usize),
    /// The draw that was picked.
    Picked {
        /// Its number.
        draw: u64,
        /// Draws.
        draws: u64,
        /// The cell.
        cell: String,
        /// Its value in the draw, in the unit of its metric.
        value: f64,
    },
    /// Nothing changes for the buyers asked about, but it does for those with headquarters in a country.
    ChangesFor(String),
    /// Nothing that rules say changes.
    NoChange,
    /// The scenario has no levers: so many were made of its leading numbers.
    LeversOfLeading(usize),
}

impl Note {
    /// Whether it is an answer or a caution, which is said even to those who want no notes.
    pub fn matters(&self) -> bool {
        match self {
            Self::Complete(_)
            | Self::Picked { .. }
            | Self::ChangesFor(_)
            | Self::NoChange
            | Self::LargeTables { .. } => true,
            Self::Precision { reached, asked, .. } => reached.is_none_or(|r| r > *asked || r.is_nan()),
            Self::Warnings(_)
            | Self::ManyCells(_)
            | Self::GoesOn { .. }
            | Self::Takes { .. }
            | Self::Counted { .. }
            | Self::LeftOut(_)
            | Self::LeversOfLeading(_) => false,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Warnings(n) => {
                let plural = if *n == 1 { "" } else { "s" };
                write!(f, "{n} warning{plural}: `chokepoint check` lists them")
            }
            Self::ManyCells(n) => write!(f, "{n} cells are summarised; --select chooses fewer"),
            Self::Complete(path) => {
                write!(f, "{} holds this very run, complete; --force does it again", path.display())
            }
            Self::GoesOn { done, draws } => write!(f, "goes on after {done} of {draws} draws"),
            Self::LargeTables { size, text } => {
                let format = if *text { ", parquet in place of csv" } else { "" };
                write!(
                    f,
                    "the tables with a row a draw will take about {size}; less with fewer cells by --select, fewer --draws{format}"
                )
            }
            Self::Takes { seconds, memory, disk } => {
                let time = match seconds {
                    s if *s < 90.0 => format!("{s:.0} s"),
                    s if *s < 5400.0 => format!("{:.0} min", s / 60.0),
                    s => format!("{:.1} h", s / 3600.0),
                };
                write!(f, "about {time}, {memory} of memory, {disk} on the disk")
            }
            Self::Counted { used, draws } => write!(f, "{used} of {draws} draws satisfy --given"),
            Self::Precision { cell, reached, asked, draws } => {
                let share = reached.filter(|r| r.is_finite());
                let share = share.map_or_else(|| "unknown".to_owned(), |r| format!("{}%", number(100.0 * r)));
                if self.matters() {
                    let asked = number(100.0 * asked);
                    write!(f, "the interval of {cell} is still ±{share} at {draws} draws, not ±{asked}%")
                } else {
                    write!(f, "the interval of {cell} is ±{share} at {draws} draws")
                }
            }
            Self::LeftOut(n) => {
                let lie = if *n == 1 { "observation lies" } else { "observations lie" };
                write!(f, "{n} {lie} after the shortened horizon: left out")
            }
            Self::Picked { draw, draws, cell, value } => {
                write!(f, "draw {draw} of {draws}: {cell} is {}", number(*value))
            }
            Self::ChangesFor(country) => write!(
                f,
                "nothing changes for buyers at home; something does for those with headquarters in {country}: --hq {country}"
            ),
            Self::NoChange => f.write_str("nothing that the rules say changes within the horizon"),
            Self::LeversOfLeading(n) => {
                write!(f, "the scenario has no [[lever]]: {n} were made of its leading numbers")
            }
        }
    }
}
