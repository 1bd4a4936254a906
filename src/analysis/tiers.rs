//! Tiers: plans that cannot be told apart at this number of draws share one.

use super::{Paired, Sense};
use crate::results::Interval;

/// Ranks plans by mean, best first, and gives each its tier from 1.
///
/// A plan opens a new tier if the 95% interval of its difference from the tier's first plan leaves zero out; the
/// difference is paired, replicate by replicate.
pub fn tiers(plans: &[Paired], sense: Sense) -> Vec<usize> {
    let mut order: Vec<usize> = (0..plans.len()).collect();
    order.sort_by(|&a, &b| {
        let (x, y) = (sense.sign() * plans[a].mean.value, sense.sign() * plans[b].mean.value);
        x.total_cmp(&y).then(a.cmp(&b))
    });
    let mut tiers = vec![0; plans.len()];
    let (mut tier, mut first) = (0, None);
    for p in order {
        let apart = first.is_none_or(|f: usize| difference(&plans[p], &plans[f]).is_sure());
        if apart {
            tier += 1;
            first = Some(p);
        }
        tiers[p] = tier;
    }
    tiers
}

/// The mean difference of two plans.
pub(super) fn difference(a: &Paired, b: &Paired) -> Interval {
    let each: Vec<f64> = a.by_replicate.iter().zip(&b.by_replicate).map(|(x, y)| x - y).collect();
    Interval::of_replicates(a.mean.value - b.mean.value, &each)
}
