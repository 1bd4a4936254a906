//! What is in a folder that a run is to be written to, and whether the run may take it.

use super::fault::FolderError;
use super::reader::RunReader;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Files of a run without a checksum: what can be made again, or is left from the work.
const BESIDE: [&str; 2] = ["report.html", ".state"];

/// Whether a file is one that can be made again from a run: its page, its briefs, and what is left of writing one.
fn beside(name: &str) -> bool {
    let whole = name.strip_prefix('.').and_then(|rest| rest.strip_suffix(".part")).unwrap_or(name);
    let brief = |name: &str| {
        let stem = name.strip_suffix(".html").or_else(|| name.strip_suffix(".md"));
        stem.is_some_and(|stem| stem == "brief" || stem.starts_with("brief-"))
    };
    BESIDE.contains(&whole) || brief(whole)
}

/// What is to be written to a folder, and what may be done for it.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Identity of the run.
    pub identity: &'a str,
    /// Which part of it, as `3/64`; none for the whole.
    pub part: Option<&'a str>,
    /// Whether another run is replaced, and what an interrupted one left is thrown away.
    pub force: bool,
    /// Whether to go on from what an interrupted run left.
    pub resume: bool,
    /// Whether the run, if it is there, must have been audited.
    pub audit: bool,
}

/// Whether a folder can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Nothing is in the way, or nothing that may not be replaced.
    Free,
    /// The same run is there, complete.
    Complete,
}

/// A hidden file or folder beside a folder, for its sake.
pub(super) fn hidden(path: &Path, what: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".");
    name.push(what);
    path.with_file_name(name)
}

impl Wanted<'_> {
    /// The file that describes it.
    fn description(&self) -> &'static str {
        if self.part.is_some() { super::reader::PART } else { super::reader::MANIFEST }
    }

    /// What tells it from all else: the identity, and the part.
    pub fn key(&self) -> String {
        self.part.map_or_else(|| self.identity.to_owned(), |part| format!("{} {part}", self.identity))
    }

    /// Looks at a folder, without touching it.
    pub(super) fn look(&self, path: &Path) -> Result<Claim, FolderError> {
        let metadata = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Claim::Free),
            Err(error) => return Err(FolderError::io(path, error)),
        };
        if metadata.is_symlink() {
            return Err(FolderError::Link(path.to_owned()));
        }
        let entries = fs::read_dir(path).map_err(|error| FolderError::io(path, error))?;
        let names: Result<Vec<String>, std::io::Error> =
            entries.map(|e| Ok(e?.file_name().to_string_lossy().into_owned())).collect();
        let mut names = names.map_err(|error| FolderError::io(path, error))?;
        names.sort();
        if is_mount(path, &metadata) {
            return Err(FolderError::Mount(path.to_owned()));
        }
        let Some(name) = names.first() else { return Ok(Claim::Free) };
        let foreign = |name: &String| FolderError::Foreign { folder: path.to_owned(), name: name.clone() };
        let read = ["manifest.json", "part.json"].map(|file| (file, RunReader::open_unsealed(path, file)));
        let Some((file, Ok(run))) = read.into_iter().find(|(_, run)| run.is_ok()) else {
            return Err(foreign(name));
        };
        if !self.force {
            run.check_seal()?;
        }
        let text = |key: &str| run.manifest[key].as_str();
        let same = file == self.description()
            && text("identity") == Some(self.identity)
            && text("part") == self.part;
        let audited = !self.audit || run.manifest["audited"].as_bool() == Some(true);
        if same && audited && !self.force {
            run.check()?;
            return Ok(Claim::Complete);
        }
        if !same && !self.force {
            return Err(FolderError::Occupied(path.to_owned()));
        }
        let ours = |name: &String| name == file || beside(name) || run.files().any(|known| known == name);
        names.iter().find(|name| !ours(name)).map_or(Ok(Claim::Free), |name| Err(foreign(name)))
    }
}

/// Whether another file system begins at a folder.
#[cfg(unix)]
fn is_mount(path: &Path, metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path.join("..")).is_ok_and(|above| above.dev() != metadata.dev())
}

#[cfg(not(unix))]
fn is_mount(_: &Path, _: &fs::Metadata) -> bool {
    false
}
