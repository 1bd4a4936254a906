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
        let file = if is_folder(&at) { at.join("scenario.toml") } else { at };
        let home = file.parent().unwrap_or(Path::new("")).to_owned();
        let there = all.contains(&home);
        if !there {
            all.push(home.clone());
        }
        let base = read_named(&file).ok().and_then(|text| extended(&text));
        let Some(base) = base.filter(|_| !there) else { break };
        at = home.join(base);
    }
    all
}

/// What a scenario's text extends.
fn extended(text: &str) -> Option<String> {
    // Most scenarios extend none: their text need not be read as TOML.
    let line = text.lines().find(|line| line.trim_start().starts_with("extends"))?;
    let table: toml::Table = line.parse().ok()?;
    table.get("extends")?.as_str().map(str::to_owned)
}

/// Names of the policies of a scenario and of those that it extends, in order, each once.
pub fn policy_names(scenario: &Path) -> Vec<String> {
    let mut all: Vec<String> =
        homes(scenario).iter().flat_map(|home| stems(&home.join("policies"))).collect();
    all.sort();
    all.dedup();
    all
}
