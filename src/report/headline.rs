//! The answer of a run: who can train what, by when, how surely, and what stops them; or the cells that were asked for.

use super::anchors::anchors;
use super::columns::{Align, fitted};
use super::fan::Axis;
use super::{OutputFormat, number, percent};
use crate::results::table::{Table, TableText};
use crate::results::{Cell, PolicyAbout, Statistics};
use serde_json::json;

/// One actor in one quarter.
#[derive(Clone, Debug)]
pub struct HeadlineRow {
    /// The actor.
    pub actor: String,
    /// What people call it.
    pub name: String,
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
    /// Title of what was run: the scenario's, the policy's, the condition.
    pub title: String,
    /// Name of the scenario.
    pub scenario: String,
    /// The policy that it is under, if any.
    pub policy: Option<PolicyAbout>,
    /// The condition on draws, if any.
    pub given: Option<String>,
    /// Rows by actor, then quarter.
    pub rows: Vec<HeadlineRow>,
    /// Draws that count.
    pub draws: u64,
    /// Draws that were made.
    pub made: u64,
    /// Cells that were asked for, with what they are.
    pub selected: Vec<(Cell, Statistics)>,
}

/// What the two kinds of uncertainty are.
const SPREAD: &str = "The range holds 90% of draws: what nobody knows of the world. ± is the error of the simulation alone, which more draws lower.";
/// Selected cells that are printed at most.
const SELECTED: usize = 40;

/// Relative error of the median.
fn error(s: &Statistics) -> Option<f64> {
    s.quantile_se.filter(|_| s.quantiles.p50 > 0.0).map(|e| e[1] / s.quantiles.p50)
}

/// A median with its error.
fn median(s: &Statistics, shown: &str) -> String {
    let plus = error(s).map_or_else(String::new, |e| format!(" ±{}", tenth(100.0 * e)));
    format!("{shown}{plus}")
}

impl Headline {
    /// The table as text.
    pub fn render(&self, how: OutputFormat) -> String {
        match how {
            OutputFormat::Text => self.text(false, None),
            OutputFormat::Csv if self.is_selection() => self.selection().csv(&self.selected),
            OutputFormat::Csv => self.table().csv(&self.rows),
            OutputFormat::Json => self.json(),
        }
    }

    /// The rows as a table.
    pub fn to_table(&self) -> TableText {
        if self.is_selection() {
            return TableText::of(&self.selection(), &self.selected);
        }
        TableText::of(&self.table(), &self.rows)
    }

    /// The table for a terminal of so many columns: with each distribution drawn on a common logarithmic axis, where it can show it
    /// and there is room.
    pub fn for_terminal(&self, fans: bool, width: Option<usize>) -> String {
        self.text(fans, width)
    }

    /// Whether what was asked for is other than the headline.
    fn is_selection(&self) -> bool {
        !self.selected.is_empty() && self.rows.is_empty()
    }

    fn text(&self, fans: bool, width: Option<usize>) -> String {
        let mut text = format!("{}\n", self.title);
        if let Some(policy) = &self.policy {
            text.push_str(&format!("Policy {}: {}\n", policy.policy, policy.title));
            if !policy.reason.is_empty() {
                text.push_str(&format!("   {}\n", policy.reason));
            }
            text.push_str(&format!("   changes {}\n", policy.changes));
        }
        let given = self
            .given
            .as_ref()
            .map_or_else(String::new, |given| format!(" of {}: those in which {given}", self.made));
        text.push_str(&format!("{} draws{given}\n{SPREAD}\n", self.draws));
        if !self.rows.is_empty() {
            text.push('\n');
            text.push_str(&self.who(fans, width));
            let levels = self.rows.first().map_or(&[][..], |r| &r.reached);
            text.push_str(&anchors(levels.iter().map(|l| l.0)));
        }
        if !self.selected.is_empty() {
            text.push('\n');
            text.push_str(&self.cells(width));
        }
        text
    }

    /// Who could train what by when.
    fn who(&self, fans: bool, width: Option<usize>) -> String {
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
        // What goes first where there is no room: the drawing, what was trained, thresholds that say least, what bound it.
        let first = 5 + usize::from(axis.is_some());
        let open = |i: &usize| {
            let some = |r: &HeadlineRow| r.reached.get(*i).is_some_and(|x| x.1 > 0.005 && x.1 < 0.995);
            self.rows.iter().filter(|r| some(r)).count()
        };
        let mut thresholds: Vec<usize> = (0..levels.len()).collect();
        thresholds.sort_by_key(open);
        let mut least: Vec<usize> = axis.map(|_| 3).into_iter().collect();
        least.push(first - 1);
        least.extend(thresholds.iter().map(|i| first + i));
        least.push(first + levels.len());
        lines.push(head);
        let mut above = "";
        for r in &self.rows {
            let q = &r.reachable.quantiles;
            let mut line = vec![
                if r.actor == above { String::new() } else { r.name.clone() },
                r.quarter.clone(),
                format!("{:.0e} – {:.0e}", q.p05, q.p95),
            ];
            line.extend(axis.map(|a| a.fan(q)));
            line.push(median(&r.reachable, &format!("{:.1e}", q.p50)));
            line.push(r.run.map_or_else(String::new, |s| number(s.quantiles.p50)));
            line.extend(r.reached.iter().map(|x| percent(x.1)));
            line.push(
                r.bound_by
                    .as_ref()
                    .map_or_else(String::new, |(cause, share)| format!("{cause} {}", percent(*share))),
            );
            lines.push(line);
            above = &r.actor;
        }
        fitted(lines, Align::Left, width, &least)
    }

    /// The cells that were asked for: of many, those of the last quarter.
    fn cells(&self, width: Option<usize>) -> String {
        let last = self.selected.iter().map(|s| s.0.quarter).max();
        let mut shown: Vec<&(Cell, Statistics)> = self.selected.iter().collect();
        if shown.len() > SELECTED {
            shown.retain(|s| Some(s.0.quarter) == last);
        }
        shown.truncate(SELECTED);
        let mut lines = vec![["cell", "90% of draws", "median", "mean", "unit"].map(str::to_owned).to_vec()];
        lines.extend(shown.iter().map(|(cell, s)| {
            let q = &s.quantiles;
            vec![
                cell.address(),
                format!("{} – {}", number(q.p05), number(q.p95)),
                median(s, &number(q.p50)),
                number(s.mean),
                cell.unit.clone(),
            ]
        }));
        let text = fitted(lines, Align::Left, width, &[3, 4]);
        let left = self.selected.len() - shown.len();
        let more = if left > 0 { format!("{left} more cells are in summary.csv\n") } else { String::new() };
        text + &more
    }

    /// Name of the policy, for a column.
    fn policy_name(&self) -> &str {
        self.policy.as_ref().map_or("base", |p| p.policy.as_str())
    }

    /// Selected cells as programs read them.
    fn selection(&self) -> Table<(Cell, Statistics)> {
        let (scenario, policy) = (self.scenario.clone(), self.policy_name().to_owned());
        Table::<(Cell, Statistics)>::new("selected", "The cells that were asked for")
            .text("scenario", "Name of the scenario", move |_| scenario.clone().into())
            .text("policy", "Name of the policy; base: the scenario as it stands", move |_| {
                policy.clone().into()
            })
            .text("actor", "Whose it is", |r| (&r.0.actor).into())
            .text("metric", "What is measured", |r| (&r.0.metric).into())
            .text("quarter", "Calendar quarter", |r| r.0.quarter.to_string().into())
            .text("unit", "Unit of the numbers", |r| (&r.0.unit).into())
            .number("mean", "Mean over draws", |r| r.1.mean)
            .number("p05", "5% quantile", |r| r.1.quantiles.p05)
            .number("p50", "Median", |r| r.1.quantiles.p50)
            .number("p95", "95% quantile", |r| r.1.quantiles.p95)
            .number("p50_se", "Standard error of the median", |r| r.1.quantile_se.map(|e| e[1]))
    }

    /// The rows as programs read them.
    fn table(&self) -> Table<HeadlineRow> {
        let (scenario, policy) = (self.scenario.clone(), self.policy_name().to_owned());
        let table = Table::<HeadlineRow>::new(
            "headline",
            "Who can train what, by when, how surely, and what stops them",
        )
        .text("scenario", "Name of the scenario", move |_| scenario.clone().into())
        .text("policy", "Name of the policy; base: the scenario as it stands", move |_| policy.clone().into())
        .text("actor", "Whose compute it is", |r| (&r.actor).into())
        .text("quarter", "Calendar quarter", |r| (&r.quarter).into())
        .number("reachable_p05", "5% quantile of the largest run it could finish [FLOP]", |r| {
            r.reachable.quantiles.p05
        })
        .number("reachable_p50", "Median of the same", |r| r.reachable.quantiles.p50)
        .number("reachable_p95", "95% quantile of the same", |r| r.reachable.quantiles.p95)
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
                    "actor": r.actor, "name": r.name, "quarter": r.quarter,
                    "reachable_flop": { "p05": q.p05, "p50": q.p50, "p95": q.p95, "p50_se": r.reachable.quantile_se.map(|e| e[1]) },
                    "run_flop_p50": r.run.map(|s| s.quantiles.p50),
                    "reached": reached,
                    "bound_by": r.bound_by.as_ref().map(|b| json!({ "cause": b.0, "share": b.1 })),
                })
            })
            .collect();
        let selected: Vec<_> = (self.selected.iter())
            .map(|(cell, s)| {
                let q = &s.quantiles;
                json!({
                    "cell": cell.address(), "unit": cell.unit, "mean": s.mean, "p05": q.p05, "p50": q.p50, "p95": q.p95,
                    "p50_se": s.quantile_se.map(|e| e[1]),
                })
            })
            .collect();
        let whole = json!({
            "title": self.title, "scenario": self.scenario, "policy": self.policy_name(), "given": self.given,
            "draws": self.draws, "rows": rows, "selected": selected,
        });
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
            name: "The Lab".to_owned(),
            quarter: "2026Q4".to_owned(),
            reachable,
            run: None,
            reached: vec![(1e25, 1.0), (1e26, 0.001)],
            bound_by: Some(("chips".to_owned(), 0.75)),
        };
        let headline = Headline {
            title: "T".to_owned(),
            scenario: "s".to_owned(),
            policy: None,
            given: None,
            rows: vec![row],
            draws: 64,
            made: 64,
            selected: Vec::new(),
        };
        let text = headline.render(OutputFormat::Text);
        assert!(
            text.find("2e25 – 8e25") < text.find("5.0e25 ±1.0%"),
            "the world's range comes first:\n{text}"
        );
        for part in [
            "The Lab",
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
        assert!(
            headline.for_terminal(true, None).contains("╋")
                && headline.for_terminal(true, None).contains("2e25")
        );
        assert!(headline.render(OutputFormat::Csv).starts_with("scenario,policy,actor,quarter,"));
        // Where there is no room, the drawing goes first, then what says least; who, when and the range stay.
        // Lines of words are wrapped where they are printed.
        let words = |line: &&str| line.starts_with("FLOP of") || line.starts_with("left out");
        let widest =
            |text: &str| text.lines().skip(3).filter(|l| !words(l)).map(|l| l.chars().count()).max().unwrap();
        let narrow = headline.for_terminal(true, Some(60));
        assert!(widest(&narrow) <= 60 && !narrow.contains('╋') && narrow.contains("2e25 – 8e25"), "{narrow}");
        assert!(narrow.contains("left out"), "{narrow}");
        assert!(headline.render(OutputFormat::Json).contains("\"probability\": 0.001"));
    }
}
