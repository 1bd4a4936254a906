//! The explorer's page of a scenario: its resolved text, what is measured, and the levers and policies that it offers.

use super::error::{Error, Findings};
use super::explorer::{Explorer, Side};
use super::project::{Project, policies};
use super::request::{RunRequest, Sampling, ScenarioRequest, SimulationRequest, TextSource};
use super::run::Run;
use super::watch::{Note, Watch};
use crate::math::wide;
use crate::metrics::{Recording, headline};
use crate::model::time::Quarter;
use crate::model::{Model, Moves, PageLever, Shown, Track, show};
use crate::plan::Plan;
use crate::report::explore::{About, explorer_page};
use crate::report::page::actor_name;
use crate::report::within_sentence;
use crate::results::{FolderError, SourceFile};
use crate::scenario::{
    Change, Diagnostics, Edit, Glob, Policy, Sources, inline, inline_table, load_policy, suggest,
    toml_text as text,
};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::Ordering;

/// What is explored, and from which draws.
#[derive(Clone, Debug)]
pub struct ExploreRequest {
    /// The scenario, with the policy and edits that make its base.
    pub scenario: ScenarioRequest,
    /// Seed of all random numbers.
    pub seed: u64,
    /// What was typed before the policy, to compare by the command line: `chokepoint compare …`.
    pub command: String,
}

/// Levers of a scenario that has none of its own.
const LEADING: usize = 12;
/// Draws in which is found what drives the headline, and what each lever moves.
const LOOKED_AT: u64 = 1024;
/// Draws of the scenario as it stands that the page has from the beginning: simulated by the same engine.
const READY: u64 = 64;
/// What a lever moves is told from this share of a cell's variance on \[1\].
const TOLD: f64 = 0.01;
/// What can be chosen to be drawn, beside the reachable run, of actors that have it.
const DRAWN: [&str; 7] = [
    "accessible_h100e",
    "training_h100e",
    "fleet_h100e",
    "imported_h100e_cum",
    "smuggled_h100e_cum",
    "spend_usd_cum",
    "run_cost_usd",
];
/// Runs that everybody knows, by name [FLOP].
const ANCHORS: [(&str, f64); 3] = [("GPT-4", 2.1e25), ("1e26", 1e26), ("1e28", 1e28)];

/// Makes the page of a scenario.
///
/// # Errors
/// If the scenario, a policy of it or a lever has errors, or a lever names a policy that does not exist.
pub fn explore(request: &ExploreRequest, watch: &dyn Watch) -> Result<String, Error> {
    let project = Project::open(&request.scenario)?;
    project.note_warnings(watch);
    let plan = project.plan(&Sampling { seed: request.seed, ..Sampling::default() })?;
    // Levers change nothing by themselves: the engine reads the scenario without them.
    let mut document = project.document.clone();
    document.root.take("lever");
    let text = document.to_toml();
    let policies = read_policies(&request.scenario)?;
    let driven = Driven::find(request, watch)?;
    let levers = levers(&project, &plan, &policies, &driven, watch)?;
    let with_moves = |lever: &PageLever| {
        let mut data = lever_data(&project.model, lever);
        let paths = data["paths"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(moves) = driven.moved_by(&project.model, paths) {
            data["moves"] = json!(moves);
        }
        data
    };
    let levers_data: Vec<Value> = levers.iter().map(with_moves).collect();
    let version = env!("CARGO_PKG_VERSION");
    let hash = SourceFile::new("", &format!("{version}\n{}\n{text}", request.seed)).sha256;
    let (mut data, select) = measured(&plan)?;
    let mut explorer = Explorer::open(&project.name, &text, &select, request.seed)?;
    let mut draws = Vec::new();
    let mut values = Vec::new();
    for batch in 0..READY / wide::WIDTH as u64 {
        if watch.stop().load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        explorer.simulate(Side::Base, batch, &mut values)?;
        draws.extend_from_slice(&values);
    }
    data["keep"] = json!(worth_keeping(&mut explorer, &levers, &policies, plan.quarters, watch)?);
    data["cells"] = json!(explorer.cells());
    data["labelled"] = json!(explorer.labelled());
    data["labels"] = json!(Explorer::LABELS);
    data["name"] = json!(project.name);
    data["scenario"] = json!(text);
    data["hash"] = json!(hash);
    data["seed"] = json!(request.seed);
    data["command"] = json!(request.command);
    data["levers"] = json!(levers_data);
    data["policies"] = policies.iter().map(policy_data).collect();
    let about = About { title: &plan.model.title, hash: &hash[..12], version, seed: request.seed };
    explorer_page(about, &data, &draws).map_err(|error| Error::Page(error.into()))
}

/// At the start of which quarter the scenario as it stands is best kept, were every lever as likely to be moved: a change that acts from then
/// on leaves out the quarters before. None if every lever acts at once.
fn worth_keeping(
    explorer: &mut Explorer,
    levers: &[PageLever],
    policies: &[Policy],
    quarters: usize,
    watch: &dyn Watch,
) -> Result<Option<usize>, Error> {
    let mut acting = Vec::new();
    for lever in levers {
        if watch.stop().load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        // One that cannot go to its end tells so on the page when it is moved there, and has no say here.
        if explorer.change(&at_its_end(lever, policies)).is_ok() {
            acting.push(explorer.acts_from());
        }
    }
    explorer.change("")?;
    let saved = |&at: &usize| at * acting.iter().filter(|&&other| other >= at).count();
    Ok(acting.iter().copied().filter(|at| (1..quarters).contains(at)).max_by_key(saved))
}

/// A lever at its upper end, or a switch that is on, as a policy.
fn at_its_end(lever: &PageLever, policies: &[Policy]) -> String {
    let set = |kind: &str, paths: &[String], to: f64, unit: &str| {
        let unit = if unit.is_empty() { String::new() } else { format!("unit = {}\n", text(unit)) };
        let edits =
            paths.iter().map(|path| format!("[[set]]\npath = {}\n{kind} = {to:?}\n{unit}", text(path)));
        edits.collect::<Vec<String>>().concat()
    };
    let edits = match &lever.moves {
        Moves::Policy(name) => {
            let policy = policies.iter().find(|policy| policy.name == *name);
            edits_text(policy.expect("levers name policies that there are, which was looked at"))
        }
        Moves::Times(paths, track) => set("times", paths, track.to, ""),
        Moves::Value(paths, track) => set("value", paths, track.to, &track.unit),
    };
    format!("title = \"x\"\n{edits}")
}

/// Writes a page, whole or not at all.
///
/// # Errors
/// If it cannot be written.
pub fn write_explorer(path: &Path, page: &str) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.part"));
    let written = std::fs::write(&temporary, page).and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|error| FolderError::Io { path: path.to_owned(), error }.into())
}

/// The scenario's policies; of a scenario that is a text there are none.
fn read_policies(request: &ScenarioRequest) -> Result<Vec<Policy>, Error> {
    let TextSource::File(path) = &request.scenario else { return Ok(Vec::new()) };
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let names = policies(&request.scenario);
    let read = |name: &String| load_policy(path, name, &mut sources, &mut diagnostics);
    let all: Vec<Policy> = names.iter().filter_map(read).collect();
    if diagnostics.has_errors() {
        return Err(Error::Findings(Box::new(Findings { sources, diagnostics })));
    }
    Ok(all)
}

/// What is measured, of whom and when.
fn measured(plan: &Plan) -> Result<(Value, Vec<String>), Error> {
    let model = &plan.model;
    let horizon = model.run.horizon;
    let all = Recording::new(plan, &[])?;
    let reaches = |actor: &String| all.find(actor, "reachable_flop").is_some();
    let mut actors: Vec<String> = headline::actors(model).into_iter().filter(reaches).collect();
    if actors.is_empty() {
        actors = headline::of_kind(model, crate::metrics::ActorKind::Country)
            .into_iter()
            .filter(reaches)
            .collect();
    }
    let countries: Vec<&String> = actors.iter().filter(|a| a.starts_with("country.")).collect();
    let pair = match (countries.as_slice(), actors.as_slice()) {
        ([first, second, ..], _) => json!([first, second]),
        (_, [first, second, ..]) => json!([first, second]),
        (_, [only]) => json!([only, only]),
        _ => return Err(Error::NothingToExplore),
    };
    let designers: Vec<String> = model.designers.iter().map(|d| format!("designer.{}", d.id)).collect();
    let flows = "{bought_h100e_cum,imported_h100e_cum,smuggled_h100e_cum,fleet_h100e,accessible_h100e}";
    let wanted = (actors.iter().map(|actor| format!("{actor}/reachable_flop")))
        .chain(["lab.*/reachable_flop@*Q4".to_owned(), "designer.*/revenue_usd_cum@*Q4".to_owned()])
        .chain(actors.iter().map(|actor| format!("{actor}/{flows}@*Q4")))
        .chain(actors.iter().flat_map(|actor| DRAWN.map(|metric| format!("{actor}/{metric}@*Q4"))));
    // Not every actor has every metric.
    let select: Vec<String> =
        wanted.filter(|pattern| Recording::lean(plan, std::slice::from_ref(pattern)).is_ok()).collect();
    let quarter = |t: usize| Quarter(horizon.first.0 + t as i32);
    let quarters: Vec<String> = (0..plan.quarters).map(|t| quarter(t).to_string()).collect();
    let ends: Vec<usize> = (0..plan.quarters).filter(|&t| quarter(t).number() == 4).collect();
    let years: Vec<i32> = ends.iter().map(|&t| quarter(t).year()).collect();
    let year = years.iter().copied().find(|&y| y == 2028).or(years.last().copied());
    let members = |actor: &String| -> Vec<String> {
        let lab = |id: &str| format!("lab.{id}");
        match actor.split_once('.') {
            Some(("lab", id)) => vec![lab(id)],
            Some(("country", id)) => {
                let here = model.labs.iter().filter(|l| model.countries[l.country].id == id);
                here.map(|l| lab(&l.id)).collect()
            }
            _ => model.labs.iter().map(|l| lab(&l.id)).collect(),
        }
    };
    let named =
        |actor: &String| json!({ "id": actor, "name": title(model, actor), "within": within(model, actor) });
    let metrics = std::iter::once("reachable_flop").chain(DRAWN).filter_map(|name| {
        let known = actors.iter().find_map(|actor| all.find(actor, name))?;
        let (series, since) = (&all.series[known], if name.ends_with("_cum") { " Since the start." } else { "" });
        Some(json!({ "id": name, "unit": series.unit, "about": format!("{}{since}", series.metric.meaning()) }))
    });
    let data = json!({
        "select": select, "metrics": metrics.collect::<Vec<_>>(), "quarters": quarters, "yearEnds": ends, "years": years, "year": year, "pair": pair,
        "actors": actors.iter().map(named).collect::<Vec<_>>(),
        "members": actors.iter().map(|a| (a.clone(), json!(members(a)))).collect::<serde_json::Map<_, _>>(),
        "designers": designers.iter().map(named).collect::<Vec<_>>(),
        "thresholds": model.run.thresholds,
        "anchors": ANCHORS.map(|(name, value)| json!({ "name": name, "value": value })),
    });
    Ok((data, select))
}

/// What drives the headline.
struct Driven {
    /// By cell: its name for people, and the inputs that stand above the noise, the one that explains most first.
    cells: Vec<(String, Vec<Input>)>,
}

/// An input that drives a cell.
struct Input {
    path: String,
    /// Share of the cell's variance that it explains alone \[1\].
    share: f64,
    /// Whether the cell rises with it; unknown of an input of which no draw lies at its ends.
    rises: Option<bool>,
}

impl Driven {
    /// Simulates draws of the scenario as it stands.
    fn find(request: &ExploreRequest, watch: &dyn Watch) -> Result<Self, Error> {
        let sampling = Sampling { seed: request.seed, draws: LOOKED_AT, ..Sampling::default() };
        let simulation = SimulationRequest { sampling, ..SimulationRequest::default() };
        let run = RunRequest { scenario: request.scenario.clone(), simulation, ..RunRequest::new("") };
        let run = Run::open(&run, &())?;
        let found = run.simulate(None, watch)?;
        let mut cells: Vec<(String, Vec<Input>)> = Vec::new();
        for row in found.drivers() {
            if cells.last().is_none_or(|(cell, _)| cell != row.cell) {
                cells.push((row.cell.to_owned(), Vec::new()));
            }
            if let Some((_, inputs)) = cells.last_mut().filter(|_| row.index > row.noise_floor) {
                let rises = row.ends[0].zip(row.ends[1]).map(|(low, high)| high.0 > low.0);
                inputs.push(Input { path: row.path.clone(), share: row.index, rises });
            }
        }
        Ok(Self { cells })
    }

    /// Inputs by the largest share of a cell that they explain.
    fn ranked(&self) -> Vec<&str> {
        let mut all: Vec<(&str, f64)> = Vec::new();
        for input in self.cells.iter().flat_map(|(_, inputs)| inputs) {
            match all.iter_mut().find(|(path, _)| *path == input.path) {
                Some((_, share)) => *share = share.max(input.share),
                None => all.push((&input.path, input.share)),
            }
        }
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        all.into_iter().map(|(path, _)| path).collect()
    }

    /// What some inputs move most, as a person reads it: up to three cells.
    fn moved_by<'a>(&self, model: &Model, patterns: impl Iterator<Item = &'a str>) -> Option<String> {
        let globs: Vec<Glob> = patterns.map(Glob::new).collect();
        let mut moved: Vec<(f64, String)> = Vec::new();
        for (cell, inputs) in &self.cells {
            let own: Vec<&Input> =
                inputs.iter().filter(|i| globs.iter().any(|g| covers(g, &i.path))).collect();
            let share: f64 = own.iter().map(|i| i.share).sum();
            if share < TOLD {
                continue;
            }
            let way = match own.iter().filter_map(|i| i.rises).collect::<Vec<_>>().as_slice() {
                [] => "",
                all if all.iter().all(|&up| up) => ", upward",
                all if all.iter().all(|&up| !up) => ", downward",
                _ => ", either way",
            };
            let (actor, rest) = cell.split_once('/').unwrap_or((cell, ""));
            let quarter = rest.rsplit('@').next().unwrap_or_default();
            let what = if actor.starts_with("ratio.") { "" } else { "reach of " };
            let name = within(model, actor);
            moved.push((
                share,
                format!("{what}{name} in {quarter}: {:.0}% of what draws differ by{way}", 100.0 * share),
            ));
        }
        moved.sort_by(|a, b| b.0.total_cmp(&a.0));
        let told: Vec<String> = moved.into_iter().take(3).map(|(_, text)| text).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

/// Whether a lever's path is an input's, or one of a part of it or of what it is a part of, as dated numbers have.
fn covers(glob: &Glob, path: &str) -> bool {
    let mut whole = path;
    loop {
        if glob.matches(whole) {
            return true;
        }
        match whole.rsplit_once('.') {
            Some((before, _)) if before.contains('.') => whole = before,
            _ => return false,
        }
    }
}

/// What people call an actor.
fn title(model: &Model, actor: &str) -> String {
    let title = model.title_of(actor);
    if title == actor { actor_name(actor) } else { title }
}

/// The same within a sentence.
fn within(model: &Model, actor: &str) -> String {
    let title = title(model, actor);
    if actor.starts_with("country.") { within_sentence(&title) } else { title }
}

/// A policy with its edits as TOML, and the paths that they change.
fn policy_data(policy: &Policy) -> Value {
    let paths: Vec<String> = policy
        .edits
        .iter()
        .filter_map(|edit| match &edit.change {
            Change::Set { path, .. }
            | Change::Times(path, _)
            | Change::Plus(path, _)
            | Change::Remove(path) => Some(path.clone()),
            Change::Add(table, row) => match row.get("id").map(|n| &n.value) {
                Some(crate::scenario::Value::Text(id)) => Some(format!("{table}.{id}")),
                _ => None,
            },
        })
        .collect();
    json!({
        "name": policy.name, "title": policy.title, "reason": policy.reason, "source": policy.source,
        "edits": edits_text(policy), "paths": paths,
    })
}

/// The edits of a policy as they stand in it.
fn edits_text(policy: &Policy) -> String {
    policy.edits.iter().map(edit_text).collect::<Vec<String>>().join("\n")
}

/// An edit as it stands in a policy.
fn edit_text(edit: &Edit) -> String {
    match &edit.change {
        Change::Add(table, row) => {
            format!("[[add]]\ntable = {}\nrow = {}\n", text(table), inline_table(row))
        }
        Change::Remove(path) => format!("[[remove]]\npath = {}\n", text(path)),
        Change::Times(path, x) => format!("[[set]]\npath = {}\ntimes = {x:?}\n", text(path)),
        Change::Plus(path, x) => format!("[[set]]\npath = {}\nplus = {x:?}\n", text(path)),
        Change::Set { path, value, about } => {
            let about = about.iter().map(|e| format!("{} = {}\n", e.key, inline(&e.node)));
            let about: String = about.collect();
            format!("[[set]]\npath = {}\nvalue = {}\n{about}", text(path), inline(value))
        }
    }
}

/// The scenario's levers; without any, its leading numbers, each by a factor.
fn levers(
    project: &Project,
    plan: &Plan,
    policies: &[Policy],
    driven: &Driven,
    watch: &dyn Watch,
) -> Result<Vec<PageLever>, Error> {
    let model = &project.model;
    for lever in &model.levers {
        if let Moves::Policy(name) = &lever.moves
            && policies.iter().all(|p| p.name != *name)
        {
            let near = suggest(name, policies.iter().map(|p| p.name.as_str())).map(str::to_owned);
            return Err(Error::LeverWithoutPolicy { lever: lever.id.clone(), policy: name.clone(), near });
        }
    }
    if !model.levers.is_empty() {
        return Ok(model.levers.clone());
    }
    let made = leading(plan, &driven.ranked());
    watch.note(&Note::LeversOfLeading(made.len()));
    Ok(made)
}

fn lever_data(model: &Model, lever: &PageLever) -> Value {
    let mut data = json!({
        "id": lever.id, "title": lever.title, "group": lever.group, "about": lever.about, "source": lever.source,
    });
    let (kind, paths, track) = match &lever.moves {
        Moves::Policy(policy) => {
            data["kind"] = json!("switch");
            data["policy"] = json!(policy);
            return data;
        }
        Moves::Times(paths, track) => ("times", paths, track),
        Moves::Value(paths, track) => ("value", paths, track),
    };
    data["kind"] = json!(kind);
    data["paths"] = json!(paths);
    data["from"] = json!(track.from);
    data["to"] = json!(track.to);
    data["step"] = json!(if track.by_factors { "log" } else { "linear" });
    let shown: Vec<Shown<'_>> = paths.iter().flat_map(|path| show(model, path)).collect();
    let whole = match shown.first() {
        // Parts of dated numbers are shown with the whole.
        None => paths.iter().filter_map(|p| p.rsplit_once('.')).flat_map(|(p, _)| show(model, p)).collect(),
        Some(_) => shown,
    };
    if let Some(first) = whole.first() {
        let unit = if kind == "value" && !track.unit.is_empty() { &track.unit } else { &first.unit };
        let more = if whole.len() > 1 { format!(", and {} more", whole.len() - 1) } else { String::new() };
        data["today"] = json!(format!("{}: {}{more}", first.quantity.path, first.value));
        let [low, middle, high] = first.quantiles;
        if kind == "value" {
            data["unit"] = json!(unit);
            (data["p05"], data["middle"], data["p95"]) = (json!(low), json!(middle), json!(high));
        } else if middle > 0.0 {
            (data["p05"], data["p95"]) = (json!(low / middle), json!(high / middle));
        }
    }
    let sign = if kind == "times" { "× " } else { "" };
    data["range"] = json!(format!("{sign}{} to {sign}{}", track.from, track.to));
    data
}

/// Levers of the numbers that drive the headline most, where a factor has a meaning: those that are above 0 in nine draws of ten.
fn leading(plan: &Plan, ranked: &[&str]) -> Vec<PageLever> {
    let model = &plan.model;
    let all = show(model, "**");
    let mut uncertain: Vec<&Shown<'_>> = (all.iter())
        .filter(|s| {
            s.quantity.is_uncertain() && s.quantiles[0] > 0.0 && ranked.contains(&s.quantity.path.as_str())
        })
        .collect();
    uncertain.sort_by_key(|s| ranked.iter().position(|path| *path == s.quantity.path));
    let lever = |(i, s): (usize, &&Shown<'_>)| PageLever {
        id: format!("leading-{}", i + 1),
        title: s.quantity.path.clone(),
        group: "Leading numbers".to_owned(),
        about: s.quantity.provenance.note.clone(),
        source: s.quantity.provenance.source.clone(),
        moves: Moves::Times(
            vec![s.quantity.path.clone()],
            Track { from: 0.25, to: 4.0, by_factors: true, unit: String::new() },
        ),
    };
    uncertain.iter().take(LEADING).enumerate().map(lever).collect()
}
