"""An imported file validates, and says of every live group exactly what is there."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config import FileContent, load, load_contents
from reconciler.config.export import Existing, render_config, render_entries
from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.yaml_reader import read_yaml
from reconciler.config.yaml_text import yaml_block, yaml_comment, yaml_scalar
from reconciler.errors import ConfigError
from reconciler.model.desired import UNMANAGED, Desired, Person
from reconciler.model.identity import Identity, identity_of_digits
from reconciler.model.live import LiveGroup, Participant
from reconciler.model.text import Untrusted, normalize, texts_equal

INSTANCE = Person(Identity("+12025550100"), "12025550100@s.whatsapp.net")
ALICE, BOB = Identity("+12025550143"), Identity("+12025550144")


def someone(digits: str, **flags: Any) -> Participant:
    return Participant(
        id=f"{digits}@s.whatsapp.net", identity=identity_of_digits(digits), jid=f"{digits}@s.whatsapp.net", **flags
    )


def rendered(groups: list[LiveGroup], **changes: Any) -> str:
    options: dict[str, Any] = {"instance": INSTANCE, "names": {}, "instance_id": "inst_abc123", **changes}
    guessed = options.pop("instance_guessed", False)
    entries = render_entries(groups, instance=options["instance"], names=options["names"], existing=Existing())
    return render_config(
        entries, instance_id=options["instance_id"], instance=options["instance"], instance_guessed=guessed
    )


def resolved(text: str) -> Desired:
    desired = load_contents([FileContent("g.yaml", text.encode())], as_of=date(2026, 1, 1), folder=None, name="g.yaml")
    assert not desired.warnings
    return desired


def test_a_file_is_written_as_a_person_would(tmp_path: Path) -> None:
    groups = [
        LiveGroup(
            id="120363012345678902@g.us",
            name=Untrusted("Böard: news & more"),
            description=Untrusted("First line\n\n  indented # no comment\nlast"),
            participants=(
                someone("12025550100", is_admin=True),
                someone("12025550143", is_admin=True, is_owner=True),
                someone("553196348800"),
                Participant(id="76699677012110@lid", lid="76699677012110@lid"),
                someone("12025550144", is_admin=True),
            ),
            count=5,
        ),
        LiveGroup(
            id="120363012345678901@g.us",
            name=Untrusted("Empty"),
            description=Untrusted(""),
            participants=(someone("12025550100"),),
        ),
    ]
    text = rendered(groups, instance_guessed=True, names={ALICE: "Alice Moreno", BOB: "12"})
    assert (
        text
        == """\
version: 1
instance:
  id: inst_abc123
  # Check this number: it is probably the instance's own, as the only participant of every group.
  phone: +1 202-555-0100

people:
  alice-moreno: {phone: +1 202-555-0143, name: Alice Moreno}
  person-12: {phone: +1 202-555-0144, name: "12"}

groups:
  böard-news-more:
    id: 120363012345678902@g.us
    name: "Böard: news & more"
    description: |-
      First line

        indented # no comment
      last
    # nobody is removed, because the number of a participant is unknown
    membership: additive
    members:
      - alice-moreno
      - person-12
      - 553196348800@s.whatsapp.net
    # not managed, because the number is unknown: 76699677012110@lid
    admins:
      - alice-moreno
      - person-12
  empty:
    id: 120363012345678901@g.us
    name: Empty
    members: []
"""
    )
    (tmp_path / "groups.yaml").write_text(text, encoding="utf-8")
    first, second = load(tmp_path / "groups.yaml", as_of=date(2026, 1, 1)).groups
    assert first.name == groups[0].name.raw
    assert first.description == groups[0].description.raw
    assert first.members is not UNMANAGED
    assert set(first.members) == {ALICE, BOB, "+5531996348800"}
    assert first.members[Identity("+5531996348800")].person.jid == "553196348800@s.whatsapp.net"
    assert first.admins is not UNMANAGED
    assert set(first.admins) == {ALICE, BOB}
    assert second.members == {}


def test_the_second_group_of_a_name_leaves_its_name_unmanaged() -> None:
    first, second = (
        LiveGroup(
            id=f"{number}@g.us",
            name=Untrusted("Same"),
            description=Untrusted(""),
            participants=(someone("12025550143"),),
        )
        for number in "12"
    )
    text = rendered([second, first])
    assert "  same-2:\n    id: 2@g.us\n    # name is not managed: another group is called Same, too\n" in text
    assert [group.name for group in resolved(text).groups] == ["Same", UNMANAGED]


def test_without_an_instance_everybody_is_listed_and_a_comment_asks_for_the_number() -> None:
    text = rendered(
        [
            LiveGroup(
                id="1@g.us", name=Untrusted("A"), description=Untrusted(""), participants=(someone("12025550100"),)
            )
        ],
        instance=None,
        instance_id="",
    )
    assert "# instance:\n  # Add the instance's own number" in text
    (group,) = resolved(text).groups
    assert group.members is not UNMANAGED
    assert list(group.members) == ["+12025550100"]


def test_no_groups_make_a_valid_file() -> None:
    assert resolved(rendered([])).groups == ()


@pytest.mark.parametrize(
    ("group", "comment_line"),
    [
        (
            LiveGroup(
                id="1@g.us",
                name=Untrusted("A"),
                description=Untrusted(""),
                participants=(someone("12025550143"),),
                count=2,
            ),
            "the group has 1 participants, but the list",
        ),
        (LiveGroup(id="1@g.us", name=Untrusted("A"), description=Untrusted("")), "the group shows no participants"),
        (
            LiveGroup(
                id="1@g.us",
                name=Untrusted("A"),
                description=Untrusted(""),
                participants=tuple(someone(f"1202555{n:04d}") for n in range(1025)),
            ),
            "1024 members are more than the 1023 that a group can have beside the account",
        ),
        (
            LiveGroup(
                id="1@g.us",
                name=Untrusted("A"),
                description=Untrusted(""),
                participants=(Participant(id="x", identity=Identity("+1"), jid=None, is_admin=True),),
            ),
            "the number of a participant cannot be written to a file",
        ),
        (
            LiveGroup(
                id="1@g.us",
                name=Untrusted("A"),
                description=Untrusted(""),
                participants=(Participant(id="x", identity=ALICE, jid="12025550199@s.whatsapp.net"),),
            ),
            "the number of a participant cannot be written to a file",
        ),
    ],
)
def test_an_uncertain_member_list_is_left_unmanaged(group: LiveGroup, comment_line: str) -> None:
    text = rendered([group])
    assert f"# members are not managed: {comment_line}" in text
    assert resolved(text).groups[0].members is UNMANAGED


@pytest.mark.parametrize("name", ["", " \u00a0", "x" * 101, "\u0958" * 60, "half \ud800"])
def test_a_name_that_the_file_cannot_hold_is_left_unmanaged(name: str) -> None:
    text = rendered([LiveGroup(id="120363012345678901@g.us", name=Untrusted(name), description=Untrusted("x" * 2049))])
    (group,) = resolved(text).groups
    assert group.name is group.description is UNMANAGED
    assert "# name is not managed" in text
    assert "# description is not managed" in text


def test_groups_with_the_same_name_get_numbered_keys_in_the_order_of_their_ids() -> None:
    groups = [
        LiveGroup(id=f"{number}@g.us", name=Untrusted(name), description=Untrusted(""))
        for number, name in ((3, "A"), (1, "a!"), (2, "😀"), (4, "Null"), (5, "Родители 5Б"), (6, "родители: 5б"))
    ]
    assert [(group.key, group.id) for group in resolved(rendered(groups)).groups] == [
        ("a", "1@g.us"),
        ("a-2", "3@g.us"),
        ("group-2", "2@g.us"),
        ("null", "4@g.us"),
        ("родители-5б", "5@g.us"),
        ("родители-5б-2", "6@g.us"),
    ]


def test_aliases_are_unique_and_never_look_like_numbers() -> None:
    names = {ALICE: "Al", BOB: "al", Identity("+12025550145"): "😀", Identity("+12025550146"): "no"}
    people = [someone(identity[1:]) for identity in names]
    desired = resolved(
        rendered(
            [LiveGroup(id="1@g.us", name=Untrusted("A"), description=Untrusted(""), participants=tuple(people))],
            names=names,
        )
    )
    assert {person.alias for person in desired.people.values()} == {"al", "al-2", "person-0145", "person-no"}


def test_one_person_under_two_addresses_is_one_member() -> None:
    people = (someone("553196348800"), someone("5531996348800"))
    desired = resolved(
        rendered(
            [LiveGroup(id="1@g.us", name=Untrusted("A"), description=Untrusted(""), participants=people)],
            names={Identity("+5531996348800"): "Zé"},
        )
    )
    assert desired.groups[0].members is not UNMANAGED
    assert len(desired.groups[0].members) == 1


def test_an_export_that_would_not_validate_is_an_error() -> None:
    with pytest.raises(ConfigError, match="expected a group's id"):
        rendered([LiveGroup(id="no id", name=Untrusted("A"), description=Untrusted(""))])


HOSTILE = st.text(
    st.one_of(
        st.sampled_from("\x00\x07\n\r\t\"'#:|>-{}[],&*!%@`~?\\\u0085\u2028\u2029\u202e\ufeff\ud800 \u00a0é\u0301Aa0"),
        st.characters(),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(HOSTILE, HOSTILE), max_size=4), HOSTILE, HOSTILE)
def test_hostile_text_reads_back_exactly_or_is_left_unmanaged(
    texts: list[tuple[str, str]], person: str, lid: str
) -> None:
    people = (someone("12025550143"), Participant(id=lid, lid=lid), someone("553196348800"))
    groups = [
        LiveGroup(id=f"{n}@g.us", name=Untrusted(name), description=Untrusted(text), participants=people)
        for n, (name, text) in enumerate(texts)
    ]
    desired = resolved(rendered(groups, names={ALICE: person}, instance_id=person))
    live = {group.id: group for group in groups}
    assert {group.id for group in desired.groups} == set(live)
    for group in desired.groups:
        of_live = live[group.id or ""]
        namesakes = [each for each in groups if normalize(each.name) == normalize(of_live.name)]
        for wanted, there in ((group.name, of_live.name.raw), (group.description, of_live.description.raw)):
            assert (
                (wanted is UNMANAGED and ("\ud800" in there or not normalize(there) or len(namesakes) > 1))
                or (isinstance(wanted, str) and texts_equal(wanted, there))
                or any("\ud800" <= char <= "\udfff" for char in there)
            )
        assert group.members is not UNMANAGED
        assert set(group.members) == {ALICE, "+5531996348800"}


@settings(max_examples=200, deadline=None)
@given(HOSTILE)
def test_a_scalar_reads_back_exactly_and_keeps_to_its_line(text: str) -> None:
    written = yaml_scalar(text)
    if written is None:
        assert any("\ud800" <= char <= "\udfff" for char in text)
        return
    assert written.isprintable()
    for yaml_text in (f"version: {written}\n", f"{{version: {written}}}\n"):
        document = read_yaml("g.yaml", yaml_text, ProblemCollector())
        assert document is not None
        assert document.root == {"version": text}


@settings(max_examples=200, deadline=None)
@given(st.lists(HOSTILE, max_size=5).map("\n".join))
def test_a_block_reads_back_exactly(text: str) -> None:
    written = yaml_block(text, "    ")
    if written is not None:
        document = read_yaml("g.yaml", f"a:\n  b: {written}\n  c: d\n", ProblemCollector())
        assert document is not None
        assert document.root == {"a": {"b": text, "c": "d"}}


def test_a_comment_stays_on_its_line() -> None:
    assert yaml_comment("a\nb\x00\u2028\U000e0001") == "# a\\x0ab\\x00\\u2028\\U000e0001"
