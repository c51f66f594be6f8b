"""A server that is started like a capture answers in the forms that the capture has."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from reconciler.doctor.capture import capture_document
from reconciler.live.responses import HttpResponse
from reconciler.live.transport import Exchange
from reconciler.sandbox import Likeness, SandboxError, Server, Settings, World, load_likeness

INSTANCE, PHONE, ALICE = "inst_abc123", "+1 202 555 0100", "+1 202 555 0143"
CALLS = ("", "/groups", "/contacts/check?phone=12025550143")
GROUP = "120363012345678901@g.us"
PERSON = {"id": "12025550143@s.whatsapp.net", "is_admin": False}


def capture_of(url: str, key: str, path: Path) -> Likeness:
    """Capture a server as doctor does, by real requests, and read the file."""
    exchanges = []
    with requests.Session() as http:
        http.headers["X-Api-Key"] = key
        groups = json.loads(http.get(f"{url}/instances/{INSTANCE}/groups", timeout=10).content)
        id_ = find_id(groups)
        for call in (*CALLS, f"/groups/{id_}"):
            answer = http.get(f"{url}/instances/{INSTANCE}{call}", timeout=10)
            response = HttpResponse(answer.status_code, answer.headers, answer.content, 0.0)
            query = {"phone": 1} if "?" in call else {}
            exchanges.append(
                Exchange(
                    method="GET",
                    path=urlsplit(f"/instances/{INSTANCE}{call}").path,
                    query=query,
                    sent_at=0.0,
                    received_at=0.0,
                    response=response,
                )
            )
    path.write_text(json.dumps(capture_document(exchanges, "p")), encoding="utf-8")
    return load_likeness(path)


def find_id(document: Any) -> str:
    """Return the id of some group in a list of any form."""
    if isinstance(document, str) and document.endswith("@g.us"):
        return document
    children = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    return next(filter(None, map(find_id, children)), "")


def settings_of(likeness: Likeness) -> Settings:
    return Settings(
        dialect=likeness.dialect,
        paging=likeness.paging,
        page_size=likeness.page_size,
        rate_limit=likeness.rate_limit or 100,
        rate_headers=likeness.rate_limit is not None,
        phone_field=likeness.phone_field or "phone_number",
    )


@contextmanager
def serving(settings: Settings, likeness: Likeness | None = None) -> Iterator[Server]:
    with World.open() as world:
        world.ensure_instance(INSTANCE, PHONE)
        world.set_account(ALICE, lid="76699677012110@lid", shows="lid_with_phone")
        for name in ("Alpha", "Beta"):
            world.create_group(name, [ALICE], owner=PHONE, description="Hello")
        with Server(world, settings, likeness=likeness) as server:
            yield server


def skeleton(form: Any) -> Any:
    """Return a form without lengths, counts and words: the fields and their types."""
    if not isinstance(form, Mapping):
        return None
    return {
        type_: {
            "fields": {name: skeleton(each) for name, each in details.get("fields", {}).items()},
            "entries": skeleton(details.get("entries")),
        }
        for type_, details in form.items()
    }


@pytest.mark.parametrize("dialect", ["guide", "reference"])
@pytest.mark.parametrize("paging", ["none", "page"])
@pytest.mark.parametrize("rate_headers", [True, False])
def test_a_server_like_an_embedded_one_is_captured_alike(
    dialect: str, paging: str, rate_headers: bool, tmp_path: Path
) -> None:
    settings = Settings(dialect, paging, page_size=10, rate_headers=rate_headers, phone_field="phoneNumber")
    with serving(settings) as server:
        first = capture_of(server.url, server.key, tmp_path / "first.json")
    assert (first.dialect, first.paging, first.phone_field) == (dialect, paging, "phoneNumber")
    assert first.page_size == (10 if paging == "page" else None)
    assert first.rate_limit == (100 if rate_headers else None)
    with serving(settings_of(first), first) as server:
        second = capture_of(server.url, server.key, tmp_path / "second.json")
    assert {call: skeleton(form) for call, form in second.bodies.items()} == {
        call: skeleton(form) for call, form in first.bodies.items()
    }


WHOLE = {"group_id": GROUP, "name": "n", "participants": [PERSON], "size": 1, "announce": False, "zodiac": "lion"}
LISTED = {"group_id": GROUP, "name": "n", "linked_parent": None}
META = {"requestId": "req_1", "page": 1, "limit": 50, "total": 1, "totalPages": 1}
FOREIGN: dict[str, Any] = {
    "bare": {"/groups": [LISTED], "": {"id": "i", "status": "connected"}},
    "data alone": {"/groups": {"data": [LISTED]}, "": {"data": {"id": "i", "status": "connected", "phone": "1"}}},
    "paging beside the list": {"/groups": {"data": [LISTED], "meta": META}, "": {"data": {"id": "i", "status": "x"}}},
    "paging in the envelope": {"/groups": {"data": [LISTED], "page": 1, "total": 1}, "": {"data": {"id": "i"}}},
}


@contextmanager
def foreign(answers: Mapping[str, Any]) -> Iterator[str]:
    """Serve documents that the embedded server would not send by itself."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path.removeprefix(f"/api/instances/{INSTANCE}")
            known = answers.get(path)
            body = json.dumps({"data": WHOLE} if known is None else known).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("name", FOREIGN)
def test_a_server_like_a_foreign_one_has_its_envelope_its_paging_and_its_fields(name: str, tmp_path: Path) -> None:
    with foreign(FOREIGN[name]) as url:
        first = capture_of(url, "k", tmp_path / "first.json")
    with serving(settings_of(first), first) as server:
        second = capture_of(server.url, server.key, tmp_path / "second.json")
        groups = requests.get(
            f"{server.url}/instances/{INSTANCE}/groups", headers={"X-Api-Key": server.key}, timeout=10
        ).json()
    for call in ("GET /groups", "GET /instances/{id}"):
        assert skeleton(second.bodies[call]) == skeleton(first.bodies[call])
    entries = groups if isinstance(groups, list) else groups["data"]
    assert [(entry["name"], entry["linked_parent"]) for entry in entries] == [("Alpha", None), ("Beta", None)]
    assert "participant_count" not in entries[0]


def test_unknown_fields_are_sent_under_names_of_their_own(tmp_path: Path) -> None:
    with foreign(FOREIGN["bare"]) as url:
        first = capture_of(url, "k", tmp_path / "first.json")
    with serving(settings_of(first), first) as server:
        id_ = server.world.groups()[0].id
        answer = requests.get(
            f"{server.url}/instances/{INSTANCE}/groups/{id_}", headers={"X-Api-Key": server.key}, timeout=10
        ).json()
    assert answer["data"]["unknown_6"] == "xxxx"
    assert (answer["data"]["size"], answer["data"]["announce"]) == (0, False)
    assert "description" not in answer["data"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a capture"),
        ('{"format": "wappfy-reconciler/doctor"}', "is not a capture"),
        ('{"format": "wappfy-reconciler/capture", "format_version": 2}', "another version"),
        ('{"format": "wappfy-reconciler/capture", "format_version": 1, "answers": [1]}', "GET /groups"),
    ],
)
def test_a_file_that_is_no_capture_is_an_error(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "capture.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SandboxError, match=words):
        load_likeness(path)
    with pytest.raises(SandboxError, match="cannot read"):
        load_likeness(tmp_path / "missing.json")


JUNK: list[Any] = [None, 1, "x", [], [[]], {}, {"object": 1}, {"array": {"length": ["a"], "entries": 3}}, {"text": []}]


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("place", ["headers", "body", "query", "data", "limit"])
def test_a_capture_that_somebody_edited_breaks_nothing(junk: Any, place: str, tmp_path: Path) -> None:
    data = {"object": {"fields": {"items": {"array": {}}, "page": {}, "limit": {"integer": {"numbers": junk}}}}}
    answer: dict[str, Any] = {"call": "GET /groups", "status": 200, "body": {"object": {"fields": {"data": data}}}}
    answer |= {place: junk} if place in ("headers", "query", "body") else {}
    if place == "data":
        answer["body"] = {"object": {"fields": {"data": junk}}}
    path = tmp_path / "capture.json"
    document = {"format": "wappfy-reconciler/capture", "format_version": 1, "answers": [answer, answer]}
    path.write_text(json.dumps(document), encoding="utf-8")
    try:
        likeness = load_likeness(path)
    except SandboxError:
        return
    with serving(settings_of(likeness), likeness) as server:
        answered = requests.get(
            f"{server.url}/instances/{INSTANCE}/groups", headers={"X-Api-Key": server.key}, timeout=10
        )
    assert answered.status_code == 200


def test_a_page_is_as_long_as_the_longest_first_page_of_a_capture(tmp_path: Path) -> None:
    def exchange(entries: int, **query: int) -> Exchange:
        body = json.dumps({"data": [LISTED] * entries}).encode()
        response = HttpResponse(200, {}, body, 0.0)
        path = f"/instances/{INSTANCE}/groups"
        return Exchange(method="GET", path=path, query=query, sent_at=0.0, received_at=0.0, response=response)

    exchanges = [exchange(49), exchange(50), exchange(3, limit=50, offset=49)]
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(capture_document(exchanges, "p")), encoding="utf-8")
    likeness = load_likeness(path)
    assert (likeness.paging, likeness.page_size) == ("offset", 50)


def test_a_call_that_the_captured_server_never_answered_with_success_ends_with_its_error(tmp_path: Path) -> None:
    exchanges = [
        Exchange(
            method="GET",
            path=f"/instances/{INSTANCE}{call}",
            query={},
            sent_at=0.0,
            received_at=0.0,
            response=HttpResponse(status, {}, json.dumps(body).encode(), 0.0),
        )
        for call, status, body in (
            ("/groups", 200, {"data": [LISTED]}),
            ("/contacts/check", 403, {"error": {"code": "FORBIDDEN", "message": "no"}}),
            ("", 429, {"error": {"code": "RATE_LIMIT_EXCEEDED"}}),
            ("", 404, {"message": "Cannot GET"}),
        )
    ]
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(capture_document(exchanges, "p")), encoding="utf-8")
    likeness = load_likeness(path)
    with serving(settings_of(likeness), likeness) as server, requests.Session() as http:
        http.headers["X-Api-Key"] = server.key
        answers = [http.get(f"{server.url}/instances/{INSTANCE}{call}", timeout=10) for call in CALLS]
    assert [answer.status_code for answer in answers] == [404, 200, 403]
    assert answers[2].json()["error"]["code"] == "FORBIDDEN"
    assert set(answers[2].json()) == {"error"}
    assert set(answers[2].json()["error"]) == {"code", "message"}
