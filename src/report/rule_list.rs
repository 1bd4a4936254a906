//! Lists of rules for people and programs: statuses on a day, and what a policy changes.

use super::Table;
use crate::model::Status;
use crate::results::{float, quoted};
use crate::rules::{Change, Listed};
use serde_json::Value as Json;

/// Columns of the list.
const STATUS: [&str; 8] = ["chip", "to", "headquarters", "on", "issuer", "status", "fee", "rule"];
/// Columns of the difference.
const DIFFERENCE: [&str; 9] =
    ["chip", "to", "issuer", "quarter", "before", "after", "headquarters", "fee_before", "fee_after"];

/// Statuses on a day, which is given as it was asked for.
pub fn rule_list(rows: &[Listed], on: &str, how: Table) -> String {
    written(how, &STATUS, &rows.iter().map(|r| listed(r, on)).collect::<Vec<_>>())
}

/// What changes, quarter by quarter.
pub fn rule_changes(rows: &[Change], how: Table) -> String {
    written(how, &DIFFERENCE, &rows.iter().map(changed).collect::<Vec<_>>())
}

/// A field of a row.
enum Field {
    Text(String),
    Share(f64),
    Nothing,
}

fn status(status: Status) -> Field {
    Field::Text(status.as_str().to_owned())
}

fn listed(row: &Listed, on: &str) -> Vec<Field> {
    let text = |t: &str| Field::Text(t.to_owned());
    vec![
        text(&row.chip),
        text(&row.to),
        text(&row.headquarters),
        text(on),
        text(&row.issuer),
        status(row.status),
        Field::Share(row.fee),
        row.rule.as_deref().map_or(Field::Nothing, text),
    ]
}

fn changed(row: &Change) -> Vec<Field> {
    let text = |t: &str| Field::Text(t.to_owned());
    vec![
        text(&row.chip),
        text(&row.to),
        text(&row.issuer),
        text(&row.quarter.to_string()),
        status(row.before.0),
        status(row.after.0),
        text(&row.headquarters),
        Field::Share(row.before.1),
        Field::Share(row.after.1),
    ]
}

fn written(how: Table, names: &[&str], rows: &[Vec<Field>]) -> String {
    match how {
        Table::Csv => csv(names, rows),
        Table::Text => table(names, rows),
        Table::Json => {
            let objects: Vec<Json> = rows.iter().map(|row| object(names, row)).collect();
            serde_json::to_string_pretty(&objects).unwrap_or_default() + "\n"
        }
    }
}

fn csv(names: &[&str], rows: &[Vec<Field>]) -> String {
    let mut text = names.join(",") + "\n";
    for row in rows {
        for (i, field) in row.iter().enumerate() {
            if i > 0 {
                text.push(',');
            }
            match field {
                Field::Text(t) => quoted(&mut text, t),
                Field::Share(x) => float(&mut text, *x),
                Field::Nothing => {}
            }
        }
        text.push('\n');
    }
    text
}

fn table(names: &[&str], rows: &[Vec<Field>]) -> String {
    let shown = |field: &Field| match field {
        Field::Text(t) => t.clone(),
        Field::Share(x) => format!("{}%", super::number(100.0 * x)),
        Field::Nothing => "-".to_owned(),
    };
    let mut lines = vec![names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| row.iter().map(shown).collect()));
    let widths: Vec<usize> =
        (0..names.len()).map(|i| lines.iter().map(|l| l[i].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, w)| format!("{cell:<w$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn object(names: &[&str], row: &[Field]) -> Json {
    let value = |field: &Field| match field {
        Field::Text(t) => Json::from(t.as_str()),
        Field::Share(x) => Json::from(*x),
        Field::Nothing => Json::Null,
    };
    Json::Object(names.iter().zip(row).map(|(n, f)| ((*n).to_owned(), value(f))).collect())
}
