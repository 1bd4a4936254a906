//! Forecasts that anyone could have made: the last published value, and the published trend.

use crate::math::{exp, normal_cdf};

/// When something was published for \[years\], and the value or its logarithm.
pub type Point = (f64, f64);

/// The value of the latest time.
pub fn last_value(known: &[Point]) -> Option<f64> {
    known.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0)).map(|p| p.1)
}

/// The straight line by least squares through values in logs, read off at `time` \[years\]; none from fewer than two times.
pub fn log_linear_trend(known: &[Point], time: f64) -> Option<f64> {
    let n = known.len() as f64;
    let mean = |of: &dyn Fn(&Point) -> f64| known.iter().map(of).sum::<f64>() / n;
    let (middle, level) = (mean(&|p| p.0), mean(&|p| p.1));
    let squares: f64 = known.iter().map(|p| (p.0 - middle) * (p.0 - middle)).sum();
    let products: f64 = known.iter().map(|p| (p.0 - middle) * (p.1 - level)).sum();
    (known.len() > 1 && squares > 0.0).then(|| level + products / squares * (time - middle))
}

/// Standard deviation of the last value `ahead` years on, if the logs walk at random with steps as large as those known.
///
/// Steps of unequal length are pooled as variance a year; none from fewer than two times. A trend counts as large steps.
pub fn last_value_spread(known: &[Point], ahead: f64) -> Option<f64> {
    let mut ordered = known.to_vec();
    ordered.sort_by(|a, b| a.0.total_cmp(&b.0));
    let years = ordered.last()?.0 - ordered.first()?.0;
    let squares: f64 = ordered.windows(2).map(|w| (w[1].1 - w[0].1) * (w[1].1 - w[0].1)).sum();
    (years > 0.0).then(|| (squares / years * ahead).sqrt())
}

/// Standard deviation of a value about the line by least squares at `time` \[years\], the line's own error included.
///
/// `√(s²(1 + 1/n + (t − t̄)²/Sxx))` with `s² = RSS/(n − 2)`, as in any text on regression; none from fewer than three values.
pub fn trend_spread(known: &[Point], time: f64) -> Option<f64> {
    let n = known.len() as f64;
    let middle = known.iter().map(|p| p.0).sum::<f64>() / n;
    let squares: f64 = known.iter().map(|p| (p.0 - middle) * (p.0 - middle)).sum();
    let mut rest = 0.0;
    for p in known {
        let off = p.1 - log_linear_trend(known, p.0)?;
        rest += off * off;
    }
    let away = (time - middle) * (time - middle) / squares;
    (known.len() > 2).then(|| (rest / (n - 2.0) * (1.0 + 1.0 / n + away)).sqrt())
}

/// CRPS of a normal distribution whose mean is `off` what came out (Gneiting et al. 2005, eq. 5); with sd 0, of a point.
pub fn crps_of_normal(off: f64, sd: f64) -> f64 {
    if sd <= 0.0 {
        return off.abs();
    }
    let z = off / sd;
    let density = exp(-0.5 * z * z) / (2.0 * std::f64::consts::PI).sqrt();
    sd * (z * (2.0 * normal_cdf(z) - 1.0) + 2.0 * density - 1.0 / std::f64::consts::PI.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::ln;

    #[test]
    fn forecasts_by_hand() {
        // 100, 200, 400 at years 0, 1, 2: doubling, so 800 a year later.
        let known = [(0.0, ln(100.0)), (1.0, ln(200.0)), (2.0, ln(400.0))];
        assert_eq!(last_value(&known), Some(ln(400.0)));
        assert!((log_linear_trend(&known, 3.0).unwrap() - ln(800.0)).abs() < 1e-12);
        // By hand: x = 0, 1, 2 and y = 1, 2, 6 have slope 2.5 and level 3 at x = 1; at x = 4 it is 10.5.
        let known = [(0.0, 1.0), (1.0, 2.0), (2.0, 6.0)];
        assert_eq!(log_linear_trend(&known, 4.0), Some(10.5));
        // Order does not matter, nor where the years begin.
        let shifted = [(2022.0, 6.0), (2020.0, 1.0), (2021.0, 2.0)];
        assert_eq!(last_value(&shifted), Some(6.0));
        assert!((log_linear_trend(&shifted, 2024.0).unwrap() - 10.5).abs() < 1e-9);
    }

    #[test]
    fn spreads_by_hand() {
        let known = [(1.0, 2.0), (0.0, 1.0), (2.0, 6.0)];
        // Steps 1 and 4: 17 in two years, so 8.5 a year, 17 in two years ahead.
        assert!((last_value_spread(&known, 2.0).unwrap() - 17_f64.sqrt()).abs() < 1e-12);
        // Residuals ½, −1, ½ leave s² = 1.5; at x = 4 it is 1.5·(1 + 1/3 + 9/2) = 8.75.
        assert!((trend_spread(&known, 4.0).unwrap() - 8.75_f64.sqrt()).abs() < 1e-12);
        assert_eq!(last_value_spread(&known[..1], 1.0), None);
        assert_eq!(trend_spread(&known[..2], 1.0), None);
        assert_eq!(last_value_spread(&[], 1.0), None);
    }

    #[test]
    fn a_normal_s_score_is_that_of_its_ensemble() {
        let draws: Vec<f64> =
            (0..20_000).map(|i| 0.7 * crate::math::inverse_normal((f64::from(i) + 0.5) / 20_000.0)).collect();
        let ensemble = crate::analysis::ensemble::Ensemble::new(&draws);
        for y in [-2.0, 0.0, 0.3, 1.9] {
            assert!((crps_of_normal(y, 0.7) - ensemble.crps(y)).abs() < 2e-4, "{y}");
            assert_eq!(crps_of_normal(y, 0.0), y.abs());
        }
    }

    #[test]
    fn nothing_comes_of_too_little() {
        assert_eq!(last_value(&[]), None);
        assert_eq!(log_linear_trend(&[], 1.0), None);
        assert_eq!(log_linear_trend(&[(0.0, 1.0)], 1.0), None);
        assert_eq!(log_linear_trend(&[(0.0, 1.0), (0.0, 2.0)], 1.0), None);
    }
}
