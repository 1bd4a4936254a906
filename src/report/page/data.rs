//! The page's data: columns of the run's tables as they are written there, packed for the script that draws them.

use super::facts::{REACHABLE, RUN};
use super::run_files::{RunFiles, Table};
use crate::metrics::Metric;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Columns and rows of one table of the run.
#[derive(Debug)]
pub(super) struct Dataset {
    pub(super) id: &'static str,
    pub(super) table: &'static str,
    /// Names of columns; those that hold numbers start with `#`.
    columns: Vec<String>,
    rows: Vec<usize>,
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
const SUMMARY: &[&str] =
    &["policy", "metric", "unit", "actor", "quarter", "#p05", "#p25", "#p50", "#p75", "#p95"];

/// All datasets that the run has rows for.
pub(super) fn datasets(files: &RunFiles) -> Vec<Dataset> {
    let (summary, drivers) = (files.table("summary.csv"), files.table("drivers.csv"));
    let thresholds = files.table("thresholds.csv");
    let of_summary = |id, (metrics, kinds): Wanted| Dataset {
        id,
        table: "summary.csv",
        columns: named(SUMMARY),
        rows: (0..summary.rows.len())
            .filter(|&r| {
                metrics.contains(&summary.text(r, "metric")) && kinds.contains(&summary.text(r, "actor_kind"))
            })
            .collect(),
        only: Vec::new(),
    };
    let whole = |id, table, columns: &[&str]| Dataset {
        id,
        table,
        columns: named(columns),
        rows: (0..files.table(table).rows.len()).collect(),
        only: Vec::new(),
    };
    let mut all = vec![
        of_summary("runs", RUNS),
        Dataset {
            id: "thresholds",
            table: "thresholds.csv",
            columns: named(&[
                "policy",
                "actor",
                "metric",
                "#threshold_flop",
                "quarter",
                "#probability",
                "#low",
                "#high",
            ]),
            rows: thresholds.find(&[("metric", REACHABLE)]).collect(),
            only: Vec::new(),
        },
        of_summary("shares", SHARES),
        of_summary("holdings", HOLDINGS),
        whole(
            "flows",
            "yearly_flows.csv",
            &["policy", "stage", "from", "to", "channel", "year", "unit", "#mean"],
        ),
        whole(
            "bound",
            "bottlenecks.csv",
            &["policy", "subject", "subject_kind", "quarter", "cause", "#share"],
        ),
        of_summary("facilities", FACILITIES),
        Dataset {
            id: "drivers",
            table: "drivers.csv",
            columns: named(&["policy", "cell", "path", "#index", "#noise_floor", "#rank", "grade", "scale"]),
            rows: (0..drivers.rows.len())
                .filter(|&r| drivers.number(r, "rank").is_some_and(|rank| rank <= DRIVERS))
                .collect(),
            only: Vec::new(),
        },
    ];
    all.extend(findings(&whole));
    all.push(sweep(files));
    all.extend(world(&whole));
    for dataset in &mut all {
        dataset.trim(files);
    }
    all.retain(|d| !d.rows.is_empty());
    all
}

/// What comparisons, sweeps and hindcasts found.
fn findings(whole: &dyn Fn(&'static str, &'static str, &'static [&'static str]) -> Dataset) -> Vec<Dataset> {
    vec![
        whole(
            "comparison",
            "comparison.csv",
            &[
                "policy",
                "metric",
                "unit",
                "actor",
                "quarter",
                "#difference_mean",
                "#difference_se",
                "#p05",
                "#p50",
                "#p95",
                "#ratio_p50",
                "#probability_lower",
                "#probability_higher",
                "#regret_mean",
                "#regret_p95",
                "#tier",
                "#ratio_p05",
                "#ratio_p95",
            ],
        ),
        whole(
            "hindcast",
            "hindcast.csv",
            &[
                "policy",
                "section",
                "metric",
                "actor",
                "quarter",
                "since",
                "kind",
                "unit",
                "#low",
                "#central",
                "#high",
                "#p05",
                "#p25",
                "#p50",
                "#p75",
                "#p95",
                "inside90",
                "#at_least",
                "source",
            ],
        ),
    ]
}

/// What the world is made of.
fn world(whole: &dyn Fn(&'static str, &'static str, &[&str]) -> Dataset) -> Vec<Dataset> {
    vec![
        whole("nodes", "nodes.csv", &["node", "kind", "country", "unit"]),
        whole("edges", "edges.csv", &["from", "to", "kind"]),
        whole(
            "quantities",
            "quantities.csv",
            &[
                "path",
                "date",
                "written",
                "written_unit",
                "unit",
                "#p01",
                "#p05",
                "#p10",
                "#p25",
                "#p50",
                "#p75",
                "#p90",
                "#p95",
                "#p99",
                "grade",
                "source",
                "note",
                "edited_by",
            ],
        ),
        whole(
            "rules",
            "rules.csv",
            &["rule", "title", "issuer", "subject", "effect", "announced", "effective", "until", "source"],
        ),
    ]
}

/// A sweep's points: its levers are columns of their own.
fn sweep(files: &RunFiles) -> Dataset {
    let table = files.table("sweep.csv");
    let mut columns = vec!["point".to_owned()];
    columns.extend(levers(table).iter().map(|l| (*l).to_owned()));
    columns.extend(named(&[
        "metric",
        "unit",
        "actor",
        "quarter",
        "#mean",
        "#p05",
        "#p50",
        "#p95",
        "#difference_mean",
        "#difference_se",
        "#tier",
    ]));
    let rows = (0..table.rows.len()).collect();
    Dataset { id: "sweep", table: "sweep.csv", columns, rows, only: Vec::new() }
}

/// Levers of a sweep: its columns between `point` and `metric`.
pub(super) fn levers(table: &Table) -> Vec<&str> {
    let end = table.column("metric").unwrap_or(0);
    table.columns.iter().take(end).skip(1).map(String::as_str).collect()
}

fn named(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|c| (*c).to_owned()).collect()
}

/// Rows of a table that the page holds at most.
const ROWS: usize = 9_000;

impl Dataset {
    /// Leaves out what the page has no room for, the least asked for first: quarters but the last of each year, actors that
    /// are not in the headline, then all quarters but the last.
    fn trim(&mut self, files: &RunFiles) {
        let table = files.table(self.table);
        let last = table.values("quarter").into_iter().max().unwrap_or_default();
        let chief = files.headline();
        let keep: [(&'static str, &dyn Fn(usize) -> bool); 4] = [
            ("the fourth quarter of each year", &|r| {
                table.column("quarter").is_none() || table.text(r, "quarter").ends_with("Q4")
            }),
            ("actors of the headline", &|r| {
                let actor = table.text(r, "actor");
                actor.is_empty() || chief.is_empty() || chief.iter().any(|c| c == actor)
            }),
            ("the last quarter", &|r| table.column("quarter").is_none() || table.text(r, "quarter") == last),
            ("reachable compute", &|r| {
                table.column("metric").is_none() || table.text(r, "metric") == REACHABLE
            }),
        ];
        // What binds is read over time and for chips too, so that only quarters go; some tables are whole or nothing.
        let steps = match self.id {
            "quantities" | "hindcast" => 0,
            "bound" => 1,
            _ => keep.len(),
        };
        for (what, keep) in keep.iter().take(steps) {
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
        let mut first = true;
        for column in &self.columns {
            let name = column.trim_start_matches('#');
            let Some(c) = table.column(name) else { continue };
            if !std::mem::take(&mut first) {
                out.push(',');
            }
            text(&mut out, name);
            out.push(':');
            if column.starts_with('#') {
                self.numbers(&mut out, table, c);
            } else {
                self.words(&mut out, table, c);
            }
        }
        out.push_str("}}");
        out
    }

    fn numbers(&self, out: &mut String, table: &Table, column: usize) {
        out.push('[');
        for (i, &r) in self.rows.iter().enumerate() {
            let cell = table.rows[r].get(column).unwrap_or_default();
            let sign = if i == 0 { "" } else { "," };
            let number = cell.parse::<f64>().is_ok_and(f64::is_finite);
            let _ = write!(out, "{sign}{}", if number { cell } else { "null" });
        }
        out.push(']');
    }

    fn words(&self, out: &mut String, table: &Table, column: usize) {
        let mut words: BTreeMap<&str, usize> = BTreeMap::new();
        let mut list = String::new();
        let mut places = String::new();
        for (i, &r) in self.rows.iter().enumerate() {
            let cell = table.rows[r].get(column).unwrap_or_default();
            let next = words.len();
            let place = *words.entry(cell).or_insert(next);
            if place == next {
                list.push_str(if next == 0 { "" } else { "," });
                text(&mut list, cell);
            }
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
pub(super) fn safe(json: &serde_json::Value) -> String {
    (json.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(only: Vec<&'static str>) -> Dataset {
        Dataset { id: "comparison", table: "comparison.csv", columns: Vec::new(), rows: Vec::new(), only }
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
