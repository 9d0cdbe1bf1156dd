"""The recorders of who contacted whom (`lab.net.contacts`): one between all zones, one on the private link."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
from typing import Any

from lab import model
from lab.model import Options, Process, Ready, ServiceFailed
from lab.net.namespace import FOLDER
from lab.net.topology import PRIVATE_LINK

_FOLDER = "contacts"
_WITHIN_S = 5


def recorders(options: Options, *, through_wire: bool) -> list[Process]:
    """One per zone, before anything else speaks. None is started again by itself: a gap must not go unseen."""
    places: dict[str, tuple[str, ...]] = {"internet": ()}
    if through_wire:
        places["wire"] = (f"{PRIVATE_LINK}-a", f"{PRIVATE_LINK}-b")
    else:
        places |= dict.fromkeys(model.SITES, (PRIVATE_LINK,))
    return [_recorder(options, zone, interfaces) for zone, interfaces in places.items()]


def _recorder(options: Options, zone: str, interfaces: tuple[str, ...]) -> Process:
    """In a site's network, but not among its processes: those die with the site."""
    file = options.folder(_FOLDER) / f"{zone}.json"
    file.unlink(missing_ok=True)
    enter = (str(shutil.which("nsenter")), f"--net={FOLDER / zone}", "--")
    return Process(
        name=f"internet/contacts-{zone}",
        zone="internet",
        argv=(*enter, sys.executable, "-m", "lab.net.contacts", str(file), *interfaces),
        ready=Ready(log_line="started"),
    )


async def read(options: Options) -> dict[str, Any]:  # JSON values
    """Everything recorded until now: contacts (see `lab.net.contacts.Book`), and how many packets were lost.

    Raises ServiceFailed where a recorder does not write any more.
    """
    asked, deadline = time.monotonic_ns(), time.monotonic() + _WITHIN_S
    contacts: list[Any] = []
    lost = 0
    for file in sorted(options.folder(_FOLDER).glob("*.json")):
        while (whole := json.loads(file.read_bytes()))["until_ns"] < asked:
            if time.monotonic() > deadline:
                raise ServiceFailed(f"contacts: the recorder in zone {file.stem} has written nothing for {_WITHIN_S} s")
            await asyncio.sleep(0.05)
        contacts += whole["contacts"]
        lost += whole["lost"]
    return {"contacts": contacts, "lost": lost}
