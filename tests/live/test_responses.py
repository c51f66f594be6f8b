"""A response becomes the data of its envelope or the error that it reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler import errors
from reconciler.errors import HttpError, InvalidResponse
from reconciler.live.responses import HttpResponse, error_from_response
from reconciler.sanitize.escape import escape_controls
from tests.live.scripted_server import Expect
from tests.live.transport_setup import GROUP, KEY, PATH, failure_of

FAILURE = "the response reports a failure despite its status"


def _error(status: int, body: bytes, redact: Callable[[str], str] = str) -> HttpError:
    return error_from_response(HttpResponse(status, {}, body, 0.0), "GET /groups", redact)


STATUSES = [
    (400, "VALIDATION_ERROR", "HttpError", ""),
    (401, "UNAUTHORIZED", "Unauthorized", "WAPPFY_API_KEY"),
    (403, "FORBIDDEN", "Forbidden", "admin"),
    (404, "NOT_FOUND", "NotFound", "group is gone"),
    (404, "INSTANCE_NOT_FOUND", "NotFound", "instance id"),
    (405, None, "HttpError", ""),
    (409, "PLAN_LIMIT_REACHED", "Conflict", "subscription"),
    (409, "CONFLICT", "Conflict", ""),
    (418, None, "HttpError", ""),
    (422, "VALIDATION_ERROR", "Unprocessable", "s.whatsapp.net"),
    (429, "RATE_LIMIT_EXCEEDED", "RateLimited", "--rate"),
    (500, "INTERNAL_ERROR", "ServerError", "later"),
    (503, None, "ServerError", "later"),
]


@pytest.mark.parametrize(("status", "code", "kind", "hint"), STATUSES)
def test_a_status_becomes_its_error_with_everything_the_server_reported(
    status: int, code: str | None, kind: str, hint: str
) -> None:
    document = {
        "success": False,
        "error": {"code": code, "message": "Not today", "details": {"field": ["x"]}},
        "meta": {"requestId": "req_7"},
    }
    error = _error(status, json.dumps(document).encode())
    assert type(error) is getattr(errors, kind)
    assert (error.status, error.code, error.request_id) == (status, code, "req_7")
    assert (error.message, error.details) == ("Not today", {"field": ["x"]})
    assert hint in error.hint
    label = f"{status} {code}" if code else str(status)
    assert str(error).startswith(f"GET /groups: {label}: Not today (request id req_7)")


@pytest.mark.parametrize(("status", "code", "kind", "hint"), STATUSES)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b"[]",
        b"null",
        b'"no"',
        b"{",
        b"{}",
        b'{"error": null}',
        b'{"error": {"message": 5, "code": [], "details": 0}, "meta": 3}',
        b"[" * 5_000,
        b"\xff\xfe",
    ],
    ids=repr,
)
def test_a_status_alone_becomes_its_error(status: int, code: str | None, kind: str, hint: str, body: bytes) -> None:
    response = HttpResponse(status, {"X-Request-Id": "abc"}, body[:40] if body[:2] == b"[[" else body, 0.0)
    error = error_from_response(response, "GET /x", str)
    assert type(error) is getattr(errors, kind)
    assert error.request_id == "abc"
    assert error.message


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"error": "Group not found"}, "Group not found"),
        ({"statusCode": 404, "message": "Cannot GET", "error": "Not Found"}, "Cannot GET"),
        ({"error": {"message": "a" * 300}}, "a" * 199 + "…"),
        ({"error": {"message": "red \x1b[31m\r\n\u202e \ud800"}}, r"red \x1b[31m\r\n\u202e \ud800"),
        ({"error": {"message": f"the key {KEY} is blocked"}}, "the key [key] is blocked"),
        ({"error": {"message": "12025550143@s.whatsapp.net is in"}}, "+1 202 ••• ••43 is in"),
        ({"error": {"message": "call +1 202 555 0143 now"}}, "call +1 202 ••• ••43 now"),
        ({"error": {"message": f"no group {GROUP}, 12 of 1024"}}, f"no group {GROUP}, 12 of 1024"),
    ],
)
def test_a_servers_message_is_shortened_and_made_safe(document: Any, message: str) -> None:
    redact: Callable[[str], str] = lambda text: text.replace(KEY, "[key]")  # noqa: E731 - one expression
    assert _error(404, json.dumps(document).encode(), redact).message == message


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 429, 500])
@pytest.mark.parametrize("without", [("meta",), ("details",), ("code",), ("meta", "details", "code")])
def test_an_error_without_meta_details_or_code_is_the_same_error(status: int, without: tuple[str, ...]) -> None:
    error = {"code": "SOME_CODE", "message": "12025550143@s.whatsapp.net cannot", "details": {}}
    whole: dict[str, Any] = {"success": False, "error": error, "meta": {"requestId": "req_7"}}
    lacking = {name: value for name, value in whole.items() if name not in without}
    lacking["error"] = {name: value for name, value in error.items() if name not in without}
    expected, found = (_error(status, json.dumps(document).encode()) for document in (whole, lacking))
    assert (type(found), found.message, found.details) == (type(expected), expected.message, expected.details)
    assert found.request_id == (None if "meta" in without else "req_7")


@pytest.mark.parametrize(
    ("body", "is_about_group"),
    [
        (b'{"success": false, "error": {"message": "group not found"}}', True),
        (b'{"error": {"message": "group not found, or the instance is not a member of it"}}', True),
        (b'{"error": {}}', True),
        (b'{"success": false, "error": {"message": "Instance inst_x not found"}}', False),
        (b'{"success": false, "error": {"message": "The instance does not exist"}}', False),
        (b'{"statusCode": 404, "message": "Cannot GET /x", "error": "Not Found"}', False),
        (b"<html>404</html>", False),
    ],
)
def test_a_404_without_a_code_is_about_the_group_if_the_api_itself_answers(body: bytes, is_about_group: bool) -> None:
    error = _error(404, body)
    assert isinstance(error, errors.NotFound)
    assert error.is_about_group is is_about_group


def test_details_keep_full_ids_and_fall_back_to_those_in_the_message() -> None:
    words = "bad: 12025550143@s.whatsapp.net and 4917@x"
    body = json.dumps({"error": {"message": words}}).encode()
    assert _error(422, body).details == {"participants": ["12025550143@s.whatsapp.net"]}
    body = json.dumps({"error": {"message": words, "details": {"bad": [f"x{KEY}"], KEY: None}}}).encode()
    redact: Callable[[str], str] = lambda text: text.replace(KEY, "")  # noqa: E731 - one expression
    assert _error(422, body, redact).details == {"bad": ["x"], "": None}


def test_details_are_cut_off_below_the_maximum_depth() -> None:
    deep: Any = "x"
    for _ in range(60):
        deep = [deep]
    details = _error(422, json.dumps({"error": {"details": deep}}).encode()).details
    assert json.dumps(details).count("[") == 20


ERROR_FIELDS = st.sampled_from(["error", "message", "code", "details", "meta", "requestId", "x"])


SCALARS = st.none() | st.booleans() | st.integers() | st.text()


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(ERROR_FIELDS, inner)))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_json_becomes_an_error_with_a_safe_message(document: Any) -> None:
    error = _error(409, json.dumps(document).encode())
    assert escape_controls(error.message) == error.message, "something is left to escape"
    assert str(error)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("https://evil.example/api", "evil.example"),
        ("/else", "another place"),
        ("", "another place"),
        ("http://[::1", "another place"),
    ],
)
def test_the_error_for_a_redirect_names_the_host(status: int, location: str, host: str) -> None:
    error = failure_of(Expect("POST", PATH, status=status, answer=b"", headers={"Location": location}))
    assert type(error) is HttpError
    assert (error.status, error.message) == (status, f"refused a redirect to {host}")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"<html>", "the response is not JSON, or is cut off"),
        (b'{"data": [', "the response is not JSON, or is cut off"),
        (b'{"data": NaN}', "the response is not JSON, or is cut off"),
        (b"[" * 200_000, "the response is not JSON, or is cut off"),
        (b'"\xff"', "the response is not JSON, or is cut off"),
        ({"success": False, "error": {"code": "X", "message": "no"}}, f"{FAILURE}: no"),
        ({"success": False}, f"{FAILURE}: no reason given"),
        ({"success": "yes", "data": 1}, f"{FAILURE}: no reason given"),
        ({"error": "broken"}, f"{FAILURE}: broken"),
    ],
)
def test_an_unusable_2xx_is_an_invalid_response(answer: Any, message: str) -> None:
    error = failure_of(Expect("POST", PATH, answer=answer))
    assert type(error) is InvalidResponse
    assert error.message == message
    assert error.status == 200
