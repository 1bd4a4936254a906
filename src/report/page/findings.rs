//! Titles of the figures about flows, limits, drivers, policies, sweeps, the past, the graph and the rules.

use super::facts::Facts;
use super::figures::at;
use super::phrase::{Phrase, Source, actor_name};

type Titles = Vec<(String, Phrase)>;

/// The row with the largest number.
fn largest(
    facts: &Facts<'_>,
    table: &'static str,
    rows: impl Iterator<Item = usize>,
    column: &str,
) -> Option<usize> {
    let number = |r: &usize| facts.files.table(table).number(*r, column).unwrap_or(f64::NEG_INFINITY);
    // Of equals the first, so that the order of rows decides.
    rows.max_by(|a, b| number(a).total_cmp(&number(b)).then(b.cmp(a)))
}

/// By year: the largest sale, and the largest smuggled one.
pub(super) fn flows(facts: &Facts<'_>) -> (String, Titles) {
    let table = facts.files.table("yearly_flows.csv");
    let title = |year: &str| {
        let sold = |channel: Option<&'static str>| {
            let wanted = [("policy", facts.policy.as_str()), ("stage", "sold"), ("year", year)];
            let rows: Vec<usize> = table
                .find(&wanted)
                .filter(|&r| channel.is_none_or(|c| table.text(r, "channel") == c))
                .collect();
            largest(facts, "yearly_flows.csv", rows.into_iter(), "mean")
        };
        let flow = |r: usize| {
            let (from, to) = (actor_name(table.text(r, "from")), actor_name(table.text(r, "to")));
            Some(
                Phrase::default()
                    .name(&from)
                    .say(" to ")
                    .name(&to)
                    .say(", ")
                    .amount(&at(facts, "yearly_flows.csv", r, "mean")?)
                    .say(" chips"),
            )
        };
        let first = Phrase::new("In ").name(year).say(", the largest flow is ").then(flow(sold(None)?)?);
        Some(match sold(Some("smuggled")).and_then(flow) {
            Some(second) => first.say("; the largest smuggled one ").then(second).say("."),
            None => first.say("; nothing is smuggled."),
        })
    };
    let years: Vec<String> = table.values("year").into_iter().map(str::to_owned).collect();
    // The middle of the horizon: its first years have no rules, its last ones are far off.
    let chosen = years.get(years.len() / 3).cloned().unwrap_or_default();
    (chosen, years.iter().filter_map(|y| Some((y.clone(), title(y)?))).collect())
}

/// By kind of subject: what binds most surely at the end.
pub(super) fn bound(facts: &Facts<'_>) -> (String, Titles) {
    let table = facts.files.table("bottlenecks.csv");
    let title = |kind: &str| {
        let wanted = [("policy", facts.policy.as_str()), ("subject_kind", kind), ("quarter", facts.last())];
        let rows: Vec<usize> = table.find(&wanted).filter(|&r| table.text(r, "cause") != "demand").collect();
        let r = largest(facts, "bottlenecks.csv", rows.into_iter(), "share")?;
        let what = if kind == "chip" { " holds back production of " } else { " holds back " };
        let start = Phrase::new("In ").name(facts.last()).say(", nothing binds more surely than ");
        let start = start.name(&cause_name(table.text(r, "cause"))).say(": it");
        let share = at(facts, "bottlenecks.csv", r, "share")?;
        Some(
            start
                .say(what)
                .name(&actor_name(table.text(r, "subject")))
                .say(" in ")
                .percent(&share)
                .say(" of draws."),
        )
    };
    let kinds = table.values("subject_kind");
    let chosen = if kinds.contains(&"lab") { "lab" } else { kinds.first().copied().unwrap_or("") };
    (chosen.to_owned(), kinds.into_iter().filter_map(|k| Some((k.to_owned(), title(k)?))).collect())
}

/// A cause as people name it.
fn cause_name(cause: &str) -> String {
    cause.trim_start_matches("good.").to_owned()
}

/// The fullest and the idlest facility at the end.
pub(super) fn facilities(facts: &Facts<'_>) -> Titles {
    let all = facts.actors("utilisation");
    let mut used: Vec<(Source, &String)> = (all.iter().filter(|a| a.starts_with("facility.")))
        .filter_map(|a| Some((facts.cell(a, "utilisation", facts.last(), "p50")?, a)))
        .collect();
    used.sort_by(|a, b| b.0.value().total_cmp(&a.0.value()));
    let (Some(full), Some(idle)) = (used.first(), used.last()) else { return Vec::new() };
    let clause = |(share, actor): &(Source, &String)| {
        Phrase::default().name(&actor_name(actor)).say(" runs at ").percent(share)
    };
    let start = Phrase::new("In ").name(facts.last()).say(", ").then(clause(full)).say(" of its capacity");
    let whole = if used.len() > 1 { start.say(", ").then(clause(idle)).say(".") } else { start.say(".") };
    vec![(String::new(), whole)]
}

/// By cell: the input that explains most, and how well it is founded.
pub(super) fn drivers(facts: &Facts<'_>) -> (String, Titles) {
    let table = facts.files.table("drivers.csv");
    let title = |cell: &str| {
        let wanted = [("policy", facts.policy.as_str()), ("cell", cell)];
        let rows: Vec<usize> = table.find(&wanted).collect();
        let r = largest(facts, "drivers.csv", rows.into_iter(), "index")?;
        let (index, noise) =
            (at(facts, "drivers.csv", r, "index")?, at(facts, "drivers.csv", r, "noise_floor")?);
        let path = table.text(r, "path");
        if index.value() <= noise.value() {
            let start =
                Phrase::new("No single input explains ").name(cell).say(" beyond chance: the largest, ");
            return Some(
                start.percent(&index).say(", is under the noise floor of ").percent(&noise).say("."),
            );
        }
        let grade = table.text(r, "grade");
        let founded = match grade {
            "judgement" => ", and is a judgement",
            "derived" => ", and is derived from published figures",
            "published" => ", and is published",
            _ => ", and says not how well it is founded",
        };
        let start = Phrase::default().name(path).say(" explains ").percent(&index);
        let what = if table.text(r, "scale") == "log" {
            " of the variance of the logarithm of "
        } else {
            " of the variance of "
        };
        Some(start.say(what).name(cell).say(", more than any other input").say(founded).say("."))
    };
    let cells: Vec<String> = table.values("cell").into_iter().map(str::to_owned).collect();
    let wanted = facts.contenders().get(1).map(|a| format!("{a}/reachable_flop@{}", facts.last()));
    let chosen = wanted.filter(|w| cells.contains(w)).or_else(|| cells.first().cloned()).unwrap_or_default();
    (chosen, cells.iter().filter_map(|c| Some((c.clone(), title(c)?))).collect())
}

/// Cells of a comparison, as `actor/metric@quarter`, and the rows of each.
pub(super) fn compared(facts: &Facts<'_>) -> Vec<(String, Vec<usize>)> {
    let table = facts.files.table("comparison.csv");
    let mut all: Vec<(String, Vec<usize>)> = Vec::new();
    let mut places: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for r in 0..table.rows.len() {
        let cell =
            format!("{}/{}@{}", table.text(r, "actor"), table.text(r, "metric"), table.text(r, "quarter"));
        let place = *places.entry(cell.clone()).or_insert_with(|| {
            all.push((cell, Vec::new()));
            all.len() - 1
        });
        all[place].1.push(r);
    }
    all
}

/// The cell that a comparison is about: the follower's reachable run at the end.
pub(super) fn compared_at_first(facts: &Facts<'_>, cells: &[(String, Vec<usize>)]) -> String {
    let wanted = facts.contenders().get(1).map(|a| format!("{a}/reachable_flop@{}", facts.last()));
    let found = wanted.filter(|w| cells.iter().any(|c| c.0 == *w));
    found.or_else(|| cells.first().map(|c| c.0.clone())).unwrap_or_default()
}

/// Whether a policy moves a cell, and which way: the median's change beyond the error of the mean's.
pub(super) fn forest(facts: &Facts<'_>) -> (String, Titles) {
    let cells = compared(facts);
    let chosen = compared_at_first(facts, &cells);
    if facts.policy != "base" {
        return (chosen, Vec::new());
    }
    let titles = cells.iter().filter_map(|(cell, rows)| Some((cell.clone(), moved(facts, cell, rows)?)));
    (chosen.clone(), titles.collect())
}

/// The policy that moves a cell most, in words.
pub(super) fn moved(facts: &Facts<'_>, cell: &str, rows: &[usize]) -> Option<Phrase> {
    let table = facts.files.table("comparison.csv");
    let size = |r: &usize| table.number(*r, "difference_mean").map_or(0.0, f64::abs);
    let rows = rows.iter().copied().filter(|&r| table.text(r, "policy") != "base");
    let r = rows.max_by(|a, b| size(a).total_cmp(&size(b)).then(b.cmp(a)))?;
    let number = |column: &str| at(facts, "comparison.csv", r, column);
    let (mean, error) = (number("difference_mean")?, number("difference_se"));
    let name = Phrase::default().name(table.text(r, "policy"));
    if mean.value().abs() <= error.map_or(0.0, |e| 2.0 * e.value()) {
        return Some(Phrase::new("No policy moves ").name(cell).say(" beyond the error of this many draws."));
    }
    let (way, chance) = if mean.value() < 0.0 {
        (" lowers ", number("probability_lower"))
    } else {
        (" raises ", number("probability_higher"))
    };
    let phrase = name.say(way).name(cell).say(" most, by ").amount(&positive(mean)).say(" ");
    let phrase = phrase.name(table.text(r, "unit")).say(" in the mean");
    Some(match chance {
        Some(p) => phrase.say(", and in ").percent(&p).say(" of draws at all."),
        None => phrase.say("."),
    })
}

/// The same cell, shown without its sign where the words say which way.
fn positive(mut source: Source) -> Source {
    source.unsigned = true;
    source
}

/// The policy with the least regret.
pub(super) fn regret(facts: &Facts<'_>) -> (String, Titles) {
    let cells = compared(facts);
    let chosen = compared_at_first(facts, &cells);
    let table = facts.files.table("comparison.csv");
    if facts.policy != "base" {
        return (chosen, Vec::new());
    }
    let title = |(cell, rows): &(String, Vec<usize>)| {
        let known = rows.iter().copied().filter(|&r| table.number(r, "regret_mean").is_some());
        let value = |r: &usize| table.number(*r, "regret_mean").unwrap_or(f64::INFINITY);
        let r = known.min_by(|a, b| value(a).total_cmp(&value(b)).then(a.cmp(b)))?;
        let start =
            Phrase::default().name(table.text(r, "policy")).say(" is least regretted for ").name(cell);
        let mean = at(facts, "comparison.csv", r, "regret_mean")?;
        Some((
            cell.clone(),
            start.say(": ").amount(&mean).say(" ").name(table.text(r, "unit")).say(" in the mean."),
        ))
    };
    (chosen, cells.iter().filter_map(title).collect())
}

/// Two cells against each other: the script chooses them.
pub(super) fn pareto(facts: &Facts<'_>) -> (String, Titles) {
    let cells = compared(facts);
    if cells.len() < 2 || facts.policy != "base" {
        return (String::new(), Vec::new());
    }
    let chosen = compared_at_first(facts, &cells);
    let title =
        Phrase::new("Few policies move one cell and leave the other alone: what each costs elsewhere.");
    (chosen, vec![(String::new(), title)])
}

/// A sweep: the script chooses levers and cell.
pub(super) fn sweep(facts: &Facts<'_>) -> (String, Titles) {
    let _ = facts;
    (String::new(), Vec::new())
}

/// How much of the past lies inside the simulated intervals.
pub(super) fn past(facts: &Facts<'_>) -> (String, Titles) {
    let table = facts.files.table("scores.csv");
    let wanted = [("policy", facts.policy.as_str()), ("section", "past"), ("group", "all")];
    let number = |column: &str| at(facts, "scores.csv", table.find(&wanted).next()?, column);
    let title = match (number("rows"), number("inside90"), number("inside50")) {
        (Some(rows), Some(wide), Some(narrow)) => {
            let start = Phrase::new("Of ").exactly(&rows).say(" published values, ").percent(&wide);
            let start = start.say(" lie in the simulated 90 % interval and ").percent(&narrow);
            start.say(" in the 50 % interval.")
        }
        _ => Phrase::new("Published values against simulated ones."),
    };
    (String::new(), vec![(String::new(), title)])
}

/// What binds chips most at the end.
pub(super) fn graph(facts: &Facts<'_>) -> Titles {
    let table = facts.files.table("bottlenecks.csv");
    let wanted = [("policy", facts.policy.as_str()), ("subject_kind", "chip"), ("quarter", facts.last())];
    let goods: Vec<usize> =
        table.find(&wanted).filter(|&r| table.text(r, "cause").starts_with("good.")).collect();
    let title = match largest(facts, "bottlenecks.csv", goods.into_iter(), "share") {
        None => Phrase::new("In ").name(facts.last()).say(", no good binds the production of any chip."),
        Some(r) => {
            let Some(share) = at(facts, "bottlenecks.csv", r, "share") else { return Vec::new() };
            let start = Phrase::new("In ").name(facts.last()).say(", the narrowest link of the chain is ");
            let start = start.name(&cause_name(table.text(r, "cause"))).say(": it binds ");
            start.name(&actor_name(table.text(r, "subject"))).say(" in ").percent(&share).say(" of draws.")
        }
    };
    vec![(String::new(), title)]
}

/// Which rule came last.
pub(super) fn timeline(facts: &Facts<'_>) -> Titles {
    let table = facts.files.table("rules.csv");
    let rows = (0..table.rows.len()).filter(|&r| !table.text(r, "effective").is_empty());
    let last =
        rows.max_by(|&a, &b| table.text(a, "effective").cmp(table.text(b, "effective")).then(b.cmp(&a)));
    let title = match last {
        None => Phrase::new("No rule has a date of its own."),
        Some(r) => {
            let named = table.text(r, "title");
            let named = if named.is_empty() { table.text(r, "rule") } else { named };
            let start = Phrase::new("The latest rule in the book is ").name(named).say(" (");
            start
                .name(&actor_name(&format!("country.{}", table.text(r, "issuer"))))
                .say(", ")
                .name(table.text(r, "effective"))
                .say(").")
        }
    };
    vec![(String::new(), title)]
}
