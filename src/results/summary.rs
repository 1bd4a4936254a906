//! Statistics of cells: moments and histograms side by side, filled in parallel, each cell by one thread.

use super::Histogram;
use super::moments::{Counts, Spread, Step};
use crate::math::{Kernel, Lanes, Mask, WIDTH, dispatch};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Cells that one thread takes at a time: with a round's values they fit the second cache.
const CELLS: usize = 32;
/// Probabilities of the quantiles whose errors are in tables.
const WITH_ERRORS: [f64; 3] = [0.05, 0.5, 0.95];
/// Probabilities of the quantiles in tables.
const PROBABILITIES: [f64; 9] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/// Quantiles in tables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantiles {
    /// 1%.
    pub p01: f64,
    /// 5%.
    pub p05: f64,
    /// 10%.
    pub p10: f64,
    /// 25%.
    pub p25: f64,
    /// The median.
    pub p50: f64,
    /// 75%.
    pub p75: f64,
    /// 90%.
    pub p90: f64,
    /// 95%.
    pub p95: f64,
    /// 99%.
    pub p99: f64,
}

/// What is known of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// Draws.
    pub draws: u64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation over draws.
    pub sd: f64,
    /// Error of the mean; none with fewer than two replicates.
    pub mean_se: Option<f64>,
    /// Quantiles.
    pub quantiles: Quantiles,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Errors of the quantiles 5%, 50%, 95%: the widths of their 95% intervals in quantiles of Student's t.
    pub quantile_se: Option<[f64; 3]>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Accumulator<const R: usize> {
    spread: Spread,
    histogram: Histogram<R>,
}

/// Statistics of many cells, being gathered; with one replicate quantiles have no errors, and take an eighth of the memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary<const R: usize = WIDTH> {
    counts: Counts,
    /// None for a cell that has been 0 in all draws so far.
    cells: Vec<Option<Box<Accumulator<R>>>>,
    independent: bool,
}

/// Batches that some cells take.
struct Absorption<'a, const R: usize> {
    cells: &'a mut [Option<Box<Accumulator<R>>>],
    /// Number of the first of the cells.
    first: usize,
    batches: &'a [Vec<Lanes>],
    /// For each batch: the counts before it, and what it does.
    steps: &'a [(Counts, Step, Mask)],
    /// Where values are turned, kept from one time to the next.
    turned: &'a mut Vec<Lanes>,
}

impl<const R: usize> Kernel for Absorption<'_, R> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let cells = self.first..self.first + self.cells.len();
        // A batch's values lie side by side in memory and a cell's do not: they are turned in a block that fits the cache.
        let turned = self.turned;
        turned.resize(self.cells.len() * self.batches.len(), Lanes::ZERO);
        for (b, batch) in self.batches.iter().enumerate() {
            let column = turned.iter_mut().skip(b).step_by(self.batches.len());
            column.zip(&batch[cells.clone()]).for_each(|(place, &x)| *place = x);
        }
        for (cell, values) in self.cells.iter_mut().zip(turned.chunks_exact(self.batches.len())) {
            for (&x, (before, step, mask)) in values.iter().zip(self.steps) {
                if cell.is_none() {
                    if !(!x.eq(Lanes::ZERO) & *mask).any() {
                        continue;
                    }
                    *cell = Some(Box::new(Accumulator::of_zeros(before)));
                }
                if let Some(cell) = cell {
                    cell.spread.add(x, step);
                    cell.histogram.add(x, *mask);
                }
            }
        }
    }
}

impl<const R: usize> Accumulator<R> {
    #[cold]
    fn of_zeros(counts: &Counts) -> Self {
        Self { spread: Spread::of_zeros(counts), histogram: Histogram::of_zeros(counts.total()) }
    }
}

impl<const R: usize> Summary<R> {
    /// A summary of so many cells; `independent` if draws are: then the mean's error is that of independent draws.
    pub fn new(cells: usize, independent: bool) -> Self {
        Self { counts: Counts::default(), cells: vec![None; cells], independent }
    }

    /// Adds consecutive batches: `batches[b][cell]`, each with the lanes that count.
    pub fn absorb(&mut self, batches: &[Vec<Lanes>], masks: &[Mask]) {
        if batches.is_empty() {
            return;
        }
        let mut steps = Vec::with_capacity(masks.len());
        for &mask in masks {
            let before = self.counts.clone();
            steps.push((before, self.counts.step(mask), mask));
        }
        let chunks = self.cells.par_chunks_mut(CELLS).enumerate();
        chunks.for_each_init(Vec::new, |turned, (chunk, cells)| {
            dispatch(Absorption { cells, first: chunk * CELLS, batches, steps: &steps, turned });
        });
    }

    /// Begins with a leaf other than the first.
    pub fn start(&mut self, leaf: u64) {
        self.counts.start(leaf);
    }

    /// Adds what was gathered of the leaves that follow; says whether they do, and whether it is of as many cells.
    pub fn append(&mut self, other: Self) -> bool {
        let before = self.counts.clone();
        if self.cells.len() != other.cells.len() {
            return false;
        }
        let Some(merges) = self.counts.append(&other.counts) else { return false };
        self.cells.par_iter_mut().zip(other.cells).for_each(|(cell, more)| {
            if cell.is_none() && more.is_none() {
                return;
            }
            let more = more.unwrap_or_else(|| Box::new(Accumulator::of_zeros(&other.counts)));
            if before.is_new() {
                *cell = Some(more);
                return;
            }
            let cell = cell.get_or_insert_with(|| Box::new(Accumulator::of_zeros(&before)));
            cell.spread.append(&more.spread, &merges);
            cell.histogram.append(&more.histogram);
        });
        true
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Statistics of all cells.
    pub fn finish(&self) -> Vec<Statistics> {
        let zeros = Accumulator::of_zeros(&self.counts);
        self.cells.par_iter().map(|c| self.statistics(c.as_deref().unwrap_or(&zeros))).collect()
    }

    /// Statistics of one cell.
    pub fn one(&self, cell: usize) -> Statistics {
        let zeros = Accumulator::of_zeros(&self.counts);
        self.statistics(self.cells[cell].as_deref().unwrap_or(&zeros))
    }

    /// A quantile of a cell.
    pub fn quantile(&self, cell: usize, p: f64) -> f64 {
        let zeros = Accumulator::of_zeros(&self.counts);
        let c = self.cells[cell].as_deref().unwrap_or(&zeros);
        c.histogram.quantiles(&[p], c.spread.range())[0]
    }

    fn statistics(&self, cell: &Accumulator<R>) -> Statistics {
        let (n, mean, sd) = cell.spread.pooled(&self.counts);
        let (min, max) = cell.spread.range();
        let ranks = cell.histogram.ranks((min, max));
        let q = PROBABILITIES.map(|p| ranks.quantile(p));
        let counts = self.counts.total();
        let lanes: Vec<usize> = (0..WIDTH).filter(|&l| counts[l] > 0.0).collect();
        let enough = lanes.len() > 1;
        let means = cell.spread.means(&self.counts);
        let of_means = enough.then(|| spread(lanes.iter().map(|&l| means[l])));
        let quantile_se = (enough && R == WIDTH).then(|| WITH_ERRORS.map(|p| ranks.interval(p).error));
        let mean_se = if self.independent { (n > 1.0).then(|| sd / n.sqrt()) } else { of_means };
        Statistics {
            draws: n as u64,
            mean,
            sd,
            mean_se,
            quantiles: Quantiles {
                p01: q[0],
                p05: q[1],
                p10: q[2],
                p25: q[3],
                p50: q[4],
                p75: q[5],
                p90: q[6],
                p95: q[7],
                p99: q[8],
            },
            min,
            max,
            quantile_se,
        }
    }
}

/// Standard error of the mean of independent estimates.
fn spread(estimates: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = estimates.clone().count() as f64;
    let mean = estimates.clone().sum::<f64>() / n;
    let squares: f64 = estimates.map(|x| (x - mean) * (x - mean)).sum();
    (squares / (n * (n - 1.0))).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::inverse_normal;
    use crate::random::{Design, Sampler};

    fn normal_batches(seed: u64, batches: u64) -> Vec<Vec<Lanes>> {
        let stream = Design { seed, sampler: Sampler::Mc }.stream("x", None);
        (0..batches).map(|b| vec![stream.uniforms(b).map(inverse_normal), Lanes::splat(2.0)]).collect()
    }

    #[test]
    fn the_way_of_handing_over_changes_no_bit() {
        let batches = normal_batches(1, 1000);
        let masks = vec![Mask::splat(true); 1000];
        let results: Vec<Vec<Statistics>> = [1, 7, 32, 1000]
            .iter()
            .map(|&size| {
                let mut summary: Summary = Summary::new(2, false);
                for (b, m) in batches.chunks(size).zip(masks.chunks(size)) {
                    summary.absorb(b, m);
                }
                summary.finish()
            })
            .collect();
        assert!(results.windows(2).all(|w| w[0] == w[1]));
        assert_eq!(results[0][1].mean_se, Some(0.0));
        assert_eq!(results[0][1].quantiles.p05, 2.0);
    }

    #[test]
    fn errors_cover_the_truth_about_as_often_as_they_say() {
        // t with 7 degrees: 95% within 2.365 errors.
        let mut covered = [0; 2];
        for seed in 0..300 {
            let mut summary: Summary = Summary::new(2, false);
            summary.absorb(&normal_batches(seed, 64), &[Mask::splat(true); 64]);
            let s = summary.finish()[0];
            covered[0] += u32::from(s.mean.abs() < 2.365 * s.mean_se.unwrap());
            covered[1] += u32::from(s.quantiles.p50.abs() < 2.365 * s.quantile_se.unwrap()[1]);
        }
        assert!(covered.iter().all(|&c| (270..=297).contains(&c)), "{covered:?}");
    }
}
