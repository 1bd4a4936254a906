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

/// Writes a brief of a run or of a comparison into its folder, `brief.html` for print and `brief.md`; of one policy of a comparison
/// with its name, `brief-POLICY.html`. Says where they are.
///
/// # Errors
/// If there is no such run, it has no such policy, or a file cannot be written.
#[cfg(feature = "page")]
pub fn write_brief(run: &Path, policy: Option<&str>) -> Result<[PathBuf; 2], Error> {
    use crate::report::page::{Brief, RunFiles};
    let brief = Brief::new(&RunFiles::read(run)?, policy)?;
    let stem = policy.map_or_else(|| "brief".to_owned(), |policy| format!("brief-{policy}"));
    let names = [format!("{stem}.html"), format!("{stem}.md")];
    write_named(run, &names[0], &brief.html()?)?;
    write_named(run, &names[1], &brief.markdown())?;
    Ok(names.map(|name| run.join(name)))
}

/// Writes the page into a run's folder.
pub(super) fn write(run: &Path, page: &str) -> Result<(), Error> {
    write_named(run, PAGE, page)
}

fn write_named(run: &Path, name: &str, text: &str) -> Result<(), Error> {
    // Whole or absent, as everything in a run's folder.
    let temporary = run.join(format!(".{name}.part"));
    let path = run.join(name);
    std::fs::write(&temporary, text)
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

/// Makes no brief: this build has no pages.
///
/// # Errors
/// Always.
#[cfg(not(feature = "page"))]
pub fn write_brief(_: &Path, _: Option<&str>) -> Result<[PathBuf; 2], Error> {
    Err(Error::WithoutFeature("page"))
}
