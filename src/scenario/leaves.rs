//! A resolved scenario as its leaves: every path with what is written there, to tell two scenarios apart.

use std::collections::BTreeMap;
use toml::{Table, Value};

/// Keys of a quantity that say where it comes from, not what it is.
const ABOUT: [&str; 3] = ["source", "grade", "note"];

/// What is written at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The value, without what is said about it.
    pub value: String,
    /// What is said about it: source, grade, note.
    pub about: String,
}

/// Every path of a scenario's TOML text; none if it is no TOML.
pub fn leaves(text: &str) -> Option<BTreeMap<String, Leaf>> {
    let mut all = BTreeMap::new();
    let table: Table = text.parse().ok()?;
    for (key, value) in &table {
        descend(key, value, &mut all);
    }
    Some(all)
}

fn descend(path: &str, value: &Value, all: &mut BTreeMap<String, Leaf>) {
    match value {
        Value::Table(table) if !is_quantity(table) => {
            table.iter().for_each(|(k, v)| descend(&format!("{path}.{k}"), v, all));
        }
        Value::Array(rows) if !rows.is_empty() && rows.iter().all(|r| id(r).is_some()) => {
            for row in rows {
                let (Value::Table(table), Some(id)) = (row, id(row)) else { continue };
                let path = format!("{path}.{id}");
                // The row itself is a leaf, so that one without other fields is seen.
                all.insert(path.clone(), Leaf { value: String::new(), about: String::new() });
                for (k, v) in table.iter().filter(|(k, _)| *k != "id") {
                    descend(&format!("{path}.{k}"), v, all);
                }
            }
        }
        Value::Table(table) => {
            let part = |keep: bool| {
                let kept = table.iter().filter(|(k, _)| ABOUT.contains(&k.as_str()) == keep);
                Value::Table(kept.map(|(k, v)| (k.clone(), v.clone())).collect()).to_string()
            };
            let (value, about) = (part(false), part(true));
            let known = ["value", "times", "plus"];
            let only = table.keys().all(|k| known.contains(&k.as_str()) || ABOUT.contains(&k.as_str()));
            let plain = table.get("value").filter(|_| only).map(|v| adjusted(plain(v), table));
            all.insert(path.to_owned(), Leaf { value: plain.unwrap_or(value), about });
        }
        other => {
            all.insert(path.to_owned(), Leaf { value: plain(other), about: String::new() });
        }
    }
}

/// A value with what edits did to it, as people write it.
fn adjusted(value: String, table: &Table) -> String {
    let number = |key: &str| table.get(key).and_then(|v| v.as_float().or(v.as_integer().map(|i| i as f64)));
    let times = number("times").filter(|x| *x != 1.0).map_or(String::new(), |x| format!(" × {x}"));
    let plus = number("plus").filter(|x| *x != 0.0).map_or(String::new(), |x| format!(" + {x}"));
    value + &times + &plus
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn id(row: &Value) -> Option<&str> {
    row.as_table()?.get("id")?.as_str()
}

/// Whether a table is a number with what is said about it, or a dated series.
fn is_quantity(table: &Table) -> bool {
    let dated = |k: &String| k.as_bytes().first().is_some_and(u8::is_ascii_digit);
    table.contains_key("value") || table.keys().any(dated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_known_by_their_ids_and_numbers_apart_from_what_is_said_of_them() {
        let text = "[run]\nhorizon = \"2022Q1..2024Q4\"\n[[facility]]\nid = \"fab\"\ncapacity = { unit = \"wafers\", 2022Q1 = \"1k to 2k\", source = \"x\" }\nclaims = { north = { value = 3, grade = \"judgement\" } }\n";
        let all = leaves(text).unwrap();
        assert_eq!(all["run.horizon"].value, "2022Q1..2024Q4");
        assert!(all.contains_key("facility.fab"));
        assert!(all["facility.fab.capacity"].value.contains("1k to 2k"));
        assert!(!all["facility.fab.capacity"].value.contains("source"));
        assert!(all["facility.fab.capacity"].about.contains('x'));
        assert_eq!(all["facility.fab.claims.north"].value, "3");
        let edited = leaves("[trade]\nwait = { plus = 0.0, times = 10.0, value = \"2% to 15%\" }\n").unwrap();
        assert_eq!(edited["trade.wait"].value, "2% to 15% × 10");
        assert_eq!(leaves("= nonsense"), None);
    }
}
