//! The first quarter in which a policy can diverge: until then its plan runs as the reference case does, to the bit.
//!
//! Only what is understood is waited for: rules from their announcement, shocks from their first possible strike, dated
//! paths from the first quarter that reads a value of another course. Anything else diverges in the first quarter.

use super::Plan;
use crate::model::{Alike, Model, Named, Names, Quantity, QuantityId, Rule, RuleId, Shape, Shock};
use std::collections::BTreeMap;

/// First quarter in which `policy` can differ from `base`; `usize::MAX` if it never does.
pub fn first_divergence(base: &Plan, policy: &Plan) -> usize {
    let (before, after) = (&*base.model, &*policy.model);
    let names = [&before.names(), &after.names()];
    if base.quarters != policy.quarters || base.lead != policy.lead || !same_frame(before, after, names) {
        return 0;
    }
    let plans = [base, policy];
    let rules = by_rows([&before.rules, &after.rules], plans, names, from_announcement);
    let shocks = by_rows([&before.shocks, &after.shocks], plans, names, from_strike);
    rules.min(shocks).min(numbers(base, policy))
}

/// Whether everything but rules and shocks is alike, apart from numbers: then the plan has equal lists.
///
/// Observations and ratios are results, not causes; correlations are compared with the uniforms that they tie.
fn same_frame(base: &Model, policy: &Model, names: [&Names<'_>; 2]) -> bool {
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
    } = base;
    countries.is_like(&policy.countries, names)
        && groups.is_like(&policy.groups, names)
        && tools.is_like(&policy.tools, names)
        && goods.is_like(&policy.goods, names)
        && facilities.is_like(&policy.facilities, names)
        && designers.is_like(&policy.designers, names)
        && chips.is_like(&policy.chips, names)
        && stockpiles.is_like(&policy.stockpiles, names)
        && buyers.is_like(&policy.buyers, names)
        && labs.is_like(&policy.labs, names)
        && routes.is_like(&policy.routes, names)
        && trade.is_like(&policy.trade, names)
        && production.is_like(&policy.production, names)
        && licensing.is_like(&policy.licensing, names)
        && diversion.is_like(&policy.diversion, names)
        && fleet.is_like(&policy.fleet, names)
        && rental.is_like(&policy.rental, names)
        && training.is_like(&policy.training, names)
        && science.is_like(&policy.science, names)
        && run.horizon.is_like(&policy.run.horizon, names)
        && run.known_until.is_like(&policy.run.known_until, names)
}

/// The earliest divergence by rows that one model has and the other has not, or has otherwise; `from` is when a row acts.
fn by_rows<T: Alike + Named>(
    [before, after]: [&[T]; 2],
    [base, policy]: [&Plan; 2],
    names: [&Names<'_>; 2],
    from: impl Fn(&Plan, &T) -> usize,
) -> usize {
    fn has<T: Named>(rows: &[T], name: &str) -> bool {
        rows.iter().any(|row| row.name() == name)
    }
    // Of two rows that tie the later one rules, so their order must stay.
    let kept = before.iter().map(Named::name).filter(|name| has(after, name));
    if !kept.eq(after.iter().map(Named::name).filter(|name| has(before, name))) {
        return 0;
    }
    let gone = before.iter().filter(|one| !after.iter().any(|other| one.is_like(other, names)));
    let new = after.iter().filter(|other| !before.iter().any(|one| one.is_like(other, names)));
    let first = gone.map(|row| from(base, row)).chain(new.map(|row| from(policy, row))).min();
    first.unwrap_or(usize::MAX)
}

/// Quarter from which a rule acts: it is announced, in force, or a shock that enforces or lifts it can strike.
fn from_announcement(plan: &Plan, rule: &Rule) -> usize {
    let dates = [rule.announced, rule.effective].into_iter().flatten();
    let own = dates.map(|d| quarter_of(plan.since_start(d))).min().unwrap_or(usize::MAX);
    let is_it = |r: &RuleId| plan.model.rules[*r].id == rule.id;
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
