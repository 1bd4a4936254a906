//! What there is, for people: metrics, policies of a scenario, tables and their keys.

use super::OutputFormat;
use super::columns::{Align, aligned};
use super::metrics_table::metrics_columns;
use crate::metrics::Metric;
use crate::model::{FieldAbout, TableAbout};
use crate::results::table::{Table, TableText};
use crate::scenario::leaves::leaves;
use crate::scenario::{Change, Document, Edit, Policy, Value, inline};
use std::borrow::Borrow;
use std::collections::BTreeSet;

/// Metrics, a line each with its meaning below.
pub fn metrics_list(all: &[Metric], how: OutputFormat) -> String {
    let text = || {
        let lines = all.iter().map(|m| {
            let row = m.row();
            let sum = if m.is_flow() { format!("; {} since the start", m.sum()) } else { String::new() };
            let kinds: Vec<&str> = row.of.iter().map(|of| of.0.name()).collect();
            format!("{} [{}]{sum}\n    {}\n    of: {}\n", m.name(), row.unit, m.meaning(), kinds.join(", "))
        });
        lines.collect::<String>()
            + "A cell is written actor/metric@quarter: country.china/reachable_flop@2028Q4\n"
    };
    printed(&metrics_columns(), all, how, text)
}

/// The policies of a scenario: what they are called, what they ask, what they change.
pub fn policy_list(all: &[Policy], how: OutputFormat) -> String {
    let text = || {
        if all.is_empty() {
            return "The scenario has no policies: files in its folder `policies`.\n".to_owned();
        }
        let each = all.iter().map(|p| {
            let mut text = format!("{}\n    {}\n", p.name, p.title);
            if !p.reason.is_empty() {
                text.push_str(&format!("    {}\n", p.reason));
            }
            text.push_str(&format!("    changes {}\n", changes(p, CHANGES)));
            text
        });
        each.collect()
    };
    let table = Table::<Policy>::new("policies", "Policies of a scenario")
        .text("policy", "Stem of its file", |p| (&p.name).into())
        .text("title", "What it is called", |p| (&p.title).into())
        .text("reason", "Why one would ask", |p| (&p.reason).into())
        .text("source", "Where it comes from", |p| (&p.source).into())
        .text("expects", "What it should move, and which way", |p| p.expects.join("; ").into())
        .text("changes", "What it changes", |p| changes(p, usize::MAX).into());
    printed(&table, all, how, text)
}

/// Changes that are told of a policy.
const CHANGES: usize = 4;

/// What a policy changes, in words: paths with what becomes of them.
pub fn changes(policy: &Policy, most: usize) -> String {
    let all = policy.edits.iter().map(|edit| match &edit.change {
        Change::Set { path, value, .. } => format!("{path} = {}", short(&inline(value))),
        Change::Times(path, factor) => format!("{path} × {factor}"),
        Change::Plus(path, more) => format!("{path} + {more}"),
        Change::Add(table, row) => {
            let id = row.get("id").map(inline).unwrap_or_default();
            format!("a new {table} {}", id.trim_matches('"'))
        }
        Change::Remove(path) => format!("no {path}"),
    });
    let all = all.zip(&policy.edits).map(|(what, edit)| what + &waits(edit));
    let all: Vec<String> = all.collect();
    let told = all.iter().take(most).cloned().collect::<Vec<_>>().join("; ");
    if all.len() > most { format!("{told}; and {} more", all.len() - most) } else { told }
}

/// What another scenario has otherwise than the first, in words: paths with what they are there; of a row that is new or gone, the row.
pub fn differences(first: &Document, other: &Document, most: usize) -> String {
    let [Some(ours), Some(theirs)] = [first, other].map(|d| leaves(&d.to_toml())) else {
        return String::new();
    };
    let mut all: Vec<String> = Vec::new();
    let mut row = String::new();
    for path in ours.keys().chain(theirs.keys().filter(|k| !ours.contains_key(*k))).collect::<BTreeSet<_>>() {
        let (a, b) = (ours.get(path), theirs.get(path));
        let within = !row.is_empty() && path.strip_prefix(&row).is_some_and(|rest| rest.starts_with('.'));
        if within || a.map(|l| &l.value) == b.map(|l| &l.value) || path == "title" {
            continue;
        }
        // A row is a leaf without a value of its own.
        let is_row = [a, b].into_iter().flatten().all(|l| l.value.is_empty());
        all.push(match (a, b) {
            (None, Some(_)) if is_row => format!("a new {}", path.replacen('.', " ", 1)),
            (_, Some(leaf)) => format!("{path} = {}", short(&leaf.value)),
            (_, None) => format!("no {path}"),
        });
        row = if is_row { path.clone() } else { String::new() };
    }
    let told = all.iter().take(most).cloned().collect::<Vec<_>>().join("; ");
    if all.len() > most { format!("{told}; and {} more", all.len() - most) } else { told }
}

/// What an edit waits for, in words; nothing if it waits for no sign.
fn waits(edit: &Edit) -> String {
    let Some(when) = edit.answer.as_ref().and_then(|row| row.get("when")) else { return String::new() };
    let Value::Table(table) = &when.value else {
        return format!(", once {}, seen 1 quarter late", inline(when).trim_matches('"'));
    };
    let of = |key: &str| table.get(key).map(|node| inline(node).trim_matches('"').to_owned());
    let lag = of("lag").unwrap_or_else(|| "1".to_owned());
    let late = if lag == "1" { "quarter late" } else { "quarters late" };
    // A policy that is listed may have errors: without a sign there is nothing to tell.
    let Some(sign) = of("sign") else { return String::new() };
    let mut words = format!(", once {sign}, seen {lag} {late}");
    if let Some(error) = of("error") {
        words.push_str(&format!(" with an error of {error} (standard deviation of its logarithm)"));
    }
    words.push_str(&of("from").map_or_else(String::new, |from| format!(", from {from} on")));
    if let Some(off) = of("off") {
        words.push_str(&format!(", until it is no more beyond {off}"));
        words.push_str(if of("again").as_deref() == Some("false") { ", never again then" } else { "" });
    }
    words
}

/// A value that fits a line.
fn short(value: &str) -> String {
    if value.chars().count() <= 40 {
        value.to_owned()
    } else {
        value.chars().take(37).collect::<String>() + "..."
    }
}

/// The tables of a scenario.
pub fn table_list(all: &[TableAbout], how: OutputFormat) -> String {
    let written = |t: &TableAbout| if t.rows { format!("[[{}]]", t.table) } else { format!("[{}]", t.table) };
    let text = || {
        let lines: Vec<Vec<String>> = all.iter().map(|t| vec![written(t), t.meaning.clone()]).collect();
        aligned(&lines, Align::Left) + "\nchokepoint fields TABLE lists the keys of one\n"
    };
    let table = Table::<TableAbout>::new("tables", "Tables of a scenario")
        .text("table", "Its name", |t| (&t.table).into())
        .boolean("rows", "Whether it has rows with ids; else it is there once", |t| t.rows)
        .text("meaning", "What it is", |t| (&t.meaning).into());
    printed(&table, all, how, text)
}

/// The keys of a table.
pub fn field_list(name: &str, all: &[FieldAbout], how: OutputFormat) -> String {
    let text = || {
        let each = all.iter().map(|f| {
            let unit = if f.unit.is_empty() { String::new() } else { format!(" [{}]", f.unit) };
            let default = if f.default.is_empty() {
                String::new()
            } else {
                format!("; {} where nothing is written", f.default)
            };
            let range = if f.range.is_empty() { "as the meaning says" } else { f.range.as_str() };
            format!("{name}.{}{unit}\n    {}\n    {range}{default}\n", f.key, f.meaning)
        });
        each.collect()
    };
    let table = Table::<FieldAbout>::new("fields", "Keys of a table of a scenario")
        .text("key", "The key; of a part, behind a dot", |f| (&f.key).into())
        .text("unit", "Its unit", |f| (&f.unit).into())
        .text("range", "What it can be", |f| (&f.range).into())
        .text("default", "What it is where nothing is written", |f| (&f.default).into())
        .text("meaning", "What it is", |f| (&f.meaning).into());
    printed(&table, all, how, text)
}

fn printed<R: Borrow<R> + Sync>(
    table: &Table<R>,
    all: &[R],
    how: OutputFormat,
    text: impl FnOnce() -> String,
) -> String {
    match how {
        OutputFormat::Text => text(),
        OutputFormat::Csv => TableText::of(table, all).text,
        OutputFormat::Json => {
            let rows: Vec<serde_json::Value> = all.iter().map(|row| table.json(row)).collect();
            format!("{:#}\n", serde_json::Value::Array(rows))
        }
    }
}
