//! `merge` and `verify`: the command that made a part or a run is read again, and what it asks for is joined or looked at.

use super::arguments::{Arguments, MergeArguments, SimulatingArguments, Verb, VerifyArguments};
use super::failure::Failure;
use super::long::How;
use super::terminal::print;
use super::{calibrate, compare, hindcast, run, sweep};
use crate::results::{MANIFEST, RunReader};
use crate::study::part_command;
use clap::Parser;

/// Joins parts.
pub(super) fn merge(arguments: &MergeArguments) -> Result<(), Failure> {
    let how = How::Merged { parts: &arguments.parts, partial: arguments.partial };
    carry_out(&joined(arguments)?, &how)
}

/// The command that made parts, which writes what they are joined to.
pub(super) fn joined(arguments: &MergeArguments) -> Result<Verb, Failure> {
    let command = arguments.parts.first().map_or(Ok(Vec::new()), |first| part_command(first))?;
    again(command, |common| {
        common.out.clone_from(&arguments.out);
        (common.force, common.quiet, common.format) = (arguments.force, arguments.quiet, arguments.format);
    })
}

/// Looks at every file of a run, and simulates rounds of it anew.
pub(super) fn verify(arguments: &VerifyArguments) -> Result<(), Failure> {
    let run = RunReader::open(&arguments.run, MANIFEST)?;
    let wrong = run.wrong()?;
    if !wrong.is_empty() {
        return Err(Failure::Wrong(wrong));
    }
    print(&format!("{} files: as they were written\n", run.files().count() + 1))?;
    if arguments.again == 0 {
        return Ok(());
    }
    let words = run.manifest["command"].as_array().into_iter().flatten();
    let command = words.filter_map(|word| word.as_str().map(str::to_owned)).collect();
    let verb = again(command, |common| common.quiet = arguments.quiet)?;
    carry_out(&verb, &How::Again { run: &arguments.run, rounds: arguments.again })
}

/// Reads a command that simulated draws, and changes what it says of folders.
fn again(command: Vec<String>, change: impl FnOnce(&mut SimulatingArguments)) -> Result<Verb, Failure> {
    let typed = command.clone();
    let mut verb = verb_of(command)?;
    verb.remember(typed);
    let Some(common) = simulating(&mut verb) else {
        return Err(Failure::Usage("the command that made it simulates no draws"));
    };
    (common.part, common.resume) = (None, false);
    change(common);
    Ok(verb)
}

/// Does something else with what such a command asks for.
fn carry_out(verb: &Verb, how: &How<'_>) -> Result<(), Failure> {
    match verb {
        Verb::Run(a) => run::run(a, how),
        Verb::Compare(a) => compare::compare(a, how),
        Verb::Sweep(a) => sweep::sweep(a, how),
        Verb::Hindcast(a) => hindcast::hindcast(a, how),
        Verb::Calibrate(a) => calibrate::calibrate(a, how),
        _ => Ok(()),
    }
}

/// Reads a command that made a run.
pub(super) fn verb_of(command: Vec<String>) -> Result<Verb, Failure> {
    let read = Arguments::try_parse_from(std::iter::once("chokepoint".to_owned()).chain(command));
    Ok(read.map_err(|_| Failure::Usage("the command that made it is not one of this version"))?.verb)
}

/// What the verbs that simulate draws by the thousand have in common.
fn simulating(verb: &mut Verb) -> Option<&mut SimulatingArguments> {
    match verb {
        Verb::Run(a) => Some(&mut a.simulating),
        Verb::Compare(a) => Some(&mut a.simulating),
        Verb::Sweep(a) => Some(&mut a.simulating),
        Verb::Hindcast(a) => Some(&mut a.simulating),
        Verb::Calibrate(a) => Some(&mut a.simulating),
        _ => None,
    }
}
