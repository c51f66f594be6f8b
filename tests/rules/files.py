"""Files with rules, as text that a test shows in full."""

from __future__ import annotations

from datetime import date

from reconciler.config import FileContent, load_contents
from reconciler.errors import ConfigError, Problem
from reconciler.model.desired import Desired
from reconciler.model.rules import Finding

TODAY = date(2026, 6, 15)
PEOPLE = """\
version: 1
instance: {phone: +1 202 555 0100}
people:
  alice: +1 202 555 0143
  bob: +1 202 555 0144
  carol: +1 303 555 0145
  dave: +1 404 555 0146
"""


def loaded(text: str, day: date = TODAY) -> Desired:
    """The configuration of the four people and a text, with what breaks its rules on a day."""
    file = FileContent("groups.yaml", f"{PEOPLE}{text}".encode())
    return load_contents([file], as_of=day, folder=None, name=file.file, check_rules=day)


def findings(text: str, day: date = TODAY) -> tuple[Finding, ...]:
    """What breaks the rules of a text."""
    return loaded(text, day).findings


def problems(text: str) -> tuple[Problem, ...]:
    """The mistakes of a text that is not valid."""
    try:
        loaded(text)
    except ConfigError as error:
        return error.problems
    raise AssertionError("the text is valid")


def line_of(text: str, part: str) -> int:
    """The line, from 1, of the only place of a part, after the four people."""
    whole = f"{PEOPLE}{text}"
    assert whole.count(part) == 1, part
    return whole[: whole.index(part)].count("\n") + 1
