"""The load generator's live figures (``live/loadtests.json``): for guards and people, never for judging."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

NAME = "live/loadtests.json"
FRESH_S = 5.0  # written once a second; five missed in a row are no hiccup


class NoFigures(RuntimeError):
    """There are no figures, or they are too old to act on; one line says which."""


class Live(BaseModel):
    """What guards need of the live figures; the file has more."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    t_ns: int
    acknowledged: int = 0
    failing: int = 0
    good_ratio_10s: float | None = None
    last_ack_ns: int | None = None
    in_flight: int = 0
    queued: int = 0
    senders_ended: int = 0
    by_client: dict[str, float] = {}
    by_site: dict[str, float] = {}

    @property
    def drained(self) -> bool:
        """Every queue is empty, as the senders themselves said."""
        return self.senders_ended > 0 and not self.in_flight and not self.queued


def read_live(run: Path, now_ns: int, fresh_s: float = FRESH_S) -> Live:
    """The figures of this moment. Raises NoFigures."""
    path = run / NAME
    try:
        live = Live.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise NoFigures(f"{NAME}: the load generator has written no figures yet") from None
    except ValidationError as error:
        raise NoFigures(f"{NAME}: unreadable ({error.errors()[0]['msg']})") from error
    age_s = (now_ns - live.t_ns) / 1e9
    if age_s > fresh_s:
        raise NoFigures(f"{NAME}: last figures are {age_s:.1f} s old (limit {fresh_s:g} s)")
    return live
