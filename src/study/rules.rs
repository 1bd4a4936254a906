//! The rule book on a day, and what a policy changes of it.

use super::error::Error;
use super::project::Project;
use super::request::{RulesRequest, Sampling, ScenarioRequest};
use super::watch::Note;
use crate::inputs::Inputs;
use crate::model::time::Date;
use crate::model::{CountryId, Subject};
use crate::plan::Plan;
use crate::rules::{BookSide, CaseId, Change, Listed, ListingFilter, Parameters, Place, Rulebook, RuledFlow};
use crate::scenario::suggest;
use std::collections::BTreeMap;

/// Statuses on a day, by chip, destination, headquarters and issuer; numbers at their medians, switches at their likelier side.
///
/// # Errors
/// If the request cannot be read or names what does not exist, or the scenario has errors.
pub fn rules(request: &RulesRequest) -> Result<Vec<Listed>, Error> {
    let book = Book::read(&request.scenario)?;
    let query = query(&book.plan.rules, request)?;
    Ok(book.plan.rules.list(&book.terms, &query))
}

/// What the policy and the edits change of the scenario as it stands, in ranges of dates: statuses, shares, fees and limits on chips, tools,
/// servicing, goods, orders at fabs and remote access. Where nothing changes, a note on that.
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
    medians: Inputs,
}

impl Book {
    fn read(scenario: &ScenarioRequest) -> Result<Self, Error> {
        let plan = Project::open(scenario)?.plan(&Sampling::default())?;
        let mut medians = plan.layout.inputs();
        plan.layout.medians(&mut medians);
        let terms = Parameters::new(&plan.rules, &medians);
        Ok(Self { plan, terms, medians })
    }

    fn side(&self) -> BookSide<'_> {
        BookSide { book: &self.plan.rules, parameters: &self.terms, inputs: &self.medians }
    }

    /// What another book says otherwise: of chips, then of all other flows between actors of the scenario.
    fn differences(&self, other: &Self, request: &RulesRequest) -> Result<Vec<Change>, Error> {
        let (query, (ours, theirs)) = (query(&self.plan.rules, request)?, (self.side(), other.side()));
        let mut rows = ours.chip_differences(&theirs, &query);
        if request.chip.is_none() {
            let its = flows(&other.plan);
            let asked = |flow: &RuledFlow| {
                request.to.as_ref().is_none_or(|to| *to == flow.to)
                    && request.headquarters.as_ref().is_none_or(|hq| *hq == flow.headquarters)
            };
            for (flow, cases) in flows(&self.plan).iter().filter(|(flow, _)| asked(flow)) {
                let Some(theirs_cases) = its.get(flow) else { continue };
                let mut found: Vec<Change> = Vec::new();
                for (case, its_case) in cases.iter().zip(theirs_cases) {
                    let new = ours.differences(*case, &theirs, *its_case, flow);
                    // Of a tool with suppliers in several countries each issuer speaks of its own.
                    found.extend(new.into_iter().filter(|c| !found.contains(c)).collect::<Vec<_>>());
                }
                rows.extend(found);
            }
        }
        if let Some(issuer) = &request.issuer {
            rows.retain(|row| row.issuer == *issuer);
        }
        Ok(rows)
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

/// Flows on which rules other than those on chips act, with their cases: one, or of a tool one for each country of suppliers.
fn flows(plan: &Plan) -> BTreeMap<RuledFlow, Vec<CaseId>> {
    let m = &plan.model;
    let mut all: BTreeMap<RuledFlow, Vec<CaseId>> = BTreeMap::new();
    let mut add = |subject, item: &str, to: CountryId, receiver: &str, case| {
        let to = m.countries[to].id.clone();
        let (item, receiver) = (item.to_owned(), receiver.to_owned());
        let flow = RuledFlow { subject, item, headquarters: to.clone(), to, receiver };
        all.entry(flow).or_default().push(case);
    };
    for (facility, cases) in plan.supply.tools.iter_enumerated() {
        let facility = &m.facilities[facility];
        for cases in cases {
            let tool = &m.tools[cases.tool].id;
            for &(_, sales, servicing) in &cases.suppliers {
                add(Subject::Tools, tool, facility.country, &facility.id, sales);
                add(Subject::Servicing, tool, facility.country, &facility.id, servicing);
            }
        }
    }
    for link in &plan.supply.links {
        let (facility, designer) = (&m.facilities[link.facility], &m.designers[link.designer]);
        add(Subject::Foundry, &facility.id, designer.country, &designer.id, link.foundry);
        add(Subject::Goods, &facility.id, designer.country, &designer.id, link.goods);
    }
    for link in &plan.usage.links {
        let (buyer, lab) = (&m.buyers[link.buyer], &m.labs[link.lab]);
        add(Subject::RemoteAccess, &buyer.id, lab.country, &lab.id, link.remote);
    }
    all
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
