//! The supply graph as files that other programs open: Graphviz' DOT, `GraphML`, and node-link JSON.

use crate::inputs::Inputs;
use crate::model::{Amount, QuantityId};
use crate::network::{Edge, Network, Node, Structure};
use crate::plan::Plan;
use crate::results::float;
use petgraph::visit::EdgeRef;
use serde_json::{Map, Value, json};

/// What an attribute holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// Text.
    Text(String),
    /// A finite number.
    Number(f64),
    /// A count.
    Count(usize),
}

/// A node or an edge with its attributes, each named once.
pub type Attributes = Vec<(&'static str, Attribute)>;

/// The supply graph with everything that is shown of it; numbers are the inputs' medians.
#[derive(Clone, Debug)]
pub struct SupplyGraph {
    /// Title of the scenario.
    pub title: String,
    /// First and last quarter.
    pub horizon: (String, String),
    /// Nodes: path and attributes.
    pub nodes: Vec<(String, Attributes)>,
    /// Edges: the nodes at their ends, by position, and attributes.
    pub edges: Vec<(usize, usize, Attributes)>,
}

/// How the graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphFormat {
    /// Graphviz.
    Dot,
    /// Graph Markup Language.
    GraphMl,
    /// Node-link data, as networkx and D3 read it.
    Json,
}

/// Stages from tools to labs, by which the graph is laid out, and how each looks.
const STAGES: [(&str, &str); 10] = [
    ("country", "#dddddd"),
    ("tool", "#e69f00"),
    ("facility", "#56b4e9"),
    ("good", "#009e73"),
    ("stockpile", "#8fd1b9"),
    ("designer", "#f0e442"),
    ("chip", "#0072b2"),
    ("route", "#d55e00"),
    ("buyer", "#cc79a7"),
    ("lab", "#999999"),
];

fn stage(kind: &str) -> usize {
    STAGES.iter().position(|s| s.0 == kind).expect("every kind of node has a stage")
}

fn text(t: &str) -> Attribute {
    Attribute::Text(t.to_owned())
}

impl SupplyGraph {
    /// The graph of a plan and its network.
    ///
    /// # Panics
    /// If an edge of the network ends at no node of it.
    pub fn new(plan: &Plan, network: &Network) -> Self {
        let mut medians = plan.layout.inputs();
        plan.layout.medians(&mut medians);
        let picture = Picture { plan, medians };
        let all = network.nodes();
        let nodes = (all.iter().zip(network.structure()))
            .map(|(&n, s)| (n.path(&plan.model), picture.node(n, s)))
            .collect();
        let place = |n: Node| all.binary_search(&n).expect("an edge's ends are nodes");
        let mut edges: Vec<_> = network
            .graph
            .edge_references()
            .map(|e| (network.graph[e.source()], network.graph[e.target()], *e.weight()))
            .collect();
        edges.sort_unstable();
        edges.dedup();
        let edges = edges.iter().map(|&(a, b, e)| (place(a), place(b), picture.edge(a, b, e))).collect();
        let horizon = plan.model.run.horizon;
        Self {
            title: plan.model.title.clone(),
            horizon: (horizon.first.to_string(), horizon.last.to_string()),
            nodes,
            edges,
        }
    }

    /// The graph as text.
    pub fn render(&self, format: GraphFormat) -> String {
        match format {
            GraphFormat::Dot => self.dot(),
            GraphFormat::GraphMl => self.graphml(),
            GraphFormat::Json => format!("{:#}\n", self.json()),
        }
    }

    /// Node-link data: `nodes` with `id`, `edges` with `source` and `target`.
    pub fn json(&self) -> Value {
        let with = |mut first: Map<String, Value>, attributes: &Attributes| {
            first.extend(attributes.iter().map(|(name, a)| ((*name).to_owned(), a.json())));
            Value::Object(first)
        };
        let id = |i: usize| json!(self.nodes[i].0);
        let nodes: Vec<Value> = self
            .nodes
            .iter()
            .map(|(path, a)| with(Map::from_iter([("id".into(), json!(path))]), a))
            .collect();
        let edges: Vec<Value> = (self.edges.iter())
            .map(|(a, b, attributes)| {
                with(Map::from_iter([("source".into(), id(*a)), ("target".into(), id(*b))]), attributes)
            })
            .collect();
        let about = json!({ "title": self.title, "first": self.horizon.0, "last": self.horizon.1 });
        json!({ "directed": true, "multigraph": true, "graph": about, "nodes": nodes, "edges": edges })
    }

    fn dot(&self) -> String {
        let mut out = format!(
            "digraph {} {{\n  rankdir=LR;\n  node [shape=box, style=filled, fontname=\"Helvetica\"];\n",
            quote(&self.title)
        );
        for (path, attributes) in &self.nodes {
            let kind = path.split_once('.').map_or(path.as_str(), |p| p.0);
            let label = path.split_once('.').map_or(path.as_str(), |p| p.1);
            out.push_str(&format!(
                "  {} [label={}, fillcolor=\"{}\"{}];\n",
                quote(path),
                quote(label),
                STAGES[stage(kind)].1,
                dot_attributes(attributes)
            ));
        }
        for (kind, _) in &STAGES {
            let same = self.nodes.iter().filter(|n| n.0.split('.').next() == Some(kind));
            let names: Vec<String> = same.map(|n| quote(&n.0)).collect();
            if names.len() > 1 {
                out.push_str(&format!("  {{ rank=same; {}; }}\n", names.join("; ")));
            }
        }
        for (a, b, attributes) in &self.edges {
            let place = attributes.iter().any(|(name, a)| *name == "kind" && *a == text("contains"));
            let style = if place { ", style=dotted, constraint=false" } else { "" };
            out.push_str(&format!(
                "  {} -> {} [{}{style}];\n",
                quote(&self.nodes[*a].0),
                quote(&self.nodes[*b].0),
                dot_attributes(attributes).trim_start_matches(", ")
            ));
        }
        out + "}\n"
    }

    fn graphml(&self) -> String {
        let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n"
            .to_owned();
        let of_nodes = keys(self.nodes.iter().map(|n| &n.1));
        let of_edges = keys(self.edges.iter().map(|e| &e.2));
        for (domain, all) in [("node", &of_nodes), ("edge", &of_edges)] {
            for (name, kind) in all {
                out.push_str(&format!(
                    "  <key id=\"{domain}-{name}\" for=\"{domain}\" attr.name=\"{name}\" attr.type=\"{kind}\"/>\n"
                ));
            }
        }
        out.push_str("  <key id=\"title\" for=\"graph\" attr.name=\"title\" attr.type=\"string\"/>\n");
        out.push_str("  <graph edgedefault=\"directed\">\n");
        out.push_str(&format!("    <data key=\"title\">{}</data>\n", escape(&self.title)));
        for (path, attributes) in &self.nodes {
            out.push_str(&format!("    <node id=\"{}\">{}</node>\n", escape(path), data("node", attributes)));
        }
        for (i, (a, b, attributes)) in self.edges.iter().enumerate() {
            let (a, b) = (escape(&self.nodes[*a].0), escape(&self.nodes[*b].0));
            let data = data("edge", attributes);
            out.push_str(&format!("    <edge id=\"e{i}\" source=\"{a}\" target=\"{b}\">{data}</edge>\n"));
        }
        out + "  </graph>\n</graphml>\n"
    }
}

impl Attribute {
    fn json(&self) -> Value {
        match self {
            Self::Text(t) => json!(t),
            Self::Number(x) => json!(x),
            Self::Count(n) => json!(n),
        }
    }

    fn plain(&self) -> String {
        match self {
            Self::Text(t) => t.clone(),
            Self::Number(x) => {
                let mut out = String::new();
                float(&mut out, *x);
                out
            }
            Self::Count(n) => n.to_string(),
        }
    }

    fn graphml_type(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Number(_) => "double",
            Self::Count(_) => "long",
        }
    }
}

/// Names and types of attributes, each once, in order of appearance.
fn keys<'a>(all: impl Iterator<Item = &'a Attributes>) -> Vec<(&'static str, &'static str)> {
    let mut keys: Vec<(&'static str, &'static str)> = Vec::new();
    for (name, attribute) in all.flatten() {
        if keys.iter().all(|k| k.0 != *name) {
            keys.push((name, attribute.graphml_type()));
        }
    }
    keys
}

fn data(domain: &str, attributes: &Attributes) -> String {
    let part = |(name, a): &(&str, Attribute)| {
        format!("<data key=\"{domain}-{name}\">{}</data>", escape(&a.plain()))
    };
    attributes.iter().map(part).collect()
}

fn dot_attributes(attributes: &Attributes) -> String {
    let part = |(name, a): &(&str, Attribute)| format!(", {name}={}", quote(&a.plain()));
    attributes.iter().map(part).collect()
}

/// A quoted string of DOT.
fn quote(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Text of XML.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Other control characters are no part of XML 1.0.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// What is looked up of nodes and edges.
struct Picture<'a> {
    plan: &'a Plan,
    medians: Inputs,
}

impl Picture<'_> {
    fn dated(&self, q: QuantityId) -> [f64; 2] {
        [0, self.plan.quarters - 1].map(|t| self.medians.at(q, t)[0])
    }

    fn node(&self, node: Node, structure: Structure) -> Attributes {
        let m = &self.plan.model;
        let mut all: Attributes =
            vec![("kind", text(node.kind())), ("stage", Attribute::Count(stage(node.kind())))];
        if let (Some(n), false) = (node.country(m), matches!(node, Node::Country(_))) {
            all.push(("country", text(&m.countries[n].id)));
        }
        let mut series = |name: [&'static str; 2], q: Option<QuantityId>, unit: String| {
            if let Some(q) = q {
                let values = self.dated(q);
                all.extend(name.into_iter().zip(values).map(|(n, x)| (n, Attribute::Number(x))));
                all.push(("unit", Attribute::Text(unit)));
            }
        };
        match node {
            Node::Country(i) => {
                let country = &m.countries[i.index()];
                series(["halls_first", "halls_last"], country.halls, "MW".to_owned());
                series(["grid_first", "grid_last"], country.grid, "MW".to_owned());
                series(["on_site_first", "on_site_last"], country.on_site, "MW".to_owned());
            }
            Node::Facility(i) => {
                let f = &m.facilities[i];
                let unit = format!("{}/quarter", m.goods[f.good].unit);
                series(["capacity_first", "capacity_last"], Some(f.capacity), unit);
                all.push(("operator", text(&f.operator)));
                all.push(("good", text(&m.goods[f.good].id)));
            }
            Node::Good(i) => all.push(("unit", text(&m.goods[i].unit))),
            Node::Buyer(i) => {
                let buyer = &m.buyers[i];
                series(["budget_first", "budget_last"], buyer.budget, "USD/quarter".to_owned());
                all.push(("role", text(buyer.kind.as_str())));
            }
            Node::Route(i) => {
                let route = &m.routes[i];
                all.push(("to", text(&m.countries[route.to].id)));
                all.push(("capacity", Attribute::Number(self.medians.value(route.capacity)[0])));
            }
            Node::Chip(i) => {
                let chip = &m.chips[i];
                all.push(("designer", text(&m.designers[chip.designer].id)));
                if let Some(q) = chip.bf16_tflops {
                    all.push(("bf16_tflops", Attribute::Number(self.medians.value(q)[0])));
                }
            }
            Node::Tool(_) | Node::Designer(_) | Node::Stockpile(_) | Node::Lab(_) => {}
        }
        all.push(("betweenness", Attribute::Number(structure.betweenness)));
        all.push(("single_supplier_share", Attribute::Number(structure.single_supplier)));
        all.push(("dominates", Attribute::Count(structure.dominates)));
        all
    }

    fn edge(&self, from: Node, to: Node, edge: Edge) -> Attributes {
        let mut all: Attributes = vec![("kind", text(edge.name()))];
        let mut share = |name, q: Option<&QuantityId>| {
            if let Some(&q) = q {
                all.push((name, Attribute::Number(self.medians.value(q)[0])));
            }
        };
        let m = &self.plan.model;
        match (from, to, edge) {
            (Node::Tool(t), Node::Facility(f), _) => {
                share("dependence", m.facilities[f].dependence.get(&t));
                share("servicing", m.facilities[f].servicing.get(&t));
            }
            (Node::Designer(d), Node::Facility(f), _) => {
                if let Some(&q) = m.designers[d].claims.get(&f) {
                    let values = self.dated(q);
                    all.extend(["share_first", "share_last"].into_iter().zip(values.map(Attribute::Number)));
                }
            }
            (Node::Buyer(b), Node::Lab(l), Edge::Owns) => share("share", m.labs[l.index()].buyers.get(&b)),
            (Node::Buyer(b), Node::Lab(l), _) => share("weight", m.labs[l.index()].clouds.get(&b)),
            (Node::Good(g), Node::Chip(c), _) => {
                share("companion_mm2", m.chips[c.index()].companions.get(&g));
                match m.chips[c.index()].recipe.get(&g) {
                    Some(Amount::Units(q)) => share("amount", Some(q)),
                    Some(Amount::Dies) => all.push(("amount_of", text("die"))),
                    Some(Amount::Memory) => all.push(("amount_of", text("memory"))),
                    None => {}
                }
            }
            _ => {}
        }
        all
    }
}
