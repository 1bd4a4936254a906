//! Scenario folders: what a file includes, extends and keeps in spreadsheets.
//!
//! The base of `extends` comes first; the child's settings replace the base's key by key, and so do rows of the same id. Included
//! files add rows and settings. A chip's row in `chips.csv` and its row in TOML are one.

use super::diagnostic::{Diagnostics, Place, Source, Sources};
use super::document::{Document, Entry, Node, Table, Value};
use super::edit::{self, Edit};
use super::extends::resolve_row_extends;
use super::files::{read_beneath, read_named};
use super::limits::{DEPTH, FILE_BYTES, FILES, KEYS, ROWS};
use super::parse::{Cell, cell_value, csv_rows, toml_table};
use super::shipped::is_folder;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads a scenario: a folder with `scenario.toml`, or a TOML file; what it names may lie in its folder or beneath `allowed`.
///
/// Errors go to `diagnostics`; none comes back if there is nothing to go on with.
pub fn load(
    path: &Path,
    allowed: &[PathBuf],
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Document> {
    let mut loader = Loader {
        sources,
        diagnostics,
        allowed,
        home: PathBuf::new(),
        open: Vec::new(),
        read: BTreeSet::new(),
        assumptions: Vec::new(),
    };
    let root = loader.scenario(path, None)?;
    let assumptions = std::mem::take(&mut loader.assumptions);
    let mut document = Document { root, removed: Vec::new() };
    resolve_row_extends(&mut document, diagnostics);
    edit::apply(&mut document, &assumptions, diagnostics);
    Some(document)
}

/// Reads a scenario from a text, without includes from disk.
pub fn from_text(name: &str, text: &str, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Document {
    let mut document = Document::default();
    if text.len() > FILE_BYTES {
        let source = sources.add(name, String::new());
        let message = format!("{name} is larger than {} MiB", FILE_BYTES >> 20);
        diagnostics.error(&Place { source, span: 0..0 }, message, "");
        return document;
    }
    let source = sources.add(name, text.to_owned());
    document.root = toml_table(sources, source, false, diagnostics);
    resolve_row_extends(&mut document, diagnostics);
    document
}

struct Loader<'a> {
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
    /// Folders that a person allowed.
    allowed: &'a [PathBuf],
    /// Folder of the scenario that is being read: what it names lies beneath.
    home: PathBuf,
    /// Files being read, outermost first.
    open: Vec<PathBuf>,
    /// Files that were read.
    read: BTreeSet<PathBuf>,
    assumptions: Vec<Edit>,
}

impl Loader<'_> {
    /// A scenario and what it extends. The one that a person named may be a link; those that a scenario names may not.
    fn scenario(&mut self, path: &Path, from: Option<&Place>) -> Option<Table> {
        let file = if is_folder(path) { path.join("scenario.toml") } else { path.to_owned() };
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let outer = std::mem::replace(&mut self.home, folder.clone());
        let table = self.file(&file, from)?;
        self.open.push(identity(&file));
        let merged = self.extended(&folder, table);
        self.open.pop();
        self.home = outer;
        merged
    }

    /// Lays a scenario over the one that it extends.
    fn extended(&mut self, folder: &Path, mut table: Table) -> Option<Table> {
        let Some(extends) = table.take("extends") else { return Some(table) };
        let place = &extends.node.place;
        let Value::Text(base) = &extends.node.value else {
            self.diagnostics.error(place, "`extends` names a scenario's folder", "not a text");
            return Some(table);
        };
        let base = folder.join(base);
        if base.is_symlink() {
            let message = format!("{} cannot be read: it is a symbolic link", base.display());
            self.diagnostics.error(place, message, "named here");
            return None;
        }
        let is_toml = base.extension().is_some_and(|e| e == "toml");
        if !is_toml && base.exists() && !base.join("scenario.toml").exists() {
            let message = format!(
                "{} is no scenario: a folder with `scenario.toml`, or a `.toml` file",
                base.display()
            );
            self.diagnostics.error(place, message, "named here");
            return None;
        }
        let mut merged = self.scenario(&base, Some(place))?;
        overlay(&mut merged, table, self.diagnostics);
        Some(merged)
    }

    /// A file with what it includes.
    fn file(&mut self, file: &Path, from: Option<&Place>) -> Option<Table> {
        let nowhere = Place::default();
        let identity = identity(file);
        let place = from.unwrap_or(&nowhere);
        if self.open.contains(&identity) {
            let cycle: Vec<String> = self.open.iter().map(|p| name_of(p)).collect();
            let message = format!("{} leads back to itself", name_of(file));
            let label = format!("read by way of {}", cycle.join(" → "));
            self.diagnostics.error(place, message, label);
            return None;
        }
        if self.open.len() == DEPTH {
            let message = format!("files include and extend files {DEPTH} deep at most");
            self.diagnostics.error(place, message, "one more");
            return None;
        }
        let home = self.open.first().and_then(|first| first.parent());
        let foreign = home.is_some_and(|home| !identity.starts_with(home));
        let source = self.read(file, from, self.open.is_empty())?;
        self.open.push(identity);
        let mut table = toml_table(self.sources, source, foreign, self.diagnostics);
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        self.include(&mut table, &folder);
        self.spreadsheets(&mut table, &folder);
        self.open.pop();
        Some(table)
    }

    /// Reads a file; `typed` if a person named it.
    fn read(&mut self, file: &Path, from: Option<&Place>, typed: bool) -> Option<u32> {
        let nowhere = Place::default();
        let place = from.unwrap_or(&nowhere);
        if !self.read.insert(identity(file)) {
            self.diagnostics.error(place, format!("{} is read twice", file.display()), "the second time");
            return None;
        }
        if self.read.len() > FILES {
            self.diagnostics.error(place, format!("a scenario has {FILES} files at most"), "one more");
            return None;
        }
        let text = if typed && file.file_name().is_none_or(|n| n != "scenario.toml") {
            read_named(file)
        } else {
            let name = Path::new(file.file_name().unwrap_or_default());
            let beneath = file.strip_prefix(&self.home).unwrap_or(if typed { name } else { file });
            read_beneath(&self.home, beneath, self.allowed)
        };
        match text {
            Ok(text) => Some(self.sources.add(&file.display().to_string(), text)),
            Err(error) => {
                let message = format!("{} cannot be read: {error}", file.display());
                self.diagnostics.error(place, message, "named here");
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
        for file in files {
            let Value::Text(name) = &file.value else {
                self.diagnostics.error(&file.place, "`include` is a list of files", "not a file name");
                continue;
            };
            if Path::new(name).extension().is_none_or(|e| e != "toml") {
                let message = format!("{name} is no file of a scenario: those are called `.toml`");
                self.diagnostics.error(&file.place, message, "named here");
                continue;
            }
            if let Some(part) = self.file(&folder.join(name), Some(&file.place)) {
                self.join(table, part);
            }
        }
    }

    /// Adds an included file's rows and settings.
    fn join(&mut self, table: &mut Table, part: Table) {
        for entry in part.entries {
            let keys = table.entries.len();
            let Some(known) = table.entries.iter_mut().find(|e| e.key == entry.key) else {
                if keys < KEYS {
                    table.entries.push(entry);
                    continue;
                }
                self.diagnostics.error(&entry.place, format!("a table has {KEYS} keys at most"), "one more");
                return;
            };
            match (&mut known.node.value, entry.node.value) {
                (Value::List(rows), Value::List(more)) => {
                    rows.extend(more);
                    few(rows, self.diagnostics);
                }
                (Value::Table(settings), Value::Table(more)) => {
                    for e in more.entries {
                        if settings.get(&e.key).is_some() {
                            let message = format!("`{}.{}` is given twice", entry.key, e.key);
                            self.diagnostics.error(&e.place, message, "given before, in another file");
                        } else if settings.entries.len() == KEYS {
                            let message = format!("a table has {KEYS} keys at most");
                            self.diagnostics.error(&e.place, message, "one more");
                            return;
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
                add_rows(table, rows_of, rows, self.diagnostics);
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
        if Path::new(name).extension().is_none_or(|e| e != "csv") {
            let message = format!("{name} is no table of a scenario: those are called `.csv`");
            self.diagnostics.error(&entry.node.place, message, "named here");
            return None;
        }
        self.read(&folder.join(name), Some(&entry.node.place), false)
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
        if !d.suggest(&column.text, known.iter().copied()) {
            d.help(format!("known columns: {}", known.join(", ")));
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
    let mut table = Table {
        place: cells.first().expect("a row without a text is refused as it is read").1.place.clone(),
        entries: Vec::new().into(),
    };
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
            let part = Table { place: cell.place.clone(), entries: vec![inner(rest)].into() };
            let value = Value::Table(part);
            let node = Node { value, ..Node::at(cell.place.clone()) };
            table.entries.push(Entry { key: head.to_owned(), place: cell.place.clone(), node });
        }
    }
    table
}

/// Adds rows of a spreadsheet; rows of the same id written in TOML add to them.
fn add_rows(table: &mut Table, key: &str, rows: Vec<Table>, diagnostics: &mut Diagnostics) {
    let mut nodes: Vec<Node> = rows
        .into_iter()
        .map(|row| Node { place: row.place.clone(), value: Value::Table(row), ..Node::at(Place::default()) })
        .collect();
    let known = table.entries.iter_mut().find(|e| e.key == key);
    if let Some(Entry { node: Node { value: Value::List(written), .. }, .. }) = known {
        overlay_rows(&mut nodes, std::mem::take(written));
        few(&mut nodes, diagnostics);
        *written = nodes;
    } else {
        let place = table.place.clone();
        let node = Node { value: Value::List(nodes), ..Node::at(place.clone()) };
        table.entries.push(Entry { key: key.to_owned(), place, node });
    }
}

/// Refuses more rows than a table may have: what is beyond is left out.
fn few(rows: &mut Vec<Node>, diagnostics: &mut Diagnostics) {
    if let Some(row) = rows.get(ROWS) {
        diagnostics.error(&row.place, format!("a table has {ROWS} rows at most"), "one more");
        rows.truncate(ROWS);
    }
}

/// Lays a child scenario over its base.
fn overlay(base: &mut Table, child: Table, diagnostics: &mut Diagnostics) {
    for entry in child.entries {
        let Some(known) = base.entries.iter_mut().find(|e| e.key == entry.key) else {
            base.entries.push(entry);
            continue;
        };
        match (&mut known.node.value, entry.node.value) {
            (Value::List(rows), Value::List(more))
                if more.iter().all(|n| matches!(n.value, Value::Table(_))) =>
            {
                overlay_rows(rows, more);
                few(rows, diagnostics);
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

/// Lays each row over the row of its id, key by key, or adds it.
fn overlay_rows(rows: &mut Vec<Node>, more: Vec<Node>) {
    let mut at: BTreeMap<String, usize> = BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        if let Some(id) = row.id() {
            at.entry(id.to_owned()).or_insert(i);
        }
    }
    for row in more {
        let id = row.id().map(str::to_owned);
        let known = id.as_ref().and_then(|id| at.get(id)).map(|&i| &mut rows[i]);
        match (known, row.value) {
            (Some(Node { value: Value::Table(known), .. }), Value::Table(more)) => {
                for e in more.entries {
                    known.put(e);
                }
            }
            (_, value) => {
                if let Some(id) = id {
                    at.entry(id).or_insert(rows.len());
                }
                rows.push(Node { value, ..row });
            }
        }
    }
}

/// A file by its whole path.
fn identity(file: &Path) -> PathBuf {
    std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned())
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

impl Sources {
    /// Adds a text; gives its number.
    pub fn add(&mut self, name: &str, text: String) -> u32 {
        let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        self.all.push(Arc::new(Source { name: name.to_owned(), text, lines }));
        self.all.len() as u32 - 1
    }
}
