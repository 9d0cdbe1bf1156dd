"""What a sender is told at its start, by the Locust worker that owns it: one JSON object."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from results.plan import Plan


class Order(BaseModel):
    """Paths are absolute. `tag` marks the run's idempotency keys; `clock` is the run's clock as in its environment variable."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plan: Plan
    target: Path
    run: Path
    tag: str
    clock: str
    worker: int
    workers: int
    users: int
