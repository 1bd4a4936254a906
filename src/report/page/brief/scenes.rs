//! The figures of a brief: who could train what, what each policy changes, what moves it.

use super::super::facts::{Facts, REACHABLE, at};
use super::super::phrase::Phrase;
use super::super::{figures, findings, words};
use super::picture::{Course, Drawing, Picture, Row, Scale};

/// Inputs that are drawn.
const INPUTS: usize = 7;

/// The largest possible run of two over time.
pub(super) fn courses(facts: &Facts<'_>, actors: &[String]) -> Option<Picture> {
    let shown: Vec<Course> = (actors.iter().take(2).rev().enumerate())
        .map(|(i, actor)| course(facts, actor, facts.title(actor), 1 - i.min(1)))
        .collect();
    let second = actors.get(1).or(actors.first())?;
    Some(Picture {
        title: figures::fan(facts, second)?,
        note: "Largest run that could be finished [FLOP, log scale]: median, and 90% of draws.".to_owned(),
        scale: Scale::Log,
        drawing: Drawing::Courses(shown),
    })
}

fn course(facts: &Facts<'_>, actor: &str, label: String, hue: usize) -> Course {
    let table = facts.files.table("summary.csv");
    let wanted = [("policy", facts.policy.as_str()), ("actor", actor), ("metric", REACHABLE)];
    let number = |r: usize, column: &str| table.number(r, column).unwrap_or(f64::NAN);
    let point = |r: usize| (table.text(r, "quarter").to_owned(), ["p05", "p50", "p95"].map(|c| number(r, c)));
    let mut points: Vec<_> =
        table.find(&wanted).map(point).filter(|p| p.1.iter().all(|x| *x > 0.0)).collect();
    points.sort_by(|a, b| a.0.cmp(&b.0));
    Course { label, points, hue }
}

/// The largest possible run of all of the headline at the end.
pub(super) fn ends(facts: &Facts<'_>) -> Option<Picture> {
    let last = facts.last();
    let number = |actor: &str, column: &str| facts.cell(actor, REACHABLE, last, column).map(|s| s.value());
    let row = |actor: &String| {
        Some(Row {
            label: facts.title(actor),
            low: number(actor, "p05")?,
            middle: number(actor, "p50"),
            high: number(actor, "p95")?,
            hue: usize::from(!actor.starts_with("country.")) * 2,
        })
    };
    let mut rows: Vec<Row> = facts.headline.iter().filter_map(row).collect();
    rows.sort_by(|a, b| b.middle.unwrap_or(0.0).total_cmp(&a.middle.unwrap_or(0.0)));
    Some(Picture {
        title: figures::spread(facts, last)?,
        note: format!(
            "Largest run that could be finished by {last} [FLOP, log scale]: dot, median; bar, 90% of draws. A country counts by its best lab."
        ),
        scale: Scale::Log,
        drawing: Drawing::Rows(rows),
    })
}

/// What moves a cell, and which way.
pub(super) fn tornado(facts: &Facts<'_>, cell: &str) -> Option<Picture> {
    let title = findings::tornado(facts).1.into_iter().find(|t| t.0 == cell)?.1;
    let table = facts.files.table("drivers.csv");
    let mut rows: Vec<usize> = table.find(&[("policy", facts.policy.as_str()), ("cell", cell)]).collect();
    let number = |r: usize, column: &str| table.number(r, column);
    rows.sort_by(|&a, &b| number(b, "index").unwrap_or(0.0).total_cmp(&number(a, "index").unwrap_or(0.0)));
    let row = |r: usize| {
        let (low, high) = (number(r, "at_lowest")?, number(r, "at_highest")?);
        Some(Row { label: words::input(facts, table.text(r, "path")), low, middle: None, high, hue: 0 })
    };
    let first = *rows.first()?;
    let scale = if table.text(first, "scale") == "log" { Scale::Log } else { Scale::Plain };
    let unit = table.text(first, "unit");
    let title_of = words::cell_title(facts, cell);
    Some(Picture {
        title,
        note: format!(
            "{title_of} [{unit}]: mean over draws in which an input is in its lowest tenth (hollow) and in its highest (full). The inputs that explain most of it."
        ),
        scale,
        drawing: Drawing::Rows(rows.into_iter().filter_map(row).take(INPUTS).collect()),
    })
}

/// A change, as a row of a picture: a quotient where there is one.
fn change_row(facts: &Facts<'_>, r: usize, label: String) -> Option<Row> {
    let table = facts.files.table("comparison.csv");
    let number = |column: &str| table.number(r, column);
    let mean = number("difference_mean")?;
    let hue = if findings::beyond_error(facts, r) { usize::from(mean > 0.0) } else { 2 };
    let [low, middle, high] = [number("ratio_p05")?, number("ratio_p50")?, number("ratio_p95")?];
    (low > 0.0).then_some(Row { label, low, middle: Some(middle), high, hue })
}

/// All policies, by what they change of a cell.
pub(super) fn forest(facts: &Facts<'_>, cell: &str) -> Option<Picture> {
    let table = facts.files.table("comparison.csv");
    let title = findings::forest(facts).1.into_iter().find(|t| t.0 == cell)?.1;
    let cells = findings::compared(facts);
    let rows = &cells.iter().find(|c| c.0 == cell)?.1;
    let mut rows: Vec<usize> = rows.iter().copied().filter(|&r| table.text(r, "policy") != "base").collect();
    rows.sort_by(|&a, &b| {
        table
            .number(a, "difference_mean")
            .unwrap_or(0.0)
            .total_cmp(&table.number(b, "difference_mean").unwrap_or(0.0))
    });
    let row = |r: usize| change_row(facts, r, facts.policy_title(table.text(r, "policy")));
    Some(Picture {
        title,
        note: format!(
            "{}: change under each policy, on the same draws: dot, median; bar, 90% of draws. Blue, lower in the mean; red, higher; grey, no change beyond the error.",
            words::cell_title(facts, cell)
        ),
        scale: Scale::Change,
        drawing: Drawing::Rows(rows.into_iter().filter_map(row).collect()),
    })
}

/// The one who is behind, with the policy and without.
pub(super) fn both(base: &Facts<'_>, policy: &Facts<'_>, cell: &str) -> Option<Picture> {
    let (actor, rest) = cell.split_once('/')?;
    if !rest.starts_with(REACHABLE) {
        return None;
    }
    let under = course(policy, actor, base.policy_title(&policy.policy), 1);
    let without = course(base, actor, "as things stand".to_owned(), 0);
    let cells = findings::compared(base);
    let table = base.files.table("comparison.csv");
    let row = cells
        .iter()
        .find(|c| c.0 == cell)?
        .1
        .iter()
        .copied()
        .find(|&r| table.text(r, "policy") == policy.policy)?;
    Some(Picture {
        title: findings::policy_effect(base, row, &words::cell(base, cell))?,
        note: format!(
            "Largest run that {} could finish [FLOP, log scale], with the policy and without: median, and 90% of draws.",
            base.name(actor)
        ),
        scale: Scale::Log,
        drawing: Drawing::Courses(vec![without, under]),
    })
}

/// Whom a policy moves.
pub(super) fn actors(facts: &Facts<'_>, policy: &str) -> Option<Picture> {
    let table = facts.files.table("comparison.csv");
    let wanted = [("policy", policy), ("metric", REACHABLE), ("quarter", facts.last())];
    let found: Vec<usize> = table.find(&wanted).collect();
    let of = |actor: &String| found.iter().copied().find(|&r| table.text(r, "actor") == actor);
    let rows: Vec<(usize, &String)> = facts.headline.iter().filter_map(|a| Some((of(a)?, a))).collect();
    let size = |r: usize| table.number(r, "relative_mean").map_or(0.0, f64::abs);
    let most = rows
        .iter()
        .filter(|r| findings::beyond_error(facts, r.0))
        .max_by(|a, b| size(a.0).total_cmp(&size(b.0)));
    let title = match most {
        None => {
            Phrase::new("It moves what nobody could train by ").name(facts.last()).say(" beyond the error.")
        }
        Some((r, actor)) => {
            let mean = at(facts, "comparison.csv", *r, "relative_mean")?;
            Phrase::new("Of all it moves ")
                .name(&facts.name(actor))
                .say(" most, by ")
                .change(&mean)
                .say(" in the mean.")
        }
    };
    let rows = rows.into_iter().filter_map(|(r, actor)| change_row(facts, r, facts.title(actor))).collect();
    Some(Picture {
        title,
        note: format!(
            "Change of the largest run that each could finish by {}, on the same draws: dot, median; bar, 90% of draws.",
            facts.last()
        ),
        scale: Scale::Change,
        drawing: Drawing::Rows(rows),
    })
}
