//! The first quarter in which a policy can diverge: until then its plan runs as the reference case does, to the bit.
//!
//! Only what is understood is waited for: rules from their announcement, shocks from their first possible strike, dated
//! paths from the first quarter that reads a value of another course. Anything else diverges in the first quarter.

use super::Plan;
use crate::model::{Model, Quantity, QuantityId, Rule, Shape, Shock};
use std::collections::BTreeMap;
use std::fmt::{Debug, Write};

/// First quarter in which `policy` can differ from `base`; `usize::MAX` if it never does.
pub fn first_divergence(base: &Plan, policy: &Plan) -> usize {
    if base.quarters != policy.quarters
        || base.lead != policy.lead
        || frame(&base.model) != frame(&policy.model)
    {
        return 0;
    }
    let rules = changed(base, policy, &base.model.rules, &policy.model.rules, |plan, rule| {
        (rule.id.clone(), from_announcement(plan, rule))
    });
    let shocks = changed(base, policy, &base.model.shocks, &policy.model.shocks, |plan, shock| {
        (shock.id.clone(), from_strike(plan, shock))
    });
    rules.min(shocks).min(numbers(base, policy))
}

/// Everything but rules and shocks, apart from numbers, as text: equal texts have equal lists in the plan.
///
/// Observations and ratios are results, not causes; correlations are compared with the uniforms that they tie.
fn frame(m: &Model) -> String {
    // Every field has its place here: one that is added to the model does not compile until it has.
    let Model {
        title: _,
        quantities: _,
        rules: _,
        shocks: _,
        ratios: _,
        correlations: _,
        observations: _,
        countries,
        groups,
        tools,
        goods,
        facilities,
        designers,
        chips,
        stockpiles,
        buyers,
        labs,
        routes,
        run,
        trade,
        production,
        licensing,
        diversion,
        fleet,
        rental,
        training,
        science,
    } = m;
    let parts: [&dyn Debug; 21] = [
        countries,
        groups,
        tools,
        goods,
        facilities,
        designers,
        chips,
        stockpiles,
        buyers,
        labs,
        routes,
        trade,
        production,
        licensing,
        diversion,
        fleet,
        rental,
        training,
        science,
        &run.horizon,
        &run.known_until,
    ];
    parts.into_iter().map(|part| named(m, part)).collect()
}

/// A part of the model as text, with names for the ids that other rules and shocks can shift.
///
/// The derived text holds every field, so that a new field is compared from its first day.
fn named(m: &Model, part: &dyn Debug) -> String {
    let mut raw = String::new();
    let _ = write!(raw, "{part:?}");
    let kinds: [(&str, &dyn Fn(usize) -> String); 3] = [
        ("QuantityId(", &|i| m.quantities[i].path.clone()),
        ("RuleId(", &|i| m.rules[i].id.clone()),
        ("ShockId(", &|i| m.shocks[i].id.clone()),
    ];
    for (head, name) in kinds {
        let mut text = String::with_capacity(raw.len());
        let mut parts = raw.split(head);
        text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let (number, rest) = part.split_once(')').unwrap_or((part, ""));
            text.push_str(&number.parse().map_or_else(|_| number.to_owned(), name));
            text.push(';');
            text.push_str(rest);
        }
        raw = text;
    }
    raw
}

/// The earliest divergence by rows that one model has and the other has not, or has otherwise.
fn changed<T: Debug>(
    base: &Plan,
    policy: &Plan,
    before: &[T],
    after: &[T],
    about: impl Fn(&Plan, &T) -> (String, usize),
) -> usize {
    let index = |plan: &Plan, rows: &[T]| -> Vec<(String, String, usize)> {
        let row = |r: &T| {
            let (id, from) = about(plan, r);
            (id, named(&plan.model, r), from)
        };
        rows.iter().map(row).collect()
    };
    let (old, new) = (index(base, before), index(policy, after));
    let kept = |rows: &[(String, String, usize)], others: &[(String, String, usize)]| -> Vec<String> {
        rows.iter().map(|r| r.0.clone()).filter(|id| others.iter().any(|o| o.0 == *id)).collect()
    };
    // Of two rows that tie the later one rules, so their order must stay.
    if kept(&old, &new) != kept(&new, &old) {
        return 0;
    }
    let without = |rows: &[(String, String, usize)], others: &[(String, String, usize)]| {
        let alone = rows.iter().filter(|r| !others.iter().any(|o| o.0 == r.0 && o.1 == r.1));
        alone.map(|r| r.2).min().unwrap_or(usize::MAX)
    };
    without(&old, &new).min(without(&new, &old))
}

/// Quarter from which a rule acts: it is announced, in force, or a shock that enforces or lifts it can strike.
fn from_announcement(plan: &Plan, rule: &Rule) -> usize {
    let dates = [rule.announced, rule.effective].into_iter().flatten();
    let own = dates.map(|d| quarter_of(plan.since_start(d))).min().unwrap_or(usize::MAX);
    let is_it = |r: &crate::model::RuleId| plan.model.rules[r].id == rule.id;
    let acting = plan.model.shocks.iter().filter(|s| s.enforces.iter().chain(&s.lifts).any(is_it));
    acting.map(|s| from_strike(plan, s)).fold(own, usize::min)
}

/// First quarter in which a shock can strike.
fn from_strike(plan: &Plan, shock: &Shock) -> usize {
    let dated = shock.date.map_or(usize::MAX, |d| quarter_of(plan.since_start(d)));
    let by_chance = shock.hazard.is_some() || shock.when.is_some();
    if by_chance { dated.min(plan.shocks_from) } else { dated }
}

fn quarter_of(since_start: f64) -> usize {
    since_start.floor().max(0.0) as usize
}

/// The earliest divergence by numbers that differ.
fn numbers(base: &Plan, policy: &Plan) -> usize {
    let ahead = policy.lead.max(1);
    let paths: BTreeMap<&str, QuantityId> =
        base.model.quantities.iter_enumerated().map(|(id, q)| (q.path.as_str(), id)).collect();
    let parts = policy.layout.parts();
    let mut first = usize::MAX;
    for (id, q) in policy.model.quantities.iter_enumerated() {
        // A number that only one side has belongs to a row that only that side has.
        let (false, Some(&twin)) = (parts.contains(&id), paths.get(q.path.as_str())) else { continue };
        if let Some(slot) = policy.layout.first_difference(id, &base.layout, twin) {
            let dated = |q: &Quantity| matches!(q.shape, Shape::Dated(_));
            let either = dated(q) || dated(&base.model.quantities[twin]);
            let from = if either { slot.saturating_sub(ahead) } else { 0 };
            first = first.min(from.max(owner(base, policy, &q.path)));
        }
    }
    first
}

/// Quarter before which nothing reads the numbers of the rule or shock that a path belongs to; 0 for others.
fn owner(base: &Plan, policy: &Plan, path: &str) -> usize {
    let mut parts = path.split('.');
    let (Some(table), Some(id)) = (parts.next(), parts.next()) else { return 0 };
    let of = |plan: &Plan| match table {
        "rule" => plan.model.rules.iter().find(|r| r.id == id).map(|r| from_announcement(plan, r)),
        "shock" => plan.model.shocks.iter().find(|s| s.id == id).map(|s| from_strike(plan, s)),
        _ => None,
    };
    match (of(base), of(policy)) {
        (Some(a), Some(b)) => a.min(b),
        _ => 0,
    }
}
