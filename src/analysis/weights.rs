//! Importance weights of draws by how well they reproduce what was published, tempered before they rest on a few.

use crate::math::{exp, ln, normal_cdf};

/// How far the model itself may be off: a normal deviation in logs that is shared along a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Discrepancy {
    /// Its standard deviation \[ln\].
    pub sd: f64,
    /// Correlation of the deviations of one series a year apart \[1\].
    pub rho: f64,
}

/// One published number, in logs, and what each draw says of it.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// When it held \[years\].
    pub time: f64,
    /// Published middle \[ln\].
    pub center: f64,
    /// Published spread below and above the middle, as standard deviations \[ln\]; 0 where none was published.
    pub spread: (f64, f64),
    /// Whether it is a lower bound only.
    pub at_least: bool,
    /// The draws' values \[ln\].
    pub values: Vec<f64>,
}

/// The published numbers of one series, and the group that it belongs to.
#[derive(Clone, Debug)]
pub struct EvidenceSeries {
    /// Heading under which it is scored.
    pub group: String,
    /// Its numbers.
    pub rows: Vec<Evidence>,
}

/// What each draw's log-likelihood is by series, and over all: within a group the mean over its series, then the sum over groups.
///
/// So a group counts as one series of average evidence, however many of its series say the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Likelihoods {
    /// By series, then draw.
    pub by_series: Vec<Vec<f64>>,
    /// By draw.
    pub total: Vec<f64>,
}

impl Likelihoods {
    /// Those of some draws, with the model's own error by group.
    ///
    /// # Errors
    /// If neither the observations nor the discrepancy leave room for an error.
    pub fn new(
        series: &[EvidenceSeries],
        discrepancy: &dyn Fn(&str) -> Discrepancy,
        draws: usize,
    ) -> Result<Self, NoSpread> {
        let mut by_series = Vec::new();
        let mut total = vec![0.0; draws];
        for one in series {
            let mut sums = vec![0.0; draws];
            add_log_likelihood(&one.rows, discrepancy(&one.group), &mut sums)?;
            let alike = series.iter().filter(|s| s.group == one.group).count() as f64;
            total.iter_mut().zip(&sums).for_each(|(t, l)| *t += l / alike);
            by_series.push(sums);
        }
        Ok(Self { by_series, total })
    }
}

/// A number was published without a range, and no discrepancy is allowed for: no draw can be likely.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a published number without a range needs a discrepancy above 0")]
pub struct NoSpread;

/// Adds the log-likelihood of one series of observations to each draw's, up to a constant.
///
/// With residuals `r` (published less simulated, in logs) it is `−½ r'Σ⁻¹r`, where
/// `Σ_kl = s_k² [k = l] + sd²·rho^|years between k and l|`: the published errors are independent, the model's discrepancy is
/// shared along the series (Kennedy and O'Hagan 2001). `s_k` is the mean of both sides of the published spread; a residual is
/// first scaled by `s_k` over its own side's. A lower bound adds `ln Φ((x − c)/√(s² + sd²))`.
///
/// # Errors
/// If neither the observations nor the discrepancy leave room for an error.
pub fn add_log_likelihood(
    series: &[Evidence],
    discrepancy: Discrepancy,
    sums: &mut [f64],
) -> Result<(), NoSpread> {
    let (bounds, values): (Vec<&Evidence>, Vec<&Evidence>) = series.iter().partition(|e| e.at_least);
    let middle = |e: &Evidence| 0.5 * (e.spread.0 + e.spread.1);
    for bound in bounds {
        let sd = (middle(bound) * middle(bound) + discrepancy.sd * discrepancy.sd).sqrt();
        if sd <= 0.0 {
            return Err(NoSpread);
        }
        for (sum, x) in sums.iter_mut().zip(&bound.values) {
            *sum += ln(normal_cdf((x - bound.center) / sd).max(f64::MIN_POSITIVE));
        }
    }
    let factor = cholesky(&covariance(&values, discrepancy)).ok_or(NoSpread)?;
    let mut solved = vec![0.0; values.len()];
    for (draw, sum) in sums.iter_mut().enumerate() {
        for (k, e) in values.iter().enumerate() {
            let residual = e.center - e.values[draw];
            // A draw below the published middle is measured by the spread below it.
            let side = if residual > 0.0 { e.spread.0 } else { e.spread.1 };
            let scaled = if side > 0.0 { residual * middle(e) / side } else { residual };
            let known: f64 = (0..k).map(|j| factor[k][j] * solved[j]).sum();
            solved[k] = (scaled - known) / factor[k][k];
        }
        *sum -= 0.5 * solved.iter().map(|z| z * z).sum::<f64>();
    }
    Ok(())
}

fn covariance(values: &[&Evidence], discrepancy: Discrepancy) -> Vec<Vec<f64>> {
    let shared = |k: &Evidence, l: &Evidence| {
        let years = (k.time - l.time).abs();
        let same = if years == 0.0 { 1.0 } else { crate::math::pow(discrepancy.rho, years) };
        discrepancy.sd * discrepancy.sd * same
    };
    let own = |e: &Evidence| 0.25 * (e.spread.0 + e.spread.1) * (e.spread.0 + e.spread.1);
    (values.iter().enumerate())
        .map(|(i, k)| {
            let row = values.iter().enumerate();
            row.map(|(j, l)| shared(k, l) + if i == j { own(k) } else { 0.0 }).collect()
        })
        .collect()
}

/// The lower triangle L with LL' = `m`; none if `m` is not positive definite.
fn cholesky(m: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let mut factor = vec![vec![0.0; m.len()]; m.len()];
    for i in 0..m.len() {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            let rest = m[i][j] - known;
            if i == j {
                if rest <= 1e-12 * m[i][i] || rest.is_nan() {
                    return None;
                }
                factor[i][i] = rest.sqrt();
            } else {
                factor[i][j] = rest / factor[j][j];
            }
        }
    }
    Some(factor)
}

/// Weights of draws, and how much they rest on.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// One a draw; they add up to 1.
    pub weights: Vec<f64>,
    /// Power to which the likelihood is raised, at most 1; its inverse is the temperature.
    pub exponent: f64,
    /// Effective sample size, 1/Σw² (Kong 1992) \[draws\].
    pub effective: f64,
    /// The same at the full likelihood \[draws\].
    pub effective_full: f64,
    /// Largest weight at the full likelihood.
    pub largest_full: f64,
}

impl Weights {
    /// Whether the full likelihood rests on fewer draws than asked for, so that it had to be tempered.
    pub fn collapsed(&self) -> bool {
        self.exponent < 1.0
    }
}

/// Weights proportional to the likelihood to the largest power, at most 1, that leaves an effective size of `share` of the draws.
///
/// The effective size falls as the power grows, since ln ESS(p) = 2K(p) − K(2p) with K convex: bisection finds the power.
pub fn temper(log_likelihood: &[f64], share: f64) -> Weights {
    let wanted = share * log_likelihood.len() as f64;
    let full = normalised(log_likelihood, 1.0);
    let effective_full = effective(&full);
    let largest_full = full.iter().copied().fold(0.0, f64::max);
    let (mut low, mut high) = (0.0, 1.0);
    if effective_full >= wanted {
        low = 1.0;
    } else {
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if effective(&normalised(log_likelihood, middle)) >= wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
    }
    let weights = normalised(log_likelihood, low);
    let effective = effective(&weights);
    Weights { weights, exponent: low, effective, effective_full, largest_full }
}

fn normalised(log_likelihood: &[f64], exponent: f64) -> Vec<f64> {
    let best = log_likelihood.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let raw: Vec<f64> = log_likelihood.iter().map(|l| exp(exponent * (l - best))).collect();
    let total: f64 = raw.iter().sum();
    raw.into_iter().map(|w| w / total).collect()
}

fn effective(weights: &[f64]) -> f64 {
    1.0 / weights.iter().map(|w| w * w).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::inverse_normal;

    /// Draws of a standard normal prior times `sd`, at the middles of equal shares.
    fn prior(n: usize, sd: f64) -> Vec<f64> {
        (0..n).map(|i| sd * inverse_normal((i as f64 + 0.5) / n as f64)).collect()
    }

    fn evidence(time: f64, center: f64, sd: f64, values: &[f64]) -> Evidence {
        Evidence { time, center, spread: (sd, sd), at_least: false, values: values.to_vec() }
    }

    fn moments(weights: &[f64], values: &[f64]) -> (f64, f64) {
        let mean: f64 = weights.iter().zip(values).map(|(w, x)| w * x).sum();
        (mean, weights.iter().zip(values).map(|(w, x)| w * (x - mean) * (x - mean)).sum())
    }

    #[test]
    fn weights_recover_the_conjugate_posterior() {
        // θ ~ N(0, 0.8²); published 0.5, 0.9 and 0.7 with errors 0.4, 0.5, 0.6, a shared discrepancy of 0.3 with rho 0.6.
        let theta = prior(200_000, 0.8);
        let discrepancy = Discrepancy { sd: 0.3, rho: 0.6 };
        let series =
            [(0.0, 0.5, 0.4), (1.0, 0.9, 0.5), (2.0, 0.7, 0.6)].map(|(t, y, s)| evidence(t, y, s, &theta));
        let mut sums = vec![0.0; theta.len()];
        add_log_likelihood(&series, discrepancy, &mut sums).unwrap();
        let weights = temper(&sums, 0.1);
        assert!(!weights.collapsed());
        // Posterior precision 1/0.64 + 1'Σ⁻¹1, mean 1'Σ⁻¹y over it, with Σ⁻¹ of the 3 × 3 matrix by cofactors.
        let c = |years: i32| 0.09 * 0.6_f64.powi(years);
        let (a, b, d, e, f, g) = (0.25, 0.34, 0.45, c(1), c(2), c(1));
        let inverse = [
            [b * d - g * g, f * g - e * d, e * g - f * b],
            [f * g - e * d, a * d - f * f, e * f - a * g],
            [e * g - f * b, e * f - a * g, a * b - e * e],
        ];
        let determinant = a * inverse[0][0] + e * inverse[0][1] + f * inverse[0][2];
        let sum_of = |y: [f64; 3]| {
            (0..3).map(|i| (0..3).map(|j| inverse[i][j] * y[j]).sum::<f64>()).sum::<f64>() / determinant
        };
        let precision = 1.0 / 0.64 + sum_of([1.0; 3]);
        let (mean, variance) = moments(&weights.weights, &theta);
        assert!((mean - sum_of([0.5, 0.9, 0.7]) / precision).abs() < 1e-4, "{mean}");
        assert!((variance * precision - 1.0).abs() < 1e-3, "{variance}");
    }

    #[test]
    fn a_group_of_many_series_counts_as_one() {
        let theta = prior(1000, 1.0);
        let series = |group: &str, center: f64| EvidenceSeries {
            group: group.to_owned(),
            rows: vec![evidence(0.0, center, 0.5, &theta)],
        };
        let none = Discrepancy { sd: 0.0, rho: 0.0 };
        let of = |all: &[EvidenceSeries]| Likelihoods::new(all, &|_| none, 1000).unwrap().total;
        let once = of(&[series("a", 0.3), series("b", -1.0)]);
        let repeated = of(&[series("a", 0.3), series("a", 0.3), series("a", 0.3), series("b", -1.0)]);
        assert!(once.iter().zip(&repeated).all(|(x, y)| (x - y).abs() < 1e-9));
        let apart = of(&[series("a", 0.3), series("c", 0.3), series("b", -1.0)]);
        assert!(once.iter().zip(&apart).any(|(x, y)| (x - y).abs() > 1.0));
    }

    #[test]
    fn a_fully_shared_discrepancy_does_not_average_out() {
        // A hundred exact repetitions tell no more than the shared deviation lets them.
        let theta = prior(50_000, 1.0);
        let spread = |rho: f64| {
            let series: Vec<Evidence> = (0..20).map(|t| evidence(f64::from(t), 0.0, 0.1, &theta)).collect();
            let mut sums = vec![0.0; theta.len()];
            add_log_likelihood(&series, Discrepancy { sd: 0.5, rho }, &mut sums).unwrap();
            moments(&temper(&sums, 1e-6).weights, &theta).1
        };
        // Prior precision 1 plus 1/(0.25 + 0.01/20), or 20/(0.25 + 0.01).
        assert!((spread(1.0) * (1.0 + 1.0 / 0.2505) - 1.0).abs() < 1e-3);
        assert!((spread(0.0) * (1.0 + 20.0 / 0.26) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn a_skewed_spread_is_felt_on_its_own_side() {
        let values = [-1.0, 0.0, 1.0];
        let skewed = Evidence { spread: (2.0, 0.5), ..evidence(0.0, 0.0, 1.0, &values) };
        let mut sums = vec![0.0; 3];
        add_log_likelihood(&[skewed], Discrepancy { sd: 0.0, rho: 0.0 }, &mut sums).unwrap();
        for (sum, z) in sums.iter().zip([0.5, 0.0, 2.0]) {
            assert!((sum + 0.5 * z * z).abs() < 1e-12, "{sums:?}");
        }
    }

    #[test]
    fn a_bound_only_rules_out_what_lies_below() {
        let values = [-30.0, -1.0, 0.0, 30.0];
        let bound = Evidence { at_least: true, spread: (0.0, 0.0), ..evidence(0.0, 0.0, 0.0, &values) };
        let mut sums = vec![0.0; 4];
        add_log_likelihood(std::slice::from_ref(&bound), Discrepancy { sd: 1.0, rho: 0.5 }, &mut sums)
            .unwrap();
        assert!(sums[0] < -400.0 && (sums[1] - ln(normal_cdf(-1.0))).abs() < 1e-12);
        assert!((sums[2] + ln(2.0)).abs() < 1e-12 && sums[3] == 0.0);
        let none = Discrepancy { sd: 0.0, rho: 0.5 };
        assert_eq!(add_log_likelihood(&[bound], none, &mut sums), Err(NoSpread));
    }

    #[test]
    fn no_room_for_an_error_is_refused() {
        let exact = evidence(0.0, 0.0, 0.0, &[0.0]);
        let none = Discrepancy { sd: 0.0, rho: 0.5 };
        assert_eq!(add_log_likelihood(std::slice::from_ref(&exact), none, &mut [0.0]), Err(NoSpread));
        // Two numbers of one series and time, without a range, contradict each other or say the same twice.
        let some = Discrepancy { sd: 0.2, rho: 0.5 };
        assert_eq!(add_log_likelihood(&[exact.clone(), exact], some, &mut [0.0]), Err(NoSpread));
    }

    #[test]
    fn collapse_is_tempered_to_the_size_asked_for_and_said() {
        // A likelihood of sd 0.001 under a prior of sd 1: about one draw in a thousand counts.
        let theta = prior(8192, 1.0);
        let mut sums = vec![0.0; theta.len()];
        let series = [evidence(0.0, 0.5, 0.001, &theta)];
        add_log_likelihood(&series, Discrepancy { sd: 0.0, rho: 0.0 }, &mut sums).unwrap();
        let weights = temper(&sums, 0.1);
        assert!(weights.collapsed() && weights.exponent < 1e-3);
        assert!(weights.effective_full < 20.0 && weights.largest_full > 0.05);
        assert!((weights.effective / 819.2 - 1.0).abs() < 1e-6, "{}", weights.effective);
        assert!((weights.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        // A likelihood to the power p of a normal is that of a spread 1/√p as wide: the exponent is known.
        let sd = 0.001 / weights.exponent.sqrt();
        let (mean, variance) = moments(&weights.weights, &theta);
        assert!(
            (mean - 0.5 / (1.0 + sd * sd)).abs() < 1e-3
                && (variance * (1.0 + 1.0 / (sd * sd)) - 1.0).abs() < 1e-2
        );
    }

    #[test]
    fn where_all_draws_are_alike_nothing_is_tempered() {
        let weights = temper(&[-3.0; 64], 0.1);
        assert_eq!((weights.exponent, weights.collapsed()), (1.0, false));
        assert!((weights.effective - 64.0).abs() < 1e-9);
    }
}
