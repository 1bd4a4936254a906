//! Effects of shocks: what a selector names, resolved to the nodes that the effect acts on.

use super::super::field::{BuyerId, ChipId, CountryId, Effect, FacilityId, Nodes, RouteId, ToolId};
use super::super::lever::{Change, LeverRow, Places};
use super::super::spec::Spec;
use super::Reader;
use super::fields::{Item, object_schema};
use super::numbers::quantity_schema;
use crate::scenario::limits::LOOKED;
use crate::scenario::{Node, Place, Table, Value};
use serde_json::{Value as Json, json};

impl Item for Effect {
    fn read_node(reader: &mut Reader<'_>, node: &Node, path: &str, spec: &Spec) -> Self {
        let lever = lever_of(spec);
        let empty = Table::default();
        let table = reader.table(node, path).unwrap_or(&empty);
        let amount = lever.change.key();
        let known: &[&str] = if lever.to { &["on", "to", amount] } else { &["on", amount] };
        reader.known_keys(table, known, path);
        let on = selected(reader, table, path, lever);
        let to = destinations(reader, table, path);
        let at = format!("{path}.{amount}");
        let amount = if let Some(node) = table.get(amount) {
            reader.quantity(node, &at, &Spec::unit("1").between(0.0, 1e6))
        } else {
            let place = &node.place;
            reader.diagnostics.error(place, format!("`{at}` is missing"), format!("this needs `{amount}`"));
            reader.quantity(
                &Node { written: "1".to_owned(), value: Value::Number(1.0), ..node.clone() },
                &at,
                &Spec::unit("1"),
            )
        };
        Self { on, to, amount }
    }

    fn schema(spec: &Spec) -> Json {
        let lever = lever_of(spec);
        let text = |about: &str| {
            let list = json!({ "type": "array", "items": { "type": "string" } });
            json!({ "anyOf": [{ "type": "string" }, list], "description": about })
        };
        let kinds = lever.on.join(", ");
        let on = format!("What it acts on: rows of {kinds}, each written as `{}.ID`; required.", lever.on[0]);
        let mut first = vec![("on", text(&on))];
        if lever.to {
            first.push((
                "to",
                text("Countries and groups of delivery that it is narrowed to; all where it is left out."),
            ));
        }
        let mut amount = quantity_schema(false);
        amount["description"] = json!(match lever.change {
            Change::Times => "By what it is multiplied while the shock acts in full [1]; required.",
            Change::Plus => "What is added to it while the shock acts in full [1]; required.",
        });
        amount["$comment"] = json!("zero or more");
        first.push((lever.change.key(), amount));
        object_schema(&format!("Acts on {kinds}."), &first, Vec::new())
    }
}

/// What an effect acts on.
fn lever_of(spec: &Spec) -> &'static LeverRow {
    spec.lever.expect("fields of effects are declared with a lever").row()
}

fn words(reader: &mut Reader<'_>, table: &Table, key: &str, path: &str) -> Vec<(String, Place)> {
    let Some(node) = table.get(key) else { return Vec::new() };
    let full = format!("{path}.{key}");
    match &node.value {
        Value::Text(t) => vec![(t.clone(), node.place.clone())],
        Value::List(items) => items
            .iter()
            .filter_map(|item| {
                if let Value::Text(t) = &item.value {
                    Some((t.clone(), item.place.clone()))
                } else {
                    reader.wrong_type(item, &full, "a node like `facility.fab`");
                    None
                }
            })
            .collect(),
        _ => {
            reader.wrong_type(node, &full, "a node like `facility.fab`, or a list of them");
            Vec::new()
        }
    }
}

fn selected(reader: &mut Reader<'_>, table: &Table, path: &str, lever: &LeverRow) -> Nodes {
    let (kinds, target) = (lever.on, lever.on[0]);
    if table.get("on").is_none() {
        let message = format!("`{path}.on` is missing");
        reader.diagnostics.error(&table.place, message, "this needs `on`, what it acts on");
    }
    let mut ids: Vec<u32> = Vec::new();
    for (selector, place) in words(reader, table, "on", path) {
        let kind = selector.split_once('.').map_or(selector.as_str(), |(kind, _)| kind);
        if !kinds.contains(&kind) {
            let message = format!("`{path}` acts on {}", kinds.join(", "));
            reader.diagnostics.error(&place, message, format!("this names a `{kind}`"));
            continue;
        }
        let found = reader.nodes.select(target, &selector);
        if reader.nodes.is_worn_out() {
            let message = format!("selectors look at {LOOKED} rows at most, together");
            reader.diagnostics.error(&place, message, "one more");
            break;
        }
        if found.is_empty() {
            let exists = !reader.nodes.named(&selector).is_empty();
            let what = if exists {
                format!("`{selector}` has no {target}")
            } else {
                format!("there is no `{selector}`")
            };
            let d = reader.diagnostics.error(&place, what, "selects nothing");
            if !exists {
                d.suggest(&selector, reader.nodes.rows.iter().map(String::as_str));
            }
        }
        for id in found {
            ids.push(reader.reference(target, &id, &place));
        }
    }
    ids.sort_unstable();
    ids.dedup();
    let ids = ids.into_iter();
    match lever.places {
        Places::Facilities => Nodes::Facilities(ids.map(FacilityId).collect()),
        Places::Countries => Nodes::Countries(ids.map(CountryId).collect()),
        Places::Buyers => Nodes::Buyers(ids.map(BuyerId).collect()),
        Places::Routes => Nodes::Routes(ids.map(RouteId).collect()),
        Places::FacilityTools => Nodes::Tools(ids.map(ToolId).collect()),
        Places::Markets => Nodes::Chips(ids.map(ChipId).collect()),
    }
}

/// Countries and groups of `to`.
fn destinations(reader: &mut Reader<'_>, table: &Table, path: &str) -> Vec<CountryId> {
    let mut all = Vec::new();
    for (word, place) in words(reader, table, "to", path) {
        let group = word.strip_prefix("group.").unwrap_or(&word).to_owned();
        if let Some(members) = reader.nodes.members.get(&group).cloned() {
            for m in members {
                all.push(CountryId(reader.reference("country", &m, &place)));
            }
        } else {
            let id = word.strip_prefix("country.").unwrap_or(&word);
            all.push(CountryId(reader.reference("country", id, &place)));
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}
