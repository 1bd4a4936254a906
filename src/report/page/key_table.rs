//! The first screen's table: who could train what by when, how surely, and what stops them; and what the numbers rest on.

use super::facts::{Facts, REACHABLE, RUN, source};
use super::phrase::{Phrase, Source};
use super::run_files::RunFiles;
use super::words;
use minijinja::{Value, context};

/// Years shown.
const YEARS: usize = 3;

/// The table as the template takes it.
pub(super) fn key_table(facts: &Facts<'_>) -> Value {
    let step = facts.ends.len().div_ceil(YEARS).max(1);
    let mut shown: Vec<&String> = facts.ends.iter().rev().step_by(step).take(YEARS).collect();
    shown.reverse();
    let levels: Vec<Source> = (facts.headline.first())
        .map(|a| facts.reached(a, facts.last()).into_iter().map(|[level, ..]| level).collect())
        .unwrap_or_default();
    let groups: Vec<Value> = (facts.headline.iter())
        .map(|actor| {
            let rows: Vec<Value> = shown.iter().filter_map(|q| row(facts, actor, q)).collect();
            context! { actor => facts.title(actor), kind => actor.split('.').next(), rows }
        })
        .collect();
    let heads: Vec<Value> = levels.iter().map(|l| html(&Phrase::default().exactly(l))).collect();
    context! { groups, levels => heads }
}

/// Cells that were asked for by name, those of the last quarter, where the run is of such.
const SELECTED: usize = 30;

/// The cells that were asked for, as the template takes them.
pub(super) fn selected(facts: &Facts<'_>) -> Vec<Value> {
    let asked = facts.files.manifest["select"].as_array().is_some_and(|patterns| !patterns.is_empty());
    let summary = facts.files.table("summary.csv");
    let rows = summary.find(&[("policy", facts.policy.as_str()), ("quarter", facts.last())]);
    let rows = rows.filter(|_| asked).take(SELECTED);
    let of = |r: usize, column: &str| source("summary.csv", column, summary.text(r, column));
    let cell = |r: usize| {
        let [low, median, high] = [of(r, "p05")?, of(r, "p50")?, of(r, "p95")?];
        let range = Phrase::default().amount(&low).say(" to ").amount(&high);
        let unit = match summary.text(r, "unit") {
            "1" => "",
            unit => unit,
        };
        Some(context! {
            actor => facts.title(summary.text(r, "actor")), metric => words::metric(summary.text(r, "metric")),
            quarter => facts.last(), range => html(&range), median => html(&Phrase::default().amount(&median)), unit,
        })
    };
    rows.filter_map(cell).collect()
}

fn html(phrase: &Phrase) -> Value {
    Value::from_safe_string(phrase.html())
}

fn row(facts: &Facts<'_>, actor: &str, quarter: &str) -> Option<Value> {
    let median = facts.cell(actor, REACHABLE, quarter, "p50")?;
    let mut reachable = Phrase::default().number(&median);
    if let Some(error) = facts.cell(actor, REACHABLE, quarter, "p50_se") {
        reachable = reachable.say(" ± ").number(&error);
    }
    let run = facts.cell(actor, RUN, quarter, "p50");
    let reached: Vec<Value> =
        facts.reached(actor, quarter).iter().map(|[_, p, ..]| html(&Phrase::default().percent(p))).collect();
    let bound = facts
        .bound_by(actor, quarter)
        .map(|(cause, share)| html(&Phrase::default().name(&cause).say(" ").percent(&share)));
    Some(context! {
        quarter,
        reachable => html(&reachable),
        range => facts.interval(actor, REACHABLE, quarter).map(|p| html(&p)),
        run => run.map(|r| html(&Phrase::default().number(&r))),
        reached,
        bound,
    })
}

/// What the numbers rest on: draws, design, condition.
pub(super) fn precision(files: &RunFiles) -> Phrase {
    let number = |key: &str| Source {
        table: "manifest.json",
        column: key.to_owned(),
        raw: files.about(key),
        unsigned: false,
    };
    let start = Phrase::default().exactly(&number("draws_used")).say(" draws of ");
    let start = start.exactly(&number("uncertain")).say(" uncertain inputs");
    let given = files.about("given");
    let start = if given.is_empty() {
        start
    } else {
        start.say(", of ").exactly(&number("draws")).say(" made, those in which ").name(&given)
    };
    start.say(
        ". The ranges hold 90% of draws: what nobody knows about the world, as far as the scenario says it. \
         Behind ± stands the error of the simulation alone, the standard error of the median, which more draws lower.",
    )
}
