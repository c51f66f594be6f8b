"""What one row of a people file gives: an alias, teams, and an entry of `people` for each of its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from reconciler.config.document import MergedConfig, Tree, as_text
from reconciler.config.phone_numbers import InvalidPhoneNumber, read_address
from reconciler.config.yaml_text import slug
from reconciler.model.text import composed
from reconciler.sources.model import PhoneCell, SourceRow

_Fields = Mapping[str, Tree]


def alias_of(row: SourceRow) -> str:
    """Return the alias that the id of a row makes, "" for an id without a letter or digit."""
    key = slug(row.id)
    return key if not key or any(map(str.isalpha, key)) else f"person-{key}"


def team_keys(row: SourceRow, fields: _Fields) -> Iterator[tuple[str, str]]:
    """Yield the teams of a row, that of everybody and those that it names: the value and the key.

    The key is "" where the value has no letter.
    """
    everybody = fields.get("team")
    if everybody is not None:
        yield as_text(everybody), composed(as_text(everybody))
    prefix = as_text(fields.get("team_prefix") or "")
    for value in row.teams:
        yield value, _team_key(f"{prefix}{value}")


@lru_cache(maxsize=10_000)
def _team_key(name: str) -> str:
    key = slug(name)
    return key if any(map(str.isalpha, key)) else ""


def person_entries(
    alias: str, row: SourceRow, fields: _Fields, merged: MergedConfig
) -> Iterator[tuple[str, PhoneCell, dict[str, Tree]]]:
    """Yield what a row gives to `people`, for each of its numbers: an alias, the number and the entry."""
    facts: dict[str, Tree] = {"name": row.name} if row.name else {}
    if "region" in fields:
        facts["region"] = fields["region"]
    for number, phone in enumerate(_phones_of(row, fields, merged), 1):
        yield alias if number == 1 else f"{alias}-{number}", phone, {"phone": phone.text, **facts}


def _phones_of(row: SourceRow, fields: _Fields, merged: MergedConfig) -> Iterator[PhoneCell]:
    """Yield the number that counts, or all numbers of a row, each once however it is spelled."""
    phones = row.phones if "phones" in fields else row.phones[:1]
    seen: set[str] = set()
    for phone in phones:
        digits = _digits(phone.text, fields, merged) if len(phones) > 1 else ""
        if digits not in seen:
            seen.add(digits)
            yield phone


def _digits(text: str, fields: _Fields, merged: MergedConfig) -> str:
    region = fields.get("region") or (merged.region.value if merged.region is not None else None)
    try:
        return read_address(text, as_text(region).upper() if region is not None else None).digits
    except InvalidPhoneNumber:
        return text
