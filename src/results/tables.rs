//! The tables of a run's folder as CSV text: one function each, and the meaning of every column.

use super::csv::{float, quoted};
use super::{Cell, Statistics};

/// A column: name, type, meaning.
pub type Column = (&'static str, &'static str, &'static str);

/// Columns of `summary.csv`.
pub const SUMMARY: [Column; 25] = [
    ("scenario", "string", "Name of the scenario's folder"),
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("metric", "string", "What is measured"),
    ("unit", "string", "Unit of the metric"),
    ("actor", "string", "Whose it is: kind.id, or world"),
    ("actor_kind", "string", "Kind of the actor"),
    ("quarter", "string", "Calendar quarter, at or over which it is measured"),
    ("draws", "integer", "Draws that the numbers rest on"),
    ("mean", "number", "Mean over draws"),
    ("sd", "number", "Standard deviation over draws"),
    ("mean_se", "number", "Standard error of the mean"),
    ("p01", "number", "1 % quantile over draws"),
    ("p05", "number", "5 % quantile over draws"),
    ("p10", "number", "10 % quantile over draws"),
    ("p25", "number", "25 % quantile over draws"),
    ("p50", "number", "Median over draws"),
    ("p75", "number", "75 % quantile over draws"),
    ("p90", "number", "90 % quantile over draws"),
    ("p95", "number", "95 % quantile over draws"),
    ("p99", "number", "99 % quantile over draws"),
    ("min", "number", "Smallest value of any draw"),
    ("max", "number", "Largest value of any draw"),
    ("p05_se", "number", "Standard error of the 5 % quantile: the width of its 95 % interval over 2 t"),
    ("p50_se", "number", "Standard error of the median, likewise"),
    ("p95_se", "number", "Standard error of the 95 % quantile, likewise"),
];

/// Columns of `thresholds.csv`.
pub const THRESHOLDS: [Column; 8] = [
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("actor", "string", "Whose compute it is"),
    ("metric", "string", "reachable_flop or run_flop"),
    ("threshold_flop", "number", "Training compute [FLOP]"),
    ("quarter", "string", "Calendar quarter"),
    ("probability", "number", "Share of draws in which it has been reached by the quarter's end"),
    ("low", "number", "Low end of the 95 % interval of the probability"),
    ("high", "number", "High end of the 95 % interval of the probability"),
];

/// Columns of `bottlenecks.csv`.
pub const BOTTLENECKS: [Column; 6] = [
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("subject", "string", "What was bound: kind.id"),
    (
        "subject_kind",
        "string",
        "chip (its production), lab (its reachable compute), lab-effective (its effective compute)",
    ),
    ("quarter", "string", "Calendar quarter"),
    ("cause", "string", "What bound it"),
    ("share", "number", "Share of draws in which it did, of those in which the subject was bound at all"),
];

/// Columns of `flows.csv`.
pub const FLOWS: [Column; 11] = [
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("item", "string", "What flows: a chip, a good, or compute"),
    ("from", "string", "Where it comes from"),
    ("to", "string", "Where it goes"),
    ("channel", "string", "legal, licensed, smuggled, seized or rental"),
    ("quarter", "string", "Calendar quarter"),
    ("unit", "string", "Unit of the amounts"),
    ("mean", "number", "Mean over draws"),
    ("p05", "number", "5 % quantile over draws"),
    ("p50", "number", "Median over draws"),
    ("p95", "number", "95 % quantile over draws"),
];

/// Columns of `drivers.csv`.
pub const DRIVERS: [Column; 8] = [
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("cell", "string", "The outcome: actor/metric@quarter"),
    ("path", "string", "The uncertain input"),
    (
        "index",
        "number",
        "First-order sensitivity index: share of the outcome's variance that the input explains alone",
    ),
    ("noise_floor", "number", "Index below which an input cannot be told from one without influence"),
    ("rank", "integer", "Place of the input in the order of its cell's indices"),
    ("grade", "string", "How well the input's number is founded: published, derived or judgement"),
    ("scale", "string", "Scale of the outcome's variance: log where every draw is positive, plain otherwise"),
];

/// The header line of a table.
pub fn header(columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().map(|c| c.0).collect();
    names.join(",") + "\n"
}

/// Writes comma-separated parts of a row.
pub(crate) struct Row<'a>(&'a mut String, bool);

impl<'a> Row<'a> {
    pub(crate) fn new(text: &'a mut String) -> Self {
        Self(text, false)
    }
    fn comma(&mut self) {
        if std::mem::replace(&mut self.1, true) {
            self.0.push(',');
        }
    }
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.comma();
        quoted(self.0, text);
        self
    }
    pub(crate) fn number(&mut self, x: f64) -> &mut Self {
        self.comma();
        float(self.0, x);
        self
    }
    pub(crate) fn maybe(&mut self, x: Option<f64>) -> &mut Self {
        self.number(x.unwrap_or(f64::NAN))
    }
    pub(crate) fn flag(&mut self, x: Option<bool>) -> &mut Self {
        self.text(x.map_or("", |x| if x { "true" } else { "false" }))
    }
    pub(crate) fn end(&mut self) {
        self.0.push('\n');
        self.1 = false;
    }
}

/// Rows of `summary.csv` for one policy.
pub fn summary(scenario: &str, policy: &str, cells: &[Cell], statistics: &[Statistics]) -> String {
    let mut text = String::new();
    let mut row = Row::new(&mut text);
    for (cell, s) in cells.iter().zip(statistics) {
        row.text(scenario).text(policy).text(&cell.metric).text(&cell.unit).text(&cell.actor);
        row.text(cell.actor_kind()).text(&cell.quarter.to_string()).number(s.draws as f64);
        row.number(s.mean).number(s.sd).maybe(s.mean_se);
        let q = &s.quantiles;
        for x in [q.p01, q.p05, q.p10, q.p25, q.p50, q.p75, q.p90, q.p95, q.p99, s.min, s.max] {
            row.number(x);
        }
        for i in 0..3 {
            row.maybe(s.quantile_se.map(|e| e[i]));
        }
        row.end();
    }
    text
}

/// A row of `thresholds.csv`.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the columns of the table
pub struct ThresholdRow {
    pub actor: String,
    pub metric: String,
    pub threshold: f64,
    pub quarter: String,
    pub probability: (f64, f64, f64),
}

/// Rows of `thresholds.csv` for one policy.
pub fn thresholds(policy: &str, rows: &[ThresholdRow]) -> String {
    let mut text = String::new();
    let mut row = Row::new(&mut text);
    for r in rows {
        row.text(policy).text(&r.actor).text(&r.metric).number(r.threshold).text(&r.quarter);
        row.number(r.probability.0).number(r.probability.1).number(r.probability.2).end();
    }
    text
}

/// A row of `bottlenecks.csv`.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the columns of the table
pub struct BottleneckRow {
    pub subject: String,
    pub subject_kind: &'static str,
    pub quarter: String,
    pub cause: String,
    pub share: f64,
}

/// Rows of `bottlenecks.csv` for one policy.
pub fn bottlenecks(policy: &str, rows: &[BottleneckRow]) -> String {
    let mut text = String::new();
    let mut row = Row::new(&mut text);
    for r in rows {
        row.text(policy)
            .text(&r.subject)
            .text(r.subject_kind)
            .text(&r.quarter)
            .text(&r.cause)
            .number(r.share)
            .end();
    }
    text
}

/// An edge of `flows.csv`: item, from, to, channel, unit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the columns of the table
pub struct Flow {
    pub item: String,
    pub from: String,
    pub to: String,
    pub channel: &'static str,
    pub unit: String,
}

/// Rows of `flows.csv` for one policy; flows that are always nothing are left out.
pub fn flows<'a>(policy: &str, rows: impl Iterator<Item = (&'a Flow, String, &'a Statistics)>) -> String {
    let mut text = String::new();
    let mut row = Row::new(&mut text);
    for (flow, quarter, s) in rows.filter(|r| r.2.max > 0.0) {
        row.text(policy).text(&flow.item).text(&flow.from).text(&flow.to).text(flow.channel).text(&quarter);
        row.text(&flow.unit)
            .number(s.mean)
            .number(s.quantiles.p05)
            .number(s.quantiles.p50)
            .number(s.quantiles.p95);
        row.end();
    }
    text
}

/// A row of `drivers.csv`.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the columns of the table
pub struct DriverRow {
    pub cell: String,
    pub path: String,
    pub index: f64,
    pub noise_floor: f64,
    pub rank: usize,
    pub grade: &'static str,
    pub scale: &'static str,
}

/// Rows of `drivers.csv` for one policy.
pub fn drivers(policy: &str, rows: &[DriverRow]) -> String {
    let mut text = String::new();
    let mut row = Row::new(&mut text);
    for r in rows {
        row.text(policy).text(&r.cell).text(&r.path).number(r.index).number(r.noise_floor);
        row.number(r.rank as f64).text(r.grade).text(r.scale).end();
    }
    text
}
