"""Where the program that Cargo builds is, to hold Python's answers against."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def program() -> Path:
    named = os.environ.get("CHOKEPOINT_PROGRAM")
    found = [Path(named)] if named else [ROOT / "target" / kind / "chokepoint" for kind in ("release", "debug")]
    for path in found:
        if path.exists():
            return path.resolve()
    pytest.fail("build the program first, or name it in CHOKEPOINT_PROGRAM")


@pytest.fixture(scope="session")
def command(program: Path):
    """Does what the command line does, and gives what it prints."""

    def call(*words: str, cwd: Path = ROOT) -> bytes:
        done = subprocess.run([program, *words], cwd=cwd, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return call


@pytest.fixture(autouse=True)
def away_from_the_repository(tmp_path, monkeypatch):
    """Every test is in an empty folder: what comes with the package is read from the package."""
    monkeypatch.chdir(tmp_path)
