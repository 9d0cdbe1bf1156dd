"""The stream of events that a watch is answered with: one JSON object a line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from lab.kubernetes import lists, tables
from lab.kubernetes.catalogue import Resource
from lab.kubernetes.lists import Selected
from lab.kubernetes.objects.shape import Object
from lab.kubernetes.refusal import Refusal
from lab.kubernetes.standing import Standing
from lab.kubernetes.versions import Event


async def watch(
    standing: Standing,
    resource: Resource,
    wanted: Selected,
    version: int | None,
    within_s: float | None,
    *,
    as_table: bool,
) -> AsyncIterator[bytes]:
    """Events after `version` (None: first everything that there is, as ADDED), until `within_s` have passed (None: for ever)."""
    try:
        async with asyncio.timeout(within_s):
            if version is None:
                version = standing.versions.version
                for shown in lists.many(resource, standing.versions, wanted)["items"]:
                    yield _line("ADDED", resource, shown, as_table=as_table)
            while True:
                bell = standing.bell
                await standing.look()
                for event in standing.versions.after(version):
                    version = event.version
                    if (kind := _kind(event, wanted)) is not None:
                        yield _line(kind, resource, event.now, as_table=as_table)
                await standing.rest(bell)
    except TimeoutError:
        return  # the client asked for so long, and no longer
    except Refusal as refusal:
        yield json.dumps({"type": "ERROR", "object": refusal.status()}).encode() + b"\n"


def _kind(event: Event, wanted: Selected) -> str | None:
    """What the event is for who selects: an object that no longer matches is gone for him. None: nothing."""
    now = event.kind != "DELETED" and wanted(event.key, event.now)
    before = event.before is not None and wanted(event.key, event.before)
    return {(True, True): "MODIFIED", (False, True): "ADDED", (True, False): "DELETED"}.get((before, now))


def _line(kind: str, resource: Resource, shown: Object, *, as_table: bool) -> bytes:
    whole = lists.one(resource, shown)
    if as_table:
        whole = tables.table(resource.plural, [shown], shown["metadata"]["resourceVersion"])
    return json.dumps({"type": kind, "object": whole}).encode() + b"\n"
