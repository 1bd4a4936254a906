//! Parts of a run: which draws they are, and whether those that are to be joined are all there, once, and of one run.

use super::error::Error;
use super::folder::{PartDescription, STATE};
use super::kept::LEAF_DRAWS;
use super::request::Part;
use crate::results::{FolderError, PART, PastRunError, RunReader, StateReader};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Numbers of draws.
type Draws = Range<u64>;

/// How many parts so many draws make at most: whole leaves of the tree in which they are summed.
pub fn most_parts(draws: u64) -> u64 {
    draws.div_ceil(LEAF_DRAWS)
}

/// The draws of a part, or all.
pub(super) fn leaves(part: Option<Part>, draws: u64) -> Result<Draws, Error> {
    let leaves = most_parts(draws);
    match part {
        None => Ok(0..draws),
        Some(Part::Draws { first, end }) => Ok(first..end),
        Some(Part::Of { number, of }) if of == 0 || of > leaves || number == 0 || number > of => {
            Err(Error::TooManyParts { number, of, most: leaves })
        }
        Some(Part::Of { number, of }) => {
            let start =
                |number: u64| (u128::from(number) * u128::from(leaves) / u128::from(of)) as u64 * LEAF_DRAWS;
            Ok(start(number - 1)..start(number).min(draws))
        }
    }
}

/// A part, read.
#[derive(Debug)]
pub(super) struct PastPart {
    pub(super) path: PathBuf,
    pub(super) description: PartDescription,
}

impl PastPart {
    /// Reads what a part is, and holds every file of it against its checksum.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let torn = |why: String, command: String| Error::TornPart { path: path.to_owned(), why, command };
        let run = match RunReader::open(path, PART) {
            Ok(run) => run,
            Err(PastRunError::NoRun(_)) => return Err(Error::NoPart(path.to_owned())),
            Err(other) => return Err(torn(other.to_string(), String::new())),
        };
        let description: PartDescription = serde_json::from_value(run.manifest.clone())
            .map_err(|error| torn(error.to_string(), String::new()))?;
        if let Err(wrong) = run.check() {
            let command = command(&description.command, &description.part);
            return Err(torn(wrong.what(), format!("; `{command} --force` makes it again")));
        }
        Ok(Self { path: path.to_owned(), description })
    }

    /// What it keeps.
    pub(super) fn state(&self) -> Result<StateReader, FolderError> {
        StateReader::open(&self.path.join(STATE))
    }
}

/// The command that made a part.
///
/// # Errors
/// If there is no part, or it is not what was written.
pub fn part_command(path: &Path) -> Result<Vec<String>, Error> {
    PastPart::open(path).map(|part| part.description.command)
}

/// Draws of parts that follow each other, which may be all.
///
/// # Errors
/// As [`super::Study::merge`].
pub fn part_draws(paths: &[PathBuf]) -> Result<Draws, Error> {
    let mut all = paths.iter().map(|path| PastPart::open(path)).collect::<Result<Vec<_>, _>>()?;
    all.sort_by_key(|part| part.description.first);
    Ok(all.first().zip(all.last()).map_or(0..0, |(a, b)| a.description.first..b.description.end))
}

/// Reads parts of a run, in order of draws.
pub(super) fn read(
    paths: &[PathBuf],
    identity: &str,
    draws: u64,
    whole: bool,
) -> Result<Vec<PastPart>, Error> {
    let mut all = paths.iter().map(|path| PastPart::open(path)).collect::<Result<Vec<_>, _>>()?;
    if let Some(foreign) = all.iter().find(|part| part.description.identity != identity) {
        return Err(Error::ForeignPart(foreign.path.clone()));
    }
    all.sort_by_key(|part| part.description.first);
    let mut next = if whole { 0 } else { all.first().map_or(0, |part| part.description.first) };
    for (i, part) in all.iter().enumerate() {
        let PartDescription { first, end, .. } = part.description;
        if first < next {
            return Err(Error::DoubledPart(all[i - 1].path.clone(), part.path.clone()));
        }
        if first > next {
            return Err(missing(next..first, &all, draws));
        }
        next = end;
    }
    if whole && next < draws { Err(missing(next..draws, &all, draws)) } else { Ok(all) }
}

/// Names the first part that is missing, and the command that makes it.
fn missing(gap: Draws, all: &[PastPart], draws: u64) -> Error {
    let of = all.iter().filter_map(|p| p.description.part.split_once('/')?.1.parse().ok()).max();
    let of = of.unwrap_or_else(|| draws.div_ceil(gap.end - gap.start).min(draws.div_ceil(LEAF_DRAWS)));
    let parts = (1..=of).map(|number| Part::Of { number, of });
    let part = parts
        .into_iter()
        .find(|&part| leaves(Some(part), draws).is_ok_and(|d| d.start <= gap.start && gap.start < d.end));
    let part = part.map_or_else(String::new, |part| part.to_string());
    let typed = all.first().map_or_else(Vec::new, |p| p.description.command.clone());
    Error::MissingPart { first: gap.start, last: gap.end - 1, command: command(&typed, &part), part }
}

/// A part's command with another part, into the folder that a part has by default.
fn command(typed: &[String], part: &str) -> String {
    let mut words = vec!["chokepoint".to_owned()];
    let mut rest = typed.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--part" | "--out" => {
                rest.next();
            }
            "--resume" | "--force" => {}
            other if other.starts_with("--part=") || other.starts_with("--out=") => {}
            other if other.contains([' ', '*', '"', '\'', '{', '<', '>', '(', '$', '|', ';', '&']) => {
                words.push(format!("'{}'", other.replace('\'', "'\\''")));
            }
            other => words.push(other.to_owned()),
        }
    }
    words.push(format!("--part {part}"));
    words.join(" ")
}
