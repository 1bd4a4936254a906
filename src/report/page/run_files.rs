//! What the page is made from: a run's manifest and tables, as text read into rows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Tables that the page shows, where a run has them.
const TABLES: [&str; 14] = [
    "summary.csv",
    "thresholds.csv",
    "bottlenecks.csv",
    "yearly_flows.csv",
    "drivers.csv",
    "comparison.csv",
    "sweep.csv",
    "hindcast.csv",
    "scores.csv",
    "rivals.csv",
    "quantities.csv",
    "rules.csv",
    "nodes.csv",
    "edges.csv",
];

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Not a run's folder.
    #[error("{0} is no run's folder: it has no manifest.json")]
    NoRun(PathBuf),
    /// A file that cannot be read.
    #[error("{path} cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: String,
    },
    /// Not CSV.
    #[error("not CSV: {0}")]
    Csv(#[from] csv::Error),
    /// The template, which is ours.
    #[error("the page's template: {0}")]
    Template(#[from] minijinja::Error),
}

/// A table: names of its columns, and rows of text.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Its rows.
    pub rows: Vec<csv::StringRecord>,
}

/// A run's manifest and tables.
#[derive(Clone, Debug)]
pub struct RunFiles {
    /// `manifest.json`.
    pub manifest: serde_json::Value,
    /// The resolved scenario that it holds.
    pub scenario: toml::Table,
    tables: BTreeMap<String, Table>,
}

impl RunFiles {
    /// Files that are in memory: the manifest's text, and tables' texts by name.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn new(manifest: &str, texts: &[(&str, &str)]) -> Result<Self, PageError> {
        let unreadable =
            |name: &str, error: String| PageError::Unreadable { path: PathBuf::from(name), error };
        let manifest: serde_json::Value =
            serde_json::from_str(manifest).map_err(|e| unreadable("manifest.json", e.to_string()))?;
        let resolved = manifest["resolved"].as_str().unwrap_or_default();
        let scenario =
            resolved.parse().map_err(|e: toml::de::Error| unreadable("manifest.json", e.to_string()))?;
        let mut tables = BTreeMap::new();
        for (name, text) in texts {
            let table = Table::parse(text).map_err(|e| unreadable(name, e.to_string()))?;
            tables.insert((*name).to_owned(), table);
        }
        Ok(Self { manifest, scenario, tables })
    }

    /// A run's folder.
    ///
    /// # Errors
    /// If it is none, or a file of it cannot be read.
    pub fn read(folder: &Path) -> Result<Self, PageError> {
        let manifest = folder.join("manifest.json");
        if !manifest.is_file() {
            return Err(PageError::NoRun(folder.to_owned()));
        }
        let read = |path: &Path| {
            std::fs::read_to_string(path)
                .map_err(|e| PageError::Unreadable { path: path.to_owned(), error: e.to_string() })
        };
        let manifest = read(&manifest)?;
        let mut texts: Vec<(&str, String)> = Vec::new();
        for name in TABLES {
            let path = folder.join(name);
            if path.is_file() {
                texts.push((name, read(&path)?));
            }
        }
        let texts: Vec<(&str, &str)> = texts.iter().map(|(n, t)| (*n, t.as_str())).collect();
        Self::new(&manifest, &texts)
    }

    /// A table; an empty one where the run has none.
    pub fn table(&self, name: &str) -> &Table {
        static NONE: Table = Table { columns: Vec::new(), rows: Vec::new() };
        self.tables.get(name).unwrap_or(&NONE)
    }

    /// Policies of the run, the scenario as it stands first.
    pub fn policies(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.table("summary.csv").values("policy").into_iter().map(str::to_owned).collect();
        if all.is_empty() {
            // A sweep has points instead.
            all.push("base".to_owned());
        }
        if let Some(base) = all.iter().position(|p| p == "base") {
            all[..=base].rotate_right(1);
        }
        all
    }

    /// Actors that the scenario puts into its headline.
    pub fn headline(&self) -> Vec<String> {
        let named = self.scenario.get("run").and_then(|r| r.get("headline"));
        let named = named.and_then(toml::Value::as_array).into_iter().flatten();
        named.filter_map(|v| v.as_str().map(str::to_owned)).collect()
    }

    /// A text of the manifest.
    pub fn about(&self, key: &str) -> String {
        match &self.manifest[key] {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    /// Rows of a table of the resolved scenario.
    pub fn entities(&self, table: &str) -> impl Iterator<Item = &toml::Table> {
        let rows = self.scenario.get(table).and_then(toml::Value::as_array);
        rows.into_iter().flatten().filter_map(toml::Value::as_table)
    }
}

impl Table {
    /// A table's text.
    ///
    /// # Errors
    /// If it is not CSV.
    pub fn parse(text: &str) -> Result<Self, PageError> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns = reader.headers()?.iter().map(str::to_owned).collect();
        let rows = reader.records().collect::<Result<_, _>>()?;
        Ok(Self { columns, rows })
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c == name)
    }

    /// A cell's text; empty where there is none.
    pub fn text(&self, row: usize, column: &str) -> &str {
        self.column(column).and_then(|c| self.rows[row].get(c)).unwrap_or_default()
    }

    /// A cell's number.
    pub fn number(&self, row: usize, column: &str) -> Option<f64> {
        self.text(row, column).parse().ok()
    }

    /// Rows whose columns have the values given.
    pub fn find<'a, 'b: 'a>(
        &'a self,
        wanted: &[(&str, &'b str)],
    ) -> impl Iterator<Item = usize> + use<'a, 'b> {
        let at: Option<Vec<(usize, &'b str)>> =
            wanted.iter().map(|(name, value)| Some((self.column(name)?, *value))).collect();
        (0..self.rows.len()).filter(move |&r| {
            at.as_ref().is_some_and(|at| at.iter().all(|&(c, value)| self.rows[r].get(c) == Some(value)))
        })
    }

    /// Values of a column, each once, in order of first appearance.
    pub fn values(&self, column: &str) -> Vec<&str> {
        let Some(c) = self.column(column) else { return Vec::new() };
        let mut seen = std::collections::BTreeSet::new();
        self.rows.iter().filter_map(|r| r.get(c)).filter(|v| seen.insert(*v)).collect()
    }
}
