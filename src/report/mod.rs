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

/// A country's name within a sentence, with its article where English gives it one: `the United States`.
pub fn within_sentence(country: &str) -> String {
    let is = |list: &[&str], word: Option<&str>| word.is_some_and(|w| list.contains(&w));
    let mut words = country.split_whitespace();
    let (first, last) = (words.next(), words.next_back().or(Some(country)));
    let takes = is(&["United"], first)
        || is(&["Bahamas", "Emirates", "Islands", "Kingdom", "Maldives", "Netherlands"], last)
        || is(&["Philippines", "Republic", "States", "Union"], last);
    if takes { format!("the {country}") } else { country.to_owned() }
}

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

/// A number in three significant digits, as pages write it: `0.425`, `31.4`, `1234`, `12.3k`, `5.6M`, `1.2e26`.
pub fn number(x: f64) -> String {
    let size = x.abs();
    if x == 0.0 {
        return "0".to_owned();
    }
    if !x.is_finite() {
        return "–".to_owned();
    }
    if !(1e-3..1e15).contains(&size) {
        return format!("{x:.1e}");
    }
    let digits = |x: f64| -> f64 { format!("{x:.2e}").parse().unwrap_or(x) };
    let step = SUFFIXES.iter().find(|(from, ..)| digits(size) >= *from);
    match step {
        Some((_, unit, suffix)) => format!("{}{suffix}", digits(x / unit)),
        None if digits(size) >= 1e3 => format!("{x:.0}"),
        None => format!("{}", digits(x)),
    }
}

/// Letters for large numbers: from where on, what one of it is, and the letter. Four digits are read as easily as two and a letter.
const SUFFIXES: [(f64, f64, &str); 4] =
    [(1e12, 1e12, "T"), (1e9, 1e9, "B"), (1e6, 1e6, "M"), (1e4, 1e3, "k")];

/// A share as per cent, as pages write it: never 0 or 100 unless it is.
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
