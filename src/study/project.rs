//! A project: a scenario read with its policy and edits, checked, and ready to be laid out.

use super::error::{Error, Findings};
use super::request::{PolicySource, Sampling, ScenarioRequest, TextSource};
use super::watch::{Note, Watch};
use crate::analysis::Expectation;
use crate::inputs::{LayoutError, leading_paths};
use crate::metrics::{BadRatio, Observed, all_series, bind, check_signs};
use crate::model::record::vintages;
use crate::model::time::Horizon;
use crate::model::{
    BuyerId, GoodKind, IdVec, Model, OBSERVATION_COLUMNS, Quantity, QuantityId, RuleId, Shown, Vintage, show,
    take_accepted,
};
use crate::network::{Network, Node};
use crate::plan::Plan;
use crate::random::Design;
use crate::report::SupplyGraph;
use crate::rules::Books;
use crate::scenario::import::{Stage, SupplyChain};
use crate::scenario::limits::{SALES, SIMULATED};
use crate::scenario::{self, Diagnostics, Document, Edit, Place, Policy, Severity, Sources, Value};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A scenario as it stands, read once: its policies, the points of a sweep and the edits of a page go on from it.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    sources: Sources,
    diagnostics: Diagnostics,
    /// None if there is nothing to go on with.
    document: Option<Document>,
    /// What leads in the scenario that it extends, if it extends one.
    inherited: Option<Leads>,
    /// Its leading paths, once they are known: a policy changes no other path's dimension.
    leads: OnceLock<Option<Vec<String>>>,
    /// Rule books of those who went on from it.
    books: Arc<Books>,
    /// Numbers of the first who did.
    quantities: OnceLock<Arc<IdVec<QuantityId, Arc<Quantity>>>>,
}

/// A scenario that has been read under a policy and edits, without errors.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its name: that of its folder, or of its text.
    pub name: String,
    /// The texts that were read.
    pub sources: Sources,
    /// Warnings.
    pub diagnostics: Diagnostics,
    /// As written, edits applied.
    pub document: Document,
    /// The policy, if it is under one.
    pub policy: Option<Policy>,
    /// As understood.
    pub model: Model,
    /// The source that observations were added from, if any.
    pub(super) observed: Option<u32>,
    /// The vintage that was asked for.
    pub(super) vintage: Option<Vintage>,
    books: Arc<Books>,
}

/// What of a scenario changes no result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Idle {
    /// Nodes through which nothing flows.
    pub nodes: Vec<Node>,
    /// Rules that match nothing.
    pub rules: Vec<RuleId>,
    /// Buyers to whom no chip can be sold.
    pub buyers: Vec<BuyerId>,
}

impl Reading {
    /// Reads a scenario without policy and edits; what is wrong with it is told by whoever goes on from it.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn of(request: &ScenarioRequest) -> Result<Self, Error> {
        let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
        let document = read(request, &mut sources, &mut diagnostics)?;
        Ok(Self {
            sources,
            diagnostics,
            document,
            inherited: inherited(request),
            leads: OnceLock::new(),
            books: Arc::default(),
            quantities: OnceLock::new(),
        })
    }

    /// Leading paths of a scenario that was read here, as it stands.
    fn lead(&self, model: &Model) -> Result<Vec<String>, LayoutError> {
        self.inherited.as_ref().map_or_else(|| leading_paths(model), |base| base.before(model))
    }

    /// Leading paths of the scenario as it stands; none if it has errors.
    fn leads(&self) -> Result<Option<Vec<String>>, Error> {
        if let Some(known) = self.leads.get() {
            return Ok(known.clone());
        }
        let document = self.document.clone().unwrap_or_default();
        let base = Model::from_document(&document, &self.sources, &mut Diagnostics::default());
        let found = base.map(|base| self.lead(&base)).transpose()?;
        Ok(self.leads.get_or_init(|| found).clone())
    }
}

impl Project {
    /// Reads a scenario with its policy and edits.
    ///
    /// # Errors
    /// If a file is missing, or the scenario, the policy or an edit has errors: all of them, in one [`Error::Findings`].
    pub fn open(request: &ScenarioRequest) -> Result<Self, Error> {
        Self::open_with(request, None)
    }

    /// The same of a scenario that has been read: none of its files is looked at again.
    ///
    /// # Errors
    /// As [`Project::open`].
    pub(super) fn of(reading: &Reading, request: &ScenarioRequest) -> Result<Self, Error> {
        Self::read(reading, request, None)
    }

    /// The same, with the observations of a CSV table beside the scenario's own.
    pub(super) fn open_with(
        request: &ScenarioRequest,
        observations: Option<&TextSource>,
    ) -> Result<Self, Error> {
        Self::read(&Reading::of(request)?, request, observations)
    }

    fn read(
        reading: &Reading,
        request: &ScenarioRequest,
        observations: Option<&TextSource>,
    ) -> Result<Self, Error> {
        let Reading { mut sources, mut diagnostics, document, .. } = reading.clone();
        let policy = match (&document, &request.policy) {
            (Some(_), Some(policy)) => read_policy(&request.scenario, policy, &mut sources, &mut diagnostics),
            _ => None,
        };
        let mut edits = Vec::new();
        if let (Some(document), Some(name)) = (&document, &request.vintage) {
            edits = vintage_edits(document, name, &mut sources, &mut diagnostics)?;
        }
        edits.extend(policy.iter().flat_map(|p| p.edits.clone()));
        for table in &request.edits {
            let source = source_of(table, &mut sources)?;
            edits.extend(scenario::from_csv(&sources, source, "--edits", &mut diagnostics));
        }
        for argument in &request.set {
            edits.extend(scenario::from_argument(argument, &mut sources, &mut diagnostics));
        }
        let mut document = document.unwrap_or_default();
        let leads = if edits.is_empty() { None } else { reading.leads()? };
        scenario::apply(&mut document, &edits, &mut diagnostics);
        let observed = observations.map(|table| source_of(table, &mut sources)).transpose()?;
        if let Some(source) = observed {
            let columns = (&OBSERVATION_COLUMNS[..], &["metric", "actor"][..]);
            let from = (&sources, source);
            scenario::append_rows(&mut document, "observation", columns, from, &mut diagnostics);
        }
        let ready = !diagnostics.has_errors() || !document.root.entries.is_empty();
        let model = if ready { Model::from_document(&document, &sources, &mut diagnostics) } else { None };
        if let Some(model) = model.as_ref().filter(|m| !m.answers.signs.is_empty())
            && let Ok(series) = all_series(model)
        {
            check_signs(model, &series, &mut diagnostics);
        }
        let Some(mut model) = model.filter(|_| !diagnostics.has_errors()) else {
            return Err(Error::Findings(Box::new(Findings { sources, diagnostics })));
        };
        take_accepted(&model.accepted, &mut diagnostics);
        model.share_quantities(reading.quantities.get_or_init(|| Arc::clone(&model.quantities)));
        model.run.lead = match leads {
            Some(leads) => leads,
            None => reading.lead(&model)?,
        };
        if edits.is_empty() {
            // That of the scenario as it stands, which those that go on from it would find again.
            let _ = reading.leads.set(Some(model.run.lead.clone()));
        }
        let name = name_of(&request.scenario);
        let vintage = model.vintages.iter().find(|v| Some(&v.name) == request.vintage.as_ref()).cloned();
        let books = Arc::clone(&reading.books);
        Ok(Self { name, sources, diagnostics, document, policy, model, observed, vintage, books })
    }

    /// Warnings, with the texts that they point into.
    pub fn findings(&self) -> Findings {
        Findings { sources: self.sources.clone(), diagnostics: self.diagnostics.clone() }
    }

    /// Name for the `policy` column: `base` for the scenario as it stands.
    pub fn policy_name(&self) -> String {
        self.policy.as_ref().map_or_else(|| "base".to_owned(), |p| p.name.clone())
    }

    /// Lays the model out for some draws.
    ///
    /// # Errors
    /// If the horizon is not one, or reaches beyond the scenario's own.
    pub fn plan(&self, sampling: &Sampling) -> Result<Plan, Error> {
        let mut model = self.model.clone();
        if let Some(text) = &sampling.horizon {
            let horizon = Horizon::parse(text).ok_or_else(|| Error::Horizon(text.clone()))?;
            let own = model.run.horizon;
            if horizon.first != own.first {
                return Err(Error::HorizonStart(own.first));
            }
            if horizon.last > own.last || horizon.last < horizon.first {
                return Err(Error::HorizonEnd(own.last));
            }
            model.run.horizon = horizon;
        }
        self.check_size()?;
        let network = Network::from_model(&model);
        let design = Design { seed: sampling.seed, sampler: sampling.sampler };
        let mut plan = Plan::new(model, &network, &design)?;
        self.books.share(&mut plan.rules);
        Ok(plan)
    }

    /// Refuses a world that is too large to be simulated, at the first row beyond.
    fn check_size(&self) -> Result<(), Error> {
        let rows = |table: &str| match self.document.root.get(table).map(|n| &n.value) {
            Some(Value::List(rows)) => rows.as_slice(),
            _ => &[],
        };
        let beyond = SIMULATED.iter().find_map(|&(table, most)| {
            let row = rows(table).get(most)?;
            Some((row, format!("a world that is simulated has {most} rows of `{table}` at most")))
        });
        let sales = rows("chip").len() * rows("buyer").len();
        let beyond = beyond.or_else(|| {
            let row = rows("chip").last().filter(|_| sales > SALES)?;
            Some((row, format!("a world that is simulated has {SALES} pairs of chip and buyer at most")))
        });
        let Some((row, message)) = beyond else { return Ok(()) };
        let mut findings = self.findings();
        findings.diagnostics.error(&row.place, message, "one more");
        Err(Error::Findings(Box::new(findings)))
    }

    /// What of the scenario changes no result.
    ///
    /// # Errors
    /// As [`Project::plan`].
    pub fn idle(&self) -> Result<Idle, Error> {
        let plan = self.plan(&Sampling::default())?;
        Ok(Idle {
            nodes: Network::from_model(&self.model).idle(),
            rules: plan.idle_rules(),
            buyers: plan.unreachable_buyers(),
        })
    }

    /// Binds observations to what is simulated; what is wrong with them joins the findings.
    ///
    /// # Errors
    /// If an observation is of nothing that is simulated.
    pub fn bind_observations(&mut self) -> Result<Vec<Observed>, Error> {
        let series = match all_series(&self.model) {
            Ok(series) => series,
            Err(error) => {
                self.ratio_error(&error);
                return Err(Error::Findings(Box::new(self.findings())));
            }
        };
        let bound = bind(&self.model, &series, &self.document.removed, &mut self.diagnostics);
        take_accepted(&self.model.accepted, &mut self.diagnostics);
        if self.diagnostics.has_errors() {
            return Err(Error::Findings(Box::new(self.findings())));
        }
        Ok(bound)
    }

    /// Notes a ratio of what does not exist, at its row.
    fn ratio_error(&mut self, error: &BadRatio) {
        let rows = match self.document.root.get("ratio").map(|n| &n.value) {
            Some(Value::List(rows)) => rows.as_slice(),
            _ => &[],
        };
        let row = rows.iter().find(|r| r.id() == Some(&error.ratio));
        let part = row.and_then(|r| match &r.value {
            Value::Table(table) => ["of", "over"]
                .into_iter()
                .filter_map(|key| table.get(key))
                .find(|n| matches!(&n.value, Value::Text(t) if *t == error.part)),
            _ => None,
        });
        let place = part.or(row).map_or_else(Place::default, |n| n.place.clone());
        self.diagnostics.error(&place, error.to_string(), "no such metric of that actor");
    }

    /// Quantities whose path matches a pattern; `**` for all.
    ///
    /// # Errors
    /// If none does.
    pub fn quantities(&self, pattern: &str) -> Result<Vec<Shown<'_>>, Error> {
        let rows = show(&self.model, pattern);
        if rows.is_empty() {
            let known = show(&self.model, "**");
            // A part of a word finds what has it, in whatever segment.
            let part = pattern.to_lowercase();
            let has = |s: &Shown<'_>| s.quantity.path.contains(&part);
            if !pattern.contains(['.', '*', '{']) && known.iter().any(has) {
                return Ok(known.into_iter().filter(has).collect());
            }
            let near = scenario::suggest(pattern, known.iter().map(|s| s.quantity.path.as_str()));
            return Err(Error::NoQuantity { pattern: pattern.to_owned(), near: near.map(str::to_owned) });
        }
        Ok(rows)
    }

    /// The supply graph, with quantities at their medians.
    ///
    /// # Errors
    /// As [`Project::plan`].
    pub fn graph(&self) -> Result<SupplyGraph, Error> {
        let plan = self.plan(&Sampling::default())?;
        Ok(SupplyGraph::new(&plan, &Network::from_model(&self.model)))
    }

    /// A supply chain's tool classes as a policy for this scenario, in TOML.
    pub fn import(&self, chain: &SupplyChain) -> String {
        let model = &self.model;
        let countries = model.countries.iter().map(|c| c.id.clone()).collect();
        let tools = model.tools.iter().map(|t| t.id.clone()).collect();
        let stage = |kind| match kind {
            GoodKind::Wafer | GoodKind::Memory => Some(Stage::Fabrication),
            GoodKind::Packaging => Some(Stage::Packaging),
            GoodKind::Other => None,
        };
        let facilities: Vec<_> = (model.facilities.iter())
            .filter_map(|f| Some((f.id.clone(), stage(model.goods[f.good].kind)?)))
            .collect();
        chain.to_policy(&countries, &tools, &facilities)
    }

    /// Tells how many warnings there are, if any.
    pub(super) fn note_warnings(&self, watch: &dyn Watch) {
        let warnings = self.diagnostics.all.iter().filter(|d| d.severity == Severity::Warning).count();
        if warnings > 0 {
            watch.note(&Note::Warnings(warnings));
        }
    }
}

/// Names of the policies in the `policies` folders of a scenario and of those that it extends, in order; none of a scenario that is a text.
pub fn policies(scenario: &TextSource) -> Vec<String> {
    let TextSource::File(path) = scenario else { return Vec::new() };
    scenario::policy_names(path)
}

/// Reads a scenario without edits; none if there is nothing to go on with.
fn read(
    request: &ScenarioRequest,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<Option<Document>, Error> {
    match &request.scenario {
        TextSource::File(path) if !scenario::exists(path) => {
            Err(Error::NoScenario { path: path.clone(), near: near(path) })
        }
        TextSource::File(path) => Ok(scenario::load(path, &request.allow_read, sources, diagnostics)),
        TextSource::Text { name, text } => Ok(Some(scenario::from_text(name, text, sources, diagnostics))),
    }
}

/// Cells of which policies say which way they go; of a policy that cannot be read, none: whoever opens it says why.
pub(super) fn promised(request: &ScenarioRequest, policies: &[PolicySource]) -> Vec<String> {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let read = policies
        .iter()
        .filter_map(|policy| read_policy(&request.scenario, policy, &mut sources, &mut diagnostics));
    let sentences: Vec<String> = read.flat_map(|policy| policy.expects).collect();
    sentences.iter().filter_map(|text| Expectation::parse(text)).map(|expected| expected.cell).collect()
}

fn read_policy(
    scenario: &TextSource,
    policy: &PolicySource,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Policy> {
    match (policy, scenario) {
        (PolicySource::Named(name), TextSource::File(path)) => {
            scenario::load_policy(path, name, sources, diagnostics)
        }
        // Beside a text there is no folder: the name is a file's.
        (PolicySource::Named(name), TextSource::Text { .. }) => {
            scenario::load_policy(Path::new(""), name, sources, diagnostics)
        }
        (PolicySource::Text { name, text }, _) => {
            let document = scenario::from_text(name, text, sources, diagnostics);
            Some(scenario::read_policy(name, &document.root, diagnostics))
        }
    }
}

/// What a vintage changes: the files that it names stand beside the file that names them.
fn vintage_edits(
    document: &Document,
    name: &str,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<Edit>, Error> {
    let all = vintages(document);
    let Some(vintage) = all.iter().find(|v| v.name == name) else {
        let known = all.iter().map(|v| v.name.clone()).collect();
        return Err(Error::NoVintage { name: name.to_owned(), known });
    };
    let mut edits = Vec::new();
    for (file, place) in &vintage.edits {
        let beside = Path::new(&sources.all[place.source as usize].name).with_file_name(file);
        let Ok(text) = scenario::read_named(&beside) else {
            diagnostics.error(place, format!("{} cannot be read", beside.display()), "named here");
            continue;
        };
        let read = scenario::from_text(&beside.display().to_string(), &text, sources, diagnostics);
        edits.extend(scenario::read_policy(name, &read.root, diagnostics).edits);
    }
    Ok(edits)
}

/// Reads a table that a request names.
fn source_of(table: &TextSource, sources: &mut Sources) -> Result<u32, Error> {
    match table {
        TextSource::File(path) => {
            let text = scenario::read_named(path)
                .map_err(|error| Error::Unreadable { path: path.clone(), error })?;
            Ok(sources.add(&path.display().to_string(), text))
        }
        TextSource::Text { name, text } => Ok(sources.add(name, text.clone())),
    }
}

/// What leads in a scenario: `run.lead` as written, and the paths that it names.
#[derive(Clone, Debug)]
struct Leads {
    written: Vec<String>,
    paths: Vec<String>,
}

impl Leads {
    /// Leading paths of a scenario that extends this one: where it leaves `run.lead` as it is, those of this one keep their dimensions,
    /// and its own come after them. So both take the same numbers for what they share.
    fn before(&self, model: &Model) -> Result<Vec<String>, LayoutError> {
        let own = leading_paths(model)?;
        if model.run.lead != self.written {
            return Ok(own);
        }
        let mut all = self.paths.clone();
        all.extend(own.into_iter().filter(|path| !self.paths.contains(path)));
        Ok(all)
    }
}

/// What leads in the scenario that one extends; none if it extends none, or that cannot be read alone.
fn inherited(request: &ScenarioRequest) -> Option<Leads> {
    let TextSource::File(path) = &request.scenario else { return None };
    let base = ScenarioRequest {
        allow_read: request.allow_read.clone(),
        ..ScenarioRequest::new(scenario::extended(path)?)
    };
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let document = read(&base, &mut sources, &mut diagnostics).ok()??;
    let model = Model::from_document(&document, &sources, &mut diagnostics)?;
    let paths = inherited(&base).map_or_else(|| leading_paths(&model), |leads| leads.before(&model));
    Some(Leads { written: model.run.lead, paths: paths.ok()? })
}

fn name_of(scenario: &TextSource) -> String {
    match scenario {
        TextSource::File(path) => {
            let folder = if path.is_dir() { path.clone() } else { path.with_extension("") };
            let whole = std::fs::canonicalize(&folder).unwrap_or(folder);
            whole.file_name().map_or_else(|| "scenario".to_owned(), |n| n.to_string_lossy().into_owned())
        }
        TextSource::Text { name, .. } => {
            Path::new(name).file_stem().map_or_else(|| name.clone(), |n| n.to_string_lossy().into_owned())
        }
    }
}

/// A folder beside the path that was meant.
pub(super) fn near(path: &Path) -> Option<PathBuf> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut names: Vec<String> = std::fs::read_dir(parent)
        .map(|d| d.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    if parent == Path::new(".") {
        names.extend(scenario::shipped().into_iter().map(str::to_owned));
    }
    let wanted = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let near = scenario::suggest(&wanted, names.iter().map(String::as_str));
    near.map(|n| if parent == Path::new(".") { PathBuf::from(n) } else { parent.join(n) })
}
