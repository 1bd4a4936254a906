//! Chokepoint: a simulator of the geopolitics of AI compute.
//!
//! How much training compute can each actor reach, by when, with what probability, under which policy, and which link of
//! the chain stops it from reaching more? Countries, toolmakers, fabs, memory and packaging lines, chip designers, clouds and
//! AI labs are simulated quarter by quarter under export controls, smuggling and supply shocks.
//!
//! # A study in ten lines
//!
//! ```
//! use chokepoint::study::{Run, RunRequest};
//!
//! # fn main() -> Result<(), chokepoint::study::Error> {
//! let mut request = RunRequest::new("scenarios/tutorial");
//! request.simulation.sampling.draws = 64;
//! let run = Run::open(&request, &())?; // read, checked, laid out
//! let results = run.simulate(None, &())?; // in memory: no folder is written
//! for (cell, statistics) in results.cells().iter().zip(results.statistics()) {
//!     println!("{}: {:e} {}", cell.address(), statistics.quantiles.p50, cell.unit);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`study`] has what a person asks for: runs, comparisons of policies, sweeps, hindcasts, stories of single draws.
//!
//! # The data's journey
//!
//! | step | becomes | in the source |
//! | --- | --- | --- |
//! | text on disk, plus the edits of a policy | [`Document`] (as written, with places) | `scenario` |
//! | names resolved, units normalised, every error found | [`Model`] | `model` |
//! | who supplies whom | [`Network`] | `network` |
//! | flat lists, rules tabled, streams ready | [`Plan`] | `plan`, `rules` |
//! | what is measured, and which cells are recorded | [`Recording`] | `metrics` |
//! | uniforms by address | the inputs of a [`Batch`] | `inputs`, `random` |
//! | quarters, sixteen draws at once | [`Batch`] | `engine` |
//! | distributions and tables | [`Statistics`], [`TableText`] and files | `results` |
//! | comparisons, indices, scores | [`Paired`] and other findings | `analysis` |
//! | words for people | [`Headline`], [`Verdict`], [`Story`] | `report` |
//! | what a person asks for, from a scenario to a folder | [`study::Run`] and its like | `study` |
//! | arguments in, words out | the command | `cli` |
//!
//! An import in the source goes up this list only: `math`, `scenario`, `random`, `model`, `network`, `results`, `analysis`, `inputs`,
//! `rules`, `plan`, `metrics`, `engine`, `report`, `study`, `cli`.
//!
//! # Draw by draw
//!
//! ```
//! use chokepoint::study::{Project, Sampling, ScenarioRequest};
//! use chokepoint::{Batch, Ledger};
//!
//! # fn main() -> Result<(), chokepoint::study::Error> {
//! let project = Project::open(&ScenarioRequest::new("scenarios/tutorial"))?;
//! let plan = project.plan(&Sampling::default())?;
//!
//! let mut batch = Batch::new(&plan);
//! let mut ledger = Ledger::new(&plan);
//! batch.simulate(&plan, 0, &mut ledger); // draws 0 to 15
//! assert_eq!(ledger.broken(), None);
//! let first_lab = batch.outputs.training.reachable[0]; // in FLOP at the horizon's end, one lane a draw
//! assert!(first_lab.0.iter().all(|flop| *flop > 1e26));
//! # Ok(())
//! # }
//! ```

mod analysis;
mod engine;
mod inputs;
mod math;
mod metrics;
mod model;
mod network;
mod plan;
mod random;
mod report;
mod results;
mod rules;
mod scenario;

#[cfg(feature = "cli")]
pub mod cli;
pub mod study;

pub use analysis::{
    BadGoal, CellDrivers, Dominance, Effect, Objective, Paired, Precision, Sense, Sensitivity, Standing,
    Statistic, Target,
};
pub use engine::ledger::{Broken, Ledger};
pub use engine::record::{NotFinite, Recorder};
pub use engine::run::Round;
pub use engine::trace::Trace;
pub use engine::{Batch, Intervention, Observer, Outputs, State, Step};
pub use inputs::LayoutError;
pub use math::{Lanes, Mask, WIDTH, wide};
pub use metrics::{ActorKind, Metric, Recording, SelectError, Series};
pub use model::time::{Date, Horizon, Quarter};
pub use model::{Grade, Model, Provenance, Quantity, QuantityId, Shape, Shown, schema};
pub use network::{Network, Node};
pub use plan::Plan;
pub use random::{Design, Distribution, Sampler};
pub use report::{
    Difference, GraphFormat, Headline, HeadlineRow, OutputFormat, Ranked, Ranking, RankingRow, Scoreboard,
    Story, SupplyGraph, Swept, Verdict, Worlds, metrics_table, quantities, quantities_table, rule_changes,
    rule_changes_table, rule_list, rule_list_table,
};
pub use results::table::{Field, Kind, Schema, TableText};
pub use results::{
    Cell, ExportFormat, FolderError, Interval, Manifest, PastRun, PastRunError, Quantiles, RunReader,
    SourceFile, Statistics,
};
pub use rules::{Change as RuleChange, Listed, RuledFlow, Said};
pub use scenario::import::{ImportError, SupplyChain, read_eto};
pub use scenario::{Diagnostic, Diagnostics, Document, Policy, Severity, Sources};

/// What the tests, the benchmarks and the examples of this repository look at beside the above. It changes without notice.
#[doc(hidden)]
pub mod internals {
    macro_rules! open {
        ($($floor:ident),* $(,)?) => { $( pub mod $floor { pub use crate::$floor::*; } )* };
    }
    open!(
        analysis, engine, inputs, math, metrics, model, network, plan, random, report, results, rules,
        scenario
    );
}
