"""Read a whole list, however the server pages it: in one piece, by limit and offset, or by numbered pages.

The responses reveal the style. A list that may lack an entry is an error or marked as incomplete: a group that seems
absent would be created a second time. So is a list with a word beside it that may mean further pages in a way that
nobody here knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    entry that is not here may still exist. `calls` counts the pages.
    """

    entries: tuple[Entry, ...]
    complete: bool
    calls: int


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
        self._calls = 0

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
        self._calls = 0
        first = self._page(None)
        if isinstance(first, dict):
            return self._read_numbered_pages(first)
        entries = self._entries(JsonValue(first, self._endpoint))
        may_be_cut = len(entries) in USUAL_SIZES
        if len(entries) == DOCUMENTED_SIZE or (may_be_cut and self._verify_end):
            return PagedResult(tuple(self._read_by_offset(entries)), complete=True, calls=self._calls)
        return PagedResult(tuple(_by_key(entries, self._key).values()), complete=not may_be_cut, calls=self._calls)

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
            page = self._entries(JsonValue(self._page({"limit": size, "offset": count - 1}), self._endpoint))
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
            page = self._page({"page": number, "limit": size})
            page_total, page_size, entries = self._numbered_page(page, number)
            if (page_total, page_size) != (total, size):
                raise _ListChanged
            known |= _by_key(entries, self._key)
        if len(known) != total or len(entries) != total - max(0, pages - 1) * size:
            raise _ListChanged
        return PagedResult(tuple(known.values()), complete=pages <= 1, calls=self._calls)

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

    def _page(self, query: Query | None) -> Any:
        self._calls += 1
        return self._fetch(query)

    def _entries(self, value: JsonValue) -> list[Entry]:
        return [self._decode(entry) for entry in value.entries()]

    def _too_many_pages(self) -> InvalidResponse:
        return self._error(f"the list has more than {MAX_PAGES} pages", "check that the base URL is the API's")

    def _error(self, message: str, hint: str) -> InvalidResponse:
        return InvalidResponse(message, endpoint=self._endpoint, hint=hint)


PAGING_FIELDS = ("total", "page", "limit", "totalPages", "hasMore")
"""The fields beside a list that make it one page of several."""

_PAGING_HEADERS = ("X-Total", "X-Total-Count", "X-Total-Pages", "X-Next-Page", "X-Next-Cursor")
_NEXT_LINK = re.compile(r"""\brel=["']?next\b""", re.IGNORECASE)
_MORE = re.compile(
    r"next|more|cursor|pagina|paging|continuation|truncated|partial|incomplete|marker|bookmark|scroll|^after$"
)
_BACKWARDS = re.compile(r"prev|before|first|self")
_END = re.compile(r"last|(?<!in)complete")
_PAGES = re.compile(r"(?:total_?|num_?|last_?|^)pages?$|page_?count$")
_THINGS = "items?|records?|results?|groups?|contacts?|entries|elements?|rows?"
_COUNT = re.compile(rf"(?:x_|number_of_|all_)?(?:{_THINGS})?_?(?:total|count)_?(?:{_THINGS}|count|size)?")
_OF_ONE_PAGE = re.compile(r"size|limit|per_?page|offset|current|sort|order|path|last|complete")
_WORD_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-.]")
_MAX_DEPTH = 5


def data_of_list(document: Mapping[str, Any]) -> Any:
    """Return the data of an envelope; a list with paging fields beside it becomes a page with `items`.

    Otherwise a first page would pass for the whole list.
    """
    data = document["data"]
    paging = _known_paging(document)
    if not isinstance(data, list) or not paging or _is_whole_list(len(data), paging):
        return data
    return {"items": data, **paging}


def sign_of_more(document: Any, headers: Mapping[str, str]) -> str | None:
    """Return which word beside a list tells that the list may go on, where its further pages cannot be read.

    None if there is no such word, or if the document holds no list.
    """
    data = document.get("data") if isinstance(document, dict) else document
    if not isinstance(data, list):
        return None
    if isinstance(document, dict):
        if isinstance(data_of_list(document), dict):
            return None
        beside = {name: field for name, field in document.items() if name != "data"}
    else:
        beside = {}
    if _NEXT_LINK.search(headers.get("Link") or ""):
        return "the header Link"
    in_headers = {name: headers[name] for name in _PAGING_HEADERS if name in headers}
    return next((f"`{name}`" for name in (*_signs(beside, len(data)), *_signs(in_headers, len(data)))), None)


def _known_paging(document: Mapping[str, Any]) -> dict[str, Any]:
    places = [part for part in (document, document.get("meta"), document.get("pagination")) if isinstance(part, dict)]
    return {name: place[name] for place in places for name in PAGING_FIELDS if name in place}


def _is_whole_list(entries: int, paging: Mapping[str, Any]) -> bool:
    """Whether the paging fields say that a list of so many entries is complete."""
    total, limit = paging.get("total"), paging.get("limit")
    if any(paging.get(name) not in (None, 0, 1) for name in ("page", "totalPages")):
        return False
    if total is not None:
        return bool(total == entries)
    if "page" not in paging or "hasMore" in paging or "totalPages" in paging:
        return not paging.get("hasMore")
    # Nothing says where the list ends: after a full page there may be another.
    return isinstance(limit, int) and entries < limit


def _signs(fields: Mapping[str, Any], entries: int, *, in_paging: bool = False, depth: int = 0) -> Iterator[str]:
    """Yield the fields that stand for more than so many entries; `in_paging`: they are all about pages."""
    for name, value in fields.items():
        word = _WORD_BREAK.sub("_", name).lower()
        parts = {str(at): part for at, part in enumerate(value)} if isinstance(value, list) else value
        if isinstance(parts, dict) and depth < _MAX_DEPTH:
            if parts.get("rel") == "next":
                yield name
            about_pages = in_paging or _MORE.search(word) is not None
            yield from _signs(parts, entries, in_paging=about_pages, depth=depth + 1)
        elif _tells_of_more(word, value, entries, in_paging):
            yield name


def _tells_of_more(word: str, value: Any, entries: int, in_paging: bool) -> bool:
    if value is False:
        return _END.search(word) is not None
    if not value or _BACKWARDS.search(word):
        return False
    is_number = isinstance(value, int) or (isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value, re.ASCII))
    number = int(value) if is_number and value is not True else None
    if _PAGES.search(word):
        return number is not None and number > 1
    if word == "size" and not in_paging:  # among fields of paging it is the size of a page
        return number is not None and number > entries
    if _COUNT.fullmatch(word):
        return number is not None and number > entries
    if _MORE.search(word):
        return True
    return in_paging and not _OF_ONE_PAGE.search(word) and (number is None or number > entries)


def _by_key(entries: Sequence[Entry], key: Callable[[Entry], str]) -> dict[str, Entry]:
    """Return entries by id; raise _ListChanged if one comes twice and differs."""
    known: dict[str, Entry] = {}
    for entry in entries:
        if known.setdefault(key(entry), entry) != entry:
            raise _ListChanged
    return known
