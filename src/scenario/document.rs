//! A scenario as written: tables, rows and values, each with the place where it was said.

use super::diagnostic::Place;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

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
    pub entries: CopyOnWrite<Vec<Entry>>,
}

/// A value that its copies share until one of them is changed: a policy or an edit changes few rows of a scenario.
#[derive(Clone, Debug, Default)]
pub struct CopyOnWrite<T>(Arc<T>);

impl<T> From<T> for CopyOnWrite<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Deref for CopyOnWrite<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for CopyOnWrite<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T: Clone> IntoIterator for CopyOnWrite<Vec<T>> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).into_iter()
    }
}

impl<'a, T> IntoIterator for &'a CopyOnWrite<Vec<T>> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, T: Clone> IntoIterator for &'a mut CopyOnWrite<Vec<T>> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<T> FromIterator<T> for CopyOnWrite<Vec<T>> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Vec::from_iter(items).into()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, node: Node) -> Entry {
        Entry { key: key.to_owned(), place: Place::default(), node }
    }

    fn row(id: &str) -> Node {
        let id = Node { value: Value::Text(id.to_owned()), ..Node::at(Place::default()) };
        let table = Table { place: Place::default(), entries: vec![entry("id", id)].into() };
        Node { value: Value::Table(table), ..Node::at(Place::default()) }
    }

    fn rows(document: &Document) -> &[Node] {
        match document.root.get("chip").map(|node| &node.value) {
            Some(Value::List(rows)) => rows,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_copy_shares_what_is_not_changed_and_changes_only_itself() {
        let list = Node { value: Value::List(vec![row("a"), row("b")]), ..Node::at(Place::default()) };
        let mut first = Document::default();
        first.root.put(entry("chip", list));
        let mut second = first.clone();
        let Some(Node { value: Value::List(theirs), .. }) = second.root.get_mut("chip") else { panic!() };
        let Value::Table(table) = &mut theirs[1].value else { panic!() };
        table.put(entry("price", Node { value: Value::Number(2.0), ..Node::at(Place::default()) }));
        let tables: Vec<(&Table, &Table)> = (rows(&first).iter().zip(rows(&second)))
            .map(|(a, b)| match (&a.value, &b.value) {
                (Value::Table(a), Value::Table(b)) => (a, b),
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(Arc::ptr_eq(&tables[0].0.entries.0, &tables[0].1.entries.0));
        assert!(!Arc::ptr_eq(&tables[1].0.entries.0, &tables[1].1.entries.0));
        assert!(tables[1].0.get("price").is_none() && tables[1].1.get("price").is_some());
    }
}
