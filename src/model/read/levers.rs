//! The table `lever`: what the explorer's page offers to change.

use super::super::page_lever::{Moves, PageLever, Track};
use super::super::record::texts;
use super::Reader;
use crate::scenario::{Document, Glob, Place, Table, Value, is_glob, suggest};
use std::cell::OnceCell;

/// Keys of a row.
const KEYS: [&str; 10] =
    ["id", "title", "group", "about", "path", "times", "value", "policy", "source", "note"];
/// Keys that say what a lever does: each has one of them.
const KINDS: [&str; 3] = ["times", "value", "policy"];

/// A scenario, and the paths of all its numbers once they were looked for.
type World<'a> = (&'a Document, &'a OnceCell<Vec<String>>);

impl Reader<'_> {
    /// Reads all levers; the numbers that they name have been read.
    pub(super) fn levers(&mut self, document: &Document) -> Vec<PageLever> {
        let mut all = Vec::new();
        let known = OnceCell::new();
        for (_, table) in self.tables(document, "lever") {
            let id = Self::id_of(table);
            let path = format!("lever.{id}");
            self.known_keys(table, &KEYS, &path);
            for key in ["title", "group"] {
                if table.get(key).is_none() {
                    let message = format!("`{path}` has a `{key}`");
                    self.diagnostics.error(&table.place, message, "without one");
                }
            }
            let mut words = |key| self.words(table, key, &path);
            let (title, group) = (words("title"), words("group"));
            let (about, source) = (words("about"), words("source"));
            words("note");
            if let Some(moves) = self.moves(table, &path, (document, &known)) {
                all.push(PageLever { id, title, group, about, source, moves });
            }
        }
        all
    }

    /// Paths of all numbers, those of dated points included, as edits name them.
    fn numbers(&self, document: &Document) -> Vec<String> {
        let read = self.quantities.iter().map(|q| q.path.clone());
        read.chain(document.paths().into_iter().filter(|p| !p.starts_with("lever."))).collect()
    }

    fn moves(&mut self, table: &Table, path: &str, world: World<'_>) -> Option<Moves> {
        let given: Vec<&str> = KINDS.into_iter().filter(|kind| table.get(kind).is_some()).collect();
        let [kind] = given[..] else {
            let message = format!("`{path}` has one of `times`, `value` and `policy`");
            self.diagnostics.error(&table.place, message, format!("{} of them", given.len()));
            return None;
        };
        let node = table.get(kind)?;
        if kind == "policy" {
            if let Some(entry) = table.entry("path") {
                let message = format!("`{path}` is a switch for a policy, which has paths of its own");
                self.diagnostics.error(&entry.place, message, "not here");
            }
            let name = self.words(table, "policy", path);
            return (!name.is_empty()).then_some(Moves::Policy(name));
        }
        let paths = texts(table, "path");
        if paths.is_empty() {
            let message = format!("`{path}` has a `path`: a text, or a list of texts");
            self.diagnostics.error(&table.place, message, "without one");
            return None;
        }
        for (pattern, place) in &paths {
            self.lever_path(path, pattern, place, world);
        }
        let track = self.table(node, &format!("{path}.{kind}"))?;
        let track = self.track(track, &format!("{path}.{kind}"), kind == "times")?;
        let paths = paths.into_iter().map(|(pattern, _)| pattern).collect();
        Some(if kind == "times" { Moves::Times(paths, track) } else { Moves::Value(paths, track) })
    }

    /// Holds that a pattern is of some number; after an edit took rows away, nothing is asked.
    fn lever_path(&mut self, path: &str, pattern: &str, place: &Place, (document, known): World<'_>) {
        let glob = Glob::new(pattern);
        if !self.removed.is_empty() || self.quantities.iter().any(|q| glob.matches(&q.path)) {
            return;
        }
        // Only points of dated numbers are still to be looked for, for which the whole scenario is gone through.
        let known = known.get_or_init(|| self.numbers(document));
        if known.iter().any(|p| glob.matches(p)) {
            return;
        }
        let near = if is_glob(pattern) { None } else { suggest(pattern, known.iter().map(String::as_str)) };
        let near = near.map(str::to_owned);
        let message = format!("`{path}` moves `{pattern}`, which is no number's path");
        let d = self.diagnostics.error(place, message, "matches nothing");
        if let Some(near) = near {
            d.help(format!("did you mean `{near}`?"));
        }
    }

    fn track(&mut self, table: &Table, path: &str, factor: bool) -> Option<Track> {
        let known: &[&str] = if factor { &["from", "to", "step"] } else { &["from", "to", "step", "unit"] };
        self.known_keys(table, known, path);
        let mut number = |key: &str| match table.get(key).map(|n| (&n.value, n)) {
            Some((Value::Number(x), _)) if x.is_finite() => Some(*x),
            Some((_, node)) => {
                self.wrong_type(node, &format!("{path}.{key}"), "a plain number");
                None
            }
            None => {
                self.diagnostics.error(&table.place, format!("`{path}` has a `{key}`"), "without one");
                None
            }
        };
        let (from, to) = (number("from"), number("to"));
        let (from, to) = (from?, to?);
        let by_factors = table
            .get("step")
            .is_some_and(|node| self.choice(node, &format!("{path}.step"), &["linear", "log"]) == 1);
        let unit = self.words(table, "unit", path);
        let wrong = if from >= to {
            Some("it goes from less to more")
        } else if by_factors && from <= 0.0 {
            Some("steps by factors begin above 0")
        } else if factor && !(from..=to).contains(&1.0) {
            Some("factors from below 1 to above it: at 1 nothing is changed")
        } else if factor && from < 0.0 {
            Some("factors are from 0 up")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            let message = format!("`{path}` goes from {from} to {to}");
            self.diagnostics.error(&table.place, message, wrong);
            return None;
        }
        Some(Track { from, to, by_factors, unit })
    }
}
