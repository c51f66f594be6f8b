"""Whom a word on the command line means."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.config.person_reference import parse_person, resolve_person
from reconciler.errors import UsageError
from reconciler.model.desired import Desired

FILE = """\
version: 1
region: US
people:
  alice: {phone: +1 202 555 0143, name: Alice Moreno, lid: 76699677012110@lid}
  bob: {phone: +1 202 555 0144, name: Bob Marsh}
  bob2: {phone: +1 303 555 0145, name: Bob Marsh}
  ann: {phone: +1 303 555 0146, name: alice}
  "007x": +1 404 555 0147
  brasil: 553196348800@s.whatsapp.net
  ally: +1 202 555 0143
  seven: +1 404 555 0147
  jos\u00e9: {phone: +1 404 555 0148, name: José Pi\u0301o}
teams: {board: [alice]}
groups: {g: {name: G}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Desired:
    path = tmp_path / "groups.yaml"
    path.write_text(FILE)
    return load(path, as_of=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("word", "alias", "identity"),
    [
        ("alice", "alice", "+12025550143"),
        (" alice ", "alice", "+12025550143"),
        ("Alice Moreno", "alice", "+12025550143"),
        ("ALICE MORENO", "alice", "+12025550143"),
        ("BOB", "bob", "+12025550144"),
        ("ally", "alice", "+12025550143"),
        ("Seven", "007x", "+14045550147"),
        ("moreno", "alice", "+12025550143"),
        ("bras", "brasil", "+5531996348800"),
        ("007x", "007x", "+14045550147"),
        ("+1 (202) 555-0143", "alice", "+12025550143"),
        ("202 555 0143", "alice", "+12025550143"),
        ("001 202 555 0143", "alice", "+12025550143"),
        ("12025550143@s.whatsapp.net", "alice", "+12025550143"),
        ("12025550143:7@c.us", "alice", "+12025550143"),
        ("76699677012110@lid", "alice", "+12025550143"),
        ("+55 31 99634-8800", "brasil", "+5531996348800"),
        ("+49 30 901820", None, "+4930901820"),
        ("99999677012110@lid", None, None),
        ("+1\u00a0202\u00a0555\u20110143", "alice", "+12025550143"),
        ("\u202b+1 202 555 0143\u202c", "alice", "+12025550143"),
        ("tel:+1-202-555-0143", "alice", "+12025550143"),
        ("TEL: 202 555 0143", "alice", "+12025550143"),
        ("jose\u0301", "jos\u00e9", "+14045550148"),
        ("JOSE\u0301 P\u00cdO", "jos\u00e9", "+14045550148"),
    ],
)
def test_a_word_resolves_to_one_person_in_every_spelling(
    file: Desired, word: str, alias: str | None, identity: str | None
) -> None:
    person = resolve_person(word, file)
    assert (person.alias, person.identity) == (alias, identity)


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("", "PERSON is empty", "give one person"),
        ("x" * 201, "PERSON is too long", "give one person"),
        ("Bob Marsh", "`Bob Marsh` is the name of 2 people", "use an alias: `bob` (Bob Marsh), `bob2` (Bob Marsh)"),
        ("Alice", "`Alice` is the name of 2 people", "use an alias: `alice` (Alice Moreno), `ann` (alice)"),
        ("sevn", "`sevn` is not an alias, a name or a phone number", "did you mean `seven`?"),
        ("alcie", "`alcie` is not an alias, a name or a phone number", "did you mean `alice`?"),
        ("mar", "`mar` is a part of the names of 2 people", "use an alias: `bob` (Bob Marsh), `bob2` (Bob Marsh)"),
        ("oreno", "`oreno` is not an alias, a name or a phone number", "give one person"),
        ("Ally Morena", "`Ally Morena` is not an alias, a name or a phone number", "give one person"),
        ("board", "`board` is a team, not a person", "give one person"),
        ("zzz", "`zzz` is not an alias, a name or a phone number", "give one person"),
        ("+1 202 555 01", "is not a valid phone number", "it is too short for its country"),
        ("123", "is not a valid phone number", "no number of `region` has this form"),
        ("120363012345678901@g.us", "is a group's id", "give one person"),
        ("alice@example.com", "is not a person's JID", "give one person"),
    ],
)
def test_a_word_for_nobody_or_several_people_is_an_error(file: Desired, word: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_person(word, file)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["0176 5550143", "(0176) 555-0143"])
def test_a_national_number_on_the_command_line_asks_for_the_country_code(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_person(text)
    assert "is a national number" in caught.value.message
    assert "`region`" not in str(caught.value)
    assert "the country code" in caught.value.hint


@pytest.mark.parametrize(
    "text", ["tel:+12025550143", "\u202a+1\u00a0202\u00a0555\u20110143\u202c", "+1 202 555 0143\u200f"]
)
def test_a_number_is_read_on_the_command_line_as_it_is_copied(text: str) -> None:
    assert parse_person(text).identity == "+12025550143"
