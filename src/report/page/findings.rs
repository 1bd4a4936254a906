//! Titles of the figures about flows, limits, drivers, policies, sweeps, the past, the graph and the rules.

use super::facts::{Facts, REACHABLE, at};
use super::phrase::{Phrase, Source};
use super::record;
use super::run_files::CellRows;
use super::words;
use crate::metrics::{ActorKind, Metric};
use std::collections::BTreeMap;

type Titles = Vec<(String, Phrase)>;

/// By year: the largest sale, and the largest smuggled one.
pub(super) fn flows(facts: &Facts<'_>) -> (String, Titles) {
    let table = facts.files.table("yearly_flows.csv");
    let title = |year: &str| {
        let sold = |channel: Option<&'static str>| {
            let wanted = [("policy", facts.policy.as_str()), ("stage", "sold"), ("year", year)];
            let rows = table.find(&wanted);
            let rows = rows.filter(|&r| channel.is_none_or(|c| table.text(r, "channel") == c));
            table.largest(rows, "mean")
        };
        let flow = |r: usize| {
            let (from, to) = (facts.name(table.text(r, "from")), facts.name(table.text(r, "to")));
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
        if kind.starts_with("lab-root") {
            return lacks(facts);
        }
        let wanted = [("policy", facts.policy.as_str()), ("subject_kind", kind), ("quarter", facts.last())];
        let r =
            table.largest(table.find(&wanted).filter(|&r| table.text(r, "cause") != "demand"), "share")?;
        let what = if kind == "chip" { " holds back production of " } else { " holds back " };
        let start = Phrase::new("In ").name(facts.last()).say(", nothing binds more surely than ");
        let start = start.name(&cause_name(table.text(r, "cause"))).say(": it");
        let share = at(facts, "bottlenecks.csv", r, "share")?;
        Some(
            start
                .say(what)
                .name(&facts.name(table.text(r, "subject")))
                .say(" in ")
                .percent(&share)
                .say(" of draws."),
        )
    };
    let kinds = table.values("subject_kind");
    let chosen = if kinds.contains(&"lab") { "lab" } else { kinds.first().copied().unwrap_or("") };
    (chosen.to_owned(), kinds.into_iter().filter_map(|k| Some((k.to_owned(), title(k)?))).collect())
}

/// Why the strongest labs of the headline lack chips, in draws in which they do.
fn lacks(facts: &Facts<'_>) -> Option<Phrase> {
    let told = facts.headline.iter().filter_map(|actor| {
        let why = facts.lacks(&facts.strongest_lab(actor)?, facts.last())?;
        Some(Phrase::default().name(&facts.name(actor)).say(": chips, because of ").then(why))
    });
    let told = told.reduce(|all, one| all.say("; ").then(one))?;
    Some(
        Phrase::new("Who lacks chips in ")
            .name(facts.last())
            .say(" lacks them most often so. ")
            .then(told)
            .say("."),
    )
}

/// A cause as people name it.
fn cause_name(cause: &str) -> String {
    cause.trim_start_matches("good.").to_owned()
}

/// The fullest and the idlest facility at the end.
pub(super) fn facilities(facts: &Facts<'_>) -> Titles {
    let all = facts.actors(Metric::Utilisation.name());
    let mut used: Vec<(Source, &String)> =
        (all.iter().filter(|a| ActorKind::of(a) == Some(ActorKind::Facility)))
            .filter_map(|a| Some((facts.cell(a, Metric::Utilisation.name(), facts.last(), "p50")?, a)))
            .collect();
    used.sort_by(|a, b| b.0.value().total_cmp(&a.0.value()));
    let (Some(full), Some(idle)) = (used.first(), used.last()) else { return Vec::new() };
    let clause = |(share, actor): &(Source, &String)| {
        Phrase::default().name(&facts.name(actor)).say(" runs at ").percent(share)
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
        let r = table.largest(table.find(&wanted), "index")?;
        let (index, noise) =
            (at(facts, "drivers.csv", r, "index")?, at(facts, "drivers.csv", r, "noise_floor")?);
        let path = table.text(r, "path");
        if index.value() <= noise.value() {
            let start = Phrase::new("No single input explains ")
                .then(words::cell(facts, cell))
                .say(" beyond chance: the largest, ");
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
        let start = Phrase::default().name(&words::input(facts, path)).say(" explains ").percent(&index);
        let what = if table.text(r, "scale") == "log" {
            " of the variance of the logarithm of "
        } else {
            " of the variance of "
        };
        Some(
            start
                .say(what)
                .then(words::cell(facts, cell))
                .say(", more than any other input")
                .say(founded)
                .say("."),
        )
    };
    let cells = table.values("cell");
    (driven(facts, &cells), cells.iter().filter_map(|c| Some(((*c).to_owned(), title(c)?))).collect())
}

/// The cell whose drivers are shown first: the follower's reachable run at the end.
fn driven(facts: &Facts<'_>, cells: &[&str]) -> String {
    let wanted = facts.contenders().get(1).map(|a| format!("{a}/reachable_flop@{}", facts.last()));
    let wanted = wanted.filter(|w| cells.contains(&w.as_str()));
    wanted.or_else(|| cells.first().map(|c| (*c).to_owned())).unwrap_or_default()
}

/// By cell: which way the input goes that explains most, and how far.
pub(super) fn tornado(facts: &Facts<'_>) -> (String, Titles) {
    let table = facts.files.table("drivers.csv");
    let title = |cell: &str| {
        let wanted = [("policy", facts.policy.as_str()), ("cell", cell)];
        let r = table.largest(table.find(&wanted), "index")?;
        let of = |column: &str| at(facts, "drivers.csv", r, column);
        let (low, high) = (of("at_lowest")?, of("at_highest")?);
        if !(low.value().is_finite() && high.value().is_finite()) {
            return None;
        }
        let start = Phrase::new("From its lowest to its highest tenth, ")
            .name(&words::input(facts, table.text(r, "path")));
        let way = if high.value() > low.value() { " raises " } else { " lowers " };
        let unit = match table.text(r, "unit") {
            "1" => String::new(),
            unit => format!(" {unit}"),
        };
        let ends = Phrase::new(" from ").number(&low).say(" to ").number(&high).say(&unit);
        Some(start.say(way).then(words::cell(facts, cell)).then(ends).say("."))
    };
    let cells = table.values("cell");
    (driven(facts, &cells), cells.iter().filter_map(|c| Some(((*c).to_owned(), title(c)?))).collect())
}

/// Cells of a comparison, as `actor/metric@quarter`, and the rows of each.
pub(super) fn compared<'a>(facts: &Facts<'a>) -> &'a [CellRows] {
    facts.files.table("comparison.csv").cells()
}

/// The cell that a comparison is about: the follower's reachable run at the end.
pub(super) fn compared_at_first(facts: &Facts<'_>, cells: &[CellRows]) -> String {
    let wanted = facts.contenders().get(1).map(|a| format!("{a}/reachable_flop@{}", facts.last()));
    let found = wanted.filter(|w| cells.iter().any(|c| c.0 == *w));
    found.or_else(|| cells.first().map(|c| c.0.clone())).unwrap_or_default()
}

/// By cell: the policy that moves it most.
pub(super) fn forest(facts: &Facts<'_>) -> (String, Titles) {
    let cells = compared(facts);
    let chosen = compared_at_first(facts, cells);
    if facts.policy != "base" {
        return (chosen, Vec::new());
    }
    let titles = cells.iter().filter_map(|(cell, rows)| Some((cell.clone(), moved(facts, cell, rows)?)));
    (chosen.clone(), titles.collect())
}

/// A number of a row of the comparison.
fn compared_number(facts: &Facts<'_>, row: usize, column: &str) -> Option<Source> {
    at(facts, "comparison.csv", row, column)
}

/// Whether a row's mean difference lies outside its 95% interval around zero; not, if nobody knows its error.
pub(super) fn beyond_error(facts: &Facts<'_>, row: usize) -> bool {
    let of = |column: &str| compared_number(facts, row, column).map(|s| s.value());
    of("difference_mean").zip(of("difference_se")).is_some_and(|(mean, error)| mean.abs() > 2.0 * error)
}

/// The policy that moves a cell most, in words.
fn moved(facts: &Facts<'_>, cell: &str, rows: &[usize]) -> Option<Phrase> {
    let table = facts.files.table("comparison.csv");
    let rows = rows.iter().copied().filter(|&r| table.text(r, "policy") != "base");
    let sized = rows.filter_map(|r| Some((r, table.number(r, "difference_mean")?.abs())));
    let (r, _) = sized.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
    if !beyond_error(facts, r) {
        return Some(
            Phrase::new("No policy moves ")
                .then(words::cell(facts, cell))
                .say(" beyond the error of this many draws."),
        );
    }
    let start = Phrase::default().name(&facts.policy_title(table.text(r, "policy")));
    Some(start.then(effect(facts, r, &words::cell(facts, cell).say(" most"))?).say("."))
}

/// What a policy does to a cell, or that it does nothing beyond the error.
pub(super) fn policy_effect(facts: &Facts<'_>, row: usize, what: &Phrase) -> Option<Phrase> {
    if !beyond_error(facts, row) {
        return Some(
            Phrase::new("It does not move ").then(what.clone()).say(" beyond the error of this many draws."),
        );
    }
    Some(Phrase::new("It").then(effect(facts, row, what)?).say("."))
}

/// ` lowers X by 13% ± 1% in the mean (lower in 96% of draws)`; in the cell's unit where there is nothing to be a share of.
fn effect(facts: &Facts<'_>, row: usize, what: &Phrase) -> Option<Phrase> {
    let table = facts.files.table("comparison.csv");
    let mean = compared_number(facts, row, "difference_mean")?;
    let (way, chance, said) = if mean.value() < 0.0 {
        (" lowers ", "probability_lower", " (lower in ")
    } else {
        (" raises ", "probability_higher", " (higher in ")
    };
    let phrase = Phrase::new(way).then(what.clone()).say(", by ");
    let share = compared_number(facts, row, "relative_mean").map(positive);
    let half = compared_number(facts, row, "relative_half_width").map(positive);
    let phrase = match share.zip(half) {
        Some((share, half)) => {
            phrase.change(&share).say(" (± ").change(&half).say(", the simulation's error) in the mean")
        }
        None => phrase.amount(&positive(mean)).say(" ").name(table.text(row, "unit")).say(" in the mean"),
    };
    Some(match compared_number(facts, row, chance) {
        Some(p) => phrase.say(said).percent(&p).say(" of draws)"),
        None => phrase,
    })
}

/// The policies that lower and raise an actor's reachable run most, and the stronger of the two.
pub(super) fn extremes(facts: &Facts<'_>, actor: &str, rows: &[usize]) -> (Phrase, Option<String>) {
    let table = facts.files.table("comparison.csv");
    let sure: Vec<(usize, f64)> = (rows.iter().copied())
        .filter(|&r| table.text(r, "policy") != "base" && beyond_error(facts, r))
        .filter_map(|r| Some((r, table.number(r, "difference_mean")?)))
        .collect();
    let least = sure.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1)).filter(|r| r.1 < 0.0);
    let most = sure.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)).filter(|r| r.1 > 0.0);
    let name = facts.name(actor);
    let clause = |(r, _): (usize, f64)| {
        let what = Phrase::default().name(&name).say("'s reach most");
        Some(
            Phrase::default()
                .name(&facts.policy_title(table.text(r, "policy")))
                .then(effect(facts, r, &what)?),
        )
    };
    let policy = least.or(most).map(|r| table.text(r.0, "policy").to_owned());
    let phrase = match (least.and_then(clause), most.and_then(clause)) {
        (Some(low), Some(high)) => low.say("; ").then(high).say("."),
        (Some(low), None) => low.say("; none raises it beyond the error."),
        (None, Some(high)) => high.say("; none lowers it beyond the error."),
        (None, None) => Phrase::new("No policy moves it beyond the error of this many draws."),
    };
    (phrase, policy)
}

/// What a policy does to somebody else.
pub(super) fn elsewhere(facts: &Facts<'_>, actor: &str, rows: &[usize], policy: &str) -> Option<Phrase> {
    let table = facts.files.table("comparison.csv");
    let r = rows.iter().copied().find(|&r| table.text(r, "policy") == policy)?;
    let start = Phrase::default().name(&facts.policy_title(policy));
    let name = facts.name(actor);
    if !beyond_error(facts, r) {
        return Some(start.say(" does not move what ").name(&name).say(" could train beyond the error."));
    }
    let what = Phrase::new("what ").name(&name).say(" could train");
    Some(start.say(" also").then(effect(facts, r, &what)?).say("."))
}

/// The same cell, shown without its sign where the words say which way.
fn positive(mut source: Source) -> Source {
    source.unsigned = true;
    source
}

/// The policy with the least regret.
pub(super) fn regret(facts: &Facts<'_>) -> (String, Titles) {
    let cells = compared(facts);
    let chosen = compared_at_first(facts, cells);
    let table = facts.files.table("comparison.csv");
    if facts.policy != "base" {
        return (chosen, Vec::new());
    }
    let title = |(cell, rows): &CellRows| {
        let r = table.smallest(rows.iter().copied(), "regret_mean")?;
        let start = Phrase::default()
            .name(&facts.policy_title(table.text(r, "policy")))
            .say(" is least regretted for ")
            .then(words::cell(facts, cell));
        let mean = at(facts, "comparison.csv", r, "regret_mean")?;
        Some((
            cell.clone(),
            start.say(": ").amount(&mean).say(" ").name(table.text(r, "unit")).say(" in the mean."),
        ))
    };
    (chosen, cells.iter().filter_map(title).collect())
}

/// Two cells against each other: the follower's reach and the leader's, unless the reader chooses others.
pub(super) fn pareto(facts: &Facts<'_>) -> (String, Titles) {
    let cells = compared(facts);
    let contenders = facts.contenders();
    let reach = |actor: &String| {
        let name = format!("{actor}/reachable_flop@{}", facts.last());
        cells.iter().find(|c| c.0 == name)
    };
    let pair = (contenders.get(1).and_then(reach)).zip(contenders.first().and_then(reach));
    let Some(((less, across), (more, up))) = pair.filter(|_| facts.policy == "base") else {
        return (String::new(), Vec::new());
    };
    let table = facts.files.table("comparison.csv");
    let of = |rows: &[usize], policy: &str| {
        let row = rows.iter().copied().find(|&r| table.text(r, "policy") == policy)?;
        table.number(row, "p50")
    };
    let points: Vec<(&str, f64, f64)> = (across.iter().map(|&r| table.text(r, "policy")))
        .filter_map(|p| Some((p, of(across, p)?, of(up, p)?)))
        .collect();
    let beaten =
        |p: &(&str, f64, f64)| points.iter().any(|q| q.1 <= p.1 && q.2 >= p.2 && (q.1 < p.1 || q.2 > p.2));
    let best: Vec<&str> = points.iter().filter(|p| !beaten(p)).map(|p| p.0).collect();
    let mut title = Phrase::new("If less for ").name(&facts.name(&contenders[1])).say(" and more for ");
    title = title.name(&facts.name(&contenders[0])).say(" is wanted, no policy beats ");
    for (i, name) in best.iter().enumerate() {
        title = title.say(if i == 0 { "" } else { ", " }).name(&facts.policy_title(name));
    }
    let chosen = format!("{less}|{more}");
    (chosen.clone(), vec![(chosen, title.say(", in the median."))])
}

/// The cell that a sweep is about: the headline's last country, or the first cell, in its last quarter.
pub(super) fn swept_cell(facts: &Facts<'_>) -> Option<String> {
    let table = facts.files.table("sweep.csv");
    let last = table.values("quarter").into_iter().max()?;
    let rows = table.find(&[("point", "base"), ("metric", REACHABLE), ("quarter", last)]);
    // The one that the printed sweep is about.
    let rows: Vec<usize> = rows.collect();
    let country = |r: &usize| ActorKind::of(table.text(*r, "actor")) == Some(ActorKind::Country);
    let mut countries = rows.iter().copied().filter(country);
    let of = |actor: &String| rows.iter().copied().find(|&r| table.text(r, "actor") == actor);
    let named = facts.files.headline().iter().filter_map(of).rfind(country);
    // An objective's cell comes before it.
    let settings = facts.files.manifest["settings"].as_array().into_iter().flatten();
    let goals = settings.filter_map(|s| s.as_str()).filter_map(|s| s.split_once(' '));
    let cells = swept_cells(facts);
    let mut asked = goals.filter(|(sense, _)| ["min", "max"].contains(sense)).map(|(_, cell)| cell.trim());
    if let Some(cell) = asked.find(|cell| cells.iter().any(|c| c.0 == *cell)) {
        return Some(cell.to_owned());
    }
    let r = named.or(countries.next_back()).or(rows.first().copied());
    let r = r.or((!table.is_empty()).then_some(0))?;
    Some(format!("{}/{}@{}", table.text(r, "actor"), table.text(r, "metric"), table.text(r, "quarter")))
}

/// Cells of a sweep, as `actor/metric@quarter`, and the rows of each.
fn swept_cells<'a>(facts: &Facts<'a>) -> &'a [CellRows] {
    facts.files.table("sweep.csv").cells()
}

/// The points that give least and most, and where the scenario stands.
pub(super) fn swept(facts: &Facts<'_>, cell: &str) -> Vec<Phrase> {
    let rows = swept_cells(facts).iter().find(|c| c.0 == cell).map_or(&[][..], |c| &c.1);
    swept_in(facts, cell, rows)
}

fn swept_in(facts: &Facts<'_>, cell: &str, rows: &[usize]) -> Vec<Phrase> {
    let table = facts.files.table("sweep.csv");
    let (base, points): (Vec<usize>, Vec<usize>) =
        rows.iter().partition(|&&r| table.text(r, "point") == "base");
    let least = table.smallest(points.iter().copied(), "mean");
    let most = table.largest(points.iter().copied(), "mean");
    let point = |r: usize| {
        let mut phrase = Phrase::default();
        for (i, lever) in facts.files.levers.iter().enumerate() {
            phrase = phrase.say(if i == 0 { "" } else { ", " }).name(&words::input(facts, lever)).say(" = ");
            phrase = phrase.name(table.text(r, lever));
        }
        phrase
    };
    let value = |r: usize| {
        let mean = at(facts, "sweep.csv", r, "mean")?;
        let change = at(facts, "sweep.csv", r, "difference_mean")?;
        let way = if change.value() < 0.0 { " below" } else { " above" };
        let phrase =
            Phrase::default().amount(&mean).say(" ").name(table.text(r, "unit")).say(" in the mean, ");
        Some(phrase.amount(&positive(change)).say(way).say(" the scenario as it stands"))
    };
    let mut sentences = Vec::new();
    if let Some(mean) = base.first().and_then(|&r| at(facts, "sweep.csv", r, "mean")) {
        let start = Phrase::new("As things stand, the mean of ")
            .then(words::cell(facts, cell))
            .say(" is ")
            .amount(&mean);
        sentences.push(start.say(" ").name(table.text(base[0], "unit")).say("."));
    }
    for (r, words) in [(least, "The least comes from "), (most, "The most comes from ")] {
        let sentence =
            r.and_then(|r| Some(Phrase::new(words).then(point(r)).say(": ").then(value(r)?).say(".")));
        sentences.extend(sentence);
    }
    sentences
}

/// A sweep by cell: the levels that give least.
pub(super) fn sweep(facts: &Facts<'_>) -> (String, Titles) {
    let Some(cell) = swept_cell(facts) else { return (String::new(), Vec::new()) };
    let title = |(name, rows): &CellRows| {
        let least = swept_in(facts, name, rows).into_iter().nth(1)?;
        Some((name.clone(), least))
    };
    // In the order of names.
    let cells: BTreeMap<&str, &CellRows> = swept_cells(facts).iter().map(|c| (c.0.as_str(), c)).collect();
    (cell, cells.into_values().filter_map(title).collect())
}

/// How much of the past lies inside the simulated intervals.
pub(super) fn past(facts: &Facts<'_>) -> (String, Titles) {
    let title = record::covered(facts, "past")
        .unwrap_or_else(|| Phrase::new("Published values against simulated ones."));
    (String::new(), vec![(String::new(), title)])
}

/// What binds chips most at the end.
pub(super) fn graph(facts: &Facts<'_>) -> Titles {
    let table = facts.files.table("bottlenecks.csv");
    if table.is_empty() {
        // What binds is not gathered at the points of a sweep.
        return vec![(String::new(), Phrase::new("Who makes what from what, and who gets it."))];
    }
    let wanted = [("policy", facts.policy.as_str()), ("subject_kind", "chip"), ("quarter", facts.last())];
    let goods = table.find(&wanted).filter(|&r| table.text(r, "cause").starts_with("good."));
    let title = match table.largest(goods, "share") {
        None => Phrase::new("In ").name(facts.last()).say(", no good binds the production of any chip."),
        Some(r) => {
            let Some(share) = at(facts, "bottlenecks.csv", r, "share") else { return Vec::new() };
            let start = Phrase::new("In ").name(facts.last()).say(", the narrowest link of the chain is ");
            let start = start.name(&cause_name(table.text(r, "cause"))).say(": it binds ");
            start.name(&facts.name(table.text(r, "subject"))).say(" in ").percent(&share).say(" of draws.")
        }
    };
    vec![(String::new(), title)]
}

/// Which rule comes last by the simulated end.
pub(super) fn timeline(facts: &Facts<'_>) -> Titles {
    let table = facts.files.table("rules.csv");
    // A date beyond the last year stands for a rule that only a shock or a policy puts in force.
    let year = |text: &str| text.get(..4).map(str::to_owned);
    // A sweep has no summary, whose last quarter is the end: the scenario's own says it then.
    let end = if facts.last().is_empty() { facts.files.end() } else { facts.last().to_owned() };
    let dated = |&r: &usize| {
        let effective = table.text(r, "effective");
        !effective.is_empty() && year(effective) <= year(&end)
    };
    let rows = (0..table.rows()).filter(dated);
    let last =
        rows.max_by(|&a, &b| table.text(a, "effective").cmp(table.text(b, "effective")).then(b.cmp(&a)));
    let title = match last {
        None => Phrase::new("No rule has a date of its own."),
        Some(r) => {
            let named = table.text(r, "title");
            let named = if named.is_empty() { table.text(r, "rule") } else { named };
            let start = Phrase::new("The latest rule in the book is ").name(named).say(" (");
            start
                .name(&facts.name(&format!("country.{}", table.text(r, "issuer"))))
                .say(", ")
                .name(table.text(r, "effective"))
                .say(").")
        }
    };
    vec![(String::new(), title)]
}
