//! What drives the headline: a gatherer that estimates each uncertain input's index for the headline's cells during a run.

use super::run_folder::RunFolder;
use super::simulation::Simulation;
use super::work::Gatherer;
use crate::analysis::Sensitivity;
use crate::engine::run::Round;
use crate::plan::{Driver, Plan};
use crate::results::tables::{self, DriverRow};
use crate::results::{Cell, FolderError};

/// At most so many cells have their drivers listed.
const CELLS: usize = 20;
/// Probability that any input of a cell scores above the noise floor by chance, were none of influence.
const CHANCE: f64 = 0.05;

/// Indices of the headline's cells, being gathered.
pub(super) struct Drivers {
    /// Which of the plans simulated side by side it looks at.
    pub(super) place: usize,
    sensitivity: Sensitivity,
    /// Where each cell in order of the table stands among the watched ones, and its address.
    cells: Vec<(usize, String)>,
}

impl Gatherer for Drivers {
    fn absorb(&mut self, rounds: &[Round]) -> Result<(), FolderError> {
        let round = &rounds[self.place];
        self.sensitivity.absorb(&round.ranks, &round.watched, &round.masks);
        Ok(())
    }
}

impl Drivers {
    /// The table that they are written to.
    pub(super) const FILE: &'static str = "drivers.csv";

    /// Has the simulation watch the headline's cells, and makes room for their drivers.
    pub(super) fn new(simulation: &mut Simulation<'_>) -> Self {
        let cells = headline_cells(simulation);
        let mut watched = cells.clone();
        watched.sort_unstable();
        let place = |cell: &(usize, usize)| watched.binary_search(cell).unwrap_or_default();
        let address = |&(t, s): &(usize, usize)| {
            let series = &simulation.recording.series[s];
            let (actor, metric) = (series.actor.clone(), series.metric.clone());
            Cell { actor, metric, unit: series.unit.clone(), quarter: simulation.quarter(t) }.address()
        };
        let cells = cells.iter().map(|c| (place(c), address(c))).collect();
        let inputs = simulation.plan.drivers().len();
        let sensitivity = Sensitivity::new(inputs, watched.len(), simulation.arguments.simulation.draws);
        simulation.recording.watched = watched;
        Self { place: 0, sensitivity, cells }
    }

    /// Writes the table: for each cell, inputs from the one that explains most to the one that explains least.
    pub(super) fn write(
        &self,
        simulation: &Simulation<'_>,
        folder: &mut RunFolder,
    ) -> Result<(), FolderError> {
        let rows = tables::drivers(&simulation.policy(), &self.rows(&simulation.plan));
        folder.table(Self::FILE, "What drives the headline's cells", &tables::DRIVERS, &rows)
    }

    fn rows(&self, plan: &Plan) -> Vec<DriverRow> {
        let drivers = plan.drivers();
        let found = self.sensitivity.finish(CHANCE);
        let mut rows = Vec::new();
        for (place, cell) in &self.cells {
            let Some(of_cell) = &found[*place] else { continue };
            let mut order: Vec<usize> = (0..drivers.len()).collect();
            order.sort_by(|&a, &b| of_cell.indices[b].total_cmp(&of_cell.indices[a]).then(a.cmp(&b)));
            rows.extend(order.iter().enumerate().map(|(rank, &i)| DriverRow {
                cell: cell.clone(),
                path: plan.driver_path(drivers[i]),
                index: of_cell.indices[i],
                noise_floor: of_cell.noise_floor[i],
                rank: rank + 1,
                grade: grade(plan, drivers[i]),
                scale: of_cell.scale.name(),
            }));
        }
        rows
    }
}

fn grade(plan: &Plan, driver: Driver) -> &'static str {
    let Driver::Quantity(q) = driver else { return "" };
    plan.model.quantities[q.0 as usize].provenance.grade.map_or("", crate::model::Grade::name)
}

/// Cells of the headline, as (quarter, series): each actor's reachable compute, then ratios, by the latest year end shown
/// first as far as there is room; in order of actors, then quarters.
fn headline_cells(simulation: &Simulation<'_>) -> Vec<(usize, usize)> {
    let actors = simulation.headline_actors();
    let ratios: Vec<String> =
        simulation.plan.model.ratios.iter().map(|r| format!("ratio.{}", r.id)).collect();
    let find = |(actor, metric): (&String, &str)| simulation.recording.find(actor, metric);
    let series: Vec<usize> = (actors.iter().map(|a| (a, "reachable_flop")))
        .chain(ratios.iter().map(|r| (r, "ratio")))
        .filter_map(find)
        .collect();
    let shown = simulation.headline_quarters();
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
