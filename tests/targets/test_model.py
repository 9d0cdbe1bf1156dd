from __future__ import annotations

from pathlib import Path

import pytest

from targets.model import NoSecret, Secret
from tests.targets.target import target


def test_a_site_is_found_by_name_and_by_address() -> None:
    whole = target()
    assert whole.site("gra").address == "203.0.113.10"
    assert whole.site_at("198.51.100.10") == "fra"


def test_an_address_of_nobody_belongs_to_no_site() -> None:
    assert target().site_at("192.0.2.1") is None


def test_an_unknown_site_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(KeyError, match=r"site 'ber': the target has fra, gra"):
        target().site("ber")


def test_a_secret_that_others_may_open_is_none(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("word\n")
    file.chmod(0o600)
    assert Secret(file=file).read() == "word"
    file.chmod(0o640)
    with pytest.raises(NoSecret, match=r"mode 640, others than its owner may open it \(allowed: 600\)"):
        Secret(file=file).read()
    with pytest.raises(NoSecret, match="No such file"):
        Secret(file=tmp_path / "absent").read()
