//! What can be typed of questions about draws: `discover` and `worth`.

use super::{Format, ScenarioArguments, SimulationArguments, edited};
use crate::study::{DiscoverRequest, Sampling, ScenarioRequest, SimulationRequest, WorthRequest};
use clap::Args;
use std::path::PathBuf;

#[derive(Clone, Debug, Args)]
#[command(mut_arg("scenario", |a| a.value_name("SCENARIO|RUN").help(
    "A scenario's folder or TOML file; or a run's folder, whose draws are simulated again, to the same bits"
)))]
pub(crate) struct DiscoverArguments {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArguments,
    #[command(flatten)]
    pub(crate) simulation: SimulationArguments,
    /// Draws in which a bound holds, in the cell's own unit: "CELL < NUMBER" or "CELL > NUMBER"
    #[arg(long, value_name = "BOUND", required_unless_present_any = ["fails", "worse_than"], conflicts_with_all = ["fails", "worse_than"])]
    pub(crate) when: Option<String>,
    /// Draws in which the policy fails a bound: "CELL < NUMBER"
    #[arg(long, value_name = "BOUND", conflicts_with = "worse_than")]
    pub(crate) fails: Option<String>,
    /// Draws in which the policy is worse than another, or than base, by --objective
    #[arg(long, value_name = "POLICY", requires = "objective")]
    pub(crate) worse_than: Option<String>,
    /// What is good: "min CELL" or "max CELL"
    #[arg(long, value_name = "GOAL", requires = "worse_than")]
    pub(crate) objective: Option<String>,
    /// Only draws in which it holds: "shock.taiwan-blockade by 2028Q4", or "not ..."
    #[arg(long, value_name = "CONDITION")]
    pub(crate) given: Option<String>,
    /// Threads; all cores by default. What is found is the same for any number
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) threads: usize,
    /// A folder of its own for discovery.csv, tradeoff.csv and discovery.svg; without one it is only printed
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// No progress, no notes
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// What is printed
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

impl DiscoverArguments {
    /// The request on a scenario.
    pub(crate) fn request(&self) -> DiscoverRequest {
        let simulation = SimulationRequest {
            sampling: self.simulation.request(),
            given: self.given.clone(),
            threads: self.threads,
            ..SimulationRequest::default()
        };
        self.ask(self.scenario.request(), simulation)
    }

    /// The request on the draws of a run: its scenario and its sampling, and the policy that is asked about.
    pub(crate) fn request_on(
        &self,
        scenario: ScenarioRequest,
        simulation: SimulationRequest,
    ) -> DiscoverRequest {
        let policy = self.scenario.policy.clone().map(Into::into).or(scenario.policy.clone());
        let given = self.given.clone().or(simulation.given);
        let simulation = SimulationRequest {
            sampling: simulation.sampling,
            given,
            threads: self.threads,
            ..SimulationRequest::default()
        };
        self.ask(ScenarioRequest { policy, ..scenario }, simulation)
    }

    /// Whether anything is typed that a run has of its own.
    pub(crate) fn changes_the_run(&self) -> bool {
        let s = &self.scenario;
        let same = self.simulation.request() == Sampling::default();
        !same || s.vintage.is_some() || !(s.edits.is_empty() && s.set.is_empty() && s.allow_read.is_empty())
    }

    fn ask(&self, scenario: ScenarioRequest, simulation: SimulationRequest) -> DiscoverRequest {
        DiscoverRequest {
            scenario,
            when: self.when.clone(),
            fails: self.fails.clone(),
            worse_than: self.worse_than.clone(),
            objective: self.objective.clone(),
            simulation,
        }
    }
}

#[derive(Clone, Debug, Args)]
pub(crate) struct WorthArguments {
    /// A scenario's folder, or its TOML file
    pub(crate) scenario: PathBuf,
    /// What is good: "min CELL" or "max CELL"
    #[arg(long, value_name = "GOAL")]
    pub(crate) objective: String,
    /// A policy to choose from, beside the scenario as it stands: a file, or a stem in its policies/; may be repeated. All of them by default
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Vec<String>,
    /// Inputs that are learnt together, by a pattern of their paths: 'route.*.detection'; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) group: Vec<String>,
    /// A CSV file of edits, under every policy: path,value,unit,grade,source,note
    #[arg(long, value_name = "FILE")]
    pub(crate) edits: Vec<PathBuf>,
    /// One edit, under every policy: a path and its value
    #[arg(long, value_name = "PATH=VALUE")]
    pub(crate) set: Vec<String>,
    /// A folder beside its own that the scenario may read from; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) allow_read: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) simulation: SimulationArguments,
    /// Only draws in which it holds: "shock.taiwan-blockade by 2028Q4", or "not ..."
    #[arg(long, value_name = "CONDITION")]
    pub(crate) given: Option<String>,
    /// Threads; all cores by default. What is found is the same for any number
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) threads: usize,
    /// No progress, no notes
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// What is printed
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

impl WorthArguments {
    pub(crate) fn request(&self) -> WorthRequest {
        WorthRequest {
            scenario: edited(&self.scenario, &self.edits, &self.set, &self.allow_read),
            policies: self.policy.iter().map(|p| p.as_str().into()).collect(),
            objective: self.objective.clone(),
            groups: self.group.clone(),
            simulation: SimulationRequest {
                sampling: self.simulation.request(),
                given: self.given.clone(),
                threads: self.threads,
                ..SimulationRequest::default()
            },
        }
    }
}
