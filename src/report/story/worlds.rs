//! One draw in two worlds side by side: where they part, what happens in one only, and which numbers differ.

use super::{Figure, Story, Told};
use crate::metrics::Metric;
use crate::report::number;
use serde_json::{Value, json};
use std::fmt::Write;

/// Numbers closer than this are the same for people \[1\].
const SAME: f64 = 0.005;
/// Most numbers told in a quarter.
const FIGURES: usize = 12;

/// The same draw as the scenario stands and under a policy.
#[derive(Clone, Debug)]
pub struct Worlds {
    /// As the scenario stands.
    pub base: Story,
    /// Under the policy.
    pub policy: Story,
}

/// A quarter in both.
struct Both<'a> {
    told: [&'a Told; 2],
    only: [Vec<&'a String>; 2],
    figures: Vec<[&'a Figure; 2]>,
}

impl Worlds {
    /// Quarters in both worlds; numbers that are in both and differ at all.
    fn quarters(&self) -> impl Iterator<Item = Both<'_>> {
        self.base.quarters.iter().zip(&self.policy.quarters).map(|(a, b)| {
            let missing = |e: &&String, other: &Told| !other.events.contains(e);
            let pairs = a.figures.iter().filter_map(|f| {
                let twin = b.figures.iter().find(|g| g.actor == f.actor && g.metric == f.metric)?;
                (twin.value.to_bits() != f.value.to_bits()).then_some([f, twin])
            });
            Both {
                told: [a, b],
                only: [
                    a.events.iter().filter(|e| missing(e, b)).collect(),
                    b.events.iter().filter(|e| missing(e, a)).collect(),
                ],
                figures: pairs.collect(),
            }
        })
    }

    /// Both worlds in plain words.
    pub fn text(&self) -> String {
        let worlds = [self.base.world.as_str(), self.policy.world.as_str()];
        let mut text =
            format!("Draw {} of {}: {} beside {}", self.base.draw, self.base.title, worlds[0], worlds[1]);
        if let Some(actor) = &self.base.actor {
            let _ = write!(text, ", for {actor}");
        }
        text.push_str("\n\n");
        text.push_str(&self.base.unusual_text());
        let mut parted = false;
        for both in self.quarters() {
            let mut lines = String::new();
            for (world, events) in worlds.iter().zip(&both.only) {
                for event in events {
                    let _ = writeln!(lines, "  {world} only: {event}");
                }
            }
            lines.push_str(&figures_text(&both.figures, worlds));
            if lines.is_empty() {
                continue;
            }
            if !parted {
                let _ = writeln!(text, "\nThe worlds part in {}.", both.told[0].quarter);
                parted = true;
            }
            let _ = writeln!(text, "\n{}\n{}", both.told[0].quarter, lines.trim_end());
        }
        if !parted {
            text.push_str("\nThe worlds are the same in this draw.\n");
        }
        text
    }

    /// Both worlds as data, to the bit.
    pub fn json(&self) -> Value {
        let quarters: Vec<Value> = self
            .quarters()
            .filter(|b| !b.only[0].is_empty() || !b.only[1].is_empty() || !b.figures.is_empty())
            .map(|b| {
                let figure = |[x, y]: &[&Figure; 2]| {
                    json!({
                        "actor": x.actor, "metric": x.metric, "unit": x.unit,
                        "base": x.value, "policy": y.value,
                    })
                };
                let figures: Vec<Value> = b.figures.iter().map(figure).collect();
                json!({
                    "quarter": b.told[0].quarter.to_string(), "base_only": b.only[0], "policy_only": b.only[1],
                    "figures": figures,
                })
            })
            .collect();
        let parted = quarters.first().map_or(Value::Null, |q| q["quarter"].clone());
        json!({
            "draw": self.base.draw, "policy": self.policy.world, "parted_in": parted, "differences": quarters,
            "worlds": [self.base.json(), self.policy.json()],
        })
    }
}

/// Numbers that differ visibly, the largest differences first.
fn figures_text(figures: &[[&Figure; 2]], worlds: [&str; 2]) -> String {
    let change = |[x, y]: &[&Figure; 2]| {
        let size = x.value.abs().max(y.value.abs());
        (x.value - y.value).abs() / size
    };
    let mut shown: Vec<&[&Figure; 2]> =
        figures.iter().filter(|f| !is_variant(&f[0].metric) && change(f) > SAME).collect();
    shown.sort_by(|a, b| change(b).total_cmp(&change(a)));
    let more = shown.len().saturating_sub(FIGURES);
    let mut lines = vec![[String::new(), worlds[0].to_owned(), worlds[1].to_owned(), String::new()]];
    for [x, y] in shown.into_iter().take(FIGURES) {
        let unit = if x.unit == "1" { String::new() } else { format!(" [{}]", x.unit) };
        let times = if x.value == 0.0 { String::new() } else { format!("× {}", number(y.value / x.value)) };
        lines.push([format!("{} {}{unit}", x.actor, x.metric), number(x.value), number(y.value), times]);
    }
    let mut text = String::new();
    if lines.len() > 1 {
        let width = |i: usize| lines.iter().map(|l| l[i].chars().count()).max().unwrap_or(0);
        let widths = [0, 1, 2, 3].map(width);
        for line in &lines {
            let cells: Vec<String> = line.iter().zip(widths).map(|(c, w)| format!("{c:<w$}")).collect();
            let _ = writeln!(text, "  {}", cells.join("  ").trim_end());
        }
    }
    if more > 0 {
        let _ = writeln!(text, "  and {more} numbers more");
    }
    text
}

/// Whether a metric only says in other words what another one says.
fn is_variant(metric: &str) -> bool {
    Metric::named(metric).is_some_and(|(metric, sum)| sum || metric.repeats())
}
