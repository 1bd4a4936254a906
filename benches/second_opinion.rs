//! The engine beside the second program of `tests/suite/reference`, on one thread: draws/s of both, bare and with all default cells
//! noted, the ratio, and nanoseconds for each active sale edge, quarter and draw.
//!
//! `cargo bench --bench second_opinion [-- SCENARIO]`. The rival walks the model's graph one draw at a time in plain numbers: what a
//! draw does not change is prepared once, state is used again, nothing is looked up by name or allocated in a draw. Both have the same
//! model, draws, cells and compiler flags. Passes alternate, and the fastest of each counts.
//! `-- SCENARIO bare|noted [PASSES]` runs the rival alone, for a profiler.

#![allow(missing_docs, clippy::type_complexity, clippy::too_many_lines)] // the second program follows its page

mod measure;
#[path = "../tests/suite/reference/mod.rs"]
mod reference;

use chokepoint::internals::engine::Batch;
use chokepoint::internals::engine::record::Recorder;
use chokepoint::internals::math::wide::WIDTH;
use chokepoint::internals::metrics::Recording;
use chokepoint::internals::model::Model;
use chokepoint::internals::network::Network;
use chokepoint::internals::plan::Plan;
use chokepoint::internals::random::{Design, Sampler};
use chokepoint::study::{Project, ScenarioRequest};
use measure::{Count, timed};
use reference::{Cells, Draw, Series, World};
use std::collections::BTreeSet;

/// Passes of each, of which the fastest counts.
const PASSES: usize = 9;

fn model(path: &str) -> Model {
    Project::open(&ScenarioRequest::new(path)).expect("a scenario").model
}

fn main() {
    let mut words = std::env::args().skip(1).filter(|a| !a.starts_with('-'));
    let path = words.next();
    if let (Some(path), Some(what)) = (&path, words.next()) {
        let passes = words.next().and_then(|n| n.parse().ok()).unwrap_or(32);
        return Subject::new(path).alone(what == "noted", passes);
    }
    let paths = path.map_or_else(
        || vec![("scenarios/tutorial".to_owned(), 16_384), ("scenarios/baseline".to_owned(), 256)],
        |path| vec![(path, 256)],
    );
    for (path, draws) in paths {
        Subject::new(&path).compare(&path, draws);
    }
}

/// A scenario, ready for both.
struct Subject {
    model: Model,
    network: Network,
    plan: Plan,
    recording: Recording,
}

const DESIGN: Design = Design { seed: 1, sampler: Sampler::Sobol };

impl Subject {
    fn new(path: &str) -> Self {
        let model = model(path);
        let network = Network::from_model(&model);
        let plan = Plan::new(model.clone(), &network, &DESIGN).expect("a plan");
        let recording = Recording::new(&plan, &[]).expect("cells");
        Self { model, network, plan, recording }
    }

    /// The rival's world, without cells or with the default ones.
    fn world(&self, noted: bool) -> World<'_> {
        let cells: BTreeSet<(usize, &str, &str)> = (self.recording.names.iter().zip(&self.recording.cells))
            .map(|(name, cell)| (cell.0, name.actor.as_str(), name.metric.as_str()))
            .collect();
        let default = |t: usize, s: &Series| cells.contains(&(t, s.actor.as_str(), s.metric.as_str()));
        let cells = if noted { Cells::Of(&default) } else { Cells::None };
        World::new(&self.model, &self.network, &DESIGN, &cells)
    }

    fn compare(&self, path: &str, draws: u64) {
        let plan = &self.plan;
        let worlds = [false, true].map(|noted| self.world(noted));
        let mut rivals = worlds.each_ref().map(Draw::new);
        let mut batch = Batch::new(plan);
        let mut recorder = Recorder::new(plan, &self.recording, &[]);
        let mut count = Count::default();
        let batches = draws / WIDTH as u64;
        (0..batches).for_each(|b| batch.simulate(plan, b, &mut count));
        rivals[1].simulate(0);
        assert_eq!(rivals[1].cells.len(), self.recording.cells.len(), "both note the same cells");
        let mut least = [f64::INFINITY; 4];
        for _ in 0..PASSES {
            let mut pass = |i: usize, seconds: f64| least[i] = least[i].min(seconds);
            pass(0, timed(|| (0..draws).for_each(|d| rivals[0].simulate(d))));
            pass(1, timed(|| (0..batches).for_each(|b| batch.simulate(plan, b, &mut ()))));
            pass(2, timed(|| (0..draws).for_each(|d| rivals[1].simulate(d))));
            pass(3, timed(|| (0..batches).for_each(|b| batch.simulate(plan, b, &mut recorder))));
        }
        let (draws, active) = (draws as f64, count.0 as f64);
        println!(
            "{path}: {} sale edges, {} quarters, {:.0} active sale edges a draw over quarters, {} cells; {draws} draws a pass, \
             the fastest of {PASSES}",
            plan.edges.sales.len(),
            plan.quarters,
            active / draws,
            self.recording.cells.len()
        );
        for (what, i) in [("bare", 0), ("default cells noted", 2)] {
            let [rival, engine] = [least[i], least[i + 1]];
            println!(
                "  {what:20} rival {:8.0} draws/s {:7.1} ns   engine {:8.0} draws/s {:7.1} ns   ratio {:6.2}",
                draws / rival,
                rival / active * 1e9,
                draws / engine,
                engine / active * 1e9,
                rival / engine
            );
        }
        println!();
    }

    /// The rival alone, for some passes.
    fn alone(&self, noted: bool, passes: usize) {
        let world = self.world(noted);
        let mut draw = Draw::new(&world);
        let pass = |_| timed(|| (0..256).for_each(|d| draw.simulate(d)));
        let least = (0..passes).map(pass).fold(f64::INFINITY, f64::min);
        println!("{:.0} draws/s", 256.0 / least);
    }
}
