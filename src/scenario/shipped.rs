//! Scenarios that come inside the program: `baseline` and `tutorial`, read where nothing of that name is in the way.

use std::collections::BTreeSet;
use std::path::{Component, Path};

/// Every file of them: its path, which starts with the scenario's name, and its text.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// Their names, in order.
pub fn shipped() -> Vec<&'static str> {
    let names: BTreeSet<&str> = FILES.iter().filter_map(|(path, _)| Some(path.split_once('/')?.0)).collect();
    names.into_iter().collect()
}

/// Files of one of them: their paths within it, and their texts.
pub fn shipped_files(name: &str) -> Vec<(String, &'static str)> {
    let of = |(path, text): &(&str, &'static str)| Some((within(path, name)?.to_owned(), *text));
    FILES.iter().filter_map(of).collect()
}

/// A path as the list has it: relative, of a scenario that is in the program, and not on the disk instead.
fn inside(path: &Path) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    let name = *parts.first()?;
    let known = shipped().contains(&name) && Path::new(name).symlink_metadata().is_err();
    known.then(|| parts.join("/"))
}

/// The text of a file of a scenario that is read from the program.
pub(super) fn text(path: &Path) -> Option<&'static str> {
    let wanted = inside(path)?;
    FILES.iter().find(|(path, _)| *path == wanted).map(|(_, text)| *text)
}

/// Whether a path is a folder, on the disk or in the program.
pub fn is_folder(path: &Path) -> bool {
    path.is_dir() || is_inside(path)
}

/// Whether a path is a folder in the program.
pub(super) fn is_inside(path: &Path) -> bool {
    inside(path).is_some_and(|wanted| FILES.iter().any(|(path, _)| within(path, &wanted).is_some()))
}

/// Whether a path is there, on the disk or in the program.
pub fn exists(path: &Path) -> bool {
    path.exists() || is_inside(path) || text(path).is_some()
}

/// Stems of the TOML files in a folder, in order.
pub fn stems(folder: &Path) -> Vec<String> {
    let stem = |path: &Path| {
        let stem = path.file_stem().filter(|_| path.extension().is_some_and(|e| e == "toml"));
        stem.map(|s| s.to_string_lossy().into_owned())
    };
    let mut stems: Vec<String> = match inside(folder) {
        Some(folder) => {
            let files = FILES.iter().filter_map(|(path, _)| within(path, &folder));
            files.filter(|rest| !rest.contains('/')).filter_map(|rest| stem(Path::new(rest))).collect()
        }
        None => std::fs::read_dir(folder)
            .map(|dir| dir.flatten().filter_map(|e| stem(&e.path())).collect())
            .unwrap_or_default(),
    };
    stems.sort();
    stems
}

/// A file's path from a folder on.
fn within<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    path.strip_prefix(folder)?.strip_prefix('/')
}
