"""``python -m dashboards.browser.compared OLD NEW [--across]``: two run folders; ``comparison.json`` on standard output.

A process of its own: reading two histories takes time and memory that the browser does not have to keep.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from results.comparison.compare import compare
from results.comparison.figures import measure
from results.judge import judge

_NICE = 15  # whoever looks at results must not slow down a drill


def main(arguments: list[str]) -> int:
    os.nice(_NICE)
    across = "--across" in arguments
    folders = [Path(each) for each in arguments if each != "--across"]
    sides = [measure(run, judge(run), side) for side, run in enumerate(folders)]
    sys.stdout.buffer.write(compare(sides[0], sides[1], across=across).to_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
