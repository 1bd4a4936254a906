//! Every quantity in words: what it can be, who says so, where it stands.

use super::Model;
use super::ids::QuantityId;
use super::quantity::{Dated, Point, Quantity, Shape};
use crate::random::Distribution;
use crate::scenario::Glob;
use std::collections::BTreeSet;

/// A quantity as `show` prints it.
#[derive(Clone, Debug)]
pub struct Shown<'a> {
    /// The quantity.
    pub quantity: &'a Quantity,
    /// Value as an edit would write it.
    pub value: String,
    /// Unit in which `value` is written.
    pub unit: String,
    /// Quantiles 5%, 50%, 95% in the canonical unit: of a dated series at its last point.
    pub quantiles: [f64; 3],
    /// Signs that it waits for, in words: what it is once one is on, or that its rule is in force only then.
    pub waits: Vec<String>,
}

/// Quantities whose paths match a pattern, in order of reading.
pub fn show<'a>(model: &'a Model, pattern: &str) -> Vec<Shown<'a>> {
    let hidden = parts(model);
    let glob = Glob::new(pattern);
    (model.quantities.iter().enumerate())
        .filter(|(i, q)| !hidden.contains(&QuantityId(*i as u32)) && glob.matches(&q.path))
        .map(|(i, quantity)| Shown {
            quantity,
            value: quantity.provenance.written.clone(),
            unit: quantity.provenance.unit.clone(),
            quantiles: quantiles(model, quantity),
            waits: waits(model, QuantityId(i as u32)),
        })
        .collect()
}

/// What signs make of a quantity.
fn waits(model: &Model, id: QuantityId) -> Vec<String> {
    let answers = &model.answers;
    let own = answers.numbers.iter().filter(|w| w.number == id).flat_map(|w| &w.edited);
    let own = own.filter_map(|(sign, edited)| {
        let under = answers.edited[*sign].as_ref()?;
        let quantity = &under.quantities[*edited];
        let written = &quantity.provenance.written;
        Some(format!("{written} once {}", answers.signs[*sign].words()))
    });
    let path = &model.quantities[id].path;
    let of_rule = |w: &&super::answer::RuleWaits| {
        path.strip_prefix("rule.")
            .and_then(|rest| rest.strip_prefix(model.rules[w.rule].id.as_str()))
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let rules = answers.rules.iter().filter(of_rule).map(|w| {
        let only = if w.lifted { "not in force" } else { "in force only" };
        format!("the rule is {only} once {}", answers.signs[w.sign].words())
    });
    own.chain(rules).collect()
}

/// Quantities that are parts of a dated series: it shows them.
fn parts(model: &Model) -> BTreeSet<QuantityId> {
    let dated =
        model.quantities.iter().filter_map(|q| if let Shape::Dated(d) = &q.shape { Some(d) } else { None });
    dated
        .flat_map(|d: &Dated| {
            let own =
                d.points.iter().filter_map(|(_, p)| if let Point::Own(q) = p { Some(*q) } else { None });
            [d.before, d.after, d.level].into_iter().flatten().chain(own).collect::<Vec<_>>()
        })
        .collect()
}

fn quantiles(model: &Model, quantity: &Quantity) -> [f64; 3] {
    let of = |d: &Distribution| [0.05, 0.5, 0.95].map(|p| d.quantile(p));
    match &quantity.shape {
        Shape::Fixed(x) => [*x; 3],
        Shape::Uncertain(d) => of(d),
        Shape::Dated(dated) => match dated.points.last().map(|p| &p.1) {
            Some(Point::Shared(d)) => of(d),
            Some(Point::Own(q)) => quantiles(model, &model.quantities[*q]),
            None => [f64::NAN; 3],
        },
    }
}
