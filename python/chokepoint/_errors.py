"""Why something cannot be done."""

from __future__ import annotations

import json
from dataclasses import dataclass


class Error(Exception):
    """Something cannot be done."""


@dataclass(frozen=True)
class Finding:
    """One error or warning of a scenario, at one place."""

    severity: str
    """`error` or `warning`."""
    message: str
    """What is wrong, in one line."""
    label: str
    """What is wrong with exactly what is underlined."""
    help: str | None
    """What would be right, if known."""
    file: str
    """Where it stands: a file, or `--set`."""
    line: int
    """Line, from 1."""
    column: int
    """Column, from 1."""
    text: str
    """Message, place, source line and underline, as the command line shows them."""


class ScenarioError(Error, ValueError):
    """A scenario, a policy, an edit or a name is not what it must be: all of `findings` at once."""

    def __init__(self, message: str, findings: list[Finding] | None = None) -> None:
        super().__init__(message)
        self.findings: list[Finding] = findings or []


class UsageError(Error, ValueError):
    """What was asked cannot be read, or does not go together."""


class RunError(Error, RuntimeError):
    """The work failed: a full disk, not enough memory, a folder in use."""


class Interrupted(RunError):
    """A run was stopped. A folder keeps whole leaves for `resume=True`; tables are whole or absent."""


def read_findings(text: str) -> list[Finding]:
    """Findings from the JSON of the native half."""
    return [Finding(**finding) for finding in json.loads(text) or []]


def make(kind: str, message: str, findings: str) -> Error:
    """The exception of a kind; the native half raises it."""
    if kind == "scenario":
        return ScenarioError(message, read_findings(findings))
    if kind == "usage":
        return UsageError(message)
    if kind == "interrupted":
        return Interrupted(message)
    return RunError(message)
