//! A run's folder, read back: what it was and the numbers of its summary.

use super::reader::{MANIFEST, PastRunError, RunReader};
use crate::scenario::leaves::{Leaf, leaves};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A cell of `summary.csv`, as far as it is compared: its fields are columns of that table.
#[derive(Clone, Debug, Deserialize)]
pub struct PastCell {
    /// Stem of the policy.
    pub policy: String,
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// The actor.
    pub actor: String,
    /// The quarter.
    pub quarter: String,
    /// Mean over draws.
    pub mean: f64,
    /// Its standard error.
    pub mean_se: Option<f64>,
    /// Median over draws.
    pub p50: f64,
    /// Its standard error.
    pub p50_se: Option<f64>,
}

/// A run that is complete.
#[derive(Clone, Debug)]
pub struct PastRun {
    /// Its manifest.
    pub manifest: Value,
    /// What the resolved scenario has written at every path.
    pub inputs: BTreeMap<String, Leaf>,
    /// Its summary.
    pub summary: Vec<PastCell>,
}

impl PastRun {
    /// Reads a run's folder.
    ///
    /// # Errors
    /// If it holds no complete run, or its summary is not one.
    pub fn read(folder: &Path) -> Result<Self, PastRunError> {
        let run = RunReader::open(folder, MANIFEST)?;
        let inputs = run.manifest["resolved"].as_str().and_then(leaves);
        let inputs = inputs.ok_or_else(|| PastRunError::NoRun(folder.to_owned()))?;
        let path = folder.join("summary.csv");
        let missing = || PastRunError::Wrong { path: path.clone(), what: "missing" };
        let text = run.read("summary.csv")?.ok_or_else(missing)?;
        let rows: Result<Vec<PastCell>, csv::Error> =
            csv::Reader::from_reader(text.as_bytes()).deserialize().collect();
        let summary = rows.map_err(|error| PastRunError::Table { path, error })?;
        Ok(Self { manifest: run.manifest, inputs, summary })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::{SummaryRow, summary};
    use super::super::{Cell, Summary};
    use super::*;
    use crate::math::{Lanes, Mask};
    use crate::model::time::Quarter;

    #[test]
    fn a_summary_reads_back() {
        let mut one: Summary = Summary::new(1, false);
        one.absorb(&[vec![Lanes::splat(2.5)]], &[Mask::splat(true)]);
        let (actor, metric) = ("lab.a".to_owned(), "run_flop".to_owned());
        let cell = Cell { actor, metric, unit: "FLOP".to_owned(), quarter: Quarter::new(2025, 4) };
        let statistics = &one.finish()[0];
        let row = SummaryRow { scenario: "s", policy: "base", cell: &cell, statistics };
        let text = summary().csv([row]);
        let rows: Vec<PastCell> =
            csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<_, _>>().unwrap();
        let [back] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((back.mean, back.mean_se, back.p50, back.p50_se), (2.5, Some(0.0), 2.5, Some(0.0)));
        assert_eq!((back.actor.as_str(), back.quarter.as_str()), ("lab.a", "2025Q4"));
    }
}
