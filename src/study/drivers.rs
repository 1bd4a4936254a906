//! What drives the headline: a gatherer that estimates each uncertain input's index for the headline's cells during a run.

use super::gather::Gatherer;
use super::kept::Kept;
use super::simulation::Simulation;
use crate::analysis::Sensitivity;
use crate::engine::run::Round;
use crate::metrics::{ActorKind, Metric, headline};
use crate::plan::{Driver, Plan};
use crate::results::table::TableText;
use crate::results::tables::{self, DriverRow};
use crate::results::{Cell, FolderError, StateReader, StateWriter};
use std::path::Path;

/// At most so many cells have their drivers listed.
const CELLS: usize = 20;
/// Probability that any input of a cell scores above the noise floor by chance, were none of influence.
const CHANCE: f64 = 0.05;

/// Indices of the headline's cells, being gathered.
#[derive(Debug)]
pub(super) struct Drivers {
    /// Which of the plans simulated side by side it looks at.
    place: usize,
    policy: String,
    sensitivity: Sensitivity,
    /// Where each cell in order of the table stands among the watched ones, its address and its unit.
    cells: Vec<(usize, String, String)>,
}

impl Gatherer for Drivers {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        let round = &rounds[self.place];
        self.sensitivity.absorb(&round.ranks, &round.watched, &round.masks);
        Ok(())
    }
}

impl Kept for Drivers {
    fn start(&mut self, leaf: u64) {
        self.sensitivity.start(leaf);
    }

    fn save(&mut self, state: &mut StateWriter) -> Result<(), FolderError> {
        state.put(&self.sensitivity)
    }

    fn load(&mut self, state: &mut StateReader, _: Option<&Path>) -> Result<(), FolderError> {
        let kept = state.take()?;
        state.fits(self.sensitivity.append(kept))
    }
}

impl Drivers {
    /// The table that they are written to.
    pub(super) const FILE: &'static str = "drivers.csv";

    /// Has the simulation watch the headline's cells.
    pub(super) fn watch(simulation: &mut Simulation) {
        let mut watched = headline_cells(simulation);
        watched.sort_unstable();
        simulation.recording.watched = watched;
    }

    /// New ones for the headline's cells, which the simulation watches.
    pub(super) fn new(simulation: &Simulation) -> Self {
        let watched = &simulation.recording.watched;
        let place =
            |cell: &(usize, usize)| watched.binary_search(cell).expect("the headline's cells are watched");
        let address = |&(t, s): &(usize, usize)| {
            let series = &simulation.recording.series[s];
            let (actor, metric) = (series.actor.clone(), series.name().to_owned());
            let unit = series.unit.clone();
            let cell = Cell { actor, metric, unit, quarter: simulation.quarter(t) };
            (cell.address(), cell.unit)
        };
        let row = |c: &(usize, usize)| {
            let (address, unit) = address(c);
            (place(c), address, unit)
        };
        let cells = headline_cells(simulation).iter().map(row).collect();
        let inputs = simulation.plan.drivers().len();
        let sensitivity = Sensitivity::new(inputs, watched.len(), simulation.request.sampling.draws);
        Self { place: 0, policy: simulation.policy(), sensitivity, cells }
    }

    /// The table: for each cell, inputs from the one that explains most to the one that explains least.
    pub(super) fn table(&self, plan: &Plan) -> TableText {
        TableText::of(&tables::drivers(), self.rows(plan))
    }

    pub(super) fn rows(&self, plan: &Plan) -> Vec<DriverRow<'_>> {
        let drivers = plan.drivers();
        let found = self.sensitivity.finish(CHANCE);
        let mut rows = Vec::new();
        for (place, cell, unit) in &self.cells {
            let Some(of_cell) = &found[*place] else { continue };
            let mut order: Vec<usize> = (0..drivers.len()).collect();
            order.sort_by(|&a, &b| of_cell.indices[b].total_cmp(&of_cell.indices[a]).then(a.cmp(&b)));
            rows.extend(order.iter().enumerate().map(|(rank, &i)| DriverRow {
                policy: &self.policy,
                cell,
                path: plan.driver_path(drivers[i]),
                index: of_cell.indices[i],
                noise_floor: of_cell.noise_floor[i],
                rank: rank + 1,
                grade: grade(plan, drivers[i]),
                scale: of_cell.scale.name(),
                unit,
                ends: of_cell.ends[i].map(|end| end.map(|end| (end.mean, end.error))),
            }));
        }
        rows
    }
}

fn grade(plan: &Plan, driver: Driver) -> &'static str {
    let Driver::Quantity(q) = driver else { return "" };
    plan.model.quantities[q].provenance.grade.map_or("", crate::model::Grade::name)
}

/// Cells of the headline, as (quarter, series): each actor's reachable compute, then ratios, by the latest year end shown
/// first as far as there is room; in order of actors, then quarters.
fn headline_cells(simulation: &Simulation) -> Vec<(usize, usize)> {
    let model = &simulation.plan.model;
    let actors = headline::actors(model);
    let ratios = headline::of_kind(model, ActorKind::Ratio);
    let find = |(actor, metric): (&String, Metric)| simulation.recording.find(actor, metric.name());
    let series: Vec<usize> = (actors.iter().map(|a| (a, Metric::ReachableFlop)))
        .chain(ratios.iter().map(|r| (r, Metric::Ratio)))
        .filter_map(find)
        .collect();
    let shown = headline::quarters(model.run.horizon);
    let mut places: Vec<(usize, usize)> = Vec::new();
    // Ratios are few and named on purpose: in each quarter they come first.
    let first = series.len() - ratios.len().min(series.len());
    for &t in shown.iter().rev() {
        places.extend((first..series.len()).chain(0..first).map(|i| (i, t)));
    }
    places.truncate(CELLS);
    places.sort_unstable();
    places.into_iter().map(|(i, t)| (t, series[i])).collect()
}
