"""Parts on Ray: the same bytes, workers and nodes lost in the middle, joiners without the token."""

import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

import chokepoint as cp

# Before anything else imports Ray: it reads then how it asks for tokens, and which addresses it takes.
ray = cp.ray._connect("local")
# Workers look for modules where their driver started: here that would be the package's source.
ray.shutdown()
RAY = Path(sys.executable).with_name("ray")


@pytest.fixture(scope="module", autouse=True)
def last():
    yield
    ray.shutdown()


@pytest.fixture
def local():
    """This machine's own Ray."""
    cp.ray._connect("local")


@pytest.fixture
def nodes():
    """A cluster of two nodes on loopback, a core each, and the second node."""
    from ray.cluster_utils import Cluster

    ray.shutdown()
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    cp.ray._connect(cluster.address)
    assert cluster.address.startswith("127.0.0.1:") and len(alive()) == 2
    yield cluster, second
    ray.shutdown()
    cluster.shutdown()


def end(node: subprocess.Popen) -> None:
    """Kills a node with all of its processes."""
    try:
        family = [*psutil.Process(node.pid).children(recursive=True), psutil.Process(node.pid)]
    except psutil.Error:
        return
    for process in family:
        try:
            process.kill()
        except psutil.Error:
            pass
    node.wait()


def alive() -> list[str]:
    return [node["NodeID"] for node in ray.nodes() if node["Alive"]]


def family_of(node) -> list[psutil.Process]:
    """A node's processes."""
    found = []
    for kind in node.all_processes.values():
        for one in kind:
            try:
                process = psutil.Process(one.process.pid)
                found += [process, *process.children(recursive=True)]
            except psutil.Error:
                pass
    return found


def simulating() -> list[psutil.Process]:
    """Workers that make a part: Ray names them by their task."""
    found = []
    for process in psutil.process_iter():
        try:
            if "ray::chokepoint part" in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            pass
    return found


def draws_for(seconds: float, world: cp.World) -> int:
    """Draws, in whole leaves, that take about so long on one core; six leaves at least."""
    speed = 256 / world.run(256, threads=1).seconds
    return max(6, int(seconds * speed / 1024)) * 1024


def test_it_is_closed_to_others(local):
    assert os.environ["RAY_AUTH_MODE"] == "token"
    assert stat.S_IMODE(os.stat(os.environ["RAY_AUTH_TOKEN_PATH"]).st_mode) == 0o600
    ray.get(ray.remote(lambda: os.getpid()).remote())
    heard = [
        open_.laddr.ip
        for process in psutil.Process().children(recursive=True)
        for open_ in process.net_connections("tcp")
        if open_.status == psutil.CONN_LISTEN
    ]
    assert heard and all(ip in ("127.0.0.1", "::1", "::ffff:127.0.0.1") for ip in heard), heard
    assert ray._private.worker.global_worker.node.webui_url in (None, "")


@pytest.mark.parametrize("token", [None, "0" * 64])
def test_a_joiner_without_the_token_is_refused(nodes, token):
    address = nodes[0].address
    env = {k: v for k, v in os.environ.items() if not k.startswith("RAY_AUTH")} | {"HOME": "/nonexistent"}
    # A node of more than one on this machine: Ray asks for that on other systems.
    env |= {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1", "RAY_ADDRESS": address}
    env |= {"RAY_AUTH_MODE": "disabled"} if token is None else {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}
    # A driver.
    joins = f"import ray; ray.init(address={address!r}); print('joined')"
    try:
        done = subprocess.run([sys.executable, "-c", joins], env=env, capture_output=True, timeout=45)
        assert b"joined" not in done.stdout and done.returncode != 0
    except subprocess.TimeoutExpired as late:
        assert b"joined" not in (late.stdout or b"")
    # A node.
    before = set(alive())
    command = [RAY, "start", f"--address={address}", "--num-cpus=1", "--block"]
    joiner = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(10)
    assert set(alive()) == before
    end(joiner)


def test_the_same_bytes(local, tmp_path):
    world = cp.load("tutorial")
    stem = world.policies["policy"][0]
    given = {"policy": stem, "set": {"route.*.detection": "10%"}}
    found = cp.ray.run(world, "2049", out=tmp_path / "run", parts=3, export="draws=csv", **given)
    whole = world.run(2049, out=tmp_path / "whole", export="draws=csv", **given)
    for name, table in whole.tables.items():
        assert found.tables[name].to_csv() == table.to_csv()
    assert (tmp_path / "run" / "draws.csv").read_bytes() == (tmp_path / "whole" / "draws.csv").read_bytes()
    assert not list(tmp_path.glob(".run.parts"))


def test_two_nodes_give_the_same_bytes_and_one_may_be_lost(nodes, tmp_path):
    cluster, second = nodes
    world = cp.load("tutorial")
    draws = draws_for(12, world)
    lost = []

    def lose():
        until = time.monotonic() + 60
        while time.monotonic() < until:
            of_the_second = {p.pid for p in family_of(second)}
            if any(p.pid in of_the_second for p in simulating()):
                cluster.remove_node(second, allow_graceful=False)
                lost.append(second)
                return
            time.sleep(0.05)

    thread = threading.Thread(target=lose)
    thread.start()
    found = cp.ray.run(world, draws, out=tmp_path / "run", address=cluster.address, parts=6)
    thread.join()
    # Ray's list of nodes may be a moment behind.
    until = time.monotonic() + 30
    while len(alive()) > 1 and time.monotonic() < until:
        time.sleep(0.1)
    assert lost and len(alive()) == 1
    assert found.summary.to_csv() == world.run(draws).summary.to_csv()


def test_a_worker_that_is_killed_costs_time_only(local, tmp_path):
    world = cp.load("tutorial")
    draws, killed = draws_for(10, world), []

    def kill():
        until = time.monotonic() + 60
        while time.monotonic() < until and len(killed) < 2:
            for process in simulating()[:1]:
                time.sleep(0.3)
                try:
                    process.send_signal(signal.SIGKILL)
                    killed.append(process.pid)
                except psutil.Error:
                    pass
                time.sleep(0.5)
            time.sleep(0.02)

    thread = threading.Thread(target=kill)
    thread.start()
    found = cp.ray.run(world, draws, out=tmp_path / "run", parts=6)
    thread.join()
    assert killed
    assert found.summary.to_csv() == world.run(draws).summary.to_csv()


def test_ctrl_c_keeps_parts_that_are_done(local, tmp_path):
    world = cp.load("tutorial")
    draws, out = draws_for(12, world), tmp_path / "run"
    kept = lambda: [p.parent.name for p in tmp_path.glob(".run.parts/*/*/part.json")]

    def press():
        until = time.monotonic() + 60
        while not kept() and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        cp.ray.run(world, draws, out=out, parts=6)
    done = kept()
    assert done and len(done) < 6 and not out.exists()
    until = time.monotonic() + 10
    while simulating() and time.monotonic() < until:
        time.sleep(0.1)
    assert not simulating()
    found = cp.ray.run(world, draws, out=out, parts=6)
    assert found.summary.to_csv() == world.run(draws).summary.to_csv()


def test_a_scenario_of_ones_own_goes_along(local, tmp_path):
    home = tmp_path / "worlds" / "mine"
    (home / "policies").mkdir(parents=True)
    from_package = dict(cp._native.files(cp.World("tutorial", policy="enforcement-tenfold")._words("check")))
    for name, text in from_package.items():
        (home / name.split("/", 1)[1]).write_text(text)
    os.chdir(tmp_path)
    world = cp.load("worlds/mine", policy="enforcement-tenfold")
    found = cp.ray.run(world, 64, out="run")
    assert found.summary.to_csv() == world.run(64).summary.to_csv()


def test_what_cannot_be_is_said_before_anything_starts(local, tmp_path):
    world = cp.load("tutorial")
    with pytest.raises(cp.UsageError, match="these draws make 1 to 2 parts, not 3"):
        cp.ray.run(world, 2048, out=tmp_path / "run", parts=3)
    with pytest.raises(cp.UsageError, match="a number of draws"):
        cp.ray.run(world, "many", out=tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_what_the_page_shows(local):
    page = (Path(__file__).resolve().parents[2] / "docs" / "cluster.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    names: dict[str, object] = {}
    exec(compile(block, "docs/cluster.md", "exec"), names)
    assert names["run"].draws == 4096
