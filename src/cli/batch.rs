//! `run` of several scenarios: a run of its own for each, and a table that sets their headlines side by side.

use super::arguments::{Format, RunArguments, command};
use super::failure::Failure;
use super::long::{How, Printed, make};
use super::terminal::{Terminal, print, print_in, tell, width};
use crate::report::{Answer, OutputFormat, side_by_side, stacked};
use crate::study::{Run, Study};
use std::path::{Path, PathBuf};

/// Opens all of them, so that what is wrong with any is said before the first is simulated, and then does one after the other.
pub(super) fn batch(arguments: &RunArguments) -> Result<(), Failure> {
    let scenarios: Vec<&PathBuf> =
        std::iter::once(&arguments.scenario.scenario).chain(&arguments.more).collect();
    let common = &arguments.simulating;
    let mut runs: Vec<(RunArguments, Run)> = Vec::new();
    for (i, scenario) in scenarios.iter().enumerate() {
        let mut one = arguments.clone();
        one.scenario.scenario.clone_from(scenario);
        one.more.clear();
        let study = Run::open(&one.request(), &Terminal::new(common.quiet))?;
        let name = &study.simulation.project.name;
        if common.out.is_some() && runs.iter().any(|(_, other)| other.simulation.project.name == *name) {
            return Err(Failure::Usage(
                "two of the scenarios have the same name, so that their runs would share a folder: leave --out away, or rename one",
            ));
        }
        one.simulating.out = common.out.as_ref().map(|out| out.join(name));
        one.simulating.command = alone(&common.command, i, one.simulating.out.as_deref());
        runs.push((one, study));
    }
    let mut csv = Vec::new();
    let mut answers = Vec::new();
    for (one, study) in &runs {
        let common = &one.simulating;
        if !common.quiet {
            tell(&format!("{}: {}", study.simulation.project.name, study.simulation.title()));
        }
        make(study, common, &How::Simulated, Printed::Nothing, |_| String::new())?;
        let to = common.destination();
        csv.push(study.stored_answer(&to, OutputFormat::Csv)?);
        let json = study.stored_answer(&to, OutputFormat::Json)?;
        answers.push(Answer {
            scenario: study.simulation.project.name.clone(),
            json: serde_json::from_str(&json).expect("an answer is JSON"),
        });
    }
    // Parts have no answers yet.
    if common.part.is_some() {
        return Ok(());
    }
    match common.format {
        Format::Table => print(&side_by_side(&answers, width())),
        Format::Csv | Format::Markdown => print_in(common.format, &stacked(&csv)),
        Format::Json => {
            let all: Vec<_> = answers.into_iter().map(|answer| answer.json).collect();
            print(&format!("{:#}\n", serde_json::Value::from(all)))
        }
    }
}

/// The command that makes one of the runs alone, given what was typed for all: its own scenario, in its own folder.
fn alone(typed: &[String], which: usize, out: Option<&Path>) -> Vec<String> {
    let whole = command();
    let options = whole.find_subcommand("run").into_iter().flat_map(clap::Command::get_arguments);
    let takes: Vec<String> = options
        .filter(|a| a.get_action().takes_values())
        .flat_map(|a| {
            let long = a.get_long().map(|l| format!("--{l}"));
            long.into_iter().chain(a.get_short().map(|s| format!("-{s}")))
        })
        .collect();
    let mut words = typed.iter();
    let mut kept: Vec<String> = words.next().cloned().into_iter().collect();
    let mut place = 0;
    while let Some(word) = words.next() {
        let (option, within) = word.split_once('=').map_or((word.as_str(), false), |(o, _)| (o, true));
        if !word.starts_with('-') {
            if place == which {
                kept.push(word.clone());
            }
            place += 1;
            continue;
        }
        let value = if takes.iter().any(|t| t == option) && !within { words.next() } else { None };
        // The folder is said once more, as it is for this one.
        if option != "--out" {
            kept.push(word.clone());
            kept.extend(value.cloned());
        }
    }
    kept.extend(out.into_iter().flat_map(|out| ["--out".to_owned(), out.display().to_string()]));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_of_one_of_several_runs_makes_it_alone() {
        let typed = "run a --draws 64 b --out=there --set x=1 c --quiet -q".split(' ').map(str::to_owned);
        let typed: Vec<String> = typed.collect();
        let words = |which: usize| alone(&typed, which, Some(Path::new("there/it"))).join(" ");
        assert_eq!(words(1), "run --draws 64 b --set x=1 --quiet -q --out there/it");
        assert_eq!(words(0), "run a --draws 64 --set x=1 --quiet -q --out there/it");
        assert_eq!(alone(&typed, 2, None).join(" "), "run --draws 64 --set x=1 c --quiet -q");
    }
}
