"""The command `chokepoint`: the program itself, as Cargo builds it."""

from __future__ import annotations

import signal
import sys

from . import _native


def main() -> int:
    """Does what the command line says; gives the exit code."""
    # What Python does with signals is not what a program does: the simulator has a hand of its own on them.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _native.main(["chokepoint", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
