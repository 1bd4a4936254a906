//! The rule book: which rules cover which sale, and what follows in each quarter.
//!
//! Sales that the same rules cover in the same way are one *case*. Where dates, switches and conditions are the same in every
//! draw, what governs in each quarter is found once; elsewhere it is found in each draw, by the same function.

mod book;
mod changes;
mod cover;
mod listing;
mod moments;
mod outcome;
mod ruling;
mod table;
mod terms;

pub use book::Rulebook;
pub use cover::{Place, chip_attribute};
pub use listing::{Change, Listed, Query};
pub use outcome::{Cut, Outcome};
pub use ruling::Ruling;
pub use terms::Terms;

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
