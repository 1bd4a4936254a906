//! `report.html`: one self-contained page from a run's files, readable by someone who never saw the tool.
//!
//! Everything that the page shows stands in a table of the run: its words are written from cells ([`Phrase`] remembers
//! which), its figures are drawn from rows as they are. Texts of a scenario are never markup.

mod answer;
mod brief;
mod data;
mod facts;
mod figures;
mod findings;
mod key_table;
mod phrase;
mod policy_table;
mod record;
mod run_files;
mod words;

pub use brief::Brief;
pub use data::safe;
pub use phrase::{Phrase, actor_name};
pub use run_files::{PageError, RunFiles};

use super::ANCHORS;
use crate::metrics::Metric;
use facts::Facts;
use minijinja::{Environment, Value, context};
use std::fmt::Write;

const TEMPLATE: &str = include_str!("page.html");
/// Parts of the template: a figure, and the table of who could train what.
const PARTS: [(&str, &str); 2] =
    [("figure.html", include_str!("figure.html")), ("key.html", include_str!("key.html"))];
const STYLE: &str = include_str!("page.css");
/// The page's own script, in order of use.
const SCRIPT: [&str; 6] = [
    include_str!("script/base.js"),
    include_str!("script/training.js"),
    include_str!("script/supply.js"),
    include_str!("script/findings.js"),
    include_str!("script/tables.js"),
    include_str!("script/start.js"),
];
/// plotly.js, MIT: see `plotly/README.md`.
const PLOTLY: &str = include_str!("plotly/plotly.min.js");

/// Sections of the page: name, heading, what it is about.
const SECTIONS: [(&str, &str, &str); 12] = [
    (
        "runs",
        "Training runs",
        "The largest run that an actor could finish is a matter of chips, money, power and links; what it is expected to have trained is smaller, for labs give one run a part of their chips.",
    ),
    (
        "compute",
        "Who has the compute",
        "Compute is counted where it stands, in H100 equivalents of dense BF16.",
    ),
    ("flows", "Flows", "Chips are counted when they are sold, and diverted ones when they are delivered."),
    ("limits", "What binds", "A link that binds is the one whose widening would let more through."),
    (
        "drivers",
        "What drives it",
        "Where an input that is only judged carries much of the result, better evidence on it would pay most.",
    ),
    ("policies", "Policies", "Every policy is simulated on the same draws as the scenario as it stands."),
    ("sweep", "Sweep", "Levers of a policy at several levels, each combination on the same draws."),
    ("past", "The past", "What the simulation gives for quarters of which something was published."),
    ("graph", "The supply chain", "What is needed for a chip, and who gets it."),
    ("assumptions", "Assumptions", "Every number that went in, with what it can be and who says so."),
    ("rules", "Rules", "Export controls, their easings, and importers' own rules."),
    ("provenance", "Provenance", "What this run was, and how to do it again."),
];

/// The page of a run.
///
/// # Errors
/// If the template fails, which is a fault of the program.
pub fn page(files: &RunFiles) -> Result<String, PageError> {
    let policies: Vec<String> = files.policies();
    let every: Vec<Facts<'_>> = policies.iter().map(|p| Facts::new(files, p)).collect();
    let datasets = data::datasets(files);
    let ids: Vec<&str> = datasets.iter().map(|d| d.id).collect();
    let figures = figures::figures(&every, &ids);
    let first = every.first();
    let answer = first.map(answer::answer);
    let safe = |phrase: &Phrase| Value::from_safe_string(phrase.html());
    let lead = figures::leading(&figures);
    let figures_of = |wanted: &dyn Fn(&figures::Figure) -> bool| -> Vec<Value> {
        figures.iter().filter(|f| wanted(f)).map(|f| figure_value(f, &policies, &datasets)).collect()
    };
    let sections: Vec<Value> = (SECTIONS.iter())
        .filter(|(id, ..)| match *id {
            "assumptions" => ids.contains(&"quantities"),
            "provenance" => true,
            _ => figures.iter().any(|f| f.section == *id && Some(f.id) != lead),
        })
        .map(|(id, heading, about)| {
            let own = figures_of(&|f| f.section == *id && Some(f.id) != lead);
            context! { id => *id, heading => *heading, about => *about, figures => own }
        })
        .collect();
    let script = SCRIPT.concat();
    let environment = environment()?;
    let template = environment.get_template("page.html")?;
    let page = template.render(context! {
        title => files.about("title"),
        question => answer.as_ref().map(|a| safe(&a.question)),
        sentences => answer.as_ref().map(|a| a.sentences.iter().map(safe).collect::<Vec<_>>()),
        compared => first.and_then(policy_table::policy_table),
        selected => first.map(key_table::selected),
        anchors => ANCHORS.iter().map(|(size, what)| format!("{size:e}, {what}")).collect::<Vec<_>>().join("; "),
        key => first.map(key_table::key_table),
        // Where the page is about something else than who could train what, that comes later.
        key_first => lead.is_none_or(|id| id == "fan"),
        lead => figures_of(&|f| Some(f.id) == lead),
        precision => safe(&key_table::precision(files)),
        policies => &policies,
        sections,
        run => provenance(files),
        style => Value::from_safe_string(STYLE.to_owned()),
        plotly => Value::from_safe_string(PLOTLY.to_owned()),
        script => Value::from_safe_string(script),
        data => Value::from_safe_string(json(files, &datasets, &figures, &policies)),
    })?;
    Ok(page)
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.add_template("page.html", TEMPLATE)?;
    for (name, text) in PARTS {
        environment.add_template(name, text)?;
    }
    Ok(environment)
}

/// A figure as the template takes it.
fn figure_value(figure: &figures::Figure, policies: &[String], datasets: &[data::Dataset]) -> Value {
    let key = match (policies.first(), figure.chosen.as_str()) {
        (Some(policy), "") => policy.clone(),
        (Some(policy), chosen) => format!("{policy}|{chosen}"),
        _ => String::new(),
    };
    let title = figure.titles.iter().find(|t| t.0 == key).or(figure.titles.first()).map(|t| &t.1);
    let drawn = datasets.iter().filter(|d| figure.data.contains(&d.id));
    context! {
        id => figure.id,
        about => figure.about,
        left_out => drawn.filter_map(data::Dataset::left_out).collect::<Vec<_>>(),
        title => title.map(|t| Value::from_safe_string(t.html())),
        alternative => title.map(|t| format!("{} {}", t.plain(), figure.about)),
    }
}

/// What the run was, as the template takes it. Wall time is left out: the page of a run has the same bytes wherever it is made.
fn provenance(files: &RunFiles) -> Value {
    let words: Vec<&str> =
        (files.manifest["command"].as_array().into_iter().flatten()).filter_map(|v| v.as_str()).collect();
    let command: Vec<String> = deciding(&words).into_iter().map(quoted_word).collect();
    let sources: Vec<Value> = (files.manifest["files"].as_array().into_iter().flatten())
        .map(|f| context! { name => f["name"].as_str(), sha256 => f["sha256"].as_str() })
        .collect();
    let about = |key: &str| files.about(key);
    context! {
        identity => about("identity"), version => about("version"), scenario => about("scenario"),
        horizon => about("horizon"), draws => about("draws"), draws_used => about("draws_used"),
        seed => about("seed"), sampler => about("sampler"), given => about("given"),
        cells => about("cells"), uncertain => about("uncertain"),
        command => format!("chokepoint {}", command.join(" ")), files => sources,
    }
}

/// Words of a command that decide what comes out: neither how fast, nor where to, nor what is said meanwhile.
fn deciding<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let alone = |w: &str| {
        matches!(w, "--quiet" | "-q" | "--force" | "--brief")
            || w.starts_with("--threads=")
            || w.starts_with("--out=")
    };
    let mut kept = Vec::new();
    let mut skip = false;
    for &word in words {
        if std::mem::take(&mut skip) || alone(word) {
            continue;
        }
        skip = matches!(word, "--threads" | "--out");
        if !skip {
            kept.push(word);
        }
    }
    kept
}

/// A word of a command as a shell takes it.
fn quoted_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=+:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Everything that the script draws, as JSON that is safe inside a script element.
fn json(
    files: &RunFiles,
    datasets: &[data::Dataset],
    figures: &[figures::Figure],
    policies: &[String],
) -> String {
    let mut out = String::from("{\"data\":{");
    for (i, dataset) in datasets.iter().enumerate() {
        let _ = write!(out, "{}\"{}\":{}", if i == 0 { "" } else { "," }, dataset.id, dataset.json(files));
    }
    out.push_str("},\"figures\":[");
    for (i, figure) in figures.iter().enumerate() {
        let titles: serde_json::Map<String, serde_json::Value> =
            figure.titles.iter().map(|(k, t)| (k.clone(), t.html().into())).collect();
        let about = serde_json::json!({
            "id": figure.id, "data": figure.data, "chosen": figure.chosen, "about": figure.about,
            "titles": titles,
        });
        let _ = write!(out, "{}{}", if i == 0 { "" } else { "," }, data::safe(&about));
    }
    let metrics = Metric::ALL.iter().flat_map(|m| [m.name(), m.sum()]);
    let metrics: serde_json::Map<String, serde_json::Value> =
        metrics.map(|name| (name.to_owned(), words::metric(name).into())).collect();
    let names = serde_json::json!({ "scenario": files.about("scenario"), "title": files.about("title"), "metrics": metrics, "identity": files.about("identity"),
        "policies": policies, "names": files.names, "end": files.end(),
        "anchors": ANCHORS.iter().map(|(size, what)| (format!("{size:e}"), (*what).into()))
            .collect::<serde_json::Map<String, serde_json::Value>>(),
        "titles": policies.iter().map(|p| (p.clone(), files.about_policy(p, "title").into()))
            .collect::<serde_json::Map<String, serde_json::Value>>() });
    let _ = write!(out, "],\"run\":{}}}", data::safe(&names));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_that_the_script_reads_is_on_the_page() {
        let script = SCRIPT.concat();
        let fields: Vec<_> = run_files::schemas().into_iter().flat_map(|s| s.fields).collect();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        // Rows are called `r` there.
        for (at, _) in script.match_indices("r.").filter(|(at, _)| !script[..*at].ends_with(is_name)) {
            let rest = &script[at + 2..];
            let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
            assert!(fields.iter().any(|f| f.name == name && f.on_page), "no table has {name} on the page");
        }
    }

    #[test]
    fn a_command_is_told_without_what_decides_nothing() {
        let words =
            ["run", "a b", "--threads", "7", "--out", "x", "--quiet", "--set", "a=it's", "--threads=2"];
        let kept: Vec<String> = deciding(&words).into_iter().map(quoted_word).collect();
        assert_eq!(kept.join(" "), "run 'a b' --set 'a=it'\\''s'");
    }
}
