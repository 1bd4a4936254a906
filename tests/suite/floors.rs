//! The house: imports go downward only and never in a circle, only the command line knows clap, the clock and the environment,
//! the engine knows no files, no file is long, and the code speaks the field's words.

use crate::support::imports::{Imports, code, sources};
use std::path::Path;

/// Floors from the top down. A file may import from its own floor and from those below it.
const FLOORS: [&str; 15] = [
    "cli", "study", "report", "engine", "metrics", "plan", "rules", "inputs", "analysis", "results",
    "network", "model", "random", "scenario", "math",
];

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
fn no_files_use_each_other_in_a_circle() {
    let circles = Imports::read().circles();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn no_file_is_too_long_to_read() {
    for folder in ["src", "tests", "benches", "examples"] {
        for (path, _) in sources(Path::new(folder)) {
            let lines = std::fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= 600, "{} has {lines} lines", path.display());
        }
    }
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

/// Words that only this code would know, with the field's words for them.
const PRIVATE: [(&str, &str); 12] = [
    ("weaken", "knockout"),
    ("gift", "what is supplied"),
    ("gifts", "what is supplied"),
    ("taker", "intervention"),
    ("crew", "workers"),
    ("contest", "paired run"),
    ("witness", "trace"),
    ("greys", "grey-market options"),
    ("attraction", "choice"),
    ("permits", "controls"),
    ("chief", "default selection"),
    ("reign", "which rule governs"),
];

#[test]
fn names_are_the_fields_words() {
    let mut found = Vec::new();
    for folder in ["src", "tests", "benches", "examples"] {
        for (path, text) in sources(Path::new(folder)) {
            let text = code(&text);
            let names = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            for name in names {
                for word in words(name) {
                    if let Some((private, public)) = PRIVATE.iter().find(|(private, _)| *private == word) {
                        found.push(format!("{}: `{name}`: {private} is {public}", path.display()));
                    }
                }
            }
        }
    }
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "{found:#?}");
}

/// Words of a name in snake or camel case.
fn words(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    for c in name.chars() {
        if c.is_uppercase() || c == '_' {
            spaced.push(' ');
        }
        spaced.extend(c.to_lowercase().filter(|c| *c != '_'));
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}
