//! A run's folder: whole files or none, never over another run's, one run at a time.
//!
//! Every file is opened under a temporary name before the work starts, so that a bad path or a full disk shows at once, and
//! renamed when it is whole; `manifest.json` comes last, so that its presence says that the run is complete.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// What the folder's lock is called.
const LOCK: &str = ".lock";

/// Why a folder cannot take a run, or a file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The disk or its rights.
    #[error("{path} cannot be written: {error}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Another run's files are there.
    #[error("{0} holds another run; choose another `--out`, or replace it with `--force`")]
    Occupied(PathBuf),
    /// This build writes no Parquet.
    #[error("Parquet tables take chokepoint with its feature `parquet`")]
    WithoutParquet,
    /// Another run is writing there now.
    #[error("another run is writing to {0}")]
    Busy(PathBuf),
}

/// A folder, ready or already full.
#[derive(Debug)]
pub enum Opened {
    /// Ready for a run.
    Ready(Folder),
    /// The same run is there, complete.
    Complete,
}

/// A run's folder, held by this process.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Holds the lock; released when the process ends, however it ends.
    _lock: File,
    unfinished: Vec<PathBuf>,
}

/// A file of a folder, under its temporary name.
#[derive(Debug)]
pub struct OutputFile {
    temporary: PathBuf,
    last: PathBuf,
    writer: BufWriter<File>,
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> FolderError + '_ {
    move |error| FolderError::Io { path: path.to_owned(), error }
}

/// Identity of the run that a manifest describes; none without a manifest, or of a file that is none.
fn identity_of(manifest: &Path) -> Result<Option<String>, FolderError> {
    match fs::read_to_string(manifest) {
        Ok(text) => {
            let manifest: Option<serde_json::Value> = serde_json::from_str(&text).ok();
            Ok(manifest.and_then(|m| m["identity"].as_str().map(str::to_owned)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io(manifest)(error)),
    }
}

impl Folder {
    /// Takes a folder for the run of an identity.
    ///
    /// # Errors
    /// If it cannot be written, is in use, or holds another run's files and `force` is not set.
    pub fn open(path: &Path, identity: &str, force: bool) -> Result<Opened, FolderError> {
        fs::create_dir_all(path).map_err(io(path))?;
        let lock_path = path.join(LOCK);
        let lock = File::create(&lock_path).map_err(io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(FolderError::Busy(path.to_owned())),
            Err(fs::TryLockError::Error(error)) => return Err(io(&lock_path)(error)),
        }
        let manifest = path.join("manifest.json");
        if !force && identity_of(&manifest)?.as_deref() == Some(identity) {
            return Ok(Opened::Complete);
        }
        let files: Vec<PathBuf> = fs::read_dir(path)
            .map_err(io(path))?
            .flatten()
            .map(|e| e.path())
            .filter(|p| p.file_name().is_some_and(|n| n != LOCK))
            .collect();
        let left_over = |p: &PathBuf| p.extension().is_some_and(|e| e == "part");
        if files.iter().any(|p| !left_over(p)) && !force {
            return Err(FolderError::Occupied(path.to_owned()));
        }
        for file in files.iter().filter(|p| left_over(p)) {
            fs::remove_file(file).map_err(io(file))?;
        }
        if force && manifest.exists() {
            fs::remove_file(&manifest).map_err(io(&manifest))?;
        }
        Ok(Opened::Ready(Self { path: path.to_owned(), _lock: lock, unfinished: Vec::new() }))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file under a temporary name.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn create(&mut self, name: &str) -> Result<OutputFile, FolderError> {
        let temporary = self.path.join(format!(".{name}.part"));
        let file = File::create(&temporary).map_err(io(&temporary))?;
        self.unfinished.push(temporary.clone());
        Ok(OutputFile {
            temporary,
            last: self.path.join(name),
            // Large pieces pass the buffer by.
            writer: BufWriter::with_capacity(1 << 16, file),
        })
    }

    /// Gives a file its name.
    ///
    /// # Errors
    /// If what was written cannot be kept: a full disk shows here at the latest.
    pub fn finish(&mut self, mut file: OutputFile) -> Result<(), FolderError> {
        file.writer.flush().map_err(io(&file.last))?;
        file.writer.get_ref().sync_all().map_err(io(&file.last))?;
        fs::rename(&file.temporary, &file.last).map_err(io(&file.last))?;
        self.unfinished.retain(|p| *p != file.temporary);
        Ok(())
    }

    /// Writes a whole file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, mut file: OutputFile, text: &str) -> Result<(), FolderError> {
        file.write(text.as_bytes())?;
        self.finish(file)
    }
}

impl OutputFile {
    /// Adds bytes.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FolderError> {
        self.writer.write_all(bytes).map_err(io(&self.last))
    }

    /// Where it is to be, once it is whole.
    pub fn path(&self) -> &Path {
        &self.last
    }

    /// The open file itself, for writers that need one.
    ///
    /// # Errors
    /// If the file cannot be opened a second time.
    pub fn handle(&self) -> Result<File, FolderError> {
        self.writer.get_ref().try_clone().map_err(io(&self.last))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        for path in &self.unfinished {
            let _ = fs::remove_file(path);
        }
        let _ = fs::remove_file(self.path.join(LOCK));
        // A run that wrote nothing leaves no empty folder behind.
        let _ = fs::remove_dir(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(path: &Path, identity: &str, force: bool) -> Folder {
        match Folder::open(path, identity, force).unwrap() {
            Opened::Ready(folder) => folder,
            Opened::Complete => panic!("complete"),
        }
    }

    #[test]
    fn files_are_whole_or_absent() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("run");
        let mut folder = ready(&path, "a", false);
        let mut file = folder.create("table.csv").unwrap();
        file.write(b"half").unwrap();
        assert!(!path.join("table.csv").exists());
        drop(folder);
        assert!(!path.exists());
        let mut folder = ready(&path, "a", false);
        let file = folder.create("table.csv").unwrap();
        folder.write(file, "whole").unwrap();
        drop(folder);
        assert_eq!(fs::read_to_string(path.join("table.csv")).unwrap(), "whole");
    }

    #[test]
    fn another_run_is_not_overwritten() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path();
        let mut folder = ready(path, "a", false);
        assert!(matches!(Folder::open(path, "b", false), Err(FolderError::Busy(_))));
        let file = folder.create("manifest.json").unwrap();
        folder.write(file, "{\"identity\": \"a\"}").unwrap();
        drop(folder);
        assert!(matches!(Folder::open(path, "a", false), Ok(Opened::Complete)));
        assert!(matches!(Folder::open(path, "b", false), Err(FolderError::Occupied(_))));
        drop(ready(path, "b", true));
        assert!(!path.join("manifest.json").exists());
    }
}
