//! Warnings that a scenario accepts, each with a reason.

use super::super::accept::Accepted;
use super::Reader;
use crate::scenario::{Document, Table, Value};

impl Reader<'_> {
    /// What `accept` lists.
    pub(super) fn accepted(&mut self, document: &Document) -> Vec<Accepted> {
        let Some(node) = document.root.get("accept") else { return Vec::new() };
        let Value::List(rows) = &node.value else {
            self.wrong_type(node, "accept", "a list of { warning = \"...\", reason = \"...\" }");
            return Vec::new();
        };
        rows.iter()
            .enumerate()
            .filter_map(|(i, row)| {
                let path = format!("accept.{}", i + 1);
                let table = self.table(row, &path)?;
                self.known_keys(table, &["warning", "reason"], &path);
                let warning = self.said(table, "warning", &path)?;
                let reason = self.said(table, "reason", &path)?;
                Some(Accepted { warning, reason, place: row.place.clone() })
            })
            .collect()
    }

    /// A text that must be there and say something.
    fn said(&mut self, table: &Table, key: &str, path: &str) -> Option<String> {
        match table.get(key).map(|node| &node.value) {
            Some(Value::Text(text)) if !text.trim().is_empty() => Some(text.clone()),
            _ => {
                let message = format!("`{path}` has no `{key}`: which warning is meant, and why it may be");
                self.diagnostics.error(&table.place, message, format!("this needs `{key}`"));
                None
            }
        }
    }
}
