//! The rule book: which rules cover which sale, and what follows in each quarter.
//!
//! Sales that the same rules cover in the same way are one *case*. Where dates, switches and conditions are the same in every
//! draw, what governs in each quarter is found once; elsewhere it is found in each draw, by the same function.

mod calendar;
mod changes;
mod listing;
mod outcome;
mod parameters;
mod rulebook;
mod ruling;
mod scope;
mod table;

pub use listing::{Change, Listed, Query, differing, statuses};
pub use outcome::{Cut, Outcome};
pub use parameters::Terms;
pub use rulebook::Rulebook;
pub use ruling::Ruling;
pub use scope::{Place, chip_attribute};

/// Sales that the same rules cover in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseId(u32);

impl CaseId {
    /// The case that no rule covers.
    pub const FREE: Self = Self(0);
    /// Position in tables of cases.
    #[inline(always)]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}
