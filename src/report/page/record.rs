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
    let narrow = of("inside50")?;
    let start = start.say(" lie in the simulated 90% interval and ").percent(&narrow);
    let verdict = fit(wide.value(), narrow.value(), of("rows")?.value());
    let start = start.say(" in the 50% interval: ");
    Some(start.say(verdict))
}

/// Whether as many values lie in both intervals as there should be: within two standard errors of that many values, and at least
/// five points, for published values hang together.
fn fit(wide: f64, narrow: f64, rows: f64) -> &'static str {
    let off = |share: f64, should: f64| {
        let room = (2.0 * (should * (1.0 - should) / rows.max(1.0)).sqrt()).max(0.05);
        if share > should + room {
            1
        } else if share < should - room {
            -1
        } else {
            0
        }
    };
    match (off(wide, 0.9), off(narrow, 0.5)) {
        (0, 0) => "about as many as there should be.",
        (a, b) if a >= 0 && b >= 0 => "more than there should be, so its ranges are wider than they need be.",
        (a, b) if a <= 0 && b <= 0 => "fewer than there should be, so its ranges are too narrow.",
        _ => "too many in the one and too few in the other.",
    }
}

/// Which groups are forecast best and worst.
pub(super) fn groups(facts: &Facts<'_>, section: &str) -> Option<Phrase> {
    let table = facts.files.table("scores.csv");
    let groups = || rows(table, facts, section).into_iter().filter(|&r| table.text(r, "group") != "all");
    let (worst, best) = (table.largest(groups(), "crps")?, table.smallest(groups(), "crps")?);
    let bias = at(facts, "scores.csv", worst, "bias")?;
    let way = if bias.value() < 0.0 { "below" } else { "above" };
    let what = if section == "past" { "It" } else { "The forecast" };
    let start =
        Phrase::new(what).say(" is furthest off on ").name(table.text(worst, "group")).say(", where ");
    let start = start.percent(&at(facts, "scores.csv", worst, "inside90")?);
    let start = start.say(" of published values lie in the 90% interval and simulated medians lie ").say(way);
    let start = start.say(" what was published on average");
    if best == worst {
        return Some(start.say("."));
    }
    let start = start.say("; closest on ").name(table.text(best, "group")).say(", with ");
    Some(start.percent(&at(facts, "scores.csv", best, "inside90")?).say(" in the 90% interval."))
}

/// Whether it beats naive forecasts from the same publications.
pub(super) fn rivals(facts: &Facts<'_>, section: &str) -> Option<Phrase> {
    let table = facts.files.table("rivals.csv");
    let all = rows(table, facts, section).into_iter().filter(|&r| table.text(r, "group") == "all");
    let known: Vec<(usize, f64)> = all.filter_map(|r| Some((r, table.number(r, "skill")?))).collect();
    let (r, skill) = known.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))?;
    let start = Phrase::new(if section == "past" { "It" } else { "The forecast" });
    let start = start.say(if skill > 0.0 {
        " beats every naive forecast from the same publications, least of all the "
    } else if known.iter().any(|r| r.1 > 0.0) {
        " beats some naive forecasts from the same publications, but not the "
    } else {
        " beats no naive forecast from the same publications; the best is the "
    });
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
    let start =
        Phrase::new("Against last year's volume, grown as capital spending and performance a dollar did, ");
    let start = start.say(if section == "past" { "it is better in " } else { "the forecast is better in " });
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
    (!text.is_empty()).then(|| {
        let whose = if section == "past" { "Published values'" } else { "Out of sample, published values'" };
        Phrase::new(whose).say(" places in the simulated distribution are ").name(text).say(".")
    })
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn the_verdict_on_intervals_follows_from_both() {
        assert!(fit(0.9, 0.5, 100.0).starts_with("about as many"));
        assert!(fit(0.9, 0.69, 200.0).starts_with("more than"));
        assert!(fit(0.98, 0.52, 200.0).starts_with("more than"));
        assert!(fit(0.74, 0.4, 53.0).starts_with("fewer than"));
        assert!(fit(0.98, 0.3, 200.0).starts_with("too many in the one"));
    }
}
