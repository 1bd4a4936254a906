//! What selectors can name: rows, and what belongs to them.

use crate::scenario::{Document, Node, Table, Value, glob_match};
use std::collections::BTreeMap;

/// For every row that a selector can name: its country, good and designer, as ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selectable {
    /// `table.id` with what the row says of itself.
    pub(super) rows: Vec<(String, String, BTreeMap<&'static str, String>)>,
    /// Members of each group.
    pub(super) members: BTreeMap<String, Vec<String>>,
}

impl Selectable {
    /// Reads what selectors need from a document.
    pub(crate) fn new(document: &Document) -> Self {
        let mut all = Self::default();
        for entry in &document.root.entries {
            let Value::List(rows) = &entry.node.value else { continue };
            for row in rows {
                let (Some(id), Value::Table(table)) = (row.id(), &row.value) else { continue };
                let mut says = BTreeMap::new();
                for key in ["country", "good", "designer", "via"] {
                    if let Some(Node { value: Value::Text(t), .. }) = table.get(key) {
                        says.insert(key, t.clone());
                    }
                }
                all.rows.push((entry.key.clone(), id.to_owned(), says));
                if entry.key == "group" {
                    all.members.insert(id.to_owned(), texts(table, "members"));
                }
            }
        }
        all
    }

    /// Ids in a table that a selector names: its own row, or rows that belong to it.
    pub(super) fn select(&self, table: &str, selector: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (kind, id, _) in self.rows.iter().filter(|(t, i, _)| glob_match(selector, &format!("{t}.{i}"))) {
            for (t, row, says) in &self.rows {
                let belongs = match kind.as_str() {
                    _ if kind == table => t == table && row == id,
                    "country" if table == "route" => t == table && says.get("via") == Some(id),
                    "country" => t == table && says.get("country") == Some(id),
                    "good" => t == table && says.get("good") == Some(id),
                    "designer" => t == table && says.get("designer") == Some(id),
                    "group" => {
                        let members = self.members.get(id);
                        let home = if table == "country" { Some(row) } else { says.get("country") };
                        t == table && members.is_some_and(|m| home.is_some_and(|h| m.contains(h)))
                    }
                    _ => false,
                };
                if belongs && !found.contains(row) {
                    found.push(row.clone());
                }
            }
        }
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
