"""Arguments of Python as the words of a command: one reading for both, and a manifest that says how to do it again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ._errors import UsageError

Path = str | os.PathLike[str]
Value = str | int | float | bool | Sequence[Any] | Mapping[str, Any]
"""What an edit puts at a path: a text as the command line takes it (`"10%"`, `"2 to 4 GW"`), a number, or lists and tables."""
Edits = Mapping[str, Value] | Sequence[str]
"""Edits: paths with their values, or texts `PATH=VALUE`."""
Policy = str | os.PathLike[str] | Sequence[str]
"""A policy: a stem in the scenario's `policies`, a file, or several that are combined in their order."""
Count = int | str
"""A number of draws: 8192, `"10k"`, `"1M"`."""


def toml(value: object) -> str:
    """A value as TOML writes it in a line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        # Also of NumPy, whose numbers are floats that write themselves in another way.
        return float.__repr__(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{toml(str(k))} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, Iterable):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    item = getattr(value, "item", None)
    if callable(item):
        return toml(item())
    raise UsageError(f"a value is a text, a number, true or false, a list or a table, not {value!r}")


def edits(given: Edits | None) -> list[str]:
    """Edits as `PATH=VALUE`; a text is taken as it is."""
    if given is None:
        return []
    if isinstance(given, str):
        raise UsageError('`set` takes {"PATH": VALUE} or ["PATH=VALUE"], not a text')
    if isinstance(given, Mapping):
        return [f"{path}={value if isinstance(value, str) else toml(value)}" for path, value in given.items()]
    return list(given)


def policy(given: Policy | None) -> str | None:
    """A policy's name; several are combined."""
    if given is None or isinstance(given, str):
        return given
    if isinstance(given, os.PathLike):
        return os.fspath(given)
    return "+".join(given)


def several(given: str | Iterable[str] | None) -> list[str]:
    """One text or several."""
    if given is None:
        return []
    return [given] if isinstance(given, str) else list(given)


def option(name: str, value: object) -> list[str]:
    """An option with its value, or none; true is a switch."""
    if value is None or value is False:
        return []
    if value is True:
        return [f"--{name}"]
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    return [f"--{name}={value}"]


def options(**values: object) -> list[str]:
    """Options by their names in Python; a list gives one each."""
    words: list[str] = []
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            words += option(name.replace("_", "-"), one)
    return words
