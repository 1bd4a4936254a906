//! What a cell loses without each supplier, on the same draws, beside what structure says of it.

use super::error::Error;
use super::gather::pool;
use super::project::Project;
use super::request::{KnockoutRequest, Sampling};
use super::simulation::until;
use super::watch::{Watch, Work};
use crate::analysis::Loss;
use crate::engine::knockout::{KnockoutCells, Knockouts, knock_out};
use crate::math::{Mask, WIDTH, wide};
use crate::metrics::{Recording, headline};
use crate::model::time::Quarter;
use crate::network::{Network, Node, Structure};
use crate::plan::{Plan, Supplied, Supplier};
use crate::report::{Ranking, RankingRow};
use crate::results::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// Parts kept: a supplier is cut, or loses a tenth.
const KEPT: [f64; 2] = [0.0, 0.9];

/// Suppliers ranked by what each cell loses without them, a ranking a cell.
///
/// # Errors
/// If the request cannot be read, the scenario has errors, a cell is zero in every draw, or it is stopped.
pub fn knockout(request: &KnockoutRequest, watch: &dyn Watch) -> Result<Vec<Ranking>, Error> {
    let project = Project::open(&request.scenario)?;
    let horizon = until(&request.cells, project.model.run.horizon);
    let sampling = Sampling { draws: request.draws, seed: request.seed, horizon, ..Sampling::default() };
    let plan = &project.plan(&sampling)?;
    let network = Network::from_model(&plan.model);
    let (recording, cells) = watched(request, plan)?;
    let from = first_quarter(request, plan, &recording)?;
    let suppliers = plan.suppliers(&network);
    let supplied: Vec<Vec<Supplied>> = suppliers.iter().map(|s| s.supplies.clone()).collect();
    let knockouts = Knockouts { plan, recording: &recording, suppliers: &supplied, kept: &KEPT, from };
    let losses = simulate(request, &knockouts, watch)?;
    let structure = network.structure();
    let mut rankings = Vec::new();
    for (place, cell) in &cells {
        let labs = labs_of(plan, cell.split_once('/').map_or(cell.as_str(), |(actor, _)| actor));
        let mut rows = Vec::new();
        for (s, supplier) in suppliers.iter().enumerate() {
            let of = |part: usize| losses[s * KEPT.len() + part][*place].mean();
            let (Some(cut), Some(tenth)) = (of(0), of(1)) else { continue };
            let node = supplier.node.map(|n| structural(&network, &structure, n, &labs));
            rows.push(row(supplier, cut, tenth, node));
        }
        if rows.is_empty() {
            return Err(Error::NothingToLose(cell.clone()));
        }
        let from = Quarter(plan.model.run.horizon.first.0 + from as i32).to_string();
        rankings.push(Ranking::new(cell.clone(), from, request.draws.next_multiple_of(WIDTH as u64), rows));
    }
    Ok(rankings)
}

fn row(
    supplier: &Supplier,
    cut: (f64, f64),
    tenth: (f64, f64),
    structure: Option<(Structure, f64)>,
) -> RankingRow {
    RankingRow { class: supplier.class, name: supplier.name.clone(), cut, tenth, structure }
}

/// A recording that watches the cells asked for, and where each is among them.
fn watched(request: &KnockoutRequest, plan: &Plan) -> Result<(Recording, Vec<(usize, String)>), Error> {
    let asked =
        if request.cells.is_empty() { vec![headline::cell(&plan.model)] } else { request.cells.clone() };
    let mut recording = Recording::new(plan, &asked)?;
    recording.watched.clone_from(&recording.cells);
    let names = recording.names.iter().map(Cell::address).enumerate().collect();
    Ok((recording, names))
}

/// The quarter from which suppliers fail.
fn first_quarter(request: &KnockoutRequest, plan: &Plan, recording: &Recording) -> Result<usize, Error> {
    let last = recording.watched.iter().map(|c| c.0).min().expect("a knockout watches a cell");
    let Some(text) = &request.from else { return Ok(plan.shocks_from.min(last)) };
    let found = Quarter::parse(text).ok_or_else(|| Error::From(text.clone()))?;
    let t = found.0 - plan.model.run.horizon.first.0;
    if t < 0 || t as usize > last { Err(Error::FromOutside(found)) } else { Ok(t as usize) }
}

/// Losses by supplier and part kept, then cell.
fn simulate(
    request: &KnockoutRequest,
    knockouts: &Knockouts<'_>,
    watch: &dyn Watch,
) -> Result<Vec<Vec<Loss>>, Error> {
    let variants = knockouts.suppliers.len() * KEPT.len();
    let draws = request.draws.next_multiple_of(WIDTH as u64);
    let batches = draws.div_ceil(wide::WIDTH as u64);
    let pool = pool(request.threads)?;
    let done = AtomicU64::new(0);
    let mut losses = vec![vec![Loss::default(); knockouts.recording.watched.len()]; variants];
    watch.begin(Work::Failures, batches * variants as u64);
    for b in 0..batches {
        let step = || watch.progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        let found: Option<KnockoutCells> = pool.install(|| knock_out(knockouts, b, watch.stop(), step));
        let Some(found) = found else {
            watch.end();
            return Err(Error::Interrupted);
        };
        let asked = |part: &usize| b * (wide::WIDTH as u64) + ((part * WIDTH) as u64) < draws;
        for part in (0..wide::PARTS).filter(asked) {
            for (cells, knocked_out) in losses.iter_mut().zip(&found.knocked_out) {
                let pairs = found.reference[part].iter().zip(&knocked_out[part]);
                for (loss, (&whole, &less)) in cells.iter_mut().zip(pairs) {
                    loss.add(whole, less, Mask::splat(true));
                }
            }
        }
    }
    watch.end();
    Ok(losses)
}

/// Labs that an actor stands for; none if it stands for none.
fn labs_of(plan: &Plan, actor: &str) -> Vec<Node> {
    let m = &plan.model;
    let (kind, id) = actor.split_once('.').unwrap_or((actor, ""));
    let here = |l: &crate::model::Lab| match kind {
        "lab" => l.id == id,
        "country" => m.countries[l.country].id == id,
        "group" => m.groups.iter().any(|g| g.id == id && g.members.contains(&l.country)),
        _ => kind == "world",
    };
    m.labs.iter_enumerated().filter(|(_, lab)| here(lab)).map(|(id, _)| Node::Lab(id)).collect()
}

/// A node's structure, and the share of the labs that have no supply at all without it.
fn structural(network: &Network, structure: &[Structure], node: Node, labs: &[Node]) -> (Structure, f64) {
    let gone = network.contents(node);
    let mut stopped = network.stopped_without(&gone);
    stopped.extend(gone);
    let cut_off = labs.iter().filter(|l| stopped.contains(l)).count() as f64;
    let place = network.nodes().binary_search(&node).expect("a node of this network");
    (structure[place], if labs.is_empty() { 0.0 } else { cut_off / labs.len() as f64 })
}
