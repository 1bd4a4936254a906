//! Statistics of cells: moments and histograms side by side, filled in parallel, each cell by one thread.

use super::{Histogram, Moments};
use crate::math::{Lanes, Mask, WIDTH};
use rayon::prelude::*;

/// Probabilities of the quantiles in tables.
const PROBABILITIES: [f64; 9] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/// Quantiles in tables.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // each is the quantile of its name
pub struct Quantiles {
    pub p01: f64,
    pub p05: f64,
    pub p10: f64,
    pub p25: f64,
    pub p50: f64,
    pub p75: f64,
    pub p90: f64,
    pub p95: f64,
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
    /// Errors of the quantiles 5 %, 50 %, 95 %, from replicates.
    pub quantile_se: Option<[f64; 3]>,
}

#[derive(Clone, Debug, Default)]
struct Accumulator {
    moments: Moments,
    histogram: Histogram,
}

/// Statistics of many cells, being gathered.
#[derive(Clone, Debug)]
pub struct Summary {
    cells: Vec<Accumulator>,
    independent: bool,
}

impl Summary {
    /// Room for cells; `independent` if draws are (then the mean's error is that of independent draws).
    pub fn new(cells: usize, independent: bool) -> Self {
        Self { cells: vec![Accumulator::default(); cells], independent }
    }

    /// Adds consecutive batches: `batches[b][cell]`, each with the lanes that count.
    pub fn absorb(&mut self, batches: &[Vec<Lanes>], masks: &[Mask]) {
        self.cells.par_iter_mut().enumerate().with_min_len(64).for_each(|(c, cell)| {
            for (batch, &mask) in batches.iter().zip(masks) {
                cell.moments.add(batch[c], mask);
                cell.histogram.add(batch[c], mask);
            }
        });
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
        self.cells.par_iter().map(|c| self.statistics(c)).collect()
    }

    /// Statistics of one cell.
    pub fn one(&self, cell: usize) -> Statistics {
        self.statistics(&self.cells[cell])
    }

    /// A quantile of a cell.
    pub fn quantile(&self, cell: usize, p: f64) -> f64 {
        let c = &self.cells[cell];
        c.histogram.quantiles(&[p], None, c.moments.range())[0]
    }

    fn statistics(&self, cell: &Accumulator) -> Statistics {
        let (n, mean, sd) = cell.moments.pooled();
        let (min, max) = cell.moments.range();
        let q = cell.histogram.quantiles(&PROBABILITIES, None, (min, max));
        let counts = cell.moments.counts();
        let lanes: Vec<usize> = (0..WIDTH).filter(|&l| counts[l] > 0.0).collect();
        let enough = lanes.len() > 1;
        let means = cell.moments.means();
        let of_means = enough.then(|| spread(lanes.iter().map(|&l| means[l])));
        let quantile_se = enough.then(|| {
            let each: Vec<Vec<f64>> = lanes
                .iter()
                .map(|&l| cell.histogram.quantiles(&[0.05, 0.5, 0.95], Some(l), (min, max)))
                .collect();
            std::array::from_fn(|i| spread(each.iter().map(|q| q[i])))
        });
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
                let mut summary = Summary::new(2, false);
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
        // t with 7 degrees: 95 % within 2.365 errors.
        let mut covered = [0; 2];
        for seed in 0..300 {
            let mut summary = Summary::new(2, false);
            summary.absorb(&normal_batches(seed, 64), &[Mask::splat(true); 64]);
            let s = summary.finish()[0];
            covered[0] += u32::from(s.mean.abs() < 2.365 * s.mean_se.unwrap());
            covered[1] += u32::from(s.quantiles.p50.abs() < 2.365 * s.quantile_se.unwrap()[1]);
        }
        assert!(covered.iter().all(|&c| (270..=297).contains(&c)), "{covered:?}");
    }
}
