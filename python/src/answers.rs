//! What is answered at once: findings, quantities, rules, graphs, differences, lists.

use crate::arrow::{PlainTable, plain};
use crate::errors::{Wrong, findings};
use chokepoint::cli::{Asked, asked};
use chokepoint::study::{
    PolicySource, Project, ScenarioRequest, explore, policies, rule_changes, rules, write_page,
};
use chokepoint::{
    Difference, OutputFormat, PastRun, RunReader, metrics_table, quantities_table, rule_changes_table,
    rule_list_table, schema,
};
use pyo3::prelude::*;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Adds these functions to the module.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(check, module)?)?;
    module.add_function(wrap_pyfunction!(show, module)?)?;
    module.add_function(wrap_pyfunction!(rule_list, module)?)?;
    module.add_function(wrap_pyfunction!(graph, module)?)?;
    module.add_function(wrap_pyfunction!(files, module)?)?;
    module.add_function(wrap_pyfunction!(most_parts, module)?)?;
    module.add_function(wrap_pyfunction!(policy_list, module)?)?;
    module.add_function(wrap_pyfunction!(difference, module)?)?;
    module.add_function(wrap_pyfunction!(verify, module)?)?;
    module.add_function(wrap_pyfunction!(page, module)?)?;
    module.add_function(wrap_pyfunction!(explorer, module)?)?;
    module.add_function(wrap_pyfunction!(metrics, module)?)?;
    module.add_function(wrap_pyfunction!(json_schema, module)?)
}

/// Does something without the interpreter.
fn freely<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Wrong> + Send) -> PyResult<T> {
    py.detach(work).map_err(PyErr::from)
}

fn wrong_verb() -> Wrong {
    Wrong::usage("these words ask for something else")
}

/// Warnings of a scenario and what is in it, as JSON; raises its errors.
#[pyfunction]
fn check(py: Python<'_>, words: Vec<String>) -> PyResult<String> {
    freely(py, || {
        let Asked::Check(request) = asked(&words)? else { return Err(wrong_verb()) };
        let mut project = Project::open(&request)?;
        project.bind_observations()?;
        let found = project.findings();
        let (model, idle) = (&project.model, project.idle()?);
        Ok(json!({
            "name": project.name, "title": model.title, "policy": project.policy_name(),
            "findings": findings(&found), "text": found.render_all(false),
            "idle": {
                "nodes": idle.nodes.iter().map(|n| n.path(model)).collect::<Vec<_>>(),
                "rules": idle.rules.iter().map(|&r| format!("rule.{}", model.rules[r].id)).collect::<Vec<_>>(),
                "buyers": idle.buyers.iter().map(|&b| format!("buyer.{}", model.buyers[b].id)).collect::<Vec<_>>(),
            },
            "countries": model.countries.len(), "facilities": model.facilities.len(), "chips": model.chips.len(),
            "buyers": model.buyers.len(), "labs": model.labs.len(), "rules": model.rules.len(),
            "shocks": model.shocks.len(), "quantities": model.quantities.len(),
            "uncertain": model.quantities.iter().filter(|q| q.is_uncertain()).count(),
            "first": model.run.horizon.first.to_string(), "last": model.run.horizon.last.to_string(),
        })
        .to_string())
    })
}

/// Quantities that match a pattern.
#[pyfunction]
fn show(py: Python<'_>, words: Vec<String>) -> PyResult<PlainTable> {
    freely(py, || {
        let Asked::Show(request, pattern) = asked(&words)? else { return Err(wrong_verb()) };
        let project = Project::open(&request)?;
        Ok(plain(quantities_table(&project.quantities(&pattern)?)))
    })
}

/// The rule book on a day, or what is changed of it; and a note, if there is one.
#[pyfunction]
fn rule_list(py: Python<'_>, words: Vec<String>) -> PyResult<(PlainTable, Option<String>)> {
    freely(py, || match asked(&words)? {
        Asked::Rules(request) => {
            let on = request.on.clone().unwrap_or_default();
            Ok((plain(rule_list_table(&rules(&request)?, &on)), None))
        }
        Asked::RuleChanges(request) => {
            let (changes, note) = rule_changes(&request)?;
            Ok((plain(rule_changes_table(&changes)), note.map(|n| n.to_string())))
        }
        _ => Err(wrong_verb()),
    })
}

/// The supply graph as node-link JSON.
#[pyfunction]
fn graph(py: Python<'_>, words: Vec<String>) -> PyResult<String> {
    freely(py, || {
        let Asked::Graph(request) = asked(&words)? else { return Err(wrong_verb()) };
        Ok(Project::open(&request)?.graph()?.json().to_string())
    })
}

/// Names and texts of every file that a scenario is read from, with its policy and edits; of `--set` none.
#[pyfunction]
fn files(py: Python<'_>, words: Vec<String>) -> PyResult<Vec<(String, String)>> {
    freely(py, || {
        let Asked::Check(request) = asked(&words)? else { return Err(wrong_verb()) };
        let sources = Project::open(&request)?.sources.all;
        let files = sources.iter().filter(|s| s.name != "--set");
        Ok(files.map(|s| (s.name.clone(), s.text.clone())).collect())
    })
}

/// How many parts a run makes at most.
#[pyfunction]
fn most_parts(words: Vec<String>) -> PyResult<u64> {
    let Asked::Run(request, _) = asked(&words).map_err(Wrong::from)? else { return Err(wrong_verb().into()) };
    Ok(chokepoint::study::most_parts(request.simulation.sampling.draws))
}

/// Five texts of a row.
type Texts = (String, String, String, String, String);

/// The policies of a scenario: name, title, reason, source, and which metric each should move which way.
#[pyfunction]
fn policy_list(py: Python<'_>, words: Vec<String>) -> PyResult<Vec<Texts>> {
    freely(py, || {
        let Asked::Check(request) = asked(&words)? else { return Err(wrong_verb()) };
        let mut all = Vec::new();
        for name in policies(&request.scenario) {
            let under = ScenarioRequest { policy: Some(PolicySource::Named(name)), ..request.clone() };
            if let Some(p) = Project::open(&under)?.policy {
                all.push((p.name, p.title, p.reason, p.source, p.expects.join("; ")));
            }
        }
        Ok(all)
    })
}

/// What differs between the runs in two folders: a table, for people, as JSON.
#[pyfunction]
fn difference(py: Python<'_>, before: PathBuf, after: PathBuf) -> PyResult<(PlainTable, String, String)> {
    freely(py, || {
        let read =
            |path: &Path| PastRun::read(path).map_err(|e| Wrong::from(chokepoint::study::Error::from(e)));
        let names = [&before, &after].map(|p| p.display().to_string());
        let found = Difference::new(names, &read(&before)?, &read(&after)?);
        let rendered = |how| found.render(how);
        Ok((plain(found.to_table()), rendered(OutputFormat::Text), rendered(OutputFormat::Json)))
    })
}

/// What of the files in a run's folder is not as it was written.
#[pyfunction]
fn verify(py: Python<'_>, run: PathBuf) -> PyResult<Vec<String>> {
    freely(py, || {
        let failed = |e| Wrong::from(chokepoint::study::Error::from(e));
        let wrong = RunReader::open(&run, "manifest.json").map_err(failed)?.wrong().map_err(failed)?;
        Ok(wrong.iter().map(ToString::to_string).collect())
    })
}

/// Makes the page of a run again, from its files; says where it is.
#[pyfunction]
fn page(py: Python<'_>, run: PathBuf) -> PyResult<PathBuf> {
    freely(py, || Ok(write_page(&run)?))
}

/// The page of a scenario with the engine inside, as HTML.
#[pyfunction]
fn explorer(py: Python<'_>, words: Vec<String>) -> PyResult<String> {
    freely(py, || {
        let Asked::Explore(request) = asked(&words)? else { return Err(wrong_verb()) };
        Ok(explore(&request, &())?)
    })
}

/// The catalogue of metrics.
#[pyfunction]
fn metrics() -> PlainTable {
    plain(metrics_table())
}

/// The JSON Schema of a scenario's file.
#[pyfunction]
fn json_schema() -> String {
    schema().to_string()
}
