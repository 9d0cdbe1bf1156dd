"""Reads a target file and refuses a bad one with one line."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from targets.model import Target


class BadTarget(ValueError):
    """One line: which file, which key, what was found, what is allowed."""


def read_target(path: Path) -> Target:
    """The target described in `path`. Raises BadTarget."""
    try:
        data = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadTarget(f"{path}: {error.strerror}") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise BadTarget(f"{path}: not YAML ({' '.join(str(error).split())})") from error
    if not isinstance(data, dict):
        raise BadTarget(f"{path}: expected a mapping, found {type(data).__name__}")
    try:
        return Target.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise BadTarget(f"{path}: {key}: {first['msg']} (found {first['input']!r:.80})") from error
