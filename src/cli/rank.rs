//! `graph --rank`: what a cell loses without each supplier, on the same draws, beside what structure says of it.

use super::Failure;
use super::arguments::GraphArguments;
use super::session::print;
use crate::analysis::Loss;
use crate::engine::knockout::{KnockoutCells, Knockouts, knock_out};
use crate::math::{Lanes, Mask, WIDTH};
use crate::metrics::Recording;
use crate::model::time::Quarter;
use crate::network::{Network, Node, Structure};
use crate::plan::{Plan, Supplied, Supplier};
use crate::report::{Ranking, RankingRow, Table};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Parts kept: a supplier is cut, or loses a tenth.
const KEPT: [f64; 2] = [0.0, 0.9];

/// Simulates every failure and prints the ranking.
pub(super) fn rank(
    arguments: &GraphArguments,
    plan: &Plan,
    network: &Network,
    how: Table,
) -> Result<(), Failure> {
    let (recording, cells) = watched(arguments, plan)?;
    let from = first_quarter(arguments, plan, &recording)?;
    let suppliers = plan.suppliers(network);
    let supplies: Vec<Vec<Supplied>> = suppliers.iter().map(|s| s.supplies.clone()).collect();
    let knockouts = Knockouts { plan, recording: &recording, suppliers: &supplies, kept: &KEPT, from };
    let losses = simulate(arguments, &knockouts)?;
    let structure = network.structure();
    let mut rankings = Vec::new();
    for (place, cell) in &cells {
        let labs = labs_of(plan, cell.split('/').next().unwrap_or_default());
        let mut rows = Vec::new();
        for (s, supplier) in suppliers.iter().enumerate() {
            let of = |part: usize| losses[s * KEPT.len() + part][*place].mean();
            let (Some(cut), Some(tenth)) = (of(0), of(1)) else { continue };
            let node = supplier.node.map(|n| structural(network, &structure, n, &labs));
            rows.push(row(supplier, cut, tenth, node));
        }
        if rows.is_empty() {
            return Err(Failure::Rejected(format!(
                "error: {cell} is 0 in every draw: there is nothing to lose"
            )));
        }
        let from = quarter(plan, from).to_string();
        rankings.push(Ranking::new(cell.clone(), from, arguments.draws.next_multiple_of(WIDTH as u64), rows));
    }
    print(&Ranking::render(&rankings, how))
}

fn row(
    supplier: &Supplier,
    cut: (f64, f64),
    tenth: (f64, f64),
    structure: Option<(Structure, f64)>,
) -> RankingRow {
    RankingRow { class: supplier.class, name: supplier.name.clone(), cut, tenth, structure }
}

fn quarter(plan: &Plan, t: usize) -> Quarter {
    Quarter(plan.model.run.horizon.first.0 + t as i32)
}

/// A recording that watches the cells asked for, and where each is among them.
fn watched(arguments: &GraphArguments, plan: &Plan) -> Result<(Recording, Vec<(usize, String)>), Failure> {
    let asked = if arguments.cell.is_empty() { vec![default_cell(plan)] } else { arguments.cell.clone() };
    let rejected = |e: String| Failure::Rejected(format!("error: {e}"));
    let mut recording =
        Recording::new(plan, &asked).map_err(|e| rejected(e.to_string().replace("--select", "--cell")))?;
    recording.watched.clone_from(&recording.cells);
    let names = recording.names.iter().map(crate::results::Cell::address).enumerate().collect();
    Ok((recording, names))
}

/// The headline's first actor, or the world, at the horizon's end.
fn default_cell(plan: &Plan) -> String {
    let run = &plan.model.run;
    let actor = run.headline.first().map_or("world", String::as_str);
    format!("{actor}/reachable_flop@{}", run.horizon.last)
}

/// The quarter from which suppliers fail.
fn first_quarter(arguments: &GraphArguments, plan: &Plan, recording: &Recording) -> Result<usize, Failure> {
    let last = recording.watched.iter().map(|c| c.0).min().unwrap_or(0);
    let from = match &arguments.from {
        None => plan.shocks_from.min(last),
        Some(text) => {
            let found = Quarter::parse(text)
                .ok_or_else(|| Failure::Usage(format!("--from takes a quarter, like 2026Q3, not {text}")))?;
            let t = found.0 - plan.model.run.horizon.first.0;
            if t < 0 || t as usize > last {
                return Err(Failure::Rejected(format!(
                    "error: --from: {found} lies outside the horizon, or after the cell"
                )));
            }
            t as usize
        }
    };
    Ok(from)
}

/// Losses by supplier and part kept, then cell.
fn simulate(arguments: &GraphArguments, knockouts: &Knockouts<'_>) -> Result<Vec<Vec<Loss>>, Failure> {
    let variants = knockouts.suppliers.len() * KEPT.len();
    let batches = arguments.draws.div_ceil(WIDTH as u64);
    let stop = Arc::new(AtomicBool::new(false));
    let hand = Arc::clone(&stop);
    let _ = ctrlc::set_handler(move || hand.store(true, Ordering::Relaxed));
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.threads)
        .build()
        .map_err(|e| Failure::Running(format!("threads: {e}")))?;
    let bar = bar(batches * variants as u64, arguments.quiet);
    let mut losses = vec![vec![Loss::default(); knockouts.recording.watched.len()]; variants];
    for b in 0..batches {
        let found: Option<KnockoutCells> = pool.install(|| knock_out(knockouts, b, &stop, || bar.inc(1)));
        let Some(found) = found else {
            bar.finish_and_clear();
            return Err(Failure::Running("interrupted".to_owned()));
        };
        for (cells, knocked_out) in losses.iter_mut().zip(&found.knocked_out) {
            for (loss, (&whole, &less)) in cells.iter_mut().zip(found.reference.iter().zip(knocked_out)) {
                let whole: Lanes = whole;
                loss.add(whole, less, Mask::splat(true));
            }
        }
    }
    bar.finish_and_clear();
    Ok(losses)
}

fn bar(steps: u64, quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(steps);
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {percent} % of failures, {eta} left") {
        bar.set_style(style);
    }
    bar
}

/// Labs that an actor stands for; none if it stands for none.
fn labs_of(plan: &Plan, actor: &str) -> Vec<Node> {
    let m = &plan.model;
    let (kind, id) = actor.split_once('.').unwrap_or((actor, ""));
    let here = |l: &crate::model::Lab| match kind {
        "lab" => l.id == id,
        "country" => m.countries[l.country.index()].id == id,
        "group" => m.groups.iter().any(|g| g.id == id && g.members.contains(&l.country)),
        _ => kind == "world",
    };
    let labs = m.labs.iter().enumerate().filter(|(_, l)| here(l));
    labs.map(|(i, _)| Node::Lab(crate::model::LabId(i as u32))).collect()
}

/// A node's structure, and the share of the labs that have no supply at all without it.
fn structural(network: &Network, structure: &[Structure], node: Node, labs: &[Node]) -> (Structure, f64) {
    let gone = network.contents(node);
    let mut stopped = network.stopped_without(&gone);
    stopped.extend(gone);
    let cut_off = labs.iter().filter(|l| stopped.contains(l)).count() as f64;
    let place = network.nodes().binary_search(&node).unwrap_or_default();
    (structure[place], if labs.is_empty() { 0.0 } else { cut_off / labs.len() as f64 })
}
