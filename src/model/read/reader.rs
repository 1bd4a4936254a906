//! What reading gathers, and the errors that every field can have.

use super::super::ids::{IdVec, QuantityId};
use super::super::quantity::Quantity;
use super::super::time::{Date, Quarter};
use super::selectable::Selectable;
use crate::scenario::{Adjustment, Diagnostics, Node, Place, Sources, Table, Value, replaced};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What reading gathers.
pub(crate) struct Reader<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) diagnostics: &'a mut Diagnostics,
    /// Ids of every table, each with its row.
    pub(super) ids: BTreeMap<String, BTreeMap<String, u32>>,
    /// Rows that edits removed.
    pub(super) removed: Vec<String>,
    pub(crate) quantities: IdVec<QuantityId, Arc<Quantity>>,
    /// Units of goods, by id.
    pub(super) units: BTreeMap<String, String>,
    /// Unit of the good of the row being read.
    pub(super) good_unit: Option<String>,
    /// Start of the horizon, from which dated points count.
    pub(super) origin: Quarter,
    /// Countries of rows of some tables, for selectors.
    pub(super) nodes: Selectable,
}

impl Reader<'_> {
    /// A table, or an error.
    pub(crate) fn table<'n>(&mut self, node: &'n Node, path: &str) -> Option<&'n Table> {
        if let Value::Table(table) = &node.value {
            return Some(table);
        }
        self.wrong_type(node, path, "a table");
        None
    }

    pub(crate) fn wrong_type(&mut self, node: &Node, path: &str, wanted: &str) {
        let is = match &node.value {
            Value::Text(_) => "a text",
            Value::Number(_) => "a number",
            Value::Flag(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        };
        self.diagnostics.error(&node.place, format!("`{path}` takes {wanted}"), format!("this is {is}"));
    }

    /// Whether nothing multiplies or adds to what is no quantity; an error if something does.
    pub(crate) fn as_set(&mut self, node: &Node, path: &str) -> bool {
        let Some(Adjustment::Times(_, by) | Adjustment::Plus(_, by)) = node.adjustments.first() else {
            return true;
        };
        let message = format!("`{path}` is no quantity: it can be set, not multiplied or added to");
        self.diagnostics.error(by, message, "give a `value`");
        false
    }

    /// Errors for keys that the table does not have.
    pub(crate) fn known_keys(&mut self, table: &Table, known: &[&str], path: &str) {
        for entry in &table.entries {
            if !known.contains(&entry.key.as_str()) {
                let message = format!("unknown key `{}` in `{path}`", entry.key);
                let d = self.diagnostics.error(&entry.place, message, "unknown key");
                if let Some(successors) = replaced(&format!("{path}.{}", entry.key)) {
                    d.help(successors);
                    continue;
                }
                if !d.suggest(&entry.key, known.iter().copied()) {
                    d.help(format!("known keys: {}", known.join(", ")));
                }
            }
        }
    }

    /// The id of a row, already checked.
    pub(crate) fn id_of(table: &Table) -> String {
        match table.get("id").map(|n| &n.value) {
            Some(Value::Text(id)) => id.clone(),
            _ => String::new(),
        }
    }

    /// Position of a word among those allowed.
    pub(crate) fn choice(&mut self, node: &Node, path: &str, words: &[&str]) -> usize {
        let Value::Text(word) = &node.value else {
            self.wrong_type(node, path, &format!("one of {}", words.join(", ")));
            return 0;
        };
        words.iter().position(|w| w == word).unwrap_or_else(|| {
            let message = format!("`{path}` is one of {}", words.join(", "));
            let d = self.diagnostics.error(&node.place, message, "none of these");
            d.suggest(word, words.iter().copied());
            0
        })
    }

    /// Row of an id that another row names.
    pub(crate) fn reference(&mut self, table: &str, id: &str, place: &Place) -> u32 {
        let known = self.ids.get(table).expect("ids of every table are listed before its rows are read");
        known.get(id).copied().unwrap_or_else(|| {
            let d = self.diagnostics.error(place, format!("there is no {table} `{id}`"), "unknown id");
            if self.removed.contains(&format!("{table}.{id}")) {
                d.help(format!("an edit removed `{table}.{id}`; remove what refers to it too"));
            } else if !d.suggest(id, known.keys().map(String::as_str)) && known.is_empty() {
                d.help(format!("the scenario has no [[{table}]]"));
            }
            0
        })
    }

    /// Adds a quantity; gives its id.
    pub(crate) fn register(&mut self, quantity: Quantity) -> QuantityId {
        self.quantities.push(Arc::new(quantity))
    }

    /// A day or a quarter's start.
    pub(crate) fn date(&mut self, node: &Node, path: &str) -> Option<Date> {
        let Value::Text(text) = &node.value else {
            self.wrong_type(node, path, "a date (`\"2022-10-07\"`) or a quarter (`\"2022Q4\"`)");
            return None;
        };
        let date = Date::parse(text);
        if date.is_none() {
            let message = format!("`{path}` is a date like `2022-10-07` or a quarter like `2022Q4`");
            self.diagnostics.error(&node.place, message, "not a date");
        }
        date
    }
}
