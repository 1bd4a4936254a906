"""Scores a hindcast again from its draws, with another library, and joins its weights."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from properscoring import crps_ensemble


def quarter(text: str) -> int:
    return int(text[:4]) * 4 + int(text[5]) - 1


def check(folder: Path) -> None:
    scored = pd.read_csv(folder / "hindcast.csv", keep_default_na=False, dtype=str)
    draws = pd.read_parquet(folder / "draws.parquet")
    first = draws["quarter"].map(quarter).min()
    cells = {key: rows.sort_values("draw") for key, rows in draws.groupby(["actor", "quarter"])}

    def values(actor: str, metric: str, when: int) -> np.ndarray:
        return cells[actor, f"{when // 4}Q{when % 4 + 1}"][metric].to_numpy()

    for row in scored.rename(columns={"from": "first"}).itertuples():
        if row.first:
            # A flow over months: of each quarter the share of its months.
            ends = [int(m[:4]) * 12 + int(m[5:]) - 1 for m in (row.first, row.to)]
            months = np.arange(ends[0], ends[1] + 1) // 3
            at = sum(values(row.actor, row.metric, q) * n / 3 for q, n in zip(*np.unique(months, return_counts=True)))
        else:
            at = values(row.actor, row.metric, quarter(row.quarter))
        if row.since and quarter(row.since) > first:
            at = np.maximum(at - values(row.actor, row.metric, quarter(row.since) - 1), 0)
        for column, p in [("p05", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95)]:
            exact = np.quantile(at, p, method="inverted_cdf")
            assert np.isclose(float(getattr(row, column)), exact, rtol=1e-12), (row, column, exact)
        if row.kind == "at-least":
            assert np.isclose(float(row.at_least), (at >= float(row.central)).mean()), row
            continue
        y = float(row.central) if row.central else np.sqrt(float(row.low) * float(row.high))
        floor = 1e-3 if row.unit == "1" else 1.0
        crps = crps_ensemble(np.log(max(y, floor)), np.log(np.maximum(at, floor)))
        assert np.isclose(float(row.crps), crps, rtol=1e-9, atol=1e-12), (row, crps)
        assert np.isclose(float(row.pit), (at < y).mean() + 0.5 * (at == y).mean()), row

    weights = pd.read_csv(folder / "weights.csv").set_index("draw")
    assert np.isclose(weights["weight"].sum(), 1)
    weighting = pd.read_csv(folder / "weighting.csv").iloc[0]
    assert np.isclose(1 / (weights["weight"] ** 2).sum(), weighting["effective_draws"])
    assert weighting["effective_draws"] >= 0.1 * len(weights) * (1 - 1e-9)
    power = np.exp(weighting["exponent"] * weights["log_likelihood"])
    assert np.allclose(weights["weight"], power / power.sum(), atol=1e-15)
    for row in pd.read_csv(folder / "weighted.csv").itertuples():
        mine = draws[(draws["actor"] == row.actor) & (draws["quarter"] == row.quarter)].set_index("draw")[row.metric]
        ordered = mine.sort_values()
        share = weights["weight"].reindex(ordered.index).cumsum()
        for column, p in [("weighted_p05", 0.05), ("weighted_p50", 0.5), ("weighted_p95", 0.95)]:
            place = int(np.searchsorted(share.to_numpy(), p - 1e-12))
            assert ordered.iloc[place] == getattr(row, column), (row, column)
    print(f"{folder}: {len(scored)} observations, {len(weights)} weights")


check(Path(sys.argv[1]))
print("1 passed, 0 failed")
