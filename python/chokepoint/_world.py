"""A scenario under a policy and edits, and everything that can be asked of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from . import _native
from ._errors import UsageError
from ._jobs import Job
from ._results import Calibration, Check, Comparison, Hindcast, Page, Result, Run, Story, Sweep
from ._tables import Draws, Table
from ._words import Count, Edits, Path, Policy, Value, edits, options, policy, several, toml

if TYPE_CHECKING:
    import networkx

R = TypeVar("R", bound=Result)


class World:
    """A scenario, with the policy, the vintage and the edits under which it is simulated.

    Nothing is kept of it but its name and what is changed: every question reads the scenario again, as the command line does.
    """

    def __init__(
        self,
        scenario: Path,
        *,
        policy: Policy | None = None,
        set: Edits | None = None,
        edits: Path | Sequence[Path] | None = None,
        vintage: str | None = None,
        allow_read: Path | Sequence[Path] | None = None,
    ) -> None:
        self.scenario = os.fspath(scenario)
        """Its folder, its TOML file, or `baseline` or `tutorial`, which come with the package."""
        self._policy = policy
        self._set = set
        self._edits = _paths(edits)
        self._vintage = vintage
        self._allow_read = _paths(allow_read)

    def under(self, *, policy: Policy | None = None, set: Edits | None = None) -> World:
        """The same scenario under a policy, with more edits."""
        return World(
            self.scenario,
            policy=self._policy if policy is None else policy,
            set=edits(self._set) + edits(set),
            edits=self._edits,
            vintage=self._vintage,
            allow_read=self._allow_read,
        )

    # What is asked of the scenario.

    def check(self) -> Check:
        """Its warnings, what is idle in it, and how many there are of what; raises `ScenarioError` with all errors at once."""
        return Check(json.loads(_native.check(self._words("check"))))

    def show(self, pattern: str = "**") -> Table:
        """Quantities whose path matches a pattern, `*` for one segment and `**` for any: values, quantiles, units, sources, grades."""
        return Table(*_native.show([*self._words("show"), "--", pattern]))

    @property
    def policies(self) -> Table:
        """The policies in its folder: name, title, reason, source, and what each is expected to do."""
        rows = _native.policy_list(self._words("check", policy=False))
        fields: list[tuple[str, str, str | None, str]] = [
            ("policy", "string", None, "Its stem, by which it is named"),
            ("title", "string", None, "What it is called"),
            ("reason", "string", None, "Why one would ask"),
            ("source", "string", None, "Where it comes from"),
            ("expects", "string", None, "Which metric it should move which way"),
        ]
        return Table("policies", "Policies of the scenario", fields, _csv([f[0] for f in fields], rows))

    def rules(
        self, on: str, *, to: str | None = None, hq: str | None = None, issuer: str | None = None, chip: str | None = None
    ) -> Table:
        """The rule book on a day (`2023-12-01`) or a quarter's first: status by chip, destination, headquarters and issuer."""
        words = self._words("rules") + options(on=on, to=to, hq=hq, issuer=issuer, chip=chip)
        return Table(*_native.rule_list(words)[0])

    def rule_changes(
        self, *, to: str | None = None, hq: str | None = None, issuer: str | None = None, chip: str | None = None
    ) -> Table:
        """What policy and edits change of the rule book, in ranges of dates; shares are of what is asked for, fees of the price [1]."""
        words = self._words("rules") + options(diff=True, to=to, hq=hq, issuer=issuer, chip=chip)
        return Table(*_native.rule_list(words)[0])

    def graph(self) -> networkx.MultiDiGraph[str]:
        """The supply graph, with quantities at their medians, as a graph of networkx."""
        try:
            import networkx
        except ImportError:
            raise ImportError("graphs are of networkx: pip install networkx") from None
        graph: Any = networkx.node_link_graph(self.graph_data(), edges="edges")
        found: networkx.MultiDiGraph[str] = graph
        return found

    def graph_data(self) -> dict[str, Any]:
        """The supply graph as node-link data, as networkx and D3 read it."""
        data: dict[str, Any] = json.loads(_native.graph(self._words("graph")))
        return data

    # Studies.

    def run(
        self,
        draws: Count = 8192,
        *,
        policy: Policy | None = None,
        set: Edits | None = None,
        seed: int = 1,
        sampler: str = "sobol",
        horizon: str | None = None,
        given: str | None = None,
        select: str | Sequence[str] | None = None,
        precision: str | None = None,
        max_draws: Count | None = None,
        threads: int | None = None,
        audit: bool = False,
        export: str | Sequence[str] | None = None,
        out: Path | None = None,
        force: bool = False,
        resume: bool = False,
        part: str | None = None,
        keep: int | None = None,
        memory: str | None = None,
        progress: bool | None = None,
    ) -> Run:
        """Simulates and summarises: the main job.

        `draws` may be `"10k"` or `"1M"`. `select` chooses cells, `actor/metric@quarter` with `*` and `{a,b}`. `given` counts only
        draws in which it holds, `"shock.ID by 2028Q4"` or `"not ..."`. `precision` simulates until half the 95% interval of a number
        is so small: `"country.china/reachable_flop@2028Q4 p50 = 1%"`. `horizon` ends earlier, `"2022Q1..2028Q4"`. `threads` is
        all cores by default; the tables are the same for any number. Without `out` everything stays in memory; with it a folder is
        written, as by the command line, and `resume`, `part` (`"3/64"`), `export` (`"draws=parquet"`), `keep` [s] and `memory`
        (`"2G"`) are as there. Ctrl-C ends it within half a second.
        """
        return self.start(**_given(locals())).wait(progress=progress)

    def start(self, draws: Count = 8192, *, policy: Policy | None = None, set: Edits | None = None, **more: Any) -> Job[Run]:
        """Starts what `run` does on a thread of its own, with the same arguments, and gives it to be waited for."""
        return self._start("run", Run, policy=policy, set=set, draws=draws, **more)

    def compare(
        self,
        policies: str | Sequence[Policy] | None = None,
        *,
        others: Path | Sequence[Path] | None = None,
        draws: Count = 8192,
        set: Edits | None = None,
        objectives: str | Sequence[str] | None = None,
        targets: str | Sequence[str] | None = None,
        progress: bool | None = None,
        **more: Any,
    ) -> Comparison:
        """Simulates the same draws under several policies, or all of the scenario's, and ranks them.

        `others` are scenarios beside this one, each as it stands and under each policy that is named, on this one's draws and with its edits.
        `objectives` say what is good: `"min CELL"`, `"max CELL"`; several give a Pareto front. Of `targets`, `"CELL < NUMBER"`,
        the share of draws that satisfy them is told. The rest is as for `run`. A policy of the world's own is passed over.
        """
        named = [policies] if isinstance(policies, str) else list(policies or [])
        own = [_policy(p) for p in named]
        lists: dict[str, list[Any]] = {"policy": own, "objective": several(objectives), "target": several(targets)}
        if self._vintage is not None:
            raise UsageError("policies are compared in the scenario as it stands, not in a vintage")
        job = self._start("compare", Comparison, set=set, others=_paths(others), draws=draws, lists=lists, **more)
        return job.wait(progress=progress)

    def sweep(
        self,
        grid: Mapping[str, Sequence[Value]] | Sequence[str],
        *,
        draws: Count = 8192,
        policy: Policy | None = None,
        set: Edits | None = None,
        objectives: str | Sequence[str] | None = None,
        progress: bool | None = None,
        **more: Any,
    ) -> Sweep:
        """Simulates a factorial of levers on the same draws: `{"route.*.detection": ["2%", "10%"], ...}`. The rest as for `run`."""
        levers = list(grid) if not isinstance(grid, Mapping) else [f"{k}={_levels(v)}" for k, v in grid.items()]
        lists = {"grid": levers, "objective": several(objectives)}
        job = self._start("sweep", Sweep, policy=policy, set=set, draws=draws, lists=lists, **more)
        return job.wait(progress=progress)

    def hindcast(
        self,
        *,
        draws: Count = 8192,
        policy: Policy | None = None,
        set: Edits | None = None,
        observations: Path | None = None,
        until: str | None = None,
        origins: str | Sequence[str] | None = None,
        weight: bool = False,
        discrepancy: float | None = None,
        discrepancy_rho: float | None = None,
        progress: bool | None = None,
        **more: Any,
    ) -> Hindcast:
        """Holds the simulated past against what was published, and scores it. `discrepancy` is in natural logarithms. The rest as for `run`."""
        own: dict[str, Any] = {"observations": observations, "until": until, "weight": weight, "discrepancy": discrepancy}
        own |= {"discrepancy_rho": discrepancy_rho}
        lists = {"origin": several(origins)}
        job = self._start("hindcast", Hindcast, policy=policy, set=set, draws=draws, lists=lists, **own, **more)
        return job.wait(progress=progress)

    def calibrate(
        self,
        *,
        draws: Count = 8192,
        policy: Policy | None = None,
        set: Edits | None = None,
        until: str | None = None,
        discrepancy: float | None = None,
        discrepancy_rho: float | None = None,
        progress: bool | None = None,
        **more: Any,
    ) -> Calibration:
        """Weighs draws by the record, and says which ranges of which numbers it narrows. The rest as for `run`."""
        own: dict[str, Any] = {"until": until, "discrepancy": discrepancy, "discrepancy_rho": discrepancy_rho}
        job = self._start("calibrate", Calibration, policy=policy, set=set, draws=draws, **own, **more)
        return job.wait(progress=progress)

    def explain(
        self,
        draw: int | None = None,
        *,
        pick: str | None = None,
        actor: str | None = None,
        draws: Count = 8192,
        policy: Policy | None = None,
        set: Edits | None = None,
        seed: int = 1,
        sampler: str = "sobol",
        horizon: str | None = None,
        progress: bool | None = None,
    ) -> Story:
        """The story of one draw, equal to that draw in any run; under a policy, of two worlds side by side.

        `draw` counts from 0; `pick` takes the draw at a quantile of a cell, `"p95:country.china/reachable_flop@2028Q4"`.
        """
        words = self._words("explain", policy=policy, set=set)
        words += options(draw=draw, pick=pick, actor=actor, draws=draws, seed=seed, sampler=sampler, horizon=horizon)
        return Job(words, False, Story).wait(progress=progress)

    def chokepoints(
        self,
        cells: str | Sequence[str] | None = None,
        *,
        start: str | None = None,
        draws: Count = 64,
        seed: int = 1,
        threads: int | None = None,
        progress: bool | None = None,
    ) -> Table:
        """Suppliers ranked by what cells lose without them [1], beside what structure says; they fail from the quarter `start` on."""
        words = self._words("graph") + options(rank=True, cell=several(cells), draws=draws, seed=seed, threads=threads)
        words += options(**{"from": start})

        def make(found: dict[str, Any]) -> Table:
            return Table(*found["answer"])

        return Job(words, False, make).wait(progress=progress)

    def discover(
        self,
        when: str | None = None,
        *,
        fails: str | None = None,
        worse_than: str | None = None,
        objective: str | None = None,
        policy: Policy | None = None,
        set: Edits | None = None,
        draws: Count = 8192,
        seed: int = 1,
        sampler: str = "sobol",
        horizon: str | None = None,
        given: str | None = None,
        threads: int | None = None,
        progress: bool | None = None,
    ) -> Result:
        """Under which conditions something comes about: boxes of inputs, as sentences (`text`) and as the tables `discovery.csv` and
        `tradeoff.csv`.

        `when` is a bound in the cell's own unit, `"country.china/reachable_flop@2027Q4 > 1e27"`; `fails` one that the policy fails;
        `worse_than` another policy, or `"base"`, by `objective`, `"min CELL"` or `"max CELL"`.
        """
        words = self._words("discover", policy=policy, set=set)
        words += options(when=when, fails=fails, worse_than=worse_than, objective=objective, draws=draws, seed=seed)
        words += options(sampler=sampler, horizon=horizon, given=given, threads=threads)
        return Job(words, False, Result).wait(progress=progress)

    def indices(
        self,
        cell: str,
        *,
        of: int = 20,
        policy: Policy | None = None,
        against: str | None = None,
        set: Edits | None = None,
        draws: Count = 8192,
        seed: int = 1,
        sampler: str = "sobol",
        horizon: str | None = None,
        threads: int | None = None,
        progress: bool | None = None,
    ) -> Result:
        """What the leading inputs explain of a cell's variance, alone, with all others, and their Shapley shares (`answer`).

        With `against` (a policy, or `"base"`) it is the difference of `policy` from it on the same draws. Each input is drawn anew in `draws` draws.
        """
        words = self._words("indices", policy=policy, set=set)
        words += options(cell=cell, of=of, against=against, draws=draws, seed=seed)
        words += options(sampler=sampler, horizon=horizon, threads=threads)
        return Job(words, False, Result).wait(progress=progress)

    def search(
        self,
        levers: Sequence[str],
        objectives: str | Sequence[str],
        *,
        budget: Count | None = None,
        policy: Policy | None = None,
        set: Edits | None = None,
        draws: Count = 1024,
        seed: int = 1,
        sampler: str = "sobol",
        horizon: str | None = None,
        given: str | None = None,
        threads: int | None = None,
        progress: bool | None = None,
    ) -> Result:
        """Settings of levers that no other beats by several objectives, with errors (`answer`: the scenario as it stands, then points).

        A lever is `"PATH=LOW..HIGH"`, `"PATH=log LOW..HIGH"`, `"PATH=a,b,c"` or `"policy=NAME"`; `budget` draws are simulated in all, a hundred times `draws` by default.
        """
        words = self._words("search", policy=policy, set=set)
        words += options(levers=several(levers), objective=several(objectives), budget=budget, draws=draws, seed=seed)
        words += options(sampler=sampler, horizon=horizon, given=given, threads=threads)
        return Job(words, False, Result).wait(progress=progress)

    def worth(
        self,
        objective: str,
        policies: str | Sequence[str] | None = None,
        *,
        groups: str | Sequence[str] | None = None,
        set: Edits | None = None,
        draws: Count = 8192,
        seed: int = 1,
        sampler: str = "sobol",
        horizon: str | None = None,
        given: str | None = None,
        threads: int | None = None,
        progress: bool | None = None,
    ) -> Result:
        """What learning each input before choosing among policies is worth, in the unit of the objective, most first (`answer`).

        `objective` is `"min CELL"` or `"max CELL"`; the scenario as it stands is one of the choices; all its policies by default.
        """
        words = self._words("worth", policy=False, set=set)
        words += options(objective=objective, policy=several(policies), group=several(groups), draws=draws, seed=seed)
        words += options(sampler=sampler, horizon=horizon, given=given, threads=threads)
        return Job(words, False, Result).wait(progress=progress)

    def explore(self, *, policy: Policy | None = None, set: Edits | None = None, seed: int = 1, height: int = 900) -> Page:
        """One page with levers and the engine inside: a lever is moved, and the scenario is simulated anew in the browser.

        A notebook shows it in a frame of `height` pixels; `save(path)` writes it to a file that opens from disk.
        """
        words = self._words("explore", policy=policy, set=set) + options(seed=seed)
        return Page(_native.explorer(words), height)

    def draws(
        self,
        cells: str | Sequence[str] | None = None,
        *,
        inputs: bool = False,
        draws: Count = 8192,
        policy: Policy | None = None,
        set: Edits | None = None,
        seed: int = 1,
        sampler: str = "sobol",
        horizon: str | None = None,
        given: str | None = None,
        threads: int | None = None,
        batch: int = 16384,
    ) -> Draws:
        """A row a draw, a column a cell in its unit; with `inputs` also a column for each uncertain number, in its unit.

        The draws stream in batches of about `batch` rows while they are simulated.
        """
        words = self._words("run", policy=policy, set=set)
        words += options(select=several(cells), draws=draws, seed=seed, sampler=sampler, horizon=horizon)
        words += options(given=given, threads=threads)
        return Draws(words, inputs, batch)

    # How it is put into words.

    def _words(
        self, verb: str, *, policy: Policy | bool | None = None, set: Edits | None = None, others: Sequence[str] = ()
    ) -> list[str]:
        words = [verb, self.scenario, *others]
        if policy is not False:
            chosen = self._policy if policy is None or policy is True else policy
            words += options(policy=_policy(chosen))
        words += options(vintage=self._vintage, edits=self._edits, allow_read=self._allow_read)
        return words + options(set=edits(self._set) + edits(set))

    def _start(
        self,
        verb: str,
        make: type[R],
        *,
        policy: Policy | bool | None = None,
        set: Edits | None = None,
        others: Sequence[str] = (),
        lists: Mapping[str, list[Any]] | None = None,
        **more: Any,
    ) -> Job[R]:
        chosen = False if verb == "compare" else policy
        words = self._study(verb, policy=chosen, set=set, others=others, lists=lists, **more)
        write = more.get("out") is not None or more.get("part") is not None

        def finish(found: dict[str, Any]) -> R:
            done: R = _finished(found, make)
            return done

        return Job(words, write, finish)

    def _study(
        self,
        verb: str,
        *,
        policy: Policy | bool | None = None,
        set: Edits | None = None,
        others: Sequence[str] = (),
        lists: Mapping[str, list[Any]] | None = None,
        **more: Any,
    ) -> list[str]:
        """The words of a study of many draws."""
        unknown = sorted(more.keys() - _OPTIONS)
        if unknown:
            raise UsageError(f"{verb} has no argument {', '.join(unknown)}: it has {', '.join(sorted(_OPTIONS))}")
        for name in ("select", "export"):
            if name in more:
                more[name] = several(more[name])
        words = self._words(verb, policy=policy, set=set, others=others)
        return words + options(**(lists or {})) + options(**more)

    def __repr__(self) -> str:
        said = self._words("")[1:]
        return f"<World: {' '.join(said)}>"

    def _repr_html_(self) -> str:
        return self.check()._repr_html_()


_OPTIONS = {
    "draws", "seed", "sampler", "horizon", "given", "select", "precision", "max_draws", "threads", "audit", "export", "out",
    "force", "resume", "part", "keep", "memory", "observations", "until", "weight", "discrepancy", "discrepancy_rho",
}  # fmt: skip


def _given(arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a study without itself and without what only shows."""
    return {name: value for name, value in arguments.items() if name not in ("self", "progress")}


def _policy(given: Policy | None) -> str | None:
    return policy(given)


def _paths(given: Path | Sequence[Path] | None) -> list[str]:
    if given is None:
        return []
    if isinstance(given, (str, os.PathLike)):
        return [os.fspath(given)]
    return [os.fspath(path) for path in given]


def _levels(values: Sequence[Value]) -> str:
    if isinstance(values, str):
        return values
    return ",".join(value if isinstance(value, str) else toml(value) for value in values)


def _csv(header: list[str], rows: Sequence[tuple[str, ...]]) -> str:
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _finished(found: dict[str, Any], make: Any) -> Any:
    """What a study found: in memory, or, of one that was there already, from its folder."""
    if found["complete"] and not found["part"]:
        from ._results import load_folder

        return load_folder(found["folder"], {"notes": found["notes"]})
    return make(found)
