//! The folder that a study writes: its tables, the data package made of them, the manifest after all of them, and the page.

use super::error::Error;
use super::kept::Kept;
use super::page::{page, write};
use super::request::{Destination, Part};
use super::rounds;
use super::simulation::Simulation;
use super::watch::{Note, Watch};
use crate::report::OutputFormat;
use crate::results::table::{Schema, TableText};
use crate::results::{
    Folder, FolderError, MANIFEST, Manifest, Opened, OutputFile, PART, StateHead, StateReader, StateWriter,
    Stretch, Wanted, data_package, seal,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files that every study writes after its tables, the last one last.
const LAST: [&str; 7] =
    [rounds::FILE, "answer.txt", "answer.csv", "answer.json", "lineage.json", "datapackage.json", MANIFEST];
/// What a part keeps of its draws.
pub(super) const STATE: &str = "state";

/// The file of an answer in a format.
pub(super) fn answer_file(format: OutputFormat) -> &'static str {
    match format {
        OutputFormat::Text => "answer.txt",
        OutputFormat::Csv => "answer.csv",
        OutputFormat::Json => "answer.json",
    }
}

/// What is printed of a study, as text, CSV and JSON.
#[derive(Clone, Debug)]
pub(super) struct Answers(pub(super) [String; 3]);

impl Answers {
    pub(super) fn new(of: impl Fn(OutputFormat) -> String) -> Self {
        Self([OutputFormat::Text, OutputFormat::Csv, OutputFormat::Json].map(of))
    }
}

/// A study's folder, being filled.
#[derive(Debug)]
pub struct RunFolder {
    pub(super) manifest: Manifest,
    path: PathBuf,
    folder: Folder,
    /// Files that were opened before the work, by name.
    files: Vec<(String, OutputFile)>,
    /// Names of those that are filled as draws come.
    exports: Vec<String>,
    /// What the data package describes, in order of writing.
    schemas: Vec<Schema>,
    /// Whether it gets a page.
    page: bool,
    /// Tables that are written, for the page.
    tables: BTreeMap<&'static str, String>,
    /// Tables that come after those of the study: what the scenario as it stands is about.
    world: Vec<TableText>,
    /// Which part of the draws it is for; none for all.
    pub(super) part: Option<Part>,
    /// What an interrupted run left to go on from.
    pub(super) left: Option<Box<StateReader>>,
    /// Who simulated what is gathered.
    pub(super) stretches: Vec<Stretch>,
    /// Seconds of work that may be lost.
    pub(super) keep_seconds: u64,
    machine: String,
}

/// `part.json`: what a part is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PartDescription {
    /// Identity of the run.
    pub(super) identity: String,
    /// Which part of it: `3/64`, or the draws of several that were joined.
    pub(super) part: String,
    /// Number of the first draw.
    pub(super) first: u64,
    /// Number of the draw after the last.
    pub(super) end: u64,
    /// Draws of the run.
    pub(super) draws: u64,
    /// The command.
    pub(super) command: Vec<String>,
    /// Who simulated it.
    pub(super) lineage: Vec<Stretch>,
    /// Whether every draw was recounted.
    pub(super) audited: bool,
    /// SHA-256 of every other file, by name.
    pub(super) checksums: BTreeMap<String, String>,
    /// SHA-256 of this file, with nothing in the place of this number.
    pub(super) checksum: String,
}

/// Where a study is written to.
pub(super) fn place(simulation: &Simulation, manifest: &Manifest, destination: &Destination) -> PathBuf {
    destination.out.clone().unwrap_or_else(|| {
        let part = destination
            .part
            .map_or_else(String::new, |p| format!("-{p}").replace('/', "-of-").replace(' ', "-"));
        PathBuf::from("output").join(format!("{}-{}{part}", simulation.project.name, manifest.short()))
    })
}

impl RunFolder {
    /// Takes the folder of a study and opens every file of it, so that a bad path shows before the work; none if the study
    /// is there already, complete. The manifest knows its identity.
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
        manifest.command.clone_from(&destination.command);
        let path = place(simulation, &manifest, destination);
        let label = destination.part.map(|p| p.to_string());
        let wanted = Wanted {
            identity: &manifest.identity,
            part: label.as_deref(),
            force: destination.force,
            resume: destination.resume,
            audit: simulation.request.audit,
        };
        let (mut folder, left) = match Folder::open(&path, &wanted)? {
            Opened::Ready(folder, left) => (folder, left),
            Opened::Complete => {
                watch.note(&Note::Complete(path));
                return Ok(None);
            }
        };
        let whole = destination.part.is_none();
        let world = if whole { simulation.world_tables() } else { Vec::new() };
        let last: &[&str] = if whole { &LAST } else { &[STATE, PART] };
        let files = if whole { files } else { &[] };
        let names = files.iter().copied().chain(world.iter().map(|table| table.schema.name));
        let files: Result<Vec<_>, FolderError> = names
            .chain(last.iter().copied())
            .map(|name| Ok((name.to_owned(), folder.create(name)?)))
            .collect();
        Ok(Some(Self {
            manifest,
            path,
            files: files?,
            folder,
            exports: Vec::new(),
            schemas: Vec::new(),
            page: destination.page && whole,
            tables: BTreeMap::new(),
            world,
            part: destination.part,
            stretches: left.as_ref().map_or_else(Vec::new, |state| state.head.stretches.clone()),
            left,
            keep_seconds: destination.keep_seconds,
            machine: destination.machine.clone(),
        }))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens one more file, for a writer that fills it as it goes.
    pub(super) fn create(&mut self, name: &str) -> Result<OutputFile, FolderError> {
        self.exports.push(name.to_owned());
        self.folder.create(name)
    }

    /// Ends such a file.
    pub(super) fn finish_file(&mut self, file: OutputFile) -> Result<(), FolderError> {
        let name = file.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let sum = self.folder.finish(file)?;
        self.manifest.checksums.insert(name, sum);
        Ok(())
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
        let sum = self.folder.write(file, text)?;
        self.manifest.checksums.insert(name.to_owned(), sum);
        Ok(())
    }

    /// Notes that this process simulated draws from one up to another, in so many seconds.
    pub(super) fn add_stretch(&mut self, first: u64, end: u64, seconds: f64) {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        self.stretches.push(Stretch { first, end, machine: self.machine.clone(), version, seconds });
    }

    /// Which draws are gathered, up to one.
    pub(super) fn head(&self, first: u64, end: u64) -> StateHead {
        let identity = match self.part {
            Some(part) => format!("{} {part}", self.manifest.identity),
            None => self.manifest.identity.clone(),
        };
        StateHead { identity, first, end, stretches: self.stretches.clone() }
    }

    /// Keeps what is gathered so far, to go on from.
    pub(super) fn keep(&mut self, head: &StateHead, all: &mut [&mut dyn Kept]) -> Result<(), FolderError> {
        self.folder.keep(head, |state| all.iter_mut().try_for_each(|kept| kept.save(state)))
    }

    /// Writes a part: what is gathered, and what it is.
    pub(super) fn finish_part(
        mut self,
        head: &StateHead,
        all: &mut [&mut dyn Kept],
    ) -> Result<PathBuf, Error> {
        let at = self.files.iter().position(|f| f.0 == STATE);
        let (_, file) = self.files.remove(at.expect("a part has a state"));
        let mut state = StateWriter::new(file.handle()?, file.path(), head)?;
        all.iter_mut().try_for_each(|kept| kept.save(&mut state))?;
        state.finish()?;
        self.finish_file(file)?;
        for name in std::mem::take(&mut self.exports) {
            let sum = self.folder.digest(&name)?;
            self.manifest.checksums.insert(name, sum);
        }
        let part = self.part.map_or_else(String::new, |part| part.to_string());
        let description = PartDescription {
            identity: self.manifest.identity.clone(),
            part,
            first: head.first,
            end: head.end,
            draws: self.manifest.draws,
            command: self.manifest.command.clone(),
            lineage: self.stretches.clone(),
            audited: self.manifest.audited,
            checksums: std::mem::take(&mut self.manifest.checksums),
            checksum: String::new(),
        };
        self.text(PART, &seal(&(pretty(&description) + "\n")))?;
        self.folder.publish()?;
        Ok(self.path)
    }

    /// Writes what is printed, the data package, and the manifest after all other files: the study is complete. Then the page,
    /// which can be made again.
    pub(super) fn finish(mut self, took: Took, answers: &Answers) -> Result<Written, Error> {
        self.manifest.draws = took.draws;
        self.manifest.draws_used = took.used;
        self.manifest.wall_seconds = took.seconds;
        self.manifest.draws_per_second =
            if took.seconds > 0.0 { took.draws as f64 / took.seconds } else { 0.0 };
        for table in std::mem::take(&mut self.world) {
            self.table(table)?;
        }
        let formats = [OutputFormat::Text, OutputFormat::Csv, OutputFormat::Json];
        for (format, text) in formats.into_iter().zip(&answers.0) {
            self.text(answer_file(format), text)?;
        }
        self.text("lineage.json", &(pretty(&self.stretches) + "\n"))?;
        let package = data_package(&self.manifest.scenario, &self.manifest.title, &self.schemas);
        self.text("datapackage.json", &package)?;
        let manifest = self.manifest.to_json();
        self.text(MANIFEST, &manifest)?;
        let left: Vec<&str> = self.files.iter().map(|f| f.0.as_str()).collect();
        assert!(left.is_empty(), "{left:?} were opened before the work and never written");
        self.folder.publish()?;
        let made = |page: String| write(&self.path, &page);
        let no_page = if self.page {
            page(&manifest, std::mem::take(&mut self.tables)).and_then(made).err()
        } else {
            None
        };
        Ok(Written { manifest: self.manifest, path: self.path, no_page })
    }
}

/// Frees what tables were made from, while the page is made from the tables: it is some hundred thousand lists.
pub(super) fn free_aside(made_from: impl Send + 'static) {
    rayon::spawn(move || drop(made_from));
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("texts, numbers and lists of them only")
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
#[derive(Debug)]
pub struct Written {
    /// What it is.
    pub manifest: Manifest,
    /// Its folder.
    pub path: PathBuf,
    /// Why it has no page, if one was wanted: [`super::write_page`] makes it again.
    pub no_page: Option<Error>,
}
