//! Scores of many observations: a line a group, the naive rivals by group, the shape of the misses.

use super::hindcast::{Scored, Scores};
use crate::math::exp;
use crate::model::Observation;
use crate::model::time::Quarter;

/// What the group of all rows is called.
pub const ALL: &str = "all";

/// Scores of many observations: a line a group, the naive rivals, the worst misses.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// A line for each group that has observations, in order.
    pub groups: Vec<Line>,
    /// All of them.
    pub all: Line,
    /// Against naive forecasts, by origin: of all rows, then by group.
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
    /// Share of values within the simulated 50% interval.
    pub inside50: f64,
    /// Share of values within the simulated 90% interval.
    pub inside90: f64,
    /// The same, averaged over each series and then over series.
    pub inside50_by_series: f64,
    /// The same, averaged over each series and then over series.
    pub inside90_by_series: f64,
    /// Mean score \[ln\], averaged over each series and then over series.
    pub crps: f64,
    /// Mean of simulated median over published middle \[ln\], averaged likewise.
    pub bias: f64,
    /// Mean probability integral transform \[1\], averaged likewise.
    pub pit: f64,
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
    /// Last year's volume, with what spending and performance a dollar grew by.
    Rule,
}

impl Rival {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Last, Self::Trend, Self::Rule];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Last => "last value",
            Self::Trend => "log-linear trend",
            Self::Rule => "simple rule",
        }
    }
}

/// The simulation against a naive forecast, on the rows that both forecast: averaged over each series, then over series.
#[derive(Clone, Debug, PartialEq)]
pub struct Duel {
    /// Whose rows: a group's, or `all`.
    pub group: String,
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
        let groups: Vec<(&str, Vec<&Scored>)> = (names.into_iter())
            .map(|name| (name, rows.iter().filter(|r| r.group == name).collect::<Vec<_>>()))
            .filter(|(_, of)| !of.is_empty())
            .collect();
        let duels = |name: &str, of: &[&Scored]| {
            let pairs = origins.iter().flat_map(|&o| Rival::ALL.map(|r| (o, r)));
            pairs.filter_map(|(o, r)| Duel::new(name, of, o, r)).collect::<Vec<_>>()
        };
        let mut fought = duels(ALL, &all);
        fought.extend(groups.iter().flat_map(|(name, of)| duels(name, of)));
        let groups = groups.iter().map(|(name, of)| Line::new(name, of)).collect();
        let scored = rows.iter().enumerate().filter_map(|(i, row)| Some((i, row.scores?.crps)));
        let mut worst: Vec<(usize, f64)> = scored.collect();
        worst.sort_by(|a, b| b.1.total_cmp(&a.1));
        let worst = worst.into_iter().map(|(i, _)| i).collect();
        Self { groups, all: Line::new(ALL, &all), duels: fought, worst }
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
            pit: averaged(&|s| Some(s.pit)),
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

    /// The shape of the probability integral transforms in words: where in the simulated distribution published values lie.
    ///
    /// A share or a mean counts as off if it is two standard errors from that of a uniform, with each series as one piece of
    /// evidence.
    pub fn shape(&self) -> String {
        let n = self.series as f64;
        let off = |x: f64, uniform: f64, variance: f64| (x - uniform) / (variance / n).sqrt();
        let (middle, outer) = (self.inside50_by_series, 1.0 - self.inside90_by_series);
        let (lean, hump) = (off(self.pit, 0.5, 1.0 / 12.0), off(middle, 0.5, 0.25));
        let tails = off(outer, 0.1, 0.09);
        let spread = if tails > 2.0 {
            "U-shaped: published values lie in the tails too often, the spread is too narrow for the misses"
        } else if hump > 2.0 {
            "hump-shaped: published values lie in the middle too often, the spread is wider than the misses"
        } else if self.series < 8 {
            "too few series to tell a shape"
        } else {
            "flat, as far as so many series can tell"
        };
        let side = if lean > 2.0 {
            "; they lie high in it, so it is too low"
        } else if lean < -2.0 {
            "; they lie low in it, so it is too high"
        } else {
            ""
        };
        format!("{spread}{side}")
    }
}

impl Duel {
    /// None if the rival forecasts no row.
    fn new(group: &str, rows: &[&Scored], origin: Quarter, rival: Rival) -> Option<Self> {
        let met: Vec<Met<'_>> = rows.iter().filter_map(|row| Met::new(row, origin, rival)).collect();
        let averaged = |of: &dyn Fn(&Met<'_>) -> f64| series_means(met.iter().map(|m| (m.row, of(m))));
        let (own, points, spread) =
            (averaged(&|m| m.scores.crps), averaged(&|m| m.error), averaged(&|m| m.crps));
        let won = (0..own.len()).filter(|&i| own[i] < points[i].min(spread[i])).count();
        let over = |series: &[f64]| mean(series.iter().copied());
        (!met.is_empty()).then(|| Self {
            group: group.to_owned(),
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
            Rival::Last => (naive.last?, naive.spreads[0]),
            Rival::Trend => (naive.trend?, naive.spreads[1]),
            Rival::Rule => (naive.rule?, naive.spreads[2]),
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
    use super::super::hindcast::tests::{observation, scored};
    use super::super::naive::crps_of_normal;
    use super::*;
    use crate::math::ln;

    #[test]
    fn the_shape_of_the_misses_is_said_in_words() {
        // Forty series whose draws are a uniform's percentiles; the published value lies where it is put.
        let draws: Vec<f64> = (1..=1000).map(|i| 1000.0 + f64::from(i)).collect();
        let shape = |place: &dyn Fn(f64) -> f64, series: u32| {
            let at = |i: u32| 1000.5 + 1000.0 * place((f64::from(i) + 0.5) / f64::from(series));
            let rows: Vec<Scored> = (0..series)
                .map(|i| scored(&observation(&format!("chip.c{i}"), "2024Q4", [at(i); 3]), &draws))
                .collect();
            Board::new(&rows, &[], &[]).all.shape()
        };
        assert!(shape(&|u| u, 40).starts_with("flat"));
        assert!(shape(&|u| 0.3 + 0.4 * u, 40).starts_with("hump-shaped"));
        assert!(shape(&|u| if u < 0.5 { 0.02 } else { 0.98 }, 40).starts_with("U-shaped"));
        assert!(shape(&|u| 0.5 + 0.45 * u, 40).ends_with("it is too low"));
        assert!(shape(&|u| 0.45 * u + 0.05, 40).ends_with("it is too high"));
        assert!(shape(&|u| u, 4).starts_with("too few"));
    }

    #[test]
    fn groups_partition_the_rows() {
        let of = |actor: &str, group: &str| Observation {
            group: Some(group.to_owned()),
            ..observation(actor, "2024Q4", [9.0, 10.0, 11.0])
        };
        let own = observation("chip.d", "2024Q4", [9.0, 10.0, 11.0]);
        let rows: Vec<Scored> = [of("chip.a", "owners"), of("chip.b", "China"), of("chip.c", "owners"), own]
            .iter()
            .map(|o| scored(o, &[8.0, 12.0]))
            .collect();
        let board = Board::new(&rows, &["supply"], &[]);
        let lines: Vec<(&str, usize)> = board.groups.iter().map(|l| (l.group.as_str(), l.rows)).collect();
        assert_eq!(lines, [("supply", 1), ("owners", 2), ("China", 1)]);
        assert_eq!(board.groups.iter().map(|l| l.rows).sum::<usize>(), board.all.rows);
    }

    #[test]
    fn bounds_are_counted_apart() {
        let bound = Observation { at_least: true, ..observation("chip.a", "2024Q4", [5.0, 10.0, 20.0]) };
        let board = Board::new(&[scored(&bound, &[5.0, 10.0, 15.0, 20.0])], &[], &[]);
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
                row.add_naive(origin, &all, None);
                row
            })
            .collect();
        // The trend doubles each quarter: 400 and 800; the last value stays 200. chip.b has no past.
        let mut duels = Board::new(&rows, &[], &[origin]).duels;
        // All rows are of one group: what holds of all holds of it, line by line.
        let of_group = duels.split_off(2);
        assert!(of_group.iter().zip(&duels).all(|(g, d)| Duel { group: ALL.to_owned(), ..g.clone() } == *d));
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
