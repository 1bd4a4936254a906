//! `report`: the page of a run again, from its files.

use super::Failure;
use super::arguments::ReportArguments;
use crate::report::page::{PageError, RunFiles, page};
use std::fs;

pub(super) fn report(arguments: &ReportArguments) -> Result<(), Failure> {
    let files = RunFiles::read(&arguments.run).map_err(|e| match e {
        PageError::NoRun(_) => Failure::Rejected(e.to_string()),
        _ => Failure::Running(e.to_string()),
    })?;
    let page = page(&files).map_err(|e| Failure::Running(e.to_string()))?;
    // Whole or absent, as everything in a run's folder.
    let temporary = arguments.run.join(".report.html.part");
    let path = arguments.run.join("report.html");
    fs::write(&temporary, page)
        .and_then(|()| fs::rename(&temporary, &path))
        .map_err(|e| Failure::Running(format!("{} cannot be written: {e}", path.display())))?;
    tell!("{}", path.display());
    Ok(())
}
