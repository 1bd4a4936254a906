//! From arguments to a plan: scenario, policies, edits, checks; and what all verbs say alike.

use super::Failure;
use super::arguments::{ScenarioArguments, SimulationArguments};
use crate::inputs::leading_paths;
use crate::model::time::Horizon;
use crate::model::{Model, OBSERVATION_COLUMNS};
use crate::network::Network;
use crate::plan::Plan;
use crate::random::Design;
use crate::scenario::{self, Diagnostics, Document, Policy, Severity, Sources};
use std::io::{IsTerminal, Write};
use std::path::Path;

/// A scenario that has been read.
pub(super) struct Session {
    pub(super) name: String,
    pub(super) sources: Sources,
    pub(super) diagnostics: Diagnostics,
    pub(super) document: Document,
    pub(super) policy: Option<Policy>,
    pub(super) model: Option<Model>,
    /// The source that observations were added from, if any.
    pub(super) observed: Option<u32>,
}

impl Session {
    /// Reads a scenario with its policy and edits; findings are kept, not printed.
    pub(super) fn read(arguments: &ScenarioArguments) -> Result<Self, Failure> {
        Self::read_with(arguments, None)
    }

    /// Reads a scenario with its policy and edits, and adds the observations of a CSV file to its own.
    pub(super) fn read_with(
        arguments: &ScenarioArguments,
        observations: Option<&Path>,
    ) -> Result<Self, Failure> {
        let mut sources = Sources::default();
        let mut diagnostics = Diagnostics::default();
        let path = &arguments.scenario;
        if !path.exists() {
            return Err(Failure::Rejected(format!(
                "there is no scenario at {}{}",
                path.display(),
                near(path)
            )));
        }
        let document = scenario::load(path, &mut sources, &mut diagnostics);
        let policy = match (&document, &arguments.policy) {
            (Some(_), Some(name)) => scenario::load_policy(path, name, &mut sources, &mut diagnostics),
            _ => None,
        };
        let mut edits = policy.as_ref().map_or_else(Vec::new, |p| p.edits.clone());
        for file in &arguments.edits {
            let source = source_of(file, &mut sources)?;
            edits.extend(scenario::from_csv(&sources, source, "--edits", &mut diagnostics));
        }
        for argument in &arguments.set {
            edits.extend(scenario::from_argument(argument, &mut sources, &mut diagnostics));
        }
        let mut document = document.unwrap_or_default();
        let before = if edits.is_empty() { None } else { leads(&document, &sources)? };
        scenario::apply(&mut document, &edits, &mut diagnostics);
        let observed = observations.map(|file| source_of(file, &mut sources)).transpose()?;
        if let Some(source) = observed {
            let columns = (&OBSERVATION_COLUMNS[..], &["metric", "actor", "quarter"][..]);
            let from = (&sources, source);
            scenario::append_rows(&mut document, "observation", columns, from, &mut diagnostics);
        }
        let ready = !diagnostics.has_errors() || !document.root.entries.is_empty();
        let model = if ready { Model::from_document(&document, &sources, &mut diagnostics) } else { None };
        let mut model = if diagnostics.has_errors() { None } else { model };
        if let Some(model) = &mut model {
            model.run.lead = match before {
                Some(leads) => leads,
                None => leading_paths(model).map_err(no_leads)?,
            };
        }
        Ok(Self { name: name_of(path), sources, diagnostics, document, policy, model, observed })
    }

    /// Findings as text.
    pub(super) fn findings(&self) -> String {
        self.sources.render(&self.diagnostics, colored())
    }

    /// The model, or all findings as an error. Warnings are noted unless asked not to.
    pub(super) fn take_model(&mut self, quiet: bool) -> Result<Model, Failure> {
        let Some(model) = self.model.take() else { return Err(Failure::Rejected(self.findings())) };
        let warnings = self.diagnostics.all.iter().filter(|d| d.severity == Severity::Warning).count();
        if warnings > 0 && !quiet {
            let plural = if warnings == 1 { "" } else { "s" };
            tell!("{warnings} warning{plural}: `chokepoint check` lists them");
        }
        Ok(model)
    }

    /// Name for the `policy` column.
    pub(super) fn policy_name(&self) -> String {
        self.policy.as_ref().map_or_else(|| "base".to_owned(), |p| p.name.clone())
    }
}

/// Reads a file that an argument names.
fn source_of(file: &Path, sources: &mut Sources) -> Result<u32, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|e| Failure::Rejected(format!("{} cannot be read: {e}", file.display())))?;
    Ok(sources.add(&file.display().to_string(), text))
}

/// Leading paths of the scenario as it stands, so that a policy changes no other path's dimension.
fn leads(document: &Document, sources: &Sources) -> Result<Option<Vec<String>>, Failure> {
    let Some(base) = Model::from_document(document, sources, &mut Diagnostics::default()) else {
        return Ok(None);
    };
    leading_paths(&base).map(Some).map_err(no_leads)
}

fn no_leads(error: crate::inputs::LayoutError) -> Failure {
    Failure::Rejected(format!("error: {error}"))
}

/// Lays a model out for a simulation.
pub(super) fn plan(mut model: Model, simulation: &SimulationArguments) -> Result<Plan, Failure> {
    if let Some(text) = &simulation.horizon {
        let horizon = Horizon::parse(text).ok_or_else(|| {
            Failure::Usage(format!("--horizon takes two quarters, like 2022Q1..2028Q4, not {text}"))
        })?;
        let own = model.run.horizon;
        if horizon.first != own.first {
            return Err(Failure::Rejected(format!(
                "--horizon: the scenario starts in {}; only its end can be shortened",
                own.first
            )));
        }
        if horizon.last > own.last || horizon.last < horizon.first {
            return Err(Failure::Rejected(format!(
                "--horizon: the scenario ends in {}; an end lies before that",
                own.last
            )));
        }
        model.run.horizon = horizon;
    }
    let network = Network::from_model(&model);
    let design = Design { seed: simulation.seed, sampler: simulation.sampler };
    Plan::new(model, &network, &design).map_err(|e| Failure::Rejected(format!("error: {e}")))
}

fn name_of(path: &Path) -> String {
    let folder = if path.is_dir() { path.to_owned() } else { path.with_extension("") };
    let whole = std::fs::canonicalize(&folder).unwrap_or(folder);
    whole.file_name().map_or_else(|| "scenario".to_owned(), |n| n.to_string_lossy().into_owned())
}

/// A folder beside the path that was meant.
fn near(path: &Path) -> String {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names: Vec<String> = std::fs::read_dir(parent)
        .map(|d| d.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    let wanted = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    scenario::suggest(&wanted, names.iter().map(String::as_str))
        .map_or_else(String::new, |n| format!("; did you mean {}?", parent.join(n).display()))
}

/// Whether colours are wanted on stderr.
pub(super) fn colored() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Whether distributions can be drawn on stdout: a terminal, of a locale with the characters for it, and nobody asked for plain text.
pub(super) fn draws_fans() -> bool {
    let says = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let locale = says("LC_ALL").or_else(|| says("LC_CTYPE")).or_else(|| says("LANG")).unwrap_or_default();
    let unicode = ["utf-8", "utf8"].iter().any(|u| locale.to_lowercase().contains(u));
    let plain = says("NO_COLOR").is_some() || says("TERM").is_none_or(|t| t == "dumb");
    std::io::stdout().is_terminal() && unicode && !plain
}

/// Prints data; a closed pipe is no error.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Running(format!("stdout: {e}"))),
        _ => Ok(()),
    }
}

/// Says why a command failed.
pub(super) fn say_error(code: u8, text: &str) {
    let text = text.trim_end();
    if code == 3 && text.contains("-->") || text.starts_with("error") {
        tell!("{text}");
    } else {
        tell!("error: {text}");
    }
}
