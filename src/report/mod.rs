//! Findings for people: the terminal's tables, the story of a draw, and how well a simulated past fits.

mod alike;
mod anchors;
pub mod calibration;
mod columns;
mod difference;
mod discovery;
#[cfg(feature = "page")]
pub mod explore;
mod fan;
mod graph;
mod headline;
mod indices;
mod listing;
mod markdown;
mod metrics_table;
#[cfg(feature = "page")]
pub mod page;
mod quantities;
mod ranking;
mod rule_list;
mod scoreboard;
pub mod scores;
mod search;
mod side_by_side;
mod story;
mod swept;
mod verdict;
pub mod world;
mod worth;

pub use anchors::ANCHORS;
pub use columns::fit;
pub use difference::{Change, Difference, Moved};
pub use discovery::{Condition, DiscoveryReport, Input};
pub use graph::{Attribute, Attributes, GraphFormat, SupplyGraph};
pub use headline::{Headline, HeadlineRow};
pub use indices::{IndicesReport, IndicesRow};
pub use listing::{changes, differences, field_list, metrics_list, policy_list, table_list};
pub use markdown::markdown;
pub use metrics_table::metrics_table;
pub use quantities::{quantities, quantities_table};
pub use ranking::{Ranking, RankingRow};
pub use rule_list::{rule_changes, rule_changes_table, rule_list, rule_list_table};
pub use scoreboard::{Scoreboard, Section};
pub use search::{SearchPoint, SearchReport};
pub use side_by_side::{Answer, side_by_side, stacked};
pub use story::{Bound, Draw, Figure, Focus, Story, Told, Unusual, Worlds};
pub use swept::{Point, Swept};
pub use verdict::{Apart, Ranked, Satisfied, Verdict};
pub use worth::{WorthReport, WorthRow};

/// How a finding is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// For people.
    Text,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
}

/// A number in two or three significant digits.
pub fn number(x: f64) -> String {
    let size = x.abs();
    if x == 0.0 {
        "0".to_owned()
    } else if !x.is_finite() {
        "-".to_owned()
    } else if !(1e-3..1e5).contains(&size) {
        format!("{x:.1e}")
    } else if size >= 100.0 {
        format!("{x:.0}")
    } else if size >= 1.0 {
        format!("{x:.1}").trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{x:.3}").trim_end_matches('0').to_owned()
    }
}

/// A share as per cent, never 0 or 100 unless it is.
pub fn percent(p: f64) -> String {
    if p == 0.0 {
        "0%".to_owned()
    } else if p == 1.0 {
        "100%".to_owned()
    } else if p < 0.005 {
        "<1%".to_owned()
    } else if p > 0.995 {
        ">99%".to_owned()
    } else {
        format!("{:.0}%", 100.0 * p)
    }
}
