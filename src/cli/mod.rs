//! A person: arguments in, words out. Only this folder knows clap, the clock, the terminal and exit codes.

mod arguments;
mod asked;
mod batch;
mod calibrate;
mod check;
mod compare;
mod diff;
mod discover;
mod explain;
mod explore;
mod failure;
mod fields;
mod graph;
mod hindcast;
mod import;
mod indices;
mod long;
mod merge;
mod metrics;
mod new;
mod policies;
mod report;
mod rules;
mod run;
mod schema;
mod search;
mod show;
mod sweep;
mod terminal;
mod values;
mod worth;

pub use asked::{Asked, NotRead, asked};

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
    if let Some(at) = typed.iter().position(|word| word.to_str().is_none()) {
        let word = typed[at].to_string_lossy();
        let byte = word.find('\u{fffd}').map_or(1, |i| i + 1);
        terminal::tell(&format!("error: argument {at} is not UTF-8 at its byte {byte}: {word}"));
        return 2;
    }
    let mut arguments = match Arguments::try_parse_from(&typed) {
        Ok(arguments) => arguments,
        Err(error) => {
            // What was typed is quoted: a terminal obeys none of it.
            let plain = error.render().to_string();
            match crate::scenario::printable(&plain) {
                std::borrow::Cow::Borrowed(_) => drop(error.print()),
                std::borrow::Cow::Owned(shown) => terminal::tell(&shown),
            }
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
        Verb::Metrics(a) => metrics::metrics(a),
        Verb::Policies(a) => policies::policies(a),
        Verb::Fields(a) => fields::fields(a),
        Verb::New(a) => new::new(a),
        Verb::Run(a) if !a.more.is_empty() => batch::batch(a),
        Verb::Run(a) => run::run(a, &How::Simulated),
        Verb::Compare(a) => compare::compare(a, &How::Simulated),
        Verb::Sweep(a) => sweep::sweep(a, &How::Simulated),
        Verb::Rules(a) => rules::rules(a),
        Verb::Calibrate(a) => calibrate::calibrate(a, &How::Simulated),
        Verb::Hindcast(a) => hindcast::hindcast(a, &How::Simulated),
        Verb::Merge(a) => merge::merge(a),
        Verb::Verify(a) => merge::verify(a),
        Verb::Explain(a) => explain::explain(a),
        Verb::Explore(a) => explore::explore(a),
        Verb::Graph(a) => graph::graph(a),
        Verb::Import(a) => import::import(a),
        Verb::Diff(a) => diff::diff(a),
        Verb::Discover(a) => discover::discover(a),
        Verb::Indices(a) => indices::indices(a),
        Verb::Search(a) => search::search(a),
        Verb::Worth(a) => worth::worth(a),
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
