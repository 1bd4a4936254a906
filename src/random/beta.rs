//! Quantiles of the beta distribution, which have no closed form: a table graded into the tails.

use crate::math::lanes::Lanes;
use crate::math::special::{incomplete_beta, log_gamma};
use crate::math::{exp, ln, normal_cdf};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Nodes of the table: normal scores from -8.25 to 8.25 in steps of 1/32.
const STEP: f64 = 1.0 / 32.0;
const LOWEST: f64 = -8.25;
const NODES: usize = 529;

/// The beta distribution on \[0, 1\]: logit of the quantile as a cubic in the normal score between nodes.
///
/// In both tails ln x is nearly linear in ln u, so the logit is smooth in the score; the relative error is below 1e-7.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BetaTable {
    a: f64,
    b: f64,
    /// Logit and its derivative at each node.
    nodes: Vec<(f64, f64)>,
}

/// Tables that were made already, by the bits of their shapes: a scenario that is read again under every policy asks for the same ones.
static MADE: Mutex<BTreeMap<[u64; 2], Arc<BetaTable>>> = Mutex::new(BTreeMap::new());
/// So many are kept, of 8 kB each.
const KEPT: usize = 64;

impl BetaTable {
    /// The table of two shapes.
    pub(super) fn of(a: f64, b: f64) -> Arc<Self> {
        let key = [a, b].map(f64::to_bits);
        // Nothing is left half done while the lock is held.
        let made = || MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made().get(&key) {
            return Arc::clone(known);
        }
        let table = Arc::new(Self::new(a, b));
        let mut made = made();
        if made.len() < KEPT {
            made.insert(key, Arc::clone(&table));
        }
        table
    }

    fn new(a: f64, b: f64) -> Self {
        let front = log_gamma(a + b) - log_gamma(a) - log_gamma(b);
        let mut guess = None;
        let nodes = (0..NODES)
            .map(|i| {
                let z = LOWEST + i as f64 * STEP;
                let y = solve(a, b, z, guess);
                guess = Some(y);
                // dy/dz = φ(z)/(f(x)·x·(1−x)), f(x)·x·(1−x) = x^a (1−x)^b/B(a, b).
                let (lx, l1x) = (-softplus(-y), -softplus(y));
                let slope =
                    exp(-0.5 * z * z - 0.5 * ln(2.0 * std::f64::consts::PI) - (front + a * lx + b * l1x));
                (y, slope)
            })
            .collect();
        Self { a, b, nodes }
    }

    pub(super) fn quantiles<const N: usize>(&self, u: Lanes<N>) -> Lanes<N> {
        let position = ((u.inverse_normal() - LOWEST) / STEP).clamp(0.0, (NODES - 1) as f64);
        let y = position.map(|position| {
            let i = (position as usize).min(NODES - 2);
            let t = position - i as f64;
            let ((y0, d0), (y1, d1)) = (self.nodes[i], self.nodes[i + 1]);
            let (s, square) = (1.0 - t, t * t);
            s * s * (1.0 + 2.0 * t) * y0
                + square * (3.0 - 2.0 * t) * y1
                + STEP * (t * s * s * d0 - square * s * d1)
        });
        1.0 / (1.0 + (-y).exp())
    }

    pub(super) fn cdf(&self, x: f64) -> f64 {
        incomplete_beta(self.a, self.b, x)
    }
}

/// ln(1 + e^y).
fn softplus(y: f64) -> f64 {
    if y > 30.0 { y + exp(-y) } else { ln(1.0 + exp(y)) }
}

/// The logit of the beta quantile at normal score z, by Newton's method on the smaller tail's logarithm.
///
/// The logarithm is concave and nearly linear in the logit, so few steps are needed; one that leaves the bracket is halved.
fn solve(a: f64, b: f64, z: f64, guess: Option<f64>) -> f64 {
    let lower = z <= 0.0;
    let target = ln(normal_cdf(-z.abs()));
    let front = log_gamma(a + b) - log_gamma(a) - log_gamma(b);
    // The tail's logarithm and its slope: φ = x^a (1−x)^b/B(a, b) over the tail.
    let log_tail = |y: f64| {
        let (x, rest) = (1.0 / (1.0 + exp(-y)), 1.0 / (1.0 + exp(y)));
        let (c, d, x) = if lower { (a, b, x) } else { (b, a, rest) };
        let p = incomplete_beta(c, d, x);
        if p <= 0.0 {
            return (log_leading(c, d, x), if lower { c } else { -c });
        }
        let slope = exp(front - a * softplus(-y) - b * softplus(y)) / p;
        (ln(p), if lower { slope } else { -slope })
    };
    let (mut low, mut high) = (guess.map_or(-700.0, |g| g - 1e-9), 700.0);
    let mut y = guess.unwrap_or(0.0);
    for _ in 0..200 {
        let (log, slope) = log_tail(y);
        if (log < target) == lower {
            low = y;
        } else {
            high = y;
        }
        let step = y - (log - target) / slope;
        let next = if step > low && step < high { step } else { 0.5 * (low + high) };
        let moved = (next - y).abs();
        y = next;
        if moved < 1e-15 * (1.0 + y.abs()) || high - low < 1e-15 * (1.0 + y.abs()) {
            break;
        }
    }
    y
}

/// ln of the leading term of `I_x(a, b)` for tiny x.
fn log_leading(a: f64, b: f64, x: f64) -> f64 {
    a * ln(x.max(1e-305)) - ln(a) + log_gamma(a + b) - log_gamma(a) - log_gamma(b)
}
