//! Patterns of cells, and the cells that they choose.

use super::series::{BadRatio, Series, all_series};
use crate::model::time::Quarter;
use crate::plan::Plan;
use crate::scenario::{Glob, is_glob};

/// The cells that a plan has, to be chosen from.
pub struct Cells<'a> {
    pub(super) plan: &'a Plan,
    pub(super) series: Vec<Series>,
    pub(super) names: Names,
}

impl<'a> Cells<'a> {
    /// The cells of a plan.
    ///
    /// # Errors
    /// If a ratio names what does not exist.
    pub fn of(plan: &'a Plan) -> Result<Self, BadRatio> {
        let series = all_series(&plan.model)?;
        let names = Names::new(plan, &series);
        Ok(Self { plan, series, names })
    }

    /// Patterns that match a cell.
    pub fn matching(&self, patterns: &[String]) -> Vec<String> {
        patterns.iter().filter(|p| self.names.choose(p).any()).cloned().collect()
    }
}

/// What cells are called by: series as `actor/metric`, and quarters.
pub(super) struct Names {
    series: Vec<String>,
    quarters: Vec<String>,
    /// Places of series in the order of their names.
    ordered: Vec<usize>,
}

/// What a pattern chooses: series and quarters apart, where it names them apart; there are far fewer of those than of cells.
pub(super) struct Choice {
    series: Vec<usize>,
    quarters: Vec<usize>,
    /// Cells as (quarter, series) where the pattern does not name them apart.
    cells: Vec<(usize, usize)>,
}

impl Names {
    pub(super) fn new(plan: &Plan, series: &[Series]) -> Self {
        let series: Vec<String> = series.iter().map(|s| format!("{}/{}", s.actor, s.name())).collect();
        let quarters = (0..plan.quarters)
            .map(|t| Quarter(plan.model.run.horizon.first.0 + t as i32).to_string())
            .collect();
        let mut ordered: Vec<usize> = (0..series.len()).collect();
        ordered.sort_by(|&a, &b| series[a].cmp(&series[b]));
        Self { series, quarters, ordered }
    }

    pub(super) fn choose(&self, pattern: &str) -> Choice {
        let pattern = with_quarter(pattern);
        // `@` between the two is matched by itself alone, unless `**` or a choice reaches over it.
        let apart = pattern.split_once('@').filter(|(head, tail)| {
            let whole = |part: &str| part.matches('{').count() == part.matches('}').count();
            !pattern.contains("**") && !tail.contains('@') && whole(head) && whole(tail)
        });
        if let Some((head, tail)) = apart {
            let tail = Glob::new(tail);
            let quarters = (0..self.quarters.len()).filter(|&t| tail.matches(&self.quarters[t]));
            Choice { series: self.series(head), quarters: quarters.collect(), cells: Vec::new() }
        } else {
            let glob = Glob::new(&pattern);
            let all = (0..self.quarters.len()).flat_map(|t| (0..self.series.len()).map(move |s| (t, s)));
            let cells =
                all.filter(|&(t, s)| glob.matches(&format!("{}@{}", self.series[s], self.quarters[t])));
            Choice { series: Vec::new(), quarters: Vec::new(), cells: cells.collect() }
        }
    }

    /// Series that a pattern matches; one that is no pattern is looked up.
    fn series(&self, head: &str) -> Vec<usize> {
        if is_glob(head) {
            let glob = Glob::new(head);
            return (0..self.series.len()).filter(|&s| glob.matches(&self.series[s])).collect();
        }
        let first = self.ordered.partition_point(|&s| self.series[s].as_str() < head);
        self.ordered[first..].iter().copied().take_while(|&s| self.series[s] == head).collect()
    }
}

impl Choice {
    /// Cells as (quarter, series).
    pub(super) fn cells(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let apart = self.quarters.iter().flat_map(|&t| self.series.iter().map(move |&s| (t, s)));
        apart.chain(self.cells.iter().copied())
    }

    pub(super) fn any(&self) -> bool {
        self.cells().next().is_some()
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
