//! The folder that a simulating verb writes: its tables, the page and the data package made of them, and the manifest, last.

use super::Failure;
use super::simulation::{Simulation, failed};
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

/// Files that every verb writes beside its own, the last ones last.
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

/// A run's folder, being filled.
pub(super) struct RunFolder {
    pub(super) manifest: Manifest,
    pub(super) path: PathBuf,
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
#[derive(Default)]
struct World {
    quantities: String,
    rules: String,
    nodes: String,
    edges: String,
    makers: BTreeMap<String, String>,
}

impl World {
    fn new(simulation: &Simulation<'_>) -> Self {
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
    /// Takes the run's folder and opens every file of it, so that a bad path shows before the work; none if the run is there already.
    pub(super) fn open(simulation: &Simulation<'_>, files: &[&str]) -> Result<Option<Self>, Failure> {
        Self::open_as(simulation, simulation.manifest(), files)
    }

    /// The same for a run that its manifest says more of.
    pub(super) fn open_as(
        simulation: &Simulation<'_>,
        mut manifest: Manifest,
        files: &[&str],
    ) -> Result<Option<Self>, Failure> {
        manifest.identify();
        let arguments = simulation.arguments;
        let path = arguments.out.clone().unwrap_or_else(|| {
            PathBuf::from("output").join(format!("{}-{}", simulation.session.name, manifest.identity))
        });
        let mut folder = match Folder::open(&path, &manifest.identity, arguments.force).map_err(failed)? {
            Opened::Ready(folder) => folder,
            Opened::Complete => {
                tell!("{} holds this very run, complete; --force does it again", path.display());
                return Ok(None);
            }
        };
        let names = files.iter().copied().chain(FILES);
        let files: Result<Vec<_>, FolderError> =
            names.map(|name| Ok((name.to_owned(), folder.create(name)?))).collect();
        Ok(Some(Self {
            manifest,
            path,
            files: files.map_err(failed)?,
            folder,
            resources: Vec::new(),
            tables: BTreeMap::new(),
            world: World::new(simulation),
        }))
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
    fn write_world(&mut self) -> Result<(), FolderError> {
        let world = std::mem::take(&mut self.world);
        self.table("quantities.csv", "What went in: every number", &QUANTITIES, &world.quantities)?;
        self.table("rules.csv", "The rules", &RULES, &world.rules)?;
        self.table("nodes.csv", "Nodes of the supply graph", &NODES, &world.nodes)?;
        self.table("edges.csv", "Edges of the supply graph", &EDGES, &world.edges)?;
        if let Some(flows) = self.tables.get("flows.csv") {
            let rows = world::yearly_flows(&Table::parse(flows).map_err(unread)?, &world.makers);
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

    /// Writes the page, the data package and the manifest: the run is complete.
    pub(super) fn finish(mut self, draws_used: u64, seconds: f64) -> Result<Manifest, FolderError> {
        self.manifest.wall_seconds = seconds;
        self.manifest.draws_per_second = self.manifest.draws as f64 / seconds.max(1e-9);
        self.manifest.draws_used = draws_used;
        self.write_world()?;
        let manifest = serde_json::to_string_pretty(&self.manifest).unwrap_or_default() + "\n";
        let page = self.page(&manifest).map_err(unread)?;
        self.text("report.html", &page)?;
        let package = data_package(&self.manifest.scenario, &self.manifest.title, &self.resources);
        self.text("datapackage.json", &package)?;
        self.text("manifest.json", &manifest)?;
        Ok(self.manifest)
    }
}

/// The page's error as a folder's.
fn unread(error: PageError) -> FolderError {
    FolderError::Page(error.to_string())
}
