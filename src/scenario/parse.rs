//! TOML and CSV texts as trees with places.

use super::diagnostic::{Diagnostics, Place, Sources};
use super::document::{Entry, Node, Table, Value};
use super::limits::{KEYS, ROWS, SYNTAX};
use super::printable::unguarded;
use std::collections::BTreeSet;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads a TOML text, which is source number `source`.
///
/// Of a file that may be none of the scenario's own (`foreign`) no more than its first line that is no TOML is told.
pub(super) fn toml_table(
    sources: &Sources,
    source: u32,
    foreign: bool,
    diagnostics: &mut Diagnostics,
) -> Table {
    let text = &sources.all[source as usize].text;
    let (table, errors) = DeTable::parse_recoverable(text);
    let most = if foreign { 1 } else { SYNTAX };
    // What is nested too deep is told once: each further bracket would be an error of its own.
    let deep = |error: &&toml::de::Error| TOO_DEEP.contains(&error.message());
    let others = errors.iter().filter(|e| !deep(e)).take(most);
    for error in errors.iter().find(deep).into_iter().chain(others).take(most) {
        let span = error.span().unwrap_or_else(|| most_dotted(text));
        let place = Place { source, span: visible(text, span) };
        if deep(&error) {
            diagnostics.error(&place, "brackets and keys go 80 deep at most", "deeper than that");
        } else {
            diagnostics.error(&place, format!("this is not TOML: {}", error.message()), "");
        }
    }
    if errors.len() > most {
        let place = Place { source, span: 0..0 };
        let message =
            format!("there are {} such errors in this file, not all of which are told", errors.len());
        diagnostics.error(&place, message, "");
    }
    let span = table.span();
    let mut table = convert_table(text, source, table.get_ref(), span);
    limit(&mut table, diagnostics);
    table
}

/// What the reader of TOML says of brackets that are nested too deep.
const TOO_DEEP: [&str; 2] = ["cannot recurse further; max recursion depth met", "recursion limit"];

/// Where the line with most dots starts: the reader of TOML does not say which key is too long.
fn most_dotted(text: &str) -> std::ops::Range<usize> {
    let lines = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((line.matches('.').count(), start))
    });
    let start = lines.max_by_key(|(dots, _)| *dots).map_or(0, |(_, start)| start);
    start..(start + 1).min(text.len())
}

/// Refuses tables of too many keys, and lists of too many rows: what is beyond is left out.
fn limit(table: &mut Table, diagnostics: &mut Diagnostics) {
    if let Some(entry) = table.entries.get(KEYS) {
        let message = format!("a table has {KEYS} keys at most");
        diagnostics.error(&entry.place, message, "one more");
        table.entries.truncate(KEYS);
    }
    table.entries.iter_mut().for_each(|e| limit_value(&mut e.node.value, diagnostics));
}

fn limit_value(value: &mut Value, diagnostics: &mut Diagnostics) {
    match value {
        Value::Table(table) => limit(table, diagnostics),
        Value::List(items) => {
            if let Some(item) = items.get(ROWS) {
                let message = format!("a table has {ROWS} rows at most");
                diagnostics.error(&item.place, message, "one more");
                items.truncate(ROWS);
            }
            for item in items {
                limit_value(&mut item.value, diagnostics);
            }
        }
        Value::Text(_) | Value::Number(_) | Value::Flag(_) => {}
    }
}

/// Reads a single TOML value, as given to `--set`; none if it is none.
pub(super) fn toml_value(text: &str, source: u32) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    Some(convert(text, source, &value))
}

/// An empty span cannot be underlined: take the byte before it.
fn visible(text: &str, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    if span.is_empty() && span.start > 0 && text.is_char_boundary(span.start - 1) {
        span.start - 1..span.start
    } else {
        span
    }
}

fn convert_table(text: &str, source: u32, table: &DeTable<'_>, span: std::ops::Range<usize>) -> Table {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            place: Place { source, span: key.span() },
            node: convert(text, source, value),
        })
        .collect();
    entries.sort_by_key(|e| e.place.span.start);
    Table { place: Place { source, span }, entries: entries.into() }
}

fn convert(text: &str, source: u32, value: &Spanned<DeValue<'_>>) -> Node {
    let span = value.span();
    let as_written = || text.get(span.clone()).unwrap_or_default().to_owned();
    let (value, written) = match value.get_ref() {
        DeValue::String(s) => (Value::Text(s.to_string()), String::new()),
        DeValue::Integer(_) | DeValue::Float(_) => {
            // A number in another base is not read: fields refuse what is not finite.
            let written = as_written();
            let plain: String = written.chars().filter(|c| *c != '_').collect();
            (Value::Number(plain.parse().unwrap_or(f64::NAN)), written)
        }
        DeValue::Boolean(b) => (Value::Flag(*b), String::new()),
        DeValue::Datetime(_) => (Value::Text(as_written()), String::new()),
        DeValue::Array(items) => {
            (Value::List(items.iter().map(|i| convert(text, source, i)).collect()), String::new())
        }
        DeValue::Table(table) => {
            (Value::Table(convert_table(text, source, table, span.clone())), String::new())
        }
    };
    Node { value, written, ..Node::at(Place { source, span }) }
}

/// A cell of a CSV text.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) place: Place,
}

/// Reads a CSV text with a header; each row pairs columns with cells that are not empty.
pub(super) fn csv_rows(
    sources: &Sources,
    source: u32,
    diagnostics: &mut Diagnostics,
) -> (Vec<Cell>, Vec<Vec<(String, Cell)>>) {
    let text = &sources.all[source as usize].text;
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut header: Vec<Cell> = Vec::new();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let at = error.position().map_or(0, |p| p.byte() as usize);
                let place = Place { source, span: line_at(text, at) };
                diagnostics.error(&place, format!("this is not CSV: {error}"), "");
                break;
            }
        };
        let start = record.position().expect("a record that was read has a place").byte() as usize;
        let cells = cells(text, source, start, &record);
        if header.is_empty() {
            header = cells;
            check_header(&header, diagnostics);
            continue;
        }
        if rows.len() == ROWS {
            let place = Place { source, span: line_at(text, start) };
            diagnostics.error(&place, format!("a table has {ROWS} rows at most"), "one more");
            break;
        }
        if cells.len() != header.len() {
            let place = Place { source, span: line_at(text, start) };
            let message = format!("this row has {} cells, the header has {}", cells.len(), header.len());
            diagnostics.error(&place, message, "");
            continue;
        }
        // Spreadsheets leave such rows behind. Without a cell that says something it would have no place, and be blamed on another file.
        if cells.iter().all(|c| c.text.is_empty()) {
            let place = Place { source, span: line_at(text, start) };
            diagnostics.error(&place, "this row is empty", "commas alone");
            continue;
        }
        let named = header.iter().zip(cells).filter(|(_, c)| !c.text.is_empty());
        rows.push(named.map(|(h, c)| (h.text.clone(), c)).collect());
    }
    if header.is_empty() && !diagnostics.has_errors() {
        let place = Place { source, span: 0..0 };
        diagnostics.error(&place, "a table has a header: the names of its columns", "there is none");
    }
    (header, rows)
}

/// A header names each of its columns, each once.
fn check_header(header: &[Cell], diagnostics: &mut Diagnostics) {
    let mut seen = BTreeSet::new();
    for cell in header {
        if cell.text.is_empty() {
            diagnostics.error(&cell.place, "a column has a name", "there is none in the header");
        } else if !seen.insert(cell.text.as_str()) {
            let message = format!("two columns are called `{}`", cell.text);
            diagnostics.error(&cell.place, message, "the second");
        }
    }
}

/// Cells of a record with the places of their texts, quotes included.
fn cells(text: &str, source: u32, start: usize, record: &csv::StringRecord) -> Vec<Cell> {
    let bytes = text.as_bytes();
    let mut at = start;
    while at < bytes.len() && (bytes[at] == b'\n' || bytes[at] == b'\r') {
        at += 1;
    }
    record
        .iter()
        .map(|field| {
            let from = at;
            if bytes.get(at) == Some(&b'"') {
                at += 1;
                while at < bytes.len() && !(bytes[at] == b'"' && bytes.get(at + 1) != Some(&b'"')) {
                    at += if bytes[at] == b'"' { 2 } else { 1 };
                }
                at = (at + 1).min(bytes.len());
                // What follows on a closing quote belongs to the cell.
                while at < bytes.len() && !matches!(bytes[at], b',' | b'\n' | b'\r') {
                    at += 1;
                }
            } else {
                at = (at + field.len()).min(bytes.len());
            }
            let span = from..at;
            at += 1;
            Cell { text: unguarded(field.trim()).to_owned(), place: Place { source, span } }
        })
        .collect()
}

fn line_at(text: &str, at: usize) -> std::ops::Range<usize> {
    let at = text.floor_char_boundary(at.min(text.len()));
    let start = if text[at..].starts_with('\n') { at + 1 } else { at };
    let end = text[start..].find('\n').map_or(text.len(), |i| start + i);
    start..end
}

/// A CSV cell as a value: yes or no, a number, a TOML table or list, or text.
pub(super) fn cell_value(cell: &Cell) -> Node {
    let text = cell.text.as_str();
    let node = Node::at(cell.place.clone());
    match text {
        "true" => return Node { value: Value::Flag(true), ..node },
        "false" => return Node { value: Value::Flag(false), ..node },
        _ => {}
    }
    if let Ok(x) = text.parse::<f64>() {
        return Node { value: Value::Number(x), written: text.to_owned(), ..node };
    }
    if text.starts_with(['{', '['])
        && let Some(parsed) = toml_value(text, cell.place.source)
    {
        return relocated(parsed, &cell.place);
    }
    Node { value: Value::Text(text.to_owned()), ..node }
}

/// Moves everything in a value to one place: parts of a CSV cell are not told apart.
pub(super) fn relocated(mut node: Node, place: &Place) -> Node {
    node.place = place.clone();
    match &mut node.value {
        Value::List(items) => {
            for item in items {
                *item = relocated(std::mem::replace(item, Node::at(Place::default())), place);
            }
        }
        Value::Table(table) => {
            table.place = place.clone();
            for entry in &mut table.entries {
                entry.place = place.clone();
                let node = std::mem::replace(&mut entry.node, Node::at(Place::default()));
                entry.node = relocated(node, place);
            }
        }
        _ => {}
    }
    node
}
