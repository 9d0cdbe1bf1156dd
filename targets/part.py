"""What every part of a target file has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Unknown keys are errors; what was read is not changed any more."""

    model_config = ConfigDict(extra="forbid", frozen=True)
