"""``python -m monitors --target FILE``: watches a service from here until Ctrl-C; ``--once`` looks once and ends.

Exit codes: 0 all was well; with ``--once`` 1: something was not, 2: nothing was wrong, but a source did not answer, so that not
everything was seen (a monitor that still learns or waits for its first peer has seen enough); 64 bad input.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

from monitors.arguments import BAD_INPUT, Parser
from monitors.check_in import CheckIns
from monitors.defect import DEFECTS, with_defect
from monitors.ending import on_signals
from monitors.look import Monitor
from monitors.metrics import PortTaken
from monitors.place import Place
from monitors.roster import check_ins, left_out, roster
from monitors.watch import Recorder, watch
from results.clock import Clock
from targets.model import NoSecret, Target
from targets.read import BadTarget, read_target

OUTSIDE = "outside"
_CODES = {"failed": 1, "blind": 2}  # of --once, the worst first


def main(arguments: list[str] | None = None) -> int:
    parser = Parser(
        prog="python -m monitors", description="Watches a service as its patients and operators would see it."
    )
    parser.add_argument("--target", type=Path, required=True, help="target file of the system to watch")
    parser.add_argument(
        "--site",
        help="where these monitors stand (default: a site that does not serve, if the target lets us in there)",
    )
    parser.add_argument(
        "--here", action="store_true", help="stay in this network, whatever the target says of the site"
    )
    parser.add_argument("--run", type=Path, help="run folder to write evidence to; without it, lines for people")
    parser.add_argument("--metrics-port", type=int, help="serve Prometheus metrics on that port of 127.0.0.1")
    parser.add_argument(
        "--show", action="store_true", help="serve metrics where the target has the monitors of this site, over TLS"
    )
    parser.add_argument("--once", action="store_true", help="look once with each monitor and end")
    parser.add_argument("--defect", choices=DEFECTS, default="none", help="known-bad monitors, to see a check turn red")
    given = parser.parse_args(arguments)
    try:
        target = read_target(given.target)
        clock = Clock.from_environment()
        site = _site(given.site, target)
        if not given.here and (there := target.monitors_at(site)):
            _move(there, site, arguments if arguments is not None else sys.argv[1:], clock)
        place = Place(target, clock)
        closing = contextlib.ExitStack()
        monitors = with_defect(roster(place, site, closing), given.defect)
        telling = None if given.once else check_ins(place, site)
        recorder = Recorder(given.run, place, site)
        if given.metrics_port is not None:
            recorder.metrics.serve(given.metrics_port)
        if given.show:
            _show(recorder, target, site)
    except (BadTarget, NoSecret, PortTaken, OSError) as error:
        print(f"monitors: {error}", file=sys.stderr)
        return BAD_INPUT
    if given.run is None:
        for name, needs in left_out(monitors).items():
            print(f"monitors: {name} is left out: the target lacks {needs}", file=sys.stderr)
    with closing:
        if given.once:
            return _once(place, monitors, recorder)
        _until_told(place, monitors, recorder, telling)
    return 0


def _until_told(place: Place, monitors: list[Monitor], recorder: Recorder, telling: CheckIns | None) -> None:
    """Watch until SIGTERM or SIGINT."""
    ending = on_signals(signal.SIGTERM, signal.SIGINT)
    if telling is not None:
        metrics = recorder.metrics
        # a daemon: one that hangs in its last exchange holds nobody up
        threading.Thread(
            target=telling.run,
            args=(lambda: metrics.heartbeat, metrics.checked_in, ending),
            name="check-ins",
            daemon=True,
        ).start()
    try:
        watch(place, monitors, recorder, ending)
    finally:
        recorder.close()


def _show(recorder: Recorder, target: Target, site: str) -> None:
    """To Prometheus and to peers. A target that has no place for that is served without. Raises PortTaken."""
    at = next((each.monitors for each in target.sites if each.name == site), None)
    if at is not None and target.tools is not None and target.tools.private_pem is not None:
        recorder.metrics.show(at.address, at.port, target.tools.private_pem, target.tools.ca_file)


def _site(wanted: str | None, target: Target) -> str:
    """The site asked for; else one that a loss of the serving site leaves alive. Raises BadTarget."""
    names = [each.name for each in target.sites]
    if wanted is None:
        others = [name for name in names if name != target.service.active and target.monitors_at(name)]
        return others[0] if others else OUTSIDE
    if wanted not in (*names, OUTSIDE):
        raise BadTarget(f"--site {wanted!r}: target {target.name!r} has {', '.join(names)}; {OUTSIDE!r} is right here")
    return wanted


def _move(enter: list[str], site: str, arguments: list[str], clock: Clock) -> NoReturn:
    """Become the same program in that site's network."""
    command = [*enter, sys.executable, "-m", "monitors", *arguments, "--site", site, "--here"]
    os.execvpe(command[0], command, {**os.environ, **clock.to_environment()})  # noqa: S606 - argv from the target file


def _once(place: Place, monitors: list[Monitor], recorder: Recorder) -> int:
    outcomes = set()
    for monitor in monitors:
        begun = place.clock.now_ns()
        look = monitor.look()
        recorder.looked(monitor.name, begun, look, proven=True)
        outcomes.add(look.outcome)
    recorder.close()
    return next((code for outcome, code in _CODES.items() if outcome in outcomes), 0)


if __name__ == "__main__":
    sys.exit(main())
