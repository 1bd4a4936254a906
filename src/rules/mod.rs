//! The rule book: which rules cover which sale, and what follows in each quarter.
//!
//! Sales that the same rules cover in the same way are one *case*. What governs a case in a quarter is found when a draw first
//! asks, and kept in a memo for every draw in which the same rules hold; where draws differ in more than that, it is found in
//! each draw, by the same function. Changes of a scenario whose rules say the same share the memo ([`Books`]).

mod books;
mod calendar;
mod case;
mod changes;
mod dates;
mod difference;
mod listing;
mod memo;
mod outcome;
mod parameters;
mod query;
mod rulebook;
mod scope;
mod turns;

pub use books::Books;
pub use case::CaseId;
pub use difference::{BookSide, Change, RuledFlow, Said};
pub use listing::{Listed, ListingFilter};
pub use outcome::{Cut, Outcome};
pub use parameters::Parameters;
pub use query::Ruling;
pub use rulebook::Rulebook;
pub use scope::{Place, chip_attribute};
