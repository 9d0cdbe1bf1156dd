"""Price files: the example can be read; a price that comes from nowhere, or is no price, is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from results.comparison.prices import BadPrices, read_prices

EXAMPLE = Path(__file__).resolve().parents[3] / "deploy" / "prices" / "example.yaml"


def test_the_example_says_that_it_is_one_and_follows_its_own_arithmetic() -> None:
    prices = read_prices(EXAMPLE)
    assert prices.name == "example values, not an offer"
    assert EXAMPLE.read_text().startswith("# EXAMPLE VALUES, NOT AN OFFER")
    memory = 30 / 8 / 730
    assert prices.memory_gb_hour.price == pytest.approx(memory, rel=0.01)
    assert prices.core_hour.price == pytest.approx((60 / 730 - 8 * memory) / 2, rel=0.01)
    assert prices.stored_gb_month.price == pytest.approx(2 * 4 / 100)
    assert prices.out_gb.price == pytest.approx(10 / 1000)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (
            "core_hour",
            {"price": -1, "source": "from the list"},
            "core_hour.price: Input should be greater than or equal",
        ),
        ("core_hour", {"price": 1}, "core_hour.source: Field required"),
        ("core_hour", {"price": 1, "source": ""}, "core_hour.source: String should have at least 10 characters"),
        ("core_hour", {"price": float("inf"), "source": "from the list"}, "core_hour.price: Input should be a finite"),
        (
            "core_hours",
            {"price": 1, "source": "from the list"},
            "core_hours: Extra inputs are not permitted; there are",
        ),
        ("currency", "Euro", "currency: String should match pattern"),
        ("schema", "zweitherz/prices/2", "schema: Input should be 'zweitherz/prices/1'"),
    ],
)
def test_bad_prices_are_refused_in_one_line(tmp_path: Path, key: str, value: object, said: str) -> None:
    raw = YAML(typ="safe").load(EXAMPLE.read_text())
    raw[key] = value
    path = tmp_path / "prices.yaml"
    with path.open("w") as out:
        YAML(typ="safe").dump(raw, out)
    with pytest.raises(BadPrices) as refused:
        read_prices(path)
    assert f"prices.yaml: {said}" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("text", "said"), [("a: [", "not YAML"), ("- 1", "the whole: Input should be")])
def test_what_is_no_price_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    with pytest.raises(BadPrices, match=said):
        read_prices(path)
    with pytest.raises(BadPrices, match=r"none\.yaml: No such file"):
        read_prices(tmp_path / "none.yaml")
