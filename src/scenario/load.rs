//! Scenario folders: what a file includes, extends and keeps in spreadsheets.
//!
//! The base of `extends` comes first; the child's settings replace the base's key by key, and so do rows of the same id. Included
//! files add rows and settings. A chip's row in `chips.csv` and its row in TOML are one.

use super::diagnostic::{Diagnostics, Place, Source, Sources};
use super::document::{Document, Entry, Node, Table, Value};
use super::edit::{self, Edit};
use super::extends::resolve_row_extends;
use super::parse::{Cell, cell_value, csv_rows, toml_table};
use std::path::{Path, PathBuf};

/// Reads a scenario: a folder with `scenario.toml`, or a TOML file.
///
/// Errors go to `diagnostics`; none comes back if there is nothing to go on with.
pub fn load(path: &Path, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<Document> {
    let mut loader = Loader { sources, diagnostics, open: Vec::new(), assumptions: Vec::new() };
    let root = loader.scenario(path, None)?;
    let assumptions = std::mem::take(&mut loader.assumptions);
    let mut document = Document { root, removed: Vec::new() };
    resolve_row_extends(&mut document, diagnostics);
    edit::apply(&mut document, &assumptions, diagnostics);
    Some(document)
}

/// Reads a scenario from a text, without includes from disk.
pub fn from_text(name: &str, text: &str, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Document {
    let source = sources.add(name, text.to_owned());
    let root = toml_table(sources, source, diagnostics);
    let mut document = Document { root, removed: Vec::new() };
    resolve_row_extends(&mut document, diagnostics);
    document
}

struct Loader<'a> {
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
    /// Files being read, outermost first.
    open: Vec<PathBuf>,
    assumptions: Vec<Edit>,
}

impl Loader<'_> {
    /// A scenario and what it extends.
    fn scenario(&mut self, path: &Path, from: Option<&Place>) -> Option<Table> {
        let file = if path.is_dir() { path.join("scenario.toml") } else { path.to_owned() };
        let table = self.file(&file, from)?;
        self.open.push(std::fs::canonicalize(&file).unwrap_or_else(|_| file.clone()));
        let merged = self.extended(&file, table);
        self.open.pop();
        merged
    }

    /// Lays a scenario over the one that it extends.
    fn extended(&mut self, file: &Path, mut table: Table) -> Option<Table> {
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let Some(extends) = table.take("extends") else { return Some(table) };
        let Value::Text(base) = &extends.node.value else {
            self.diagnostics.error(&extends.node.place, "`extends` names a scenario's folder", "not a text");
            return Some(table);
        };
        let mut merged = self.scenario(&folder.join(base), Some(&extends.node.place))?;
        overlay(&mut merged, table);
        Some(merged)
    }

    /// A file with what it includes.
    fn file(&mut self, file: &Path, from: Option<&Place>) -> Option<Table> {
        let nowhere = Place::default();
        let identity = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        if self.open.contains(&identity) {
            let cycle: Vec<String> = self.open.iter().map(|p| name_of(p)).collect();
            let message = format!("{} leads back to itself", name_of(file));
            let label = format!("read by way of {}", cycle.join(" → "));
            self.diagnostics.error(from.unwrap_or(&nowhere), message, label);
            return None;
        }
        let source = self.read(file, from)?;
        self.open.push(identity);
        let mut table = toml_table(self.sources, source, self.diagnostics);
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        self.include(&mut table, &folder);
        self.spreadsheets(&mut table, &folder);
        self.open.pop();
        Some(table)
    }

    fn read(&mut self, file: &Path, from: Option<&Place>) -> Option<u32> {
        match std::fs::read_to_string(file) {
            Ok(text) => Some(self.sources.add(&file.display().to_string(), text)),
            Err(error) => {
                let message = format!("{} cannot be read: {error}", file.display());
                self.diagnostics.error(from.unwrap_or(&Place::default()), message, "named here");
                None
            }
        }
    }

    fn include(&mut self, table: &mut Table, folder: &Path) {
        let Some(include) = table.take("include") else { return };
        let Value::List(files) = &include.node.value else {
            self.diagnostics.error(&include.node.place, "`include` is a list of files", "not a list");
            return;
        };
        let mut seen: Vec<&str> = Vec::new();
        for file in files {
            let Value::Text(name) = &file.value else {
                self.diagnostics.error(&file.place, "`include` is a list of files", "not a file name");
                continue;
            };
            if seen.contains(&name.as_str()) {
                self.diagnostics.error(&file.place, format!("{name} is included twice"), "the second time");
                continue;
            }
            seen.push(name);
            if let Some(part) = self.file(&folder.join(name), Some(&file.place)) {
                self.join(table, part);
            }
        }
    }

    /// Adds an included file's rows and settings.
    fn join(&mut self, table: &mut Table, part: Table) {
        for entry in part.entries {
            let Some(known) = table.entries.iter_mut().find(|e| e.key == entry.key) else {
                table.entries.push(entry);
                continue;
            };
            match (&mut known.node.value, entry.node.value) {
                (Value::List(rows), Value::List(more)) => rows.extend(more),
                (Value::Table(settings), Value::Table(more)) => {
                    for e in more.entries {
                        if settings.get(&e.key).is_some() {
                            let message = format!("`{}.{}` is given twice", entry.key, e.key);
                            self.diagnostics.error(&e.place, message, "given before, in another file");
                        } else {
                            settings.entries.push(e);
                        }
                    }
                }
                _ => {
                    let message = format!("`{}` is given twice", entry.key);
                    self.diagnostics.error(&entry.place, message, "given before, in another file");
                }
            }
        }
    }

    fn spreadsheets(&mut self, table: &mut Table, folder: &Path) {
        for (key, rows_of) in [("chips", "chip"), ("observations", "observation")] {
            if let Some(source) = self.spreadsheet(table, key, folder) {
                let rows = self.rows(source);
                add_rows(table, rows_of, rows);
            }
        }
        if let Some(source) = self.spreadsheet(table, "assumptions", folder) {
            let edits = edit::from_csv(self.sources, source, "", self.diagnostics);
            self.assumptions.extend(edits);
        }
    }

    fn spreadsheet(&mut self, table: &mut Table, key: &str, folder: &Path) -> Option<u32> {
        let entry = table.take(key)?;
        let Value::Text(name) = &entry.node.value else {
            self.diagnostics.error(&entry.node.place, format!("`{key}` names a CSV file"), "not a text");
            return None;
        };
        self.read(&folder.join(name), Some(&entry.node.place))
    }

    fn rows(&mut self, source: u32) -> Vec<Table> {
        let (_, rows) = csv_rows(self.sources, source, self.diagnostics);
        rows.into_iter().map(row_table).collect()
    }
}

/// Adds the rows of a CSV text to a table of a document; a column that is missing or unknown is told once, at the header.
pub fn append_rows(
    document: &mut Document,
    table: &str,
    columns: (&[&str], &[&str]),
    (sources, source): (&Sources, u32),
    diagnostics: &mut Diagnostics,
) {
    let (known, needed) = columns;
    let (header, rows) = csv_rows(sources, source, diagnostics);
    let first = header.first().map(|c| c.place.clone()).unwrap_or(Place { source, span: 0..0 });
    for column in needed.iter().filter(|n| header.iter().all(|c| c.text != **n)) {
        diagnostics.error(&first, format!("rows of `{table}` have a column `{column}`"), "without it");
    }
    for column in header.iter().filter(|c| !known.contains(&c.text.as_str())) {
        let message = format!("`{table}` has no column `{}`", column.text);
        let d = diagnostics.error(&column.place, message, "unknown column");
        match super::suggest(&column.text, known.iter().copied()) {
            Some(near) => d.help(format!("did you mean `{near}`?")),
            None => d.help(format!("known columns: {}", known.join(", "))),
        }
    }
    if diagnostics.has_errors() {
        return;
    }
    if rows.is_empty() {
        diagnostics.error(&first, format!("there is no row of `{table}`"), "a header only");
    }
    let place = Place { source, span: 0..0 };
    let nodes = rows.into_iter().map(row_table).map(|row| Node {
        place: row.place.clone(),
        value: Value::Table(row),
        ..Node::at(Place::default())
    });
    if let Some(Node { value: Value::List(rows), .. }) = document.root.get_mut(table) {
        rows.extend(nodes);
    } else {
        let list = Node { value: Value::List(nodes.collect()), ..Node::at(place.clone()) };
        document.root.put(Entry { key: table.to_owned(), place, node: list });
    }
}

/// A row of cells as a table; `recipe.wafers` is a key in a table.
fn row_table(cells: Vec<(String, Cell)>) -> Table {
    let mut table =
        Table { place: cells.first().map(|c| c.1.place.clone()).unwrap_or_default(), entries: Vec::new() };
    for (column, cell) in cells {
        let node = cell_value(&cell);
        let (head, rest) = column.split_once('.').map_or((column.as_str(), None), |(h, r)| (h, Some(r)));
        let inner = |key: &str| Entry { key: key.to_owned(), place: cell.place.clone(), node: node.clone() };
        let Some(rest) = rest else {
            table.entries.push(inner(head));
            continue;
        };
        let known = table.entries.iter_mut().find(|e| e.key == head);
        if let Some(Entry { node: Node { value: Value::Table(t), .. }, .. }) = known {
            t.entries.push(inner(rest));
        } else {
            let part = Table { place: cell.place.clone(), entries: vec![inner(rest)] };
            let value = Value::Table(part);
            let node = Node { value, ..Node::at(cell.place.clone()) };
            table.entries.push(Entry { key: head.to_owned(), place: cell.place.clone(), node });
        }
    }
    table
}

/// Adds rows of a spreadsheet; rows of the same id written in TOML add to them.
fn add_rows(table: &mut Table, key: &str, rows: Vec<Table>) {
    let mut nodes: Vec<Node> = rows
        .into_iter()
        .map(|row| Node { place: row.place.clone(), value: Value::Table(row), ..Node::at(Place::default()) })
        .collect();
    let known = table.entries.iter_mut().find(|e| e.key == key);
    if let Some(Entry { node: Node { value: Value::List(written), .. }, .. }) = known {
        for row in std::mem::take(written) {
            overlay_row(&mut nodes, row);
        }
        *written = nodes;
    } else {
        let place = table.place.clone();
        let node = Node { value: Value::List(nodes), ..Node::at(place.clone()) };
        table.entries.push(Entry { key: key.to_owned(), place, node });
    }
}

/// Lays a child scenario over its base.
fn overlay(base: &mut Table, child: Table) {
    for entry in child.entries {
        let Some(known) = base.entries.iter_mut().find(|e| e.key == entry.key) else {
            base.entries.push(entry);
            continue;
        };
        match (&mut known.node.value, entry.node.value) {
            (Value::List(rows), Value::List(more))
                if more.iter().all(|n| matches!(n.value, Value::Table(_))) =>
            {
                for row in more {
                    overlay_row(rows, row);
                }
            }
            (Value::Table(settings), Value::Table(more)) => {
                for e in more.entries {
                    settings.put(e);
                }
            }
            (_, value) => known.node = Node { value, ..entry.node },
        }
    }
}

/// Lays a row over the row of its id, key by key, or adds it.
fn overlay_row(rows: &mut Vec<Node>, row: Node) {
    let id = row.id().map(str::to_owned);
    let known = rows.iter_mut().find(|r| id.is_some() && r.id() == id.as_deref());
    match (known, row.value) {
        (Some(Node { value: Value::Table(known), .. }), Value::Table(more)) => {
            for e in more.entries {
                known.put(e);
            }
        }
        (_, value) => rows.push(Node { value, ..row }),
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

impl Sources {
    /// Adds a text; gives its number.
    pub fn add(&mut self, name: &str, text: String) -> u32 {
        self.all.push(Source { name: name.to_owned(), text });
        self.all.len() as u32 - 1
    }
}
