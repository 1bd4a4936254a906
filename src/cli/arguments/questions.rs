//! What can be typed of questions about draws: `discover`, `indices`, `search` and `worth`.

use super::{Format, GivenArguments, ScenarioArguments, SimulationArguments, edited};
use crate::study::{
    DiscoverRequest, IndicesRequest, Sampling, ScenarioRequest, SearchRequest, SimulationRequest,
    WorthRequest,
};
use clap::Args;
use std::path::PathBuf;

/// What all questions about draws have in common.
#[derive(Clone, Debug, Args)]
pub(crate) struct QuestionArguments {
    #[command(flatten)]
    pub(crate) simulation: SimulationArguments,
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

impl QuestionArguments {
    /// What is simulated, in draws in which a condition holds.
    fn request(&self, given: Option<String>) -> SimulationRequest {
        SimulationRequest {
            sampling: self.simulation.request(),
            given,
            threads: self.threads,
            ..SimulationRequest::default()
        }
    }
}

#[derive(Clone, Debug, Args)]
#[command(mut_arg("scenario", |a| a.value_name("SCENARIO|RUN").help(
    "A scenario's folder or TOML file; or a run's folder, whose draws are simulated again, to the same bits"
)))]
pub(crate) struct DiscoverArguments {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArguments,
    #[command(flatten)]
    pub(crate) common: QuestionArguments,
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
    #[command(flatten)]
    pub(crate) given: GivenArguments,
    /// A folder of its own for discovery.csv, tradeoff.csv and discovery.svg; without one it is only printed
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

impl DiscoverArguments {
    /// The request on a scenario.
    pub(crate) fn request(&self) -> DiscoverRequest {
        self.ask(self.scenario.request(), self.common.request(self.given.request()))
    }

    /// The request on the draws of a run: its scenario and its sampling, and the policy that is asked about.
    pub(crate) fn request_on(
        &self,
        scenario: ScenarioRequest,
        simulation: SimulationRequest,
    ) -> DiscoverRequest {
        let policy = self.scenario.policy.clone().map(Into::into).or(scenario.policy.clone());
        let given = self.given.request().or(simulation.given);
        let simulation = SimulationRequest {
            sampling: simulation.sampling,
            given,
            threads: self.common.threads,
            ..SimulationRequest::default()
        };
        self.ask(ScenarioRequest { policy, ..scenario }, simulation)
    }

    /// Whether anything is typed that a run has of its own.
    pub(crate) fn changes_the_run(&self) -> bool {
        let s = &self.scenario;
        let same = self.common.simulation.request() == Sampling::default();
        !same || s.vintage.is_some() || !(s.edits.is_empty() && s.set.is_empty() && s.allow_read.is_empty())
    }

    /// Whether what is asked is of the run's own draws, under its own policy.
    pub(crate) fn is_of_the_run(&self) -> bool {
        self.scenario.policy.is_none() && self.given.request().is_none()
    }

    fn ask(&self, scenario: ScenarioRequest, simulation: SimulationRequest) -> DiscoverRequest {
        DiscoverRequest {
            scenario,
            when: self.when.clone(),
            fails: self.fails.clone(),
            worse_than: self.worse_than.clone(),
            objective: self.objective.clone(),
            kept: None,
            simulation,
        }
    }
}

#[derive(Clone, Debug, Args)]
pub(crate) struct IndicesArguments {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArguments,
    /// The number: `country.china/reachable_flop@2028Q4`
    #[arg(long, value_name = "CELL")]
    pub(crate) cell: String,
    /// The difference of --policy from another policy, or from base, on the same draws
    #[arg(long, value_name = "POLICY", requires = "policy")]
    pub(crate) against: Option<String>,
    /// How many leading inputs are looked at one by one; sets of correlated ones count as one
    #[arg(long, value_name = "N", default_value_t = IndicesRequest::OF as u64, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) of: u64,
    #[command(flatten)]
    pub(crate) common: QuestionArguments,
    /// A folder of its own for indices.csv and indices.html; without one they are only printed
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

impl IndicesArguments {
    pub(crate) fn request(&self) -> IndicesRequest {
        IndicesRequest {
            scenario: self.scenario.request(),
            against: self.against.clone(),
            cell: self.cell.clone(),
            of: self.of as usize,
            simulation: self.common.request(None),
        }
    }
}

#[derive(Clone, Debug, Args)]
#[command(mut_arg("draws", |a| a.default_value("1024")))]
pub(crate) struct SearchArguments {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArguments,
    /// A lever: PATH=LOW..HIGH, PATH=log LOW..HIGH, PATH=a,b,c, where the path may be a pattern, or policy=NAME, in force or not; may be repeated
    #[arg(long, value_name = "LEVER", required = true)]
    pub(crate) levers: Vec<String>,
    /// What is good, by the mean over draws: "min CELL" or "max CELL"; may be repeated
    #[arg(long, value_name = "GOAL", required = true)]
    pub(crate) objective: Vec<String>,
    /// Draws that are simulated in all, of all points: `2M`; a hundred times --draws by default, and never less than one round
    #[arg(long, value_name = "N", value_parser = super::super::values::draws)]
    pub(crate) budget: Option<u64>,
    #[command(flatten)]
    pub(crate) common: QuestionArguments,
    #[command(flatten)]
    pub(crate) given: GivenArguments,
    /// A folder of its own for front.csv and front.html, in which the search is kept as it comes; without one it is only printed
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Go on from what is in the folder: an interrupted search, or one with a smaller budget
    #[arg(long, requires = "out")]
    pub(crate) resume: bool,
}

impl SearchArguments {
    pub(crate) fn request(&self) -> SearchRequest {
        SearchRequest {
            scenario: self.scenario.request(),
            levers: self.levers.clone(),
            objectives: self.objective.clone(),
            budget: self.budget,
            out: self.out.clone(),
            resume: self.resume,
            simulation: self.common.request(self.given.request()),
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
    pub(crate) common: QuestionArguments,
    #[command(flatten)]
    pub(crate) given: GivenArguments,
}

impl WorthArguments {
    pub(crate) fn request(&self) -> WorthRequest {
        WorthRequest {
            scenario: edited(&self.scenario, &self.edits, &self.set, &self.allow_read),
            policies: self.policy.iter().map(|p| p.as_str().into()).collect(),
            objective: self.objective.clone(),
            groups: self.group.clone(),
            simulation: self.common.request(self.given.request()),
        }
    }
}
