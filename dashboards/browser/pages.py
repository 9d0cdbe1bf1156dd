"""The pages that only show: all runs, one run, a file of it, two runs side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dashboards.browser import scene
from dashboards.browser.choice import STATES, read_choice, state
from dashboards.browser.figures import AVAILABILITY, DETECTION, FIGURES, LATENCY, LOST, RECOVERY, TRENDS
from dashboards.browser.folder import NotThere, entries, open_file, run_folder
from dashboards.browser.judged import Damaged, judged, objectives
from dashboards.browser.rendering import page, refusal
from dashboards.browser.shelf import Shelf
from dashboards.browser.side_by_side import Comparisons, NotCompared
from dashboards.browser.trend import Trend, trend
from results.listing import PATIENTS, Listed, State, like

_COLUMNS = (RECOVERY, LOST, DETECTION, LATENCY, AVAILABILITY)
_CHUNK = 1 << 16
_TEXT = "text/plain; charset=utf-8"
# everything else is handed out as a file to be kept, never shown
_SHOWN = {
    ".html": "text/html; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    **dict.fromkeys((".md", ".txt", ".log", ".yaml", ".jsonl", ".sha256", ".xml", ".csv"), _TEXT),
}
# a report has its styles and pictures in itself; it runs no script and can be shown inside our page only
_SANDBOX = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'"
)


class Pages:
    """Of the runs in `home`."""

    def __init__(self, home: Path, quiet_s: float) -> None:
        self.home = home
        self.shelf = Shelf(home)
        self.comparisons = Comparisons()
        self._quiet_s = quiet_s

    def live_runs(self) -> list[Listed]:
        """Those in progress, newest first."""
        unjudged = (run for run in self.shelf.runs() if run.state is State.UNJUDGED)
        return [run for run in unjudged if scene.is_live(run.path, self._quiet_s)]

    def runs(self, request: Request) -> Response:
        """All runs, filtered, and the trends of one drill."""
        runs = self.shelf.runs()
        choice = read_choice(request.query_params)
        chosen = choice.of(runs)
        live = {run.run for run in chosen if run.state is State.UNJUDGED and scene.is_live(run.path, self._quiet_s)}
        newest, trends = _trends(runs, choice.drill)
        status = HTTPStatus.BAD_REQUEST if choice.wrong else HTTPStatus.OK
        return page(
            "runs",
            {
                "runs": chosen,
                "total": len(runs),
                "choice": choice,
                "drills": sorted({run.drill for run in runs}),
                "states": STATES,
                "state": state,
                "live": live,
                "columns": _COLUMNS,
                "newest": newest,
                "patients": newest.headline.get(PATIENTS) if newest is not None else None,
                "trends": trends,
            },
            status,
        )

    def run(self, request: Request) -> Response:
        """One run."""
        try:
            run = self._find(request.path_params["run"])
        except NotThere as error:
            return refusal(HTTPStatus.NOT_FOUND, f"no run {str(error)!r}")
        found, damage = None, ""
        try:
            found = judged(run)
        except Damaged as error:
            damage = str(error)
        files, count = entries(run.path)
        names = {entry.name for entry in files}
        return page(
            "run",
            {
                "run": run,
                "live": run.state is State.UNJUDGED and scene.is_live(run.path, self._quiet_s),
                "judged": found,
                "damage": damage,
                "figures": _figures(run, found.objectives) if found is not None else [],
                "files": files,
                "left_out": count - len(files),
                "reports": [name for name in ("report.en.html", "report.de.html") if name in names],
                "plots": [
                    name for name in sorted(names) if name.startswith("plots/") and name.endswith((".png", ".svg"))
                ],
                "documents": [
                    name
                    for name in ("summary.md", "junit.xml", "verdict.json", "comparison.json", "report.pdf")
                    if name in names
                ],
                "before": _before(self.shelf.runs(), run),
            },
        )

    def file(self, request: Request) -> Response:
        """A file of a run; what a browser could run is shown in a sandbox."""
        name = request.path_params["file"]
        try:
            fd = open_file(run_folder(self.home, request.path_params["run"]), name)
        except NotThere:
            return refusal(HTTPStatus.NOT_FOUND, "no such file in this run")
        kind = _SHOWN.get(Path(name).suffix)
        headers = {
            "content-length": str(os.fstat(fd).st_size),
            "content-security-policy": _SANDBOX,
            "x-frame-options": "SAMEORIGIN",
        }
        if kind is None or "download" in request.query_params:
            headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(Path(name).name)}"
        if request.method == "HEAD":
            os.close(fd)
            return Response(None, headers=headers, media_type=kind or "application/octet-stream")
        return StreamingResponse(_chunks(fd), headers=headers, media_type=kind or "application/octet-stream")

    async def compare(self, request: Request) -> Response:
        """Two runs side by side; without two names, the form that asks for them."""
        names = {side: request.query_params.get(side, "") for side in ("old", "new")}
        across = request.query_params.get("across", "") == "yes"
        runs = await run_in_threadpool(self.shelf.runs)
        values: dict[str, Any] = {
            "runs": [run for run in runs if run.state is State.JUDGED],
            "names": names,
            "across": across,
            "comparison": None,
            "why": "",
            "sides": {},
        }
        if not any(names.values()):
            return page("compare", values)
        try:
            old, new = [await run_in_threadpool(self._find, names[side]) for side in ("old", "new")]
        except NotThere as error:
            return page("compare", {**values, "why": f"no run {str(error)!r}"}, HTTPStatus.NOT_FOUND)
        try:
            comparison = await self.comparisons.of(old.path, new.path, across=across)
        except NotCompared as error:
            return page("compare", {**values, "why": str(error)}, HTTPStatus.BAD_GATEWAY)
        return page("compare", {**values, "comparison": comparison, "sides": {"old": old, "new": new}})

    def _find(self, name: str) -> Listed:
        """Raises NotThere."""
        folder = run_folder(self.home, name)
        found = next((run for run in self.shelf.runs() if run.run == folder.name), None)
        if found is None:
            raise NotThere(name)
        return found


def _trends(runs: list[Listed], drill: str) -> tuple[Listed | None, list[Trend]]:
    """Of the newest judged run of that drill, or of any, and of those like it. None where there is none."""
    newest = next((run for run in runs if run.state is State.JUDGED and (not drill or run.drill == drill)), None)
    own = like(runs, newest) if newest is not None else []
    if not own:
        return None, []
    promised = objectives(own[-1].path)
    return newest, [trend(figure, own, figure.objective_of(promised)) for figure in TRENDS]


def _figures(run: Listed, promised: Any) -> list[dict[str, Any]]:  # objectives: JSON values; values of the template
    return [
        {
            "figure": figure,
            "value": figure.shown(run.headline.get(figure.key)),
            "objective": figure.shown(objective) if (objective := figure.objective_of(promised)) is not None else "",
            "verdict": run.checks.get(figure.check),
        }
        for figure in FIGURES
    ]


def _before(runs: list[Listed], run: Listed) -> Listed | None:
    """The judged run like this one before it: what one would compare it with."""
    if run.started is None or run.state is not State.JUDGED:
        return None
    earlier = [each for each in like(runs, run) if each.started is not None and each.started < run.started]
    return earlier[-1] if earlier else None


def _chunks(fd: int) -> Iterator[bytes]:
    with os.fdopen(fd, "rb") as content:
        while chunk := content.read(_CHUNK):
            yield chunk
