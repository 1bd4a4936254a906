//! Answers of several runs in one table: the headline of each side by side, or its rows one below the other.

use super::columns::{Align, fitted};
use super::number;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is printed above runs side by side.
const SAID: &str = "Median; in brackets 90% of draws: what nobody knows of the world.";

/// One run's answer as `run --format json` prints it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The scenario's name.
    pub scenario: String,
    /// The answer.
    pub json: Value,
}

/// A number of an answer: what it is called, its unit, its median and range.
struct Number {
    whose: [String; 2],
    range: [f64; 3],
}

impl Answer {
    /// The headline's numbers, or those of the cells that were asked for.
    fn numbers(&self) -> Vec<Number> {
        let text = |v: &Value, key: &str| v[key].as_str().unwrap_or_default().to_owned();
        let range = |v: &Value| ["p05", "p50", "p95"].map(|q| v[q].as_f64().unwrap_or(f64::NAN));
        let rows = self.json["rows"].as_array().into_iter().flatten();
        let headline = rows.map(|r| Number {
            whose: [text(r, "name"), text(r, "quarter")],
            range: range(&r["reachable_flop"]),
        });
        let cells = self.json["selected"].as_array().into_iter().flatten();
        let selected = cells.map(|c| Number { whose: [text(c, "cell"), text(c, "unit")], range: range(c) });
        headline.chain(selected).collect()
    }
}

/// The headlines of runs as text within a width: a column for each run, or where there is no room for that a line.
pub fn side_by_side(answers: &[Answer], width: Option<usize>) -> String {
    let mut order: Vec<[String; 2]> = Vec::new();
    let mut found: BTreeMap<([String; 2], usize), String> = BTreeMap::new();
    for (i, answer) in answers.iter().enumerate() {
        for Number { whose, range: [low, median, high] } in answer.numbers() {
            if !order.contains(&whose) {
                order.push(whose.clone());
            }
            let shown = format!("{} ({} – {})", number(median), number(low), number(high));
            found.insert((whose, i), shown);
        }
    }
    // Each actor's quarters stand together, whichever run has them.
    let names: Vec<String> = order.iter().map(|whose| whose[0].clone()).collect();
    order.sort_by_key(|whose| (names.iter().position(|name| *name == whose[0]), whose[1].clone()));
    let headline = answers.iter().any(|a| a.json["rows"].as_array().is_some_and(|r| !r.is_empty()));
    let (what, by) = if headline { ("could train [FLOP]", "by") } else { ("", "unit") };
    let cell = |whose: &[String; 2], i: usize| {
        found.get(&(whose.clone(), i)).cloned().unwrap_or_else(|| "is not in it".to_owned())
    };
    let mut lines = vec![vec![what.to_owned(), by.to_owned()]];
    lines[0].extend(answers.iter().map(|a| a.scenario.clone()));
    let mut above = "";
    for whose in &order {
        let first = if whose[0] == above { String::new() } else { whose[0].clone() };
        let mut line = vec![first, whose[1].clone()];
        line.extend((0..answers.len()).map(|i| cell(whose, i)));
        lines.push(line);
        above = &whose[0];
    }
    let count = |i: usize| lines.iter().map(|l| l[i].chars().count() + 2).max().unwrap_or(0);
    let wide: usize = (0..lines[0].len()).map(count).sum();
    if width.is_some_and(|width| wide > width + 2) {
        lines = vec![[what, by, "scenario", ""].map(str::to_owned).to_vec()];
        for whose in &order {
            for (i, answer) in answers.iter().enumerate() {
                let head = if i == 0 { whose.clone() } else { [String::new(), String::new()] };
                lines.push([head.to_vec(), vec![answer.scenario.clone(), cell(whose, i)]].concat());
            }
        }
    }
    format!("{SAID}\n\n{}", fitted(lines, Align::Left, width, &[]))
}

/// Rows of CSV texts one below the other: columns that one lacks are empty there.
pub fn stacked(tables: &[String]) -> String {
    let mut head: Vec<String> = Vec::new();
    let mut rows: Vec<BTreeMap<String, String>> = Vec::new();
    for table in tables {
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let own: Vec<String> = reader.headers().into_iter().flatten().map(str::to_owned).collect();
        head.extend(own.iter().filter(|c| !head.contains(c)).cloned().collect::<Vec<_>>());
        let records = reader.records().flatten();
        rows.extend(records.map(|r| own.iter().cloned().zip(r.iter().map(str::to_owned)).collect()));
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let lines = rows.iter().map(|row| head.iter().map(|c| row.get(c).map_or("", String::as_str)).collect());
    for line in std::iter::once(head.iter().map(String::as_str).collect::<Vec<&str>>()).chain(lines) {
        // Nothing fails that is written to memory.
        let _ = writer.write_record(line);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_of_other_columns_are_stacked() {
        let tables = ["a,b\n1,x\n", "a,c\n2,\"y,z\"\n"].map(str::to_owned);
        assert_eq!(stacked(&tables), "a,b,c\n1,x,\n2,,\"y,z\"\n");
    }

    #[test]
    fn runs_stand_side_by_side_where_there_is_room() {
        let answer = |scenario: &str, actor: &str, median: f64| {
            let range = json!({ "p05": median / 2.0, "p50": median, "p95": 2.0 * median });
            let row = json!({ "name": actor, "quarter": "2026Q4", "reachable_flop": range });
            Answer { scenario: scenario.to_owned(), json: json!({ "rows": [row], "selected": [] }) }
        };
        let answers =
            [answer("one", "Omega", 4e25), answer("two", "Omega", 6e25), answer("three", "Gamma", 1e24)];
        let wide = side_by_side(&answers, Some(120));
        let line = wide.lines().find(|l| l.starts_with("Omega")).unwrap();
        for part in ["2026Q4", "4.0e25 (2.0e25 – 8.0e25)", "6.0e25 (3.0e25 – 1.2e26)", "is not in it"] {
            assert!(line.contains(part), "{part} in\n{wide}");
        }
        let narrow = side_by_side(&answers, Some(70));
        assert!(narrow.lines().skip(2).all(|l| l.chars().count() <= 70), "{narrow}");
        assert_eq!(narrow.lines().filter(|l| l.contains("two")).count(), 2, "{narrow}");
    }
}
