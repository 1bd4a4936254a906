//! Lists of rules for people and programs: statuses on a day, and what a policy changes.

use super::OutputFormat;
use super::columns::laid_out;
use crate::results::table::{Table, TableText};
use crate::rules::{Change, Listed};
use serde_json::Value as Json;

/// Statuses on a day, which is given as it was asked for.
pub fn rule_list(rows: &[Listed], on: &str, how: OutputFormat) -> String {
    written(&statuses(on.to_owned()), rows, how)
}

/// What changes, quarter by quarter.
pub fn rule_changes(rows: &[Change], how: OutputFormat) -> String {
    written(&changes(), rows, how)
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
    Table::<Change>::new("changes", "Statuses and fees in which two books differ")
        .text("chip", "The chip", |r| (&r.chip).into())
        .text("to", "Country of delivery", |r| (&r.to).into())
        .text("issuer", "Country that issues the rules", |r| (&r.issuer).into())
        .text("quarter", "Calendar quarter", |r| r.quarter.to_string().into())
        .text("before", "Status by the first book", |r| r.before.0.as_str().into())
        .text("after", "Status by the second book", |r| r.after.0.as_str().into())
        .text("headquarters", "Country of the buyer's headquarters", |r| (&r.headquarters).into())
        .number("fee_before", "Fee over the price by the first book", |r| r.before.1)
        .in_unit("1")
        .number("fee_after", "Fee over the price by the second book", |r| r.after.1)
        .in_unit("1")
}
