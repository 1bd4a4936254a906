//! One scenario, simulated and summarised.

use super::distributions::Distributions;
use super::drivers::Drivers;
use super::error::Error;
use super::folder::{RunFolder, Took, Written, free_aside};
use super::kept::{Gathered, Kept};
use super::long::{Found, ManyDraws, Steps, answers};
use super::request::{Destination, RunRequest};
use super::rounds::Rounds;
use super::simulation::Simulation;
use super::stopping::{Stopping, interval};
use super::watch::Watch;
use crate::metrics::{Metric, headline};
use crate::network::Network;
use crate::report::{GraphFormat, Headline, HeadlineRow, OutputFormat, SupplyGraph};
use crate::results::table::TableText;
use crate::results::tables::DriverRow;
use crate::results::{Cell, Interval, Statistics};

/// The supply graph, for whoever draws it.
const GRAPH: &str = "graph.json";

/// A run, opened: the scenario is read, checked and laid out.
#[derive(Debug)]
pub struct Run {
    /// What is simulated.
    pub simulation: Simulation,
    stopping: Stopping,
    /// The recorded cell that the precision is about.
    cell: Option<usize>,
}

/// What a run has found.
pub struct RunResults<'a> {
    run: &'a Run,
    rounds: Rounds,
    distributions: Distributions,
    statistics: Vec<Statistics>,
    drivers: Drivers,
    /// What it took.
    pub took: Took,
}

impl Run {
    /// Reads and checks all that is asked.
    ///
    /// # Errors
    /// If the request cannot be read, or the scenario has errors.
    pub fn open(request: &RunRequest, watch: &dyn Watch) -> Result<Self, Error> {
        let stopping = Stopping::new(&request.precision, request.simulation.sampling.draws)?;
        let mut simulation = Simulation::open(&request.scenario, &request.simulation, watch)?;
        Drivers::watch(&mut simulation);
        let cell = stopping.cell(&simulation)?;
        simulation.settings = request.precision.settings();
        Ok(Self { simulation, stopping, cell })
    }

    /// Takes the folder that the run is to be written to; none if it is there already, complete.
    ///
    /// # Errors
    /// If the folder cannot be written, is in use, or holds another run.
    pub fn folder(&self, to: &Destination, watch: &dyn Watch) -> Result<Option<RunFolder>, Error> {
        self.open_folder(to, watch)
    }

    /// Simulates all draws; tables with a row a draw go to the folder as they come.
    ///
    /// # Errors
    /// If it is stopped, an audited draw does not add up, no draw counts, or such a table cannot be written.
    pub fn simulate(
        &self,
        folder: Option<&mut RunFolder>,
        watch: &dyn Watch,
    ) -> Result<RunResults<'_>, Error> {
        self.find(folder, watch)
    }
}

impl RunResults<'_> {
    /// Cells that are summarised, in order.
    pub fn cells(&self) -> &[Cell] {
        &self.run.simulation.recording.names
    }

    /// Their statistics, in the same order, each in its cell's unit.
    pub fn statistics(&self) -> &[Statistics] {
        &self.statistics
    }

    /// The statistics of a cell, by its address `actor/metric@quarter`.
    pub fn statistic(&self, cell: &str) -> Option<&Statistics> {
        let place = self.cells().iter().position(|c| c.address() == cell)?;
        self.statistics.get(place)
    }

    /// For each cell of the headline, uncertain inputs from the one that explains most to the one that explains least.
    pub fn drivers(&self) -> Vec<DriverRow<'_>> {
        self.drivers.rows(&self.run.simulation.plan)
    }

    /// The headline: what its actors can train, when, and what binds them.
    pub fn headline(&self) -> Headline {
        Headline {
            made: self.took.draws,
            ..headline(&self.run.simulation, &self.distributions, &self.statistics)
        }
    }

    /// All tables, as they stand in a run's folder.
    pub fn tables(&self) -> Vec<TableText> {
        let simulation = &self.run.simulation;
        let (mut all, yearly) = self.distributions.tables(simulation, &self.statistics);
        all.extend([self.drivers.table(&simulation.plan), self.rounds.table(), yearly]);
        all
    }

    /// Writes all tables, the page, the data package and the manifest.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(self, mut folder: RunFolder) -> Result<Written, Error> {
        let answers = answers(&self);
        let Self { run, rounds, mut distributions, statistics, drivers, took } = self;
        let simulation = &run.simulation;
        distributions.write(simulation, &statistics, &mut folder)?;
        folder.table(drivers.table(&simulation.plan))?;
        folder.table(rounds.table())?;
        let graph = SupplyGraph::new(&simulation.plan, &Network::from_model(&simulation.plan.model));
        folder.text(GRAPH, &graph.render(GraphFormat::Json))?;
        // The page is made from the tables: what they were made from makes room for it.
        free_aside((distributions, statistics, drivers));
        folder.finish(took, &answers)
    }
}

/// Gatherers of a run.
pub(super) struct RunDraws {
    rounds: Rounds,
    distributions: Distributions,
    drivers: Drivers,
}

impl Gathered for RunDraws {
    fn all(&mut self) -> Vec<&mut dyn Kept> {
        vec![&mut self.rounds, &mut self.distributions, &mut self.drivers]
    }

    fn used(&self) -> u64 {
        self.distributions.used
    }
}

impl ManyDraws for Run {
    type Gathered<'a> = RunDraws;
    type Found<'a> = RunResults<'a>;

    fn base(&self) -> &Simulation {
        &self.simulation
    }

    fn stopping(&self) -> Option<&Stopping> {
        Some(&self.stopping)
    }

    fn files(&self) -> Vec<&'static str> {
        [Distributions::FILES.as_slice(), &[Drivers::FILE, GRAPH]].concat()
    }

    fn gather(&self, folder: Option<&mut RunFolder>) -> Result<RunDraws, Error> {
        let simulation = &self.simulation;
        let (rounds, drivers) = (Rounds::default(), Drivers::new(simulation));
        Ok(RunDraws { rounds, distributions: Distributions::new(simulation, folder)?, drivers })
    }

    fn known(&self, gathered: &RunDraws) -> Option<(Interval, f64)> {
        let (wanted, cell) = self.stopping.wanted.as_ref().zip(self.cell)?;
        let statistic = gathered.distributions.statistic(cell);
        let found = interval(&statistic, wanted.statistic, self.simulation.is_independent());
        Some((found, found.value))
    }

    fn conclude(&self, gathered: RunDraws, took: Took) -> Result<RunResults<'_>, Error> {
        let RunDraws { rounds, distributions, drivers } = gathered;
        let statistics = distributions.statistics();
        Ok(RunResults { run: self, rounds, distributions, statistics, drivers, took })
    }
}

impl Found for RunResults<'_> {
    fn answer(&self, format: OutputFormat) -> String {
        self.headline().render(format)
    }

    fn answer_table(&self) -> TableText {
        self.headline().to_table()
    }

    fn all_tables(&self) -> Vec<TableText> {
        self.tables()
    }

    fn took(&self) -> Took {
        self.took
    }

    fn store(self, folder: RunFolder) -> Result<Written, Error> {
        self.write(folder)
    }
}

/// Actors of the headline, at the horizon's end and two earlier year ends.
fn headline(simulation: &Simulation, distributions: &Distributions, statistics: &[Statistics]) -> Headline {
    let (plan, recording) = (&simulation.plan, &simulation.recording);
    let shown = headline::quarters(plan.model.run.horizon);
    let find = |actor: &str, metric: Metric, t: usize| {
        let quarter = simulation.quarter(t);
        let is =
            |c: &crate::results::Cell| c.actor == actor && c.metric == metric.name() && c.quarter == quarter;
        recording.names.iter().position(is).map(|i| statistics[i])
    };
    let levels = distributions.thresholds.levels();
    let mut rows = Vec::new();
    for actor in headline::actors(&plan.model) {
        for &t in &shown {
            let Some(reachable) = find(&actor, Metric::ReachableFlop, t) else { continue };
            let series = recording
                .tracked
                .iter()
                .position(|&s| recording.series[s].is(&actor, Metric::ReachableFlop.name()));
            let reached = series.map_or_else(Vec::new, |i| {
                (0..levels.len())
                    .map(|l| (levels[l], distributions.thresholds.probability(i, t, l).0))
                    .collect()
            });
            rows.push(HeadlineRow {
                actor: actor.clone(),
                name: plan.model.title_of(&actor),
                quarter: simulation.quarter(t).to_string(),
                reachable,
                run: find(&actor, Metric::RunFlop, t),
                reached,
                bound_by: distributions.bound_by(plan, &actor, t),
            });
        }
    }
    let asked = !simulation.request.select.is_empty();
    let cells = recording.names.iter().cloned().zip(statistics.iter().copied());
    Headline {
        title: simulation.title(),
        scenario: simulation.project.name.clone(),
        policy: simulation.about(),
        given: simulation.request.given.clone(),
        rows,
        draws: distributions.used,
        made: distributions.used,
        selected: cells.filter(|_| asked).collect(),
    }
}
