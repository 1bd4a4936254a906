//! Cells side by side, each column as wide as its widest cell.

use super::number;
use crate::results::table::{Field, Table, Value};
use std::borrow::Borrow;

/// Where cells stand in their column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// All to the left.
    Left,
    /// The first column to the left, all others to the right.
    Right,
}

/// Lines of cells; a line may end early.
pub(super) fn aligned(lines: &[Vec<String>], align: Align) -> String {
    let count = |text: &str| text.chars().count();
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |i: usize| lines.iter().filter_map(|l| l.get(i)).map(|c| count(c)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells: Vec<String> = (line.iter().zip(&widths).enumerate())
            .map(|(i, (cell, width))| {
                let space = " ".repeat(width - count(cell));
                if i == 0 || align == Align::Left {
                    format!("{cell}{space}")
                } else {
                    format!("{space}{cell}")
                }
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A table for people: names of columns, then rows; shares in per cent, and `-` for nothing.
pub(super) fn laid_out<R, I: IntoIterator<Item: Borrow<R>>>(table: &Table<R>, rows: I) -> String {
    let shown = |field: &Field, value: Value<'_>| match value {
        Value::Text(text) => text.into_owned(),
        Value::Integer(n) => n.to_string(),
        Value::Number(x) if field.unit.as_deref() == Some("1") => format!("{}%", number(100.0 * x)),
        Value::Number(x) => number(x),
        Value::Boolean(x) => x.to_string(),
        Value::Missing => "-".to_owned(),
    };
    let mut lines = vec![table.fields().map(|f| f.name.to_string()).collect::<Vec<_>>()];
    lines.extend(rows.into_iter().map(|row| {
        let cells = table.fields().zip(table.values(row.borrow()));
        cells.map(|(field, value)| shown(field, value)).collect()
    }));
    aligned(&lines, Align::Left)
}
