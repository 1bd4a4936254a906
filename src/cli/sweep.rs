//! `sweep`: a factorial of levers, every point on the same draws.

use super::arguments::SweepArguments;
use super::failure::Failure;
use super::long::{How, carry_out};
use super::terminal::Terminal;
use crate::study::Sweep;

pub(super) fn sweep(arguments: &SweepArguments, how: &How<'_>) -> Result<(), Failure> {
    let common = &arguments.simulating;
    let study = Sweep::open(&arguments.request(), &Terminal::new(common.quiet))?;
    carry_out(&study, common, how, |found| found.swept().render(common.format.table()))?;
    Ok(())
}
