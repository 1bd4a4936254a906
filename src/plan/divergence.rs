//! The first quarter in which a policy can diverge: until then its plan runs as the reference case does, to the bit.
//!
//! Only what is understood is waited for: rules from their announcement, shocks from their first possible strike, dated
//! paths from the first quarter that reads a value of another course. Anything else diverges in the first quarter.

use super::Plan;
use crate::model::{
    Commitment, Facility, Model, Named, Point, Quantity, QuantityId, Rule, RuleId, Same, Shape, Shock,
};
use std::collections::BTreeMap;

/// First quarter in which `policy` can differ from `base`; `usize::MAX` if it never does.
pub fn first_divergence(base: &Plan, policy: &Plan) -> usize {
    if base.quarters != policy.quarters || base.lead != policy.lead || !same_frame(&base.model, &policy.model)
    {
        return 0;
    }
    let rules = changed((base, policy), (&base.model.rules, &policy.model.rules), from_announcement);
    let shocks = changed((base, policy), (&base.model.shocks, &policy.model.shocks), from_strike);
    let rows = (&base.model.commitments[..], &policy.model.commitments[..]);
    let commitments = changed((base, policy), rows, from_first_units);
    let answers =
        [base, policy].into_iter().filter_map(|plan| plan.answers.first).min().unwrap_or(usize::MAX);
    let parts =
        [rules, shocks, commitments, openings(base, policy), clocks(base, policy), numbers(base, policy)];
    parts.into_iter().fold(answers, usize::min)
}

/// The earliest strike by chance of a shock whose clock runs by other uniforms.
fn clocks(base: &Plan, policy: &Plan) -> usize {
    let other = policy.model.shocks.iter_enumerated().filter(|(id, shock)| {
        let twin = base.model.shocks.named(&shock.id);
        twin.is_some_and(|twin| !policy.layout.same_clock(*id, &base.layout, twin))
    });
    other.map(|(_, shock)| from_strike(policy, shock)).min().unwrap_or(usize::MAX)
}

/// Facilities as they would be without openings.
fn always_open(m: &Model) -> Vec<Facility> {
    m.facilities.iter().map(|f| Facility { opens: None, ..f.clone() }).collect()
}

/// The quarter before the first in which one of the facilities that open otherwise does: what is installed is found the quarter before.
fn openings(base: &Plan, policy: &Plan) -> usize {
    let pairs = base.model.facilities.iter().zip(&policy.model.facilities);
    let moved = pairs.filter(|(a, b)| a.opens != b.opens);
    moved.map(|(a, b)| from_opening(base, a).min(from_opening(policy, b))).min().unwrap_or(usize::MAX)
}

/// The quarter before a facility opens; the first for one that always was.
fn from_opening(plan: &Plan, facility: &Facility) -> usize {
    facility.opens.map_or(0, |d| quarter_of(plan.since_start(d)).saturating_sub(1))
}

/// First quarter in which designers plan for a commitment.
fn from_first_units(plan: &Plan, row: &Commitment) -> usize {
    from_first(plan, row.units).saturating_sub(plan.lead.max(1))
}

/// First quarter in which some lab may do a part of its runs in 8 bits: before, nothing reads how fast those are.
fn from_low_precision(plan: &Plan) -> usize {
    let shares =
        plan.model.labs.iter().map(|lab| lab.low_precision.unwrap_or(plan.model.training.low_precision));
    shares.map(|q| from_first(plan, q)).min().unwrap_or(usize::MAX)
}

/// First quarter in which a number can be anything but 0: it is 0 up to the last of its leading points that are 0 in every draw.
fn from_first(plan: &Plan, id: QuantityId) -> usize {
    let nothing = |point: &Point| match point {
        Point::Shared(d) => d.is_fixed() && d.quantile(0.5) == 0.0,
        Point::Own(_) => false,
    };
    match &plan.model.quantities[id.0 as usize].shape {
        Shape::Fixed(0.0) => usize::MAX,
        Shape::Dated(dated) => {
            let last = dated.points.iter().take_while(|(_, p)| nothing(p)).last();
            last.map_or(0, |(x, _)| quarter_of(*x + 1.0))
        }
        _ => 0,
    }
}

/// Whether two models say the same of everything but rules, shocks, commitments and openings, apart from numbers: then their plans have equal lists.
///
/// Observations and ratios are results, not causes; correlations and factors are compared with the uniforms that they tie.
fn same_frame(a: &Model, b: &Model) -> bool {
    macro_rules! all_same {
        ($($part:ident),* $(,)?) => {{
            // Every field has its place here: one that is added to the model does not compile until it has.
            let Model {
                title: _,
                quantities: _,
                rules: _,
                shocks: _,
                ratios: _,
                correlations: _,
                factors: _,
                observations: _,
                vintages: _,
                simple_rule: _,
                calibration: _,
                accepted: _,
                levers: _,
                commitments: _,
                facilities: _,
                answers: _,
                run,
                $($part,)*
            } = a;
            run.horizon.same(&b.run.horizon, (a, b))
                && run.known_until.same(&b.run.known_until, (a, b))
                && always_open(a).same(&always_open(b), (a, b))
                $( && $part.same(&b.$part, (a, b)) )*
        }};
    }
    all_same!(
        countries, groups, tools, goods, designers, chips, stockpiles, buyers, labs, routes, trade,
        production, licensing, diversion, fleet, rental, training, science,
    )
}

/// The earliest divergence by rows that one model has and the other has not, or has otherwise.
fn changed<T: Same + Named>(
    (base, policy): (&Plan, &Plan),
    (old, new): (&[T], &[T]),
    from: impl Fn(&Plan, &T) -> usize,
) -> usize {
    let kept = |rows: &[T], others: &[T]| -> Vec<String> {
        let known = |name: &&str| others.iter().any(|o| o.name() == *name);
        rows.iter().map(Named::name).filter(known).map(str::to_owned).collect()
    };
    // Of two rows that tie the later one rules, so their order must stay.
    if kept(old, new) != kept(new, old) {
        return 0;
    }
    let models = (&*base.model, &*policy.model);
    let same = |a: &T, b: &T| a.name() == b.name() && a.same(b, models);
    let gone = old.iter().filter(|a| !new.iter().any(|b| same(a, b))).map(|row| from(base, row));
    let come = new.iter().filter(|b| !old.iter().any(|a| same(a, b))).map(|row| from(policy, row));
    gone.chain(come).min().unwrap_or(usize::MAX)
}

/// Quarter from which a rule acts: it is announced, in force, or a shock that enforces or lifts it can strike.
fn from_announcement(plan: &Plan, rule: &Rule) -> usize {
    let dates = [rule.announced, rule.effective].into_iter().flatten();
    let own = dates.map(|d| quarter_of(plan.since_start(d))).min().unwrap_or(usize::MAX);
    let is_it = |r: &RuleId| plan.model.rules[*r].id == rule.id;
    // A rule that waits for a sign is nothing before one can come on.
    let waits = plan.model.rules.named(&rule.id).and_then(|r| {
        let signs = plan.model.answers.of_rule(r, false);
        signs.map(|sign| plan.model.answers.signs[sign].first()).min()
    });
    let own = waits.map_or(own, |sign| own.max(sign));
    let acting = plan.model.shocks.iter().filter(|s| s.enforces.iter().chain(&s.lifts).any(is_it));
    acting.map(|s| from_strike(plan, s)).fold(own, usize::min)
}

/// First quarter in which a shock can strike.
pub fn from_strike(plan: &Plan, shock: &Shock) -> usize {
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

/// Quarter before which nothing reads the numbers of the rule, shock, opening, answer, rent or rate in 8 bits that a path belongs to; 0 for others.
///
/// An answer looks back at what was unmet over a year, which is noted only of facilities that answer.
fn owner(base: &Plan, policy: &Plan, path: &str) -> usize {
    let mut parts = path.split('.');
    let (Some(table), Some(id)) = (parts.next(), parts.next()) else { return 0 };
    let key = parts.next().unwrap_or_default();
    // Of a factor only what loads on it is read.
    if table == "factor" {
        return usize::MAX;
    }
    // Of plans for power, what is known comes as announced; buyers look a quarter ahead.
    let share = ["halls", "grid", "on_site"]
        .iter()
        .any(|k| path.ends_with(&format!(".{k}_delay")) || path.ends_with(&format!(".{k}_share")));
    if table == "country" && share {
        return base.known.min(policy.known);
    }
    let of = |plan: &Plan| match table {
        // The first quarter has no last one, in which more could have been asked than was offered.
        "rental" if id.starts_with("scarcity") => Some(1),
        "training" if id == "low_precision_mfu" => Some(from_low_precision(plan)),
        "chip" if key == "fp8_tflops" => Some(from_low_precision(plan)),
        "rule" => plan.model.rules.iter().find(|r| r.id == id).map(|r| from_announcement(plan, r)),
        "facility" if key == "delay" => {
            plan.model.facilities.iter().find(|f| f.id == id).map(|f| from_opening(plan, f))
        }
        "facility" if key.starts_with("answer") => Some(plan.shocks_from.saturating_sub(3)),
        "commitment" => plan.model.commitments.iter().find(|r| r.id == id).map(|r| from_first_units(plan, r)),
        "shock" => plan.model.shocks.iter().find(|s| s.id == id).map(|s| from_strike(plan, s)),
        _ => None,
    };
    match (of(base), of(policy)) {
        (Some(a), Some(b)) => a.min(b),
        _ => 0,
    }
}
