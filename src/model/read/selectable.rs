//! What selectors can name: rows, and what belongs to them.

use crate::scenario::limits::LOOKED;
use crate::scenario::{Document, Glob, Node, Table, Value, is_glob};
use std::collections::BTreeMap;

/// The rows that a selector can name, and those that belong to them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selectable {
    /// `table.id`, in order.
    pub(super) rows: Vec<String>,
    /// Where each stands in that list.
    at: BTreeMap<String, usize>,
    /// Ids of a table's rows that say another row of themselves: by what they call it, its id, and their table.
    of: BTreeMap<(&'static str, String, String), Vec<String>>,
    /// Members of each group.
    pub(super) members: BTreeMap<String, Vec<String>>,
    /// Rows that selectors were held against, and that they found.
    looked: usize,
}

impl Selectable {
    /// Reads what selectors need from a document.
    pub(crate) fn new(document: &Document) -> Self {
        let mut all = Self::default();
        for entry in &document.root.entries {
            let Value::List(rows) = &entry.node.value else { continue };
            for row in rows {
                let (Some(id), Value::Table(table)) = (row.id(), &row.value) else { continue };
                for key in ["country", "good", "designer", "via"] {
                    if let Some(Node { value: Value::Text(t), .. }) = table.get(key) {
                        let of = all.of.entry((key, t.clone(), entry.key.clone())).or_default();
                        of.push(id.to_owned());
                    }
                }
                let path = format!("{}.{id}", entry.key);
                all.at.entry(path.clone()).or_insert(all.rows.len());
                all.rows.push(path);
                if entry.key == "group" {
                    all.members.insert(id.to_owned(), texts(table, "members"));
                }
            }
        }
        all
    }

    /// Rows that a selector names, as `table.id`.
    pub(super) fn named(&self, selector: &str) -> Vec<&str> {
        if is_glob(selector) {
            let glob = Glob::new(selector);
            self.rows.iter().map(String::as_str).filter(|row| glob.matches(row)).collect()
        } else {
            self.at.get(selector).map(|&i| self.rows[i].as_str()).into_iter().collect()
        }
    }

    /// Whether selectors have looked at more rows than they may.
    pub(super) fn is_worn_out(&self) -> bool {
        self.looked > LOOKED
    }

    /// Ids in a table that a selector names: its own row, or rows that belong to it. One may come twice.
    pub(super) fn select(&mut self, table: &str, selector: &str) -> Vec<String> {
        let mut found = Vec::new();
        let of = |key: &'static str, id: &str| {
            self.of.get(&(key, id.to_owned(), table.to_owned())).cloned().unwrap_or_default()
        };
        for row in self.named(selector) {
            let (kind, id) = row.split_once('.').unwrap_or((row, ""));
            match kind {
                _ if kind == table => found.push(id.to_owned()),
                "country" if table == "route" => found.extend(of("via", id)),
                "country" => found.extend(of("country", id)),
                "good" => found.extend(of("good", id)),
                "designer" => found.extend(of("designer", id)),
                "group" => {
                    for member in self.members.get(id).into_iter().flatten() {
                        if table != "country" {
                            found.extend(of("country", member));
                        } else if self.at.contains_key(&format!("country.{member}")) {
                            found.push(member.clone());
                        }
                    }
                }
                _ => {}
            }
        }
        self.looked += found.len() + if is_glob(selector) { self.rows.len() } else { 1 };
        found
    }
}

fn texts(table: &Table, key: &str) -> Vec<String> {
    match table.get(key).map(|n| &n.value) {
        Some(Value::List(items)) => items
            .iter()
            .filter_map(|i| if let Value::Text(t) = &i.value { Some(t.clone()) } else { None })
            .collect(),
        _ => Vec::new(),
    }
}
