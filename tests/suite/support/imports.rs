//! Which source file uses which: every path of the crate in a file, followed to the file that defines what it names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Sources under a folder, with their texts up to the unit tests.
pub fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
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
    all.sort();
    all
}

/// Code without comments and without what stands in quotes.
pub fn code(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => while rest.next_if(|c| *c != '\n').is_some() {},
            '"' => {
                out.push_str("\"\"");
                while let Some(c) = rest.next() {
                    match c {
                        '\\' => drop(rest.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '\'' => {
                // A character, unless it is a lifetime: `'a`.
                let ahead: Vec<char> = rest.clone().take(2).collect();
                out.push(c);
                if ahead.first() == Some(&'\\') || ahead.get(1) == Some(&'\'') {
                    if rest.next() == Some('\\') {
                        rest.next();
                    }
                    while rest.next_if(|c| *c != '\'').is_some() {}
                    rest.next();
                }
            }
            _ => out.push(c),
        }
    }
    out
}

/// A module path, `crate` first.
type Module = Vec<String>;

/// What a file says of others.
struct File {
    /// Names that it brings into scope, with the paths behind them; of a path that ends in `*` the name is `*`.
    names: Vec<(String, Vec<String>)>,
    /// Paths that it uses: those of private imports, and those in its code. What it hands on by `pub use` it does not use.
    used: Vec<Vec<String>>,
    /// Names that it defines.
    defined: BTreeSet<String>,
}

/// All files of the crate by module.
pub struct Imports {
    files: BTreeMap<Module, File>,
}

impl Imports {
    /// Reads the sources of the crate.
    pub fn read() -> Self {
        let module = |path: &Path| -> Module {
            let inner = path.strip_prefix("src").unwrap().with_extension("");
            let parts = inner.iter().map(|p| p.to_str().unwrap().to_owned());
            let named = parts.filter(|p| p != "mod" && p != "lib");
            std::iter::once("crate".to_owned()).chain(named).collect()
        };
        let read = |(path, text): (PathBuf, String)| (module(&path), File::read(&code(&text)));
        let all = sources(Path::new("src")).into_iter().filter(|(path, _)| !path.ends_with("main.rs"));
        Self { files: all.map(read).collect() }
    }

    /// Sets of files of which each leads to every other, as `from -> to` lines.
    pub fn circles(&self) -> Vec<Vec<String>> {
        let edges: BTreeMap<&Module, BTreeSet<&Module>> =
            self.files.iter().map(|(module, file)| (module, self.targets(module, file))).collect();
        let reach: BTreeMap<&Module, BTreeSet<&Module>> = edges
            .keys()
            .map(|start| {
                let (mut seen, mut open) = (BTreeSet::new(), vec![*start]);
                while let Some(at) = open.pop() {
                    open.extend(edges[at].iter().filter(|next| seen.insert(**next)));
                }
                (*start, seen)
            })
            .collect();
        let mut told = BTreeSet::new();
        let mut circles = Vec::new();
        for start in edges.keys().filter(|m| reach[**m].contains(**m)) {
            let circle: BTreeSet<&Module> =
                reach[*start].iter().copied().filter(|m| reach[m].contains(*start)).collect();
            if circle.iter().any(|m| !told.insert(*m)) {
                continue;
            }
            let inside = |m: &&&Module| circle.contains(**m);
            let lines = circle.iter().flat_map(|from| {
                edges[from]
                    .iter()
                    .filter(inside)
                    .map(move |to| format!("{} -> {}", from.join("::"), to.join("::")))
            });
            circles.push(lines.collect());
        }
        circles
    }

    /// Other files that a file uses.
    fn targets<'a>(&'a self, module: &Module, file: &File) -> BTreeSet<&'a Module> {
        let found = file.used.iter().filter_map(|path| {
            let whole = self.absolute(module, path)?;
            self.resolve(&whole, 12)
        });
        found.filter(|target| *target != module).collect()
    }

    /// A path from the crate's root, if it is one into the crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Vec<String>> {
        let ups = path.iter().take_while(|p| *p == "super").count();
        let base = match path[0].as_str() {
            "crate" => return Some(path.to_vec()),
            "super" => module.get(..module.len().checked_sub(ups)?)?,
            "self" => module,
            child => {
                let inner = [module, &[child.to_owned()]].concat();
                self.files.contains_key(&inner).then_some(module)?
            }
        };
        let rest = path.iter().skip(ups).filter(|p| *p != "self").cloned();
        Some(base.iter().cloned().chain(rest).collect())
    }

    /// The file that defines what a path names: down the modules, then on through what a module hands on.
    fn resolve(&self, path: &[String], patience: usize) -> Option<&Module> {
        let deepest = (1..=path.len()).rev().find(|n| self.files.contains_key(&path[..*n]))?;
        let (module, file) = self.files.get_key_value(&path[..deepest])?;
        let Some(name) = path.get(deepest).filter(|n| *n != "*" && !file.defined.contains(*n)) else {
            return Some(module);
        };
        let left = patience.checked_sub(1)?;
        let follow = |target: &[String]| {
            let whole = self.absolute(module, target)?;
            self.resolve(&[&whole[..], &path[deepest + 1..]].concat(), left)
        };
        if let Some((_, target)) = file.names.iter().find(|(known, _)| known == name) {
            return follow(target);
        }
        let globs = file.names.iter().filter(|(known, _)| known == "*");
        let behind = globs.filter_map(|(_, target)| {
            let inner = [&target[..target.len() - 1], std::slice::from_ref(name)].concat();
            let found = self.resolve(&self.absolute(module, &inner)?, left)?;
            self.files[found].defined.contains(name).then_some(found)
        });
        Some(behind.into_iter().next().unwrap_or(module))
    }
}

impl File {
    fn read(code: &str) -> Self {
        let mut file = Self { names: Vec::new(), used: Vec::new(), defined: BTreeSet::new() };
        let mut body = String::new();
        let mut rest = code;
        while let Some(at) = next_use(rest) {
            let line = rest[..at].rfind(['\n', ';', '}', '{']).map_or(0, |i| i + 1);
            let public = rest[line..at].trim().starts_with("pub");
            body.push_str(&rest[..line]);
            let end = at + rest[at..].find(';').unwrap();
            for (name, path) in expand(&rest[at + 4..end]) {
                if !public {
                    file.used.push(path.clone());
                }
                file.names.push((name, path));
            }
            rest = &rest[end + 1..];
        }
        body.push_str(rest);
        let mut last = "";
        for path in paths(&body) {
            let parts: Vec<String> = path.split("::").map(str::to_owned).collect();
            let defines = ["struct", "enum", "fn", "type", "const", "static", "trait", "macro_rules"];
            if parts.len() > 1 {
                file.used.push(parts);
            } else if defines.contains(&last) {
                file.defined.insert(path.to_owned());
            }
            last = path;
        }
        file
    }
}

/// Place of the next `use ` of a text, as a word of its own.
fn next_use(text: &str) -> Option<usize> {
    let starts = text.match_indices("use ").map(|(at, _)| at);
    starts.into_iter().find(|at| text[..*at].chars().next_back().is_none_or(char::is_whitespace))
}

/// Words of a text, those joined by `::` as one.
fn paths(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = text.split(|c: char| !is_word(c)).map(|w| w.trim_matches(':'));
    words.filter(|w| !w.is_empty() && (!w.contains(':') || w.contains("::"))).collect()
}

/// Names and paths of a tree of imports.
fn expand(tree: &str) -> Vec<(String, Vec<String>)> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let (path, alias) = tree.split_once(" as ").map_or((tree, None), |(p, a)| (p, Some(a.trim())));
        let path: Vec<String> = path.split("::").map(|p| p.trim().to_owned()).collect();
        let last = &path[path.len() - 1];
        return vec![(alias.unwrap_or(last).to_owned(), path)];
    };
    let head: Vec<String> =
        tree[..open].trim_end_matches(':').split("::").map(|p| p.trim().to_owned()).collect();
    let inner = &tree[open + 1..tree.rfind('}').unwrap()];
    let mut depth = 0;
    let parts = inner.split(|c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    let parts: Vec<&str> = parts.filter(|p| !p.trim().is_empty()).collect();
    let mut all = Vec::new();
    for (name, path) in parts.into_iter().flat_map(expand) {
        let name = if path == ["self"] { head[head.len() - 1].clone() } else { name };
        let tail = path.into_iter().filter(|p| p != "self");
        all.push((name, head.iter().cloned().chain(tail).collect()));
    }
    all
}
