//! First-order indices, total indices and Shapley shares of groups of inputs, from draws in which one group after the other is drawn anew.
//!
//! A *walk* starts at a draw and exchanges one group of inputs after the other for those of a second, independent draw, in a random order,
//! until all are exchanged; then it gives them back in the same order (winding stairs: Jansen, Rossing and Daamen 1994, closed to a
//! ring). Of d groups it has 2d points y(0) … y(2d − 1), counted around. Points that lie k ≤ d steps apart differ in the k groups that
//! were exchanged between them and have the others in common: half of their mean squared difference is the variance that is left
//! when all but those k are known.
//!
//! With Δ(t) = y(t) − y(t − 1), the step in which group i is exchanged, the mean over the windows of k steps that end or begin with it says by how much
//! i raises that variance beside the k − 1 groups that come before or after it: ½ Δ(t) (y(t + k − 1) − y(t − k)).
//!
//! - k = 1, ½ Δ(t)²: the total index (Jansen 1999).
//! - k = d, −½ Δ(t) Δ(t + d): the first-order index, by two differences (Owen 2013), so that what is small is known well.
//! - The mean over all k: the Shapley share (Owen 2014; Goda 2021), since in a random order the groups beside i are any set of every size
//!   alike. It comes to ½ Δ(t) times the mean of the d points from t on less that of the d points before. Shares add up to the variance itself,
//!   the mean of ½ (y(t + d) − y(t))².
//!
//! A group that does nothing has Δ = 0, and none of anything. The error is that of a ratio of means over batches, each of which has an
//! order of its own.

use super::Scale;
use crate::math::{Lanes, WIDTH, ln};
use crate::results::Interval;

/// One batch's walk.
#[derive(Clone, Debug)]
pub struct Walk {
    /// Groups in the order in which they are exchanged, each once.
    pub order: Vec<usize>,
    /// The outcome at each point, twice as many as groups.
    pub values: Vec<Lanes>,
}

/// Indices of one group, as shares of the outcome's variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Index {
    /// What would go of the variance if it alone were known \[1\].
    pub first: Interval,
    /// What would stay of it if all others were known \[1\].
    pub total: Interval,
    /// Its Shapley share: its own part, and its part of what it does together with others \[1\].
    pub share: Interval,
}

/// Indices of all groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Indices {
    /// Scale of the outcome.
    pub scale: Scale,
    /// By group.
    pub groups: Vec<Index>,
    /// What is in no first-order index: what groups do together \[1\].
    pub together: Interval,
}

/// Sums of one batch: by group first-order, total and Shapley parts, then the variance.
struct Parts {
    groups: Vec<[f64; 3]>,
    variance: f64,
}

impl Indices {
    /// From walks of one number, on its logarithmic scale if it is positive at every point; none if it does not vary.
    pub fn of(walks: Vec<Walk>) -> Option<Self> {
        let positive = walks.iter().flat_map(|w| &w.values).all(|y| y.gt(Lanes::ZERO).all());
        let log = |walk: Walk| Walk { values: walk.values.into_iter().map(|y| y.map(ln)).collect(), ..walk };
        if positive {
            Self::on(Scale::Log, &walks.into_iter().map(log).collect::<Vec<_>>())
        } else {
            Self::on(Scale::Plain, &walks)
        }
    }

    /// From walks of the difference of two numbers: of their logarithms if both are positive at every point.
    pub fn of_difference(walks: Vec<(Walk, Vec<Lanes>)>) -> Option<Self> {
        let all = |(walk, others): &(Walk, Vec<Lanes>)| {
            walk.values.iter().chain(others).all(|y| y.gt(Lanes::ZERO).all())
        };
        let scale = if walks.iter().all(all) { Scale::Log } else { Scale::Plain };
        let less = |x: Lanes, y: Lanes| match scale {
            Scale::Log => x.map(ln) - y.map(ln),
            Scale::Plain => x - y,
        };
        let difference = |(walk, others): (Walk, Vec<Lanes>)| Walk {
            values: walk.values.into_iter().zip(others).map(|(x, y)| less(x, y)).collect(),
            order: walk.order,
        };
        Self::on(scale, &walks.into_iter().map(difference).collect::<Vec<_>>())
    }

    fn on(scale: Scale, walks: &[Walk]) -> Option<Self> {
        let groups = walks.first()?.order.len();
        let parts: Vec<Parts> = walks.iter().map(Parts::new).collect();
        let variance = parts.iter().map(|p| p.variance).sum::<f64>();
        let largest = walks
            .iter()
            .flat_map(|w| &w.values)
            .fold(0.0, |m: f64, y| m.max(y.abs().0.into_iter().fold(0.0, f64::max)));
        // What rounding leaves of equal numbers is no variance.
        if variance <= 1e-24 * largest * largest * walks.len() as f64 {
            return None;
        }
        let share = |of: &dyn Fn(&Parts) -> f64| ratio(&parts, of);
        let index = |g: usize| Index {
            first: share(&|p| p.groups[g][0]),
            total: share(&|p| p.groups[g][1]),
            share: share(&|p| p.groups[g][2]),
        };
        let together = share(&|p| p.variance - p.groups.iter().map(|g| g[0]).sum::<f64>());
        Some(Self { scale, groups: (0..groups).map(index).collect(), together })
    }
}

impl Parts {
    fn new(walk: &Walk) -> Self {
        let (d, y) = (walk.order.len(), &walk.values);
        let at = |t: usize| y[t % (2 * d)];
        let mut parts = Self { groups: vec![[0.0; 3]; d], variance: 0.0 };
        // Half a ring: the sum of the d points from t on, less that of the d points before.
        let mut ahead = (0..d).fold(Lanes::ZERO, |sum, k| sum + at(k) - at(d + k));
        let mean = |x: Lanes| x.sum() / WIDTH as f64;
        for t in 0..2 * d {
            let (here, before, across) = (at(t), at(t + 2 * d - 1), at(t + d));
            let step = here - before;
            let group = &mut parts.groups[walk.order[(t + d - 1) % d]];
            // Each group is exchanged in two steps.
            group[0] -= 0.25 * mean(step * (across - at(t + d - 1)));
            group[1] += 0.25 * mean(step * step);
            group[2] += 0.25 * mean(step * ahead) / d as f64;
            parts.variance += mean((across - here) * (across - here)) / (4 * d) as f64;
            // One point leaves the half ahead, the one across enters it.
            ahead += (across - here) * 2.0;
        }
        parts
    }
}

/// A mean over batches as a share of the mean variance, with its error.
fn ratio(parts: &[Parts], of: &dyn Fn(&Parts) -> f64) -> Interval {
    let n = parts.len() as f64;
    let variance = parts.iter().map(|p| p.variance).sum::<f64>() / n;
    let value = parts.iter().map(of).sum::<f64>() / n / variance;
    let squares: f64 = parts.iter().map(|p| of(p) - value * p.variance).map(|r| r * r).sum();
    let error = if parts.len() > 1 { (squares / (n * (n - 1.0))).sqrt() / variance } else { f64::INFINITY };
    Interval::of_error(value, error, parts.len())
}
