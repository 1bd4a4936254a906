//! A folder that is read back: nothing is believed that is not what its description says, by SHA-256.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// The description of a run.
pub const MANIFEST: &str = "manifest.json";
/// The description of a part of a run.
pub const PART: &str = "part.json";

/// Why a folder cannot be read as a run.
#[derive(Debug, thiserror::Error)]
pub enum PastRunError {
    /// No run is there, or not a whole one.
    #[error("{0} holds no complete run: it has no manifest.json that can be read")]
    NoRun(PathBuf),
    /// A description without checksums.
    #[error("{0} has no checksums: another version wrote it; do the run again")]
    NoChecksums(PathBuf),
    /// A file that is not what was written.
    #[error("{} is {what}: it is not what the run wrote; the run's command with --force writes it again", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A file that the system does not give.
    #[error("{} cannot be read: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A table that is not what a run writes.
    #[error("{path} cannot be read: {error}")]
    Table {
        /// The table.
        path: PathBuf,
        /// What is wrong with it.
        error: csv::Error,
    },
}

impl PastRunError {
    /// What is wrong, without what to do about it.
    pub fn what(&self) -> String {
        match self {
            Self::Wrong { path, what } => format!("{} is {what}", path.display()),
            other => other.to_string(),
        }
    }
}

/// A folder with a description, open to be read.
#[derive(Clone, Debug)]
pub struct RunReader {
    folder: PathBuf,
    path: PathBuf,
    /// The description.
    pub manifest: Value,
    /// The text of it.
    pub text: String,
    checksums: BTreeMap<String, String>,
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}

/// SHA-256 of a file.
pub(super) fn digest(path: &Path) -> std::io::Result<String> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
    let (mut sum, mut piece) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        let n = file.read(&mut piece)?;
        if n == 0 {
            return Ok(hex(&sum.finalize()));
        }
        sum.update(&piece[..n]);
    }
}

/// Puts a description's own SHA-256 into its text, where the key `checksum` is empty.
pub fn seal(text: &str) -> String {
    let sum = hex(&Sha256::digest(text.as_bytes()));
    text.replacen(OPEN, &format!("\"checksum\": \"{sum}\""), 1)
}

/// Where a description's own checksum is to stand.
const OPEN: &str = "\"checksum\": \"\"";

impl RunReader {
    /// Opens a folder by its description: [`MANIFEST`] or [`PART`].
    ///
    /// # Errors
    /// If it has none, or one that is not as it was written.
    pub fn open(folder: &Path, description: &str) -> Result<Self, PastRunError> {
        let run = Self::open_unsealed(folder, description)?;
        run.check_seal().map(|()| run)
    }

    /// The same, whether or not the description is as it was written.
    ///
    /// # Errors
    /// If it has none that can be read.
    pub(super) fn open_unsealed(folder: &Path, description: &str) -> Result<Self, PastRunError> {
        let path = folder.join(description);
        let no_run = || PastRunError::NoRun(folder.to_owned());
        let text = std::fs::read_to_string(&path).map_err(|_| no_run())?;
        let manifest: Value = serde_json::from_str(&text).map_err(|_| no_run())?;
        if manifest["identity"].as_str().is_none() {
            return Err(no_run());
        }
        let Some(files) = manifest["checksums"].as_object() else {
            return Err(PastRunError::NoChecksums(path));
        };
        let files = files.iter().filter_map(|(name, sum)| Some((name.clone(), sum.as_str()?.to_owned())));
        let checksums = files.collect();
        Ok(Self { folder: folder.to_owned(), path, manifest, text, checksums })
    }

    /// Holds that the description is as it was written.
    pub(super) fn check_seal(&self) -> Result<(), PastRunError> {
        let sealed = format!("\"checksum\": \"{}\"", self.manifest["checksum"].as_str().unwrap_or_default());
        if seal(&self.text.replacen(&sealed, OPEN, 1)) == self.text {
            Ok(())
        } else {
            Err(PastRunError::Wrong { path: self.path.clone(), what: CHANGED })
        }
    }

    /// Names of the files that have checksums.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.checksums.keys().map(String::as_str)
    }

    /// The text of a file, if the run has it.
    ///
    /// # Errors
    /// If it is missing, or not what was written.
    pub fn read(&self, name: &str) -> Result<Option<String>, PastRunError> {
        let Some(sum) = self.checksums.get(name) else { return Ok(None) };
        let path = self.folder.join(name);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(PastRunError::Wrong { path, what: MISSING });
            }
            Err(error) => return Err(PastRunError::Io { path, error }),
        };
        if hex(&Sha256::digest(&bytes)) != *sum {
            return Err(PastRunError::Wrong { path, what: CHANGED });
        }
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| PastRunError::Wrong { path: self.folder.join(name), what: CHANGED })
    }

    /// Every file that is not what was written, with what is wrong.
    ///
    /// # Errors
    /// If the system does not give a file that is there.
    pub fn wrong(&self) -> Result<Vec<PastRunError>, PastRunError> {
        let mut all = Vec::new();
        for (name, sum) in &self.checksums {
            let path = self.folder.join(name);
            match digest(&path) {
                Ok(found) if found == *sum => {}
                Ok(_) => all.push(PastRunError::Wrong { path, what: CHANGED }),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                    all.push(PastRunError::Wrong { path, what: MISSING });
                }
                Err(error) => return Err(PastRunError::Io { path, error }),
            }
        }
        Ok(all)
    }

    /// Holds that every file is what was written.
    ///
    /// # Errors
    /// If one is not: the first.
    pub fn check(&self) -> Result<(), PastRunError> {
        self.wrong()?.into_iter().next().map_or(Ok(()), Err)
    }
}

const CHANGED: &str = "changed or cut";
const MISSING: &str = "missing";
