"""Opens the supply graph as networkx and Graphviz do, and recounts its betweenness."""

import json
import subprocess
import sys
from pathlib import Path

import networkx as nx


def check(folder: Path) -> None:
    graph = nx.node_link_graph(json.loads((folder / "graph.json").read_text()), edges="edges")
    twin = nx.read_graphml(folder / "graph.graphml", force_multigraph=True)
    assert graph.is_directed() and graph.is_multigraph()
    assert set(graph) == set(twin) and graph.number_of_edges() == twin.number_of_edges()
    for node, attributes in graph.nodes(data=True):
        assert attributes == twin.nodes[node], (node, attributes, twin.nodes[node])

    supply = nx.DiGraph()
    supply.add_nodes_from(n for n, kind in graph.nodes(data="kind") if kind != "country")
    carried = [(a, b) for a, b, kind in graph.edges(data="kind") if kind not in ("contains", "claims", "commits")]
    supply.add_edges_from(carried)
    for node, measure in nx.betweenness_centrality(supply).items():
        assert abs(measure - graph.nodes[node]["betweenness"]) < 1e-12, node

    svg = subprocess.run(["dot", "-Tsvg", folder / "graph.dot"], check=True, capture_output=True, text=True).stdout
    assert svg.count('class="node"') == len(graph) and svg.count('class="edge"') == graph.number_of_edges()
    print(f"{folder}: {len(graph)} nodes and {graph.number_of_edges()} edges opened by networkx and Graphviz")


for name in sys.argv[1:]:
    check(Path(name))
