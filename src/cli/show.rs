//! `show`: every quantity, its distribution, unit, source, grade and place.

use super::arguments::ShowArguments;
use super::failure::Failure;
use super::terminal::print_in;
use crate::report::quantities;
use crate::study::Project;

pub(super) fn show(arguments: &ShowArguments) -> Result<(), Failure> {
    let project = Project::open(&arguments.scenario.request())?;
    print_in(arguments.format, &quantities(&project.quantities(&arguments.glob)?, arguments.format.table()))
}
