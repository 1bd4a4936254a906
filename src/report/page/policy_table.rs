//! The first screen of a comparison: each policy with what it asks and changes, and what that does to the cells that were asked for.

use super::facts::{Facts, REACHABLE, at};
use super::findings;
use super::phrase::{Phrase, Source};
use super::words;
use minijinja::{Value, context};

/// Cells shown.
const CELLS: usize = 3;

/// Cells that a comparison is about, and which way is better: its objectives, or what those who compete could train at the end.
fn asked(facts: &Facts<'_>) -> Vec<String> {
    let known = findings::compared(facts);
    let is = |cell: &String| known.iter().any(|c| c.0 == *cell);
    let settings = facts.files.manifest["settings"].as_array().into_iter().flatten();
    let goals = settings.filter_map(|s| s.as_str()).filter_map(|s| s.split_once(' '));
    let goals = goals.filter(|(sense, _)| ["min", "max"].contains(sense));
    let mut cells: Vec<String> = goals.map(|(_, cell)| cell.trim().to_owned()).filter(is).collect();
    if cells.is_empty() {
        // The one that policies are about comes first.
        let mut contenders: Vec<String> = facts.contenders().into_iter().take(2).collect();
        contenders.reverse();
        cells = contenders.iter().map(|a| format!("{a}/{REACHABLE}@{}", facts.last())).filter(is).collect();
    }
    cells.truncate(CELLS);
    cells
}

/// The table as the template takes it; none of a run that compares nothing.
pub(super) fn policy_table(facts: &Facts<'_>) -> Option<Value> {
    let table = facts.files.table("comparison.csv");
    if table.is_empty() || facts.policy != "base" {
        return None;
    }
    let cells = asked(facts);
    let known = findings::compared(facts);
    let rows_of = |cell: &String| known.iter().find(|c| c.0 == *cell).map_or(&[][..], |c| &c.1);
    let row = |cell: &String, policy: &str| {
        rows_of(cell).iter().copied().find(|&r| table.text(r, "policy") == policy)
    };
    let mut policies: Vec<&str> = table.values("policy").into_iter().filter(|p| *p != "base").collect();
    if let Some(first) = cells.first() {
        let key = |p: &&str| {
            row(first, p).and_then(|r| table.number(r, "difference_mean")).unwrap_or(f64::INFINITY)
        };
        policies.sort_by(|a, b| key(a).total_cmp(&key(b)));
    }
    let rows: Vec<Value> = policies
        .iter()
        .map(|policy| {
            let changes: Vec<Value> =
                cells.iter().map(|cell| change(facts, rows_of(cell), row(cell, policy))).collect();
            context! {
                title => facts.policy_title(policy), policy => *policy,
                reason => facts.files.about_policy(policy, "reason"),
                changes => facts.files.about_policy(policy, "changes"),
                cells => changes, promise => promise(facts, policy), targets => targets(facts, policy),
            }
        })
        .collect();
    let heads: Vec<String> = cells.iter().map(|cell| words::cell_title(facts, cell)).collect();
    let targets = facts.files.table("targets.csv");
    let targets: Vec<String> = targets.values("target").into_iter().map(str::to_owned).collect();
    Some(context! { rows, heads, targets })
}

fn html(phrase: &Phrase) -> Value {
    Value::from_safe_string(phrase.html())
}

/// What a policy does to a cell, whose rows are those given: the change of the mean with the error of the simulation, the range over draws, and its rank in words.
fn change(facts: &Facts<'_>, rows: &[usize], row: Option<usize>) -> Value {
    let Some(r) = row else { return context! { mean => "not compared" } };
    let table = facts.files.table("comparison.csv");
    let of = |column: &str| at(facts, "comparison.csv", r, column);
    let unsigned = |source: Source| Source { unsigned: true, ..source };
    let mean = match (of("relative_mean"), of("relative_half_width")) {
        (Some(mean), _) if mean.value() == 0.0 => Phrase::new("no change"),
        (Some(mean), Some(half)) => Phrase::default().change(&mean).say(" ± ").change(&unsigned(half)),
        _ => match of("difference_mean") {
            Some(mean) => Phrase::default().amount(&mean).say(" ").name(table.text(r, "unit")),
            None => Phrase::default(),
        },
    };
    let range = of("ratio_p05").zip(of("ratio_p95"));
    let range = range.map(|(low, high)| Phrase::new("×").number(&low).say(" to ×").number(&high));
    let tier = table.text(r, "tier");
    let same: Vec<String> = (rows.iter().copied())
        .filter(|&o| o != r && table.text(o, "tier") == tier)
        .map(|o| facts.policy_title(table.text(o, "policy")))
        .collect();
    let tie = match same.as_slice() {
        [] => String::new(),
        [one] => format!("cannot be told apart from {one}"),
        [one, rest @ ..] => format!("cannot be told apart from {one} and {} more", rest.len()),
    };
    context! { mean => html(&mean), range => range.map(|p| html(&p)), tie }
}

/// What a policy says that it moves, where these draws do not show it.
pub(super) fn promise(facts: &Facts<'_>, policy: &str) -> Option<String> {
    let table = facts.files.table("expectations.csv");
    let unmet = table.find(&[("policy", policy)]).find(|&r| table.text(r, "held") != "holds")?;
    let of = |column: &str| table.text(unmet, column);
    Some(format!(
        "It expects that {} {}: that {}.",
        words::cell_title(facts, of("cell")),
        of("expects"),
        of("held")
    ))
}

/// In what share of draws a policy meets each target.
fn targets(facts: &Facts<'_>, policy: &str) -> Vec<Value> {
    let table = facts.files.table("targets.csv");
    let share = |target: &str| {
        let r = table.find(&[("policy", policy), ("target", target)]).next()?;
        at(facts, "targets.csv", r, "probability").map(|p| html(&Phrase::default().percent(&p)))
    };
    table.values("target").into_iter().filter_map(share).collect()
}
