//! Something to start from: a scenario in a folder of its own, or a policy for a scenario.

use super::error::Error;
use super::project::Project;
use super::request::{ScenarioRequest, TextSource};
use crate::metrics::{ActorKind, headline};
use crate::model::{CountryId, Model, Rule, Subject};
use crate::results::FolderError;
use crate::scenario::{self, shipped, shipped_files};
use std::io::ErrorKind;
use std::path::Path;

/// The small world, by file.
const WORLD: [(&str, &str); 2] = [
    ("scenario.toml", include_str!("new/scenario.toml")),
    ("policies/enforcement-tenfold.toml", include_str!("new/enforcement.toml")),
];

/// What a policy that is started does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// Denies chips above a threshold.
    Ban,
    /// Asks for a licence that some applications get.
    Licence,
    /// Takes a rule away.
    Ease,
    /// Limits how many chips a year.
    Cap,
    /// Finds chips that are not where they should be.
    Verify,
    /// Finds more of what is smuggled.
    Enforce,
}

/// Writes a scenario into a folder that is not there yet: the small world, or one that comes with the program.
///
/// # Errors
/// If there is no such scenario, something is at the place already, or it cannot be written.
pub fn new_world(folder: &Path, from: Option<&str>) -> Result<(), Error> {
    let files: Vec<(String, &str)> = match from {
        None => WORLD.iter().map(|(name, text)| ((*name).to_owned(), *text)).collect(),
        Some(name) if shipped().contains(&name) => shipped_files(name),
        Some(name) => {
            let near = scenario::suggest(name, shipped()).map(str::to_owned);
            let known = shipped().join(", ");
            return Err(Error::NotShipped { name: name.to_owned(), near, known });
        }
    };
    if folder.symlink_metadata().is_ok() {
        return Err(Error::IsThere(folder.to_owned()));
    }
    for (name, text) in files {
        let path = folder.join(name);
        let io = |error| FolderError::Io { path: path.clone(), error };
        path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(io)?;
        std::fs::write(&path, text).map_err(io)?;
    }
    Ok(())
}

/// Writes a policy for a scenario, with the scenario's own names, to a file that is not there yet.
///
/// # Errors
/// If the scenario has errors or nothing that the policy could act on, or the file is there already or cannot be written.
pub fn new_policy(file: &Path, kind: PolicyKind, scenario: &TextSource) -> Result<(), Error> {
    let request = ScenarioRequest { scenario: scenario.clone(), ..ScenarioRequest::new("") };
    let project = Project::open(&request)?;
    let text = policy(&project.model, kind).map_err(Error::NothingToChange)?;
    let io = |error| FolderError::Io { path: file.to_owned(), error };
    let written = std::fs::OpenOptions::new().write(true).create_new(true).open(file);
    match written {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Error::IsThere(file.to_owned())),
        Err(error) => Err(io(error).into()),
        Ok(mut out) => Ok(std::io::Write::write_all(&mut out, text.as_bytes()).map_err(io)?),
    }
}

/// Who the policy is of, whom it is about, and when.
struct Names {
    issuer: String,
    target: String,
    /// A day a year before the end, and half a year before that.
    effective: String,
    announced: String,
    end: String,
}

/// The latest of a scenario's rules on chips that ask for something on a day within the horizon.
fn latest(model: &Model) -> Option<&Rule> {
    let asks = |r: &&Rule| r.subject == Subject::Chips && r.requires.is_some();
    let day = |r: &Rule| r.effective.map(|d| d.0).filter(|d| *d < f64::from(model.run.horizon.last.0));
    let rules = model.rules.iter().filter(asks).filter_map(|r| Some((day(r)?, r)));
    rules.max_by(|a, b| a.0.total_cmp(&b.0)).map(|r| r.1)
}

fn names(model: &Model) -> Result<Names, &'static str> {
    let rule = model.rules.iter().find(|r| r.subject == Subject::Chips && r.requires.is_some());
    let country = |id: CountryId| &model.countries[id].id;
    let first = model.designers.iter().next().map(|d| d.country);
    let issuer = rule.map(|r| r.issuer).or(first).ok_or("no rule and no designer, so nobody to issue one")?;
    let issuer = country(issuer).clone();
    let named = headline::of_kind(model, ActorKind::Country);
    let target = named.iter().filter_map(|a| a.strip_prefix("country.")).rfind(|id| *id != issuer);
    let target = target.ok_or("one country alone, so nobody to act on")?.to_owned();
    let end = model.run.horizon.last;
    let year = end.year() - 1;
    Ok(Names {
        issuer,
        target,
        effective: format!("{year}-01-01"),
        announced: format!("{}-07-01", year - 1),
        end: end.to_string(),
    })
}

fn policy(model: &Model, kind: PolicyKind) -> Result<String, &'static str> {
    let Names { issuer, target, effective, announced, end } = names(model)?;
    let head = |title: &str, reason: &str, moves: &str, way: &str| {
        format!(
            "title = \"{title}\"\nreason = \"{reason}\"\nsource = \"an assumption\"           # who proposes it, and where\n\
             # What it should move, and which way: `compare` says where it does not.\n\
             expects = \"country.{target}/{moves}@{end} {way}\"\n\n"
        )
    };
    let rule = |requires: &str, more: &str| {
        format!(
            "[[add]]\ntable = \"rule\"\nrow = {{ id = \"new-rule\", issuer = \"{issuer}\", announced = \"{announced}\", effective = \"{effective}\", \
             to = {{ countries = [\"{target}\"], headquarters = true }}, requires = \"{requires}\"{more} }}\n\
             # `chokepoint fields rule` lists what else a rule takes.\n"
        )
    };
    let needs_route = || {
        let any = model.routes.iter().any(|r| r.good.is_none());
        if any { Ok(()) } else { Err("no smuggling route for chips, so nothing to find") }
    };
    let above = ", any = [{ id = \"all\", tpp = \">= 1600\" }]";
    Ok(match kind {
        PolicyKind::Ban => {
            head("A new ban", "What if chips above a threshold were denied?", "imported_h100e_cum", "falls")
                + &rule("denied", above)
        }
        PolicyKind::Licence => {
            head(
                "A new licence",
                "What if each sale took a licence, of which half were given?",
                "imported_h100e_cum",
                "falls",
            ) + &rule("license-case-by-case", &format!("{above}, share = \"30% to 70%\""))
        }
        PolicyKind::Cap => {
            head(
                "A new cap",
                "What if no more than so many chips a year were let through?",
                "imported_h100e_cum",
                "falls",
            ) + &rule(
                "license-presumed-approved",
                ", share = \"100%\", cap = { units = { value = \"10k\", unit = \"chips/year\" } }",
            )
        }
        PolicyKind::Ease => {
            let rule = latest(model).ok_or("no rule on chips with a date, so nothing to ease")?;
            head(
                "One rule less",
                "What if the latest rule on chips did not hold?",
                "imported_h100e_cum",
                "rises",
            ) + &format!(
                "# `chokepoint rules` prints what holds when.\n[[set]]\npath = \"rule.{}.in_force\"\nvalue = 0\n",
                rule.id
            )
        }
        PolicyKind::Verify => {
            needs_route()?;
            head(
                "Chips report where they are",
                "What if most chips that are astray were found?",
                "smuggled_chips_cum",
                "falls",
            ) + &format!(
                "[[set]]\npath = \"diversion.verification\"\nvalue = {{ {start} = 0, {year}Q1 = \"60% to 90%\", between = \"step\", unit = \"1\", \
                     grade = \"judgement\", source = \"an assumption\" }}\n",
                start = model.run.horizon.first,
                year = &effective[..4],
            )
        }
        PolicyKind::Enforce => {
            needs_route()?;
            head(
                "More enforcement",
                "What if three times as much of what is smuggled were found?",
                "smuggled_chips_cum",
                "falls",
            ) + "[[set]]\npath = \"route.*.detection\"\ntimes = 3\n"
        }
    })
}
