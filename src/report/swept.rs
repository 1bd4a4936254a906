//! A sweep as people read it: every point, the best and the worst, and how levers work on each other.

use super::verdict::{Apart, apart_json, apart_text};
use super::{OutputFormat, number};
use crate::analysis::{Effect, Paired, Sense};
use crate::results::table::{Table, TableText};
use serde_json::json;

/// A point of a sweep in the cell that is shown.
#[derive(Clone, Debug)]
pub struct Point {
    /// Levels as written.
    pub levels: Vec<String>,
    /// Mean over draws.
    pub mean: f64,
    /// Median over draws.
    pub median: f64,
    /// Against the reference case.
    pub paired: Paired,
    /// Its tier.
    pub tier: usize,
}

/// All that `sweep` prints.
#[derive(Clone, Debug)]
pub struct Swept {
    /// Title of the scenario.
    pub title: String,
    /// Name of the scenario.
    pub scenario: String,
    /// The policy at every point; base: none.
    pub policy: String,
    /// Draws that count.
    pub draws: u64,
    /// The cell that is shown.
    pub cell: String,
    /// Its unit.
    pub unit: String,
    /// Which way is better.
    pub sense: Sense,
    /// Paths of the levers.
    pub levers: Vec<String>,
    /// The reference case: the scenario without any lever.
    pub base: Point,
    /// All points.
    pub points: Vec<Point>,
    /// Interactions of pairs of levers.
    pub interactions: Vec<Effect>,
    /// Actors that are not in every world.
    pub apart: Vec<Apart>,
}

impl Swept {
    /// The sweep as text.
    pub fn render(&self, how: OutputFormat) -> String {
        match how {
            OutputFormat::Text => self.text(),
            OutputFormat::Csv => self.table().csv(self.order()),
            OutputFormat::Json => self.json(),
        }
    }

    /// Points by mean, best first.
    fn order(&self) -> Vec<&Point> {
        let mut order: Vec<&Point> = self.points.iter().collect();
        let key = |p: &&Point| self.sense.sign() * p.paired.mean.value;
        order.sort_by(|a, b| a.tier.cmp(&b.tier).then(key(a).total_cmp(&key(b))));
        order
    }

    fn named(&self, point: &Point) -> String {
        let one = |(path, level): (&String, &String)| format!("{path}={level}");
        self.levers.iter().zip(&point.levels).map(one).collect::<Vec<_>>().join(" ")
    }

    fn text(&self) -> String {
        let which = if self.sense == Sense::Min { "lowest" } else { "highest" };
        let mut text = format!(
            "{}\n{} draws, the same at every point; ± is half the 95% interval of the simulation's error\n\n{} [{}], {which} first; base: mean {}, median {}\n",
            self.title,
            self.draws,
            self.cell,
            self.unit,
            number(self.base.mean),
            number(self.base.median)
        );
        let mut last = 0;
        for p in self.order() {
            let mark = if p.tier == last { "  ".to_owned() } else { format!("{:<2}", p.tier) };
            last = p.tier;
            let change = format!("{} ±{}", number(p.paired.mean.value), number(p.paired.mean.half()));
            text.push_str(&format!("{mark} {:>9}  {change:<22} {}\n", number(p.mean), self.named(p)));
        }
        if let (Some(best), Some(worst)) = (self.order().first(), self.order().last()) {
            text.push_str(&format!("\nbest   {}\nworst  {}\n", self.named(best), self.named(worst)));
            if best.tier == worst.tier {
                text.push_str("they cannot be told apart at this number of draws\n");
            }
        }
        for effect in &self.interactions {
            let (a, b) = (&self.levers[effect.levers.0], &self.levers[effect.levers.1]);
            let size = &effect.interaction;
            let words = if size.is_sure() { "" } else { ": none can be told at this number of draws" };
            text.push_str(&format!(
                "interaction of {a} and {b}, corner to corner: {} ±{}{words}\n",
                number(size.value),
                number(size.half())
            ));
        }
        text + &apart_text(&self.apart)
    }

    /// The points as a table.
    pub fn to_table(&self) -> TableText {
        TableText::of(&self.table(), self.order())
    }

    /// The points as programs read them.
    fn table(&self) -> Table<Point> {
        let (scenario, policy) = (self.scenario.clone(), self.policy.clone());
        let cell = self.cell.clone();
        let table = Table::<Point>::new("points", "Points of the sweep in one cell, best first")
            .scenario(move |_| scenario.clone().into())
            .text("policy", "Stem of the policy at every point; base: none", move |_| policy.clone().into())
            .text("cell", "The cell: actor/metric@quarter", move |_| cell.clone().into());
        let with_levers = self.levers.iter().enumerate().fold(table, |table, (i, path)| {
            table.text(path.clone(), "Level as written", move |p| (&p.levels[i]).into())
        });
        with_levers
            .integer("tier", "Rank by mean; points of one tier cannot be told apart", |p| p.tier as u64)
            .number("mean", "Mean over draws", |p| p.mean)
            .number("difference_mean", "Mean less that of the scenario as it stands", |p| p.paired.mean.value)
            .number("half_width", "Half width of its 95% interval", |p| p.paired.mean.half())
    }

    fn json(&self) -> String {
        let finite = |x: f64| x.is_finite().then_some(x);
        let point = |p: &&Point| {
            let levels: serde_json::Map<String, serde_json::Value> =
                self.levers.iter().zip(&p.levels).map(|(path, level)| (path.clone(), json!(level))).collect();
            json!({
                "levels": levels, "tier": p.tier, "mean": finite(p.mean), "median": finite(p.median),
                "difference_mean": p.paired.mean.value, "half_width": finite(p.paired.mean.half()),
            })
        };
        let effect = |e: &Effect| {
            json!({
                "levers": [self.levers[e.levers.0], self.levers[e.levers.1]],
                "interaction": e.interaction.value, "half_width": finite(e.interaction.half()),
            })
        };
        let whole = json!({
            "title": self.title, "scenario": self.scenario, "policy": self.policy, "draws": self.draws, "cell": self.cell, "unit": self.unit,
            "best": self.sense.to_string(), "base_mean": finite(self.base.mean),
            "points": self.order().iter().map(point).collect::<Vec<_>>(),
            "interactions": self.interactions.iter().map(effect).collect::<Vec<_>>(),
            "not_compared": apart_json(&self.apart),
        });
        format!("{whole:#}\n")
    }
}
