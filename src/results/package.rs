//! `datapackage.json`: every table's columns, types and meanings, as a Frictionless Data Package.

use super::table::{Field, Kind, Schema};
use serde_json::{Map, Value as Json, json};

/// A table's resource: file, columns, what a row is.
fn resource(schema: &Schema) -> Json {
    let fields = schema.fields.iter().map(field).collect::<Vec<_>>();
    if let Some(stem) = schema.name.strip_suffix(".parquet") {
        return json!({
            "name": stem.replace('.', "-"),
            "path": schema.name,
            "description": schema.about,
            "format": "parquet",
            "mediatype": "application/vnd.apache.parquet",
            "schema": { "fields": fields },
        });
    }
    json!({
        "name": schema.name.trim_end_matches(".csv").replace('.', "-"),
        "path": schema.name,
        "profile": "tabular-data-resource",
        "description": schema.about,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": { "fields": fields, "missingValues": [""] },
    })
}

fn field(field: &Field) -> Json {
    let kind = match field.kind {
        Kind::Text => "string",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Boolean => "boolean",
    };
    let mut all = Map::new();
    all.insert("name".to_owned(), Json::from(field.name.as_ref()));
    all.insert("type".to_owned(), Json::from(kind));
    all.extend(field.unit.iter().map(|unit| ("unit".to_owned(), Json::from(unit.as_ref()))));
    all.insert("description".to_owned(), Json::from(field.meaning));
    Json::Object(all)
}

/// The whole package.
pub fn data_package(name: &str, title: &str, tables: &[Schema]) -> String {
    let safe: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '-' })
        .collect();
    let package = json!({
        "profile": "data-package",
        "name": safe,
        "title": title,
        "resources": tables.iter().map(resource).collect::<Vec<_>>(),
    });
    format!("{package:#}\n")
}
