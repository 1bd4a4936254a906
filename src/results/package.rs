//! `datapackage.json`: every table's columns, types and meanings, as a Frictionless Data Package.

use super::tables::Column;
use serde_json::{Value as Json, json};

/// A table's resource: file, columns, what a row is.
pub fn resource(name: &str, about: &str, fields: Vec<Json>) -> Json {
    json!({
        "name": name.trim_end_matches(".csv").replace('.', "-"),
        "path": name,
        "profile": "tabular-data-resource",
        "description": about,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": { "fields": fields, "missingValues": [""] },
    })
}

/// Fields of fixed columns.
pub fn fields(columns: &[Column]) -> Vec<Json> {
    columns.iter().map(|(n, t, about)| json!({ "name": n, "type": t, "description": about })).collect()
}

/// A field that holds numbers in a unit.
pub fn number(name: &str, unit: &str, about: &str) -> Json {
    json!({ "name": name, "type": "number", "unit": unit, "description": about })
}

/// The whole package.
pub fn data_package(name: &str, title: &str, resources: &[Json]) -> String {
    let safe: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '-' })
        .collect();
    let package = json!({
        "profile": "data-package",
        "name": safe,
        "title": title,
        "resources": resources,
    });
    serde_json::to_string_pretty(&package).unwrap_or_default() + "\n"
}
