//! Who supplies whom: the model as a typed graph, to check and to analyse. The engine never walks it.

use crate::model::{
    BuyerId, ChipId, CountryId, DesignerId, FacilityId, GoodId, LabId, Model, RouteId, StockpileId, ToolId,
};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Bfs, EdgeRef};
use std::collections::BTreeSet;

mod structure;

pub use structure::Structure;

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // each is the row of the table of that name
pub enum Node {
    Country(CountryId),
    Tool(ToolId),
    Good(GoodId),
    Facility(FacilityId),
    Designer(DesignerId),
    Chip(ChipId),
    Stockpile(StockpileId),
    Buyer(BuyerId),
    Route(RouteId),
    Lab(LabId),
}

impl Node {
    /// The table that its row is in.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Country(_) => "country",
            Self::Tool(_) => "tool",
            Self::Good(_) => "good",
            Self::Facility(_) => "facility",
            Self::Designer(_) => "designer",
            Self::Chip(_) => "chip",
            Self::Stockpile(_) => "stockpile",
            Self::Buyer(_) => "buyer",
            Self::Route(_) => "route",
            Self::Lab(_) => "lab",
        }
    }

    /// The id of its row.
    pub fn id(self, model: &Model) -> &str {
        match self {
            Self::Country(i) => &model.countries[i].id,
            Self::Tool(i) => &model.tools[i].id,
            Self::Good(i) => &model.goods[i].id,
            Self::Facility(i) => &model.facilities[i].id,
            Self::Designer(i) => &model.designers[i].id,
            Self::Chip(i) => &model.chips[i].id,
            Self::Stockpile(i) => &model.stockpiles[i].id,
            Self::Buyer(i) => &model.buyers[i].id,
            Self::Route(i) => &model.routes[i].id,
            Self::Lab(i) => &model.labs[i].id,
        }
    }

    /// As scenarios write it: `facility.tsmc-n4`.
    pub fn path(self, model: &Model) -> String {
        format!("{}.{}", self.kind(), self.id(model))
    }

    /// The country where it stands: a chip's is its designer's, a route's the one it passes through.
    pub fn country(self, model: &Model) -> Option<CountryId> {
        match self {
            Self::Country(i) => Some(i),
            Self::Tool(_) | Self::Good(_) => None,
            Self::Facility(i) => Some(model.facilities[i].country),
            Self::Designer(i) => Some(model.designers[i].country),
            Self::Chip(i) => Some(model.designers[model.chips[i].designer].country),
            Self::Stockpile(i) => Some(model.designers[model.stockpiles[i].designer].country),
            Self::Buyer(i) => Some(model.buyers[i].country),
            Self::Route(i) => Some(model.routes[i].via),
            Self::Lab(i) => Some(model.labs[i].country),
        }
    }
}

/// What an edge means; it points the way that things flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edge {
    /// A tool class is used by a facility.
    Equips,
    /// A facility makes a good.
    Makes,
    /// A good goes into a chip, or a private stock.
    Feeds,
    /// A designer draws a chip.
    Designs,
    /// A designer has a claim on a facility.
    Claims,
    /// A designer is committed to deliver to a buyer.
    Commits,
    /// A chip can be sold to a buyer.
    Sells,
    /// A chip can be smuggled along a route, a route ends at a buyer, or a goods route at a stock.
    Diverts,
    /// A lab uses a buyer's chips as its own.
    Owns,
    /// A lab rents from a cloud.
    Rents,
    /// A country contains a node.
    Contains,
}

impl Edge {
    /// The verb for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equips => "equips",
            Self::Makes => "makes",
            Self::Feeds => "feeds",
            Self::Designs => "designs",
            Self::Claims => "claims",
            Self::Commits => "commits",
            Self::Sells => "sells",
            Self::Diverts => "diverts",
            Self::Owns => "owns",
            Self::Rents => "rents",
            Self::Contains => "contains",
        }
    }
}

/// The supply graph of a model.
#[derive(Debug)]
pub struct Network {
    /// The graph.
    pub graph: DiGraph<Node, Edge>,
    nodes: Vec<(Node, NodeIndex)>,
}

impl Network {
    /// Builds the graph of a model.
    pub fn from_model(model: &Model) -> Self {
        let mut network = Self { graph: DiGraph::new(), nodes: Vec::new() };
        network.add_nodes(model);
        network.connect_supply(model);
        network.connect_demand(model);
        network.connect_countries(model);
        network
    }

    fn add_nodes(&mut self, model: &Model) {
        let all = (model.countries.ids().map(Node::Country))
            .chain(model.tools.ids().map(Node::Tool))
            .chain(model.goods.ids().map(Node::Good))
            .chain(model.facilities.ids().map(Node::Facility))
            .chain(model.designers.ids().map(Node::Designer))
            .chain(model.chips.ids().map(Node::Chip))
            .chain(model.stockpiles.ids().map(Node::Stockpile))
            .chain(model.buyers.ids().map(Node::Buyer))
            .chain(model.routes.ids().map(Node::Route))
            .chain(model.labs.ids().map(Node::Lab));
        for node in all {
            let index = self.graph.add_node(node);
            self.nodes.push((node, index));
        }
    }

    /// All nodes, by kind and row.
    pub fn nodes(&self) -> Vec<Node> {
        self.nodes.iter().map(|n| n.0).collect()
    }

    /// The graph's index of a node.
    ///
    /// # Panics
    /// If the node is not of this model.
    pub fn index(&self, node: Node) -> NodeIndex {
        let place = self.nodes.binary_search_by_key(&node, |n| n.0);
        self.nodes[place.expect("a node of this model")].1
    }

    fn connect(&mut self, from: Node, to: Node, edge: Edge) {
        let (from, to) = (self.index(from), self.index(to));
        self.graph.add_edge(from, to, edge);
    }

    fn connect_supply(&mut self, model: &Model) {
        for (id, facility) in model.facilities.iter_enumerated() {
            let node = Node::Facility(id);
            // A tool class that a facility needs new and served is one edge.
            let tools: BTreeSet<ToolId> =
                facility.dependence.keys().chain(facility.servicing.keys()).copied().collect();
            for tool in tools {
                self.connect(Node::Tool(tool), node, Edge::Equips);
            }
            self.connect(node, Node::Good(facility.good), Edge::Makes);
        }
        for (id, designer) in model.designers.iter_enumerated() {
            for &facility in designer.claims.keys() {
                self.connect(Node::Designer(id), Node::Facility(facility), Edge::Claims);
            }
        }
        for (id, chip) in model.chips.iter_enumerated() {
            let node = Node::Chip(id);
            self.connect(Node::Designer(chip.designer), node, Edge::Designs);
            for part in chip.parts() {
                self.connect(Node::Good(part.good), node, Edge::Feeds);
            }
        }
        for (id, stock) in model.stockpiles.iter_enumerated() {
            let node = Node::Stockpile(id);
            self.connect(Node::Good(stock.good), node, Edge::Feeds);
            self.connect(node, Node::Designer(stock.designer), Edge::Feeds);
        }
    }

    fn connect_demand(&mut self, model: &Model) {
        for buyer in model.buyers.ids().filter(|b| model.buys(*b)) {
            for (id, chip) in model.chips.iter_enumerated() {
                let for_it = chip.sold_to.is_empty() || chip.sold_to.contains(&buyer);
                if for_it && chip.is_sold() {
                    self.connect(Node::Chip(id), Node::Buyer(buyer), Edge::Sells);
                }
            }
        }
        let pairs: BTreeSet<(DesignerId, BuyerId)> =
            model.commitments.iter().map(|row| (row.designer, row.buyer)).collect();
        for (designer, buyer) in pairs {
            self.connect(Node::Designer(designer), Node::Buyer(buyer), Edge::Commits);
        }
        for (id, route) in model.routes.iter_enumerated() {
            let node = Node::Route(id);
            match route.good {
                Some(good) => {
                    self.connect(Node::Good(good), node, Edge::Diverts);
                    for (id, stock) in model.stockpiles.iter_enumerated() {
                        if stock.good == good && model.designers[stock.designer].country == route.to {
                            self.connect(node, Node::Stockpile(id), Edge::Diverts);
                        }
                    }
                }
                None => {
                    for (id, buyer) in model.buyers.iter_enumerated() {
                        if buyer.country == route.to && buyer.budget.is_some() {
                            self.connect(node, Node::Buyer(id), Edge::Diverts);
                        }
                    }
                }
            }
        }
        for (id, lab) in model.labs.iter_enumerated() {
            for &b in lab.buyers.keys() {
                self.connect(Node::Buyer(b), Node::Lab(id), Edge::Owns);
            }
            for &b in lab.clouds.keys() {
                self.connect(Node::Buyer(b), Node::Lab(id), Edge::Rents);
            }
        }
    }

    fn connect_countries(&mut self, model: &Model) {
        let homes = (model.facilities.iter_enumerated().map(|(id, f)| (f.country, Node::Facility(id))))
            .chain(model.designers.iter_enumerated().map(|(id, d)| (d.country, Node::Designer(id))))
            .chain(model.buyers.iter_enumerated().map(|(id, b)| (b.country, Node::Buyer(id))))
            .chain(model.labs.iter_enumerated().map(|(id, l)| (l.country, Node::Lab(id))))
            .chain(model.routes.iter_enumerated().map(|(id, r)| (r.via, Node::Route(id))));
        for (country, node) in homes {
            self.connect(Node::Country(country), node, Edge::Contains);
        }
    }

    /// Possible sales.
    pub fn sales(&self) -> Vec<(ChipId, BuyerId)> {
        let sales = self.graph.edge_references().filter(|e| *e.weight() == Edge::Sells);
        sales
            .map(|e| match (self.graph[e.source()], self.graph[e.target()]) {
                (Node::Chip(chip), Node::Buyer(buyer)) => (chip, buyer),
                ends => unreachable!("a chip is sold to a buyer, not {ends:?}"),
            })
            .collect()
    }

    /// Nodes that nothing flows through: they change no result.
    pub fn idle(&self) -> Vec<Node> {
        let lone = |i: NodeIndex| {
            let flows = self.graph.edges(i).chain(self.graph.edges_directed(i, petgraph::Incoming));
            flows.filter(|e| *e.weight() != Edge::Contains && *e.weight() != Edge::Designs).count() == 0
        };
        let counts = |n: &Node| !matches!(n, Node::Country(_) | Node::Chip(_) | Node::Buyer(_));
        self.nodes.iter().filter(|(n, i)| counts(n) && lone(*i)).map(|(n, _)| *n).collect()
    }

    /// Everything that a node's output can reach.
    pub fn downstream(&self, node: Node) -> Vec<Node> {
        let mut seen = Vec::new();
        let mut walk = Bfs::new(&self.graph, self.index(node));
        while let Some(next) = walk.next(&self.graph) {
            seen.push(self.graph[next]);
        }
        seen
    }
}
