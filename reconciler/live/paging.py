"""Read a whole list, however the server pages it: in one piece, by limit and offset, or by numbered pages.

The responses reveal the style. A list that may lack an entry is an error or marked as incomplete: a group that seems
absent would be created a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Generic, TypeVar

from reconciler.errors import InvalidResponse
from reconciler.live.decode import JsonValue

DOCUMENTED_SIZE = 50
"""The documented page size: an array of this length always has its next page fetched."""

USUAL_SIZES = frozenset({10, 20, 25, 30, 100, 200, 250, 500, 1000})
"""Other page sizes that a server may use: the next page is fetched only for a proven end."""

MAX_LIST_READS = 3
"""How often a list that changes while it is read is read from its start."""

MAX_PAGES = 2000
Entry = TypeVar("Entry")
Query = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PagedResult(Generic[Entry]):
    """A list in the server's order.

    `complete` is False if an entry can have slipped between two pages, or the server may have cut the list: then an
    entry that is not here may still exist.
    """

    entries: tuple[Entry, ...]
    complete: bool


class _ListChanged(Exception):
    """The list changed between two pages, so it must be read from its start again."""


class Paginator(Generic[Entry]):
    """Read one list. fetch: GET one page with these query parameters. decode: one entry. key: an entry's id.

    verify_end: fetch what follows a bare array of any usual page size, not only of the documented one.
    """

    def __init__(
        self,
        fetch: Callable[[Query | None], Any],
        decode: Callable[[JsonValue], Entry],
        key: Callable[[Entry], str],
        endpoint: str,
        *,
        verify_end: bool = False,
    ) -> None:
        self._fetch = fetch
        self._decode = decode
        self._key = key
        self._endpoint = endpoint
        self._verify_end = verify_end

    def read_all(self) -> PagedResult[Entry]:
        """Return the list; raise InvalidResponse for an unknown shape, or if it keeps changing while it is read."""
        for _ in range(MAX_LIST_READS):
            try:
                return self._read_once()
            except _ListChanged:
                continue
        raise self._error(
            f"the list is inconsistent or keeps changing: {MAX_LIST_READS} reads did not give a complete one",
            "try again when fewer changes are made",
        )

    def _read_once(self) -> PagedResult[Entry]:
        first = self._fetch(None)
        if isinstance(first, dict):
            return self._read_numbered_pages(first)
        entries = self._entries(JsonValue(first, self._endpoint))
        may_be_cut = len(entries) in USUAL_SIZES
        if len(entries) == DOCUMENTED_SIZE or (may_be_cut and self._verify_end):
            return PagedResult(tuple(self._read_by_offset(entries)), complete=True)
        return PagedResult(tuple(_by_key(entries, self._key).values()), complete=not may_be_cut)

    def _read_by_offset(self, first: list[Entry]) -> list[Entry]:
        """Read the next pages by limit and offset.

        Each page begins with the last entry of the page before. Entries keep their order, so if that one is still in
        its place, no entry behind it can have moved before it unseen.
        """
        size, known = len(first), _by_key(first, self._key)
        first_keys = [self._key(entry) for entry in first]
        last_key, count = first_keys[-1], size
        for _ in range(MAX_PAGES):
            if len(known) != count:
                raise _ListChanged
            page = self._entries(JsonValue(self._fetch({"limit": size, "offset": count - 1}), self._endpoint))
            keys = [self._key(entry) for entry in page]
            if keys == first_keys and count == size:
                # The same list again: this server does not page.
                return first
            if not keys or keys[0] != last_key:
                raise _ListChanged
            known |= _by_key(page[1:], self._key)
            count += len(page) - 1
            last_key = keys[-1]
            if len(page) < size and len(known) == count:
                return list(known.values())
        raise self._too_many_pages()

    def _read_numbered_pages(self, first: dict[str, Any]) -> PagedResult[Entry]:
        """Read the next pages by number until the total is reached."""
        total, size, entries = self._numbered_page(first, 1)
        pages, known = ceil(total / size), _by_key(entries, self._key)
        if pages > MAX_PAGES:
            raise self._too_many_pages()
        for number in range(2, pages + 1):
            if len(known) != (number - 1) * size:
                raise _ListChanged
            page = self._fetch({"page": number, "limit": size})
            page_total, page_size, entries = self._numbered_page(page, number)
            if (page_total, page_size) != (total, size):
                raise _ListChanged
            known |= _by_key(entries, self._key)
        if len(known) != total or len(entries) != total - max(0, pages - 1) * size:
            raise _ListChanged
        return PagedResult(tuple(known.values()), complete=pages <= 1)

    def _numbered_page(self, data: Any, number: int) -> tuple[int, int, list[Entry]]:
        """Return total, page size and entries of one numbered page."""
        value = JsonValue(data, self._endpoint)
        entries = self._entries(value.field("items"))
        total, size, page = (value.field(name) for name in ("total", "limit", "page"))
        pages = value.optional("totalPages")
        if page.count() != number:
            raise page.type_error(f"the number {number}")
        if size.count() == 0:
            raise size.type_error("a page size above 0")
        if pages and pages.count() > max(1, ceil(total.count() / size.count())):
            raise pages.type_error("no more pages than the total fills")
        return total.count(), size.count(), entries

    def _entries(self, value: JsonValue) -> list[Entry]:
        return [self._decode(entry) for entry in value.entries()]

    def _too_many_pages(self) -> InvalidResponse:
        return self._error(f"the list has more than {MAX_PAGES} pages", "check that the base URL is the API's")

    def _error(self, message: str, hint: str) -> InvalidResponse:
        return InvalidResponse(message, endpoint=self._endpoint, hint=hint)


def _by_key(entries: Sequence[Entry], key: Callable[[Entry], str]) -> dict[str, Entry]:
    """Return entries by id; raise _ListChanged if one comes twice and differs."""
    known: dict[str, Entry] = {}
    for entry in entries:
        if known.setdefault(key(entry), entry) != entry:
            raise _ListChanged
    return known
