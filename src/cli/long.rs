//! What is done with a study of many draws: simulated, in part or whole, joined from parts, or simulated anew.

use super::arguments::SimulatingArguments;
use super::failure::Failure;
use super::terminal::{Terminal, print, print_in, tell};
use crate::study::{Found, Part, Study, Written, part_draws};
use std::path::{Path, PathBuf};

/// What is done with a study.
pub(super) enum How<'a> {
    /// It is simulated, or a part of it.
    Simulated,
    /// It is joined from parts, some or all.
    Merged { parts: &'a [PathBuf], partial: bool },
    /// Rounds of the run in a folder are simulated anew.
    Again { run: &'a Path, rounds: u64 },
}

/// Whether the answer is printed once it is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Printed {
    /// It is.
    Answer,
    /// It waits for others.
    Nothing,
}

/// Does it; `shown` gives what is printed. Gives the folder of a study that is complete.
pub(super) fn carry_out<S: Study>(
    study: &S,
    common: &SimulatingArguments,
    how: &How<'_>,
    shown: impl Fn(&S::Finds<'_>) -> String,
) -> Result<Option<PathBuf>, Failure> {
    make(study, common, how, Printed::Answer, shown)
}

/// The same, which may print nothing.
pub(super) fn make<S: Study>(
    study: &S,
    common: &SimulatingArguments,
    how: &How<'_>,
    printed: Printed,
    shown: impl Fn(&S::Finds<'_>) -> String,
) -> Result<Option<PathBuf>, Failure> {
    let terminal = Terminal::new(common.quiet);
    let mut to = common.destination();
    if let How::Again { run, rounds } = how {
        let (wrong, of) = study.again(run, *rounds, &terminal)?;
        if let Some(first) = wrong.first() {
            return Err(Failure::Differs { wrong: wrong.len(), of, first: *first });
        }
        print(&format!("{of} rounds simulated anew: the same\n"))?;
        return Ok(None);
    }
    if let How::Merged { parts, partial: true } = how {
        let draws = part_draws(parts)?;
        to.part = Some(Part::Draws { first: draws.start, end: draws.end });
    }
    let Some(mut folder) = study.open_folder(&to, &terminal)? else {
        if printed == Printed::Answer {
            print_in(common.format, &study.stored_answer(&to, common.format.table())?)?;
        }
        return Ok(Some(study.path(&to)));
    };
    if matches!(how, How::Simulated) {
        study.fits(&to, &terminal)?;
    }
    let found = match how {
        How::Merged { parts, partial: true } => {
            let path = study.merge_some(parts, folder)?;
            if !common.quiet {
                tell(&format!("a part in {}", path.display()));
            }
            return Ok(None);
        }
        How::Merged { parts, .. } => study.merge(parts, &mut folder)?,
        _ if to.part.is_some() => {
            let (path, took) = study.find_part(folder, &terminal)?;
            if !common.quiet {
                tell(&format!("{} draws in {:.1} s; a part in {}", took.draws, took.seconds, path.display()));
            }
            return Ok(None);
        }
        _ => study.find(Some(&mut folder), &terminal)?,
    };
    let (shown, took) = (shown(&found), found.took());
    let Written { manifest, path, no_page } = found.store(folder)?;
    if printed == Printed::Answer {
        print_in(common.format, &shown)?;
    }
    if let Some(error) = no_page {
        tell(&format!("warning: no page: {error}; `chokepoint report {}` makes it again", path.display()));
    }
    if !common.quiet {
        let plans = study.plans();
        let under = if plans > 1 { format!(" under {plans} plans") } else { String::new() };
        let speed =
            if plans > 1 { String::new() } else { format!(" ({:.0} draws/s)", manifest.draws_per_second) };
        tell(&format!(
            "\n{} draws{under} in {:.1} s{speed}; tables in {}",
            took.draws,
            took.seconds,
            path.display()
        ));
    }
    Ok(Some(path))
}
