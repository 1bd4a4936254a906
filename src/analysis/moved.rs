//! Which of many numbers moved beyond their error, and how many of them may have done so by chance.

use crate::math::special::incomplete_beta;

/// Degrees of freedom of an error from eight replicates.
const DEGREES: f64 = 7.0;

/// An estimate with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

/// Two-sided probability that two estimates of one number differ as much as these or more: Welch's (1947) test.
///
/// Estimates from the same draws vary together, so that their difference has a smaller error than is taken here: then the
/// test errs on the side of silence.
pub fn chance(before: Estimate, after: Estimate) -> f64 {
    let difference = after.value - before.value;
    let (a, b) = (before.error * before.error, after.error * after.error);
    if difference == 0.0 {
        return 1.0;
    }
    if a + b <= 0.0 {
        return 0.0;
    }
    let degrees = (a + b) * (a + b) / ((a * a + b * b) / DEGREES);
    let t = difference * difference / (a + b);
    incomplete_beta(0.5 * degrees, 0.5, degrees / (degrees + t))
}

/// Which of many tests are discoveries, if at most a share `rate` of all discoveries is to be false on average: the
/// procedure of Benjamini and Hochberg (1995).
pub fn discoveries(chances: &[f64], rate: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|&a, &b| chances[a].total_cmp(&chances[b]));
    let all = chances.len() as f64;
    let last = order
        .iter()
        .enumerate()
        .filter(|(k, i)| chances[**i] <= (*k as f64 + 1.0) / all * rate)
        .map(|(k, _)| k)
        .next_back();
    let mut found = vec![false; chances.len()];
    if let Some(last) = last {
        order[..=last].iter().for_each(|&i| found[i] = true);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_is_students() {
        let at = |value, error| Estimate { value, error };
        // Fourteen degrees, t = 2.1448: 5%. Seven degrees, t = 3.4995: 1%.
        assert!((chance(at(0.0, 1.0), at(2.144_787 * 2.0_f64.sqrt(), 1.0)) - 0.05).abs() < 1e-6);
        assert!((chance(at(0.0, 0.0), at(3.499_483, 1.0)) - 0.01).abs() < 1e-6);
        assert_eq!(chance(at(1.0, 0.0), at(1.0, 0.0)), 1.0);
        assert_eq!(chance(at(1.0, 0.0), at(1.1, 0.0)), 0.0);
    }

    #[test]
    fn discoveries_are_those_of_the_procedure() {
        // Benjamini and Hochberg's own example: four of fifteen at 5%.
        let chances = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
            0.6528, 0.7590, 1.0,
        ];
        let found = discoveries(&chances, 0.05);
        assert_eq!(found.iter().filter(|f| **f).count(), 4);
        assert!(found[..4].iter().all(|f| *f));
        assert!(discoveries(&[0.9, 0.8], 0.05).iter().all(|f| !f));
        assert!(discoveries(&[], 0.05).is_empty());
    }
}
