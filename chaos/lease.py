"""Holds the target's lease while an experiment runs: what it broke lives no longer than this process, however that ends."""

from __future__ import annotations

import logging
import threading

from chaos.drivers import Driver

_LOG = logging.getLogger("zweitherz")


class Lease:
    """Taken at once, renewed three times within its length. Raises OSError, RuntimeError when it is not given at the start."""

    def __init__(self, driver: Driver, holder: str, ttl_s: float) -> None:
        self._driver, self._holder, self._ttl_s = driver, holder, ttl_s
        self._ended = threading.Event()
        driver.renew_lease(holder, ttl_s)
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)
        self._thread.start()

    def end(self, *, release: bool) -> None:
        """Renew it no more. `release`: nothing is owed, so that nothing has to be mended either."""
        self._ended.set()
        self._thread.join(self._ttl_s)
        if release:
            self._driver.release_lease()

    def _renew(self) -> None:
        while not self._ended.wait(self._ttl_s / 3):
            try:
                self._driver.renew_lease(self._holder, self._ttl_s)
            except (OSError, RuntimeError) as error:  # the next time may work; if none does, the target mends itself
                _LOG.warning("the lease was not renewed: %s", " ".join(str(error).split()))
