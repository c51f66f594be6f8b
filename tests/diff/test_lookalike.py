"""A live group that no key holds may be one to be created: by its people, by its name, or because nobody can tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from reconciler.diff.lookalike import MAX_READS, GroupToCreate, LookalikeSearch, Reads, candidates_by_name
from reconciler.errors import ApiError
from reconciler.messages import Message
from reconciler.model.desired import Person
from reconciler.model.live import ListedGroup, LiveGroup, Participant
from reconciler.model.text import Untrusted
from tests.builders import ALPHA_ID, BETA_ID, ME, PEOPLE, crowd, listed, live, participant

STRANGERS = crowd(40)
LID = "76699677012110@lid"


def creation(people: int, *names: str) -> GroupToCreate:
    """So many of the six people are wanted in a group of these names."""
    wanted = frozenset(one.identity for one in PEOPLE[:people])
    return GroupToCreate(key="parents", names=names or ("Parents",), people=wanted)


def search(one: GroupToCreate, *others: ListedGroup, lids: Iterable[Person] = ()) -> LookalikeSearch:
    known = {(person.lid or "").partition("@")[0]: person.identity for person in lids}
    return LookalikeSearch(creations=[one], others=others, lids=known, account=ME.identity)


def reasons(one: GroupToCreate, *lives: LiveGroup, lids: Iterable[Person] = ()) -> list[str]:
    """The codes of what is told, each group read."""
    return told(search(one, *map(listed, lives), lids=lids), {each.id: each for each in lives})


def told(looking: LookalikeSearch, reads: Reads) -> list[str]:
    blocked = looking.blocked(reads).get("parents")
    found = () if blocked is None else dict(blocked.params)["found"]
    assert isinstance(found, tuple)
    return [each.code for each in found if isinstance(each, Message)]


def other(*people: Person | Participant, name: str = "Renamed", id: str = BETA_ID) -> LiveGroup:  # noqa: A002
    return live(*people, id=id, name=name)


@pytest.mark.parametrize(
    ("name", "wanted", "alike"),
    [
        ("Parents (renamed)", 2, True),
        ("old PARENTS!", 2, True),
        ("Grandparents", 2, False),
        ("Parents (renamed)", 3, False),
        ("Parents (renamed)", 1, False),
    ],
)
def test_of_two_people_one_is_enough_in_a_group_whose_name_has_all_words(name: str, wanted: int, alike: bool) -> None:
    found = reasons(creation(wanted), other(ME, PEOPLE[0], *STRANGERS[:2], name=name))
    assert found == (["shares-people"] if alike else [])


@pytest.mark.parametrize(
    ("wanted", "shared", "alike"),
    [
        (6, 6, True),
        (6, 3, True),
        (6, 2, False),
        (5, 3, True),
        (5, 2, False),
        (3, 2, True),
        (3, 1, False),
        (2, 2, True),
        (2, 1, False),
        (1, 1, False),
        (0, 0, False),
    ],
)
def test_half_of_the_people_and_at_least_two_look_alike(wanted: int, shared: int, alike: bool) -> None:
    there = other(*PEOPLE[:shared], *STRANGERS[:9])
    assert reasons(creation(wanted), there) == (["shares-people"] if alike else [])


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("PARENTS", True),
        ("par ents", True),
        ("Parents!", True),
        ("🎉 Parents ❤️", True),
        ("Ｐarents", True),
        ("Parents 2", False),
        ("Parent", False),
        ("Parënts", False),
        ("Old parents", True),
        ("🎉", False),
    ],
)
def test_a_name_that_differs_in_passing_looks_alike_whoever_is_in(name: str, alike: bool) -> None:
    wanted = creation(1, "Parents", "Old Parents")
    assert reasons(wanted, other(*STRANGERS[:3], name=name)) == (["similar-name"] if alike else [])


def test_names_of_emoji_alone_are_compared_as_they_are() -> None:
    assert reasons(creation(1, "🎉"), other(name="🎊")) == []
    assert reasons(creation(1, "🎉"), other(name="🎉\ufe0f")) == ["similar-name"]


def test_whose_number_is_unknown_may_be_anybody_but_one_of_them_is_the_account() -> None:
    alice, bob = participant(LID), participant("76699677012111@lid")
    assert reasons(creation(3), other(alice, bob)) == ["may-share-people"]
    assert reasons(creation(3), live(alice, bob, id=BETA_ID, name="Renamed", me=None)) == []
    assert reasons(creation(3), other(alice, PEOPLE[1])) == ["may-share-people"]


def test_a_private_id_that_the_file_has_is_that_person() -> None:
    noted = Person(PEOPLE[0].identity, PEOPLE[0].jid, "alice", None, LID)
    assert reasons(creation(3), other(participant(LID), PEOPLE[1]), lids=[noted]) == ["shares-people"]
    stranger = Person(STRANGERS[0].identity, STRANGERS[0].jid, "x", None, LID)
    assert reasons(creation(3), other(participant(LID), PEOPLE[1]), lids=[stranger]) == []


@pytest.mark.parametrize(("count", "read"), [(3, False), (4, True), (40, True), (None, True), (0, True)])
def test_only_a_group_whose_count_reaches_half_is_read(count: int | None, read: bool) -> None:
    entry = ListedGroup(id=BETA_ID, name=Untrusted("Renamed"), count=count)
    assert search(creation(6), entry).candidates({}) == ((entry,) if read else ())
    assert told(search(creation(6), entry), {}) == (["lookalikes-not-read"] if read else [])


def test_a_group_of_one_person_is_found_by_its_name_alone() -> None:
    assert search(creation(1), listed(other(*PEOPLE))).candidates({}) == ()


def test_nothing_is_read_for_a_key_that_a_name_blocks_already() -> None:
    looking = search(creation(6), listed(other(name="PARENTS")), listed(other(*PEOPLE, id=ALPHA_ID)))
    assert looking.candidates({}) == ()
    assert told(looking, {}) == ["similar-name"]


def entries(count: int, names: Sequence[str] = ()) -> list[ListedGroup]:
    return [
        ListedGroup(id=f"1203630123456{n:05}@g.us", name=Untrusted([*names, *("Other",) * count][n]), count=9)
        for n in range(count)
    ]


def test_at_most_ten_groups_are_read_and_the_others_are_told_and_block() -> None:
    looking = search(creation(6), *entries(12))
    read = looking.candidates({})
    assert len(read) == MAX_READS == 10
    assert looking.candidates({"one more": None}) == read[:-1]
    nobody: Reads = {entry.id: other(id=entry.id) for entry in read}
    assert told(looking, nobody) == ["lookalikes-not-read"]
    assert told(search(creation(6), *entries(10)), nobody) == []


def test_of_the_groups_that_were_not_read_the_likeliest_three_are_named_and_the_others_counted() -> None:
    looking = search(creation(6), *entries(15))
    nobody: Reads = {entry.id: other(id=entry.id) for entry in looking.candidates({})}
    (blocked,) = looking.blocked(nobody).values()
    ids = [f"1203630123456{n:05}@g.us" for n in (10, 11, 12)]
    named = " and ".join(f'"Other" ({group_id})' for group_id in ids)
    assert f"since a run reads at most 10: {named} and 2 others; `import --merge`" in blocked.to_text()


def test_the_likeliest_are_read_first_those_with_a_word_of_the_name_then_those_of_the_same_size() -> None:
    few, many, same = (ListedGroup(id=f"{n}@g.us", name=Untrusted("X"), count=n) for n in (4, 90, 7))
    named = ListedGroup(id="5@g.us", name=Untrusted("parents (renamed)"), count=50)
    assert search(creation(6), few, many, same, named).candidates({}) == (named, same, few, many)


def test_a_whole_list_needs_no_read() -> None:
    whole = listed(other(*PEOPLE), whole=True)
    assert search(creation(6), whole).candidates({}) == ()
    assert told(search(creation(6), whole), {}) == ["shares-people"]


def test_a_name_that_nobody_tells_may_be_the_wanted_one_whatever_the_count() -> None:
    nameless = ListedGroup(id=BETA_ID, name=Untrusted(""), count=2)
    assert candidates_by_name([nameless]) == (nameless,)
    assert told(search(creation(6), nameless), {BETA_ID: other(name="")}) == ["name-not-told"]
    assert told(search(creation(0), nameless), {BETA_ID: other(name="")}) == ["name-not-told"]
    assert told(search(creation(6), nameless), {}) == ["lookalikes-not-read"]


def test_a_listed_group_that_cannot_be_read_or_is_not_found_may_be_it() -> None:
    entry = listed(other(*PEOPLE))
    assert told(search(creation(6), entry), {BETA_ID: None}) == ["lookalike-not-readable"]
    error = ApiError("500 INTERNAL_ERROR", endpoint="GET /groups/…")
    assert told(search(creation(6), entry), {BETA_ID: error}) == ["lookalike-not-readable"]
    assert told(search(creation(1), entry), {BETA_ID: error}) == []


def test_of_many_lookalikes_the_likeliest_are_told_and_the_others_are_counted() -> None:
    lives = [other(*PEOPLE[: 3 + n % 4], id=f"1203630123456{n:05}@g.us", name=f"Group {n}") for n in range(5)]
    blocked = search(creation(6), *map(listed, lives)).blocked({one.id: one for one in lives})["parents"]
    assert blocked.to_text() == (
        '"Group 3" (120363012345600003@g.us) has 6 of these 6 people and '
        '"Group 2" (120363012345600002@g.us) has 5 of these 6 people and '
        '"Group 1" (120363012345600001@g.us) has 4 of these 6 people and 2 more live groups look like it; '
        "if one of them is this group, set its `id`; if not, pass --allow-lookalike parents"
    )


def test_a_group_with_all_words_of_the_name_is_read_whatever_the_list_counts() -> None:
    renamed, short = (ListedGroup(id=id_, name=Untrusted(name), count=2) for id_, name in NAMES)
    assert search(creation(6), renamed, short).candidates({}) == (renamed,)


NAMES = ((BETA_ID, "Parents (renamed)"), (ALPHA_ID, "Team"))


def test_once_a_group_has_more_people_than_the_list_counts_no_count_is_believed() -> None:
    low = ListedGroup(id=ALPHA_ID, name=Untrusted("Team"), count=2)
    looking = search(creation(6), listed(other(*STRANGERS[:9])), low)
    whole = other(*STRANGERS[:9])
    assert low not in looking.candidates({})
    assert looking.candidates({BETA_ID: whole}) == ()
    looking = search(creation(6), ListedGroup(id=BETA_ID, name=Untrusted("Renamed"), count=5), low)
    assert looking.candidates({BETA_ID: whole}) == (low,)
    assert told(looking, {BETA_ID: whole}) == ["lookalikes-not-read"]
