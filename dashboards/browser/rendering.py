"""Jinja templates of the pages: everything is escaped, and nothing that is not defined is silently empty."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from results.finding import Verdict

_SHAPES = {Verdict.PASS.value: "●", Verdict.INCONCLUSIVE.value: "▲", Verdict.FAIL.value: "■"}


def _printable(value: Any) -> Any:  # whatever a template prints
    """Text that can be written as UTF-8: names of files, and JSON, may hold halves of characters."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return value.encode("utf-8", "replace").decode()
    return value


def _path(value: str) -> str:
    """One part of an address."""
    return quote(value.encode("utf-8", "replace"), safe="")


def _plain(value: Any) -> str:  # any value of a finding
    match value:
        case None:
            text = "unknown"
        case bool():
            text = "yes" if value else "no"
        case int():
            text = f"{value:,}"
        case float():
            text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
        case dict():
            text = ", ".join(f"{key} {_plain(each)}" for key, each in value.items()) or "none"
        case list():
            text = ", ".join(_plain(each) for each in value) or "none"
        case _:
            text = str(value)
    return text


def _size(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:,.1f} kB"
    return f"{size / 1_000_000:,.1f} MB"


ENVIRONMENT = Environment(
    loader=PackageLoader("dashboards.browser"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=_printable,
)
ENVIRONMENT.filters["path"] = _path
ENVIRONMENT.filters["plain"] = _plain
ENVIRONMENT.filters["size"] = _size
ENVIRONMENT.globals["shape"] = _SHAPES


def page(name: str, values: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
    """A page by the template of that name."""
    return HTMLResponse(ENVIRONMENT.get_template(f"{name}.html").render(values), status)


def refusal(status: HTTPStatus, why: str) -> HTMLResponse:
    """A page that says why there is none."""
    return page("refusal", {"title": status.phrase, "why": why}, status)
