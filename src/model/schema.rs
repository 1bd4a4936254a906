//! The JSON Schema of a scenario file, from the same declarations as its reader.

use super::entities::{
    Buyer, Chip, Commitment, Country, Designer, Diversion, Facility, Fleet, Good, Group, Lab, Licensing,
    Production, Ratio, Rental, Route, Rule, Run, Science, Shock, Stockpile, Tool, Trade, Training,
};
use super::read::{FieldSchema, Row, clause_schema, object_schema};
use serde_json::{Map, Value as Json, json};

/// The schema of a scenario file (draft 2020-12).
pub fn schema() -> Json {
    let mut properties = Map::new();
    let text = |about: &str| json!({ "type": "string", "description": about });
    properties.insert("title".to_owned(), text("What the scenario is called."));
    properties.insert(
        "extends".to_owned(),
        text("A scenario's folder, of which this one gives only what differs."),
    );
    let files = json!({ "type": "array", "items": { "type": "string" }, "description": "Files that add rows and settings." });
    properties.insert("include".to_owned(), files);
    properties.insert("chips".to_owned(), text("A CSV file with rows of `chip`."));
    properties.insert(
        "assumptions".to_owned(),
        text("A CSV file of values by path: path,value,unit,grade,source,note."),
    );
    properties.insert("observations".to_owned(), text("A CSV file with rows of `observation`."));
    let acceptance = json!({
        "type": "object",
        "description": "A warning that is intended: `check` is silent about it.",
        "properties": {
            "warning": text("A part of the warning's text."),
            "reason": text("Why it may be."),
        },
        "required": ["warning", "reason"],
        "additionalProperties": false,
    });
    let accept = json!({ "type": "array", "items": acceptance, "description": "Warnings that are intended, each with its reason: `check` is silent about them." });
    properties.insert("accept".to_owned(), accept);
    rows::<Country>(&mut properties);
    rows::<Group>(&mut properties);
    rows::<Tool>(&mut properties);
    rows::<Good>(&mut properties);
    rows::<Facility>(&mut properties);
    rows::<Designer>(&mut properties);
    rows::<Chip>(&mut properties);
    rows::<Stockpile>(&mut properties);
    rows::<Buyer>(&mut properties);
    rows::<Lab>(&mut properties);
    rows::<Commitment>(&mut properties);
    rows::<Route>(&mut properties);
    rows::<Rule>(&mut properties);
    rows::<Shock>(&mut properties);
    rows::<Ratio>(&mut properties);
    settings::<Run>(&mut properties);
    settings::<Trade>(&mut properties);
    settings::<Production>(&mut properties);
    settings::<Licensing>(&mut properties);
    settings::<Diversion>(&mut properties);
    settings::<Fleet>(&mut properties);
    settings::<Rental>(&mut properties);
    settings::<Training>(&mut properties);
    settings::<Science>(&mut properties);
    properties.insert("correlation".to_owned(), list(&correlation()));
    properties.insert("factor".to_owned(), list(&factor()));
    properties.insert("observation".to_owned(), list(&observation()));
    properties.insert("answer".to_owned(), list(&answer()));
    properties.insert("lever".to_owned(), list(&lever()));
    properties.extend(record());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Chokepoint scenario",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "$defs": {
            "quantity": { "anyOf": [{ "type": "number" }, { "type": "string" }, about(false)] },
            "series": { "anyOf": [{ "type": "number" }, { "type": "string" }, about(false), about(true)] },
            "clause": clause_schema(),
        },
    })
}

fn list(items: &Json) -> Json {
    json!({ "type": "array", "items": items })
}

/// A row may extend another of its table, and then need not give everything.
fn rows<T: Row>(properties: &mut Map<String, Json>) {
    let first = [
        (
            "id",
            json!({ "type": "string", "pattern": "^[a-z0-9-]+$", "description": "Its id, unique in the table." }),
        ),
        (
            "extends",
            json!({ "type": "string", "description": "A row of this table whose fields it takes where it gives none, apart from its title." }),
        ),
    ];
    let fields = T::fields().into_iter().map(|f| FieldSchema { required: false, ..f }).collect();
    let mut schema = object_schema(&T::about(), &first, fields);
    schema["required"] = json!(["id"]);
    properties.insert(T::TABLE.to_owned(), list(&schema));
}

fn settings<T: Row>(properties: &mut Map<String, Json>) {
    let fields = T::fields().into_iter().map(|f| FieldSchema { required: false, ..f }).collect();
    properties.insert(T::TABLE.to_owned(), object_schema(&T::about(), &[], fields));
}

/// A quantity's table.
fn about(dated: bool) -> Json {
    let number = json!({ "type": ["number", "string"] });
    let text = json!({ "type": "string" });
    let mut properties = json!({
        "unit": text, "source": text, "note": text,
        "grade": { "enum": ["published", "derived", "judgement"] },
        "times": { "type": "number" }, "plus": { "type": "number" },
    });
    if dated {
        let nested = json!({ "anyOf": [number, { "$ref": "#/$defs/quantity" }] });
        for key in ["before", "after", "level"] {
            properties[key] = nested.clone();
        }
        properties["between"] = json!({ "enum": ["log", "linear", "step"] });
        properties["independent"] = json!({ "type": "boolean" });
        // As a resolved scenario writes a point that edits changed.
        let changed = json!({
            "type": "object", "required": ["value"], "additionalProperties": false,
            "properties": { "value": number, "times": { "type": "number" }, "plus": { "type": "number" } },
        });
        let point = json!({ "anyOf": [number, changed] });
        json!({
            "type": "object", "properties": properties, "additionalProperties": false,
            "patternProperties": { "^[0-9]{4}(Q[1-4]|-[0-9]{2}-[0-9]{2})$": point },
        })
    } else {
        properties["value"] = number;
        json!({ "type": "object", "properties": properties, "required": ["value"], "additionalProperties": false })
    }
}

/// A row of what waits for a sign.
fn answer() -> Json {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let number = |about: &str| json!({ "type": ["number", "string"], "description": about });
    let sign =
        text("What is waited for: `actor/metric > level`, or with `<`; the level in the metric's unit.");
    let when = json!({
        "type": "object",
        "properties": {
            "sign": sign,
            "off": number("Once on, it goes off when the metric is no more beyond this level [the metric's unit]; without it, it stays on."),
            "again": { "type": "boolean", "default": true, "description": "Whether it can come on again after it went off." },
            "lag": { "type": "integer", "minimum": 1, "maximum": 400, "default": 1, "description": "From the quarter that is observed to the one that answers [quarters]." },
            "error": { "type": ["number", "string"], "minimum": 0, "maximum": 5, "default": 0, "description": "Standard deviation of the logarithm of what is observed about that of the truth, anew in each quarter [ln]." },
            "from": text("First quarter in which it can come on; default: as soon as there is something to observe."),
        },
        "required": ["sign"],
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "description": "An edit or a rule that waits for a sign: one of `path` with `value`, `times` or `plus`, of `table` with `row`, and of `remove`.",
        "properties": {
            "when": { "anyOf": [sign, when], "description": "The sign." },
            "path": text("Number that is another while the sign is on: one with `x-waits`; may be a pattern."),
            "value": { "description": "What it is then." },
            "times": { "type": "number", "description": "By what it is multiplied then [1]." },
            "plus": { "type": "number", "description": "What is added to it then [its unit]." },
            "unit": text("Unit of `value`."),
            "source": text("Who says so."),
            "grade": { "enum": ["published", "derived", "judgement"], "description": "How well it is founded." },
            "note": text("Anything else."),
            "table": { "const": "rule", "description": "The table of `row`." },
            "row": { "type": "object", "description": "A rule that is in force only while the sign is on." },
            "remove": text("A rule that is out of force while the sign is on: `rule.<id>`; may be a pattern."),
        },
        "required": ["when"],
        "additionalProperties": false,
    })
}

fn correlation() -> Json {
    json!({
        "type": "object",
        "description": "Quantities whose ranks move together, through a Gaussian copula.",
        "properties": {
            "of": { "type": "array", "items": { "type": "string" }, "minItems": 2, "description": "Paths." },
            "rho": { "type": "number", "minimum": -1, "maximum": 1, "description": "Correlation of normal scores." },
            "source": { "type": "string", "description": "Who says so." },
            "note": { "type": "string", "description": "Anything else." },
        },
        "required": ["of", "rho"],
        "additionalProperties": false,
    })
}

fn factor() -> Json {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let grade =
        json!({ "enum": ["published", "derived", "judgement"], "description": "How well it is founded." });
    let loading = json!({
        "type": "number", "minimum": -1, "maximum": 1,
        "description": "Correlation of the number's normal score with the factor's.",
    });
    let founded = json!({
        "type": "object",
        "properties": {
            "value": loading, "source": text("Who says so."), "grade": grade, "note": text("Anything else."),
        },
        "required": ["value"],
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "description": "A cause that several uncertain numbers have in common: `factor.<id>` is its path.",
        "properties": {
            "id": { "type": "string", "pattern": "^[a-z0-9-]+$", "description": "Its id, unique in the table." },
            "title": text("What it is called."),
            "value": {
                "$ref": "#/$defs/quantity", "default": "uniform(0, 1)",
                "description": "At which of its quantiles it is, above 0 and below 1 [quantile].",
            },
            "loads": {
                "type": "object", "additionalProperties": { "anyOf": [loading, founded] },
                "description": "Loadings by path of the numbers that share it, which may be a pattern: each number on one factor, and in no correlation.",
            },
            "source": text("Who says so."), "grade": grade, "note": text("Anything else."),
        },
        "required": ["id", "loads"],
        "additionalProperties": false,
    })
}

fn observation() -> Json {
    let number = |about: &str| json!({ "type": ["number", "string"], "description": about });
    let text = |about: &str| json!({ "type": "string", "description": about });
    json!({
        "type": "object",
        "description": "A published number that a simulated metric can be held against.",
        "properties": {
            "metric": text("What is measured, such as `shipped_chips_cum`."),
            "actor": text("Whose it is, such as `chip.h20`."),
            "quarter": text("Calendar quarter, at whose end or over which it is measured; or `from` and `to`."),
            "from": text("First month of a flow over months, such as `2024-11`: of a fiscal quarter, for one."),
            "to": text("Its last month; flows are spread evenly within a calendar quarter."),
            "low": number("Published low end."),
            "central": number("Published central value."),
            "high": number("Published high end."),
            "interval": number("Coverage of low..high; 0.9 unless said."),
            "kind": { "enum": ["value", "at-least"], "description": "A value, or one-sided evidence: the truth is at least this." },
            "since": text("First quarter of a sum, that quarter included; default: the horizon's first."),
            "unit": text("Unit of the three numbers; default: the metric's own."),
            "source": text("Where it was published."),
            "note": text("Anything else."),
            "group": text("Heading under which it is scored; default: by metric."),
        },
        "required": ["metric", "actor"],
        "additionalProperties": false,
    })
}

/// What the explorer's page offers to change.
fn lever() -> Json {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let number = |about: &str| json!({ "type": "number", "description": about });
    let track = |about: &str| {
        let mut properties = json!({
            "from": number("Lowest."),
            "to": number("Highest."),
            "step": { "enum": ["linear", "log"], "description": "Whether equal steps are equal amounts, or equal factors; linear unless said." },
        });
        if about.starts_with("A value") {
            properties["unit"] = text("Unit of the value; the number's own unless said.");
        }
        json!({ "type": "object", "description": about, "properties": properties, "required": ["from", "to"], "additionalProperties": false })
    };
    json!({
        "type": "object",
        "description": "What the page of `explore` offers to change; one of `times`, `value` and `policy`.",
        "properties": {
            "id": { "type": "string", "pattern": "^[a-z0-9-]+$", "description": "Its id, unique in the table." },
            "title": text("What it is called; with the date from which it acts, if there is one."),
            "group": text("Heading under which it stands."),
            "about": text("What it is, and what it is today."),
            "path": {
                "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
                "description": "Paths of the numbers that it moves, which may be patterns.",
            },
            "times": track("Factor by which it moves them, from below 1 to above it [1]."),
            "value": track("A value to which it sets them."),
            "policy": text("Policy that it switches on: a stem in the scenario's policies."),
            "source": text("Who says how far it can go."),
            "note": text("Anything else."),
        },
        "required": ["id", "title", "group"],
        "additionalProperties": false,
    })
}

/// What a scenario says of its record.
fn record() -> Vec<(String, Json)> {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let texts = |about: &str| {
        json!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }], "description": about,
        })
    };
    let number = json!({ "type": ["number", "string"] });
    let with_source = |about: &str| {
        let properties = json!({ "value": json!({ "type": ["number", "string"], "description": "The number." }), "source": text("Who says so."), "grade": text("How sure.") });
        let table = json!({ "type": "object", "properties": properties, "required": ["value"] });
        json!({ "anyOf": [number, table], "description": about })
    };
    let vintage = json!({
        "type": "object",
        "properties": {
            "until": text("Last quarter whose observations are part of the fit."),
            "edits": texts("Files of edits, written as policies are, that stand beside this one."),
            "source": text("Who says so."),
            "note": text("Anything else."),
        },
        "required": ["until"],
        "additionalProperties": false,
    });
    let vintages = json!({
        "type": "object",
        "description": "What was known at some time, by name: `--vintage 2024`.",
        "additionalProperties": vintage,
    });
    let spending = json!({
        "type": "object",
        "description": "Capital spending by year [USD/year].",
        "patternProperties": { "^[0-9]{4}$": number },
        "properties": { "source": text("Who says so."), "grade": text("How sure."), "note": text("Anything else.") },
        "additionalProperties": false,
    });
    let simple_rule = json!({
        "type": "object",
        "description": "The rule of thumb that a hindcast must beat: last year's volume, grown as spending and performance did.",
        "properties": {
            "spending": spending,
            "performance": with_source("Yearly factor on performance a dollar, above 0 [1/year]."),
            "error": with_source("Standard deviation of such a forecast for each year ahead, from 0 up [ln/year]."),
            "source": text("Who says so."),
            "note": text("Anything else."),
        },
        "required": ["spending", "performance", "error"],
        "additionalProperties": false,
    });
    let discrepancy = json!({
        "type": "object",
        "description": "Standard deviation of the model's own error by group of the record, from 0 up [ln]; elsewhere that of `--discrepancy`.",
        "properties": { "source": text("Who says so."), "grade": text("How sure."), "note": text("Anything else.") },
        "additionalProperties": number,
    });
    let calibrate = json!({
        "type": "object",
        "description": "What a fit may move, each number within its own range.",
        "properties": {
            "free": texts("Patterns of paths of numbers that may move."),
            "by_hand": texts("Patterns of paths of numbers that were set by hand."),
            "cut": json!({ "type": ["number", "string"], "description": "Implausibility above which a draw is excluded, above 0; 3 unless said [standard deviations]." }),
            "discrepancy": discrepancy,
            "source": text("Who says so."),
            "note": text("Anything else."),
        },
        "additionalProperties": false,
    });
    let named = [("vintage", vintages), ("simple_rule", simple_rule), ("calibrate", calibrate)];
    named.map(|(name, schema)| (name.to_owned(), schema)).to_vec()
}
