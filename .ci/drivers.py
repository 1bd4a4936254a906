"""Holds a run's sensitivity indices against SALib's, from the same exported draws."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from SALib.analyze import delta, rbd_fast

# SALib's estimators of the first-order index: one bins like ours but keeps the bias of chance, one is spectral.
BINNED, SPECTRAL = 0.015, 0.03


def check(folder: Path) -> None:
    drivers = pd.read_csv(folder / "drivers.csv", keep_default_na=False)
    draws = pd.read_csv(folder / "draws.csv")
    inputs = pd.read_csv(folder / "inputs.csv")
    compared, largest = 0, 0.0
    for cell, rows in drivers.groupby("cell"):
        actor, rest = cell.split("/")
        metric, quarter = rest.split("@")
        if metric not in draws:
            continue
        outcome = draws[(draws["actor"] == actor) & (draws["quarter"] == quarter)]
        outcome = outcome.set_index("draw")[metric].reindex(inputs["draw"]).to_numpy()
        if np.isnan(outcome).any():
            continue
        assert (rows["scale"] == ("log" if (outcome > 0).all() else "plain")).all(), cell
        y = np.log(outcome) if (outcome > 0).all() else outcome
        rows = rows[rows["path"].isin(inputs.columns)]
        # Ranks do not care for the inputs' own scale.
        x = inputs[list(rows["path"])].rank(pct=True).to_numpy()
        problem = {"num_vars": x.shape[1], "names": list(rows["path"]), "bounds": [[0, 1]] * x.shape[1]}
        # Its estimator itself: `analyze` gives the mean over resampled draws, which two of them leave too noisy.
        bins = np.linspace(0, len(y), 33)
        binned = [delta.sobol_first(y, column, bins) for column in x.T]
        # The spectral one takes one input at a time: it takes draws for independent of their order.
        shuffle = np.random.default_rng(1).permutation(len(y))
        spectral = rbd_fast.analyze(problem, x[shuffle], y[shuffle], M=10, num_resamples=2, seed=1)["S1"]
        for path, index, a, b in zip(rows["path"], rows["index"], binned, spectral):
            # An input with few values has ties: its ranks are not its uniforms.
            if inputs[path].nunique() < len(inputs) / 2:
                continue
            assert abs(index - a) < BINNED, (cell, path, index, a)
            assert abs(index - b) < SPECTRAL, (cell, path, index, b)
            compared += 1
            largest = max(largest, abs(index - a), abs(index - b))
    assert compared > 50, compared
    print(f"{folder}: {compared} indices agree with SALib's, the furthest by {largest:.4f}")


for name in sys.argv[1:]:
    check(Path(name))
