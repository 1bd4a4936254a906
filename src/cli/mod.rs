//! A person: arguments in, words out. Only this folder knows clap, the clock, the terminal and exit codes.

mod arguments;
mod check;
mod compare;
mod diff;
mod explain;
mod failure;
mod graph;
mod hindcast;
mod import;
mod long;
mod merge;
mod report;
mod rules;
mod run;
mod schema;
mod show;
mod sweep;
mod terminal;
mod values;

use arguments::{Arguments, Verb};
use clap::Parser;
use long::How;
use std::ffi::OsString;
use std::process::ExitCode;

/// Where this is set in the environment, instructions that not every machine has are left alone: the bytes are the same.
const PORTABLE: &str = "CHOKEPOINT_PORTABLE";

/// Reads the command line of this process and does what it says.
pub fn main() -> ExitCode {
    ExitCode::from(main_with(std::env::args_os()))
}

/// Does what some arguments say, the first of which is the command's name, and gives the exit code: 0 done, 1 failed while
/// running, 2 bad usage, 3 rejected.
pub fn main_with(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let typed: Vec<OsString> = arguments.into_iter().collect();
    let mut arguments = match Arguments::try_parse_from(&typed) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { 2 } else { 0 };
        }
    };
    arguments.verb.remember(typed.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect());
    if std::env::var_os(PORTABLE).is_some() {
        crate::math::use_portable_instructions();
    }
    let done = match &arguments.verb {
        Verb::Check(a) => check::check(a),
        Verb::Show(a) => show::show(a),
        Verb::Run(a) => run::run(a, &How::Simulated),
        Verb::Compare(a) => compare::compare(a, &How::Simulated),
        Verb::Sweep(a) => sweep::sweep(a, &How::Simulated),
        Verb::Rules(a) => rules::rules(a),
        Verb::Hindcast(a) => hindcast::hindcast(a, &How::Simulated),
        Verb::Merge(a) => merge::merge(a),
        Verb::Verify(a) => merge::verify(a),
        Verb::Explain(a) => explain::explain(a),
        Verb::Graph(a) => graph::graph(a),
        Verb::Import(a) => import::import(a),
        Verb::Diff(a) => diff::diff(a),
        Verb::Report(a) => report::report(a),
        Verb::Schema => schema::schema(),
        Verb::Completions { shell } => schema::completions(*shell),
    };
    match done {
        Ok(()) => 0,
        Err(failure) => {
            terminal::say(&failure);
            failure.code()
        }
    }
}
