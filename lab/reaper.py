"""First process of a site's PID namespace: collects orphans and waits. When it is killed, the whole site is gone."""

from __future__ import annotations

import signal


def main() -> None:
    """Wait for ever. Children that end are reaped by the kernel (SIGCHLD ignored)."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
