"""``python -m drill.scale measure``: what this machine takes. ``… agreement`` and ``… page``: the tables of docs/scale.md."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from drill.scale import agreement, costs, report
from drill.scale.measure import QUICK, Extent, measure_all, rounded
from results import run as runs

_BAD_INPUT = 64


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m drill.scale", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    measuring = commands.add_parser("measure", help="a quarter of an hour on a quiet machine")
    measuring.add_argument("--out", type=Path, default=runs.home() / "scale" / "measured.json")
    measuring.add_argument(
        "--quick", action="store_true", help="half a minute: shows that measuring works, and no more"
    )
    for name, why in (
        ("agreement", "measured beside simulated"),
        ("page", "needs of 0.12, 1.2 and 12 million patients"),
    ):
        commands.add_parser(name, help=why).add_argument("--costs", type=Path, default=costs.MEASURED)
    asked = parser.parse_args()
    if asked.command == "measure":
        found = measure_all(QUICK if asked.quick else Extent())
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(rounded(found.model_dump(mode="json", by_alias=True)), separators=(",", ":")))
        print(asked.out)
        return 0
    try:
        measured = costs.read(asked.costs)
    except costs.BadCosts as error:
        print(f"drill.scale: {error}", file=sys.stderr)
        return _BAD_INPUT
    print(agreement.table(agreement.compare(measured)) if asked.command == "agreement" else report.page(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main())
