//! The page's data: columns of the run's tables as they are written there, packed for the script that draws them.

use super::facts::{REACHABLE, RUN};
use super::run_files::{RunFiles, RunTable};
use crate::metrics::Metric;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Rows of one table of the run, with the columns that the table has on the page.
#[derive(Debug)]
pub(super) struct Dataset {
    pub(super) id: &'static str,
    pub(super) table: &'static str,
    rows: Vec<usize>,
    /// In how many ways rows may be left out where the page has no room for all; see [`Dataset::trim`].
    ways: usize,
    /// What the rows were narrowed to where the page has no room for all.
    pub(super) only: Vec<&'static str>,
}

/// What belongs to a dataset: metrics and kinds of actors of the summary.
type Wanted = (&'static [&'static str], &'static [&'static str]);

/// Inputs that are listed of a cell's drivers.
const DRIVERS: f64 = 12.0;
const RUNS: Wanted = (&[REACHABLE, RUN], &["lab", "country", "group", "world"]);
const SHARES: Wanted = (&[Metric::FleetShare.name()], &["country"]);
const HOLDINGS: Wanted =
    (&[Metric::FleetH100e.name(), Metric::RentedH100e.name(), Metric::SmuggledH100e.sum()], &["country"]);
const FACILITIES: Wanted = (&[Metric::Capacity.name(), Metric::Utilisation.name()], &["facility", "good"]);

/// All datasets that the run has rows for.
pub(super) fn datasets(files: &RunFiles) -> Vec<Dataset> {
    let some = |id, table, wanted: &dyn Fn(usize) -> bool| {
        let rows = (0..files.table(table).rows()).filter(|&r| wanted(r)).collect();
        Dataset { id, table, rows, ways: ALL_WAYS, only: Vec::new() }
    };
    let column = |table: &str, column: &str| files.table(table).reading(column);
    let (metric, kind) = (column("summary.csv", "metric"), column("summary.csv", "actor_kind"));
    let of_summary = |id, (metrics, kinds): Wanted| {
        some(id, "summary.csv", &|r| metrics.contains(&metric(r)) && kinds.contains(&kind(r)))
    };
    let passed = column("thresholds.csv", "metric");
    let rank = column("drivers.csv", "rank");
    let whole = |id, table| some(id, table, &|_| true);
    let at_most = |ways, dataset: Dataset| Dataset { ways, ..dataset };
    let mut all = vec![
        of_summary("runs", RUNS),
        some("thresholds", "thresholds.csv", &|r| passed(r) == REACHABLE),
        of_summary("shares", SHARES),
        of_summary("holdings", HOLDINGS),
        whole("flows", "yearly_flows.csv"),
        // What binds is read over time and for chips too, so that only quarters go.
        at_most(1, whole("bound", "bottlenecks.csv")),
        of_summary("facilities", FACILITIES),
        some("drivers", "drivers.csv", &|r| rank(r).parse().is_ok_and(|rank: f64| rank <= DRIVERS)),
        whole("comparison", "comparison.csv"),
        at_most(0, whole("hindcast", "hindcast.csv")),
        whole("sweep", "sweep.csv"),
        whole("nodes", "nodes.csv"),
        whole("edges", "edges.csv"),
        at_most(0, whole("quantities", "quantities.csv")),
        whole("rules", "rules.csv"),
    ];
    for dataset in &mut all {
        dataset.trim(files);
    }
    all.retain(|d| !d.rows.is_empty());
    all
}

/// Rows of a table that the page holds at most.
const ROWS: usize = 9_000;
/// Ways in which rows may be left out.
const ALL_WAYS: usize = 4;

impl Dataset {
    /// Leaves out what the page has no room for, the least asked for first: quarters but the last of each year, actors that
    /// are not in the headline, then all quarters but the last.
    fn trim(&mut self, files: &RunFiles) {
        let table = files.table(self.table);
        let last = if table.has("quarter") { table.values("quarter").into_iter().max() } else { None };
        let headline = files.headline();
        // A column that the table has not is not read.
        let column = |name| table.has(name).then(|| table.reading(name));
        let (quarter, actor, metric) = (column("quarter"), column("actor"), column("metric"));
        let keep: [(&'static str, &dyn Fn(usize) -> bool); ALL_WAYS] = [
            ("the fourth quarter of each year", &|r| quarter.as_ref().is_none_or(|q| q(r).ends_with("Q4"))),
            ("actors of the headline", &|r| {
                headline.is_empty() || actor.as_ref().is_none_or(|a| headline.iter().any(|h| h == a(r)))
            }),
            ("the last quarter", &|r| quarter.as_ref().is_none_or(|q| Some(q(r)) == last)),
            ("reachable compute", &|r| metric.as_ref().is_none_or(|m| m(r) == REACHABLE)),
        ];
        for (what, keep) in keep.iter().take(self.ways) {
            let before = self.rows.len();
            if before > ROWS {
                self.rows.retain(|&r| keep(r));
                self.only.extend((self.rows.len() < before).then_some(*what));
            }
        }
    }

    /// What of the table is left out here, in words; none if nothing is.
    pub(super) fn left_out(&self) -> Option<String> {
        let (last, others) = self.only.split_last()?;
        let only =
            if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
        Some(format!(
            "Not all rows have room on this page: shown of {} are {only} only. The whole table lies beside it.",
            self.table
        ))
    }

    /// As JSON: numbers keep the digits of the table, texts are numbered words.
    pub(super) fn json(&self, files: &RunFiles) -> String {
        let table = files.table(self.table);
        let mut out = String::from("{\"table\":");
        text(&mut out, self.table);
        out.push_str(",\"columns\":{");
        let there = table.schema.fields.iter().filter(|f| f.on_page);
        let there = there.filter_map(|f| Some((f.name.as_ref(), f.kind, table.column(&f.name)?)));
        for (i, (name, kind, column)) in there.enumerate() {
            out.push_str(if i > 0 { "," } else { "" });
            text(&mut out, name);
            out.push(':');
            if kind.is_numeric() {
                self.numbers(&mut out, table, column);
            } else {
                self.words(&mut out, table, column);
            }
        }
        out.push_str("}}");
        out
    }

    fn numbers(&self, out: &mut String, table: &RunTable, column: usize) {
        out.push('[');
        for (i, &r) in self.rows.iter().enumerate() {
            let cell = table.at(r, column);
            out.push_str(if i == 0 { "" } else { "," });
            out.push_str(if cell.parse::<f64>().is_ok_and(f64::is_finite) { cell } else { "null" });
        }
        out.push(']');
    }

    fn words(&self, out: &mut String, table: &RunTable, column: usize) {
        let mut words: BTreeMap<&str, usize> = BTreeMap::new();
        // Rows that follow on each other mostly have the same word.
        let mut before: Option<(&str, usize)> = None;
        let mut list = String::new();
        let mut places = String::new();
        for (i, &r) in self.rows.iter().enumerate() {
            let cell = table.at(r, column);
            let place = match before {
                Some((word, place)) if word == cell => place,
                _ => {
                    let next = words.len();
                    let place = *words.entry(cell).or_insert(next);
                    if place == next {
                        list.push_str(if next == 0 { "" } else { "," });
                        text(&mut list, cell);
                    }
                    place
                }
            };
            before = Some((cell, place));
            let _ = write!(places, "{}{place}", if i == 0 { "" } else { "," });
        }
        let _ = write!(out, "{{\"words\":[{list}],\"at\":[{places}]}}");
    }
}

/// A text as JSON that is safe inside a script element: it can neither end the element nor open a comment.
pub(super) fn text(out: &mut String, text: &str) {
    out.push_str(&safe(&serde_json::Value::from(text)));
}

/// JSON that is safe inside a script element.
pub fn safe(json: &serde_json::Value) -> String {
    (json.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(only: Vec<&'static str>) -> Dataset {
        Dataset { id: "comparison", table: "comparison.csv", rows: Vec::new(), ways: ALL_WAYS, only }
    }

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(dataset(Vec::new()).left_out(), None);
        let words = dataset(vec!["the last quarter", "reachable compute"]).left_out().unwrap();
        assert!(words.contains("comparison.csv are the last quarter and reachable compute only"), "{words}");
    }

    #[test]
    fn a_text_cannot_leave_its_script() {
        let mut out = String::new();
        text(&mut out, "</script><!--<script>&\u{2028}\"");
        assert_eq!(out, r#""\u003c/script\u003e\u003c!--\u003cscript\u003e\u0026\u2028\"""#);
        let back: String = serde_json::from_str(&out).unwrap();
        assert_eq!(back, "</script><!--<script>&\u{2028}\"");
    }
}
