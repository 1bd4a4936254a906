//! `schema` and `completions`: what other programs want to know of scenarios and of the command itself.

use super::arguments::command;
use super::failure::Failure;
use super::terminal::print;

pub(super) fn schema() -> Result<(), Failure> {
    print(&format!("{:#}\n", crate::model::schema()))
}

pub(super) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command(), "chokepoint", &mut text);
    print(&String::from_utf8_lossy(&text))
}
