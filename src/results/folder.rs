//! A run's folder: there as a whole or not at all, never over another run's, one run at a time.
//!
//! A run works in a hidden folder beside its own, `.NAME.part`, under the lock of `.NAME.lock`, which is never removed: whoever
//! takes the lock takes it of one and the same file. Every file is opened before the work starts, so that a bad path shows at
//! once. When all are whole and on the disk, the folder is given its name in one step. Nothing is touched that is not ours, and
//! nothing is reached through a link.

use super::claim::{Claim, Wanted, hidden};
use super::fault::FolderError;
use super::state::{StateHead, StateReader, StateWriter};
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What an interrupted run left to go on from, in the folder in which it worked.
const STATE: &str = ".state";

/// A folder, ready or already full.
#[derive(Debug)]
pub enum Opened {
    /// Ready for a run; with what an interrupted one left, if it is to go on from there.
    Ready(Folder, Option<Box<StateReader>>),
    /// The same run is there, complete.
    Complete,
}

/// A run's folder, held by this process.
#[derive(Debug)]
pub struct Folder {
    /// Where it is to be.
    path: PathBuf,
    /// Where it is until it is whole.
    work: PathBuf,
    /// Whether files are there to be gone on with.
    goes_on: bool,
    /// Whether it has its name.
    named: bool,
    /// Holds the lock; released when the process ends, however it ends.
    _lock: File,
}

/// A file of a folder.
#[derive(Debug)]
pub struct OutputFile {
    now: PathBuf,
    last: PathBuf,
    writer: BufWriter<File>,
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> FolderError + '_ {
    move |error| FolderError::io(path, error)
}

/// Has a folder's names on the disk.
fn sync(folder: &Path) -> Result<(), FolderError> {
    if cfg!(unix) {
        File::open(folder).and_then(|f| f.sync_all()).map_err(io(folder))?;
    }
    Ok(())
}

/// Takes the lock of a folder.
fn lock(path: &Path) -> Result<File, FolderError> {
    let lock = hidden(path, "lock");
    if fs::symlink_metadata(&lock).is_ok_and(|m| !m.is_file()) {
        return Err(FolderError::Link(lock));
    }
    // Never emptied, never written: if it is another's file by chance, it stays what it is.
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&lock);
    let file = options.map_err(io(&lock))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(FolderError::Busy(path.to_owned())),
        Err(fs::TryLockError::Error(error)) => Err(io(&lock)(error)),
    }
}

/// Removes the files of a folder in which a run worked or that it replaced, and the folder.
fn clear(folder: &Path) -> Result<(), FolderError> {
    for entry in fs::read_dir(folder).map_err(io(folder))? {
        let path = entry.map_err(io(folder))?.path();
        fs::remove_file(&path).map_err(io(&path))?;
    }
    fs::remove_dir(folder).map_err(io(folder))
}

/// Gives a folder the place of another, which takes its own: in one step where the system can.
fn exchange(work: &Path, path: &Path) -> Result<(), FolderError> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, work, CWD, path, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
    }
    let old = hidden(path, "old");
    fs::rename(path, &old).map_err(io(path))?;
    fs::rename(work, path).map_err(io(path))?;
    fs::rename(&old, work).map_err(io(&old))
}

/// Undoes what was cut short between two steps of [`exchange`].
fn restore(path: &Path) -> Result<(), FolderError> {
    let old = hidden(path, "old");
    if !fs::symlink_metadata(&old).is_ok_and(|m| m.is_dir()) {
        return Ok(());
    }
    if fs::symlink_metadata(path).is_err() { fs::rename(&old, path).map_err(io(path)) } else { clear(&old) }
}

impl Folder {
    /// Takes a folder for a run.
    ///
    /// # Errors
    /// If it cannot be written, is in use, or holds what must not be replaced: then nothing was touched.
    pub fn open(path: &Path, wanted: &Wanted<'_>) -> Result<Opened, FolderError> {
        // A folder is given its name, so it needs one.
        let whole = if path.file_name().is_none() { fs::canonicalize(path).ok() } else { None };
        let path = whole.as_deref().unwrap_or(path);
        if wanted.look(path)? == Claim::Complete {
            return Ok(Opened::Complete);
        }
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(io(path))?;
        let lock = lock(path)?;
        restore(path)?;
        // Somebody may have ended the same run meanwhile.
        if wanted.look(path)? == Claim::Complete {
            return Ok(Opened::Complete);
        }
        let work = hidden(path, "part");
        let left = left_over(&work, path, wanted)?;
        let mut folder =
            Self { path: path.to_owned(), work, goes_on: left.is_some(), named: false, _lock: lock };
        if left.is_none() {
            let whole = Wanted { force: false, ..*wanted }.look(&folder.work).ok() == Some(Claim::Complete);
            if wanted.resume && whole {
                // It was whole, all but for its name.
                folder.publish()?;
                return Ok(Opened::Complete);
            }
            if fs::symlink_metadata(&folder.work).is_ok() {
                clear(&folder.work)?;
            }
            fs::create_dir(&folder.work).map_err(io(path))?;
        }
        Ok(Opened::Ready(folder, left))
    }

    /// Where it is, or is to be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its files are now.
    pub fn work(&self) -> &Path {
        &self.work
    }

    /// Opens a file; if the run goes on from what another left, with what is in it.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn create(&mut self, name: &str) -> Result<OutputFile, FolderError> {
        let (now, last) = (self.work.join(name), self.path.join(name));
        let there = self.goes_on && fs::symlink_metadata(&now).is_ok_and(|m| m.is_file());
        let file =
            OpenOptions::new().read(true).write(true).create_new(!there).open(&now).map_err(io(&last))?;
        // Large pieces pass the buffer by.
        Ok(OutputFile { now, last, writer: BufWriter::with_capacity(1 << 16, file) })
    }

    /// Ends a file: it is on the disk. Gives its SHA-256.
    ///
    /// # Errors
    /// If what was written cannot be kept: a full disk shows here at the latest.
    pub fn finish(&mut self, mut file: OutputFile) -> Result<String, FolderError> {
        let end = file.position()?;
        let handle = file.writer.get_ref();
        handle.set_len(end).and_then(|()| handle.sync_all()).map_err(io(&file.last))?;
        super::reader::digest(&file.now).map_err(io(&file.last))
    }

    /// Writes a whole file; gives its SHA-256.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, mut file: OutputFile, text: &str) -> Result<String, FolderError> {
        file.write(text.as_bytes())?;
        self.finish(file)
    }

    /// SHA-256 of a file that was written and is on the disk.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn digest(&self, name: &str) -> Result<String, FolderError> {
        super::reader::digest(&self.work.join(name)).map_err(io(&self.path.join(name)))
    }

    /// Keeps what is gathered so far, to go on from.
    ///
    /// # Errors
    /// If it cannot be written: then what was kept before is still there.
    pub fn keep(
        &mut self,
        head: &StateHead,
        save: impl FnOnce(&mut StateWriter) -> Result<(), FolderError>,
    ) -> Result<(), FolderError> {
        let (new, path) = (self.work.join(format!("{STATE}.new")), self.work.join(STATE));
        let mut state = StateWriter::new(File::create(&new).map_err(io(&new))?, &new, head)?;
        save(&mut state)?;
        state.finish()?;
        fs::rename(&new, &path).map_err(io(&path))?;
        sync(&self.work)
    }

    /// Gives the folder its name, in the place of what was there.
    ///
    /// # Errors
    /// If it cannot be given.
    pub fn publish(&mut self) -> Result<(), FolderError> {
        for left in [STATE.to_owned(), format!("{STATE}.new")] {
            match fs::remove_file(self.work.join(left)) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(io(&self.work)(e)),
                _ => {}
            }
        }
        sync(&self.work)?;
        let replaces = fs::read_dir(&self.path).is_ok_and(|mut entries| entries.next().is_some());
        if replaces {
            exchange(&self.work, &self.path)?;
        } else {
            if cfg!(windows) {
                let _ = fs::remove_dir(&self.path);
            }
            fs::rename(&self.work, &self.path).map_err(io(&self.path))?;
        }
        self.named = true;
        sync(self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
        if replaces { clear(&self.work) } else { Ok(()) }
    }
}

/// What an interrupted run left to go on from, if this one is to.
fn left_over(work: &Path, path: &Path, wanted: &Wanted<'_>) -> Result<Option<Box<StateReader>>, FolderError> {
    let Ok(there) = fs::symlink_metadata(work) else { return Ok(None) };
    if !there.is_dir() {
        return Err(FolderError::Link(work.to_owned()));
    }
    if wanted.force || !work.join(STATE).is_file() {
        return Ok(None);
    }
    let state = StateReader::open(&work.join(STATE))?;
    let draws = state.head.end - state.head.first;
    match (state.head.identity == wanted.key(), wanted.resume) {
        (false, _) => Err(FolderError::InterruptedOther(path.to_owned())),
        (true, false) => Err(FolderError::Interrupted { path: path.to_owned(), draws }),
        (true, true) => Ok(Some(Box::new(state))),
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

    /// Adds bytes of another file.
    ///
    /// # Errors
    /// If that one is shorter, or they cannot be written.
    pub fn copy(&mut self, from: &Path, range: std::ops::Range<u64>) -> Result<(), FolderError> {
        let unreadable = |error| FolderError::Unreadable { path: from.to_owned(), error };
        let mut file = File::open(from).map_err(unreadable)?;
        file.seek(SeekFrom::Start(range.start)).map_err(unreadable)?;
        let mut piece = vec![0; 1 << 20];
        let mut left = range.end - range.start;
        while left > 0 {
            let n = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            file.read_exact(&mut piece[..n]).map_err(unreadable)?;
            self.write(&piece[..n])?;
            left -= n as u64;
        }
        Ok(())
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

    /// How far it is written.
    ///
    /// # Errors
    /// If what waits cannot be written.
    pub fn position(&mut self) -> Result<u64, FolderError> {
        self.writer.flush().and_then(|()| self.writer.get_mut().stream_position()).map_err(io(&self.last))
    }

    /// Has what was written on the disk, and says how far that is.
    ///
    /// # Errors
    /// If it cannot be.
    pub fn sync(&mut self) -> Result<u64, FolderError> {
        let end = self.position()?;
        self.writer.get_ref().sync_data().map_err(io(&self.last))?;
        Ok(end)
    }

    /// Goes on where it was when it was as long: what comes after is cut off.
    ///
    /// # Errors
    /// If it is shorter, or cannot be cut.
    pub fn resume(&mut self, length: u64) -> Result<(), FolderError> {
        self.position()?;
        let file = self.writer.get_mut();
        if file.metadata().map_err(io(&self.last))?.len() < length {
            return Err(FolderError::Torn(self.now.clone()));
        }
        file.set_len(length)
            .and_then(|()| file.seek(SeekFrom::Start(length)))
            .map_err(io(&self.last))
            .map(|_| ())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What can be gone on from stays; a run that has nothing of the kind leaves nothing behind.
        if !self.named && !self.work.join(STATE).exists() {
            let _ = clear(&self.work);
        }
    }
}
