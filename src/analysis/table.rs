//! `comparison.csv`, `sweep.csv`, `objectives.csv` and `targets.csv`: columns, their meaning, and rows as text.

use super::{Dominance, Paired};
use crate::results::Cell;
use crate::results::tables::{Column, Row};

/// Columns of `comparison.csv`.
pub const COMPARISON: [Column; 26] = [
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("reference", "string", "What it is compared with: base"),
    (
        "metric",
        "string",
        "What is measured; quarters_to_X: quarters from the start until X FLOP are reachable, one more than there are if never",
    ),
    ("unit", "string", "Unit of the differences"),
    ("actor", "string", "Whose it is"),
    ("quarter", "string", "Calendar quarter"),
    (
        "difference_mean",
        "number",
        "Mean over draws of the value under the policy less the value under the reference",
    ),
    ("difference_se", "number", "Standard error of the mean difference"),
    ("p05", "number", "5 % quantile of the difference"),
    ("p50", "number", "Median of the difference"),
    ("p95", "number", "95 % quantile of the difference"),
    ("p50_se", "number", "Standard error of the median difference: the width of its 95 % interval over 2 t"),
    ("ratio_p50", "number", "Median of the value under the policy over that under the reference"),
    ("probability_lower", "number", "Share of draws in which it is lower under the policy"),
    ("probability_higher", "number", "Share of draws in which it is higher under the policy"),
    (
        "regret_mean",
        "number",
        "Mean shortfall against each draw's best policy: the lowest, or the highest of revenue and of what an objective maximises",
    ),
    ("regret_p95", "number", "95 % quantile of that shortfall"),
    (
        "tier",
        "integer",
        "Rank by mean, best first; policies of one tier cannot be told apart at this number of draws",
    ),
    ("p05_se", "number", "Standard error of the 5 % quantile of the difference, likewise"),
    ("p95_se", "number", "Standard error of the 95 % quantile of the difference, likewise"),
    ("ratio_p05", "number", "5 % quantile of the ratio"),
    ("ratio_p95", "number", "95 % quantile of the ratio"),
    (
        "dominance",
        "string",
        "lower or higher: at every level the distribution under the policy lies on that side (first order); empty if they cross or are the same",
    ),
    ("ratio_p05_se", "number", "Standard error of the 5 % quantile of the ratio, likewise"),
    ("ratio_p50_se", "number", "Standard error of the median ratio, likewise"),
    ("ratio_p95_se", "number", "Standard error of the 95 % quantile of the ratio, likewise"),
];

/// Columns of `sweep.csv` after `point` and one column a lever.
pub const SWEEP_TAIL: [Column; 15] = [
    ("metric", "string", "What is measured"),
    ("unit", "string", "Unit of the metric"),
    ("actor", "string", "Whose it is"),
    ("quarter", "string", "Calendar quarter"),
    ("mean", "number", "Mean over draws at the point"),
    ("p05", "number", "5 % quantile over draws at the point"),
    ("p50", "number", "Median over draws at the point"),
    ("p95", "number", "95 % quantile over draws at the point"),
    (
        "difference_mean",
        "number",
        "Mean over draws of the value at the point less that of the scenario as it stands",
    ),
    ("difference_se", "number", "Standard error of the mean difference"),
    ("difference_p50", "number", "Median of the difference"),
    (
        "difference_p50_se",
        "number",
        "Standard error of the median difference: the width of its 95 % interval over 2 t",
    ),
    ("probability_lower", "number", "Share of draws in which it is lower at the point"),
    ("probability_higher", "number", "Share of draws in which it is higher at the point"),
    ("tier", "integer", "Rank by mean, best first; points of one tier cannot be told apart"),
];

/// Columns of `objectives.csv`.
pub const OBJECTIVES: [Column; 5] = [
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("on_front", "boolean", "Whether no policy dominates it by the means of all objectives"),
    ("dominated_by", "string", "A policy at least as good in every objective and better in one"),
    ("share_of_draws", "number", "Share of draws in which that holds draw by draw"),
    (
        "beyond_error",
        "boolean",
        "Whether every difference of means lies outside its 95 % interval around zero",
    ),
];

/// Columns of `targets.csv`.
pub const TARGETS: [Column; 5] = [
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("target", "string", "The cell and its bound"),
    ("probability", "number", "Share of draws that satisfy it"),
    ("low", "number", "Low end of the 95 % interval of the probability"),
    ("high", "number", "High end of the 95 % interval of the probability"),
];

/// A plan against the reference in a cell.
#[derive(Clone, Debug)]
pub struct ContrastRow<'a> {
    /// Name of the policy.
    pub policy: &'a str,
    /// The cell.
    pub cell: &'a Cell,
    /// What is known.
    pub paired: &'a Paired,
    /// Its tier.
    pub tier: usize,
}

/// Rows of `comparison.csv`.
pub fn comparison<'a>(rows: impl Iterator<Item = ContrastRow<'a>>) -> String {
    let mut text = String::new();
    let mut row = Row::new(&mut text);
    for r in rows {
        let p = r.paired;
        row.text(r.policy).text("base").text(&r.cell.metric).text(&r.cell.unit);
        row.text(&r.cell.actor).text(&r.cell.quarter.to_string());
        row.number(p.mean.value).number(p.mean.error);
        p.quantiles.iter().for_each(|q| {
            row.number(q.value);
        });
        row.number(p.quantiles[1].error).number(p.ratios[1].value).number(p.lower).number(p.higher);
        row.number(p.regret_mean).number(p.regret_p95).number(r.tier as f64);
        row.number(p.quantiles[0].error).number(p.quantiles[2].error);
        row.number(p.ratios[0].value).number(p.ratios[2].value).text(word(p.dominance));
        p.ratios.iter().for_each(|r| {
            row.number(r.error);
        });
        row.end();
    }
    text
}

/// A row of `sweep.csv`: the point, its levels as written, and the cell; `own` are mean and quantiles at the point.
pub fn sweep_row(text: &mut String, point: &str, levels: &[&str], own: [f64; 4], contrast: &ContrastRow<'_>) {
    let mut row = Row::new(text);
    row.text(point);
    for level in levels {
        row.text(level);
    }
    let (cell, p) = (contrast.cell, contrast.paired);
    row.text(&cell.metric).text(&cell.unit).text(&cell.actor).text(&cell.quarter.to_string());
    own.iter().for_each(|&x| {
        row.number(x);
    });
    row.number(p.mean.value).number(p.mean.error);
    row.number(p.quantiles[1].value).number(p.quantiles[1].error);
    row.number(p.lower).number(p.higher).number(contrast.tier as f64);
    row.end();
}

fn word(dominance: Dominance) -> &'static str {
    match dominance {
        Dominance::Lower => "lower",
        Dominance::Higher => "higher",
        Dominance::Neither => "",
    }
}
