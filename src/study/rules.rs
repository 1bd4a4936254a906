//! The rule book on a day, and what a policy changes of it.

use super::error::Error;
use super::project::Project;
use super::request::{RulesRequest, Sampling, ScenarioRequest};
use super::watch::Note;
use crate::model::time::Date;
use crate::plan::Plan;
use crate::rules::{Change, Listed, ListingFilter, Parameters, Place, Rulebook};
use crate::scenario::suggest;

/// Statuses on a day, by chip, destination, headquarters and issuer; numbers at their medians, switches at their likelier side.
///
/// # Errors
/// If the request cannot be read or names what does not exist, or the scenario has errors.
pub fn rules(request: &RulesRequest) -> Result<Vec<Listed>, Error> {
    let book = Book::read(&request.scenario)?;
    let query = query(&book.plan.rules, request)?;
    Ok(book.plan.rules.list(&book.terms, &query))
}

/// What the policy and the edits change of the scenario as it stands, quarter by quarter; where nothing does, a note on that.
///
/// # Errors
/// As [`rules`].
pub fn rule_changes(request: &RulesRequest) -> Result<(Vec<Change>, Option<Note>), Error> {
    let book = Book::read(&request.scenario)?;
    query(&book.plan.rules, request)?;
    let base = Book::read(&ScenarioRequest::new(request.scenario.scenario.clone()))?;
    let rows = base.differences(&book, request)?;
    let note = if rows.is_empty() { Some(base.where_else(&book, request)?) } else { None };
    Ok((rows, note))
}

/// A scenario's rule book, with numbers at their medians and switches at their likelier side.
struct Book {
    plan: Plan,
    terms: Parameters,
}

impl Book {
    fn read(scenario: &ScenarioRequest) -> Result<Self, Error> {
        let plan = Project::open(scenario)?.plan(&Sampling::default())?;
        let mut medians = plan.layout.inputs();
        plan.layout.medians(&mut medians);
        let terms = Parameters::new(&plan.rules, &medians);
        Ok(Self { plan, terms })
    }

    fn differences(&self, other: &Self, request: &RulesRequest) -> Result<Vec<Change>, Error> {
        let query = query(&self.plan.rules, request)?;
        Ok(self.plan.rules.changes(&self.terms, &other.plan.rules, &other.terms, &query))
    }

    /// What to say where nothing differs: buyers with headquarters elsewhere may be all that a policy is about.
    fn where_else(&self, other: &Self, request: &RulesRequest) -> Result<Note, Error> {
        if request.headquarters.is_none() {
            for country in &self.plan.model.countries {
                let there = RulesRequest { headquarters: Some(country.id.clone()), ..request.clone() };
                if !self.differences(other, &there)?.is_empty() {
                    return Ok(Note::ChangesFor(country.id.clone()));
                }
            }
        }
        Ok(Note::NoChange)
    }
}

/// What is asked, with names looked up.
fn query(book: &Rulebook, request: &RulesRequest) -> Result<ListingFilter, Error> {
    let model = book.model();
    let on = match &request.on {
        None => Date(f64::from(model.run.horizon.first.0)),
        Some(text) => Date::parse(text).ok_or_else(|| Error::On(text.clone()))?,
    };
    let place = |flag: &'static str, name: &Option<String>| {
        let found = |name: &String| {
            let known = || book.places().map(|p| book.name(p));
            book.place(name).ok_or_else(|| {
                let beside = "is neither a country of the scenario nor on a list of its groups";
                unknown(flag, name, beside, known())
            })
        };
        name.as_ref().map(found).transpose()
    };
    let issuer = match place("issuer", &request.issuer)? {
        None => None,
        Some(Place::Country(n)) => Some(n),
        Some(outside @ Place::Outside(_)) => {
            let name = book.name(outside);
            let countries = model.countries.iter().map(|c| c.id.as_str());
            return Err(unknown(
                "issuer",
                name,
                "issues no rule: it is no country of the scenario",
                countries,
            ));
        }
    };
    let chip = match &request.chip {
        None => None,
        Some(id) => Some(model.chips.named(id).ok_or_else(|| {
            unknown("chip", id, "is no chip of the scenario", model.chips.iter().map(|c| c.id.as_str()))
        })?),
    };
    let (to, headquarters) = (place("to", &request.to)?, place("hq", &request.headquarters)?);
    Ok(ListingFilter { on, to, headquarters, issuer, chip })
}

fn unknown<'a>(
    parameter: &'static str,
    name: &str,
    why: &'static str,
    known: impl IntoIterator<Item = &'a str>,
) -> Error {
    let near = suggest(&name.to_lowercase(), known).map(str::to_owned);
    Error::NoName { parameter, name: name.to_owned(), why, near }
}
