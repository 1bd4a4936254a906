"""Tables and draws in the programs of others: a few lines each, to copy."""

import pytest

import chokepoint as cp

CELL = "country.omega/reachable_flop@2026Q4"


@pytest.fixture(scope="module")
def run():
    return cp.load("tutorial").run(256)


def test_pandas(run):
    import pandas as pd

    frame = pd.DataFrame.from_arrow(run.summary)
    last = frame[(frame.metric == "reachable_flop") & (frame.quarter == "2026Q4")]
    assert last.set_index("actor").p50["country.omega"] == run.median(CELL).value
    assert run.summary.to_pandas().equals(frame) or len(run.summary.to_pandas()) == len(frame)


def test_polars(run):
    import polars as pl

    frame = pl.DataFrame(run.thresholds)
    assert frame.schema["probability"] == pl.Float64 and frame.schema["actor"] == pl.String
    reached = frame.filter(pl.col("probability") > 0.5).group_by("actor").agg(pl.col("quarter").min())
    assert 0 < len(reached) <= frame["actor"].n_unique()


def test_duckdb(run):
    import duckdb

    summary = run.summary  # noqa: F841
    found = duckdb.sql("select actor, p50 from summary where metric = 'reachable_flop' and quarter = '2026Q4'")
    assert dict(found.fetchall())["country.omega"] == run.median(CELL).value


def test_pyarrow(run):
    import pyarrow as pa

    table = pa.table(run.summary)
    assert table.num_rows == len(run.summary) and table.column_names == [c.name for c in run.summary.columns]
    assert table.schema.field("p50").metadata[b"description"] == b"Median over draws"
    # Missing is missing, in every table.
    for one in run.tables.values():
        assert pa.table(one).to_pylist() == one.rows()


def test_draws_are_those_of_the_summary():
    world = cp.load("tutorial")
    frame = world.draws("country.*/reachable_flop@*Q4", draws=256, inputs=True, batch=100).to_pandas()
    assert list(frame.draw) == list(range(256))
    run = world.run(256, select="country.*/reachable_flop@*Q4")
    assert frame[CELL].mean() == pytest.approx(run.mean(CELL).value, rel=1e-12)
    # Clocks of shocks drive too; they are no numbers of the scenario.
    drivers = {path for path in run.drivers["path"] if not str(path).endswith(".clock")}
    assert drivers and drivers <= set(frame.columns)
    # Only draws in which a condition holds, and no others.
    without = world.draws(CELL, draws=256, given="not shock.fab-outage by 2026Q4").to_pandas()
    assert 0 < len(without) < 256
    assert without.set_index("draw")[CELL].equals(frame.set_index("draw")[CELL].loc[list(without.draw)])


def test_draws_stream_into_polars_and_duckdb():
    import duckdb
    import polars as pl

    draws = cp.load("tutorial").draws(CELL, draws=300, batch=100)
    frame = pl.DataFrame(draws)
    assert len(frame) == 300
    import pyarrow as pa

    reader = pa.RecordBatchReader.from_stream(draws)  # noqa: F841
    assert duckdb.sql("select count(*) from reader").fetchall() == [(300,)]


def test_networkx():
    import networkx as nx

    graph = cp.load("tutorial").graph()
    labs = [n for n, kind in graph.nodes(data="kind") if kind == "lab"]
    fabs = [n for n, kind in graph.nodes(data="kind") if kind == "facility"]
    assert labs and any(nx.has_path(graph, fab, lab) for fab in fabs for lab in labs)


def test_salib():
    import numpy as np
    from SALib.analyze import delta

    world = cp.load("tutorial")
    frame = world.draws(CELL, draws=300, inputs=True).to_pandas()
    paths = list(dict.fromkeys(world.run(300).drivers["path"]))[:5]
    problem = {"num_vars": len(paths), "names": paths, "bounds": [[0, 1]] * len(paths)}
    found = delta.analyze(problem, frame[paths].to_numpy(), np.log(frame[CELL].to_numpy()), num_resamples=2, seed=1)
    assert len(found["S1"]) == len(paths)


def test_ema_workbench():
    from ema_workbench import Model, RealParameter, ScalarOutcome, SequentialEvaluator

    world = cp.load("tutorial")

    def reach(detection):
        run = world.run(64, select=CELL, set={"route.*.detection": detection})
        return {"reach": run.median(CELL).value}

    model = Model("chokepoint", function=reach)
    model.uncertainties = [RealParameter("detection", 0.02, 0.9)]
    model.outcomes = [ScalarOutcome("reach")]
    with SequentialEvaluator(model) as evaluator:
        experiments, outcomes = evaluator.perform_experiments(scenarios=6)
    order = experiments["detection"].to_numpy().argsort()
    assert len(outcomes["reach"]) == 6 and outcomes["reach"][order][0] >= outcomes["reach"][order][-1]
