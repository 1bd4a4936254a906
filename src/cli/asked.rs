//! What a command asks for, for programs that do it themselves: the same words, read in the same way.

use super::arguments::{Arguments, Verb};
use super::failure::Failure;
use super::{discover, explain, explore, merge};
use crate::study::{
    CompareRequest, Destination, DiscoverRequest, Error, ExplainRequest, ExploreRequest, HindcastRequest,
    IndicesRequest, KnockoutRequest, RulesRequest, RunRequest, ScenarioRequest, SearchRequest, SweepRequest,
    WorthRequest,
};
use clap::Parser;
use std::path::PathBuf;

/// A command, read.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Errors and warnings of a scenario.
    Check(ScenarioRequest),
    /// Quantities that match a pattern.
    Show(ScenarioRequest, String),
    /// A run, and where it is written to.
    Run(RunRequest, Destination),
    /// A comparison, likewise.
    Compare(CompareRequest, Destination),
    /// A sweep, likewise.
    Sweep(SweepRequest, Destination),
    /// A hindcast, likewise.
    Hindcast(HindcastRequest, Destination),
    /// A fit, likewise.
    Calibrate(HindcastRequest, Destination),
    /// The rule book on a day.
    Rules(RulesRequest),
    /// What is changed of the rule book.
    RuleChanges(RulesRequest),
    /// The story of a draw.
    Explain(ExplainRequest),
    /// The supply graph.
    Graph(ScenarioRequest),
    /// The supply graph's chokepoints, ranked.
    Chokepoints(KnockoutRequest),
    /// Conditions under which something comes about, in draws of a scenario or of a run.
    Discover(DiscoverRequest),
    /// One page with the engine inside.
    Explore(ExploreRequest),
    /// What a number's leading inputs explain of it.
    Indices(IndicesRequest),
    /// Points of levers that no other dominates.
    Search(SearchRequest),
    /// What learning inputs is worth.
    Worth(WorthRequest),
    /// Parts that are joined to what they are parts of.
    Merge(Box<Self>, Vec<PathBuf>),
}

/// Why a command cannot be read.
#[derive(Debug)]
pub enum NotRead {
    /// The words make no command of this kind.
    Usage(String),
    /// A part cannot be read.
    Study(Error),
}

/// Reads what comes after the command's name, without doing it. Verbs that write nothing but words are refused.
///
/// # Errors
/// If the words are not a command that asks for a study.
pub fn asked(words: &[String]) -> Result<Asked, NotRead> {
    let typed = std::iter::once("chokepoint").chain(words.iter().map(String::as_str));
    let mut verb = Arguments::try_parse_from(typed)
        .map_err(|error| NotRead::Usage(error.render().to_string().trim_end().to_owned()))?
        .verb;
    verb.remember(words.to_vec());
    of(&verb).map_err(|failure| match failure {
        Failure::Study(error) => NotRead::Study(error),
        Failure::Usage(text) => NotRead::Usage(text.to_owned()),
        other => NotRead::Usage(format!("{other:?}")),
    })
}

fn of(verb: &Verb) -> Result<Asked, Failure> {
    Ok(match verb {
        Verb::Check(a) => Asked::Check(a.scenario.request()),
        Verb::Show(a) => Asked::Show(a.scenario.request(), a.glob.clone()),
        Verb::Run(a) if !a.more.is_empty() => {
            return Err(Failure::Usage("several scenarios are several runs: ask for one after the other"));
        }
        Verb::Run(a) => Asked::Run(a.request(), a.simulating.destination()),
        Verb::Compare(a) => Asked::Compare(a.request(), a.simulating.destination()),
        Verb::Sweep(a) => Asked::Sweep(a.request(), a.simulating.destination()),
        Verb::Hindcast(a) => Asked::Hindcast(a.request(), a.simulating.destination()),
        Verb::Calibrate(a) => Asked::Calibrate(a.request(), a.simulating.destination()),
        Verb::Rules(a) if a.on.is_some() => Asked::Rules(a.request()),
        Verb::Rules(a) => Asked::RuleChanges(a.request()),
        // Programs read all of it.
        Verb::Explain(a) => Asked::Explain(ExplainRequest { years: false, ..explain::request(a) }),
        Verb::Graph(a) if a.rank => Asked::Chokepoints(a.request()),
        Verb::Graph(a) => Asked::Graph(a.scenario.request()),
        Verb::Discover(a) => Asked::Discover(discover::request(a)?),
        Verb::Explore(a) => Asked::Explore(explore::request(a)),
        Verb::Indices(a) => Asked::Indices(a.request()),
        Verb::Search(a) => Asked::Search(a.request()),
        Verb::Worth(a) => Asked::Worth(a.request()),
        Verb::Merge(a) if a.partial => return Err(Failure::Usage("parts are joined to a whole run here")),
        Verb::Merge(a) => Asked::Merge(Box::new(of(&merge::joined(a)?)?), a.parts.clone()),
        Verb::Metrics(_)
        | Verb::Policies(_)
        | Verb::Fields(_)
        | Verb::New(_)
        | Verb::Verify(_)
        | Verb::Import(_)
        | Verb::Diff(_)
        | Verb::Report(_)
        | Verb::Schema
        | Verb::Completions { .. } => return Err(Failure::Usage("this verb asks for no study")),
    })
}
