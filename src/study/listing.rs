//! What there is: metrics by words, policies of a scenario, keys of a table.

use super::error::{Error, Findings};
use super::project::{near, policies};
use super::request::TextSource;
use crate::metrics::Metric;
use crate::model::{FieldAbout, fields, tables};
use crate::scenario::{self, Diagnostics, Policy, Sources};

/// Metrics of which all words are said: in their names, units, actors, headings or meanings; of no words, all.
///
/// # Errors
/// If there is none.
pub fn metrics_about(words: &[String]) -> Result<Vec<Metric>, Error> {
    let says = |metric: &&Metric| {
        let sum = if metric.is_flow() { metric.sum() } else { "" };
        let all = format!("{} {sum}", metric.line()).to_lowercase();
        words.iter().all(|word| all.contains(&word.to_lowercase()))
    };
    let found: Vec<Metric> = Metric::ALL.iter().filter(says).copied().collect();
    if found.is_empty() {
        let near = words.iter().find_map(|w| scenario::suggest(w, Metric::ALL.iter().map(|m| m.name())));
        return Err(Error::NoMetric { words: words.join(" "), near: near.map(str::to_owned) });
    }
    Ok(found)
}

/// The policies of a scenario, read but not applied.
///
/// # Errors
/// If there is no such scenario, or a policy cannot be read.
pub fn policies_of(scenario: &TextSource) -> Result<Vec<Policy>, Error> {
    let TextSource::File(path) = scenario else { return Ok(Vec::new()) };
    if !scenario::exists(path) {
        return Err(Error::NoScenario { path: path.clone(), near: near(path) });
    }
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let names = policies(scenario).into_iter();
    let all: Vec<Policy> =
        names.filter_map(|name| scenario::load_policy(path, &name, &mut sources, &mut diagnostics)).collect();
    if diagnostics.has_errors() {
        return Err(Error::Findings(Box::new(Findings { sources, diagnostics })));
    }
    Ok(all)
}

/// The keys of a table of a scenario.
///
/// # Errors
/// If scenarios have no such table.
pub fn fields_of(table: &str) -> Result<Vec<FieldAbout>, Error> {
    fields(table).ok_or_else(|| {
        let all = tables();
        let near = scenario::suggest(table, all.iter().map(|t| t.table.as_str()));
        Error::NoTable { table: table.to_owned(), near: near.map(str::to_owned) }
    })
}
