//! A weighted ensemble of draws as a distribution: quantiles, probabilities, and the score of what came out.

use crate::math::ln;

/// Rounding that cumulative weights may show.
const ROUNDING: f64 = 1e-12;

/// Values in order, with the share of weight up to each.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    values: Vec<f64>,
    /// Weight of the value and all before it, as a share; the last is 1.
    cumulative: Vec<f64>,
}

impl Ensemble {
    /// Draws of equal weight; at least one.
    pub fn new(values: &[f64]) -> Self {
        let mut values = values.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        let n = values.len() as f64;
        let cumulative = (1..=values.len()).map(|k| k as f64 / n).collect();
        Self { values, cumulative }
    }

    /// Draws with weights, not negative and not all 0; their sum does not matter.
    pub fn weighted(values: &[f64], weights: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..values.len()).filter(|&i| weights[i] > 0.0).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let total: f64 = order.iter().map(|&i| weights[i]).sum();
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = (order.iter())
            .map(|&i| {
                sum += weights[i];
                sum / total
            })
            .collect();
        if let Some(last) = cumulative.last_mut() {
            *last = 1.0;
        }
        Self { values: order.iter().map(|&i| values[i]).collect(), cumulative }
    }

    /// The same draws on another scale; `scale` must not turn their order round.
    pub fn on_scale(&self, scale: impl Fn(f64) -> f64) -> Self {
        Self { values: self.values.iter().map(|&x| scale(x)).collect(), cumulative: self.cumulative.clone() }
    }

    /// The smallest value with at least a share `p` of the weight up to it.
    pub fn quantile(&self, p: f64) -> f64 {
        let place = self.cumulative.partition_point(|&c| c < p - ROUNDING);
        self.values[place.min(self.values.len() - 1)]
    }

    /// Share of weight before place `k`.
    fn before(&self, k: usize) -> f64 {
        if k == 0 { 0.0 } else { self.cumulative[k - 1] }
    }

    /// Probability of `y` or more.
    pub fn at_least(&self, y: f64) -> f64 {
        1.0 - self.before(self.values.partition_point(|&x| x < y))
    }

    /// Probability integral transform of `y`: the probability below it and half of that at it (Dawid 1984).
    pub fn pit(&self, y: f64) -> f64 {
        let below = self.before(self.values.partition_point(|&x| x < y));
        let up_to = self.before(self.values.partition_point(|&x| x <= y));
        0.5 * (below + up_to)
    }

    /// Largest distance of this distribution function from another's (Kolmogorov and Smirnov).
    pub fn distance(&self, other: &Self) -> f64 {
        let up_to = |e: &Self, x: f64| e.before(e.values.partition_point(|&v| v <= x));
        let at = |&x: &f64| (up_to(self, x) - up_to(other, x)).abs();
        self.values.iter().chain(&other.values).map(at).fold(0.0, f64::max)
    }

    /// Continuous ranked probability score of `y`, `∫ (F(x) − [x ≥ y])² dx` (Matheson and Winkler 1976), in the values' unit.
    ///
    /// Exact for the ensemble's steps; it equals `E|X − y| − ½E|X − X'|` (Gneiting and Raftery 2007, eq. 21), and for one
    /// draw, or a point forecast, the absolute error.
    pub fn crps(&self, y: f64) -> f64 {
        let mut score = 0.0;
        for k in 0..self.values.len() - 1 {
            let (a, b, p) = (self.values[k], self.values[k + 1], self.cumulative[k]);
            let below = (y.min(b) - a).max(0.0);
            let above = (b - y.max(a)).max(0.0);
            score += below * p * p + above * (1.0 - p) * (1.0 - p);
        }
        let (first, last) = (self.values[0], self.values[self.values.len() - 1]);
        score + (first - y).max(0.0) + (y - last).max(0.0)
    }
}

/// Natural logarithm of a quantity that is not negative; less than `floor` counts as `floor`.
///
/// Scores of positive quantities are taken on this scale, where a factor of two counts alike at any size (Bosse et al. 2023,
/// "Scoring epidemiological forecasts on transformed scales"). The floor is one of the metric's unit, whatever was
/// published, so that the score stays proper and a published 0 can be scored.
pub fn log_at_least(x: f64, floor: f64) -> f64 {
    ln(x.max(floor))
}

/// What counts as nothing of a metric: one chip, FLOP, dollar, megawatt; a thousandth where there is no unit.
pub fn floor_of(unit: &str) -> f64 {
    if unit == "1" { 1e-3 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{exp, inverse_normal, normal_cdf};

    /// Quantiles at the middles of `n` equal shares: an ensemble that is the distribution itself.
    fn stratified(n: usize, quantile: impl Fn(f64) -> f64) -> Vec<f64> {
        (0..n).map(|i| quantile((i as f64 + 0.5) / n as f64)).collect()
    }

    /// CRPS of a normal distribution (Gneiting et al. 2005, eq. 5).
    fn crps_of_normal(mean: f64, sd: f64, y: f64) -> f64 {
        let z = (y - mean) / sd;
        let density = exp(-0.5 * z * z) / (2.0 * std::f64::consts::PI).sqrt();
        sd * (z * (2.0 * normal_cdf(z) - 1.0) + 2.0 * density - 1.0 / std::f64::consts::PI.sqrt())
    }

    /// CRPS of a lognormal distribution (Baran and Lerch 2015).
    fn crps_of_lognormal(mean: f64, sd: f64, y: f64) -> f64 {
        let z = (ln(y) - mean) / sd;
        let scale = 2.0 * exp(mean + 0.5 * sd * sd);
        y * (2.0 * normal_cdf(z) - 1.0)
            - scale * (normal_cdf(z - sd) + normal_cdf(sd / std::f64::consts::SQRT_2) - 1.0)
    }

    #[test]
    fn the_score_of_a_normal_is_its_closed_form() {
        let (mean, sd) = (3.0, 0.7);
        let ensemble = Ensemble::new(&stratified(20_000, |p| mean + sd * inverse_normal(p)));
        for y in [0.5, 2.0, 3.0, 3.4, 6.0] {
            let exact = crps_of_normal(mean, sd, y);
            assert!((ensemble.crps(y) - exact).abs() < 2e-4 * sd, "{y}: {} {exact}", ensemble.crps(y));
            assert!((ensemble.pit(y) - normal_cdf((y - mean) / sd)).abs() < 1e-4, "{y}");
        }
    }

    #[test]
    fn the_score_of_a_lognormal_is_its_closed_form_and_normal_in_logs() {
        let (mean, sd) = (1.0, 0.5);
        let draws = stratified(200_000, |p| exp(mean + sd * inverse_normal(p)));
        let ensemble = Ensemble::new(&draws);
        let logs = ensemble.on_scale(|x| log_at_least(x, 1e-9));
        for y in [0.5, 2.0, 2.7, 4.0, 12.0] {
            let exact = crps_of_lognormal(mean, sd, y);
            assert!((ensemble.crps(y) / exact - 1.0).abs() < 1e-3, "{y}: {} {exact}", ensemble.crps(y));
            let exact = crps_of_normal(mean, sd, ln(y));
            assert!((logs.crps(ln(y)) / exact - 1.0).abs() < 1e-3, "{y}");
            assert_eq!(ensemble.pit(y), logs.pit(ln(y)));
        }
    }

    #[test]
    fn a_point_scores_its_absolute_error_and_pairs_their_spread() {
        assert_eq!(Ensemble::new(&[2.0]).crps(5.0), 3.0);
        assert_eq!(Ensemble::new(&[2.0]).crps(0.5), 1.5);
        // E|X − y| − ½E|X − X'| over all pairs.
        let draws: [f64; 5] = [4.0, -1.0, 2.5, 2.5, 9.0];
        let weights: [f64; 5] = [0.1, 0.3, 0.25, 0.15, 0.2];
        for y in [-3.0, 0.0, 2.5, 3.0, 12.0] {
            let mut pairs = 0.0;
            for i in 0..5 {
                pairs += weights[i] * (draws[i] - y).abs();
                for j in 0..5 {
                    pairs -= 0.5 * weights[i] * weights[j] * (draws[i] - draws[j]).abs();
                }
            }
            assert!((Ensemble::weighted(&draws, &weights).crps(y) - pairs).abs() < 1e-12, "{y}");
        }
    }

    #[test]
    fn weights_count_as_repetitions_do() {
        let once = Ensemble::weighted(&[1.0, 2.0, 3.0, 7.0], &[1.0, 0.0, 3.0, 2.0]);
        let repeated = Ensemble::new(&[1.0, 3.0, 3.0, 3.0, 7.0, 7.0]);
        for p in [0.0, 0.1, 1.0 / 6.0, 0.17, 0.5, 0.6, 0.7, 1.0] {
            assert_eq!(once.quantile(p), repeated.quantile(p), "{p}");
        }
        for y in [0.0, 1.0, 2.5, 3.0, 6.0, 7.0, 8.0] {
            assert!((once.pit(y) - repeated.pit(y)).abs() < 1e-15, "{y}");
            assert!((once.at_least(y) - repeated.at_least(y)).abs() < 1e-15, "{y}");
            assert!((once.crps(y) - repeated.crps(y)).abs() < 1e-12, "{y}");
        }
        assert_eq!(repeated.pit(3.0), 0.5 * (1.0 / 6.0 + 4.0 / 6.0));
        assert_eq!(repeated.at_least(7.0), 1.0 - 4.0 / 6.0);
        assert_eq!((repeated.at_least(7.1), repeated.at_least(1.0)), (0.0, 1.0));
    }
}
