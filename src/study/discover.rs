//! Under which conditions something comes about: draws are simulated with what chance decided in them, and boxes are looked for.

use super::drawn::Drawn;
use super::error::Error;
use super::gather::pool;
use super::request::{DiscoverRequest, PolicySource, ScenarioRequest};
use super::simulation::Simulation;
use super::watch::Watch;
use crate::analysis::discovery::discover as look;
use crate::analysis::prim::Cases;
use crate::analysis::{Objective, Target};
use crate::metrics::Recording;
use crate::report::{Condition, DiscoveryReport};
use crate::results::FolderError;
use std::path::Path;

/// The plan that stands for the scenario as it is.
const BASE: &str = "base";

/// What is asked of a draw.
enum Question {
    /// Whether a bound holds, or with `false` whether it does not.
    Holds(Target, bool),
    /// Whether the last plan is worse than the one before it, by an objective.
    Worse(Objective),
}

impl Question {
    /// Whether the answer is yes in a draw, by the cell's values under the plans.
    fn is(&self, values: &[Vec<f64>], draw: usize) -> bool {
        match self {
            Self::Holds(target, wanted) => target.holds(values[0][draw]) == *wanted,
            Self::Worse(objective) => {
                let last = values.len() - 1;
                // The scenario as it stands is the first plan, and the other one where no other is named.
                let before = usize::from(last > 1);
                objective.sense.sign() * (values[last][draw] - values[before][draw]) > 0.0
            }
        }
    }
}

/// Simulates the draws and says under which conditions it comes about.
///
/// # Errors
/// If the request cannot be read, the scenario has errors, no draw counts, or it is stopped.
pub fn discover(request: &DiscoverRequest, watch: &dyn Watch) -> Result<DiscoveryReport, Error> {
    let (question, plans) = read(request)?;
    let (parameter, cell) = match &question {
        Question::Holds(target, true) => ("--when", &target.cell),
        Question::Holds(target, false) => ("--fails", &target.cell),
        Question::Worse(objective) => ("--objective", &objective.cell),
    };
    let open = |policy: &Option<PolicySource>, watch: &dyn Watch| {
        let scenario = ScenarioRequest { policy: policy.clone(), ..request.scenario.clone() };
        Simulation::open_with(&scenario, &request.simulation, watch, |plan| {
            Recording::lean(plan, std::slice::from_ref(cell))
        })
    };
    let mut base = open(&plans[0], watch)?;
    base.read_condition()?;
    let others: Vec<Simulation> = plans[1..].iter().map(|p| open(p, &())).collect::<Result<_, _>>()?;
    let kept = match request.kept.as_ref().filter(|_| others.is_empty()) {
        Some(folder) => Drawn::kept(folder, &base, (parameter, cell))?,
        None => None,
    };
    let drawn = match kept {
        Some(drawn) => drawn,
        None => Drawn::simulate(&mut base, &others, (parameter, cell), watch)?,
    };
    let Drawn { inputs, columns, values, replicates, .. } = drawn;
    let cases = (0..replicates.len()).map(|draw| question.is(&values, draw)).collect();
    let unit = base.recording.names[0].unit.clone();
    let found = pool(request.simulation.threads)?.install(|| look(&Cases::new(&columns, cases), &replicates));
    let names: Vec<String> = std::iter::once(&base).chain(&others).map(Simulation::policy).collect();
    let title = base.plan.model.title.clone();
    Ok(DiscoveryReport { title, condition: words(question, unit, &names), inputs, found })
}

/// Makes a folder of its own for what is found, unless it is there and empty.
///
/// # Errors
/// If something is in it, or it cannot be made.
pub fn own_folder(folder: &Path) -> Result<(), Error> {
    let io = |error| FolderError::Io { path: folder.to_owned(), error };
    std::fs::create_dir_all(folder).map_err(io)?;
    let there = std::fs::read_dir(folder).map_err(io)?.flatten().next();
    if let Some(there) = there {
        let name = there.file_name().to_string_lossy().into_owned();
        return Err(FolderError::Foreign { folder: folder.to_owned(), name }.into());
    }
    Ok(())
}

/// Writes the tables and the picture of what was found to a folder of their own.
///
/// # Errors
/// If something is in it, or a file cannot be written.
pub fn write_discovery(report: &DiscoveryReport, folder: &Path) -> Result<(), Error> {
    own_folder(folder)?;
    let [boxes, steps] = report.tables();
    let files =
        [("discovery.csv", boxes.text), ("tradeoff.csv", steps.text), ("discovery.svg", report.svg())];
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| FolderError::Io { path, error })?;
    }
    Ok(())
}

/// What is asked, and of which plans: none stands for the scenario as it is.
fn read(request: &DiscoverRequest) -> Result<(Question, Vec<Option<PolicySource>>), Error> {
    let policy = request.scenario.policy.clone();
    let named = || policy.clone().ok_or(Error::FailsWithoutPolicy);
    match (&request.when, &request.fails, &request.worse_than) {
        (Some(when), None, None) => {
            Ok((Question::Holds(Target::parse_as("--when", when)?, true), vec![policy]))
        }
        (None, Some(fails), None) => {
            Ok((Question::Holds(Target::parse_as("--fails", fails)?, false), vec![Some(named()?)]))
        }
        (None, None, Some(other)) => {
            let objective = request.objective.as_deref().ok_or(Error::DiscoverWhat)?;
            let mut plans = vec![None];
            if other != BASE {
                plans.push(Some(PolicySource::Named(other.clone())));
            }
            plans.push(Some(named()?));
            Ok((Question::Worse(Objective::parse(objective)?), plans))
        }
        _ => Err(Error::DiscoverWhat),
    }
}

fn words(question: Question, unit: String, names: &[String]) -> Condition {
    let last = names[names.len() - 1].clone();
    match question {
        Question::Holds(target, wanted) => Condition::Holds { target, wanted, unit, policy: last },
        Question::Worse(objective) => {
            let than = names[names.len() - 2].clone();
            Condition::Worse { objective, unit, policy: last, than }
        }
    }
}
