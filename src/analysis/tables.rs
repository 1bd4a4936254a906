//! The tables of comparisons and sweeps: `comparison.csv`, `sweep.csv`, `objectives.csv` and `targets.csv`.

use super::{Dominance, Expectation, Held, Paired, Sense, Standing};
use crate::results::Cell;
use crate::results::table::Table;

/// A plan against the reference in a cell.
#[derive(Clone, Copy, Debug)]
pub struct ContrastRow<'a> {
    /// Name of the scenario.
    pub scenario: &'a str,
    /// Name of the policy.
    pub policy: &'a str,
    /// The cell.
    pub cell: &'a Cell,
    /// What is known.
    pub paired: &'a Paired,
    /// Its tier.
    pub tier: usize,
    /// Mean of the cell under the reference; none of what only a comparison measures.
    pub base: Option<f64>,
}

impl ContrastRow<'_> {
    /// Something in the cell's unit, as a share of the reference's mean.
    fn relative(&self, x: f64) -> Option<f64> {
        self.base.filter(|base| *base != 0.0).map(|base| x / base.abs())
    }
}

/// `comparison.csv`.
pub fn comparison<'a>() -> Table<ContrastRow<'a>> {
    let table = Table::<ContrastRow<'a>>::new("comparison.csv", "Policies against the scenario as it stands, draw by draw")
.scenario(|r| r.scenario.into())
        .policy(|r| r.policy.into())
.text("reference", "What it is compared with: base", |_| "base".into())
.text(
                "metric",
                "What is measured; quarters_to_X: quarters from the start until X FLOP are reachable, one more than there are if never",
                |r| (&r.cell.metric).into(),
            )
            .on_page()
.text("unit", "Unit of the differences", |r| (&r.cell.unit).into()).on_page()
.text("actor", "Whose it is", |r| (&r.cell.actor).into()).on_page()
.text("quarter", "Calendar quarter", |r| r.cell.quarter.to_string().into()).on_page()
.number(
                "difference_mean",
                "Mean over draws of the value under the policy less the value under the reference",
                |r| r.paired.mean.value,
            )
            .on_page()
.number("difference_se", "Standard error of the mean difference", |r| r.paired.mean.error)
                .on_page()
.number("p05", "5% quantile of the difference", |r| r.paired.quantiles[0].value).on_page()
.number("p50", "Median of the difference", |r| r.paired.quantiles[1].value).on_page()
.number("p95", "95% quantile of the difference", |r| r.paired.quantiles[2].value)
                .on_page()
.number(
                "p50_se",
                "Standard error of the median difference: the width of its 95% interval over 2 t",
                |r| r.paired.quantiles[1].error,
            )
.number(
                "ratio_p50",
                "Median of the value under the policy over that under the reference",
                |r| r.paired.ratios[1].value,
            )
            .on_page()
.number("probability_lower", "Share of draws in which it is lower under the policy", |r| {
                r.paired.lower
            })
            .on_page()
.number(
                "probability_higher",
                "Share of draws in which it is higher under the policy",
                |r| r.paired.higher,
            )
            .on_page()
.number(
                "regret_mean",
                "Mean shortfall against each draw's best policy: the lowest, or the highest of revenue and of what an objective maximises",
                |r| r.paired.regret_mean,
            )
            .on_page()
.number("regret_p95", "95% quantile of that shortfall", |r| r.paired.regret_p95).on_page()
.integer(
                "tier",
                "Rank by mean, best first; policies of one tier cannot be told apart at this number of draws",
                |r| r.tier as u64,
            )
            .on_page()
.number(
                "p05_se",
                "Standard error of the 5% quantile of the difference, likewise",
                |r| r.paired.quantiles[0].error,
            )
.number(
                "p95_se",
                "Standard error of the 95% quantile of the difference, likewise",
                |r| r.paired.quantiles[2].error,
            )
.number("ratio_p05", "5% quantile of the ratio", |r| r.paired.ratios[0].value).on_page()
.number("ratio_p95", "95% quantile of the ratio", |r| r.paired.ratios[2].value).on_page()
.text(
                "dominance",
                "lower or higher: at every level the distribution under the policy lies on that side (first order); empty if they cross or are the same",
                |r| {
                    match r.paired.dominance {
                        Dominance::Lower => "lower",
                        Dominance::Higher => "higher",
                        Dominance::Neither => "",
                    }
                    .into()
                },
            )
.number(
                "ratio_p05_se",
                "Standard error of the 5% quantile of the ratio, likewise",
                |r| r.paired.ratios[0].error,
            )
.number("ratio_p50_se", "Standard error of the median ratio, likewise", |r| {
                r.paired.ratios[1].error
            })
.number(
                "ratio_p95_se",
                "Standard error of the 95% quantile of the ratio, likewise",
                |r| r.paired.ratios[2].error,
            );
    with_relative(table)
}

/// Columns of how many draws carry changes, and of changes as shares of what they are changes of.
fn with_relative(table: Table<ContrastRow<'_>>) -> Table<ContrastRow<'_>> {
    table
        .number(
                "effective_draws",
                "Effective number of draws that carry the difference: the square of the sum of its sizes over the sum of their squares",
                |r| r.paired.effective,
            )
        .number(
            "relative_mean",
            "The mean difference over the mean under the reference; empty where that is 0 or not recorded",
            |r| r.relative(r.paired.mean.value),
        )
        .on_page()
        .number(
            "relative_half_width",
            "Half the 95% interval of the mean difference, by the error of the simulation, over the same",
            |r| r.relative(r.paired.mean.half()),
        )
        .on_page()
}

/// A point of a sweep in a cell.
#[derive(Clone, Copy, Debug)]
pub struct SweepRow<'a> {
    /// Number of the point, or `base`.
    pub point: &'a str,
    /// Level of each lever as written; empty for the reference case.
    pub levels: &'a [&'a str],
    /// Mean and quantiles 5, 50, 95% at the point; none of what only a comparison measures.
    pub own: Option<[f64; 4]>,
    /// The cell, and the point against the reference case.
    pub contrast: ContrastRow<'a>,
}

/// The file of a sweep's points.
pub const SWEEP: &str = "sweep.csv";

/// `sweep.csv`, given the paths of the levers: each is a column.
pub fn sweep<'a>(levers: &[String]) -> Table<SweepRow<'a>> {
    let point = "Number of the point, from 1; base: the scenario as it stands";
    let table = Table::<SweepRow<'a>>::new(SWEEP, "A row a point of the factorial and cell")
        .text("point", point, |r| r.point.into())
        .scenario(|r| r.contrast.scenario.into())
        .text("policy", "Stem of the policy at every point; base: none", |r| r.contrast.policy.into());
    let level = "Level as written; empty for the scenario as it stands";
    let with_levers = levers
        .iter()
        .enumerate()
        .fold(table, |table, (i, path)| table.text(path.clone(), level, move |r| r.levels[i].into()));
    with_levers
        .whole_on_page()
        .text("metric", "What is measured", |r| (&r.contrast.cell.metric).into())
        .on_page()
        .text("unit", "Unit of the metric", |r| (&r.contrast.cell.unit).into())
        .on_page()
        .text("actor", "Whose it is", |r| (&r.contrast.cell.actor).into())
        .on_page()
        .text("quarter", "Calendar quarter", |r| r.contrast.cell.quarter.to_string().into())
        .on_page()
        .number("mean", "Mean over draws at the point", |r| r.own.map(|x| x[0]))
        .on_page()
        .number("p05", "5% quantile over draws at the point", |r| r.own.map(|x| x[1]))
        .on_page()
        .number("p50", "Median over draws at the point", |r| r.own.map(|x| x[2]))
        .on_page()
        .number("p95", "95% quantile over draws at the point", |r| r.own.map(|x| x[3]))
        .on_page()
        .number(
            "difference_mean",
            "Mean over draws of the value at the point less that of the scenario as it stands",
            |r| r.contrast.paired.mean.value,
        )
        .on_page()
        .number("difference_se", "Standard error of the mean difference", |r| r.contrast.paired.mean.error)
        .on_page()
        .number("difference_p50", "Median of the difference", |r| r.contrast.paired.quantiles[1].value)
        .number(
            "difference_p50_se",
            "Standard error of the median difference: the width of its 95% interval over 2 t",
            |r| r.contrast.paired.quantiles[1].error,
        )
        .number("probability_lower", "Share of draws in which it is lower at the point", |r| {
            r.contrast.paired.lower
        })
        .number("probability_higher", "Share of draws in which it is higher at the point", |r| {
            r.contrast.paired.higher
        })
        .integer("tier", "Rank by mean, best first; points of one tier cannot be told apart", |r| {
            r.contrast.tier as u64
        })
        .on_page()
}

/// Where a plan stands under all objectives.
#[derive(Clone, Copy, Debug)]
pub struct ObjectiveRow<'a> {
    /// Name of the scenario.
    pub scenario: &'a str,
    /// Name of the policy.
    pub policy: &'a str,
    /// Name of the plan that dominates it, with how surely it does.
    pub dominated: Option<(&'a str, &'a Standing)>,
}

/// `objectives.csv`.
pub fn objectives<'a>() -> Table<ObjectiveRow<'a>> {
    Table::<ObjectiveRow<'a>>::new("objectives.csv", "Which policies are dominated under all objectives")
        .scenario(|r| r.scenario.into())
        .policy(|r| r.policy.into())
        .boolean("on_front", "Whether no policy dominates it by the means of all objectives", |r| {
            r.dominated.is_none()
        })
        .text("dominated_by", "A policy at least as good in every objective and better in one", |r| {
            r.dominated.map_or("", |d| d.0).into()
        })
        .number("share_of_draws", "Share of draws in which that holds draw by draw", |r| {
            r.dominated.map(|d| d.1.in_draws)
        })
        .boolean(
            "beyond_error",
            "Whether every difference of means lies outside its 95% interval around zero",
            |r| r.dominated.map(|d| d.1.sure),
        )
}

/// How a plan does where it does badly.
#[derive(Clone, Debug)]
pub struct RobustRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the policy.
    pub policy: String,
    /// The cell's address.
    pub cell: String,
    /// Its unit.
    pub unit: String,
    /// Which way is better.
    pub sense: Sense,
    /// Mean of the cell; none of what only a comparison measures.
    pub mean: Option<f64>,
    /// Mean over the policy's own worst tenth of draws.
    pub worst_tenth: f64,
    /// Regret against each draw's best policy: mean, and 95% quantile.
    pub regret: (f64, f64),
    /// Share of draws that satisfy all targets, with the ends of its 95% interval; none without targets.
    pub satisfies: Option<(f64, f64, f64)>,
}

/// `robustness.csv`.
pub fn robustness() -> Table<RobustRow> {
    Table::<RobustRow>::new("robustness.csv", "How policies do where they do badly, side by side")
        .scenario(|r| (&r.scenario).into())
        .policy(|r| (&r.policy).into())
        .text("cell", "The cell: actor/metric@quarter", |r| (&r.cell).into())
        .text("unit", "Unit of the cell", |r| (&r.unit).into())
        .text("best", "min or max: which way is better", |r| r.sense.to_string().into())
        .number("mean", "Mean over draws", |r| r.mean)
        .number("worst_tenth", "Mean over the policy's own worst tenth of draws, to 1.6%", |r| r.worst_tenth)
        .number("regret_mean", "Mean shortfall against each draw's best policy", |r| r.regret.0)
        .number("regret_p95", "95% quantile of that shortfall", |r| r.regret.1)
        .number("satisfies", "Share of draws in which all targets hold; empty without targets", |r| {
            r.satisfies.map(|s| s.0)
        })
        .number("satisfies_low", "Low end of the 95% interval of that share", |r| r.satisfies.map(|s| s.1))
        .number("satisfies_high", "High end of it", |r| r.satisfies.map(|s| s.2))
}

/// How often a plan satisfies a target.
#[derive(Clone, Copy, Debug)]
pub struct TargetRow<'a> {
    /// Name of the scenario.
    pub scenario: &'a str,
    /// Name of the policy.
    pub policy: &'a str,
    /// The cell and its bound.
    pub target: &'a str,
    /// Share of draws, with the ends of its 95% interval.
    pub share: (f64, f64, f64),
}

/// `targets.csv`.
pub fn targets<'a>() -> Table<TargetRow<'a>> {
    Table::<TargetRow<'a>>::new("targets.csv", "Shares of draws that satisfy the targets")
        .scenario(|r| r.scenario.into())
        .policy(|r| r.policy.into())
        .text("target", "The cell and its bound", |r| r.target.into())
        .number("probability", "Share of draws that satisfy it", |r| r.share.0)
        .number("low", "Low end of the 95% interval of the probability", |r| r.share.1)
        .number("high", "High end of the 95% interval of the probability", |r| r.share.2)
}

/// What a policy says that it moves, and whether it does.
#[derive(Clone, Debug)]
pub struct ExpectedRow {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the policy.
    pub policy: String,
    /// What it says.
    pub expected: Expectation,
    /// Unit of the cell.
    pub unit: String,
    /// Mean difference, half its 95% interval, and the mean under the reference.
    pub change: (f64, f64, Option<f64>),
    /// Whether it holds.
    pub held: Held,
}

/// `expectations.csv`.
pub fn expectations() -> Table<ExpectedRow> {
    Table::<ExpectedRow>::new("expectations.csv", "What policies say that they move, and whether they do")
        .scenario(|r| (&r.scenario).into())
        .policy(|r| (&r.policy).into())
        .text("cell", "The cell: actor/metric@quarter", |r| (&r.expected.cell).into())
        .text("unit", "Unit of the cell", |r| (&r.unit).into())
        .text("expects", "rises, falls or stays", |r| r.expected.way.to_string().into())
        .number("difference_mean", "Mean difference from the scenario as it stands", |r| r.change.0)
        .number("half_width", "Half its 95% interval, by the error of the simulation", |r| r.change.1)
        .text("held", "holds, does not hold, or cannot be told at this number of draws", |r| {
            r.held.to_string().into()
        })
}
