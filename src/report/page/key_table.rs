//! The first screen's table: who could train what by when, how surely, and what stops them; and what the numbers rest on.

use super::facts::{Facts, REACHABLE, RUN};
use super::phrase::{Phrase, Source, actor_name};
use super::run_files::RunFiles;
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
            context! { actor => actor_name(actor), kind => actor.split('.').next(), rows }
        })
        .collect();
    let heads: Vec<Value> = levels.iter().map(|l| html(&Phrase::default().exactly(l))).collect();
    context! { groups, levels => heads }
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
        ". The ranges hold 90 % of draws: what nobody knows about the world, as far as the scenario says it. \
         Behind ± stands the error of the simulation alone, the standard error of the median, which more draws lower.",
    )
}
