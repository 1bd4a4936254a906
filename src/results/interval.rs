//! Estimates with their 95% intervals, from the spread of replicates or of independent draws.

/// 97.5% quantiles of Student's t with 1 to 7 degrees of freedom.
const T95: [f64; 7] = [
    12.706_204_736_174_7,
    4.302_652_729_749_46,
    3.182_446_305_283_71,
    2.776_445_105_197_79,
    2.570_581_835_636_31,
    2.446_911_851_144_97,
    2.364_624_251_592_78,
];
/// 97.5% quantile of the normal distribution.
const NORMAL95: f64 = 1.959_963_984_540_054;

/// Half-width of a 95% interval in standard errors, with an error from `replicates` independent estimates.
pub fn t95(replicates: usize) -> f64 {
    match replicates {
        0 | 1 => f64::INFINITY,
        n => T95.get(n - 2).copied().unwrap_or(T95[T95.len() - 1]),
    }
}

/// An estimate with its standard error and its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Estimate.
    pub value: f64,
    /// Standard error; that of a quantile is the width of its interval in quantiles of Student's t.
    pub error: f64,
    /// Low end of the 95% interval.
    pub low: f64,
    /// High end of it.
    pub high: f64,
}

impl Interval {
    /// From estimates of replicates: the value is given, the error is their spread over √R.
    pub fn of_replicates(value: f64, each: &[f64]) -> Self {
        let n = each.len() as f64;
        let mean = each.iter().sum::<f64>() / n;
        let squares: f64 = each.iter().map(|x| (x - mean) * (x - mean)).sum();
        let error = if each.len() > 1 { (squares / (n * (n - 1.0))).sqrt() } else { f64::INFINITY };
        Self::of_error(value, error, each.len())
    }

    /// From the standard deviation of independent draws.
    pub fn of_draws(value: f64, sd: f64, draws: f64) -> Self {
        let error = if draws > 1.0 { sd / draws.sqrt() } else { f64::INFINITY };
        Self::around(value, error, NORMAL95)
    }

    /// From an error that so many replicates gave.
    pub fn of_error(value: f64, error: f64, replicates: usize) -> Self {
        Self::around(value, error, t95(replicates))
    }

    /// From the ends of a 95% interval that `replicates` replicates gave.
    pub fn between(value: f64, (low, high): (f64, f64), replicates: usize) -> Self {
        let error = match replicates {
            _ if low == high => 0.0,
            0 | 1 => f64::INFINITY,
            _ => (high - low) / (2.0 * t95(replicates)),
        };
        Self { value, error, low, high }
    }

    /// An interval of so many errors to each side; without an error it is the value itself.
    fn around(value: f64, error: f64, errors: f64) -> Self {
        let half = if error == 0.0 { 0.0 } else { errors * error };
        Self { value, error, low: value - half, high: value + half }
    }

    /// Half of the interval's width.
    pub fn half(&self) -> f64 {
        0.5 * (self.high - self.low)
    }

    /// The same of the value and a constant.
    pub fn plus(self, constant: f64) -> Self {
        let Self { value, low, high, .. } = self;
        Self { value: value + constant, low: low + constant, high: high + constant, ..self }
    }

    /// The same of the value times 1 or −1.
    pub fn times(self, sign: f64) -> Self {
        let (a, b) = (sign * self.low, sign * self.high);
        Self { value: sign * self.value, low: a.min(b), high: a.max(b), ..self }
    }

    /// Whether zero lies outside.
    pub fn is_sure(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }

    /// Whether a number lies inside.
    pub fn holds(&self, x: f64) -> bool {
        (self.low..=self.high).contains(&x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_replicates_have_seven_degrees() {
        let interval = Interval::of_replicates(3.0, &[1.0, 2.0, 3.0, 4.0, 2.0, 3.0, 4.0, 5.0]);
        // Sum of squares 12 about the mean 3: error √(12/56).
        assert!((interval.error - (12.0_f64 / 56.0).sqrt()).abs() < 1e-15);
        assert!((interval.half() / interval.error - 2.364_624).abs() < 1e-5);
        assert!(interval.is_sure() && interval.times(-1.0).is_sure());
        let none = Interval::of_replicates(0.0, &[0.0; 8]);
        assert_eq!((none.error, none.half(), none.is_sure()), (0.0, 0.0, false));
        assert!(Interval::of_replicates(1.0, &[1.0]).half().is_infinite());
    }

    #[test]
    fn a_lopsided_interval_keeps_its_ends() {
        let skewed = Interval::between(1.0, (0.0, 5.0), 8);
        assert!(skewed.holds(5.0) && skewed.holds(0.0) && !skewed.holds(-0.1) && !skewed.is_sure());
        assert!((skewed.error * t95(8) - 2.5).abs() < 1e-15);
        let turned = skewed.times(-1.0);
        assert_eq!((turned.value, turned.low, turned.high), (-1.0, -5.0, 0.0));
        assert_eq!(Interval::between(2.0, (2.0, 2.0), 1).error, 0.0);
    }
}
