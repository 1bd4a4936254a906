//! Quantiles and distribution functions against another library, into the tails, and the laws that all forms obey.

use chokepoint::internals::random::{Distribution, DistributionError, Form};
use proptest::prelude::*;
use statrs::distribution::{Beta, ContinuousCDF, LogNormal, Normal, Triangular, Uniform};

const PROBABILITIES: [f64; 13] =
    [1e-9, 1e-7, 1e-5, 1e-3, 0.01, 0.1, 0.3, 0.5, 0.8, 0.95, 0.999, 0.999_999, 1.0 - 1e-9];

/// Our quantile, put into the reference's distribution function, gives the probability back to a relative 1e-6 in both tails.
fn agrees(ours: &Distribution, reference: &impl ContinuousCDF<f64, f64>) {
    for p in PROBABILITIES {
        let x = ours.quantile(p);
        let (below, above) = (reference.cdf(x), reference.sf(x));
        assert!((below / p - 1.0).abs() < 1e-6, "below {p}: {below}");
        // Next to 1 a float is too coarse to tell the upper tail.
        let told = !(x < 1.0 && x > 1.0 - 1e-9);
        assert!(!told || (above / (1.0 - p) - 1.0).abs() < 1e-6, "above {p}: {above}");
        assert!((ours.cdf(x) / p - 1.0).abs() < 1e-6);
    }
}

#[test]
#[allow(clippy::disallowed_methods)] // the machine's own logarithm is the yardstick
fn forms_agree_with_another_library() {
    agrees(&Distribution::normal(3.0, 2.0).unwrap(), &Normal::new(3.0, 2.0).unwrap());
    agrees(&Distribution::uniform(-1.0, 4.0).unwrap(), &Uniform::new(-1.0, 4.0).unwrap());
    agrees(&Distribution::triangular(0.0, 1.0, 4.0).unwrap(), &Triangular::new(0.0, 4.0, 1.0).unwrap());
    let sigma = (40.0_f64).ln() / (2.0 * 1.644_853_626_951_472_2);
    let mu = 0.5 * (10_000.0_f64.ln() + 400_000.0_f64.ln());
    let interval = Distribution::interval(1e4, 4e5, Form::Lognormal).unwrap();
    agrees(&interval, &LogNormal::new(mu, sigma).unwrap());
    for (a, b) in [(2.0, 5.0), (0.7, 0.7), (1.0, 1.0), (30.0, 4.0), (200.0, 300.0)] {
        agrees(&Distribution::beta(a, b, 0.0, 1.0).unwrap(), &Beta::new(a, b).unwrap());
    }
}

#[test]
fn an_interval_is_the_middle_ninety_percent() {
    for form in [Form::Lognormal, Form::Normal, Form::LogitNormal] {
        let d = Distribution::interval(0.1, 0.6, form).unwrap();
        assert!((d.quantile(0.05) - 0.1).abs() < 1e-12 && (d.quantile(0.95) - 0.6).abs() < 1e-12);
    }
}

#[test]
fn three_quantiles_are_met_even_where_no_lognormal_fits() {
    let d = Distribution::lognormal(&[(0.05, 10.0), (0.5, 140.0), (0.95, 400.0)]).unwrap();
    for (p, x) in [(0.05, 10.0), (0.5, 140.0), (0.95, 400.0)] {
        assert!((d.quantile(p) / x - 1.0).abs() < 1e-12);
        assert!((d.cdf(x) - p).abs() < 1e-12);
    }
}

#[test]
fn pert_has_its_mean() {
    let d = Distribution::pert(2.0, 3.0, 10.0).unwrap();
    let n = 20_000;
    let mean: f64 =
        (0..n).map(|i| d.quantile((f64::from(i) + 0.5) / f64::from(n))).sum::<f64>() / f64::from(n);
    assert!((mean - (2.0 + 12.0 + 10.0) / 6.0).abs() < 1e-4, "{mean}");
}

#[test]
fn discrete_values_come_with_their_probabilities() {
    let d = Distribution::discrete(&[(5.0, 0.25), (1.0, 0.75)]).unwrap();
    assert_eq!(
        [d.quantile(0.1), d.quantile(0.75), d.quantile(0.7501), d.quantile(0.99)],
        [1.0, 1.0, 5.0, 5.0]
    );
    assert_eq!([d.below(1.0), d.cdf(1.0), d.cdf(4.9), d.cdf(5.0)], [0.0, 0.75, 0.75, 1.0]);
    let switch = Distribution::bernoulli(0.3).unwrap();
    assert_eq!([switch.quantile(0.69), switch.quantile(0.71)], [0.0, 1.0]);
}

#[test]
fn a_mixture_is_the_weighted_sum_of_its_parts() {
    let parts = [
        Distribution::uniform(10.0, 20.0).unwrap(),
        Distribution::interval(50.0, 90.0, Form::Lognormal).unwrap(),
    ];
    let d = Distribution::mixture(vec![(0.7, parts[0].clone()), (0.3, parts[1].clone())]).unwrap();
    for p in [1e-6, 0.3, 0.69, 0.75, 0.999] {
        let x = d.quantile(p);
        assert!((0.7 * parts[0].cdf(x) + 0.3 * parts[1].cdf(x) - p).abs() < 1e-9);
    }
}

#[test]
fn truncation_renormalises() {
    let normal = Distribution::normal(0.0, 1.0).unwrap();
    let d = normal.clone().truncated(0.0, 2.0).unwrap();
    let expected = normal.quantile(0.5 + 0.3 * (normal.cdf(2.0) - 0.5));
    assert!((d.quantile(0.3) - expected).abs() < 1e-12);
    assert_eq!(d.support(), (0.0, 2.0));
    let (cut, mass) = Distribution::interval(0.9, 1.3, Form::Lognormal).unwrap().cut(0.0, 1.0);
    assert!(cut.quantile(0.999_999) <= 1.0 && (mass - 0.763).abs() < 0.01, "{mass}");
    let (all, mass) = Distribution::uniform(2.0, 3.0).unwrap().cut(0.0, 1.0);
    assert_eq!((all.quantile(0.5), mass), (1.0, 1.0));
}

#[test]
fn nonsense_is_refused_in_words() {
    let message = |r: Result<Distribution, DistributionError>| r.unwrap_err().to_string();
    assert_eq!(
        message(Distribution::interval(50.0, 10.0, Form::Lognormal)),
        "the ends are swapped: 50 to 10"
    );
    let swapped = Distribution::lognormal(&[(0.05, 5.0), (0.5, 3.0)]);
    assert_eq!(message(swapped), "the quantiles are out of order: 5 at 5%, 3 at 50%");
    assert_eq!(
        message(Distribution::discrete(&[(0.0, 0.5), (1.0, 0.2)])),
        "the probabilities sum to 70%, not to 100%"
    );
    assert_eq!(message(Distribution::normal(0.0, -1.0)), "the standard deviation must be positive, not -1");
}

fn any_distribution() -> impl Strategy<Value = Distribution> {
    let leaf = prop_oneof![
        (0.001..100.0, 1.01..50.0).prop_map(|(a, k): (f64, f64)| Distribution::interval(
            a,
            a * k,
            Form::Lognormal
        )
        .unwrap()),
        (-100.0..100.0, 0.1..50.0).prop_map(|(m, s)| Distribution::normal(m, s).unwrap()),
        (0.01..0.5, 0.51..0.99).prop_map(|(a, b)| Distribution::interval(a, b, Form::LogitNormal).unwrap()),
        (-5.0..5.0, 0.1..5.0).prop_map(|(a, w)| Distribution::triangular(a, a + 0.3 * w, a + w).unwrap()),
        (0.5..9.0, 0.5..9.0).prop_map(|(a, b)| Distribution::beta(a, b, 0.0, 1.0).unwrap()),
        Just(Distribution::discrete(&[(0.0, 0.2), (1.0, 0.5), (7.0, 0.3)]).unwrap()),
    ];
    (leaf, -3.0..3.0, -5.0..5.0, any::<bool>()).prop_map(
        |(d, scale, shift, cut): (Distribution, f64, f64, bool)| {
            let d = d.scaled(scale).shifted(shift);
            let (low, high) = (d.quantile(0.1), d.quantile(0.9));
            if cut && low < high { d.truncated(low, high).unwrap() } else { d }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn quantiles_rise_stay_in_the_support_and_invert_the_cdf(d in any_distribution(), mut u in prop::collection::vec(0.0001f64..0.9999, 8)) {
        u.sort_by(f64::total_cmp);
        let mut last = f64::NEG_INFINITY;
        for &p in &u {
            let x = d.quantile(p);
            prop_assert!(x >= last && x >= d.support().0 && x <= d.support().1);
            prop_assert!(d.below(x) <= p + 1e-6 && d.cdf(x) >= p - 1e-6, "{} {} {}", d.below(x), p, d.cdf(x));
            last = x;
        }
    }
}
