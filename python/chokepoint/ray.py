"""A run in parts on a cluster of Ray that is there already, or on this machine: one task a part.

A task simulates its part in the worker's own process and hands the part's files back. Parts are the same whoever makes them,
so a task that is done twice does no harm: Ray does it again when a worker or a node is lost. The driver keeps the parts beside
the run's folder, and joins them: the run has the bytes of one machine's.

`docs/cluster.md` says which ports a cluster opens, and what an open one means.
"""

from __future__ import annotations

import atexit
import hashlib
import io
import json
import os
import secrets
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from . import _native, merge
from ._errors import RunError, UsageError
from ._jobs import Job, _Progress
from ._results import Run, load_folder
from ._words import Count, Edits, Policy
from ._words import policy as world_policy
from ._world import World

_LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""At 0 Ray takes the address of loopback for this machine's own, on every system; else that of its network."""
PARTS_A_WORKER = 4
"""Parts for each task that can run at a time, unless one says otherwise: what is lost with a worker is a quarter of its share."""


def run(
    world: World,
    draws: Count = 8192,
    *,
    out: str | os.PathLike[str],
    address: str = "local",
    parts: int | None = None,
    threads: int = 1,
    retries: int = 5,
    memory: int | None = None,
    policy: Policy | None = None,
    set: Edits | None = None,
    progress: bool | None = None,
    **more: Any,
) -> Run:
    """Simulates in parts on a cluster, and joins them to the run in the folder `out`.

    `address` is `"local"` for a Ray of this machine alone, `"auto"` for the cluster that this machine belongs to, or a cluster's
    address. `parts` is how many; by default four for each task that can run at a time. A task takes `threads` cores and, if it is
    given, `memory` [B], which Ray then reserves for it. A task whose worker is lost is done again up to `retries` times. Parts that
    are done are kept until the run is complete: after Ctrl-C the same call goes on with the rest. Other arguments are those of
    `World.run`.
    """
    under = world.under(policy=policy, set=set)
    package = _Package(under, {"draws": draws, **more})
    most = _native.most_parts(package.command)
    ray = _connect(address)
    at_a_time = max(1, int(ray.cluster_resources().get("CPU", 1)) // threads)
    parts = min(most, PARTS_A_WORKER * at_a_time) if parts is None else parts
    if not 1 <= parts <= most:
        raise UsageError(f"these draws make 1 to {most} parts, not {parts}")
    out = Path(out)
    kept = out.with_name(f".{out.name}.parts") / package.digest(parts)
    kept.mkdir(parents=True, exist_ok=True)
    folders = [kept / str(k + 1) for k in range(parts)]
    options: dict[str, Any] = {"num_cpus": threads, "max_retries": retries, "retry_exceptions": [RunError], "name": "chokepoint part"}
    if memory is not None:
        options["memory"] = memory
    task = ray.remote(_part).options(**options)
    more_of_a_task = {"threads": threads, "memory": str(memory) if memory is not None else None}
    packed = ray.put(package)
    waiting = {
        task.remote(packed, k + 1, parts, more_of_a_task): folder
        for k, folder in enumerate(folders)
        if not (folder / "part.json").exists()
    }
    shown = _Progress(progress)
    try:
        while waiting:
            done, _ = ray.wait(list(waiting), timeout=0.1)
            for one in done:
                _unpack(ray.get(one), waiting.pop(one))
            shown.update(parts - len(waiting), parts)
    except BaseException:
        for one in waiting:
            ray.cancel(one)
        raise
    finally:
        shown.close()
    merge(folders, out=out, progress=False)
    shutil.rmtree(kept.parent, ignore_errors=True)
    found = load_folder(out)
    assert isinstance(found, Run)
    return found


class _Package:
    """What a worker needs: what is asked, and the files that it names, each beneath one folder."""

    def __init__(self, world: World, options: dict[str, Any]) -> None:
        self.world, self.options, self.here = world, options, os.getcwd()
        self.command = world._study("run", **options)
        self.version = _native.__version__
        # What comes with the package is on the worker as well.
        read = {os.path.abspath(n): text for n, text in _native.files(world._words("check")) if os.path.exists(n)}
        self.root = os.path.commonpath([os.path.dirname(path) for path in [*read, os.path.abspath(world.scenario)]])
        self.files = {os.path.relpath(path, self.root): text for path, text in read.items()}

    def digest(self, parts: int) -> str:
        """What tells these parts from those of another run."""
        told = json.dumps([self.version, self.command, sorted(self.files.items()), parts])
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def moved(self, folder: str) -> World:
        """The same world, read from a folder in which the files are."""
        for name, text in self.files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            Path(path).write_bytes(text.encode())

        def move(path: str) -> str:
            # A path is told from where the driver stands.
            name = os.path.relpath(os.path.join(self.here, path), self.root)
            beneath = any(file == name or file.startswith(name + os.sep) for file in self.files)
            return os.path.join(folder, name) if beneath else path

        one, world = world_policy(self.world._policy), self.world
        return World(
            move(world.scenario),
            policy=None if one is None else [move(p) if os.sep in p or p.endswith(".toml") else p for p in one.split("+")],
            set=world._set,
            edits=[move(path) for path in world._edits],
            vintage=world._vintage,
            allow_read=[folder] if world._allow_read else None,
        )


def _part(package: Any, number: int, of: int, more: dict[str, Any]) -> bytes:
    """Simulates a part in this process, and gives its folder as an archive."""
    if package.version != _native.__version__:
        raise UsageError(f"the driver has chokepoint {package.version}, this worker {_native.__version__}")
    # Worker and driver may stand in different folders: paths are told whole.
    with tempfile.TemporaryDirectory(prefix="chokepoint-") as home:
        world = package.moved(os.path.join(home, "scenario"))
        out = os.path.join(home, "part")
        words = world._study("run", **package.options, **more, out=out, part=f"{number}/{of}")
        Job(words, True, lambda found: found, package.command).wait(progress=False)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(out, arcname=".")
        return packed.getvalue()


def _connect(address: str) -> Any:
    """Ray, connected. A cluster of this machine alone asks for a token, shows no dashboard and listens on loopback only."""
    if "ray" not in sys.modules:
        # Ray reads how it asks for tokens, and which addresses it may take, when it is imported.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        if address == "local":
            os.environ.setdefault(_LOOPBACK, "0")
    try:
        import ray
    except ImportError:
        raise ImportError("parts on a cluster are made by Ray: pip install 'chokepoint-sim[ray]'") from None
    if ray.is_initialized():
        return ray
    if address != "local":
        ray.init(address=address, log_to_driver=False)
        return ray
    if (os.environ.get("RAY_AUTH_MODE"), os.environ.get(_LOOPBACK)) != ("token", "0"):
        raise UsageError(
            "a Ray of this machine asks for a token and listens on loopback only, which Ray reads when it is imported: import "
            f"chokepoint.ray before ray, or set RAY_AUTH_MODE=token and {_LOOPBACK}=0 first; or connect by ray.init yourself"
        )
    if not {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys():
        os.environ["RAY_AUTH_TOKEN_PATH"] = _own_token()
    ray.init(address="local", include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False)
    return ray


def _own_token() -> str:
    """A file with a token, which its owner alone can read, and which ends with this process."""
    folder = tempfile.mkdtemp(prefix="chokepoint-ray-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = os.path.join(folder, "token")
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    return path


def _unpack(packed: bytes, folder: Path) -> None:
    """Puts a part where it is kept: whole or not at all."""
    beside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(beside, filter="data")
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)
