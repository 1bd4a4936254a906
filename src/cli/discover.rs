//! `discover`: under which conditions something comes about, on draws of a scenario or of a run.

use super::arguments::{DiscoverArguments, Verb};
use super::failure::Failure;
use super::merge::verb_of;
use super::terminal::{Terminal, print_in, tell};
use crate::results::{MANIFEST, RunReader};
use crate::study::{
    Calibrate, Compare, DiscoverRequest, Hindcast, Run, ScenarioRequest, SimulationRequest, Study, Sweep,
    discover as look, own_folder, write_discovery,
};
use std::path::Path;

pub(super) fn discover(arguments: &DiscoverArguments) -> Result<(), Failure> {
    let terminal = Terminal::new(arguments.common.quiet);
    let request = request(arguments)?;
    if let Some(folder) = &arguments.out {
        own_folder(folder)?;
    }
    let found = look(&request, &terminal)?;
    if let Some(folder) = &arguments.out {
        write_discovery(&found, folder)?;
        if !arguments.common.quiet {
            tell(&format!("tables and a picture in {}", folder.display()));
        }
    }
    print_in(arguments.common.format, &found.render(arguments.common.format.table()))
}

/// What is asked, of a scenario or of a run.
pub(super) fn request(arguments: &DiscoverArguments) -> Result<DiscoverRequest, Failure> {
    let path = &arguments.scenario.scenario;
    if path.join(MANIFEST).exists() { of_run(path, arguments) } else { Ok(arguments.request()) }
}

/// The draws of a run: what it was made by is read again, and must still make it.
fn of_run(path: &Path, arguments: &DiscoverArguments) -> Result<DiscoverRequest, Failure> {
    if arguments.changes_the_run() {
        return Err(Failure::Usage(
            "a run has draws, a seed, edits and a vintage of its own: ask its scenario instead",
        ));
    }
    let run = RunReader::open(path, MANIFEST)?;
    let words = run.manifest["command"].as_array().into_iter().flatten();
    let command = words.filter_map(|word| word.as_str().map(str::to_owned)).collect();
    // A run that was to be precise has as many draws as that took.
    let draws = run.manifest["draws"].as_u64();
    let on = |scenario: ScenarioRequest, mut simulation: SimulationRequest| {
        simulation.sampling.draws = draws.unwrap_or(simulation.sampling.draws);
        Ok(arguments.request_on(scenario, simulation))
    };
    match verb_of(command)? {
        Verb::Run(a) => {
            let request = a.request();
            Run::open(&request, &()).and_then(|s| same(&s, path))?;
            let asked = on(request.scenario, request.simulation)?;
            Ok(DiscoverRequest { kept: arguments.is_of_the_run().then(|| path.to_owned()), ..asked })
        }
        Verb::Compare(a) => {
            let request = a.request();
            Compare::open(&request, &()).and_then(|s| same(&s, path))?;
            on(request.scenario, request.simulation)
        }
        Verb::Sweep(a) => {
            let request = a.request();
            Sweep::open(&request, &()).and_then(|s| same(&s, path))?;
            on(request.scenario, request.simulation)
        }
        Verb::Hindcast(a) => {
            let request = a.request();
            Hindcast::open(&request, &()).and_then(|s| same(&s, path))?;
            on(request.scenario, request.simulation)
        }
        Verb::Calibrate(a) => {
            let request = a.request();
            Calibrate::open(&request, &()).and_then(|s| same(&s, path))?;
            on(request.scenario, request.simulation)
        }
        _ => Err(Failure::Usage("the command that made it simulates no draws")),
    }
}

/// Holds that a study is the run in a folder.
fn same(study: &impl Study, run: &Path) -> Result<(), crate::study::Error> {
    study.again(run, 0, &()).map(|_| ())
}
