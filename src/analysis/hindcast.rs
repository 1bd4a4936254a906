//! A simulated past held against what was published: a score for each observation, and a board of scores by group.

use super::ensemble::{Ensemble, floor_of, log_at_least};
use super::naive::{Point, crps_of_normal, last_value, last_value_spread, log_linear_trend, trend_spread};
use crate::math::{exp, inverse_normal};
use crate::model::Observation;
use crate::model::time::Quarter;

/// Time of a quarter's end \[years\].
pub fn years(quarter: Quarter) -> f64 {
    f64::from(quarter.0 + 1) / 4.0
}

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

    /// The 5 % and the 95 % quantile \[ln\], whatever coverage was published.
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
    /// Simulated quantiles: 5, 25, 50, 75, 95 %.
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
    /// Length in logs that the simulated and the published 90 % interval share, over that which they cover together \[1\].
    pub overlap: Option<f64>,
    /// Whether the published middle lies within the simulated 50 % interval.
    pub inside50: bool,
    /// Whether it lies within the simulated 90 % interval.
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
    /// Standard deviation of each by the same publications \[ln\]; 0 where they are too few for one.
    pub spreads: (f64, f64),
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

    /// Adds the naive forecast of one origin, from published values of the same series up to it.
    pub fn add_naive(&mut self, origin: Quarter, known: &[Observation]) {
        let own = &self.observation;
        if own.at_least || own.quarter <= origin {
            return;
        }
        let history: Vec<Point> = known
            .iter()
            .filter(|k| !k.at_least && k.quarter <= origin && k.series() == own.series())
            .map(|k| (years(k.quarter), k.center()))
            .collect();
        let logs: Vec<Point> = history.iter().map(|&(time, x)| (time, self.log(x))).collect();
        let time = years(own.quarter);
        let latest = history.iter().map(|p| p.0).fold(f64::NEG_INFINITY, f64::max);
        let spreads = (last_value_spread(&logs, time - latest), trend_spread(&logs, time));
        self.naive.push(Naive {
            origin,
            last: last_value(&history),
            trend: log_linear_trend(&logs, time).map(exp),
            // Too few published values tell no spread: the forecast is then a point.
            spreads: (spreads.0.unwrap_or(0.0), spreads.1.unwrap_or(0.0)),
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

/// Scores of many observations: a line a group, the naive rivals, the worst misses.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// A line for each group that has observations, in order.
    pub groups: Vec<Line>,
    /// All of them.
    pub all: Line,
    /// Against naive forecasts, by origin.
    pub duels: Vec<Duel>,
    /// Places of the rows with the largest scores, worst first.
    pub worst: Vec<usize>,
}

/// Scores of a group; shares and means are over rows that have them.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The group; `all` for all.
    pub group: String,
    /// Published values.
    pub rows: usize,
    /// Series that they belong to.
    pub series: usize,
    /// Share of values within the simulated 50 % interval.
    pub inside50: f64,
    /// Share of values within the simulated 90 % interval.
    pub inside90: f64,
    /// The same, averaged over each series and then over series.
    pub inside50_by_series: f64,
    /// The same, averaged over each series and then over series.
    pub inside90_by_series: f64,
    /// Mean score \[ln\], averaged over each series and then over series.
    pub crps: f64,
    /// Mean of simulated median over published middle \[ln\], averaged likewise.
    pub bias: f64,
    /// Mean overlap \[1\], averaged likewise.
    pub overlap: f64,
    /// Median over rows of the simulated p95/p05 \[1\].
    pub width: f64,
    /// Share of simulated medians within the published range.
    pub median_in_range: f64,
    /// Lower bounds.
    pub bounds: usize,
    /// Mean probability of being at or above a lower bound.
    pub at_least: f64,
}

/// A naive forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rival {
    /// The last published value stays.
    Last,
    /// The published trend goes on.
    Trend,
}

impl Rival {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Last => "last value",
            Self::Trend => "log-linear trend",
        }
    }
}

/// The simulation against a naive forecast, on the rows that both forecast: averaged over each series, then over series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Duel {
    /// The last quarter whose publications the rival uses.
    pub origin: Quarter,
    /// The rival.
    pub rival: Rival,
    /// Rows after the origin that both forecast.
    pub rows: usize,
    /// Series that they belong to.
    pub series: usize,
    /// The simulation's mean score \[ln\].
    pub crps: f64,
    /// Mean absolute error of its median \[ln\]: a point against a point.
    pub median_error: f64,
    /// The rival's mean absolute error \[ln\], which is the score of a point.
    pub rival_error: f64,
    /// The rival's mean score with a spread from the same publications \[ln\].
    pub rival_crps: f64,
    /// Series in which the simulation's mean score is below the better of the rival's two.
    pub series_won: usize,
}

impl Board {
    /// Scores of rows, and their naive rivals of the origins given; groups in the order of `headings`, then as they appear.
    pub fn new(rows: &[Scored], headings: &[&str], origins: &[Quarter]) -> Self {
        let all: Vec<&Scored> = rows.iter().collect();
        let mut names: Vec<&str> = headings.to_vec();
        for row in rows {
            if !names.contains(&row.group.as_str()) {
                names.push(&row.group);
            }
        }
        let groups = (names.into_iter())
            .map(|name| (name, rows.iter().filter(|r| r.group == name).collect::<Vec<_>>()))
            .filter(|(_, of)| !of.is_empty())
            .map(|(name, of)| Line::new(name, &of))
            .collect();
        let rivals = [Rival::Last, Rival::Trend];
        let duels = (origins.iter()).flat_map(|&o| rivals.map(|r| Duel::new(rows, o, r))).flatten().collect();
        let scored = rows.iter().enumerate().filter_map(|(i, row)| Some((i, row.scores?.crps)));
        let mut worst: Vec<(usize, f64)> = scored.collect();
        worst.sort_by(|a, b| b.1.total_cmp(&a.1));
        let worst = worst.into_iter().map(|(i, _)| i).collect();
        Self { groups, all: Line::new("all", &all), duels, worst }
    }
}

impl Line {
    fn new(group: &str, rows: &[&Scored]) -> Self {
        let values: Vec<(&Scored, Scores)> = rows.iter().filter_map(|r| r.scores.map(|s| (*r, s))).collect();
        let share = |hit: &dyn Fn(&Scores) -> Option<bool>| {
            mean(values.iter().filter_map(|v| hit(&v.1)).map(|h| f64::from(u8::from(h))))
        };
        let averaged = |of: &dyn Fn(&Scores) -> Option<f64>| {
            by_series(values.iter().filter_map(|v| of(&v.1).map(|x| (v.0, x)))).0
        };
        let hit = |h: bool| Some(f64::from(u8::from(h)));
        let mut widths: Vec<f64> = values.iter().map(|v| v.0.width()).collect();
        widths.sort_by(f64::total_cmp);
        let bounds: Vec<f64> = rows.iter().filter_map(|r| r.at_least).collect();
        Self {
            group: group.to_owned(),
            rows: values.len(),
            series: by_series(values.iter().map(|v| (v.0, 0.0))).1,
            inside50: share(&|s| Some(s.inside50)),
            inside90: share(&|s| Some(s.inside90)),
            inside50_by_series: averaged(&|s| hit(s.inside50)),
            inside90_by_series: averaged(&|s| hit(s.inside90)),
            crps: averaged(&|s| Some(s.crps)),
            bias: averaged(&|s| Some(s.bias)),
            overlap: averaged(&|s| s.overlap),
            width: median(&widths),
            median_in_range: share(&|s| s.median_in_range),
            bounds: bounds.len(),
            at_least: mean(bounds.into_iter()),
        }
    }

    /// Median of simulated over published, as a factor.
    pub fn bias_factor(&self) -> f64 {
        exp(self.bias)
    }
}

impl Duel {
    /// None if the rival forecasts no row.
    fn new(rows: &[Scored], origin: Quarter, rival: Rival) -> Option<Self> {
        let met: Vec<Met<'_>> = rows.iter().filter_map(|row| Met::new(row, origin, rival)).collect();
        let averaged = |of: &dyn Fn(&Met<'_>) -> f64| series_means(met.iter().map(|m| (m.row, of(m))));
        let (own, points, spread) =
            (averaged(&|m| m.scores.crps), averaged(&|m| m.error), averaged(&|m| m.crps));
        let won = (0..own.len()).filter(|&i| own[i] < points[i].min(spread[i])).count();
        let over = |series: &[f64]| mean(series.iter().copied());
        (!met.is_empty()).then(|| Self {
            origin,
            rival,
            rows: met.len(),
            series: own.len(),
            crps: over(&own),
            median_error: over(&averaged(&|m| m.scores.bias.abs())),
            rival_error: over(&points),
            rival_crps: over(&spread),
            series_won: won,
        })
    }

    /// Share of the rival's score that the simulation saves: of the better of its two, as a point or with a spread.
    pub fn skill(&self) -> f64 {
        1.0 - self.crps / self.rival_error.min(self.rival_crps)
    }
}

/// A row that the simulation and a rival both forecast.
struct Met<'a> {
    row: &'a Scored,
    scores: Scores,
    /// The rival's absolute error, and its score with a spread \[ln\].
    error: f64,
    crps: f64,
}

impl<'a> Met<'a> {
    fn new(row: &'a Scored, origin: Quarter, rival: Rival) -> Option<Self> {
        let naive = row.naive.iter().find(|n| n.origin == origin)?;
        let (forecast, spread) = match rival {
            Rival::Last => (naive.last?, naive.spreads.0),
            Rival::Trend => (naive.trend?, naive.spreads.1),
        };
        let (error, crps) = (row.error(forecast), row.score_of(forecast, spread));
        Some(Self { row, scores: row.scores?, error, crps })
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
    sum / n
}

/// Mean over each series, then over series; and how many series there are.
fn by_series<'a>(values: impl Iterator<Item = (&'a Scored, f64)>) -> (f64, usize) {
    let means = series_means(values);
    (mean(means.iter().copied()), means.len())
}

/// Mean of each series, in order of appearance.
fn series_means<'a>(values: impl Iterator<Item = (&'a Scored, f64)>) -> Vec<f64> {
    let mut series: Vec<(&Observation, f64, f64)> = Vec::new();
    for (row, x) in values {
        match series.iter_mut().find(|s| s.0.series() == row.observation.series()) {
            Some(s) => (s.1, s.2) = (s.1 + x, s.2 + 1.0),
            None => series.push((&row.observation, x, 1.0)),
        }
    }
    series.into_iter().map(|s| s.1 / s.2).collect()
}

/// The middle of sorted values, or the mean of the two in the middle.
fn median(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::ln;
    use crate::model::ObservationPlaces;

    fn observation(actor: &str, quarter: &str, ends: [f64; 3]) -> Observation {
        Observation {
            metric: "shipped_chips_cum".to_owned(),
            actor: actor.to_owned(),
            quarter: Quarter::parse(quarter).unwrap(),
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

    fn scored(observation: &Observation, draws: &[f64]) -> Scored {
        Scored::new(observation, "chips", "supply", &Ensemble::new(draws))
    }

    #[test]
    fn a_row_by_hand() {
        // Twenty draws 10, 20, ..., 200: quantiles 5, 25, 50, 75, 95 % are 10, 50, 100, 150, 190.
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
        // Ends of a lognormal with sd 0.5 about 100: its quartiles, and its 5 and 95 %.
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
        let board = Board::new(&[row], &[], &[]);
        assert_eq!((board.all.rows, board.all.bounds, board.all.at_least), (0, 1, 0.75));
    }

    #[test]
    fn long_series_do_not_drown_short_ones() {
        // Point forecasts off by e, e, e in one series and by e³ in another: means 1 and 3, so 2 and not 1.5.
        let off = |actor: &str, quarter: &str, power: f64| {
            scored(&observation(actor, quarter, [90.0, 100.0, 110.0]), &[100.0 * exp(power)])
        };
        let rows = [
            off("chip.a", "2023Q2", 1.0),
            off("chip.a", "2023Q3", 1.0),
            off("chip.a", "2023Q4", 1.0),
            off("chip.b", "2023Q4", -3.0),
        ];
        let board = Board::new(&rows, &[], &[]);
        assert!((board.all.crps - 2.0).abs() < 1e-9 && (board.all.bias + 1.0).abs() < 1e-9);
        assert_eq!((board.all.rows, board.all.series, board.groups.len()), (4, 2, 1));
        assert_eq!(board.worst[0], 3);
    }

    #[test]
    fn rivals_meet_on_the_rows_that_both_forecast() {
        let all: Vec<Observation> =
            [("2022Q3", 100.0), ("2022Q4", 200.0), ("2023Q1", 300.0), ("2023Q2", 800.0)]
                .iter()
                .map(|&(q, x)| observation("chip.a", q, [x, x, x]))
                .chain([observation("chip.b", "2023Q2", [1.0, 5.0, 9.0])])
                .collect();
        let origin = Quarter::parse("2022Q4").unwrap();
        let rows: Vec<Scored> = all
            .iter()
            .map(|o| {
                let mut row = scored(o, &[o.center() * exp(0.5)]);
                row.add_naive(origin, &all);
                row
            })
            .collect();
        // The trend doubles each quarter: 400 and 800; the last value stays 200. chip.b has no past.
        let duels = Board::new(&rows, &[], &[origin]).duels;
        assert_eq!(duels.iter().map(|d| (d.rows, d.series)).collect::<Vec<_>>(), [(2, 1), (2, 1)]);
        let last = 0.5 * (ln(300.0 / 200.0) + ln(800.0 / 200.0));
        assert!((duels[0].rival_error - last).abs() < 1e-9);
        assert!((duels[1].rival_error - 0.5 * ln(400.0 / 300.0)).abs() < 1e-9);
        // One step of ln 2 in a quarter of a year: a variance of 4 ln²2 a year, of which ¼ and ½ come to pass.
        let off = [ln(1.5), ln(4.0)];
        let walk = 0.5 * (crps_of_normal(off[0], ln(2.0)) + crps_of_normal(off[1], ln(2.0) * 2_f64.sqrt()));
        assert!((duels[0].rival_crps - walk).abs() < 1e-9);
        // Two values leave no residual: the trend stays a point.
        assert_eq!(duels[1].rival_crps, duels[1].rival_error);
        assert_eq!((duels[0].series_won, duels[1].series_won), (usize::from(walk > 0.5), 0));
        assert!(duels.iter().all(|d| (d.crps - 0.5).abs() < 1e-9 && (d.median_error - 0.5).abs() < 1e-9));
        assert!(rows[0].naive.is_empty() && rows[1].naive.is_empty());
    }
}
