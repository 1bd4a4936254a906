//! Fields by type: how each is read from a table, and what the schema says of it.

use super::super::entities::Band;
use super::super::field::{
    Amount, BuyerId, ChipId, Clause, CountryId, DesignerId, Effect, FacilityId, GoodId, GroupId, RouteId,
    RuleId, ShockId, StockpileId, ToolId,
};
use super::super::ids::QuantityId;
use super::super::spec::{Spec, Unit};
use super::super::time::{Date, Horizon};
use super::Reader;
use super::expression::parse_number;
use super::numbers::quantity_schema;
use crate::scenario::{Node, Place, Table, Value};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// A value that a node can hold.
pub(crate) trait Item: Sized {
    fn read_node(reader: &mut Reader<'_>, node: &Node, path: &str, spec: &Spec) -> Self;
    fn schema(spec: &Spec) -> Json;
}

/// What a table can hold under a key, or lack.
pub(crate) trait Field: Sized {
    fn read(reader: &mut Reader<'_>, table: &Table, key: &str, path: &str, spec: &Spec) -> Self;
    fn schema(spec: &Spec) -> Json;
    fn required(_: &Spec) -> bool {
        false
    }
}

/// A field in the schema.
pub(crate) struct FieldSchema {
    pub(crate) name: &'static str,
    pub(crate) schema: Json,
    pub(crate) required: bool,
}

impl FieldSchema {
    pub(crate) fn of<T: Field>(name: &'static str, doc: &[&str], spec: &Spec) -> Self {
        let mut schema = T::schema(spec);
        let text: Vec<&str> = doc.iter().map(|d| d.trim()).collect();
        if let Json::Object(map) = &mut schema {
            map.insert("description".to_owned(), json!(text.join(" ")));
            if spec.waits {
                map.insert("x-waits".to_owned(), json!(true));
            }
            if let Some(default) = spec.default {
                map.insert("default".to_owned(), json!(default));
            }
            if spec.unit != Unit::None {
                map.insert("$comment".to_owned(), json!(spec.domain_words()));
            }
        }
        Self { name, schema, required: T::required(spec) }
    }
}

/// An object with given fields and nothing else.
pub(crate) fn object_schema(about: &str, first: &[(&str, Json)], fields: Vec<FieldSchema>) -> Json {
    let mut properties = serde_json::Map::new();
    let mut required: Vec<&str> = Vec::new();
    for (name, schema) in first {
        properties.insert((*name).to_owned(), schema.clone());
    }
    for field in fields {
        if field.required {
            required.push(field.name);
        }
        properties.insert(field.name.to_owned(), field.schema);
    }
    json!({
        "type": "object",
        "description": about,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

impl<T: Item> Field for T {
    fn read(reader: &mut Reader<'_>, table: &Table, key: &str, path: &str, spec: &Spec) -> Self {
        let path = format!("{path}.{key}");
        if let Some(node) = table.get(key) {
            return T::read_node(reader, node, &path, spec);
        }
        let nowhere = Place { source: u32::MAX, span: 0..0 };
        let Some(default) = spec.default else {
            let message = format!("`{path}` is missing");
            reader.diagnostics.error(&table.place, message, format!("this needs `{key}`"));
            let before = reader.diagnostics.all.len();
            let value = T::read_node(reader, &Node::at(nowhere), &path, spec);
            reader.diagnostics.all.truncate(before);
            return value;
        };
        let value = match default {
            "{}" => Value::Table(Table::default()),
            text => Value::Text(text.to_owned()),
        };
        let default = Node { value, ..Node::at(nowhere) };
        T::read_node(reader, &default, &path, spec)
    }
    fn schema(spec: &Spec) -> Json {
        <T as Item>::schema(spec)
    }
    fn required(spec: &Spec) -> bool {
        spec.default.is_none()
    }
}

impl<T: Item> Field for Option<T> {
    fn read(reader: &mut Reader<'_>, table: &Table, key: &str, path: &str, spec: &Spec) -> Self {
        let node = table.get(key)?;
        Some(T::read_node(reader, node, &format!("{path}.{key}"), spec))
    }
    fn schema(spec: &Spec) -> Json {
        <T as Item>::schema(spec)
    }
}

impl<T: Element> Field for Vec<T> {
    fn read(reader: &mut Reader<'_>, table: &Table, key: &str, path: &str, spec: &Spec) -> Self {
        let full = format!("{path}.{key}");
        let Some(node) = table.get(key) else {
            if spec.required {
                let message = format!("`{full}` is missing");
                reader.diagnostics.error(&table.place, message, format!("this needs `{key}`"));
            }
            return Vec::new();
        };
        reader.as_set(node, &full);
        match &node.value {
            Value::List(items) => (items.iter().enumerate())
                .map(|(i, item)| {
                    let path = match item.id() {
                        Some(id) => format!("{path}.{id}"),
                        None => format!("{full}.{}", i + 1),
                    };
                    T::read_node(reader, item, &path, spec)
                })
                .collect(),
            _ if T::ALONE => vec![T::read_node(reader, node, &full, spec)],
            _ => {
                reader.wrong_type(node, &full, "a list");
                Vec::new()
            }
        }
    }
    fn schema(spec: &Spec) -> Json {
        let items = <T as Item>::schema(spec);
        let list = json!({ "type": "array", "items": items });
        if T::ALONE { json!({ "anyOf": [<T as Item>::schema(spec), list] }) } else { list }
    }
    fn required(spec: &Spec) -> bool {
        spec.required
    }
}

/// What a list can hold.
pub(crate) trait Element: Item {
    /// Whether one of it can stand without a list.
    const ALONE: bool = false;
}
impl Element for Clause {}
impl Element for Band {}
impl Element for String {
    const ALONE: bool = true;
}
impl Element for f64 {}
impl Element for Effect {
    const ALONE: bool = true;
}
impl<T: Id + Item> Element for T {
    const ALONE: bool = true;
}

impl<K: Id, V: Item> Field for BTreeMap<K, V> {
    fn read(reader: &mut Reader<'_>, table: &Table, key: &str, path: &str, spec: &Spec) -> Self {
        let path = format!("{path}.{key}");
        let Some(node) = table.get(key) else { return Self::new() };
        reader.as_set(node, &path);
        let mut map = Self::new();
        match &node.value {
            Value::Table(inner) => {
                for entry in &inner.entries {
                    let id = K::row(reader.reference(K::TABLE, &entry.key, &entry.place));
                    let value = V::read_node(reader, &entry.node, &format!("{path}.{}", entry.key), spec);
                    map.insert(id, value);
                }
            }
            Value::List(items) if spec.list => {
                for item in items {
                    let Value::Text(id) = &item.value else {
                        reader.wrong_type(item, &path, "ids");
                        continue;
                    };
                    let row = K::row(reader.reference(K::TABLE, id, &item.place));
                    let whole = Node { value: Value::Number(1.0), written: "1".to_owned(), ..item.clone() };
                    map.insert(row, V::read_node(reader, &whole, &format!("{path}.{id}"), spec));
                }
            }
            _ => reader.wrong_type(
                node,
                &path,
                if spec.list { "a list of ids or a table of shares" } else { "a table by id" },
            ),
        }
        map
    }
    fn schema(spec: &Spec) -> Json {
        let table = json!({ "type": "object", "additionalProperties": <V as Item>::schema(spec) });
        let list = json!({ "type": "array", "items": { "type": "string" } });
        if spec.list { json!({ "anyOf": [list, table] }) } else { table }
    }
}

/// A row's position, named by its id.
pub(crate) trait Id: Ord + Copy {
    const TABLE: &'static str;
    fn row(index: u32) -> Self;
}

macro_rules! ids {
    ($($name:ident in $table:literal),* $(,)?) => { $(
        impl Id for $name {
            const TABLE: &'static str = $table;
            fn row(index: u32) -> Self { Self(index) }
        }
        impl Item for $name {
            fn read_node(reader: &mut Reader<'_>, node: &Node, path: &str, _: &Spec) -> Self {
                reader.as_set(node, path);
                match &node.value {
                    Value::Text(id) => Self(reader.reference($table, id, &node.place)),
                    _ => {
                        reader.wrong_type(node, path, concat!("the id of a ", $table));
                        Self(0)
                    }
                }
            }
            fn schema(_: &Spec) -> Json {
                json!({ "type": "string", "pattern": "^[a-z0-9-]+$" })
            }
        }
    )* };
}
ids! {
    CountryId in "country", GroupId in "group", ToolId in "tool", GoodId in "good", FacilityId in "facility",
    DesignerId in "designer", ChipId in "chip", StockpileId in "stockpile", BuyerId in "buyer", RouteId in "route",
    RuleId in "rule", ShockId in "shock",
}

impl Item for QuantityId {
    fn read_node(reader: &mut Reader<'_>, node: &Node, path: &str, spec: &Spec) -> Self {
        reader.quantity(node, path, spec)
    }
    fn schema(spec: &Spec) -> Json {
        quantity_schema(spec.series)
    }
}

impl Item for Amount {
    fn read_node(reader: &mut Reader<'_>, node: &Node, path: &str, spec: &Spec) -> Self {
        match &node.value {
            Value::Text(t) if t == "die" && reader.as_set(node, path) => Self::Dies,
            Value::Text(t) if t == "memory" && reader.as_set(node, path) => Self::Memory,
            _ => Self::Units(reader.quantity(
                node,
                path,
                &Spec::unit("1").at_least(0.0).of_type(if spec.series { "Series" } else { "" }),
            )),
        }
    }
    fn schema(_: &Spec) -> Json {
        json!({ "anyOf": [{ "enum": ["die", "memory"] }, quantity_schema(false)] })
    }
}

impl Item for String {
    fn read_node(reader: &mut Reader<'_>, node: &Node, path: &str, _: &Spec) -> Self {
        reader.as_set(node, path);
        if let Value::Text(text) = &node.value {
            text.clone()
        } else {
            reader.wrong_type(node, path, "a text");
            Self::new()
        }
    }
    fn schema(_: &Spec) -> Json {
        json!({ "type": "string" })
    }
}

impl Item for bool {
    fn read_node(reader: &mut Reader<'_>, node: &Node, path: &str, _: &Spec) -> Self {
        reader.as_set(node, path);
        match &node.value {
            Value::Flag(flag) => *flag,
            // A default, as declared.
            Value::Text(text) if node.place.source == u32::MAX => text == "true",
            _ => {
                reader.wrong_type(node, path, "true or false");
                false
            }
        }
    }
    fn schema(_: &Spec) -> Json {
        json!({ "type": "boolean" })
    }
}

/// The largest plain number: thresholds of training runs are plain.
const PLAIN: f64 = 1e60;

impl Item for f64 {
    fn read_node(reader: &mut Reader<'_>, node: &Node, path: &str, spec: &Spec) -> Self {
        reader.as_set(node, path);
        let number = match &node.value {
            Value::Number(x) => Some(*x),
            Value::Text(text) => parse_number(text.trim()),
            _ => None,
        };
        let Some(x) = number else {
            reader.wrong_type(node, path, "a plain number");
            return 1.0;
        };
        if !(spec.domain.0..=spec.domain.1).contains(&x) || x.abs() > PLAIN {
            let message = format!("`{path}` takes {}", spec.domain_words());
            reader.diagnostics.error(&node.place, message, "outside");
        }
        x
    }
    fn schema(_: &Spec) -> Json {
        json!({ "type": ["number", "string"] })
    }
}

impl Item for u32 {
    fn read_node(reader: &mut Reader<'_>, node: &Node, path: &str, spec: &Spec) -> Self {
        let x = f64::read_node(reader, node, path, spec);
        if x > f64::from(Self::MAX) {
            reader.diagnostics.error(&node.place, format!("`{path}` takes a whole number"), "too large");
        }
        if x.fract() != 0.0 {
            reader.diagnostics.error(&node.place, format!("`{path}` takes a whole number"), "not whole");
        }
        x as Self
    }
    fn schema(_: &Spec) -> Json {
        json!({ "type": "integer", "minimum": 0 })
    }
}

impl Item for Date {
    fn read_node(reader: &mut Reader<'_>, node: &Node, path: &str, _: &Spec) -> Self {
        reader.as_set(node, path);
        reader.date(node, path).unwrap_or(Self(0.0))
    }
    fn schema(_: &Spec) -> Json {
        json!({ "type": "string", "pattern": "^([0-9]{4}Q[1-4]|[0-9]{4}-[0-9]{2}-[0-9]{2})$" })
    }
}

impl Item for Horizon {
    fn read_node(reader: &mut Reader<'_>, node: &Node, path: &str, _: &Spec) -> Self {
        reader.as_set(node, path);
        let read = match &node.value {
            Value::Text(text) => Self::parse(text),
            _ => None,
        };
        let Some(horizon) = read else {
            reader.wrong_type(node, path, "two quarters, like `\"2022Q1..2030Q4\"`");
            return Self { first: reader.origin, last: reader.origin };
        };
        if horizon.last < horizon.first {
            let message = format!("`{path}` ends before it starts");
            reader.diagnostics.error(&node.place, message, "the ends are swapped");
        } else if horizon.len() > 400 {
            reader.diagnostics.error(&node.place, format!("`{path}` is longer than a century"), "too long");
        }
        horizon
    }
    fn schema(_: &Spec) -> Json {
        json!({ "type": "string", "pattern": "^[0-9]{4}Q[1-4] *\\.\\. *[0-9]{4}Q[1-4]$" })
    }
}
