//! How well a simulated past fits, at a glance: a line a group, naive rivals, the worst misses, and what the fit implies.

use super::columns::{Align, aligned};
use super::scores::{InSection, WeightedCell, Weighting, hindcast, naive, rivals, scores};
use super::{OutputFormat, number, percent};
use crate::analysis::board::{ALL, Board, Duel, Line, Rival};
use crate::analysis::hindcast::Scored;
use crate::math::exp;
use crate::model::time::Quarter;
use crate::results::table::TableText;
use serde_json::{Value as Json, json};

/// Misses that are shown.
const WORST: usize = 5;

/// Observations of one span of time, and their scores.
#[derive(Clone, Debug)]
pub struct Section {
    /// `past` or `forecast`; of draws that are weighted, with `, fitted`.
    pub name: &'static str,
    /// Observations in the order of their tables.
    pub rows: Vec<Scored>,
    /// Their scores.
    pub board: Board,
}

/// A whole hindcast.
#[derive(Clone, Debug)]
pub struct Scoreboard {
    /// Title of the scenario.
    pub title: String,
    /// Stem of the policy; `base` for none.
    pub policy: String,
    /// Draws.
    pub draws: u64,
    /// Last quarter of the past.
    pub until: Quarter,
    /// The past, then the forecast, where there are observations.
    pub sections: Vec<Section>,
    /// Weights of draws and what they change, if asked for.
    pub weighting: Option<(Weighting, Vec<WeightedCell>)>,
}

impl Scoreboard {
    /// The board as text.
    pub fn render(&self, how: OutputFormat) -> String {
        match how {
            OutputFormat::Text => self.text(),
            OutputFormat::Csv => scores().csv(self.lines()),
            OutputFormat::Json => format!("{:#}\n", self.json()),
        }
    }

    /// The scores as a table.
    pub fn to_table(&self) -> TableText {
        TableText::of(&scores(), self.lines())
    }

    /// The tables of observations, naive forecasts and scores.
    pub fn tables(&self) -> [TableText; 4] {
        let observations = self.rows(|s| s.rows.iter());
        let forecasts = self.rows(|s| s.rows.iter().flat_map(|r| r.naive.iter().map(move |n| (r, n))));
        let duels = self.rows(|s| s.board.duels.iter());
        [
            TableText::of(&hindcast(), observations),
            TableText::of(&naive(), forecasts),
            self.to_table(),
            TableText::of(&rivals(), duels),
        ]
    }

    /// Rows of all sections, each with its section and the policy.
    fn rows<'a, I: Iterator + 'a>(
        &'a self,
        of: impl Fn(&'a Section) -> I + 'a,
    ) -> impl Iterator<Item = InSection<'a, I::Item>> + 'a {
        self.sections.iter().flat_map(move |s| of(s).map(move |row| self.within(s, row)))
    }

    fn within<'a, R>(&'a self, section: &'a Section, row: R) -> InSection<'a, R> {
        InSection { policy: &self.policy, section: section.name, row }
    }

    /// A line a group, then one over all.
    fn lines(&self) -> impl Iterator<Item = InSection<'_, &Line>> {
        self.rows(|s| s.board.groups.iter().chain([&s.board.all]))
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n{} draws held against what was published\n", self.title, self.draws);
        for section in &self.sections {
            let what = if section.name == "past" {
                format!("Past, to {}", self.until)
            } else {
                format!("Conditional forecast, after {}", self.until)
            };
            text.push_str(&format!("\n{what}\n"));
            text.push_str(&aligned(&lines(&section.board), Align::Right));
            text.push_str(&format!(
                "Where published values lie in the simulated distribution: {}\n",
                section.board.all.shape()
            ));
            if !section.board.duels.is_empty() {
                text.push_str("\nAgainst naive forecasts, on the rows that both forecast\n");
                text.push_str(&aligned(&duels(&section.board.duels), Align::Right));
                text.push_str("\nBy group: what the simulation saves of their score, and the series in which it is better\n");
                text.push_str(&aligned(&saved(&section.board), Align::Right));
            }
            text.push_str("\nWorst misses\n");
            text.push_str(&aligned(&misses(section), Align::Right));
        }
        if let Some((weighting, cells)) = &self.weighting {
            text.push_str(&format!("\n{}\n", explained(weighting, self.draws)));
            text.push_str(&aligned(&reweighted(cells), Align::Right));
        }
        text.push_str(
            "\nScores are means over each series, then over series; crps, errors and bias are taken in natural logs.\n",
        );
        text
    }

    fn json(&self) -> Json {
        let sections: Vec<Json> = self.sections.iter().map(|s| self.section_json(s)).collect();
        let weighting = self.weighting.as_ref().map(|(w, cells)| {
            let cells: Vec<Json> = (cells.iter())
                .map(|c| json!({ "cell": c.cell.address(), "plain": c.plain, "weighted": c.weighted }))
                .collect();
            json!({
                "observations": w.observations, "series": w.series, "discrepancy": w.discrepancy.sd,
                "discrepancy_rho": w.discrepancy.rho, "exponent": w.weights.exponent,
                "effective_draws": w.weights.effective, "effective_draws_full": w.weights.effective_full,
                "largest_weight_full": w.weights.largest_full, "collapsed": w.weights.collapsed(), "cells": cells,
            })
        });
        json!({
            "title": self.title, "policy": self.policy, "draws": self.draws, "until": self.until.to_string(),
            "sections": sections, "weighting": weighting,
        })
    }

    /// NaN, where there is nothing to average, has no JSON number: it becomes null.
    fn section_json(&self, section: &Section) -> Json {
        let (scores, rivals) = (scores(), rivals());
        let line = |l| scores.json(&self.within(section, l));
        let board = &section.board;
        json!({
            "section": section.name, "all": line(&board.all),
            "groups": board.groups.iter().map(line).collect::<Vec<_>>(),
            "rivals": board.duels.iter().map(|d| rivals.json(&self.within(section, d))).collect::<Vec<_>>(),
        })
    }
}

fn words(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|c| (*c).to_owned()).collect()
}

/// A share, or nothing where there is none.
fn share(p: f64) -> String {
    if p.is_nan() { String::new() } else { percent(p) }
}

fn plain(x: f64) -> String {
    if x.is_nan() { String::new() } else { format!("{x:.2}") }
}

fn lines(board: &Board) -> Vec<Vec<String>> {
    let mut all = vec![words(&[
        "",
        "values",
        "series",
        "in 50%",
        "in 90%",
        "crps",
        "bias",
        "p95/p05",
        "overlap",
        "median in range",
        "bounds met",
    ])];
    for l in board.groups.iter().chain([&board.all]) {
        let bounds =
            if l.bounds > 0 { format!("{} of {}", share(l.at_least), l.bounds) } else { String::new() };
        let bias = if l.rows == 0 { String::new() } else { format!("×{}", number(l.bias_factor())) };
        let width = if l.rows == 0 { String::new() } else { number(l.width) };
        all.push(vec![
            l.group.clone(),
            l.rows.to_string(),
            l.series.to_string(),
            share(l.inside50),
            share(l.inside90),
            plain(l.crps),
            bias,
            width,
            share(l.overlap),
            share(l.median_in_range),
            bounds,
        ]);
    }
    all
}

fn duels(duels: &[Duel]) -> Vec<Vec<String>> {
    let mut all = vec![words(&[
        "",
        "values",
        "series",
        "crps",
        "its median's error",
        "naive error",
        "with a spread",
        "saved",
        "series won",
    ])];
    for d in duels.iter().filter(|d| d.group == ALL) {
        all.push(vec![
            format!("{} from {}", d.rival.name(), d.origin),
            d.rows.to_string(),
            d.series.to_string(),
            plain(d.crps),
            plain(d.median_error),
            plain(d.rival_error),
            plain(d.rival_crps),
            format!("{:.0}%", 100.0 * d.skill()),
            format!("{} of {}", d.series_won, d.series),
        ]);
    }
    all
}

/// A line a group: what the simulation saves of each naive forecast's score from the latest origin that has one.
fn saved(board: &Board) -> Vec<Vec<String>> {
    let mut all =
        vec![std::iter::once(String::new()).chain(Rival::ALL.map(|r| r.name().to_owned())).collect()];
    for l in board.groups.iter().chain([&board.all]) {
        let cell = |rival: Rival| {
            let duel = board.duels.iter().rfind(|d| d.group == l.group && d.rival == rival);
            duel.map_or_else(String::new, |d| {
                format!("{:.0}% ({} of {})", 100.0 * d.skill(), d.series_won, d.series)
            })
        };
        all.push(std::iter::once(l.group.clone()).chain(Rival::ALL.map(cell)).collect());
    }
    all
}

fn misses(section: &Section) -> Vec<Vec<String>> {
    let mut all = vec![words(&["", "published", "simulated", "90% of draws", "crps"])];
    for &i in section.board.worst.iter().take(WORST) {
        let r = &section.rows[i];
        let o = &r.observation;
        let range =
            o.low.zip(o.high).map_or_else(String::new, |(a, b)| format!(" ({} – {})", number(a), number(b)));
        all.push(vec![
            format!("{}/{}@{}", o.actor, o.metric, o.time()),
            format!("{}{range}", number(o.center())),
            number(r.quantiles[2]),
            format!("{} – {}", number(r.quantiles[0]), number(r.quantiles[4])),
            r.scores.map_or_else(String::new, |s| plain(s.crps)),
        ]);
    }
    all
}

/// What the weights rest on, in words; a collapse is called one.
fn explained(w: &Weighting, draws: u64) -> String {
    let of = &w.weights;
    let by = format!(
        "Draws weighted by {} year-end observations of {} series, discrepancy {} (a factor of {}), correlation {} a year apart",
        w.observations,
        w.series,
        number(w.discrepancy.sd),
        number(exp(w.discrepancy.sd)),
        number(w.discrepancy.rho),
    );
    if !of.collapsed() {
        return format!(
            "{by}\nThe full likelihood leaves {} effective draws of {draws}",
            number(of.effective)
        );
    }
    format!(
        "{by}\nCOLLAPSE: at the full likelihood {} effective draws of {draws} are left, and one draw carries {} of the weight.\n\
         Tempered to the power {} (temperature {}), which leaves {} effective draws: what follows leans towards what was\n\
         published and is no posterior",
        number(of.effective_full),
        percent(of.largest_full),
        number(of.exponent),
        number(1.0 / of.exponent),
        number(of.effective),
    )
}

fn reweighted(cells: &[WeightedCell]) -> Vec<Vec<String>> {
    let mut all = vec![words(&["", "median", "90% of draws", "weighted median", "90% of weight"])];
    for c in cells {
        let range = |q: &[f64; 3]| format!("{} – {}", number(q[0]), number(q[2]));
        all.push(vec![
            c.cell.address(),
            number(c.plain[1]),
            range(&c.plain),
            number(c.weighted[1]),
            range(&c.weighted),
        ]);
    }
    all
}
