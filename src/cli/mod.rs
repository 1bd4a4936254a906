//! A person: arguments in, words out. Only this folder knows clap, the clock, the terminal and exit codes.

/// Tells a person something, on a line of stderr; nobody listening is no error.
macro_rules! tell {
    ($($words:tt)*) => {
        let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{}\n", format_args!($($words)*)));
    };
}

mod arguments;
mod check;
#[path = "../study/compare.rs"]
mod compare;
#[path = "../study/comparison.rs"]
mod comparison;
mod diff;
#[path = "../study/distributions.rs"]
mod distributions;
#[path = "../study/drivers.rs"]
mod drivers;
#[path = "../study/explain.rs"]
mod explain;
mod graph;
#[path = "../study/hindcast.rs"]
mod hindcast;
mod import;
#[path = "../study/pick.rs"]
mod pick;
#[path = "../study/stopping.rs"]
mod precision;
mod rank;
mod report;
mod rules;
#[path = "../study/run.rs"]
mod run;
#[path = "../study/folder.rs"]
mod run_folder;
mod session;
mod show;
mod simulation;
#[path = "../study/sweep.rs"]
mod sweep;
mod work;

use arguments::{Arguments, Verb};
use clap::Parser;
use std::process::ExitCode;

/// Where this is set in the environment, instructions that not every machine has are left alone: the bytes are the same.
const PORTABLE: &str = "CHOKEPOINT_PORTABLE";

/// How a command ends.
#[derive(Debug)]
pub enum Failure {
    /// Failed while running: interrupted, a disk full, a ledger that does not add up.
    Running(String),
    /// Rejected: the scenario, a policy, an edit or a path.
    Rejected(String),
    /// Used wrongly.
    Usage(String),
}

/// Reads the command line, does what it says, and gives the exit code: 0 done, 1 failed while running, 2 bad usage, 3 rejected.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    if std::env::var_os(PORTABLE).is_some() {
        crate::math::use_portable_instructions();
    }
    let done = match &arguments.verb {
        Verb::Check(a) => check::check(a),
        Verb::Show(a) => show::show(a),
        Verb::Run(a) => run::run(a),
        Verb::Compare(a) => compare::compare(a),
        Verb::Sweep(a) => sweep::sweep(a),
        Verb::Rules(a) => rules::rules(a),
        Verb::Hindcast(a) => hindcast::hindcast(a),
        Verb::Explain(a) => explain::explain(a),
        Verb::Graph(a) => graph::graph(a),
        Verb::Import(a) => import::import(a),
        Verb::Diff(a) => diff::diff(a),
        Verb::Report(a) => report::report(a),
        Verb::Schema => session::print(
            &(serde_json::to_string_pretty(&crate::model::schema()).unwrap_or_default() + "\n"),
        ),
        Verb::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut arguments::command(), "chokepoint", &mut text);
            session::print(&String::from_utf8_lossy(&text))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let (code, text) = match failure {
                Failure::Running(text) => (1, text),
                Failure::Usage(text) => (2, text),
                Failure::Rejected(text) => (3, text),
            };
            session::say_error(code, &text);
            ExitCode::from(code)
        }
    }
}
