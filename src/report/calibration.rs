//! What a fit finds, for people and programs: the log, the tables, and the narrowed ranges as edits.

use super::columns::{Align, aligned};
use super::{OutputFormat, Scoreboard, number, percent};
use crate::analysis::calibration::{Matched, Narrowed};
use crate::analysis::weights::Discrepancy;
use crate::math::exp;
use crate::model::{Grade, Observation};
use crate::results::table::{Table, TableText};
use serde_json::json;

/// Rows and numbers that are shown.
const SHOWN: usize = 12;

/// A fit.
#[derive(Clone, Debug)]
pub struct Fit {
    /// Name of the scenario.
    pub scenario: String,
    /// Scores of all draws, then of draws as weighted.
    pub board: Scoreboard,
    /// Which draws the record leaves.
    pub matched: Matched,
    /// Published numbers that draws are weighed by.
    pub observations: usize,
    /// Series that they belong to.
    pub series: usize,
    /// The model's own error.
    pub discrepancy: Discrepancy,
    /// The same in some groups, where it is another \[ln\].
    pub of_groups: Vec<(String, f64)>,
    /// Implausibility above which a draw is excluded.
    pub cut: f64,
    /// Numbers that may move.
    pub numbers: Vec<Number>,
    /// Published numbers that draws are weighed by, but for bounds.
    pub rows: Vec<FitRow>,
    /// Patterns of numbers that were set by hand, as the scenario says.
    pub by_hand: Vec<String>,
}

/// A number that may move.
#[derive(Clone, Debug)]
pub struct Number {
    /// Its path.
    pub path: String,
    /// Its unit, in which quantiles are given.
    pub unit: String,
    /// Whether it is a share.
    pub share: bool,
    /// How it is founded.
    pub grade: Option<Grade>,
    /// Who says so.
    pub source: String,
    /// Whether it is a dated series; quantiles are then those at its last uncertain date.
    pub dated: bool,
    /// What the record says of it.
    pub found: Narrowed,
    /// Its range, or its ranges by date, as an edit writes them.
    pub points: Vec<PointRange>,
}

/// A range: quantiles 5, 50, 95% in the unit in which the scenario writes the number.
#[derive(Clone, Debug, PartialEq)]
pub struct PointRange {
    /// Path of the edit.
    pub path: String,
    /// As it is.
    pub before: [f64; 3],
    /// As the record leaves it.
    pub after: [f64; 3],
}

/// A published number against the draws.
#[derive(Clone, Debug)]
pub struct FitRow {
    /// What was published.
    pub observation: Observation,
    /// Heading under which it is scored.
    pub group: String,
    /// Implausibility of all draws, and of the draws as weighted.
    pub before: f64,
    /// Implausibility of the draws as weighted.
    pub after: f64,
}

impl Fit {
    /// The log as text, numbers that may move as CSV, or all as JSON.
    pub fn render(&self, how: OutputFormat) -> String {
        match how {
            OutputFormat::Text => self.log(),
            OutputFormat::Csv => numbers().csv(self.ordered()),
            OutputFormat::Json => self.json(),
        }
    }

    /// Numbers that may move, as a table.
    pub fn to_table(&self) -> TableText {
        TableText::of(&numbers(), self.ordered())
    }

    /// Numbers, those of which the record says most first.
    fn ordered(&self) -> Vec<&Number> {
        let mut all: Vec<&Number> = self.numbers.iter().collect();
        all.sort_by(|a, b| b.found.moved.total_cmp(&a.found.moved).then_with(|| a.path.cmp(&b.path)));
        all
    }

    fn informed(&self) -> impl Iterator<Item = &Number> {
        self.ordered().into_iter().filter(|n| n.found.informed())
    }

    fn log(&self) -> String {
        let draws = self.matched.left.len();
        let mut text = format!(
            "{}\n{draws} draws, each a set of {} numbers that may move, held against {} published numbers of {} series to {}\n\
             Discrepancy {} (a factor of {}){}, correlation {} a year apart; a draw is excluded above {} standard deviations in any group\n\n",
            self.board.title,
            self.numbers.len(),
            self.observations,
            self.series,
            self.board.until,
            number(self.discrepancy.sd),
            number(exp(self.discrepancy.sd)),
            self.of_groups
                .iter()
                .map(|(g, sd)| format!(", {} in {g}", number(*sd)))
                .collect::<Vec<_>>()
                .concat(),
            number(self.discrepancy.rho),
            number(self.cut),
        );
        text.push_str(&aligned(&self.groups(), Align::Right));
        text.push_str(&format!(
            "\n{} draws are left; weighed by their likelihood{} they count as {}\n",
            self.matched.count(),
            if self.matched.tempered.collapsed() {
                format!(" to the power {}", number(self.matched.tempered.exponent))
            } else {
                String::new()
            },
            number(self.matched.tempered.effective),
        ));
        if self.matched.tempered.collapsed() {
            text.push_str(&format!(
                "At the full likelihood they would count as {}: ranges lean towards the record, and are no posterior\n",
                number(self.matched.tempered.effective_full)
            ));
        }
        let missed = self.rows.iter().filter(|r| r.after > self.cut).count();
        text.push_str(&format!(
            "\n{missed} of {} published numbers lie more than {} standard deviations off the weighted draws{}; the farthest:\n",
            self.rows.len(),
            number(self.cut),
            if missed > 0 { ": no number within its range explains them" } else { "" },
        ));
        text.push_str(&aligned(&self.farthest(), Align::Right));
        let informed = self.informed().count();
        text.push_str(&format!(
            "\nThe record narrows or moves {informed} of {} numbers by more than chance\n",
            self.numbers.len()
        ));
        if informed > 0 {
            text.push_str(&aligned(&self.moved(), Align::Right));
        }
        if !self.by_hand.is_empty() {
            text.push_str(&format!("\nSet by hand, as the scenario says: {}\n", self.by_hand.join(", ")));
        }
        text.push_str("\nScores before and after\n");
        text.push_str(&aligned(&self.scores(), Align::Right));
        text
    }

    fn groups(&self) -> Vec<Vec<String>> {
        let mut all =
            vec![words(&["group", "series", "median implausibility", "of the draws left", "excluded"])];
        for g in &self.matched.groups {
            let median = |mut x: Vec<f64>| {
                x.sort_by(f64::total_cmp);
                x.get(x.len() / 2).map_or_else(String::new, |x| format!("{x:.2}"))
            };
            let left = g.implausibility.iter().zip(&self.matched.left).filter(|(_, l)| **l);
            let left = left.map(|(i, _)| *i).collect();
            all.push(vec![
                g.group.clone(),
                g.series.to_string(),
                median(g.implausibility.clone()),
                median(left),
                percent(g.excluded),
            ]);
        }
        all
    }

    /// Published numbers farthest off the weighted draws.
    fn farthest(&self) -> Vec<Vec<String>> {
        let mut rows: Vec<&FitRow> = self.rows.iter().collect();
        rows.sort_by(|a, b| b.after.total_cmp(&a.after));
        let mut all = vec![words(&["", "group", "implausibility", "as weighted"])];
        for r in rows.into_iter().take(SHOWN) {
            let o = &r.observation;
            all.push(vec![
                format!("{}/{}@{}", o.actor, o.metric, o.time()),
                r.group.clone(),
                format!("{:.2}", r.before),
                format!("{:.2}", r.after),
            ]);
        }
        all
    }

    fn moved(&self) -> Vec<Vec<String>> {
        let mut all = vec![words(&["", "median", "90% of draws", "as weighted", "90% of weight", "moved"])];
        for n in self.informed().take(SHOWN) {
            let range = |q: [f64; 3]| format!("{} – {}", number(q[0]), number(q[2]));
            all.push(vec![
                n.path.clone(),
                number(n.found.before[1]),
                range(n.found.before),
                number(n.found.after[1]),
                range(n.found.after),
                format!("{:.2}", n.found.moved),
            ]);
        }
        all
    }

    fn scores(&self) -> Vec<Vec<String>> {
        let mut all =
            vec![words(&["", "values", "series", "in 50%", "in 90%", "median in range", "crps", "bias"])];
        for section in &self.board.sections {
            let l = &section.board.all;
            all.push(vec![
                section.name.to_owned(),
                l.rows.to_string(),
                l.series.to_string(),
                percent(l.inside50),
                percent(l.inside90),
                percent(l.median_in_range),
                format!("{:.3}", l.crps),
                format!("×{}", number(l.bias_factor())),
            ]);
        }
        all
    }

    fn json(&self) -> String {
        let (numbers, rows) = (numbers(), rows());
        let groups: Vec<_> = (self.matched.groups.iter())
            .map(|g| json!({ "group": g.group, "series": g.series, "excluded": g.excluded }))
            .collect();
        let all = json!({
            "draws": self.matched.left.len(), "left": self.matched.count(),
            "effective": self.matched.tempered.effective, "exponent": self.matched.tempered.exponent,
            "cut": self.cut, "discrepancy": self.discrepancy.sd, "discrepancy_rho": self.discrepancy.rho,
            "groups": groups, "by_hand": self.by_hand,
            "numbers": self.ordered().iter().map(|n| numbers.json(n)).collect::<Vec<_>>(),
            "rows": self.rows.iter().map(|r| rows.json(r)).collect::<Vec<_>>(),
        });
        format!("{all:#}\n")
    }

    /// Narrowed ranges as a policy's edits, in TOML: of numbers of which the record says more than chance would.
    pub fn assumptions(&self) -> String {
        let m = &self.matched;
        let mut text = format!(
            "# Ranges as the record leaves them. A later date than the record's last keeps its range.\n\
             title = \"{} as the record to {} leaves it\"\n\
             reason = \"history matching: {} of {} draws are plausible and count as {}; {} of {} numbers are informed\"\n\
             source = \"chokepoint calibrate\"\n",
            self.scenario,
            self.board.until,
            m.count(),
            m.left.len(),
            number(m.tempered.effective),
            self.informed().count(),
            self.numbers.len(),
        );
        for n in self.informed() {
            for p in n.points.iter().filter(|p| p.after[0] > 0.0 && p.after[0] < p.after[2]) {
                let written = |q: [f64; 3]| range(q, n.share);
                text.push_str(&format!(
                    "\n[[set]]\npath = \"{}\" # {}\nvalue = \"{}\"\n",
                    p.path,
                    written(p.before),
                    written(p.after)
                ));
                if !n.dated {
                    let source = format!("the record to {}; before: {}", self.board.until, n.source);
                    text.push_str(&format!("grade = \"derived\"\nsource = {}\n", json!(source)));
                }
            }
        }
        text
    }
}

/// A range as a scenario writes it, in four significant digits.
fn range([low, median, high]: [f64; 3], share: bool) -> String {
    let digits = |x: f64| {
        let rounded: f64 = format!("{x:.3e}").parse().unwrap_or(x);
        if (1e-3..1e9).contains(&rounded.abs()) { format!("{rounded}") } else { format!("{rounded:e}") }
    };
    if share {
        format!("{} to {}", digits(low), digits(high))
    } else {
        format!("lognormal(p05={}, p50={}, p95={})", digits(low), digits(median), digits(high))
    }
}

fn words(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|c| (*c).to_owned()).collect()
}

/// The tables of a fit: numbers that may move, and published numbers that draws are weighed by.
pub fn tables(fit: &Fit) -> [TableText; 2] {
    [fit.to_table(), TableText::of(&rows(), &fit.rows)]
}

/// `calibration.csv`.
pub fn numbers() -> Table<Number> {
    Table::<Number>::new("calibration.csv", "Numbers that may move, before and after: a row a number")
        .text("path", "Path of the number", |n| (&n.path).into())
        .text("unit", "Its unit", |n| (&n.unit).into())
        .text("grade", "How it is founded: published, derived or judgement", |n| {
            n.grade.map_or("", Grade::name).into()
        })
        .boolean("dated", "Whether it is a dated series, shown at its last uncertain date", |n| n.dated)
        .number("p05", "5% quantile of all draws", |n| n.found.before[0])
        .number("p50", "Median of all draws", |n| n.found.before[1])
        .number("p95", "95% quantile of all draws", |n| n.found.before[2])
        .number("weighted_p05", "5% quantile of the draws as weighted", |n| n.found.after[0])
        .number("weighted_p50", "Median of the draws as weighted", |n| n.found.after[1])
        .number("weighted_p95", "95% quantile of the draws as weighted", |n| n.found.after[2])
        .number("narrowed", "Share of all draws that the weighted 90% leave out, of those 90%", |n| {
            1.0 - (n.found.places[2] - n.found.places[0]) / 0.9
        })
        .number("moved", "Largest distance of both distribution functions", |n| n.found.moved)
        .number("chance", "How far it would be by chance, for all numbers together at 5%", |n| n.found.chance)
        .boolean("informed", "Whether the record says more of it than chance would", |n| n.found.informed())
}

/// `implausibility.csv`.
pub fn rows() -> Table<FitRow> {
    Table::<FitRow>::new("implausibility.csv", "Published numbers that draws are weighed by: a row a number")
        .text("metric", "What is measured", |r| (&r.observation.metric).into())
        .text("actor", "Whose it is: kind.id, or world", |r| (&r.observation.actor).into())
        .text("time", "Quarter or months", |r| r.observation.time().into())
        .text("group", "Heading under which it is scored", |r| (&r.group).into())
        .number("implausibility", "Standard deviations of the median off it, of all draws", |r| r.before)
        .number("weighted_implausibility", "The same, of the draws as weighted", |r| r.after)
}
