"""Opens a run's tables as users do, and checks what a join across them must give."""

import sys
from pathlib import Path

import duckdb
import pandas as pd


def check(folder: Path) -> None:
    summary = pd.read_csv(folder / "summary.csv")
    assert len(summary) > 500 and summary["p50"].notna().all()
    assert (summary["p05"] <= summary["p50"]).all() and (summary["p50"] <= summary["p95"]).all()
    thresholds = pd.read_csv(folder / "thresholds.csv")
    assert ((thresholds["low"] <= thresholds["probability"]) & (thresholds["probability"] <= thresholds["high"])).all()
    bottlenecks = pd.read_csv(folder / "bottlenecks.csv")
    shares = bottlenecks.groupby(["subject", "subject_kind", "quarter"])["share"].sum()
    assert ((shares - 1).abs() < 1e-9).all()
    flows = pd.read_csv(folder / "flows.csv")
    assert (flows["mean"] >= 0).all()

    draws = next(folder.glob("draws.*"))
    inputs = next(folder.glob("inputs.*"))
    frame = pd.read_csv(draws) if draws.suffix == ".csv" else pd.read_parquet(draws)
    table = pd.read_csv(inputs) if inputs.suffix == ".csv" else pd.read_parquet(inputs)
    assert frame["draw"].nunique() == len(table)

    # The summary is what the draws say, of the cells that have draws.
    reached = frame[frame["reachable_flop"].notna()]
    told = summary[summary["metric"] == "reachable_flop"].merge(reached[["actor", "quarter"]].drop_duplicates())
    assert len(told) >= 10
    for row in told.head(50).itertuples():
        column = reached[(reached["actor"] == row.actor) & (reached["quarter"] == row.quarter)]["reachable_flop"]
        assert len(column) == len(table)
        assert abs(column.mean() / row.mean - 1) < 1e-9 if row.mean else True
        assert row.min == column.min() and row.max == column.max()

    # The same through DuckDB, joined with the inputs.
    count = duckdb.sql(
        f"select count(*) from '{draws}' d join '{inputs}' i using (draw) where d.reachable_flop is not null"
    ).fetchall()[0][0]
    assert count == frame["reachable_flop"].notna().sum(), count
    print(f"{folder}: {len(summary)} cells, {len(table)} draws, {len(table.columns) - 1} inputs, {count} joined rows")


for name in sys.argv[1:]:
    check(Path(name))
print(f"{len(sys.argv) - 1} passed, 0 failed")
