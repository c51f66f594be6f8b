"""Every kind of fault as a client sees it, and the calls that a fault affects."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from reconciler.sandbox import Fault, SandboxError, Settings
from reconciler.sandbox.faults import fault_path
from tests.sandbox.running_server import ALICE, BOB, INSTANCE, Api, jid, read_all, running

NEW = {"name": "A", "participants": [jid(ALICE)]}


def post_fault(kind: str, **fields: Any) -> list[Fault]:
    return [Fault(kind, method=fields.pop("method", "POST"), **fields)]


def statuses(api: Api) -> list[Any]:
    return [call.status for call in api.world.calls()]


@pytest.mark.parametrize(("kind", "effects"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_connection_sends_no_bytes(kind: str, effects: int) -> None:
    with running(faults=post_fault(kind)) as api:
        assert api.raw("POST", "/groups", NEW) == b""
        assert len(api.world.effects()) == effects
        assert statuses(api) == ["dropped"]
        assert api.raw("POST", "/groups", NEW).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "drop_mid", "silence"])
def test_a_client_library_sees_a_connection_error(kind: str) -> None:
    with running(faults=post_fault(kind, times=0)) as api:
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError, requests.Timeout)):
            api.session.post(f"{api.server.url}/instances/{INSTANCE}/groups", json=NEW, timeout=0.2)
        assert api.call("GET", "").status_code == 200


def test_drop_mid_sends_headers_and_half_of_the_body() -> None:
    with running(faults=post_fault("drop_mid")) as api:
        head, _, body = api.raw("POST", "/groups", NEW).partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.startswith(b"content-length")]
        assert len(body) == int(lengths[0]) // 2
        assert body.startswith(b'{"success": true')
        assert len(api.world.effects()) == 1
        assert statuses(api) == ["dropped"]


@pytest.mark.parametrize(("effect", "effects"), [(None, 0), (True, 1)])
def test_silence_ends_when_the_server_stops(effect: bool | None, effects: int) -> None:
    arrived = threading.Event()
    with running(faults=post_fault("silence", effect=effect)) as api:
        api.server.after_call = lambda *_: arrived.set()
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(api.raw, "POST", "/groups", NEW)
            assert arrived.wait(5)
            assert len(api.world.effects()) == effects
            start = time.perf_counter()
            api.server.stop()
            assert time.perf_counter() - start < 1
            assert waiting.result(5) == b""


@pytest.mark.parametrize(
    ("fields", "status", "code", "message"),
    [
        ({}, 500, "INTERNAL_ERROR", "injected by a fault of the sandbox"),
        ({"status": 503, "code": "BUSY", "message": "later"}, 503, "BUSY", "later"),
        ({"status": 429, "rate_headers": False}, 429, "RATE_LIMIT_EXCEEDED", "injected by a fault of the sandbox"),
        ({"status": 502, "headers": {"Retry-After": "7"}}, 502, "INTERNAL_ERROR", "injected by a fault of the sandbox"),
    ],
)
@pytest.mark.parametrize(("effect", "effects"), [(None, 0), (True, 1)])
def test_status_replaces_the_response_with_an_error(
    fields: dict[str, Any], status: int, code: str, message: str, effect: bool | None, effects: int
) -> None:
    with running(faults=post_fault("status", effect=effect, **fields)) as api:
        answer = api.call("POST", "/groups", NEW)
        assert answer.status_code == status
        assert (answer.json()["error"]["code"], answer.json()["error"]["message"]) == (code, message)
        assert ("X-RateLimit-Reset" in answer.headers) == fields.get("rate_headers", True)
        assert answer.headers.get("Retry-After") == fields.get("headers", {}).get("Retry-After")
        assert len(api.world.effects()) == effects


@pytest.mark.parametrize(("effect", "effects"), [(None, 0), (True, 1)])
def test_html_replaces_the_response_with_a_web_page(effect: bool | None, effects: int) -> None:
    with running(faults=post_fault("html", effect=effect)) as api:
        answer = api.call("POST", "/groups", NEW)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert answer.text.startswith("<!doctype html>")
        assert len(api.world.effects()) == effects


@pytest.mark.parametrize(("effect", "effects"), [(None, 1), (False, 0)])
def test_truncated_json_has_a_matching_length(effect: bool | None, effects: int) -> None:
    with running(faults=post_fault("truncated", effect=effect)) as api:
        answer = api.call("POST", "/groups", NEW)
        assert answer.text.startswith('{"success": true')
        assert int(answer.headers["Content-Length"]) == len(answer.content)
        with pytest.raises(requests.JSONDecodeError):
            answer.json()
        assert len(api.world.effects()) == effects


@pytest.mark.parametrize("body", [None, [], {"data": {"groups": []}}, {"success": False}, 7])
def test_garbage_sends_the_given_json(body: Any) -> None:
    with running(faults=post_fault("garbage", body=body)) as api:
        answer = api.call("POST", "/groups", NEW)
        assert (answer.status_code, answer.json()) == (200, body)
        assert len(api.world.effects()) == 1


@pytest.mark.parametrize("status", [None, 301, 307])
def test_a_redirect_has_no_effect(status: int | None) -> None:
    with running(faults=post_fault("redirect", status=status, location="http://127.0.0.1:9/")) as api:
        answer = api.call("POST", "/groups", NEW)
        assert (answer.status_code, answer.headers["Location"]) == (status or 302, "http://127.0.0.1:9/")
        assert api.world.effects() == ()


def test_set_cookie_keeps_the_correct_response() -> None:
    with running(faults=post_fault("set_cookie", cookie="session=1; Path=/")) as api:
        answer = api.call("POST", "/groups", NEW)
        assert (answer.status_code, answer.headers["Set-Cookie"]) == (201, "session=1; Path=/")


def test_latency_delays_only_its_own_call() -> None:
    slow_and_broken = [Fault("latency", method="POST", seconds=0.3), Fault("status", method="POST", status=503)]
    arrived = threading.Event()
    with running(faults=slow_and_broken) as api, ThreadPoolExecutor() as pool:
        api.server.on_call = lambda *_: arrived.set()
        slow = pool.submit(lambda: (api.call("POST", "/groups", NEW), time.perf_counter()))
        assert arrived.wait(5)
        assert requests.get(f"{api.server.url}/openapi.json", timeout=5).status_code == 200
        quick_answered = time.perf_counter()
        answer, slow_answered = slow.result(5)
    assert answer.status_code == 503
    assert quick_answered < slow_answered


@pytest.mark.parametrize("dialect", ["guide", "reference"])
def test_a_stale_list_shows_an_earlier_state(dialect: str) -> None:
    with running(Settings(dialect=dialect)) as api:
        first = api.group("First", [ALICE])
        made = api.data("POST", "/groups", {"name": "Second", "participants": []})
        second = made.get("group_id") or made["id"]
        api.data("PATCH", f"/groups/{first}", {"name": "First again"})
        words = ("to", "body") if dialect == "reference" else ("chat_id", "text")
        api.data("POST", "/messages/send", {words[0]: first, "type": "text", words[1]: "no change of a group"})
        name = "subject" if dialect == "reference" else "name"
        names_by_amount = {}
        for ago in range(4):
            api.server.set_faults([Fault("stale_list", amount=ago)])
            names_by_amount[ago] = [group[name] for group in api.data("GET", "/groups")]
        assert names_by_amount == {0: ["First again", "Second"], 1: ["First", "Second"], 2: ["First"], 3: ["First"]}
        api.data("POST", f"/groups/{second}/leave")
        api.server.set_faults([Fault("stale_list")])
        assert [group[name] for group in api.data("GET", "/groups")] == ["First again", "Second"]
        assert [group[name] for group in api.data("GET", "/groups")] == ["First again"]


def test_a_stale_group_shows_earlier_members_or_is_missing() -> None:
    with running() as api:
        group_id = api.group(members=[ALICE])
        api.data("POST", f"/groups/{group_id}/participants", {"participants": [jid(BOB)]})
        api.server.set_faults([Fault("stale_group"), Fault("stale_group", path="/groups/*/participants")])
        assert len(api.data("GET", f"/groups/{group_id}")["participants"]) == 2
        assert len(api.data("GET", f"/groups/{group_id}/participants")) == 2
        assert len(api.data("GET", f"/groups/{group_id}")["participants"]) == 3
        made = api.data("POST", "/groups", NEW)["group_id"]
        api.server.set_faults([Fault("stale_group")])
        assert api.error("GET", f"/groups/{made}") == (404, "NOT_FOUND")


@pytest.mark.parametrize("paging", ["none", "page"])
def test_a_partial_list_keeps_its_totals(paging: str) -> None:
    with running(Settings(paging=paging)) as api:
        for name in ("First", "Second", "Third"):
            api.group(name)
        api.server.set_faults([Fault("partial_list", amount=2)])
        data = api.data("GET", "/groups")
        assert [group["name"] for group in (data if paging == "none" else data["items"])] == ["First"]
        assert paging == "none" or data["total"] == 3


@pytest.mark.parametrize("paging", ["none", "page"])
def test_wrong_count_changes_the_participant_count(paging: str) -> None:
    with running(Settings(paging=paging)) as api:
        api.group()
        api.server.set_faults([Fault("wrong_count", amount=-1)])
        data = api.data("GET", "/groups")
        assert (data if paging == "none" else data["items"])[0]["participant_count"] == 1


def test_a_partial_group_lacks_its_last_participants() -> None:
    with running() as api:
        group_id = api.group(members=[ALICE, BOB])
        api.server.set_faults([Fault("partial_group", amount=2), Fault("partial_group", path="/groups/*/participants")])
        assert len(api.data("GET", f"/groups/{group_id}")["participants"]) == 1
        assert len(api.data("GET", f"/groups/{group_id}/participants")) == 2


@pytest.mark.parametrize("kind", ["partial_list", "partial_group", "wrong_count"])
def test_wrong_data_leaves_other_responses_unchanged(kind: str) -> None:
    with running(Settings(dialect="reference"), [Fault(kind, method="*", path="**", times=0)]) as api:
        group_id = api.group()
        assert api.data("GET", "")["id"] == INSTANCE
        assert api.error("GET", "/groups/1@g.us") == (404, "NOT_FOUND")
        if kind == "wrong_count":
            assert api.data("GET", "/groups")[0]["id"] == group_id


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("status"), [0]),
        (Fault("status", times=0), [0, 1, 2, 3, 4]),
        (Fault("status", skip=1, times=2), [1, 2]),
        (Fault("status", method="get", times=0), [0, 1, 4]),
        (Fault("status", path="/groups", times=0), [0, 2]),
        (Fault("status", path="/groups/*", times=0), [1]),
        (Fault("status", path="/groups/**", times=0), [1, 3]),
        (Fault("status", path="/", times=0), [4]),
        (Fault("status", pattern=r"/groups(/[0-9]+@g\.us)?", times=0), [0, 1, 2]),
        (Fault("status", pattern=r"/groups.*", path="/groups/*/*", times=0), [3]),
        (Fault("status", body_contains="12025550143", times=0), [2, 3]),
        (Fault("status", method="POST", body_contains='"name"', times=0), [2]),
    ],
)
def test_a_fault_affects_the_calls_it_matches(fault: Fault, expected: list[int]) -> None:
    with running() as api:
        group_id = api.group(members=[])
        calls: list[tuple[str, str, Any]] = [
            ("GET", "/groups", None),
            ("GET", f"/groups/{group_id}", None),
            ("POST", "/groups", NEW),
            ("POST", f"/groups/{group_id}/participants", {"participants": [jid(ALICE)]}),
            ("GET", "", None),
        ]
        api.server.set_faults([fault])
        affected = [number for number, call in enumerate(calls) if api.call(*call).status_code == 500]
        assert affected == expected


def test_only_the_first_matching_fault_acts_and_all_count() -> None:
    with running(faults=[Fault("status", status=502), Fault("status", status=503, times=2)]) as api:
        assert [api.call("GET", "").status_code for _ in range(3)] == [502, 503, 200]


def test_calls_without_access_do_not_count_for_faults() -> None:
    with running(faults=[Fault("status", status=503)]) as api:
        assert api.call("GET", "", headers={"X-Api-Key": "wrong"}).status_code == 401
        assert api.call("GET", "").status_code == 503


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/instances/inst_abc123", "/"),
        ("/api/instances/inst_abc123/groups/1@g.us", "/groups/1@g.us"),
        ("/api/webhooks", "/webhooks"),
    ],
)
def test_faults_name_paths_relative_to_the_instance(path: str, expected: str) -> None:
    assert fault_path(path) == expected


def test_an_unknown_kind_of_fault_is_rejected() -> None:
    with pytest.raises(SandboxError, match="'lightning' is not a kind of fault"):
        Fault("lightning")


def test_an_incomplete_request_is_not_a_call() -> None:
    with running() as api:
        with socket.create_connection(("127.0.0.1", api.server.port), timeout=5) as client:
            client.sendall(b"POST /api/webhooks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
            client.shutdown(socket.SHUT_WR)
            read_all(client)
        assert api.call("GET", "").status_code == 200
        assert [call.method for call in api.world.calls()] == ["GET"]
