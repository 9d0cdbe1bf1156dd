"""Secrets that a target file names and never contains."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pydantic import model_validator

from targets.part import Part


class Secret(Part):
    """A secret that is not here: in a file (mode 600), or in an environment variable."""

    file: Path | None = None
    env: str | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Secret:
        if (self.file is None) == (self.env is None):
            raise ValueError("a secret is in a file or in an environment variable: give one of file, env")
        return self

    def read(self) -> str:
        """Its value. Raises NoSecret."""
        if self.env is not None:
            if not (value := os.environ.get(self.env, "")):
                raise NoSecret(f"environment variable {self.env}: not set")
            return value
        try:
            with Path(str(self.file)).open(encoding="utf-8") as secret:
                mode = stat.S_IMODE(os.fstat(secret.fileno()).st_mode)
                if mode & 0o077:
                    raise NoSecret(
                        f"secret file {self.file}: mode {mode:o}, others than its owner may open it (allowed: 600)"
                    )
                return secret.read().strip()
        except OSError as error:
            raise NoSecret(f"secret file {self.file}: {error.strerror}") from error


class NoSecret(RuntimeError):
    """A secret is not where the target file says it is: one line."""
