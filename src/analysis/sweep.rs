//! A factorial of levers: its points, the best and the worst, and the interaction of two levers.

use super::Paired;
use crate::results::Interval;

/// Levers, each with its levels; a point takes one level of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factorial {
    /// Number of levels of each lever.
    pub levels: Vec<usize>,
}

impl Factorial {
    /// How many points there are.
    pub fn points(&self) -> usize {
        self.levels.iter().product()
    }

    /// Levels of a point; the last lever changes fastest.
    pub fn point(&self, mut number: usize) -> Vec<usize> {
        let mut point = vec![0; self.levels.len()];
        for (place, &levels) in point.iter_mut().zip(&self.levels).rev() {
            *place = number % levels;
            number /= levels;
        }
        point
    }
}

/// The interaction of two levers: how much the effect of one, from its first level to its last, changes as the other
/// goes from its first level to its last; averaged over the levels of all others.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The two levers.
    pub levers: (usize, usize),
    /// The change of the mean.
    pub interaction: Interval,
}

/// Interactions of all pairs of levers; `points` in order of the factorial.
pub fn interactions(factorial: &Factorial, points: &[Paired]) -> Vec<Effect> {
    let n = factorial.levels.len();
    let pairs = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
    let able = |&(a, b): &(usize, usize)| factorial.levels[a] > 1 && factorial.levels[b] > 1;
    pairs
        .filter(able)
        .map(|levers| Effect { levers, interaction: interaction(factorial, points, levers) })
        .collect()
}

fn interaction(factorial: &Factorial, points: &[Paired], (a, b): (usize, usize)) -> Interval {
    let replicates = points.first().map_or(0, |p| p.by_replicate.len());
    let mut value = 0.0;
    let mut each = vec![0.0; replicates];
    let corners = (factorial.points() / (factorial.levels[a] * factorial.levels[b])) as f64;
    for (i, paired) in points.iter().enumerate() {
        let point = factorial.point(i);
        let end = |lever: usize| match point[lever] {
            0 => -1.0,
            last if last + 1 == factorial.levels[lever] => 1.0,
            _ => 0.0,
        };
        let weight = end(a) * end(b) / corners;
        value += weight * paired.mean.value;
        for (sum, x) in each.iter_mut().zip(&paired.by_replicate) {
            *sum += weight * x;
        }
    }
    Interval::of_replicates(value, &each)
}

#[cfg(test)]
mod tests {
    use super::super::{PairedRuns, Sense};
    use super::*;
    use crate::math::{Lanes, Mask};

    #[test]
    fn points_run_through_every_combination_once() {
        let factorial = Factorial { levels: vec![2, 3] };
        let points: Vec<_> = (0..factorial.points()).map(|i| factorial.point(i)).collect();
        assert_eq!(points, [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]);
    }

    #[test]
    fn additive_levers_do_not_interact_and_products_do() {
        let factorial = Factorial { levels: vec![2, 3] };
        let run = |f: &dyn Fn(f64, f64, f64) -> f64| {
            let values: Vec<Vec<Vec<Lanes>>> = (0..6)
                .map(|i| {
                    let p = factorial.point(i);
                    let x = |lane: usize| f(p[0] as f64, p[1] as f64, lane as f64);
                    vec![vec![Lanes::from_fn(x)]]
                })
                .collect();
            let mut runs = PairedRuns::new(6, vec![Sense::Min], false);
            runs.absorb(&[Mask::splat(true)], |plan, batch, cell| values[plan][batch][cell]);
            let paired: Vec<_> = (0..6).map(|p| runs.paired(0, p)).collect();
            interactions(&factorial, &paired).remove(0)
        };
        let sum = run(&|a, b, lane| 3.0 * a + 2.0 * b + lane).interaction;
        assert_eq!((sum.value, sum.half()), (0.0, 0.0));
        // 3·a·b from corner to corner: 3·1·2, a little more in each replicate.
        let product = run(&|a, b, lane| (3.0 + 0.001 * lane) * a * b).interaction;
        assert!((product.value - 6.007).abs() < 1e-12 && product.is_sure());
    }
}
