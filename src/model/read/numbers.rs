//! Quantities: a number, a distribution, a table with unit and provenance, or a dated series.

use super::super::ids::QuantityId;
use super::super::quantity::{Between, Dated, Grade, Point, Provenance, Quantity, Shape};
use super::super::spec::{Spec, Unit};
use super::super::time::Date;
use super::expression::{Wrong, parse};
use super::{Reader, in_text, unit};
use crate::random::Distribution;
use crate::scenario::limits::LARGEST;
use crate::scenario::{Adjustment, Entry, Node, Place, Table, Value};
use serde_json::{Value as Json, json};

/// Keys of a quantity's table, dates aside.
const KEYS: [&str; 12] = [
    "value",
    "unit",
    "source",
    "grade",
    "note",
    "between",
    "before",
    "after",
    "level",
    "independent",
    "times",
    "plus",
];
/// More than this share of mass cut by a domain is worth a warning.
const CUT: f64 = 1e-3;

/// How a written value becomes the field's.
struct Frame<'a> {
    path: &'a str,
    spec: &'a Spec,
    /// Worth of the written unit in the canonical one.
    factor: f64,
    /// Changes by edits, in order.
    adjustments: Vec<Adjustment>,
}

impl Reader<'_> {
    /// Reads a quantity and gives its id.
    pub(crate) fn quantity(&mut self, node: &Node, path: &str, spec: &Spec) -> QuantityId {
        let canonical = self.canonical(spec, path);
        let mut frame = Frame { path, spec, factor: 1.0, adjustments: node.adjustments.clone() };
        let mut provenance = Provenance { place: self.place_of(&node.place), ..Provenance::default() };
        let shape = if let Value::Table(table) = &node.value {
            self.read_table(table, &mut frame, &canonical, &mut provenance)
        } else {
            provenance.written = written(node);
            self.read_plain(node, &frame).map(|d| shape_of(&d))
        };
        if node.place.source == u32::MAX {
            provenance.grade = Some(Grade::Judgement);
            "default of the program".clone_into(&mut provenance.source);
        }
        let quantity = Quantity {
            path: path.to_owned(),
            shape: shape.unwrap_or(Shape::Fixed(spec.domain.0.max(1.0).min(spec.domain.1))),
            unit: canonical,
            domain: spec.domain,
            waits: spec.waits,
            series: spec.series,
            provenance,
            edited_by: node.edited_by.clone(),
        };
        self.register(quantity)
    }

    fn place_of(&self, place: &Place) -> String {
        if place.source == u32::MAX { "default".to_owned() } else { self.sources.file_line(place) }
    }

    /// The field's unit in this row.
    fn canonical(&self, spec: &Spec, path: &str) -> String {
        // A row whose good is unknown has an error already.
        let good = self.good_unit.as_deref();
        match spec.unit {
            Unit::None | Unit::Share => "1".to_owned(),
            Unit::Plain("chips/quarter") if path.starts_with("route.") => {
                format!("{}/quarter", good.unwrap_or("chips"))
            }
            Unit::Plain(unit) => unit.to_owned(),
            Unit::Growth => "per year".to_owned(),
            Unit::Good => good.unwrap_or("1").to_owned(),
            Unit::GoodPerQuarter => format!("{}/quarter", good.unwrap_or("1")),
        }
    }

    /// A number or a distribution without a table.
    fn read_plain(&mut self, node: &Node, frame: &Frame<'_>) -> Option<Distribution> {
        let (distribution, at) = match &node.value {
            Value::Number(x) if x.is_finite() => (Distribution::fixed(*x), node.place.clone()),
            Value::Text(text) => (self.expression(text, node, frame)?, node.place.clone()),
            Value::List(_) | Value::Flag(_) | Value::Table(_) | Value::Number(_) => {
                self.wrong_type(node, frame.path, "a number or a distribution");
                return None;
            }
        };
        self.finish(distribution, frame, &at)
    }

    /// Reads an expression; errors are underlined within the text.
    fn expression(&mut self, text: &str, node: &Node, frame: &Frame<'_>) -> Option<Distribution> {
        let growth = frame.spec.unit == Unit::Growth || frame.spec.unit == Unit::Plain("1/year");
        let plain = text.strip_suffix("per year").filter(|_| growth).unwrap_or(text);
        // A unit after a number is that number's own.
        let canonical = self.canonical(frame.spec, frame.path);
        let read = if growth { Ok(None) } else { in_text::plain(plain, &canonical, frame.factor) };
        let share = frame.spec.unit == Unit::Share;
        let read = read.and_then(|own| match &own {
            None => parse(plain, share),
            // What is wrong there stands elsewhere in the text as written.
            Some(own) => parse(own, share).map_err(|wrong| Wrong { span: 0..0, ..wrong }),
        });
        match read {
            Ok(distribution) => Some(distribution),
            Err(Wrong { span, message, help }) => {
                // Where the text stands as it is written, so that a part of it can be underlined; escapes are written otherwise.
                let source = self.sources.all.get(node.place.source as usize);
                let raw = source.and_then(|s| s.text.get(node.place.span.clone())).unwrap_or_default();
                let place = match raw.find(plain).filter(|_| !span.is_empty()) {
                    Some(at) => {
                        let start = node.place.span.start + at;
                        Place { source: node.place.source, span: start + span.start..start + span.end }
                    }
                    None => node.place.clone(),
                };
                let d = self.diagnostics.error(&place, format!("`{}`: {message}", frame.path), message);
                if let Some(help) = help {
                    d.help(help);
                }
                None
            }
        }
    }

    /// Applies edits and the unit, and cuts to the domain.
    fn finish(&mut self, written: Distribution, frame: &Frame<'_>, at: &Place) -> Option<Distribution> {
        let mut d = written;
        for adjustment in &frame.adjustments {
            let (Adjustment::Times(x, by) | Adjustment::Plus(x, by)) = adjustment;
            if !x.is_finite() {
                let message = format!("`{}` is changed by {x}", frame.path);
                self.diagnostics.error(by, message, "this is no finite number");
                return None;
            }
            d = match adjustment {
                Adjustment::Times(x, _) => d.scaled(*x),
                Adjustment::Plus(x, _) => d.shifted(*x),
            };
        }
        if frame.factor != 1.0 {
            d = d.scaled(frame.factor);
        }
        let (low, high) = frame.spec.domain;
        let (start, end) = d.support();
        // What must be above zero can be as near to it as one likes, but never zero: a price of 0 would buy without end.
        let open = low == f64::MIN_POSITIVE;
        if open && start <= 0.0 && (end <= 0.0 || d.cdf(0.0) > d.below(0.0)) {
            let message = format!("`{}` takes {}", frame.path, frame.spec.domain_words());
            self.diagnostics.error(
                at,
                message,
                if end < 0.0 { "all of it is outside" } else { "this can be 0" },
            );
            return None;
        }
        if let Some(label) = beyond(&d, frame.spec) {
            let message = format!("`{}` takes {}", frame.path, frame.spec.domain_words());
            self.diagnostics.error(at, message, label);
            return None;
        }
        let (cut, mass) = d.cut(low, high);
        let edited = !frame.adjustments.is_empty();
        if mass >= 1.0 - 1e-9 && !edited {
            let fixed = start == end;
            let message = format!("`{}` takes {}", frame.path, frame.spec.domain_words());
            let label = if fixed {
                format!("{} is outside", short(start))
            } else {
                "all of it is outside".to_owned()
            };
            let error = self.diagnostics.error(at, message, label);
            if frame.spec.unit == Unit::Share && fixed && start > 1.0 && start <= 100.0 {
                error.help(format!("did you mean {}%?", short(start)));
            }
            return None;
        }
        if mass > CUT {
            let message = format!("`{}` takes {}", frame.path, frame.spec.domain_words());
            let label = format!("{:.1}% of this lies outside and is cut off", 100.0 * mass);
            self.diagnostics.warn(at, message, label);
        }
        Some(cut)
    }

    fn read_table(
        &mut self,
        table: &Table,
        frame: &mut Frame<'_>,
        canonical: &str,
        provenance: &mut Provenance,
    ) -> Option<Shape> {
        let dated: Vec<_> = table.entries.iter().filter(|e| starts_with_year(&e.key)).collect();
        for entry in table.entries.iter().filter(|e| !starts_with_year(&e.key)) {
            if !KEYS.contains(&entry.key.as_str()) {
                let message = format!("unknown key `{}` in `{}`", entry.key, frame.path);
                let d = self.diagnostics.error(&entry.place, message, "unknown key");
                if !d.suggest(&entry.key, KEYS) {
                    d.help("a quantity has value, unit, source, grade, note, or dates like 2024Q4");
                }
            }
        }
        self.describe(table, frame, canonical, provenance);
        let made = self.written_adjustments(table, frame.path);
        frame.adjustments.splice(0..0, made);
        match (table.get("value"), dated.is_empty()) {
            (Some(value), true) => {
                provenance.written = written(value);
                for key in ["between", "before", "after", "level", "independent"] {
                    if let Some(entry) = table.entry(key) {
                        let message =
                            format!("`{key}` is for values over time; `{}` has one value", frame.path);
                        self.diagnostics.error(&entry.place, message, "nothing to apply it to");
                    }
                }
                frame.adjustments.splice(0..0, value.adjustments.iter().cloned());
                self.read_plain(value, frame).map(|d| shape_of(&d))
            }
            (Some(_), false) => {
                let message = format!("`{}` has a `value` and dates", frame.path);
                self.diagnostics.error(&table.place, message, "give one of the two");
                None
            }
            (None, true) => {
                let message = format!("`{}` has no `value`", frame.path);
                self.diagnostics.error(&table.place, message, "neither a `value` nor dates like 2024Q4");
                None
            }
            (None, false) if !frame.spec.series => {
                let message = format!("`{}` does not change over time", frame.path);
                self.diagnostics.error(&dated[0].place, message, "a date where one value is meant");
                None
            }
            (None, false) => {
                provenance.written = crate::scenario::inline_table(table);
                self.read_series(table, frame, provenance).map(Shape::Dated)
            }
        }
    }

    /// Unit and provenance.
    fn describe(
        &mut self,
        table: &Table,
        frame: &mut Frame<'_>,
        canonical: &str,
        provenance: &mut Provenance,
    ) {
        let mut text = |key: &str| match table.get(key) {
            Some(Node { value: Value::Text(t), .. }) => Some(t.clone()),
            Some(node) => {
                self.diagnostics.error(&node.place, format!("`{key}` is a text"), "not a text");
                None
            }
            None => None,
        };
        provenance.source = text("source").unwrap_or_default();
        provenance.note = text("note").unwrap_or_default();
        let (unit, grade) = (text("unit"), text("grade"));
        if let (Some(grade), Some(node)) = (grade, table.get("grade")) {
            provenance.grade = match grade.as_str() {
                "published" => Some(Grade::Published),
                "derived" => Some(Grade::Derived),
                "judgement" => Some(Grade::Judgement),
                _ => {
                    let message = "a grade is `published`, `derived` or `judgement`";
                    self.diagnostics.error(&node.place, message, "none of these");
                    None
                }
            };
        }
        if let (Some(written), Some(node)) = (unit, table.get("unit")) {
            provenance.unit.clone_from(&written);
            let same = written == canonical || (frame.spec.unit == Unit::Growth && written.contains("year"));
            if !same {
                if let Some(factor) = unit::factor(&written, canonical) {
                    frame.factor = factor;
                } else {
                    let message = format!("`{}` is not measured in `{written}`", frame.path);
                    let d = self.diagnostics.error(&node.place, message, "unknown unit, or of another kind");
                    d.help(format!("it takes {}", unit::examples(canonical)));
                }
            }
        }
    }

    /// `times` and `plus`, as a resolved scenario writes what edits did.
    fn written_adjustments(&mut self, table: &Table, path: &str) -> Vec<Adjustment> {
        let mut made = Vec::new();
        for (key, adjustment) in
            [("times", Adjustment::Times as fn(f64, Place) -> Adjustment), ("plus", Adjustment::Plus)]
        {
            match table.get(key).map(|node| (&node.value, node)) {
                None => {}
                Some((Value::Number(x), node)) => made.push(adjustment(*x, node.place.clone())),
                Some((_, node)) => self.wrong_type(node, &format!("{path}.{key}"), "a number"),
            }
        }
        made
    }

    /// A dated point and the changes by edits, which a resolved scenario writes as `{ value, times, plus }`.
    fn read_point<'a>(&mut self, node: &'a Node, path: &str) -> (&'a Node, Vec<Adjustment>) {
        let (value, mut adjustments) = match &node.value {
            Value::Table(table)
                if table.entries.iter().all(|e| ["value", "times", "plus"].contains(&e.key.as_str())) =>
            {
                let made = self.written_adjustments(table, path);
                table.get("value").map_or((node, made.clone()), |value| {
                    (value, value.adjustments.iter().cloned().chain(made).collect())
                })
            }
            _ => (node, Vec::new()),
        };
        adjustments.extend(node.adjustments.iter().cloned());
        (value, adjustments)
    }

    fn read_series(&mut self, table: &Table, frame: &Frame<'_>, provenance: &Provenance) -> Option<Dated> {
        let between = match table.get("between") {
            None => Between::Log,
            Some(node) => {
                let words = ["log", "linear", "step"];
                [Between::Log, Between::Linear, Between::Step]
                    [self.choice(node, &format!("{}.between", frame.path), &words)]
            }
        };
        let independent = match table.get("independent").map(|n| (&n.value, n)) {
            None => false,
            Some((Value::Flag(flag), _)) => *flag,
            Some((_, node)) => {
                self.wrong_type(node, &format!("{}.independent", frame.path), "true or false");
                false
            }
        };
        let mut points = Vec::new();
        for entry in table.entries.iter().filter(|e| starts_with_year(&e.key)) {
            let Some(date) = Date::parse(&entry.key) else {
                let message =
                    format!("`{}` is neither a quarter like 2024Q4 nor a day like 2024-10-01", entry.key);
                self.diagnostics.error(&entry.place, message, "not a date");
                continue;
            };
            let (node, adjustments) = self.read_point(&entry.node, &format!("{}.{}", frame.path, entry.key));
            let mut own = Frame { adjustments, ..*frame };
            own.adjustments.extend(frame.adjustments.iter().cloned());
            let Some(d) = self.read_plain(node, &own) else { continue };
            let point = if independent && !d.is_fixed() {
                let path = format!("{}.{}", frame.path, entry.key);
                let written = written(node);
                Point::Own(self.register(Quantity {
                    path,
                    shape: Shape::Uncertain(d),
                    unit: String::new(),
                    domain: frame.spec.domain,
                    waits: false,
                    series: false,
                    provenance: Provenance { written, ..provenance.clone() },
                    edited_by: entry.node.edited_by.clone(),
                }))
            } else {
                Point::Shared(d)
            };
            points.push((date.since(self.origin), point));
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        if let Some(twice) = points.windows(2).find(|p| p[0].0 == p[1].0) {
            let same = |e: &&Entry| Date::parse(&e.key).is_some_and(|d| d.since(self.origin) == twice[0].0);
            if let Some(entry) = table.entries.iter().rfind(same) {
                let message = format!("`{}` has two values on one day", frame.path);
                self.diagnostics.error(&entry.place, message, "a quarter is its first day");
            }
        }
        let mut part = |key: &str, spec: Spec| {
            table.get(key).map(|node| self.quantity(node, &format!("{}.{key}", frame.path), &spec))
        };
        let (before, after) = (part("before", Spec::growth()), part("after", Spec::growth()));
        let level = part("level", Spec::unit("1").at_least(0.0));
        (!points.is_empty()).then_some(Dated { points, between, before, after, level })
    }
}

/// Probability beyond which a tail is not looked at: no run has so many draws.
const TAIL: f64 = 1e-12;

/// What of a distribution no run can compute with: numbers so large, or so near to 0, that products of a few of them are no
/// numbers any more.
fn beyond(d: &Distribution, spec: &Spec) -> Option<String> {
    let (low, high) = spec.domain;
    let ends = [TAIL, 1.0 - TAIL].map(|p| d.quantile(p));
    // What a field cuts off is not drawn.
    if ends.iter().any(|x| x.is_nan() || x.clamp(low, high).abs() > LARGEST) {
        return Some(format!("numbers lie within {LARGEST:e}"));
    }
    let middle = d.quantile(0.5).abs();
    (middle != 0.0 && middle < 1.0 / LARGEST)
        .then(|| format!("what is not 0 is at least {:e}", 1.0 / LARGEST))
}

fn shape_of(d: &Distribution) -> Shape {
    if d.is_fixed() { Shape::Fixed(d.support().0) } else { Shape::Uncertain(d.clone()) }
}

fn starts_with_year(key: &str) -> bool {
    key.len() >= 4 && key.as_bytes()[..4].iter().all(u8::is_ascii_digit)
}

/// A value as it was written.
fn written(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => text.clone(),
        Value::Number(x) if node.written.is_empty() => format!("{x:?}"),
        _ => node.written.clone(),
    }
}

/// A number for a message.
fn short(x: f64) -> String {
    if x != 0.0 && !(1e-3..1e7).contains(&x.abs()) { format!("{x:e}") } else { format!("{x}") }
}

/// What a quantity can be in a scenario, for the schema.
pub(crate) fn quantity_schema(series: bool) -> Json {
    json!({ "$ref": if series { "#/$defs/series" } else { "#/$defs/quantity" } })
}
