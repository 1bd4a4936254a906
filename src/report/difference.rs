//! How two runs differ: settings, inputs, and numbers that moved beyond their error, in words or as tables.

use super::{OutputFormat, number};
use crate::analysis::moved::{Estimate, chance, discoveries};
use crate::metrics::Metric;
use crate::metrics::headline::FIRST;
use crate::model::ChipUnit;
use crate::results::table::{Table, TableText};
use crate::results::{PastRun, float};
use crate::scenario::leaves::Leaf;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Share of the numbers said to have moved that may have moved by chance alone.
const FALSE: f64 = 0.05;
/// Lines of each kind in words.
const LINES: usize = 20;
/// Settings of a run that decide its numbers.
const SETTINGS: [&str; 10] = [
    "version",
    "scenario",
    "title",
    "policies",
    "horizon",
    "draws",
    "draws_used",
    "seed",
    "sampler",
    "given",
];

/// A setting or an input that is not the same; none where it is not there.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its name, or its path.
    pub name: String,
    /// In the first run.
    pub before: Option<String>,
    /// In the second.
    pub after: Option<String>,
    /// Whether the value is the same, and only what is said about it is not.
    pub only_said: bool,
}

/// A number that moved.
#[derive(Clone, Debug)]
pub struct Moved {
    /// Policies of the two runs.
    pub policies: [String; 2],
    /// The actor.
    pub actor: String,
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// The quarter.
    pub quarter: String,
    /// `p50` or `mean`.
    pub statistic: &'static str,
    /// In the first run.
    pub before: Estimate,
    /// In the second.
    pub after: Estimate,
    /// Probability of such a difference without any change \[1\].
    pub chance: f64,
}

/// Whether words tell of a metric: not of sums, nor of what another metric says of the same chips.
fn is_told(metric: &str) -> bool {
    let variant = |(metric, sum): (Metric, bool)| sum || metric.row().unit == ChipUnit::H100e8Bit.symbol();
    !Metric::named(metric).is_some_and(variant)
}

/// Everything in which two runs differ.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Names of the two.
    pub names: [String; 2],
    /// Settings.
    pub settings: Vec<Change>,
    /// Inputs.
    pub inputs: Vec<Change>,
    /// Numbers that moved.
    pub moved: Vec<Moved>,
    /// Numbers that are in both.
    pub compared: usize,
    /// Whether the same draws were taken, so that errors of differences are overstated.
    pub paired: bool,
}

impl Difference {
    /// Compares two runs.
    pub fn new(names: [String; 2], before: &PastRun, after: &PastRun) -> Self {
        let settings = settings(before, after);
        let same = |name: &str| settings.iter().all(|s| s.name != name);
        let paired = ["draws", "draws_used", "seed", "sampler", "given"].iter().all(|s| same(s));
        let (moved, compared) = moved(before, after);
        Self { names, inputs: inputs(before, after), moved, compared, paired, settings }
    }

    /// As a table.
    pub fn to_table(&self) -> TableText {
        TableText::of(&table(), self.rows())
    }

    /// As text.
    pub fn render(&self, how: OutputFormat) -> String {
        match how {
            OutputFormat::Text => self.text(),
            OutputFormat::Csv => table().csv(self.rows()),
            OutputFormat::Json => format!("{:#}\n", self.json()),
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{} against {}\n\n", self.names[1], self.names[0]);
        changes(&mut text, "settings", &self.settings);
        changes(&mut text, "inputs", &self.inputs);
        let n = self.moved.len();
        let _ = write!(text, "{n} of {} numbers moved beyond their error", self.compared);
        if n > 0 {
            text.push_str(" (of these at most about 5 % by chance)");
        }
        text.push_str(if self.paired && n > 0 {
            ".\nBoth runs took the same draws: their differences are known better than this says; `compare` has their errors.\n"
        } else {
            ".\n"
        });
        let groups = self.groups();
        for group in groups.iter().take(LINES) {
            let _ = writeln!(text, "  {}", sentence(group));
        }
        if groups.len() > LINES {
            let _ = writeln!(text, "  and {} more series; --format csv has all", groups.len() - LINES);
        }
        text
    }

    /// Moved numbers by actor, metric and policies, those that people ask for first, then by size of the change.
    fn groups(&self) -> Vec<Vec<&Moved>> {
        let mut by: BTreeMap<(&[String; 2], &str, &str), Vec<&Moved>> = BTreeMap::new();
        for m in self.moved.iter().filter(|m| is_told(&m.metric)) {
            by.entry((&m.policies, &m.actor, &m.metric)).or_default().push(m);
        }
        let mut groups: Vec<Vec<&Moved>> = by.into_values().collect();
        let place = |m: &Moved| FIRST.iter().position(|f| f.name() == m.metric).unwrap_or(FIRST.len());
        groups.sort_by(|a, b| {
            let sizes = [largest(a), largest(b)].map(Moved::size);
            place(a[0]).cmp(&place(b[0])).then(sizes[1].total_cmp(&sizes[0]))
        });
        groups
    }

    fn rows(&self) -> impl Iterator<Item = DifferenceRow<'_>> {
        let settings = self.settings.iter().map(DifferenceRow::Setting);
        let inputs = self.inputs.iter().map(DifferenceRow::Input);
        settings.chain(inputs).chain(self.moved.iter().map(DifferenceRow::Number))
    }

    fn json(&self) -> Value {
        let change = |c: &Change| json!({ "name": c.name, "before": c.before, "after": c.after, "only_source_or_grade": c.only_said });
        let number = |m: &Moved| {
            json!({
                "cell": m.address(), "policies": m.policies, "statistic": m.statistic, "unit": m.unit,
                "before": m.before.value, "before_se": m.before.error,
                "after": m.after.value, "after_se": m.after.error, "chance": m.chance,
            })
        };
        json!({
            "before": self.names[0], "after": self.names[1], "same_draws": self.paired,
            "settings": self.settings.iter().map(change).collect::<Vec<_>>(),
            "inputs": self.inputs.iter().map(change).collect::<Vec<_>>(),
            "numbers_compared": self.compared,
            "numbers_moved": self.moved.iter().map(number).collect::<Vec<_>>(),
        })
    }
}

/// One thing in which two runs differ.
enum DifferenceRow<'a> {
    Setting(&'a Change),
    Input(&'a Change),
    Number(&'a Moved),
}

impl DifferenceRow<'_> {
    fn number(&self) -> Option<&Moved> {
        if let Self::Number(moved) = self { Some(moved) } else { None }
    }

    /// What it is in one of the two runs: a setting or an input as written, a number in its shortest digits.
    fn side<'r>(
        &'r self,
        change: impl Fn(&'r Change) -> &'r Option<String>,
        moved: impl Fn(&'r Moved) -> Estimate,
    ) -> Cow<'r, str> {
        match self {
            Self::Setting(c) | Self::Input(c) => change(c).as_deref().unwrap_or("").into(),
            Self::Number(m) => {
                let mut text = String::new();
                float(&mut text, moved(m).value);
                text.into()
            }
        }
    }
}

/// The difference as programs read it.
fn table<'a>() -> Table<DifferenceRow<'a>> {
    Table::<DifferenceRow<'a>>::new("difference", "Settings, inputs and numbers that differ between two runs")
        .text("kind", "setting, input or number", |r| {
            match r {
                DifferenceRow::Setting(_) => "setting",
                DifferenceRow::Input(_) => "input",
                DifferenceRow::Number(_) => "number",
            }
            .into()
        })
        .text("name", "The setting, the input's path, or the number's cell", |r| match r {
            DifferenceRow::Setting(c) | DifferenceRow::Input(c) => (&c.name).into(),
            DifferenceRow::Number(m) => m.address().into(),
        })
        .text("policy_before", "Of a number: the policy of the first run", |r| {
            r.number().map_or("", |m| &m.policies[0]).into()
        })
        .text("policy_after", "Of a number: the policy of the second run", |r| {
            r.number().map_or("", |m| &m.policies[1]).into()
        })
        .text("statistic", "Of a number: p50 or mean", |r| r.number().map_or("", |m| m.statistic).into())
        .text("unit", "Of a number: its unit", |r| r.number().map_or("", |m| &m.unit).into())
        .text("before", "In the first run; empty if it is not there", |r| r.side(|c| &c.before, |m| m.before))
        .text("after", "In the second run; empty if it is not there", |r| r.side(|c| &c.after, |m| m.after))
        .number("before_se", "Standard error of the number in the first run", |r| {
            r.number().map(|m| m.before.error)
        })
        .number("after_se", "Standard error of the number in the second run", |r| {
            r.number().map(|m| m.after.error)
        })
        .number("chance", "Probability of such a difference without any change", |r| {
            r.number().map(|m| m.chance)
        })
}

impl Moved {
    fn address(&self) -> String {
        format!("{}/{}@{}", self.actor, self.metric, self.quarter)
    }

    /// Size of the change relative to the larger number \[1\].
    fn size(&self) -> f64 {
        let size = self.before.value.abs().max(self.after.value.abs());
        if size == 0.0 { 0.0 } else { (self.after.value - self.before.value).abs() / size }
    }
}

fn largest<'a>(group: &[&'a Moved]) -> &'a Moved {
    let mut best = group[0];
    for m in group {
        if m.size() > best.size() {
            best = m;
        }
    }
    best
}

/// One line on a series: the quarter in which it changed most, and where it began.
fn sentence(group: &[&Moved]) -> String {
    let most = largest(group);
    let (a, b) = (most.before.value, most.after.value);
    let direction = if b > a { "rose" } else { "fell" };
    let change = if a == 0.0 { String::new() } else { format!(" ({:+.1}%", 100.0 * (b / a - 1.0)) };
    let error = most.before.error.hypot(most.after.error) / a.abs();
    let error = if a == 0.0 { String::new() } else { format!(" ±{:.1})", 100.0 * error) };
    let what = if most.statistic == "mean" { "mean " } else { "" };
    let policies = &most.policies;
    let under = if policies[0] == policies[1] && policies[0] != "base" {
        format!(" under {}", policies[0])
    } else {
        String::new()
    };
    let first = group.iter().map(|m| m.quarter.as_str()).min().expect("a group has members");
    let since = if group.len() > 1 { format!("; moved from {first} on") } else { String::new() };
    let (from, to) = (digits(a), digits(b));
    let unit = if most.unit == "1" { String::new() } else { format!(" {}", most.unit) };
    format!(
        "{} {what}{}{under} {direction} from {from} to {to}{unit}{change}{error} in {}{since}",
        most.actor, most.metric, most.quarter
    )
}

/// A number in three digits or more: changes of a few per cent are to be seen.
fn digits(x: f64) -> String {
    if (1e-3..1e5).contains(&x.abs()) {
        number(x)
    } else if x == 0.0 {
        "0".to_owned()
    } else {
        format!("{x:.2e}")
    }
}

fn changes(text: &mut String, what: &str, all: &[Change]) {
    if all.is_empty() {
        let _ = writeln!(text, "All {what} are the same.");
    } else {
        let one = all.len() == 1;
        let noun = if one { what.trim_end_matches('s') } else { what };
        let _ = writeln!(text, "{} {noun} changed:", all.len());
    }
    for c in all.iter().take(LINES) {
        let line = match (&c.before, &c.after) {
            (Some(_), Some(_)) if c.only_said => format!("{}: only its source, grade or note", c.name),
            (Some(a), Some(b)) => format!("{}: {} → {}", c.name, short(a), short(b)),
            (None, Some(b)) if b.is_empty() => format!("{} is new", c.name),
            (None, Some(b)) => format!("{} is new: {}", c.name, short(b)),
            (Some(a), None) if a.is_empty() => format!("{} is gone", c.name),
            (Some(a), None) => format!("{} is gone: it was {}", c.name, short(a)),
            (None, None) => continue,
        };
        let _ = writeln!(text, "  {line}");
    }
    if all.len() > LINES {
        let _ = writeln!(text, "  and {} more; --format csv has all", all.len() - LINES);
    }
    text.push('\n');
}

fn short(text: &str) -> String {
    let most = 100;
    if text.chars().count() <= most {
        text.to_owned()
    } else {
        text.chars().take(most - 1).collect::<String>() + "…"
    }
}

fn settings(before: &PastRun, after: &PastRun) -> Vec<Change> {
    let text = |run: &PastRun, name: &str| match &run.manifest[name] {
        Value::Null => None,
        Value::String(s) => Some(s.clone()),
        other => Some(other.to_string()),
    };
    SETTINGS
        .iter()
        .map(|name| (name, text(before, name), text(after, name)))
        .filter(|(_, a, b)| a != b)
        .map(|(name, before, after)| Change { name: (*name).to_owned(), before, after, only_said: false })
        .collect()
}

/// Inputs that differ; of a row that is new or gone only the row.
fn inputs(before: &PastRun, after: &PastRun) -> Vec<Change> {
    let (a, b) = (&before.inputs, &after.inputs);
    let mut all: Vec<Change> = Vec::new();
    let mut paths: Vec<&String> = a.keys().chain(b.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let (x, y): (Option<&Leaf>, Option<&Leaf>) = (a.get(path), b.get(path));
        if x == y {
            continue;
        }
        let whole_row = |c: &Change| {
            (c.before.is_none() || c.after.is_none()) && path.starts_with(&format!("{}.", c.name))
        };
        if all.last().is_some_and(whole_row) {
            continue;
        }
        let only_said = x.zip(y).is_some_and(|(x, y)| x.value == y.value);
        let value = |leaf: Option<&Leaf>| leaf.map(|l| l.value.clone());
        all.push(Change { name: path.clone(), before: value(x), after: value(y), only_said });
    }
    all
}

/// Numbers that moved, in order of the second run's table, and how many were compared.
fn moved(before: &PastRun, after: &PastRun) -> (Vec<Moved>, usize) {
    let alone = |run: &PastRun| {
        let first = run.summary.first().map(|r| r.policy.clone());
        run.summary.iter().all(|r| Some(&r.policy) == first.as_ref())
    };
    // Two runs of one policy each are held against each other whatever it is called.
    let by_policy = !(alone(before) && alone(after));
    let key = |r: &crate::results::PastCell| {
        let policy = if by_policy { r.policy.clone() } else { String::new() };
        (policy, r.actor.clone(), r.metric.clone(), r.quarter.clone())
    };
    let known: BTreeMap<_, _> = before.summary.iter().map(|r| (key(r), r)).collect();
    let mut all = Vec::new();
    for b in &after.summary {
        let Some(a) = known.get(&key(b)) else { continue };
        let pair = |statistic, x: (f64, Option<f64>), y: (f64, Option<f64>)| {
            let estimate = |(value, error): (f64, Option<f64>)| error.map(|error| Estimate { value, error });
            let (before, after) = (estimate(x)?, estimate(y)?);
            Some(Moved {
                policies: [a.policy.clone(), b.policy.clone()],
                actor: b.actor.clone(),
                metric: b.metric.clone(),
                unit: b.unit.clone(),
                quarter: b.quarter.clone(),
                statistic,
                before,
                after,
                chance: chance(before, after),
            })
        };
        let median = pair("p50", (a.p50, a.p50_se), (b.p50, b.p50_se));
        // Where the median is 0 in both, only the mean can tell.
        let mean = || pair("mean", (a.mean, a.mean_se), (b.mean, b.mean_se));
        all.extend(if a.p50 == 0.0 && b.p50 == 0.0 { mean() } else { median });
    }
    let compared = all.len();
    let chances: Vec<f64> = all.iter().map(|m| m.chance).collect();
    let found = discoveries(&chances, FALSE);
    let moved = all.into_iter().zip(found).filter(|(_, found)| *found).map(|(m, _)| m).collect();
    (moved, compared)
}
