"""Read a list whole, whichever way the server pages it: in one piece, by limit and offset, or by numbered pages.

The style is recognised from the answers. A list that may lack an entry is an error or is marked, never passed on as
whole: an entry taken for absent would be created a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Generic, TypeVar

from reconciler.errors import InvalidResponse
from reconciler.live.decode import JsonValue

DOCUMENTED_SIZE = 50
"""The length at which an array is a first page, as documented: it is always asked what comes after it."""


USUAL_SIZES = frozenset({10, 20, 25, 30, 100, 200, 250, 500, 1000})
"""Lengths at which a server that keeps to no document may have cut: asked about where somebody seems absent."""


MAX_LIST_READS = 3
"""How often a list is read from its start when it changes under our eyes."""


MAX_PAGES = 2000


Entry = TypeVar("Entry")


Query = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PagedResult(Generic[Entry]):
    """A whole list in the server's order.

    complete: False where entries can slip between two pages unseen, or the list may have been cut: one which is not
    here may be there all the same.
    """

    entries: tuple[Entry, ...]
    complete: bool


class _ListChanged(Exception):
    """The list changed between two pages: read it from its start again."""


class Paginator(Generic[Entry]):
    """Reads one list. ask: one GET with these query parameters → data. read: one entry. key: an entry's id.

    verify_end: ask what comes after a bare array at every length at which it may have been cut, not only at the
    documented one.
    """

    def __init__(
        self,
        ask: Callable[[Query | None], Any],
        read: Callable[[JsonValue], Entry],
        key: Callable[[Entry], str],
        endpoint: str,
        *,
        verify_end: bool = False,
    ) -> None:
        self._ask = ask
        self._read = read
        self._key = key
        self._endpoint = endpoint
        self._verify_end = verify_end

    def read_all(self) -> PagedResult[Entry]:
        """The whole list. Raises BadAnswer for unknown shapes, and when the list keeps changing while it is read."""
        for _ in range(MAX_LIST_READS):
            try:
                return self._once()
            except _ListChanged:
                continue
        raise self._bad(
            f"the list does not add up or keeps changing: read {MAX_LIST_READS} times, it cannot be said to be complete",
            "try again when fewer changes are made",
        )

    def _once(self) -> PagedResult[Entry]:
        first = self._ask(None)
        if isinstance(first, dict):
            return self._numbered(first)
        entries = self._entries(JsonValue(first, self._endpoint))
        usual = len(entries) in USUAL_SIZES
        if len(entries) == DOCUMENTED_SIZE or (usual and self._verify_end):
            return PagedResult(tuple(self._by_offset(entries)), complete=True)
        return PagedResult(tuple(_by_key(entries, self._key).values()), complete=not usual)

    def _by_offset(self, first: list[Entry]) -> list[Entry]:
        """Go on by limit and offset.

        Each page begins with the last entry of the one before. Entries that stay in the list keep their order, so
        where that one is still at its place, none behind it can have moved before it unseen.
        """
        size, known = len(first), _by_key(first, self._key)
        start = [self._key(entry) for entry in first]
        place, last, fresh = size - 1, start[-1], len(first)
        for _ in range(MAX_PAGES):
            if len(known) != fresh:
                raise _ListChanged
            page = self._entries(JsonValue(self._ask({"limit": size, "offset": place}), self._endpoint))
            keys = [self._key(entry) for entry in page]
            if keys == start and fresh == size:
                # The whole list once more: this server knows no paging.
                return first
            if not keys or keys[0] != last:
                raise _ListChanged
            known |= _by_key(page[1:], self._key)
            fresh += len(page) - 1
            place, last = fresh - 1, keys[-1]
            if len(page) < size and len(known) == fresh:
                return list(known.values())
        raise self._endless()

    def _numbered(self, first: dict[str, Any]) -> PagedResult[Entry]:
        """Go on by page numbers until the total is there."""
        total, size, entries = self._numbered_page(first, 1)
        pages, known = ceil(total / size), _by_key(entries, self._key)
        if pages > MAX_PAGES:
            raise self._endless()
        for number in range(2, pages + 1):
            if len(known) != (number - 1) * size:
                raise _ListChanged
            again, same_size, entries = self._numbered_page(self._ask({"page": number, "limit": size}), number)
            if (again, same_size) != (total, size):
                raise _ListChanged
            known |= _by_key(entries, self._key)
        if len(known) != total or len(entries) != total - max(0, pages - 1) * size:
            raise _ListChanged
        return PagedResult(tuple(known.values()), complete=pages <= 1)

    def _numbered_page(self, answer: Any, number: int) -> tuple[int, int, list[Entry]]:
        """Total, page size and entries of one numbered page."""
        value = JsonValue(answer, self._endpoint)
        entries = self._entries(value.field("items"))
        total, size, page, pages = (value.field(name) for name in ("total", "limit", "page", "totalPages"))
        if page.count() != number:
            raise page.type_error(f"the number {number}")
        if size.count() == 0:
            raise size.type_error("a page size above 0")
        if pages.is_present and pages.count() > max(1, ceil(total.count() / size.count())):
            raise pages.type_error("no more pages than the total fills")
        return total.count(), size.count(), entries

    def _entries(self, value: JsonValue) -> list[Entry]:
        return [self._read(entry) for entry in value.entries()]

    def _endless(self) -> InvalidResponse:
        return self._bad(f"the list has more than {MAX_PAGES} pages", "check that the base URL is the API's")

    def _bad(self, message: str, hint: str) -> InvalidResponse:
        return InvalidResponse(message, endpoint=self._endpoint, hint=hint)


def _by_key(entries: Sequence[Entry], key: Callable[[Entry], str]) -> dict[str, Entry]:
    """Entries by id; one that comes twice and differs shows that the list changed."""
    known: dict[str, Entry] = {}
    for entry in entries:
        if known.setdefault(key(entry), entry) != entry:
            raise _ListChanged
    return known
