//! TOML and CSV texts as trees with places.

use super::diagnostic::{Diagnostics, Place, Sources};
use super::document::{Entry, Node, Table, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads a TOML text, which is source number `source`.
pub(super) fn toml_table(sources: &Sources, source: u32, diagnostics: &mut Diagnostics) -> Table {
    let text = &sources.all[source as usize].text;
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let place = Place { source, span: visible(text, span) };
        diagnostics.error(&place, format!("this is not TOML: {}", error.message()), "");
    }
    let span = table.span();
    convert_table(text, source, table.get_ref(), span)
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
    Table { place: Place { source, span }, entries }
}

fn convert(text: &str, source: u32, value: &Spanned<DeValue<'_>>) -> Node {
    let span = value.span();
    let written = text[span.clone()].to_owned();
    let (value, written) = match value.get_ref() {
        DeValue::String(s) => (Value::Text(s.to_string()), String::new()),
        DeValue::Integer(_) | DeValue::Float(_) => {
            // A number in another base is not read: fields refuse what is not finite.
            let plain: String = written.chars().filter(|c| *c != '_').collect();
            (Value::Number(plain.parse().unwrap_or(f64::NAN)), written)
        }
        DeValue::Boolean(b) => (Value::Flag(*b), String::new()),
        DeValue::Datetime(_) => (Value::Text(written), String::new()),
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
            continue;
        }
        if cells.len() != header.len() {
            let place = Place { source, span: line_at(text, start) };
            let message = format!("this row has {} cells, the header has {}", cells.len(), header.len());
            diagnostics.error(&place, message, "");
            continue;
        }
        let named = header.iter().zip(cells).filter(|(_, c)| !c.text.is_empty());
        rows.push(named.map(|(h, c)| (h.text.clone(), c)).collect());
    }
    (header, rows)
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
            } else {
                at = (at + field.len()).min(bytes.len());
            }
            let span = from..at;
            at += 1;
            Cell { text: field.trim().to_owned(), place: Place { source, span } }
        })
        .collect()
}

fn line_at(text: &str, at: usize) -> std::ops::Range<usize> {
    let at = at.min(text.len());
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
                *item = relocated(item.clone(), place);
            }
        }
        Value::Table(table) => {
            table.place = place.clone();
            for entry in &mut table.entries {
                entry.place = place.clone();
                entry.node = relocated(entry.node.clone(), place);
            }
        }
        _ => {}
    }
    node
}
