"""``python -m monitors.slo FILE… [--out FILE]``: Prometheus rules of objectives (OpenSLO files), printed or written.

Exit codes: 0, 64 bad input.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any, TextIO

from ruamel.yaml import YAML

from monitors.arguments import BAD_INPUT, Parser
from monitors.slo.openslo import BadObjective, Slo, read_slo
from monitors.slo.rules import heartbeat, rules
from results.burn import duration, fires_after_s, windows


def main(arguments: list[str] | None = None) -> int:
    parser = Parser(
        prog="python -m monitors.slo", description="Prometheus rules of objectives, named as Sloth names them."
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="objective, OpenSLO v1 (a strict subset)")
    parser.add_argument("--scale", type=int, default=1, help="shorten all windows and the period by so much (drills)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the rules there")
    parser.add_argument("--explain", action="store_true", help="say when each alert would fire, in place of the rules")
    given = parser.parse_args(arguments)
    try:
        slos = [read_slo(path) for path in given.files]
        if given.explain:
            for slo in slos:
                _explain(slo, given.scale)
            return 0
        groups = [group for slo in slos for group in rules(slo, windows(slo.period_s, given.scale))["groups"]]
        groups.append(heartbeat())
        with contextlib.ExitStack() as closing:
            out = sys.stdout if given.out is None else closing.enter_context(given.out.open("w", encoding="utf-8"))
            _write(groups, given.scale, out)
    except (BadObjective, ValueError, OSError) as error:
        print(f"slo: {error}", file=sys.stderr)
        return BAD_INPUT
    return 0


def _write(groups: list[dict[str, Any]], scale: int, out: TextIO) -> None:
    if scale != 1:
        print(f"# windows and period shortened by {scale}: for drills, not for operation", file=out)
    yaml = YAML()
    yaml.width = 4096  # an expression is read best on one line
    yaml.dump({"groups": groups}, out)


def _explain(slo: Slo, scale: int) -> None:
    chosen = windows(slo.period_s, scale)
    print(f"{slo.id}: {slo.target:.4%} over {duration(chosen.period_s)} (windows shortened by {scale})")
    for pair in chosen.pairs:
        full = fires_after_s(pair, chosen.period_s, slo.budget, 1.0)
        shown = "never" if full is None else f"after {full:.1f} s"
        factor = pair.factor(chosen.period_s)
        lengths = f"{duration(pair.long_s)}/{duration(pair.short_s)}"
        print(f"  {pair.severity:<7}{lengths}: burn rate {factor:g}; nothing works: {shown}")


if __name__ == "__main__":
    sys.exit(main())
