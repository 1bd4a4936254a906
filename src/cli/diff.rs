//! `diff`: which inputs of two runs differ, and which numbers moved beyond their error.

use super::Failure;
use super::arguments::{DiffArguments, Format};
use super::session::print;
use crate::report::{Difference, OutputFormat};
use crate::results::PastRun;
use std::path::Path;

pub(super) fn diff(arguments: &DiffArguments) -> Result<(), Failure> {
    let read = |path: &Path| PastRun::read(path).map_err(|e| Failure::Rejected(format!("error: {e}")));
    let (before, after) = (read(&arguments.before)?, read(&arguments.after)?);
    let names = [&arguments.before, &arguments.after].map(|p| p.display().to_string());
    let how = match arguments.format {
        Format::Table => OutputFormat::Text,
        Format::Csv => OutputFormat::Csv,
        Format::Json => OutputFormat::Json,
    };
    print(&Difference::new(names, &before, &after).render(how))
}
