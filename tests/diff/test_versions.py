"""Two versions of the file, compared as a reviewer wants it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from reconciler.diff.match import normalized_names
from reconciler.history.compare_configs import compare_configs
from reconciler.history.config_diff import (
    ConfigDiff,
    ConfigVersion,
    FieldChange,
    GroupChangeKind,
    GroupDiff,
    MembershipTermsChange,
    summarize_config_diff,
)
from reconciler.model.desired import (
    UNMANAGED,
    Desired,
    DesiredGroup,
    Member,
    Membership,
    Person,
    Policy,
    RemovalLimit,
    State,
)
from reconciler.model.restrictions import Restrictions, Rule
from tests.builders import (
    ALICE,
    ALPHA_ID,
    BETA_ID,
    BOB,
    CAROL,
    DAVE,
    ERIN,
    FRANK,
    GAMMA_ID,
    ME,
    desired,
    group,
    labels,
    member,
    person,
    policy,
)

DAY = date(2026, 12, 31)
OLD, NEW = ConfigVersion("old"), ConfigVersion("new")


def _limit(text: str) -> RemovalLimit:
    return RemovalLimit.parse(text, "here")


def between(old: Desired, new: Desired) -> ConfigDiff:
    return compare_configs(old, new, OLD, NEW)


def change(old: DesiredGroup, new: DesiredGroup, before: Policy | None = None, now: Policy | None = None) -> GroupDiff:
    """The one group that changed."""
    (found,) = between(
        replace(desired(old), policy=before or Policy()), replace(desired(new), policy=now or Policy())
    ).groups
    return found


def test_who_enters_and_who_leaves_is_told_by_identity() -> None:
    found = change(
        group(members=[ALICE, BOB]), group(members=[person("12025550143", "al"), CAROL, member(DAVE, by_invite=True)])
    )

    assert labels(mover.who for mover in found.enters) == ["carol", "dave"]
    assert [mover.by_invite for mover in found.enters] == [False, True]
    assert labels(mover.who for mover in found.leaves) == ["bob"]
    assert (found.fate, found.terms, found.fields) == (GroupChangeKind.CHANGED, (), ())


def test_the_teams_that_explain_it_are_told_on_both_sides() -> None:
    old = replace(group(), members={BOB.identity: Member(BOB, teams=("staff/board",))})
    new = replace(group(), members={ALICE.identity: Member(ALICE, teams=("staff",))})

    found = change(old, new)
    assert [mover.teams for mover in found.enters] == [("staff",)]
    assert [mover.teams for mover in found.leaves] == [("staff/board",)]


@pytest.mark.parametrize(
    ("new", "rules", "said"),
    [
        (group(members=[ALICE]), Policy(), ""),
        (group(members=[ALICE], membership=Membership.ADDITIVE), Policy(), "membership is additive"),
        (group(members=[ALICE], membership=Membership.ADDITIVE, absent=[BOB]), Policy(), ""),
        (group(members=[ALICE], membership=Membership.OBSERVE), Policy(), "the group is only observed"),
        (group(members=UNMANAGED), Policy(), "its members are not managed any more"),
        (group(members=[ALICE], state=State.LEFT), Policy(), "the instance leaves, and removes nobody"),
        (group(members=[ALICE]), policy(protected=[BOB]), "`policy.protected` keeps them in"),
    ],
)
def test_whoever_is_listed_no_more_and_stays_is_not_said_to_go(new: DesiredGroup, rules: Policy, said: str) -> None:
    found = change(group(members=[ALICE, BOB]), new, now=rules)

    assert {mover.who.label: mover.stays for mover in found.leaves}["bob"] == said
    count = summarize_config_diff(ConfigDiff(OLD, NEW, DAY, groups=(found,)))
    assert count.leaves == sum(not mover.stays for mover in found.leaves)


@pytest.mark.parametrize(
    ("new", "enters", "notes"),
    [
        (group(members=[ALICE, BOB]), ["bob"], ()),
        (group(members=[ALICE, BOB], membership=Membership.ADDITIVE), ["bob"], ()),
        (group(members=[ALICE, BOB], membership=Membership.OBSERVE), ["bob"], ("only observed: nobody is added",)),
        (group(members=[ALICE], membership=Membership.OBSERVE), [], ()),
        (group(members=[ALICE, BOB], state=State.LEFT), [], ()),
    ],
)
def test_nobody_is_said_to_enter_a_group_that_nobody_is_added_to(
    new: DesiredGroup, enters: list[str], notes: tuple[str, ...]
) -> None:
    # The old one differs in its name too, so that there is something to tell.
    found = change(group(name="Alfa", members=[ALICE]), new)
    assert (labels(mover.who for mover in found.enters), found.notes) == (enters, notes)


def test_ignored_people_and_the_instance_neither_enter_nor_leave() -> None:
    ignoring = policy(ignored=[CAROL, DAVE])
    found = change(group(members=[ALICE, CAROL, ME]), group(members=[BOB, DAVE]), ignoring, ignoring)
    assert labels(mover.who for mover in (*found.enters, *found.leaves)) == ["bob", "alice"]

    told = between(desired(group(members=[ALICE, CAROL])), replace(desired(group(members=[ALICE])), policy=ignoring))
    assert told.groups == ()
    assert [labels(change.added) for change in told.lists] == [["carol", "dave"]]


def test_who_stays_on_other_terms_is_told_with_both() -> None:
    found = change(
        group(members=[ALICE, BOB, CAROL]),
        group(members=[member(ALICE, DAY, "contractor"), member(BOB, by_invite=True), CAROL]),
    )

    assert [(terms.who.label, terms.old, terms.new) for terms in found.terms] == [
        ("alice", "no end", "until 2026-12-31, contractor"),
        ("bob", "no end", "by invite"),
    ]
    assert isinstance(found.terms[0], MembershipTermsChange)


def test_whose_time_ran_out_leaves_with_the_day() -> None:
    found = change(group(members=[ALICE, BOB]), group(members=[ALICE], expired=[member(BOB, DAY)]))

    assert [(mover.who.label, mover.who.until) for mover in found.leaves] == [("bob", DAY)]


LOST = "nothing leads to the live group any more"
NOT_LISTED = "whoever is in the live group and not listed is removed"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (group(id=None), group(), FieldChange("id", None, ALPHA_ID)),
        (group(), group(id=None), FieldChange("id", ALPHA_ID, None, "found by its name from now on")),
        (group(), group(id=BETA_ID), FieldChange("id", ALPHA_ID, BETA_ID, "another live group is meant from now on")),
        (group(), group(name="Beta"), FieldChange("name", "Alpha", "Beta")),
        (group(name=UNMANAGED), group(), FieldChange("name", None, "Alpha")),
        (group(), group(description=""), FieldChange("description", None, "")),
        (group(description="A"), group(), FieldChange("description", "A", None)),
        (
            group(),
            group(state=State.LEFT),
            FieldChange("state", "present", "left", "the instance leaves the group; nobody is removed"),
        ),
        (group(state=State.LEFT), group(), FieldChange("state", "left", "present")),
        (group(), group(invite="AbCdEfGh"), FieldChange("invite", None, "a code")),
        (group(invite="AbCdEfGh"), group(), FieldChange("invite", "a code", None)),
        (group(invite="AbCdEfGh"), group(invite="XyZXyZXy"), FieldChange("invite", "a code", "another code")),
        (group(members=[ALICE]), group(), FieldChange("members", "managed", None)),
        (group(), group(members=[], membership=Membership.ADDITIVE), FieldChange("members", None, "managed")),
        (
            group(members=[], membership=Membership.EXACT),
            group(members=[], membership=Membership.ADDITIVE),
            FieldChange("membership", "exact", "additive"),
        ),
    ],
)
def test_a_field_is_told_with_both_values_and_what_it_means(
    old: DesiredGroup, new: DesiredGroup, expected: FieldChange
) -> None:
    assert expected in change(old, new).fields


def test_a_list_that_begins_to_bind_is_warned_of() -> None:
    for old in (group(), group(members=[ALICE], membership=Membership.ADDITIVE)):
        notes = [field.note for field in change(old, group(members=[ALICE])).fields]
        assert all(note.startswith(NOT_LISTED) for note in notes)
        assert notes


@pytest.mark.parametrize(
    ("new", "lost"),
    [
        (group(id=None, name="Beta"), True),
        (group(id=None, name="Beta", previously=["Alpha"]), False),
        (group(id=None, name="Beta", invite="AbCdEfGh"), False),
        (group(id=ALPHA_ID, name="Beta"), False),
    ],
)
def test_a_rename_that_loses_the_live_group_is_warned_of(new: DesiredGroup, lost: bool) -> None:
    (name,) = [field for field in change(group(id=None), new).fields if field.field == "name"]

    assert name.note.startswith(LOST) is lost


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (None, "30%", "more people"),
        (None, "20%", ""),
        ("2", "3", "more people"),
        ("3", "2", ""),
        ("30%", "40%", "more people"),
        ("30%", "3", "counted otherwise"),
        ("3", None, "the default, holds"),
    ],
)
def test_a_wider_limit_of_removals_is_warned_of(old: str | None, new: str | None, said: str) -> None:
    limits = [RemovalLimit.parse(text, "here") if text else None for text in (old, new)]
    (of_group,) = change(group(max_removals=limits[0]), group(max_removals=limits[1])).fields
    (of_all,) = between(
        replace(desired(group()), policy=policy(max_removals=limits[0])),
        replace(desired(group()), policy=policy(max_removals=limits[1])),
    ).rules

    for field in (of_group, of_all):
        assert (field.old, field.new) == (old, new)
        assert said in field.note
        assert bool(field.note) is bool(said)


def test_admins_and_absent_people_are_lists_of_their_own() -> None:
    found = change(group(admins=[ALICE], absent=[CAROL]), group(admins=[BOB], absent=[CAROL, DAVE]))

    assert [(one.field, labels(one.added), labels(one.dropped)) for one in found.lists] == [
        ("admins", ["bob"], ["alice"]),
        ("absent", ["dave"], []),
    ]


def test_a_key_renamed_with_its_id_is_one_group_under_another_handle() -> None:
    told = between(desired(group("alpha", members=[ALICE])), desired(group("zulu", members=[ALICE, BOB])))

    (found,) = told.groups
    assert (found.key, found.old_key, found.fate) == ("zulu", "alpha", GroupChangeKind.CHANGED)
    assert labels(mover.who for mover in found.enters) == ["bob"]


def test_an_id_leads_further_than_a_key() -> None:
    old = desired(group("a", id=ALPHA_ID, name="A"), group("b", id=BETA_ID, name="B"))
    new = desired(group("b", id=ALPHA_ID, name="A"))

    assert [(one.key, one.old_key, one.fate) for one in between(old, new).groups] == [
        ("b", "a", GroupChangeKind.CHANGED),
        ("b", None, GroupChangeKind.GONE),
    ]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (group("new", id=None), ["created, unless exactly one live group bears its name"]),
        (group("new", id=ALPHA_ID), []),
        (group("new", id=ALPHA_ID, members=[ALICE]), ["where it is live already, whoever is not listed"]),
        (group("new", invite="AbCdEfGh"), ["joined by its invite"]),
        (group("new", state=State.LEFT, members=[ALICE]), ["the instance leaves it"]),
        (group("new", id=None, membership=Membership.OBSERVE, members=[ALICE]), ["only observed"]),
    ],
)
def test_what_becomes_of_a_new_group_is_said(new: DesiredGroup, said: list[str]) -> None:
    (found,) = between(desired(), desired(new)).groups

    assert found.fate is GroupChangeKind.ADDED
    assert len(found.notes) == len(said)
    assert all(note.startswith(start) for note, start in zip(found.notes, said, strict=True))
    assert [mover.who.label for mover in found.enters] == (
        ["alice"] if new.members is not UNMANAGED and new.state is State.PRESENT else []
    )


TAKEN_OVER = "where no live group bears its name, the one with an earlier name is taken over"


@pytest.mark.parametrize(
    ("new", "of_all", "said"),
    [
        (
            group(id=None, previously=["Board", "Old"]),
            None,
            ("previously", '"Board", "Old"', f"{TAKEN_OVER}, and renamed"),
        ),
        (
            group(id=None, previously=["Board"], membership=Membership.OBSERVE),
            None,
            ("previously", '"Board"', TAKEN_OVER),
        ),
        (group(id=None, name=UNMANAGED, previously=["Board"]), None, ("previously", '"Board"', TAKEN_OVER)),
        (group(previously=["Board"]), None, ("previously", '"Board"', "")),
        (group(description=""), None, ("description", "", "")),
        (group(membership=Membership.ADDITIVE), None, ("membership", "additive", "")),
        (group(state=State.LEFT), None, ("state", "left", "")),
        (group(invite="AbCdEfGh"), None, ("invite", "a code", "")),
        (group(max_removals=_limit("10%")), None, ("max_removals", "10%", "")),
        (
            group(max_removals=_limit("100%")),
            None,
            ("max_removals", "100%", "a plan may take more people out than the 25% of all groups"),
        ),
        (group(max_removals=_limit("90%")), "90%", ("max_removals", "90%", "")),
        (
            group(max_removals=_limit("5")),
            "30%",
            ("max_removals", "5", "counted otherwise than the 30% of all groups: see how many that is for this one"),
        ),
    ],
)
def test_a_new_group_says_all_that_is_not_the_default(
    new: DesiredGroup, of_all: str | None, said: tuple[str, str, str]
) -> None:
    rules = policy(max_removals=_limit(of_all) if of_all else None)
    (found,) = between(replace(desired(), policy=rules), replace(desired(new), policy=rules)).groups

    field, value, note = said
    assert [one for one in found.fields if one.field == field] == [FieldChange(field, None, value, note)]


def test_a_new_group_with_defaults_alone_says_nothing_but_that_it_is_new() -> None:
    (found,) = between(desired(), desired(group("new", id=None))).groups

    assert (found.fields, found.lists) == ((), ())


def test_a_new_group_says_who_its_admins_are_and_who_may_not_be_in_it() -> None:
    (found,) = between(desired(), desired(group("new", admins=[ALICE], absent=[BOB]))).groups

    assert [(one.field, labels(one.added)) for one in found.lists] == [("admins", ["alice"]), ("absent", ["bob"])]


def test_a_new_group_with_earlier_names_may_be_the_live_group_of_any_of_them() -> None:
    (found,) = between(desired(), desired(group("new", id=None, previously=["Board"]))).groups

    assert found.notes[0].startswith("created, unless exactly one live group bears its name or an earlier one")


@pytest.mark.parametrize("old_id", [None, ALPHA_ID])
@pytest.mark.parametrize(("name", "previously"), [("Alpha", []), ("Zulu", ["Alpha"]), ("Zulu", ["A", " Alpha "])])
def test_a_key_renamed_without_an_id_is_one_group_that_is_found_by_its_name(
    old_id: str | None, name: str, previously: list[str]
) -> None:
    told = between(
        desired(group("alpha", id=old_id, members=[ALICE, BOB])),
        desired(group("zulu", id=None, name=name, previously=previously, members=[ALICE, CAROL])),
    )

    (found,) = told.groups
    assert (found.key, found.old_key, found.fate, found.notes) == ("zulu", "alpha", GroupChangeKind.CHANGED, ())
    assert labels(mover.who for mover in (*found.enters, *found.leaves)) == ["carol", "bob"]
    assert ("id" in [field.field for field in found.fields]) is (old_id is not None)


def test_keys_that_were_swapped_without_ids_are_found_by_their_names() -> None:
    old = desired(group("a", id=None, members=[ALICE, BOB]), group("b", id=None, name="Beta", members=[BOB]))
    new = desired(group("b", id=None, members=[ALICE]), group("a", id=None, name="Beta", members=[BOB]))

    told = between(old, new)
    assert [(one.key, one.old_key, one.fields) for one in told.groups] == [("a", "b", ()), ("b", "a", ())]
    assert [labels(mover.who for mover in (*one.enters, *one.leaves)) for one in told.groups] == [[], ["bob"]]


def test_a_key_whose_name_another_one_bears_by_now_is_a_new_group() -> None:
    old = desired(group("a", id=None, members=[ALICE]))
    new = desired(group("a", id=None, name="Beta", members=[BOB]), group("b", id=None, members=[ALICE]))

    assert [(one.key, one.old_key, one.fate) for one in between(old, new).groups] == [
        ("a", None, GroupChangeKind.ADDED),
        ("b", "a", GroupChangeKind.CHANGED),
    ]


def test_keys_that_were_swapped_with_their_earlier_names_noted_are_found_by_their_names() -> None:
    old = desired(group("a", id=None), group("b", id=None, name="Beta"))
    new = desired(group("a", id=None, name="Beta", previously=["Alpha"]), group("b", id=None, previously=["Beta"]))

    assert [(one.key, one.old_key) for one in between(old, new).groups] == [("a", "b"), ("b", "a")]


def test_a_name_that_two_groups_bear_leads_no_further_than_the_key() -> None:
    old = desired(group("a", id=None), group("b", id=None, name="Beta"))
    new = desired(group("a", id=None, name="Beta"), group("b", id=GAMMA_ID, name="Beta"))

    assert [(one.key, one.old_key) for one in between(old, new).groups] == [("a", None), ("b", None)]


MAY = "bears a name of {}, which is gone: the same live group may be found by it"
UNLESS = "no longer managed: it stays as it is, unless it is found by its name now, which {} bears"
ALPHA = group("alpha", id=None)


@pytest.mark.parametrize(
    ("old", "new", "notes"),
    [
        # Two that are gone come into question, or two that are new.
        (
            (ALPHA, group("beta", id=None, name="Beta")),
            (group("zulu", id=None, name="Zulu", previously=["Alpha", "Beta"]),),
            {"alpha": UNLESS.format("zulu"), "beta": UNLESS.format("zulu"), "zulu": MAY.format("alpha, beta")},
        ),
        (
            (ALPHA,),
            tuple(group(key, id=None, name=key, previously=["Alpha"]) for key in ("yak", "zulu")),
            {"alpha": UNLESS.format("yak, zulu"), "yak": MAY.format("alpha"), "zulu": MAY.format("alpha")},
        ),
        (
            (ALPHA,),
            (group("yak", id=None, name="Yak", previously=["Alpha"]), group("zulu", id=None)),
            {"alpha": UNLESS.format("yak, zulu"), "yak": MAY.format("alpha"), "zulu": MAY.format("alpha")},
        ),
        # Only an earlier name is shared: the live group has another one by now.
        (
            (replace(ALPHA, previously=("Alfa",)),),
            (group("zulu", id=None, name="Zulu", previously=["Alfa"]),),
            {"alpha": UNLESS.format("zulu"), "zulu": MAY.format("alpha")},
        ),
        # Whether the id is that of the same live group only the API can tell.
        ((ALPHA,), (group("zulu"),), {"alpha": UNLESS.format("zulu")}),
        # A key that was there before may find it, too.
        (
            (ALPHA, group("beta", id=None, name="Beta")),
            (group("beta", id=None, name="Beta", previously=["Alpha"]),),
            {"alpha": UNLESS.format("beta")},
        ),
        ((ALPHA,), (group("zulu", id=None, name="Zulu"),), {"alpha": UNLESS.partition(",")[0]}),
    ],
    ids=["two gone", "two new", "one wants it", "an earlier name", "an id", "an older key", "no name"],
)
def test_where_it_is_not_sure_who_finds_the_live_group_of_a_key_that_is_gone_that_is_said(
    old: tuple[DesiredGroup, ...], new: tuple[DesiredGroup, ...], notes: dict[str, str]
) -> None:
    told = between(desired(*old), desired(*new))

    said = {one.key: one.notes[0] for one in told.groups if one.notes}
    assert {key: said[key] for key in notes} == notes
    assert {one.key for one in told.groups if one.fate is GroupChangeKind.GONE} == {g.key for g in old} - {
        g.key for g in new
    }


def test_each_name_is_looked_up_once_however_many_groups_come_and_go() -> None:
    count = 5_000
    old = desired(*(group(f"old-{n}", id=None, name=f"Name {n}") for n in range(count)))
    new = desired(*(group(f"new-{n}", id=None, name=f"New {n}", previously=[f"Name {n}"]) for n in range(count)))
    other = desired(*(group(f"new-{n}", id=None, name=f"Other {n}") for n in range(count)))

    looked: Counter[str] = Counter()
    with pytest.MonkeyPatch.context() as patch:
        counting = "reconciler.history.pairing.normalized_names"
        patch.setattr(counting, lambda one: looked.update([one.key]) or normalized_names(one))
        assert {one.fate for one in between(old, new).groups} == {GroupChangeKind.CHANGED}
        assert len(between(old, other).groups) == 2 * count
    assert max(looked.values()) < 20


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([ALICE, BOB], "no longer managed: the live group and the 2 listed in it stay as they are"),
        (UNMANAGED, "no longer managed: it stays as it is"),
    ],
)
def test_nobody_leaves_a_group_that_is_gone_from_the_file(members: list[Person], said: str) -> None:
    (found,) = between(desired(group(members=members)), desired()).groups

    assert (found.fate, found.leaves, found.notes) == (GroupChangeKind.GONE, (), (said,))


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (
            replace(desired(), instance_id="inst_other"),
            FieldChange("instance.id", "inst_abc123", "inst_other", "another account's groups are meant"),
        ),
        (
            replace(desired(), instance=ERIN),
            FieldChange("instance.phone", "+12025550100", "+15125550147", "the number that no plan removes is another"),
        ),
        (
            replace(desired(), region="US"),
            FieldChange("region", None, "US"),
        ),
        (replace(desired(), policy=Policy(max_members=9)), FieldChange("policy.max_members", None, "9")),
        (replace(desired(), policy=Policy(writes_per_minute=9)), FieldChange("policy.writes_per_minute", None, "9")),
        (
            replace(desired(), policy=Policy(allowed_countries=frozenset({"US", "DE"}))),
            FieldChange("policy.allowed_countries", None, "DE, US"),
        ),
        (
            replace(desired(), restrictions=Restrictions((Rule("a/**", ("a-*",), teams=True), Rule("b")), "x:1")),
            FieldChange(
                "restrictions", None, "a/**: a-*, teams; b: nothing", "who may say what, and where, is another"
            ),
        ),
    ],
)
def test_rules_for_all_groups_are_told(new: Desired, expected: FieldChange) -> None:
    told = between(desired(), new)

    assert told.rules == (expected,)
    assert told.differs


def test_rules_that_only_moved_to_another_line_are_no_change() -> None:
    one, other = (Restrictions((Rule("a", people=True, where=f"f:{line}"),), f"f:{line}") for line in (1, 2))

    assert not between(replace(desired(), restrictions=one), replace(desired(), restrictions=other)).differs


def test_dropping_the_allowed_countries_is_warned_of() -> None:
    (rule,) = between(replace(desired(), policy=Policy(allowed_countries=frozenset({"US"}))), desired()).rules

    assert rule.note == "numbers of all countries are allowed"


def test_protected_and_ignored_people_are_told_by_name_or_number() -> None:
    stranger = person("13125550177")
    told = between(
        replace(desired(group()), policy=policy(protected=[ALICE, stranger])),
        replace(desired(group()), policy=policy(protected=[FRANK], ignored=[BOB])),
    )

    protected, ignored = told.lists
    assert labels(protected.added) == ["frank"]
    assert [who.label or who.identity for who in protected.dropped] == ["alice", "+13125550177"]
    assert "can be removed" in protected.note
    assert (labels(ignored.added), ignored.note) == (["bob"], "")


def test_a_second_alias_that_stands_for_another_number_is_told() -> None:
    both, alone = replace(ALICE, other_aliases=("ally",)), replace(ALICE, alias="ally")
    ally = person("13125550177", "ally")
    split = {ALICE.identity: ALICE, ally.identity: ally}
    before = replace(desired(group()), people={ALICE.identity: both})

    (reassigned,) = between(before, replace(desired(group()), people=split)).reassigned
    assert (reassigned.alias, reassigned.new.identity) == ("ally", ally.identity)
    assert between(before, replace(desired(group()), people={ALICE.identity: alone})).reassigned == ()


def test_an_alias_that_stands_for_another_number_is_told_once() -> None:
    moved = person("13125550177", "alice")
    old, new = desired(group(members=[ALICE])), desired(group(members=[moved]))
    told = between(old, replace(new, people={moved.identity: moved}))

    (reassigned,) = told.reassigned
    assert (reassigned.alias, reassigned.old.identity, reassigned.new.identity) == (
        "alice",
        ALICE.identity,
        moved.identity,
    )


def test_equal_versions_differ_in_nothing() -> None:
    told = between(desired(group(members=[ALICE])), desired(group(members=[ALICE])))

    assert not told.differs
    assert told.unchanged == 1


def test_what_is_said_for_the_first_time_is_no_news() -> None:
    told = between(replace(desired(), instance_id=None, instance=None), replace(desired(), region="US"))

    assert [(rule.field, rule.note) for rule in told.rules] == [
        ("instance.id", ""),
        ("instance.phone", ""),
        ("region", ""),
    ]
    (region,) = between(replace(desired(), region="US"), replace(desired(), region="DE")).rules
    assert region.note == "national numbers are those of another country"


def test_a_version_that_is_not_there_has_no_rules_that_could_change() -> None:
    new = replace(desired(group(members=[ALICE])), policy=policy(protected=[ALICE]))
    told = compare_configs(Desired(), new, ConfigVersion("HEAD", "f" * 40, there=False), NEW)

    assert (told.rules, told.lists, told.reassigned) == ((), (), ())
    assert [one.fate for one in told.groups] == [GroupChangeKind.ADDED]
