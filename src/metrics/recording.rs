//! Which cells of which series are recorded.

use super::headline::{COUNTED, QUARTERLY};
use super::select::{Cells, Choice};
use super::series::{BadRatio, Series, Source};
use crate::model::time::Quarter;
use crate::plan::Plan;
use crate::results::Cell;
use crate::scenario::{is_glob, suggest};
use std::collections::{BTreeMap, BTreeSet};

/// Where more cells than this are summarised without `--select`, it is said: they take memory, and time to be written. The baseline has fewer.
pub const BUDGET: usize = 40_000;

/// Which cells are summarised, and in what order.
#[derive(Clone, Debug)]
pub struct Recording {
    /// All series; a quotient's parts come before it.
    pub series: Vec<Series>,
    /// Cells as (quarter, series), in order of quarters.
    pub cells: Vec<(usize, usize)>,
    /// Cells as tables name them.
    pub names: Vec<Cell>,
    /// Series whose thresholds are counted.
    pub tracked: Vec<usize>,
    /// Cells that are handed over draw by draw whatever is selected, as (quarter, series) in order of quarters.
    pub watched: Vec<(usize, usize)>,
}

/// A pattern that selects nothing, or a ratio of what does not exist.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SelectError {
    /// Nothing is selected.
    #[error(
        "`{0}` matches no cell; a cell is written actor/metric@quarter, such as country.china/reachable_flop@2028Q4{1}"
    )]
    Nothing(String, String),
    /// A ratio's part does not exist.
    #[error(transparent)]
    Ratio(#[from] BadRatio),
}

impl Recording {
    /// The default cells, or those that patterns select.
    ///
    /// # Errors
    /// If a pattern selects nothing, or a ratio names what does not exist.
    pub fn new(plan: &Plan, select: &[String]) -> Result<Self, SelectError> {
        Self::among(Cells::of(plan)?, select)
    }

    /// The same of cells that are known.
    ///
    /// # Errors
    /// If a pattern selects nothing.
    pub fn among(cells: Cells<'_>, select: &[String]) -> Result<Self, SelectError> {
        let Cells { plan, series, names } = cells;
        let first = plan.model.run.horizon.first;
        let quarter = |t: usize| Quarter(first.0 + t as i32);
        let address = |s: &Series, t: usize| format!("{}/{}@{}", s.actor, s.name(), quarter(t));
        let choices: Vec<Choice> = select.iter().map(|p| names.choose(p)).collect();
        for (pattern, choice) in select.iter().zip(&choices) {
            if !choice.any() {
                let all = series.iter().flat_map(|s| (0..plan.quarters).map(move |t| address(s, t)));
                let all: Vec<String> = if is_glob(pattern) { Vec::new() } else { all.collect() };
                let near = suggest(pattern, all.iter().map(String::as_str));
                let help = near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
                return Err(SelectError::Nothing(pattern.clone(), help));
            }
        }
        if !select.is_empty() {
            let cells = choices.iter().flat_map(Choice::cells).collect();
            return Ok(Self::of(plan, series, cells));
        }
        let mut looked_at: BTreeMap<(&str, &str), Vec<Quarter>> = BTreeMap::new();
        for o in &plan.model.observations {
            looked_at.entry((&o.actor, &o.metric)).or_default().push(o.quarter);
        }
        let mut cells = Vec::new();
        for (i, s) in series.iter().enumerate() {
            let observed = looked_at.get(&(s.actor.as_str(), s.name()));
            let wanted = |t: &usize| {
                default_cell(s, quarter(*t))
                    || observed.is_some_and(|quarters| quarters.contains(&quarter(*t)))
            };
            cells.extend((0..plan.quarters).filter(wanted).map(|t| (t, i)));
        }
        Ok(Self::of(plan, series, cells))
    }

    /// Cells given as (quarter, series); each is kept once, in order of quarters.
    pub fn of(plan: &Plan, series: Vec<Series>, mut cells: Vec<(usize, usize)>) -> Self {
        cells.sort_unstable();
        cells.dedup();
        let quarter = |t: usize| Quarter(plan.model.run.horizon.first.0 + t as i32);
        let names = (cells.iter())
            .map(|&(t, i)| Cell {
                actor: series[i].actor.clone(),
                metric: series[i].name().to_owned(),
                unit: series[i].unit.clone(),
                quarter: quarter(t),
            })
            .collect();
        let tracked = (series.iter().enumerate())
            .filter(|(_, s)| COUNTED.contains(&s.metric))
            .map(|(i, _)| i)
            .collect();
        Self { series, cells, names, tracked, watched: Vec::new() }
    }

    /// The series of an actor's metric.
    pub fn find(&self, actor: &str, metric: &str) -> Option<usize> {
        self.series.iter().position(|s| s.is(actor, metric))
    }
}

/// Year ends of everything; every quarter of what is asked for most.
fn default_cell(s: &Series, quarter: Quarter) -> bool {
    quarter.number() == 4 || QUARTERLY.contains(&s.metric)
}

impl Recording {
    /// Chosen cells, recording no series that they do not need; tracked are those of actors that they name.
    ///
    /// # Errors
    /// If a pattern selects nothing, or a ratio names what does not exist.
    pub fn lean(plan: &Plan, select: &[String]) -> Result<Self, SelectError> {
        Self::lean_among(Cells::of(plan)?, select)
    }

    /// The same of cells that are known.
    ///
    /// # Errors
    /// If a pattern selects nothing.
    pub fn lean_among(cells: Cells<'_>, select: &[String]) -> Result<Self, SelectError> {
        let whole = Self::among(cells, select)?;
        let named: BTreeSet<&str> = whole.names.iter().map(|c| c.actor.as_str()).collect();
        let tracked: Vec<usize> = whole
            .tracked
            .iter()
            .copied()
            .filter(|&s| named.contains(whole.series[s].actor.as_str()))
            .collect();
        let mut needed = vec![false; whole.series.len()];
        for s in whole.cells.iter().map(|c| c.1).chain(tracked.iter().copied()) {
            needed[s] = true;
        }
        // A quotient's parts come before it.
        for (i, series) in whole.series.iter().enumerate().rev() {
            if needed[i] {
                series.parts().into_iter().flatten().for_each(|part| needed[part] = true);
            }
        }
        let mut place = vec![0; needed.len()];
        let mut series = Vec::new();
        for (i, mut one) in whole.series.into_iter().enumerate().filter(|(i, _)| needed[*i]) {
            if let Source::Quotient(of, over) = &mut one.source {
                (*of, *over) = (place[*of], place[*over]);
            }
            place[i] = series.len();
            series.push(one);
        }
        Ok(Self {
            series,
            cells: whole.cells.into_iter().map(|(t, s)| (t, place[s])).collect(),
            names: whole.names,
            tracked: tracked.into_iter().map(|s| place[s]).collect(),
            watched: Vec::new(),
        })
    }
}
