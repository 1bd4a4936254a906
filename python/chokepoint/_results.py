"""What studies find."""

from __future__ import annotations

import difflib
import html
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from . import _native
from ._errors import ScenarioError, UsageError
from ._jobs import Job
from ._tables import Table, show
from ._words import options

_T95 = {2: 12.706204736174707, 3: 4.302652729749462, 4: 3.182446305283709, 5: 2.776445105197793}
_T95 |= {6: 2.5705818356363146, 7: 2.446911851144969, 8: 2.3646242515927844}
"""97.5% quantiles of Student's t for so many replicates: errors come from the spread of eight."""


class Estimate(NamedTuple):
    """A number with the 95% interval of its simulation error, which more draws narrow."""

    value: float
    """The number, in `unit`."""
    low: float
    """Low end of the interval."""
    high: float
    """High end of the interval."""
    unit: str
    """Its unit: FLOP, H100e, USD, ..."""


class Page:
    """A page that stands alone, which a notebook shows in a frame."""

    def __init__(self, text: str, height: int) -> None:
        self.html = text
        """Its HTML, whole."""
        self.height = height
        """Height of its frame [px]."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it to a file, which opens from disk, without a network."""
        Path(path).write_text(self.html, encoding="utf-8", newline="")

    def __repr__(self) -> str:
        return f"<Page: {len(self.html)} characters of HTML; save(path) writes it>"

    def _repr_html_(self) -> str:
        inside = html.escape(self.html, quote=True)
        # Its scripts may run and offer files; it shares nothing with the notebook around it.
        rights = "allow-scripts allow-downloads"
        return f'<div><iframe srcdoc="{inside}" width="100%" height="{self.height}" sandbox="{rights}"></iframe></div>'


class Result:
    """What a study found: tables, the answer in words, and its folder if it has one."""

    def __init__(self, found: dict[str, Any]) -> None:
        answer = found["answer"]
        self.text: str = found["text"]
        """The answer as the command line prints it."""
        self.answer: Table | None = Table(*answer) if answer else None
        """The answer as a table."""
        self.tables: dict[str, Table] = {table[0]: Table(*table) for table in found["tables"]}
        """All tables by their file's name, such as `summary.csv`; byte for byte those of the command line."""
        self.folder: Path | None = Path(found["folder"]) if found["folder"] else None
        """Its folder; none of a study in memory."""
        self.draws: int = found["draws"]
        """Draws simulated."""
        self.draws_used: int = found["draws_used"]
        """Draws that count: all, or those that satisfy `given`."""
        self.seconds: float = found["seconds"]
        """Time that the simulation took [s]."""
        self.notes: list[str] = found.get("notes", [])
        """What was worth a note."""
        self._json: str = found["json"]

    @property
    def json(self) -> Any:
        """The answer as lists and dictionaries."""
        return json.loads(self._json)

    @property
    def manifest(self) -> dict[str, Any]:
        """What the run in the folder is: identity, command, sources, checksums."""
        manifest: dict[str, Any] = json.loads((self._in_folder() / "manifest.json").read_text(encoding="utf-8"))
        return manifest

    def table(self, name: str) -> Table:
        """A table by its name, with or without `.csv`."""
        for known in (name, f"{name}.csv"):
            if known in self.tables:
                return self.tables[known]
        raise KeyError(f"there is no table {name}: there are {', '.join(self.tables)}")

    def page(self, height: int = 800) -> Page:
        """The page of the run in its folder, in a frame of a notebook of so many pixels."""
        path = self._in_folder() / "report.html"
        if not path.exists():
            _native.page(self._in_folder())
        return Page(path.read_text(encoding="utf-8"), height)

    def discover(
        self,
        when: str | None = None,
        *,
        fails: str | None = None,
        worse_than: str | None = None,
        objective: str | None = None,
        policy: str | None = None,
        threads: int | None = None,
        progress: bool | None = None,
    ) -> Result:
        """What `World.discover` finds in the draws of the run in this folder, which are simulated again to the same bits.

        Of a comparison, `policy` is one of its policies. The scenario must still be what it was.
        """
        words = ["discover", os.fspath(self._in_folder())]
        words += options(when=when, fails=fails, worse_than=worse_than, objective=objective, policy=policy, threads=threads)
        return Job(words, False, Result).wait(progress=progress)

    def verify(self) -> None:
        """Holds every file of the folder against its checksum; raises if one is not as it was written."""
        wrong = _native.verify(self._in_folder())
        if wrong:
            raise ScenarioError("\n".join(wrong))

    def _in_folder(self) -> Path:
        if self.folder is None:
            raise UsageError("this was simulated in memory: give the run a folder with out=...")
        return self.folder

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.draws_used} draws in {self.seconds:.1f} s>\n{self.text}"

    def _repr_html_(self) -> str:
        if self.answer is None:
            return f"<pre>{html.escape(self.text)}</pre>"
        where = f"; tables in {html.escape(str(self.folder))}" if self.folder else ""
        return f"<p>{self.draws_used} draws{where}</p>{self.answer._repr_html_()}"

    def _plot(self, name: str, **options: Any) -> Any:
        from . import _plots

        return getattr(_plots, name)(self, **options)


class Run(Result):
    """One scenario under one policy, simulated and summarised."""

    @property
    def summary(self) -> Table:
        """Distributions, a row a cell: mean, quantiles, errors; the column `unit` says in what."""
        return self.table("summary.csv")

    @property
    def thresholds(self) -> Table:
        """By actor and quarter, the probability of having reached runs of some sizes [FLOP]."""
        return self.table("thresholds.csv")

    @property
    def bottlenecks(self) -> Table:
        """What binds actors and facilities, with shares of draws."""
        return self.table("bottlenecks.csv")

    @property
    def drivers(self) -> Table:
        """By cell of the headline, uncertain inputs from the one that explains most on."""
        return self.table("drivers.csv")

    @property
    def headline(self) -> Table:
        """Who can train what, by when, how surely, and what stops them."""
        if self.answer is None:
            raise KeyError("a part has no answer yet: merge it with the others")
        return self.answer

    def cell(self, address: str) -> dict[str, Any]:
        """The row of `summary` of a cell `actor/metric@quarter`."""
        rows = {f"{r['actor']}/{r['metric']}@{r['quarter']}": r for r in self.summary}
        if address in rows:
            return rows[address]
        near = difflib.get_close_matches(address, rows, 1, 0.5)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise KeyError(f"no cell {address} is summarised{meant} select=... chooses cells")

    def quantile(self, address: str, name: str = "p50") -> Estimate:
        """A quantile `p05`, `p50` or `p95` over draws, or the `mean`, with the 95% interval of its simulation error."""
        row = self.cell(address)
        if name not in ("p05", "p50", "p95", "mean"):
            raise KeyError(f"p05, p50, p95 and mean have errors, not {name}")
        error = row[f"{name}_se"]
        t = _T95.get(min(int(row["draws"]), 8))
        half = float("inf") if error is None or t is None else t * error
        return Estimate(row[name], row[name] - half, row[name] + half, row["unit"])

    def median(self, address: str) -> Estimate:
        """The median over draws of a cell `actor/metric@quarter`, with the 95% interval of its simulation error."""
        return self.quantile(address, "p50")

    def mean(self, address: str) -> Estimate:
        """The mean over draws of a cell, likewise."""
        return self.quantile(address, "mean")

    def plot(self, metric: str = "reachable_flop", actors: list[str] | None = None) -> Any:
        """Distributions by quarter: median, 50% and 90% ranges, of some actors or the headline's (plotly)."""
        return self._plot("fan", metric=metric, actors=actors)

    def plot_ratio(self, of: str, over: str, metric: str = "reachable_flop") -> Any:
        """The quotient of two actors' medians by quarter (plotly)."""
        return self._plot("ratio", of=of, over=over, metric=metric)

    def plot_drivers(self, cell: str | None = None, top: int = 12) -> Any:
        """A tornado of what drives a cell of the headline (plotly)."""
        return self._plot("tornado", cell=cell, top=top)


class Comparison(Result):
    """The same draws under several policies."""

    @property
    def ranking(self) -> Table:
        """Policies ranked in the cells that matter, best first, with tiers that cannot be told apart."""
        if self.answer is None:
            raise KeyError("a part has no answer yet: merge it with the others")
        return self.answer

    @property
    def comparison(self) -> Table:
        """Every cell under every policy against the scenario as it stands."""
        return self.table("comparison.csv")

    @property
    def summary(self) -> Table:
        """Distributions under each policy."""
        return self.table("summary.csv")

    def plot(self, cell: str | None = None) -> Any:
        """Policies by what they change of a cell, with 95% intervals (plotly)."""
        return self._plot("ranking", cell=cell)


class Sweep(Result):
    """A factorial of levers on the same draws."""

    @property
    def points(self) -> Table:
        """Points in the first objective's cell, best first."""
        if self.answer is None:
            raise KeyError("a part has no answer yet: merge it with the others")
        return self.answer


class Hindcast(Result):
    """The simulated past against what was published."""

    @property
    def scores(self) -> Table:
        """Scores by heading: coverage, errors, skill against naive forecasts."""
        return self.table("scores.csv")


class Calibration(Result):
    """What the record leaves of ranges."""


class Story:
    """What happened in one draw."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.text: str = found["text"]
        """The story in words."""
        self.json: Any = json.loads(found["json"])
        """The same, every number to the bit."""

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.text)}</pre>"


class Difference:
    """In what two runs differ, and which numbers moved beyond their error."""

    def __init__(self, before: str | os.PathLike[str], after: str | os.PathLike[str]) -> None:
        table, self.text, told = _native.difference(before, after)
        self.table = Table(*table)
        """A row a setting, an input or a number."""
        self.json: Any = json.loads(told)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


class Check:
    """A scenario without errors: its warnings, and what is in it."""

    def __init__(self, found: dict[str, Any]) -> None:
        from ._errors import Finding

        self.warnings = [Finding(**finding) for finding in found.pop("findings")]
        """Legal but odd."""
        self.text: str = found.pop("text")
        """The warnings as the command line shows them."""
        self.idle: dict[str, list[str]] = found.pop("idle")
        """What changes no result: nodes through which nothing flows, rules that match nothing, buyers who can buy nothing."""
        self.counts: dict[str, Any] = found
        """Name, title, horizon, and how many there are of what."""

    def __repr__(self) -> str:
        counts = ", ".join(f"{k}: {v}" for k, v in self.counts.items())
        return f"<Check: {len(self.warnings)} warnings; {counts}>"

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{html.escape(k)}</td><td>{html.escape(show(v))}</td></tr>" for k, v in self.counts.items())
        return f"<table>{rows}</table><pre>{html.escape(self.text)}</pre>"


KINDS: dict[str, type[Result]] = {
    "run": Run, "compare": Comparison, "sweep": Sweep, "hindcast": Hindcast, "calibrate": Calibration,
}


def load_folder(folder: str | os.PathLike[str], extra: dict[str, Any] | None = None) -> Result:
    """A run from its folder: tables are what the data package says."""
    path = Path(folder)
    wrong = _native.verify(path)
    if wrong:
        raise ScenarioError("\n".join(wrong))
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    package = json.loads((path / "datapackage.json").read_text(encoding="utf-8"))
    tables = []
    for resource in package["resources"]:
        if resource["path"] in ("draws.csv", "inputs.csv"):
            continue
        fields = [(f["name"], f["type"], f.get("unit"), f["description"]) for f in resource["schema"]["fields"]]
        text = (path / resource["path"]).read_bytes().decode("utf-8")
        tables.append((resource["path"], resource["description"], fields, text))
    verb = next((word for word in manifest.get("command", []) if word in KINDS), "run")
    found: dict[str, Any] = {
        "text": (path / "answer.txt").read_text(encoding="utf-8"),
        "json": (path / "answer.json").read_text(encoding="utf-8"),
        "answer": _answer((path / "answer.csv").read_bytes().decode("utf-8"), tables),
        "tables": tables,
        "folder": path,
        "draws": manifest["draws"],
        "draws_used": manifest["draws_used"],
        "seconds": manifest["wall_seconds"],
    }
    return KINDS[verb](found | (extra or {}))


def _answer(text: str, tables: list[Any]) -> Any:
    """The stored answer as a table: numbers are those columns in which every cell is one."""
    import csv
    import io

    rows = list(csv.reader(io.StringIO(text)))
    header, body = rows[0], rows[1:]

    def kind(i: int) -> str:
        cells = [row[i] for row in body if row[i]]
        try:
            for cell in cells:
                float(cell)
        except ValueError:
            return "string"
        return "number" if cells else "string"

    return ("answer", "The answer", [(name, kind(i), None, "") for i, name in enumerate(header)], text)
