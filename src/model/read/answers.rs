//! The table of answers: edits and rules that wait for a sign, each sign read, each edit held to what can wait.

use super::super::answer::{Answers, RuleWaits, Sign};
use super::super::time::{Date, Horizon};
use super::super::{Model, QuantityId};
use super::Reader;
use super::expression::parse;
use crate::scenario::limits::{LOOKED, SIGNS};
use crate::scenario::{
    ANSWERS, Change, Diagnostics, Document, Edit, Entry, Node, Place, Table, Value, apply, is_glob,
    read_answer, targets,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Keys of a sign's table.
const KEYS: [&str; 6] = ["sign", "off", "again", "lag", "error", "from"];

/// What waits, as written.
#[derive(Default)]
pub(super) struct Written {
    signs: Vec<Sign>,
    edits: Vec<(usize, Edit)>,
}

impl Written {
    /// Reads the table, and puts the rules that wait among the document's own.
    pub(super) fn read(
        document: &Document,
        horizon: Option<Horizon>,
        reader: &mut Reader<'_>,
    ) -> Option<(Self, Document)> {
        document.root.get(ANSWERS)?;
        let mut written = Self::default();
        for (node, table) in reader.tables(document, ANSWERS) {
            let Some(when) = table.get("when") else {
                reader.diagnostics.error(&table.place, "an answer has a `when`", "without one");
                continue;
            };
            let sign = reader.sign(when, horizon);
            let mut found = Diagnostics::default();
            let edit = read_answer(table, &mut found);
            // A policy's edit was read before.
            let known = &mut reader.diagnostics.all;
            found.all.retain(|f| known.iter().all(|k| (&k.place, &k.message) != (&f.place, &f.message)));
            known.append(&mut found.all);
            let (Some(sign), Some(mut edit)) = (sign, edit) else { continue };
            edit.answer = None;
            edit.by = node.edited_by.last().cloned().unwrap_or_default();
            let known = written.signs.iter().position(|s| *s == sign);
            let place = known.unwrap_or_else(|| {
                written.signs.push(sign);
                written.signs.len() - 1
            });
            if place == SIGNS {
                let message = format!("answers wait for {SIGNS} signs at most");
                reader.diagnostics.error(&when.place, message, "one more");
                return None;
            }
            written.edits.push((place, edit));
        }
        let mut with_rules = document.clone();
        let added = |(_, edit): &(usize, Edit)| match &edit.change {
            Change::Add(table, _) if table == "rule" => Some(edit.clone()),
            Change::Add(table, _) => {
                let message = format!("a row of `{table}` cannot wait for a sign");
                let d = reader.diagnostics.error(&edit.place, message, "rules can, and numbers");
                d.help("what is there from the start can have numbers that wait");
                None
            }
            _ => None,
        };
        let rules: Vec<Edit> = written.edits.iter().filter_map(added).collect();
        apply(&mut with_rules, &rules, reader.diagnostics);
        Some((written, with_rules))
    }

    /// Lays the edits of each sign over the document, and finds what they are about.
    pub(super) fn resolve(
        self,
        model: &Model,
        document: &Document,
        diagnostics: &mut Diagnostics,
        read: impl Fn(&Document, &mut Diagnostics) -> Option<Model>,
    ) -> Answers {
        let paths = model.numbers_by_path();
        let mut looked = 0;
        let mut answers = Answers { signs: self.signs, ..Answers::default() };
        let mut numbers = vec![BTreeSet::new(); answers.signs.len()];
        for (sign, edit) in &self.edits {
            match &edit.change {
                Change::Add(_, row) => {
                    let id = row.get("id").map(|n| &n.value);
                    let Some(Value::Text(id)) = id else { continue };
                    let rule = model.rules.named(id);
                    answers.rules.extend(rule.map(|rule| RuleWaits { rule, sign: *sign, lifted: false }));
                }
                Change::Remove(path) => lift(*sign, edit, path, (model, document), &mut answers, diagnostics),
                Change::Set { path, .. } | Change::Times(path, _) | Change::Plus(path, _) => {
                    looked += if is_glob(path) { paths.len() } else { 0 };
                    if looked > LOOKED {
                        let message = format!("patterns of answers look at {LOOKED} paths at most, together");
                        diagnostics.error(&edit.place, message, "one answer more");
                        return answers;
                    }
                    let all = targets(document, path);
                    if all.is_empty() {
                        let message = format!("nothing matches `{path}`");
                        diagnostics.error(&edit.place, message, "no such path");
                    }
                    for target in all {
                        let number = number_of(&target, &paths);
                        match number.filter(|q| model.quantities[*q].waits) {
                            Some(number) => {
                                numbers[*sign].insert(number);
                            }
                            None => refuse(edit, &target, number.is_some(), diagnostics),
                        }
                    }
                }
            }
        }
        for sign in 0..answers.signs.len() {
            let own: Vec<Edit> = (self.edits.iter())
                .filter(|(s, e)| *s == sign && !matches!(e.change, Change::Add(..) | Change::Remove(_)))
                .map(|(_, e)| e.clone())
                .collect();
            let mut edited = document.clone();
            if !own.is_empty() && !diagnostics.has_errors() {
                apply(&mut edited, &own, diagnostics);
            }
            let under =
                if own.is_empty() || diagnostics.has_errors() { None } else { read(&edited, diagnostics) };
            answers.edited.push(under.map(Arc::new));
        }
        answers.pair(model, &numbers);
        answers
    }
}

/// The number that a path is, or is a part of.
fn number_of(path: &str, known: &BTreeMap<&str, QuantityId>) -> Option<QuantityId> {
    let mut ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    ends.find_map(|end| known.get(&path[..end]).copied())
}

/// Says why what an edit is about cannot wait.
fn refuse(edit: &Edit, target: &str, is_number: bool, diagnostics: &mut Diagnostics) {
    let (why, help) = if is_number {
        ("it is read once, at the start of a draw", "the schema says which numbers can wait: `x-waits`")
    } else if target.starts_with("rule.") {
        ("it is no number", "take the rule away and add another, with the same `when`")
    } else {
        ("it is no number of the scenario", "what waits has a value to begin with; structure cannot wait")
    };
    let d = diagnostics.error(&edit.place, format!("`{target}` cannot wait for a sign"), why);
    d.help(help);
}

/// Notes the rules that a sign puts out of force.
fn lift(
    sign: usize,
    edit: &Edit,
    path: &str,
    (model, document): (&Model, &Document),
    answers: &mut Answers,
    diagnostics: &mut Diagnostics,
) {
    let rules: Vec<_> = (targets(document, path).iter())
        .filter_map(|target| model.rules.named(target.strip_prefix("rule.")?))
        .collect();
    if rules.is_empty() {
        let what = format!("`{path}` cannot be taken away by a sign");
        diagnostics.error(&edit.place, what, "no rule").help("rules can, as `rule.<id>`");
    }
    answers.rules.extend(rules.into_iter().map(|rule| RuleWaits { rule, sign, lifted: true }));
}

impl Reader<'_> {
    /// A sign: `"actor/metric > level"`, or a table with one.
    fn sign(&mut self, node: &Node, horizon: Option<Horizon>) -> Option<Sign> {
        let empty = Table::default();
        let (text, table) = match &node.value {
            Value::Table(table) => (table.get("sign"), table),
            _ => (Some(node), &empty),
        };
        self.known_keys(table, &KEYS, "when");
        let Some(Node { value: Value::Text(text), place, .. }) = text else {
            let message = "a sign is written \"actor/metric > level\"";
            self.diagnostics.error(&node.place, message, "without one");
            return None;
        };
        let sides =
            text.split_once('>').map(|s| (s, true)).or_else(|| text.split_once('<').map(|s| (s, false)));
        let cell = |((cell, level), above)| {
            let (actor, metric) = str::split_once(str::trim(cell), '/')?;
            Some((actor.to_owned(), metric.to_owned(), str::trim(level), above))
        };
        let Some((actor, metric, level, above)) = sides.and_then(cell) else {
            let message = format!("`{text}` is no sign");
            let d = self.diagnostics.error(place, message, "not `actor/metric > level`");
            d.help("for instance \"country.china/smuggled_chips > 100k\", or with `<`");
            return None;
        };
        let level = self.level(level, place)?;
        let off = table.get("off").map(|n| self.number_in(n, "off", f64::NEG_INFINITY, f64::INFINITY));
        let again = match table.get("again") {
            None => true,
            Some(Node { value: Value::Flag(flag), .. }) => *flag,
            Some(other) => {
                self.wrong_type(other, "when.again", "true or false");
                true
            }
        };
        let lag = table.get("lag").map_or(1.0, |n| self.number_in(n, "lag", 1.0, 400.0));
        let error = table.get("error").map_or(0.0, |n| self.number_in(n, "error", 0.0, 5.0));
        if lag.fract() != 0.0
            && let Some(n) = table.get("lag")
        {
            self.diagnostics.error(&n.place, "`when.lag` is a whole number of quarters", "between two");
        }
        let wrong_side = |off: f64| if above { off > level } else { off < level };
        if let (Some(off), Some(n)) = (off, table.get("off"))
            && wrong_side(off)
        {
            let message = "a sign goes off at its level, or on the other side of it";
            self.diagnostics.error(&n.place, message, "it would be off as it comes on");
        }
        if let (Some(n), None) = (table.entry("again"), off) {
            let message = "`again` says whether a sign that went off can come on again";
            self.diagnostics.error(&n.place, message, "without an `off` it stays on");
        }
        let from = table.get("from").map_or(0, |n| self.first_quarter(n, horizon));
        let lag = lag.max(1.0) as usize;
        Some(Sign { actor, metric, above, level, off, again, lag, error, from, place: place.clone() })
    }

    fn level(&mut self, text: &str, place: &Place) -> Option<f64> {
        match parse(text, false) {
            Ok(d) if d.is_fixed() => Some(d.quantile(0.5)),
            _ => {
                let message = format!("`{text}` is no level of a sign");
                self.diagnostics.error(place, message, "a number, such as 0.3, 30% or 100k");
                None
            }
        }
    }

    fn number_in(&mut self, node: &Node, key: &str, low: f64, high: f64) -> f64 {
        let value = match &node.value {
            Value::Number(x) => Some(*x),
            Value::Text(text) => {
                parse(text, false).ok().filter(crate::random::Distribution::is_fixed).map(|d| d.quantile(0.5))
            }
            _ => None,
        };
        let Some(value) = value.filter(|x| (low..=high).contains(x)) else {
            let range =
                if low.is_finite() { format!("from {low} to {high}") } else { "as the level".to_owned() };
            self.diagnostics.error(&node.place, format!("`when.{key}` is a number"), range);
            return low.max(0.0);
        };
        value
    }

    /// Quarters from the horizon's first to a date.
    fn first_quarter(&mut self, node: &Node, horizon: Option<Horizon>) -> usize {
        let date = match &node.value {
            Value::Text(text) => Date::parse(text),
            _ => None,
        };
        let Some(date) = date else {
            self.diagnostics.error(&node.place, "`when.from` is a quarter or a day", "such as 2026Q1");
            return 0;
        };
        horizon.map_or(0, |h| date.since(h.first).ceil().max(0.0) as usize)
    }
}

/// The document without its answers: what it says of the world as no sign has been seen.
pub(super) fn without(document: &Document) -> Document {
    let mut rest = document.clone();
    rest.root.entries.retain(|e: &Entry| e.key != ANSWERS);
    rest
}

/// Diagnostics of the edited world that the world as it stands does not have.
pub(super) fn only_new(
    read: impl FnOnce(&mut Diagnostics) -> Option<Model>,
    into: &mut Diagnostics,
) -> Option<Model> {
    let mut found = Diagnostics::default();
    let model = read(&mut found);
    if found.has_errors() {
        into.all.extend(found.all);
    }
    model
}
