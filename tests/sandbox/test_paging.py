"""Lists in all three documented paging styles: each page, and all pages together."""

from __future__ import annotations

import pytest

from reconciler.sandbox import Settings
from tests.sandbox.running_server import INSTANCE, Api, running

NAMES = [f"Group {number:03d}" for number in range(130)]


def fill(api: Api) -> None:
    with api.world.transaction():
        for number, name in enumerate(NAMES):
            api.group(name, [])
            api.world.add_contact(INSTANCE, f"1404555{number:04d}", name=name)


@pytest.mark.parametrize("path", ["/groups", "/contacts"])
def test_without_paging_every_query_returns_everything(path: str) -> None:
    with running() as api:
        fill(api)
        for query in ("", "?limit=5&offset=3", "?page=2"):
            assert [entry["name"] for entry in api.data("GET", path + query)] == NAMES


@pytest.mark.parametrize("path", ["/groups", "/contacts"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", NAMES[:50]),
        ("?limit=50&offset=50", NAMES[50:100]),
        ("?limit=50&offset=100", NAMES[100:]),
        ("?offset=130", []),
        ("?limit=3", NAMES[:3]),
        ("?limit=1000&offset=1", NAMES[1:51]),
    ],
)
def test_offset_paging_returns_an_array_of_at_most_one_page(path: str, query: str, expected: list[str]) -> None:
    with running(Settings(paging="offset")) as api:
        fill(api)
        assert [entry["name"] for entry in api.data("GET", path + query)] == expected


@pytest.mark.parametrize("path", ["/groups", "/contacts"])
@pytest.mark.parametrize(
    ("query", "expected", "totals"),
    [
        ("", NAMES[:20], {"total": 130, "page": 1, "limit": 20, "totalPages": 7}),
        ("?page=7&limit=20", NAMES[120:], {"total": 130, "page": 7, "limit": 20, "totalPages": 7}),
        ("?page=2&limit=10", NAMES[10:20], {"total": 130, "page": 2, "limit": 10, "totalPages": 13}),
        ("?page=8", [], {"total": 130, "page": 8, "limit": 20, "totalPages": 7}),
        ("?limit=99", NAMES[:20], {"total": 130, "page": 1, "limit": 20, "totalPages": 7}),
    ],
)
def test_page_paging_returns_items_and_totals(
    path: str, query: str, expected: list[str], totals: dict[str, int]
) -> None:
    with running(Settings(paging="page")) as api:
        fill(api)
        data = api.data("GET", path + query)
        assert [entry["name"] for entry in data.pop("items")] == expected
        assert data == totals


def test_page_size_is_configurable_and_complete_groups_are_paged() -> None:
    with running(Settings(dialect="reference", paging="offset", page_size=3)) as api:
        fill(api)
        assert [entry["subject"] for entry in api.data("GET", "/groups?offset=3")] == NAMES[3:6]


def test_an_empty_list_has_no_pages() -> None:
    with running(Settings(paging="page")) as api:
        assert api.data("GET", "/groups") == {"items": [], "total": 0, "page": 1, "limit": 20, "totalPages": 0}
