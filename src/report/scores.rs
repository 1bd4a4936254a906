//! The tables of a hindcast.

use crate::analysis::board::{Duel, Line};
use crate::analysis::hindcast::{Naive, Scored};
use crate::analysis::weights::{Discrepancy, Weights};
use crate::model::time::{Month, Months, Quarter};
use crate::results::Cell;
use crate::results::table::Table;
use std::borrow::Cow;

/// A row of a section of the hindcast under a policy.
#[derive(Clone, Copy, Debug)]
pub struct InSection<'a, R> {
    /// Stem of the policy.
    pub policy: &'a str,
    /// `past` or `forecast`.
    pub section: &'a str,
    /// What the row is about.
    pub row: R,
}

/// An observation and one of the naive forecasts of it.
pub type NaiveRow<'a> = InSection<'a, (&'a Scored, &'a Naive)>;

/// A table whose rows belong to sections: the columns that say so come first.
fn sectioned<'a, R>(name: &'static str, about: &'static str) -> Table<InSection<'a, R>> {
    let section =
        "past, or forecast: after the last quarter of the fit; with `, fitted`: of the draws as weighted";
    Table::<InSection<'a, R>>::new(name, about)
        .policy(|r| r.policy.into())
        .of_group()
        .text("section", section, |r| r.section.into())
        .of_group()
        .on_page()
}

fn written(quarter: Option<Quarter>) -> Cow<'static, str> {
    quarter.map_or_else(String::new, |q| q.to_string()).into()
}

fn month(months: Option<Months>, end: fn(Months) -> Month) -> Cow<'static, str> {
    months.map_or_else(String::new, |m| end(m).to_string()).into()
}

/// `hindcast.csv`.
pub fn hindcast<'a>() -> Table<InSection<'a, &'a Scored>> {
    sectioned::<&'a Scored>("hindcast.csv", "Published beside simulated: a row an observation")
        .text("metric", "What is measured", |r| (&r.row.observation.metric).into())
        .on_page()
        .text("actor", "Whose it is: kind.id, or world", |r| (&r.row.observation.actor).into())
        .on_page()
        .text(
            "quarter",
            "Calendar quarter, at whose end or over which it is measured; of months, the last's",
            |r| r.row.observation.quarter.to_string().into(),
        )
        .on_page()
        .text("from", "First month of a flow over months; empty: the whole quarter", |r| {
            month(r.row.observation.months, |m| m.first)
        })
        .on_page()
        .text("to", "Its last month", |r| month(r.row.observation.months, |m| m.last))
        .on_page()
        .text("since", "First quarter of a sum; empty: the horizon's first", |r| {
            written(r.row.observation.since)
        })
        .on_page()
        .text("group", "Heading on the board", |r| (&r.row.group).into())
        .text("kind", "value, or at-least: one-sided evidence", |r| {
            if r.row.observation.at_least { "at-least" } else { "value" }.into()
        })
        .on_page()
        .text("unit", "Unit of the metric, and of all amounts in the row", |r| (&r.row.unit).into())
        .on_page()
        .number("low", "Published low end", |r| r.row.observation.low)
        .on_page()
        .number("central", "Published central value", |r| r.row.observation.central)
        .on_page()
        .number("high", "Published high end", |r| r.row.observation.high)
        .on_page()
        .number("interval", "Coverage of low..high", |r| r.row.observation.interval)
        .number("p05", "5% quantile over draws", |r| r.row.quantiles[0])
        .on_page()
        .number("p25", "25% quantile over draws", |r| r.row.quantiles[1])
        .on_page()
        .number("p50", "Median over draws", |r| r.row.quantiles[2])
        .on_page()
        .number("p75", "75% quantile over draws", |r| r.row.quantiles[3])
        .on_page()
        .number("p95", "95% quantile over draws", |r| r.row.quantiles[4])
        .on_page()
        .number("pit", "Probability integral transform of the published middle", |r| {
            r.row.scores.map(|s| s.pit)
        })
        .number("crps", "Continuous ranked probability score of the published middle, in natural logs", |r| {
            r.row.scores.map(|s| s.crps)
        })
        .number("bias", "Natural log of the simulated median over the published middle", |r| {
            r.row.scores.map(|s| s.bias)
        })
        .number(
            "overlap",
            "Shared length of simulated and published 90% intervals over their union, in logs",
            |r| r.row.scores.and_then(|s| s.overlap),
        )
        .boolean("inside50", "Whether the published middle lies in the simulated 50% interval", |r| {
            r.row.scores.map(|s| s.inside50)
        })
        .boolean("inside90", "Whether the published middle lies in the simulated 90% interval", |r| {
            r.row.scores.map(|s| s.inside90)
        })
        .on_page()
        .boolean("median_in_range", "Whether the simulated median lies in the published range", |r| {
            r.row.scores.and_then(|s| s.median_in_range)
        })
        .number(
            "at_least",
            "Probability of being at or above the published bound; rows of that kind only",
            |r| r.row.at_least,
        )
        .on_page()
        .text(
            "naive_origin",
            "Last quarter that the naive forecasts know: the latest before the row's",
            |r| written(r.row.naive.last().map(|n| n.origin)),
        )
        .number("naive_last", "Naive forecast: the last published value", |r| {
            r.row.naive.last().and_then(|n| n.last)
        })
        .number("naive_trend", "Naive forecast: the log-linear trend of published values", |r| {
            r.row.naive.last().and_then(|n| n.trend)
        })
        .number("naive_rule", "Simple rule: last year's volume, grown as spending and performance did", |r| {
            r.row.naive.last().and_then(|n| n.rule)
        })
        .number("width", "Simulated p95/p05", |r| r.row.width())
        .text("source", "Where it was published", |r| (&r.row.observation.source).into())
        .on_page()
}

/// The spread of a naive forecast and its score with that spread; nothing without a forecast or a spread.
fn spread_and_score(row: &Scored, forecast: Option<f64>, spread: f64) -> Option<(f64, f64)> {
    forecast.filter(|_| spread > 0.0).map(|f| (spread, row.score_of(f, spread)))
}

/// `naive.csv`.
pub fn naive<'a>() -> Table<NaiveRow<'a>> {
    sectioned::<(&'a Scored, &'a Naive)>("naive.csv", "Naive forecasts: a row an observation and origin")
        .text("metric", "What is measured", |r| (&r.row.0.observation.metric).into())
        .text("actor", "Whose it is: kind.id, or world", |r| (&r.row.0.observation.actor).into())
        .text("quarter", "Calendar quarter", |r| r.row.0.observation.quarter.to_string().into())
        .text("since", "First quarter of a sum; empty: the horizon's first", |r| {
            written(r.row.0.observation.since)
        })
        .text("origin", "Last quarter that the naive forecasts know", |r| r.row.1.origin.to_string().into())
        .number("naive_last", "The last published value", |r| r.row.1.last)
        .number("naive_trend", "The log-linear trend of published values; empty with fewer than two", |r| {
            r.row.1.trend
        })
        .number("naive_rule", "The simple rule; empty where it says nothing", |r| r.row.1.rule)
        .number(
            "last_error",
            "Absolute error of the last value, in natural logs: the score of a point",
            |r| r.row.1.last.map(|f| r.row.0.error(f)),
        )
        .number("trend_error", "Absolute error of the trend, in natural logs: the score of a point", |r| {
            r.row.1.trend.map(|f| r.row.0.error(f))
        })
        .number(
            "rule_error",
            "Absolute error of the simple rule, in natural logs: the score of a point",
            |r| r.row.1.rule.map(|f| r.row.0.error(f)),
        )
        .number("last_sd", "Spread of the last value by the steps published so far, in natural logs", |r| {
            spread_and_score(r.row.0, r.row.1.last, r.row.1.spreads[0]).map(|s| s.0)
        })
        .number("trend_sd", "Spread about the trend by its residuals so far, in natural logs", |r| {
            spread_and_score(r.row.0, r.row.1.trend, r.row.1.spreads[1]).map(|s| s.0)
        })
        .number("rule_sd", "Spread of the simple rule by its error a year, in natural logs", |r| {
            spread_and_score(r.row.0, r.row.1.rule, r.row.1.spreads[2]).map(|s| s.0)
        })
        .number("last_crps", "Score of the last value with its spread, in natural logs", |r| {
            spread_and_score(r.row.0, r.row.1.last, r.row.1.spreads[0]).map(|s| s.1)
        })
        .number("trend_crps", "Score of the trend with its spread, in natural logs", |r| {
            spread_and_score(r.row.0, r.row.1.trend, r.row.1.spreads[1]).map(|s| s.1)
        })
        .number("rule_crps", "Score of the simple rule with its spread, in natural logs", |r| {
            spread_and_score(r.row.0, r.row.1.rule, r.row.1.spreads[2]).map(|s| s.1)
        })
        .number("crps", "Score of the simulation for the same row, in natural logs", |r| {
            r.row.0.scores.map(|s| s.crps)
        })
}

/// `scores.csv`.
pub fn scores<'a>() -> Table<InSection<'a, &'a Line>> {
    sectioned::<&'a Line>("scores.csv", "Scores: a row a group")
        .text("group", "Heading; all: every observation", |r| (&r.row.group).into())
        .integer("rows", "Published values", |r| r.row.rows as u64)
        .integer("series", "Series that they belong to: metric, actor and first quarter of a sum", |r| {
            r.row.series as u64
        })
        .number("inside50", "Share of published middles in the simulated 50% interval", |r| r.row.inside50)
        .number("inside90", "Share of published middles in the simulated 90% interval", |r| r.row.inside90)
        .number("inside50_by_series", "The same, averaged over each series, then over series", |r| {
            r.row.inside50_by_series
        })
        .number("inside90_by_series", "The same, averaged over each series, then over series", |r| {
            r.row.inside90_by_series
        })
        .number("crps", "Mean score in natural logs, over each series, then over series", |r| r.row.crps)
        .number("bias", "Mean log of simulated median over published middle, likewise", |r| r.row.bias)
        .number("pit", "Mean probability integral transform of published middles, likewise", |r| r.row.pit)
        .number("overlap", "Mean overlap of 90% intervals, likewise", |r| r.row.overlap)
        .number("width", "Median over rows of the simulated p95/p05", |r| r.row.width)
        .number("median_in_range", "Share of simulated medians in the published range", |r| {
            r.row.median_in_range
        })
        .integer("bounds", "Lower bounds: rows of kind at-least", |r| r.row.bounds as u64)
        .number("at_least", "Mean probability of being at or above them", |r| r.row.at_least)
        .text("shape", "Where in the simulated distribution published values lie, in words", |r| {
            r.row.shape().into()
        })
}

/// `rivals.csv`.
pub fn rivals<'a>() -> Table<InSection<'a, &'a Duel>> {
    sectioned::<&'a Duel>("rivals.csv", "The simulation against naive forecasts")
        .text("group", "Whose rows: a heading, or all", |r: &InSection<'a, &'a Duel>| (&r.row.group).into())
        .text("origin", "Last quarter that the naive forecast knows", |r| r.row.origin.to_string().into())
        .text("rival", "The naive forecast: last value, log-linear trend, or simple rule", |r| {
            r.row.rival.name().into()
        })
        .integer("rows", "Rows after the origin that both forecast", |r| r.row.rows as u64)
        .integer("series", "Series that they belong to", |r| r.row.series as u64)
        .number(
            "crps",
            "Mean score of the simulation in natural logs, over each series, then over series",
            |r| r.row.crps,
        )
        .number("median_error", "Mean absolute error of its median in natural logs, likewise", |r| {
            r.row.median_error
        })
        .number(
            "rival_error",
            "Mean absolute error of the naive forecast, likewise: the score of a point",
            |r| r.row.rival_error,
        )
        .number("rival_crps", "Mean score of the naive forecast with a spread, likewise", |r| {
            r.row.rival_crps
        })
        .number("skill", "1 less crps over the smaller of rival_error and rival_crps", |r| r.row.skill())
        .integer(
            "series_won",
            "Series in which the simulation's mean score is below both of the naive forecast's",
            |r| r.row.series_won as u64,
        )
}

/// A draw and its weight.
#[derive(Clone, Copy, Debug)]
pub struct WeightRow {
    /// Number of the draw.
    pub draw: u64,
    /// Its weight \[1\].
    pub weight: f64,
    /// Natural log of the full likelihood less the largest one.
    pub log_likelihood: f64,
}

/// Rows of `weights.csv`: draws, their weights, and logs of their likelihoods.
pub fn weight_rows<'a>(
    draws: &'a [u64],
    weights: &'a [f64],
    log_likelihood: &'a [f64],
) -> impl Iterator<Item = WeightRow> + 'a {
    let best = log_likelihood.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let rows = draws.iter().zip(weights).zip(log_likelihood);
    rows.map(move |((&draw, &weight), l)| WeightRow { draw, weight, log_likelihood: l - best })
}

/// `weights.csv`.
pub fn weights() -> Table<WeightRow> {
    Table::<WeightRow>::new("weights.csv", "Importance weights: a row a draw")
        .integer(
            "draw",
            "Number of the draw: joins draws and inputs of the same seed, sampler and number of draws",
            |r: &WeightRow| r.draw,
        )
        .number("weight", "Importance weight; they add up to 1", |r| r.weight)
        .number(
            "log_likelihood",
            "Natural log of the full likelihood, up to a constant, the largest being 0",
            |r| r.log_likelihood,
        )
}

/// A cell's quantiles 5, 50, 95%, unweighted and weighted.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedCell {
    /// Stem of the policy.
    pub policy: String,
    /// The cell.
    pub cell: Cell,
    /// Over draws of equal weight.
    pub plain: [f64; 3],
    /// Over weighted draws.
    pub weighted: [f64; 3],
}

/// `weighted.csv`.
pub fn weighted() -> Table<WeightedCell> {
    Table::<WeightedCell>::new("weighted.csv", "Headline cells, unweighted and weighted")
        .policy(|r| (&r.policy).into())
        .text("metric", "What is measured", |r| (&r.cell.metric).into())
        .text("unit", "Unit of the metric", |r| (&r.cell.unit).into())
        .text("actor", "Whose it is: kind.id, or world", |r| (&r.cell.actor).into())
        .text("quarter", "Calendar quarter", |r| r.cell.quarter.to_string().into())
        .number("p05", "5% quantile over draws", |r| r.plain[0])
        .number("p50", "Median over draws", |r| r.plain[1])
        .number("p95", "95% quantile over draws", |r| r.plain[2])
        .number("weighted_p05", "5% quantile over weighted draws", |r| r.weighted[0])
        .number("weighted_p50", "Median over weighted draws", |r| r.weighted[1])
        .number("weighted_p95", "95% quantile over weighted draws", |r| r.weighted[2])
}

/// How draws were weighted.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighting {
    /// Stem of the policy.
    pub policy: String,
    /// Published numbers.
    pub observations: usize,
    /// Series that they belong to.
    pub series: usize,
    /// The model's own error.
    pub discrepancy: Discrepancy,
    /// The weights.
    pub weights: Weights,
}

/// `weighting.csv`.
pub fn weighting() -> Table<Weighting> {
    Table::<Weighting>::new("weighting.csv", "What the weights rest on")
        .policy(|r| (&r.policy).into())
        .integer("observations", "Published numbers that the draws are weighted by", |r| {
            r.observations as u64
        })
        .integer("series", "Series that they belong to", |r| r.series as u64)
        .number("discrepancy", "Standard deviation of the model's own error, in natural logs", |r| {
            r.discrepancy.sd
        })
        .number("discrepancy_rho", "Its correlation along a series, a year apart", |r| r.discrepancy.rho)
        .number("exponent", "Power to which the likelihood is raised; 1: not tempered", |r| {
            r.weights.exponent
        })
        .number("temperature", "1 over the exponent", |r| 1.0 / r.weights.exponent)
        .number("effective_draws", "Effective sample size of the weights", |r| r.weights.effective)
        .number("effective_draws_full", "Effective sample size at the full likelihood", |r| {
            r.weights.effective_full
        })
        .number("largest_weight_full", "Largest weight of a draw at the full likelihood", |r| {
            r.weights.largest_full
        })
        .boolean("collapsed", "Whether the full likelihood rests on fewer draws than the floor", |r| {
            r.weights.collapsed()
        })
}
