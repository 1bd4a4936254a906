//! What a scenario says of its record: what was known when, the rule of thumb that it must beat, which numbers a fit may move.

use super::time::Quarter;
use crate::scenario::{Document, Place, Table, Value};

/// What was known at some time: the last quarter of the record, and assumptions in place of those that came later.
#[derive(Clone, Debug, PartialEq)]
pub struct Vintage {
    /// Its name, such as `2024`.
    pub name: String,
    /// Last quarter whose observations are part of the fit.
    pub until: Quarter,
    /// Files of edits, written as policies are, and where each is named.
    pub edits: Vec<(String, Place)>,
}

/// Next year's volume by last year's, the growth of capital spending, and the trend of price and performance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SimpleRule {
    /// Capital spending: the middle of a year \[years\], and the natural log of USD a year.
    pub spending: Vec<(f64, f64)>,
    /// Natural log of the yearly factor on performance a dollar \[1/year\].
    pub performance: f64,
    /// Standard deviation of such a forecast for each year ahead \[ln/year\].
    pub error: f64,
}

/// Which numbers a fit may move, each within its own range, and by what weight of evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Patterns of paths.
    pub free: Vec<(String, Place)>,
    /// Patterns of paths that were set by hand.
    pub by_hand: Vec<(String, Place)>,
    /// Implausibility of a group above which a draw is excluded.
    pub cut: f64,
    /// Standard deviation of the model's own error in some groups \[ln\], where it is another than in the rest.
    pub discrepancy: Vec<(String, f64)>,
}

impl Calibration {
    /// The model's own error in a group, `usual` where nothing else is said \[ln\].
    pub fn discrepancy_of(&self, group: &str, usual: f64) -> f64 {
        self.discrepancy.iter().find(|(name, _)| name == group).map_or(usual, |(_, sd)| *sd)
    }
}

impl SimpleRule {
    /// Growth from one time to another \[years\], in natural logs; none where spending is not given.
    ///
    /// Between the middles of years spending grows steadily; half a year beyond them as in the nearest two.
    pub fn growth(&self, from: f64, to: f64, with_performance: bool) -> Option<f64> {
        let performance = if with_performance { self.performance } else { 0.0 };
        Some(self.at(to)? - self.at(from)? + performance * (to - from))
    }

    /// Log of spending at a time \[years\].
    fn at(&self, time: f64) -> Option<f64> {
        let (first, last) = (self.spending.first()?.0, self.spending.last()?.0);
        if time < first - 0.5 || time > last + 0.5 {
            return None;
        }
        let next = self.spending.partition_point(|p| p.0 < time).clamp(1, self.spending.len() - 1);
        let (a, b) = (self.spending[next - 1], self.spending[next]);
        Some(a.1 + (time - a.0) / (b.0 - a.0) * (b.1 - a.1))
    }
}

/// Vintages of a document, as far as they can be read; what is wrong with them is told when a model is made of it.
pub fn vintages(document: &Document) -> Vec<Vintage> {
    let Some(Value::Table(all)) = document.root.get("vintage").map(|n| &n.value) else { return Vec::new() };
    let read = |name: &str, table: &Table| {
        let until = match &table.get("until")?.value {
            Value::Text(text) => Quarter::parse(text)?,
            _ => return None,
        };
        Some(Vintage { name: name.to_owned(), until, edits: texts(table, "edits") })
    };
    let tables = all.entries.iter().filter_map(|e| match &e.node.value {
        Value::Table(table) => Some((e.key.as_str(), table)),
        _ => None,
    });
    tables.filter_map(|(name, table)| read(name, table)).collect()
}

/// A text, or a list of them, with their places; what is no text is passed over.
pub(super) fn texts(table: &Table, key: &str) -> Vec<(String, Place)> {
    let nodes = match table.get(key) {
        Some(node) => match &node.value {
            Value::List(nodes) => nodes.iter().collect(),
            _ => vec![node],
        },
        None => Vec::new(),
    };
    let text = |v: &Value| if let Value::Text(t) = v { Some(t.clone()) } else { None };
    nodes.into_iter().filter_map(|n| Some((text(&n.value)?, n.place.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::ln;

    #[test]
    fn spending_grows_steadily_between_the_middles_of_years() {
        let spending = vec![(2023.5, ln(100.0)), (2024.5, ln(200.0)), (2025.5, ln(300.0))];
        let rule = SimpleRule { spending, performance: ln(1.3), error: 0.25 };
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        near(rule.growth(2024.5, 2025.5, false).unwrap(), ln(1.5));
        near(rule.growth(2024.5, 2025.5, true).unwrap(), ln(1.5 * 1.3));
        near(rule.growth(2024.5, 2025.0, true).unwrap(), 0.5 * ln(1.5 * 1.3));
        near(rule.growth(2023.0, 2023.5, false).unwrap(), 0.5 * ln(2.0));
        assert_eq!(rule.growth(2024.5, 2026.1, true), None);
        assert_eq!(SimpleRule::default().growth(2024.5, 2025.5, true), None);
    }
}
