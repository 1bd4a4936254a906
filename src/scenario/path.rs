//! Paths into a document: `table.id.field`, with conditions found by their id at any depth.

use super::diagnostic::Place;
use super::document::{Document, Entry, Node, Table, Value};
use std::collections::BTreeMap;

/// Keys that describe a quantity rather than being one.
const ABOUT: [&str; 10] =
    ["unit", "source", "grade", "note", "value", "between", "before", "after", "level", "independent"];

/// Where the rows of tables stand, by `table.id`.
#[derive(Clone, Debug, Default)]
pub(super) struct RowPlaces(BTreeMap<String, usize>);

impl RowPlaces {
    pub(super) fn of(document: &Document) -> Self {
        let mut places = BTreeMap::new();
        for entry in &document.root.entries {
            let Value::List(rows) = &entry.node.value else { continue };
            for (i, row) in rows.iter().enumerate() {
                if let Some(id) = row.id() {
                    places.entry(format!("{}.{id}", entry.key)).or_insert(i);
                }
            }
        }
        Self(places)
    }

    /// Notes where the rows of a table stand now; gives how many there are.
    pub(super) fn read_again(&mut self, document: &Document, table: &str) -> usize {
        let start = format!("{table}.");
        let stale: Vec<String> = self
            .0
            .range(start.clone()..)
            .map(|(k, _)| k.clone())
            .take_while(|k| k.starts_with(&start))
            .collect();
        for key in stale {
            self.0.remove(&key);
        }
        let Some(Value::List(rows)) = document.root.get(table).map(|n| &n.value) else { return 0 };
        for (i, row) in rows.iter().enumerate() {
            if let Some(id) = row.id() {
                self.add(table, id, i);
            }
        }
        rows.len()
    }

    /// Notes a row that was added at the end of its table.
    pub(super) fn add(&mut self, table: &str, id: &str, place: usize) {
        self.0.entry(format!("{table}.{id}")).or_insert(place);
    }
}

impl Document {
    /// The node at a path.
    pub(super) fn find(&mut self, path: &str, rows: &RowPlaces) -> Option<&mut Node> {
        let (table, rest) = path.split_once('.').map_or((path, None), |(table, rest)| (table, Some(rest)));
        let Some(rest) = rest else { return self.root.get_mut(table) };
        let mut segments = rest.split('.');
        let top = self.root.get_mut(table)?;
        let mut node = if matches!(top.value, Value::List(_)) {
            let id = segments.next()?;
            let known = rows.0.get(&path[..=table.len() + id.len()]).copied();
            let place = known.or_else(|| id.parse::<usize>().ok()?.checked_sub(1));
            let Value::List(list) = &mut top.value else { return None };
            list.get_mut(place?)?
        } else {
            top
        };
        for segment in segments {
            node = step(node, segment)?;
        }
        Some(node)
    }

    /// Makes the last key of a path whose table is there.
    pub(super) fn create(&mut self, path: &str, place: Place, rows: &RowPlaces) -> Option<&mut Node> {
        let (parent, key) = path.rsplit_once('.')?;
        if self.root.get(parent).is_none() && !parent.contains('.') && key != parent {
            // A settings table that the scenario leaves at its defaults.
            let table = Value::Table(Table { place: place.clone(), entries: Vec::new().into() });
            let node = Node { value: table, ..Node::at(place.clone()) };
            self.root.put(Entry { key: parent.to_owned(), place: place.clone(), node });
        }
        let dated = is_quarter(key);
        if self.find(parent, rows).is_none() {
            let outer = parent.rsplit_once('.')?.0;
            // A map that a row does not have yet, such as a first claim, or a table of settings within another.
            let fits = match outer.matches('.').count() {
                0 => !dated,
                1 => true,
                _ => false,
            };
            if !fits || self.find(outer, rows).is_none_or(|n| !matches!(n.value, Value::Table(_))) {
                return None;
            }
            let made = self.create(parent, place.clone(), rows)?;
            made.value = Value::Table(Table { place: place.clone(), entries: Vec::new().into() });
        }
        let node = self.find(parent, rows)?;
        let Value::Table(table) = &mut node.value else { return None };
        if dated && table.get("value").is_some() {
            return None;
        }
        table.put(Entry { key: key.to_owned(), place: place.clone(), node: Node::at(place) });
        table.get_mut(key)
    }

    /// Paths of all fields of rows and settings, as edits name them.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for entry in &self.root.entries {
            match &entry.node.value {
                Value::List(rows) => {
                    for row in rows {
                        if let (Some(id), Value::Table(table)) = (row.id(), &row.value) {
                            if entry.key == "factor" {
                                paths.push(format!("factor.{id}"));
                            }
                            walk(table, &format!("{}.{id}", entry.key), &mut paths);
                        }
                    }
                }
                Value::Table(table) => walk(table, &entry.key, &mut paths),
                _ => {}
            }
        }
        paths
    }
}

fn is_quarter(key: &str) -> bool {
    key.len() >= 4 && key.as_bytes()[..4].iter().all(u8::is_ascii_digit)
}

fn walk(table: &Table, prefix: &str, paths: &mut Vec<String>) {
    for entry in &table.entries {
        let path = format!("{prefix}.{}", entry.key);
        match &entry.node.value {
            Value::Table(inner) => {
                let quantity =
                    inner.entries.iter().any(|e| ABOUT.contains(&e.key.as_str()) || is_quarter(&e.key));
                paths.push(path.clone());
                if !quantity || inner.entries.iter().any(|e| is_quarter(&e.key)) {
                    walk(inner, &path, paths);
                }
            }
            Value::List(items) => {
                paths.push(path.clone());
                walk_list(items, prefix, &path, paths);
            }
            _ if entry.key != "id" => paths.push(path),
            _ => {}
        }
    }
}

/// Elements with an id stand under the row; others under the list, by position from 1.
fn walk_list(items: &[Node], prefix: &str, list: &str, paths: &mut Vec<String>) {
    for (i, item) in items.iter().enumerate() {
        if let Value::Table(table) = &item.value {
            match item.id() {
                Some(id) => walk(table, &format!("{prefix}.{id}"), paths),
                None => walk(table, &format!("{list}.{}", i + 1), paths),
            }
        }
    }
}

/// A list of ids that one of them is looked up in becomes what it stands for: a table of shares, 1 each.
fn spread_ids(node: &mut Node, id: &str) {
    let Value::List(items) = &node.value else { return };
    let named = |i: &Node| matches!(&i.value, Value::Text(t) if t == id);
    if !items.iter().any(named) {
        return;
    }
    let entries = items.iter().filter_map(|item| match &item.value {
        Value::Text(key) => {
            let node =
                Node { value: Value::Number(1.0), written: "1".to_owned(), ..Node::at(item.place.clone()) };
            Some(Entry { key: key.clone(), place: item.place.clone(), node })
        }
        _ => None,
    });
    node.value = Value::Table(Table { place: node.place.clone(), entries: entries.collect() });
}

fn step<'a>(node: &'a mut Node, segment: &str) -> Option<&'a mut Node> {
    spread_ids(node, segment);
    match &mut node.value {
        Value::Table(table) => {
            if table.get(segment).is_some() {
                return table.get_mut(segment);
            }
            table.entries.iter_mut().find_map(|e| condition(&mut e.node, segment))
        }
        Value::List(items) => {
            if let Some(place) = items.iter().position(|i| i.id() == Some(segment)) {
                return items.get_mut(place);
            }
            let number: usize = segment.parse().ok()?;
            items.get_mut(number.checked_sub(1)?)
        }
        _ => None,
    }
}

/// The condition of an id in a list, or in the lists within its elements.
fn condition<'a>(node: &'a mut Node, id: &str) -> Option<&'a mut Node> {
    let Value::List(items) = &mut node.value else { return None };
    if let Some(place) = items.iter().position(|i| i.id() == Some(id)) {
        return items.get_mut(place);
    }
    items.iter_mut().find_map(|item| match &mut item.value {
        Value::Table(table) => table.entries.iter_mut().find_map(|e| condition(&mut e.node, id)),
        _ => None,
    })
}
