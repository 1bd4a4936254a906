//! `diff`: which inputs of two runs differ, and which numbers moved beyond their error.

use super::arguments::DiffArguments;
use super::failure::Failure;
use super::terminal::print_in;
use crate::report::Difference;
use crate::results::PastRun;

pub(super) fn diff(arguments: &DiffArguments) -> Result<(), Failure> {
    let (before, after) = (PastRun::read(&arguments.before)?, PastRun::read(&arguments.after)?);
    let names = [&arguments.before, &arguments.after].map(|p| p.display().to_string());
    print_in(arguments.format, &Difference::new(names, &before, &after).render(arguments.format.table()))
}
