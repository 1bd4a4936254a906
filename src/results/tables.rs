//! The tables of distributions that a run's folder holds.

use super::table::Table;
use super::{Cell, Statistics};
use crate::model::time::Quarter;

/// A cell's distribution under a policy.
#[derive(Clone, Copy, Debug)]
pub struct SummaryRow<'a> {
    /// Name of the scenario's folder.
    pub scenario: &'a str,
    /// Stem of the policy.
    pub policy: &'a str,
    /// The cell.
    pub cell: &'a Cell,
    /// Its distribution.
    pub statistics: &'a Statistics,
}

/// `summary.csv`.
pub fn summary<'a>() -> Table<SummaryRow<'a>> {
    Table::<SummaryRow<'a>>::new("summary.csv", "Distributions: a row a cell")
        .scenario(|r| r.scenario.into())
        .policy(|r| r.policy.into())
        .text("metric", "What is measured", |r| (&r.cell.metric).into())
        .on_page()
        .text("unit", "Unit of the metric", |r| (&r.cell.unit).into())
        .on_page()
        .text("actor", "Whose it is: kind.id, or world", |r| (&r.cell.actor).into())
        .on_page()
        .text("actor_kind", "Kind of the actor", |r| r.cell.actor_kind().into())
        .text("quarter", "Calendar quarter, at or over which it is measured", |r| {
            r.cell.quarter.to_string().into()
        })
        .on_page()
        .integer("draws", "Draws that the numbers rest on", |r| r.statistics.draws)
        .number("mean", "Mean over draws", |r| r.statistics.mean)
        .number("sd", "Standard deviation over draws", |r| r.statistics.sd)
        .number("mean_se", "Standard error of the mean", |r| r.statistics.mean_se)
        .number("p01", "1% quantile over draws", |r| r.statistics.quantiles.p01)
        .number("p05", "5% quantile over draws", |r| r.statistics.quantiles.p05)
        .on_page()
        .number("p10", "10% quantile over draws", |r| r.statistics.quantiles.p10)
        .number("p25", "25% quantile over draws", |r| r.statistics.quantiles.p25)
        .on_page()
        .number("p50", "Median over draws", |r| r.statistics.quantiles.p50)
        .on_page()
        .number("p75", "75% quantile over draws", |r| r.statistics.quantiles.p75)
        .on_page()
        .number("p90", "90% quantile over draws", |r| r.statistics.quantiles.p90)
        .number("p95", "95% quantile over draws", |r| r.statistics.quantiles.p95)
        .on_page()
        .number("p99", "99% quantile over draws", |r| r.statistics.quantiles.p99)
        .number("min", "Smallest value of any draw", |r| r.statistics.min)
        .number("max", "Largest value of any draw", |r| r.statistics.max)
        .number("p05_se", "Standard error of the 5% quantile: the width of its 95% interval over 2 t", |r| {
            r.statistics.quantile_se.map(|e| e[0])
        })
        .number("p50_se", "Standard error of the median, likewise", |r| {
            r.statistics.quantile_se.map(|e| e[1])
        })
        .number("p95_se", "Standard error of the 95% quantile, likewise", |r| {
            r.statistics.quantile_se.map(|e| e[2])
        })
}

/// When an actor's compute reaches a threshold.
#[derive(Clone, Debug)]
pub struct ThresholdRow<'a> {
    /// Name of the scenario's folder.
    pub scenario: &'a str,
    /// Stem of the policy.
    pub policy: &'a str,
    /// Whose compute it is.
    pub actor: &'a str,
    /// The metric.
    pub metric: &'a str,
    /// The threshold \[FLOP\].
    pub threshold: f64,
    /// The quarter.
    pub quarter: Quarter,
    /// Share of draws in which it has been reached by the quarter's end, with the ends of its 95% interval.
    pub probability: (f64, f64, f64),
}

/// `thresholds.csv`.
pub fn thresholds<'a>() -> Table<ThresholdRow<'a>> {
    Table::<ThresholdRow<'a>>::new("thresholds.csv", "When thresholds are reached")
        .scenario(|r| r.scenario.into())
        .policy(|r| r.policy.into())
        .text("actor", "Whose compute it is", |r| r.actor.into())
        .text("metric", "reachable_flop or run_flop", |r| r.metric.into())
        .number("threshold_flop", "Training compute [FLOP]", |r| r.threshold)
        .text("quarter", "Calendar quarter", |r| r.quarter.to_string().into())
        .number("probability", "Share of draws in which it has been reached by the quarter's end", |r| {
            r.probability.0
        })
        .number("low", "Low end of the 95% interval of the probability", |r| r.probability.1)
        .number("high", "High end of the 95% interval of the probability", |r| r.probability.2)
        .whole_on_page()
}

/// What bound a subject in a quarter.
#[derive(Clone, Debug)]
pub struct BottleneckRow<'a> {
    /// Name of the scenario's folder.
    pub scenario: &'a str,
    /// Stem of the policy.
    pub policy: &'a str,
    /// What was bound: `kind.id`.
    pub subject: &'a str,
    /// What of it was.
    pub subject_kind: &'static str,
    /// The quarter.
    pub quarter: Quarter,
    /// What bound it.
    pub cause: String,
    /// What that goes back to.
    pub root: &'a str,
    /// Share of draws in which it did, of those in which the subject was bound at all.
    pub share: f64,
}

/// `bottlenecks.csv`.
pub fn bottlenecks<'a>() -> Table<BottleneckRow<'a>> {
    Table::<BottleneckRow<'a>>::new("bottlenecks.csv", "What bound whom")
        .scenario(|r| r.scenario.into())
        .policy(|r| r.policy.into())
        .text("subject", "What was bound: kind.id", |r| r.subject.into())
        .text(
            "subject_kind",
            "chip (its production), lab (its reachable compute), lab-effective (its effective compute), lab-root (the chips that it lacks), lab-root-at-home (of them those designed in the country of the buyer's headquarters)",
            |r| r.subject_kind.into(),
        )
        .text("quarter", "Calendar quarter", |r| r.quarter.to_string().into())
        .text("cause", "What bound it", |r| (&r.cause).into())
        .text(
            "root",
            "For lab-root and lab-root-at-home, what those chips lack: packaging, memory, wafers, other (goods), power, money, routes, rules",
            |r| r.root.into(),
        )
        .number(
            "share",
            "Share of draws in which it did, of those in which anything did",
            |r| r.share,
        )
        .whole_on_page()
}

/// An edge on which things flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// What flows: a chip, a good, or compute.
    pub item: String,
    /// Where it comes from.
    pub from: String,
    /// Where it goes.
    pub to: String,
    /// Legal, licensed, smuggled, seized or rental.
    pub channel: &'static str,
    /// Unit of the amounts.
    pub unit: String,
}

/// What flows on an edge in a quarter.
#[derive(Clone, Copy, Debug)]
pub struct FlowRow<'a> {
    /// Stem of the policy.
    pub policy: &'a str,
    /// The edge.
    pub flow: &'a Flow,
    /// The quarter.
    pub quarter: Quarter,
    /// The distribution of the amount.
    pub statistics: &'a Statistics,
}

/// `flows.csv`.
pub fn flows<'a>() -> Table<FlowRow<'a>> {
    Table::<FlowRow<'a>>::new("flows.csv", "What flowed where")
        .policy(|r| r.policy.into())
        .text("item", "What flows: a chip, a good, or compute", |r| (&r.flow.item).into())
        .text("from", "Where it comes from", |r| (&r.flow.from).into())
        .text("to", "Where it goes", |r| (&r.flow.to).into())
        .text("channel", "legal, licensed, smuggled, seized or rental", |r| r.flow.channel.into())
        .text("quarter", "Calendar quarter", |r| r.quarter.to_string().into())
        .text("unit", "Unit of the amounts", |r| (&r.flow.unit).into())
        .number("mean", "Mean over draws", |r| r.statistics.mean)
        .number("p05", "5% quantile over draws", |r| r.statistics.quantiles.p05)
        .number("p50", "Median over draws", |r| r.statistics.quantiles.p50)
        .number("p95", "95% quantile over draws", |r| r.statistics.quantiles.p95)
}

/// How much of a cell an uncertain input explains.
#[derive(Clone, Debug)]
pub struct DriverRow<'a> {
    /// Stem of the policy.
    pub policy: &'a str,
    /// The cell's address.
    pub cell: &'a str,
    /// Path of the input.
    pub path: String,
    /// First-order sensitivity index \[1\].
    pub index: f64,
    /// Index below which it may be chance \[1\].
    pub noise_floor: f64,
    /// Place in the order of the cell's indices, from 1.
    pub rank: usize,
    /// How well the input's number is founded; empty where nobody says.
    pub grade: &'static str,
    /// Scale of the cell's variance.
    pub scale: &'static str,
    /// Unit of the cell.
    pub unit: &'a str,
    /// The cell at the input's lowest and at its highest tenth, each with its error \[cell's unit\].
    pub ends: [Option<(f64, f64)>; 2],
}

/// `drivers.csv`.
pub fn drivers<'a>() -> Table<DriverRow<'a>> {
    Table::<DriverRow<'a>>::new("drivers.csv", "What drives the headline's cells")
        .policy(|r| r.policy.into())
        .text("cell", "The outcome: actor/metric@quarter", |r| r.cell.into())
        .text("path", "The uncertain input", |r| (&r.path).into())
        .number(
            "index",
            "First-order sensitivity index: share of the outcome's variance that the input explains alone",
            |r| r.index,
        )
        .number("noise_floor", "Index below which an input cannot be told from one without influence", |r| {
            r.noise_floor
        })
        .integer("rank", "Place of the input in the order of its cell's indices", |r| r.rank as u64)
        .text("grade", "How well the input's number is founded: published, derived or judgement", |r| {
            r.grade.into()
        })
        .text(
            "scale",
            "Scale of the outcome's variance: log where every draw is positive, plain otherwise",
            |r| r.scale.into(),
        )
        .text("unit", "Unit of the outcome", |r| r.unit.into())
        .number(
            "at_lowest",
            "Mean of the outcome over draws in the lowest tenth of the input's distribution; on the scale log, geometric mean",
            |r| r.ends[0].map(|end| end.0),
        )
        .number("at_highest", "The same in the highest tenth", |r| r.ends[1].map(|end| end.0))
        .number(
            "at_lowest_se",
            "Standard error of at_lowest, were the input of no influence",
            |r| r.ends[0].map(|end| end.1),
        )
        .number("at_highest_se", "Standard error of at_highest, likewise", |r| r.ends[1].map(|end| end.1))
        .whole_on_page()
}
