"""The log of a pod: the lines of its process since it is that pod."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from lab.kubernetes.refusal import Refusal, not_found, not_stood_in_for
from lab.kubernetes.standing import Standing
from lab.kubernetes.wanted import Pod

NO_TIMES = "stand-in: the lab keeps no time for each line of a log"
_LOOK_EVERY_S = 0.2
_YES = ("1", "true")


def read(standing: Standing, pod: Pod, query: Mapping[str, str]) -> AsyncIterator[bytes]:
    """Its lines; with ``follow`` also those to come, until it is no more. Raises Refusal 400, 404 or 501."""
    if query.get("container") not in (None, "", pod.workload.name):
        raise Refusal(
            400, f"container {query['container']} is not valid for pod {pod.name}: it has {pod.workload.name}"
        )
    for field in ("sinceSeconds", "sinceTime", "limitBytes"):
        if query.get(field):
            raise not_stood_in_for(f"{field}: the lab keeps no time for each line of a log")
    if query.get("previous") in _YES:
        raise not_stood_in_for("the log of a container before the present one")
    path = standing.log(pod)
    if path is None or not path.exists():
        raise not_found("pods/log", pod.name)
    lines = query.get("tailLines")
    if lines is not None and not lines.isdigit():
        raise Refusal(400, f"tailLines {lines!r}: must be a whole number")
    return _lines(standing, pod, path, int(lines) if lines else None, follow=query.get("follow") in _YES)


async def _lines(standing: Standing, pod: Pod, path: Path, tail: int | None, *, follow: bool) -> AsyncIterator[bytes]:
    content = await asyncio.to_thread(_from, path, pod.log_from)
    at = pod.log_from + len(content)
    if tail is not None:
        content = b"".join(content.splitlines(keepends=True)[-tail:] if tail else [])
    yield content
    while follow and pod in standing.wanted.pods:
        await asyncio.sleep(_LOOK_EVERY_S)  # a file has no event to await
        content = await asyncio.to_thread(_from, path, at)
        at += len(content)
        if content:
            yield content


def _from(path: Path, at: int) -> bytes:
    with path.open("rb") as log:
        log.seek(at)
        return log.read()
