//! The folder that a study writes: its tables, the page and the data package made of them, and the manifest, last.

use super::error::Error;
use super::page::{PAGE, page};
use super::request::Destination;
use super::simulation::Simulation;
use super::watch::{Note, Watch};
use crate::network::Network;
use crate::report::world;
use crate::results::table::{Schema, TableText};
use crate::results::{Folder, FolderError, Manifest, Opened, OutputFile, data_package};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files that every study writes after its tables, the last ones last.
const LAST: [&str; 3] = [PAGE, "datapackage.json", "manifest.json"];

/// A study's folder, being filled.
#[derive(Debug)]
pub struct RunFolder {
    pub(super) manifest: Manifest,
    path: PathBuf,
    folder: Folder,
    /// Files that were opened before the work, by name.
    files: Vec<(String, OutputFile)>,
    /// What the data package describes, in order of writing.
    schemas: Vec<Schema>,
    /// Whether it gets a page.
    page: bool,
    /// Tables that are written, for the page.
    tables: BTreeMap<&'static str, String>,
    /// Tables that come after those of the study: what the scenario as it stands is about.
    world: Vec<TableText>,
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
        if destination.page && !cfg!(feature = "page") {
            return Err(Error::WithoutFeature("page"));
        }
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
        let model = &simulation.plan.model;
        let world = world::tables(model, &Network::from_model(model));
        let names = files.iter().copied().chain(world.iter().map(|table| table.schema.name)).chain(LAST);
        let names = names.filter(|name| destination.page || *name != PAGE);
        let files: Result<Vec<_>, FolderError> =
            names.map(|name| Ok((name.to_owned(), folder.create(name)?))).collect();
        Ok(Some(Self {
            manifest,
            path,
            files: files?,
            folder,
            schemas: Vec::new(),
            page: destination.page,
            tables: BTreeMap::new(),
            world,
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
        let place = self.files.iter().position(|f| f.0 == name);
        let place = place.unwrap_or_else(|| panic!("{name} is not among the files opened before the work"));
        let (_, file) = self.files.remove(place);
        self.folder.write(file, text)
    }

    /// Writes the page, the data package and the manifest: the study is complete.
    pub(super) fn finish(mut self, took: Took) -> Result<Written, Error> {
        self.manifest.draws = took.draws;
        self.manifest.draws_used = took.used;
        self.manifest.wall_seconds = took.seconds;
        self.manifest.draws_per_second =
            if took.seconds > 0.0 { took.draws as f64 / took.seconds } else { 0.0 };
        for table in std::mem::take(&mut self.world) {
            self.table(table)?;
        }
        let manifest = self.manifest.to_json();
        if self.page {
            let page = page(&manifest, &self.tables)?;
            self.text(PAGE, &page)?;
        }
        let package = data_package(&self.manifest.scenario, &self.manifest.title, &self.schemas);
        self.text("datapackage.json", &package)?;
        self.text("manifest.json", &manifest)?;
        let left: Vec<&str> = self.files.iter().map(|f| f.0.as_str()).collect();
        assert!(left.is_empty(), "{left:?} were opened before the work and never written");
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
