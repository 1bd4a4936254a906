//! `hindcast`: the simulated past against what was published, and what weighting draws by it would change.

use super::arguments::HindcastArguments;
use super::failure::Failure;
use super::long::{How, carry_out};
use super::terminal::Terminal;
use crate::study::Hindcast;

pub(super) fn hindcast(arguments: &HindcastArguments, how: &How<'_>) -> Result<(), Failure> {
    let common = &arguments.simulating;
    let study = Hindcast::open(&arguments.request(), &Terminal::new(common.quiet))?;
    carry_out(&study, common, how, |found| found.board().render(common.format.table()))?;
    Ok(())
}
