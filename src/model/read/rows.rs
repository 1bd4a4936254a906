//! Tables, one after another, into a model.

use super::super::time::{Horizon, Quarter};
use super::super::validate::validate;
use super::super::{Answers, Correlation, IdVec, Model, QuantityId};
use super::Reader;
use super::answers::{Written, only_new, without};
use super::fields::FieldSchema;
use super::record::RECORD;
use super::selectable::Selectable;
use crate::scenario::limits::{CORRELATED, PAIRS};
use crate::scenario::{ANSWERS, Diagnostics, Document, Entry, Node, Place, Sources, Table, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A table of rows, or of settings.
pub(crate) trait Row: Sized {
    const TABLE: &'static str;
    fn read(reader: &mut Reader<'_>, table: &Table, path: &str) -> Self;
    fn about() -> String;
    fn fields() -> Vec<FieldSchema>;
}

/// Tables of rows.
pub(crate) const TABLES: [&str; 19] = [
    "country",
    "group",
    "tool",
    "good",
    "facility",
    "designer",
    "chip",
    "stockpile",
    "buyer",
    "lab",
    "commitment",
    "route",
    "rule",
    "shock",
    "ratio",
    "correlation",
    "factor",
    "observation",
    "lever",
];
/// Tables of settings.
pub(crate) const SETTINGS: [&str; 9] =
    ["run", "trade", "production", "licensing", "diversion", "fleet", "rental", "training", "science"];

impl Model {
    /// Reads a model from a document; errors and warnings go to `diagnostics`, and none comes back if there are errors.
    pub fn from_document(
        document: &Document,
        sources: &Sources,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let horizon = horizon_of(document);
        let mut reader = Reader::new(document, sources, diagnostics);
        let Some((written, document)) = Written::read(document, horizon, &mut reader) else {
            return if diagnostics.has_errors() {
                None
            } else {
                Self::without_answers(document, sources, diagnostics)
            };
        };
        let document = without(&document);
        let mut model = Self::without_answers(&document, sources, diagnostics)?;
        let under = |edited: &Document, diagnostics: &mut Diagnostics| {
            only_new(|found| Self::without_answers(edited, sources, found), diagnostics)
        };
        model.answers = written.resolve(&model, &document, diagnostics, under);
        (!diagnostics.has_errors()).then_some(model)
    }

    /// The same as long as no sign has been seen.
    fn without_answers(
        document: &Document,
        sources: &Sources,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let mut reader = Reader::new(document, sources, diagnostics);
        reader.check_top(document);
        for table in TABLES {
            reader.list_ids(document, table);
        }
        let model = Model {
            title: reader.title(document),
            countries: reader.rows(document).into(),
            groups: reader.rows(document).into(),
            tools: reader.rows(document).into(),
            goods: reader.rows(document).into(),
            facilities: reader.rows(document).into(),
            designers: reader.rows(document).into(),
            chips: reader.rows(document).into(),
            stockpiles: reader.rows(document).into(),
            buyers: reader.rows(document).into(),
            labs: reader.rows(document).into(),
            commitments: reader.rows(document),
            routes: reader.rows(document).into(),
            rules: reader.rows(document).into(),
            shocks: reader.rows(document).into(),
            ratios: reader.rows(document),
            observations: reader.observations(document),
            run: reader.settings(document),
            trade: reader.settings(document),
            production: reader.settings(document),
            licensing: reader.settings(document),
            diversion: reader.settings(document),
            fleet: reader.settings(document),
            rental: reader.settings(document),
            training: reader.settings(document),
            science: reader.settings(document),
            vintages: reader.vintages(document),
            simple_rule: reader.simple_rule(document),
            calibration: None,
            accepted: reader.accepted(document),
            levers: Vec::new(),
            correlations: Vec::new(),
            factors: Vec::new(),
            quantities: Arc::default(),
            answers: Answers::default(),
        };
        let factors = reader.factors(document);
        let correlations = reader.correlations(document);
        let factors = reader.load_factors(factors, &correlations);
        let calibration = reader.calibration(document);
        let levers = reader.levers(document);
        let quantities = Arc::new(std::mem::take(&mut reader.quantities));
        let mut model = Model { quantities, correlations, factors, calibration, levers, ..model };
        admit(&mut model);
        if !diagnostics.has_errors() {
            validate(&model, document, diagnostics);
        }
        (!diagnostics.has_errors()).then_some(model)
    }
}

/// Makes jurisdictions that a group's list names members, where they are countries of the scenario.
fn admit(model: &mut Model) {
    for group in &mut model.groups {
        let named = std::mem::take(&mut group.others);
        for name in named {
            match model.countries.named(&name) {
                None => group.others.push(name),
                Some(country) => {
                    if !group.members.contains(&country) {
                        group.members.push(country);
                    }
                }
            }
        }
    }
}

/// Units of goods, by id.
fn units_of_goods(document: &Document) -> BTreeMap<String, String> {
    let mut units = BTreeMap::new();
    let Some(Value::List(goods)) = document.root.get("good").map(|n| &n.value) else { return units };
    for good in goods {
        let (Some(id), Value::Table(table)) = (good.id(), &good.value) else { continue };
        if let Some(Node { value: Value::Text(unit), .. }) = table.get("unit") {
            units.entry(id.to_owned()).or_insert_with(|| unit.clone());
        }
    }
    units
}

fn horizon_of(document: &Document) -> Option<Horizon> {
    match &document.root.get("run")?.value {
        Value::Table(run) => match &run.get("horizon")?.value {
            Value::Text(text) => Horizon::parse(text),
            _ => None,
        },
        _ => None,
    }
}

impl<'a> Reader<'a> {
    fn new(document: &Document, sources: &'a Sources, diagnostics: &'a mut Diagnostics) -> Self {
        Self {
            sources,
            diagnostics,
            ids: BTreeMap::new(),
            removed: document.removed.clone(),
            quantities: IdVec::new(),
            units: units_of_goods(document),
            good_unit: None,
            origin: horizon_of(document).map_or(Quarter::new(2022, 1), |h| h.first),
            nodes: Selectable::new(document),
        }
    }
}

impl Reader<'_> {
    fn check_top(&mut self, document: &Document) {
        let known: Vec<&str> = TABLES
            .iter()
            .chain(&SETTINGS)
            .chain(&RECORD)
            .chain(&["title", "accept", ANSWERS])
            .copied()
            .collect();
        let (right, wrong): (Vec<&Entry>, Vec<&Entry>) =
            document.root.entries.iter().partition(|e| known.contains(&e.key.as_str()));
        let scenarios: BTreeSet<u32> = right.iter().map(|e| e.place.source).collect();
        let mut others = BTreeSet::new();
        for entry in wrong {
            let source = entry.place.source;
            if source > 0 && !scenarios.contains(&source) {
                // Another file than the scenario's own, and nothing in it is of a scenario: its lines are nobody's business.
                if others.insert(source) {
                    let name = self.sources.all.get(source as usize).map_or("", |s| &s.name);
                    let message =
                        format!("{name} is no part of a scenario: it has none of the tables of one");
                    let nowhere = Place { source: u32::MAX, span: 0..0 };
                    self.diagnostics.error(&nowhere, message, "");
                }
                continue;
            }
            let d = self.diagnostics.error(&entry.place, format!("unknown table `{}`", entry.key), "unknown");
            if !d.suggest(&entry.key, known.iter().copied()) {
                d.help(format!("there are {}", known.join(", ")));
            }
        }
    }

    fn title(&mut self, document: &Document) -> String {
        match document.root.get("title") {
            Some(Node { value: Value::Text(t), .. }) => t.clone(),
            Some(node) => {
                self.wrong_type(node, "title", "a text");
                String::new()
            }
            None => String::new(),
        }
    }

    /// Rows of a table as tables; other things are errors.
    pub(super) fn tables<'d>(&mut self, document: &'d Document, name: &str) -> Vec<(&'d Node, &'d Table)> {
        let Some(node) = document.root.get(name) else { return Vec::new() };
        let Value::List(rows) = &node.value else {
            self.wrong_type(node, name, &format!("rows: `[[{name}]]`"));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for row in rows {
            match &row.value {
                Value::Table(table) => tables.push((row, table)),
                _ => self.wrong_type(row, name, "tables"),
            }
        }
        tables
    }

    /// Gathers the ids of a table, with errors for missing, malformed and double ones.
    fn list_ids(&mut self, document: &Document, name: &str) {
        if name == "correlation" || name == "observation" {
            return;
        }
        let mut ids: BTreeMap<String, u32> = BTreeMap::new();
        let mut at = 0;
        let rows = document.root.get(name).map(|n| &n.value);
        if let Some(Value::List(rows)) = rows {
            for row in rows {
                let Value::Table(table) = &row.value else { continue };
                at += 1;
                let Some(node) = table.get("id") else {
                    let place = table.entries.first().map_or(&row.place, |e| &e.place);
                    self.diagnostics.error(place, format!("a {name} without `id`"), "every row has an id");
                    continue;
                };
                let Value::Text(id) = &node.value else {
                    self.wrong_type(node, &format!("{name}.id"), "a text");
                    continue;
                };
                let well_formed = !id.is_empty()
                    && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
                if !well_formed {
                    let message = format!("`{id}` is no id");
                    let d = self.diagnostics.error(&node.place, message, "lower case, digits and hyphens");
                    let fixed: String = (id.to_lowercase().chars())
                        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                        .collect();
                    d.help(format!("for instance `{fixed}`"));
                }
                if ids.contains_key(id) {
                    let message = format!("there are two {name} rows `{id}`");
                    self.diagnostics.error(&node.place, message, "the second");
                } else {
                    ids.insert(id.clone(), at - 1);
                }
            }
        }
        self.ids.insert(name.to_owned(), ids);
    }

    fn rows<T: Row>(&mut self, document: &Document) -> Vec<T> {
        let mut all = Vec::new();
        for (node, table) in self.tables(document, T::TABLE) {
            let id = Self::id_of(table);
            let path = format!("{}.{id}", T::TABLE);
            self.good_unit = match table.get("good").map(|n| &n.value) {
                Some(Value::Text(good)) => self.units.get(good).cloned(),
                _ => None,
            };
            let before = self.quantities.len();
            all.push(T::read(self, table, &path));
            for quantity in self.quantities.iter_mut().skip(before) {
                Arc::make_mut(quantity).edited_by.extend(node.edited_by.iter().cloned());
            }
        }
        self.good_unit = None;
        all
    }

    fn settings<T: Row>(&mut self, document: &Document) -> T {
        let empty = Table::default();
        let table = match document.root.get(T::TABLE) {
            None => &empty,
            Some(node) => self.table(node, T::TABLE).unwrap_or(&empty),
        };
        T::read(self, table, T::TABLE)
    }

    fn correlations(&mut self, document: &Document) -> Vec<Correlation> {
        let mut all: Vec<Correlation> = Vec::new();
        let tables = self.tables(document, "correlation");
        let known: BTreeMap<String, QuantityId> = if tables.is_empty() {
            BTreeMap::new()
        } else {
            self.quantities.iter_enumerated().map(|(id, q)| (q.path.clone(), id)).collect()
        };
        let (mut tied, mut pairs) = (BTreeSet::new(), 0);
        for (_, table) in tables {
            self.known_keys(table, &["of", "rho", "source", "note"], "correlation");
            let mut of: Vec<QuantityId> = Vec::new();
            if let Some(Node { value: Value::List(paths), .. }) = table.get("of") {
                pairs += paths.len().saturating_mul(paths.len()) / 2;
                if paths.len() <= CORRELATED && pairs <= PAIRS {
                    for path in paths {
                        of.extend(self.correlated(path, &known));
                    }
                }
                tied.extend(of.iter().copied());
                if paths.len() > CORRELATED || pairs > PAIRS || tied.len() > CORRELATED {
                    let message = format!("correlations tie {CORRELATED} paths in {PAIRS} pairs at most");
                    self.diagnostics.error(&table.place, message, "one more");
                    return all;
                }
            }
            if of.len() < 2 && !self.diagnostics.has_errors() {
                let message = "a correlation is `of` at least two paths";
                self.diagnostics.error(&table.place, message, "fewer than two");
            }
            let rho = match table.get("rho").map(|n| (&n.value, n)) {
                Some((Value::Number(x), node)) => {
                    if !(-1.0..=1.0).contains(x) {
                        self.diagnostics.error(&node.place, "a correlation lies in [-1, 1]", "outside");
                    }
                    *x
                }
                Some((_, node)) => {
                    self.wrong_type(node, "correlation.rho", "a plain number");
                    0.0
                }
                None => {
                    self.diagnostics.error(&table.place, "a correlation has a `rho`", "without one");
                    0.0
                }
            };
            all.push(Correlation { of, rho });
        }
        all
    }

    fn correlated(&mut self, node: &Node, known: &BTreeMap<String, QuantityId>) -> Option<QuantityId> {
        let Value::Text(path) = &node.value else {
            self.wrong_type(node, "correlation.of", "paths");
            return None;
        };
        let Some(&id) = known.get(path) else {
            let d =
                self.diagnostics.error(&node.place, format!("there is no quantity `{path}`"), "unknown path");
            d.suggest(path, known.keys().map(String::as_str));
            return None;
        };
        if !self.quantities[id].is_uncertain() {
            // An edit may have fixed it; its uniform stays in the copula, so that no other number moves.
            let message = format!("`{path}` is not uncertain");
            self.diagnostics.warn(&node.place, message, "nothing to correlate");
        }
        Some(id)
    }
}
