//! `compare`: the same draws under every policy, against the scenario as it stands.

use super::arguments::CompareArguments;
use super::failure::Failure;
use super::long::{How, carry_out};
use super::report::brief;
use super::terminal::Terminal;
use crate::study::Compare;

pub(super) fn compare(arguments: &CompareArguments, how: &How<'_>) -> Result<(), Failure> {
    let common = &arguments.simulating;
    let study = Compare::open(&arguments.request(), &Terminal::new(common.quiet))?;
    let done = carry_out(&study, common, how, |found| found.verdict().render(common.format.table()))?;
    match done.filter(|_| arguments.brief) {
        Some(path) => brief(&path, None),
        None => Ok(()),
    }
}
