//! The engine beside the second program of `tests/reference`, on one thread and the same draws: prints draws/s of both and the ratio.
//!
//! The second program is written to be read beside its page: one draw at a time, maps by name, rules looked up sale by sale.
//! So the ratio says what tables of rules, flat lists and lanes gain over a plain program, not over the fastest scalar one.

#![allow(missing_docs, clippy::type_complexity, clippy::too_many_lines)] // the second program follows its page

#[path = "../tests/reference/mod.rs"]
mod reference;

use chokepoint::engine::Batch;
use chokepoint::model::Model;
use chokepoint::network::Network;
use chokepoint::plan::Plan;
use chokepoint::random::{Design, Sampler};
use chokepoint::scenario::{self, Diagnostics, Sources};
use std::time::Instant;

/// Draws of the engine and of the second program.
const DRAWS: [u64; 2] = [256, 8];

fn model(path: &str) -> Model {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let document = scenario::load(path.as_ref(), &mut sources, &mut diagnostics).expect("a document");
    Model::from_document(&document, &sources, &mut diagnostics).expect("a model")
}

fn main() {
    println!("{:24} {:>12} {:>12} {:>8}", "scenario", "engine", "reference", "ratio");
    for path in ["scenarios/tutorial", "scenarios/baseline"] {
        let model = model(path);
        let design = Design { seed: 1, sampler: Sampler::Sobol };
        let plan = Plan::new(model.clone(), &Network::from_model(&model), &design).expect("a plan");
        let mut batch = Batch::new(&plan);
        batch.simulate(&plan, 0, &mut ());
        let since = Instant::now();
        for b in 0..DRAWS[0] / 8 {
            batch.simulate(&plan, b, &mut ());
        }
        let engine = DRAWS[0] as f64 / since.elapsed().as_secs_f64();
        let since = Instant::now();
        let noted: usize = (0..DRAWS[1]).map(|draw| reference::simulate(&model, &design, draw).len()).sum();
        let rival = DRAWS[1] as f64 / since.elapsed().as_secs_f64();
        assert!(noted > 0);
        println!("{path:24} {engine:>8.0} d/s {rival:>8.1} d/s {:>8.0}", engine / rival);
    }
}
