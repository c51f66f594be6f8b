"""Names and descriptions: what counts as equal, what is not managed, what clears."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.diff.change import TextChange
from reconciler.model.desired import UNMANAGED, Membership, Person, UnmanagedType
from reconciler.model.live import Participant
from reconciler.model.text import Untrusted
from tests.builders import ALICE, BOB, CAROL, change_for, desired, group, group_plan, live, participant


@pytest.mark.parametrize(
    ("wanted", "there", "changes"),
    [
        pytest.param("Alpha", "Alpha", False, id="equal"),
        pytest.param("Alpha", "Omega", True, id="different"),
        pytest.param("Caf\u00e9", "Cafe\u0301", False, id="NFC and NFD"),
        pytest.param("one\ntwo\n", "one\r\ntwo", False, id="CRLF and a last line end"),
        pytest.param("one\ntwo", "one\rtwo", False, id="CR alone"),
        pytest.param("  text", "text\t\n", False, id="white space at the ends"),
        pytest.param("one  two", "one two", True, id="white space inside counts"),
        pytest.param("Alpha", "alpha", True, id="case counts"),
        pytest.param("\ufb01", "fi", True, id="no compatibility folding"),
        pytest.param("", "text", True, id="empty clears"),
        pytest.param("", " \n", False, id="empty is already clear"),
        pytest.param(UNMANAGED, "text", False, id="not managed"),
    ],
)
def test_a_description_changes_only_where_people_would_see_a_difference(
    wanted: str | UnmanagedType, there: str, changes: bool
) -> None:
    change = change_for(desired(group(description=wanted)), live(description=there))
    assert bool(change.field_changes) is changes
    assert change.needs_writes is changes


def test_a_change_tells_the_old_text_and_the_new_one_as_it_is_sent() -> None:
    change = change_for(desired(group(name="Cafe\u0301 ", description="a\r\nb\n")), live(description="old"))
    assert change.field_changes == (
        TextChange("name", Untrusted("Alpha"), "Caf\u00e9"),
        TextChange("description", Untrusted("old"), "a\nb"),
    )


def test_a_name_that_is_not_managed_stays_and_is_shown() -> None:
    change = change_for(desired(group(name=UNMANAGED, members=[])), live(name="Whatever"))
    assert (change.field_changes, change.name) == ((), Untrusted("Whatever"))


@pytest.mark.parametrize("name", ["Omega", "Caf\u00e9"])
def test_a_rename_by_id_is_one_patch(name: str) -> None:
    planned = group_plan(desired(group(name=name)), live())
    assert [(step.name, step.description) for step in planned.steps] == [(name, None)]


@pytest.mark.parametrize(
    ("people", "fields", "is_blocked"),
    [
        pytest.param([CAROL], {}, True, id="strangers: the earlier name was never applied"),
        pytest.param([CAROL, BOB], {}, False, id="one of its people"),
        pytest.param([CAROL], {"absent": [CAROL]}, False, id="somebody who is to be out"),
        pytest.param([], {}, False, id="nobody else"),
        pytest.param([CAROL], {"members": []}, False, id="nobody is wanted"),
        pytest.param([CAROL], {"name": "Alpha", "previously": ["Omega"]}, False, id="by its own name"),
        pytest.param([CAROL], {"id": live().id}, False, id="pinned"),
        pytest.param([participant("76699677012110@lid")], {}, False, id="somebody unknown, who may be wanted"),
    ],
)
def test_a_group_of_strangers_is_not_taken_for_an_earlier_name(
    people: list[Person | Participant], fields: dict[str, Any], is_blocked: bool
) -> None:
    # Two renames back and forth that were never applied leave such a name behind.
    wanted = group(**{"id": None, "name": "Omega", "previously": ["Alpha"], "members": [ALICE, BOB], **fields})
    change = change_for(desired(wanted), live(*people))
    assert [reason.code for reason in change.blocked] == (["earlier-name-but-strangers"] if is_blocked else [])
    assert change.needs_writes is (not is_blocked and bool(change.field_changes or change.add))


def test_a_rename_by_an_earlier_name_is_one_patch() -> None:
    planned = group_plan(desired(group(id=None, name="Omega", previously=["Alpha"])), live())
    assert [(step.group_id, step.name) for step in planned.steps] == [(live().id, "Omega")]


def test_a_live_name_cannot_fake_where_it_ends() -> None:
    observed = desired(group(name="Alpha", membership=Membership.OBSERVE))
    (advice,) = change_for(observed, live(name='A", the configuration says "A')).advice
    assert advice.message.to_text() == (
        'the name is "A\\", the configuration says \\"A", the configuration says "Alpha"'
    )
