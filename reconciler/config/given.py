"""What the command line gives in the file's words: a person's number, a folder's files."""

from __future__ import annotations

from pathlib import Path

from reconciler.config.files import find
from reconciler.config.findings import Findings
from reconciler.config.phones import BadNumber, read_phone
from reconciler.config.quoting import shown_person
from reconciler.errors import UsageError
from reconciler.model.desired import Person
from reconciler.model.identity import identity_of_digits, parse_jid, phone_jid


def parse_person(text: str) -> Person:
    """Read a phone number or phone JID from an option; UsageError says what is wrong with it."""
    jid = parse_jid(text)
    if jid is not None and not jid.is_lid:
        return Person(identity_of_digits(jid.digits), jid.phone_jid)
    try:
        digits = read_phone(text, None)
    except BadNumber as error:
        raise UsageError(f"{shown_person(text)} {error.message}", error.hint) from None
    return Person(identity_of_digits(digits), phone_jid(digits))


def files_of(path: Path) -> tuple[Path, ...]:
    """The YAML files that a path stands for, sorted; none where it cannot be read."""
    return find(path, Findings())
