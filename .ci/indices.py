"""Holds `indices` against SALib: on the tutorial with three uncertain numbers, SALib's own design and estimators on the same simulator."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from SALib.analyze import sobol
from SALib.sample import sobol as sample

CELL = "country.omega/reachable_flop@2026Q4"
# Wide, so that budget, power and efficiency bind in turn: they do much together.
RANGES = {
    "buyer.omega-labs.budget.after": (1.0, 3.0),
    "country.omega.overhead": (1.1, 3.0),
    "lab.second.mfu": (0.1, 0.6),
}
POLICIES = 400


def main(program: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shown = subprocess.run([program, "show", "scenarios/tutorial", "--format", "csv"], check=True, capture_output=True, text=True).stdout
    rows = list(csv.DictReader(shown.splitlines()))
    held = [r["path"] for r in rows if r["p05"] != r["p95"] and r["path"] not in RANGES]
    names = list(RANGES)

    # Ours: all others are drawn too, but held where they are in every draw.
    words = []
    for r in rows:
        if r["path"] in held:
            unit = "" if r["canonical_unit"] in ("", "1") else f" {r['canonical_unit']}"
            words += ["--set", f"{r['path']}={r['p50']}{unit}"]
    words += ["--set", "shock.fab-outage.hazard=0"]
    ours = json.loads(
        subprocess.run(
            [program, "indices", "scenarios/tutorial", "--cell", CELL, "--draws", "16384", "--format", "json", "--quiet", *words]
            + [w for path, (low, high) in RANGES.items() for w in ("--set", f"{path}=uniform({low}, {high})")],
            check=True, capture_output=True, text=True,
        ).stdout
    )
    found = {row["path"]: row for row in ours["inputs"]}

    # Theirs: each point of their design is a policy of one draw.
    problem = {"num_vars": len(names), "names": names, "bounds": list(RANGES.values())}
    points = sample.sample(problem, 512, calc_second_order=False, seed=1)
    values = np.empty(len(points))
    for first in range(0, len(points), POLICIES):
        chunk = points[first : first + POLICIES]
        policies = []
        for i, point in enumerate(chunk):
            policy = folder / f"p{first + i}.toml"
            body = "".join(f'[[set]]\npath = "{path}"\nvalue = {value}\n' for path, value in zip(names, point))
            policy.write_text(f'title = "p{first + i}"\n{body}')
            policies += ["--policy", str(policy)]
        out = folder / f"compare{first}"
        subprocess.run(
            [program, "compare", "scenarios/tutorial", "--draws", "8", "--select", CELL, "--quiet", "--out", str(out), *words, *policies],
            check=True, capture_output=True,
        )
        summary = pd.read_csv(out / "summary.csv")
        means = summary.set_index("policy")["mean"]
        values[first : first + len(chunk)] = [means[f"p{first + i}"] for i in range(len(chunk))]
    theirs = sobol.analyze(problem, np.log(values), calc_second_order=False, seed=1)

    largest = 0.0
    for i, path in enumerate(names):
        for name, key in (("first", "S1"), ("total", "ST")):
            # Both err: theirs says by how much at 95 %.
            error = np.hypot(found[path][name]["se"], theirs[f"{key}_conf"][i] / 1.96)
            off = abs(found[path][name]["value"] - theirs[key][i])
            assert off < 4 * error + 0.002, (path, name, found[path][name], theirs[key][i], error)
            largest = max(largest, off)
    print(f"{len(points)} points of SALib's: first-order and total indices agree, the furthest by {largest:.4f}")


main(sys.argv[1], Path(sys.argv[2]))
