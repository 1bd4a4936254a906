//! The house: imports go downward only, only the command line knows clap, the clock and the environment, the engine knows no files.

use std::fs;
use std::path::{Path, PathBuf};

/// Floors from the top down. A file may import from its own floor and from those below it.
const FLOORS: [&str; 15] = [
    "cli", "study", "report", "engine", "metrics", "plan", "rules", "inputs", "analysis", "results",
    "network", "model", "random", "scenario", "math",
];

/// Sources under a folder, with their texts up to the unit tests.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    if !folder.exists() {
        return all;
    }
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            all.push((path, text.split("#[cfg(test)]").next().unwrap().to_owned()));
        }
    }
    all
}

/// Code without comments.
fn code(text: &str) -> String {
    let plain = text.lines().map(|l| l.split("//").next().unwrap_or_default());
    plain.collect::<Vec<_>>().join("\n")
}

#[test]
fn imports_go_downward_only() {
    let mut wrong = Vec::new();
    for (at, floor) in FLOORS.iter().enumerate() {
        for (path, text) in sources(&Path::new("src").join(floor)) {
            for part in code(&text).split("crate::").skip(1) {
                let name: String =
                    part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if !FLOORS[at..].contains(&name.as_str()) {
                    wrong.push(format!("{}: crate::{name}", path.display()));
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_the_world_outside_is_only_the_command_line_knows() {
    let outside =
        ["clap::", "indicatif::", "ctrlc::", "std::time::", "std::env::", "Instant::now", "std::process::"];
    for floor in &FLOORS[1..] {
        for (path, text) in sources(&Path::new("src").join(floor)) {
            for word in outside {
                assert!(!code(&text).contains(word), "{}: {word}", path.display());
            }
        }
    }
}

#[test]
fn the_engine_knows_no_graph_no_names_and_no_files() {
    for (path, text) in sources(Path::new("src/engine")) {
        for word in ["petgraph", "serde", "std::fs", "toml::", "crate::network"] {
            assert!(!code(&text).contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn every_file_opens_with_what_it_is_responsible_for() {
    for (path, text) in sources(Path::new("src")) {
        assert!(text.starts_with("//! "), "{}", path.display());
    }
}
