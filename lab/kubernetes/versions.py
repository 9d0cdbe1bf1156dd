"""Every object as it was last seen, with a version; whatever differs from one look to the next is an event for who watches."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from lab.kubernetes.objects.shape import Object
from lab.kubernetes.refusal import Refusal

Key = tuple[str, str | None, str]  # plural of the resource, namespace, name
_KEPT = 2000


@dataclass(frozen=True)
class Event:
    """`kind`: ADDED, MODIFIED, DELETED. `before`: the object as it was, None for a new one."""

    version: int
    kind: str
    key: Key
    now: Object
    before: Object | None


class Versions:
    """Of one site. Objects come without a version and leave with one."""

    def __init__(self) -> None:
        self.version = 1
        self.objects: dict[Key, Object] = {}
        self._plain: dict[Key, Object] = {}
        self._events: deque[Event] = deque(maxlen=_KEPT)
        self._forgotten = 1  # the newest version whose event is not kept

    def take(self, seen: Mapping[Key, Object]) -> None:
        """These are all objects that there are now."""
        for key, plain in seen.items():
            old = self._plain.get(key)
            if old is not None and old["metadata"]["uid"] != plain["metadata"]["uid"]:
                self._remove(key)  # another one under the same name: a watcher has to be told of both
                old = None
            if old != plain:
                known = self.objects.get(key)
                self.version += 1
                versioned = {**plain, "metadata": {**plain["metadata"], "resourceVersion": str(self.version)}}
                self.objects[key], self._plain[key] = versioned, plain
                self._add(Event(self.version, "MODIFIED" if known else "ADDED", key, versioned, known))
        for key in [key for key in self.objects if key not in seen]:
            self._remove(key)

    def after(self, version: int) -> list[Event]:
        """Every event after that version. Raises Refusal 410 for a version that is too old to know them all."""
        if version < self._forgotten - 1:
            raise Refusal(410, f"too old resource version: {version} ({self._forgotten})")
        return [each for each in self._events if each.version > version]

    def _remove(self, key: Key) -> None:
        gone = self.objects.pop(key)
        del self._plain[key]
        self.version += 1
        last = {**gone, "metadata": {**gone["metadata"], "resourceVersion": str(self.version)}}
        self._add(Event(self.version, "DELETED", key, last, gone))

    def _add(self, event: Event) -> None:
        if len(self._events) == _KEPT:
            self._forgotten = self._events[0].version + 1
        self._events.append(event)
