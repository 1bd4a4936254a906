//! The headline: whom summaries show, of what, and when, unless told otherwise. Every verb asks here.

use super::catalogue::{ActorKind, Metric};
use super::select::Cells;
use crate::model::Model;
use crate::model::time::{Horizon, Quarter};

/// What of an actor the headline is about: what it could train, what it has trained, and on how many chips.
pub const METRICS: [Metric; 3] = [Metric::ReachableFlop, Metric::RunFlop, Metric::AccessibleH100e];

/// Metrics of which thresholds are counted.
pub const COUNTED: [Metric; 2] = [Metric::ReachableFlop, Metric::RunFlop];

/// Metrics of which every quarter is summarised; of others, year ends are.
pub const QUARTERLY: [Metric; 5] =
    [Metric::ReachableFlop, Metric::RunFlop, Metric::AccessibleH100e, Metric::Premium, Metric::Ratio];

/// Metrics of which differences are told first, in order.
pub const FIRST: [Metric; 5] =
    [Metric::ReachableFlop, Metric::RunFlop, Metric::Ratio, Metric::AccessibleH100e, Metric::FleetH100e];

/// Kinds of actor of which a scenario without `[run] headline` shows all.
const SHOWN: [ActorKind; 3] = [ActorKind::Lab, ActorKind::Country, ActorKind::World];

/// Actors of the headline, in order: those that the scenario names, or every lab, every country and the world.
pub fn actors(model: &Model) -> Vec<String> {
    if model.run.headline.is_empty() {
        return SHOWN.into_iter().flat_map(|kind| all(model, kind)).collect();
    }
    model.run.headline.clone()
}

/// Actors of the headline among those that have a metric, in order; by the same rule.
pub fn among(named: &[String], known: &[String]) -> Vec<String> {
    let kept: Vec<String> = named.iter().filter(|n| known.contains(n)).cloned().collect();
    if !kept.is_empty() {
        return kept;
    }
    let shown = |a: &&String| ActorKind::of(a).is_some_and(|kind| SHOWN.contains(&kind));
    known.iter().filter(shown).cloned().collect()
}

/// Actors of one kind that the headline names, or all of that kind if it names none.
pub fn of_kind(model: &Model, kind: ActorKind) -> Vec<String> {
    let is = |a: &&String| ActorKind::of(a) == Some(kind);
    let named: Vec<String> = model.run.headline.iter().filter(is).cloned().collect();
    if named.is_empty() { all(model, kind) } else { named }
}

fn all(model: &Model, kind: ActorKind) -> Vec<String> {
    match kind {
        ActorKind::Lab => model.labs.iter().map(|l| kind.actor(&l.id)).collect(),
        ActorKind::Country => model.countries.iter().map(|c| kind.actor(&c.id)).collect(),
        ActorKind::Ratio => model.ratios.iter().map(|r| kind.actor(&r.id)).collect(),
        ActorKind::World => vec![kind.actor("")],
        ActorKind::Group
        | ActorKind::Buyer
        | ActorKind::Chip
        | ActorKind::Designer
        | ActorKind::Family
        | ActorKind::Facility
        | ActorKind::Good
        | ActorKind::Route
        | ActorKind::Rule => Vec::new(),
    }
}

/// Year ends of a horizon and its last quarter, as steps from its start.
pub fn year_ends(horizon: Horizon) -> Vec<usize> {
    let last = horizon.len() - 1;
    (0..=last).filter(|&t| t == last || Quarter(horizon.first.0 + t as i32).number() == 4).collect()
}

/// Quarters that summaries show: the horizon's end and two earlier year ends, as steps from its start.
pub fn quarters(horizon: Horizon) -> Vec<usize> {
    let ends = year_ends(horizon);
    let step = ends.len().div_ceil(3).max(1);
    let mut shown: Vec<usize> = ends.iter().rev().step_by(step).copied().take(3).collect();
    shown.reverse();
    shown
}

/// The one cell of those who ask for one: the reachable run, at the end, of the actor that the headline names first, or the world.
pub fn cell(model: &Model) -> String {
    let actor = model.run.headline.first().map_or(ActorKind::World.name(), String::as_str);
    end(model, actor)
}

/// An actor's reachable run at the end, as a cell.
pub fn end(model: &Model, actor: &str) -> String {
    format!("{actor}/{}@{}", Metric::ReachableFlop.name(), model.run.horizon.last)
}

/// A pattern of the headline's metrics of some actors.
pub fn trained(actors: &str) -> String {
    format!("{actors}/{{{}}}", METRICS.map(Metric::name).join(","))
}

/// Patterns of the cells that comparisons look at, at year ends: the headline's metrics of its labs, and of all countries and
/// groups; designers' revenue; ratios. Patterns that match nothing are left out.
pub fn cells(among: &Cells<'_>) -> Vec<String> {
    let plan = among.plan;
    let horizon = plan.model.run.horizon;
    let mut ends = vec!["*Q4".to_owned()];
    if horizon.last.number() != 4 {
        ends.push(horizon.last.to_string());
    }
    let labs = if plan.model.run.headline.iter().any(|a| ActorKind::of(a) == Some(ActorKind::Lab)) {
        of_kind(&plan.model, ActorKind::Lab)
    } else {
        vec![ActorKind::Lab.actor("*")]
    };
    let any = |kind: ActorKind| kind.actor("*");
    let revenue = Metric::RevenueUsd;
    let heads = labs.iter().map(|lab| trained(lab)).chain([
        trained(&any(ActorKind::Country)),
        trained(&any(ActorKind::Group)),
        format!("{}/{{{},{}}}", any(ActorKind::Designer), revenue.name(), revenue.sum()),
        format!("{}/{}", any(ActorKind::Ratio), Metric::Ratio.name()),
    ]);
    let all: Vec<String> =
        heads.flat_map(|head| ends.iter().map(move |end| format!("{head}@{end}"))).collect();
    among.matching(&all)
}
