"""``python -m drill.tether COMMAND …``: becomes COMMAND, which the kernel ends (SIGTERM) when the drill's process ends.

A drill that is killed must not leave a load generator behind. The wish survives `exec`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    parent = os.getppid()
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM):
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        sys.exit(1)  # it died in between
    os.execvp(arguments[0], arguments)  # noqa: S606 - that is what it is for


if __name__ == "__main__":
    main(sys.argv[1:])
