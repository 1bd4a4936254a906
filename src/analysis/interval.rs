//! 95 % intervals from errors over replicates.

/// 97.5 % quantiles of Student's t with 1 to 7 degrees of freedom.
const T95: [f64; 7] = [
    12.706_204_736_174_7,
    4.302_652_729_749_46,
    3.182_446_305_283_71,
    2.776_445_105_197_79,
    2.570_581_835_636_31,
    2.446_911_851_144_97,
    2.364_624_251_592_78,
];
/// 97.5 % quantile of the normal distribution.
const NORMAL95: f64 = 1.959_963_984_540_054;

/// Half-width of a 95 % interval in standard errors, with an error from `replicates` independent estimates.
pub fn t95(replicates: usize) -> f64 {
    match replicates {
        0 | 1 => f64::INFINITY,
        n => T95.get(n - 2).copied().unwrap_or(T95[T95.len() - 1]),
    }
}

/// An estimate with its standard error and the half-width of its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Estimate.
    pub value: f64,
    /// Standard error.
    pub error: f64,
    /// Half of the 95 % interval.
    pub half: f64,
}

impl Interval {
    /// From estimates of replicates: the value is given, the error is their spread over √R.
    pub fn of_replicates(value: f64, each: &[f64]) -> Self {
        let n = each.len() as f64;
        let mean = each.iter().sum::<f64>() / n;
        let squares: f64 = each.iter().map(|x| (x - mean) * (x - mean)).sum();
        let error = if each.len() > 1 { (squares / (n * (n - 1.0))).sqrt() } else { f64::INFINITY };
        Self { value, error, half: if error == 0.0 { 0.0 } else { t95(each.len()) * error } }
    }

    /// From the standard deviation of independent draws.
    pub fn of_draws(value: f64, sd: f64, draws: f64) -> Self {
        let error = if draws > 1.0 { sd / draws.sqrt() } else { f64::INFINITY };
        Self { value, error, half: NORMAL95 * error }
    }

    /// Whether zero lies outside.
    pub fn is_sure(&self) -> bool {
        self.value.abs() > self.half
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
        assert!((interval.half / interval.error - 2.364_624).abs() < 1e-5);
        assert!(interval.is_sure());
        let none = Interval::of_replicates(0.0, &[0.0; 8]);
        assert_eq!((none.error, none.half, none.is_sure()), (0.0, 0.0, false));
        assert!(Interval::of_replicates(1.0, &[1.0]).half.is_infinite());
    }
}
