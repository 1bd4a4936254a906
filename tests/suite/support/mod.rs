//! Reading and running scenarios in tests.
#![allow(dead_code, missing_docs, unreachable_pub)] // every test file uses its own part of this

pub mod book;
pub mod imports;
pub mod program;
pub mod states;
pub mod worlds;

use chokepoint::internals::engine::Batch;
use chokepoint::internals::engine::ledger::Ledger;
use chokepoint::internals::model::Model;
use chokepoint::internals::network::Network;
use chokepoint::internals::plan::Plan;
use chokepoint::internals::random::{Design, Sampler};
use chokepoint::internals::scenario::{self, Diagnostics, Document, Sources};
use chokepoint::study::{Error, Findings, Project, ScenarioRequest, TextSource};

/// A scenario's document and model, or the findings.
pub fn read(path: &str, policy: Option<&str>) -> Result<(Document, Model), String> {
    let scenario = ScenarioRequest { policy: policy.map(Into::into), ..ScenarioRequest::new(path) };
    let project = Project::open(&scenario).map_err(|e| e.to_string())?;
    Ok((project.document, project.model))
}

/// A model from TOML text; the findings if there are errors.
///
/// Unlike a project's, its leading paths are those that the text names, and may match nothing.
pub fn model_of(text: &str) -> Result<Model, String> {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let document = scenario::from_text("scenario.toml", text, &mut sources, &mut diagnostics);
    let model = Model::from_document(&document, &sources, &mut diagnostics);
    model.ok_or_else(|| sources.render(&diagnostics, false))
}

/// All findings on a text, errors and warnings.
pub fn findings(text: &str) -> Findings {
    match opened(text) {
        Ok(project) => project.findings(),
        Err(Error::Findings(findings)) => *findings,
        Err(error) => panic!("{error}"),
    }
}

fn opened(text: &str) -> Result<Project, Error> {
    Project::open(&ScenarioRequest::new(TextSource::text("scenario.toml", text)))
}

/// A plan with the default design.
pub fn plan_of(model: Model) -> Plan {
    let network = Network::from_model(&model);
    Plan::new(model, &network, &Design { seed: 1, sampler: Sampler::Sobol }).expect("a plan")
}

/// The baseline with more rows.
pub fn baseline_with(rows: &str) -> Model {
    let root = tempfile::tempdir().expect("a folder");
    let baseline = std::fs::canonicalize("scenarios/baseline").expect("the baseline");
    let text = format!("extends = \"{}\"\n{rows}", baseline.display());
    std::fs::write(root.path().join("scenario.toml"), text).expect("a file");
    read(root.path().to_str().expect("a name"), None).unwrap_or_else(|e| panic!("{e}")).1
}

/// Simulates batches under audit.
pub fn audited(plan: &Plan, batches: u64) -> Batch {
    let mut batch = Batch::new(plan);
    let mut ledger = Ledger::new(plan);
    for b in 0..batches {
        batch.simulate(plan, b, &mut ledger);
        assert_eq!(ledger.broken(), None);
    }
    batch
}

/// The example that the documentation gives of a scenario that fits on a page.
pub const PAGE: &str = include_str!("page.toml");
