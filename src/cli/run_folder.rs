//! The folder that a simulating verb writes: its tables, the data package that describes them, and the manifest, last.

use super::Failure;
use super::simulation::{Simulation, failed};
use crate::results::tables::{Column, header};
use crate::results::{
    Folder, FolderError, Manifest, Opened, OutputFile, data_package, package_fields, package_resource,
};
use serde_json::Value as Json;
use std::path::PathBuf;

/// A run's folder, being filled.
pub(super) struct RunFolder {
    pub(super) manifest: Manifest,
    pub(super) path: PathBuf,
    folder: Folder,
    /// Files that were opened before the work, by name.
    files: Vec<(String, OutputFile)>,
    /// What the data package says of each table, in order of writing.
    resources: Vec<Json>,
}

impl RunFolder {
    /// Takes the run's folder and opens every file of it, so that a bad path shows before the work; none if the run is there already.
    pub(super) fn open(simulation: &Simulation<'_>, files: &[&str]) -> Result<Option<Self>, Failure> {
        let manifest = simulation.manifest();
        let arguments = simulation.arguments;
        let path = arguments.out.clone().unwrap_or_else(|| {
            PathBuf::from("output").join(format!("{}-{}", simulation.session.name, manifest.identity))
        });
        let mut folder = match Folder::open(&path, &manifest.identity, arguments.force).map_err(failed)? {
            Opened::Ready(folder) => folder,
            Opened::Complete => {
                eprintln!("{} holds this very run, complete; --force does it again", path.display());
                return Ok(None);
            }
        };
        let names = files.iter().copied().chain(["datapackage.json", "manifest.json"]);
        let files: Result<Vec<_>, FolderError> =
            names.map(|name| Ok((name.to_owned(), folder.create(name)?))).collect();
        Ok(Some(Self { manifest, path, files: files.map_err(failed)?, folder, resources: Vec::new() }))
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
        self.text(name, &(header(columns) + rows))?;
        self.describe(name, about, package_fields(columns));
        Ok(())
    }

    /// Writes a whole file.
    pub(super) fn text(&mut self, name: &str, text: &str) -> Result<(), FolderError> {
        let file = match self.files.iter().position(|f| f.0 == name) {
            Some(i) => self.files.remove(i).1,
            None => self.folder.create(name)?,
        };
        self.folder.write(file, text)
    }

    /// Writes the data package and the manifest: the run is complete.
    pub(super) fn finish(mut self, draws_used: u64, seconds: f64) -> Result<Manifest, FolderError> {
        self.manifest.wall_seconds = seconds;
        self.manifest.draws_per_second = self.manifest.draws as f64 / seconds.max(1e-9);
        self.manifest.draws_used = draws_used;
        let package = data_package(&self.manifest.scenario, &self.manifest.title, &self.resources);
        self.text("datapackage.json", &package)?;
        let manifest = serde_json::to_string_pretty(&self.manifest).unwrap_or_default() + "\n";
        self.text("manifest.json", &manifest)?;
        Ok(self.manifest)
    }
}
