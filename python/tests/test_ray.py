"""Parts on Ray: the same bytes, workers killed in the middle, a joiner without the token."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time

import psutil
import pytest

import chokepoint as cp

# Ray reads of the environment how it asks for a token when it is imported: the package sets that first.
ray = cp.ray._connect("local")


@pytest.fixture(scope="module", autouse=True)
def local():
    yield
    ray.shutdown()


def test_it_is_closed_to_others():
    assert os.environ["RAY_AUTH_MODE"] == "token"
    assert stat.S_IMODE(os.stat(os.environ["RAY_AUTH_TOKEN_PATH"]).st_mode) == 0o600
    assert ray._private.worker.global_worker.node.webui_url in (None, "")
    address = ray.get_runtime_context().gcs_address
    assert address.startswith("127.0.0.1:")
    joins = f"import ray; ray.init(address={address!r})"
    stranger = {k: v for k, v in os.environ.items() if not k.startswith("RAY_AUTH")} | {"HOME": "/nonexistent"}
    for mode in ("disabled", "token"):
        more = {"RAY_AUTH_MODE": mode} | ({"RAY_AUTH_TOKEN": "0" * 64} if mode == "token" else {})
        try:
            done = subprocess.run([sys.executable, "-c", joins], env=stranger | more, capture_output=True, timeout=60)
            assert done.returncode != 0, mode
        except subprocess.TimeoutExpired:
            pass


def test_the_same_bytes(tmp_path):
    world = cp.load("tutorial")
    stem = world.policies["policy"][0]
    given = {"policy": stem, "set": {"route.*.detection": "10%"}}
    found = cp.ray.run(world, "2049", out=tmp_path / "run", parts=3, export="draws=csv", **given)
    whole = world.run(2049, out=tmp_path / "whole", export="draws=csv", **given)
    for name, table in whole.tables.items():
        assert found.tables[name].to_csv() == table.to_csv()
    assert (tmp_path / "run" / "draws.csv").read_bytes() == (tmp_path / "whole" / "draws.csv").read_bytes()
    assert not list(tmp_path.glob(".run.parts"))


def test_a_scenario_of_ones_own_goes_along(tmp_path):
    home = tmp_path / "worlds" / "mine"
    (home / "policies").mkdir(parents=True)
    from_package = dict(cp._native.files(cp.World("tutorial", policy="enforcement-tenfold")._words("check")))
    for name, text in from_package.items():
        (home / name.split("/", 1)[1]).write_text(text)
    os.chdir(tmp_path)
    world = cp.load("worlds/mine", policy="enforcement-tenfold")
    found = cp.ray.run(world, 64, out="run")
    assert found.summary.to_csv() == world.run(64).summary.to_csv()


def test_a_worker_that_is_killed_costs_time_only(tmp_path):
    world = cp.load("tutorial")
    speed = 256 / world.run(256, threads=1).seconds
    draws, killed = max(6, int(10 * speed / 1024)) * 1024, []

    def kill():
        # The one that simulates: Ray renames its workers by their task.
        until = time.monotonic() + 60
        while time.monotonic() < until and len(killed) < 2:
            for process in psutil.Process().children(recursive=True):
                try:
                    if "chokepoint part" in " ".join(process.cmdline()) and process.pid not in killed:
                        time.sleep(0.3)
                        process.send_signal(signal.SIGKILL)
                        killed.append(process.pid)
                        time.sleep(0.5)
                        break
                except psutil.Error:
                    pass
            time.sleep(0.02)

    thread = threading.Thread(target=kill)
    thread.start()
    found = cp.ray.run(world, draws, out=tmp_path / "run", parts=6)
    thread.join()
    assert killed
    assert found.summary.to_csv() == world.run(draws).summary.to_csv()
