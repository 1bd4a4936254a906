//! Studies: what a person asks for, from a scenario on disk or in memory to findings and a folder of tables.
//!
//! A study is opened (everything is read, checked and laid out), simulated, and written, in this order; without a folder its
//! findings are values. [`Run`] summarises a scenario, [`Compare`] several policies on the same draws, [`Sweep`] a factorial
//! of levers, [`Hindcast`] scores the simulated past, [`Calibrate`] says what the record leaves of ranges. [`explain`], [`knockout`], [`rules`] and [`rule_changes`] answer at once.
//!
//! Nothing here knows a terminal, a clock or the environment: who watches brings them, as a [`Watch`].

mod calibrate;
mod compare;
mod comparison;
mod discover;
mod distributions;
mod drawn;
mod drivers;
mod error;
mod estimate;
mod explain;
#[cfg_attr(not(feature = "page"), path = "without_explore.rs")]
mod explore;
mod explorer;
mod faces;
mod folder;
mod gather;
mod hindcast;
mod indices;
mod kept;
mod knockout;
mod listing;
mod long;
mod new;
mod page;
mod parts;
mod pick;
mod plan_rows;
mod project;
mod request;
mod rounds;
mod rules;
mod run;
mod search;
mod simulation;
mod stopping;
mod summariser;
mod sweep;
mod watch;
mod worth;

pub use calibrate::{Calibrate, CalibrateResults};
pub use compare::{Compare, CompareResults};
pub use discover::{discover, own_folder, write_discovery};
pub use error::{Error, ErrorKind, Findings};
pub use explain::{Explained, explain};
pub use explore::{ExploreRequest, explore, write_explorer};
pub use explorer::{Explorer, Side};
pub use faces::Study;
pub use folder::{RunFolder, Took, Written};
pub use gather::{Gatherer, Values};
pub use hindcast::{Hindcast, HindcastResults};
pub use indices::{indices, write_indices};
pub use knockout::knockout;
pub use listing::{fields_of, metrics_about, policies_of};
pub use long::Found;
pub use new::{PolicyKind, new_policy, new_world};
pub use page::{write_brief, write_page};
pub use parts::{most_parts, part_command, part_draws};
pub use project::{Idle, Project, policies};
pub use request::{
    CompareRequest, Destination, DiscoverRequest, DrawChoice, ExplainRequest, HindcastRequest,
    IndicesRequest, KnockoutRequest, Part, PolicySource, PrecisionRequest, RulesRequest, RunRequest,
    Sampling, ScenarioRequest, SearchRequest, SimulationRequest, SweepRequest, TextSource, WorthRequest,
};
pub use rules::{rule_changes, rules};
pub use run::{Run, RunResults};
pub use search::{search, write_search};
pub use simulation::Simulation;
pub use summariser::Summariser;
pub use sweep::{Lever, Sweep, SweepResults};
pub use watch::{Note, Watch, Work};
pub use worth::worth;
