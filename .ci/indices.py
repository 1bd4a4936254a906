"""Holds `indices` against SALib: on the tutorial with three uncertain numbers, SALib's own design and estimators on the same simulator."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from SALib.analyze import sobol
from SALib.sample import sobol as sample

CELL = "country.omega/reachable_flop@2026Q4"
# What is certain here, and what is uniform: wide, so that money, power and chips bind in turn and inputs do much together.
CERTAIN = {
    '"0.85 to 0.95 per year"': '"0.9 per year"', '"2B to 3B"': '"2.5B"', '"0.8B to 1.2B"': '"1B"', '"2k to 3k"': '"2.5k"',
    '"1k to 2k"': '"1.5k"', '"3k to 5k"': '"4k"', '"90 to 180"': "120", '"2% to 15%"': '"5%"', '"30% to 45%"': '"40%"',
    '"0.2 to 0.6 per year"': '"0 per year"', '"0.2 to 2"': "1", '"20% to 70%"': '"50%"', '"1.3 to 1.8 per year"': '"1.5 per year"',
}
RANGES = {
    "buyer.omega-labs.budget.after": (1.0, 3.0),
    "route.gamma.capacity": (0.0, 20000.0),
    "lab.second.mfu": (0.1, 0.6),
}
POLICIES = 400


def main(program: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = Path("scenarios/tutorial/scenario.toml").read_text()
    budget = '2022Q1 = "0.8B to 1.2B", after = "1.3 to 1.8 per year"'
    assert budget in text
    text = text.replace(budget, '2022Q1 = "1B", after = "uniform(1, 3) per year"')
    for old, new in {**CERTAIN, '"28% to 42%"': '"uniform(0.1, 0.6)"', '"500 to 5000"': '"uniform(0, 20000)"'}.items():
        text = text.replace(old, new)
    text = re.sub(r"^lead = .*$", "", text, flags=re.M)
    world = folder / "world.toml"
    world.write_text(text)
    names = list(RANGES)
    asked = [program, "indices", str(world), "--cell", CELL, "--draws", "16384", "--format", "json", "--quiet"]
    ours = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
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
            [program, "compare", str(world), "--draws", "8", "--select", CELL, "--quiet", "--force", "--out", str(out), *policies],
            check=True, capture_output=True,
        )
        summary = pd.read_csv(out / "summary.csv")
        means = summary.set_index("policy")["mean"]
        values[first : first + len(chunk)] = [means[f"p{first + i}"] for i in range(len(chunk))]
    theirs = sobol.analyze(problem, np.log(values), calc_second_order=False, seed=1)

    largest = 0.0
    for i, path in enumerate(names):
        for name, key in (("first", "S1"), ("total", "ST")):
            # Both err: theirs says by how much at 95%.
            error = np.hypot(found[path][name]["se"], theirs[f"{key}_conf"][i] / 1.96)
            off = abs(found[path][name]["value"] - theirs[key][i])
            assert off < 4 * error + 0.002, (path, name, found[path][name], theirs[key][i], error)
            largest = max(largest, off)
    print(f"{len(points)} points of SALib's: first-order and total indices agree, the furthest by {largest:.4f}")


main(sys.argv[1], Path(sys.argv[2]))
