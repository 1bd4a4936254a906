//! What a person asks for, as plain values: what is read of texts is read when a study is opened.

use crate::model::time::Quarter;
use crate::random::Sampler;
use std::path::{Path, PathBuf};

/// A text that a person brings: a file, or the text itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextSource {
    /// A file. Of a scenario it may be a folder with `scenario.toml`.
    File(PathBuf),
    /// A text, and what it is called in findings. A scenario's text includes nothing from disk.
    Text {
        /// What it is called.
        name: String,
        /// The text.
        text: String,
    },
}

impl TextSource {
    /// A text under a name.
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Text { name: name.into(), text: text.into() }
    }
}

impl<P: AsRef<Path> + ?Sized> From<&P> for TextSource {
    fn from(path: &P) -> Self {
        Self::File(path.as_ref().to_owned())
    }
}

impl From<PathBuf> for TextSource {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

/// A policy: edits under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicySource {
    /// A file, or a stem in the scenario's `policies` folder; `a+b` combines two.
    Named(String),
    /// A policy's TOML text.
    Text {
        /// Its name, for the `policy` column.
        name: String,
        /// The text.
        text: String,
    },
}

impl PolicySource {
    /// A policy's TOML text under a name.
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Text { name: name.into(), text: text.into() }
    }
}

impl From<&str> for PolicySource {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

impl From<String> for PolicySource {
    fn from(name: String) -> Self {
        Self::Named(name)
    }
}

/// A scenario and what is changed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioRequest {
    /// The scenario.
    pub scenario: TextSource,
    /// The policy under which it is simulated; none for the scenario as it stands.
    pub policy: Option<PolicySource>,
    /// What was known at some time, by its name in the scenario's `[vintage]`: its edits come before the policy's.
    pub vintage: Option<String>,
    /// CSV tables of edits with the columns `path,value,unit,grade,source,note`, after the policy's.
    pub edits: Vec<TextSource>,
    /// Edits as `PATH=VALUE`, last of all.
    pub set: Vec<String>,
    /// Folders beside its own that the scenario may read from.
    pub allow_read: Vec<PathBuf>,
}

impl ScenarioRequest {
    /// The scenario as it stands.
    pub fn new(scenario: impl Into<TextSource>) -> Self {
        Self {
            scenario: scenario.into(),
            policy: None,
            vintage: None,
            edits: Vec::new(),
            set: Vec::new(),
            allow_read: Vec::new(),
        }
    }

    /// The same under a policy.
    #[must_use]
    pub fn under(self, policy: impl Into<PolicySource>) -> Self {
        Self { policy: Some(policy.into()), ..self }
    }
}

/// Which draws are simulated, and of which quarters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Number of draws, from 1 up.
    pub draws: u64,
    /// Seed of all random numbers.
    pub seed: u64,
    /// How points are placed.
    pub sampler: Sampler,
    /// The scenario's start and an end that is not after its own, as `2022Q1..2028Q4`; none for the scenario's own.
    pub horizon: Option<String>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { draws: 8192, seed: 1, sampler: Sampler::Sobol, horizon: None }
    }
}

/// What all studies of many draws have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SimulationRequest {
    /// Which draws.
    pub sampling: Sampling,
    /// Only draws in which it holds count: `shock.ID by QUARTER`, or the same after `not`.
    pub given: Option<String>,
    /// Cells that are summarised, `actor/metric@quarter` with `*` and `{a,b}`; none for those that matter most.
    pub select: Vec<String>,
    /// Tables with a row a draw: `draws=csv`, `draws=parquet`, `inputs=csv`, `inputs=parquet`.
    pub export: Vec<String>,
    /// Whether chips, goods and money of every draw are recounted.
    pub audit: bool,
    /// Threads; 0 for all cores. Results are the same for any number.
    pub threads: usize,
}

/// How well a number must be known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrecisionRequest {
    /// The number, and the share of it that half its 95% interval may be: `CELL mean|p05|p50|p95 = SHARE`.
    pub precision: Option<String>,
    /// The most draws that may be taken for it; 16 times those asked for by default.
    pub max_draws: Option<u64>,
}

/// One scenario, simulated and summarised.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// The scenario.
    pub scenario: ScenarioRequest,
    /// When to stop.
    pub precision: PrecisionRequest,
    /// What is simulated.
    pub simulation: SimulationRequest,
}

impl RunRequest {
    /// A scenario as it stands, with 8192 draws of the cells that matter most.
    pub fn new(scenario: impl Into<TextSource>) -> Self {
        Self {
            scenario: ScenarioRequest::new(scenario),
            precision: PrecisionRequest::default(),
            simulation: SimulationRequest::default(),
        }
    }
}

/// The same draws under several policies, or in several scenarios.
#[derive(Clone, Debug)]
pub struct CompareRequest {
    /// The scenario with edits that hold under every policy; a policy of its own is passed over.
    pub scenario: ScenarioRequest,
    /// Other scenarios, with the same edits: each as it stands and under every policy, on the first one's draws.
    pub others: Vec<TextSource>,
    /// The policies; none for all in the scenario's `policies` folder, and beside other scenarios for none.
    pub policies: Vec<PolicySource>,
    /// What is good: `min CELL` or `max CELL`.
    pub objectives: Vec<String>,
    /// Bounds, of which the share of draws that satisfy them is told: `CELL < NUMBER` or `CELL > NUMBER`.
    pub targets: Vec<String>,
    /// When to stop.
    pub precision: PrecisionRequest,
    /// What is simulated.
    pub simulation: SimulationRequest,
}

impl CompareRequest {
    /// A scenario under all of its policies.
    pub fn new(scenario: impl Into<TextSource>) -> Self {
        Self {
            scenario: ScenarioRequest::new(scenario),
            others: Vec::new(),
            policies: Vec::new(),
            objectives: Vec::new(),
            targets: Vec::new(),
            precision: PrecisionRequest::default(),
            simulation: SimulationRequest::default(),
        }
    }
}

/// A factorial of levers, every point on the same draws.
#[derive(Clone, Debug)]
pub struct SweepRequest {
    /// The scenario.
    pub scenario: ScenarioRequest,
    /// Levers and their levels, `PATH=a,b,c`; the path may be a pattern.
    pub grid: Vec<String>,
    /// What is good, for the best and the worst point: `min CELL` or `max CELL`.
    pub objectives: Vec<String>,
    /// What is simulated.
    pub simulation: SimulationRequest,
}

impl SweepRequest {
    /// A scenario over a grid of levers.
    pub fn new(scenario: impl Into<TextSource>, grid: Vec<String>) -> Self {
        Self {
            scenario: ScenarioRequest::new(scenario),
            grid,
            objectives: Vec::new(),
            simulation: SimulationRequest::default(),
        }
    }
}

/// The simulated past against what was published.
#[derive(Clone, Debug)]
pub struct HindcastRequest {
    /// The scenario.
    pub scenario: ScenarioRequest,
    /// A CSV table of observations that are scored in place of the scenario's own:
    /// `metric,actor,quarter,low,central,high,interval,kind,since,unit,source`.
    pub observations: Option<TextSource>,
    /// Last quarter that the scenario was fitted to; later observations are scored apart. None for the vintage's, else
    /// 2024Q4.
    pub until: Option<Quarter>,
    /// Last quarters whose publications the naive forecasts know.
    pub origins: Vec<Quarter>,
    /// Whether draws are weighted by the likelihood of year-end observations up to `until`.
    pub weight: bool,
    /// Standard deviation of the model's own error, in natural logarithms; for the weights.
    pub discrepancy: f64,
    /// Correlation of that error along a series, a year apart, from 0 to 1; for the weights.
    pub discrepancy_rho: f64,
    /// What is simulated.
    pub simulation: SimulationRequest,
}

impl HindcastRequest {
    /// Last quarter that scenarios are fitted to, unless one says otherwise.
    pub const UNTIL: Quarter = Quarter::new(2024, 4);
    /// Last quarters that the naive forecasts know, unless one says otherwise.
    pub const ORIGINS: [Quarter; 2] = [Quarter::new(2022, 4), Quarter::new(2023, 4)];
    /// Standard deviation of the model's own error, unless one says otherwise, in natural logarithms.
    pub const DISCREPANCY: f64 = 0.2;
    /// Correlation of that error from year to year, unless one says otherwise.
    pub const DISCREPANCY_RHO: f64 = 0.7;

    /// A scenario against its own observations, fitted until 2024Q4.
    pub fn new(scenario: impl Into<TextSource>) -> Self {
        Self {
            scenario: ScenarioRequest::new(scenario),
            observations: None,
            until: None,
            origins: Self::ORIGINS.to_vec(),
            weight: false,
            discrepancy: Self::DISCREPANCY,
            discrepancy_rho: Self::DISCREPANCY_RHO,
            simulation: SimulationRequest::default(),
        }
    }
}

/// Under which conditions something comes about: one of `when`, `fails` and `worse_than`.
#[derive(Clone, Debug)]
pub struct DiscoverRequest {
    /// The scenario, and the policy that is asked about.
    pub scenario: ScenarioRequest,
    /// Draws in which a bound holds: `CELL < NUMBER`, in the cell's unit.
    pub when: Option<String>,
    /// Draws in which the policy fails a bound: it does not hold.
    pub fails: Option<String>,
    /// Draws in which the policy is worse than another, or than `base`, by the objective.
    pub worse_than: Option<String>,
    /// By what: `min CELL` or `max CELL`.
    pub objective: Option<String>,
    /// A run of this scenario and these draws: what it kept of them as text is not simulated again.
    pub kept: Option<PathBuf>,
    /// What is simulated.
    pub simulation: SimulationRequest,
}

impl DiscoverRequest {
    /// When a bound holds in a scenario.
    pub fn new(scenario: impl Into<TextSource>, when: impl Into<String>) -> Self {
        Self {
            scenario: ScenarioRequest::new(scenario),
            when: Some(when.into()),
            fails: None,
            worse_than: None,
            objective: None,
            kept: None,
            simulation: SimulationRequest::default(),
        }
    }
}

/// What learning each input before choosing among policies is worth.
#[derive(Clone, Debug)]
pub struct WorthRequest {
    /// The scenario.
    pub scenario: ScenarioRequest,
    /// The policies to choose from, beside the scenario as it stands; none for all in its `policies` folder.
    pub policies: Vec<PolicySource>,
    /// What is good: `min CELL` or `max CELL`.
    pub objective: String,
    /// Inputs that are learnt together, as patterns of paths.
    pub groups: Vec<String>,
    /// What is simulated.
    pub simulation: SimulationRequest,
}

impl WorthRequest {
    /// A scenario's inputs, for who chooses among its own policies.
    pub fn new(scenario: impl Into<TextSource>, objective: impl Into<String>) -> Self {
        Self {
            scenario: ScenarioRequest::new(scenario),
            policies: Vec::new(),
            objective: objective.into(),
            groups: Vec::new(),
            simulation: SimulationRequest::default(),
        }
    }
}

/// What a number's leading inputs explain of it.
#[derive(Clone, Debug)]
pub struct IndicesRequest {
    /// The scenario, and the policy that is asked about.
    pub scenario: ScenarioRequest,
    /// A policy, or `base`, of which the difference to the policy is looked at; none for the number itself.
    pub against: Option<String>,
    /// The number, `actor/metric@quarter`.
    pub cell: String,
    /// How many inputs are looked at one by one; sets of correlated ones count as one.
    pub of: usize,
    /// What is simulated: each index rests on so many draws.
    pub simulation: SimulationRequest,
}

impl IndicesRequest {
    /// Inputs that are looked at one by one, unless one says otherwise.
    pub const OF: usize = 20;

    /// The twenty leading inputs of a cell of a scenario.
    pub fn new(scenario: impl Into<TextSource>, cell: impl Into<String>) -> Self {
        Self {
            scenario: ScenarioRequest::new(scenario),
            against: None,
            cell: cell.into(),
            of: Self::OF,
            simulation: SimulationRequest::default(),
        }
    }
}

/// A search over levers for points that no other dominates.
#[derive(Clone, Debug)]
pub struct SearchRequest {
    /// The scenario.
    pub scenario: ScenarioRequest,
    /// Levers: `PATH=LOW..HIGH`, `PATH=log LOW..HIGH`, `PATH=a,b,c` or `policy=NAME`; a path may be a pattern.
    pub levers: Vec<String>,
    /// What is good: `min CELL` or `max CELL`, by the mean over draws.
    pub objectives: Vec<String>,
    /// Draws that are simulated in all, of all points; none for a hundred times those of a point.
    pub budget: Option<u64>,
    /// A folder of its own, in which it is kept as it comes.
    pub out: Option<PathBuf>,
    /// Whether to go on from what is there.
    pub resume: bool,
    /// What is simulated: points of the front have so many draws.
    pub simulation: SimulationRequest,
}

impl SearchRequest {
    /// Draws in all over draws of a point, unless one says otherwise.
    const TIMES: u64 = 100;
    /// Draws of a point of the front, unless one says otherwise.
    pub const DRAWS: u64 = 1024;

    /// A scenario's levers and objectives.
    pub fn new(scenario: impl Into<TextSource>, levers: Vec<String>, objectives: Vec<String>) -> Self {
        let mut simulation = SimulationRequest::default();
        simulation.sampling.draws = Self::DRAWS;
        Self {
            scenario: ScenarioRequest::new(scenario),
            levers,
            objectives,
            budget: None,
            out: None,
            resume: false,
            simulation,
        }
    }

    /// Draws in all.
    pub(super) fn budget(&self) -> u64 {
        self.budget.unwrap_or_else(|| self.simulation.sampling.draws.saturating_mul(Self::TIMES))
    }
}

/// Which draw a story is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DrawChoice {
    /// Its number, from 0.
    Number(u64),
    /// The draw at a quantile of a cell over all draws, `p95:actor/metric@quarter`.
    Quantile(String),
    /// The draw at the median of the headline's first actor at the horizon's end.
    Median,
}

/// The story of one draw; under a policy, of two worlds side by side.
#[derive(Clone, Debug)]
pub struct ExplainRequest {
    /// The scenario.
    pub scenario: ScenarioRequest,
    /// The draws of which it is one.
    pub sampling: Sampling,
    /// Which draw.
    pub draw: DrawChoice,
    /// Only what concerns an actor, `kind.id`, with all its numbers; none for everybody.
    pub actor: Option<String>,
    /// Whether it is told by years, of the headline's actors, with what happens to all: shocks, rules and signs. Only without an actor.
    pub years: bool,
}

/// What a cell loses without each of its suppliers.
#[derive(Clone, Debug)]
pub struct KnockoutRequest {
    /// The scenario.
    pub scenario: ScenarioRequest,
    /// Cells, as `actor/metric@quarter`; none for the headline's first actor at the horizon's end.
    pub cells: Vec<String>,
    /// Quarter from which suppliers fail; none for the first after the past that is known.
    pub from: Option<String>,
    /// Draws of each failure.
    pub draws: u64,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Threads; 0 for all cores.
    pub threads: usize,
}

impl KnockoutRequest {
    /// A scenario's suppliers, with 64 draws of each failure.
    pub fn new(scenario: impl Into<TextSource>) -> Self {
        Self {
            scenario: ScenarioRequest::new(scenario),
            cells: Vec::new(),
            from: None,
            draws: 64,
            seed: 1,
            threads: 0,
        }
    }
}

/// The rule book on a day, or what a policy and edits change of it.
#[derive(Clone, Debug)]
pub struct RulesRequest {
    /// The scenario.
    pub scenario: ScenarioRequest,
    /// The day, as `2023-12-01`, or a quarter, whose first day it is; none for the horizon's start.
    pub on: Option<String>,
    /// Country of delivery; none for every country.
    pub to: Option<String>,
    /// Country of the buyer's headquarters; none for that of delivery.
    pub headquarters: Option<String>,
    /// Country whose rules are asked for; none for every issuer.
    pub issuer: Option<String>,
    /// Chip; none for every one.
    pub chip: Option<String>,
}

/// Some of the draws: whole leaves of the tree in which they are summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// One of so many of about the same size.
    Of {
        /// Which, from 1.
        number: u64,
        /// Of how many.
        of: u64,
    },
    /// Draws from one up to another: several parts that were joined.
    Draws {
        /// Number of the first.
        first: u64,
        /// Number of the draw after the last.
        end: u64,
    },
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Of { number, of } => write!(f, "{number}/{of}"),
            Self::Draws { first, end } => write!(f, "draws {first}..{end}"),
        }
    }
}

/// Where a study is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The folder; none for `output/SCENARIO-IDENTITY`.
    pub out: Option<PathBuf>,
    /// Whether another run there is replaced, and what an interrupted one left is thrown away.
    pub force: bool,
    /// Whether to go on from what an interrupted run left.
    pub resume: bool,
    /// Which part of the draws; none for all.
    pub part: Option<Part>,
    /// Seconds of work that may be lost when a run is killed: so often, or more seldom if it would take more than 2% of the
    /// time, what is gathered is kept. 0 keeps it at every whole leaf.
    pub keep_seconds: u64,
    /// The most memory that the run may take \[B\].
    pub memory: Option<u64>,
    /// The machine's name, for `lineage.json`.
    pub machine: String,
    /// Whether the page is made of it, `report.html`; it is, where the build has the feature `page`.
    pub page: bool,
    /// What was typed, for the manifest.
    pub command: Vec<String>,
}

// With the feature a page is made, which no derived default says.
#[cfg_attr(not(feature = "page"), allow(clippy::derivable_impls))]
impl Default for Destination {
    fn default() -> Self {
        Self {
            out: None,
            force: false,
            resume: false,
            part: None,
            keep_seconds: Self::KEEP_SECONDS,
            memory: None,
            machine: String::new(),
            page: cfg!(feature = "page"),
            command: Vec::new(),
        }
    }
}

impl Destination {
    /// Seconds of work that may be lost when a run is killed, unless one says otherwise.
    pub const KEEP_SECONDS: u64 = 60;
}
