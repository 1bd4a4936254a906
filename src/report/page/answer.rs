//! The first screen's words: the question, and its answer in three sentences written from the numbers and their uncertainty.

use super::facts::{Facts, Order, REACHABLE};
use super::findings;
use super::phrase::{Phrase, Source};
use super::record;
use super::words;

/// The question and its answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) question: Phrase,
    pub(super) sentences: Vec<Phrase>,
}

/// Writes them: of a comparison, a sweep, a hindcast, or of the reference case.
pub(super) fn answer(facts: &Facts<'_>) -> Answer {
    let has = |table: &str| !facts.files.table(table).is_empty();
    let found = if has("comparison.csv") {
        policies(facts)
    } else if has("sweep.csv") {
        levers(facts)
    } else if has("scores.csv") {
        past(facts)
    } else {
        None
    };
    found.unwrap_or_else(|| standing(facts))
}

/// Who can reach what, and what stops a larger run.
fn standing(facts: &Facts<'_>) -> Answer {
    let contenders = facts.contenders();
    let mut sentences: Vec<Phrase> = Vec::new();
    let about = |key| facts.files.about_policy(&facts.policy, key);
    let (reason, changes) = (about("reason"), about("changes"));
    if !reason.is_empty() {
        sentences.push(Phrase::default().name(&reason).say(" The policy changes ").name(&changes).say("."));
    }
    match contenders.as_slice() {
        [] => sentences.push(Phrase::new("This run summarises nobody's reachable training compute.")),
        [only] => sentences.extend(alone(facts, only)),
        [first, second, ..] => sentences.extend(lead(facts, first, second)),
    }
    // The milestone that is uncertain is the follower's.
    if let Some(actor) = contenders.get(1).or(contenders.first()) {
        sentences.extend(milestone(facts, actor));
    }
    sentences.extend(limits(facts, &contenders));
    Answer { question: question(facts, &contenders), sentences }
}

/// What each policy changes for the one that is behind, and what that costs the one that is ahead.
fn policies(facts: &Facts<'_>) -> Option<Answer> {
    let contenders = facts.contenders();
    let first = contenders.first()?;
    let second = contenders.get(1).unwrap_or(first);
    let cells = findings::compared(facts);
    let cell = |actor: &str| {
        let name = format!("{actor}/reachable_flop@{}", facts.last());
        cells.iter().find(|c| c.0 == name)
    };
    let (_, rows) = cell(second)?;
    let question = Phrase::new("What does each policy change of the largest training run that ")
        .name(&facts.name(second))
        .say(" could finish by ")
        .name(facts.last())
        .say("?");
    let stands = could_finish(facts, second).map(|run| {
        let start = Phrase::new("As things stand, ").name(&facts.name(second)).say(" could finish a run of ");
        start.then(run).say(" by ").name(facts.last()).say(".")
    });
    let mut sentences: Vec<Phrase> = stands.into_iter().collect();
    let (moved, strongest) = findings::extremes(facts, second, rows);
    sentences.push(moved);
    if first != second {
        let elsewhere = cell(first).zip(strongest);
        sentences.extend(elsewhere.and_then(|((_, rows), p)| findings::elsewhere(facts, first, rows, &p)));
    }
    Some(Answer { question, sentences })
}

/// Which levels of a sweep's levers give least and most.
fn levers(facts: &Facts<'_>) -> Option<Answer> {
    let chosen = findings::swept_cell(facts)?;
    let names = &facts.files.levers;
    let mut question = Phrase::new("What do the levels of ");
    for (i, lever) in names.iter().enumerate() {
        let before = match i {
            0 => "",
            _ if i + 1 == names.len() => " and ",
            _ => ", ",
        };
        question = question.say(before).name(&words::input(facts, lever));
    }
    let question = question.say(" change of ").then(words::cell(facts, &chosen)).say("?");
    Some(Answer { question, sentences: findings::swept(facts, &chosen) })
}

/// How well the simulated past fits what was published.
fn past(facts: &Facts<'_>) -> Option<Answer> {
    let mut sentences: Vec<Phrase> =
        ["past", "forecast"].into_iter().filter_map(|section| record::covered(facts, section)).collect();
    if sentences.is_empty() {
        return None;
    }
    for section in ["past", "forecast"] {
        sentences.extend(record::groups(facts, section));
        sentences.extend(record::rivals(facts, section));
        sentences.extend(record::simple_rule(facts, section));
        sentences.extend(record::shape(facts, section));
    }
    let question = Phrase::new("Does the simulated past agree with what was published?");
    Some(Answer { question, sentences })
}

fn question(facts: &Facts<'_>, contenders: &[String]) -> Phrase {
    let who = match contenders {
        [] => Phrase::new("anyone"),
        [only] => Phrase::default().name(&facts.name(only)),
        [first, second, ..] => {
            Phrase::default().name(&facts.name(first)).say(" and ").name(&facts.name(second))
        }
    };
    let under = if facts.policy == "base" {
        Phrase::default()
    } else {
        Phrase::new("Under “").name(&facts.policy_title(&facts.policy)).say("”: how")
    };
    let start = if facts.policy == "base" { Phrase::new("How") } else { under };
    start
        .say(" much training compute can ")
        .then(who)
        .say(" reach by ")
        .name(facts.last())
        .say(", with what probability, and what stops a larger run?")
}

/// The largest run of one actor, with its interval.
fn could_finish(facts: &Facts<'_>, actor: &str) -> Option<Phrase> {
    let median = facts.cell(actor, REACHABLE, facts.last(), "p50")?;
    let interval = facts.interval(actor, REACHABLE, facts.last())?;
    Some(Phrase::default().number(&median).say(" FLOP (90% of draws: ").then(interval).say(")"))
}

fn alone(facts: &Facts<'_>, actor: &str) -> Option<Phrase> {
    let run = could_finish(facts, actor)?;
    let start = Phrase::new("By ").name(facts.last()).say(", ").name(&facts.name(actor));
    Some(start.say(" could finish a training run of ").then(run).say("."))
}

/// Who leads, by how much, and how sure the order is.
fn lead(facts: &Facts<'_>, first: &str, second: &str) -> Option<Phrase> {
    let (order, times) = facts.order(first, second);
    let (a, b) = (facts.name(first), facts.name(second));
    let start = Phrase::new("By ").name(facts.last()).say(", ").name(&a);
    let runs = start
        .say(" could finish a training run of ")
        .then(could_finish(facts, first)?)
        .say(" and ")
        .name(&b)
        .say(" one of ")
        .then(could_finish(facts, second)?);
    let verdict = match order {
        Order::Sure => Phrase::new(": ").name(&a).say(" is ahead in over 95% of draws"),
        Order::Likely => Phrase::new(": ").name(&a).say(" is probably ahead, but not surely"),
        Order::Open => Phrase::new(": who is ahead is open"),
    };
    let factor = match (order, &times) {
        (Order::Open, _) | (_, None) => Phrase::default(),
        (_, Some(times)) => Phrase::new(", in the median ").number(times).say(" times"),
    };
    Some(runs.then(verdict).then(factor).say("."))
}

/// The highest threshold that an actor passes more likely than not, and the next.
pub(super) fn milestone(facts: &Facts<'_>, actor: &str) -> Option<Phrase> {
    let reached = facts.reached(actor, facts.last());
    let likely = reached.iter().rposition(|r| r[1].value() >= 0.5);
    let odds = |[_, p, low, high]: &[Source; 4]| {
        Phrase::default().percent(p).say(" (95% interval ").percent(low).say(" to ").percent(high).say(")")
    };
    let name = facts.name(actor);
    let by = |phrase: Phrase| phrase.say(" by ").name(facts.last()).say(".");
    let Some(i) = likely else {
        let lowest = reached.first()?;
        let start = Phrase::default().name(&name).say(" more likely than not stays below ");
        let start = start.exactly(&lowest[0]).say(" FLOP: its chance of having reached that is ");
        return Some(by(start.then(odds(lowest))));
    };
    let when = facts.likely_from(actor, &reached[i][0].raw)?;
    let start = Phrase::default().name(&name).say(" has more likely than not been able to reach ");
    let start = start.exactly(&reached[i][0]).say(" FLOP from ").name(&when).say(" on");
    match reached.get(i + 1) {
        Some(next) => {
            let more = start.say("; its chance of having reached ").exactly(&next[0]).say(" FLOP is ");
            Some(by(more.then(odds(next))))
        }
        None => Some(by(start.say("; its chance of having done so is ").then(odds(&reached[i])))),
    }
}

/// What stops the strongest labs of those who compete.
fn limits(facts: &Facts<'_>, contenders: &[String]) -> Option<Phrase> {
    type Limit = (Phrase, String, Source, Phrase);
    let found = contenders.iter().take(2).filter_map(|actor| {
        let lab = facts.strongest_lab(actor)?;
        let (cause, share) = facts.bound_by(&lab, facts.last())?;
        let whose = Phrase::default().name(&facts.name(&lab));
        let whose = if lab == *actor { whose } else { whose.say(" (").name(&facts.name(actor)).say(")") };
        let why = facts.lacks(&lab, facts.last()).filter(|_| cause == "chips");
        let why = why.map_or_else(Phrase::default, |why| Phrase::new(", because of ").then(why));
        Some((whose, cause, share, why))
    });
    // Of several limits none dominates unless it binds in most draws.
    let dominates = |share: &Source| share.value() >= 0.5;
    let clause = |(whose, cause, share, why): Limit| {
        let how = if dominates(&share) {
            " is held back mostly by "
        } else {
            " is held back by no single limit, most often by "
        };
        whose.say(how).name(&cause).say(", in ").percent(&share).say(" of draws").then(why)
    };
    let found: Vec<Limit> = found.collect();
    match <[_; 2]>::try_from(found) {
        Ok([a, b]) if a.1 == b.1 && dominates(&a.2) && dominates(&b.2) => {
            let start = Phrase::new("What holds back both is mostly ").name(&a.1).say(": ");
            let first = start.then(a.0).say(" in ").percent(&a.2).say(" of draws").then(a.3).say(", ");
            Some(first.then(b.0).say(" in ").percent(&b.2).say(" of draws").then(b.3).say("."))
        }
        Ok([a, b]) => Some(clause(a).say("; ").then(clause(b)).say(".")),
        Err(found) => Some(clause(found.into_iter().next()?).say(".")),
    }
}
