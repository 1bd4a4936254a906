//! What is gathered of some draws, in a file: what a run goes on from, and what a part is.
//!
//! A head says which draws of which run; then comes what each gatherer keeps, in their order; then the SHA-256 of it all.

use super::fault::FolderError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// What such a file begins with; the digit is the version of its layout.
const MAGIC: [u8; 8] = *b"chokept3";
/// What it begins with in every version.
const NAME: &[u8] = MAGIC.split_last().expect("eight bytes").1;
/// Bytes of a SHA-256.
const SUM: usize = 32;

/// Draws that one process simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// Number of the first draw.
    pub first: u64,
    /// Number of the draw after the last.
    pub end: u64,
    /// Name of the machine; empty where nobody says.
    pub machine: String,
    /// Version of the program.
    pub version: String,
    /// Wall time \[s\].
    pub seconds: f64,
}

/// Which draws of which run are in a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateHead {
    /// Identity of the run.
    pub identity: String,
    /// Number of the first draw.
    pub first: u64,
    /// Number of the draw after the last.
    pub end: u64,
    /// Who simulated them, in order.
    pub stretches: Vec<Stretch>,
}

/// A state, being written.
#[derive(Debug)]
pub struct StateWriter {
    path: PathBuf,
    file: BufWriter<Summed>,
}

/// A file with the digest of what was written to it.
#[derive(Debug)]
struct Summed(File, Sha256);

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.0.write(bytes)?;
        self.1.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl StateWriter {
    /// Starts a state in a file that is open; `path` is for messages.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(file: File, path: &Path, head: &StateHead) -> Result<Self, FolderError> {
        let file = BufWriter::with_capacity(1 << 20, Summed(file, Sha256::new()));
        let mut state = Self { path: path.to_owned(), file };
        state.file.write_all(&MAGIC).map_err(|error| FolderError::io(path, error))?;
        state.put(head)?;
        Ok(state)
    }

    /// Adds what a gatherer keeps.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn put<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FolderError> {
        let failed = |error: &dyn std::error::Error| std::io::Error::other(error.to_string());
        match postcard::to_io(value, &mut self.file) {
            Ok(_) => Ok(()),
            // The buffer knows better than the serializer what the system said.
            Err(error) => match self.file.flush() {
                Err(system) => Err(FolderError::io(&self.path, system)),
                Ok(()) => Err(FolderError::io(&self.path, failed(&error))),
            },
        }
    }

    /// Ends it: what was written is on the disk.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> Result<(), FolderError> {
        let path = self.path.clone();
        let io = |error| FolderError::io(&path, error);
        self.file.flush().map_err(io)?;
        let Summed(mut file, sum) = self.file.into_inner().map_err(|e| io(e.into_error()))?;
        file.write_all(&sum.finalize()).map_err(io)?;
        file.sync_all().map_err(io)
    }
}

/// A state, being read.
#[derive(Debug)]
pub struct StateReader {
    path: PathBuf,
    bytes: Vec<u8>,
    at: usize,
    /// Which draws of which run.
    pub head: StateHead,
}

impl StateReader {
    /// Reads a state whole, and holds its digest against it.
    ///
    /// # Errors
    /// If it cannot be read, is not what was written, or is of a version with another layout.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let mut bytes =
            std::fs::read(path).map_err(|error| FolderError::Unreadable { path: path.to_owned(), error })?;
        let torn = || FolderError::Torn(path.to_owned());
        let body = bytes.len().checked_sub(SUM).ok_or_else(torn)?;
        let sum = bytes.split_off(body);
        if Sha256::digest(&bytes).as_slice() != sum || !bytes.starts_with(NAME) {
            return Err(torn());
        }
        if !bytes.starts_with(&MAGIC) {
            return Err(FolderError::OtherLayout(path.to_owned()));
        }
        let (head, rest) = postcard::take_from_bytes(&bytes[MAGIC.len()..]).map_err(|_| torn())?;
        let at = bytes.len() - rest.len();
        Ok(Self { path: path.to_owned(), bytes, at, head })
    }

    /// Takes what the next gatherer kept.
    ///
    /// # Errors
    /// If it is something else.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<T, FolderError> {
        let (value, rest) = postcard::take_from_bytes(&self.bytes[self.at..]).map_err(|_| self.torn())?;
        self.at = self.bytes.len() - rest.len();
        Ok(value)
    }

    /// Holds that what was read fits.
    ///
    /// # Errors
    /// If it does not.
    pub fn fits(&self, fits: bool) -> Result<(), FolderError> {
        if fits { Ok(()) } else { Err(self.torn()) }
    }

    fn torn(&self) -> FolderError {
        FolderError::Torn(self.path.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_state_of_another_layout_is_not_called_torn() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("state");
        let head = StateHead { identity: "a".to_owned(), first: 0, end: 8, stretches: Vec::new() };
        StateWriter::new(File::create(&path).unwrap(), &path, &head).unwrap().finish().unwrap();
        assert!(StateReader::open(&path).is_ok());
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.truncate(bytes.len() - SUM);
        bytes[MAGIC.len() - 1] = b'1';
        let sum = Sha256::digest(&bytes);
        bytes.extend(sum);
        std::fs::write(&path, &bytes).unwrap();
        let error = StateReader::open(&path).unwrap_err();
        assert!(
            matches!(error, FolderError::OtherLayout(_)) && error.to_string().contains("another version")
        );
    }

    #[test]
    fn a_changed_or_cut_state_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("state");
        let stretch =
            Stretch { first: 0, end: 1024, machine: String::new(), version: "1".to_owned(), seconds: 2.5 };
        let head = StateHead { identity: "a".to_owned(), first: 0, end: 1024, stretches: vec![stretch] };
        let mut state = StateWriter::new(File::create(&path).unwrap(), &path, &head).unwrap();
        state.put(&vec![1.5_f64; 7]).unwrap();
        state.put("more").unwrap();
        state.finish().unwrap();
        let mut read = StateReader::open(&path).unwrap();
        assert_eq!((read.head.clone(), read.take::<Vec<f64>>().unwrap()), (head, vec![1.5; 7]));
        assert_eq!(read.take::<String>().unwrap(), "more");
        assert!(read.take::<u64>().is_err());
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut other = whole.clone();
            other[at] ^= 4;
            std::fs::write(&path, &other).unwrap();
            assert!(matches!(StateReader::open(&path), Err(FolderError::Torn(_))));
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(matches!(StateReader::open(&path), Err(FolderError::Torn(_))));
        }
    }
}
