//! Every quantity, its distribution, unit, source, grade and place.

use super::{OutputFormat, number};
use crate::model::{Grade, Shape, Shown};
use crate::results::table::{Table, TableText};
use serde_json::json;
use std::borrow::Cow;

/// Quantities as they are shown; CSV is accepted as edits.
pub fn quantities(rows: &[Shown<'_>], how: OutputFormat) -> String {
    match how {
        OutputFormat::Text => table(rows),
        OutputFormat::Csv => as_edits().csv(rows),
        OutputFormat::Json => format!("{:#}\n", json(rows)),
    }
}

/// Quantities as a table.
pub fn quantities_table(rows: &[Shown<'_>]) -> TableText {
    TableText::of(&as_edits(), rows)
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
        if !q.provenance.note.is_empty() {
            about.push(q.provenance.note.clone());
        }
        if !q.edited_by.is_empty() {
            about.push(format!("edited by {}", q.edited_by.join(", ")));
        }
        text.push_str(&format!("    {}\n", about.join("; ")));
        for sign in &r.waits {
            text.push_str(&format!("    {sign}\n"));
        }
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

/// The columns of an edits file, then quantiles and place. What an edit cannot say stays empty: of a dated series all but
/// its points, of a default its grade and source.
fn as_edits<'a>() -> Table<Shown<'a>> {
    fn said<'r>(shown: &'r Shown<'_>, text: &'r str) -> Cow<'r, str> {
        if matches!(shown.quantity.shape, Shape::Dated(_)) { "".into() } else { text.into() }
    }
    fn written<'r>(shown: &'r Shown<'_>, text: &'r str) -> Cow<'r, str> {
        if shown.quantity.provenance.place == "default" { "".into() } else { said(shown, text) }
    }
    Table::<Shown<'a>>::new("quantities", "Quantities, as an edits file writes them")
        .text("path", "Path of the quantity", |r| (&r.quantity.path).into())
        .text("value", "As the scenario writes it", |r| (&r.value).into())
        .text("unit", "Unit of the value", |r| said(r, &r.unit))
        .text("grade", "published, derived or judgement; empty where nobody says", |r| written(r, grade(r)))
        .text("source", "Who says so", |r| written(r, &r.quantity.provenance.source))
        .text("note", "Anything else about it", |r| said(r, &r.quantity.provenance.note))
        .number("p05", "5% quantile", |r| r.quantiles[0])
        .number("p50", "Median", |r| r.quantiles[1])
        .number("p95", "95% quantile", |r| r.quantiles[2])
        .text("canonical_unit", "Unit of the quantiles", |r| (&r.quantity.unit).into())
        .text("place", "File and line where it is written, or default", |r| {
            (&r.quantity.provenance.place).into()
        })
        .text("edited_by", "Policies, edits or --set that touched it", |r| {
            r.quantity.edited_by.join(" ").into()
        })
}

fn json(rows: &[Shown<'_>]) -> serde_json::Value {
    let row = |r: &Shown<'_>| {
        let q = r.quantity;
        json!({
            "path": q.path, "value": r.value, "unit": q.unit, "p05": r.quantiles[0], "p50": r.quantiles[1],
            "p95": r.quantiles[2], "grade": grade(r), "source": q.provenance.source, "note": q.provenance.note,
            "place": q.provenance.place, "edited_by": q.edited_by, "waits": r.waits,
        })
    };
    serde_json::Value::Array(rows.iter().map(row).collect())
}
