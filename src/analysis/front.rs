//! The Pareto front of plans under several objectives, and how surely a plan is dominated.

use super::tiers::difference;
use super::{Objective, Paired, PairedRuns};
use crate::math::{Lanes, Mask};
use crate::results::Interval;

/// Counts of draws in which one plan is at least as good as another in every objective, and better in one.
#[derive(Clone, Debug)]
pub struct Front {
    objectives: Vec<Objective>,
    /// Cell of each objective.
    cells: Vec<usize>,
    plans: usize,
    /// By plan, then alternative.
    beaten: Vec<u64>,
    draws: u64,
}

/// Where a plan stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The plan that dominates it by means, if one does: the one that does so in most draws.
    pub dominated_by: Option<usize>,
    /// Share of draws in which that plan is at least as good in all objectives and better in one.
    pub in_draws: f64,
    /// Whether every objective in which that plan is better is better beyond its 95% interval.
    pub sure: bool,
}

impl Front {
    /// A front of `plans` plans, with no draw yet: objectives with their cells.
    pub fn new(plans: usize, objectives: Vec<(Objective, usize)>) -> Self {
        let (objectives, cells) = objectives.into_iter().unzip();
        Self { objectives, cells, plans, beaten: vec![0; plans * plans], draws: 0 }
    }

    /// Adds consecutive batches; `value` gives what a plan has in a batch in a cell: (plan, batch, cell).
    pub fn absorb(&mut self, masks: &[Mask], value: impl Fn(usize, usize, usize) -> Lanes) {
        for (b, &mask) in masks.iter().enumerate() {
            self.draws += u64::from(mask.count());
            for p in 0..self.plans {
                for q in (0..self.plans).filter(|&q| q != p) {
                    let (mut as_good, mut better) = (mask, Mask::splat(false));
                    for (objective, &c) in self.objectives.iter().zip(&self.cells) {
                        let sign = objective.sense.sign();
                        let (x, y) = (value(p, b, c) * sign, value(q, b, c) * sign);
                        as_good = as_good & y.le(x);
                        better = better | y.lt(x);
                    }
                    self.beaten[p * self.plans + q] += u64::from((as_good & better).count());
                }
            }
        }
    }

    /// What was counted.
    pub fn counts(&self) -> (&[u64], u64) {
        (&self.beaten, self.draws)
    }

    /// Adds what was counted of other draws; says whether it is of as many plans.
    pub fn append(&mut self, beaten: &[u64], draws: u64) -> bool {
        self.beaten.iter_mut().zip(beaten).for_each(|(n, more)| *n += more);
        self.draws += draws;
        self.beaten.len() == beaten.len()
    }

    /// Where every plan stands.
    pub fn standings(&self, runs: &PairedRuns) -> Vec<Standing> {
        let paired: Vec<Vec<Paired>> =
            (self.cells.iter()).map(|&c| (0..self.plans).map(|p| runs.paired(c, p)).collect()).collect();
        (0..self.plans).map(|p| self.standing(&paired, p)).collect()
    }

    fn standing(&self, paired: &[Vec<Paired>], p: usize) -> Standing {
        let gains = |q: usize| -> Vec<Interval> {
            let one =
                |(o, list): (&Objective, &Vec<Paired>)| difference(&list[p], &list[q]).times(o.sense.sign());
            self.objectives.iter().zip(paired).map(one).collect()
        };
        let dominates = |q: &usize| {
            let gains = gains(*q);
            *q != p && gains.iter().all(|g| g.value >= 0.0) && gains.iter().any(|g| g.value > 0.0)
        };
        let count = |q: usize| self.beaten[p * self.plans + q];
        // The first of those that do so in most draws.
        let by = (0..self.plans).filter(dominates).reduce(|a, b| if count(b) > count(a) { b } else { a });
        let share = by.map_or(0.0, |q| count(q) as f64 / self.draws.max(1) as f64);
        let sure = by.is_some_and(|q| gains(q).iter().all(|g| g.value == 0.0 || g.is_sure()));
        Standing { dominated_by: by, in_draws: share, sure }
    }
}
