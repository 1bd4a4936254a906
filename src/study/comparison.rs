//! The gatherer of comparisons: cells of every plan side by side, against the scenario as it stands.

use super::Failure;
use super::precision::place;
use super::simulation::Simulation;
use super::work::Gatherer;
use crate::analysis::{
    Contest, ContrastRow, Front, Objective, Paired, Sense, Standing, Target, comparison, quarters_to, tiers,
};
use crate::engine::run::Round;
use crate::math::{Lanes, WIDTH};
use crate::report::Satisfied;
use crate::results::tables::Row;
use crate::results::{Cell, DrawsTable, FolderError, wilson};
use rayon::prelude::*;

/// Plans compared, being gathered.
pub(super) struct Comparison {
    /// Names of the plans, the reference first.
    pub(super) plans: Vec<String>,
    /// Cells: those of metrics, then times until thresholds.
    pub(super) cells: Vec<Cell>,
    pub(super) senses: Vec<Sense>,
    /// Place of each metric's cell in each plan's recording.
    places: Vec<Vec<usize>>,
    /// For each time: the tracked series of each plan, and the level [FLOP].
    times: Vec<(Vec<usize>, f64)>,
    pub(super) contest: Contest,
    front: Option<Front>,
    /// Targets with their cells and, by plan, the draws that satisfy them.
    targets: Vec<(Target, usize, Vec<u64>)>,
    pub(super) draws: Option<DrawsTable>,
    quarters: usize,
    used: u64,
}

/// What a comparison has found.
pub(super) struct Findings {
    /// By cell, then plan.
    pub(super) paired: Vec<Vec<Paired>>,
    /// Tiers, likewise.
    pub(super) tiers: Vec<Vec<usize>>,
    /// Where plans stand under the objectives.
    pub(super) standings: Vec<Standing>,
}

/// Objectives and targets, read.
#[derive(Default)]
pub(super) struct Goals {
    pub(super) objectives: Vec<Objective>,
    pub(super) targets: Vec<Target>,
}

impl Goals {
    /// Reads what was typed.
    pub(super) fn parse(objectives: &[String], targets: &[String]) -> Result<Self, Failure> {
        let bad = |e: crate::analysis::BadGoal| Failure::Usage(e.to_string());
        Ok(Self {
            objectives: objectives
                .iter()
                .map(|t| Objective::parse(t).map_err(bad))
                .collect::<Result<_, _>>()?,
            targets: targets.iter().map(|t| Target::parse(t).map_err(bad)).collect::<Result<_, _>>()?,
        })
    }

    /// Cells that they name.
    pub(super) fn cells(&self) -> Vec<String> {
        let objectives = self.objectives.iter().map(|o| o.cell.clone());
        objectives.chain(self.targets.iter().map(|t| t.cell.clone())).collect()
    }
}

impl Comparison {
    /// Room for plans, the reference first; cells are those that all of them have.
    pub(super) fn new(
        plans: &[&Simulation<'_>],
        names: Vec<String>,
        levels: &[f64],
        goals: &Goals,
    ) -> Result<Self, Failure> {
        let first = plans[0];
        let all = |cell: &Cell| -> Option<Vec<usize>> {
            plans.iter().map(|p| p.recording.names.iter().position(|c| c == cell)).collect()
        };
        let (mut cells, mut places) = (Vec::new(), vec![Vec::new(); plans.len()]);
        for cell in &first.recording.names {
            if let Some(at) = all(cell) {
                cells.push(cell.clone());
                places.iter_mut().zip(at).for_each(|(list, i)| list.push(i));
            }
        }
        let (times, named) = times(plans, levels);
        cells.extend(named);
        let sense = |c: &Cell| {
            let asked = goals.objectives.iter().find(|o| o.cell == c.address());
            let more = c.metric.starts_with("revenue") || c.metric.starts_with("quarters_to");
            asked.map_or(if more { Sense::Max } else { Sense::Min }, |o| o.sense)
        };
        let senses: Vec<Sense> = cells.iter().map(sense).collect();
        let find = |flag: &str, address: &str| -> Result<usize, Failure> {
            place(first, flag, address)?;
            let found = cells.iter().position(|c| c.address() == address);
            found.ok_or_else(|| Failure::Rejected(format!("error: {flag}: not every policy has {address}")))
        };
        let targets: Result<Vec<_>, Failure> = (goals.targets.iter())
            .map(|t| Ok((t.clone(), find("--target", &t.cell)?, vec![0; plans.len()])))
            .collect();
        let objectives: Result<Vec<_>, Failure> =
            goals.objectives.iter().map(|o| Ok((o.clone(), find("--objective", &o.cell)?))).collect();
        let (objectives, targets) = (objectives?, targets?);
        Ok(Self {
            contest: Contest::new(plans.len(), senses.clone(), first.is_independent()),
            front: (!objectives.is_empty()).then(|| Front::new(plans.len(), objectives)),
            plans: names,
            cells,
            senses,
            places,
            times,
            targets,
            draws: None,
            quarters: first.plan.quarters,
            used: 0,
        })
    }

    /// Place of a metric's cell in a plan's own recording; none for times.
    pub(super) fn own(&self, cell: usize, plan: usize) -> Option<usize> {
        self.places[plan].get(cell).copied()
    }

    /// Metrics' cells, without times.
    pub(super) fn metric_cells(&self) -> &[Cell] {
        &self.cells[..self.cells.len() - self.times.len()]
    }

    /// All that has been found, each cell by one thread.
    pub(super) fn findings(&self) -> Findings {
        let (paired, tiers) = (0..self.cells.len())
            .into_par_iter()
            .map(|c| {
                let paired: Vec<Paired> = (0..self.plans.len()).map(|p| self.contest.paired(c, p)).collect();
                let tiers = tiers(&paired, self.senses[c]);
                (paired, tiers)
            })
            .unzip();
        let standings = self.front.as_ref().map_or_else(Vec::new, |f| f.standings(&self.contest));
        Findings { paired, tiers, standings }
    }

    /// Rows of `comparison.csv`.
    pub(super) fn rows(&self, findings: &Findings) -> String {
        let row = |p: usize| {
            (0..self.cells.len()).map(move |c| ContrastRow {
                policy: &self.plans[p],
                cell: &self.cells[c],
                paired: &findings.paired[c][p],
                tier: findings.tiers[c][p],
            })
        };
        comparison((0..self.plans.len()).flat_map(row))
    }

    /// Rows of `objectives.csv`.
    pub(super) fn objective_rows(&self, findings: &Findings) -> String {
        let mut text = String::new();
        let mut row = Row::new(&mut text);
        for (name, s) in self.plans.iter().zip(&findings.standings) {
            let by = s.dominated_by.map_or("", |q| self.plans[q].as_str());
            row.text(name).text(if s.dominated_by.is_none() { "true" } else { "false" }).text(by);
            row.number(if s.dominated_by.is_none() { f64::NAN } else { s.in_draws });
            row.text(match s.dominated_by {
                None => "",
                Some(_) if s.sure => "true",
                Some(_) => "false",
            });
            row.end();
        }
        text
    }

    /// Shares of draws that satisfy the targets: target, then by plan the share with its 95 % interval.
    pub(super) fn shares(&self) -> Vec<Satisfied> {
        let share = |&k: &u64| {
            let (low, high) = wilson(k, self.used);
            (k as f64 / self.used.max(1) as f64, low, high)
        };
        self.targets
            .iter()
            .map(|(t, _, counts)| (t.to_string(), counts.iter().map(share).collect()))
            .collect()
    }

    /// Rows of `targets.csv`.
    pub(super) fn target_rows(&self) -> String {
        let mut text = String::new();
        let mut row = Row::new(&mut text);
        for (target, shares) in self.shares() {
            for (name, share) in self.plans.iter().zip(shares) {
                row.text(name).text(&target).number(share.0).number(share.1).number(share.2).end();
            }
        }
        text
    }
}

/// Times until thresholds are reachable, for every actor that all plans track.
fn times(plans: &[&Simulation<'_>], levels: &[f64]) -> (Vec<(Vec<usize>, f64)>, Vec<Cell>) {
    let (mut times, mut cells) = (Vec::new(), Vec::new());
    let first = plans[0];
    for &s in &first.recording.tracked {
        let series = &first.recording.series[s];
        if series.metric != "reachable_flop" {
            continue;
        }
        let of = |p: &&Simulation<'_>| {
            let r = &p.recording;
            r.tracked
                .iter()
                .position(|&i| r.series[i].actor == series.actor && r.series[i].metric == series.metric)
        };
        let Some(at) = plans.iter().map(of).collect::<Option<Vec<usize>>>() else { continue };
        for &level in levels {
            times.push((at.clone(), level));
            cells.push(Cell {
                actor: series.actor.clone(),
                metric: format!("quarters_to_{level:e}"),
                unit: "quarters".to_owned(),
                quarter: first.plan.model.run.horizon.last,
            });
        }
    }
    (times, cells)
}

impl Gatherer for Comparison {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        let masks = &rounds[0].masks;
        let values: Vec<Vec<Vec<Lanes>>> = (rounds.iter().enumerate())
            .map(|(p, round)| {
                let batch = |b: usize| -> Vec<Lanes> {
                    let metrics = self.places[p].iter().map(|&i| round.cells[b][i]);
                    let times = self.times.iter().map(|(at, level)| {
                        let course = &round.tracked[b][at[p] * self.quarters..(at[p] + 1) * self.quarters];
                        quarters_to(course, *level)
                    });
                    metrics.chain(times).collect()
                };
                (0..masks.len()).map(batch).collect()
            })
            .collect();
        self.contest.absorb(&values, masks);
        if let Some(front) = &mut self.front {
            front.absorb(&values, masks);
        }
        for (b, mask) in masks.iter().enumerate() {
            self.used += u64::from(mask.count());
            for (target, cell, counts) in &mut self.targets {
                for (p, count) in counts.iter_mut().enumerate() {
                    let x = values[p][b][*cell];
                    *count += (0..WIDTH).filter(|&l| mask.lane(l) && target.holds(x[l])).count() as u64;
                }
            }
        }
        if let Some(table) = &mut self.draws {
            for (p, name) in self.plans.iter().enumerate() {
                table.write(name, rounds[0].first, &values[p], masks)?;
            }
        }
        Ok(())
    }
}
