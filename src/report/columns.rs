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

/// Fewest characters of a cell that is shortened.
const SHORTEST: usize = 8;

/// The same lines, the first of them the head, within a width: columns are left out in the order that is given, and if that does not
/// do, the widest are shortened. Says what is left out.
pub(super) fn fitted(
    mut lines: Vec<Vec<String>>,
    align: Align,
    width: Option<usize>,
    least: &[usize],
) -> String {
    let Some(width) = width else { return aligned(&lines, align) };
    let count = |text: &str| text.chars().count();
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |lines: &[Vec<String>], i: usize| {
        lines.iter().filter_map(|l| l.get(i)).map(|c| count(c)).max().unwrap_or(0)
    };
    let mut kept: Vec<usize> = (0..columns).collect();
    let whole = |kept: &[usize], lines: &[Vec<String>]| {
        kept.iter().map(|&i| wide(lines, i) + 2).sum::<usize>().saturating_sub(2)
    };
    let mut out = Vec::new();
    for &column in least {
        if whole(&kept, &lines) <= width {
            break;
        }
        kept.retain(|&k| k != column);
        out.push(lines[0].get(column).cloned().unwrap_or_default());
    }
    while whole(&kept, &lines) > width {
        let over = whole(&kept, &lines) - width;
        let Some(&widest) = kept.iter().max_by_key(|&&i| wide(&lines, i)) else { break };
        let now = wide(&lines, widest);
        let next = now.saturating_sub(over).max(SHORTEST);
        if next >= now {
            break;
        }
        for line in &mut lines {
            if let Some(cell) = line.get_mut(widest).filter(|c| count(c) > next) {
                *cell = cell.chars().take(next - 1).chain(['…']).collect();
            }
        }
    }
    let pick = |line: &Vec<String>| kept.iter().filter_map(|&i| line.get(i).cloned()).collect();
    let picked: Vec<Vec<String>> = lines.iter().map(pick).collect();
    let mut text = aligned(&picked, align);
    out.retain(|name| !name.trim().is_empty());
    if !out.is_empty() {
        text.push_str(&format!("left out at {width} columns: {}\n", out.join(", ")));
    }
    text
}

/// Text within a width: tables give up the columns that stand furthest right, other lines are wrapped at words, with what follows set in.
pub fn fit(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_owned() };
    let mut out = String::new();
    let lines: Vec<&str> = text.lines().collect();
    for block in lines.chunk_by(|a, b| is_row(a) == is_row(b)) {
        let wide = block.iter().any(|line| line.chars().count() > width);
        if wide && is_row(block[0]) {
            cut(&mut out, block, width);
            continue;
        }
        for line in block {
            if line.chars().count() > width {
                wrap(&mut out, line, width);
            } else {
                out.push_str(line);
            }
            out.push('\n');
        }
    }
    out
}

/// Whether a line is one of a table: cells stand two spaces or more apart.
fn is_row(line: &str) -> bool {
    line.trim_start().contains("  ")
}

/// Rows of a table without the columns for which there is no room.
fn cut(out: &mut String, rows: &[&str], width: usize) {
    let rows: Vec<Vec<char>> = rows.iter().map(|row| row.chars().collect()).collect();
    let blank = |row: &Vec<char>, i: usize| row.get(i).is_none_or(|c| *c == ' ');
    // A column begins where every row has had two spaces, or is over.
    let starts = |i: &usize| {
        rows.iter().all(|row| blank(row, i - 1) && blank(row, i - 2))
            && rows.iter().any(|row| !blank(row, *i))
    };
    let room = (width / 2..=width).rev().filter(|i| *i >= 2).find(starts);
    for row in &rows {
        match room {
            Some(room) => {
                let kept: String = row.iter().take(room).collect();
                out.push_str(kept.trim_end());
            }
            None if row.len() > width => out.extend(row.iter().take(width - 1).chain(&['…'])),
            None => out.extend(row),
        }
        out.push('\n');
    }
    if room.is_some() {
        out.push_str(&format!("left out at {width} columns: what stands further right\n"));
    }
}

fn wrap(out: &mut String, line: &str, width: usize) {
    let inner = line.trim_start();
    let first = line.chars().count() - inner.chars().count();
    let (mut at, mut begun) = (0, false);
    for word in inner.split(' ') {
        let length = word.chars().count();
        if begun && at + 1 + length > width {
            out.push('\n');
            out.push_str(&" ".repeat(first + 2));
            at = first + 2;
        } else if begun {
            out.push(' ');
            at += 1;
        } else {
            out.push_str(&" ".repeat(first));
            at = first;
            begun = true;
        }
        // A word that no line holds is cut where it must be.
        let mut left: &str = word;
        while at + left.chars().count() > width && width > first + 2 {
            let room = width - at;
            let cut = left.char_indices().nth(room).map_or(left.len(), |c| c.0);
            out.push_str(&left[..cut]);
            out.push('\n');
            out.push_str(&" ".repeat(first + 2));
            at = first + 2;
            left = &left[cut..];
        }
        out.push_str(left);
        at += left.chars().count();
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_keep_their_words() {
        let text = "   one two three four five six\nshort\nyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n";
        for width in [12, 16, 20, 24] {
            let shown = fit(text, Some(width));
            assert!(shown.lines().all(|l| l.chars().count() <= width), "{width}:\n{shown}");
            let words: Vec<&str> = shown.split_whitespace().take(6).collect();
            assert_eq!(words, ["one", "two", "three", "four", "five", "six"]);
            assert_eq!(shown.matches('y').count(), 40);
        }
        assert_eq!(fit(text, None), text);
    }

    #[test]
    fn a_table_that_is_there_gives_up_whole_columns() {
        let text = "name   first  second\na      1      2\nb b b  11     22\n";
        let shown = fit(text, Some(16));
        assert_eq!(
            shown,
            "name   first\na      1\nb b b  11\nleft out at 16 columns: what stands further right\n"
        );
    }

    #[test]
    fn a_table_gives_up_columns_in_order_and_then_letters() {
        let lines = |n: usize| {
            vec![
                vec!["name".to_owned(), "most".to_owned(), "least".to_owned()],
                vec!["n".repeat(n), "1".to_owned(), "2".to_owned()],
            ]
        };
        assert!(fitted(lines(10), Align::Left, Some(40), &[2]).contains("least"));
        let narrow = fitted(lines(10), Align::Left, Some(18), &[2]);
        assert!(narrow.contains("left out at 18 columns: least") && narrow.contains("most"), "{narrow}");
        let narrower = fitted(lines(30), Align::Left, Some(18), &[2]);
        assert!(
            narrower.lines().take(2).all(|l| l.chars().count() <= 18) && narrower.contains('…'),
            "{narrower}"
        );
    }
}
