//! The tables of a hindcast as CSV text, and the meaning of every column.

use crate::analysis::hindcast::{Board, Line, Scored};
use crate::analysis::weights::{Discrepancy, Weights};
use crate::model::time::Quarter;
use crate::results::Cell;
use crate::results::tables::{Column, Row};

/// Columns of `hindcast.csv`.
pub const HINDCAST: [Column; 31] = [
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("section", "string", "past, or forecast: after the last quarter that the scenario was fitted to"),
    ("metric", "string", "What is measured"),
    ("actor", "string", "Whose it is: kind.id, or world"),
    ("quarter", "string", "Calendar quarter, at whose end or over which it is measured"),
    ("since", "string", "First quarter of a sum; empty: the horizon's first"),
    ("group", "string", "Heading on the board"),
    ("kind", "string", "value, or at-least: one-sided evidence"),
    ("unit", "string", "Unit of the metric, and of all amounts in the row"),
    ("low", "number", "Published low end"),
    ("central", "number", "Published central value"),
    ("high", "number", "Published high end"),
    ("interval", "number", "Coverage of low..high"),
    ("p05", "number", "5 % quantile over draws"),
    ("p25", "number", "25 % quantile over draws"),
    ("p50", "number", "Median over draws"),
    ("p75", "number", "75 % quantile over draws"),
    ("p95", "number", "95 % quantile over draws"),
    ("pit", "number", "Probability integral transform of the published middle"),
    ("crps", "number", "Continuous ranked probability score of the published middle, in natural logs"),
    ("bias", "number", "Natural log of the simulated median over the published middle"),
    (
        "overlap",
        "number",
        "Shared length of simulated and published 90 % intervals over their union, in logs",
    ),
    ("inside50", "boolean", "Whether the published middle lies in the simulated 50 % interval"),
    ("inside90", "boolean", "Whether the published middle lies in the simulated 90 % interval"),
    ("median_in_range", "boolean", "Whether the simulated median lies in the published range"),
    ("at_least", "number", "Probability of being at or above the published bound; rows of that kind only"),
    ("naive_origin", "string", "Last quarter that the naive forecasts know: the latest before the row's"),
    ("naive_last", "number", "Naive forecast: the last published value"),
    ("naive_trend", "number", "Naive forecast: the log-linear trend of published values"),
    ("width", "number", "Simulated p95/p05"),
    ("source", "string", "Where it was published"),
];

/// Columns of `naive.csv`.
pub const NAIVE: [Column; 16] = [
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("section", "string", "past, or forecast: after the last quarter that the scenario was fitted to"),
    ("metric", "string", "What is measured"),
    ("actor", "string", "Whose it is: kind.id, or world"),
    ("quarter", "string", "Calendar quarter"),
    ("since", "string", "First quarter of a sum; empty: the horizon's first"),
    ("origin", "string", "Last quarter that the naive forecasts know"),
    ("naive_last", "number", "The last published value"),
    ("naive_trend", "number", "The log-linear trend of published values; empty with fewer than two"),
    ("last_error", "number", "Absolute error of the last value, in natural logs: the score of a point"),
    ("trend_error", "number", "Absolute error of the trend, in natural logs: the score of a point"),
    ("last_sd", "number", "Spread of the last value by the steps published so far, in natural logs"),
    ("trend_sd", "number", "Spread about the trend by its residuals so far, in natural logs"),
    ("last_crps", "number", "Score of the last value with its spread, in natural logs"),
    ("trend_crps", "number", "Score of the trend with its spread, in natural logs"),
    ("crps", "number", "Score of the simulation for the same row, in natural logs"),
];

/// Columns of `scores.csv`.
pub const SCORES: [Column; 16] = [
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("section", "string", "past, or forecast: after the last quarter that the scenario was fitted to"),
    ("group", "string", "Heading; all: every observation"),
    ("rows", "integer", "Published values"),
    ("series", "integer", "Series that they belong to: metric, actor and first quarter of a sum"),
    ("inside50", "number", "Share of published middles in the simulated 50 % interval"),
    ("inside90", "number", "Share of published middles in the simulated 90 % interval"),
    ("inside50_by_series", "number", "The same, averaged over each series, then over series"),
    ("inside90_by_series", "number", "The same, averaged over each series, then over series"),
    ("crps", "number", "Mean score in natural logs, over each series, then over series"),
    ("bias", "number", "Mean log of simulated median over published middle, likewise"),
    ("overlap", "number", "Mean overlap of 90 % intervals, likewise"),
    ("width", "number", "Median over rows of the simulated p95/p05"),
    ("median_in_range", "number", "Share of simulated medians in the published range"),
    ("bounds", "integer", "Lower bounds: rows of kind at-least"),
    ("at_least", "number", "Mean probability of being at or above them"),
];

/// Columns of `rivals.csv`.
pub const RIVALS: [Column; 12] = [
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("section", "string", "past, or forecast: after the last quarter that the scenario was fitted to"),
    ("origin", "string", "Last quarter that the naive forecast knows"),
    ("rival", "string", "The naive forecast: last value, or log-linear trend"),
    ("rows", "integer", "Rows after the origin that both forecast"),
    ("series", "integer", "Series that they belong to"),
    ("crps", "number", "Mean score of the simulation in natural logs, over each series, then over series"),
    ("median_error", "number", "Mean absolute error of its median in natural logs, likewise"),
    ("rival_error", "number", "Mean absolute error of the naive forecast, likewise: the score of a point"),
    ("rival_crps", "number", "Mean score of the naive forecast with a spread, likewise"),
    ("skill", "number", "1 less crps over the smaller of rival_error and rival_crps"),
    (
        "series_won",
        "integer",
        "Series in which the simulation's mean score is below both of the naive forecast's",
    ),
];

/// Columns of `weights.csv`.
pub const WEIGHTS: [Column; 3] = [
    (
        "draw",
        "integer",
        "Number of the draw: joins draws and inputs of the same seed, sampler and number of draws",
    ),
    ("weight", "number", "Importance weight; they add up to 1"),
    ("log_likelihood", "number", "Natural log of the full likelihood, up to a constant, the largest being 0"),
];

/// Columns of `weighted.csv`.
pub const WEIGHTED: [Column; 11] = [
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("metric", "string", "What is measured"),
    ("unit", "string", "Unit of the metric"),
    ("actor", "string", "Whose it is: kind.id, or world"),
    ("quarter", "string", "Calendar quarter"),
    ("p05", "number", "5 % quantile over draws"),
    ("p50", "number", "Median over draws"),
    ("p95", "number", "95 % quantile over draws"),
    ("weighted_p05", "number", "5 % quantile over weighted draws"),
    ("weighted_p50", "number", "Median over weighted draws"),
    ("weighted_p95", "number", "95 % quantile over weighted draws"),
];

/// Columns of `weighting.csv`.
pub const WEIGHTING: [Column; 11] = [
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("observations", "integer", "Published numbers that the draws are weighted by"),
    ("series", "integer", "Series that they belong to"),
    ("discrepancy", "number", "Standard deviation of the model's own error, in natural logs"),
    ("discrepancy_rho", "number", "Its correlation along a series, a year apart"),
    ("exponent", "number", "Power to which the likelihood is raised; 1: not tempered"),
    ("temperature", "number", "1 over the exponent"),
    ("effective_draws", "number", "Effective sample size of the weights"),
    ("effective_draws_full", "number", "Effective sample size at the full likelihood"),
    ("largest_weight_full", "number", "Largest weight of a draw at the full likelihood"),
    ("collapsed", "boolean", "Whether the full likelihood rests on fewer draws than the floor"),
];

fn quarter(row: &mut Row<'_>, quarter: Option<Quarter>) {
    row.text(&quarter.map_or_else(String::new, |q| q.to_string()));
}

/// Rows of `hindcast.csv` of one policy and section.
pub fn hindcast(policy: &str, section: &str, rows: &[Scored]) -> String {
    let mut text = String::new();
    let mut row = Row::new(&mut text);
    for r in rows {
        let o = &r.observation;
        row.text(policy).text(section).text(&o.metric).text(&o.actor).text(&o.quarter.to_string());
        quarter(&mut row, o.since);
        row.text(&r.group).text(if o.at_least { "at-least" } else { "value" }).text(&r.unit);
        row.maybe(o.low).maybe(o.central).maybe(o.high).number(o.interval);
        for x in r.quantiles {
            row.number(x);
        }
        let s = r.scores;
        row.maybe(s.map(|s| s.pit)).maybe(s.map(|s| s.crps)).maybe(s.map(|s| s.bias));
        row.maybe(s.and_then(|s| s.overlap)).flag(s.map(|s| s.inside50)).flag(s.map(|s| s.inside90));
        row.flag(s.and_then(|s| s.median_in_range)).maybe(r.at_least);
        let naive = r.naive.last();
        quarter(&mut row, naive.map(|n| n.origin));
        row.maybe(naive.and_then(|n| n.last)).maybe(naive.and_then(|n| n.trend));
        row.number(r.width()).text(&o.source).end();
    }
    text
}

/// Rows of `naive.csv` of one policy and section.
pub fn naive(policy: &str, section: &str, rows: &[Scored]) -> String {
    let mut text = String::new();
    let mut row = Row::new(&mut text);
    for (r, n) in rows.iter().flat_map(|r| r.naive.iter().map(move |n| (r, n))) {
        let o = &r.observation;
        let error = |forecast: Option<f64>| forecast.map(|f| r.error(f));
        row.text(policy).text(section).text(&o.metric).text(&o.actor).text(&o.quarter.to_string());
        quarter(&mut row, o.since);
        row.text(&n.origin.to_string()).maybe(n.last).maybe(n.trend);
        row.maybe(error(n.last)).maybe(error(n.trend));
        let spread =
            |forecast: Option<f64>, sd: f64| forecast.filter(|_| sd > 0.0).map(|f| (sd, r.score_of(f, sd)));
        let (last, trend) = (spread(n.last, n.spreads.0), spread(n.trend, n.spreads.1));
        row.maybe(last.map(|x| x.0))
            .maybe(trend.map(|x| x.0))
            .maybe(last.map(|x| x.1))
            .maybe(trend.map(|x| x.1));
        row.maybe(r.scores.map(|s| s.crps)).end();
    }
    text
}

/// Rows of `scores.csv` of one policy and section.
pub fn scores(policy: &str, section: &str, board: &Board) -> String {
    let mut text = String::new();
    let mut row = Row::new(&mut text);
    for line in board.groups.iter().chain([&board.all]) {
        row.text(policy).text(section).text(&line.group).number(line.rows as f64).number(line.series as f64);
        for x in shares_and_means(line) {
            row.number(x);
        }
        row.number(line.bounds as f64).number(line.at_least).end();
    }
    text
}

fn shares_and_means(line: &Line) -> [f64; 9] {
    [
        line.inside50,
        line.inside90,
        line.inside50_by_series,
        line.inside90_by_series,
        line.crps,
        line.bias,
        line.overlap,
        line.width,
        line.median_in_range,
    ]
}

/// Rows of `rivals.csv` of one policy and section.
pub fn rivals(policy: &str, section: &str, board: &Board) -> String {
    let mut text = String::new();
    let mut row = Row::new(&mut text);
    for d in &board.duels {
        row.text(policy).text(section).text(&d.origin.to_string()).text(d.rival.name());
        row.number(d.rows as f64).number(d.series as f64);
        row.number(d.crps)
            .number(d.median_error)
            .number(d.rival_error)
            .number(d.rival_crps)
            .number(d.skill());
        row.number(d.series_won as f64).end();
    }
    text
}

/// Rows of `weights.csv`.
pub fn weights(draws: &[u64], weights: &Weights, log_likelihood: &[f64]) -> String {
    let best = log_likelihood.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut text = String::new();
    let mut row = Row::new(&mut text);
    for ((draw, weight), l) in draws.iter().zip(&weights.weights).zip(log_likelihood) {
        row.number(*draw as f64).number(*weight).number(l - best).end();
    }
    text
}

/// A cell's quantiles 5, 50, 95 %, unweighted and weighted.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedCell {
    /// The cell.
    pub cell: Cell,
    /// Over draws of equal weight.
    pub plain: [f64; 3],
    /// Over weighted draws.
    pub weighted: [f64; 3],
}

/// Rows of `weighted.csv` of one policy.
pub fn weighted(policy: &str, cells: &[WeightedCell]) -> String {
    let mut text = String::new();
    let mut row = Row::new(&mut text);
    for c in cells {
        let cell = &c.cell;
        row.text(policy)
            .text(&cell.metric)
            .text(&cell.unit)
            .text(&cell.actor)
            .text(&cell.quarter.to_string());
        for x in c.plain.into_iter().chain(c.weighted) {
            row.number(x);
        }
        row.end();
    }
    text
}

/// How draws were weighted.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighting {
    /// Published numbers.
    pub observations: usize,
    /// Series that they belong to.
    pub series: usize,
    /// The model's own error.
    pub discrepancy: Discrepancy,
    /// The weights.
    pub weights: Weights,
}

/// The row of `weighting.csv`.
pub fn weighting(policy: &str, w: &Weighting) -> String {
    let mut text = String::new();
    let mut row = Row::new(&mut text);
    let of = &w.weights;
    row.text(policy).number(w.observations as f64).number(w.series as f64);
    row.number(w.discrepancy.sd).number(w.discrepancy.rho).number(of.exponent).number(1.0 / of.exponent);
    row.number(of.effective)
        .number(of.effective_full)
        .number(of.largest_full)
        .flag(Some(of.collapsed()))
        .end();
    text
}
