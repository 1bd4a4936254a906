//! The folder that a study writes: its tables, the page and the data package made of them, and the manifest, last.

use super::error::Error;
use super::request::Destination;
use super::simulation::Simulation;
use super::watch::{Note, Watch};
use crate::network::Network;
use crate::report::page::{PageError, RunFiles, Table, page};
use crate::report::world::{self, EDGES, NODES, QUANTITIES, RULES, YEARLY_FLOWS};
use crate::results::tables::{Column, header};
use crate::results::{
    Folder, FolderError, Manifest, Opened, OutputFile, data_package, package_fields, package_resource,
};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files that every study writes beside its own, the last ones last.
const FILES: [&str; 8] = [
    "quantities.csv",
    "rules.csv",
    "nodes.csv",
    "edges.csv",
    "yearly_flows.csv",
    "report.html",
    "datapackage.json",
    "manifest.json",
];

/// A study's folder, being filled.
#[derive(Debug)]
pub struct RunFolder {
    pub(super) manifest: Manifest,
    path: PathBuf,
    folder: Folder,
    /// Files that were opened before the work, by name.
    files: Vec<(String, OutputFile)>,
    /// What the data package says of each table, in order of writing.
    resources: Vec<Json>,
    /// Tables that are written, for the page.
    tables: BTreeMap<String, String>,
    world: World,
}

/// What the scenario as it stands is about: rows of the tables that say so.
#[derive(Debug, Default)]
struct World {
    quantities: String,
    rules: String,
    nodes: String,
    edges: String,
    makers: BTreeMap<String, String>,
}

impl World {
    fn new(simulation: &Simulation) -> Self {
        let model = &simulation.plan.model;
        let network = Network::from_model(model);
        Self {
            quantities: world::quantities(model),
            rules: world::rules(model),
            nodes: world::nodes(model, &network),
            edges: world::edges(model, &network),
            makers: world::makers(model),
        }
    }
}

impl RunFolder {
    /// Takes the folder of a study and opens every file of it, so that a bad path shows before the work; none if the study
    /// is there already, complete.
    pub(super) fn open(
        simulation: &Simulation,
        mut manifest: Manifest,
        files: &[&str],
        destination: &Destination,
        watch: &dyn Watch,
    ) -> Result<Option<Self>, Error> {
        manifest.identify();
        manifest.command.clone_from(&destination.command);
        let path = destination.out.clone().unwrap_or_else(|| {
            PathBuf::from("output").join(format!("{}-{}", simulation.project.name, manifest.identity))
        });
        let mut folder = match Folder::open(&path, &manifest.identity, destination.force)? {
            Opened::Ready(folder) => folder,
            Opened::Complete => {
                watch.note(&Note::Complete(path));
                return Ok(None);
            }
        };
        let names = files.iter().copied().chain(FILES);
        let files: Result<Vec<_>, FolderError> =
            names.map(|name| Ok((name.to_owned(), folder.create(name)?))).collect();
        Ok(Some(Self {
            manifest,
            path,
            files: files?,
            folder,
            resources: Vec::new(),
            tables: BTreeMap::new(),
            world: World::new(simulation),
        }))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens one more file, for a writer that fills it as it goes.
    pub(super) fn create(&mut self, name: &str) -> Result<OutputFile, FolderError> {
        self.folder.create(name)
    }

    /// Gives such a file its name.
    pub(super) fn finish_file(&mut self, file: OutputFile) -> Result<(), FolderError> {
        self.folder.finish(file)
    }

    /// Adds a table to the data package.
    pub(super) fn describe(&mut self, name: &str, about: &str, fields: Vec<Json>) {
        self.resources.push(package_resource(name, about, fields));
    }

    /// Writes a table of fixed columns: its header and the rows given.
    pub(super) fn table(
        &mut self,
        name: &str,
        about: &str,
        columns: &[Column],
        rows: &str,
    ) -> Result<(), FolderError> {
        let text = header(columns) + rows;
        self.text(name, &text)?;
        self.describe(name, about, package_fields(columns));
        Ok(())
    }

    /// Writes a whole file.
    pub(super) fn text(&mut self, name: &str, text: &str) -> Result<(), FolderError> {
        let file = match self.files.iter().position(|f| f.0 == name) {
            Some(i) => self.files.remove(i).1,
            None => self.folder.create(name)?,
        };
        if Path::new(name).extension().is_some_and(|e| e == "csv") {
            self.tables.insert(name.to_owned(), text.to_owned());
        }
        self.folder.write(file, text)
    }

    /// Writes the tables that say what the scenario is about.
    fn write_world(&mut self) -> Result<(), Error> {
        let world = std::mem::take(&mut self.world);
        self.table("quantities.csv", "What went in: every number", &QUANTITIES, &world.quantities)?;
        self.table("rules.csv", "The rules", &RULES, &world.rules)?;
        self.table("nodes.csv", "Nodes of the supply graph", &NODES, &world.nodes)?;
        self.table("edges.csv", "Edges of the supply graph", &EDGES, &world.edges)?;
        if let Some(flows) = self.tables.get("flows.csv") {
            let rows = world::yearly_flows(&Table::parse(flows)?, &world.makers);
            self.table("yearly_flows.csv", "Chips from fab to country by year", &YEARLY_FLOWS, &rows)?;
        }
        Ok(())
    }

    /// The page of what is written.
    fn page(&self, manifest: &str) -> Result<String, PageError> {
        let texts: Vec<(&str, &str)> =
            self.tables.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        page(&RunFiles::new(manifest, &texts)?)
    }

    /// Writes the page, the data package and the manifest: the study is complete.
    pub(super) fn finish(mut self, took: Took) -> Result<Written, Error> {
        self.manifest.draws = took.draws;
        self.manifest.draws_used = took.used;
        self.manifest.wall_seconds = took.seconds;
        self.manifest.draws_per_second =
            if took.seconds > 0.0 { took.draws as f64 / took.seconds } else { 0.0 };
        self.write_world()?;
        let manifest = serde_json::to_string_pretty(&self.manifest).unwrap_or_default() + "\n";
        let page = self.page(&manifest)?;
        self.text("report.html", &page)?;
        let package = data_package(&self.manifest.scenario, &self.manifest.title, &self.resources);
        self.text("datapackage.json", &package)?;
        self.text("manifest.json", &manifest)?;
        Ok(Written { manifest: self.manifest, path: self.path })
    }
}

/// What a simulation took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Took {
    /// Draws simulated.
    pub draws: u64,
    /// Draws that count: all, or those that satisfy the condition.
    pub used: u64,
    /// Wall time of the simulation \[s\]; 0 without a clock.
    pub seconds: f64,
}

/// A study that has been written.
#[derive(Clone, Debug)]
pub struct Written {
    /// What it is.
    pub manifest: Manifest,
    /// Its folder.
    pub path: PathBuf,
}

/// Makes the page of a run again, from its files; says where it is.
///
/// # Errors
/// If there is no run, a file of it is not what a run writes, or the page cannot be written.
pub fn write_page(run: &Path) -> Result<PathBuf, Error> {
    let page = page(&RunFiles::read(run)?)?;
    // Whole or absent, as everything in a run's folder.
    let temporary = run.join(".report.html.part");
    let path = run.join("report.html");
    std::fs::write(&temporary, page)
        .and_then(|()| std::fs::rename(&temporary, &path))
        .map_err(|error| FolderError::Io { path: path.clone(), error })?;
    Ok(path)
}
