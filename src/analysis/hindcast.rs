//! A simulated past held against what was published: a score for each observation, and a board of scores by group.

use super::ensemble::{Ensemble, floor_of, log_at_least};
use super::naive::{Point, crps_of_normal, last_value, last_value_spread, log_linear_trend, trend_spread};
use super::simple_rule::{Known, Measure, simple_rule};
use crate::math::{exp, inverse_normal};
use crate::model::time::Quarter;
use crate::model::{Observation, SimpleRule};

/// A published number on the scale of scores: natural logs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// The middle \[ln\].
    pub center: f64,
    /// Standard deviations below and above it of the two-piece lognormal with the published ends \[ln\]; none without ends.
    pub spread: Option<(f64, f64)>,
}

impl Published {
    /// A published number of a metric in `unit`; a single published end stands for both sides.
    pub fn new(observation: &Observation, unit: &str) -> Self {
        let log = |x: f64| log_at_least(x, floor_of(unit));
        let center = log(observation.center());
        let width = inverse_normal(0.5 + 0.5 * observation.interval);
        let below = observation.low.map(|x| (center - log(x)) / width);
        let above = observation.high.map(|x| (log(x) - center) / width);
        let spread = below.or(above).zip(above.or(below));
        Self { center, spread }
    }

    /// The 5% and the 95% quantile \[ln\], whatever coverage was published.
    fn ninety(self) -> Option<(f64, f64)> {
        let width = inverse_normal(0.95);
        self.spread.map(|(below, above)| (self.center - width * below, self.center + width * above))
    }
}

/// An observation held against the draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// What was published, in the metric's own unit.
    pub observation: Observation,
    /// The metric's own unit.
    pub unit: String,
    /// Heading on the board.
    pub group: String,
    /// Simulated quantiles: 5, 25, 50, 75, 95%.
    pub quantiles: [f64; 5],
    /// Probability of being at or above the published bound: of `at-least` rows only.
    pub at_least: Option<f64>,
    /// Scores of a published value; none of a bound.
    pub scores: Option<Scores>,
    /// Naive forecasts of it, one for each origin before it.
    pub naive: Vec<Naive>,
}

/// Scores of a published value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    /// Probability integral transform of the published middle \[1\].
    pub pit: f64,
    /// Continuous ranked probability score of the published middle \[ln\].
    pub crps: f64,
    /// Simulated median over the published middle \[ln\].
    pub bias: f64,
    /// Length in logs that the simulated and the published 90% interval share, over that which they cover together \[1\].
    pub overlap: Option<f64>,
    /// Whether the published middle lies within the simulated 50% interval.
    pub inside50: bool,
    /// Whether it lies within the simulated 90% interval.
    pub inside90: bool,
    /// Whether the simulated median lies within the published range.
    pub median_in_range: Option<bool>,
}

/// What anyone could have forecast from what was published up to an origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Naive {
    /// The last quarter whose publications are used.
    pub origin: Quarter,
    /// The last value, in the metric's unit.
    pub last: Option<f64>,
    /// The log-linear trend, in the metric's unit.
    pub trend: Option<f64>,
    /// Last year's volume with what spending and performance grew by, in the metric's unit.
    pub rule: Option<f64>,
    /// Standard deviation of each by the same publications, of the rule by its own error \[ln\]; 0 where there is none.
    pub spreads: [f64; 3],
}

impl Scored {
    /// Scores an observation by the draws' values, under the metric's `heading` if it names no other.
    pub fn new(observation: &Observation, unit: &str, heading: &str, ensemble: &Ensemble) -> Self {
        let quantiles = [0.05, 0.25, 0.5, 0.75, 0.95].map(|p| ensemble.quantile(p));
        let bound = observation.central.or(observation.low);
        let at_least = bound.filter(|_| observation.at_least).map(|y| ensemble.at_least(y));
        let scores = (!observation.at_least).then(|| score(observation, unit, ensemble, quantiles));
        Self {
            observation: observation.clone(),
            unit: unit.to_owned(),
            group: observation.group.clone().unwrap_or_else(|| heading.to_owned()),
            quantiles,
            at_least,
            scores,
            naive: Vec::new(),
        }
    }

    /// Adds the naive forecasts of one origin, from published values of the same series up to it.
    pub fn add_naive(
        &mut self,
        origin: Quarter,
        known: &[Observation],
        rule: Option<(&SimpleRule, Measure)>,
    ) {
        let own = &self.observation;
        if own.at_least || own.quarter <= origin {
            return;
        }
        let history: Vec<&Observation> = (known.iter())
            .filter(|k| !k.at_least && k.quarter <= origin && k.series() == own.series())
            .collect();
        let points: Vec<Point> = history.iter().map(|k| (k.ends(), k.center())).collect();
        let logs: Vec<Point> = points.iter().map(|&(time, x)| (time, self.log(x))).collect();
        let time = own.ends();
        let latest = points.iter().map(|p| p.0).fold(f64::NEG_INFINITY, f64::max);
        let ruled = rule.and_then(|(rule, measure)| {
            let amounts: Vec<Known> = history.iter().map(|k| Known::new(k)).collect();
            simple_rule(rule, measure, &self.unit, &amounts, own)
        });
        // Too few published values tell no spread: the forecast is then a point.
        let spreads =
            [last_value_spread(&logs, time - latest), trend_spread(&logs, time), ruled.map(|r| r.1)];
        self.naive.push(Naive {
            origin,
            last: last_value(&points),
            trend: log_linear_trend(&logs, time).map(exp),
            rule: ruled.map(|r| r.0),
            spreads: spreads.map(|s| s.unwrap_or(0.0)),
        });
    }

    /// On the scale of scores \[ln\].
    fn log(&self, x: f64) -> f64 {
        log_at_least(x, floor_of(&self.unit))
    }

    /// Absolute error of a point forecast of the published middle \[ln\].
    pub fn error(&self, forecast: f64) -> f64 {
        self.score_of(forecast, 0.0)
    }

    /// Score of a lognormal forecast of the published middle by its median and standard deviation \[ln\].
    pub fn score_of(&self, forecast: f64, spread: f64) -> f64 {
        crps_of_normal(self.log(forecast) - self.log(self.observation.center()), spread)
    }

    /// Simulated p95/p05 \[1\]; each at least the metric's floor.
    pub fn width(&self) -> f64 {
        let floor = floor_of(&self.unit);
        self.quantiles[4].max(floor) / self.quantiles[0].max(floor)
    }
}

fn score(observation: &Observation, unit: &str, ensemble: &Ensemble, quantiles: [f64; 5]) -> Scores {
    let published = Published::new(observation, unit);
    let log = |x: f64| log_at_least(x, floor_of(unit));
    let y = observation.center();
    let [low, quarter, median, three_quarters, high] = quantiles;
    let range = observation.low.zip(observation.high);
    Scores {
        pit: ensemble.pit(y),
        crps: ensemble.on_scale(log).crps(published.center),
        bias: log(median) - published.center,
        overlap: published.ninety().map(|ends| overlap(ends, (log(low), log(high)))),
        inside50: (quarter..=three_quarters).contains(&y),
        inside90: (low..=high).contains(&y),
        median_in_range: range.map(|(a, b)| (a..=b).contains(&median)),
    }
}

/// Shared length of two intervals over the length that they cover together; 1 for the same point twice.
fn overlap(a: (f64, f64), b: (f64, f64)) -> f64 {
    let shared = (a.1.min(b.1) - a.0.max(b.0)).max(0.0);
    let together = (a.1 - a.0) + (b.1 - b.0) - shared;
    if together > 0.0 { shared / together } else { f64::from(u8::from(a == b)) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::math::ln;
    use crate::model::ObservationPlaces;

    pub(crate) fn observation(actor: &str, quarter: &str, ends: [f64; 3]) -> Observation {
        Observation {
            metric: "shipped_chips_cum".to_owned(),
            actor: actor.to_owned(),
            quarter: Quarter::parse(quarter).unwrap(),
            months: None,
            low: Some(ends[0]),
            central: Some(ends[1]),
            high: Some(ends[2]),
            interval: 0.9,
            at_least: false,
            since: None,
            unit: None,
            group: None,
            source: String::new(),
            places: ObservationPlaces::default(),
        }
    }

    pub(crate) fn scored(observation: &Observation, draws: &[f64]) -> Scored {
        Scored::new(observation, "chips", "supply", &Ensemble::new(draws))
    }

    #[test]
    fn a_row_by_hand() {
        // Twenty draws 10, 20, ..., 200: quantiles 5, 25, 50, 75, 95% are 10, 50, 100, 150, 190.
        let draws: Vec<f64> = (1..=20).map(|i| 10.0 * f64::from(i)).collect();
        let row = scored(&observation("chip.a", "2024Q4", [40.0, 155.0, 300.0]), &draws);
        let scores = row.scores.unwrap();
        assert_eq!(row.quantiles, [10.0, 50.0, 100.0, 150.0, 190.0]);
        assert_eq!((row.group.as_str(), row.width(), scores.pit), ("supply", 19.0, 0.75));
        assert_eq!((scores.inside50, scores.inside90, scores.median_in_range), (false, true, Some(true)));
        assert!((scores.bias - ln(100.0 / 155.0)).abs() < 1e-12);
        let exact: f64 = draws.iter().map(|x| (ln(*x) - ln(155.0)).abs()).sum::<f64>() / 20.0
            - draws.iter().flat_map(|x| draws.iter().map(|z| (ln(*x) - ln(*z)).abs())).sum::<f64>() / 800.0;
        assert!((scores.crps - exact).abs() < 1e-12);
        // Published 40 to 300, simulated 10 to 190: shared 40 to 190, together 10 to 300.
        assert!((scores.overlap.unwrap() - ln(190.0 / 40.0) / ln(300.0 / 10.0)).abs() < 1e-12);
    }

    #[test]
    fn another_coverage_is_read_as_the_quantiles_that_it_says() {
        // Ends of a lognormal with sd 0.5 about 100: its quartiles, and its 5 and 95%.
        let ends = |p: f64| {
            let z = 0.5 * inverse_normal(0.5 + 0.5 * p);
            [100.0 * exp(-z), 100.0, 100.0 * exp(z)]
        };
        for interval in [0.5, 0.68, 0.9, 0.95] {
            let o = Observation { interval, ..observation("chip.a", "2024Q4", ends(interval)) };
            let published = Published::new(&o, "chips");
            let (below, above) = published.spread.unwrap();
            assert!((below - 0.5).abs() < 1e-9 && (above - 0.5).abs() < 1e-9, "{interval}");
            let (low, high) = published.ninety().unwrap();
            assert!((low - ln(ends(0.9)[0])).abs() < 1e-9 && (high - ln(ends(0.9)[2])).abs() < 1e-9);
        }
        let only_high = Observation { low: None, ..observation("chip.a", "2024Q4", ends(0.9)) };
        let (below, above) = Published::new(&only_high, "chips").spread.unwrap();
        assert_eq!(below, above);
        let middle = Observation { central: None, ..observation("chip.a", "2024Q4", [25.0, 0.0, 400.0]) };
        assert_eq!(middle.center(), 100.0);
    }

    #[test]
    fn a_published_nothing_can_be_scored() {
        let nothing = observation("chip.a", "2024Q4", [0.0, 0.0, 0.0]);
        assert_eq!(scored(&nothing, &[0.0, 0.0, 0.5]).scores.unwrap().crps, 0.0);
        assert_eq!(scored(&nothing, &[100.0]).scores.unwrap().crps, ln(100.0));
        assert_eq!(scored(&nothing, &[0.0]).scores.unwrap().overlap, Some(1.0));
    }

    #[test]
    fn a_bound_is_scored_by_the_probability_of_being_at_or_above_it() {
        let bound = Observation { at_least: true, ..observation("chip.a", "2024Q4", [5.0, 10.0, 20.0]) };
        let row = scored(&bound, &[5.0, 10.0, 15.0, 20.0]);
        assert_eq!((row.at_least, row.scores), (Some(0.75), None));
        let low = Observation { central: None, ..bound };
        assert_eq!(scored(&low, &[4.0, 5.0]).at_least, Some(0.5));
    }
}
