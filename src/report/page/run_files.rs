//! What the page is made from: a run's manifest and tables, as text read into rows.

use super::super::{scores, world};
use crate::analysis::tables as findings;
use crate::results::table::Schema;
use crate::results::{MANIFEST, PastRunError, RunReader, tables};
use crate::scenario::unguarded;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

/// Tables that the page reads, where a run has them.
pub(super) fn schemas() -> [Schema; 16] {
    [
        tables::summary().schema(),
        tables::thresholds().schema(),
        tables::bottlenecks().schema(),
        world::yearly_flows().schema(),
        tables::drivers().schema(),
        findings::comparison().schema(),
        findings::targets().schema(),
        findings::expectations().schema(),
        findings::sweep(&[]).schema(),
        scores::hindcast().schema(),
        scores::scores().schema(),
        scores::rivals().schema(),
        world::quantities().schema(),
        world::rules().schema(),
        world::nodes().schema(),
        world::edges().schema(),
    ]
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Not a run's folder.
    #[error("{0} is no run's folder: it has no manifest.json")]
    NoRun(PathBuf),
    /// A file that the system does not give, or that is not what the run wrote.
    #[error(transparent)]
    Run(#[from] PastRunError),
    /// A manifest that is not JSON.
    #[error("manifest.json cannot be read: {0}")]
    Manifest(#[source] serde_json::Error),
    /// A manifest without a scenario.
    #[error("manifest.json cannot be read: it holds no resolved scenario")]
    NoScenario,
    /// A manifest whose scenario is not TOML.
    #[error("manifest.json cannot be read: {0}")]
    Scenario(#[source] toml::de::Error),
    /// A folder that no brief is made of.
    #[error("a brief is made of a run or of a comparison, and the folder holds neither")]
    NoBrief,
    /// A policy that the folder does not have.
    #[error("the folder has no policy `{wanted}`: it has {known}")]
    NoPolicy {
        /// What was asked for.
        wanted: String,
        /// Those that it has.
        known: String,
    },
    /// A table that is not CSV.
    #[error("{name} cannot be read: {error}")]
    Table {
        /// Its file.
        name: &'static str,
        /// What is wrong with it.
        error: csv::Error,
    },
    /// The template, which is ours.
    #[error("the page's template: {0}")]
    Template(#[from] minijinja::Error),
}

/// Rows by their values in two columns.
type Index = BTreeMap<String, BTreeMap<String, Arc<[usize]>>>;

/// A cell as `actor/metric@quarter`, and the rows that are about it.
pub(super) type CellRows = (String, Vec<usize>);

/// A table of the run: what it is, and its rows as text.
#[derive(Debug)]
pub(super) struct RunTable {
    pub(super) schema: Schema,
    /// Columns in order of the file.
    columns: Vec<String>,
    /// The texts of all cells, row by row, each with a byte between it and the next.
    text: String,
    /// Where the first begins, and where each ends.
    start: u32,
    ends: Vec<u32>,
    /// Indexes by the columns that were asked for: a comparison's tables have hundreds of thousands of rows, and each policy,
    /// actor and quarter is looked up.
    indexes: Mutex<BTreeMap<(usize, usize), Arc<Index>>>,
    cells: OnceLock<Vec<CellRows>>,
}

/// A run's manifest and tables.
#[derive(Debug)]
pub struct RunFiles {
    /// `manifest.json`.
    pub(super) manifest: serde_json::Value,
    /// The resolved scenario that it holds.
    pub(super) scenario: toml::Table,
    tables: BTreeMap<&'static str, RunTable>,
    /// Paths of a sweep's levers: the columns that only this run's `sweep.csv` has.
    pub(super) levers: Vec<String>,
    /// What the scenario calls its actors.
    pub(super) names: BTreeMap<String, String>,
}

/// Tables whose rows have titles, which people read in place of ids.
const TITLED: [&str; 10] =
    ["country", "group", "facility", "designer", "chip", "buyer", "lab", "factor", "shock", "rule"];

impl RunFiles {
    /// Files that are in memory: the manifest's text, and tables' texts by name, which the page keeps.
    ///
    /// # Errors
    /// If one of them cannot be read.
    ///
    /// # Panics
    /// If the page does not read the table of sweeps.
    pub fn new(manifest: &str, mut texts: BTreeMap<&'static str, String>) -> Result<Self, PageError> {
        let manifest: serde_json::Value = serde_json::from_str(manifest).map_err(PageError::Manifest)?;
        let resolved = manifest["resolved"].as_str().ok_or(PageError::NoScenario)?;
        let scenario = resolved.parse().map_err(PageError::Scenario)?;
        let parts = schemas().map(|schema| (texts.remove(schema.name).unwrap_or_default(), schema));
        let tables = parts.into_par_iter().map(|(text, schema)| {
            let name = schema.name;
            let table = RunTable::parse(schema, text).map_err(|error| PageError::Table { name, error })?;
            Ok((name, table))
        });
        let mut tables: BTreeMap<_, RunTable> = tables.collect::<Result<_, PageError>>()?;
        let swept = tables.get_mut(findings::SWEEP).expect("a table that the page reads");
        let levers: Vec<String> =
            swept.columns.iter().filter(|c| swept.schema.field(c).is_none()).cloned().collect();
        swept.schema = findings::sweep(&levers).schema();
        let mut files = Self { manifest, scenario, tables, levers, names: BTreeMap::new() };
        files.names = files.titles();
        Ok(files)
    }

    /// A run's folder.
    ///
    /// # Errors
    /// If it is none, or a file of it cannot be read.
    pub fn read(folder: &Path) -> Result<Self, PageError> {
        if !folder.join(MANIFEST).is_file() {
            return Err(PageError::NoRun(folder.to_owned()));
        }
        let run = RunReader::open(folder, MANIFEST)?;
        let mut texts = BTreeMap::new();
        for name in schemas().map(|schema| schema.name) {
            if let Some(text) = run.read(name)? {
                texts.insert(name, text);
            }
        }
        Self::new(&run.text, texts)
    }

    /// A table; one without rows where the run has none.
    pub(super) fn table(&self, name: &str) -> &RunTable {
        self.tables.get(name).expect("a table that the page reads")
    }

    /// Policies of the run, the reference case first.
    pub(super) fn policies(&self) -> Vec<String> {
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
    pub(super) fn headline(&self) -> Vec<String> {
        let named = self.scenario.get("run").and_then(|r| r.get("headline"));
        let named = named.and_then(toml::Value::as_array).into_iter().flatten();
        named.filter_map(|v| v.as_str().map(str::to_owned)).collect()
    }

    /// The last quarter of the scenario's horizon.
    pub(super) fn end(&self) -> String {
        let horizon = self.scenario.get("run").and_then(|r| r.get("horizon")).and_then(toml::Value::as_str);
        horizon.and_then(|h| h.split_once("..")).map_or_else(String::new, |(_, end)| end.trim().to_owned())
    }

    /// A text of the manifest.
    pub(super) fn about(&self, key: &str) -> String {
        match &self.manifest[key] {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    /// What the scenario calls its actors.
    fn titles(&self) -> BTreeMap<String, String> {
        let mut names = BTreeMap::new();
        for table in TITLED {
            for row in self.entities(table) {
                let text = |key: &str| row.get(key).and_then(toml::Value::as_str).filter(|t| !t.is_empty());
                if let (Some(id), Some(title)) = (text("id"), text("title")) {
                    names.insert(format!("{table}.{id}"), title.to_owned());
                }
            }
        }
        names
    }

    /// What is known of a policy: title, reason, what it changes.
    pub(super) fn about_policy(&self, policy: &str, key: &str) -> String {
        let all = self.manifest["about_policies"].as_array().into_iter().flatten();
        let mut found = all.filter(|p| p["policy"] == policy).filter_map(|p| p[key].as_str());
        found.next().unwrap_or_default().to_owned()
    }

    /// Rows of a table of the resolved scenario.
    pub(super) fn entities(&self, table: &str) -> impl Iterator<Item = &toml::Table> {
        let rows = self.scenario.get(table).and_then(toml::Value::as_array);
        rows.into_iter().flatten().filter_map(toml::Value::as_table)
    }
}

impl RunTable {
    /// Reads a table's text.
    fn parse(schema: Schema, text: String) -> Result<Self, csv::Error> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
        if u32::try_from(text.len()).is_err() {
            return Err(std::io::Error::from(std::io::ErrorKind::FileTooLarge).into());
        }
        let start = text.find('\n').map_or(text.len(), |end| end + 1);
        let (text, start, ends) = if let Some(ends) = ends_of(&text, start, columns.len()) {
            (text, start, ends)
        } else {
            let (mut plain, mut ends) = (String::with_capacity(text.len()), Vec::new());
            for record in reader.records() {
                for cell in &record? {
                    plain.push_str(cell);
                    ends.push(plain.len() as u32);
                    plain.push('\n');
                }
            }
            (plain, 0, ends)
        };
        let (indexes, cells) = (Mutex::default(), OnceLock::new());
        Ok(Self { schema, columns, text, start: start as u32, ends, indexes, cells })
    }

    /// How many rows it has.
    pub(super) fn rows(&self) -> usize {
        self.ends.len() / self.columns.len().max(1)
    }

    /// A cell's text, by its row and the position of its column.
    pub(super) fn at(&self, row: usize, column: usize) -> &str {
        let place = row * self.columns.len() + column;
        let start = if place == 0 { self.start } else { self.ends[place - 1] + 1 };
        unguarded(&self.text[start as usize..self.ends[place] as usize])
    }

    /// Whether it has no row.
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether a table of its kind has a column.
    pub(super) fn has(&self, name: &str) -> bool {
        self.schema.field(name).is_some()
    }

    /// Position of a column in the file; none in files of a version that did not have it.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        let place = self.columns.iter().position(|c| c == name);
        assert!(place.is_some() || self.has(name), "{} has no column {name}", self.schema.name);
        place
    }

    /// A cell's text; empty in a file of a version that did not have the column.
    pub(super) fn text(&self, row: usize, column: &str) -> &str {
        self.column(column).map_or("", |c| self.at(row, c))
    }

    /// A cell's number; none where it is empty.
    pub(super) fn number(&self, row: usize, column: &str) -> Option<f64> {
        self.text(row, column).parse().ok()
    }

    /// The row with the largest number of those that have one, the first of equals.
    pub(super) fn largest(&self, rows: impl Iterator<Item = usize>, column: &str) -> Option<usize> {
        let text = self.reading(column);
        let numbered = rows.filter_map(|r| Some((r, text(r).parse::<f64>().ok()?)));
        numbered.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map(|r| r.0)
    }

    /// The row with the smallest number of those that have one, the first of equals.
    pub(super) fn smallest(&self, rows: impl Iterator<Item = usize>, column: &str) -> Option<usize> {
        let text = self.reading(column);
        let numbered = rows.filter_map(|r| Some((r, text(r).parse::<f64>().ok()?)));
        numbered.min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0))).map(|r| r.0)
    }

    /// A column's texts by row, for those who read many rows; empty in a file of a version that did not have the column.
    pub(super) fn reading<'a>(&'a self, column: &str) -> impl Fn(usize) -> &'a str + use<'a> {
        let place = self.column(column);
        move |row| place.map_or("", |c| self.at(row, c))
    }

    /// Rows whose columns have the values given, in order.
    pub(super) fn find<'a, 'b: 'a>(
        &'a self,
        wanted: &[(&str, &'b str)],
    ) -> impl Iterator<Item = usize> + use<'a, 'b> {
        let at: Option<Vec<(usize, &'b str)>> =
            wanted.iter().map(|(name, value)| Some((self.column(name)?, *value))).collect();
        let at = at.unwrap_or_default();
        let rows: Arc<[usize]> = match at.as_slice() {
            [] => Arc::default(),
            [only] => self.having(*only, *only),
            [first, second, ..] => self.having(*first, *second),
        };
        let found = (0..rows.len()).map(move |i| rows[i]);
        found.filter(move |&r| at.iter().skip(2).all(|&(c, value)| self.at(r, c) == value))
    }

    /// Rows with two values in two columns.
    fn having(&self, first: (usize, &str), second: (usize, &str)) -> Arc<[usize]> {
        let mut indexes = self.indexes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let index =
            indexes.entry((first.0, second.0)).or_insert_with(|| Arc::new(self.index(first.0, second.0)));
        index.get(first.1).and_then(|rows| rows.get(second.1)).cloned().unwrap_or_default()
    }

    /// Rows by their values in two columns: most stand in runs with equal ones.
    fn index(&self, first: usize, second: usize) -> Index {
        let pair = |r: usize| (self.at(r, first), self.at(r, second));
        let mut lists: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        let mut start = 0;
        while start < self.rows() {
            let here = pair(start);
            let end = (start..self.rows()).find(|&r| pair(r) != here).unwrap_or(self.rows());
            lists.entry(here).or_default().extend(start..end);
            start = end;
        }
        let mut index = Index::new();
        for ((a, b), rows) in lists {
            index.entry(a.to_owned()).or_default().insert(b.to_owned(), rows.into());
        }
        index
    }

    /// Cells in order of first appearance, and the rows of each.
    pub(super) fn cells(&self) -> &[CellRows] {
        self.cells.get_or_init(|| {
            let (actor, metric, quarter) =
                (self.reading("actor"), self.reading("metric"), self.reading("quarter"));
            let mut all: Vec<CellRows> = Vec::new();
            let mut places: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
            for r in 0..self.rows() {
                let cell = (actor(r), metric(r), quarter(r));
                let place = *places.entry(cell).or_insert_with(|| {
                    all.push((format!("{}/{}@{}", cell.0, cell.1, cell.2), Vec::new()));
                    all.len() - 1
                });
                all[place].1.push(r);
            }
            all
        })
    }

    /// Values of a column, each once, in order of first appearance.
    pub(super) fn values(&self, column: &str) -> Vec<&str> {
        let Some(c) = self.column(column) else { return Vec::new() };
        let mut seen = std::collections::BTreeSet::new();
        let mut last = None;
        let cells = (0..self.rows()).map(|r| self.at(r, c));
        cells.filter(|v| last.replace(*v) != Some(*v) && seen.insert(*v)).collect()
    }
}

/// Where the cells of a text end, from where its rows start; none if it has quotes or is otherwise not as tables are written, which
/// the reader of CSV sees to.
fn ends_of(text: &str, start: usize, columns: usize) -> Option<Vec<u32>> {
    let bytes = text.as_bytes();
    let odd = |b: &u8| bytes.contains(b);
    if odd(&b'"')
        || odd(&b'\r')
        || bytes.starts_with(b"\xef\xbb\xbf")
        || bytes.last() != Some(&b'\n')
        || columns < 2
    {
        return None;
    }
    let mut ends = Vec::with_capacity(bytes.len() / 8);
    let mut row = 0;
    for (i, b) in bytes.iter().enumerate().skip(start) {
        match b {
            b',' => ends.push(i as u32),
            b'\n' => {
                ends.push(i as u32);
                if ends.len() - row != columns {
                    return None;
                }
                row = ends.len();
            }
            _ => {}
        }
    }
    Some(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<RunTable, csv::Error> {
        RunTable::parse(tables::summary().schema(), text.to_owned())
    }

    #[test]
    fn cells_and_look_ups_are_the_same_with_quotes_and_without() {
        let plain = "policy,actor,metric\nbase,a,x\nbase,b,x\n'=p,a,y\nbase,a,x\n";
        for text in [plain.to_owned(), plain.replace("base", "\"base\""), plain.replace('\n', "\r\n")] {
            let table = table(&text).unwrap();
            let policies: Vec<&str> = (0..table.rows()).map(|r| table.text(r, "policy")).collect();
            assert_eq!(policies, ["base", "base", "=p", "base"]);
            let find = |wanted: &[(&str, &'static str)]| table.find(wanted).collect::<Vec<_>>();
            assert_eq!(find(&[("policy", "base"), ("actor", "a"), ("metric", "x")]), [0, 3]);
            assert_eq!(find(&[("metric", "y")]), [2]);
            assert!(find(&[("policy", "nobody"), ("actor", "a")]).is_empty());
            // A file of a version that did not have the column.
            assert!(find(&[("quarter", "2024Q4")]).is_empty());
            assert_eq!(table.values("actor"), ["a", "b"]);
            let cells: Vec<&str> = table.cells().iter().map(|c| c.0.as_str()).collect();
            assert_eq!(cells, ["a/x@", "b/x@", "a/y@"]);
            assert_eq!(table.cells()[0].1, [0, 3]);
        }
        assert!(table("policy,actor\nbase\n").is_err());
        assert!(table("").unwrap().is_empty());
    }
}
