//! Forecasts that anyone could have made: the last published value, and the published trend.

/// When something was published for [years], and the value or its logarithm.
pub type Point = (f64, f64);

/// The value of the latest time.
pub fn last_value(known: &[Point]) -> Option<f64> {
    known.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0)).map(|p| p.1)
}

/// The straight line by least squares through values in logs, read off at `time` [years]; none from fewer than two times.
pub fn log_linear_trend(known: &[Point], time: f64) -> Option<f64> {
    let n = known.len() as f64;
    let mean = |of: &dyn Fn(&Point) -> f64| known.iter().map(of).sum::<f64>() / n;
    let (middle, level) = (mean(&|p| p.0), mean(&|p| p.1));
    let squares: f64 = known.iter().map(|p| (p.0 - middle) * (p.0 - middle)).sum();
    let products: f64 = known.iter().map(|p| (p.0 - middle) * (p.1 - level)).sum();
    (known.len() > 1 && squares > 0.0).then(|| level + products / squares * (time - middle))
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
    fn nothing_comes_of_too_little() {
        assert_eq!(last_value(&[]), None);
        assert_eq!(log_linear_trend(&[], 1.0), None);
        assert_eq!(log_linear_trend(&[(0.0, 1.0)], 1.0), None);
        assert_eq!(log_linear_trend(&[(0.0, 1.0), (0.0, 2.0)], 1.0), None);
    }
}
