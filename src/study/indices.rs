//! What drives one number, alone and together with others: indices of its leading inputs by pick-freeze.

use super::discover::own_folder;
use super::error::Error;
use super::gather::{Gatherer, pool, why};
use super::project::{Project, Reading};
use super::request::{IndicesRequest, PolicySource, ScenarioRequest};
use super::simulation::{Simulation, until};
use super::watch::{Watch, Work};
use crate::analysis::Sensitivity;
use crate::analysis::indices::{Indices, Walk};
use crate::engine::exchange::{Cells, Exchanged, Walker};
use crate::engine::run::Round;
use crate::math::wide::PARTS;
use crate::math::{Lanes, WIDTH};
use crate::metrics::Recording;
use crate::model::Grade;
use crate::plan::Plan;
use crate::random::{Design, Sampler, Stream};
use crate::report::{IndicesReport, IndicesRow};
use crate::results::FolderError;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Draws that an index rests on, for each of which one group of inputs is exchanged: a walk of a batch exchanges each group twice.
const DRAWS_OF_WALK: u64 = 4 * WIDTH as u64;
/// The plan that stands for the scenario as it is.
const BASE: &str = "base";

/// Simulates draws with one group of inputs after the other drawn anew, and says what each explains.
///
/// # Errors
/// If the request cannot be read, the scenario has errors, the number is the same in all draws, or it is stopped.
pub fn indices(request: &IndicesRequest, watch: &dyn Watch) -> Result<IndicesReport, Error> {
    let (mut first, other) = open(request, watch)?;
    let drawn = request.simulation.sampling.draws;
    let leading = Leading::find(&mut first, other.as_ref(), &request.cell, watch)?;
    let groups = Groups::new(&first.plan, other.as_ref().map(|o| &o.plan), &leading, request.of);
    let walks = walk(&first, other.as_ref(), (&request.cell, &groups), watch)?;
    let nothing = || Error::NothingVaries(request.cell.clone());
    let points = walks.len() * 2 * groups.sets.len() * WIDTH;
    let found = match &other {
        None => Indices::of(walks.into_iter().map(|(walk, _)| walk).collect()),
        Some(_) => Indices::of_difference(walks),
    };
    let found = found.ok_or_else(nothing)?;
    let rows = groups.rows(&first.plan, other.as_ref().map(|o| &o.plan), &found);
    let unit = first.recording.names[first.place("--cell", &request.cell)?].unit.clone();
    // The one that is held against stands first.
    let policies = match &other {
        None => (first.policy(), None),
        Some(other) => (other.policy(), Some(first.policy())),
    };
    let title = first.plan.model.title.clone();
    Ok(IndicesReport::new(
        title,
        (request.cell.clone(), unit),
        policies,
        (drawn, points as u64),
        &found,
        rows,
    ))
}

/// The plan that is looked at; or the one that it is held against, and it.
fn open(request: &IndicesRequest, watch: &dyn Watch) -> Result<(Simulation, Option<Simulation>), Error> {
    let reading = Reading::of(&request.scenario)?;
    let open = |policy: Option<PolicySource>, watch: &dyn Watch| {
        let project = Project::of(&reading, &ScenarioRequest { policy, ..request.scenario.clone() })?;
        project.note_warnings(watch);
        let mut simulation = request.simulation.clone();
        let own = project.model.run.horizon;
        // What happens after the cell need not be simulated.
        simulation.sampling.horizon =
            simulation.sampling.horizon.or_else(|| until(std::slice::from_ref(&request.cell), own));
        Simulation::of(project, &simulation, |plan| {
            Recording::lean(plan, std::slice::from_ref(&request.cell))
        })
    };
    let policy = request.scenario.policy.clone();
    let Some(against) = &request.against else { return Ok((open(policy, watch)?, None)) };
    if policy.is_none() {
        return Err(Error::FailsWithoutPolicy);
    }
    let named = (against != BASE).then(|| PolicySource::Named(against.clone()));
    let (first, other) = (open(named, watch)?, open(policy, &())?);
    if first.policy() == other.policy() {
        return Err(Error::PolicyTwice(first.policy()));
    }
    Ok((first, Some(other)))
}

/// First-order indices of all drivers in the draws as they are.
struct Leading {
    places: Vec<usize>,
    /// Of the number; of two, of their difference and of their ratio.
    sensitivity: Sensitivity,
    positive: bool,
}

impl Leading {
    /// Indices by driver of the first plan.
    fn find(
        first: &mut Simulation,
        other: Option<&Simulation>,
        cell: &str,
        watch: &dyn Watch,
    ) -> Result<Vec<f64>, Error> {
        first.recording.watched.clone_from(&first.recording.cells);
        let first = &*first;
        let places: Vec<usize> = std::iter::once(first)
            .chain(other)
            .map(|plan| plan.place("--cell", cell))
            .collect::<Result<_, _>>()?;
        let draws = first.request.sampling.draws;
        let sensitivity = Sensitivity::new(first.plan.drivers().len(), places.len(), draws);
        let mut leading = Self { places, sensitivity, positive: true };
        first.work_on(
            other.map(std::slice::from_ref).unwrap_or_default(),
            0..draws,
            watch,
            &mut [&mut leading],
        )?;
        let mut found = leading.sensitivity.finish(0.05);
        let kept = found.len() - usize::from(!leading.positive && found.len() > 1);
        let found = found.drain(..kept).next_back().flatten();
        Ok(found.ok_or_else(|| Error::NothingVaries(cell.to_owned()))?.indices)
    }
}

impl Gatherer for Leading {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        let batches = rounds[0].masks.len();
        let value = |plan: usize, b: usize| rounds[plan].cells[b][self.places[plan]];
        let outcome = |b: usize| {
            if self.places.len() == 1 {
                vec![value(0, b)]
            } else {
                let (x, y) = (value(0, b), value(1, b));
                let both = x.gt(Lanes::ZERO) & y.gt(Lanes::ZERO);
                vec![y - x, both.select(y / both.select(x, Lanes::ONE), Lanes::ZERO)]
            }
        };
        let outcomes: Vec<Vec<Lanes>> = (0..batches).map(outcome).collect();
        if let [_, ..] = self.places[1..] {
            let ratios = outcomes.iter().zip(&rounds[0].masks);
            let positive = |(o, m): (&Vec<Lanes>, &crate::math::Mask)| {
                (0..WIDTH).all(|lane| !m.lane(lane) || o[1][lane] > 0.0)
            };
            self.positive &= ratios.into_iter().all(positive);
        }
        self.sensitivity.absorb(&rounds[0].ranks, &outcomes, &rounds[0].masks);
        Ok(())
    }
}

/// Independent groups of inputs: the leading ones, and all others in one.
struct Groups {
    sets: Vec<BTreeSet<String>>,
    /// Whether the last one is that of all others.
    others: bool,
}

impl Groups {
    /// The `of` leading sets by the largest index of a member. What one plan has alone is among the others.
    fn new(first: &Plan, other: Option<&Plan>, indices: &[f64], of: usize) -> Self {
        let mut sets: Vec<BTreeSet<String>> = Vec::new();
        let all = std::iter::once(first).chain(other).flat_map(Plan::independent);
        for set in all {
            let mut joined: BTreeSet<String> = set.into_iter().collect();
            // What is correlated under one plan is drawn together under both.
            let mut place = sets.len();
            let mut i = 0;
            while i < sets.len() {
                if sets[i].is_disjoint(&joined) {
                    i += 1;
                } else {
                    joined.extend(sets.remove(i));
                    place = place.min(i);
                }
            }
            sets.insert(place.min(sets.len()), joined);
        }
        let known: Vec<(String, f64)> =
            first.drivers().into_iter().map(|d| first.driver_path(d)).zip(indices.iter().copied()).collect();
        let largest = |set: &BTreeSet<String>| {
            let members = known.iter().filter(|(path, _)| set.contains(path));
            members.fold(f64::NEG_INFINITY, |most, (_, index)| most.max(*index))
        };
        let mut ranked: Vec<(f64, BTreeSet<String>)> = sets.into_iter().map(|s| (largest(&s), s)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let rest: BTreeSet<String> =
            ranked.drain(of.max(1).min(ranked.len())..).flat_map(|(_, set)| set).collect();
        let mut sets: Vec<BTreeSet<String>> = ranked.into_iter().map(|(_, set)| set).collect();
        let others = !rest.is_empty();
        sets.extend(others.then_some(rest));
        Self { sets, others }
    }

    fn exchanged<'a>(&self, plan: &'a Plan, recording: &'a Recording) -> Exchanged<'a> {
        Exchanged::new(plan, recording, self.sets.iter().map(|set| plan.second(set)).collect())
    }

    /// Rows of the report, with how well each group is founded, if all of it is so.
    fn rows(&self, first: &Plan, other: Option<&Plan>, found: &Indices) -> Vec<IndicesRow> {
        let grade = |path: &String| {
            let plans = std::iter::once(first).chain(other);
            let quantity = plans.flat_map(|p| p.model.quantities.iter()).find(|q| q.path == *path);
            quantity.and_then(|q| q.provenance.grade).map_or("", Grade::name)
        };
        let row = |(i, (set, index)): (usize, (&BTreeSet<String>, _))| {
            let others = self.others && i + 1 == self.sets.len();
            let grades: BTreeSet<&str> = set.iter().map(grade).collect();
            let paths: Vec<&str> = set.iter().map(String::as_str).collect();
            IndicesRow {
                path: if others { "all others".to_owned() } else { paths.join(" + ") },
                grade: if grades.len() == 1 { grades.into_iter().next().unwrap_or("") } else { "" },
                inputs: set.len(),
                others,
                index,
            }
        };
        self.sets.iter().zip(found.groups.iter().copied()).enumerate().map(row).collect()
    }
}

/// Walks of the cell; of two plans, the values of the second and, beside them, of the first.
fn walk(
    first: &Simulation,
    other: Option<&Simulation>,
    (cell, groups): (&str, &Groups),
    watch: &dyn Watch,
) -> Result<Vec<(Walk, Vec<Lanes>)>, Error> {
    let places = (first.place("--cell", cell)?, other.map(|o| o.place("--cell", cell)).transpose()?);
    let sampling = &first.request.sampling;
    // An error takes two of them.
    let walks = sampling.draws.div_ceil(DRAWS_OF_WALK).max(2);
    let lean = Recording { watched: Vec::new(), ..first.recording.clone() };
    let alone = groups.exchanged(&first.plan, &lean);
    let beside = other.map(|o| groups.exchanged(&o.plan, &o.recording));
    let design = Design { seed: sampling.seed, sampler: Sampler::Mc };
    let orders: Vec<Stream> =
        (0..groups.sets.len()).map(|g| design.stream(&format!("indices.order.{g}"), None)).collect();
    let idle: Mutex<Vec<Walker<'_>>> = Mutex::new(Vec::new());
    let walkers = || idle.lock().unwrap_or_else(PoisonError::into_inner);
    let done = AtomicU64::new(0);
    let order = |walk: u64| {
        let mut order: Vec<usize> = (0..orders.len()).collect();
        order.sort_by(|&i, &j| orders[i].uniform(walk).total_cmp(&orders[j].uniform(walk)));
        order
    };
    // A batch has as many walks as parts, each in an order of its own; of the last batch some may not be asked for.
    let parts = PARTS as u64;
    let one = |b: u64| {
        let own: [Vec<usize>; PARTS] = std::array::from_fn(|part| order(b * parts + part as u64));
        let all: Vec<[usize; PARTS]> =
            (0..orders.len()).map(|k| own.each_ref().map(|order| order[k])).collect();
        let lent = walkers().pop();
        let mut walker = lent.unwrap_or_else(|| Walker::new(&alone, beside.as_ref()));
        let asked = (walks - b * parts).min(parts);
        let draws = asked * WIDTH as u64;
        let step = || watch.progress(done.fetch_add(draws, Ordering::Relaxed) + draws);
        // One that was stopped on its way has exchanged uniforms, and is not used again.
        let points = walker.walk(b, &all, watch.stop(), step).map_err(why::<FolderError>)?;
        walkers().push(walker);
        let walk = |(part, order): (usize, Vec<usize>)| {
            let value = |point: &Cells| match places {
                (place, None) => (point[0][part][place], Lanes::ZERO),
                (place, Some(seat)) => (point[1][part][seat], point[0][part][place]),
            };
            let (values, others) = points.iter().map(value).unzip();
            (Walk { order, values }, others)
        };
        Ok(own.into_iter().enumerate().take(asked as usize).map(walk).collect())
    };
    let pool = pool(first.request.threads)?;
    watch.begin(Work::Draws, walks * 2 * groups.sets.len() as u64 * WIDTH as u64);
    let batches = 0..walks.div_ceil(parts);
    let all: Result<Vec<Vec<_>>, Error> = pool.install(|| batches.into_par_iter().map(one).collect());
    watch.end();
    Ok(all?.into_iter().flatten().collect())
}

/// Writes the table and the page of what was found to a folder of their own.
///
/// # Errors
/// If something is in it, or a file cannot be written.
pub fn write_indices(report: &IndicesReport, folder: &Path) -> Result<(), Error> {
    own_folder(folder)?;
    for (name, text) in [("indices.csv", report.to_table().text), ("indices.html", report.page())] {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| FolderError::Io { path, error })?;
    }
    Ok(())
}
