//! What learning an input before choosing among plans is worth, in the objective's own units (value of information).
//!
//! Who must choose now takes the plan that is best on average. Who first learns an input takes the plan that is best given it. What
//! that gains is the expected value of partial perfect information (EVPPI; Strong, Oakley and Brennan 2014): by regression of each
//! plan's paired difference from the first plan on the input. The rule that follows from a regression is looked at on draws that
//! it was not fitted on, one replicate after the other: so chance does not count as knowledge, and an input without influence is
//! worth nothing, or less.

use crate::math::WIDTH;
use crate::math::special::incomplete_beta;
use crate::results::Interval;

/// Probability that any input of no worth stands above its floor.
const CHANCE: f64 = 0.05;

/// Plans on the same draws, by an objective.
#[derive(Clone, Debug)]
pub struct Choices {
    /// By plan and draw: how much better than the first plan; of that, nothing.
    better: Vec<Vec<f64>>,
    /// Replicate of each draw.
    replicates: Vec<u8>,
}

/// What something is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// With its error over replicates \[objective's unit\].
    pub value: Interval,
    /// What one or other of as many inputs of no worth reaches by chance \[objective's unit\].
    pub floor: f64,
    /// Share of draws in which another plan is chosen than without it \[1\].
    pub switches: f64,
}

/// A regression's normal equations.
#[derive(Clone, Debug)]
struct Normal {
    /// Lower triangle of the products of columns, row by row.
    products: Vec<f64>,
    /// By plan: products of columns with it.
    with: Vec<Vec<f64>>,
}

impl Choices {
    /// From values by plan and draw, `sign` being 1 where less is better and −1 where more is.
    pub fn new(values: &[Vec<f64>], sign: f64, replicates: Vec<u8>) -> Self {
        let against =
            |plan: &Vec<f64>| plan.iter().zip(&values[0]).map(|(x, first)| sign * (first - x)).collect();
        Self { better: values.iter().map(against).collect(), replicates }
    }

    /// The plan that is best on average.
    pub fn best(&self) -> usize {
        let mean = |plan: usize| self.better[plan].iter().sum::<f64>();
        best(&(0..self.better.len()).map(mean).collect::<Vec<f64>>())
    }

    /// What it is worth to know everything: in every draw its best plan is chosen.
    pub fn perfect(&self) -> Worth {
        self.judge(
            1,
            |_| (),
            |(), draw| best(&self.better.iter().map(|plan| plan[draw]).collect::<Vec<f64>>()),
        )
    }

    /// What it is worth to know some columns of numbers, one of `inputs` such questions: plans are regressed on all of them.
    pub fn worth(&self, columns: &[Vec<f64>], inputs: usize) -> Worth {
        let size = columns.len() + 1;
        let row = |draw: usize, into: &mut [f64]| {
            into[0] = 1.0;
            into[1..].iter_mut().zip(columns).for_each(|(x, column)| *x = column[draw]);
        };
        let all: Vec<Normal> = (0..WIDTH).map(|r| self.normal(size, r, &row)).collect();
        let fit = |left_out: usize| -> Vec<Vec<f64>> {
            let mut sum = Normal::new(size, self.better.len());
            all.iter().enumerate().filter(|(r, _)| *r != left_out).for_each(|(_, one)| sum.add(one));
            sum.solve(size)
        };
        let mut room = vec![0.0; size];
        self.judge(inputs, fit, move |fitted, draw| {
            row(draw, &mut room);
            let of = |plan: &Vec<f64>| plan.iter().zip(&room).map(|(a, x)| a * x).sum::<f64>();
            best(&fitted.iter().map(of).collect::<Vec<f64>>())
        })
    }

    /// Judges a rule: by replicate it is made from the others, chooses a plan in each draw, and is held against the plan that is
    /// best on average in the others.
    fn judge<T>(
        &self,
        inputs: usize,
        make: impl Fn(usize) -> T,
        mut choose: impl FnMut(&T, usize) -> usize,
    ) -> Worth {
        let plans = self.better.len();
        let mut sums = vec![[0.0; WIDTH]; plans];
        for (plan, sums) in self.better.iter().zip(&mut sums) {
            plan.iter().zip(&self.replicates).for_each(|(x, &r)| sums[usize::from(r)] += x);
        }
        let (mut gains, mut counts, mut switched) = ([0.0; WIDTH], [0_u64; WIDTH], 0_u64);
        for r in 0..WIDTH {
            let rest = |plan: usize| (0..WIDTH).filter(|o| *o != r).map(|o| sums[plan][o]).sum::<f64>();
            let (usual, rule) = (best(&(0..plans).map(rest).collect::<Vec<f64>>()), make(r));
            for draw in (0..self.replicates.len()).filter(|d| usize::from(self.replicates[*d]) == r) {
                let chosen = choose(&rule, draw);
                gains[r] += self.better[chosen][draw] - self.better[usual][draw];
                counts[r] += 1;
                switched += u64::from(chosen != usual);
            }
        }
        let lanes: Vec<usize> = (0..WIDTH).filter(|&r| counts[r] > 0).collect();
        let all = counts.iter().sum::<u64>().max(1) as f64;
        let each: Vec<f64> = lanes.iter().map(|&r| gains[r] / counts[r] as f64).collect();
        let value = Interval::of_replicates(gains.iter().sum::<f64>() / all, &each);
        // Rules share most of the draws that they are made from, so that gains of chance go together: as Nadeau and Bengio (2003).
        let shared = (1.0 + each.len() as f64 / (each.len().max(2) - 1) as f64).sqrt();
        let reach = shared * student(CHANCE / inputs.max(1) as f64, each.len().saturating_sub(1));
        let floor = if value.error == 0.0 { 0.0 } else { reach * value.error };
        Worth { value, floor, switches: switched as f64 / all }
    }

    fn normal(&self, size: usize, replicate: usize, row: &impl Fn(usize, &mut [f64])) -> Normal {
        let mut sums = Normal::new(size, self.better.len());
        let mut room = vec![0.0; size];
        for draw in (0..self.replicates.len()).filter(|d| usize::from(self.replicates[*d]) == replicate) {
            row(draw, &mut room);
            let mut place = 0;
            for i in 0..size {
                for j in 0..=i {
                    sums.products[place] += room[i] * room[j];
                    place += 1;
                }
            }
            for (with, plan) in sums.with.iter_mut().zip(&self.better) {
                with.iter_mut().zip(&room).for_each(|(sum, x)| *sum += x * plan[draw]);
            }
        }
        sums
    }
}

impl Normal {
    fn new(size: usize, plans: usize) -> Self {
        Self { products: vec![0.0; size * (size + 1) / 2], with: vec![vec![0.0; size]; plans] }
    }

    fn add(&mut self, other: &Self) {
        self.products.iter_mut().zip(&other.products).for_each(|(sum, x)| *sum += x);
        for (ours, theirs) in self.with.iter_mut().zip(&other.with) {
            ours.iter_mut().zip(theirs).for_each(|(sum, x)| *sum += x);
        }
    }

    /// Coefficients by plan, by Cholesky's factor; a column that adds nothing to those before it has none.
    fn solve(&self, size: usize) -> Vec<Vec<f64>> {
        let at = |i: usize, j: usize| i * (i + 1) / 2 + j;
        let mut factor = self.products.clone();
        for i in 0..size {
            for j in 0..=i {
                let dot: f64 = (0..j).map(|k| factor[at(i, k)] * factor[at(j, k)]).sum();
                let left = self.products[at(i, j)] - dot;
                factor[at(i, j)] = if i == j {
                    if left > 1e-9 * self.products[at(i, i)] { left.sqrt() } else { 0.0 }
                } else if factor[at(j, j)] > 0.0 {
                    left / factor[at(j, j)]
                } else {
                    0.0
                };
            }
        }
        let solve = |with: &Vec<f64>| {
            let over = |x: f64, i: usize| if factor[at(i, i)] > 0.0 { x / factor[at(i, i)] } else { 0.0 };
            let mut x = with.clone();
            for i in 0..size {
                let dot: f64 = (0..i).map(|k| factor[at(i, k)] * x[k]).sum();
                x[i] = over(x[i] - dot, i);
            }
            for i in (0..size).rev() {
                let dot: f64 = (i + 1..size).map(|k| factor[at(k, i)] * x[k]).sum();
                x[i] = over(x[i] - dot, i);
            }
            x
        };
        self.with.iter().map(solve).collect()
    }
}

/// The place of the largest; of equal ones the first.
fn best(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

/// What Student's t with so many degrees of freedom exceeds with a probability.
fn student(probability: f64, degrees: usize) -> f64 {
    if degrees == 0 {
        return f64::INFINITY;
    }
    let n = degrees as f64;
    let above = |t: f64| 0.5 * incomplete_beta(0.5 * n, 0.5, n / (n + t * t));
    let (mut low, mut high) = (0.0, 1e3);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if above(middle) > probability { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Columns of an input by its normal score, for a regression that may bend twice.
pub fn curve(scores: impl Iterator<Item = f64>) -> Vec<Vec<f64>> {
    let mut columns = vec![Vec::new(), Vec::new(), Vec::new()];
    for z in scores {
        // Hermite's polynomials: no two of them go together.
        for (column, x) in columns.iter_mut().zip([z, z * z - 1.0, z * (z * z - 3.0)]) {
            column.push(x);
        }
    }
    columns
}

/// Columns of when something strikes first, as a share of the horizon; none where it never does.
pub fn strike(onsets: impl Iterator<Item = Option<f64>>) -> Vec<Vec<f64>> {
    let mut columns = vec![Vec::new(), Vec::new(), Vec::new()];
    for onset in onsets {
        let x = onset.unwrap_or(0.0);
        let struck = f64::from(u8::from(onset.is_some()));
        for (column, x) in columns.iter_mut().zip([struck, struck * x, struck * x * x]) {
            column.push(x);
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{exp, inverse_normal, normal_cdf};
    use crate::random::{Design, Sampler};

    fn scores(seed: u64, path: &str, draws: usize) -> Vec<f64> {
        let stream = Design { seed, sampler: Sampler::Mc }.stream(path, None);
        (0..(draws / WIDTH) as u64).flat_map(|b| stream.uniforms(b).0).map(inverse_normal).collect()
    }

    fn replicates(draws: usize) -> Vec<u8> {
        (0..draws).map(|d| (d % WIDTH) as u8).collect()
    }

    /// E[max(0, μ + σZ)] − max(0, μ).
    fn linear_gaussian(mean: f64, sd: f64) -> f64 {
        let z = mean / sd;
        let density = 0.398_942_280_401_432_7 * exp(-0.5 * z * z);
        sd * density + mean * normal_cdf(z) - mean.max(0.0)
    }

    #[test]
    fn a_linear_gaussian_choice_has_its_closed_form() {
        let draws = 32_768;
        for (seed, mean, a, b) in [(1, 0.3, 1.0, 0.6), (2, -0.5, 1.0, 2.0), (3, 0.0, 0.4, 0.1)] {
            let [x, y, inert] = ["x", "y", "inert"].map(|path| scores(seed, path, draws));
            let plan: Vec<f64> = x.iter().zip(&y).map(|(x, y)| mean + a * x + b * y).collect();
            // More is better; the first plan is nothing.
            let choices = Choices::new(&[vec![0.0; draws], plan], -1.0, replicates(draws));
            let both = [curve(x.iter().copied()), curve(y.iter().copied())].concat();
            let one = |scores: &Vec<f64>| choices.worth(&curve(scores.iter().copied()), 3);
            for (found, truth) in [
                (one(&x), linear_gaussian(mean, a)),
                (one(&y), linear_gaussian(mean, b)),
                (choices.worth(&both, 3), linear_gaussian(mean, a.hypot(b))),
                (choices.perfect(), linear_gaussian(mean, a.hypot(b))),
            ] {
                // Nine in ten thousand of Student's t with seven degrees lie beyond five errors, of the normal beyond three.
                assert!(
                    (found.value.value - truth).abs() < 3.0 * found.value.error + 1e-4,
                    "{seed}: {found:?} {truth}"
                );
                assert!(truth < 0.01 || found.value.value > found.floor, "{seed}: {found:?} {truth}");
            }
            let nothing = one(&inert);
            assert!(nothing.value.value <= nothing.floor && nothing.value.value < 0.01, "{nothing:?}");
        }
    }

    #[test]
    fn inputs_of_no_worth_stand_below_the_floor() {
        let (draws, inputs) = (1024, 100);
        let mut above = 0;
        for seed in 0..20 {
            let plans: Vec<Vec<f64>> = (0..4).map(|p| scores(seed, &format!("plan.{p}"), draws)).collect();
            let choices = Choices::new(&plans, 1.0, replicates(draws));
            for i in 0..inputs {
                let columns = curve(scores(seed, &format!("input.{i}"), draws).into_iter());
                let found = choices.worth(&columns, inputs);
                above += usize::from(found.value.value > found.floor);
            }
        }
        // One of 2,000 would be by the floor.
        assert!(above <= 3, "{above}");
    }

    #[test]
    fn who_never_changes_the_plan_learns_nothing() {
        let draws = 512;
        let x = scores(1, "x", draws);
        let choices = Choices::new(&[vec![0.0; draws], vec![1.0; draws]], -1.0, replicates(draws));
        let found = choices.worth(&curve(x.into_iter()), 1);
        assert_eq!((found.value.value, found.value.error, found.floor, found.switches), (0.0, 0.0, 0.0, 0.0));
        assert_eq!(choices.best(), 1);
        assert_eq!(choices.perfect().value.value, 0.0);
    }

    #[test]
    fn a_shock_is_worth_what_its_outcome_tells() {
        // It strikes in a quarter of draws, at any time; then the second plan gains 4 for all time left, else it loses 1.
        let draws = 16_384;
        let u: Vec<f64> = scores(4, "u", draws).into_iter().map(normal_cdf).collect();
        let onset = |u: f64| (u < 0.25).then_some(4.0 * u);
        let plan = u.iter().map(|&u| onset(u).map_or(-1.0, |x| 4.0 * (1.0 - x))).collect();
        let choices = Choices::new(&[vec![0.0; draws], plan], -1.0, replicates(draws));
        let found = choices.worth(&strike(u.iter().map(|&u| onset(u))), 1);
        // Without it the first plan is as good: ¼·2 − ¾ < 0. With it ¼·2 is gained.
        assert!((found.value.value - 0.5).abs() < 3.0 * found.value.error + 1e-3, "{found:?}");
        assert!((found.switches - 0.25).abs() < 0.02);
    }

    #[test]
    fn quantiles_of_students_t() {
        for (p, n, truth) in [(0.025, 7, 2.364_624), (0.001, 7, 4.785_290), (0.05, 30, 1.697_261)] {
            assert!((student(p, n) - truth).abs() < 1e-5, "{}", student(p, n));
        }
    }
}
