//! A brief: one or two pages to hand on, with the question, the answer, three figures, what it rests on and what would change it.
//!
//! Everything in it stands in tables of the run's folder, as on the page.

mod picture;
mod scenes;

use super::answer::{self, milestone};
use super::facts::{Facts, REACHABLE, at};
use super::findings;
use super::phrase::{Phrase, plain_markdown};
use super::run_files::{PageError, RunFiles};
use super::words;
use minijinja::{Environment, Value, context};
use picture::{Picture, cut};
use scenes::{actors, both, courses, ends, forest, tornado};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Inputs that the brief rests on, as many as are listed.
const RESTS: usize = 7;
/// Inputs of which is said what they would change.
const CHANGES: usize = 4;
/// Characters of a source.
const SOURCE: usize = 120;

/// An input that matters.
#[derive(Clone, Debug)]
struct Rest {
    name: String,
    path: String,
    /// What it can be; nothing of a shock's clock.
    value: String,
    grade: String,
    source: String,
    /// The share of the variance that it explains.
    share: Phrase,
}

/// A brief.
#[derive(Clone, Debug)]
pub struct Brief {
    title: String,
    question: Phrase,
    answer: Vec<Phrase>,
    pictures: Vec<Picture>,
    /// What the inputs below explain.
    about: Phrase,
    rests: Vec<Rest>,
    grades: String,
    would: Vec<Phrase>,
    foot: String,
}

impl Brief {
    /// Of a run or a comparison; of one policy of a comparison, where it is named.
    ///
    /// # Errors
    /// If the folder holds neither, or no such policy.
    pub fn new(files: &RunFiles, policy: Option<&str>) -> Result<Self, PageError> {
        let policies = files.policies();
        let compared = !files.table("comparison.csv").is_empty();
        let known = |wanted: &str| policies.iter().any(|p| p == wanted);
        if let Some(wanted) = policy.filter(|p| !known(p)) {
            return Err(PageError::NoPolicy { wanted: wanted.to_owned(), known: policies.join(", ") });
        }
        if files.table("summary.csv").is_empty() || !files.table("scores.csv").is_empty() {
            return Err(PageError::NoBrief);
        }
        let base = Facts::new(files, &policies[0]);
        let brief = match policy {
            Some(wanted) if compared && wanted != base.policy => under(&base, &Facts::new(files, wanted)),
            _ if compared => all_policies(&base),
            _ => standing(&base),
        };
        Ok(Self { foot: foot(files), ..brief })
    }

    /// Made for print, with the figures inside.
    ///
    /// # Errors
    /// If the template fails, which is a fault of the program.
    pub fn html(&self) -> Result<String, PageError> {
        let safe = |phrase: &Phrase| Value::from_safe_string(phrase.html());
        let mut environment = Environment::new();
        environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        environment.add_template("brief.html", include_str!("brief.html"))?;
        let pictures: Vec<Value> = (self.pictures.iter())
            .map(|p| context! { title => safe(&p.title), note => &p.note, svg => Value::from_safe_string(p.svg()) })
            .collect();
        let rests: Vec<Value> = (self.rests.iter())
            .map(|r| {
                context! {
                    name => &r.name, path => &r.path, value => &r.value, grade => &r.grade, source => &r.source,
                    share => safe(&r.share),
                }
            })
            .collect();
        Ok(environment.get_template("brief.html")?.render(context! {
            title => &self.title, question => safe(&self.question),
            answer => self.answer.iter().map(safe).collect::<Vec<_>>(), pictures, about => safe(&self.about), rests,
            grades => &self.grades, would => self.would.iter().map(safe).collect::<Vec<_>>(), foot => &self.foot,
        })?)
    }

    /// As Markdown, with the figures in characters.
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n\n{}\n\n", self.question.markdown(), plain_markdown(&self.title));
        for sentence in &self.answer {
            let _ = writeln!(out, "- {}", sentence.markdown());
        }
        for picture in &self.pictures {
            let _ = write!(
                out,
                "\n**{}**\n\n```text\n{}```\n\n{}\n",
                picture.title.markdown(),
                picture.text(),
                plain_markdown(&picture.note)
            );
        }
        let _ = writeln!(out, "\n## What it rests on\n\n{}\n", self.about.markdown());
        if !self.rests.is_empty() {
            out.push_str("| input | can be: median (90%) | explains | grade | source |\n| --- | --- | --- | --- | --- |\n");
        }
        for r in &self.rests {
            let cell = |text: &str| plain_markdown(text);
            let path = r.path.replace(['`', '|'], "");
            let _ = writeln!(
                out,
                "| {} `{path}` | {} | {} | {} | {} |",
                cell(&r.name),
                cell(&r.value),
                r.share.markdown(),
                cell(&r.grade),
                cell(&r.source)
            );
        }
        let _ = writeln!(out, "\n{}\n\n## What would change it\n", self.grades);
        for sentence in &self.would {
            let _ = writeln!(out, "- {}", sentence.markdown());
        }
        let _ = writeln!(out, "\n---\n\n{}", plain_markdown(&self.foot));
        out
    }
}

/// What all briefs have: what the inputs explain of a cell, and what they would change.
fn founded(facts: &Facts<'_>, cell: &str, brief: Brief) -> Brief {
    let table = facts.files.table("drivers.csv");
    let mut rows: Vec<usize> = table.find(&[("policy", facts.policy.as_str()), ("cell", cell)]).collect();
    let number = |r: usize, column: &str| table.number(r, column).unwrap_or(f64::NAN);
    let beyond = |r: &usize| number(*r, "index") > number(*r, "noise_floor");
    rows.sort_by(|&a, &b| number(b, "index").total_cmp(&number(a, "index")));
    let any = rows.first().is_some_and(&beyond);
    if any {
        rows.retain(beyond);
    }
    rows.truncate(RESTS);
    let of = |r: usize, column: &str| at(facts, "drivers.csv", r, column);
    let rests = rows.iter().filter_map(|&r| {
        Some(rest(facts, table.text(r, "path"), Phrase::default().percent(&of(r, "index")?)))
    });
    let rests: Vec<Rest> = rests.collect();
    let what = words::cell(facts, cell);
    let about = if rests.is_empty() {
        Phrase::new("The folder holds no drivers.")
    } else if any {
        Phrase::new("No other inputs explain more of what is uncertain of ")
            .then(what.clone())
            .say("; each with the share of the variance that it explains by itself.")
    } else {
        Phrase::new("No single input explains ")
            .then(what.clone())
            .say(" beyond chance with this number of draws. Those that come first:")
    };
    let mut would: Vec<Phrase> = Vec::new();
    // Where none stands out, those that come first were chosen by chance too: only what is beyond any doubt is told.
    let sure = if any { 2.0 } else { 4.0 };
    would.extend(rows.iter().filter_map(|&r| direction(facts, r, &what, sure)).take(CHANGES));
    would.extend(brief.would);
    let judged = rows.iter().copied().find(|&r| table.text(r, "grade") == "judgement").filter(|_| any);
    if let Some((r, index)) = judged.and_then(|r| Some((r, of(r, "index")?))) {
        let start = Phrase::new("The weakest assumption: ").name(&words::input(facts, table.text(r, "path")));
        would.push(
            start
                .say(" explains ")
                .percent(&index)
                .say(" of it and is only judged. Better evidence on it would pay most."),
        );
    } else if any {
        would.push(Phrase::new("None of the inputs above is only judged."));
    } else if !rows.is_empty() {
        would.push(Phrase::new(
            "More draws would tell which inputs matter, and which of them is founded worst.",
        ));
    }
    Brief { about, rests, would, grades: grades(facts), ..brief }
}

/// Which way an input moves a cell, where its ends lie apart by so many of their errors.
fn direction(facts: &Facts<'_>, row: usize, what: &Phrase, sure: f64) -> Option<Phrase> {
    let table = facts.files.table("drivers.csv");
    let of = |column: &str| at(facts, "drivers.csv", row, column);
    let (low, high) = (of("at_lowest")?, of("at_highest")?);
    let error = |column: &str| table.number(row, column).unwrap_or(0.0);
    let (a, b) = (error("at_lowest_se"), error("at_highest_se"));
    if (high.value() - low.value()).abs() <= sure * (a * a + b * b).sqrt() {
        return None;
    }
    let way =
        if high.value() > low.value() { ": the more, the more of " } else { ": the more, the less of " };
    let unit = match table.text(row, "unit") {
        "1" => String::new(),
        unit => format!(" {unit}"),
    };
    let start =
        Phrase::default().name(&words::input(facts, table.text(row, "path"))).say(way).then(what.clone());
    let ends = start
        .say(", ")
        .number(&low)
        .say(&unit)
        .say(" where it is in its lowest tenth, ")
        .number(&high)
        .say(&unit);
    Some(ends.say(" in its highest."))
}

/// An input, with what it can be and who says so.
fn rest(facts: &Facts<'_>, path: &str, share: Phrase) -> Rest {
    let table = facts.files.table("quantities.csv");
    // Of a shock's clock that is its hazard.
    let hazard = path.strip_suffix(".clock").map(|shock| format!("{shock}.hazard"));
    let points: Vec<usize> = table.find(&[("path", hazard.as_deref().unwrap_or(path))]).collect();
    let mut value = String::new();
    if let Some(&r) = points.last() {
        let of = |column: &str| table.number(r, column).map_or_else(String::new, super::phrase::amount);
        let unit = match table.text(r, "unit") {
            "1" => String::new(),
            unit => format!(" {unit}"),
        };
        let when = match table.text(r, "date") {
            "" => String::new(),
            date => format!(", {}", date.get(..4).unwrap_or(date)),
        };
        let kind = if hazard.is_some() { "strikes " } else { "" };
        value = if table.text(r, "p05") == table.text(r, "p95") {
            format!("{kind}{}{unit}{when}", of("p50"))
        } else {
            format!("{kind}{} ({} to {}){unit}{when}", of("p50"), of("p05"), of("p95"))
        };
    }
    let text = |column: &str| points.last().map_or("", |&r| table.text(r, column));
    let grade = if text("grade").is_empty() { "not said" } else { text("grade") };
    let source = if text("source").is_empty() { text("note") } else { text("source") };
    Rest {
        name: words::input(facts, path),
        path: path.to_owned(),
        value,
        grade: grade.to_owned(),
        source: cut(source, SOURCE),
        share,
    }
}

/// How well all that went in is founded.
fn grades(facts: &Facts<'_>) -> String {
    let table = facts.files.table("quantities.csv");
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for r in 0..table.rows() {
        if seen.insert(table.text(r, "path")) {
            *counts.entry(table.text(r, "grade")).or_default() += 1;
        }
    }
    let of = |grade: &str| counts.get(grade).copied().unwrap_or(0);
    format!(
        "Of {} numbers that went in, {} are published, {} derived from what is published, {} judged; of {} nobody says. All of them, with sources, are in quantities.csv beside the run.",
        seen.len(),
        of("published"),
        of("derived"),
        of("judgement"),
        of("")
    )
}

/// What the brief was made from.
fn foot(files: &RunFiles) -> String {
    let about = |key: &str| files.about(key);
    let given = match about("given") {
        given if given.is_empty() => String::new(),
        given => format!(", those in which {given}"),
    };
    format!(
        "{} draws{given} of {} uncertain inputs, seed {}; ranges hold 90% of draws: what nobody knows of the world, as far as the scenario says it. Scenario {}, {}; chokepoint {}, run {}.",
        about("draws_used"),
        about("uncertain"),
        about("seed"),
        about("scenario"),
        about("horizon"),
        about("version"),
        about("identity").chars().take(12).collect::<String>()
    )
}

fn blank(facts: &Facts<'_>, question: Phrase, answer: Vec<Phrase>, pictures: Vec<Option<Picture>>) -> Brief {
    let pictures = pictures.into_iter().flatten().filter(|p| !p.is_empty()).collect();
    Brief {
        title: facts.files.about("title"),
        question,
        answer,
        pictures,
        about: Phrase::default(),
        rests: Vec::new(),
        grades: String::new(),
        would: Vec::new(),
        foot: String::new(),
    }
}

/// Of a run: who can train what, and what stops them.
fn standing(facts: &Facts<'_>) -> Brief {
    let found = answer::answer(facts);
    let contenders = facts.contenders();
    let (cell, _) = findings::drivers(facts);
    let pictures = vec![courses(facts, &contenders), ends(facts), tornado(facts, &cell)];
    let brief = blank(facts, found.question, found.sentences, pictures);
    let would = thresholds(facts, &contenders);
    founded(facts, &cell, Brief { would, ..brief })
}

/// The threshold that hangs in the balance, where the answer has not said so.
fn thresholds(facts: &Facts<'_>, contenders: &[String]) -> Vec<Phrase> {
    // A run without contenders has no threshold to tell of.
    let Some(leader) = contenders.first() else { return Vec::new() };
    let reached = facts.reached(leader, facts.last());
    // The threshold of the one who is ahead that is most open; of the other the answer tells.
    let open = reached.iter().filter(|r| (0.01..=0.99).contains(&r[1].value()));
    let next = open.min_by(|a, b| (a[1].value() - 0.5).abs().total_cmp(&(b[1].value() - 0.5).abs()));
    let said = next.map(|[level, p, low, high]| {
        let start = Phrase::new("The threshold that is most open: by ")
            .name(facts.last())
            .say(", ")
            .name(&facts.name(leader));
        let start =
            start.say(" could have reached ").exactly(level).say(" FLOP with a probability of ").percent(p);
        start.say(" (95% interval for the number of draws: ").percent(low).say(" to ").percent(high).say(").")
    });
    said.into_iter().collect()
}

/// Of a comparison: what each policy changes.
fn all_policies(facts: &Facts<'_>) -> Brief {
    let found = answer::answer(facts);
    let cells = findings::compared(facts);
    let cell = findings::compared_at_first(facts, cells);
    let leader = facts.contenders().first().map(|a| format!("{a}/{REACHABLE}@{}", facts.last()));
    let other =
        leader.filter(|l| *l != cell).or_else(|| cells.iter().map(|c| c.0.clone()).find(|c| *c != cell));
    let pictures =
        vec![forest(facts, &cell), other.and_then(|other| forest(facts, &other)), tornado(facts, &cell)];
    let brief = blank(facts, found.question, found.sentences, pictures);
    let mut would: Vec<Phrase> =
        facts.contenders().get(1).and_then(|a| milestone(facts, a)).into_iter().collect();
    would.extend(ties(facts, &cell));
    founded(facts, &cell, Brief { would, ..brief })
}

/// How many policies cannot be told from the scenario as it stands.
fn ties(facts: &Facts<'_>, cell: &str) -> Option<Phrase> {
    let table = facts.files.table("comparison.csv");
    let cells = findings::compared(facts);
    let rows = &cells.iter().find(|c| c.0 == cell)?.1;
    let names =
        rows.iter().filter(|&&r| table.text(r, "policy") != "base" && !findings::beyond_error(facts, r));
    let names: Vec<String> = names.map(|&r| facts.policy_title(table.text(r, "policy"))).collect();
    let last = names.last()?;
    let start = Phrase::new("More draws would tell whether these do anything at all: ");
    let listed = names[..names.len() - 1].iter().fold(start, |p, name| p.name(name).say(", "));
    Some(listed.name(last).say("."))
}

/// Of one policy of a comparison.
fn under(base: &Facts<'_>, policy: &Facts<'_>) -> Brief {
    let name = policy.policy.as_str();
    let title = base.policy_title(name);
    let about = |key: &str| base.files.about_policy(name, key);
    let question = Phrase::new("What does “").name(&title).say("” change?");
    let cells = findings::compared(base);
    let cell = findings::compared_at_first(base, cells);
    let row = |cell: &str| {
        let table = base.files.table("comparison.csv");
        let rows = &cells.iter().find(|c| c.0 == cell)?.1;
        rows.iter().copied().find(|&r| table.text(r, "policy") == name)
    };
    let mut answer: Vec<Phrase> = Vec::new();
    let (reason, changes) = (about("reason"), about("changes"));
    if !reason.is_empty() {
        answer.push(Phrase::default().name(&reason));
    }
    let contenders = base.contenders();
    let reach = |actor: &String| format!("{actor}/{REACHABLE}@{}", base.last());
    let asked: Vec<String> = contenders.iter().take(2).rev().map(reach).collect();
    let asked = if asked.contains(&cell) { asked } else { vec![cell.clone()] };
    for cell in &asked {
        answer.extend(row(cell).and_then(|r| findings::policy_effect(base, r, &words::cell(base, cell))));
    }
    answer.extend(row(&cell).and_then(|r| place(base, r)));
    answer.extend(super::policy_table::promise(base, name).map(|p| Phrase::default().name(&p)));
    if !changes.is_empty() {
        answer.push(Phrase::new("It changes ").name(&cut(&changes, 400)).say("."));
    }
    let pictures = vec![both(base, policy, &cell), actors(base, name), tornado(base, &cell)];
    let brief = blank(base, question, answer, pictures);
    let would: Vec<Phrase> = contenders
        .get(1)
        .or(contenders.first())
        .and_then(|a| Some(Phrase::new("Under the policy: ").then(milestone(policy, a)?)))
        .into_iter()
        .collect();
    founded(base, &cell, Brief { would, ..brief })
}

/// Which place a policy has among those compared.
fn place(facts: &Facts<'_>, row: usize) -> Option<Phrase> {
    let table = facts.files.table("comparison.csv");
    let tier = at(facts, "comparison.csv", row, "tier")?;
    let same = |column: &str, r: usize| table.text(r, column) == table.text(row, column);
    let alike = (0..table.rows())
        .filter(|&r| r != row && ["actor", "metric", "quarter", "tier"].iter().all(|c| same(c, r)))
        .map(|r| facts.policy_title(table.text(r, "policy")));
    let alike: Vec<String> = alike.collect();
    let start = Phrase::new("Among the policies compared, and the scenario as it stands, it has rank ")
        .exactly(&tier);
    Some(match alike.split_last() {
        None => start.say("."),
        Some((last, others)) => {
            let start = start.say(", and cannot be told apart from ");
            others.iter().fold(start, |p, name| p.name(name).say(", ")).name(last).say(".")
        }
    })
}
