"""Command lines of this room: bad input is one line and exit code 64."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

BAD_INPUT = 64


class Parser(argparse.ArgumentParser):
    """argparse would exit with 2, which means inconclusive here."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog.rpartition('.')[2].rpartition(' ')[2]}: {message}", file=sys.stderr)
        sys.exit(BAD_INPUT)
