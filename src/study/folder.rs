//! The folder that a simulating verb writes: its tables, the page and the data package made of them, and the manifest, last.

use super::Failure;
use super::simulation::{Simulation, failed};
use crate::network::Network;
use crate::report::page::{PageError, RunFiles, page};
use crate::report::world;
use crate::results::table::{Schema, TableText};
use crate::results::{Folder, FolderError, Manifest, Opened, OutputFile, data_package};
use std::collections::BTreeMap;
use std::path::PathBuf;

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
    /// What the data package describes, in order of writing.
    schemas: Vec<Schema>,
    /// Tables that are written, for the page.
    tables: BTreeMap<&'static str, String>,
    /// Tables that come after those of the verb: what the scenario as it stands is about.
    world: Vec<TableText>,
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
        let model = &simulation.plan.model;
        let names = files.iter().copied().chain(FILES);
        let files: Result<Vec<_>, FolderError> =
            names.map(|name| Ok((name.to_owned(), folder.create(name)?))).collect();
        Ok(Some(Self {
            manifest,
            path,
            files: files.map_err(failed)?,
            folder,
            schemas: Vec::new(),
            tables: BTreeMap::new(),
            world: world::tables(model, &Network::from_model(model)).into(),
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
    pub(super) fn describe(&mut self, schema: Schema) {
        self.schemas.push(schema);
    }

    /// Writes a table.
    pub(super) fn table(&mut self, table: TableText) -> Result<(), FolderError> {
        self.text(table.schema.name, &table.text)?;
        self.tables.insert(table.schema.name, table.text);
        self.describe(table.schema);
        Ok(())
    }

    /// Has a table written after those that say what the scenario is about.
    pub(super) fn table_at_the_end(&mut self, table: TableText) {
        self.world.push(table);
    }

    /// Writes a whole file.
    pub(super) fn text(&mut self, name: &str, text: &str) -> Result<(), FolderError> {
        let file = match self.files.iter().position(|f| f.0 == name) {
            Some(i) => self.files.remove(i).1,
            None => self.folder.create(name)?,
        };
        self.folder.write(file, text)
    }

    /// The page of what is written.
    fn page(&self, manifest: &str) -> Result<String, PageError> {
        page(&RunFiles::new(manifest, &self.tables)?)
    }

    /// Writes the page, the data package and the manifest: the run is complete.
    pub(super) fn finish(mut self, draws_used: u64, seconds: f64) -> Result<Manifest, FolderError> {
        self.manifest.wall_seconds = seconds;
        self.manifest.draws_per_second = self.manifest.draws as f64 / seconds.max(1e-9);
        self.manifest.draws_used = draws_used;
        for table in std::mem::take(&mut self.world) {
            self.table(table)?;
        }
        let manifest = self.manifest.to_json();
        let page = self.page(&manifest).map_err(unread)?;
        self.text("report.html", &page)?;
        let package = data_package(&self.manifest.scenario, &self.manifest.title, &self.schemas);
        self.text("datapackage.json", &package)?;
        self.text("manifest.json", &manifest)?;
        Ok(self.manifest)
    }
}

/// The page's error as a folder's.
fn unread(error: PageError) -> FolderError {
    FolderError::Page(error.to_string())
}
