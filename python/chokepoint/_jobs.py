"""Studies on a thread of their own: waited for, looked at, stopped."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from . import _native

T = TypeVar("T")
_LOOKS = 0.05
"""Seconds between two looks at a study: so soon Ctrl-C is heard."""
_SHOWS = 0.7
"""Seconds after which progress is shown."""


class Job(Generic[T]):
    """A study that runs. `wait()` gives what it finds; Ctrl-C while waiting, and a notebook's stop button, stop it.

    What nobody waits for or holds any more is stopped.
    """

    def __init__(
        self, words: list[str], write: bool, make: Callable[[dict[str, Any]], T], command: list[str] | None = None
    ) -> None:
        self._native = _native.Job(words, write, command)
        self._make = make
        self._result: T | None = None
        self._error: BaseException | None = None

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._native.wait(0.0)

    @property
    def progress(self) -> tuple[int, int]:
        """Steps that are done, and all of them: draws, or failures of suppliers."""
        return self._native.progress()

    @property
    def notes(self) -> list[str]:
        """What was worth a note so far."""
        return self._native.notes()

    def stop(self) -> None:
        """Stops it after the draws at hand, and waits for that; a folder keeps whole leaves for `resume=True`."""
        self._native.stop()
        self._native.wait(None)

    def wait(self, timeout: float | None = None, progress: bool | None = None) -> T:
        """Waits for what it finds; raises why it failed, or `TimeoutError` after so many seconds (then it still runs).

        Progress is shown in a notebook and at a terminal; `progress=False` shows none.
        """
        if self._result is not None:
            return self._result
        if self._error is not None:
            raise self._error
        until = None if timeout is None else time.monotonic() + timeout
        shows = _Progress(progress)
        try:
            while not self._native.wait(_LOOKS):
                shows.update(*self._native.progress())
                if until is not None and time.monotonic() > until:
                    raise TimeoutError("the study still runs")
        except TimeoutError:
            raise
        except BaseException:
            self.stop()
            raise
        finally:
            shows.close()
        try:
            self._result = self._make(self._native.take())
        except BaseException as error:
            self._error = error
            raise
        return self._result

    def __repr__(self) -> str:
        done, steps = self.progress
        state = "ended" if self.done else "running"
        return f"<Job: {state}, {done} of {steps} steps>"

    def _repr_html_(self) -> str:
        done, steps = self.progress
        return f'<progress value="{done}" max="{max(steps, 1)}"></progress> {done} of {steps} steps'


class _Progress:
    """Shows how far a study is, if anybody looks: with ipywidgets or in plain in a notebook, with rich or in plain at a terminal."""

    def __init__(self, wanted: bool | None) -> None:
        self._notebook = _in_notebook()
        self._wanted = (self._notebook or sys.stderr.isatty()) if wanted is None else wanted
        self._started = time.monotonic()
        self._shown: Any = None
        self._kind = ""

    def update(self, done: int, steps: int) -> None:
        if not self._wanted or steps == 0 or time.monotonic() - self._started < _SHOWS:
            return
        if not self._kind:
            self._open(steps)
        if self._kind == "widget":
            self._shown.value, self._shown.description = done, f"{done} of {steps}"
        elif self._kind == "rich":
            self._shown[0].update(self._shown[1], completed=done)
        else:
            print(f"\r{done} of {steps}", end="", file=sys.stderr, flush=True)

    def _open(self, steps: int) -> None:
        self._kind = "plain"
        try:
            if self._notebook:
                import ipywidgets
                from IPython.display import display

                self._shown = ipywidgets.IntProgress(value=0, min=0, max=steps)
                display(self._shown)
                self._kind = "widget"
            else:
                from rich.progress import Progress

                bar = Progress(transient=True)
                self._shown = (bar, bar.add_task("", total=steps))
                bar.start()
                self._kind = "rich"
        except ImportError:
            pass

    def close(self) -> None:
        if self._kind == "widget":
            self._shown.close()
        elif self._kind == "rich":
            self._shown[0].stop()
        elif self._kind == "plain":
            print("\r\033[K" if sys.stderr.isatty() else "", end="", file=sys.stderr, flush=True)


def _in_notebook() -> bool:
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return type(get_ipython()).__name__ == "ZMQInteractiveShell"
