//! Why a study cannot be done: each cause a value, with the words for a person.

use crate::analysis::BadGoal;
use crate::analysis::weights::NoSpread;
use crate::engine::ledger::Broken;
use crate::engine::record::NotFinite;
use crate::inputs::{LayoutError, Unpaired};
use crate::metrics::SelectError;
use crate::model::time::Quarter;
#[cfg(feature = "page")]
use crate::report::page::PageError;
use crate::results::{FolderError, PastRunError};
use crate::scenario::import::ImportError;
use crate::scenario::{Diagnostics, Sources};
use std::path::PathBuf;

/// Findings of a scenario, with the texts that they point into.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// The texts.
    pub sources: Sources,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

impl Findings {
    /// The first of them as text with places, source lines and underlines, and how many there are; empty if there are none.
    pub fn render(&self, color: bool) -> String {
        self.sources.render(&self.diagnostics, color)
    }

    /// All of them.
    pub fn render_all(&self, color: bool) -> String {
        self.sources.render_all(&self.diagnostics, color)
    }
}

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The work failed: interrupted, a full disk, a ledger that does not add up.
    Failed,
    /// What was asked cannot be read, or does not go together.
    Misused,
    /// The scenario, a policy, an edit or a path is not what it must be.
    Rejected,
}

/// Why a study cannot be opened, simulated or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The scenario, its policy or its edits have errors.
    #[error("{}", .0.render(false))]
    Findings(Box<Findings>),
    /// Nothing is there.
    #[error("there is no scenario at {}{}", path.display(), meant_path(near.as_ref()))]
    NoScenario {
        /// Where it was looked for.
        path: PathBuf,
        /// What may have been meant.
        near: Option<PathBuf>,
    },
    /// A file that was named cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The model cannot be sampled.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A selection of cells matches nothing, or a ratio has no part.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// An objective, a target or a precision cannot be read.
    #[error(transparent)]
    Goal(#[from] BadGoal),
    /// The horizon is not two quarters.
    #[error("--horizon takes two quarters, like 2022Q1..2028Q4, not {0}")]
    Horizon(String),
    /// The horizon starts elsewhere than the scenario's.
    #[error("--horizon: the scenario starts in {0}; only its end can be shortened")]
    HorizonStart(Quarter),
    /// The horizon ends after the scenario's, or before its start.
    #[error("--horizon: the scenario ends in {0}; an end lies before that")]
    HorizonEnd(Quarter),
    /// An export in an unknown format.
    #[error("--export takes draws, inputs or strikes as csv or parquet, such as draws=csv, not {0}")]
    ExportFormat(String),
    /// An export of an unknown table.
    #[error("--export takes draws=..., inputs=... or strikes=..., not {0}")]
    ExportTable(String),
    /// Tables with a row a draw are written while draws are simulated.
    #[error("--export is written while draws are simulated: it takes a folder")]
    ExportWithoutFolder,
    /// A condition cannot be read.
    #[error("--given takes \"shock.ID by QUARTER\", or \"not ...\" before it, not \"{0}\"")]
    Given(String),
    /// A condition on a shock that does not exist.
    #[error("there is no shock.{id}{}", meant_shock(near.as_ref()))]
    NoShock {
        /// Its id.
        id: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// A condition on a quarter that is not simulated.
    #[error("--given: {0} lies outside the horizon")]
    GivenOutside(Quarter),
    /// No draw satisfies the condition.
    #[error("no draw satisfies --given; more draws may")]
    NoDrawCounts,
    /// A cell that a goal or a precision names is not summarised.
    #[error("{parameter}: no cell {cell} is summarised{}", meant(near.as_ref()))]
    NoCell {
        /// What names it.
        parameter: &'static str,
        /// Its address.
        cell: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// A cell that a goal names is missing under some policy.
    #[error("{parameter}: {cell} is not there under every policy and in every scenario")]
    NotUnderEveryPolicy {
        /// What names it.
        parameter: &'static str,
        /// Its address.
        cell: String,
    },
    /// A bound on draws without a precision.
    #[error("--max-draws goes with --precision")]
    MaxDrawsAlone,
    /// A policy is asked about and none is named.
    #[error("--fails, --worse-than and --against are about a policy: name it with --policy")]
    FailsWithoutPolicy,
    /// Nothing is asked, or more than one thing.
    #[error(
        "ask one thing: --when \"CELL < NUMBER\", --fails \"CELL < NUMBER\", or --worse-than POLICY with --objective"
    )]
    DiscoverWhat,
    /// A number that is the same in all draws.
    #[error("--cell: {0} is the same in all draws: nothing drives it")]
    NothingVaries(String),
    /// No uncertain input matches a pattern.
    #[error("--group: no uncertain input matches {pattern}{}", meant(near.as_ref()))]
    NoInput {
        /// The pattern.
        pattern: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// More inputs match than can be looked at together.
    #[error(
        "--group: {inputs} inputs match {pattern}; {most} can be looked at together at this number of draws"
    )]
    LargeGroup {
        /// The pattern.
        pattern: String,
        /// How many match.
        inputs: usize,
        /// How many can be.
        most: usize,
    },
    /// Nothing to compare with.
    #[error("name a --policy: the scenario has none of its own")]
    NoPolicy,
    /// A policy that is named twice.
    #[error("{0} is compared twice")]
    PolicyTwice(String),
    /// Two scenarios of one name, or a scenario and a policy.
    #[error("two things that are compared are called {0}: give one's folder another name")]
    ScenarioTwice(String),
    /// The draws of a scenario do not go with those of the first.
    #[error(
        "the draws of {scenario} cannot be paired with those of {with}: {why}; `run {with} {scenario}` simulates each for itself"
    )]
    Unpaired {
        /// Its name.
        scenario: String,
        /// The first one's.
        with: String,
        /// Why.
        why: Unpaired,
    },
    /// A lever and its levels cannot be read.
    #[error("--grid takes PATH=LEVEL,LEVEL,..., such as route.*.detection=2%,5%,20%, not {0}")]
    Grid(String),
    /// A lever of a search cannot be read.
    #[error(
        "--levers takes PATH=LOW..HIGH, PATH=log LOW..HIGH, PATH=LEVEL,LEVEL,... or policy=NAME, such as route.*.detection=2..40%, not {0}"
    )]
    Levers(String),
    /// A folder with another search.
    #[error(
        "{0} holds another search: its scenario, levers, objectives, draws, seed or version are not the same"
    )]
    OtherSearch(PathBuf),
    /// A lever that is given twice.
    #[error("the lever {0} is given twice")]
    LeverTwice(String),
    /// More points than one sweep may have.
    #[error("the grid has {points} points; {most} are the most")]
    GridTooLarge {
        /// Points of the grid.
        points: usize,
        /// The most.
        most: usize,
    },
    /// A hindcast without observations.
    #[error("{0} has no observation; --observations FILE brings some")]
    NoObservation(String),
    /// Every observation lies after the end of the simulation.
    #[error("every observation lies after the shortened horizon")]
    ObservationsAfterHorizon,
    /// A vintage that the scenario does not have.
    #[error("--vintage: the scenario has no [vintage.{name}]{}", has(known))]
    NoVintage {
        /// Its name.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// Nothing that a fit may move.
    #[error("calibrate: the scenario says in [calibrate] which numbers may move: free = [\"training.*\"]")]
    NothingFree,
    /// Every draw is excluded.
    #[error("calibrate: no draw is plausible in every group at cut {cut}; the closest are {closest}")]
    NothingPlausible {
        /// The implausibility above which a draw is excluded.
        cut: f64,
        /// Smallest implausibility by group, in words.
        closest: String,
    },
    /// Nothing to weight draws by.
    #[error("no observation up to {0} to weigh draws by")]
    NoEvidence(Quarter),
    /// A published number without a range, and no error of the model.
    #[error("--discrepancy: {0}")]
    Discrepancy(#[from] NoSpread),
    /// A draw beyond the last.
    #[error("--draw counts from 0: a run of {draws} draws has no draw {draw}")]
    NoDraw {
        /// Draws of the run.
        draws: u64,
        /// The number asked for.
        draw: u64,
    },
    /// A quantile of a cell cannot be read.
    #[error("--pick takes a quantile and a cell, like p95:country.china/reachable_flop@2028Q4, not {0}")]
    Pick(String),
    /// A quantile of several cells.
    #[error("--pick takes one cell; {cell} names {cells}")]
    PickMany {
        /// The pattern.
        cell: String,
        /// How many it names.
        cells: usize,
    },
    /// Nothing is measured of an actor.
    #[error("--actor: nothing is measured of {actor}{}", meant(near.as_ref()))]
    NoActor {
        /// The actor.
        actor: String,
        /// Who may have been meant.
        near: Option<String>,
    },
    /// The quarter from which suppliers fail cannot be read.
    #[error("--from takes a quarter, like 2026Q3, not {0}")]
    From(String),
    /// The quarter from which suppliers fail is not simulated before the cell.
    #[error("--from: {0} lies outside the horizon, or after the cell")]
    FromOutside(Quarter),
    /// A cell that can lose nothing.
    #[error("{0} is 0 in every draw: there is nothing to lose")]
    NothingToLose(String),
    /// A day cannot be read.
    #[error("--on takes a day, like 2023-12-01, or a quarter, like 2023Q4, not {0}")]
    On(String),
    /// A name in a question about rules that means nothing there.
    #[error("--{parameter}: `{name}` {why}{}", meant_quoted(near.as_ref()))]
    NoName {
        /// What names it.
        parameter: &'static str,
        /// The name.
        name: String,
        /// What it is not.
        why: &'static str,
        /// What may have been meant.
        near: Option<String>,
    },
    /// No metric of which some words are said.
    #[error("no metric says `{words}`{}; `chokepoint metrics` lists all", meant_quoted(near.as_ref()))]
    NoMetric {
        /// The words.
        words: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// A table that scenarios do not have.
    #[error("scenarios have no table `{table}`{}; `chokepoint fields` lists all", meant_quoted(near.as_ref()))]
    NoTable {
        /// Its name.
        table: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// A scenario that does not come with the program.
    #[error("--from: no scenario `{name}` comes with the program{}; there are {known}", meant_quoted(near.as_ref()))]
    NotShipped {
        /// Its name.
        name: String,
        /// What may have been meant.
        near: Option<String>,
        /// Those that there are.
        known: String,
    },
    /// Something that would be written over.
    #[error("{0} is there already: nothing is written over it")]
    IsThere(PathBuf),
    /// A scenario in which a policy has nothing to act on.
    #[error("the scenario has {0}")]
    NothingToChange(&'static str),
    /// A pattern of paths that matches nothing.
    #[error("no quantity matches `{pattern}`{}{}", meant_quoted(near.as_ref()), segments(pattern))]
    NoQuantity {
        /// The pattern.
        pattern: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// A folder that is not a run's.
    #[error(transparent)]
    PastRun(#[from] PastRunError),
    /// A data set that cannot be imported.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// Somebody said stop.
    #[error("interrupted; nothing was written")]
    Interrupted,
    /// Somebody said stop; what was gathered is kept.
    #[error("interrupted after {done} of {draws} draws: the same command with `--resume` goes on from there")]
    InterruptedAt {
        /// Draws that are done.
        done: u64,
        /// Draws.
        draws: u64,
    },
    /// A part of as many draws as it takes.
    #[error("--part does not go with --precision: how many draws it takes is not known before")]
    PartPrecision,
    /// A part that cannot be.
    #[error(
        "--part {number}/{of}: there are parts 1/{most} to {most}/{most} at most, as draws are split by 1024"
    )]
    TooManyParts {
        /// Which.
        number: u64,
        /// Of how many.
        of: u64,
        /// The most.
        most: u64,
    },
    /// A folder that is no part.
    #[error("{0} is no part of a run: it has no part.json that can be read")]
    NoPart(PathBuf),
    /// A part that is not what was written.
    #[error("{path} is torn: {why}{command}")]
    TornPart {
        /// Its folder.
        path: PathBuf,
        /// What is wrong.
        why: String,
        /// What makes it again.
        command: String,
    },
    /// A part of something else.
    #[error("{0} is a part of another run: its scenario, draws, seed or version are not the same")]
    ForeignPart(PathBuf),
    /// Draws that are in two parts.
    #[error("{1} has draws that {0} has too: name each part once")]
    DoubledPart(PathBuf, PathBuf),
    /// A part that is not there.
    #[error(
        "part {part} is missing, draws {first} to {last}: `{command}` makes it; --partial joins what is there, for a later merge"
    )]
    MissingPart {
        /// Which.
        part: String,
        /// Its first draw.
        first: u64,
        /// The last draw that is missing.
        last: u64,
        /// What makes it.
        command: String,
    },
    /// A run that cannot be simulated anew.
    #[error("{0} cannot be simulated anew: its scenario, a policy or the program is not what it was")]
    NotAsItWas(PathBuf),
    /// More memory than there may be.
    #[error("the run takes about {needs} of memory, and there {}: fewer cells (--select), fewer policies or points, or fewer threads take less", if *asked { format!("may be {has} (--memory)") } else { format!("is {has}") })]
    Memory {
        /// What it takes.
        needs: String,
        /// What there is.
        has: String,
        /// Whether somebody said so.
        asked: bool,
    },
    /// More disk than there is.
    #[error(
        "the run writes about {needs}, and {path} has room for {has}: fewer draws, fewer cells (--select) or Parquet take less"
    )]
    Disk {
        /// What it takes.
        needs: String,
        /// What there is.
        has: String,
        /// Where.
        path: PathBuf,
    },
    /// Chips, goods or money do not add up.
    #[error(transparent)]
    Ledger(#[from] Broken),
    /// A recorded value is no finite number.
    #[error(transparent)]
    NotFinite(#[from] NotFinite),
    /// The run's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The page.
    #[cfg(feature = "page")]
    #[error(transparent)]
    Page(#[from] PageError),
    /// This build has no such feature.
    #[error("this takes chokepoint with its feature `{0}`")]
    WithoutFeature(&'static str),
    /// A lever switches a policy on that the scenario does not have.
    #[error("lever `{lever}` switches on `{policy}`, and the scenario has no such policy{}", meant_quoted(near.as_ref()))]
    LeverWithoutPolicy {
        /// The lever.
        lever: String,
        /// The policy.
        policy: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// Nobody in the scenario can train anything.
    #[error("there is nothing to explore: no lab or country of the scenario has a reachable run")]
    NothingToExplore,
    /// Threads cannot be had.
    #[error("threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl Error {
    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoDrawCounts
            | Self::Interrupted
            | Self::InterruptedAt { .. }
            | Self::Memory { .. }
            | Self::Disk { .. }
            | Self::Ledger(_)
            | Self::NotFinite(_)
            | Self::Folder(_)
            | Self::Threads(_) => ErrorKind::Failed,
            #[cfg(feature = "page")]
            Self::Page(
                PageError::NoRun(_) | PageError::Run(_) | PageError::NoBrief | PageError::NoPolicy { .. },
            ) => ErrorKind::Rejected,
            #[cfg(feature = "page")]
            Self::Page(_) => ErrorKind::Failed,
            Self::Goal(_)
            | Self::Horizon(_)
            | Self::ExportFormat(_)
            | Self::ExportTable(_)
            | Self::ExportWithoutFolder
            | Self::Given(_)
            | Self::MaxDrawsAlone
            | Self::PartPrecision
            | Self::TooManyParts { .. }
            | Self::NoPolicy
            | Self::FailsWithoutPolicy
            | Self::DiscoverWhat
            | Self::PolicyTwice(_)
            | Self::ScenarioTwice(_)
            | Self::Grid(_)
            | Self::Levers(_)
            | Self::LeverTwice(_)
            | Self::GridTooLarge { .. }
            | Self::WithoutFeature(_)
            | Self::NoDraw { .. }
            | Self::Pick(_)
            | Self::From(_)
            | Self::On(_) => ErrorKind::Misused,
            Self::Findings(_)
            | Self::NoScenario { .. }
            | Self::Unreadable { .. }
            | Self::Layout(_)
            | Self::Select(_)
            | Self::HorizonStart(_)
            | Self::HorizonEnd(_)
            | Self::NoShock { .. }
            | Self::GivenOutside(_)
            | Self::NoCell { .. }
            | Self::NotUnderEveryPolicy { .. }
            | Self::Unpaired { .. }
            | Self::NoObservation(_)
            | Self::ObservationsAfterHorizon
            | Self::NoEvidence(_)
            | Self::NoVintage { .. }
            | Self::NothingFree
            | Self::NothingPlausible { .. }
            | Self::Discrepancy(_)
            | Self::PickMany { .. }
            | Self::NoActor { .. }
            | Self::NoInput { .. }
            | Self::LargeGroup { .. }
            | Self::FromOutside(_)
            | Self::NothingToLose(_)
            | Self::NothingVaries(_)
            | Self::OtherSearch(_)
            | Self::NoName { .. }
            | Self::NoQuantity { .. }
            | Self::NoMetric { .. }
            | Self::NoTable { .. }
            | Self::NotShipped { .. }
            | Self::IsThere(_)
            | Self::NothingToChange(_)
            | Self::PastRun(_)
            | Self::NoPart(_)
            | Self::TornPart { .. }
            | Self::ForeignPart(_)
            | Self::DoubledPart(..)
            | Self::MissingPart { .. }
            | Self::NotAsItWas(_)
            | Self::LeverWithoutPolicy { .. }
            | Self::NothingToExplore
            | Self::Import(_) => ErrorKind::Rejected,
        }
    }
}

fn has(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!("; it has {}", known.join(", ")) }
}

fn meant(near: Option<&String>) -> String {
    near.map_or_else(String::new, |n| format!("; did you mean {n}?"))
}

fn meant_quoted(near: Option<&String>) -> String {
    near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"))
}

/// What stars are, to those who used one.
fn segments(pattern: &str) -> &'static str {
    if pattern.contains('*') { "; `*` is one segment of a path, `**` any number of them" } else { "" }
}

fn meant_shock(near: Option<&String>) -> String {
    near.map_or_else(String::new, |n| format!("; did you mean shock.{n}?"))
}

fn meant_path(near: Option<&PathBuf>) -> String {
    near.map_or_else(String::new, |n| format!("; did you mean {}?", n.display()))
}
