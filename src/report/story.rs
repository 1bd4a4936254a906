//! The story of one draw in plain words.

use super::number;
use crate::engine::production::cause;
use crate::engine::training::lab_cause;
use crate::engine::witness::{Facts, Witness};
use crate::model::time::Quarter;
use crate::plan::Plan;
use crate::plan::inputs::Inputs;
use crate::results::float;
use std::fmt::Write;

/// Ranks closer to an end than this are worth a line.
const UNUSUAL: f64 = 0.02;
/// At most so many of them.
const LINES: usize = 12;

/// One draw, told.
#[derive(Debug)]
pub struct Story<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What happened.
    pub witness: &'a Witness,
    /// The inputs.
    pub inputs: &'a Inputs,
    /// Number of the draw.
    pub draw: u64,
    /// Its lane.
    pub lane: usize,
}

impl Story<'_> {
    /// The whole story.
    pub fn tell(&self) -> String {
        let mut text = format!("Draw {} of {}\n\n", self.draw, self.plan.model.title);
        self.inputs_out_of_the_ordinary(&mut text);
        for (t, facts) in self.witness.facts.iter().enumerate() {
            let quarter = Quarter(self.plan.model.run.horizon.first.0 + t as i32);
            let _ = writeln!(text, "\n{quarter}");
            self.events(&mut text, facts);
            self.labs(&mut text, facts);
        }
        text
    }

    fn inputs_out_of_the_ordinary(&self, text: &mut String) {
        let mut rare: Vec<(f64, String)> = Vec::new();
        for q in self.plan.layout.uncertain() {
            let rank = self.plan.layout.rank(q, self.inputs)[self.lane];
            let end = rank.min(1.0 - rank);
            let quantity = &self.plan.model.quantities[q.0 as usize];
            let own = quantity.path.starts_with("shock.") && !quantity.path.ends_with(".hazard");
            if end < UNUSUAL && !own {
                let value = self.plan.layout.drawn(q, self.inputs)[self.lane];
                let side = if rank < 0.5 { "low" } else { "high" };
                let line = format!(
                    "  {} is unusually {side}: {} {} (only {} of draws are further out)",
                    quantity.path,
                    number(value),
                    quantity.unit,
                    super::percent(end),
                );
                rare.push((end, line));
            }
        }
        rare.sort_by(|a, b| a.0.total_cmp(&b.0));
        let more = rare.len().saturating_sub(LINES);
        text.push_str(if rare.is_empty() {
            "No input is out of the ordinary.\n"
        } else {
            "Out of the ordinary:\n"
        });
        for (_, line) in rare.into_iter().take(LINES) {
            let _ = writeln!(text, "{line}");
        }
        if more > 0 {
            let _ = writeln!(text, "  and {more} more");
        }
    }

    fn events(&self, text: &mut String, facts: &Facts) {
        let m = &self.plan.model;
        let named =
            |title: &str, id: &str| if title.is_empty() { id.to_owned() } else { format!("{title} ({id})") };
        for &(s, onset, length) in &facts.strikes {
            let shock = &m.shocks[s.index()];
            let first = m.run.horizon.first;
            let _ = writeln!(
                text,
                "  strikes: {}, from {} for {} quarters",
                named(&shock.title, &shock.id),
                Quarter(first.0 + onset.floor() as i32),
                number(length),
            );
        }
        for &(r, begins) in &facts.rules {
            let rule = &m.rules[r.index()];
            let what = if begins { "takes effect" } else { "ends" };
            let _ = writeln!(text, "  rule {what}: {}", named(&rule.title, &rule.id));
        }
        if !facts.launches.is_empty() {
            let chips: Vec<&str> = facts.launches.iter().map(|c| m.chips[c.index()].id.as_str()).collect();
            let _ = writeln!(text, "  launched: {}", chips.join(", "));
        }
        for &(b, spent) in &facts.rushes {
            let _ =
                writeln!(text, "  {} buys ahead of a rule for {} USD", m.buyers[b.index()].id, number(spent));
        }
        for &(n, [attempted, seized, delivered, premium]) in &facts.smuggling {
            let _ = writeln!(
                text,
                "  smuggling to {}: {} chips bought by resellers, {} seized, {} delivered, at {} times list price",
                m.countries[n.index()].id,
                number(attempted),
                number(seized),
                number(delivered),
                number(premium),
            );
        }
        for &(n, works) in &facts.dark {
            let _ = writeln!(
                text,
                "  power: only {} of chips in {} run",
                super::percent(works),
                m.countries[n.index()].id
            );
        }
        if !facts.short.is_empty() {
            let named = |c: u8| {
                if c == cause::RAMP { "its ramp".to_owned() } else { m.goods[usize::from(c)].id.clone() }
            };
            let list: Vec<String> = facts
                .short
                .iter()
                .map(|&(c, why)| format!("{} by {}", m.chips[c.index()].id, named(why)))
                .collect();
            let _ = writeln!(text, "  production held back: {}", list.join(", "));
        }
    }

    fn labs(&self, text: &mut String, facts: &Facts) {
        for &(l, reachable, run, chips, bound, effective) in &facts.labs {
            let mut exact = [String::new(), String::new(), String::new()];
            for (out, x) in exact.iter_mut().zip([reachable, run, chips]) {
                float(out, x);
            }
            let why = lab_cause::NAMES[usize::from(bound)];
            let data = if usize::from(effective) == usize::from(lab_cause::DATA) {
                "; data would limit it"
            } else {
                ""
            };
            let _ = writeln!(
                text,
                "  {} could train {} FLOP, has trained {}, on {} H100e; bound by {why}{data}",
                self.plan.model.labs[l.index()].id,
                exact[0],
                exact[1],
                exact[2],
            );
        }
    }
}
