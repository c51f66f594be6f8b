"""Lists cut into pages in the documented styles: not at all, by limit and offset, or numbered with totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from reconciler.sandbox.errors import invalid
from reconciler.sandbox.settings import Paging, Settings

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Page(Generic[Entry]):
    """The entries of one page, and the totals around them where this style has any."""

    entries: Sequence[Entry]
    totals: Mapping[str, int] | None = None

    def data(self, written: list[dict[str, Any]]) -> Any:
        """The `data` of the answer, given the entries written as JSON."""
        return written if self.totals is None else {"items": written, **self.totals}


def cut(entries: Sequence[Entry], query: Mapping[str, str], settings: Settings) -> Page[Entry]:
    """The page that the query asks for. A server without paging ignores what it is asked, a bad number excepted."""
    limit = min(_number(query, "limit", settings.page_limit, 1), settings.page_limit)
    offset = _number(query, "offset", 0, 0)
    page = _number(query, "page", 1, 1)
    if settings.paging == Paging.NONE:
        return Page(entries)
    if settings.paging == Paging.OFFSET:
        return Page(entries[offset : offset + limit])
    total = len(entries)
    start = (page - 1) * limit
    totals = {"total": total, "page": page, "limit": limit, "totalPages": -(-total // limit)}
    return Page(entries[start : start + limit], totals)


def _number(query: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= least):
        raise invalid(f"the query parameter {name!r} must be an integer from {least} to 999999999")
    return int(text)
