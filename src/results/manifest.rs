//! What a run was: enough to do it again and to tell two runs apart.

use super::reader::{hex, seal};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceFile {
    /// Its name as given.
    pub name: String,
    /// SHA-256 of its text.
    pub sha256: String,
}

/// What a policy is, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyAbout {
    /// Its name, as tables have it.
    pub policy: String,
    /// What it is called.
    pub title: String,
    /// Why one would ask.
    pub reason: String,
    /// Where it comes from.
    pub source: String,
    /// What it changes, in words.
    pub changes: String,
}

/// A run's description, written as `manifest.json`.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    /// SHA-256 of everything that decides the tables, in 64 hexadecimal digits.
    pub identity: String,
    /// Version of the program.
    pub version: String,
    /// Name of the scenario's folder.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// Policies, in order; empty for the reference case.
    pub policies: Vec<String>,
    /// What they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub about_policies: Vec<PolicyAbout>,
    /// Files that were read.
    pub files: Vec<SourceFile>,
    /// First and last quarter.
    pub horizon: String,
    /// Draws asked for.
    pub draws: u64,
    /// Draws that count, under `--given`.
    pub draws_used: u64,
    /// Seed.
    pub seed: u64,
    /// Sampler.
    pub sampler: String,
    /// Condition on draws.
    pub given: Option<String>,
    /// SHA-256 of the scenario as each policy or point resolves it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resolved_policies: Vec<SourceFile>,
    /// Which cells were chosen.
    pub select: Vec<String>,
    /// Tables of draws and inputs asked for.
    pub exports: Vec<String>,
    /// What else of the command decides the tables: the verb, and its own arguments.
    pub settings: Vec<String>,
    /// Cells summarised.
    pub cells: usize,
    /// Uncertain quantities.
    pub uncertain: usize,
    /// The command.
    pub command: Vec<String>,
    /// Wall time of the simulation \[s\].
    pub wall_seconds: f64,
    /// Draws simulated per second of it.
    pub draws_per_second: f64,
    /// Whether every draw was recounted.
    pub audited: bool,
    /// The resolved scenario.
    pub resolved: String,
    /// SHA-256 of every other file, by name.
    pub checksums: BTreeMap<String, String>,
    /// SHA-256 of this file, with nothing in the place of this number.
    pub checksum: String,
}

impl Manifest {
    /// The text of `manifest.json`.
    ///
    /// # Panics
    /// If there is more in a manifest than texts, numbers and lists of them.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        seal(&(text.expect("a manifest has texts, numbers and lists of them only") + "\n"))
    }

    /// The first eight digits of the identity, for names.
    pub fn short(&self) -> &str {
        &self.identity[..8.min(self.identity.len())]
    }

    /// Sets the identity from what decides the tables: version, resolved scenario, draws, seed, sampler, horizon, cells, condition.
    pub fn identify(&mut self) {
        let mut hash = Sha256::new();
        let draws = self.draws.to_string();
        let seed = self.seed.to_string();
        let policies = self.policies.join("\n");
        let parts = [&self.version, &self.scenario, &self.horizon, &draws, &seed, &self.sampler, &policies];
        for part in parts
            .into_iter()
            .chain(&self.select)
            .chain(&self.exports)
            .chain(&self.given)
            .chain(&self.settings)
            .chain(self.resolved_policies.iter().flat_map(|p| [&p.name, &p.sha256]))
            .chain([&self.resolved])
        {
            hash.update(part.len().to_le_bytes());
            hash.update(part.as_bytes());
        }
        self.identity = hex(&hash.finalize());
    }
}

impl SourceFile {
    /// A file with its digest.
    pub fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), sha256: hex(&Sha256::digest(text.as_bytes())) }
    }
}
