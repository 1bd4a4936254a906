//! Nodes and classes of edges as suppliers, for knockouts.

use super::Plan;
use super::labs::UseLink;
use crate::model::{BuyerId, CountryId, DesignerId, FacilityId, QuantityId, ToolId};
use crate::network::{Network, Node};

/// Something that a supplier supplies, as places in the engine's lists.
#[derive(Clone, Debug, PartialEq)]
pub enum Supplied {
    /// Output of facilities.
    Output(Vec<usize>),
    /// Access to new tools and servicing, by position in the list of (facility, tool): the share of it that comes from here.
    Tools(Vec<usize>, Option<QuantityId>),
    /// Supply of chips.
    Chips(Vec<usize>),
    /// Permission of (chip, market).
    Sales(Vec<usize>),
    /// Capacity of routes.
    Routes(Vec<usize>),
    /// Private stocks and what they gain.
    Stocks(Vec<usize>),
    /// Claims on facilities, by their quantities.
    Claims(Vec<QuantityId>),
    /// Chips that labs own a share of, by link.
    Owned(Vec<usize>),
    /// Chips that labs rent, by link.
    Rented(Vec<usize>),
}

/// A node, or the edges of one kind from a node to another or into a country.
#[derive(Clone, Debug, PartialEq)]
pub struct Supplier {
    /// `facility.tsmc-n4`, or `designer.nvidia -> country.china`.
    pub name: String,
    /// `node`, or the kind of the edges.
    pub class: &'static str,
    /// The node, if it is one.
    pub node: Option<Node>,
    /// What it supplies.
    pub supplies: Vec<Supplied>,
}

impl Plan {
    /// Every node that supplies something, then every class of edges: tools into countries, claims, sales into countries, and
    /// buyers' chips to labs. What a good, a route or a chip's designer passes on, the node itself stands for.
    pub fn suppliers(&self, network: &Network) -> Vec<Supplier> {
        let nodes = network.nodes().into_iter().map(|n| self.node_supplier(n));
        let mut all: Vec<Supplier> = nodes.collect();
        self.tool_edges(&mut all);
        self.claim_edges(&mut all);
        self.sale_edges(&mut all);
        self.use_edges(&mut all);
        all.retain(|s| s.supplies.iter().any(|g| !g.is_empty()));
        all
    }

    fn node_supplier(&self, node: Node) -> Supplier {
        let supplies = match node {
            Node::Country(n) => self.country_supplies(n),
            Node::Tool(t) => vec![Supplied::Tools(self.tool_places(|tool, _| tool == t), None)],
            Node::Good(g) => vec![Supplied::Output(indices(&self.supply.facilities_of[g]))],
            Node::Facility(f) => vec![Supplied::Output(vec![f.index()])],
            Node::Designer(d) => vec![Supplied::Chips(self.chips_of(|designer| designer == d))],
            Node::Chip(c) if self.edges.chips.contains(&c) => vec![Supplied::Chips(vec![c.index()])],
            Node::Chip(_) => Vec::new(),
            Node::Stockpile(s) => vec![Supplied::Stocks(vec![s.index()])],
            Node::Buyer(b) => self.use_supplies(|l| l.buyer == b),
            Node::Route(r) => vec![Supplied::Routes(vec![r.index()])],
            Node::Lab(l) => self.use_supplies(|link| link.lab == l),
        };
        Supplier { name: node.path(&self.model), class: "node", node: Some(node), supplies }
    }

    /// A country supplies what its facilities, designers, halls and routes do, and its share of every tool class.
    fn country_supplies(&self, n: CountryId) -> Vec<Supplied> {
        let m = &self.model;
        let within = |all: &mut dyn Iterator<Item = CountryId>| -> Vec<usize> {
            all.enumerate().filter(|(_, home)| *home == n).map(|(i, _)| i).collect()
        };
        let mut supplies = vec![
            Supplied::Output(within(&mut m.facilities.iter().map(|f| f.country))),
            Supplied::Chips(self.chips_of(|d| m.designers[d].country == n)),
            Supplied::Routes(within(&mut m.routes.iter().map(|r| r.via))),
        ];
        for (id, tool) in m.tools.iter_enumerated() {
            if let Some(&share) = tool.suppliers.get(&n) {
                supplies.push(Supplied::Tools(self.tool_places(|x, _| x == id), Some(share)));
            }
        }
        let is_here = |b: BuyerId| m.buyers[b].country == n;
        supplies.extend(self.use_supplies(|l| is_here(l.buyer)));
        supplies
    }

    /// Chips on sale of some designers.
    fn chips_of(&self, keep: impl Fn(DesignerId) -> bool) -> Vec<usize> {
        let chips = self.edges.chips.iter().filter(|c| keep(self.model.chips[**c].designer));
        chips.map(|c| c.index()).collect()
    }

    fn tool_places(&self, keep: impl Fn(ToolId, FacilityId) -> bool) -> Vec<usize> {
        let mut places = Vec::new();
        for (id, tools) in self.supply.tools.iter_enumerated() {
            for (k, tool) in tools.iter().enumerate() {
                if keep(tool.tool, id) {
                    places.push(self.effects.tool_base[id] + k);
                }
            }
        }
        places
    }

    fn use_supplies(&self, keep: impl Fn(&UseLink) -> bool) -> Vec<Supplied> {
        let links = self.usage.links.iter().enumerate().filter(|(_, l)| keep(l));
        let (mut owned, mut rented) = (Vec::new(), Vec::new());
        for (i, link) in links {
            if link.own.is_some() {
                owned.push(i);
            }
            if link.weight.is_some() {
                rented.push(i);
            }
        }
        vec![Supplied::Owned(owned), Supplied::Rented(rented)]
    }

    fn edge(&self, all: &mut Vec<Supplier>, class: &'static str, from: Node, to: Node, supplied: Supplied) {
        let name = format!("{} -> {}", from.path(&self.model), to.path(&self.model));
        all.push(Supplier { name, class, node: None, supplies: vec![supplied] });
    }

    fn tool_edges(&self, all: &mut Vec<Supplier>) {
        let m = &self.model;
        for t in m.tools.ids() {
            for n in m.countries.ids() {
                let places = self.tool_places(|tool, f| tool == t && m.facilities[f].country == n);
                self.edge(all, "equips", Node::Tool(t), Node::Country(n), Supplied::Tools(places, None));
            }
        }
    }

    fn claim_edges(&self, all: &mut Vec<Supplier>) {
        for (id, designer) in self.model.designers.iter_enumerated() {
            let from = Node::Designer(id);
            for (&f, &claim) in &designer.claims {
                self.edge(all, "claims", from, Node::Facility(f), Supplied::Claims(vec![claim]));
            }
        }
    }

    fn sale_edges(&self, all: &mut Vec<Supplier>) {
        let m = &self.model;
        for d in m.designers.ids() {
            for n in m.countries.ids() {
                let sales =
                    self.edges.sales.iter().filter(|s| m.chips[s.chip].designer == d && s.country == n);
                let mut chip_markets: Vec<usize> = sales.map(|s| s.chip_market).collect();
                chip_markets.sort_unstable();
                chip_markets.dedup();
                self.edge(all, "sells", Node::Designer(d), Node::Country(n), Supplied::Sales(chip_markets));
            }
        }
    }

    fn use_edges(&self, all: &mut Vec<Supplier>) {
        for (i, link) in self.usage.links.iter().enumerate() {
            let (from, to) = (Node::Buyer(link.buyer), Node::Lab(link.lab));
            if link.own.is_some() {
                self.edge(all, "owns", from, to, Supplied::Owned(vec![i]));
            }
            if link.weight.is_some() {
                self.edge(all, "rents", from, to, Supplied::Rented(vec![i]));
            }
        }
    }
}

impl Supplied {
    fn is_empty(&self) -> bool {
        match self {
            Self::Claims(list) => list.is_empty(),
            Self::Output(list)
            | Self::Tools(list, _)
            | Self::Chips(list)
            | Self::Sales(list)
            | Self::Routes(list)
            | Self::Stocks(list)
            | Self::Owned(list)
            | Self::Rented(list) => list.is_empty(),
        }
    }
}

fn indices(facilities: &[FacilityId]) -> Vec<usize> {
    facilities.iter().map(|f| f.index()).collect()
}
