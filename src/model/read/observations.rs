//! Rows of `observation`: numbers, quarters and kinds, each error at its cell.

use super::super::{Observation, ObservationPlaces};
use super::{Reader, expression};
use crate::model::time::{Month, Months, Quarter};
use crate::scenario::{Document, Place, Table, Value};

/// Keys of a row, columns of a CSV file.
pub const COLUMNS: [&str; 15] = [
    "metric", "actor", "quarter", "from", "to", "low", "central", "high", "interval", "kind", "since",
    "unit", "source", "note", "group",
];

impl Reader<'_> {
    pub(super) fn observations(&mut self, document: &Document) -> Vec<Observation> {
        let rows = self.tables(document, "observation");
        rows.into_iter().filter_map(|(_, table)| self.observation(table)).collect()
    }

    fn observation(&mut self, table: &Table) -> Option<Observation> {
        self.known_keys(table, &COLUMNS, "observation");
        let (metric, actor) = (self.needed(table, "metric")?, self.needed(table, "actor")?);
        let (quarter, months) = self.observed_time(table)?;
        let since = self.observed_quarter(table, "since");
        let kind = self.observed_text(table, "kind").unwrap_or_else(|| "value".to_owned());
        if let (Some(node), true) = (table.get("kind"), kind != "value" && kind != "at-least") {
            self.diagnostics.error(&node.place, "a kind is `value` or `at-least`", "neither");
        }
        let place = |key: &str| table.get(key).map_or_else(|| table.place.clone(), |n| n.place.clone());
        let observation = Observation {
            metric,
            actor,
            quarter,
            months,
            low: self.observed_number(table, "low"),
            central: self.observed_number(table, "central"),
            high: self.observed_number(table, "high"),
            interval: self.observed_number(table, "interval").unwrap_or(0.9),
            at_least: kind == "at-least",
            since,
            unit: self.observed_text(table, "unit"),
            group: self.observed_text(table, "group"),
            source: self.observed_text(table, "source").unwrap_or_default(),
            places: ObservationPlaces {
                row: table.place.clone(),
                metric: place("metric"),
                actor: place("actor"),
                quarter: place("quarter"),
                from: place("from"),
                to: place("to"),
                since: place("since"),
                unit: place("unit"),
            },
        };
        self.check_numbers(&observation, &place);
        self.check_since(&observation);
        Some(observation)
    }

    /// Ends in order, something to hold the simulation against, a coverage between 0 and 1.
    fn check_numbers(&mut self, o: &Observation, place: &dyn Fn(&str) -> Place) {
        for (key, x) in [("low", o.low), ("central", o.central), ("high", o.high)] {
            if x.is_some_and(|x| !(x >= 0.0 && x.is_finite())) {
                let message = format!("an observation's `{key}` is not below 0: no metric is");
                self.diagnostics.error(&place(key), message, "not a number from 0 up");
            }
        }
        if !(o.interval > 0.0 && o.interval < 1.0) {
            let d = self.diagnostics.error(
                &place("interval"),
                "an `interval` is the coverage of low..high, between 0 and 1",
                "not a coverage",
            );
            d.help("0.9 says that low and high are the 5% and the 95% quantile");
        }
        for (below, above, key, message) in [
            (o.low, o.high, "low", "an observation's low is above its high"),
            (o.low, o.central, "central", "an observation's central value is below its low"),
            (o.central, o.high, "central", "an observation's central value is above its high"),
        ] {
            if let (Some(a), Some(b)) = (below, above)
                && a > b
            {
                let label = if key == "low" { "ends swapped" } else { "outside low..high" };
                self.diagnostics.error(&place(key), message, label);
                break;
            }
        }
        let enough = if o.at_least {
            o.central.is_some() || o.low.is_some()
        } else {
            o.central.is_some() || (o.low.is_some() && o.high.is_some())
        };
        if !enough {
            let message = if o.at_least {
                "an observation of kind `at-least` has a `central` or a `low`"
            } else {
                "an observation has a `central`, or a `low` and a `high`"
            };
            self.diagnostics.error(&o.places.row, message, "nothing to hold the simulation against");
        }
    }

    fn check_since(&mut self, o: &Observation) {
        let Some(since) = o.since else { return };
        if since > o.quarter {
            let message = format!("an observation of {} cannot count since {since}", o.quarter);
            self.diagnostics.error(&o.places.since, message, "after its quarter");
        }
    }

    fn observed_text(&mut self, table: &Table, key: &str) -> Option<String> {
        let node = table.get(key)?;
        match &node.value {
            Value::Text(t) => Some(t.clone()),
            Value::Number(_) => Some(node.written.clone()),
            _ => {
                self.wrong_type(node, &format!("observation.{key}"), "a text");
                None
            }
        }
    }

    fn observed_number(&mut self, table: &Table, key: &str) -> Option<f64> {
        let node = table.get(key)?;
        let x = match &node.value {
            Value::Number(x) => Some(*x),
            Value::Text(t) => expression::parse_number(t),
            _ => None,
        };
        if x.is_none() {
            self.wrong_type(node, &format!("observation.{key}"), "a number");
        }
        x
    }

    fn needed(&mut self, table: &Table, key: &str) -> Option<String> {
        let found = self.observed_text(table, key);
        if found.is_none() {
            let message = format!("an observation has a `{key}`");
            self.diagnostics.error(&table.place, message, "without one");
        }
        found
    }

    /// The quarter, or the months, of which the last tells the quarter.
    fn observed_time(&mut self, table: &Table) -> Option<(Quarter, Option<Months>)> {
        let (from, to) = (table.get("from"), table.get("to"));
        let Some(either) = from.or(to) else {
            self.needed(table, "quarter")?;
            return Some((self.observed_quarter(table, "quarter")?, None));
        };
        if let Some(node) = table.get("quarter") {
            let message = "an observation has a `quarter`, or `from` and `to`";
            self.diagnostics.error(&node.place, message, "beside months");
            return None;
        }
        let (Some(_), Some(to)) = (from, to) else {
            self.diagnostics.error(&either.place, "months are told by `from` and `to`", "one of them only");
            return None;
        };
        let (first, last) = (self.observed_month(table, "from"), self.observed_month(table, "to"));
        let months = Months { first: first?, last: last? };
        if months.is_empty() {
            let message = format!("months from {} to {}", months.first, months.last);
            self.diagnostics.error(&to.place, message, format!("before {}", months.first));
            return None;
        }
        Some((months.last.quarter(), Some(months)))
    }

    fn observed_month(&mut self, table: &Table, key: &str) -> Option<Month> {
        let text = self.observed_text(table, key)?;
        let month = Month::parse(&text);
        if let (None, Some(node)) = (month, table.get(key)) {
            self.diagnostics.error(&node.place, format!("`{text}` is no month"), "like 2024-11");
        }
        month
    }

    fn observed_quarter(&mut self, table: &Table, key: &str) -> Option<Quarter> {
        let text = self.observed_text(table, key)?;
        let quarter = Quarter::parse(&text);
        if let (None, Some(node)) = (quarter, table.get(key)) {
            self.diagnostics.error(&node.place, format!("`{text}` is no quarter"), "like 2024Q4");
        }
        quarter
    }
}
