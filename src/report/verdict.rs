//! The verdict on policies as people read it: who lowers what, by how much, how surely, and what cannot be told apart.

use super::{OutputFormat, number, percent};
use crate::analysis::tables::{ExpectedRow, RobustRow, robustness};
use crate::analysis::{Held, Paired, Sense, Standing};
use crate::results::PolicyAbout;
use crate::results::table::{Table, TableText};
use serde_json::json;

/// Fewer effective draws than this leave replicates with next to none: eight of them hold five each on average.
const FEW: f64 = 40.0;

/// Policies ranked in one cell; the first plan is the reference case.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// The cell's address.
    pub cell: String,
    /// Its unit.
    pub unit: String,
    /// Which way is better.
    pub sense: Sense,
    /// Mean of the reference case.
    pub base: Option<f64>,
    /// Names of the plans.
    pub plans: Vec<String>,
    /// Names of their scenarios.
    pub scenarios: Vec<String>,
    /// Each against the first.
    pub paired: Vec<Paired>,
    /// Tiers of the plans.
    pub tiers: Vec<usize>,
}

/// A target, and by plan the share of draws that satisfy it with its 95% interval.
pub type Satisfied = (String, Vec<(f64, f64, f64)>);

/// An actor that some plans have and others lack, with the names of those that have it.
pub type Apart = (String, Vec<String>);

/// Which actors are compared nowhere, in words.
pub(super) fn apart_text(apart: &[Apart]) -> String {
    let mut text = String::new();
    for (actor, plans) in apart {
        let plans: Vec<&str> = plans.iter().map(String::as_str).collect();
        text.push_str(&wrapped(&format!("not compared: {actor} is not in every world, but in "), &plans));
    }
    text
}

/// The same for programs.
pub(super) fn apart_json(apart: &[Apart]) -> Vec<serde_json::Value> {
    apart.iter().map(|(actor, plans)| json!({ "actor": actor, "only_in": plans })).collect()
}

/// All that `compare` prints.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Title of the scenario.
    pub title: String,
    /// Draws that count.
    pub draws: u64,
    /// Cells that are ranked.
    pub cells: Vec<Ranked>,
    /// Objectives in words.
    pub objectives: Vec<String>,
    /// Where each plan stands under them.
    pub standings: Vec<Standing>,
    /// Targets.
    pub targets: Vec<Satisfied>,
    /// Actors that are not in every world.
    pub apart: Vec<Apart>,
    /// How plans do where they do badly, cell by cell.
    pub robust: Vec<RobustRow>,
    /// What the policies are.
    pub about: Vec<PolicyAbout>,
    /// What they say that they move, and whether they do.
    pub expected: Vec<ExpectedRow>,
}

impl Verdict {
    /// The ranking as text.
    pub fn render(&self, how: OutputFormat) -> String {
        match how {
            OutputFormat::Text => self.text(),
            OutputFormat::Csv => table().csv(self.cells.iter().flat_map(Ranked::rows)),
            OutputFormat::Json => self.json(),
        }
    }

    /// The ranking as a table.
    pub fn to_table(&self) -> TableText {
        TableText::of(&table(), self.cells.iter().flat_map(Ranked::rows))
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{}\n{} draws, the same under every policy{}. Changes are of the mean; ± is half the 95% interval of the simulation's error, which more draws lower. In brackets, 90% of draws: what nobody knows of the world.\n",
            self.title,
            self.draws,
            if self.is_of_several() { " and in every scenario" } else { "" }
        );
        for ranked in &self.cells {
            text.push('\n');
            text.push_str(&ranked.text(&self.about));
        }
        text.push_str(&self.unmet());
        if !self.standings.is_empty() {
            text.push('\n');
            text.push_str(&self.front());
        }
        for (target, shares) in &self.targets {
            text.push_str(&format!("\n{target} holds in\n"));
            for (name, (share, low, high)) in self.plans().iter().zip(shares) {
                let range = format!("({} to {})", percent(*low), percent(*high));
                text.push_str(&format!("   {:>4} {range:<16} {name}\n", percent(*share)));
            }
        }
        text + &self.robustness() + &apart_text(&self.apart)
    }

    /// Whether several scenarios are compared.
    fn is_of_several(&self) -> bool {
        let scenarios = self.cells.iter().flat_map(|c| &c.scenarios);
        scenarios.clone().any(|s| scenarios.clone().any(|other| other != s))
    }

    /// Policies that do not move what they say that they do, in words; nothing where all do.
    fn unmet(&self) -> String {
        let mut text = String::new();
        for row in self.expected.iter().filter(|r| r.held != Held::Holds) {
            if text.is_empty() {
                text.push_str("\nWhat policies expect of themselves and these draws do not show\n");
            }
            let (mean, half, base) = row.change;
            let base = base.unwrap_or(0.0);
            let change = if mean == 0.0 {
                "no change".to_owned()
            } else {
                format!("{} ±{}", signed(mean, base), of(half, base))
            };
            text.push_str(&format!(
                "   {}: {} {}: {}, {change} in the mean\n",
                row.policy, row.expected.cell, row.expected.way, row.held
            ));
        }
        text
    }

    /// How plans do where they do badly, by objectives and targets.
    fn robustness(&self) -> String {
        if self.standings.is_empty() && self.targets.is_empty() {
            return String::new();
        }
        let mut text = String::new();
        for rows in self.robust.chunk_by(|a, b| a.cell == b.cell) {
            let targets = rows[0].satisfies.is_some();
            let all = if targets { "  all targets" } else { "" };
            text.push_str(&format!(
                "\n{} [{}], robustness\n   worst tenth  mean regret  95% regret{all}\n",
                rows[0].cell, rows[0].unit
            ));
            for row in rows {
                let [worst, mean, most] = [row.worst_tenth, row.regret.0, row.regret.1].map(number);
                let holds = row.satisfies.map_or_else(String::new, |s| format!("{:>13}", percent(s.0)));
                text.push_str(&format!("   {worst:>11}  {mean:>11}  {most:>11}{holds}  {}\n", row.policy));
            }
        }
        text
    }

    fn plans(&self) -> &[String] {
        self.cells.first().map_or(&[], |c| &c.plans)
    }

    fn front(&self) -> String {
        let plans = self.plans();
        let on: Vec<&str> = (plans.iter().zip(&self.standings))
            .filter(|(_, s)| s.dominated_by.is_none())
            .map(|(name, _)| name.as_str())
            .collect();
        let mut text = format!("{}\n", self.objectives.join("; "));
        text.push_str(&wrapped("   not dominated: ", &on));
        for (name, s) in plans.iter().zip(&self.standings) {
            if let Some(by) = s.dominated_by {
                let sure = if s.sure { "beyond error" } else { "within error" };
                let in_draws = percent(s.in_draws);
                text.push_str(&format!(
                    "   {name} is dominated by {}, {sure}, in {in_draws} of draws\n",
                    plans[by]
                ));
            }
        }
        text
    }

    fn json(&self) -> String {
        let finite = |x: f64| x.is_finite().then_some(x);
        let cell = |r: &Ranked| {
            let rows: Vec<_> = (r.order().into_iter())
                .map(|p| {
                    let d = &r.paired[p];
                    json!({
                        "scenario": r.scenarios[p], "policy": r.plans[p], "tier": r.tiers[p], "difference_mean": d.mean.value,
                        "half_width": finite(d.mean.half()), "ratio_p50": finite(d.ratios[1].value),
                        "probability_lower": d.lower, "probability_higher": d.higher, "regret_mean": d.regret_mean,
                        "effective_draws": d.effective,
                    })
                })
                .collect();
            json!({ "cell": r.cell, "unit": r.unit, "best": r.sense.to_string(), "base_mean": r.base, "policies": rows })
        };
        let standing = |(name, s): (&String, &Standing)| {
            json!({
                "policy": name, "dominated_by": s.dominated_by.map(|q| &self.plans()[q]),
                "share_of_draws": s.dominated_by.map(|_| s.in_draws), "beyond_error": s.dominated_by.map(|_| s.sure),
            })
        };
        let target = |(target, shares): &Satisfied| {
            let rows = self.plans().iter().zip(shares);
            let rows: Vec<_> = rows
                .map(|(name, s)| json!({ "policy": name, "probability": s.0, "low": s.1, "high": s.2 }))
                .collect();
            json!({ "target": target, "policies": rows })
        };
        let robust = robustness();
        let whole = json!({
            "title": self.title, "draws": self.draws, "cells": self.cells.iter().map(cell).collect::<Vec<_>>(),
            "objectives": self.objectives,
            "front": self.plans().iter().zip(&self.standings).map(standing).collect::<Vec<_>>(),
            "targets": self.targets.iter().map(target).collect::<Vec<_>>(),
            "not_compared": apart_json(&self.apart),
            "expectations": self.expected.iter().map(|row| json!({
                "policy": row.policy, "cell": row.expected.cell, "expects": row.expected.way.to_string(),
                "difference_mean": row.change.0, "half_width": finite(row.change.1), "held": row.held.to_string(),
            })).collect::<Vec<_>>(),
            "about": self.about,
            "robustness": self.robust.iter().map(|row| robust.json(row)).collect::<Vec<_>>(),
        });
        format!("{whole:#}\n")
    }
}

/// A plan ranked in a cell.
struct RankedRow<'a> {
    ranked: &'a Ranked,
    plan: usize,
}

impl RankedRow<'_> {
    fn paired(&self) -> &Paired {
        &self.ranked.paired[self.plan]
    }
}

/// The ranking as programs read it.
fn table<'a>() -> Table<RankedRow<'a>> {
    Table::<RankedRow<'a>>::new("policies", "Policies ranked in each cell, best first")
        .scenario(|r| (&r.ranked.scenarios[r.plan]).into())
        .policy(|r| (&r.ranked.plans[r.plan]).into())
        .text("cell", "The cell: actor/metric@quarter", |r| (&r.ranked.cell).into())
        .integer("tier", "Rank by mean; policies of one tier cannot be told apart", |r| {
            r.ranked.tiers[r.plan] as u64
        })
        .number("difference_mean", "Mean less that of the scenario as it stands", |r| r.paired().mean.value)
        .number("half_width", "Half width of its 95% interval", |r| r.paired().mean.half())
        .number("ratio_p50", "Median ratio to the scenario as it stands", |r| r.paired().ratios[1].value)
        .number("probability_lower", "Share of draws in which it is lower", |r| r.paired().lower)
}

impl Ranked {
    fn rows(&self) -> impl Iterator<Item = RankedRow<'_>> {
        self.order().into_iter().map(|plan| RankedRow { ranked: self, plan })
    }

    /// Plans by tier, then by mean, best first.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.plans.len()).collect();
        let key = |p: usize| self.sense.sign() * self.paired[p].mean.value;
        order.sort_by(|&a, &b| {
            self.tiers[a].cmp(&self.tiers[b]).then(key(a).total_cmp(&key(b))).then(a.cmp(&b))
        });
        order
    }

    fn text(&self, about: &[PolicyAbout]) -> String {
        let which = if self.sense == Sense::Min { "lowest" } else { "highest" };
        let lower = if self.sense == Sense::Min { "lower in" } else { "higher in" };
        let mean = match self.base {
            // A share of nothing says nothing.
            Some(0.0) => format!("; base: mean 0, so changes are in {}", self.unit),
            Some(mean) => format!("; base: mean {}", number(mean)),
            None => format!("; changes are in {}", self.unit),
        };
        let mut text = format!("{} [{}], {which} first{mean}\n", self.cell, self.unit);
        let width = self.plans.iter().map(|p| p.chars().count()).max().unwrap_or(0).max(6);
        text.push_str(&format!(
            "   {:width$}  {:>17}  {:>22}  {lower}\n",
            "policy", "mean", "median (90% of draws)"
        ));
        let mut last = 0;
        for p in self.order() {
            let (paired, tier) = (&self.paired[p], self.tiers[p]);
            let mark = if tier == last { "  ".to_owned() } else { format!("{tier:<2}") };
            last = tier;
            let share = if self.sense == Sense::Min { paired.lower } else { paired.higher };
            let changes = paired.lower + paired.higher > 0.0;
            let line = if changes {
                let change = format!(
                    "{} ±{}",
                    signed(paired.mean.value, self.base.unwrap_or(0.0)),
                    of(paired.mean.half(), self.base.unwrap_or(0.0))
                );
                let [low, median, high] = [0, 1, 2].map(|i| ratio(paired.ratios[i].value));
                let ratio =
                    format!("{median} ({} – {})", low.trim_start_matches('×'), high.trim_start_matches('×'));
                format!("{mark} {:width$}  {change:>17}  {ratio:>22}  {}", self.plans[p], percent(share))
            } else if p == 0 {
                format!("{mark} {:width$}", self.plans[p])
            } else {
                format!("{mark} {:width$}  the same in each of {} draws", self.plans[p], paired.draws)
            };
            text.push_str(line.trim_end());
            let title = about.iter().find(|a| a.policy == self.plans[p]).map(|a| a.title.as_str());
            if let Some(title) = title {
                let room = (width + 57).saturating_sub(line.chars().count());
                text.push_str(&format!("{}{title}", " ".repeat(room.max(2))));
            }
            text.push('\n');
        }
        text.push_str(&self.ties());
        text.push_str(&self.rarities());
        text
    }

    /// Which changes rest on too few draws for their intervals to hold: one sentence that names them.
    fn rarities(&self) -> String {
        let few = |p: &usize| self.paired[*p].changed() > 0 && self.paired[*p].effective < FEW;
        let rare: Vec<usize> = self.order().into_iter().filter(few).collect();
        let Some(&first) = rare.first() else { return String::new() };
        let draws = self.paired[first].draws;
        let named: Vec<String> = (rare.iter())
            .map(|&p| {
                let (changed, carried) = (self.paired[p].changed(), self.paired[p].effective);
                // As many draws as those that differ carry it evenly.
                let evenly = carried > 0.9 * changed as f64;
                let carry = if evenly { String::new() } else { format!(", worth {carried:.0}") };
                format!("{} ({changed}{carry})", self.plans[p])
            })
            .collect();
        // Where nearly all draws differ there is no shock to be given: there are too few of them.
        let shock = rare.iter().any(|&p| 2.0 * self.paired[p].effective < draws as f64);
        let instead = if shock { "take more draws, or --given the shock" } else { "take more draws" };
        let head =
            format!("   too few of {draws} draws carry the change for its interval to hold, so {instead}: ");
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        wrapped(&head, &named)
    }

    /// Which policies share a tier, in words.
    fn ties(&self) -> String {
        let mut text = String::new();
        for tier in 1..=self.tiers.iter().copied().max().unwrap_or(0) {
            let order = self.order();
            let members: Vec<&str> =
                order.iter().filter(|&&p| self.tiers[p] == tier).map(|&p| self.plans[p].as_str()).collect();
            if members.len() > 1 {
                text.push_str(&wrapped("   cannot be told apart at this number of draws: ", &members));
            }
        }
        text
    }
}

/// A list after a head, in lines of at most a hundred characters.
fn wrapped(head: &str, items: &[&str]) -> String {
    let mut text = head.to_owned();
    let mut length = head.chars().count();
    for (i, item) in items.iter().enumerate() {
        let more = item.chars().count() + 2;
        if i > 0 && length + more > 100 {
            text.push_str("\n      ");
            length = 6;
        }
        text.push_str(item);
        text.push_str(if i + 1 < items.len() { ", " } else { "\n" });
        length += more;
    }
    text
}

/// A change as a share of the base, or as it is where the base is nothing.
fn signed(x: f64, base: f64) -> String {
    if base == 0.0 {
        number(x)
    } else {
        format!("{}{}%", if x < 0.0 { "−" } else { "+" }, of_share(x, base))
    }
}

fn of(x: f64, base: f64) -> String {
    if base == 0.0 { number(x) } else { format!("{}%", of_share(x, base)) }
}

/// A ratio in three digits after the point.
fn ratio(x: f64) -> String {
    if x.is_finite() && x < 100.0 { format!("×{x:.3}") } else { format!("×{}", number(x)) }
}

fn of_share(x: f64, base: f64) -> String {
    let share = 100.0 * (x / base).abs();
    if share == 0.0 {
        "0".to_owned()
    } else if share < 0.01 {
        "<0.01".to_owned()
    } else if share < 1.0 {
        format!("{share:.2}")
    } else {
        format!("{share:.1}")
    }
}
