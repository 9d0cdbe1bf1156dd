"""Words, numbers, times and dates of one language. A number says no more digits than it has; the decimal sign is the reader's."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass

from dashboards.report.words import de, en

LANGUAGES = ("en", "de")
_NO_BREAK = "\u00a0"


class UnknownLanguage(ValueError):
    """One line that names those there are."""


@dataclass(frozen=True)
class Language:
    """One language. `group` and `point` are the signs in a number."""

    code: str
    words: Mapping[str, str]
    group: str
    point: str
    day: str

    def say(self, key: str, **values: object) -> str:
        """The words of that key, with values in their places. Raises KeyError for a key that is not there."""
        return self.words[key].format(**values)

    def number(self, value: float | None, digits: int | None = None) -> str:
        """With so many decimals; without `digits` as many as three significant ones need."""
        if value is None:
            return self.words["unknown"]
        text = f"{value:,.{_decimals(value) if digits is None else digits}f}"
        return self._signs(text.rstrip("0").rstrip(".") if digits is None and "." in text else text)

    def _signs(self, text: str) -> str:
        text = text.replace(",", "\0").replace(".", self.point).replace("\0", self.group)
        return text.replace("-", "−")

    def unit(self, value: float | None, unit: str, digits: int | None = None) -> str:
        """With its unit, never on a line of its own."""
        return self.words["unknown"] if value is None else f"{self.number(value, digits)}{_NO_BREAK}{unit}"

    def percent(self, value: float | None, digits: int = 1) -> str:
        """Of a share between 0 and 1."""
        if value is None:
            return self.words["unknown"]
        sign = "%" if self.code == "en" else f"{_NO_BREAK}%"
        return f"{self.number(100 * value, digits)}{sign}"

    def length(self, seconds: float | None) -> str:
        """Seconds; from two minutes on minutes and seconds."""
        if seconds is None:
            return self.words["unknown"]
        if abs(seconds) < 120:
            return self.unit(seconds, "s", 0 if float(seconds).is_integer() else 1)
        minutes, rest = divmod(round(seconds), 60)
        return f"{self.unit(minutes, 'min', 0)}{_NO_BREAK}{self.unit(rest, 's', 0)}"

    def offset(self, seconds: float | None, digits: int = 1) -> str:
        """Before or after the fault: with its sign."""
        if seconds is None:
            return self.words["unknown"]
        sign = "+" if seconds >= 0 else ""
        return f"{sign}{self.unit(seconds, 's', digits)}"

    def moment(self, t_ns: int | None) -> str:
        """Day and time, UTC."""
        if t_ns is None:
            return self.words["unknown"]
        return self._shown(datetime.datetime.fromtimestamp(t_ns / 1e9, datetime.UTC), f"{self.day}, %H:%M:%S UTC")

    def date(self, iso: str) -> str:
        """The day of an ISO 8601 time."""
        return self._shown(datetime.datetime.fromisoformat(iso), self.day)

    def _shown(self, when: datetime.datetime, form: str) -> str:
        # %B is the machine's language, not the reader's
        return when.strftime(form.replace("%B", self.words[f"month.{when.month}"]))

    def value(self, found: object) -> str:
        """Any value of a finding."""
        if found is None:
            return self.words["unknown"]
        if isinstance(found, bool):
            return self.words["yes" if found else "no"]
        if isinstance(found, int | float):
            # as it was judged, not as it is read best
            return self._signs(f"{found:,.6f}".rstrip("0").rstrip("."))
        if isinstance(found, Mapping):
            parts = [f"{name} {self.value(each)}" for name, each in found.items()]
            return "; ".join(parts) or self.words["none"]
        if isinstance(found, list | tuple):
            return ", ".join(map(self.value, found)) or self.words["none"]
        return str(found)


def _decimals(value: float) -> int:
    if float(value).is_integer() or abs(value) >= 1000:
        return 0
    return max(0, min(9, 2 - math.floor(math.log10(abs(value)))))


_ALL = {
    "en": Language("en", en.WORDS, ",", ".", "%d %B %Y"),
    "de": Language("de", de.WORDS, ".", ",", "%d.%m.%Y"),
}


def language(code: str) -> Language:
    """Raises UnknownLanguage."""
    if code not in _ALL:
        raise UnknownLanguage(f"--lang {code!r}: there are {', '.join(LANGUAGES)}")
    return _ALL[code]
