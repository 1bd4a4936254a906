//! The page of a run, where the build has the feature `page`.

use super::error::Error;
use crate::results::FolderError;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the page's file is called.
pub(super) const PAGE: &str = "report.html";

/// The page of a manifest and tables, by their files' names.
#[cfg(feature = "page")]
pub(super) fn page(manifest: &str, tables: BTreeMap<&'static str, String>) -> Result<String, Error> {
    use crate::report::page::{RunFiles, page};
    Ok(page(&RunFiles::new(manifest, tables)?)?)
}

/// Makes the page of a run again, from its files; says where it is.
///
/// # Errors
/// If there is no run, a file of it is not what a run writes, or the page cannot be written.
#[cfg(feature = "page")]
pub fn write_page(run: &Path) -> Result<PathBuf, Error> {
    use crate::report::page::{RunFiles, page};
    let page = page(&RunFiles::read(run)?)?;
    write(run, &page)?;
    Ok(run.join(PAGE))
}

/// Writes the page into a run's folder.
pub(super) fn write(run: &Path, page: &str) -> Result<(), Error> {
    // Whole or absent, as everything in a run's folder.
    let temporary = run.join(format!(".{PAGE}.part"));
    let path = run.join(PAGE);
    std::fs::write(&temporary, page)
        .and_then(|()| std::fs::rename(&temporary, &path))
        .map_err(|error| FolderError::Io { path, error })?;
    Ok(())
}

#[cfg(not(feature = "page"))]
pub(super) fn page(_: &str, _: BTreeMap<&'static str, String>) -> Result<String, Error> {
    Err(Error::WithoutFeature("page"))
}

/// Makes no page: this build has none.
///
/// # Errors
/// Always.
#[cfg(not(feature = "page"))]
pub fn write_page(_: &Path) -> Result<PathBuf, Error> {
    Err(Error::WithoutFeature("page"))
}
