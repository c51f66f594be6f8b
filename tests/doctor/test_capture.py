"""A capture has the form of the responses and nothing that was in them, wherever a server may put it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.doctor.capture import capture_document, capture_text, form_of, is_known_name
from reconciler.live.responses import HttpResponse
from reconciler.live.transport import Exchange

PLANTS = (
    "wappfy_sk_4fQ9zR2xK7",
    "Alice Moreno",
    "Moreno",
    "+12025550143",
    "12025550143@s.whatsapp.net",
    "120363012345678901@g.us",
    "76699677012110@lid",
    "AbCdEfGhIjKlMn",
    "https://chat.whatsapp.com/AbCdEfGhIjKlMn",
    "inst_9f3a",
    "req_77zz88",
    "s3cr3t",
    "Алиса",
    "zürich",
)
NUMBERS = (12025550143, 120363012345678901, 76699677012110, 20255.50143)
META = {"requestId": "req_1", "timestamp": "2026-01-15T10:00:00Z"}
PERSON = {"id": "1@s.whatsapp.net", "is_admin": True, "is_super_admin": False, "phone_number": "1", "lid": "2@lid"}
GROUP = {"group_id": "1@g.us", "name": "n", "description": "d", "owner": "1@c.us", "participants": [PERSON, PERSON]}
REFERENCE = {"id": "1@g.us", "subject": "n", "creation": 1768471200, "participants": [{"id": "x", "admin": "admin"}]}
HOOK = {"id": 7, "url": "https://example.com/h", "events": ["group.left"], "secret": "k", "instance_id": None}
BODIES: dict[str, Any] = {
    "/instances/i": {"success": True, "data": {"id": "i", "name": "n", "type": "waha", "status": "connected"}},
    "/instances/i/groups": {"success": True, "data": {"items": [GROUP], "total": 1, "page": 1, "limit": 20}},
    "/instances/i/groups/1@g.us": {"data": GROUP, "meta": META},
    "/instances/i/groups/2@g.us": [REFERENCE],
    "/instances/i/contacts/check": {"data": {"exists": True, "phone": "1", "chat_id": "1@s.whatsapp.net"}},
    "/webhooks": {"data": [HOOK]},
    "/elsewhere": {"success": False, "error": {"code": "FORBIDDEN", "message": "m", "details": {}}, "meta": META},
}
HEADERS = {"Date": "Thu, 15 Jan 2026 10:00:00 GMT", "X-RateLimit-Limit": "100", "Server": "nginx"}


def exchange(path: str, body: Any, headers: dict[str, str] | None = None, **query: Any) -> Exchange:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = HttpResponse(200, HEADERS if headers is None else headers, data, 0.0)
    return Exchange(method="GET", path=path, query=query, sent_at=0.0, received_at=1.0, response=response)


def captured(*exchanges: Exchange) -> str:
    return capture_text(capture_document(exchanges, "reconciler 1.0"))


def planted(value: Any, plant: Any) -> Iterator[Any]:
    """Yield the document with the plant in each of its places: for each value, beside each value, as each name."""
    yield plant
    if isinstance(value, list):
        yield [*value, plant]
        for index, entry in enumerate(value):
            for changed in planted(entry, plant):
                yield [*value[:index], changed, *value[index + 1 :]]
    if isinstance(value, dict):
        yield {**value, str(plant): 1}
        for name, entry in value.items():
            yield {**{other: each for other, each in value.items() if other != name}, str(plant): entry}
            for changed in planted(entry, plant):
                yield {**value, name: changed}


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("plant", [*PLANTS, *NUMBERS])
def test_nothing_that_is_planted_anywhere_in_a_body_is_captured(path: str, plant: Any) -> None:
    documents = list(planted(copy.deepcopy(BODIES[path]), plant))
    assert len(documents) > 5
    for document in documents:
        assert str(plant) not in captured(exchange(path, document))
    assert str(plant) not in captured(*(exchange(path, document) for document in documents))


@pytest.mark.parametrize("plant", PLANTS)
def test_nothing_that_is_planted_in_a_header_a_path_or_a_question_is_captured(plant: str) -> None:
    for name in HEADERS:
        assert plant not in captured(exchange("/webhooks", [], {**HEADERS, name: plant}))
    text = captured(
        exchange("/webhooks", [], {**HEADERS, plant: "x"}),
        exchange(f"/instances/{plant}", {}),
        exchange(f"/instances/i/groups/{plant}", {}),
        exchange(f"/{plant}", {}),
        exchange("/webhooks", {}, None, phone=plant, **{plant: 1}),
        exchange("/webhooks", plant.encode()),
    )
    assert plant not in text


def test_a_form_has_types_lengths_and_the_words_of_fixed_lists() -> None:
    form = form_of([{"id": "1@lid", "status": "connected"}, {"id": "22@lid", "status": "lost", "zodiac": None}])
    assert form == {
        "object": {
            "count": 2,
            "fields": {
                "id": {"text": {"count": 2, "forms": ["jid@lid"], "length": [5, 6]}},
                "status": {"text": {"count": 2, "forms": ["text"], "length": [4, 9], "words": ["connected"]}},
            },
            "other_fields": {"6": {"null": {"count": 1}}},
        }
    }


def test_answers_to_the_same_question_are_one_entry() -> None:
    pages = [exchange("/instances/i/groups", [], offset=at, limit=50) for at in (49, 98)]
    answers = capture_document([exchange("/instances/i/groups", []), *pages], "p")["answers"]
    assert [(one["call"], one["query"], one["times"]) for one in answers] == [
        ("GET /groups", [], 1),
        ("GET /groups", ["limit", "offset"], 2),
    ]


def test_the_fields_of_the_documents_and_their_like_are_known() -> None:
    documented = [*GROUP, *PERSON, *REFERENCE, *HOOK, *META, "participant_count", "totalPages", "hasMore", "chat_id"]
    documented += ["pushname", "push_name", "short_name", "is_business", "phoneNumber", "pn", "isSuperAdmin", "jobId"]
    documented += ["X-RateLimit-Remaining", "Retry-After", "X-Request-Id", "Content-Type", "CF-Cache-Status"]
    documented += ["retry_count", "timeout_ms", "is_active", "_serialized", "created_at", "pictureUrl", "invite_code"]
    assert [name for name in documented if not is_known_name(name)] == []


def test_what_is_no_json_or_too_deep_is_only_counted() -> None:
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    document = capture_document([exchange("/webhooks", b"<html>"), exchange("/webhooks", deep)], "p")
    assert document["answers"][0]["unreadable_bodies"] == 1
    assert len(capture_text(document)) < 10_000


def test_the_text_reads_back_as_the_document() -> None:
    document = capture_document([exchange(path, body) for path, body in BODIES.items()], "p")
    assert json.loads(capture_text(document)) == document
    assert max(map(len, capture_text(document).splitlines())) <= 130
