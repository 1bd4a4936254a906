//! `explore`: one page with the engine inside.

use super::arguments::ExploreArguments;
use super::failure::Failure;
use super::terminal::{Terminal, tell};
use crate::study::{ExploreRequest, explore as make_page, write_explorer};
use std::path::{Path, PathBuf};

pub(super) fn explore(arguments: &ExploreArguments) -> Result<(), Failure> {
    let scenario = &arguments.scenario;
    let page = make_page(&request(arguments), &Terminal::new(arguments.quiet))?;
    let out = arguments.out.clone().unwrap_or_else(|| {
        let stem = scenario.scenario.file_stem().unwrap_or_default().to_string_lossy();
        let name = if stem.is_empty() || stem == ".." { "scenario".into() } else { stem };
        PathBuf::from("output").join(format!("{name}-explorer.html"))
    });
    if let Some(folder) = out.parent().filter(|f| *f == Path::new("output")) {
        // A folder that cannot be made is told when the page is written.
        let _ = std::fs::create_dir_all(folder);
    }
    write_explorer(&out, &page)?;
    tell(&out.display().to_string());
    Ok(())
}

/// What is explored.
pub(super) fn request(arguments: &ExploreArguments) -> ExploreRequest {
    let scenario = arguments.scenario.request();
    ExploreRequest { scenario, seed: arguments.seed, command: command(arguments) }
}

/// The command that compares with the base of the page, as far as the policy that was made there.
fn command(arguments: &ExploreArguments) -> String {
    let a = &arguments.scenario;
    let quoted = |word: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word.to_owned()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    let mut words =
        vec!["chokepoint".to_owned(), "compare".to_owned(), quoted(&a.scenario.to_string_lossy())];
    for (flag, values) in [
        ("--edits", a.edits.iter().map(|p| p.to_string_lossy().into_owned()).collect::<Vec<_>>()),
        ("--set", a.set.clone()),
    ] {
        words.extend(values.iter().flat_map(|value| [flag.to_owned(), quoted(value)]));
    }
    if arguments.seed != 1 {
        words.extend(["--seed".to_owned(), arguments.seed.to_string()]);
    }
    words.join(" ")
}
