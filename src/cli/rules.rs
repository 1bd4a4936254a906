//! `rules`: the rule book on a day, and what a policy changes of it.

use super::Failure;
use super::arguments::{Format, RulesArguments, ScenarioArguments};
use super::session::{Session, print};
use crate::model::ChipId;
use crate::model::time::Date;
use crate::network::Network;
use crate::plan::Plan;
use crate::random::{Design, Sampler};
use crate::report::laid_out;
use crate::results::table::Table;
use crate::rules::{Change, Place, Query, Rulebook, Terms, differing, statuses};
use crate::scenario::suggest;
use serde_json::Value as Json;

pub(super) fn rules(arguments: &RulesArguments) -> Result<(), Failure> {
    let book = Book::read(&arguments.scenario)?;
    let query = query(&book.plan.rules, arguments)?;
    if !arguments.diff {
        let on = arguments.on.as_deref().unwrap_or_default();
        let rows = book.plan.rules.list(&book.terms, &query);
        return print(&written(arguments.format, &statuses(on.to_owned()), &rows));
    }
    let as_it_stands =
        ScenarioArguments { policy: None, edits: Vec::new(), set: Vec::new(), ..arguments.scenario.clone() };
    let base = Book::read(&as_it_stands)?;
    let rows = base.differences(&book, arguments)?;
    if rows.is_empty() {
        tell!("{}", base.where_else(&book, arguments)?);
    }
    print(&written(arguments.format, &differing(), &rows))
}

/// A scenario's rule book, with numbers at their medians and switches at their likelier side.
struct Book {
    plan: Plan,
    terms: Terms,
}

impl Book {
    fn read(arguments: &ScenarioArguments) -> Result<Self, Failure> {
        let mut session = Session::read(arguments)?;
        let model = session.take_model(true)?;
        let network = Network::from_model(&model);
        let plan = Plan::new(model, &network, &Design { seed: 1, sampler: Sampler::Sobol })
            .map_err(|e| Failure::Rejected(format!("error: {e}")))?;
        let mut medians = plan.layout.inputs();
        plan.layout.medians(&mut medians);
        let terms = Terms::new(&plan.rules, &medians);
        Ok(Self { plan, terms })
    }

    fn differences(&self, other: &Self, arguments: &RulesArguments) -> Result<Vec<Change>, Failure> {
        let query = query(&self.plan.rules, arguments)?;
        Ok(self.plan.rules.changes(&self.terms, &other.plan.rules, &other.terms, &query))
    }

    /// What to say where nothing differs: buyers with headquarters elsewhere may be all that a policy is about.
    fn where_else(&self, other: &Self, arguments: &RulesArguments) -> Result<String, Failure> {
        if arguments.hq.is_none() {
            for country in &self.plan.model.countries {
                let there = RulesArguments { hq: Some(country.id.clone()), ..arguments.clone() };
                if !self.differences(other, &there)?.is_empty() {
                    return Ok(format!(
                        "nothing changes for buyers at home; something does for those with headquarters in {0}: --hq {0}",
                        country.id
                    ));
                }
            }
        }
        Ok("no status changes in the horizon".to_owned())
    }
}

/// What is asked, with names looked up.
fn query(book: &Rulebook, arguments: &RulesArguments) -> Result<Query, Failure> {
    let model = book.model();
    let on = match &arguments.on {
        None => Date(f64::from(model.run.horizon.first.0)),
        Some(text) => Date::parse(text).ok_or_else(|| {
            Failure::Usage(format!(
                "--on takes a day, like 2023-12-01, or a quarter, like 2023Q4, not {text}"
            ))
        })?,
    };
    let place = |flag: &str, name: &Option<String>| {
        let found = |name: &String| {
            let known = || book.places().map(|p| book.name(p));
            book.place(name).ok_or_else(|| {
                let beside = "is neither a country of the scenario nor on a list of its groups";
                unknown(flag, name, beside, known())
            })
        };
        name.as_ref().map(found).transpose()
    };
    let issuer = match place("issuer", &arguments.issuer)? {
        None => None,
        Some(Place::Country(n)) => Some(n),
        Some(Place::Outside(_)) => {
            let name = arguments.issuer.as_deref().unwrap_or_default();
            let countries = model.countries.iter().map(|c| c.id.as_str());
            return Err(unknown(
                "issuer",
                name,
                "issues no rule: it is no country of the scenario",
                countries,
            ));
        }
    };
    let chip = match &arguments.chip {
        None => None,
        Some(id) => {
            Some(model.chips.iter().position(|c| c.id == *id).map(|c| ChipId(c as u32)).ok_or_else(|| {
                unknown("chip", id, "is no chip of the scenario", model.chips.iter().map(|c| c.id.as_str()))
            })?)
        }
    };
    let (to, headquarters) = (place("to", &arguments.to)?, place("hq", &arguments.hq)?);
    Ok(Query { on, to, headquarters, issuer, chip })
}

fn unknown<'a>(flag: &str, name: &str, why: &str, known: impl IntoIterator<Item = &'a str>) -> Failure {
    let near =
        suggest(&name.to_lowercase(), known).map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
    Failure::Rejected(format!("--{flag}: `{name}` {why}{near}"))
}

fn written<R>(format: Format, table: &Table<R>, rows: &[R]) -> String {
    match format {
        Format::Csv => table.csv(rows),
        Format::Table => laid_out(table, rows),
        Format::Json => format!("{:#}\n", rows.iter().map(|row| table.json(row)).collect::<Json>()),
    }
}
