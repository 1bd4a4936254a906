//! How two runs differ: settings, inputs, and numbers that moved beyond their error, in words or as tables.

use super::alike::{kind_of, together};
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
            text.push_str(" (of these at most about 5% by chance); ± is the standard error of the change, by the simulation");
        }
        text.push_str(if self.paired && n > 0 {
            ".\nBoth runs took the same draws: their differences are known better than this says; `compare` has their errors.\n"
        } else {
            ".\n"
        });
        let (groups, mut alike) = (self.groups(), Vec::<(Alike<'_>, Vec<&[&Moved]>)>::new());
        for group in &groups {
            let key = Alike::of(group);
            match alike.iter_mut().find(|(known, _)| *known == key) {
                Some((_, list)) => list.push(group),
                None => alike.push((key, vec![group])),
            }
        }
        for (_, same) in alike.iter().take(LINES) {
            let _ = writeln!(text, "  {}", sentence(same));
        }
        let more: usize = alike.iter().skip(LINES).map(|(_, same)| same.len()).sum();
        if more > 0 {
            let _ = writeln!(text, "  and {more} more series; --format csv has all");
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

    /// Standard error of the change over the number in the first run \[1\].
    fn error(&self) -> f64 {
        self.before.error.hypot(self.after.error) / self.before.value.abs()
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

/// In what series that are told in one line are alike: what moved, which way, by how many per cent, when most and since when.
#[derive(PartialEq)]
struct Alike<'a> {
    policies: &'a [String; 2],
    metric: &'a str,
    statistic: &'static str,
    rose: bool,
    /// Change in whole per cent; none from nothing, where the number itself tells.
    percent: Option<i64>,
    bits: Option<u64>,
    most: &'a str,
    first: &'a str,
}

impl<'a> Alike<'a> {
    fn of(group: &[&'a Moved]) -> Self {
        let most = largest(group);
        let (a, b) = (most.before.value, most.after.value);
        let percent = (a != 0.0).then(|| (100.0 * (b / a - 1.0)).round() as i64);
        Self {
            policies: &most.policies,
            metric: &most.metric,
            statistic: most.statistic,
            rose: b > a,
            percent,
            bits: percent.is_none().then(|| b.to_bits()),
            most: &most.quarter,
            first: first(group),
        }
    }
}

/// The first quarter in which a series moved.
fn first<'a>(group: &[&'a Moved]) -> &'a str {
    group.iter().map(|m| m.quarter.as_str()).min().expect("a group has members")
}

/// One line on series that moved alike: the quarter in which they changed most, and where that began.
fn sentence(alike: &[&[&Moved]]) -> String {
    let group = alike[0];
    let most = largest(group);
    let (a, b) = (most.before.value, most.after.value);
    let direction = if b > a { "rose" } else { "fell" };
    let share = |m: &Moved| 100.0 * (m.after.value / m.before.value - 1.0);
    let change = if a == 0.0 { String::new() } else { format!(" ({:+.1}%", share(most)) };
    let error = most.error();
    let error = if a == 0.0 { String::new() } else { format!(" ±{:.1})", 100.0 * error) };
    let what = if most.statistic == "mean" { "mean " } else { "" };
    let policies = &most.policies;
    let under = if policies[0] == policies[1] && policies[0] != "base" {
        format!(" under {}", policies[0])
    } else {
        String::new()
    };
    let since = if group.len() > 1 { format!("; moved from {} on", first(group)) } else { String::new() };
    if alike.len() > 1 {
        let names: Vec<&str> = alike.iter().map(|g| g[0].actor.as_str()).collect();
        let shares: Vec<f64> = alike.iter().map(|g| share(largest(g))).collect();
        let ends = [f64::INFINITY, f64::NEG_INFINITY];
        let [low, high] = shares.iter().fold(ends, |[low, high], x| [low.min(*x), high.max(*x)]);
        // What fell fell by so much: the sign is in the word.
        let least = format!("{:.1}", low.abs().min(high.abs()));
        let most = format!("{:.1}", low.abs().max(high.abs()));
        let errors = alike.iter().map(|g| largest(g)).map(Moved::error);
        let error = 100.0 * errors.fold(0.0, f64::max);
        let by = match a == 0.0 {
            true => format!("from 0 to {}", digits(b)),
            false if least == most => format!("by {most}% (±{error:.1})"),
            false => format!("by {least}% to {most}% (±{error:.1} or less)"),
        };
        let most = largest(group);
        let (whose, metric, quarter) = (together(&names), &most.metric, &most.quarter);
        return format!("{what}{metric} of {whose}{under} {direction} {by} in {quarter}{since}");
    }
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
    // What became of them in the same way is one line, if it is the same part of rows of one table.
    let mut alike: Vec<(_, Vec<&str>)> = Vec::new();
    for c in all {
        let key = (what_became(c), kind_of(&c.name));
        match alike.iter_mut().find(|(known, _)| *known == key) {
            Some((_, names)) => names.push(&c.name),
            None => alike.push((key, vec![&c.name])),
        }
    }
    for ((said, _), names) in alike.iter().take(LINES) {
        let verb = |one: &str, many: &str| if names.len() > 1 { many.to_owned() } else { one.to_owned() };
        let said =
            said.replacen("{is}", &verb("is", "are"), 1).replacen("{was}", &verb("it was", "they were"), 1);
        let _ = writeln!(text, "  {}{said}", together(names));
    }
    let more: usize = alike.iter().skip(LINES).map(|(_, names)| names.len()).sum();
    if more > 0 {
        let _ = writeln!(text, "  and {more} more; --format csv has all");
    }
    text.push('\n');
}

/// What became of an input or a setting, without its name.
fn what_became(c: &Change) -> String {
    match (&c.before, &c.after) {
        (Some(_), Some(_)) if c.only_said => ": only source, grade or note".to_owned(),
        // The same factor on other numbers is the same change.
        (Some(a), Some(b)) => {
            match b.strip_prefix(a.as_str()).filter(|more| more.starts_with([' ', '×', '+'])) {
                Some(more) => format!(":{more}"),
                None => format!(": {} → {}", short(a), short(b)),
            }
        }
        (None, Some(b)) if b.is_empty() => " {is} new".to_owned(),
        (None, Some(b)) => format!(" {{is}} new: {}", short(b)),
        (Some(a), None) if a.is_empty() => " {is} gone".to_owned(),
        (Some(a), None) => format!(" {{is}} gone: {{was}} {}", short(a)),
        (None, None) => String::new(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_change_is_one_line_that_names_all() {
        let change = |name: &str, before: Option<&str>, after: Option<&str>| Change {
            name: name.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
            only_said: false,
        };
        let all = [
            change("route.a.detection", Some("2%"), Some("2% × 10")),
            change("lab.x.mfu", Some("30%"), Some("20%")),
            change("route.b.detection", Some("5% to 9%"), Some("5% to 9% × 10")),
            change("lab.y.mfu", Some("30%"), Some("25%")),
            change("rule.one", Some(""), None),
            change("rule.two", Some(""), None),
        ];
        let mut text = String::new();
        changes(&mut text, "inputs", &all);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "6 inputs changed:",
                "  route.{a, b}.detection: × 10",
                "  lab.x.mfu: 30% → 20%",
                "  lab.y.mfu: 30% → 25%",
                "  rule.{one, two} are gone",
                "",
            ]
        );
    }

    #[test]
    fn series_that_moved_alike_are_one_line() {
        let moved = |actor: &str, quarter: &str, factor: f64| Moved {
            policies: ["base", "base"].map(str::to_owned),
            actor: actor.to_owned(),
            metric: "reachable_flop".to_owned(),
            unit: "FLOP".to_owned(),
            quarter: quarter.to_owned(),
            statistic: "p50",
            before: Estimate { value: 1e25, error: 1e23 },
            after: Estimate { value: 1e25 * factor, error: 1e23 },
            chance: 0.0,
        };
        let all = [
            moved("lab.a", "2026Q1", 1.05),
            moved("lab.a", "2026Q4", 1.121),
            moved("lab.b", "2026Q1", 1.04),
            moved("lab.b", "2026Q4", 1.118),
            moved("lab.c", "2026Q4", 0.8),
        ];
        let told = Difference {
            names: ["one", "two"].map(str::to_owned),
            settings: Vec::new(),
            inputs: Vec::new(),
            moved: all.to_vec(),
            compared: 9,
            paired: true,
        }
        .render(OutputFormat::Text);
        let line = "  reachable_flop of lab.{a, b} rose by 11.8% to 12.1% (±1.4 or less) in 2026Q4; moved from 2026Q1 on\n";
        assert!(told.contains(line), "{told}");
        assert!(told.contains("  lab.c reachable_flop fell from 1.00e25"), "{told}");
    }
}
