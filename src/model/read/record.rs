//! The tables `vintage`, `simple_rule` and `calibrate`: what a scenario says of its record.

use super::super::record::{Calibration, SimpleRule, Vintage, texts, vintages};
use super::{Reader, expression};
use crate::math::ln;
use crate::model::time::Quarter;
use crate::scenario::{Document, Glob, Node, Place, Table, Value};

/// Tables about the record, in the order of the schema.
pub(crate) const RECORD: [&str; 3] = ["vintage", "simple_rule", "calibrate"];

/// A draw is excluded if a group's implausibility is above this (Pukelsheim 1994: any unimodal error is within three
/// standard deviations in 95% of cases).
const CUT: f64 = 3.0;

impl Reader<'_> {
    pub(super) fn vintages(&mut self, document: &Document) -> Vec<Vintage> {
        if let Some(node) = document.root.get("vintage")
            && let Some(all) = self.table(node, "vintage")
        {
            for entry in &all.entries {
                let path = format!("vintage.{}", entry.key);
                if let Some(table) = self.table(&entry.node, &path) {
                    self.vintage(table, &path);
                }
            }
        }
        vintages(document)
    }

    fn vintage(&mut self, table: &Table, path: &str) {
        self.known_keys(table, &["until", "edits", "source", "note"], path);
        match table.get("until").map(|n| (&n.value, n)) {
            Some((Value::Text(text), _)) if Quarter::parse(text).is_some() => {}
            Some((_, node)) => {
                let message = format!("`{path}.until` is a quarter: the last of the record");
                self.diagnostics.error(&node.place, message, "like 2024Q4");
            }
            None => {
                self.diagnostics.error(&table.place, "a vintage has an `until`, a quarter", "without one");
            }
        }
        self.only_texts(table, "edits", path);
    }

    fn only_texts(&mut self, table: &Table, key: &str, path: &str) {
        let Some(node) = table.get(key) else { return };
        let count = match &node.value {
            Value::List(nodes) => nodes.len(),
            _ => 1,
        };
        if texts(table, key).len() < count {
            self.wrong_type(node, &format!("{path}.{key}"), "a text or a list of texts");
        }
    }

    pub(super) fn simple_rule(&mut self, document: &Document) -> Option<SimpleRule> {
        let table = self.table(document.root.get("simple_rule")?, "simple_rule")?;
        self.known_keys(table, &["spending", "performance", "error", "source", "note"], "simple_rule");
        let spending = self.spending(table);
        let performance = self.record_number(table, "performance", "above 0", |x| x > 0.0);
        let error = self.record_number(table, "error", "from 0 up", |x| x >= 0.0);
        Some(SimpleRule { spending: spending?, performance: ln(performance?), error: error? })
    }

    fn spending(&mut self, table: &Table) -> Option<Vec<(f64, f64)>> {
        let Some(node) = table.get("spending") else {
            self.diagnostics.error(&table.place, "`simple_rule` has `spending` by year", "without it");
            return None;
        };
        let years = self.table(node, "simple_rule.spending")?;
        let mut points = Vec::new();
        for entry in years.entries.iter().filter(|e| !["source", "grade", "note"].contains(&e.key.as_str())) {
            let Some(year) = entry.key.parse::<i32>().ok().filter(|y| (1900..=2200).contains(y)) else {
                let message = format!("`{}` is no year of spending", entry.key);
                self.diagnostics.error(&entry.place, message, "like 2024");
                continue;
            };
            match number(&entry.node) {
                Some(x) if x > 0.0 => points.push((f64::from(year) + 0.5, ln(x))),
                _ => {
                    let message = "spending is an amount above 0, in USD a year";
                    self.diagnostics.error(&entry.node.place, message, "not one");
                }
            }
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        if points.len() < 2 {
            self.diagnostics.error(&node.place, "growth of spending takes two years", "fewer than two");
            return None;
        }
        Some(points)
    }

    /// A number above some bound, alone or as `value` of a table that says where it is from.
    fn record_number(&mut self, table: &Table, key: &str, must: &str, fits: fn(f64) -> bool) -> Option<f64> {
        let Some(node) = table.get(key) else {
            self.diagnostics.error(&table.place, format!("`simple_rule` has `{key}`"), "without it");
            return None;
        };
        let x = match &node.value {
            Value::Table(about) => {
                let path = format!("simple_rule.{key}");
                self.known_keys(about, &["value", "source", "grade", "note"], &path);
                about.get("value").and_then(number)
            }
            _ => number(node),
        };
        if x.is_none_or(|x| !fits(x)) {
            let message = format!("`simple_rule.{key}` is a number {must}");
            self.diagnostics.error(&node.place, message, "not one");
        }
        x.filter(|&x| fits(x))
    }

    pub(super) fn calibration(&mut self, document: &Document) -> Option<Calibration> {
        let table = self.table(document.root.get("calibrate")?, "calibrate")?;
        self.known_keys(table, &["free", "by_hand", "cut", "discrepancy", "source", "note"], "calibrate");
        for key in ["free", "by_hand"] {
            self.only_texts(table, key, "calibrate");
            let unknown: Vec<(String, Place)> =
                texts(table, key).into_iter().filter(|(pattern, _)| !self.matches_number(pattern)).collect();
            for (pattern, place) in unknown {
                let message = format!("no uncertain number's path matches `{pattern}`");
                self.diagnostics.error(&place, message, "matches nothing");
            }
        }
        let cut = match table.get("cut") {
            None => CUT,
            Some(node) => number(node).filter(|&x| x > 0.0).unwrap_or_else(|| {
                self.diagnostics.error(&node.place, "`calibrate.cut` is a number above 0", "not one");
                CUT
            }),
        };
        let discrepancy = table.get("discrepancy").map_or_else(Vec::new, |node| self.discrepancies(node));
        Some(Calibration { free: texts(table, "free"), by_hand: texts(table, "by_hand"), cut, discrepancy })
    }

    /// By group: each a standard deviation.
    fn discrepancies(&mut self, node: &Node) -> Vec<(String, f64)> {
        let Some(groups) = self.table(node, "calibrate.discrepancy") else { return Vec::new() };
        let mut all = Vec::new();
        for entry in groups.entries.iter().filter(|e| !["source", "grade", "note"].contains(&e.key.as_str()))
        {
            if let Some(sd) = number(&entry.node).filter(|&x| x >= 0.0) {
                all.push((entry.key.clone(), sd));
            } else {
                let message = "a discrepancy is a standard deviation in natural logs, from 0 up";
                self.diagnostics.error(&entry.node.place, message, "not one");
            }
        }
        all
    }

    fn matches_number(&self, pattern: &str) -> bool {
        let glob = Glob::new(pattern);
        self.quantities.iter().any(|q| q.is_uncertain() && glob.matches(&q.path))
    }
}

/// A plain number, or a text that is one.
fn number(node: &Node) -> Option<f64> {
    match &node.value {
        Value::Number(x) => Some(*x),
        Value::Text(text) => expression::parse_number(text),
        _ => None,
    }
}
