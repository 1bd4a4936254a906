//! History matching: which draws the record leaves, and what they say of the numbers that they were drawn with.
//!
//! Each draw is a set of numbers. Its implausibility in a group is how many standard deviations it lies off what was
//! published, as a root mean square over the group's series; the standard deviation joins the published range and the model's
//! own error. A draw above the cut in any group is excluded (Craig et al. 1997, Vernon et al. 2010), and the others are weighed
//! by their likelihood, tempered before they rest on a few.

use super::ensemble::Ensemble;
use super::weights::{Discrepancy, EvidenceSeries, Likelihoods, NoSpread, Weights, temper};
use crate::math::ln;

/// Share of the draws left that the weights must effectively rest on.
pub const LEAST_EFFECTIVE: f64 = 0.1;
/// Probability that any number counts as informed by chance, were none.
const CHANCE: f64 = 0.05;

/// What of the draws the record leaves.
#[derive(Clone, Debug)]
pub struct Matched {
    /// Groups in order of appearance.
    pub groups: Vec<GroupFit>,
    /// By draw: whether it is left.
    pub left: Vec<bool>,
    /// By draw, 0 for those excluded; they add up to 1.
    pub weights: Vec<f64>,
    /// How the draws left are weighted.
    pub tempered: Weights,
    /// Log-likelihood by draw.
    pub log_likelihood: Vec<f64>,
}

/// A group of the record.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupFit {
    /// Its name.
    pub group: String,
    /// Its series.
    pub series: usize,
    /// Implausibility by draw \[standard deviations\].
    pub implausibility: Vec<f64>,
    /// Share of draws above the cut.
    pub excluded: f64,
}

impl Matched {
    /// Holds draws against the record; none of them may be left, and then there are no weights.
    ///
    /// # Errors
    /// If neither the observations nor the discrepancy leave room for an error.
    pub fn new(
        series: &[EvidenceSeries],
        discrepancy: &dyn Fn(&str) -> Discrepancy,
        draws: usize,
        cut: f64,
    ) -> Result<Self, NoSpread> {
        let likelihoods = Likelihoods::new(series, discrepancy, draws)?;
        let mut names: Vec<&str> = Vec::new();
        for one in series {
            if !names.contains(&one.group.as_str()) {
                names.push(&one.group);
            }
        }
        let groups: Vec<GroupFit> = names
            .iter()
            .map(|name| {
                let of: Vec<usize> = (0..series.len()).filter(|&s| series[s].group == *name).collect();
                let squares = |draw: usize| {
                    let one =
                        |&s: &usize| -2.0 * likelihoods.by_series[s][draw] / series[s].rows.len() as f64;
                    of.iter().map(one).sum::<f64>() / of.len() as f64
                };
                let implausibility: Vec<f64> = (0..draws).map(|d| squares(d).max(0.0).sqrt()).collect();
                let above = implausibility.iter().filter(|&&i| i > cut).count();
                GroupFit {
                    group: (*name).to_owned(),
                    series: of.len(),
                    excluded: above as f64 / draws as f64,
                    implausibility,
                }
            })
            .collect();
        let left: Vec<bool> = (0..draws).map(|d| groups.iter().all(|g| g.implausibility[d] <= cut)).collect();
        let of_left: Vec<f64> = (0..draws).filter(|&d| left[d]).map(|d| likelihoods.total[d]).collect();
        let tempered = temper(&of_left, LEAST_EFFECTIVE);
        let mut next = tempered.weights.iter();
        let weights =
            left.iter().map(|&l| if l { next.next().copied().unwrap_or(0.0) } else { 0.0 }).collect();
        Ok(Self { groups, left, weights, tempered, log_likelihood: likelihoods.total })
    }

    /// Draws left.
    pub fn count(&self) -> usize {
        self.left.iter().filter(|l| **l).count()
    }
}

/// What the record says of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Narrowed {
    /// Quantiles 5, 50, 95% before.
    pub before: [f64; 3],
    /// The same of the draws as weighted.
    pub after: [f64; 3],
    /// Where the latter lie among all draws, as shares \[1\].
    pub places: [f64; 3],
    /// Largest distance of the two distribution functions (Kolmogorov and Smirnov) \[1\].
    pub moved: f64,
    /// How far it would be by chance.
    pub chance: f64,
}

impl Narrowed {
    /// Holds a number's values against the weights; `numbers` are looked at together, with weights of an effective size.
    pub fn new(values: &[f64], weights: &[f64], numbers: usize, effective: f64) -> Self {
        let (all, weighted) = (Ensemble::new(values), Ensemble::weighted(values, weights));
        let quantiles = |e: &Ensemble| [0.05, 0.5, 0.95].map(|p| e.quantile(p));
        let after = quantiles(&weighted);
        let chance = (0.5 * ln(2.0 * numbers.max(1) as f64 / CHANCE) / effective).sqrt();
        Self {
            before: quantiles(&all),
            after,
            places: after.map(|x| all.pit(x)),
            moved: all.distance(&weighted),
            chance,
        }
    }

    /// Whether the record says more of it than chance would.
    pub fn informed(&self) -> bool {
        self.moved > self.chance
    }
}

/// A published number against all draws: how many standard deviations the median lies off it, in logs.
///
/// The variance joins that of the draws (from the middle 68%), the published one and the model's own error.
pub fn row_implausibility(values: &Ensemble, center: f64, published: f64, discrepancy: f64) -> f64 {
    let [low, median, high] = [0.16, 0.5, 0.84].map(|p| values.quantile(p));
    let spread = 0.5 * (high - low);
    let variance = spread * spread + published * published + discrepancy * discrepancy;
    if variance > 0.0 { (median - center).abs() / variance.sqrt() } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::super::weights::Evidence;
    use super::*;
    use crate::math::inverse_normal;

    const N: usize = 4096;

    fn normal(n: usize) -> Vec<f64> {
        (0..n).map(|i| inverse_normal((i as f64 + 0.5) / n as f64)).collect()
    }

    fn series(group: &str, center: f64, sd: f64, values: &[f64]) -> EvidenceSeries {
        let rows =
            vec![Evidence { time: 0.0, center, spread: (sd, sd), at_least: false, values: values.to_vec() }];
        EvidenceSeries { group: group.to_owned(), rows }
    }

    const EXACT: &dyn Fn(&str) -> Discrepancy = &|_| Discrepancy { sd: 0.0, rho: 0.0 };

    #[test]
    fn a_known_posterior_comes_out() {
        // θ ~ N(0, 1), published 1 with an error of 0.5: N(0.8, 0.2) by conjugacy, but for what the cut takes off.
        let theta = normal(N);
        let matched = Matched::new(&[series("a", 1.0, 0.5, &theta)], EXACT, N, 3.0).unwrap();
        // Left is |θ − 1| ≤ 1.5.
        let left = theta.iter().filter(|t| (**t - 1.0).abs() <= 1.5).count();
        assert_eq!(matched.count(), left);
        assert!((matched.groups[0].excluded - (1.0 - left as f64 / N as f64)).abs() < 1e-12);
        let found = Narrowed::new(&theta, &matched.weights, 1, matched.tempered.effective);
        assert!(found.informed());
        for (x, z) in found.after.iter().zip([-1.644_85, 0.0, 1.644_85]) {
            assert!((x - (0.8 + 0.2_f64.sqrt() * z)).abs() < 0.02, "{found:?}");
        }
        for (place, x) in found.places.iter().zip(found.after) {
            assert!((place - crate::math::normal_cdf(x)).abs() < 1e-3);
        }
    }

    #[test]
    fn a_record_that_says_nothing_narrows_nothing() {
        // A range so wide that every draw fits alike; and a number that the record does not depend on.
        let theta = normal(N);
        let other: Vec<f64> = (0..N).map(|i| theta[(i * 1667) % N]).collect();
        let vague = Matched::new(&[series("a", 0.0, 1e6, &theta)], EXACT, N, 3.0).unwrap();
        let of = |values: &[f64], m: &Matched| Narrowed::new(values, &m.weights, 2, m.tempered.effective);
        let found = of(&theta, &vague);
        assert_eq!((found.before, vague.count()), (found.after, N));
        assert!(!found.informed() && found.moved < 1e-6);
        let sharp = Matched::new(&[series("a", 0.5, 0.3, &theta)], EXACT, N, 3.0).unwrap();
        assert!(of(&theta, &sharp).informed());
        assert!(!of(&other, &sharp).informed(), "{:?}", of(&other, &sharp));
    }

    #[test]
    fn a_draw_is_excluded_by_any_group_and_ten_series_of_one_count_once() {
        let theta = normal(N);
        let mirrored: Vec<f64> = theta.iter().map(|t| -t).collect();
        let mut all: Vec<EvidenceSeries> = (0..10).map(|_| series("many", 1.0, 0.4, &theta)).collect();
        all.push(series("one", 1.0, 0.4, &mirrored));
        let matched = Matched::new(&all, EXACT, N, 6.0).unwrap();
        assert_eq!((matched.groups[0].series, matched.groups[1].series), (10, 1));
        // The two groups pull the same number to 1 and −1 with equal weight: it stays in the middle.
        let found = Narrowed::new(&theta, &matched.weights, 1, matched.tempered.effective);
        assert!(found.after[1].abs() < 1e-2, "{found:?}");
        // Each excludes what lies 6 × 0.4 off; left is what neither does.
        let left = theta.iter().filter(|t| (**t - 1.0).abs() <= 2.4 && (**t + 1.0).abs() <= 2.4).count();
        assert_eq!(matched.count(), left);
        let none = Matched::new(&[series("a", 50.0, 0.4, &theta)], EXACT, N, 3.0).unwrap();
        assert_eq!(none.count(), 0);
    }

    #[test]
    fn a_row_s_implausibility_by_hand() {
        let draws = Ensemble::new(&normal(N));
        // Median 0 and spread 0.994 (the middle 68% of a normal), published 3 ± 0.6, the model's own error 0.8.
        let spread = inverse_normal(0.84);
        let exact = 3.0 / (spread * spread + 0.36 + 0.64).sqrt();
        assert!((row_implausibility(&draws, 3.0, 0.6, 0.8) - exact).abs() < 2e-3);
    }
}
