//! Which files are read, and how: plain files of a bounded size, in UTF-8; those that a scenario names only where it may read.

use super::limits::FILE_BYTES;
use super::shipped;
use std::fs::{File, Metadata};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::{Component, Path, PathBuf};

/// Reads a file that a person named.
///
/// # Errors
/// If it cannot be read, is larger than [`FILE_BYTES`] or no UTF-8.
pub fn read_named(path: &Path) -> Result<String> {
    if let Some(text) = shipped::text(path) {
        return Ok(text.to_owned());
    }
    let about = std::fs::metadata(path)?;
    if about.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "it is a folder"));
    }
    read(path, &about)
}

/// Reads a file that a scenario names: beneath the folder `home`, or beneath one that a person allowed.
///
/// # Errors
/// If it lies elsewhere, is no plain file, or cannot be read as [`read_named`] reads.
pub(super) fn read_beneath(home: &Path, name: &Path, allowed: &[PathBuf]) -> Result<String> {
    if shipped::is_inside(home) {
        let text = shipped::text(&plain(&home.join(name))).map(str::to_owned);
        return text.ok_or_else(|| ErrorKind::NotFound.into());
    }
    let path = beneath(home, name, allowed)?;
    read_plain(&path)
}

/// Reads a plain file; a symbolic link, a pipe or a device is none.
///
/// # Errors
/// As [`read_named`].
pub fn read_plain(path: &Path) -> Result<String> {
    let about = std::fs::symlink_metadata(path)?;
    if !about.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, kind_of(&about)));
    }
    read(path, &about)
}

/// The whole path of a file that lies where it may be read, without a symbolic link on the way below that folder.
fn beneath(home: &Path, name: &Path, allowed: &[PathBuf]) -> Result<PathBuf> {
    let home = std::fs::canonicalize(if home.as_os_str().is_empty() { Path::new(".") } else { home })?;
    let written = plain(&home.join(name));
    let allowed = allowed.iter().filter_map(|folder| std::fs::canonicalize(folder).ok());
    let mut folders = std::iter::once(home).chain(allowed);
    let Some(folder) = folders.find(|folder| written.starts_with(folder)) else {
        let why = "it lies outside the scenario's folder; `--allow-read DIR` allows a folder";
        return Err(Error::new(ErrorKind::PermissionDenied, why));
    };
    let mut path = folder.clone();
    for part in written.strip_prefix(&folder).unwrap_or(&written).components() {
        path.push(part);
        let about = std::fs::symlink_metadata(&path)?;
        if about.is_symlink() {
            return Err(Error::new(ErrorKind::PermissionDenied, kind_of(&about)));
        }
    }
    Ok(path)
}

/// A path without `.` and `..`, as written: no link is followed.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            _ => out.push(part),
        }
    }
    out
}

fn kind_of(about: &Metadata) -> &'static str {
    if about.is_symlink() {
        "it is reached by a symbolic link"
    } else if about.is_dir() {
        "it is a folder"
    } else {
        "it is no plain file"
    }
}

fn read(path: &Path, about: &Metadata) -> Result<String> {
    let most = FILE_BYTES as u64;
    let too_large = || {
        let why = format!("it is larger than {} MiB", FILE_BYTES >> 20);
        Error::new(ErrorKind::FileTooLarge, why)
    };
    if about.is_file() && about.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(too_large());
    }
    text_of(bytes)
}

/// Bytes as a text; what is no UTF-8 is told with its place.
fn text_of(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = bytes[..at].split(|b| *b == b'\n').count();
        let start = bytes[..at].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let why = format!("line {line}, byte {}: 0x{:02x} is not UTF-8", at - start + 1, bytes[at]);
        Error::new(ErrorKind::InvalidData, why)
    })
}
