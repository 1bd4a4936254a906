"""Holds the boxes of `discover` against the PRIM of the EMA Workbench: on its own example, and on exported draws of ours."""

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import ema_workbench
import numpy as np
import pandas as pd
from ema_workbench.analysis import prim


def theirs(x: pd.DataFrame, y: np.ndarray):
    """Their boxes on the way, and the limits of the last."""
    box = prim.Prim(x, y, threshold=0.01, mass_min=0.05).find_box()
    steps = box.peeling_trajectory
    limits, start = box.box_lims[-1], box.box_lims[0]
    restricted = [c for c in limits.columns if list(limits[c]) != list(start[c])]
    ends = {c: tuple(None if limits[c][i] == start[c][i] else limits[c][i] for i in (0, 1)) for c in restricted}
    return steps, ends


def ours(boxes: str, x: pd.DataFrame, y: np.ndarray):
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table.csv"
        x.assign(case=y.astype(int)).to_csv(table, index=False)
        text = subprocess.run([boxes, table, "0.05"], check=True, capture_output=True, text=True).stdout
    steps, limits = text.split("\n\n")
    limits = pd.read_csv(io.StringIO(limits))
    ends = {r.path: tuple(None if np.isnan(v) else v for v in (r.low, r.high)) for r in limits.itertuples()}
    return pd.read_csv(io.StringIO(steps)), ends


def compare(name: str, boxes: str, x: pd.DataFrame, y: np.ndarray) -> None:
    x = x.astype(np.float32).astype(float)
    their_steps, their_ends = theirs(x, y)
    our_steps, our_ends = ours(boxes, x, y)
    n, cases = len(y), int(y.sum())
    assert len(our_steps) == len(their_steps), (name, len(our_steps), len(their_steps))
    assert np.allclose(our_steps["draws"] / n, their_steps["mass"]), name
    assert np.allclose(our_steps["cases"] / cases, their_steps["coverage"]), name
    assert (our_steps["restricted"].to_numpy() == their_steps["res_dim"].to_numpy()).all(), name
    assert set(our_ends) == set(their_ends), (name, our_ends, their_ends)
    # A limit lies between two draws: any number there makes the same box.
    def inside(all_ends):
        box = np.ones(n, dtype=bool)
        for path, (low, high) in all_ends.items():
            box &= (low is None or x[path] >= low) & (high is None or x[path] <= high)
        return box

    assert (inside(our_ends) == inside(their_ends)).all(), (name, our_ends, their_ends)
    assert all((a is None) == (b is None) for p in our_ends for a, b in zip(our_ends[p], their_ends[p])), (name, our_ends, their_ends)
    last = our_steps.iloc[-1]
    print(f"{name}: {len(our_steps)} boxes on the way and the last one ({len(our_ends)} conditions, {last.cases}/{last.draws}) are the same")


def main(boxes: str, run: Path, found: Path) -> None:
    data = Path(ema_workbench.__file__).parent / "examples" / "data" / "bryant et al 2010 data.csv"
    if data.exists():
        table = pd.read_csv(data, index_col=False)
        compare("EMA's example", boxes, table.iloc[:, 2:11], table.iloc[:, 15].to_numpy().astype(bool))
    rng = np.random.default_rng(1)
    x = pd.DataFrame(rng.random((2000, 6)), columns=list("abcdef"))
    compare("a box that is there", boxes, x, ((x.a > 0.6) & (x.d < 0.5)).to_numpy() ^ (rng.random(2000) < 0.05))
    # What `discover` found on a scenario, from the draws that a run of it exported.
    draws, inputs = pd.read_csv(run / "draws.csv"), pd.read_csv(run / "inputs.csv").set_index("draw")
    strikes = pd.read_csv(run / "strikes.csv")
    first = strikes.groupby(["draw", "shock"])["onset"].min().unstack()
    start, end = json.loads((run / "manifest.json").read_text())["horizon"].split("..")
    quarters = 4 * (int(end[:4]) - int(start[:4])) + int(end[-1]) - int(start[-1]) + 1
    inputs = inputs.join(first.fillna(quarters))
    y = draws.set_index("draw")["reachable_flop"].reindex(inputs.index).to_numpy() < 3e26
    compare("the tutorial", boxes, inputs, y)
    ways = pd.read_csv(found / "tradeoff.csv").query("box == 1")
    steps, _ = theirs(inputs.astype(np.float32).astype(float), y)
    assert np.allclose(ways["coverage"], steps["coverage"]) and np.allclose(ways["density"], steps["density"])
    print("the tutorial, by discover: the same")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
