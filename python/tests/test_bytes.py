"""The same bytes from Python and from the command line."""

import filecmp
import subprocess
import sys
from pathlib import Path

import pytest

import chokepoint as cp

KEEPS_TIME = {"manifest.json", "lineage.json", "report.html", "datapackage.json"}
"""Files that say when, where or by which words a run was made; the page holds the manifest."""


def same_tables(a: Path, b: Path) -> list[str]:
    names = sorted(p.name for p in a.iterdir())
    assert names == sorted(p.name for p in b.iterdir())
    compared = [n for n in names if n not in KEEPS_TIME]
    assert all(filecmp.cmp(a / n, b / n, shallow=False) for n in compared), compared
    return compared


def test_a_run_in_a_folder(command, tmp_path):
    command("run", "tutorial", "--draws", "64", "--quiet", "--set", "route.*.detection=10%", "--export", "draws=csv",
            "--out", str(tmp_path / "a"), cwd=tmp_path)  # fmt: skip
    run = cp.load("tutorial").run(
        64, set={"route.*.detection": "10%"}, export="draws=csv", out=tmp_path / "b", threads=2
    )
    names = same_tables(tmp_path / "a", tmp_path / "b")
    assert {"summary.csv", "draws.csv", "answer.json", "graph.json", "quantities.csv"} <= set(names)
    # In memory, and read from the folder again, they are the same tables.
    for table in run.tables.values():
        assert (tmp_path / "a" / table.name).read_bytes() == table.to_csv().encode()
    again = cp.open(tmp_path / "a")
    assert isinstance(again, cp.Run)
    assert {n: t.to_csv() for n, t in again.tables.items()} == {n: t.to_csv() for n, t in run.tables.items()}
    assert again.text == run.text and again.json == run.json
    assert run.manifest["identity"] == again.manifest["identity"]
    run.verify()
    (tmp_path / "b" / "summary.csv").write_text("torn")
    with pytest.raises(cp.ScenarioError, match="summary.csv"):
        run.verify()


@pytest.mark.parametrize("verb", ["compare", "sweep", "hindcast"])
def test_other_studies(command, tmp_path, verb):
    world = cp.load("tutorial")
    told = {"compare": ["--objective", "min country.omega/reachable_flop@2026Q4"],
            "sweep": ["--grid", "route.*.detection=2%,40%"], "hindcast": []}[verb]  # fmt: skip
    observations = "metric,actor,quarter,low,central,high,interval,kind,since,unit,source\n"
    if verb == "hindcast":
        metric = world.run(8).summary.rows()[0]
        observations += f"{metric['metric']},{metric['actor']},{metric['quarter']},1e20,1e24,1e27,0.9,,,{metric['unit']},x\n"
        (tmp_path / "o.csv").write_text(observations)
        told = ["--observations", "o.csv"]
    command(verb, "tutorial", "--draws", "16", "--quiet", "--out", str(tmp_path / "a"), *told, cwd=tmp_path)
    found = {
        "compare": lambda: world.compare(draws=16, objectives="min country.omega/reachable_flop@2026Q4", out="b"),
        "sweep": lambda: world.sweep({"route.*.detection": ["2%", "40%"]}, draws=16, out="b"),
        "hindcast": lambda: world.hindcast(draws=16, observations="o.csv", out="b"),
    }[verb]()
    same_tables(tmp_path / "a", tmp_path / "b")
    assert found.answer is not None and found.answer.to_csv().encode() == (tmp_path / "a" / "answer.csv").read_bytes()


def test_scenarios_are_compared_as_by_the_command(command, tmp_path, monkeypatch):
    command("new", "world", "tut", "--from", "tutorial", cwd=tmp_path)
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "scenario.toml").write_text('extends = "../tut"\ntitle = "Open"\n\n[[route]]\nid = "gamma"\ndetection = "1%"\n')
    command("compare", "tut", "open", "--draws", "64", "--quiet", "--out", "a", cwd=tmp_path)
    monkeypatch.chdir(tmp_path)
    found = cp.load("tut").compare(others="open", draws=64, out="b")
    same_tables(tmp_path / "a", tmp_path / "b")
    assert set(found.table("comparison")["scenario"]) == {"tut", "open"}


def test_in_memory_any_threads_any_way(tmp_path):
    world = cp.load("tutorial")
    one, two = world.run(64, threads=1), world.run(64, threads=2)
    written = world.run(64, out=tmp_path / "run")
    for name, table in one.tables.items():
        assert table.to_csv() == two.tables[name].to_csv() == written.tables[name].to_csv()
    # What is there already is not done again.
    again = world.run(64, out=tmp_path / "run")
    assert again.text == one.text and again.table("summary").to_csv() == one.summary.to_csv()
    assert any("complete" in note for note in again.notes)


def test_parts_are_joined_to_the_same_bytes(command, tmp_path):
    world = cp.load("tutorial")
    parts = [world.run(2049, part=f"{k}/3", out=tmp_path / f"part-{k}").folder for k in (1, 2, 3)]
    joined = cp.merge(parts[::-1], out=tmp_path / "joined")
    command("run", "tutorial", "--draws", "2049", "--quiet", "--out", str(tmp_path / "whole"), cwd=tmp_path)
    same_tables(tmp_path / "joined", tmp_path / "whole")
    assert joined.draws == 2049
    # The command line reads what Python made.
    command("merge", *map(str, parts), "--quiet", "--out", str(tmp_path / "again"), cwd=tmp_path)
    same_tables(tmp_path / "again", tmp_path / "whole")
    with pytest.raises(cp.ScenarioError, match="part 2/3 is missing"):
        cp.merge([parts[0], parts[2]], out=tmp_path / "some")


def test_the_command_is_the_program(command, tmp_path):
    told = ["check", "baseline"]
    ours = subprocess.run([Path(sys.executable).parent / "chokepoint", *told], cwd=tmp_path, capture_output=True)
    assert ours.returncode == 0, ours.stderr
    assert ours.stdout == command(*told, cwd=tmp_path)
    wrong = subprocess.run([sys.executable, "-m", "chokepoint", "check", "nowhere"], cwd=tmp_path, capture_output=True)
    assert wrong.returncode == 3 and b"there is no scenario" in wrong.stderr
    usage = subprocess.run([sys.executable, "-m", "chokepoint", "no-verb"], cwd=tmp_path, capture_output=True)
    assert usage.returncode == 2


def test_a_folder_of_that_name_wins(tmp_path):
    (tmp_path / "tutorial").mkdir()
    with pytest.raises(cp.ScenarioError, match="scenario.toml"):
        cp.load("tutorial")
