//! A scenario as written: tables, rows and values, each with the place where it was said.

use super::diagnostic::Place;

/// Everything that the files of a scenario say, includes and `extends` merged, edits applied.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The merged tree: settings are tables, rows are lists of tables (`facility`, `chip`, ...), each row with an `id`.
    pub root: Table,
    /// Rows that edits took away, as `table.id`: a reference to one is told so.
    pub removed: Vec<String>,
}

/// A table: keys in the order of writing, each once.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Where the table stands.
    pub place: Place,
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// A key and what it holds.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// What it holds.
    pub node: Node,
}

/// A value with its place and what edits did to it.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
    /// As written, for a number (`45k` and `4.5e4` stay apart); empty otherwise.
    pub written: String,
    /// Factors and additions by edits, in order; the reader of quantities applies them.
    pub adjustments: Vec<Adjustment>,
    /// Names of the policies (or `--edits`, `--set`) that touched it, in order.
    pub edited_by: Vec<String>,
}

/// What a TOML value, a CSV cell or an edit can be.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text; dates and quarters too.
    Text(String),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A list.
    List(Vec<Node>),
    /// A table.
    Table(Table),
}

/// What an edit does to a quantity that stays otherwise as it was.
#[derive(Clone, Debug)]
pub enum Adjustment {
    /// `times = ...`: a number.
    Times(f64, Place),
    /// `plus = ...`: a number, in the field's canonical unit or the quantity's written unit.
    Plus(f64, Place),
}

impl Node {
    /// An empty text at a place, to be filled in.
    pub fn at(place: Place) -> Self {
        Self {
            value: Value::Text(String::new()),
            place,
            written: String::new(),
            adjustments: Vec::new(),
            edited_by: Vec::new(),
        }
    }
    /// The id of a row.
    pub fn id(&self) -> Option<&str> {
        match &self.value {
            Value::Table(table) => match &table.get("id")?.value {
                Value::Text(id) => Some(id),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Table {
    /// Sets a key, in place of what it held.
    pub fn put(&mut self, entry: Entry) {
        match self.entries.iter_mut().find(|e| e.key == entry.key) {
            Some(known) => *known = entry,
            None => self.entries.push(entry),
        }
    }
    /// Takes a key's entry out.
    pub fn take(&mut self, key: &str) -> Option<Entry> {
        let place = self.entries.iter().position(|e| e.key == key)?;
        Some(self.entries.remove(place))
    }
    /// The value of a key, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|e| e.key == key).map(|e| &mut e.node)
    }
    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.key == key)
    }
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|e| &e.node)
    }
}
