//! `report`: the page of a run again, or a brief to hand on, from its files.

use super::arguments::ReportArguments;
use super::failure::Failure;
use super::terminal::tell;
use crate::study::{write_brief, write_page};
use std::path::Path;

pub(super) fn report(arguments: &ReportArguments) -> Result<(), Failure> {
    if arguments.brief {
        return brief(&arguments.run, arguments.policy.as_deref());
    }
    tell(&write_page(&arguments.run)?.display().to_string());
    Ok(())
}

/// Writes a brief, and says where it is.
pub(super) fn brief(run: &Path, policy: Option<&str>) -> Result<(), Failure> {
    for path in write_brief(run, policy)? {
        tell(&path.display().to_string());
    }
    Ok(())
}
