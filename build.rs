//! Lists the scenarios that come inside the program, with their texts.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=scenarios");
    let home =
        std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).expect("cargo says where the package is");
    let out = std::env::var_os("OUT_DIR").map(PathBuf::from).expect("cargo says where to write");
    let mut files = Vec::new();
    if std::env::var_os("CARGO_FEATURE_SHIPPED").is_some() {
        gather(&home.join("scenarios"), "", &mut files);
    }
    files.sort();
    let mut list = String::from("&[\n");
    for (name, path) in &files {
        writeln!(list, "    ({name:?}, include_str!({:?})),", path.display().to_string())
            .expect("a text grows");
    }
    list.push_str("]\n");
    std::fs::write(out.join("shipped.rs"), list).expect("cargo's folder can be written");
}

/// Adds the files beneath a folder, each with its path from `scenarios`.
fn gather(folder: &Path, before: &str, files: &mut Vec<(String, PathBuf)>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = if before.is_empty() { name } else { format!("{before}/{name}") };
        if path.is_dir() {
            gather(&path, &name, files);
        } else if path.extension().is_some_and(|e| e == "toml" || e == "csv" || e == "md") {
            files.push((name, path));
        }
    }
}
