//! Conditions under which something comes about, as people read them: sentences, tables, a picture of the trade-off.

use super::{OutputFormat, number, percent};
use crate::analysis::discovery::{Condition as Limit, Discovery, Found, Nothing, Side};
use crate::analysis::prim::Step;
use crate::analysis::{Objective, Sense, Target};
use crate::model::time::{Date, Horizon};
use crate::results::table::{Table, TableText};
use serde_json::json;

/// Steps of the trade-off that are printed.
const SHOWN: usize = 8;

/// What comes about in a draw, or does not.
#[derive(Clone, Debug)]
pub enum Condition {
    /// A bound holds under a plan, or does not.
    Holds {
        /// The bound.
        target: Target,
        /// Whether it is to hold.
        wanted: bool,
        /// The cell's unit.
        unit: String,
        /// Name of the plan.
        policy: String,
    },
    /// A plan is worse than another.
    Worse {
        /// By what.
        objective: Objective,
        /// The cell's unit.
        unit: String,
        /// Name of the plan.
        policy: String,
        /// Name of the other.
        than: String,
    },
}

/// An input.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its path.
    pub path: String,
    /// Its unit.
    pub unit: String,
    /// How well it is founded.
    pub grade: &'static str,
    /// Whether it is written in per cent.
    pub percent: bool,
    /// Of when a shock strikes: the first quarter, from which its value counts.
    pub since: Option<Horizon>,
}

/// What was found, with the names of all that it is about.
#[derive(Clone, Debug)]
pub struct DiscoveryReport {
    /// Title of the scenario.
    pub title: String,
    /// What comes about.
    pub condition: Condition,
    /// Inputs, by place.
    pub inputs: Vec<Input>,
    /// What was found.
    pub found: Discovery,
}

impl Input {
    /// When a shock first strikes, in quarters from the horizon's start on.
    pub fn of_shock(id: &str, horizon: Horizon) -> Self {
        let (path, unit) = (format!("shock.{id}"), "quarters".to_owned());
        Self { path, unit, grade: "", percent: false, since: Some(horizon) }
    }

    /// A value in words.
    fn value(&self, x: f64) -> String {
        match self.since {
            Some(horizon) => Date(f64::from(horizon.first.0) + x).day(),
            None if self.percent => format!("{}%", number(100.0 * x)),
            None if self.unit == "1" => number(x),
            None => format!("{} {}", number(x), self.unit),
        }
    }

    /// What a condition says of it.
    fn words(&self, limit: &Limit) -> String {
        let at = |side: Side| self.value(side.at);
        let path = &self.path;
        match (self.since.is_some(), limit.low.map(at), limit.high.map(at)) {
            (false, Some(low), Some(high)) => format!("{path} is between {low} and {high}"),
            (false, Some(low), None) => format!("{path} is above {low}"),
            (false, None, Some(high)) => format!("{path} is below {high}"),
            (true, Some(low), Some(high)) => format!("{path} strikes first between {low} and {high}"),
            (true, Some(low), None) => format!("{path} does not strike before {low}"),
            (true, None, Some(high)) => format!("{path} strikes before {high}"),
            (_, None, None) => unreachable!("a condition limits at least one side"),
        }
    }
}

impl Condition {
    /// In words.
    fn words(&self) -> String {
        let under = |policy: &str| {
            if policy == "base" { String::new() } else { format!(" under {policy}") }
        };
        match self {
            Self::Holds { target, wanted, unit, policy } => {
                let unit = if unit == "1" { String::new() } else { format!(" {unit}") };
                if *wanted {
                    format!("{target}{unit}{}", under(policy))
                } else {
                    format!("{policy} fails {target}{unit}")
                }
            }
            Self::Worse { objective, policy, than, .. } => {
                let more = if objective.sense == Sense::Min { "higher" } else { "lower" };
                format!("{} is {more} under {policy} than under {than}", objective.cell)
            }
        }
    }
}

/// A condition of a box.
struct LimitRow<'a> {
    number: usize,
    found: &'a Found,
    limit: &'a Limit,
    input: &'a Input,
    all: (usize, usize),
}

/// A step of the trade-off.
struct StepRow<'a> {
    number: usize,
    place: usize,
    step: &'a Step,
}

/// `discovery.csv`.
fn limits<'a>() -> Table<LimitRow<'a>> {
    let side =
        |side: fn(&Limit) -> Option<Side>, of: fn(Side) -> f64| move |r: &LimitRow<'a>| side(r.limit).map(of);
    let low: fn(&Limit) -> Option<Side> = |limit| limit.low;
    let high: fn(&Limit) -> Option<Side> = |limit| limit.high;
    Table::<LimitRow<'a>>::new("discovery.csv", "Conditions under which it comes about, a row a condition")
        .integer("box", "Number of the box, from 1; a later one is about draws in which no earlier one holds", |r| r.number as u64)
        .text("path", "The input; of shock.id its first strike", |r| (&r.input.path).into())
        .text("unit", "Unit of its limits; quarters since the horizon's start of a shock", |r| (&r.input.unit).into())
        .text("grade", "How well the input is founded: published, derived or judgement", |r| r.input.grade.into())
        .number("low", "It is above this; empty: no such limit", side(low, |s| s.at))
        .number("high", "It is below this; empty: no such limit", side(high, |s| s.at))
        .number("low_from", "5% quantile of the low limit over halves of the draws", side(low, |s| s.within.0))
        .number("low_to", "95% quantile of it", side(low, |s| s.within.1))
        .number("low_agree", "Share of the halves that have a low limit", side(low, |s| s.agree))
        .number("high_from", "5% quantile of the high limit over halves of the draws", side(high, |s| s.within.0))
        .number("high_to", "95% quantile of it", side(high, |s| s.within.1))
        .number("high_agree", "Share of the halves that have a high limit", side(high, |s| s.agree))
        .number("quasi_p", "Probability that the box without this condition would have as many cases in as many draws by chance", |r| r.limit.quasi_p)
        .integer("draws", "Draws in the box", |r| r.found.score.draws as u64)
        .integer("cases", "Draws in the box in which it comes about", |r| r.found.score.cases as u64)
        .number("coverage", "Share of the draws in which it comes about, of those that earlier boxes leave, that lie in the box", |r| r.found.score.coverage)
        .number("density", "Share of the box's draws in which it comes about", |r| r.found.score.density)
        .number("unseen", "The same of boxes found on half of the draws, on the other half", |r| r.found.unseen)
        .number("p", "Probability of that share by chance", |r| r.found.p)
        .integer("all_draws", "Draws", |r| r.all.0 as u64)
        .integer("all_cases", "Draws in which it comes about", |r| r.all.1 as u64)
}

/// `tradeoff.csv`.
fn steps<'a>() -> Table<StepRow<'a>> {
    Table::<StepRow<'a>>::new("tradeoff.csv", "Boxes on the way: more of it covered, or more of them cases")
        .integer("box", "Number of the box at the end, from 1", |r| r.number as u64)
        .integer("step", "Number of the step, from 0: all draws", |r| r.place as u64)
        .integer("conditions", "Inputs that it limits", |r| r.step.score.restricted as u64)
        .integer("draws", "Draws in it", |r| r.step.score.draws as u64)
        .integer("cases", "Draws in it in which it comes about", |r| r.step.score.cases as u64)
        .number("coverage", "Share of the draws in which it comes about that lie in it", |r| {
            r.step.score.coverage
        })
        .number("density", "Share of its draws in which it comes about", |r| r.step.score.density)
}

impl DiscoveryReport {
    /// What was found, printed.
    pub fn render(&self, how: OutputFormat) -> String {
        match how {
            OutputFormat::Text => self.text(),
            OutputFormat::Csv => limits().csv(self.limit_rows()),
            OutputFormat::Json => self.json(),
        }
    }

    /// `discovery.csv` and `tradeoff.csv`.
    pub fn tables(&self) -> [TableText; 2] {
        let boxes = self.found.boxes.iter().enumerate();
        let rows = boxes.flat_map(|(i, b)| {
            let steps = b.steps.iter().enumerate();
            steps.map(move |(place, step)| StepRow { number: i + 1, place, step })
        });
        [TableText::of(&limits(), self.limit_rows()), TableText::of(&steps(), rows)]
    }

    fn limit_rows(&self) -> impl Iterator<Item = LimitRow<'_>> {
        let boxes = self.found.boxes.iter().enumerate();
        boxes.flat_map(move |(i, found)| {
            found.conditions.iter().map(move |limit| {
                let (input, all) = (&self.inputs[limit.input], self.found.draws);
                LimitRow { number: i + 1, found, limit, input, all }
            })
        })
    }

    fn text(&self) -> String {
        let (draws, cases) = self.found.draws;
        let what = self.condition.words();
        let share = |k: usize, n: usize| percent(k as f64 / n.max(1) as f64);
        let mut text = format!("{}\n{draws} draws; in {} of them {what}\n", self.title, share(cases, draws));
        if let Some(nothing) = self.found.nothing {
            text.push_str(&match nothing {
                Nothing::Few => format!(
                    "\nthat is {cases} draws for and {} against: too few to say under which conditions; take more\n",
                    draws - cases
                ),
                Nothing::Chance => "\nno conditions found: what tells these draws apart on one half of them does not on the other\n".to_owned(),
            });
            if nothing == Nothing::Chance && 2 * cases > draws {
                text.push_str("it is the rule: ask for the opposite\n");
            }
        }
        for (i, found) in self.found.boxes.iter().enumerate() {
            let says: Vec<String> = found.conditions.iter().map(|c| self.inputs[c.input].words(c)).collect();
            let (rest, score) = (found.left.0 < draws, &found.score);
            let of = if rest {
                "of the draws left in which it comes about"
            } else {
                "of draws in which it comes about"
            };
            text.push_str(&format!(
                "\n{}. In {} {of}, {}; so are {} of all draws.\n",
                i + 1,
                percent(score.coverage),
                listed(&says),
                share(score.draws, draws)
            ));
            text.push_str(&format!(
                "   Where that is so it comes about in {} of draws; on draws that such conditions were not found on, in {}; of {}, in {}.\n",
                percent(score.density),
                percent(found.unseen),
                if rest { "what earlier conditions leave" } else { "all" },
                share(found.left.1, found.left.0)
            ));
            text.push_str(&self.known(found));
            text.push_str(&tradeoff(found));
        }
        text
    }

    /// How well each limit is known.
    fn known(&self, found: &Found) -> String {
        let mut text =
            String::from("\n   limit, where 90% of halves of the draws have it, how many of them have it\n");
        for limit in &found.conditions {
            let input = &self.inputs[limit.input];
            for (word, side) in [("above", limit.low), ("below", limit.high)] {
                let Some(side) = side else { continue };
                let grade =
                    if input.grade.is_empty() { String::new() } else { format!("  ({})", input.grade) };
                text.push_str(&format!(
                    "   {} {word} {}  {} to {}  {}{grade}\n",
                    input.path,
                    input.value(side.at),
                    input.value(side.within.0),
                    input.value(side.within.1),
                    percent(side.agree)
                ));
            }
        }
        text
    }

    fn json(&self) -> String {
        let side = |side: Option<Side>| {
            side.map(|s| json!({ "at": s.at, "from": s.within.0, "to": s.within.1, "agree": s.agree }))
        };
        let limit = |c: &Limit| {
            let input = &self.inputs[c.input];
            json!({
                "path": input.path, "unit": input.unit, "grade": input.grade, "low": side(c.low), "high": side(c.high),
                "quasi_p": c.quasi_p, "words": input.words(c),
            })
        };
        let found = |b: &Found| {
            json!({
                "conditions": b.conditions.iter().map(limit).collect::<Vec<_>>(), "draws": b.score.draws,
                "cases": b.score.cases, "coverage": b.score.coverage, "density": b.score.density,
                "unseen": b.unseen, "p": b.p,
            })
        };
        let nothing = self.found.nothing.map(|n| match n {
            Nothing::Few => "too few draws",
            Nothing::Chance => "no more than chance",
        });
        let whole = json!({
            "title": self.title, "condition": self.condition.words(), "draws": self.found.draws.0,
            "cases": self.found.draws.1, "boxes": self.found.boxes.iter().map(found).collect::<Vec<_>>(),
            "nothing": nothing,
        });
        format!("{whole:#}\n")
    }

    /// A picture of the trade-off: by box the share of cases covered, to the right, and the share of draws that are cases, upwards.
    pub fn svg(&self) -> String {
        const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];
        let (x, y) = (|c: f64| 60.0 + 500.0 * c, |d: f64| 340.0 - 300.0 * d);
        let mut out = String::from(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 620 400\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"620\" height=\"400\" fill=\"white\"/>\n",
        );
        for tick in 0..=5 {
            let at = f64::from(tick) / 5.0;
            out.push_str(&format!(
                "<path d=\"M{} 40V340M60 {}H560\" stroke=\"#ddd\"/><text x=\"{}\" y=\"358\" text-anchor=\"middle\">{}</text><text x=\"52\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
                x(at), y(at), x(at), percent(at), y(at) + 4.0, percent(at)
            ));
        }
        out.push_str("<text x=\"310\" y=\"385\" text-anchor=\"middle\">coverage: share of the draws in which it comes about</text>\n");
        out.push_str("<text transform=\"translate(16 190) rotate(-90)\" text-anchor=\"middle\">density: share of the box's draws</text>\n");
        for ((i, found), colour) in self.found.boxes.iter().enumerate().zip(COLOURS.iter().cycle()) {
            for step in &found.steps {
                let (cx, cy, r) = (x(step.score.coverage), y(step.score.density), 2 + step.score.restricted);
                out.push_str(&format!(
                    "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"{r}\" fill=\"none\" stroke=\"{colour}\"/>\n"
                ));
            }
            let (cx, cy) = (x(found.score.coverage), y(found.score.density));
            out.push_str(&format!(
                "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"5\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">box {}, {} conditions</text>\n",
                cx + 9.0, cy - 7.0, i + 1, found.conditions.len()
            ));
        }
        out + "</svg>\n"
    }
}

/// Some of the boxes on the way.
fn tradeoff(found: &Found) -> String {
    let mut text = String::from(
        "\n   on the way: conditions, share covered, share of its draws in which it comes about\n",
    );
    let all = &found.steps;
    let every = all.len().div_ceil(SHOWN).max(1);
    for step in all.iter().step_by(every) {
        let score = &step.score;
        text.push_str(&format!(
            "   {:>3}  {:>5}  {:>5}\n",
            score.restricted,
            percent(score.coverage),
            percent(score.density)
        ));
    }
    text
}

/// Parts of a sentence: one, two and three.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
