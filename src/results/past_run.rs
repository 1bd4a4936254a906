//! A run's folder, read back: what it was and the numbers of its summary.

use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Why a folder cannot be read as a run.
#[derive(Debug, thiserror::Error)]
pub enum PastRunError {
    /// No run is there, or not a whole one.
    #[error("{0} holds no complete run: it has no manifest.json that can be read")]
    NoRun(PathBuf),
    /// A table is missing or is not what a run writes.
    #[error("{path} cannot be read: {error}")]
    Table {
        /// The table.
        path: PathBuf,
        /// What is wrong with it.
        error: csv::Error,
    },
}

/// A row of `summary.csv`, as far as it is compared.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // the columns of the table
pub struct SummaryRow {
    pub policy: String,
    pub metric: String,
    pub unit: String,
    pub actor: String,
    pub quarter: String,
    pub mean: f64,
    pub mean_se: Option<f64>,
    pub p50: f64,
    pub p50_se: Option<f64>,
}

/// A run that is complete.
#[derive(Clone, Debug)]
pub struct PastRun {
    /// Its manifest.
    pub manifest: Value,
    /// Rows of its summary.
    pub summary: Vec<SummaryRow>,
}

impl PastRun {
    /// Reads a run's folder.
    ///
    /// # Errors
    /// If it holds no complete run, or its summary is not one.
    pub fn read(folder: &Path) -> Result<Self, PastRunError> {
        let text = std::fs::read_to_string(folder.join("manifest.json")).ok();
        let manifest = text.and_then(|text| serde_json::from_str(&text).ok());
        let whole = manifest.filter(|manifest: &Value| manifest["resolved"].is_string());
        let manifest = whole.ok_or_else(|| PastRunError::NoRun(folder.to_owned()))?;
        let path = folder.join("summary.csv");
        let rows = csv::Reader::from_path(&path).and_then(|mut r| r.deserialize().collect());
        Ok(Self { manifest, summary: rows.map_err(|error| PastRunError::Table { path, error })? })
    }

    /// The resolved scenario.
    pub fn resolved(&self) -> &str {
        self.manifest["resolved"].as_str().expect("a run without it is not read")
    }
}
