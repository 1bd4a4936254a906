//! `report`: the page of a run again, from its files.

use super::arguments::ReportArguments;
use super::failure::Failure;
use super::terminal::tell;
use crate::study::write_page;

pub(super) fn report(arguments: &ReportArguments) -> Result<(), Failure> {
    tell(&write_page(&arguments.run)?.display().to_string());
    Ok(())
}
