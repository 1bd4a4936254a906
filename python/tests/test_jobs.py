"""Runs on threads: interrupted, waited for, stopped; memory and threads."""

import os
import random
import signal
import threading
import time

import psutil
import pytest

import chokepoint as cp

SOON = 0.5
"""Seconds within which a run must end."""


def interrupted_after(seconds: float, work) -> float:
    """Does something that Ctrl-C ends; gives the seconds from then on."""
    pressed = []

    def press():
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(seconds, press)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        work()
        timer.join()
        time.sleep(1)
    return time.monotonic() - pressed[0]


def leaves_for(seconds: float, world: cp.World) -> int:
    """Leaves of 1024 draws that take about so long, whatever the build; a few at least."""
    speed = 256 / world.run(256).seconds
    return max(3, int(seconds * speed / 1024))


def begun(job: cp.Job[cp.Run]) -> None:
    """Waits until the first draws are simulated: before that, a long run is measured."""
    until = time.monotonic() + 60
    while job.progress[0] == 0 and time.monotonic() < until:
        time.sleep(0.01)
    assert job.progress[0] > 0


def test_twenty_interrupts_leave_nothing_half(tmp_path):
    world = cp.load("tutorial")
    chance = random.Random(7)
    out = tmp_path / "run"
    late = []
    for _ in range(20):
        late.append(interrupted_after(chance.uniform(0.05, 0.6), lambda: world.run("10M", out=out, resume=True)))
        assert not out.exists()
    assert max(late) < SOON, late
    # In memory likewise.
    late = [interrupted_after(chance.uniform(0.05, 0.3), lambda: world.run("10M")) for _ in range(3)]
    assert max(late) < SOON, late


def test_what_an_interrupt_kept_is_gone_on_from(tmp_path):
    world = cp.load("tutorial")
    out = tmp_path / "run"
    draws = leaves_for(2.0, world) * 1024
    job = world.start(draws, out=out, keep=0)
    while job.progress[0] < 1024:
        time.sleep(0.002)
    job.stop()
    assert job.done
    with pytest.raises(cp.Interrupted, match="resume"):
        job.wait()
    assert not out.exists()
    run = world.run(draws, out=out, resume=True)
    assert any("goes on after" in note for note in run.notes)
    assert run.summary.to_csv() == world.run(draws).summary.to_csv()


def test_a_job_can_be_looked_at(tmp_path):
    job = cp.load("tutorial").start("10M")
    try:
        with pytest.raises(TimeoutError):
            job.wait(timeout=0.3)
        begun(job)
        assert not job.done and job.progress[1] == 10_000_000
        # The interpreter is free meanwhile.
        before, ticks = job.progress[0], 0
        until = time.monotonic() + 30
        while job.progress[0] == before and time.monotonic() < until:
            ticks += 1
        assert ticks > 100 and job.progress[0] > before
    finally:
        job.stop()
    with pytest.raises(cp.Interrupted):
        job.wait()


def test_what_nobody_holds_stops():
    job = cp.load("tutorial").start("10M", threads=1)
    begun(job)
    del job
    process = psutil.Process()
    time.sleep(SOON)
    spent = process.cpu_times().user
    time.sleep(0.5)
    assert process.cpu_times().user - spent < 0.2


def test_threads_as_asked():
    world = cp.load("tutorial")
    process = psutil.Process()
    found = {}
    for threads in (1, 2, 5):
        # What was stopped before ends first.
        time.sleep(2 * SOON)
        job = world.start("10M", threads=threads)
        begun(job)
        found[threads] = process.num_threads() - threads
        job.stop()
    # Beside those that work there are as many as ever.
    assert len(set(found.values())) == 1, found


def test_memory_is_flat_over_a_hundred_runs():
    world = cp.load("tutorial")
    process = psutil.Process()

    def some(n: int) -> int:
        for _ in range(n):
            run = world.run(64)
            assert len(run.summary.to_pandas()) > 0
        return process.memory_info().rss

    first = some(20)
    assert some(100) - first < 12e6


def test_a_stream_is_interrupted_and_ends_when_nobody_reads():
    draws = cp.load("tutorial").draws("country.*/reachable_flop@*Q4", draws="10M", batch=256)
    assert interrupted_after(0.3, draws.to_pandas) < SOON
    batches = draws.batches()
    assert next(batches).num_rows >= 256
    del batches
    process = psutil.Process()
    time.sleep(SOON)
    spent = process.cpu_times().user
    time.sleep(0.5)
    assert process.cpu_times().user - spent < 0.2
