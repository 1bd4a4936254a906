"""Chokepoint: who can train what, by when, with what probability, and which link of the chain stops them.

    import chokepoint as cp

    world = cp.load("tutorial")
    run = world.run(draws=512)
    run.summary                    # a table for pandas, polars, DuckDB, pyarrow

Quantities are in the units of their columns: compute of training runs in FLOP, fleets in H100e (chips as fast as so many H100 at
16 bits), money in USD, power in MW. Quarters are `2028Q4`. A cell is `actor/metric@quarter`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from . import _native
from ._errors import Error, Finding, Interrupted, RunError, ScenarioError, UsageError
from ._jobs import Job
from ._results import (
    Calibration,
    Check,
    Comparison,
    Difference,
    Estimate,
    Hindcast,
    Page,
    Result,
    Run,
    Story,
    Sweep,
    load_folder,
)
from ._tables import Column, Draws, Table
from ._words import Edits, Path, Policy, options
from ._world import World, _finished

__version__: str = _native.__version__
__all__ = [
    "Calibration", "Check", "Column", "Comparison", "Difference", "Draws", "Error", "Estimate", "Finding", "Hindcast",
    "Interrupted", "Job", "Page", "Result", "Run", "RunError", "ScenarioError", "Story", "Sweep", "Table", "UsageError", "World", "check",
    "diff", "load", "merge", "metrics", "open", "schema", "verify",
]  # fmt: skip


def load(
    scenario: Path,
    *,
    policy: Policy | None = None,
    set: Edits | None = None,
    edits: Path | Sequence[Path] | None = None,
    vintage: str | None = None,
    allow_read: Path | Sequence[Path] | None = None,
) -> World:
    """A scenario: its folder, its TOML file, or `baseline` or `tutorial`, which come with the package.

    A folder of that name in the current directory is taken instead. `set` has edits, `{"route.*.detection": "10%"}`; `edits` names
    CSV files of them. Raises `ScenarioError` with all errors at once.
    """
    world = World(scenario, policy=policy, set=set, edits=edits, vintage=vintage, allow_read=allow_read)
    world.check()
    return world


def check(scenario: Path, **more: Any) -> Check:
    """Warnings of a scenario, with the arguments of `load`; raises `ScenarioError` with all errors at once."""
    return World(scenario, **more).check()


def open(folder: Path) -> Result:
    """A run, a comparison, ... from its folder; every file is held against its checksum."""
    return load_folder(folder)


def merge(parts: Sequence[Path], *, out: Path, force: bool = False, progress: bool | None = None) -> Result:
    """Joins parts, which `part="3/64"` made, to the run: the same bytes as in one go."""
    import os

    words = ["merge", *(os.fspath(part) for part in parts), *options(out=out, force=force)]
    Job(words, True, lambda found: _finished(found, Run)).wait(progress=progress)
    return load_folder(out)


def verify(folder: Path) -> None:
    """Holds every file of a run against its checksum; raises if one is not as it was written."""
    wrong = _native.verify(folder)
    if wrong:
        raise ScenarioError("\n".join(wrong))


def diff(before: Path | Result, after: Path | Result) -> Difference:
    """Which inputs of two runs differ, and which numbers moved beyond their error: runs with folders, or folders."""
    folders = [run._in_folder() if isinstance(run, Result) else run for run in (before, after)]
    return Difference(*folders)


def metrics(words: str = "") -> Table:
    """What can be selected, of whom, and in which unit; with words, those whose name or meaning has all of them."""
    table = Table(*_native.metrics())
    wanted = words.lower().split()
    if not wanted:
        return table
    lines = table.to_csv().splitlines(keepends=True)
    kept = [line for line in lines[1:] if all(word in line.lower() for word in wanted)]
    return Table(table.name, table.about, table._fields, "".join([lines[0], *kept]))


def schema() -> dict[str, Any]:
    """The JSON Schema of a scenario's file."""
    found: dict[str, Any] = json.loads(_native.json_schema())
    return found


def __getattr__(name: str) -> Any:
    # Ray is asked for by few, and takes a second to import.
    if name == "ray":
        import importlib

        return importlib.import_module("chokepoint.ray")
    raise AttributeError(f"module 'chokepoint' has no attribute {name!r}")
