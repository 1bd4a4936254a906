//! The supply graph: structural measures against hand counts and another algorithm, and files that other programs open.

use crate::support::{model_of, plan_of, read};
use chokepoint::internals::network::{Edge, Network, Node};
use chokepoint::internals::report::{Attribute, GraphFormat, SupplyGraph};
use petgraph::algo::dominators::simple_fast;
use petgraph::graph::DiGraph;
use std::collections::BTreeMap;

/// One tool, two fabs of one good, one fab of another, two chips, two buyers, two labs.
const CHAIN: &str = r#"
title = "A <chain> & \"more\""
[run]
horizon = "2022Q1..2022Q4"
[[country]]
id = "here"
[[tool]]
id = "scanner"
suppliers = { here = "100%" }
[[good]]
id = "wafers"
unit = "wafers"
[[good]]
id = "memory"
unit = "GB"
[[facility]]
id = "fab-a"
country = "here"
good = "wafers"
capacity = 1000
dependence = { scanner = "50%" }
[[facility]]
id = "fab-b"
country = "here"
good = "wafers"
capacity = 1000
[[facility]]
id = "line"
country = "here"
good = "memory"
capacity = 1000
[[designer]]
id = "north"
country = "here"
[[chip]]
id = "plain"
designer = "north"
launch = "2022Q1"
bf16_tflops = 100
tdp = 300
price = 10000
recipe = { wafers = 0.1 }
[[chip]]
id = "rich"
designer = "north"
launch = "2022Q1"
bf16_tflops = 300
tdp = 300
price = 20000
recipe = { wafers = 0.1, memory = 80 }
sold_to = ["lab-firm"]
[[buyer]]
id = "cloud-firm"
kind = "cloud"
country = "here"
budget = 1e6
[[buyer]]
id = "lab-firm"
kind = "lab"
country = "here"
budget = 1e6
[[lab]]
id = "one"
country = "here"
buyers = ["lab-firm"]
[[lab]]
id = "two"
country = "here"
buyers = ["lab-firm"]
clouds = ["cloud-firm"]
"#;

#[test]
fn who_stops_without_whom_is_counted_by_needs_and_choices() {
    let model = model_of(CHAIN).unwrap();
    let network = Network::from_model(&model);
    let by_path: BTreeMap<String, _> =
        network.nodes().iter().map(|n| n.path(&model)).zip(network.structure()).collect();
    let dominates = |path: &str| by_path[path].dominates;
    // The scanner stops fab-a alone: fab-b still makes wafers.
    assert_eq!(dominates("tool.scanner"), 1);
    assert_eq!(dominates("facility.fab-a"), 0);
    // The line is the only maker of memory, and the rich chip needs it.
    assert_eq!(dominates("facility.line"), 2);
    // Without wafers no chip, no buyer, no lab: two chips, two buyers, two labs.
    assert_eq!(dominates("good.wafers"), 6);
    assert_eq!(dominates("designer.north"), 6);
    // The plain chip is the cloud's only one; lab two still has the other firm.
    assert_eq!(dominates("chip.plain"), 1);
    // Lab one has no other chips; lab two rents.
    assert_eq!(dominates("buyer.lab-firm"), 1);
    let single = |path: &str| by_path[path].single_supplier;
    assert_eq!((single("facility.line"), single("facility.fab-a")), (1.0, 0.0));
    assert_eq!((single("buyer.lab-firm"), single("buyer.cloud-firm")), (0.5, 0.0));
}

/// Where every supply is a choice, domination is the classical one from a root above all sources.
#[test]
fn without_needs_domination_is_that_of_another_algorithm() {
    let mut model = model_of(CHAIN).unwrap();
    for chip in &mut model.chips {
        chip.recipe.clear();
    }
    let network = Network::from_model(&model);
    let flows = |e: &Edge| !matches!(e, Edge::Contains | Edge::Claims | Edge::Commits);
    let mut graph: DiGraph<Option<Node>, ()> = DiGraph::new();
    let root = graph.add_node(None);
    let nodes = network.nodes();
    let places: Vec<_> = nodes.iter().map(|n| graph.add_node(Some(*n))).collect();
    for e in network.graph.edge_indices().filter(|e| flows(&network.graph[*e])) {
        let (a, b) = network.graph.edge_endpoints(e).unwrap();
        let place = |i| places[nodes.binary_search(&network.graph[i]).unwrap()];
        graph.add_edge(place(a), place(b), ());
    }
    for &p in &places {
        if graph.neighbors_directed(p, petgraph::Incoming).next().is_none() {
            graph.add_edge(root, p, ());
        }
    }
    let dominators = simple_fast(&graph, root);
    for (&node, &place) in nodes.iter().zip(&places) {
        let expected =
            places.iter().filter(|&&p| dominators.strict_dominators(p).unwrap().any(|d| d == place)).count();
        assert_eq!(network.stopped_without(&[node]).len(), expected, "{}", node.path(&model));
    }
}

/// On a line of n nodes, node i lies on i·(n − 1 − i) of the (n − 1)(n − 2) ordered pairs' paths.
#[test]
fn betweenness_on_a_known_graph() {
    let text = CHAIN
        .replace("clouds = [\"cloud-firm\"]", "")
        .replace("recipe = { wafers = 0.1 }", "recipe = { memory = 80 }")
        .replace("recipe = { wafers = 0.1, memory = 80 }", "");
    let model = model_of(&text).unwrap();
    let network = Network::from_model(&model);
    let measure = |path: &str| {
        let i = network.nodes().iter().position(|n| n.path(&model) == path).unwrap();
        network.structure()[i].betweenness
    };
    // 13 nodes are no countries. Buyer lab-firm: {line, memory, plain, rich, north} × {one, two} pass through it.
    assert_eq!(network.nodes().len(), 14);
    assert!((measure("buyer.lab-firm") - 10.0 / (12.0 * 11.0)).abs() < 1e-12);
    // Good memory: line × {plain, cloud-firm, lab-firm, one, two}.
    assert!((measure("good.memory") - 5.0 / 132.0).abs() < 1e-12);
    // Chip plain: {line, memory} × {cloud-firm, lab-firm, one, two}, and half of north × {lab-firm, one, two}, all of cloud-firm.
    assert!((measure("chip.plain") - (8.0 + 1.5 + 1.0) / 132.0).abs() < 1e-12);
}

#[test]
fn every_row_is_a_node_and_every_number_is_finite() {
    for scenario in ["scenarios/tutorial", "scenarios/baseline"] {
        let (_, model) = read(scenario, None).unwrap();
        let network = Network::from_model(&model);
        let plan = plan_of(model);
        let graph = SupplyGraph::new(&plan, &network);
        assert_eq!(graph.nodes.len(), network.graph.node_count());
        let attributes = graph.nodes.iter().flat_map(|n| &n.1).chain(graph.edges.iter().flat_map(|e| &e.2));
        assert!(attributes.clone().count() > graph.nodes.len() * 5);
        assert!(attributes.into_iter().all(|(_, a)| !matches!(a, Attribute::Number(x) if !x.is_finite())));
        let json = graph.json();
        assert_eq!(json["edges"].as_array().unwrap().len(), graph.edges.len());
        let facility = json["nodes"].as_array().unwrap().iter().find(|n| n["kind"] == "facility").unwrap();
        assert!(facility["capacity_first"].as_f64().unwrap() > 0.0 && facility["unit"].is_string());
    }
}

#[test]
fn names_cannot_break_a_format() {
    let plan = plan_of(model_of(CHAIN).unwrap());
    let network = Network::from_model(&plan.model);
    let graph = SupplyGraph::new(&plan, &network);
    let dot = graph.render(GraphFormat::Dot);
    assert!(dot.starts_with("digraph \"A <chain> & \\\"more\\\"\" {") && dot.ends_with("}\n"));
    let xml = graph.render(GraphFormat::GraphMl);
    assert!(xml.contains("A &lt;chain&gt; &amp; &quot;more&quot;") && !xml.contains("<chain>"));
}
