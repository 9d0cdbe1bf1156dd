"""``python -m dashboards report RUN [--lang en]``: draws the report of a run from its stored evidence."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dashboards.report import write_report


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m dashboards", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    report = commands.add_parser("report", help="write report.<language>.html into the run")
    report.add_argument("run", type=Path)
    report.add_argument("--lang", choices=["en"], default="en")
    given = parser.parse_args(arguments)
    if not (given.run / "plan.yaml").exists():
        print(f"dashboards: {given.run}: no run (it has no plan.yaml)", file=sys.stderr)
        return 64
    print(write_report(given.run, given.lang))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
