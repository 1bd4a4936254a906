//! A distribution as a line of characters on a common logarithmic axis: 5% to 95%, heavy from 25% to 75%, a cross at the median.

use crate::math::ln;
use crate::results::Quantiles;

/// Characters of a fan.
pub(super) const WIDTH: usize = 24;

/// A logarithmic axis under several fans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    /// An axis from the lowest 5% to the highest 95% quantile; none without two different positive ones.
    pub(super) fn over<'a>(all: impl Iterator<Item = &'a Quantiles>) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for q in all {
            // Of a distribution that begins at 0 only its positive part has a place.
            let first = [q.p05, q.p25, q.p50, q.p75, q.p95].into_iter().find(|x| *x > 0.0);
            low = first.map_or(low, |x| low.min(x));
            high = high.max(q.p95);
        }
        (low < high && high.is_finite()).then_some(Self { low, high })
    }

    /// Its ends, to be written above the fans.
    pub(super) fn label(self) -> String {
        let (low, high) = (format!("{:.0e}", self.low), format!("{:.0e}", self.high));
        let gap = WIDTH.saturating_sub(low.len() + high.len());
        format!("{low}{}{high}", " ".repeat(gap))
    }

    fn place(self, x: f64) -> usize {
        if x <= self.low {
            return 0;
        }
        let share = (ln(x) - ln(self.low)) / (ln(self.high) - ln(self.low));
        ((share * (WIDTH - 1) as f64).round() as usize).min(WIDTH - 1)
    }

    /// The fan of a distribution.
    pub(super) fn fan(self, q: &Quantiles) -> String {
        if q.p95 <= 0.0 {
            return " ".repeat(WIDTH);
        }
        let [a, b, c, d, e] = [q.p05, q.p25, q.p50, q.p75, q.p95].map(|x| self.place(x));
        let at = |i: usize| match i {
            i if i == c => '╋',
            i if (b..=d).contains(&i) => '━',
            i if (a..=e).contains(&i) => '─',
            _ => ' ',
        };
        (0..WIDTH).map(at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantiles(p05: f64, p25: f64, p50: f64, p75: f64, p95: f64) -> Quantiles {
        Quantiles { p01: p05, p05, p10: p05, p25, p50, p75, p90: p95, p95, p99: p95 }
    }

    #[test]
    fn a_factor_is_a_distance() {
        let q = quantiles(1e24, 1e25, 1e26, 1e27, 1e28);
        let axis = Axis::over([&q].into_iter()).unwrap();
        let fan = axis.fan(&q);
        assert_eq!(fan, "──────━━━━━━╋━━━━━──────");
        assert_eq!(fan.chars().count(), WIDTH);
        assert_eq!(axis.label(), "1e24                1e28");
        // Symmetric about the median up to rounding, and the same shape a factor on.
        let wide = Axis::over([&q, &quantiles(1e28, 1e29, 1e30, 1e31, 1e32)].into_iter()).unwrap();
        assert!(wide.fan(&q).trim_end().chars().count() < 14);
    }

    #[test]
    fn what_is_never_positive_has_no_fan() {
        let none = quantiles(0.0, 0.0, 0.0, 0.0, 0.0);
        assert_eq!(Axis::over([&none].into_iter()), None);
        let some = quantiles(0.0, 0.0, 1.0, 10.0, 100.0);
        let axis = Axis::over([&none, &some].into_iter()).unwrap();
        assert_eq!(axis.fan(&none).trim(), "");
        assert!(axis.fan(&some).starts_with('╋') && axis.fan(&some).ends_with('─'));
    }
}
