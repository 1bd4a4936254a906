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

pub use listing::{Change, Listed, Query};
pub use outcome::{Cut, Outcome};
pub use parameters::Terms;
pub use rulebook::Rulebook;
pub use ruling::Ruling;
pub use scope::{Place, chip_attribute};

crate::model::ids::ids! {
    /// Sales that the same rules cover in the same way.
    CaseId,
}

impl CaseId {
    /// The case that no rule covers.
    pub const FREE: Self = Self(0);
}
