//! `run`: simulate, summarise, export, print.

use super::arguments::RunArguments;
use super::failure::Failure;
use super::long::{How, carry_out};
use super::report::brief;
use super::terminal::{Terminal, draws_fans, width};
use crate::report::OutputFormat;
use crate::study::Run;

pub(super) fn run(arguments: &RunArguments, how: &How<'_>) -> Result<(), Failure> {
    let common = &arguments.simulating;
    let study = Run::open(&arguments.request(), &Terminal::new(common.quiet))?;
    let layout = common.format.table();
    let fans = layout == OutputFormat::Text && draws_fans();
    let done = carry_out(&study, common, how, |found| {
        let headline = found.headline();
        if layout == OutputFormat::Text {
            headline.for_terminal(fans, width())
        } else {
            headline.render(layout)
        }
    })?;
    match done.filter(|_| arguments.brief) {
        Some(path) => brief(&path, None),
        None => Ok(()),
    }
}
