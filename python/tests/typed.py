"""What mypy must understand; it is not run."""

from collections.abc import Mapping

import chokepoint as cp

world: cp.World = cp.load("baseline", set={"route.*.detection": "10%", "lab.first.mfu": 0.4})
run: cp.Run = world.run(draws="10k", policy=["a", "b"], threads=2)
number: float = run.median("country.omega/reachable_flop@2028Q4").value
table: cp.Table = run.summary
ranked: cp.Table = world.compare(["a"], draws=2048).ranking
job: cp.Job[cp.Run] = world.start(10, seed=3)
done: tuple[int, int] = job.progress
edits: Mapping[str, cp.Finding] = {}
names: list[str] = [c.name for c in table.columns]
joined: cp.Result = cp.merge(["a", "b"], out="c")
