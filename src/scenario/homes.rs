//! Folders of a scenario and of those that it extends: their policies are its own too.

use super::files::read_named;
use super::limits::DEPTH;
use super::shipped::{is_folder, stems};
use std::path::{Path, PathBuf};

/// Its folder, then that of the scenario that it extends, and so on.
pub(super) fn homes(scenario: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = Vec::new();
    let mut at = scenario.to_owned();
    while all.len() < DEPTH {
        let home = home(&file(&at));
        if all.contains(&home) {
            break;
        }
        all.push(home);
        let Some(base) = extended(&at) else { break };
        at = base;
    }
    all
}

/// A scenario's own file.
fn file(scenario: &Path) -> PathBuf {
    if is_folder(scenario) { scenario.join("scenario.toml") } else { scenario.to_owned() }
}

/// The folder of a file.
fn home(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).to_owned()
}

/// The scenario that a scenario extends, if any.
pub fn extended(scenario: &Path) -> Option<PathBuf> {
    let file = file(scenario);
    let text = read_named(&file).ok()?;
    // Most scenarios extend none: their text need not be read as TOML.
    let line = text.lines().find(|line| line.trim_start().starts_with("extends"))?;
    let table: toml::Table = line.parse().ok()?;
    Some(home(&file).join(table.get("extends")?.as_str()?))
}

/// Names of the policies of a scenario and of those that it extends, in order, each once.
pub fn policy_names(scenario: &Path) -> Vec<String> {
    let mut all: Vec<String> =
        homes(scenario).iter().flat_map(|home| stems(&home.join("policies"))).collect();
    all.sort();
    all.dedup();
    all
}
