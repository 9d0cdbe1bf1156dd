"""``python -m dashboards.grafana [FOLDER]``: writes every dashboard as JSON (default: beside the code)."""

from __future__ import annotations

import sys
from pathlib import Path

from dashboards.grafana import loadtests, monitors, patients, takeover
from dashboards.grafana.model import Board

BOARDS: tuple[Board, ...] = (patients.BOARD, takeover.BOARD, monitors.BOARD, loadtests.BOARD)
_BAD_INPUT = 64


def main(arguments: list[str]) -> int:
    """Exit codes: 0, 64 for arguments that are none, or without Grafana's library."""
    if len(arguments) > 1:
        print("grafana: one folder at most", file=sys.stderr)
        return _BAD_INPUT
    try:
        # a development tool: whoever only looks at dashboards does not need it
        from dashboards.grafana.draw import draw  # noqa: PLC0415
    except ModuleNotFoundError as error:
        print(f"grafana: {error.name} is missing (pip install 'zweitherz[dev]')", file=sys.stderr)
        return _BAD_INPUT
    folder = Path(*arguments) if arguments else Path(__file__).resolve().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for board in BOARDS:
            file = folder / f"{board.uid.removeprefix('zweitherz-')}.json"
            file.write_text(draw(board, tuple(each for each in BOARDS if each is not board)), encoding="utf-8")
            print(file)
    except OSError as error:
        print(f"grafana: {folder}: {error.strerror}", file=sys.stderr)
        return _BAD_INPUT
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
