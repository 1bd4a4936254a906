//! The tables of a scenario and their keys, as the schema has them, one a row.

use super::schema::schema;
use serde_json::Value as Json;

/// A table of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableAbout {
    /// What it is called.
    pub table: String,
    /// Whether it has rows: `[[chip]]`; else it is there once: `[training]`.
    pub rows: bool,
    /// What it is.
    pub meaning: String,
}

/// A key of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldAbout {
    /// The key; of a part, behind a dot.
    pub key: String,
    /// Its unit; empty of what has none.
    pub unit: String,
    /// What it can be, in words.
    pub range: String,
    /// What it is where nothing is written; empty where that is nothing.
    pub default: String,
    /// What it is.
    pub meaning: String,
}

fn text(json: &Json, key: &str) -> String {
    json[key].as_str().unwrap_or_default().to_owned()
}

/// Tables of a scenario, in the order of the schema.
pub fn tables() -> Vec<TableAbout> {
    let schema = schema();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let about = |(table, json): (&String, &Json)| {
        let rows = json["type"] == "array" && json["items"]["properties"].is_object();
        let one = if rows { &json["items"] } else { json };
        let is = rows || json["type"] == "object";
        is.then(|| TableAbout { table: table.clone(), rows, meaning: text(one, "description") })
    };
    properties.filter_map(about).collect()
}

/// Keys of a table; none if there is no such table.
pub fn fields(table: &str) -> Option<Vec<FieldAbout>> {
    let schema = schema();
    let json = &schema["properties"][table];
    let one = if json["items"]["properties"].is_object() { &json["items"] } else { json };
    tables().iter().any(|t| t.table == table).then(|| {
        let mut all = Vec::new();
        add(&mut all, "", one, 0);
        all
    })
}

/// Parts within parts that are told.
const DEPTH: usize = 2;

fn add(all: &mut Vec<FieldAbout>, before: &str, object: &Json, depth: usize) {
    for (key, json) in object["properties"].as_object().into_iter().flatten() {
        let path = format!("{before}{key}");
        all.push(about(&path, json));
        let Some((within, between)) = part(json).filter(|_| depth < DEPTH) else { continue };
        add(all, &format!("{path}{between}"), within, depth + 1);
    }
    if object["properties"].as_object().is_none_or(serde_json::Map::is_empty) {
        // Rows by name, such as vintages.
        if let Some(within) = Some(&object["additionalProperties"]).filter(|p| p["properties"].is_object()) {
            add(all, &format!("{before}NAME."), within, depth + 1);
        }
    }
}

/// The table that a value is made of, if it is, and what stands between the key and its keys.
fn part(json: &Json) -> Option<(&Json, &'static str)> {
    let is = |json: &Json| json["properties"].is_object();
    if let Some(one) = json["anyOf"].as_array().into_iter().flatten().find_map(part) {
        return Some(one);
    }
    if is(json) {
        Some((json, "."))
    } else if is(&json["additionalProperties"]) {
        Some((&json["additionalProperties"], ".ID."))
    } else if is(&json["items"]) {
        Some((&json["items"], "[]."))
    } else {
        None
    }
}

fn about(key: &str, json: &Json) -> FieldAbout {
    let whole = text(json, "description");
    // The unit stands in brackets, as in every comment.
    let bracket = whole.rfind(']').and_then(|end| Some((whole[..end].rfind('[')?, end)));
    let (unit, meaning) = match bracket {
        Some((start, end)) => {
            let rest = format!("{}{}", whole[..start].trim_end(), &whole[end + 1..]);
            (whole[start + 1..end].to_owned(), rest)
        }
        None => (String::new(), whole),
    };
    let default = match &json["default"] {
        Json::Null => String::new(),
        Json::String(text) if text == "{}" => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    FieldAbout { key: key.to_owned(), unit, range: range(json), default, meaning }
}

/// What a value can be.
fn range(json: &Json) -> String {
    if let Some(words) = json["$comment"].as_str() {
        return words.to_owned();
    }
    let words = |list: &Json| {
        let all: Vec<&str> = list.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        all.join(", ")
    };
    if json["enum"].is_array() {
        return words(&json["enum"]);
    }
    match json["type"].as_str() {
        Some("string") => "a text".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => "a list".to_owned(),
        Some("object") => "a table".to_owned(),
        Some("number" | "integer") => "a number".to_owned(),
        _ => json["anyOf"].as_array().map_or_else(String::new, |any| {
            let each: Vec<String> = any.iter().map(range).filter(|r| !r.is_empty()).collect();
            each.join(", or ")
        }),
    }
}
