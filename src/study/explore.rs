//! The explorer's page of a scenario: its resolved text, what is measured, and the levers and policies that it offers.

use super::error::{Error, Findings};
use super::project::{Project, policies};
use super::request::{Sampling, ScenarioRequest, TextSource};
use super::watch::{Note, Watch};
use crate::metrics::{Recording, headline};
use crate::model::time::Quarter;
use crate::model::{Model, Moves, PageLever, Shown, Track, show};
use crate::plan::Plan;
use crate::report::explore::{About, explorer_page};
use crate::report::page::actor_name;
use crate::results::{FolderError, SourceFile};
use crate::scenario::{
    Change, Diagnostics, Edit, Policy, Sources, inline, inline_table, load_policy, suggest, toml_text as text,
};
use serde_json::{Value, json};
use std::path::Path;

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
    let levers = levers(&project, &plan, &policies, watch)?;
    let version = env!("CARGO_PKG_VERSION");
    let hash = SourceFile::new("", &format!("{version}\n{}\n{text}", request.seed)).sha256;
    let mut data = measured(&plan)?;
    data["name"] = json!(project.name);
    data["scenario"] = json!(text);
    data["hash"] = json!(hash);
    data["seed"] = json!(request.seed);
    data["command"] = json!(request.command);
    data["levers"] = json!(levers);
    data["policies"] = policies.iter().map(policy_data).collect();
    let about = About { title: &plan.model.title, hash: &hash[..12], version, seed: request.seed };
    explorer_page(about, &data).map_err(|error| Error::Page(error.into()))
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
fn measured(plan: &Plan) -> Result<Value, Error> {
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
    let flows = "{imported_h100e_cum,smuggled_h100e_cum,fleet_h100e,accessible_h100e}";
    let wanted = (actors.iter().map(|actor| format!("{actor}/reachable_flop")))
        .chain(["lab.*/reachable_flop@*Q4".to_owned(), "designer.*/revenue_usd_cum@*Q4".to_owned()])
        .chain(actors.iter().map(|actor| format!("{actor}/{flows}@*Q4")));
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
    let named = |actor: &String| json!({ "id": actor, "name": actor_name(actor) });
    Ok(json!({
        "select": select, "quarters": quarters, "yearEnds": ends, "years": years, "year": year, "pair": pair,
        "actors": actors.iter().map(named).collect::<Vec<_>>(),
        "members": actors.iter().map(|a| (a.clone(), json!(members(a)))).collect::<serde_json::Map<_, _>>(),
        "designers": designers.iter().map(named).collect::<Vec<_>>(),
        "thresholds": model.run.thresholds,
        "anchors": ANCHORS.map(|(name, value)| json!({ "name": name, "value": value })),
    }))
}

/// A policy with its edits as TOML, and the paths that they change.
fn policy_data(policy: &Policy) -> Value {
    let edits: Vec<String> = policy.edits.iter().map(edit_text).collect();
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
        "edits": edits.join("\n"), "paths": paths,
    })
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
    watch: &dyn Watch,
) -> Result<Vec<Value>, Error> {
    let model = &project.model;
    let mut all = Vec::new();
    for lever in &model.levers {
        if let Moves::Policy(name) = &lever.moves
            && policies.iter().all(|p| p.name != *name)
        {
            let near = suggest(name, policies.iter().map(|p| p.name.as_str())).map(str::to_owned);
            return Err(Error::LeverWithoutPolicy { lever: lever.id.clone(), policy: name.clone(), near });
        }
        all.push(lever_data(model, lever));
    }
    if model.levers.is_empty() {
        let made = leading(plan);
        watch.note(&Note::LeversOfLeading(made.len()));
        all.extend(made.iter().map(|lever| lever_data(model, lever)));
    }
    Ok(all)
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

/// Levers of the numbers that lead the draws, where a factor has a meaning: those that are above 0 in nine draws of ten.
fn leading(plan: &Plan) -> Vec<PageLever> {
    let model = &plan.model;
    let lead = &model.run.lead;
    let all = show(model, "**");
    let rank = |path: &str| lead.iter().position(|p| p == path).unwrap_or(lead.len());
    let mut uncertain: Vec<&Shown<'_>> = (all.iter())
        .filter(|s| {
            s.quantity.is_uncertain() && s.quantiles[0] > 0.0 && !s.quantity.path.starts_with("factor.")
        })
        .collect();
    uncertain.sort_by_key(|s| rank(&s.quantity.path));
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
