"""The sandbox's two kinds of YAML files: the initial state of a world, and a list of faults."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

from reconciler.sandbox.faults import EFFECT_SELECTABLE, STALE, Fault, FaultKind
from reconciler.sandbox.phones import parse_phone
from reconciler.sandbox.records import SandboxError
from reconciler.sandbox.world import World

_ACCOUNT_KEYS = ("phone", "jid", "lid", "shows", "refuses_adds", "exists", "spelling")
_CONTACT_KEYS = ("phone", "name", "short_name", "push_name", "is_business")
_INSTANCE_ROLES = ("admin", "member", "outside")


@dataclasses.dataclass(frozen=True, slots=True)
class YamlValue:
    """A value of a YAML document with its location for error messages: `first.yaml: groups[2].name`."""

    value: Any
    location: str

    def fields(self, known: Sequence[str], required: Sequence[str] = ()) -> dict[str, YamlValue]:
        """Return a mapping's values by key; other keys are errors."""
        self._expect(isinstance(self.value, dict), f"a mapping with {', '.join(known)}")
        unknown = [str(key) for key in self.value if key not in known]
        if unknown:
            raise self.error(f"unknown key {unknown[0]!r}; known: {', '.join(known)}")
        for key in required:
            if key not in self.value:
                raise self.error(f"the key {key!r} is missing")
        separator = "." if self.location[-1] not in ": " else ""
        return {key: YamlValue(value, f"{self.location}{separator}{key}") for key, value in self.value.items()}

    def entries(self) -> list[YamlValue]:
        """Return a list's values; an empty value is an empty list."""
        if self.value in (None, ""):
            return []
        self._expect(isinstance(self.value, list), "a list")
        return [YamlValue(value, f"{self.location}[{index}]") for index, value in enumerate(self.value)]

    def text(self) -> str:
        """Return a text."""
        text: str = self._expect(isinstance(self.value, str), "text; put it in quotes")
        has_half = any("\ud800" <= character <= "\udfff" for character in text)
        self._expect(not has_half, "text without half characters (lone surrogates)")
        return text

    def boolean(self) -> bool:
        """Return true or false."""
        self._expect(self.value in (True, "true", False, "false"), "true or false")
        return self.value in (True, "true")

    def number(self) -> float:
        """Return a number of zero or more."""
        is_number = type(self.value) in (int, float) and self.value >= 0
        return float(self._expect(is_number, "a number, 0 or greater"))

    def integer(self) -> int:
        """Return an integer."""
        return int(self._expect(type(self.value) is int, "an integer"))

    def count(self) -> int:
        """Return an integer of zero or more."""
        return int(self._expect(self.integer() >= 0, "an integer, 0 or greater"))

    def regular_expression(self) -> str:
        """Return a regular expression."""
        try:
            re.compile(self.text())
        except re.error as error:
            raise self.error(f"not a regular expression: {error}") from None
        return self.text()

    def http_status(self) -> int:
        """Return an HTTP status."""
        return int(self._expect(200 <= self.integer() <= 599, "an HTTP status from 200 to 599"))

    def headers(self) -> dict[str, str]:
        """Return HTTP headers."""
        self._expect(isinstance(self.value, dict), "a mapping of header names to values")
        pairs = [(YamlValue(name, self.location), YamlValue(text, self.location)) for name, text in self.value.items()]
        return {name.text(): text.text() for name, text in pairs}

    def _expect(self, holds: bool, expected: str) -> Any:
        """Return the value if the condition about it holds; raise the error that something else was expected."""
        if not holds:
            raise self.error(f"expected {expected}")
        return self.value

    def error(self, message: str) -> SandboxError:
        """Return an error about this value."""
        return SandboxError(f"{self.location.rstrip(': ')}: {message}")

    @contextmanager
    def error_context(self) -> Iterator[None]:
        """Add this value's location to every SandboxError inside."""
        try:
            yield
        except SandboxError as error:
            raise self.error(str(error)) from None


def seed_world(world: World, path: Path) -> None:
    """Add what a YAML file describes to a world, as `add_seed` does. Raises SandboxError with a problem's location."""
    _add_seed(world, _read_yaml(path, typed=False))


def add_seed(world: World, seed: Mapping[str, Any], source: str) -> None:
    """Add an instance, accounts, groups and contacts to a world: all of them or, after an error, none.

    Keys: `instance` {id, phone, name, status, type}; `accounts`, a list of {phone, jid, lid, shows, refuses_adds,
    exists, spelling}; `groups`, a list of {id, name, description, owner, participants, invite_code, instance}, where
    a participant is a phone or {phone, admin, owner}, `instance` is admin (the default), member or outside, and an
    instance that is an admin owns the group unless another owner is named; `contacts`, a list of {phone, name,
    short_name, push_name, is_business}. Values are text, true or false. Raises SandboxError with the location of a
    problem, which begins with `source`.
    """
    _add_seed(world, YamlValue(seed, f"{source}: "))


def top_level_keys(path: Path) -> frozenset[str]:
    """Return the keys of a YAML file's mapping; none if it has no mapping. Raises SandboxError as `seed_world` does."""
    document = _read_yaml(path, typed=False).value
    return frozenset(map(str, document)) if isinstance(document, dict) else frozenset()


def _add_seed(world: World, seed: YamlValue) -> None:
    document = seed.fields(("instance", "accounts", "groups", "contacts"), ["instance"])
    with world.transaction():
        fields = document["instance"].fields(("id", "phone", "name", "status", "type"), ["id", "phone"])
        instance = {key: field.text() for key, field in fields.items()}
        with document["instance"].error_context():
            world.ensure_instance(
                instance["id"],
                instance["phone"],
                instance.get("name", "Sandbox"),
                instance.get("type", "waha"),
                instance.get("status", "connected"),
            )
        for account in _entries(document, "accounts"):
            arguments = _arguments(account, _ACCOUNT_KEYS, ("refuses_adds", "exists"))
            with account.error_context():
                world.set_account(**arguments)
        for group in _entries(document, "groups"):
            _seed_group(world, group, instance["phone"])
        for contact in _entries(document, "contacts"):
            arguments = _arguments(contact, _CONTACT_KEYS, ("is_business",))
            with contact.error_context():
                world.add_contact(instance["id"], **arguments)


def load_faults(path: Path) -> tuple[Fault, ...]:
    """Return the faults of a YAML file: a list, or a mapping with the list under `faults`; the keys are Fault's fields.

    Raises SandboxError for unknown keys, keys that the fault's kind does not use, and invalid values.
    """
    document = _read_yaml(path, typed=True)
    faults = document.fields(["faults"], ["faults"])["faults"] if isinstance(document.value, dict) else document
    return tuple(_fault(fault) for fault in faults.entries())


def _read_yaml(path: Path, typed: bool) -> YamlValue:
    """Return a YAML file's document; with `typed` False, every scalar stays text, for example a phone number.

    Raises SandboxError if the file cannot be read or is not YAML.
    """
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        value = yaml.load(text, yaml.SafeLoader if typed else yaml.BaseLoader)  # noqa: S506 -- both build plain data only
    except OSError as error:
        raise SandboxError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SandboxError(f"cannot read {path}: it is not UTF-8") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SandboxError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    return YamlValue(value, f"{path}: ")


def _entries(fields: Mapping[str, YamlValue], key: str) -> list[YamlValue]:
    return fields[key].entries() if key in fields else []


def _arguments(value: YamlValue, keys: Sequence[str], boolean_keys: Sequence[str]) -> dict[str, Any]:
    fields = value.fields(keys, ["phone"])
    return {key: field.boolean() if key in boolean_keys else field.text() for key, field in fields.items()}


def _seed_group(world: World, group: YamlValue, instance_phone: str) -> None:
    known = ("id", "name", "description", "owner", "participants", "invite_code", "instance")
    fields = group.fields(known, ["name"])
    texts = {key: field.text() for key, field in fields.items() if key != "participants"}
    role = texts.get("instance", "admin")
    if role not in _INSTANCE_ROLES:
        raise fields["instance"].error(f"expected one of {', '.join(_INSTANCE_ROLES)}")
    people = [_participant(each) for each in _entries(fields, "participants")]
    owners = [phone for phone, _, is_owner in people if is_owner]
    own_phones = {role: [instance_phone]}
    with group.error_context():
        group_id = world.create_group(
            texts["name"],
            [*own_phones.get("member", []), *(phone for phone, _, _ in people)],
            owner=texts.get("owner", next(iter(owners), None)) or (instance_phone if role == "admin" else None),
            admins=[*own_phones.get("admin", []), *(phone for phone, is_admin, _ in people if is_admin)],
            description=texts.get("description", ""),
            group_id=texts.get("id"),
            invite_code=texts.get("invite_code"),
        )
        for phone in owners:
            world.add_participant(group_id, phone, owner=True)


def _participant(value: YamlValue) -> tuple[str, bool, bool]:
    only_phone = isinstance(value.value, str)
    fields = {"phone": value} if only_phone else value.fields(("phone", "admin", "owner"), ["phone"])
    with fields["phone"].error_context():
        phone = parse_phone(fields["phone"].text())
    is_admin, is_owner = (key in fields and fields[key].boolean() for key in ("admin", "owner"))
    return phone, is_admin, is_owner


_FAULT_READERS: Mapping[str, Callable[[YamlValue], Any]] = {
    **{field.name: YamlValue.text for field in dataclasses.fields(Fault)},
    "pattern": YamlValue.regular_expression,
    "skip": YamlValue.count,
    "times": YamlValue.count,
    "effect": YamlValue.boolean,
    "headers": YamlValue.headers,
    "rate_headers": YamlValue.boolean,
    "seconds": YamlValue.number,
    "status": YamlValue.http_status,
    "body": attrgetter("value"),
    "amount": YamlValue.integer,
}
_COMMON_FAULT_KEYS = ("kind", "method", "path", "pattern", "body_contains", "skip", "times")
_KINDS_WITH_AMOUNT = (*STALE, FaultKind.PARTIAL_LIST, FaultKind.PARTIAL_GROUP, FaultKind.WRONG_COUNT)

_FAULT_KEYS_BY_KIND: Mapping[str, tuple[str, ...]] = {
    FaultKind.LATENCY: ("seconds",),
    FaultKind.STATUS: ("status", "code", "message"),
    FaultKind.GARBAGE: ("body",),
    **dict.fromkeys(_KINDS_WITH_AMOUNT, ("amount",)),
    FaultKind.REDIRECT: ("status", "location"),
    FaultKind.SET_COOKIE: ("cookie",),
}

_WITHOUT_OWN_RESPONSE = frozenset({FaultKind.LATENCY, FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.SILENCE})


def _fault(value: YamlValue) -> Fault:
    kind_value = value.fields(tuple(_FAULT_READERS), ["kind"])["kind"]
    with kind_value.error_context():
        kind = Fault(kind_value.value).kind
    effect_keys = ("effect",) if kind in EFFECT_SELECTABLE else ()
    response_keys = () if kind in _WITHOUT_OWN_RESPONSE else ("headers", "rate_headers")
    known = (*_COMMON_FAULT_KEYS, *response_keys, *effect_keys, *_FAULT_KEYS_BY_KIND.get(kind, ()))
    return Fault(**{key: _FAULT_READERS[key](field) for key, field in value.fields(known).items()})
