//! Every quantity, its distribution, unit, source, grade and place.

use super::{Table, number};
use crate::model::{Grade, Shape, Shown};
use crate::results::{float, quoted};
use serde_json::json;

/// Quantities as they are shown; CSV is accepted as edits.
pub fn quantities(rows: &[Shown<'_>], how: Table) -> String {
    match how {
        Table::Text => table(rows),
        Table::Csv => csv(rows),
        Table::Json => serde_json::to_string_pretty(&json(rows)).unwrap_or_default() + "\n",
    }
}

fn grade(shown: &Shown<'_>) -> &'static str {
    shown.quantity.provenance.grade.map_or("", Grade::name)
}

fn table(rows: &[Shown<'_>]) -> String {
    let mut text = String::new();
    for r in rows {
        let q = r.quantity;
        let [a, b, c] = r.quantiles.map(number);
        let spread = if a == c { b.clone() } else { format!("{a} | {b} | {c}") };
        let dated = if matches!(q.shape, Shape::Dated(_)) { " at its last date" } else { "" };
        text.push_str(&format!("{}  {spread} {}{dated}\n", q.path, q.unit));
        let mut about = vec![format!("written {}", short(&r.value)), q.provenance.place.clone()];
        if !grade(r).is_empty() {
            about.push(grade(r).to_owned());
        }
        if !q.provenance.source.is_empty() {
            about.push(q.provenance.source.clone());
        }
        if !q.edited_by.is_empty() {
            about.push(format!("edited by {}", q.edited_by.join(", ")));
        }
        text.push_str(&format!("    {}\n", about.join("; ")));
    }
    text
}

fn short(value: &str) -> String {
    if value.chars().count() <= 60 {
        value.to_owned()
    } else {
        value.chars().take(57).collect::<String>() + "..."
    }
}

/// The columns of an edits file, then quantiles and place.
fn csv(rows: &[Shown<'_>]) -> String {
    let mut text =
        "path,value,unit,grade,source,note,p05,p50,p95,canonical_unit,place,edited_by\n".to_owned();
    for r in rows {
        let q = r.quantity;
        let dated = matches!(q.shape, Shape::Dated(_));
        let p = &q.provenance;
        let unit = if dated { "" } else { &r.unit };
        let (source, note) = if dated { ("", "") } else { (p.source.as_str(), p.note.as_str()) };
        let is_default = p.place == "default";
        let (grade, source) = match (dated, is_default) {
            (false, false) => (grade(r), source),
            _ => ("", ""),
        };
        for field in [q.path.as_str(), r.value.as_str(), unit, grade, source, note] {
            quoted(&mut text, field);
            text.push(',');
        }
        for x in r.quantiles {
            float(&mut text, x);
            text.push(',');
        }
        quoted(&mut text, &q.unit);
        text.push(',');
        quoted(&mut text, &p.place);
        text.push(',');
        quoted(&mut text, &q.edited_by.join(" "));
        text.push('\n');
    }
    text
}

fn json(rows: &[Shown<'_>]) -> serde_json::Value {
    let row = |r: &Shown<'_>| {
        let q = r.quantity;
        json!({
            "path": q.path, "value": r.value, "unit": q.unit, "p05": r.quantiles[0], "p50": r.quantiles[1],
            "p95": r.quantiles[2], "grade": grade(r), "source": q.provenance.source, "note": q.provenance.note,
            "place": q.provenance.place, "edited_by": q.edited_by,
        })
    };
    serde_json::Value::Array(rows.iter().map(row).collect())
}
