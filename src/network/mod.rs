//! Who supplies whom: the model as a typed graph, to check and to analyse. The engine never walks it.

use crate::model::{
    BuyerId, BuyerKind, ChipId, CountryId, DesignerId, FacilityId, GoodId, LabId, Model, RouteId,
    StockpileId, ToolId,
};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::Bfs;

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
            Self::Country(i) => &model.countries[i.index()].id,
            Self::Tool(i) => &model.tools[i.index()].id,
            Self::Good(i) => &model.goods[i.index()].id,
            Self::Facility(i) => &model.facilities[i.index()].id,
            Self::Designer(i) => &model.designers[i.index()].id,
            Self::Chip(i) => &model.chips[i.index()].id,
            Self::Stockpile(i) => &model.stockpiles[i.index()].id,
            Self::Buyer(i) => &model.buyers[i.index()].id,
            Self::Route(i) => &model.routes[i.index()].id,
            Self::Lab(i) => &model.labs[i.index()].id,
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
            Self::Facility(i) => Some(model.facilities[i.index()].country),
            Self::Designer(i) => Some(model.designers[i.index()].country),
            Self::Chip(i) => Some(model.designers[model.chips[i.index()].designer.index()].country),
            Self::Stockpile(i) => Some(model.designers[model.stockpiles[i.index()].designer.index()].country),
            Self::Buyer(i) => Some(model.buyers[i.index()].country),
            Self::Route(i) => Some(model.routes[i.index()].via),
            Self::Lab(i) => Some(model.labs[i.index()].country),
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
        let rows = |n: usize| 0..n as u32;
        let all = (rows(model.countries.len()).map(|i| Node::Country(CountryId(i))))
            .chain(rows(model.tools.len()).map(|i| Node::Tool(ToolId(i))))
            .chain(rows(model.goods.len()).map(|i| Node::Good(GoodId(i))))
            .chain(rows(model.facilities.len()).map(|i| Node::Facility(FacilityId(i))))
            .chain(rows(model.designers.len()).map(|i| Node::Designer(DesignerId(i))))
            .chain(rows(model.chips.len()).map(|i| Node::Chip(ChipId(i))))
            .chain(rows(model.stockpiles.len()).map(|i| Node::Stockpile(StockpileId(i))))
            .chain(rows(model.buyers.len()).map(|i| Node::Buyer(BuyerId(i))))
            .chain(rows(model.routes.len()).map(|i| Node::Route(RouteId(i))))
            .chain(rows(model.labs.len()).map(|i| Node::Lab(LabId(i))));
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
        for (f, facility) in model.facilities.iter().enumerate() {
            let node = Node::Facility(FacilityId(f as u32));
            for &tool in facility.dependence.keys().chain(facility.servicing.keys()) {
                self.connect(Node::Tool(tool), node, Edge::Equips);
            }
            self.connect(node, Node::Good(facility.good), Edge::Makes);
        }
        for (d, designer) in model.designers.iter().enumerate() {
            for &f in designer.claims.keys() {
                self.connect(Node::Designer(DesignerId(d as u32)), Node::Facility(f), Edge::Claims);
            }
        }
        for (c, chip) in model.chips.iter().enumerate() {
            let node = Node::Chip(ChipId(c as u32));
            self.connect(Node::Designer(chip.designer), node, Edge::Designs);
            for part in chip.parts() {
                self.connect(Node::Good(part.good), node, Edge::Feeds);
            }
        }
        for (s, stock) in model.stockpiles.iter().enumerate() {
            let node = Node::Stockpile(StockpileId(s as u32));
            self.connect(Node::Good(stock.good), node, Edge::Feeds);
            self.connect(node, Node::Designer(stock.designer), Edge::Feeds);
        }
    }

    fn connect_demand(&mut self, model: &Model) {
        for (b, buyer) in model.buyers.iter().enumerate() {
            let id = BuyerId(b as u32);
            for (c, chip) in model.chips.iter().enumerate() {
                let on_sale = chip.price.is_some() && (chip.launch.is_some() || chip.variant_of.is_some());
                let for_it = chip.sold_to.is_empty() || chip.sold_to.contains(&id);
                if on_sale && for_it && buyer.budget.is_some() && buyer.kind != BuyerKind::Reseller {
                    self.connect(Node::Chip(ChipId(c as u32)), Node::Buyer(id), Edge::Sells);
                }
            }
        }
        let pairs: std::collections::BTreeSet<(DesignerId, BuyerId)> =
            model.commitments.iter().map(|row| (row.designer, row.buyer)).collect();
        for (designer, buyer) in pairs {
            self.connect(Node::Designer(designer), Node::Buyer(buyer), Edge::Commits);
        }
        for (r, route) in model.routes.iter().enumerate() {
            let node = Node::Route(RouteId(r as u32));
            match route.good {
                Some(good) => {
                    self.connect(Node::Good(good), node, Edge::Diverts);
                    for (s, stock) in model.stockpiles.iter().enumerate() {
                        if stock.good == good && model.designers[stock.designer.index()].country == route.to {
                            self.connect(node, Node::Stockpile(StockpileId(s as u32)), Edge::Diverts);
                        }
                    }
                }
                None => {
                    for (b, buyer) in model.buyers.iter().enumerate() {
                        if buyer.country == route.to && buyer.budget.is_some() {
                            self.connect(node, Node::Buyer(BuyerId(b as u32)), Edge::Diverts);
                        }
                    }
                }
            }
        }
        for (l, lab) in model.labs.iter().enumerate() {
            let node = Node::Lab(LabId(l as u32));
            for &b in lab.buyers.keys() {
                self.connect(Node::Buyer(b), node, Edge::Owns);
            }
            for &b in lab.clouds.keys() {
                self.connect(Node::Buyer(b), node, Edge::Rents);
            }
        }
    }

    fn connect_countries(&mut self, model: &Model) {
        let mut homes: Vec<(CountryId, Node)> = Vec::new();
        let rows = |n: usize| 0..n as u32;
        homes.extend(
            rows(model.facilities.len())
                .map(|i| (model.facilities[i as usize].country, Node::Facility(FacilityId(i)))),
        );
        homes.extend(
            rows(model.designers.len())
                .map(|i| (model.designers[i as usize].country, Node::Designer(DesignerId(i)))),
        );
        homes.extend(
            rows(model.buyers.len()).map(|i| (model.buyers[i as usize].country, Node::Buyer(BuyerId(i)))),
        );
        homes.extend(rows(model.labs.len()).map(|i| (model.labs[i as usize].country, Node::Lab(LabId(i)))));
        homes.extend(
            rows(model.routes.len()).map(|i| (model.routes[i as usize].via, Node::Route(RouteId(i)))),
        );
        for (country, node) in homes {
            self.connect(Node::Country(country), node, Edge::Contains);
        }
    }

    /// Possible sales.
    pub fn sales(&self) -> Vec<(ChipId, BuyerId)> {
        self.graph
            .edge_indices()
            .filter(|&e| self.graph[e] == Edge::Sells)
            .filter_map(|e| self.graph.edge_endpoints(e))
            .filter_map(|(a, b)| match (self.graph[a], self.graph[b]) {
                (Node::Chip(c), Node::Buyer(b)) => Some((c, b)),
                _ => None,
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
