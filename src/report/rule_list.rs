//! Lists of rules for people and programs: statuses on a day, and what a policy changes.

use super::columns::laid_out;
use super::{OutputFormat, number, percent};
use crate::model::time::Date;
use crate::results::table::{Table, TableText};
use crate::rules::{Change, Listed, Said};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Statuses on a day, which is given as it was asked for.
pub fn rule_list(rows: &[Listed], on: &str, how: OutputFormat) -> String {
    written(&statuses(on.to_owned()), rows, how)
}

/// What changes, in ranges of dates.
pub fn rule_changes(rows: &[Change], how: OutputFormat) -> String {
    match how {
        OutputFormat::Text => in_words(rows),
        OutputFormat::Csv | OutputFormat::Json => written(&changes(), rows, how),
    }
}

/// Changes in words: those that are the same, of whatever, are one sentence with a list of what it is about.
fn in_words(rows: &[Change]) -> String {
    let key = |r: &Change| {
        let headquarters = if r.flow.headquarters == r.flow.to { "" } else { r.flow.headquarters.as_str() };
        let until = r.until.map_or_else(|| "the end".to_owned(), Date::day);
        let when = format!("from {} to {until}", r.from.day());
        let what = format!("{}: {} → {}", r.issuer, r.before.status.as_str(), r.after.status.as_str());
        (r.flow.subject, what, rest(&r.before, &r.after), when, headquarters.to_owned())
    };
    let mut groups: Vec<(_, Vec<&Change>)> = Vec::new();
    for row in rows {
        let key = key(row);
        match groups.iter_mut().find(|g| g.0 == key) {
            Some(group) => group.1.push(row),
            None => groups.push((key, vec![row])),
        }
    }
    let mut text = String::new();
    for ((subject, what, rest, when, headquarters), rows) in groups {
        let abroad = if headquarters.is_empty() {
            String::new()
        } else {
            format!(", to buyers with headquarters in {headquarters}")
        };
        text.push_str(&format!("{}, {what}{rest}, {when}{abroad}\n", subject.as_str()));
        // Destinations of the same items stand together.
        let mut by: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
        let mut items: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for row in &rows {
            let flow = &row.flow;
            let to = if flow.receiver.is_empty() {
                flow.to.clone()
            } else {
                format!("{} ({})", flow.receiver, flow.to)
            };
            items.entry(to).or_default().push(&flow.item);
        }
        for (to, items) in items {
            match by.iter_mut().find(|g| g.0 == items) {
                Some(group) => group.1.push(to),
                None => by.push((items, vec![to])),
            }
        }
        for (items, to) in by {
            text.push_str(&format!("   {} → {}\n", items.join(", "), to.join(", ")));
        }
    }
    text
}

/// What changes beside the status: shares, fees, limits.
fn rest(before: &Said, after: &Said) -> String {
    let mut text = String::new();
    let share = |x: f64| percent(x);
    if before.share != after.share {
        text.push_str(&format!(", approved {} → {}", share(before.share), share(after.share)));
    }
    if before.fee != after.fee {
        text.push_str(&format!(", fee {} → {}", share(before.fee), share(after.fee)));
    }
    if before.limits != after.limits {
        let [a, b] = [before, after].map(|said| match limits(said) {
            none if none.is_empty() => "none".to_owned(),
            some => some,
        });
        text.push_str(&format!(", limits {a} → {b}"));
    }
    text
}

/// Limits by the keys that a rule has them under.
fn limits(said: &Said) -> String {
    let all: Vec<String> = said.limits.iter().map(|(key, x)| format!("{key} = {}", number(*x))).collect();
    all.join("; ")
}

/// Statuses on a day, as a table.
pub fn rule_list_table(rows: &[Listed], on: &str) -> TableText {
    TableText::of(&statuses(on.to_owned()), rows)
}

/// What changes, as a table.
pub fn rule_changes_table(rows: &[Change]) -> TableText {
    TableText::of(&changes(), rows)
}

fn written<R>(table: &Table<R>, rows: &[R], how: OutputFormat) -> String {
    match how {
        OutputFormat::Text => laid_out(table, rows),
        OutputFormat::Csv => table.csv(rows),
        OutputFormat::Json => format!("{:#}\n", rows.iter().map(|row| table.json(row)).collect::<Json>()),
    }
}

fn statuses(on: String) -> Table<Listed> {
    Table::<Listed>::new("statuses", "Status of each chip by each issuer's rules")
        .text("chip", "The chip", |r| (&r.chip).into())
        .text("to", "Country of delivery", |r| (&r.to).into())
        .text("headquarters", "Country of the buyer's headquarters", |r| (&r.headquarters).into())
        .text("on", "The day, as asked for; empty: the horizon's first", move |_| on.clone().into())
        .text("issuer", "Country that issues the rules", |r| (&r.issuer).into())
        .text("status", "Its status", |r| r.status.as_str().into())
        .number("fee", "Fee over the price on what is approved; 0 where nothing can be", |r| r.fee)
        .in_unit("1")
        .optional_text("rule", "The governing rule; none if nothing is required", |r| {
            r.rule.as_deref().map(Into::into)
        })
}

fn changes() -> Table<Change> {
    Table::<Change>::new("changes", "Ranges of dates in which two books differ, by flow and issuer")
        .text("subject", "The flow on which the rules act: rule.subject", |r| r.flow.subject.as_str().into())
        .text(
            "item",
            "The chip, the tool class, the facility whose output it is, or the buyer who rents out",
            |r| (&r.flow.item).into(),
        )
        .text("to", "Country of delivery", |r| (&r.flow.to).into())
        .text("receiver", "The facility, designer or lab that receives it; empty for chips", |r| {
            (&r.flow.receiver).into()
        })
        .text("headquarters", "Country of the receiver's headquarters", |r| (&r.flow.headquarters).into())
        .text("issuer", "Country that issues the rules", |r| (&r.issuer).into())
        .text("from", "First day on which they differ", |r| r.from.day().into())
        .text(
            "until",
            "First day on which they do not, or differ in another way; empty: the horizon's end",
            |r| r.until.map_or_else(String::new, Date::day).into(),
        )
        .text("before", "Status by the first book", |r| r.before.status.as_str().into())
        .text("after", "Status by the second book", |r| r.after.status.as_str().into())
        .number("share_before", "Share that may flow by the first book", |r| r.before.share)
        .in_unit("1")
        .number("share_after", "Share that may flow by the second book", |r| r.after.share)
        .in_unit("1")
        .number("fee_before", "Fee over the price by the first book", |r| r.before.fee)
        .in_unit("1")
        .number("fee_after", "Fee over the price by the second book", |r| r.after.fee)
        .in_unit("1")
        .text("limits_before", "Volume limits by the first book, by the keys of rule.cap", |r| {
            limits(&r.before).into()
        })
        .text("limits_after", "Volume limits by the second book", |r| limits(&r.after).into())
}
