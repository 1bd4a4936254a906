//! `rules`: the rule book on a day, and what a policy changes of it.

use super::Failure;
use super::arguments::{Format, RulesArguments, ScenarioArguments};
use super::session::{Session, print};
use crate::model::time::Date;
use crate::model::{ChipId, Status};
use crate::network::Network;
use crate::plan::Plan;
use crate::random::{Design, Sampler};
use crate::results::{float, quoted};
use crate::rules::{Change, Listed, ListingFilter, Parameters, Place, Rulebook};
use crate::scenario::suggest;
use serde_json::Value as Json;

/// Columns of the list.
const STATUS: [&str; 8] = ["chip", "to", "headquarters", "on", "issuer", "status", "fee", "rule"];
/// Columns of the difference.
const DIFFERENCE: [&str; 9] =
    ["chip", "to", "issuer", "quarter", "before", "after", "headquarters", "fee_before", "fee_after"];

pub(super) fn rules(arguments: &RulesArguments) -> Result<(), Failure> {
    let book = Book::read(&arguments.scenario)?;
    let query = query(&book.plan.rules, arguments)?;
    if !arguments.diff {
        let on = arguments.on.as_deref().unwrap_or_default();
        let rows = book.plan.rules.list(&book.terms, &query);
        return print(&written(
            arguments.format,
            &STATUS,
            &rows.iter().map(|r| listed(r, on)).collect::<Vec<_>>(),
        ));
    }
    let as_it_stands =
        ScenarioArguments { policy: None, edits: Vec::new(), set: Vec::new(), ..arguments.scenario.clone() };
    let base = Book::read(&as_it_stands)?;
    let rows = base.differences(&book, arguments)?;
    if rows.is_empty() {
        tell!("{}", base.where_else(&book, arguments)?);
    }
    print(&written(arguments.format, &DIFFERENCE, &rows.iter().map(changed).collect::<Vec<_>>()))
}

/// A scenario's rule book, with numbers at their medians and switches at their likelier side.
struct Book {
    plan: Plan,
    terms: Parameters,
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
        let terms = Parameters::new(&plan.rules, &medians);
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
fn query(book: &Rulebook, arguments: &RulesArguments) -> Result<ListingFilter, Failure> {
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
    Ok(ListingFilter { on, to, headquarters, issuer, chip })
}

fn unknown<'a>(flag: &str, name: &str, why: &str, known: impl IntoIterator<Item = &'a str>) -> Failure {
    let near =
        suggest(&name.to_lowercase(), known).map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
    Failure::Rejected(format!("--{flag}: `{name}` {why}{near}"))
}

/// A field of a row.
enum Field {
    Text(String),
    Share(f64),
    Nothing,
}

fn status(status: Status) -> Field {
    Field::Text(status.as_str().to_owned())
}

fn listed(row: &Listed, on: &str) -> Vec<Field> {
    let text = |t: &str| Field::Text(t.to_owned());
    vec![
        text(&row.chip),
        text(&row.to),
        text(&row.headquarters),
        text(on),
        text(&row.issuer),
        status(row.status),
        Field::Share(row.fee),
        row.rule.as_deref().map_or(Field::Nothing, text),
    ]
}

fn changed(row: &Change) -> Vec<Field> {
    let text = |t: &str| Field::Text(t.to_owned());
    vec![
        text(&row.chip),
        text(&row.to),
        text(&row.issuer),
        text(&row.quarter.to_string()),
        status(row.before.0),
        status(row.after.0),
        text(&row.headquarters),
        Field::Share(row.before.1),
        Field::Share(row.after.1),
    ]
}

fn written(format: Format, names: &[&str], rows: &[Vec<Field>]) -> String {
    match format {
        Format::Csv => csv(names, rows),
        Format::Table => table(names, rows),
        Format::Json => {
            let objects: Vec<Json> = rows.iter().map(|row| object(names, row)).collect();
            serde_json::to_string_pretty(&objects).unwrap_or_default() + "\n"
        }
    }
}

fn csv(names: &[&str], rows: &[Vec<Field>]) -> String {
    let mut text = names.join(",") + "\n";
    for row in rows {
        for (i, field) in row.iter().enumerate() {
            if i > 0 {
                text.push(',');
            }
            match field {
                Field::Text(t) => quoted(&mut text, t),
                Field::Share(x) => float(&mut text, *x),
                Field::Nothing => {}
            }
        }
        text.push('\n');
    }
    text
}

fn table(names: &[&str], rows: &[Vec<Field>]) -> String {
    let shown = |field: &Field| match field {
        Field::Text(t) => t.clone(),
        Field::Share(x) => format!("{}%", crate::report::number(100.0 * x)),
        Field::Nothing => "-".to_owned(),
    };
    let mut lines = vec![names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| row.iter().map(shown).collect()));
    let widths: Vec<usize> =
        (0..names.len()).map(|i| lines.iter().map(|l| l[i].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, w)| format!("{cell:<w$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn object(names: &[&str], row: &[Field]) -> Json {
    let value = |field: &Field| match field {
        Field::Text(t) => Json::from(t.as_str()),
        Field::Share(x) => Json::from(*x),
        Field::Nothing => Json::Null,
    };
    Json::Object(names.iter().zip(row).map(|(n, f)| ((*n).to_owned(), value(f))).collect())
}
