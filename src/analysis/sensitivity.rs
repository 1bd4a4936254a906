//! First-order sensitivity from the draws of a run itself: the share of a cell's variance that one input explains alone.
//!
//! The index of input `X` for outcome `Y` is `Var(E[Y | X]) / Var(Y)` (Sobol 1993), estimated from any set of draws by the
//! correlation ratio: draws are put into bins by the rank of `X`, and the variance between the bins' means is held against
//! the whole (Pearson 1905; Plischke, Borgonovo and Smith 2013 as a given-data estimator). Bins of pure chance explain
//! `(B − 1)/(N − 1)` of it; Kelley's (1935) correction takes that off, so that an inert input scores 0 on average.

use crate::math::special::incomplete_beta;
use crate::math::{Kernel, Lanes, Mask, WIDTH, dispatch};
use crate::results::{Forest, LEAF};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Fewest and most bins, as powers of two.
const BITS: (u32, u32) = (2, 6);
/// Share of entries of inputs without influence that may stand above the floor, however few inputs there are.
const INERT: f64 = 2e-4;

/// The scale on which an outcome's variance is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// As it is: some draw's outcome is not positive.
    Plain,
    /// Its natural logarithm: every draw's outcome is positive, and factors are what matters.
    Log,
}

impl Scale {
    /// The word for it in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Log => "log",
        }
    }
}

/// Indices of all inputs for one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellDrivers {
    /// Scale of the outcome.
    pub scale: Scale,
    /// First-order index of each input \[1\]; about 0, also below, for an inert one.
    pub indices: Vec<f64>,
    /// What the index of one inert input or other reaches by chance, by input \[1\]; see [`Sensitivity::finish`].
    pub noise_floor: Vec<f64>,
    /// The outcome at the lowest and at the highest tenth of each input; none of an input of which no draw lies there.
    pub ends: Vec<[Option<End>; 2]>,
}

/// The outcome over draws in which an input is in a tenth at one end of its distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    /// Its mean; on the logarithmic scale the geometric mean.
    pub mean: f64,
    /// Standard error of it, were the input of no influence.
    pub error: f64,
}

/// Count, mean and sum of squared deviations of an outcome over draws (Welford 1962, merged after Chan et al. 1979).
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Total {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Total {
    fn add(&mut self, x: f64) {
        self.count += 1.0;
        let difference = x - self.mean;
        self.mean += difference / self.count;
        self.squares += difference * (x - self.mean);
    }

    fn join(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let (difference, share) = (other.mean - self.mean, other.count / count);
        Self {
            count,
            mean: self.mean + difference * share,
            squares: self.squares + other.squares + difference * difference * self.count * share,
        }
    }
}

/// The ends of an input whose outcomes are told: its lowest and its highest tenth.
const TENTH: f64 = 0.1;

/// Sums over the draws in each bin of one input, and after these in the tenths at its ends: counts by bin, and sums by bin and outcome.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Bins {
    counts: Vec<u64>,
    /// Sums of the leaf that is being filled, and of those before.
    leaf: Vec<f64>,
    tree: Forest<Vec<f64>>,
}

/// Indices of many inputs for a few cells, being gathered.
///
/// Every input's sums are filled by one thread in order of draws, so that the indices are the same on any number of threads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sensitivity {
    cells: usize,
    bins: usize,
    draws: u64,
    positive: Vec<bool>,
    /// Batches of the leaf that is being filled.
    batches: u64,
    /// By cell, as it is and its logarithm: of the leaf that is being filled, and of those before.
    leaf: Vec<Total>,
    tree: Forest<Vec<Total>>,
    inputs: Vec<Bins>,
}

impl Sensitivity {
    /// No draw yet, of so many inputs and cells; the number of bins depends on the number of draws that are to come.
    ///
    /// Bins are `2^⌊½ log₂ draws − 1⌋`, between 4 and 64: their draws grow as fast as their number, so that both what a bin
    /// hides (the variance within it) and chance fade.
    pub fn new(inputs: usize, cells: usize, draws: u64) -> Self {
        let exponent = (draws.max(1).ilog2() / 2).saturating_sub(1).clamp(BITS.0, BITS.1);
        let bins = 1_usize << exponent;
        let leaf = vec![0.0; (bins + 2) * 2 * cells];
        let empty = Bins { counts: vec![0; bins + 2], leaf, tree: Forest::default() };
        Self {
            cells,
            bins,
            draws: 0,
            positive: vec![true; cells],
            batches: 0,
            leaf: vec![Total::default(); 2 * cells],
            tree: Forest::default(),
            inputs: vec![empty; inputs],
        }
    }

    /// Begins with a leaf other than the first.
    pub fn start(&mut self, leaf: u64) {
        self.tree.start(leaf);
        self.inputs.iter_mut().for_each(|input| input.tree.start(leaf));
    }

    /// Adds consecutive batches: `ranks[b][input]` in (0, 1), `outcomes[b][cell]`, each with the lanes that count.
    pub fn absorb(&mut self, ranks: &[Vec<Lanes>], outcomes: &[Vec<Lanes>], masks: &[Mask]) {
        let mut from = 0;
        while from < masks.len() {
            let to = masks.len().min(from + (LEAF - self.batches) as usize);
            self.fill(&ranks[from..to], &outcomes[from..to], &masks[from..to]);
            from = to;
        }
    }

    /// Adds batches of one leaf.
    fn fill(&mut self, ranks: &[Vec<Lanes>], outcomes: &[Vec<Lanes>], masks: &[Mask]) {
        let draws: Vec<(usize, usize)> = (masks.iter().enumerate())
            .flat_map(|(b, m)| (0..WIDTH).filter(|&l| m.lane(l)).map(move |l| (b, l)))
            .collect();
        let columns = 2 * self.cells;
        let mut values = Vec::with_capacity(draws.len() * columns);
        for &(b, lane) in &draws {
            for (c, outcome) in outcomes[b].iter().enumerate().take(self.cells) {
                self.note(c, outcome[lane], &mut values);
            }
        }
        self.draws += draws.len() as u64;
        self.batches = (self.batches + masks.len() as u64) % LEAF;
        let (bins, full) = (self.bins, self.batches == 0);
        if full {
            let leaf = vec![Total::default(); columns];
            self.tree.push(0, std::mem::replace(&mut self.leaf, leaf), join_totals);
        }
        let rows = Rows { draws: &draws, ranks, values: &values, columns: columns.max(1), bins };
        self.inputs.par_iter_mut().enumerate().with_min_len(8).for_each(|(i, input)| {
            dispatch(Filling { input, i, rows });
            if full {
                let leaf = vec![0.0; (bins + 2) * columns];
                input.tree.push(0, std::mem::replace(&mut input.leaf, leaf), join_sums);
            }
        });
    }

    /// Adds an outcome and its logarithm to the totals, and to `values`.
    fn note(&mut self, cell: usize, y: f64, values: &mut Vec<f64>) {
        self.positive[cell] &= y > 0.0;
        let log = if y > 0.0 { crate::math::ln(y) } else { 0.0 };
        for (total, x) in self.leaf[2 * cell..][..2].iter_mut().zip([y, log]) {
            total.add(x);
            values.push(x);
        }
    }

    /// Adds what was gathered of the leaves that follow; says whether they do, and whether it is of as many inputs and cells.
    pub fn append(&mut self, other: Self) -> bool {
        let shape = |s: &Self| (s.cells, s.bins, s.inputs.len());
        if shape(self) != shape(&other) || self.batches > 0 || !self.tree.append(other.tree, join_totals) {
            return false;
        }
        self.positive.iter_mut().zip(other.positive).for_each(|(all, more)| *all &= more);
        self.draws += other.draws;
        (self.batches, self.leaf) = (other.batches, other.leaf);
        let inputs = self.inputs.par_iter_mut().zip(other.inputs);
        inputs.map(|(input, more)| input.append(more)).reduce(|| true, |a, b| a && b)
    }

    /// Indices of every cell; none for a cell that is the same in all draws, or with fewer draws than bins.
    ///
    /// `chance` is the probability that of all inputs of a cell, were none of any influence, at least one would score above
    /// the noise floor. Without influence the correlation ratio of independent draws with normal residuals is distributed
    /// as `Beta((B − 1)/2, (N − B)/2)`; the floor is its quantile at `1 − min(chance/inputs, 1/5000)` after the correction: of few inputs
    /// no more than one inert entry in five thousand stands above it.
    pub fn finish(&self, chance: f64) -> Vec<Option<CellDrivers>> {
        let alone = (chance / self.inputs.len().max(1) as f64).min(INERT);
        let n = self.draws as f64;
        let used: Vec<usize> =
            self.inputs.iter().map(|i| i.counts[..self.bins].iter().filter(|&&c| c > 0).count()).collect();
        let floors: Vec<f64> =
            (0..=self.bins).map(|b| if used.contains(&b) { floor(n, b, alone) } else { 0.0 }).collect();
        let totals =
            self.tree.nodes().rev().fold(self.leaf.clone(), |sum, left| join_totals(left.clone(), sum));
        let sums: Vec<Vec<f64>> = self.inputs.par_iter().map(Bins::sums).collect();
        let of_cell = |c: usize| {
            let scale = if self.positive[c] { Scale::Log } else { Scale::Plain };
            let column = 2 * c + usize::from(scale == Scale::Log);
            let Total { mean, squares, .. } = totals[column];
            // What rounding leaves of equal numbers is no variance.
            let varies = squares > 1e-24 * n * mean * mean && n > self.bins as f64;
            varies.then(|| CellDrivers {
                scale,
                indices: (self.inputs.iter().zip(&sums).zip(&used))
                    .map(|((i, sums), &b)| {
                        let column = sums.iter().skip(column).step_by(2 * self.cells);
                        corrected(i.between(self.bins, column, mean) / squares, n, b)
                    })
                    .collect(),
                noise_floor: used.iter().map(|&b| floors[b]).collect(),
                ends: (self.inputs.iter().zip(&sums))
                    .map(|(input, sums)| {
                        [self.bins, self.bins + 1].map(|bin| {
                            let sum = sums[bin * 2 * self.cells + column];
                            End::new(sum, input.counts[bin], squares / (n - 1.0), scale)
                        })
                    })
                    .collect(),
            })
        };
        (0..self.cells).map(of_cell).collect()
    }

    /// Draws that counted.
    pub fn draws(&self) -> u64 {
        self.draws
    }
}

impl End {
    /// From the sum over so many draws, and the variance of all.
    fn new(sum: f64, count: u64, variance: f64, scale: Scale) -> Option<Self> {
        let n = count as f64;
        let (mean, error) = (sum / n, (variance / n).sqrt());
        (count > 0).then(|| match scale {
            Scale::Plain => Self { mean, error },
            Scale::Log => Self { mean: crate::math::exp(mean), error: crate::math::exp(mean) * error },
        })
    }
}

/// Draws of a leaf, with the ranks of all inputs and a row of outcomes for each.
#[derive(Clone, Copy)]
struct Rows<'a> {
    /// Batch and lane of each.
    draws: &'a [(usize, usize)],
    ranks: &'a [Vec<Lanes>],
    values: &'a [f64],
    columns: usize,
    bins: usize,
}

/// Adds draws to the bins of an input.
struct Filling<'a> {
    input: &'a mut Bins,
    /// Its place among the inputs.
    i: usize,
    rows: Rows<'a>,
}

impl Kernel for Filling<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Self { input, i, rows } = self;
        let Rows { draws, ranks, values, columns, bins } = rows;
        for (&(b, lane), row) in draws.iter().zip(values.chunks_exact(columns)) {
            let rank = ranks[b][i][lane];
            input.add(((rank * bins as f64) as usize).min(bins - 1), row);
            if rank < TENTH {
                input.add(bins, row);
            } else if rank >= 1.0 - TENTH {
                input.add(bins + 1, row);
            }
        }
    }
}

impl Bins {
    /// Adds a draw's outcomes to a bin.
    #[inline(always)]
    fn add(&mut self, bin: usize, row: &[f64]) {
        self.counts[bin] += 1;
        for (sum, x) in self.leaf[bin * row.len()..][..row.len()].iter_mut().zip(row) {
            *sum += x;
        }
    }

    fn append(&mut self, other: Self) -> bool {
        self.counts.iter_mut().zip(other.counts).for_each(|(n, more)| *n += more);
        self.leaf = other.leaf;
        self.tree.append(other.tree, join_sums)
    }

    /// Sums by bin and outcome.
    fn sums(&self) -> Vec<f64> {
        self.tree.nodes().rev().fold(self.leaf.clone(), |sum, left| join_sums(left.clone(), sum))
    }

    /// Sum of squares between the bins' means of an outcome, whose sums by bin are given, and whose mean.
    fn between<'a>(&self, bins: usize, sums: impl Iterator<Item = &'a f64>, mean: f64) -> f64 {
        let parts = self.counts[..bins].iter().zip(sums).filter(|(n, _)| **n > 0).map(|(&n, sum)| {
            let off = sum / n as f64 - mean;
            n as f64 * off * off
        });
        parts.sum()
    }
}

fn join_totals(left: Vec<Total>, right: Vec<Total>) -> Vec<Total> {
    left.into_iter().zip(right).map(|(a, b)| a.join(b)).collect()
}

fn join_sums(mut left: Vec<f64>, right: Vec<f64>) -> Vec<f64> {
    left.iter_mut().zip(right).for_each(|(sum, more)| *sum += more);
    left
}

/// A correlation ratio without what `bins` bins explain by chance: Kelley's ε² (1935).
fn corrected(ratio: f64, n: f64, bins: usize) -> f64 {
    1.0 - (1.0 - ratio) * (n - 1.0) / (n - bins as f64)
}

/// The corrected ratio that an inert input exceeds with a probability.
fn floor(n: f64, bins: usize, probability: f64) -> f64 {
    if bins < 2 || n <= bins as f64 {
        return 0.0;
    }
    let (a, b) = (0.5 * (bins as f64 - 1.0), 0.5 * (n - bins as f64));
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if 1.0 - incomplete_beta(a, b, middle) > probability { low = middle } else { high = middle }
    }
    corrected(0.5 * (low + high), n, bins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_is_the_quantile_of_the_ratio_of_chance() {
        // Beta(31/2, 8160/2) and Beta(7/2, 504/2), by another library.
        for (n, bins, p) in [(8192.0, 32, 1e-4), (512.0, 8, 0.01), (1_048_576.0, 64, 1e-4)] {
            let at = 1.0 - (1.0 - floor(n, bins, p)) * (n - bins as f64) / (n - 1.0);
            let above = 1.0 - puruspe::betai(0.5 * (bins as f64 - 1.0), 0.5 * (n - bins as f64), at);
            assert!((above / p - 1.0).abs() < 1e-3, "{n} {bins}: {above}");
        }
    }

    #[test]
    fn a_cell_without_variance_has_no_drivers() {
        let mut s = Sensitivity::new(1, 2, 64);
        let ranks: Vec<Vec<Lanes>> =
            (0..8).map(|b| vec![Lanes::from_fn(|l| (f64::from(b) * 8.0 + l as f64 + 0.5) / 64.0)]).collect();
        let outcomes: Vec<Vec<Lanes>> = ranks.iter().map(|r| vec![Lanes::splat(0.1), r[0] - 0.5]).collect();
        s.absorb(&ranks, &outcomes, &[Mask::splat(true); 8]);
        let found = s.finish(0.05);
        assert!(found[0].is_none());
        let second = found[1].as_ref().unwrap();
        assert_eq!(second.scale, Scale::Plain);
        // Four bins of sixteen equally spaced points explain 1 − (16² − 1)/(64² − 1) of a line.
        let ratio = 1.0 - 255.0 / 4095.0;
        assert!((second.indices[0] - corrected(ratio, 64.0, 4)).abs() < 1e-12);
    }

    #[test]
    fn the_ends_are_means_over_tenths() {
        // Of 1,000 equally spaced points the tenths hold 100 each; the second input falls, the third does nothing.
        let n = 1000;
        let mut s = Sensitivity::new(3, 2, n);
        let at = |b: u64, l: usize, k: u64| ((((8 * b + l as u64) * k) % n) as f64 + 0.5) / n as f64;
        let ranks = |b: u64| [1, 1, 387].map(|k| Lanes::from_fn(|l| at(b, l, k)));
        let ranks: Vec<Vec<Lanes>> = (0..n / 8).map(ranks).map(|[x, y, z]| vec![x, 1.0 - y, z]).collect();
        let outcomes: Vec<Vec<Lanes>> = ranks.iter().map(|r| vec![r[0] - 0.5, r[0].exp()]).collect();
        s.absorb(&ranks, &outcomes, &vec![Mask::splat(true); ranks.len()]);
        let found: Vec<CellDrivers> = s.finish(0.05).into_iter().flatten().collect();
        let mean = |cell: usize, input: usize| found[cell].ends[input].map(|end| end.unwrap().mean);
        let close = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).abs() < 1e-12 && (a[1] - b[1]).abs() < 1e-12;
        assert!(close(mean(0, 0), [-0.45, 0.45]) && close(mean(0, 1), [0.45, -0.45]));
        // Geometric: e to the mean of the exponents.
        let [low, high] = [0.05, 0.95].map(crate::math::exp);
        assert_eq!(found[1].scale, Scale::Log);
        assert!(close(mean(1, 0), [low, high]) && close(mean(1, 1), [high, low]));
        for (cell, drivers) in found.iter().enumerate() {
            let [low, high] = drivers.ends[2].map(Option::unwrap);
            assert!((low.mean - high.mean).abs() < 2.0 * low.error.hypot(high.error));
            let error = if cell == 0 { 1.0 } else { low.mean } * (1.0_f64 / 12.0 / 100.0).sqrt();
            assert!((low.error / error - 1.0).abs() < 1e-3);
        }
    }

    #[test]
    fn parts_have_the_bits_of_the_whole() {
        let batches = |from: u64, to: u64| {
            let at = |b: u64, l: usize| ((b * 8 + l as u64) * 7919 % 40_009) as f64 / 40_009.0;
            let ranks = |b: u64| vec![Lanes::from_fn(|l| at(b, l)), Lanes::from_fn(|l| at(7 * b, l))];
            let mut s = Sensitivity::new(2, 1, 8 * 6 * LEAF);
            s.start(from / LEAF);
            for b in (from..to).step_by(32) {
                let ranks: Vec<_> = (b..to.min(b + 32)).map(ranks).collect();
                let outcomes: Vec<_> = ranks.iter().map(|r| vec![1.0 + r[0] * 3.0 + r[1]]).collect();
                s.absorb(&ranks, &outcomes, &vec![Mask::splat(true); ranks.len()]);
            }
            s
        };
        let mut all = batches(0, LEAF);
        assert!(all.append(batches(LEAF, 4 * LEAF)) && all.append(batches(4 * LEAF, 6 * LEAF - 40)));
        assert_eq!(all.finish(0.05), batches(0, 6 * LEAF - 40).finish(0.05));
        assert!(!all.append(batches(6 * LEAF, 7 * LEAF)));
    }
}
