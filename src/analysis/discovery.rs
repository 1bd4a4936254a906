//! Under which conditions something comes about: boxes that hold up on draws that they were not found on, and how well each of
//! their limits is known.
//!
//! Draws belong to eight replicates in turn. A box that is found on four of them is looked at on the other four: were inputs and
//! cases unrelated, its cases there would be a sample without replacement, however long the box was searched for. What half of the
//! replicates say of a limit, drawn again and again, varies about what all of them say as that varies about the truth.

use super::prim::{Cases, Limits, Range, Score, Step};
use crate::math::WIDTH;
use crate::math::special::log_gamma;
use rayon::prelude::*;

/// Boxes that are looked for.
const BOXES: usize = 4;
/// Cases, and draws of a box, from which something can be said.
const FEW: usize = 32;
/// Share of draws that a box holds at least, unless cases are rarer than twice that.
const LEAST: f64 = 0.05;
/// Probability that anything is found where nothing is.
const CHANCE: f64 = 0.05;
/// Share of the halves that must have a limit too.
const AGREE: f64 = 0.5;

/// A limit on one side of an input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Side {
    /// Values beyond it are left out.
    pub at: f64,
    /// What nine of ten halves of the draws that limit this side lie within.
    pub within: (f64, f64),
    /// Share of halves that limit this side.
    pub agree: f64,
}

/// A condition of a box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    /// The input's place.
    pub input: usize,
    /// Values are above it.
    pub low: Option<Side>,
    /// Values are below it.
    pub high: Option<Side>,
    /// Probability that draws of the box without this condition would have as many cases by chance (quasi-p of Bryant and Lempert).
    pub quasi_p: f64,
}

/// A box that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its conditions, the one whose loss dilutes it most first.
    pub conditions: Vec<Condition>,
    /// How good it is among the draws in which no earlier box holds.
    pub score: Score,
    /// Share of cases in its likes on draws that they were not found on \[1\].
    pub unseen: f64,
    /// Probability of that by chance.
    pub p: f64,
    /// Draws and cases that were left for it.
    pub left: (usize, usize),
    /// The trade-off: boxes on the way.
    pub steps: Vec<Step>,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Discovery {
    /// Draws, and cases among them.
    pub draws: (usize, usize),
    /// Boxes, the one that was found first first.
    pub boxes: Vec<Found>,
    /// Why no more is said, if nothing was found.
    pub nothing: Option<Nothing>,
}

/// Why nothing is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// There are too few cases, or too few others.
    Few,
    /// What was found on one half of the draws does not hold on the other.
    Chance,
}

/// Looks for boxes in which cases are many; `replicates` has the replicate of each draw.
pub fn discover(cases: &Cases, replicates: &[u8]) -> Discovery {
    let mut left: Vec<u32> = (0..replicates.len() as u32).collect();
    let count = |draws: &[u32]| draws.iter().filter(|d| cases.is_case(**d)).count();
    let all = (left.len(), count(&left));
    let mut boxes = Vec::new();
    let mut nothing = None;
    while boxes.len() < BOXES {
        let k = count(&left);
        if k < FEW || left.len() - k < FEW {
            nothing = Some(Nothing::Few);
            break;
        }
        let Some((limits, found)) = find(cases, replicates, &left) else {
            nothing = Some(Nothing::Chance);
            break;
        };
        let inside = cases.inside(&limits, &left);
        left.retain(|d| inside.binary_search(d).is_err());
        boxes.push(found);
    }
    Discovery { draws: all, nothing: nothing.filter(|_| boxes.is_empty()), boxes }
}

/// Fewest draws of a box.
fn least(draws: usize, cases: usize) -> usize {
    let share = LEAST.min(0.5 * cases as f64 / draws as f64);
    ((share * draws as f64).ceil() as usize).max(FEW / 2)
}

/// The box that does best by cases covered and by the share of cases in it together: the harmonic mean of both.
fn best(steps: &[Step], all: usize) -> usize {
    let both = |s: &Score| 2.0 * s.cases as f64 / (s.draws + all) as f64;
    (0..steps.len())
        .max_by(|&a, &b| both(&steps[a].score).total_cmp(&both(&steps[b].score)).then(b.cmp(&a)))
        .unwrap_or(0)
}

/// Draws of the replicates that a mask has.
fn of(replicates: &[u8], among: &[u32], mask: u8) -> Vec<u32> {
    among.iter().copied().filter(|&d| mask >> replicates[d as usize] & 1 == 1).collect()
}

/// Halves of the replicates: ten, each with the other half.
fn halves() -> Vec<u8> {
    let fours = (0..=u8::MAX).filter(|mask| mask.count_ones() == WIDTH as u32 / 2 && mask & 1 == 1);
    fours.step_by(3).take(10).flat_map(|mask| [mask, !mask]).collect()
}

/// A box among some draws, if it is more than chance; and what is known of it.
fn find(cases: &Cases, replicates: &[u8], among: &[u32]) -> Option<(Limits, Found)> {
    let count = |draws: &[u32]| draws.iter().filter(|d| cases.is_case(**d)).count();
    let all = count(among);
    // Boxes of one half, looked at on the other.
    let (mut p, mut unseen) = (0.0, (0, 0));
    let halves = halves();
    for mask in [halves[0], halves[1]] {
        let (own, other) = (of(replicates, among, mask), of(replicates, among, !mask));
        let k = count(&own);
        let steps = cases.search(&own, least(own.len(), k));
        let chosen = &steps[best(&steps, k)];
        let there = cases.score(&chosen.limits, &other);
        p += at_least(there.cases, there.draws, count(&other), other.len());
        unseen = (unseen.0 + there.cases, unseen.1 + there.draws);
    }
    if p > CHANCE {
        return None;
    }
    let steps = cases.search(among, least(among.len(), all));
    let mut limits = steps[best(&steps, all)].limits.clone();
    let mass = steps[best(&steps, all)].score.draws as f64 / among.len() as f64;
    let again: Vec<Vec<Range>> = halves
        .par_iter()
        .map(|&mask| {
            let half = of(replicates, among, mask);
            let steps = cases.search(&half, least(half.len(), count(&half)));
            let off = |s: &Step| (s.score.draws as f64 / half.len().max(1) as f64 - mass).abs();
            let nearest = steps.iter().min_by(|a, b| off(a).total_cmp(&off(b)));
            nearest.map_or_else(Vec::new, |step| cases.ranges(&step.limits))
        })
        .collect();
    let side = |range: &Range, high: bool| -> Option<Side> {
        let at = if high { range.high } else { range.low }?;
        let same = again.iter().flatten().filter(|r| r.input == range.input);
        let mut bounds: Vec<f64> = same.filter_map(|r| if high { r.high } else { r.low }).collect();
        bounds.sort_by(f64::total_cmp);
        let agree = bounds.len() as f64 / again.len() as f64;
        let nth = |p: f64| bounds.get((p * bounds.len() as f64) as usize).copied().unwrap_or(at);
        Some(Side { at, within: (nth(0.05), nth(0.95)), agree })
    };
    // Limits that halves of the draws do not see are chance.
    let mut conditions = Vec::new();
    for range in cases.ranges(&limits) {
        let sides = [side(&range, false), side(&range, true)];
        for (high, side) in [false, true].into_iter().zip(sides) {
            if side.is_some_and(|s| s.agree < AGREE) {
                limits = cases.opened(&limits, range.input, high);
            }
        }
        let [low, high] = sides.map(|side| side.filter(|s| s.agree >= AGREE));
        if low.is_some() || high.is_some() {
            conditions.push(Condition { input: range.input, low, high, quasi_p: 0.0 });
        }
    }
    // So are those without which as many cases in as many draws would be no wonder, however many inputs there are.
    let (score, mut diluted) = loop {
        let score = cases.score(&limits, among);
        let without = |condition: &Condition| {
            let wider = cases.score(&cases.without(&limits, condition.input), among);
            let quasi_p = binomial(score.cases, score.draws, wider.density);
            (wider.density, Condition { quasi_p, ..*condition })
        };
        let diluted: Vec<(f64, Condition)> = conditions.iter().map(without).collect();
        let weakest = diluted.iter().map(|d| d.1).max_by(|a, b| a.quasi_p.total_cmp(&b.quasi_p))?;
        if weakest.quasi_p <= CHANCE / (2 * limits.inputs()) as f64 {
            break (score, diluted);
        }
        limits = cases.without(&limits, weakest.input);
        conditions.retain(|condition| condition.input != weakest.input);
    };
    diluted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.input.cmp(&b.1.input)));
    let conditions = diluted.into_iter().map(|d| d.1).collect();
    let unseen = unseen.0 as f64 / unseen.1.max(1) as f64;
    let left = (among.len(), all);
    Some((limits, Found { conditions, score, unseen, p: p.min(1.0), left, steps }))
}

/// Logarithm of a binomial coefficient.
fn choose(n: usize, k: usize) -> f64 {
    let factorial = |n: usize| log_gamma(n as f64 + 1.0);
    factorial(n) - factorial(k) - factorial(n - k)
}

/// Probability of at least so many cases among some draws, taken without replacement from all.
fn at_least(cases: usize, draws: usize, all_cases: usize, all: usize) -> f64 {
    let most = draws.min(all_cases);
    let total = choose(all, draws);
    let term = |x: usize| {
        // As many others must be there.
        let others = (draws - x) <= (all - all_cases);
        if others {
            crate::math::exp(choose(all_cases, x) + choose(all - all_cases, draws - x) - total)
        } else {
            0.0
        }
    };
    (cases..=most).map(term).sum::<f64>().min(1.0)
}

/// Probability of at least so many cases among some draws, each with a probability.
fn binomial(cases: usize, draws: usize, probability: f64) -> f64 {
    if cases == 0 || probability >= 1.0 {
        return 1.0;
    }
    if probability <= 0.0 {
        return 0.0;
    }
    let (p, q) = (crate::math::ln(probability), crate::math::ln(1.0 - probability));
    let term = |x: usize| crate::math::exp(choose(draws, x) + x as f64 * p + (draws - x) as f64 * q);
    (cases..=draws).map(term).sum::<f64>().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Design, Sampler};

    /// Uniforms of so many inputs in so many independent draws.
    fn uniforms(seed: u64, inputs: usize, draws: usize) -> Vec<Vec<f32>> {
        let design = Design { seed, sampler: Sampler::Mc };
        let column = |j: usize| {
            let stream = design.stream(&format!("input.{j}"), None);
            (0..draws as u64 / WIDTH as u64).flat_map(|b| stream.uniforms(b).0).map(|u| u as f32).collect()
        };
        (0..inputs).map(column).collect()
    }

    fn replicates(draws: usize) -> Vec<u8> {
        (0..draws).map(|d| (d % WIDTH) as u8).collect()
    }

    #[test]
    fn a_box_that_is_there_is_found_and_nothing_else() {
        let (inputs, draws) = (40, 4096);
        for (seed, wrong) in [(1, 0.0), (2, 0.1)] {
            let columns = uniforms(seed, inputs + 1, draws);
            let is = |d: usize| {
                let inside = columns[3][d] > 0.7 && columns[17][d] < 0.4;
                inside != (f64::from(columns[inputs][d]) < wrong)
            };
            let cases = Cases::new(&columns[..inputs], (0..draws).map(is).collect());
            let found = discover(&cases, &replicates(draws));
            let first = &found.boxes[0];
            let mut names: Vec<usize> = first.conditions.iter().map(|c| c.input).collect();
            names.sort_unstable();
            assert_eq!(names, [3, 17], "{wrong}");
            for condition in &first.conditions {
                let (side, truth, other) = match condition.input {
                    3 => (condition.low, 0.7, condition.high),
                    _ => (condition.high, 0.4, condition.low),
                };
                let side = side.unwrap();
                assert!((side.at - truth).abs() < 0.02 && other.is_none(), "{condition:?}");
                assert!(side.within.0 <= truth + 0.01 && side.within.1 >= truth - 0.01, "{condition:?}");
                assert!(side.agree > 0.9 && condition.quasi_p < 1e-6);
            }
            assert!((first.score.density - (1.0 - wrong)).abs() < 0.04, "{:?}", first.score);
            assert!((first.unseen - first.score.density).abs() < 0.08 && first.p < 1e-6);
            if wrong == 0.0 {
                assert!(first.score.coverage > 0.97 && found.boxes.len() == 1, "{:?}", first.score);
            }
        }
    }

    #[test]
    fn two_ways_are_two_boxes() {
        let draws = 4096;
        let columns = uniforms(5, 10, draws);
        let is = |d: usize| {
            (columns[0][d] < 0.25 && columns[1][d] < 0.5) || (columns[2][d] > 0.8 && columns[3][d] > 0.4)
        };
        let cases = Cases::new(&columns, (0..draws).map(is).collect());
        let found = discover(&cases, &replicates(draws));
        let mut inputs: Vec<Vec<usize>> = (found.boxes.iter().take(2))
            .map(|b| {
                let mut all: Vec<usize> = b.conditions.iter().map(|c| c.input).collect();
                all.sort_unstable();
                all
            })
            .collect();
        inputs.sort();
        assert_eq!(inputs, [vec![0, 1], vec![2, 3]]);
    }

    #[test]
    fn noise_alone_is_no_discovery() {
        let draws = 1024;
        let mut discoveries = 0;
        for seed in 0..100 {
            let columns = uniforms(100 + seed, 31, draws);
            let is = |d: usize| columns[30][d] < 0.2;
            let cases = Cases::new(&columns[..30], (0..draws).map(is).collect());
            discoveries += usize::from(!discover(&cases, &replicates(draws)).boxes.is_empty());
        }
        assert!(discoveries <= 5, "{discoveries}");
    }

    #[test]
    fn few_cases_say_nothing() {
        let columns = uniforms(1, 3, 512);
        let few = Cases::new(&columns, (0..512).map(|d| d < 20).collect());
        assert_eq!(discover(&few, &replicates(512)).nothing, Some(Nothing::Few));
        let nearly_all = Cases::new(&columns, (0..512).map(|d| d >= 20).collect());
        assert_eq!(discover(&nearly_all, &replicates(512)).nothing, Some(Nothing::Few));
    }

    #[test]
    fn probabilities_are_those_of_urns_and_coins() {
        // Two of three cases among four of ten: (C(3,2) C(7,2) + C(3,3) C(7,1)) / C(10,4).
        assert!((at_least(2, 4, 3, 10) - (3.0 * 21.0 + 7.0) / 210.0).abs() < 1e-9);
        assert!((at_least(0, 4, 3, 10) - 1.0).abs() < 1e-9);
        assert!((binomial(9, 10, 0.5) - 11.0 / 1024.0).abs() < 1e-9);
    }

    #[test]
    fn values_that_draws_share_stay_together() {
        let draws = 1024;
        let mut columns = uniforms(9, 6, draws);
        // Six steps, as dice have.
        columns[2] = columns[2].iter().map(|u| (u * 6.0).floor()).collect();
        let cases = Cases::new(&columns, (0..draws).map(|d| columns[2][d] >= 4.0).collect());
        let found = discover(&cases, &replicates(draws));
        let [condition] = found.boxes[0].conditions[..] else { panic!("{:?}", found.boxes[0].conditions) };
        assert_eq!((condition.input, condition.low.unwrap().at, condition.high), (2, 3.5, None));
        assert_eq!(found.boxes[0].score.density, 1.0);
    }
}
