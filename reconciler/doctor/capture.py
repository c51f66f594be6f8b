"""Keep of a response its form alone, so that it can be shown to anybody: fields, types, lengths, words of fixed lists.

Nothing is redacted, because no value ever gets in: whatever is written comes from a list in this module, or is a
number of fields, characters or digits. Field names come from a server too, and may be a person's name or number: a name
is written only if it consists of words of `_VOCABULARY`. Pure.

A form is an object by type: `{"text": {"count": 3, "forms": ["jid@lid"], "length": [14, 18]}, "null": {"count": 1}}`.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from reconciler.live.transport import Exchange

CAPTURE_FORMAT: Final = "wappfy-reconciler/capture"
CAPTURE_FORMAT_VERSION: Final = 1
_MAX_DEPTH = 20
_LINE_WIDTH = 110

_CALLS = (
    (re.compile(r"/instances/[^/]+"), "GET /instances/{id}"),
    (re.compile(r"/instances/[^/]+/groups"), "GET /groups"),
    (re.compile(r"/instances/[^/]+/groups/[^/]+"), "GET /groups/{id}"),
    (re.compile(r"/instances/[^/]+/contacts/check"), "GET /contacts/check"),
    (re.compile(r"/webhooks"), "GET /webhooks"),
)
_QUERY = frozenset({"limit", "offset", "page", "phone"})
_VOCABULARY_TEXT = """\
accept access account action active add added address admin admins after age agent alive allow allowed alt announce
api app approval at auth authenticate author available avatar before bot broadcast business by bytes cache can cf chat
cloud code community connected connection contact contacts content control cookie core count country created creation
creator cross cursor data date deleted desc description detail details device disabled display duration edit enabled
encoding encrypted end engine ephemeral error errors etag event events exists expiration expires field fields first
frame from full generated get group groups has headers health hidden host icon id ids image inactive info instance
instances invite is items jid job join joined keep key kind language last length level lid limit limited link linked
list locked me member members membership message messages meta metadata method mode modified more ms muted name names
next notify number offset ok open options origin own owner page pages pagination parent participant participants path
per permission phone photo picture plan platform pn policy powered prev previous private processed profile proxy push
pushname qr query rank rate ratelimit read reason referrer region remaining remote report request reset resource
response result results retry role rules seconds secret security send sent serialized server service session settings
short size social start state status strict subject subscribed success super suspended sync system tag tags text time
timeout timestamp timezone title to token total totalpages trace transfer transport type types unique unread until
updated uri url used user username usernames uuid value values vary verified version via waha wait wid window with x
xss
"""
_VOCABULARY = frozenset(_VOCABULARY_TEXT.split())
"""The words of which the names of fields and headers may consist: those of the API's documents and their like."""

_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "status": frozenset({"created", "starting", "scan_qr", "connected", "disconnected", "failed", "sent", "pending"}),
    "type": frozenset({"waha", "cloud_api"}),
    "admin": frozenset({"admin", "superadmin"}),
    "code": frozenset(
        {
            "VALIDATION_ERROR",
            "UNAUTHORIZED",
            "FORBIDDEN",
            "NOT_FOUND",
            "INSTANCE_NOT_FOUND",
            "CONFLICT",
            "PLAN_LIMIT_REACHED",
            "RATE_LIMIT_EXCEEDED",
            "INTERNAL_ERROR",
        }
    ),
    "events": frozenset(
        f"{noun}.{verb}"
        for noun, verbs in {
            "message": ("received", "sent", "delivered", "read", "failed", "reaction"),
            "instance": ("connected", "disconnected", "qr"),
            "contact": ("created",),
            "group": ("joined", "left"),
        }.items()
        for verb in verbs
    ),
    "x-ratelimit-limit": frozenset({"10", "20", "30", "50", "60", "100", "120", "200", "300", "500", "600", "1000"}),
}
"""The words that are written as they are, by the field that may hold them."""

_NUMBERS: Final[Mapping[str, frozenset[int]]] = {"limit": frozenset({10, 20, 25, 30, 50, 100, 200, 250, 500, 1000})}
_FORMS = (
    ("empty", r""),
    ("jid@s.whatsapp.net", r"\d+@s\.whatsapp\.net"),
    ("jid:device@s.whatsapp.net", r"\d+:\d+@s\.whatsapp\.net"),
    ("jid@c.us", r"\d+@c\.us"),
    ("jid@lid", r"\d+(?::\d+)?@lid"),
    ("jid@g.us", r"[\d-]+@g\.us"),
    ("other@address", r"[^@\s]+@[^@\s]+"),
    ("digits", r"\d+"),
    ("+digits", r"\+\d+"),
    ("date-time", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)"),
    ("http-date", r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"),
    ("invite-url", r"https://chat\.whatsapp\.com/\S+"),
    ("https-url", r"https://\S+"),
    ("http-url", r"http://\S+"),
    ("request-id", r"req_\S+"),
)
_COMPILED = tuple((name, re.compile(pattern, re.ASCII)) for name, pattern in _FORMS)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", re.ASCII)
_NAME = re.compile(r"[A-Za-z_-]{1,60}", re.ASCII)


def capture_document(exchanges: Iterable[Exchange], program: str) -> dict[str, Any]:
    """Return the form of every response, those to the same question with the same status together."""
    answers: dict[tuple[str, tuple[str, ...], int], list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        query = tuple(sorted(_QUERY & exchange.query.keys()))
        answers[_call(exchange), query, exchange.response.status].append(exchange)
    return {
        "format": CAPTURE_FORMAT,
        "format_version": CAPTURE_FORMAT_VERSION,
        "program": program,
        "answers": [
            {"call": call, "query": list(query), "status": status, "times": len(same), **_answer(same)}
            for (call, query, status), same in answers.items()
        ],
    }


def capture_text(value: Any, indent: str = "") -> str:
    """Return a capture as JSON to read: what fits on a line is on one line."""
    line = json.dumps(value)
    if len(indent) + len(line) <= _LINE_WIDTH or not isinstance(value, dict | list) or not value:
        return line
    inner = indent + "  "
    if isinstance(value, list):
        entries, ends = [capture_text(entry, inner) for entry in value], "[]"
    else:
        entries, ends = [f"{json.dumps(key)}: {capture_text(entry, inner)}" for key, entry in value.items()], "{}"
    body = ",\n".join(f"{inner}{entry}" for entry in entries)
    return f"{ends[0]}\n{body}\n{indent}{ends[1]}"


def _call(exchange: Exchange) -> str:
    matching = (name for pattern, name in _CALLS if exchange.method == "GET" and pattern.fullmatch(exchange.path))
    return next(matching, "another call")


def _answer(same: Sequence[Exchange]) -> dict[str, Any]:
    headers = [{name.lower(): value for name, value in exchange.response.headers.items()} for exchange in same]
    bodies = [body for exchange in same if (body := _parse(exchange.response.body)) is not _UNREADABLE]
    unreadable = len(same) - len(bodies)
    return {
        "headers": form_of(headers),
        "body": form_of(bodies),
        **({"unreadable_bodies": unreadable} if unreadable else {}),
    }


_UNREADABLE = object()


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _UNREADABLE


def form_of(values: Sequence[Any], field: str = "", depth: int = 0) -> dict[str, Any]:
    """Return the form that these values have together; `field` is the name of the field that holds them."""
    by_type: dict[str, list[Any]] = defaultdict(list)
    for value in values:
        by_type[_type(value)].append(value)
    return {name: {"count": len(same), **_describe(name, same, field, depth)} for name, same in by_type.items()}


def _type(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "boolean", int: "integer", float: "number", str: "text", list: "array", dict: "object"}
    return names[type(value)]


def _describe(type_: str, values: Sequence[Any], field: str, depth: int) -> dict[str, Any]:
    if type_ == "text":
        words = sorted(_WORDS.get(field, frozenset()).intersection(values))
        forms = sorted({_form(value) for value in values})
        return {"forms": forms, "length": _range(map(len, values))} | ({"words": words} if words else {})
    if type_ == "integer":
        numbers = sorted(_NUMBERS.get(field, frozenset()).intersection(values))
        return {"digits": _range(len(str(abs(value))) for value in values)} | ({"numbers": numbers} if numbers else {})
    if depth == _MAX_DEPTH:
        return {}
    if type_ == "array":
        entries = form_of([entry for value in values for entry in value], field, depth + 1)
        return {"length": _range(map(len, values)), "entries": entries}
    return _fields(values, depth) if type_ == "object" else {}


def _fields(objects: Sequence[Mapping[str, Any]], depth: int) -> dict[str, Any]:
    """Return the forms of fields by name; those whose name is in no list count by the length of their name."""
    known: dict[str, list[Any]] = defaultdict(list)
    others: dict[str, list[Any]] = defaultdict(list)
    for one in objects:
        for name, value in one.items():
            target, key = (known, name) if is_known_name(name) else (others, str(len(name)))
            target[key].append(value)
    fields = {name: form_of(values, name, depth + 1) for name, values in known.items()}
    unknown = {length: form_of(values, "", depth + 1) for length, values in others.items()}
    return {"fields": fields, **({"other_fields": unknown} if unknown else {})}


def is_known_name(name: str) -> bool:
    """Whether the name of a field or header consists of words of the vocabulary, in any spelling."""
    if not _NAME.fullmatch(name):
        return False
    parts = [part.lower() for piece in re.split(r"[_-]+", name) for part in _PARTS.findall(piece)]
    return bool(parts) and _VOCABULARY.issuperset(parts)


def _form(text: str) -> str:
    return next((name for name, pattern in _COMPILED if pattern.fullmatch(text)), "text")


def _range(lengths: Iterable[int]) -> list[int]:
    known = list(lengths)
    return [min(known), max(known)]
