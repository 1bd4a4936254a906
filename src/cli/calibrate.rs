//! `calibrate`: which ranges of which numbers the record narrows, and how what is left forecasts what came later.

use super::arguments::CalibrateArguments;
use super::failure::Failure;
use super::long::{How, carry_out};
use super::terminal::Terminal;
use crate::study::Calibrate;

pub(super) fn calibrate(arguments: &CalibrateArguments, how: &How<'_>) -> Result<(), Failure> {
    let common = &arguments.simulating;
    let study = Calibrate::open(&arguments.request(), &Terminal::new(common.quiet))?;
    carry_out(&study, common, how, |found| found.fit().render(common.format.table()))?;
    Ok(())
}
