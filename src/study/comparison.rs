//! The gatherer of comparisons: cells of every plan side by side, against the scenario as it stands.

use super::distributions::{Distributions, load_draws};
use super::drivers::Drivers;
use super::error::Error;
use super::folder::RunFolder;
use super::gather::Gatherer;
use super::kept::{Gathered, Kept};
use super::plan_rows::PlanRows;
use super::rounds::Rounds;
use super::simulation::{Exports, Simulation};
use crate::analysis::tables::{self, ContrastRow, ObjectiveRow, RobustRow, TargetRow};
use crate::analysis::{Front, Objective, Paired, PairedRuns, Sense, Standing, Target, quarters_to, tiers};
use crate::engine::run::Round;
use crate::math::{Lanes, WIDTH};
use crate::metrics::Metric;
use crate::report::{Apart, Satisfied};
use crate::results::table::TableText;
use crate::results::{Cell, DrawsTable, FolderError, StateReader, StateWriter, Statistics, wilson};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Plans compared, being gathered.
pub(super) struct Comparison {
    /// Names of the plans, the reference first.
    pub(super) plans: Vec<String>,
    /// Names of their scenarios.
    pub(super) scenarios: Vec<String>,
    /// Cells: those of metrics, then times until thresholds.
    pub(super) cells: Vec<Cell>,
    pub(super) senses: Vec<Sense>,
    /// Actors that some plans have and others lack, of which nothing is compared, with the plans that have them.
    pub(super) apart: Vec<Apart>,
    /// Place of each metric's cell in each plan's recording.
    places: Vec<Vec<usize>>,
    /// For each time: the tracked series of each plan, and the level \[FLOP\].
    times: Vec<(Vec<usize>, f64)>,
    pub(super) runs: PairedRuns,
    front: Option<Front>,
    /// Targets with their cells and, by plan, the draws that satisfy them.
    targets: Vec<(Target, usize, Vec<u64>)>,
    /// By plan, the draws that satisfy all targets.
    satisfied: Vec<u64>,
    pub(super) draws: Option<PlanRows>,
    quarters: usize,
    used: u64,
}

/// Gatherers of a comparison.
pub(super) struct ComparedDraws {
    pub(super) rounds: Rounds,
    pub(super) comparison: Comparison,
    /// By plan.
    pub(super) distributions: Vec<Distributions>,
    /// What drives the reference, where that is asked for.
    pub(super) drivers: Option<Drivers>,
}

impl ComparedDraws {
    /// Gatherers of plans, the reference first; tables with a row a draw are opened in the folder: values of every plan, and what
    /// chance decided in the reference.
    pub(super) fn new(
        plans: &[&Simulation],
        mut comparison: Comparison,
        mut folder: Option<&mut RunFolder>,
    ) -> Result<Self, Error> {
        let exports = plans[0].exports;
        if folder.is_none() && exports.any() {
            return Err(Error::ExportWithoutFolder);
        }
        let mut distributions = Vec::new();
        for (place, plan) in plans.iter().enumerate() {
            let own = if place == 0 { Exports { draws: None, ..exports } } else { Exports::default() };
            distributions.push(Distributions::among(plan, place, own, folder.as_deref_mut())?);
        }
        if let (Some(format), Some(folder)) = (exports.draws, folder) {
            let file = folder.create(&format!("draws.{}", format.extension()))?;
            let cells = comparison.metric_cells();
            let all: Vec<usize> = (0..cells.len()).collect();
            let table = DrawsTable::new(format, file, cells, &all)?;
            comparison.draws = Some(PlanRows::new(table, comparison.plans.clone()));
        }
        Ok(Self { rounds: Rounds::default(), comparison, distributions, drivers: None })
    }
}

/// Writes the tables with a row a draw.
pub(super) fn write_exports(
    comparison: &mut Comparison,
    own: &mut Distributions,
    folder: &mut RunFolder,
) -> Result<(), FolderError> {
    if let Some(rows) = comparison.draws.take() {
        let (schema, file) = rows.finish()?;
        folder.describe(schema);
        folder.finish_file(file)?;
    }
    own.write_exports(folder)
}

impl Gathered for ComparedDraws {
    fn all(&mut self) -> Vec<&mut dyn Kept> {
        let mut all: Vec<&mut dyn Kept> = vec![&mut self.rounds, &mut self.comparison];
        all.extend(self.distributions.iter_mut().map(|d| d as &mut dyn Kept));
        all.extend(self.drivers.iter_mut().map(|d| d as &mut dyn Kept));
        all
    }

    fn used(&self) -> u64 {
        self.distributions[0].used
    }
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
#[derive(Debug, Default)]
pub(super) struct Goals {
    pub(super) objectives: Vec<Objective>,
    pub(super) targets: Vec<Target>,
}

impl Goals {
    /// Reads what was typed.
    pub(super) fn parse(objectives: &[String], targets: &[String]) -> Result<Self, Error> {
        Ok(Self {
            objectives: objectives.iter().map(|t| Objective::parse(t)).collect::<Result<_, _>>()?,
            targets: targets.iter().map(|t| Target::parse(t)).collect::<Result<_, _>>()?,
        })
    }

    /// Cells that they name.
    pub(super) fn cells(&self) -> Vec<String> {
        let objectives = self.objectives.iter().map(|o| o.cell.clone());
        objectives.chain(self.targets.iter().map(|t| t.cell.clone())).collect()
    }

    /// Holds that every plan has the cells that they name.
    pub(super) fn check(&self, plans: &[&Simulation]) -> Result<(), Error> {
        let targets = self.targets.iter().map(|t| ("--target", &t.cell));
        let objectives = self.objectives.iter().map(|o| ("--objective", &o.cell));
        for (parameter, cell) in targets.chain(objectives) {
            let place = plans[0].place(parameter, cell)?;
            let named = &plans[0].recording.names[place];
            if plans.iter().any(|p| !p.recording.names.contains(named)) {
                return Err(Error::NotUnderEveryPolicy { parameter, cell: cell.clone() });
            }
        }
        Ok(())
    }
}

impl Comparison {
    /// A new comparison of plans, the reference first; cells are those that all of them have, among them the goals'.
    pub(super) fn new(plans: &[&Simulation], names: Vec<String>, levels: &[f64], goals: &Goals) -> Self {
        let first = plans[0];
        let key = |cell: &Cell| (cell.actor.clone(), cell.metric.clone(), cell.quarter);
        let places_of = |p: &&Simulation| -> BTreeMap<_, usize> {
            p.recording.names.iter().enumerate().map(|(i, cell)| (key(cell), i)).collect()
        };
        let known: Vec<_> = plans.iter().map(places_of).collect();
        let all = |cell: &Cell| -> Option<Vec<usize>> {
            let key = key(cell);
            let place = |(plan, known): (&&Simulation, &BTreeMap<_, usize>)| {
                known.get(&key).copied().filter(|&i| plan.recording.names[i] == *cell)
            };
            plans.iter().zip(&known).map(place).collect()
        };
        let (mut cells, mut places) = (Vec::new(), vec![Vec::new(); plans.len()]);
        for cell in &first.recording.names {
            if let Some(at) = all(cell) {
                cells.push(cell.clone());
                places.iter_mut().zip(at).for_each(|(list, i)| list.push(i));
            }
        }
        let (times, time_cells) = times(plans, levels);
        cells.extend(time_cells);
        let sense = |c: &Cell| {
            let asked = goals.objectives.iter().find(|o| o.cell == c.address());
            let better =
                Metric::better(&c.metric).expect("cells are of metrics, or of times until one is reached");
            asked.map_or(better.sense(), |o| o.sense)
        };
        let senses: Vec<Sense> = cells.iter().map(sense).collect();
        let find = |address: &str| {
            let found = cells.iter().position(|c| c.address() == address);
            found.expect("goals name cells that every plan has")
        };
        let targets = goals.targets.iter().map(|t| (t.clone(), find(&t.cell), vec![0; plans.len()]));
        let targets = targets.collect();
        let objectives: Vec<_> = goals.objectives.iter().map(|o| (o.clone(), find(&o.cell))).collect();
        Self {
            runs: PairedRuns::new(plans.len(), senses.clone(), first.is_independent()),
            front: (!objectives.is_empty()).then(|| Front::new(plans.len(), objectives)),
            apart: apart(plans, &names),
            plans: names,
            scenarios: plans.iter().map(|p| p.project.name.clone()).collect(),
            cells,
            senses,
            places,
            times,
            targets,
            satisfied: vec![0; plans.len()],
            draws: None,
            quarters: first.plan.quarters,
            used: 0,
        }
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
                let paired: Vec<Paired> = (0..self.plans.len()).map(|p| self.runs.paired(c, p)).collect();
                let tiers = tiers(&paired, self.senses[c]);
                (paired, tiers)
            })
            .unzip();
        let standings = self.front.as_ref().map_or_else(Vec::new, |f| f.standings(&self.runs));
        Findings { paired, tiers, standings }
    }

    /// `comparison.csv`.
    pub(super) fn table(&self, findings: &Findings, base: &[Statistics]) -> TableText {
        let row = |p: usize| {
            (0..self.cells.len()).map(move |c| ContrastRow {
                scenario: &self.scenarios[p],
                policy: &self.plans[p],
                cell: &self.cells[c],
                paired: &findings.paired[c][p],
                tier: findings.tiers[c][p],
                base: self.own(c, 0).map(|i| base[i].mean),
            })
        };
        TableText::of(&tables::comparison(), (0..self.plans.len()).flat_map(row))
    }

    /// `objectives.csv`.
    pub(super) fn objectives(&self, findings: &Findings) -> TableText {
        let rows = self.plans.iter().zip(&self.scenarios).zip(&findings.standings);
        let rows = rows.map(|((policy, scenario), s)| ObjectiveRow {
            scenario,
            policy,
            dominated: s.dominated_by.map(|q| (self.plans[q].as_str(), s)),
        });
        TableText::of(&tables::objectives(), rows)
    }

    /// Shares of draws that satisfy the targets: target, then by plan the share with its 95% interval.
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

    /// How plans do in some cells where they do badly.
    pub(super) fn robust(
        &self,
        cells: &[usize],
        findings: &Findings,
        statistics: &[Vec<Statistics>],
    ) -> Vec<RobustRow> {
        let satisfies = |p: usize| {
            let (k, n) = (self.satisfied[p], self.used);
            let (low, high) = wilson(k, n);
            (!self.targets.is_empty()).then(|| (k as f64 / n.max(1) as f64, low, high))
        };
        let row = |c: usize, p: usize| RobustRow {
            scenario: self.scenarios[p].clone(),
            policy: self.plans[p].clone(),
            cell: self.cells[c].address(),
            unit: self.cells[c].unit.clone(),
            sense: self.senses[c],
            mean: self.own(c, p).map(|i| statistics[p][i].mean),
            worst_tenth: self.runs.worst_tenth(c, p),
            regret: (findings.paired[c][p].regret_mean, findings.paired[c][p].regret_p95),
            satisfies: satisfies(p),
        };
        cells.iter().flat_map(|&c| (0..self.plans.len()).map(move |p| row(c, p))).collect()
    }

    /// `targets.csv`.
    pub(super) fn targets(&self) -> TableText {
        let shares = self.shares();
        let rows = shares.iter().flat_map(|(target, shares)| {
            let plans = self.plans.iter().zip(&self.scenarios).zip(shares);
            plans.map(move |((policy, scenario), &share)| TargetRow { scenario, policy, target, share })
        });
        TableText::of(&tables::targets(), rows)
    }
}

/// Actors that not every plan records, in order, with the names of the plans that do.
fn apart(plans: &[&Simulation], names: &[String]) -> Vec<Apart> {
    let mut have: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (p, plan) in plans.iter().enumerate() {
        let actors: BTreeSet<&str> = plan.recording.names.iter().map(|cell| cell.actor.as_str()).collect();
        for actor in actors {
            have.entry(actor).or_default().push(p);
        }
    }
    let some = have.into_iter().filter(|(_, with)| with.len() < plans.len());
    some.map(|(actor, with)| (actor.to_owned(), with.into_iter().map(|p| names[p].clone()).collect()))
        .collect()
}

/// Times until thresholds are reachable, for every actor that all plans track.
fn times(plans: &[&Simulation], levels: &[f64]) -> (Vec<(Vec<usize>, f64)>, Vec<Cell>) {
    let (mut times, mut cells) = (Vec::new(), Vec::new());
    let first = plans[0];
    for &s in &first.recording.tracked {
        let series = &first.recording.series[s];
        if series.metric != Metric::ReachableFlop {
            continue;
        }
        let of = |p: &&Simulation| {
            let r = &p.recording;
            r.tracked.iter().position(|&i| r.series[i].is(&series.actor, series.name()))
        };
        let Some(at) = plans.iter().map(of).collect::<Option<Vec<usize>>>() else { continue };
        for &level in levels {
            times.push((at.clone(), level));
            cells.push(Cell {
                actor: series.actor.clone(),
                metric: Metric::until(level),
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
        let metrics = self.metric_cells().len();
        // By plan, batch and time until a level.
        let until: Vec<Vec<Vec<Lanes>>> = (rounds.iter().enumerate())
            .map(|(p, round)| {
                let time = |(at, level): &(Vec<usize>, f64), course: &[Lanes]| {
                    quarters_to(&course[at[p] * self.quarters..(at[p] + 1) * self.quarters], *level)
                };
                let batch = |course: &Vec<Lanes>| self.times.iter().map(|t| time(t, course)).collect();
                round.tracked.iter().map(batch).collect()
            })
            .collect();
        let places = &self.places;
        let value = |p: usize, b: usize, cell: usize| match places[p].get(cell) {
            Some(&place) => rounds[p].cells[b][place],
            None => until[p][b][cell - metrics],
        };
        self.runs.absorb(masks, value);
        if let Some(front) = &mut self.front {
            front.absorb(masks, value);
        }
        for (b, mask) in masks.iter().enumerate() {
            self.used += u64::from(mask.count());
            for (p, count) in self.satisfied.iter_mut().enumerate() {
                let all = |l: usize| self.targets.iter().all(|(t, cell, _)| t.holds(value(p, b, *cell)[l]));
                *count += (0..WIDTH).filter(|&l| mask.lane(l) && all(l)).count() as u64;
            }
            for (target, cell, counts) in &mut self.targets {
                for (p, count) in counts.iter_mut().enumerate() {
                    let x = value(p, b, *cell);
                    *count += (0..WIDTH).filter(|&l| mask.lane(l) && target.holds(x[l])).count() as u64;
                }
            }
        }
        if let Some(rows) = &mut self.draws {
            let row = |p: usize, b: usize| (0..metrics).map(|cell| value(p, b, cell)).collect();
            rows.add(rounds[0].first, masks, row)?;
        }
        Ok(())
    }
}

impl Kept for Comparison {
    fn start(&mut self, leaf: u64) {
        self.runs.start(leaf);
    }

    fn save(&mut self, state: &mut StateWriter) -> Result<(), FolderError> {
        state.put(&self.runs)?;
        state.put(&self.front.as_ref().map(Front::counts))?;
        let targets: Vec<&[u64]> = self.targets.iter().map(|(_, _, counts)| counts.as_slice()).collect();
        state.put(&(targets, &self.satisfied, self.used))?;
        state.put(&self.draws.as_mut().map(PlanRows::save).transpose()?)
    }

    fn load(&mut self, state: &mut StateReader, from: Option<&Path>) -> Result<(), FolderError> {
        let follows = self.runs.append(&state.take()?);
        let front: Option<(Vec<u64>, u64)> = state.take()?;
        let counted = match (&mut self.front, &front) {
            (Some(ours), Some((beaten, draws))) => ours.append(beaten, *draws),
            (ours, theirs) => ours.is_some() == theirs.is_some(),
        };
        let (targets, satisfied, used): (Vec<Vec<u64>>, Vec<u64>, u64) = state.take()?;
        state.fits(follows && counted && targets.len() == self.targets.len())?;
        self.satisfied.iter_mut().zip(satisfied).for_each(|(n, more)| *n += more);
        for ((_, _, counts), more) in self.targets.iter_mut().zip(targets) {
            counts.iter_mut().zip(more).for_each(|(n, more)| *n += more);
        }
        self.used += used;
        load_draws(self.draws.as_mut().map(|rows| &mut rows.table), state, from)
    }
}
