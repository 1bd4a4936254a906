//! Rows that extend another row of their table.

use super::diagnostic::Diagnostics;
use super::document::{Document, Node, Value};
use super::limits::{DEPTH, TAKEN};
use std::collections::{BTreeMap, BTreeSet};

/// Rows that extend another row of their table take its fields where they give none.
pub(super) fn resolve_row_extends(document: &mut Document, diagnostics: &mut Diagnostics) {
    let mut left = TAKEN;
    for entry in &mut document.root.entries {
        let Value::List(rows) = &mut entry.node.value else { continue };
        let extends = |row: &Node| matches!(&row.value, Value::Table(t) if t.get("extends").is_some());
        if !rows.iter().any(extends) {
            continue;
        }
        let mut at = BTreeMap::new();
        for (i, row) in rows.iter().enumerate() {
            if let Some(id) = row.id() {
                at.entry(id.to_owned()).or_insert(i);
            }
        }
        for i in 0..rows.len() {
            resolve_row(rows, i, &at, &mut left, &mut Vec::new(), diagnostics);
        }
    }
}

/// Values in a row, at any depth.
fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::List(items) => items.iter().map(size).sum(),
        Value::Table(table) => table.entries.iter().map(|e| size(&e.node)).sum(),
        Value::Text(_) | Value::Number(_) | Value::Flag(_) => 0,
    }
}

fn resolve_row(
    rows: &mut Vec<Node>,
    i: usize,
    at: &BTreeMap<String, usize>,
    left: &mut usize,
    open: &mut Vec<usize>,
    diagnostics: &mut Diagnostics,
) {
    let Value::Table(row) = &mut rows[i].value else { return };
    let Some(extends) = row.take("extends") else { return };
    let Value::Text(base) = &extends.node.value else {
        diagnostics.error(&extends.node.place, "`extends` names a row of the same table", "not an id");
        return;
    };
    let Some(from) = at.get(base).copied().filter(|&j| j != i) else {
        let message = format!("there is no row `{base}` to extend");
        let d = diagnostics.error(&extends.node.place, message, "unknown id");
        d.suggest(base, at.keys().map(String::as_str));
        return;
    };
    let circle = open.contains(&from);
    if circle || open.len() == DEPTH {
        let (message, label) = if circle {
            (format!("`{base}` leads back to this row"), "a circle of `extends`")
        } else {
            (format!("rows extend rows {DEPTH} deep at most"), "one more")
        };
        diagnostics.error(&extends.node.place, message, label);
        return;
    }
    open.push(i);
    resolve_row(rows, from, at, left, open, diagnostics);
    open.pop();
    let taken = size(&rows[from]);
    if taken > *left {
        let message = format!("rows take {TAKEN} values from others at most");
        diagnostics.error(&extends.node.place, message, "this takes more");
        return;
    }
    *left -= taken;
    let Value::Table(base) = rows[from].value.clone() else { return };
    if let Value::Table(row) = &mut rows[i].value {
        // What another is called is not what this one is called.
        let own: BTreeSet<String> =
            row.entries.iter().map(|e| e.key.clone()).chain(["title".to_owned()]).collect();
        row.entries.extend(base.entries.into_iter().filter(|e| !own.contains(&e.key)));
    }
}
