//! The table that answers the question at a glance: who can train what, by when, how surely, and what stops them.

use super::columns::{Align, aligned};
use super::fan::Axis;
use super::{OutputFormat, number, percent};
use crate::results::Statistics;
use crate::results::table::{Table, TableText};
use serde_json::json;

/// One actor in one quarter.
#[derive(Clone, Debug)]
pub struct HeadlineRow {
    /// The actor.
    pub actor: String,
    /// The quarter.
    pub quarter: String,
    /// Largest run that it could finish \[FLOP\].
    pub reachable: Statistics,
    /// Largest run that it is expected to have finished \[FLOP\].
    pub run: Option<Statistics>,
    /// Probability of having reached each threshold \[FLOP, 1\].
    pub reached: Vec<(f64, f64)>,
    /// What bound it most often, and in what share of draws.
    pub bound_by: Option<(String, f64)>,
}

/// The whole table.
#[derive(Clone, Debug)]
pub struct Headline {
    /// Title of the scenario.
    pub title: String,
    /// Rows by actor, then quarter.
    pub rows: Vec<HeadlineRow>,
    /// Draws.
    pub draws: u64,
}

/// What the two kinds of uncertainty are.
const SPREAD: &str = "The range holds 90 % of draws: what nobody knows of the world. ± is the error of the simulation alone, which more draws lower.";

/// Relative error of the median.
fn error(s: &Statistics) -> Option<f64> {
    s.quantile_se.filter(|_| s.quantiles.p50 > 0.0).map(|e| e[1] / s.quantiles.p50)
}

impl Headline {
    /// The table as text.
    pub fn render(&self, how: OutputFormat) -> String {
        match how {
            OutputFormat::Text => self.text(false),
            OutputFormat::Csv => self.table().csv(&self.rows),
            OutputFormat::Json => self.json(),
        }
    }

    /// The rows as a table.
    pub fn to_table(&self) -> TableText {
        TableText::of(&self.table(), &self.rows)
    }

    /// The table for a terminal that can show it: with each distribution drawn on a common logarithmic axis.
    pub fn with_fans(&self) -> String {
        self.text(true)
    }

    fn text(&self, fans: bool) -> String {
        let axis = if fans { Axis::over(self.rows.iter().map(|r| &r.reachable.quantiles)) } else { None };
        let levels: Vec<f64> =
            self.rows.first().map_or_else(Vec::new, |r| r.reached.iter().map(|x| x.0).collect());
        let mut lines: Vec<Vec<String>> = Vec::new();
        let mut head = vec![String::new(), "by".to_owned(), "could train [FLOP]".to_owned()];
        head.extend(axis.map(Axis::label));
        head.push("median".to_owned());
        head.push("has trained".to_owned());
        head.extend(levels.iter().map(|l| format!("P {}", level(*l))));
        head.push("bound by".to_owned());
        lines.push(head);
        let mut last = "";
        for r in &self.rows {
            let q = &r.reachable.quantiles;
            let plus = error(&r.reachable).map_or_else(String::new, |e| format!(" ±{}", tenth(100.0 * e)));
            let mut line = vec![
                if r.actor == last { String::new() } else { r.actor.clone() },
                r.quarter.clone(),
                format!("{:.0e} – {:.0e}", q.p05, q.p95),
            ];
            line.extend(axis.map(|a| a.fan(q)));
            line.push(format!("{:.1e}{plus}", q.p50));
            line.push(r.run.map_or_else(String::new, |s| number(s.quantiles.p50)));
            line.extend(r.reached.iter().map(|x| percent(x.1)));
            line.push(
                r.bound_by
                    .as_ref()
                    .map_or_else(String::new, |(cause, share)| format!("{cause} {}", percent(*share))),
            );
            lines.push(line);
            last = &r.actor;
        }
        let mut text = format!("{}\n{} draws\n{SPREAD}\n\n", self.title, self.draws);
        text.push_str(&aligned(&lines, Align::Left));
        text
    }

    /// The rows as programs read them.
    fn table(&self) -> Table<HeadlineRow> {
        let table = Table::<HeadlineRow>::new(
            "headline",
            "Who can train what, by when, how surely, and what stops them",
        )
        .text("actor", "Whose compute it is", |r| (&r.actor).into())
        .text("quarter", "Calendar quarter", |r| (&r.quarter).into())
        .number("reachable_p05", "5 % quantile of the largest run it could finish [FLOP]", |r| {
            r.reachable.quantiles.p05
        })
        .number("reachable_p50", "Median of the same", |r| r.reachable.quantiles.p50)
        .number("reachable_p95", "95 % quantile of the same", |r| r.reachable.quantiles.p95)
        .number("reachable_p50_se", "Standard error of the median", |r| r.reachable.quantile_se.map(|e| e[1]))
        .number("run_p50", "Median of the largest run it is expected to have finished [FLOP]", |r| {
            r.run.map(|s| s.quantiles.p50)
        })
        .text("bound_by", "What bound it most often", |r| {
            r.bound_by.as_ref().map_or("", |b| b.0.as_str()).into()
        })
        .number("share", "Share of draws in which that bound it", |r| r.bound_by.as_ref().map(|b| b.1));
        let levels = self.rows.first().map_or(&[][..], |r| &r.reached);
        levels.iter().enumerate().fold(table, |table, (i, (level, _))| {
            let meaning = "Probability of having reached the threshold of the name [FLOP]";
            table.number(format!("p_{level:e}"), meaning, move |r| r.reached[i].1)
        })
    }

    fn json(&self) -> String {
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|r| {
                let q = &r.reachable.quantiles;
                let reached: Vec<_> =
                    r.reached.iter().map(|(l, p)| json!({ "threshold_flop": l, "probability": p })).collect();
                json!({
                    "actor": r.actor, "quarter": r.quarter,
                    "reachable_flop": { "p05": q.p05, "p50": q.p50, "p95": q.p95, "p50_se": r.reachable.quantile_se.map(|e| e[1]) },
                    "run_flop_p50": r.run.map(|s| s.quantiles.p50),
                    "reached": reached,
                    "bound_by": r.bound_by.as_ref().map(|b| json!({ "cause": b.0, "share": b.1 })),
                })
            })
            .collect();
        let whole = json!({ "title": self.title, "draws": self.draws, "rows": rows });
        format!("{whole:#}\n")
    }
}

/// A threshold as people write it: 1e25.
fn level(x: f64) -> String {
    format!("{x:e}")
}

/// A percentage of error with one digit.
fn tenth(x: f64) -> String {
    if x < 0.1 { "<0.1%".to_owned() } else { format!("{x:.1}%") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Quantiles;

    #[test]
    fn the_table_says_who_what_when_and_why() {
        let quantiles = Quantiles {
            p01: 1e25,
            p05: 2e25,
            p10: 3e25,
            p25: 4e25,
            p50: 5e25,
            p75: 6e25,
            p90: 7e25,
            p95: 8e25,
            p99: 9e25,
        };
        let reachable = Statistics {
            draws: 64,
            mean: 5e25,
            sd: 1e25,
            mean_se: Some(1e23),
            quantiles,
            min: 1e25,
            max: 9e25,
            quantile_se: Some([1e23, 5e23, 1e24]),
        };
        let row = HeadlineRow {
            actor: "lab.a".to_owned(),
            quarter: "2026Q4".to_owned(),
            reachable,
            run: None,
            reached: vec![(1e25, 1.0), (1e26, 0.001)],
            bound_by: Some(("chips".to_owned(), 0.75)),
        };
        let headline = Headline { title: "T".to_owned(), rows: vec![row], draws: 64 };
        let text = headline.render(OutputFormat::Text);
        assert!(
            text.find("2e25 – 8e25") < text.find("5.0e25 ±1.0%"),
            "the world's range comes first:\n{text}"
        );
        for part in [
            "lab.a",
            "5.0e25 ±1.0%",
            "error of the simulation",
            "2e25 – 8e25",
            "100%",
            "<1%",
            "chips 75%",
            "P 1e25",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert!(!text.contains('╋'));
        assert!(headline.with_fans().contains("╋") && headline.with_fans().contains("2e25"));
        assert!(headline.render(OutputFormat::Csv).starts_with("actor,quarter,"));
        assert!(headline.render(OutputFormat::Json).contains("\"probability\": 0.001"));
    }
}
