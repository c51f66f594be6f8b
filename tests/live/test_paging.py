"""Every paging style yields the whole list; a list that changes while it is read never lacks an entry silently."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import InvalidResponse
from reconciler.live import decode, paging
from reconciler.live.paging import PagedResult, Paginator
from reconciler.model.live import ListedGroup
from tests.live.scripted_server import Expect, ScriptedServer
from tests.live.transport_setup import BASE, Setup, client_of


def _id(number: int) -> str:
    return f"{120363000000000000 + number}@g.us"


def _group(number: int, name: str = "x") -> dict[str, Any]:
    return {"group_id": _id(number), "name": name}


@dataclass
class PagingServer:
    """Answers list requests in one style; `between` changes `numbers` after each answer."""

    style: str
    numbers: list[int]
    size: int = 50
    between: Callable[[list[int], int], None] | None = None
    queries: list[Mapping[str, int] | None] = field(default_factory=list)

    def ask(self, query: Mapping[str, int] | None) -> Any:
        self.queries.append(query)
        answer = self._answer(dict(query or {}))
        if self.between is not None:
            self.between(self.numbers, len(self.queries))
        return answer

    def _answer(self, query: dict[str, int]) -> Any:
        groups = [_group(number) for number in self.numbers]
        if self.style == "none":
            return groups
        size = min(query.get("limit", self.size), self.size)
        if self.style == "offset":
            start = query.get("offset", 0)
            return groups[start : start + size]
        page = query.get("page", 1)
        return {
            "items": groups[(page - 1) * size : page * size],
            "total": len(groups),
            "page": page,
            "limit": size,
            "totalPages": ceil(len(groups) / size),
        }

    def read(self) -> PagedResult[ListedGroup]:
        return Paginator(
            self.ask, decode.listed_group, lambda group: group.id, "GET /groups", verify_end=True
        ).read_all()


def _numbers(listed: PagedResult[ListedGroup]) -> list[int]:
    return [int(group.id.removesuffix("@g.us")) - 120363000000000000 for group in listed.entries]


@pytest.mark.parametrize("count", [0, 1, 9, 10, 49, 50, 51, 99, 100, 130, 150, 200])
@pytest.mark.parametrize(
    ("style", "size", "calls"),
    [
        ("none", 50, lambda n: 2 if n in paging.USUAL_SIZES | {paging.DOCUMENTED_SIZE} else 1),
        ("offset", 50, lambda n: (2 if n == 10 else 1) if n < 50 else 1 + ceil((n - 48) / 49)),
        ("offset", 20, lambda n: (2 if n == 10 else 1) if n < 20 else 1 + ceil((n - 18) / 19)),
        ("page", 20, lambda n: max(1, ceil(n / 20))),
        ("page", 50, lambda n: max(1, ceil(n / 50))),
    ],
)
def test_every_paging_style_yields_every_group_with_the_fewest_calls(
    style: str, size: int, calls: Callable[[int], int], count: int
) -> None:
    server = PagingServer(style, list(range(count)), size)
    listed = server.read()
    assert _numbers(listed) == list(range(count))
    assert len(server.queries) == listed.calls == calls(count)
    assert listed.complete == (style != "page" or count <= size)
    assert server.queries[0] is None


@pytest.mark.parametrize("count", [10, 20, 25, 30, 100, 130])
def test_a_list_of_an_undocumented_page_size_costs_one_call_and_is_marked(count: int) -> None:
    server = PagingServer("none", list(range(count)))
    listed = Paginator(server.ask, decode.listed_group, lambda group: group.id, "GET /groups").read_all()
    assert (len(server.queries), listed.complete) == (1, count == 130)


@pytest.mark.parametrize("beside", ["meta", "pagination", None])
def test_paging_fields_beside_a_list_are_followed(beside: str | None) -> None:
    def page(number: int, groups: list[dict[str, Any]]) -> dict[str, Any]:
        fields = {"total": 25, "page": number, "limit": 20, "totalPages": 2}
        return {"success": True, "data": groups, **({beside: fields} if beside else fields)}

    groups = [_group(number) for number in range(25)]
    script = [
        Expect("GET", f"{BASE}/groups", answer=page(1, groups[:20])),
        Expect("GET", f"{BASE}/groups?page=2&limit=20", answer=page(2, groups[20:])),
    ]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        listing = client_of(transport).list_groups()
    assert len(listing.groups) == 25


@pytest.mark.parametrize(
    "fields",
    [
        {"total": 25},
        {"total": "25"},
        {"pagination": {"hasMore": True}},
        {"meta": {"total": 99, "page": 1}},
        {"meta": {"page": 1, "limit": 20, "totalPages": 3}},
        {"meta": {"page": 1, "limit": 20, "totalPages": "3"}},
        {"meta": {"total": 20, "totalPages": 3}},
        {"meta": {"page": 2, "limit": 50}},
        {"meta": {"page": 1, "limit": 20}},
        {"page": 1},
        {"nextCursor": "abc"},
        {"next_cursor": "abc"},
        {"nextcursor": "abc"},
        {"next": "https://example.com/groups?page=2"},
        {"next": 2},
        {"next": {"href": "/groups?page=2"}},
        {"nextOffset": 20},
        {"after": "abc"},
        {"has_more": True},
        {"more": True},
        {"cursor": "abc"},
        {"truncated": True},
        {"incomplete": True},
        {"marker": "abc"},
        {"scroll_id": "abc"},
        {"lastPage": False},
        {"isComplete": False},
        {"count": 21},
        {"size": 70},
        {"meta": {"size": "70"}},
        {"totalCount": "70"},
        {"total_groups": 70},
        {"pageCount": 2},
        {"meta": {"total_pages": 2}},
        {"paging": {"next": "https://example.com"}},
        {"paging": {"cursors": {"before": "a", "after": "b"}}},
        {"paging": "abc"},
        {"meta": {"pagination": {"total": 70, "count": 20}}},
        {"meta": {"pagination": {"of": 70}}},
        {"pagination": {"hasNext": True}},
        {"pagination": {"token": "abc"}},
        {"pageInfo": {"hasNextPage": True, "endCursor": "abc"}},
        {"links": {"self": "/groups", "next": "/groups?page=2"}},
        {"_links": {"next": {"href": "/groups?page=2"}}},
        {"links": [{"rel": "self", "href": "/groups"}, {"rel": "next", "href": "/groups?page=2"}]},
    ],
    ids=str,
)
def test_a_list_with_more_entries_in_an_unknown_place_is_rejected(fields: dict[str, Any]) -> None:
    answer = {"data": [_group(number) for number in range(20)], **fields}
    script = [Expect("GET", f"{BASE}/groups", answer=answer)]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport, pytest.raises(InvalidResponse):
        client_of(transport).list_groups()


@pytest.mark.parametrize(
    "fields",
    [
        {"total": 1},
        {"size": 1},
        {"pagination": {"total": 1, "size": 50}},
        {"total": 1, "page": 1, "limit": 1, "totalPages": 1},
        {"page": 1, "limit": 20, "totalPages": 1},
        {"page": 0, "limit": 1, "hasMore": False},
        {"page": 1, "limit": 20},
        {"limit": 1},
        {"count": 1, "nextCursor": None, "next": "", "has_more": False, "incomplete": False},
        {"paging": {"previous": None, "next": None, "cursors": {"before": "a", "after": None}}},
        {"pagination": {"total": 1, "count": 1, "per_page": 50, "current_page": 1, "total_pages": 1, "links": {}}},
        {"pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "endCursor": None, "isLast": True}},
        {"links": {"self": "/groups", "first": "/groups", "last": "/groups", "prev": None, "next": None}},
        {"timestamp": "2026-11-29T12:00:00Z", "duration": 120, "version": "2.1.0", "rateLimit": {"remaining": 99}},
        {"context": "groups", "unreadCount": 120, "account": {"count": 1}},
    ],
    ids=str,
)
def test_a_list_whose_paging_fields_declare_it_complete_is_complete(fields: dict[str, Any]) -> None:
    answer = {"data": [_group(1)], "meta": {**fields, "requestId": "req_1"}}
    script = [Expect("GET", f"{BASE}/groups", answer=answer)]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        assert len(client_of(transport).list_groups().groups) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Link": '</groups?page=2>; rel="next", </groups?page=4>; rel="last"'},
        {"Link": "</groups?page=2>; rel=next"},
        {"x-total-count": "2"},
        {"X-Next-Page": "2"},
        {"X-Total-Pages": "2"},
    ],
)
@pytest.mark.parametrize("in_envelope", [True, False])
def test_a_list_whose_headers_tell_of_more_is_rejected(headers: dict[str, str], in_envelope: bool) -> None:
    groups = [_group(1)]
    script = [Expect("GET", f"{BASE}/groups", answer={"data": groups} if in_envelope else groups, headers=headers)]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport, pytest.raises(InvalidResponse):
        client_of(transport).list_groups()


def test_the_error_for_a_list_that_may_go_on_names_the_word() -> None:
    answer = {"data": [_group(1)], "meta": {"nextCursor": "abc"}}
    script = [Expect("GET", f"{BASE}/groups", answer=answer)]
    with (
        ScriptedServer(script) as server,
        Setup(server.url).transport() as transport,
        pytest.raises(InvalidResponse) as caught,
    ):
        client_of(transport).list_groups()
    assert caught.value.message == "`nextCursor` is beside the list, so the list may go on"


def test_headers_that_tell_of_no_more_leave_a_list_whole() -> None:
    headers = {"Link": '</groups>; rel="prev"', "X-Total-Count": "1", "X-Next-Page": "", "X-Nextjs-Cache": "HIT"}
    script = [Expect("GET", f"{BASE}/groups", answer=[_group(1)], headers=headers)]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        assert len(client_of(transport).list_groups().groups) == 1


def test_offset_paging_is_as_documented_over_http() -> None:
    groups = [_group(number) for number in range(55)]
    script = [
        Expect("GET", f"{BASE}/groups", data=groups[:50]),
        Expect("GET", f"{BASE}/groups?limit=50&offset=49", data=groups[49:]),
    ]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        listing = client_of(transport).list_groups()
    assert [group.id for group in listing.groups] == [group["group_id"] for group in groups]
    assert listing.complete


def test_numbered_paging_is_as_documented_over_http() -> None:
    groups = [_group(number) for number in range(25)]
    fields = {"total": 25, "limit": 20, "totalPages": 2}
    script = [
        Expect("GET", f"{BASE}/groups", data={"items": groups[:20], "page": 1, **fields}),
        Expect("GET", f"{BASE}/groups?page=2&limit=20", data={"items": groups[20:], "page": 2, **fields}),
    ]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        listing = client_of(transport).list_groups()
    assert [group.id for group in listing.groups] == [group["group_id"] for group in groups]
    assert not listing.complete


def test_contacts_are_paged_like_groups() -> None:
    people = [{"id": f"1202555{number:04}@s.whatsapp.net", "name": f"p{number}"} for number in range(100, 175)]
    script = [
        Expect("GET", f"{BASE}/contacts", data=people[:50]),
        Expect("GET", f"{BASE}/contacts?limit=50&offset=49", data=people[49:]),
    ]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        assert [contact.name for contact in client_of(transport).contacts()] == [person["name"] for person in people]


def test_groups_are_sorted_by_id_whatever_the_servers_order() -> None:
    groups = [_group(number) for number in (3, 1, 2)]
    script = [Expect("GET", f"{BASE}/groups", data=groups)]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        assert [group.id for group in client_of(transport).list_groups().groups] == [_id(1), _id(2), _id(3)]


CHANGES = list(itertools.product(["none", "first", "middle", "last", "unread"], ["none", "front", "middle", "end"]))


@pytest.mark.parametrize("style", ["none", "offset", "page"])
@pytest.mark.parametrize("after", [1, 2, 3])
@pytest.mark.parametrize("total", [50, 100, 130])
def test_a_complete_list_never_lacks_a_group_that_existed_throughout(style: str, after: int, total: int) -> None:
    for vanishes, appears in CHANGES:
        numbers = list(range(0, total * 10, 10))
        gone = {"none": None, "first": 0, "middle": 250, "last": numbers[-1], "unread": 490}[vanishes]

        def change(
            now: list[int], answers: int, gone: int | None = gone, appears: str = appears, numbers: list[int] = numbers
        ) -> None:
            if answers != after:
                return
            if gone is not None:
                now.remove(gone)
            if appears != "none":
                now.insert({"front": 0, "middle": len(now) // 2, "end": len(now)}[appears], 7)

        stayed = set(numbers) - {gone}
        listed = PagingServer(style, numbers, 50, change).read()
        missed = stayed - set(_numbers(listed))
        assert len(set(_numbers(listed))) == len(listed.entries)
        assert not missed or not listed.complete


@given(st.sampled_from(["none", "offset", "page"]), st.integers(0, 45), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_series_of_changes_hides_a_group_from_a_complete_list(style: str, count: int, chance: Random) -> None:
    numbers = list(range(0, count * 10, 10))
    stayed, fresh = set(numbers), itertools.count(1_000_000)

    def change(now: list[int], _answers: int) -> None:
        for _ in range(chance.randint(0, 2)):
            if now and chance.random() < 0.5:
                stayed.discard(now.pop(chance.randrange(len(now))))
            else:
                now.insert(chance.randint(0, len(now)), next(fresh))

    server = PagingServer(style, numbers, 10, change)
    listed: PagedResult[ListedGroup] | None = None
    with suppress(InvalidResponse):
        listed = server.read()
    if listed is not None and listed.complete:
        assert stayed <= set(_numbers(listed))


@pytest.mark.parametrize("style", ["offset", "page"])
def test_a_list_that_keeps_changing_is_an_error(style: str) -> None:
    server = PagingServer(style, list(range(130)), 50, lambda now, _: now.__delitem__(0))
    with pytest.raises(InvalidResponse, match="3 reads did not give a complete one"):
        server.read()


@pytest.mark.parametrize("style", ["offset", "page"])
def test_a_list_that_changed_once_is_read_again(style: str) -> None:
    server = PagingServer(style, list(range(130)), 50, lambda now, n: now.__delitem__(0) if n == 1 else None)
    listed = server.read()
    assert _numbers(listed) == list(range(1, 130))
    assert len(server.queries) > 3


def _read(*answers: Any) -> PagedResult[ListedGroup]:
    """Read a list whose requests are answered with these; the last one again and again."""
    left = list(answers)
    ask: Callable[[Any], Any] = lambda _: left.pop(0) if len(left) > 1 else left[0]  # noqa: E731 - one expression
    return Paginator(ask, decode.listed_group, lambda group: group.id, "GET /groups", verify_end=True).read_all()


TOO_MANY = "expected no more pages than the total fills"


def _page(numbers: range, **changes: int | None) -> dict[str, Any]:
    fields = {"items": [_group(n) for n in numbers], "total": 30, "page": 1, "limit": 20, "totalPages": 2}
    return {**fields, **changes}


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([{}], "data.items: expected an array, found nothing"),
        ([{"groups": []}], "data.items: expected an array, found nothing"),
        ([None], "data: expected an array, found nothing"),
        (["x"], "data: expected an array, found other text"),
        ([[5]], "data[0]: expected an object, found a number"),
        ([_page(range(20), total=None)], "data.total: expected a whole number, found nothing"),
        ([_page(range(20), limit=0)], "data.limit: expected a page size above 0, found a number"),
        ([_page(range(20), page=2)], "data.page: expected the number 1, found a number"),
        ([_page(range(20), totalPages=3)], f"data.totalPages: {TOO_MANY}, found a number"),
        ([_page(range(20), total=50_000, totalPages=None)], "the list has more than 2000 pages"),
        ([_page(range(20)), _page(range(20, 30))], "data.page: expected the number 2, found a number"),
        ([_page(range(20)), [_group(1)]], "data: expected an object, found an array"),
        ([[_group(n) for n in range(10)], _page(range(9, 20))], "data: expected an array, found an object"),
    ],
)  # fmt: skip
def test_a_list_of_unknown_shape_is_an_invalid_response(answers: list[Any], message: str) -> None:
    with pytest.raises(InvalidResponse) as caught:
        _read(*answers)
    assert caught.value.message == message


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([_page(range(20), total=5, totalPages=1)], id="more on a page than in all"),
        pytest.param([_page(range(5), total=7, totalPages=1)], id="fewer on the only page than in all"),
        pytest.param([_page(range(10))], id="a first page that is not full"),
        pytest.param([_page(range(20)), _page(range(0), page=2)] * 3, id="an empty second page"),
        pytest.param([_page(range(20)), _page(range(20, 30), page=2, total=31)] * 3, id="another total"),
        pytest.param([_page(range(20)), _page(range(20, 30), page=2, limit=10)] * 3, id="another page size"),
        pytest.param([_page(range(20)), _page(range(15, 25), page=2)] * 3, id="the same group on two pages"),
        pytest.param([[_group(n) for n in range(10)], []] * 3, id="an empty page in the middle"),
        pytest.param([[_group(n) for n in range(10)], [_group(n) for n in (9, 3)]] * 3, id="a group again"),
        pytest.param([[_group(n) for n in (*range(9), 0)]], id="a full page with a group twice"),
        pytest.param([[_group(1), _group(1, "y")]], id="a group twice that differs"),
    ],
)
def test_an_inconsistent_list_is_read_three_times_and_then_rejected(answers: list[Any]) -> None:
    with pytest.raises(InvalidResponse, match="inconsistent"):
        _read(*answers)


def test_a_group_listed_twice_in_one_response_counts_once() -> None:
    assert _numbers(_read([_group(1), _group(2), _group(1)])) == [1, 2]


def test_a_list_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MAX_PAGES", 30)
    endless: Callable[[Any], Any] = lambda q: [_group((q or {}).get("offset", 0) + n) for n in range(10)]  # noqa: E731 - one expression
    reader = Paginator(endless, decode.listed_group, lambda group: group.id, "GET /groups", verify_end=True)
    with pytest.raises(InvalidResponse, match="more than 30 pages"):
        reader.read_all()


def test_a_server_that_ignores_the_limit_is_read_to_the_end() -> None:
    groups = [_group(number) for number in range(25)]
    answers = [groups[:10], groups[9:], groups[24:]]
    assert _numbers(_read(*answers)) == list(range(25))
