//! Gaussian copulas: correlated uniforms from independent ones, by a matrix or by a common factor.

use crate::math::lanes::Lanes;
use crate::math::normal_cdf;

/// The Cholesky factor of a correlation matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Copula {
    /// Rows of the lower triangle.
    rows: Vec<Vec<f64>>,
}

/// No random numbers have these correlations.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the correlations contradict each other: the matrix is not positive semi-definite")]
pub struct NotPositiveSemiDefinite {
    /// The row at which the contradiction shows.
    pub row: usize,
    /// The largest factor on all correlations at which it disappears.
    pub feasible: f64,
}

/// Rounding that a semi-definite matrix may show on its diagonal.
const TOLERANCE: f64 = 1e-10;

impl Copula {
    /// The copula of `size` paths with correlations of normal scores (i, j, rho); 0 elsewhere.
    ///
    /// # Errors
    /// If the matrix is not positive semi-definite.
    pub fn new(size: usize, pairs: &[(usize, usize, f64)]) -> Result<Self, NotPositiveSemiDefinite> {
        let matrix = |scale: f64| {
            let mut m = vec![vec![0.0; size]; size];
            for (i, row) in m.iter_mut().enumerate() {
                row[i] = 1.0;
            }
            for &(i, j, rho) in pairs {
                m[i][j] = rho * scale;
                m[j][i] = rho * scale;
            }
            m
        };
        cholesky(&matrix(1.0)).map(|rows| Self { rows }).map_err(|row| {
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..40 {
                let middle = 0.5 * (low + high);
                if cholesky(&matrix(middle)).is_ok() { low = middle } else { high = middle }
            }
            NotPositiveSemiDefinite { row, feasible: low }
        })
    }

    /// Turns independent uniforms, one row a path, into correlated ones; the first stays as it is.
    pub fn apply<const N: usize>(&self, uniforms: &mut [Lanes<N>]) {
        let scores: Vec<Lanes<N>> = uniforms.iter().map(|u| u.inverse_normal()).collect();
        for (i, row) in self.rows.iter().enumerate().skip(1) {
            if row[..i].iter().all(|&w| w == 0.0) {
                continue;
            }
            let mixed = row.iter().zip(&scores).fold(Lanes::ZERO, |sum, (&w, &z)| sum + z * w);
            uniforms[i] = uniform_of(mixed);
        }
    }
}

/// A uniform of its own that loads on a factor, given by its normal score: λ·F + √(1 − λ²)·ε as a uniform.
#[inline]
pub fn loaded<const N: usize>(loading: f64, factor: Lanes<N>, own: Lanes<N>) -> Lanes<N> {
    uniform_of(factor * loading + own.inverse_normal() * (1.0 - loading * loading).sqrt())
}

/// The uniform of a normal score, in (0, 1).
fn uniform_of<const N: usize>(score: Lanes<N>) -> Lanes<N> {
    score.map(|z| normal_cdf(z).clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0))
}

fn cholesky(m: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, usize> {
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for i in 0..m.len() {
        let mut row: Vec<f64> = vec![0.0; i + 1];
        for j in 0..i {
            let known: f64 = (0..j).map(|k| row[k] * rows[j][k]).sum();
            let rest = m[i][j] - known;
            if rows[j][j] > TOLERANCE.sqrt() {
                row[j] = rest / rows[j][j];
            } else if rest.abs() > TOLERANCE.sqrt() {
                return Err(i);
            }
        }
        let left = 1.0 - row[..i].iter().map(|x| x * x).sum::<f64>();
        if left < -TOLERANCE {
            return Err(i);
        }
        row[i] = left.max(0.0).sqrt();
        rows.push(row);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Design, Sampler};

    #[test]
    fn correlations_of_scores_are_recovered() {
        let pairs = [(0, 1, 0.7), (1, 2, -0.4), (0, 2, 0.1)];
        let copula = Copula::new(3, &pairs).unwrap();
        let design = Design { seed: 3, sampler: Sampler::Mc };
        let streams: Vec<_> = (0..3).map(|i| design.stream(&i.to_string(), None)).collect();
        let n = 20_000;
        let mut sums = [0.0; 3];
        for b in 0..n {
            let mut u: Vec<Lanes<8>> = streams.iter().map(|s| s.uniforms(b)).collect();
            let first = u[0];
            copula.apply(&mut u);
            assert_eq!(u[0], first);
            for (sum, &(i, j, _)) in sums.iter_mut().zip(&pairs) {
                *sum += (u[i].inverse_normal() * u[j].inverse_normal()).sum();
            }
        }
        for (sum, (_, _, rho)) in sums.iter().zip(pairs) {
            assert!((sum / (8.0 * n as f64) - rho).abs() < 0.01);
        }
    }

    #[test]
    fn perfect_correlation_is_allowed_and_contradiction_is_not() {
        let copula = Copula::new(2, &[(0, 1, -1.0)]).unwrap();
        let mut u: [Lanes<8>; 2] = [Lanes::splat(0.2), Lanes::splat(0.9)];
        copula.apply(&mut u);
        assert!((u[1][0] - 0.8).abs() < 1e-12);
        let error = Copula::new(3, &[(0, 1, 0.9), (1, 2, 0.9), (0, 2, -0.9)]).unwrap_err();
        assert_eq!(error.row, 2);
        // All three at ±r are feasible up to r = 1/2.
        assert!((error.feasible * 0.9 - 0.5).abs() < 1e-3);
    }
}
