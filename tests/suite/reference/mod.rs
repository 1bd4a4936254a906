//! A second opinion: the model of `docs/model.md` once more, one draw at a time with plain numbers, along the graph.
//!
//! It shares no step with the engine: only the model that was read, its graph, the random streams and distributions, and exp
//! and ln. It is the rival that the engine's speed is measured against, too: what does not depend on a draw is prepared in a
//! [`World`], a [`Draw`] is used over and over, and nothing in it is looked up by name or allocated.
#![allow(dead_code, missing_docs, unreachable_pub)] // the parts that a test does not ask for
#![allow(clippy::too_many_lines, clippy::type_complexity)] // the reference follows its page, section by section

mod capacity;
mod caps;
mod choice;
mod commitments;
mod diversion;
mod draw;
mod fleets;
mod governing;
mod market;
mod names;
mod numbers;
mod pool;
mod power;
mod production;
mod record;
mod roots;

mod rules;
mod shocks;
mod signs;
mod stocks;
mod trade;
mod training;
mod verdict;

use chokepoint::internals::model::{
    BuyerId, Chip, ChipId, DesignerId, GoodId, LabId, Model, QuantityId, StockpileId, ToolId,
};
use chokepoint::internals::network::{Edge, Network, Node};
use chokepoint::internals::random::Design;
pub use draw::Draw;
pub use names::{Cells, Series};
use numbers::Layout;
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use std::collections::BTreeMap;

/// Less than this of a chip is rounding, not a chip.
pub const DUST: f64 = 1e-6;

/// Values of a draw by (actor, metric), over quarters.
pub type History = BTreeMap<(String, String), Vec<f64>>;

/// x/0 = 0: a share of nothing is nothing.
pub fn per(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

/// A factor that shrinks what is asked to what there is.
pub fn fit(has: f64, asked: f64) -> f64 {
    if asked > has { has / asked } else { 1.0 }
}

/// Whether a chip is ever on sale.
pub fn is_sold(chip: &Chip) -> bool {
    chip.price.is_some() && (chip.launch.is_some() || chip.variant_of.is_some())
}

/// The graph's nodes of rows.
pub struct Nodes {
    pub tools: Vec<NodeIndex>,
    pub goods: Vec<NodeIndex>,
    pub designers: Vec<NodeIndex>,
    pub chips: Vec<NodeIndex>,
    pub stockpiles: Vec<NodeIndex>,
    pub buyers: Vec<NodeIndex>,
    pub labs: Vec<NodeIndex>,
}

impl Nodes {
    fn new(m: &Model, network: &Network) -> Self {
        let all = |n: usize, node: &dyn Fn(u32) -> Node| -> Vec<NodeIndex> {
            (0..n as u32).map(|i| network.index(node(i))).collect()
        };
        Self {
            tools: all(m.tools.len(), &|i| Node::Tool(ToolId(i))),
            goods: all(m.goods.len(), &|i| Node::Good(GoodId(i))),
            designers: all(m.designers.len(), &|i| Node::Designer(DesignerId(i))),
            chips: all(m.chips.len(), &|i| Node::Chip(ChipId(i))),
            stockpiles: all(m.stockpiles.len(), &|i| Node::Stockpile(StockpileId(i))),
            buyers: all(m.buyers.len(), &|i| Node::Buyer(BuyerId(i))),
            labs: all(m.labs.len(), &|i| Node::Lab(LabId(i))),
        }
    }
}

/// Row of a node in its table.
fn row(graph: &DiGraph<Node, Edge>, node: NodeIndex) -> usize {
    match graph[node] {
        Node::Country(i) => i.index(),
        Node::Tool(i) => i.index(),
        Node::Good(i) => i.index(),
        Node::Facility(i) => i.index(),
        Node::Designer(i) => i.index(),
        Node::Chip(i) => i.index(),
        Node::Stockpile(i) => i.index(),
        Node::Buyer(i) => i.index(),
        Node::Route(i) => i.index(),
        Node::Lab(i) => i.index(),
    }
}

/// A world in the making.
pub struct Preparation<'a> {
    pub m: &'a Model,
    pub graph: &'a DiGraph<Node, Edge>,
    pub nodes: Nodes,
    pub layout: Layout<'a>,
    pub book: rules::Book,
}

impl Preparation<'_> {
    pub fn row(&self, node: NodeIndex) -> usize {
        row(self.graph, node)
    }
    pub fn case(&mut self, sale: &rules::Sale) -> rules::CaseId {
        self.book.case(self.m, &self.layout, sale)
    }
}

/// What does not depend on the draw.
pub struct World<'a> {
    pub m: &'a Model,
    pub graph: &'a DiGraph<Node, Edge>,
    pub nodes: Nodes,
    pub quarters: usize,
    pub lead: usize,
    pub layout: Layout<'a>,
    pub book: rules::Book,
    pub shocks: shocks::Casebook,
    pub equipment: Vec<capacity::Equipment>,
    pub chain: production::Chain,
    pub stocks: Vec<stocks::Stock>,
    pub market: market::Market,
    pub caps: Vec<caps::Cap>,
    pub commitments: Vec<commitments::Commitment>,
    pub fleets: Vec<fleets::Fleet>,
    /// Those of smuggled chips.
    pub smuggled: Vec<usize>,
    /// Those of each buyer, the chips that make most of their power first.
    pub by_efficiency: Vec<Vec<usize>>,
    /// Throughput per watt at medians, by chip.
    pub efficiency: Vec<f64>,
    /// The last quarter that is known.
    pub known: usize,
    pub uses: Vec<fleets::Use>,
    pub pools: training::Pools,
    pub table: names::Table,
    pub answers: signs::Answers<'a>,
    /// Share that a claim is for, by edge.
    claims: Vec<QuantityId>,
}

impl<'a> World<'a> {
    pub fn new(m: &'a Model, network: &'a Network, design: &Design, cells: &Cells<'_>) -> Self {
        let quarters = m.run.horizon.len();
        let lead = m.production.lead as usize;
        let mut p = Preparation {
            m,
            graph: &network.graph,
            nodes: Nodes::new(m, network),
            layout: Layout::new(m, design, quarters + lead + 1),
            book: rules::Book::new(m),
        };
        let mut market = market::Market::new(&mut p);
        let chain = production::Chain::new(&mut p);
        let claim = |e: EdgeIndex| match (network.graph[e], network.graph.edge_endpoints(e)) {
            (Edge::Claims, Some((d, f))) => {
                let claims = &m.designers[p.row(d)].claims;
                claims[&chokepoint::internals::model::FacilityId(p.row(f) as u32)]
            }
            _ => QuantityId(0),
        };
        let fleets = fleets::fleets(&p, &mut market);
        let table = names::Table::new(m, cells);
        Self {
            answers: signs::Answers::new(m, design, quarters + lead + 1, &table.series),
            claims: network.graph.edge_indices().map(claim).collect(),
            quarters,
            lead,
            shocks: shocks::Casebook::new(m),
            equipment: capacity::equipment(&mut p),
            stocks: stocks::stocks(&mut p),
            caps: caps::caps(m),
            commitments: commitments::commitments(m, &market),
            smuggled: (0..fleets.len()).filter(|&i| fleets[i].smuggled).collect(),
            by_efficiency: power::by_efficiency(m, &p.layout, &fleets),
            efficiency: power::efficiency(m, &p.layout),
            known: m.run.known_until.map_or(0, |d| d.since(m.run.horizon.first).floor().max(0.0) as usize),
            fleets,
            uses: fleets::uses(&mut p),
            pools: training::Pools::new(m),
            table,
            chain,
            market,
            m,
            graph: p.graph,
            nodes: p.nodes,
            layout: p.layout,
            book: p.book,
        }
    }

    pub fn row(&self, node: NodeIndex) -> usize {
        row(self.graph, node)
    }
    /// The quantity of an edge that is a claim.
    pub fn quantity(&self, edge: EdgeIndex) -> QuantityId {
        self.claims[edge.index()]
    }

    /// Every metric of every actor, in the order in which a quarter's cells are noted.
    pub fn series(&self) -> &[Series] {
        &self.table.series
    }

    /// What was recorded, under its names, where every cell was.
    pub fn history(&self, cells: &[f64]) -> History {
        let n = self.table.series.len();
        let course = |i: usize| (0..self.quarters).map(|t| cells[t * n + i]).collect();
        let named = |(i, s): (usize, &Series)| ((s.actor.clone(), s.metric.clone()), course(i));
        self.table.series.iter().enumerate().map(named).collect()
    }
}
