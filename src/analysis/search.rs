//! A search over levers for what is good by several objectives at once: which points are kept, and which are tried next.
//!
//! Points are tried in rounds of *successive halving* (Karnin, Koren and Somekh 2013; Jamieson and Talwalkar 2016): many points on few draws, the better half of
//! them on twice as many, and so on. Better is who is dominated by fewer layers of others (non-dominated sorting, Deb et al. 2002), and of the same layer who
//! stands further from its neighbours. All points have the same draws, so that they are compared by the differences.

use crate::math::{WIDTH, inverse_normal};
use crate::random::{Design, Sampler};

/// Points that a round starts with; a power of two, in blocks of which a path's uniforms are spread evenly.
pub const POINTS: usize = 32;
/// How often the points of a round are halved: so many times a point's draws are doubled.
pub const HALVINGS: u32 = 3;
/// Standard deviation by which a lever is moved from where a good point has it, as a share of its range.
const STEP: f64 = 0.12;

/// Layers of points: 0 for those that no other dominates, 1 for those that only those of layer 0 dominate, and so on. Less is better in
/// every number; one that is no number is worse than any.
pub fn layers(points: &[Vec<f64>]) -> Vec<usize> {
    let mut layers = vec![usize::MAX; points.len()];
    for layer in 0..points.len() {
        let left: Vec<usize> = (0..points.len()).filter(|&i| layers[i] == usize::MAX).collect();
        if left.is_empty() {
            break;
        }
        let free = |i: &usize| !left.iter().any(|&j| dominates(&points[j], &points[*i]));
        let next: Vec<usize> = left.iter().copied().filter(free).collect();
        for i in next {
            layers[i] = layer;
        }
    }
    layers
}

/// Whether a point is at least as good in every number and better in one.
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    let size = |x: f64| if x.is_nan() { f64::INFINITY } else { x };
    let pairs = || a.iter().zip(b).map(|(&x, &y)| (size(x), size(y)));
    pairs().all(|(x, y)| x <= y) && pairs().any(|(x, y)| x < y)
}

/// The `keep` best of the candidates, by their places among points: by layer, then by how far neighbours in the layer stand; in order.
pub fn best(points: &[Vec<f64>], candidates: &[usize], keep: usize) -> Vec<usize> {
    let layers = layers(points);
    let room = room(points, &layers);
    let mut order = candidates.to_vec();
    order.sort_by(|&a, &b| layers[a].cmp(&layers[b]).then(room[b].total_cmp(&room[a])).then(a.cmp(&b)));
    order.truncate(keep);
    order.sort_unstable();
    order
}

/// Distance between the neighbours of each point in its layer, summed over objectives as a share of the layer's range; ends have infinite room.
fn room(points: &[Vec<f64>], layers: &[usize]) -> Vec<f64> {
    let mut room = vec![0.0; points.len()];
    let objectives = points.first().map_or(0, Vec::len);
    let at = |i: usize, objective: usize| points[i][objective];
    for layer in 0..=layers.iter().copied().filter(|l| *l != usize::MAX).max().unwrap_or(0) {
        let mut members: Vec<usize> = (0..points.len()).filter(|&i| layers[i] == layer).collect();
        for objective in 0..objectives {
            members.sort_by(|&a, &b| at(a, objective).total_cmp(&at(b, objective)).then(a.cmp(&b)));
            let (Some(&low), Some(&high)) = (members.first(), members.last()) else { continue };
            let range = at(high, objective) - at(low, objective);
            room[low] = f64::INFINITY;
            room[high] = f64::INFINITY;
            if range > 0.0 {
                for w in members.windows(3) {
                    room[w[1]] += (at(w[2], objective) - at(w[0], objective)) / range;
                }
            }
        }
    }
    room
}

/// Points that are tried in a round, each a place from 0 to 1 on every lever.
///
/// In the first round, and half of them later, they are spread evenly on every lever (a Latin hypercube). The other half have each lever from one of two points
/// of the front so far, and some of them moved a little.
pub fn candidates(seed: u64, round: u64, levers: usize, front: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let width = WIDTH as u64;
    let chance = Design { seed, sampler: Sampler::Mc };
    let spread = Design { seed, sampler: Sampler::Sobol };
    let free: Vec<_> = (0..levers).map(|l| spread.stream(&format!("search.lever.{l}"), None)).collect();
    let point = |i: usize| -> Vec<f64> {
        let draw = (round * POINTS as u64 + i as u64) * width;
        let even: Vec<f64> = free.iter().map(|s| s.uniform(draw)).collect();
        if front.is_empty() || i.is_multiple_of(2) {
            return even;
        }
        let luck = |what: &str| chance.stream(&format!("search.{what}"), None).uniform(draw / width);
        let pick = |what: &str| &front[((luck(what) * front.len() as f64) as usize).min(front.len() - 1)];
        let parents = [pick("mother"), pick("father")];
        let moved = |l: usize| {
            let own = parents[usize::from(luck(&format!("from.{l}")) < 0.5)][l];
            // About two of all levers are moved.
            if luck(&format!("moved.{l}")) * levers as f64 > 2.0 {
                return own;
            }
            let x = own + STEP * inverse_normal(luck(&format!("step.{l}")));
            // Who would leave the range comes back from its end.
            let x = if x < 0.0 {
                -x
            } else if x >= 1.0 {
                2.0 - x
            } else {
                x
            };
            x.clamp(0.0, 1.0 - f64::EPSILON)
        };
        (0..levers).map(moved).collect()
    };
    (0..POINTS).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_peeled_one_by_one() {
        let points: Vec<Vec<f64>> =
            [[0.0, 3.0], [1.0, 1.0], [3.0, 0.0], [1.0, 2.0], [3.0, 3.0], [f64::NAN, 0.5]]
                .map(Vec::from)
                .to_vec();
        assert_eq!(layers(&points), [0, 0, 0, 1, 2, 1]);
        // Of the first layer the ends have most room.
        assert_eq!(best(&points, &[0, 1, 2, 3, 4], 2), [0, 2]);
        assert_eq!(best(&points, &[1, 3, 4], 2), [1, 3]);
        assert_eq!(layers(&[vec![1.0], vec![1.0]]), [0, 0]);
    }

    #[test]
    fn first_points_are_spread_evenly_on_every_lever() {
        for round in 0..3 {
            let points = candidates(3, round, 4, &[]);
            for lever in 0..4 {
                let mut seen = [0; POINTS];
                for p in &points {
                    seen[(p[lever] * POINTS as f64) as usize] += 1;
                }
                assert_eq!(seen, [1; POINTS]);
            }
        }
        assert_ne!(candidates(3, 0, 2, &[]), candidates(3, 1, 2, &[]));
    }

    #[test]
    fn later_points_lie_near_the_front() {
        let front = vec![vec![0.1; 6], vec![0.9; 6]];
        let points = candidates(1, 5, 6, &front);
        let near = |p: &Vec<f64>| {
            p.iter().filter(|x| (**x - 0.1).abs() < 1e-12 || (**x - 0.9).abs() < 1e-12).count()
        };
        let bred: Vec<usize> = points.iter().skip(1).step_by(2).map(near).collect();
        assert!(bred.iter().sum::<usize>() > 3 * bred.len(), "{bred:?}");
        assert!(points.iter().flatten().all(|x| (0.0..1.0).contains(x)));
    }
}
