//! What happened in a quarter, a sentence each.

use super::Focus;
use crate::engine::steps::production::cause;
use crate::engine::trace::{Facts, SignTurned, Stocked};
use crate::model::time::Quarter;
use crate::model::{Lever, Model, Shock};
use crate::report::{number, percent};

/// Purchases brought forward that are worth a sentence \[USD\].
const RUSH: f64 = 1e6;

/// Sentences on a quarter, as far as the story is about whom they concern.
pub(super) fn events(m: &Model, facts: &Facts, focus: &Focus) -> Vec<String> {
    let mut all: Vec<String> = facts.signs.iter().map(|s| sign(m, s)).collect();
    for &(s, onset, length) in &facts.strikes {
        let shock = &m.shocks[s];
        let from = Quarter(m.run.horizon.first.0 + onset.floor() as i32);
        let acts = acts(shock);
        let name = named(&shock.title, &shock.id);
        all.push(format!("strikes: {name}, from {from} for {} quarters{acts}", number(length)));
    }
    for &(r, begins) in &facts.rules {
        let rule = &m.rules[r];
        let what = if begins { "takes effect" } else { "ends" };
        all.push(format!("rule {what}: {}", named(&rule.title, &rule.id)));
    }
    let launches: Vec<&str> =
        (facts.launches.iter()).filter(|c| focus.chips[c.index()]).map(|c| m.chips[*c].id.as_str()).collect();
    if !launches.is_empty() {
        all.push(format!("launched: {}", launches.join(", ")));
    }
    let opened: Vec<&str> = (facts.openings.iter())
        .filter(|f| focus.facilities[f.index()])
        .map(|f| m.facilities[f.index()].id.as_str())
        .collect();
    if !opened.is_empty() {
        all.push(format!("opens: {}", opened.join(", ")));
    }
    all.extend(outages(m, facts, focus));
    for &(d, b, [asked, got]) in facts.owed.iter().filter(|o| focus.buyers[o.1.index()]) {
        let (designer, buyer) = (&m.designers[d.index()].id, &m.buyers[b.index()].id);
        all.push(format!(
            "commitment: {buyer} is owed {} chips by {designer} and gets {}",
            number(asked),
            number(got)
        ));
    }
    for &(b, spent) in facts.front_running.iter().filter(|r| focus.buyers[r.0.index()] && r.1 >= RUSH) {
        let name = &m.buyers[b].id;
        all.push(format!(
            "rush: {name} buys ahead of a rule that will cut it off, for {} USD",
            number(spent)
        ));
    }
    all.extend(facts.stocks.iter().filter(|s| focus.stockpiles[s.stockpile.index()]).map(|s| stock(m, s)));
    for s in facts.smuggling.iter().filter(|s| focus.countries[s.country.index()]) {
        let caught =
            if s.attempted > 0.0 { format!(" ({})", percent(s.seized / s.attempted)) } else { String::new() };
        all.push(format!(
            "smuggling to {}: resellers buy {} chips, {} are seized{caught}, {} arrive, at {} times list price",
            m.countries[s.country].id,
            number(s.attempted),
            number(s.seized),
            number(s.delivered),
            number(s.premium),
        ));
    }
    for &(n, waits) in facts.idle.iter().filter(|d| focus.countries[d.0.index()]) {
        all.push(format!(
            "power: {} of the chips in {} stand idle for want of it",
            percent(waits),
            m.countries[n.index()].id
        ));
    }
    all.extend(short(m, facts, focus));
    all
}

/// A sign that came on or went off, and why.
fn sign(m: &Model, turned: &SignTurned) -> String {
    let sign = &m.answers.signs[turned.sign];
    let quarter = Quarter(m.run.horizon.first.0 + turned.of as i32);
    let observed = if sign.error > 0.0 {
        format!(" and was observed as {}", number(turned.observed))
    } else {
        String::new()
    };
    let level = if turned.on { sign.level } else { sign.off.unwrap_or(sign.level) };
    let side = match (sign.above, turned.on) {
        (true, true) => "above",
        (false, true) => "below",
        (true, false) => "no more above",
        (false, false) => "no more below",
    };
    let rules = m.answers.rules.iter().filter(|w| w.sign == turned.sign);
    let moved: Vec<String> = rules
        .map(|w| {
            let what = if w.lifted == turned.on { "ends" } else { "begins" };
            format!("; rule {} {what}", named(&m.rules[w.rule].title, &m.rules[w.rule].id))
        })
        .chain((m.answers.edited[turned.sign].is_some()).then(|| {
            let numbers =
                m.answers.numbers.iter().filter(|w| w.edited.iter().any(|e| e.0 == turned.sign)).count();
            let word = if numbers == 1 { "number" } else { "numbers" };
            format!("; {numbers} {word} {}", if turned.on { "changed" } else { "put back" })
        }))
        .collect();
    format!(
        "sign {}: {} was {}{observed} in {quarter}, {side} {}{}",
        if turned.on { "comes on" } else { "goes off" },
        sign.address(),
        number(turned.truth),
        number(level),
        moved.concat()
    )
}

fn named(title: &str, id: &str) -> String {
    if title.is_empty() { id.to_owned() } else { format!("{title} ({id})") }
}

/// What a shock acts on.
fn acts(shock: &Shock) -> String {
    let moved = Lever::ALL.into_iter().filter(|&lever| !shock.effects(lever).is_empty());
    let mut on: Vec<&str> = moved.map(|lever| lever.row().word).collect();
    if !shock.enforces.is_empty() || !shock.lifts.is_empty() {
        on.push("rules");
    }
    if shock.leak.is_some() {
        on.push("a private stock");
    }
    if on.is_empty() { String::new() } else { format!("; it acts on {}", on.join(", ")) }
}

/// Facilities that shocks keep from working in full.
fn outages(m: &Model, facts: &Facts, focus: &Focus) -> Option<String> {
    let down: Vec<String> = (facts.outages.iter())
        .filter(|(f, share)| focus.facilities[f.index()] && *share < 0.995)
        .map(|&(f, share)| format!("{} at {}", m.facilities[f].id, percent(share)))
        .collect();
    (!down.is_empty()).then(|| format!("out of order: {}", down.join(", ")))
}

fn stock(m: &Model, s: &Stocked) -> String {
    let row = &m.stockpiles[s.stockpile];
    let unit = if row.dies_of.is_some() { "dies" } else { &m.goods[row.good].unit };
    let pace = s.front_running.filter(|b| *b > 1.005);
    let pace = pace.map_or(String::new(), |b| format!(" at {} times the usual pace", number(b)));
    let parts: Vec<String> = [
        (s.bought, "buys", pace.as_str()),
        (s.smuggled, "smuggles in", ""),
        (s.leaked, "gains by a leak", ""),
        (s.used, "uses", ""),
    ]
    .iter()
    .filter(|(amount, ..)| *amount >= 0.5)
    .map(|(amount, what, how)| format!("{what} {}{how}", number(*amount)))
    .collect();
    let designer = &m.designers[row.designer].id;
    format!("stockpile {} of {designer}: {}; holds {} {unit}", row.id, parts.join(", "), number(s.held))
}

fn short(m: &Model, facts: &Facts, focus: &Focus) -> Option<String> {
    let named = |c: u8| {
        if c == cause::RAMP { "its ramp".to_owned() } else { m.goods[usize::from(c)].id.clone() }
    };
    let list: Vec<String> = (facts.short.iter())
        .filter(|(c, _)| focus.chips[c.index()])
        .map(|&(c, why)| format!("{} by {}", m.chips[c].id, named(why)))
        .collect();
    (!list.is_empty()).then(|| format!("production held back: {}", list.join(", ")))
}
