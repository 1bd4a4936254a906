//! A document as one TOML text: the resolved scenario, which reads back as the same.

use super::document::{Adjustment, Document, Node, Table, Value};
use std::fmt::Write;

impl Document {
    /// The document as TOML. Adjusted quantities are written as `{ value = ..., times = ... }`.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        let tables = |node: &Node| matches!(&node.value, Value::Table(_) | Value::List(_));
        for e in self.root.entries.iter().filter(|e| !tables(&e.node)) {
            let _ = writeln!(out, "{} = {}", key(&e.key), inline(&e.node));
        }
        for e in self.root.entries.iter().filter(|e| tables(&e.node)) {
            match &e.node.value {
                Value::Table(table) => {
                    let _ = writeln!(out, "\n[{}]", key(&e.key));
                    fields(&mut out, table);
                }
                Value::List(rows) => {
                    for row in rows {
                        if let Value::Table(table) = &row.value {
                            let _ = writeln!(out, "\n[[{}]]", key(&e.key));
                            fields(&mut out, table);
                        }
                    }
                }
                _ => {}
            }
        }
        out
    }
}

fn fields(out: &mut String, table: &Table) {
    for e in &table.entries {
        let _ = writeln!(out, "{} = {}", key(&e.key), inline(&e.node));
    }
}

fn key(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { key.to_owned() } else { toml_text(key) }
}

/// A text as TOML.
pub fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A value on one line.
pub(crate) fn inline(node: &Node) -> String {
    let plain = match &node.value {
        Value::Text(t) => toml_text(t),
        Value::Number(x) if node.written.is_empty() => format!("{x:?}"),
        Value::Number(_) => node.written.clone(),
        Value::Flag(b) => b.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let inner: Vec<String> =
                table.entries.iter().map(|e| format!("{} = {}", key(&e.key), inline(&e.node))).collect();
            let changes = adjustments(&node.adjustments);
            return format!("{{ {}{changes} }}", inner.join(", "));
        }
    };
    if node.adjustments.is_empty() {
        plain
    } else {
        format!("{{ value = {plain}{} }}", adjustments(&node.adjustments))
    }
}

/// Adjustments in the order of their making, as one factor and one addition.
fn adjustments(list: &[Adjustment]) -> String {
    if list.is_empty() {
        return String::new();
    }
    let (times, plus) = list.iter().fold((1.0, 0.0), |(times, plus), a| match a {
        Adjustment::Times(x, _) => (times * x, plus * x),
        Adjustment::Plus(x, _) => (times, plus + x),
    });
    format!(", times = {times:?}, plus = {plus:?}")
}

/// A table on one line.
pub fn inline_table(table: &Table) -> String {
    inline(&Node { value: Value::Table(table.clone()), ..Node::at(table.place.clone()) })
}
