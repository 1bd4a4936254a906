//! Conditions on a data sheet: `{ id = "a1", tpp = ">= 4800" }`, `all` and `any`.

use super::super::field::{Attribute, Clause, Comparison, Condition};
use super::super::spec::Spec;
use super::Reader;
use super::fields::Item;
use crate::scenario::{Entry, Node, Place, Value};
use serde_json::{Value as Json, json};

const ATTRIBUTES: [(&str, Attribute); 10] = [
    ("tpp", Attribute::Tpp),
    ("performance_density", Attribute::PerformanceDensity),
    ("memory_bandwidth", Attribute::MemoryBandwidth),
    ("interconnect", Attribute::Interconnect),
    ("memory_bandwidth_plus_interconnect", Attribute::MemoryBandwidthPlusInterconnect),
    ("memory_bandwidth_density", Attribute::MemoryBandwidthDensity),
    ("memory", Attribute::Memory),
    ("datacenter", Attribute::Datacenter),
    ("node", Attribute::Node),
    ("transistors", Attribute::Transistors),
];

const COMPARISONS: [(&str, Comparison); 5] = [
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    (">", Comparison::Above),
    ("<", Comparison::Below),
    ("=", Comparison::Equal),
];

impl Item for Clause {
    fn read_node(reader: &mut Reader<'_>, node: &Node, path: &str, _: &Spec) -> Self {
        let id = node.id().map(str::to_owned);
        let conditions = conditions(reader, node, path);
        let condition = match <[Condition; 1]>::try_from(conditions) {
            Ok([one]) => one,
            Err(several) => {
                if several.is_empty() {
                    let message = format!("`{path}` has no condition");
                    reader.diagnostics.error(&node.place, message, "like `tpp = \">= 4800\"`");
                }
                Condition::All(several.into_iter().map(|condition| Self { id: None, condition }).collect())
            }
        };
        Self { id, condition }
    }

    fn schema(_: &Spec) -> Json {
        json!({ "$ref": "#/$defs/clause" })
    }
}

fn conditions(reader: &mut Reader<'_>, node: &Node, path: &str) -> Vec<Condition> {
    let Some(table) = reader.table(node, path) else { return Vec::new() };
    table.entries.iter().filter(|e| e.key != "id").filter_map(|e| condition(reader, e, path)).collect()
}

fn condition(reader: &mut Reader<'_>, entry: &Entry, path: &str) -> Option<Condition> {
    let full = format!("{path}.{}", entry.key);
    if entry.key == "all" || entry.key == "any" {
        let Value::List(items) = &entry.node.value else {
            reader.wrong_type(&entry.node, &full, "a list of conditions");
            return None;
        };
        // Conditions with an id stand directly under the rule, however deep they are.
        let rule: String = path.split('.').take(2).collect::<Vec<_>>().join(".");
        let clauses = items
            .iter()
            .enumerate()
            .map(|(i, item)| {
                let path = item.id().map_or_else(|| format!("{full}.{}", i + 1), |id| format!("{rule}.{id}"));
                Clause::read_node(reader, item, &path, &Spec::none())
            })
            .collect();
        return Some(if entry.key == "all" { Condition::All(clauses) } else { Condition::Any(clauses) });
    }
    let Some(&(_, attribute)) = ATTRIBUTES.iter().find(|(name, _)| *name == entry.key) else {
        let message = format!("`{}` is no attribute of a data sheet", entry.key);
        let d = reader.diagnostics.error(&entry.place, message, "unknown");
        let names = ATTRIBUTES.iter().map(|(name, _)| *name);
        if !d.suggest(&entry.key, names.clone()) {
            d.help(format!("there are {}", names.collect::<Vec<_>>().join(", ")));
        }
        return None;
    };
    match &entry.node.value {
        Value::Flag(flag) => Some(Condition::Is(attribute, *flag)),
        Value::Text(text) => comparison(reader, entry, text, attribute, &full),
        _ => {
            let d = reader.diagnostics.error(
                &entry.node.place,
                format!("`{full}` compares with a number"),
                "without a comparison",
            );
            d.help("write `\">= 4800\"`, with one of >=, >, <=, <, =");
            None
        }
    }
}

fn comparison(
    reader: &mut Reader<'_>,
    entry: &Entry,
    text: &str,
    attribute: Attribute,
    path: &str,
) -> Option<Condition> {
    let trimmed = text.trim_start();
    let Some(&(operator, comparison)) = COMPARISONS.iter().find(|(o, _)| trimmed.starts_with(o)) else {
        let message = format!("`{path}` compares with a number");
        let d = reader.diagnostics.error(&entry.node.place, message, "without a comparison");
        d.help(format!("write `\">= {trimmed}\"`, with one of >=, >, <=, <, ="));
        return None;
    };
    let limit = trimmed[operator.len()..].trim();
    // The limit's own place, so that an error in it is underlined there.
    let start = entry.node.place.span.end.saturating_sub(limit.len() + 1);
    let place = Place { source: entry.node.place.source, span: start..start + limit.len() };
    let place = if start >= entry.node.place.span.start { place } else { entry.node.place.clone() };
    let node = Node { value: Value::Text(limit.to_owned()), place, ..entry.node.clone() };
    let unit = match attribute {
        Attribute::MemoryBandwidth | Attribute::Interconnect | Attribute::MemoryBandwidthPlusInterconnect => {
            "GB/s"
        }
        Attribute::Tpp => "TPP",
        Attribute::PerformanceDensity => "TPP/mm2",
        Attribute::MemoryBandwidthDensity => "GB/s/mm2",
        Attribute::Memory => "GB",
        Attribute::Node => "nm",
        Attribute::Datacenter | Attribute::Transistors => "1",
    };
    let id = reader.quantity(&node, path, &Spec::unit(unit).at_least(0.0));
    Some(Condition::Compare(attribute, comparison, id))
}

/// The schema of a condition.
pub(crate) fn clause_schema() -> Json {
    let mut properties = serde_json::Map::new();
    properties.insert("id".to_owned(), json!({ "type": "string" }));
    for (name, _) in ATTRIBUTES {
        let compared = json!({ "type": "string", "pattern": "^ *(>=|<=|>|<|=)" });
        let schema = if name == "datacenter" { json!({ "type": "boolean" }) } else { compared };
        properties.insert(name.to_owned(), schema);
    }
    for name in ["all", "any"] {
        properties.insert(name.to_owned(), json!({ "type": "array", "items": { "$ref": "#/$defs/clause" } }));
    }
    json!({
        "type": "object",
        "description": "A condition on a data sheet: attributes compared with numbers; all of them hold.",
        "properties": properties,
        "additionalProperties": false,
    })
}
