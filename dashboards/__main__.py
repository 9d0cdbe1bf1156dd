"""``python -m dashboards report RUN [--lang en|de] [--prices FILE]``: draws the report of a run from its stored evidence."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dashboards.report.shown import LANGUAGES
from dashboards.report.writing import write_report
from results.comparison.prices import BadPrices, read_prices

_OF_A_RUN = ("plan.yaml", "timeline.jsonl", "timeline", "history", "MANIFEST.sha256")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m dashboards", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    report = commands.add_parser("report", help="write report.json and report.<language>.html into the run")
    report.add_argument("run", type=Path)
    report.add_argument("--lang", choices=LANGUAGES, default="en")
    report.add_argument("--prices", type=Path, help="what 1,000 acknowledged uploads cost")
    given = parser.parse_args(arguments)
    # a run that was cut off early lacks most of these, and still gets a report that says so
    if not any((given.run / name).exists() for name in _OF_A_RUN):
        print(f"dashboards: {given.run}: no run (it has none of {', '.join(_OF_A_RUN)})", file=sys.stderr)
        return 64
    try:
        prices = read_prices(given.prices) if given.prices is not None else None
    except BadPrices as error:
        print(f"dashboards: {error}", file=sys.stderr)
        return 64
    print(write_report(given.run, given.lang, prices))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
