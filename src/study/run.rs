//! `run`: simulate, summarise, export, print.

use super::Failure;
use super::arguments::RunArguments;
use super::distributions::Distributions;
use super::drivers::Drivers;
use super::precision::{Stopping, interval};
use super::run_folder::RunFolder;
use super::session::{draws_fans, print};
use super::simulation::{Simulation, failed};
use crate::network::Network;
use crate::report::{GraphFormat, Headline, HeadlineRow, SupplyGraph, Table};
use crate::results::Statistics;

/// The supply graph, for whoever draws it.
const GRAPH: &str = "graph.json";

pub(super) fn run(arguments: &RunArguments) -> Result<(), Failure> {
    let stopping = Stopping::new(&arguments.precision, arguments.simulating.simulation.draws)?;
    let mut simulation = Simulation::open(&arguments.scenario, &arguments.simulating)?;
    let mut drivers = Drivers::new(&mut simulation);
    let files = [Distributions::FILES.as_slice(), &[Drivers::FILE, GRAPH]].concat();
    let cell = stopping.cell(&simulation)?;
    simulation.settings = arguments.precision.settings();
    let Some(mut folder) = RunFolder::open(&simulation, &files)? else { return Ok(()) };
    let mut distributions = Distributions::new(&simulation, &mut folder)?;
    let (draws, seconds) = stopping.run(&simulation, |range| {
        let seconds = simulation.work_on(&[], range, &mut [&mut distributions, &mut drivers])?;
        let known = stopping.wanted.as_ref().zip(cell).map(|(wanted, cell)| {
            let statistic = distributions.statistic(cell);
            let found = interval(&statistic, wanted.statistic, simulation.is_independent());
            (found, found.value)
        });
        Ok((seconds, known))
    })?;
    folder.manifest.draws = draws;
    simulation.check_used(distributions.used)?;
    let statistics = distributions.statistics();
    distributions.write(&simulation, &statistics, &mut folder).map_err(failed)?;
    drivers.write(&simulation, &mut folder).map_err(failed)?;
    let graph = SupplyGraph::new(&simulation.plan, &Network::from_model(&simulation.plan.model));
    folder.text(GRAPH, &graph.render(GraphFormat::Json)).map_err(failed)?;
    let path = folder.path.clone();
    let used = distributions.used;
    let headline = headline(&simulation, &distributions, &statistics);
    // The page is made from the tables: what they were made from makes room for it.
    drop((distributions, statistics));
    let manifest = folder.finish(used, seconds).map_err(failed)?;
    let layout = simulation.layout();
    print(&if layout == Table::Text && draws_fans() {
        headline.with_fans()
    } else {
        headline.render(layout)
    })?;
    if !arguments.simulating.quiet {
        tell!(
            "\n{} draws in {seconds:.1} s ({:.0} draws/s); tables in {}",
            manifest.draws,
            manifest.draws_per_second,
            path.display()
        );
    }
    Ok(())
}

/// Actors of the headline, at the horizon's end and two earlier year ends.
fn headline(
    simulation: &Simulation<'_>,
    distributions: &Distributions,
    statistics: &[Statistics],
) -> Headline {
    let (plan, recording) = (&simulation.plan, &simulation.recording);
    let shown = simulation.headline_quarters();
    let find = |actor: &str, metric: &str, t: usize| {
        let quarter = simulation.quarter(t);
        let is = |c: &crate::results::Cell| c.actor == actor && c.metric == metric && c.quarter == quarter;
        recording.names.iter().position(is).map(|i| statistics[i])
    };
    let levels = distributions.thresholds.levels();
    let mut rows = Vec::new();
    for actor in simulation.headline_actors() {
        for &t in &shown {
            let Some(reachable) = find(&actor, "reachable_flop", t) else { continue };
            let series = recording.tracked.iter().position(|&s| {
                let series = &recording.series[s];
                series.actor == actor && series.metric == "reachable_flop"
            });
            let reached = series.map_or_else(Vec::new, |i| {
                (0..levels.len())
                    .map(|l| (levels[l], distributions.thresholds.probability(i, t, l).0))
                    .collect()
            });
            rows.push(HeadlineRow {
                actor: actor.clone(),
                quarter: simulation.quarter(t).to_string(),
                reachable,
                run: find(&actor, "run_flop", t),
                reached,
                bound_by: distributions.bound_by(plan, &actor, t),
            });
        }
    }
    Headline { title: plan.model.title.clone(), rows, draws: distributions.used }
}
