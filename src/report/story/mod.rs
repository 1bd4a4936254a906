//! The story of one draw: what was out of the ordinary, then what happened quarter by quarter, in words and in numbers.

mod focus;
mod words;
mod worlds;

pub use focus::Focus;
pub use worlds::Worlds;

use super::{number, percent};
use crate::engine::steps::roots::root;
use crate::engine::steps::training::lab_cause;
use crate::engine::trace::{Facts, Trace};
use crate::inputs::Inputs;
use crate::metrics::Metric;
use crate::metrics::headline::METRICS;
use crate::model::time::Quarter;
use crate::plan::Plan;
use crate::results::Cell;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Ranks closer to an end than this are worth a line.
const UNUSUAL: f64 = 0.02;
/// At most so many of them.
const LINES: usize = 12;

/// An input far out in its distribution.
#[derive(Clone, Debug)]
pub struct Unusual {
    /// Its path.
    pub path: String,
    /// What the draw took, in `unit`.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// Share of draws that lie lower \[1\].
    pub rank: f64,
}

/// A number of the draw, to the bit what a run exports.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Whose it is.
    pub actor: String,
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// The number.
    pub value: f64,
}

/// What bound a lab.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The lab.
    pub lab: String,
    /// What bound its reachable compute, then its effective compute.
    pub by: [&'static str; 2],
    /// Where it lacks chips, what those lack, then what those designed at home do.
    pub roots: [Option<&'static str>; 2],
}

impl Bound {
    /// Where it lacks chips, why: `, because of memory at home and rules abroad`.
    pub(super) fn because(&self) -> String {
        match self.roots {
            [None, _] => String::new(),
            [Some(root), Some(home)] if home != root => {
                format!(", because of {home} at home and {root} abroad")
            }
            [Some(root), _] => format!(", because of {root}"),
        }
    }
}

/// One quarter.
#[derive(Clone, Debug)]
pub struct Told {
    /// The quarter.
    pub quarter: Quarter,
    /// What happened, a sentence each.
    pub events: Vec<String>,
    /// What bound the labs.
    pub bound: Vec<Bound>,
    /// Numbers of the actors that the story is about.
    pub figures: Vec<Figure>,
}

/// One draw, told.
#[derive(Clone, Debug)]
pub struct Story {
    /// Title of the scenario.
    pub title: String,
    /// The world it is about: `base`, or a policy.
    pub world: String,
    /// Number of the draw.
    pub draw: u64,
    /// Whom it is about, if not everybody.
    pub actor: Option<String>,
    /// Whether it is told by years.
    pub years: bool,
    /// What people call those that its numbers are of.
    pub names: BTreeMap<String, String>,
    /// Inputs that are out of the ordinary, the rarest first.
    pub unusual: Vec<Unusual>,
    /// Quarters.
    pub quarters: Vec<Told>,
}

/// What a story is made from.
#[derive(Debug)]
pub struct Draw<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What happened.
    pub trace: &'a Trace,
    /// The inputs.
    pub inputs: &'a Inputs,
    /// Number of the draw.
    pub number: u64,
    /// Its lane.
    pub lane: usize,
    /// Recorded cells with the draw's values.
    pub cells: &'a [(Cell, f64)],
}

impl Story {
    /// Tells a draw of a world, as far as it is about the actors in focus.
    pub fn new(draw: &Draw<'_>, world: &str, focus: &Focus) -> Self {
        let first = draw.plan.model.run.horizon.first;
        let told = |(t, facts): (usize, &Facts)| {
            let quarter = Quarter(first.0 + t as i32);
            let here = draw.cells.iter().filter(|(c, _)| c.quarter == quarter);
            let figures = here.map(|(c, value)| Figure {
                actor: c.actor.clone(),
                metric: c.metric.clone(),
                unit: c.unit.clone(),
                value: *value,
            });
            Told {
                quarter,
                events: words::events(&draw.plan.model, facts, focus),
                bound: bound(draw.plan, facts, focus),
                figures: figures.collect(),
            }
        };
        Self {
            title: draw.plan.model.title.clone(),
            world: world.to_owned(),
            draw: draw.number,
            actor: focus.actor.clone(),
            years: focus.years,
            names: (draw.cells.iter())
                .map(|(c, _)| (c.actor.clone(), draw.plan.model.title_of(&c.actor)))
                .collect(),
            unusual: unusual(draw),
            quarters: draw.trace.facts.iter().enumerate().map(told).collect(),
        }
    }

    /// The story in plain words; numbers are rounded.
    pub fn text(&self) -> String {
        let mut text = format!("Draw {} of {}", self.draw, self.title);
        if self.world != "base" {
            let _ = write!(text, " under {}", self.world);
        }
        if let Some(actor) = &self.actor {
            let _ = write!(text, ": {actor}");
        }
        text.push_str("\n\n");
        text.push_str(&self.unusual_text());
        if self.years {
            return text + &self.by_years();
        }
        let ids = BTreeMap::new();
        for told in &self.quarters {
            let _ = writeln!(text, "\n{}", told.quarter);
            for event in &told.events {
                let _ = writeln!(text, "  {event}");
            }
            text.push_str(&told.figures_text(&ids));
        }
        text
    }

    /// Years: what happened in which quarter, and where the year ended.
    fn by_years(&self) -> String {
        let mut text = String::new();
        for year in self.quarters.chunk_by(|a, b| a.quarter.year() == b.quarter.year()) {
            let _ = writeln!(text, "\n{}", year[0].quarter.year());
            for told in year {
                for event in &told.events {
                    let _ = writeln!(text, "  {}: {event}", told.quarter);
                }
            }
            for told in year {
                text.push_str(&told.figures_text(&self.names));
            }
        }
        text + "\n--whole tells every quarter and everybody, --actor one actor with all its numbers.\n"
    }

    /// What was out of the ordinary, in words.
    pub(super) fn unusual_text(&self) -> String {
        if self.unusual.is_empty() {
            return "No input is out of the ordinary.\n".to_owned();
        }
        let mut text = "Out of the ordinary:\n".to_owned();
        for u in self.unusual.iter().take(LINES) {
            let side = if u.rank < 0.5 { "low" } else { "high" };
            let end = percent(u.rank.min(1.0 - u.rank));
            let _ = writeln!(
                text,
                "  {} is unusually {side}: {}{} (only {end} of draws are further out)",
                u.path,
                number(u.value),
                if u.unit == "1" { String::new() } else { format!(" {}", u.unit) }
            );
        }
        let more = self.unusual.len().saturating_sub(LINES);
        if more > 0 {
            let _ = writeln!(text, "  and {more} more");
        }
        text
    }

    /// The story as data, to the bit.
    pub fn json(&self) -> Value {
        let unusual: Vec<Value> = (self.unusual.iter())
            .map(|u| json!({ "path": u.path, "value": u.value, "unit": u.unit, "rank": u.rank }))
            .collect();
        let quarters: Vec<Value> = self.quarters.iter().map(Told::json).collect();
        json!({
            "title": self.title, "world": self.world, "draw": self.draw, "actor": self.actor,
            "out_of_the_ordinary": unusual, "quarters": quarters,
        })
    }
}

impl Told {
    fn json(&self) -> Value {
        let figures: Vec<Value> = (self.figures.iter())
            .map(|f| json!({ "actor": f.actor, "metric": f.metric, "unit": f.unit, "value": f.value }))
            .collect();
        let bound: Vec<Value> = (self.bound.iter())
            .map(|b| {
                json!({
                    "lab": b.lab, "bound_by": b.by[0], "effective_bound_by": b.by[1],
                    "root": b.roots[0], "root_at_home": b.roots[1],
                })
            })
            .collect();
        json!({ "quarter": self.quarter.to_string(), "events": self.events, "bound": bound, "figures": figures })
    }

    /// Numbers: labs and countries in a sentence each, everything else as a list.
    fn figures_text(&self, names: &BTreeMap<String, String>) -> String {
        let mut text = String::new();
        let mut actors: Vec<&str> = self.figures.iter().map(|f| f.actor.as_str()).collect();
        actors.dedup();
        for actor in actors {
            let of = |metric: Metric| {
                let found = self.figures.iter().find(|f| f.actor == actor && f.metric == metric.name());
                found.map(|f| number(f.value))
            };
            let mut said = Vec::new();
            if let [Some(reachable), Some(run), Some(chips)] = METRICS.map(of) {
                said.extend(METRICS.map(Metric::name));
                let _ = write!(
                    text,
                    "  {} could train {reachable} FLOP, has trained {run}, on {chips} H100e",
                    names.get(actor).map_or(actor, String::as_str)
                );
                if let Some(b) = self.bound.iter().find(|b| actor.strip_prefix("lab.") == Some(&b.lab)) {
                    let _ = write!(text, "; bound by {}{}", b.by[0], b.because());
                    if b.by[1] == lab_cause::NAMES[usize::from(lab_cause::DATA)] {
                        text.push_str("; data would limit it");
                    }
                }
                text.push('\n');
            }
            let rest = self.figures.iter().filter(|f| f.actor == actor && f.value != 0.0);
            let rest: Vec<String> = rest
                .filter(|f| !said.contains(&f.metric.as_str()) && !is_sum(&f.metric))
                .map(|f| {
                    let unit = if f.unit == "1" { String::new() } else { format!(" {}", f.unit) };
                    format!("{} {}{unit}", f.metric, number(f.value))
                })
                .collect();
            if !rest.is_empty() {
                let _ = writeln!(text, "  {actor}: {}", rest.join(", "));
            }
        }
        text
    }
}

/// Whether a name is that of a sum since the start.
fn is_sum(metric: &str) -> bool {
    Metric::named(metric).is_some_and(|(_, sum)| sum)
}

fn unusual(draw: &Draw<'_>) -> Vec<Unusual> {
    let layout = &draw.plan.layout;
    let mut rare: Vec<Unusual> = Vec::new();
    for q in layout.uncertain() {
        let rank = layout.rank(q, draw.inputs)[draw.lane];
        let quantity = &draw.plan.model.quantities[q];
        // How a shock runs matters only where it strikes: then the story tells it.
        let own = quantity.path.starts_with("shock.") && !quantity.path.ends_with(".hazard");
        if rank.min(1.0 - rank) < UNUSUAL && !own {
            let value = layout.drawn(q, draw.inputs)[draw.lane];
            rare.push(Unusual { path: quantity.path.clone(), value, unit: quantity.unit.clone(), rank });
        }
    }
    let end = |u: &Unusual| u.rank.min(1.0 - u.rank);
    rare.sort_by(|a, b| end(a).total_cmp(&end(b)));
    rare
}

fn bound(plan: &Plan, facts: &Facts, focus: &Focus) -> Vec<Bound> {
    let labs = facts.labs.iter().filter(|l| focus.labs[l.lab.index()]);
    let name = |code: u8| lab_cause::NAMES[usize::from(code)];
    labs.map(|l| Bound {
        lab: plan.model.labs[l.lab].id.clone(),
        by: [name(l.bound_by), name(l.effective_bound_by)],
        roots: [l.root, l.root_at_home].map(|code| root::NAMES.get(usize::from(code)).copied()),
    })
    .collect()
}
