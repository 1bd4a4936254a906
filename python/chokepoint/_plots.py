"""Figures by plotly, where it is installed."""

from __future__ import annotations

from typing import Any, Protocol

from ._tables import Table


class Run(Protocol):
    """What is drawn of a run."""

    answer: Table | None

    @property
    def summary(self) -> Table: ...
    @property
    def headline(self) -> Table: ...
    @property
    def drivers(self) -> Table: ...


class Comparison(Protocol):
    """What is drawn of a comparison."""

    @property
    def ranking(self) -> Table: ...


_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
"""Okabe and Ito's, which the colour-blind can tell apart."""


def _plotly() -> Any:
    try:
        import plotly.graph_objects
    except ImportError:
        raise ImportError("figures are drawn by plotly: pip install plotly") from None
    return plotly.graph_objects


def _rows(run: Run, metric: str, actors: list[str] | None) -> dict[str, list[dict[str, Any]]]:
    rows = [r for r in run.summary if r["metric"] == metric]
    if not rows:
        raise KeyError(f"no cell of {metric} is summarised: select=... chooses cells")
    if actors is None:
        shown = {str(r["actor"]) for r in run.headline} if run.answer is not None else set()
        actors = [a for a in dict.fromkeys(str(r["actor"]) for r in rows) if a in shown]
    found: dict[str, list[dict[str, Any]]] = {actor: [] for actor in actors}
    for row in rows:
        if row["actor"] in found:
            found[str(row["actor"])].append(row)
    missing = [actor for actor, of in found.items() if not of]
    if missing or not found:
        raise KeyError(f"no cell of {metric} is summarised of {', '.join(missing) or 'the headline'}")
    for of in found.values():
        of.sort(key=lambda r: str(r["quarter"]))
    return found


def _faint(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def fan(run: Run, metric: str, actors: list[str] | None) -> Any:
    go = _plotly()
    figure = go.Figure()
    unit = ""
    for i, (actor, rows) in enumerate(_rows(run, metric, actors).items()):
        colour = _COLOURS[i % len(_COLOURS)]
        quarters = [r["quarter"] for r in rows]
        unit = rows[0]["unit"]
        for low, high, alpha in (("p05", "p95", 0.12), ("p25", "p75", 0.2)):
            band = [r[high] for r in rows] + [r[low] for r in reversed(rows)]
            figure.add_scatter(
                x=quarters + quarters[::-1], y=band, fill="toself", fillcolor=_faint(colour, alpha), mode="none",
                legendgroup=actor, showlegend=False, hoverinfo="skip",
            )  # fmt: skip
        figure.add_scatter(x=quarters, y=[r["p50"] for r in rows], name=actor, legendgroup=actor, line_color=colour)
    figure.update_layout(
        title=f"{metric}: median, 50% and 90% of draws", yaxis_title=f"{metric} [{unit}]", yaxis_type="log",
        xaxis_title="quarter", template="plotly_white",
    )  # fmt: skip
    return figure


def ratio(run: Run, of: str, over: str, metric: str) -> Any:
    go = _plotly()
    rows = _rows(run, metric, [of, over])
    below = {r["quarter"]: r["p50"] for r in rows[over]}
    pairs = [(r["quarter"], r["p50"] / below[r["quarter"]]) for r in rows[of] if below.get(r["quarter"])]
    figure = go.Figure(go.Scatter(x=[q for q, _ in pairs], y=[x for _, x in pairs], line_color=_COLOURS[0]))
    figure.update_layout(
        title=f"{of} over {over}: quotient of the medians of {metric}", yaxis_title="quotient [1]", yaxis_type="log",
        xaxis_title="quarter", template="plotly_white",
    )  # fmt: skip
    return figure


def tornado(run: Run, cell: str | None, top: int) -> Any:
    go = _plotly()
    rows = list(run.drivers)
    if not rows:
        raise KeyError("the run has no drivers")

    cells = list(dict.fromkeys(str(r["cell"]) for r in rows))
    cell = cells[0] if cell is None else cell
    if cell not in cells:
        raise KeyError(f"no drivers of {cell}: there are those of {', '.join(cells)}")
    shown = [r for r in rows if r["cell"] == cell][:top][::-1]
    figure = go.Figure(
        go.Bar(x=[r["index"] for r in shown], y=[r["path"] for r in shown], orientation="h", marker_color=_COLOURS[0])
    )
    floors = [r["noise_floor"] for r in shown if r["noise_floor"] is not None]
    if floors:
        figure.add_vline(x=floors[0], line_dash="dot", annotation_text="cannot be told from none")
    figure.update_layout(
        title=f"What drives {cell}", xaxis_title="share of the variance that it explains alone [1]",
        template="plotly_white", yaxis_automargin=True,
    )  # fmt: skip
    return figure


def ranking(comparison: Comparison, cell: str | None) -> Any:
    go = _plotly()
    rows = comparison.ranking.rows()
    cells = list(dict.fromkeys(str(r["cell"]) for r in rows))
    cell = cells[0] if cell is None else cell
    if cell not in cells:
        raise KeyError(f"{cell} is not ranked: {', '.join(cells)} are")
    shown = [r for r in rows if r["cell"] == cell][::-1]
    figure = go.Figure(
        go.Scatter(
            x=[r["difference_mean"] for r in shown], y=[r["policy"] for r in shown], mode="markers",
            error_x={"type": "data", "array": [r["half_width"] or 0 for r in shown]}, marker_color=_COLOURS[0],
        )  # fmt: skip
    )
    figure.update_layout(
        title=f"{cell}: mean less that of the scenario as it stands, with 95% intervals", template="plotly_white",
        xaxis_title="difference, in the cell's unit", yaxis_automargin=True,
    )  # fmt: skip
    return figure
