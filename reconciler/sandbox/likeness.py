"""Answer like a server of which `doctor --capture` kept the forms: envelope, paging, fields that it has or lacks.

Ids, names and people are the world's; the capture has none. A field that the captured server never sent is left out, an
unknown one is added with a value of its type. A call that the captured server never answered
with success ends with its error; other errors keep the documented envelope.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.sandbox.records import SandboxError
from reconciler.sandbox.settings import Dialect, Paging

CAPTURE_FORMAT = "wappfy-reconciler/capture"
CAPTURE_FORMAT_VERSION = 1
DOCUMENTED_LIMIT = 100
_MAX_BYTES = 4 << 20
MAX_PAGE = 1000
_MAX_DEPTH = 20
_MAX_TEXT = 100
_PAGING_FIELDS = ("total", "page", "limit", "totalPages", "hasMore")
_PHONE_FIELDS = ("phoneNumber", "phone_number", "pn", "jid")
_KEPT_FIELDS = frozenset({*_PHONE_FIELDS, "lid"})
"""The fields that depend on the person: neither left out nor added."""

Form = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Likeness:
    """The forms of successful responses by call ("GET /groups"), and what they say of the server."""

    bodies: Mapping[str, Form] = field(hash=False)
    dialect: Dialect
    paging: Paging
    page_size: int | None
    rate_limit: int | None
    phone_field: str | None
    refusals: Mapping[str, tuple[int, Form]] = field(default_factory=dict, hash=False)
    """Status and form of the response to each call that the captured server never answered with success."""

    def refusal(self, call: str) -> tuple[int, str] | None:
        """Return the status and code of the error that the captured server has for a call; None where it has none."""
        if call not in self.refusals:
            return None
        status, form = self.refusals[call]
        words = _list(
            _mapping(_mapping(_fields(_mapping(_fields(form).get("error"))).get("code")).get("text")).get("words")
        )
        return status, str(words[0]) if words else "ERROR"

    def adapt_refusal(self, call: str, document: Mapping[str, Any]) -> Any:
        """Return an error in the documented envelope as the captured server would send it."""
        return _adapted(document, self.refusals[call][1])

    def adapt(self, call: str, document: Mapping[str, Any]) -> Any:
        """Return a response in the documented envelope as the captured server would send it."""
        form = self.bodies.get(call)
        if form is not None:
            return _adapted(_placed(document, form), form)
        usual = next(iter(self.bodies.values()), {})
        if not _has_envelope(usual):
            return document["data"]
        return {name: value for name, value in document.items() if name == "data" or name in _fields(usual)}


def load_likeness(path: Path) -> Likeness:
    """Read a capture; raise SandboxError for any other file, and for one without a successful list of groups."""
    capture = _read(path)
    answers = [answer for answer in _list(capture.get("answers")) if isinstance(answer, dict)]
    good = [answer for answer in answers if answer.get("status") == 200 and isinstance(answer.get("body"), dict)]
    bodies: dict[str, Form] = {}
    for answer in good:
        bodies.setdefault(str(answer.get("call")), answer["body"])
    if "GET /groups" not in bodies:
        raise SandboxError(f"{path} has no successful response to GET /groups; capture a list of groups")
    lists = [answer for answer in good if answer.get("call") == "GET /groups"]
    headers = _fields(_mapping(good[0].get("headers")))
    paging, page_size = _paging_of(lists)
    return Likeness(
        bodies=bodies,
        dialect=_dialect_of(bodies),
        paging=paging,
        page_size=page_size,
        rate_limit=_rate_limit_of(headers),
        phone_field=_phone_field_of(bodies),
        refusals=_refusals_of(answers, bodies),
    )


def _refusals_of(answers: Sequence[Mapping[str, Any]], bodies: Mapping[str, Form]) -> dict[str, tuple[int, Form]]:
    """Return the first error of each call without a success. A 429 is about the moment, not about the server."""
    refusals: dict[str, tuple[int, Form]] = {}
    for answer in answers:
        call, status = str(answer.get("call")), answer.get("status")
        if call not in bodies and type(status) is int and 400 <= status < 600 and status != 429:
            refusals.setdefault(call, (status, _mapping(answer.get("body"))))
    return refusals


def _read(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SandboxError(f"{path} is too large for a capture")
        capture = json.loads(path.read_bytes())
    except OSError as error:
        raise SandboxError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError):
        raise SandboxError(f"{path} is not JSON; name a file that `reconciler doctor --capture` wrote") from None
    if not isinstance(capture, dict) or capture.get("format") != CAPTURE_FORMAT:
        raise SandboxError(f"{path} is not a capture; name a file that `reconciler doctor --capture` wrote")
    if capture.get("format_version") != CAPTURE_FORMAT_VERSION:
        raise SandboxError(f"{path} is a capture of another version; capture again with this one")
    return capture


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _fields(form: Form) -> Mapping[str, Any]:
    """Return the forms of an object's fields; nothing for a form without any."""
    return _mapping(_mapping(form.get("object")).get("fields"))


def _entries(form: Form) -> Form:
    return _mapping(_mapping(form.get("array")).get("entries"))


def _has_envelope(form: Form) -> bool:
    return "data" in _fields(form)


def _data(form: Form) -> Form:
    return _mapping(_fields(form)["data"]) if _has_envelope(form) else form


def _listed(form: Form) -> Form:
    """Return the form of a list, wherever the response has it."""
    data = _data(form)
    return _mapping(_fields(data).get("items")) if "items" in _fields(data) else data


def _dialect_of(bodies: Mapping[str, Form]) -> Dialect:
    group = _fields(_entries(_listed(bodies["GET /groups"]))) or _fields(_data(bodies.get("GET /groups/{id}", {})))
    return Dialect.REFERENCE if "subject" in group and "group_id" not in group else Dialect.GUIDE


def _phone_field_of(bodies: Mapping[str, Form]) -> str | None:
    groups = [_data(bodies.get("GET /groups/{id}", {})), _entries(_listed(bodies["GET /groups"]))]
    people = [_fields(_entries(_mapping(_fields(group).get("participants")))) for group in groups]
    return next((name for person in people for name in _PHONE_FIELDS if name in person), None)


def _rate_limit_of(headers: Mapping[str, Any]) -> int | None:
    """Return the limit that the headers tell, the documented one if it is not a usual one; None without headers."""
    if "x-ratelimit-remaining" not in headers:
        return None
    words = _list(_mapping(_mapping(headers.get("x-ratelimit-limit")).get("text")).get("words"))
    is_number = bool(words) and isinstance(words[0], str) and re.fullmatch("[1-9][0-9]{0,4}", words[0])
    return int(words[0]) if is_number else DOCUMENTED_LIMIT


def _paging_of(lists: Sequence[Mapping[str, Any]]) -> tuple[Paging, int | None]:
    """Return the style and size of pages. A server that ignores an offset sends its first page again."""
    first = lists[0]["body"]
    places = (_fields(_data(first)), *(_paging_fields(first, place) for place in ("", "meta", "pagination")))
    for place in places:
        if "page" in place or "totalPages" in place:
            numbers = _list(_mapping(_mapping(place.get("limit")).get("integer")).get("numbers"))
            return Paging.PAGE, _whole(numbers) or None
    # Of several reads of the list, one may have found fewer groups: a full page is the longest.
    size = _whole(_length(first)[-1:])
    behind = [_whole(_length(answer["body"])) for answer in lists if "offset" in _list(answer.get("query"))]
    return (Paging.OFFSET, size) if size and any(following < size for following in behind) else (Paging.NONE, None)


def _length(body: Form) -> list[Any]:
    return _list(_mapping(_listed(body).get("array")).get("length"))


def _whole(numbers: list[Any]) -> int:
    """Return the first of some numbers, which is the least of a range; 0 where it makes no sense."""
    return numbers[0] if numbers and type(numbers[0]) is int and 0 < numbers[0] <= MAX_PAGE else 0


def _paging_fields(form: Form, place: str) -> Mapping[str, Any]:
    """Return the fields of paging beside a list: in the envelope itself (""), in its `meta`, in its `pagination`."""
    if not _has_envelope(form):
        return {}
    fields = _fields(_mapping(_fields(form).get(place))) if place else _fields(form)
    return {name: fields[name] for name in _PAGING_FIELDS if name in fields}


def _placed(document: Mapping[str, Any], form: Form) -> Any:
    """Return the data without the envelope, or the paging beside its list, where the captured server has it so."""
    data = document["data"]
    if not _has_envelope(form):
        return data
    if not isinstance(data, dict) or "items" not in data or "items" in _fields(_data(form)):
        return document
    paging = {**data, "hasMore": data["page"] < data["totalPages"]}
    moved = {**document, "data": data["items"]}
    for place in ("", "meta", "pagination"):
        values = {name: paging[name] for name in _paging_fields(form, place)}
        if place and values:
            moved[place] = {**_mapping(moved.get(place)), **values}
        else:
            moved |= values
    return moved


def _adapted(value: Any, form: Form) -> Any:
    """Return a value with the fields of a form, those that it lacks with a value of their type."""
    if set(form) == {"null"}:
        return None
    if isinstance(value, list) and "array" in form:
        entries = _entries(form)
        return [_adapted(entry, entries) for entry in value] if entries else value
    if not isinstance(value, dict) or "object" not in form:
        return value
    fields = _fields(form)
    kept = {name: _adapted(each, _mapping(fields.get(name))) for name, each in value.items() if _stays(name, fields)}
    added = {name: _example(_mapping(each)) for name, each in fields.items() if name not in {*value, *_KEPT_FIELDS}}
    others = _mapping(_mapping(form["object"]).get("other_fields"))
    unknown = {f"unknown_{length}": _example(_mapping(each)) for length, each in others.items()}
    return {**kept, **added, **unknown}


def _stays(name: str, fields: Mapping[str, Any]) -> bool:
    return name in fields or name in _KEPT_FIELDS


def _example(form: Form, depth: int = 0) -> Any:
    """Return a value of the first type that a form has."""
    type_ = next(iter(form), "null")
    details = _mapping(form.get(type_))
    if type_ == "text":
        return _example_text(details)
    if type_ == "object" and depth < _MAX_DEPTH:
        return {name: _example(_mapping(each), depth + 1) for name, each in _fields(form).items()}
    examples: dict[str, Any] = {"boolean": False, "integer": 0, "number": 0.5, "array": [], "object": {}}
    return examples.get(type_)


def _example_text(details: Mapping[str, Any]) -> str:
    words, forms, length = (_list(details.get(name)) for name in ("words", "forms", "length"))
    if words:
        return str(words[0])
    if "date-time" in forms:
        return "2026-01-15T10:00:00Z"
    return ("0" if "digits" in forms else "x") * min(_whole(length), _MAX_TEXT)
