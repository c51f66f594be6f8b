"""The sandbox's two kinds of files: a world's first state, and a list of faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reconciler.sandbox.faults import EFFECT_SELECTABLE, Fault, FaultKind
from reconciler.sandbox.phones import parse_phone
from reconciler.sandbox.world import World
from reconciler.sandbox.yaml_input import YamlValue, read_document

_INSTANCE = ("id", "phone", "name", "status", "type")
_ACCOUNT = ("phone", "jid", "lid", "shows", "refuses_adds", "exists", "spelling")
_GROUP = ("id", "name", "description", "owner", "participants", "invite_code", "instance")
_PARTICIPANT = ("phone", "admin", "owner")
_CONTACT = ("phone", "name", "short_name", "push_name", "is_business")
_INSTANCE_ROLES = ("admin", "member", "outside")


def seed_world(world: World, path: Path) -> None:
    """Put a YAML file's instance, accounts, groups and contacts into a world, all or nothing.

    Keys: `instance` {id, phone, name, status, type}; `accounts`, a list of {phone, jid, lid, shows, refuses_adds,
    exists, spelling}; `groups`, a list of {id, name, description, owner, participants, invite_code, instance}, where
    a participant is a phone or {phone, admin, owner}, `instance` is admin (usual), member or outside, and the owner is
    the instance where it is an admin and nobody else is named; `contacts`, a list of {phone, name, short_name,
    push_name, is_business}. Raises SandboxError that says what is wrong and where.
    """
    top = read_document(path, typed=False).fields(("instance", "accounts", "groups", "contacts"), ["instance"])
    with world.transaction():
        instance = {key: place.text() for key, place in top["instance"].fields(_INSTANCE, ["id", "phone"]).items()}
        with top["instance"].blamed():
            world.ensure_instance(
                instance["id"],
                instance["phone"],
                instance.get("name", "Sandbox"),
                instance.get("type", "waha"),
                instance.get("status", "connected"),
            )
        for place in _list(top, "accounts"):
            _seed_account(world, place)
        for place in _list(top, "groups"):
            _seed_group(world, place, instance["phone"])
        for place in _list(top, "contacts"):
            _seed_contact(world, place, instance["id"])


def load_faults(path: Path) -> tuple[Fault, ...]:
    """The faults of a YAML file: a list, or a mapping with the list under `faults`; the keys are `Fault`'s fields.

    Raises SandboxError for unknown keys, for keys that mean nothing to the fault's kind, and for bad values.
    """
    top = read_document(path, typed=True)
    listed = top.fields(["faults"], ["faults"])["faults"] if isinstance(top.value, dict) else top
    return tuple(_fault(place) for place in listed.entries())


def _list(top: Mapping[str, YamlValue], key: str) -> list[YamlValue]:
    return top[key].entries() if key in top else []


def _seed_account(world: World, place: YamlValue) -> None:
    fields = place.fields(_ACCOUNT, ["phone"])
    flags = {key: fields.pop(key).flag() for key in ("refuses_adds", "exists") if key in fields}
    texts = {key: field.text() for key, field in fields.items()}
    with place.blamed():
        world.set_account(**texts, **flags)  # type: ignore[arg-type]  # the keys were checked against _ACCOUNT


def _seed_contact(world: World, place: YamlValue, instance_id: str) -> None:
    fields = place.fields(_CONTACT, ["phone"])
    flags = {key: fields.pop(key).flag() for key in ("is_business",) if key in fields}
    texts = {key: field.text() for key, field in fields.items()}
    with place.blamed():
        world.add_contact(instance_id, **texts, **flags)  # type: ignore[arg-type]  # checked against _CONTACT


def _seed_group(world: World, place: YamlValue, instance: str) -> None:
    fields = place.fields(_GROUP, ["name"])
    role = fields["instance"].text() if "instance" in fields else "admin"
    if role not in _INSTANCE_ROLES:
        raise fields["instance"].wrong(f"expected one of {', '.join(_INSTANCE_ROLES)}")
    people = [_participant(each) for each in _list(fields, "participants")]
    owners = [phone for phone, _, owner in people if owner]
    named = fields["owner"].text() if "owner" in fields else next(iter(owners), None)
    owner = named or (instance if role == "admin" else None)
    with place.blamed():
        group_id = world.create_group(
            fields["name"].text(),
            [*([instance] if role == "member" else []), *(phone for phone, _, _ in people)],
            owner=owner,
            admins=[*([instance] if role == "admin" else []), *(phone for phone, admin, _ in people if admin)],
            description=fields["description"].text() if "description" in fields else "",
            group_id=fields["id"].text() if "id" in fields else None,
            invite_code=fields["invite_code"].text() if "invite_code" in fields else None,
        )
        for phone in owners:
            world.add_participant(group_id, phone, owner=True)


def _participant(place: YamlValue) -> tuple[str, bool, bool]:
    fields = {"phone": place} if isinstance(place.value, str) else place.fields(_PARTICIPANT, ["phone"])
    with fields["phone"].blamed():
        phone = parse_phone(fields["phone"].text())
    admin, owner = (key in fields and fields[key].flag() for key in ("admin", "owner"))
    return phone, admin, owner


def _body(place: YamlValue) -> Any:
    return place.value


def _headers(place: YamlValue) -> dict[str, str]:
    if not isinstance(place.value, dict):
        raise place.wrong("expected a mapping of header names and values")
    return {
        YamlValue(name, place.where).text(): YamlValue(value, place.where).text() for name, value in place.value.items()
    }


def _expression(place: YamlValue) -> str:
    try:
        re.compile(place.text())
    except re.error as error:
        raise place.wrong(f"no regular expression: {error}") from None
    return place.text()


def _error_status(place: YamlValue) -> int:
    if not 200 <= place.integer() <= 599:
        raise place.wrong("expected an HTTP status from 200 to 599")
    return place.integer()


_READERS: Mapping[str, Callable[[YamlValue], Any]] = {
    "kind": YamlValue.text,
    "method": YamlValue.text,
    "path": YamlValue.text,
    "pattern": _expression,
    "body_contains": YamlValue.text,
    "skip": YamlValue.count,
    "times": YamlValue.count,
    "headers": _headers,
    "rate_headers": YamlValue.flag,
    "effect": YamlValue.flag,
    "seconds": YamlValue.number,
    "status": _error_status,
    "code": YamlValue.text,
    "message": YamlValue.text,
    "body": _body,
    "amount": YamlValue.integer,
    "location": YamlValue.text,
    "cookie": YamlValue.text,
}

_ANY_KIND = ("kind", "method", "path", "pattern", "body_contains", "skip", "times")

_OWN_KEYS: Mapping[FaultKind, tuple[str, ...]] = {
    FaultKind.LATENCY: ("seconds",),
    FaultKind.STATUS: ("status", "code", "message"),
    FaultKind.GARBAGE: ("body",),
    FaultKind.STALE_LIST: ("amount",),
    FaultKind.STALE_GROUP: ("amount",),
    FaultKind.PARTIAL_LIST: ("amount",),
    FaultKind.PARTIAL_GROUP: ("amount",),
    FaultKind.WRONG_COUNT: ("amount",),
    FaultKind.REDIRECT: ("status", "location"),
    FaultKind.SET_COOKIE: ("cookie",),
}

_UNANSWERED = frozenset({FaultKind.LATENCY, FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.SILENCE})


def _fault(place: YamlValue) -> Fault:
    named = place.fields(tuple(_READERS), ["kind"])["kind"]
    if named.value not in list(FaultKind):
        raise named.wrong(f"{named.value!r} is no kind of fault; choose one of {', '.join(FaultKind)}")
    kind = FaultKind(named.value)
    selectable = ("effect",) if kind in EFFECT_SELECTABLE else ()
    answered = () if kind in _UNANSWERED else ("headers", "rate_headers")
    fields = place.fields((*_ANY_KIND, *answered, *selectable, *_OWN_KEYS.get(kind, ())))
    values = {key: _READERS[key](field) for key, field in fields.items()}
    return Fault(**values)
