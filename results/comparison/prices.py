"""A price file: what a core-hour, a GB-hour of memory, a GB-month stored, a GB sent cost, and where each figure comes from."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError


class BadPrices(ValueError):
    """One line: which file, which key, what was found, what is allowed."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Price(_Part):
    """In the file's currency. `source`: from which list, contract or calculation; a price that comes from nowhere is refused."""

    price: float = Field(ge=0, allow_inf_nan=False)
    source: str = Field(min_length=10)


class Prices(_Part):
    """
    core_hour        one core (hardware thread), one hour
    memory_gb_hour   one GB (10^9 bytes) of memory, one hour
    stored_gb_month  one GB on a volume, 730 hours
    out_gb           one GB sent to patients
    """

    schema_: Literal["zweitherz/prices/1"] = Field(alias="schema")
    name: str = Field(min_length=1)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    date: datetime.date = Field(description="the day on which the prices were valid")
    core_hour: Price
    memory_gb_hour: Price
    stored_gb_month: Price
    out_gb: Price


def read_prices(path: Path) -> Prices:
    """The prices in a file. Raises BadPrices."""
    try:
        raw = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadPrices(f"{path}: {error.strerror}") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise BadPrices(f"{path}: not YAML ({' '.join(str(error).split())})") from error
    try:
        return Prices.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole"
        known = ", ".join(field.alias or name for name, field in Prices.model_fields.items())
        more = f"; there are {known}" if first["type"] == "extra_forbidden" else ""
        raise BadPrices(f"{path}: {key}: {first['msg']}{more}") from error
