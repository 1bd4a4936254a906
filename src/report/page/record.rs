//! Sentences on how well a simulated past and a forecast fit what was published: which groups, and against which rivals.

use super::facts::{Facts, at};
use super::phrase::{Phrase, Source};
use super::run_files::RunTable;

/// A number of a row of `scores.csv`.
fn score(facts: &Facts<'_>, section: &str, group: &str, column: &str) -> Option<Source> {
    let table = facts.files.table("scores.csv");
    let wanted = [("policy", facts.policy.as_str()), ("section", section), ("group", group)];
    at(facts, "scores.csv", table.find(&wanted).next()?, column)
}

/// Rows of a section, all groups or one.
fn rows(table: &RunTable, facts: &Facts<'_>, section: &str) -> Vec<usize> {
    table.find(&[("policy", facts.policy.as_str()), ("section", section)]).collect()
}

/// How many published values the simulated intervals cover.
pub(super) fn covered(facts: &Facts<'_>, section: &str) -> Option<Phrase> {
    let of = |column: &str| score(facts, section, "all", column);
    let wide = of("inside90")?;
    let start = if section == "past" { "Of " } else { "Out of sample, of " };
    let start = Phrase::new(start).exactly(&of("rows")?).say(" published values, ").percent(&wide);
    let start = start.say(" lie in the simulated 90 % interval and ").percent(&of("inside50")?);
    let verdict = if wide.value() < 0.8 {
        " in the 50 % interval: the simulation is surer than it should be."
    } else if wide.value() > 0.97 {
        " in the 50 % interval: the simulation is less sure than it could be."
    } else {
        " in the 50 % interval: about as many as there should be."
    };
    Some(start.say(verdict))
}

/// Which groups are forecast best and worst.
pub(super) fn groups(facts: &Facts<'_>, section: &str) -> Option<Phrase> {
    let table = facts.files.table("scores.csv");
    let groups = || rows(table, facts, section).into_iter().filter(|&r| table.text(r, "group") != "all");
    let (worst, best) = (table.largest(groups(), "crps")?, table.smallest(groups(), "crps")?);
    let bias = at(facts, "scores.csv", worst, "bias")?;
    let way = if bias.value() < 0.0 { "below" } else { "above" };
    let what = if section == "past" { "It" } else { "The forecast" };
    let start = Phrase::new(what).say(" misses most on ").name(table.text(worst, "group")).say(", where ");
    let start = start.percent(&at(facts, "scores.csv", worst, "inside90")?);
    let start =
        start.say(" of published values lie in the 90 % interval and simulated medians lie ").say(way);
    let start = start.say(" what was published on average");
    if best == worst {
        return Some(start.say("."));
    }
    let start = start.say("; least on ").name(table.text(best, "group")).say(", with ");
    Some(start.percent(&at(facts, "scores.csv", best, "inside90")?).say(" in the 90 % interval."))
}

/// Whether it beats naive forecasts from the same publications.
pub(super) fn rivals(facts: &Facts<'_>, section: &str) -> Option<Phrase> {
    let table = facts.files.table("rivals.csv");
    let all = rows(table, facts, section).into_iter().filter(|&r| table.text(r, "group") == "all");
    let known: Vec<(usize, f64)> = all.filter_map(|r| Some((r, table.number(r, "skill")?))).collect();
    let (r, skill) = known.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))?;
    let start = if skill > 0.0 {
        Phrase::new("It beats every naive forecast from the same publications, least of all the ")
    } else if known.iter().any(|r| r.1 > 0.0) {
        Phrase::new("It beats some naive forecasts from the same publications, but not the ")
    } else {
        Phrase::new("It beats no naive forecast from the same publications; the best is the ")
    };
    let start = start.name(table.text(r, "rival")).say(" known to ").name(table.text(r, "origin"));
    let start = start.say(": its mean score is ").number(&at(facts, "rivals.csv", r, "crps")?);
    Some(start.say(" against ").number(&at(facts, "rivals.csv", r, "rival_error")?).say(" in natural logs."))
}

/// What it says that last year's volume, grown as spending and performance did, does not; and where that says more.
pub(super) fn simple_rule(facts: &Facts<'_>, section: &str) -> Option<Phrase> {
    let table = facts.files.table("rivals.csv");
    let origin = rows(table, facts, section).into_iter().map(|r| table.text(r, "origin")).max()?;
    let against: Vec<(usize, f64)> = (rows(table, facts, section).into_iter())
        .filter(|&r| table.text(r, "rival") == "simple rule" && table.text(r, "origin") == origin)
        .filter_map(|r| Some((r, table.number(r, "skill")?)))
        .collect();
    let all = against.iter().find(|(r, _)| table.text(*r, "group") == "all")?.0;
    let named = |better: bool| {
        let groups =
            against.iter().filter(|(r, skill)| table.text(*r, "group") != "all" && (*skill > 0.0) == better);
        groups.map(|(r, _)| table.text(*r, "group")).collect::<Vec<_>>()
    };
    let list = |start: Phrase, names: Vec<&str>| {
        names
            .into_iter()
            .enumerate()
            .fold(start, |phrase, (i, name)| phrase.say(if i == 0 { "" } else { ", " }).name(name))
    };
    let start = Phrase::new(
        "Against last year's volume, grown as capital spending and performance a dollar did, it is better in ",
    );
    let start = start.exactly(&at(facts, "rivals.csv", all, "series_won")?).say(" of ");
    let start = start.exactly(&at(facts, "rivals.csv", all, "series")?).say(" series");
    let (better, worse) = (named(true), named(false));
    let start = if better.is_empty() { start } else { list(start.say("; it says more on "), better) };
    Some(if worse.is_empty() {
        start.say(".")
    } else {
        list(start.say("; the rule says as much or more on "), worse).say(".")
    })
}

/// Where in the simulated distribution published values lie.
pub(super) fn shape(facts: &Facts<'_>, section: &str) -> Option<Phrase> {
    let table = facts.files.table("scores.csv");
    let row = rows(table, facts, section).into_iter().find(|&r| table.text(r, "group") == "all")?;
    let text = table.text(row, "shape");
    (!text.is_empty())
        .then(|| Phrase::new("Their places in the simulated distribution are ").name(text).say("."))
}
