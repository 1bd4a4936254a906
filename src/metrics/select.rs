//! Patterns of cells, and the cells that they choose.

use super::series::{BadRatio, Series, all_series};
use crate::model::time::Quarter;
use crate::plan::Plan;
use crate::scenario::Glob;

/// Patterns that match a cell of a plan.
///
/// # Errors
/// If a ratio names what does not exist.
pub fn matching(plan: &Plan, patterns: &[String]) -> Result<Vec<String>, BadRatio> {
    let series = all_series(&plan.model)?;
    let any = |p: &&String| Choice::new(p, plan, &series).any();
    Ok(patterns.iter().filter(any).cloned().collect())
}

/// What a pattern chooses: series and quarters apart, where it names them apart; there are far fewer of those than of cells.
pub(super) struct Choice {
    series: Vec<bool>,
    quarters: Vec<bool>,
    /// Cells by series and quarter, where the pattern does not name them apart.
    cells: Option<Vec<Vec<bool>>>,
}

impl Choice {
    pub(super) fn new(pattern: &str, plan: &Plan, series: &[Series]) -> Self {
        let pattern = with_quarter(pattern);
        let quarters: Vec<String> = (0..plan.quarters)
            .map(|t| Quarter(plan.model.run.horizon.first.0 + t as i32).to_string())
            .collect();
        let heads = series.iter().map(|s| format!("{}/{}", s.actor, s.name()));
        // `@` between the two is matched by itself alone, unless `**` or a choice reaches over it.
        let apart = pattern.split_once('@').filter(|(head, tail)| {
            let whole = |part: &str| part.matches('{').count() == part.matches('}').count();
            !pattern.contains("**") && !tail.contains('@') && whole(head) && whole(tail)
        });
        if let Some((head, tail)) = apart {
            let (head, tail) = (Glob::new(head), Glob::new(tail));
            Self {
                series: heads.map(|h| head.matches(&h)).collect(),
                quarters: quarters.iter().map(|q| tail.matches(q)).collect(),
                cells: None,
            }
        } else {
            let glob = Glob::new(&pattern);
            let row = |h: String| quarters.iter().map(|q| glob.matches(&format!("{h}@{q}"))).collect();
            Self { series: Vec::new(), quarters: Vec::new(), cells: Some(heads.map(row).collect()) }
        }
    }

    pub(super) fn holds(&self, series: usize, t: usize) -> bool {
        match &self.cells {
            Some(cells) => cells[series][t],
            None => self.series[series] && self.quarters[t],
        }
    }

    pub(super) fn any(&self) -> bool {
        match &self.cells {
            Some(cells) => cells.iter().flatten().any(|&holds| holds),
            None => self.series.contains(&true) && self.quarters.contains(&true),
        }
    }
}

/// A pattern without a quarter means all of them; `*` alone everything.
fn with_quarter(pattern: &str) -> String {
    match pattern {
        "*" => "**".to_owned(),
        p if p.contains('@') || p.contains("**") => p.to_owned(),
        p => format!("{p}@*"),
    }
}
