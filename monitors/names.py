"""Asks every authoritative server and every resolver for the service's name: also the proof that this place gets out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from monitors.look import Look
from monitors.place import Place, Unresolved, ask

SILENT, FOREIGN = "(no answer)", "(no site)"


class Names:
    """Fails when a server does not answer, answers an address of no site, or the authoritative servers disagree."""

    name, period_s = "dns", 0.5

    def __init__(self, place: Place) -> None:
        self._place = place
        target = place.target
        self._servers = [(each.name, each.address, each.port) for each in target.zone.authoritative]
        self._servers += [(each.name, each.address, each.port) for each in target.resolvers]
        self._authoritative = {each.name for each in target.zone.authoritative}
        self._pool = ThreadPoolExecutor(len(self._servers), thread_name_prefix="dns")

    def look(self) -> Look:
        begun = self._place.clock.now_ns()
        answers = dict(
            zip((name for name, _, _ in self._servers), self._pool.map(self._ask, self._servers), strict=True)
        )
        if any(answers.values()):
            self._place.saw_outside(begun)
        led = {name: self._leads_to(address) for name, address in answers.items()}
        why = self._wrong(answers)
        return Look(ok=not why, why=why, answers=led)

    def _wrong(self, answers: dict[str, str | None]) -> str:
        silent = sorted(name for name, address in answers.items() if address is None)
        if silent:
            return f"no answer from {', '.join(silent)}"
        foreign = {f"{name} says {address}" for name, address in answers.items() if not self._known(str(address))}
        if foreign:
            return f"an address of no site: {', '.join(sorted(foreign))}"
        said = {answers[name] for name in self._authoritative}
        if len(said) > 1:
            return f"the authoritative servers disagree: {', '.join(sorted(map(str, said)))}"
        return ""

    def _leads_to(self, address: str | None) -> str:
        """A site's name; or that nothing was answered, or something else than a site."""
        return SILENT if address is None else self._place.target.site_at(address) or FOREIGN

    def _ask(self, server: tuple[str, str, int]) -> str | None:
        _, address, port = server
        try:
            return ask(self._place.target.zone.record, address, port)[0]
        except Unresolved:
            return None

    def _known(self, address: str) -> bool:
        return self._place.target.site_at(address) is not None
