//! What structure alone says of a node: how much passes through it, for whom it is the only supplier, who stops without it.

use super::{Edge, Network, Node};
use petgraph::Direction::{Incoming, Outgoing};
use petgraph::graph::NodeIndex;
use petgraph::visit::{EdgeRef, NodeIndexable};
use std::collections::VecDeque;

/// Measures of one node.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Structure {
    /// Share of shortest supply paths between other nodes that pass through it \[1\] (Freeman 1977).
    pub betweenness: f64,
    /// Share of those it supplies for whom nothing else can take its place \[1\].
    pub single_supplier: f64,
    /// Other nodes that cannot be supplied without it: those it dominates, where a need is an "and" and a choice an "or".
    pub dominates: usize,
}

impl Network {
    /// Measures of every node, in the order of [`Network::nodes`].
    pub fn structure(&self) -> Vec<Structure> {
        let between = self.betweenness();
        (self.nodes().iter().zip(between))
            .map(|(&node, betweenness)| Structure {
                betweenness,
                single_supplier: self.single_supplier(node),
                dominates: self.stopped_without(&self.contents(node)).len(),
            })
            .collect()
    }

    /// Whether things flow along an edge: not merely a place or a contract.
    fn carries(edge: Edge) -> bool {
        !matches!(edge, Edge::Contains | Edge::Claims | Edge::Commits)
    }

    /// Nodes at the other ends of a node's supply edges, each once.
    fn neighbours(&self, at: NodeIndex, direction: petgraph::Direction) -> Vec<NodeIndex> {
        let edges = self.graph.edges_directed(at, direction).filter(|e| Self::carries(*e.weight()));
        let mut ends: Vec<NodeIndex> =
            edges.map(|e| if direction == Outgoing { e.target() } else { e.source() }).collect();
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// Betweenness over supply edges, by Brandes' (2001) algorithm, as a share of all ordered pairs of other nodes that
    /// are not countries.
    fn betweenness(&self) -> Vec<f64> {
        let size = self.graph.node_bound();
        let next: Vec<Vec<usize>> = (0..size)
            .map(|i| self.neighbours(NodeIndex::new(i), Outgoing).iter().map(|n| n.index()).collect())
            .collect();
        let mut score = vec![0.0; size];
        for source in 0..size {
            add_dependencies(&next, source, &mut score);
        }
        let places = self.nodes().iter().filter(|n| matches!(n, Node::Country(_))).count();
        let others = (size - places) as f64;
        let pairs = (others - 1.0) * (others - 2.0);
        (self.nodes().iter())
            .map(|n| if pairs > 0.0 { score[self.index(*n).index()] / pairs } else { 0.0 })
            .collect()
    }

    /// Share of a node's customers that have no other supplier of the kind.
    fn single_supplier(&self, node: Node) -> f64 {
        let customers = self.neighbours(self.index(node), Outgoing);
        let alone = customers.iter().filter(|&&c| {
            let kind = |e: Edge| if e == Edge::Rents { Edge::Owns } else { e };
            let mine = self.graph.edges_directed(c, Incoming).find(|e| self.graph[e.source()] == node);
            let Some(mine) = mine.map(|e| kind(*e.weight())) else { return false };
            let rivals = self.graph.edges_directed(c, Incoming).any(|e| {
                kind(*e.weight()) == mine && self.graph[e.source()] != node && Self::carries(*e.weight())
            });
            !rivals || is_need(mine)
        });
        alone.count() as f64 / customers.len().max(1) as f64
    }

    /// What goes when a node goes: itself, or everything in a country.
    pub fn contents(&self, node: Node) -> Vec<Node> {
        let inside = self.graph.edges(self.index(node)).filter(|e| *e.weight() == Edge::Contains);
        std::iter::once(node).chain(inside.map(|e| self.graph[e.target()])).collect()
    }

    /// Other nodes that can no longer be supplied once some are gone.
    ///
    /// A facility needs every tool class that it uses, a chip its designer and every good of its recipe; a good needs any
    /// maker, a buyer any chip, a lab any of its buyers and clouds, a goods route or private stock any of what it carries.
    pub fn stopped_without(&self, gone: &[Node]) -> Vec<Node> {
        let mut stopped = vec![false; self.graph.node_bound()];
        let mut queue: VecDeque<NodeIndex> = gone.iter().map(|&n| self.index(n)).collect();
        for at in &queue {
            stopped[at.index()] = true;
        }
        let mut all = Vec::new();
        while let Some(at) = queue.pop_front() {
            for customer in self.neighbours(at, Outgoing) {
                if !stopped[customer.index()] && !self.is_supplied(customer, &stopped) {
                    stopped[customer.index()] = true;
                    all.push(self.graph[customer]);
                    queue.push_back(customer);
                }
            }
        }
        all
    }

    fn is_supplied(&self, node: NodeIndex, stopped: &[bool]) -> bool {
        let edges = || self.graph.edges_directed(node, Incoming).filter(|e| Self::carries(*e.weight()));
        // A route brings only chips that somebody makes: on its own it is no choice.
        let brings = |at: NodeIndex| {
            !matches!(self.graph[at], Node::Route(_)) || !self.neighbours(at, Incoming).is_empty()
        };
        let mut choices = edges().filter(|e| !is_need(*e.weight()) && brings(e.source())).peekable();
        let needs_met = edges()
            .filter(|e| is_need(*e.weight()))
            .all(|e| !stopped[e.source().index()] || self.is_stock(e.source()));
        let any = choices.peek().is_none() || choices.any(|e| !stopped[e.source().index()]);
        match self.graph[node] {
            // Its designer's stocks feed a designer's chips, but it designs without them.
            Node::Designer(_) => true,
            // What one good feeds is a stock: any of its sources will do.
            Node::Stockpile(_) | Node::Route(_) => edges().any(|e| !stopped[e.source().index()]),
            _ => needs_met && any,
        }
    }

    fn is_stock(&self, node: NodeIndex) -> bool {
        matches!(self.graph[node], Node::Stockpile(_))
    }
}

/// Whether nothing else of the kind can stand in for what comes along an edge.
fn is_need(edge: Edge) -> bool {
    matches!(edge, Edge::Equips | Edge::Feeds | Edge::Designs)
}

/// Adds one source's share of shortest paths through every node.
fn add_dependencies(next: &[Vec<usize>], source: usize, score: &mut [f64]) {
    let size = next.len();
    let mut order = Vec::new();
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); size];
    let mut paths = vec![0.0; size];
    let mut distance = vec![usize::MAX; size];
    paths[source] = 1.0;
    distance[source] = 0;
    let mut queue = VecDeque::from([source]);
    while let Some(v) = queue.pop_front() {
        order.push(v);
        for &w in &next[v] {
            if distance[w] == usize::MAX {
                distance[w] = distance[v] + 1;
                queue.push_back(w);
            }
            if distance[w] == distance[v] + 1 {
                paths[w] += paths[v];
                before[w].push(v);
            }
        }
    }
    let mut depends = vec![0.0; size];
    for &w in order.iter().rev() {
        for &v in &before[w] {
            depends[v] += paths[v] / paths[w] * (1.0 + depends[w]);
        }
        if w != source {
            score[w] += depends[w];
        }
    }
}
