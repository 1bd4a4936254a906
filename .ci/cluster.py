"""Does what the templates of docs/cluster.md say, with their index variables set by hand, and holds the joined runs to one machine's.

cluster.py PROGRAM FOLDER
"""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PARTS, DRAWS = 3, "2049"
KEEPS_TIME = {"manifest.json", "lineage.json", "report.html", "datapackage.json"}

program, work = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
page = (Path(__file__).parent.parent / "docs" / "cluster.md").read_text(encoding="utf-8")
blocks = {name: text for name, text in re.findall(r"^```\w+ (\w+)\n(.*?)^```", page, re.M | re.S)}
shutil.rmtree(work, ignore_errors=True)
(work / "bin").mkdir(parents=True)
(work / "bin" / "chokepoint").symlink_to(program)
usual = os.environ | {"PATH": f"{work / 'bin'}:{os.environ['PATH']}", "SCENARIO": "tutorial", "DRAWS": DRAWS, "PARTS": str(PARTS)}


def call(words, **more):
    environment = usual | {name: str(value) for name, value in more.items()}
    done = subprocess.run(words, cwd=work, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, (words, done.stdout, done.stderr)


def hold(name):
    ours, whole = work / name / "run", work / "whole"
    names = sorted(p.name for p in whole.iterdir())
    assert names == sorted(p.name for p in ours.iterdir()), name
    differ = [n for n in names if n not in KEEPS_TIME and not filecmp.cmp(ours / n, whole / n, shallow=False)]
    assert not differ, (name, differ)
    lineage = json.loads((ours / "lineage.json").read_text())
    assert len(lineage) == PARTS, lineage
    print(f"{name}: {PARTS} parts joined to the bytes of one run")


call(["chokepoint", "run", "tutorial", "--draws", DRAWS, "--quiet", "--out", "whole"])

shared = work / "slurm"
shared.mkdir()
(work / "chokepoint.slurm").write_text(blocks["slurm"])
# In any order, and one of them twice: it is there already.
for k in [2, 3, 1, 2]:
    call(["bash", "chokepoint.slurm"], SHARED=shared, SLURM_ARRAY_TASK_ID=k, SLURM_ARRAY_TASK_COUNT=PARTS)
call(["sh", "-c", 'chokepoint merge "$SHARED"/parts/* --out "$SHARED/run"'], SHARED=shared)
hold("slurm")

import yaml  # noqa: E402 (installed by the step)

job = yaml.safe_load(blocks["kubernetes"])
spec = job["spec"]
container = spec["template"]["spec"]["containers"][0]
given = {e["name"]: e["value"] for e in container["env"]}
assert spec["completionMode"] == "Indexed" and str(spec["completions"]) == given["PARTS"]
assert {m["name"] for m in container["volumeMounts"]} == {v["name"] for v in spec["template"]["spec"]["volumes"]}
shared = work / "kubernetes"
shared.mkdir()
for index in range(PARTS):
    call(container["command"] + container["args"], SHARED=shared, JOB_COMPLETION_INDEX=index)
call(["sh", "-c", 'chokepoint merge "$SHARED"/parts/* --out "$SHARED/run"'], SHARED=shared)
hold("kubernetes")

shared = work / "parallel"
shared.mkdir()
(work / "parallel.sh").write_text(blocks["parallel"])
call(["bash", "parallel.sh"], SHARED=shared)
hold("parallel")
