//! Rows that extend another row of their table.

use super::diagnostic::Diagnostics;
use super::document::{Document, Node, Value};
use super::suggest;

/// Rows that extend another row of their table take its fields where they give none.
pub(super) fn resolve_row_extends(document: &mut Document, diagnostics: &mut Diagnostics) {
    for entry in &mut document.root.entries {
        let Value::List(rows) = &mut entry.node.value else { continue };
        for i in 0..rows.len() {
            resolve_row(rows, i, &mut Vec::new(), diagnostics);
        }
    }
}

fn resolve_row(rows: &mut Vec<Node>, i: usize, open: &mut Vec<usize>, diagnostics: &mut Diagnostics) {
    let Value::Table(row) = &mut rows[i].value else { return };
    let Some(extends) = row.take("extends") else { return };
    let Value::Text(base) = &extends.node.value else {
        diagnostics.error(&extends.node.place, "`extends` names a row of the same table", "not an id");
        return;
    };
    let ids: Vec<String> = rows.iter().filter_map(|r| r.id().map(str::to_owned)).collect();
    let Some(from) = rows.iter().position(|r| r.id() == Some(base)).filter(|&j| j != i) else {
        let d = diagnostics.error(
            &extends.node.place,
            format!("there is no row `{base}` to extend"),
            "unknown id",
        );
        if let Some(near) = suggest(base, ids.iter().map(String::as_str)) {
            d.help(format!("did you mean `{near}`?"));
        }
        return;
    };
    if open.contains(&from) {
        diagnostics.error(
            &extends.node.place,
            format!("`{base}` leads back to this row"),
            "a circle of `extends`",
        );
        return;
    }
    open.push(i);
    resolve_row(rows, from, open, diagnostics);
    open.pop();
    let Value::Table(base) = rows[from].value.clone() else { return };
    if let Value::Table(row) = &mut rows[i].value {
        for entry in base.entries {
            if row.get(&entry.key).is_none() {
                row.entries.push(entry);
            }
        }
    }
}
