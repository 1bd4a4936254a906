//! Policies, `--edits` and `--set`: changes to a document by path.

use super::diagnostic::{Diagnostics, Place, Sources};
use super::document::{Adjustment, Document, Entry, Node, Table, Value};
use super::extends::resolve_row_extends;
use super::files::{read_beneath, read_named};
use super::glob::{Glob, is_glob, is_too_long};
use super::homes::{homes, policy_names};
use super::limits::{LOOKED, PATTERN};
use super::parse::{cell_value, csv_rows, relocated, toml_table, toml_value};
use super::path::RowPlaces;
use super::replaced;
use super::shipped;
use std::io::ErrorKind;
use std::path::Path;

/// A named set of edits.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Its file's stem; `a+b` for two combined.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// Why one would ask.
    pub reason: String,
    /// Where it comes from.
    pub source: String,
    /// Which metric it should move which way.
    pub expects: Vec<String>,
    /// What it changes.
    pub edits: Vec<Edit>,
}

/// One change.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Who asks for it: a policy's name, `--edits`, `--set`, or nothing for the scenario's own assumptions.
    pub by: String,
    /// Where it was asked for.
    pub place: Place,
    /// What it is.
    pub change: Change,
    /// Its row in the table of answers, if it waits for a sign.
    pub answer: Option<Table>,
}

/// What an edit does.
#[derive(Clone, Debug)]
pub enum Change {
    /// Puts a value at a path.
    Set {
        /// The path, which may be a pattern.
        path: String,
        /// The value.
        value: Node,
        /// Provenance: unit, source, grade, note.
        about: Vec<Entry>,
    },
    /// Multiplies a quantity.
    Times(String, f64),
    /// Adds to a quantity.
    Plus(String, f64),
    /// Adds a row to a table.
    Add(String, Table),
    /// Takes away a row or a field.
    Remove(String),
}

/// The table of what waits for a sign.
pub const ANSWERS: &str = "answer";

const ABOUT: [&str; 4] = ["unit", "source", "grade", "note"];

/// Reads a policy by path or by its stem in the scenario's `policies` folder; `a+b` reads both.
pub fn load_policy(
    scenario: &Path,
    name: &str,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Policy> {
    let mut all = Policy { name: policy_name(name), ..Policy::default() };
    for part in name.split('+') {
        let policy = load_one(scenario, part, sources, diagnostics)?;
        let join = |a: &mut String, b: String| *a = if a.is_empty() { b } else { format!("{a} + {b}") };
        join(&mut all.title, policy.title);
        join(&mut all.reason, policy.reason);
        join(&mut all.source, policy.source);
        all.expects.extend(policy.expects);
        all.edits.extend(policy.edits);
    }
    Some(all)
}

fn policy_name(name: &str) -> String {
    let stem = |part: &str| {
        let file = Path::new(part).file_name().map_or(part.into(), |s| s.to_string_lossy());
        file.strip_suffix(".toml").unwrap_or(&file).to_owned()
    };
    name.split('+').map(stem).collect::<Vec<_>>().join("+")
}

fn load_one(
    scenario: &Path,
    name: &str,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Policy> {
    let within = Path::new("policies").join(format!("{name}.toml"));
    // What stands in the scenario's folder, or in that of one that it extends, is the scenario's; what is typed as a path is the
    // person's own.
    let there = |path: &Path| path.symlink_metadata().is_ok() || shipped::text(path).is_some();
    let own = homes(scenario).into_iter().find(|home| there(&home.join(&within)));
    let own = own.filter(|_| !name.contains(['/', '\\']));
    let path = own.as_ref().map_or_else(|| Path::new(name).to_owned(), |home| home.join(&within));
    let text = match &own {
        Some(home) => read_beneath(home, &within, &[]),
        None => read_named(&path),
    };
    let text = match text {
        Ok(text) => text,
        Err(error) => {
            let source = sources.add("--policy", name.to_owned());
            let place = Place { source, span: 0..name.len() };
            if error.kind() == ErrorKind::NotFound {
                no_policy(scenario, name, &place, diagnostics);
            } else {
                let message = format!("{} cannot be read: {error}", path.display());
                diagnostics.error(&place, message, "named here");
            }
            return None;
        }
    };
    let source = sources.add(&path.display().to_string(), text);
    let table = toml_table(sources, source, false, diagnostics);
    Some(read_policy(&policy_name(name), &table, diagnostics))
}

/// Says that there is no such policy, and which there are.
fn no_policy(scenario: &Path, name: &str, place: &Place, diagnostics: &mut Diagnostics) {
    let d = diagnostics.error(place, format!("there is no policy `{name}`"), "no such file or stem");
    let stems = policy_names(scenario);
    if !d.suggest(name, stems.iter().map(String::as_str)) && !stems.is_empty() {
        d.help(format!("the scenario has {}", stems.join(", ")));
    }
}

/// Reads a policy from its table.
pub fn read_policy(name: &str, table: &Table, diagnostics: &mut Diagnostics) -> Policy {
    let mut policy = Policy { name: name.to_owned(), ..Policy::default() };
    if table.get("title").is_none() {
        diagnostics.error(&table.place, "a policy has a `title`", "without one");
    }
    for entry in &table.entries {
        let node = &entry.node;
        match (entry.key.as_str(), &node.value) {
            ("title", Value::Text(t)) => policy.title.clone_from(t),
            ("reason", Value::Text(t)) => policy.reason.clone_from(t),
            ("source", Value::Text(t)) => policy.source.clone_from(t),
            ("expects", Value::Text(t)) => policy.expects.push(t.clone()),
            ("expects", Value::List(list)) => {
                for item in list {
                    match &item.value {
                        Value::Text(t) => policy.expects.push(t.clone()),
                        _ => {
                            diagnostics.error(&item.place, "`expects` holds sentences", "not a text");
                        }
                    }
                }
            }
            (kind @ ("set" | "add" | "remove"), Value::List(list)) => {
                for item in list {
                    match &item.value {
                        Value::Table(t) => policy.edits.extend(read_edit(name, kind, t, diagnostics)),
                        _ => {
                            diagnostics.error(&item.place, format!("`[[{kind}]]` is a table"), "not a table");
                        }
                    }
                }
            }
            ("title" | "reason" | "source" | "expects" | "set" | "add" | "remove", _) => {
                diagnostics.error(&node.place, format!("`{}` has the wrong type", entry.key), "not this");
            }
            _ => unknown(
                entry,
                &["title", "reason", "source", "expects", "set", "add", "remove"],
                "a policy",
                diagnostics,
            ),
        }
    }
    policy
}

fn unknown(entry: &Entry, known: &[&str], of: &str, diagnostics: &mut Diagnostics) {
    let d = diagnostics.error(&entry.place, format!("unknown key `{}` in {of}", entry.key), "unknown");
    if !d.suggest(&entry.key, known.iter().copied()) {
        d.help(format!("known keys: {}", known.join(", ")));
    }
}

fn read_edit(by: &str, kind: &str, table: &Table, diagnostics: &mut Diagnostics) -> Option<Edit> {
    let answer = table.get("when").is_some().then(|| table.clone());
    let edit = |change| Some(Edit { by: by.to_owned(), place: table.place.clone(), change, answer });
    let known: &[&str] = match kind {
        "set" => &["path", "value", "times", "plus", "unit", "source", "grade", "note", "when"],
        "add" => &["table", "row", "when"],
        _ => &["path", "when"],
    };
    for entry in &table.entries {
        if !known.contains(&entry.key.as_str()) {
            unknown(entry, known, &format!("[[{kind}]]"), diagnostics);
        }
    }
    let text = |key: &str, diagnostics: &mut Diagnostics| {
        if let Some(Value::Text(t)) = table.get(key).map(|n| &n.value) {
            Some(t.clone())
        } else {
            diagnostics.error(&table.place, format!("[[{kind}]] has a `{key}`"), "without one");
            None
        }
    };
    match kind {
        "remove" => edit(Change::Remove(text("path", diagnostics)?)),
        "add" => {
            let to = text("table", diagnostics)?;
            if let Some(Value::Table(row)) = table.get("row").map(|n| &n.value) {
                edit(Change::Add(to, row.clone()))
            } else {
                diagnostics.error(&table.place, "[[add]] has a `row`, a table", "without one");
                None
            }
        }
        _ => {
            let path = text("path", diagnostics)?;
            let given: Vec<&Entry> =
                ["value", "times", "plus"].iter().filter_map(|k| table.entry(k)).collect();
            let [one] = given[..] else {
                let message = "[[set]] has one of `value`, `times`, `plus`";
                diagnostics.error(&table.place, message, format!("{} of them", given.len()));
                return None;
            };
            if one.key == "value" {
                let about =
                    table.entries.iter().filter(|e| ABOUT.contains(&e.key.as_str())).cloned().collect();
                return edit(Change::Set { path, value: one.node.clone(), about });
            }
            let Value::Number(x) = one.node.value else {
                diagnostics.error(&one.node.place, format!("`{}` is a number", one.key), "not a number");
                return None;
            };
            edit(if one.key == "times" { Change::Times(path, x) } else { Change::Plus(path, x) })
        }
    }
}

/// Columns of a table of edits, then those that `show --format csv` prints beside them.
const COLUMNS: [&str; 12] = [
    "path",
    "value",
    "unit",
    "grade",
    "source",
    "note",
    "p05",
    "p50",
    "p95",
    "canonical_unit",
    "place",
    "edited_by",
];

/// Reads edits from a CSV text with the columns `path,value,unit,grade,source,note`; others are passed over, with a warning.
pub fn from_csv(sources: &Sources, source: u32, by: &str, diagnostics: &mut Diagnostics) -> Vec<Edit> {
    let (header, rows) = csv_rows(sources, source, diagnostics);
    for column in ["path", "value"] {
        if !header.iter().any(|c| c.text == column) {
            let place = header.first().map(|c| c.place.clone()).unwrap_or_default();
            diagnostics.error(&place, format!("edits have a column `{column}`"), "without it");
        }
    }
    for cell in header.iter().filter(|c| !c.text.is_empty() && !COLUMNS.contains(&c.text.as_str())) {
        let message = format!("edits have no column `{}`", cell.text);
        diagnostics.warn(&cell.place, message, "this column is passed over").suggest(&cell.text, COLUMNS);
    }
    let mut edits = Vec::new();
    for row in rows {
        let cell = |name: &str| row.iter().find(|(column, _)| column == name).map(|(_, c)| c);
        let (Some(path), Some(value)) = (cell("path"), cell("value")) else { continue };
        let about = ABOUT.iter().filter_map(|key| {
            let c = cell(key)?;
            let value = Value::Text(c.text.clone());
            let node = Node { value, ..Node::at(c.place.clone()) };
            Some(Entry { key: (*key).to_owned(), place: c.place.clone(), node })
        });
        let value_node = cell_value(value);
        let inline = matches!(value_node.value, Value::Table(_));
        let about = if inline { Vec::new() } else { about.collect() };
        let change = Change::Set { path: path.text.clone(), value: value_node, about };
        edits.push(Edit { by: by.to_owned(), place: path.place.clone(), change, answer: None });
    }
    edits
}

/// Reads `PATH=VALUE`.
pub fn from_argument(argument: &str, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<Edit> {
    let source = sources.add("--set", argument.to_owned());
    let place = Place { source, span: 0..argument.len() };
    let Some((path, text)) = argument.split_once('=') else {
        diagnostics.error(&place, "`--set` takes PATH=VALUE", "there is no `=`");
        return None;
    };
    let span = path.len() + 1..argument.len();
    let at = Place { source, span };
    let value = toml_value(text.trim(), source).map_or_else(
        || Node { value: Value::Text(text.trim().to_owned()), ..Node::at(at.clone()) },
        |node| relocated(node, &at),
    );
    let change = Change::Set { path: path.trim().to_owned(), value, about: Vec::new() };
    let place = Place { source, span: 0..path.len() };
    Some(Edit { by: "--set".to_owned(), place, change, answer: None })
}

/// Applies edits in order.
pub fn apply(document: &mut Document, edits: &[Edit], diagnostics: &mut Diagnostics) {
    if edits.is_empty() {
        return;
    }
    let mut editing = Editing { rows: RowPlaces::of(document), document, diagnostics, looked: 0 };
    for edit in edits {
        if let Some(row) = &edit.answer {
            editing.add(edit, ANSWERS, &answer_row(&edit.change, row));
            continue;
        }
        match &edit.change {
            Change::Add(table, row) => editing.add(edit, table, row),
            Change::Remove(path) => editing.remove(edit, path),
            Change::Set { path, value, about } => editing.change(edit, path, |node| set(node, value, about)),
            Change::Times(path, x) => editing.change(edit, path, |node| {
                node.adjustments.push(Adjustment::Times(*x, edit.place.clone()));
            }),
            Change::Plus(path, x) => editing.change(edit, path, |node| {
                node.adjustments.push(Adjustment::Plus(*x, edit.place.clone()));
            }),
        }
    }
    resolve_row_extends(document, diagnostics);
}

/// The row of an edit that waits for a sign: as it was written, but that what it takes away is told from what it sets.
fn answer_row(change: &Change, written: &Table) -> Table {
    let mut row = written.clone();
    if let (Change::Remove(_), Some(entry)) = (change, row.entries.iter_mut().find(|e| e.key == "path")) {
        "remove".clone_into(&mut entry.key);
    }
    row
}

/// What a row of the table of answers does once its sign is seen.
pub fn read_answer(table: &Table, diagnostics: &mut Diagnostics) -> Option<Edit> {
    let kind = ["remove", "row"].into_iter().find(|key| table.get(key).is_some());
    let mut table = table.clone();
    let kind = match kind {
        Some("remove") => {
            if let Some(entry) = table.entries.iter_mut().find(|e| e.key == "remove") {
                "path".clone_into(&mut entry.key);
            }
            "remove"
        }
        Some(_) => "add",
        None => "set",
    };
    read_edit("", kind, &table, diagnostics)
}

/// Paths and rows of a document that a path or pattern means.
pub fn targets(document: &Document, pattern: &str) -> Vec<String> {
    if !is_glob(pattern) {
        return vec![pattern.to_owned()];
    }
    let mut all = rows(document);
    all.extend(document.paths());
    let glob = Glob::new(pattern);
    all.retain(|p| glob.matches(p));
    all
}

/// A document that edits are applied to.
struct Editing<'a> {
    document: &'a mut Document,
    diagnostics: &'a mut Diagnostics,
    rows: RowPlaces,
    /// Paths that patterns were held against.
    looked: usize,
}

impl Editing<'_> {
    fn add(&mut self, edit: &Edit, table: &str, row: &Table) {
        let node = Node {
            value: Value::Table(row.clone()),
            edited_by: vec![edit.by.clone()],
            ..Node::at(row.place.clone())
        };
        let id = node.id().unwrap_or_default().to_owned();
        match self.document.root.get_mut(table) {
            Some(Node { value: Value::List(rows), .. }) => {
                self.rows.add(table, &id, rows.len());
                rows.push(node);
            }
            Some(_) => {
                let message = format!("`{table}` has no rows");
                self.diagnostics.error(&edit.place, message, "settings are set, not added to");
            }
            None => {
                self.rows.add(table, &id, 0);
                let list = Node { value: Value::List(vec![node]), ..Node::at(edit.place.clone()) };
                let place = edit.place.clone();
                self.document.root.put(Entry { key: table.to_owned(), place, node: list });
            }
        }
    }

    fn remove(&mut self, edit: &Edit, path: &str) {
        let Some(targets) = self.targets(edit, path, true) else { return };
        let mut any = false;
        for target in targets {
            if take_away(self.document, &target, &self.rows) {
                any = true;
                // A row that is gone moves those behind it.
                if let (1, Some((table, _))) = (target.matches('.').count(), target.split_once('.')) {
                    self.looked += self.rows.read_again(self.document, table);
                }
                self.document.removed.push(target);
            }
        }
        if !any {
            self.missing(edit, path);
        }
    }

    /// Paths that an edit means; none, with an error, if its pattern asks too much.
    fn targets(&mut self, edit: &Edit, path: &str, with_rows: bool) -> Option<Vec<String>> {
        if self.looked > LOOKED {
            let message = format!("patterns and removals look at {LOOKED} paths and rows at most, together");
            self.diagnostics.error(&edit.place, message, "one edit more");
            return None;
        }
        if !is_glob(path) {
            return Some(vec![path.to_owned()]);
        }
        if is_too_long(path) {
            let message = format!("a pattern has {PATTERN} characters at most");
            self.diagnostics.error(&edit.place, message, format!("this one has {}", path.len()));
            return None;
        }
        let mut all = if with_rows { rows(self.document) } else { Vec::new() };
        all.extend(self.document.paths());
        self.looked += all.len();
        let glob = Glob::new(path);
        all.retain(|p| glob.matches(p));
        Some(all)
    }

    fn change(&mut self, edit: &Edit, path: &str, apply: impl Fn(&mut Node)) {
        let Some(targets) = self.targets(edit, path, false) else { return };
        let mut any = false;
        for target in targets.into_iter().map(number_at) {
            let node = if self.document.find(&target, &self.rows).is_some() {
                self.document.find(&target, &self.rows)
            } else if let Change::Set { value, .. } = &edit.change {
                self.document.create(&target, value.place.clone(), &self.rows)
            } else {
                None
            };
            if let Some(node) = node {
                apply(node);
                node.edited_by.push(edit.by.clone());
                any = true;
            }
        }
        if !any {
            self.missing(edit, path);
        }
    }

    fn missing(&mut self, edit: &Edit, path: &str) {
        let what = if is_glob(path) { "nothing matches" } else { "there is no" };
        let document = &*self.document;
        let d = self.diagnostics.error(&edit.place, format!("{what} `{path}`"), "no such path");
        if let Some(successors) = replaced(path) {
            d.help(successors);
        } else if let Some(gone) = document.removed.iter().find(|r| path.starts_with(r.as_str())) {
            d.help(format!("`{gone}` was removed by an earlier edit"));
        } else if d.is_early() {
            let known: Vec<String> = document.paths().into_iter().chain(rows(document)).collect();
            d.suggest(path, known.iter().map(String::as_str));
        }
    }
}

/// Rows as `table.id`.
fn rows(document: &Document) -> Vec<String> {
    let lists = document.root.entries.iter().filter_map(|e| match &e.node.value {
        Value::List(rows) => Some((&e.key, rows)),
        _ => None,
    });
    lists
        .flat_map(|(key, rows)| rows.iter().filter_map(move |r| Some(format!("{key}.{}", r.id()?))))
        .collect()
}

fn take_away(document: &mut Document, path: &str, rows: &RowPlaces) -> bool {
    let Some((parent, last)) = path.rsplit_once('.') else { return false };
    let drop_from = |node: &mut Node| match &mut node.value {
        Value::Table(t) => {
            let before = t.entries.len();
            t.entries.retain(|e| e.key != last);
            before != t.entries.len() || t.entries.iter_mut().any(|e| drop_from_list(&mut e.node, last))
        }
        Value::List(_) => drop_from_list(node, last),
        _ => false,
    };
    document.find(parent, rows).is_some_and(drop_from)
}

/// Where the number of a path is written: a factor's own is the `value` of its row.
fn number_at(path: String) -> String {
    let factor = path.strip_prefix("factor.").is_some_and(|id| !id.contains('.'));
    if factor { format!("{path}.value") } else { path }
}

/// Drops the element of an id from a list, or from the lists of conditions in it.
fn drop_from_list(node: &mut Node, id: &str) -> bool {
    let Value::List(items) = &mut node.value else { return false };
    let before = items.len();
    items.retain(|i| i.id() != Some(id));
    before != items.len()
}

/// Sets a value: a quantity keeps its unit unless a new one comes with it, a condition its comparison.
fn set(node: &mut Node, value: &Node, about: &[Entry]) {
    node.adjustments.clear();
    let operator = match &node.value {
        Value::Text(t) => {
            [">=", "<=", ">", "<", "="].iter().find(|o| t.trim_start().starts_with(**o)).copied()
        }
        _ => None,
    };
    let plain = !matches!(value.value, Value::Table(_));
    if let (Some(operator), true) = (operator, plain) {
        let text = match &value.value {
            Value::Text(t) => t.clone(),
            _ => value.written.clone(),
        };
        let kept = [">", "<", "="].iter().any(|o| text.trim_start().starts_with(o));
        node.value = Value::Text(if kept { text } else { format!("{operator} {text}") });
        node.place = value.place.clone();
        return;
    }
    let is_quantity =
        |t: &Table| t.get("value").is_some() || t.entries.iter().any(|e| ABOUT.contains(&e.key.as_str()));
    let new_value = Node { edited_by: node.edited_by.clone(), ..value.clone() };
    match &mut node.value {
        Value::Table(table) if plain && is_quantity(table) => {
            let unit = table.entry("unit").cloned();
            table.entries.clear();
            table.entries.extend(unit);
            let entry = Entry { key: "value".to_owned(), place: value.place.clone(), node: value.clone() };
            table.put(entry);
            for e in about {
                table.put(e.clone());
            }
            node.place = value.place.clone();
        }
        _ if !about.is_empty() => {
            let entry = Entry { key: "value".to_owned(), place: value.place.clone(), node: value.clone() };
            let mut table = Table { place: value.place.clone(), entries: vec![entry].into() };
            for e in about {
                table.put(e.clone());
            }
            *node = Node { value: Value::Table(table), ..new_value };
        }
        _ => *node = new_value,
    }
}
