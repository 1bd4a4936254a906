"""Kills runs, comparisons and sweeps at random moments, goes on from what is left, and holds the bytes against one go.

    kills.py PROGRAM FOLDER [KILLS]
"""

import hashlib
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

PROGRAM, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 30
TOLD = {"manifest.json", "lineage.json", "report.html"}
EXPORTS = ["--export", "draws=parquet", "--export", "inputs=csv"]
STUDIES = {
    "run": ["run", "scenarios/tutorial", "--draws", "30000", "--export", "draws=csv", "--export", "inputs=parquet"],
    "compare": ["compare", "scenarios/tutorial", "--draws", "12000", *EXPORTS],
    "sweep": ["sweep", "scenarios/tutorial", "--draws", "12000", "--grid", "route.*.detection=2%,20%", "--export", "inputs=parquet"],
}


def digests(folder):
    files = (f for f in sorted(folder.iterdir()) if f.name not in TOLD)
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def start(name, out, *more):
    words = [PROGRAM, *STUDIES[name], "--quiet", "--keep", "0", "--out", str(out), *more]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


shutil.rmtree(ROOT, ignore_errors=True)
ROOT.mkdir(parents=True)
random.seed(20)
whole, seconds, killed = {}, {}, 0
for name in STUDIES:
    since = time.monotonic()
    process = start(name, ROOT / name)
    error = process.communicate()[1]
    assert process.returncode == 0, error
    seconds[name] = time.monotonic() - since
    whole[name] = digests(ROOT / name)
runs = 0
while killed < KILLS or runs < len(STUDIES):
    name = list(STUDIES)[runs % len(STUDIES)]
    out = ROOT / f"{name}-{runs}"
    times, runs = 0, runs + 1
    while True:
        process = start(name, out, "--resume")
        try:
            error = process.communicate(timeout=random.uniform(0.02, 0.6 * seconds[name]))[1]
            assert process.returncode == 0, error
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            times += 1
    killed += times
    assert digests(out) == whole[name], f"{out} is not what one go gives"
    left = [f.name for f in ROOT.iterdir() if f.name == f".{out.name}.part"]
    assert not left, left
    # A gigabyte each: what has been held against the whole is not kept.
    shutil.rmtree(out)
    print(f"{name}: killed {times} times, the same bytes")
print(f"{killed} kills in {runs} runs, all with the bytes of one go")
shutil.rmtree(ROOT)
