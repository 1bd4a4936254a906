//! Chokepoint: a simulator of the geopolitics of AI compute.
//!
//! How much training compute can each actor reach, by when, with what probability, under which policy, and which link of
//! the chain stops it from reaching more? Countries, toolmakers, fabs, memory and packaging lines, chip designers, clouds and
//! AI labs are simulated quarter by quarter under export controls, smuggling and supply shocks.
//!
//! # The data's journey
//!
//! | step | becomes | module |
//! | --- | --- | --- |
//! | text on disk, plus the edits of a policy | [`scenario::Document`] (as written, with places) | [`scenario`] |
//! | names resolved, units normalised, every error found | [`model::Model`] | [`model`] |
//! | who supplies whom | [`network::Network`] | [`network`] |
//! | flat lists, rules tabled, streams ready | [`plan::Plan`] | [`plan`] |
//! | what is measured, and which cells are recorded | [`metrics::Recording`] | [`metrics`] |
//! | uniforms by address | [`inputs::Inputs`] | [`inputs`], [`random`] |
//! | quarters, eight draws at once | [`engine::Batch`] | [`engine`] |
//! | distributions and tables | [`results::Summary`] and files | [`results`] |
//! | comparisons, indices, scores | [`analysis`] findings | [`analysis`] |
//! | words for people | [`report::Headline`], [`report::Story`] | [`report`] |
//!
//! An import goes up this list only: `math` and `random` under all, then `scenario`, `model`, `network`, `results`, `inputs`, `rules`,
//! `plan`, `metrics`, `engine`, `analysis`, `report`, and the command line above them.
//!
//! # A run in a page
//!
//! ```
//! use chokepoint::engine::{Batch, ledger::Ledger};
//! use chokepoint::model::Model;
//! use chokepoint::network::Network;
//! use chokepoint::plan::Plan;
//! use chokepoint::random::{Design, Sampler};
//! use chokepoint::scenario::{self, Diagnostics, Sources};
//!
//! let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
//! let document = scenario::load("scenarios/tutorial".as_ref(), &mut sources, &mut diagnostics).expect("a document");
//! let model = Model::from_document(&document, &sources, &mut diagnostics).expect("a model");
//!
//! let network = Network::from_model(&model);
//! let design = Design { seed: 1, sampler: Sampler::Sobol };
//! let plan = Plan::new(model, &network, &design).expect("a plan");
//!
//! let mut batch = Batch::new(&plan);
//! let mut ledger = Ledger::new(&plan);
//! batch.simulate(&plan, 0, &mut ledger); // draws 0 to 7
//! assert_eq!(ledger.broken(), None);
//! let first_lab = batch.outputs.training.reachable[0]; // [FLOP] at the horizon's end, one lane a draw
//! assert!(first_lab.0.iter().all(|flop| *flop > 1e26));
//! ```

pub mod analysis;
pub mod engine;
pub mod inputs;
pub mod math;
pub mod metrics;
pub mod model;
pub mod network;
pub mod plan;
pub mod random;
pub mod report;
pub mod results;
pub mod rules;
pub mod scenario;
pub mod study;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
