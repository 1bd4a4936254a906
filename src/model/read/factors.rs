//! Common factors: a quantile each, and the quantities that load on them.

use super::super::factor::{Factor, QUANTILE};
use super::super::ids::QuantityId;
use super::super::quantity::Grade;
use super::super::{Correlation, Spec};
use super::Reader;
use crate::scenario::{Document, Glob, Node, Place, Table, Value, is_glob, suggest};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keys of a row.
const KEYS: [&str; 7] = ["id", "title", "value", "loads", "source", "grade", "note"];

/// A pattern of paths, as written, with its loading.
pub(super) struct Load<'d> {
    pattern: &'d str,
    loading: f64,
    place: &'d Place,
    /// Who says so, in brackets.
    why: String,
}

impl Reader<'_> {
    /// Reads all factors and their own numbers, which may be correlated; what they load is found by [`Reader::load_factors`].
    pub(super) fn factors<'d>(&mut self, document: &'d Document) -> Vec<(Factor, Vec<Load<'d>>)> {
        let mut all = Vec::new();
        for (node, table) in self.tables(document, "factor") {
            let id = Self::id_of(table);
            let path = format!("factor.{id}");
            self.known_keys(table, &KEYS, &path);
            let loads = self.loads(table, &path);
            let value = self.factor_value(table, &path, &loads);
            Arc::make_mut(&mut self.quantities[value]).edited_by.extend(node.edited_by.iter().cloned());
            let title = self.words(table, "title", &path);
            all.push((Factor { id, title, value, loads: Vec::new() }, loads));
        }
        all
    }

    /// Finds what factors load among the quantities that have been read.
    pub(super) fn load_factors(
        &mut self,
        written: Vec<(Factor, Vec<Load<'_>>)>,
        correlations: &[Correlation],
    ) -> Vec<Factor> {
        let mut taken: BTreeMap<QuantityId, String> = BTreeMap::new();
        for c in correlations {
            taken.extend(c.of.iter().map(|q| (*q, "it is in a correlation".to_owned())));
        }
        let mut all = Vec::new();
        for (mut factor, loads) in written {
            for load in loads {
                let found = self.loaded(&factor.id, &load, &mut taken);
                factor.loads.extend(found.into_iter().map(|q| (q, load.loading)));
            }
            all.push(factor);
        }
        all
    }

    /// The factor's own number: its quantile, even unless one is given.
    fn factor_value(&mut self, table: &Table, path: &str, loads: &[Load<'_>]) -> QuantityId {
        let spec = Spec::unit("quantile").between(QUANTILE.0, QUANTILE.1);
        let even = Node { value: Value::Text("uniform(0, 1)".to_owned()), ..Node::at(table.place.clone()) };
        let value = self.quantity(table.get("value").unwrap_or(&even), path, &spec);
        let (source, note) = (self.words(table, "source", path), self.words(table, "note", path));
        let grade = table.get("grade").map(|node| {
            let grades = [Grade::Published, Grade::Derived, Grade::Judgement];
            grades[self.choice(node, &format!("{path}.grade"), &grades.map(Grade::name))]
        });
        let provenance = &mut Arc::make_mut(&mut self.quantities[value]).provenance;
        if provenance.source.is_empty() {
            provenance.source = source;
        }
        provenance.grade = provenance.grade.or(grade);
        let said = loads.iter().map(|l| format!("{} by {}{}", l.pattern, l.loading, l.why));
        let moves = format!("moves {}", said.collect::<Vec<_>>().join(", "));
        let parts = [std::mem::take(&mut provenance.note), note, moves];
        provenance.note = parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("; ");
        value
    }

    pub(super) fn words(&mut self, table: &Table, key: &str, path: &str) -> String {
        match table.get(key) {
            Some(Node { value: Value::Text(text), .. }) => text.clone(),
            Some(node) => {
                self.wrong_type(node, &format!("{path}.{key}"), "a text");
                String::new()
            }
            None => String::new(),
        }
    }

    /// Patterns and loadings, each with who says so.
    fn loads<'d>(&mut self, table: &'d Table, path: &str) -> Vec<Load<'d>> {
        let Some(Node { value: Value::Table(entries), .. }) = table.get("loads") else {
            let message = format!("`{path}` has `loads`: a table of paths with the loading of each");
            let place = table.get("loads").map_or(&table.place, |node| &node.place);
            self.diagnostics.error(place, message, "without");
            return Vec::new();
        };
        let mut all = Vec::new();
        for entry in &entries.entries {
            let (node, why) = match &entry.node.value {
                Value::Table(inner) => {
                    let path = format!("{path}.loads");
                    self.known_keys(inner, &["value", "source", "grade", "note"], &path);
                    let parts = ["grade", "source", "note"].map(|key| self.words(inner, key, &path));
                    let said: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
                    (
                        inner.get("value"),
                        if said.is_empty() { String::new() } else { format!(" ({})", said.join(": ")) },
                    )
                }
                _ => (Some(&entry.node), String::new()),
            };
            let Some(Node { value: Value::Number(loading), place, .. }) = node else {
                self.wrong_type(&entry.node, &format!("{path}.loads"), "loadings: numbers from -1 to 1");
                continue;
            };
            if !(-1.0..=1.0).contains(loading) {
                let message = format!("`{path}` loads `{}` by {loading}", entry.key);
                self.diagnostics.error(place, message, "a loading lies in [-1, 1]");
            }
            all.push(Load { pattern: &entry.key, loading: *loading, place: &entry.place, why });
        }
        all
    }

    /// Uncertain quantities that a pattern matches and nothing else ties; of those that edits fixed nothing is asked.
    fn loaded(
        &mut self,
        factor: &str,
        load: &Load<'_>,
        taken: &mut BTreeMap<QuantityId, String>,
    ) -> Vec<QuantityId> {
        let pattern = Glob::new(load.pattern);
        let matching: Vec<QuantityId> = (self.quantities.iter_enumerated())
            .filter(|(_, q)| pattern.matches(&q.path) && !q.path.starts_with("factor."))
            .map(|(id, _)| id)
            .collect();
        let uncertain = |q: &&QuantityId| self.quantities[**q].is_uncertain();
        let found: Vec<QuantityId> = matching.iter().filter(uncertain).copied().collect();
        let edited = matching.iter().any(|q| !self.quantities[*q].edited_by.is_empty());
        if found.is_empty() && !edited && self.removed.is_empty() {
            let message =
                format!("`factor.{factor}` loads `{}`, which matches no uncertain path", load.pattern);
            let label = if matching.is_empty() { "no such path" } else { "what it matches is certain" };
            let known: Vec<&str> = self.quantities.iter().map(|q| q.path.as_str()).collect();
            let near = suggest(load.pattern, known).filter(|_| matching.is_empty() && !is_glob(load.pattern));
            let near = near.map(str::to_owned);
            let d = self.diagnostics.error(load.place, message, label);
            if let Some(near) = near {
                d.help(format!("did you mean `{near}`?"));
            }
        }
        for q in &found {
            let tie = format!("it loads on `factor.{factor}`");
            if let Some(before) = taken.insert(*q, tie) {
                let path = &self.quantities[*q].path;
                let message = format!("`{path}` is tied twice");
                self.diagnostics
                    .error(load.place, message, before)
                    .help("a number loads on one factor, or is in correlations");
            }
        }
        found
    }
}
