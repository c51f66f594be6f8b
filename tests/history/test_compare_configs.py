"""Two versions of the configuration, compared as a reviewer reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
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
    MembershipChange,
    summarize_config_diff,
)
from reconciler.model.desired import (
    UNMANAGED,
    Desired,
    DesiredGroup,
    Limit,
    Member,
    Membership,
    Person,
    Policy,
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
ADDED, REMOVED, CHANGED = GroupChangeKind.ADDED, GroupChangeKind.REMOVED, GroupChangeKind.CHANGED


def limit(text: str | None) -> Limit | None:
    return None if text is None else Limit.parse(text, "here")


def compare(old: Desired, new: Desired) -> ConfigDiff:
    return compare_configs(old, new, OLD, NEW)


def change(old: DesiredGroup, new: DesiredGroup, before: Policy | None = None, now: Policy | None = None) -> GroupDiff:
    """The one group that changed."""
    (found,) = compare(
        replace(desired(old), policy=before or Policy()), replace(desired(new), policy=now or Policy())
    ).groups
    return found


def added(new: DesiredGroup, rules: Policy | None = None) -> GroupDiff:
    """The one group that is new."""
    (found,) = compare(
        replace(desired(), policy=rules or Policy()), replace(desired(new), policy=rules or Policy())
    ).groups
    assert found.change is ADDED
    return found


def names(changes: Iterable[MembershipChange]) -> list[str]:
    return labels(one.person for one in changes)


# Members


def test_people_are_added_and_removed_by_identity_not_by_spelling() -> None:
    found = change(
        group(members=[ALICE, BOB]), group(members=[person("12025550143", "al"), CAROL, member(DAVE, by_invite=True)])
    )

    assert (names(found.added), names(found.removed)) == (["carol", "dave"], ["bob"])
    assert [one.by_invite for one in found.added] == [False, True]
    assert (found.change, found.terms_changed, found.fields) == (CHANGED, (), ())


def test_a_membership_change_names_the_teams_that_explain_it() -> None:
    found = change(
        replace(group(), members={BOB.identity: Member(BOB, teams=("staff/board",))}),
        replace(group(), members={ALICE.identity: Member(ALICE, teams=("staff",))}),
    )

    assert [one.teams for one in (*found.added, *found.removed)] == [("staff",), ("staff/board",)]


@pytest.mark.parametrize(
    ("new", "rules", "reason"),
    [
        (group(members=[ALICE]), Policy(), ""),
        (group(members=[ALICE], membership=Membership.ADDITIVE), Policy(), "membership is additive"),
        (group(members=[ALICE], membership=Membership.ADDITIVE, absent=[BOB]), Policy(), ""),
        (group(members=[ALICE], membership=Membership.OBSERVE), Policy(), "the group is only observed"),
        (group(members=UNMANAGED), Policy(), "its members are no longer managed"),
        (group(members=[ALICE], state=State.LEFT), Policy(), "the instance leaves the group without removing anybody"),
        (group(members=[ALICE]), policy(protected=[BOB]), "protected by `policy.protected`"),
    ],
)
def test_a_person_who_is_no_longer_listed_but_stays_does_not_count_as_removed(
    new: DesiredGroup, rules: Policy, reason: str
) -> None:
    found = change(group(members=[ALICE, BOB]), new, now=rules)

    assert {one.person.label: one.kept_because for one in found.removed}["bob"] == reason
    count = summarize_config_diff(ConfigDiff(old=OLD, new=NEW, as_of=DAY, groups=(found,)))
    assert count.people_removed == sum(not one.kept_because for one in found.removed)


@pytest.mark.parametrize(
    ("new", "people", "notes"),
    [
        (group(members=[ALICE, BOB]), ["bob"], ()),
        (group(members=[ALICE, BOB], membership=Membership.ADDITIVE), ["bob"], ()),
        (group(members=[ALICE, BOB], membership=Membership.OBSERVE), ["bob"], ("only observed: nobody is added",)),
        (group(members=[ALICE], membership=Membership.OBSERVE), [], ()),
        (group(members=[ALICE, BOB], state=State.LEFT), [], ()),
    ],
)
def test_nobody_is_added_to_a_group_that_the_instance_leaves_or_only_observes(
    new: DesiredGroup, people: list[str], notes: tuple[str, ...]
) -> None:
    # The old one has another name, so that there always is a difference.
    found = change(group(name="Alfa", members=[ALICE]), new)
    assert (names(found.added), found.notes) == (people, notes)


def test_ignored_people_and_the_instance_are_neither_added_nor_removed() -> None:
    ignoring = policy(ignored=[CAROL, DAVE])
    found = change(group(members=[ALICE, CAROL, ME]), group(members=[BOB, DAVE]), ignoring, ignoring)
    assert names((*found.added, *found.removed)) == ["bob", "alice"]

    compared = compare(
        desired(group(members=[ALICE, CAROL])), replace(desired(group(members=[ALICE])), policy=ignoring)
    )
    assert compared.groups == ()
    assert [labels(one.added) for one in compared.lists] == [["carol", "dave"]]


def test_changed_terms_are_shown_old_and_new() -> None:
    found = change(
        group(members=[ALICE, BOB, CAROL]),
        group(members=[member(ALICE, DAY, "contractor"), member(BOB, by_invite=True), CAROL]),
    )

    assert [(terms.person.label, terms.old, terms.new) for terms in found.terms_changed] == [
        ("alice", "no end", "until 2026-12-31, contractor"),
        ("bob", "no end", "by invite"),
    ]


def test_an_expired_member_is_removed_with_the_last_day() -> None:
    found = change(group(members=[ALICE, BOB]), group(members=[ALICE], expired=[member(BOB, DAY)]))

    assert [(one.person.label, one.person.until) for one in found.removed] == [("bob", DAY)]


def test_admins_and_absent_people_are_lists_of_their_own() -> None:
    found = change(group(admins=[ALICE], absent=[CAROL]), group(admins=[BOB], absent=[CAROL, DAVE]))

    assert [(one.field, labels(one.added), labels(one.removed)) for one in found.lists] == [
        ("absent", ["dave"], []),
        ("admins", ["bob"], ["alice"]),
    ]


# Fields


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (group(id=None), group(), FieldChange("id", None, ALPHA_ID)),
        (group(), group(id=None), FieldChange("id", ALPHA_ID, None, "matched by its name from now on")),
        (
            group(),
            group(id=BETA_ID),
            FieldChange("id", ALPHA_ID, BETA_ID, "refers to a different live group from now on"),
        ),
        (group(), group(name="Beta"), FieldChange("name", "Alpha", "Beta")),
        (group(name=UNMANAGED), group(), FieldChange("name", None, "Alpha")),
        (group(), group(description=""), FieldChange("description", None, "")),
        (group(description="A"), group(), FieldChange("description", "A", None)),
        (group(), group(previously=["A", "B"]), FieldChange("previously", None, '"A", "B"')),
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
        (group(), group(admins=[]), FieldChange("admins", None, "managed")),
        (
            group(members=[], membership=Membership.EXACT),
            group(members=[], membership=Membership.ADDITIVE),
            FieldChange("membership", "exact", "additive"),
        ),
    ],
)
def test_a_changed_field_shows_both_values_and_what_the_change_means(
    old: DesiredGroup, new: DesiredGroup, expected: FieldChange
) -> None:
    assert expected in change(old, new).fields


def test_a_member_list_that_starts_to_remove_people_has_a_warning() -> None:
    for old in (group(), group(members=[ALICE], membership=Membership.ADDITIVE)):
        notes = [field.note for field in change(old, group(members=[ALICE])).fields]
        assert notes
        assert all("not listed is removed from now on" in note for note in notes)


@pytest.mark.parametrize(
    ("new", "lost"),
    [
        (group(id=None, name="Beta"), True),
        (group(id=None, name="Beta", previously=["Alpha"]), False),
        (group(id=None, name="Beta", invite="AbCdEfGh"), False),
        (group(id=ALPHA_ID, name="Beta"), False),
    ],
)
def test_a_rename_that_loses_the_live_group_has_a_warning(new: DesiredGroup, lost: bool) -> None:
    (name,) = [field for field in change(group(id=None), new).fields if field.field == "name"]

    assert ("no longer matches: a second one may be created" in name.note) is lost


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (None, "30%", "allows more removals"),
        (None, "20%", ""),
        ("2", "3", "allows more removals"),
        ("3", "2", ""),
        ("30%", "40%", "allows more removals"),
        ("30%", "3", "between a count and a percentage"),
        ("3", None, "the limit of all groups applies instead"),
    ],
)
def test_a_wider_limit_of_removals_has_a_warning(old: str | None, new: str | None, note: str) -> None:
    (of_group,) = change(group(max_removals=limit(old)), group(max_removals=limit(new))).fields
    (of_all,) = compare(
        replace(desired(group()), policy=policy(max_removals=limit(old))),
        replace(desired(group()), policy=policy(max_removals=limit(new))),
    ).settings

    for field in (of_group, of_all):
        assert (field.old, field.new) == (old, new)
        assert note in field.note
        assert bool(field.note) is bool(note)


# Added groups


@pytest.mark.parametrize(
    ("new", "starts"),
    [
        (group("new", id=None), ["created, unless exactly one live group has its name"]),
        (
            group("new", id=None, previously=["A"]),
            ["created, unless exactly one live group has its name or an earlier"],
        ),
        (group("new", id=ALPHA_ID), []),
        (group("new", id=ALPHA_ID, members=[ALICE]), ["if it is already live, everybody who is not listed"]),
        (group("new", invite="AbCdEfGh"), ["joined through its invite"]),
        (group("new", state=State.LEFT, members=[ALICE]), ["the instance leaves this group"]),
        (group("new", id=None, membership=Membership.OBSERVE, members=[ALICE]), ["only observed"]),
    ],
)
def test_an_added_group_says_what_becomes_of_it(new: DesiredGroup, starts: list[str]) -> None:
    found = added(new)

    assert len(found.notes) == len(starts)
    assert all(note.startswith(start) for note, start in zip(found.notes, starts, strict=True))
    adds = new.members is not UNMANAGED and new.state is State.PRESENT
    assert names(found.added) == (["alice"] if adds else [])


ADOPTED = "if no live group has its name, the one with an earlier name is adopted"
WIDER = "allows more removals than the limit of all groups (25%)"
INCOMPARABLE = "not comparable with the limit of all groups (30%): check what it means for this group"
OBSERVED = group(id=None, previously=["Board"], membership=Membership.OBSERVE)


@pytest.mark.parametrize(
    ("new", "of_all", "field", "value", "note"),
    [
        (group(id=None, previously=["B", "O"]), None, "previously", '"B", "O"', f"{ADOPTED} and renamed"),
        (OBSERVED, None, "previously", '"Board"', ADOPTED),
        (group(id=None, name=UNMANAGED, previously=["Board"]), None, "previously", '"Board"', ADOPTED),
        (group(previously=["Board"]), None, "previously", '"Board"', ""),
        (group(description=""), None, "description", "", ""),
        (group(membership=Membership.ADDITIVE), None, "membership", "additive", ""),
        (group(state=State.LEFT), None, "state", "left", ""),
        (group(invite="AbCdEfGh"), None, "invite", "a code", ""),
        (group(max_removals=limit("10%")), None, "max_removals", "10%", ""),
        (group(max_removals=limit("100%")), None, "max_removals", "100%", WIDER),
        (group(max_removals=limit("90%")), "90%", "max_removals", "90%", ""),
        (group(max_removals=limit("5")), "30%", "max_removals", "5", INCOMPARABLE),
    ],
)
def test_an_added_group_shows_every_field_that_is_not_the_default(
    new: DesiredGroup, of_all: str | None, field: str, value: str, note: str
) -> None:
    fields = added(new, policy(max_removals=limit(of_all))).fields

    assert [one for one in fields if one.field == field] == [FieldChange(field, None, value, note)]


def test_an_added_group_with_defaults_alone_has_no_fields() -> None:
    found = added(group("new", id=None, members=[ALICE]))

    assert (found.fields, found.lists) == ((), ())


def test_an_added_group_shows_its_admins_and_absent_people() -> None:
    found = added(group("new", admins=[ALICE], absent=[BOB]))

    assert [(one.field, labels(one.added)) for one in found.lists] == [("absent", ["bob"]), ("admins", ["alice"])]


# Keys that move


@pytest.mark.parametrize("old_id", [None, ALPHA_ID])
@pytest.mark.parametrize(("name", "previously"), [("Alpha", []), ("Zulu", ["Alpha"]), ("Zulu", ["A", " Alpha "])])
def test_a_renamed_key_without_an_id_is_one_group_that_matches_by_name(
    old_id: str | None, name: str, previously: list[str]
) -> None:
    (found,) = compare(
        desired(group("alpha", id=old_id, members=[ALICE, BOB])),
        desired(group("zulu", id=None, name=name, previously=previously, members=[ALICE, CAROL])),
    ).groups

    assert (found.key, found.old_key, found.change, found.notes) == ("zulu", "alpha", CHANGED, ())
    assert (names(found.added), names(found.removed)) == (["carol"], ["bob"])
    assert ("id" in [field.field for field in found.fields]) is (old_id is not None)


A, B = group("a", id=None), group("b", id=None, name="Beta")


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ([group("alpha")], [group("zulu", members=[BOB])], [("zulu", "alpha", CHANGED)]),
        (
            [group("a", name="A"), group("b", id=BETA_ID, name="B")],
            [group("b", name="A")],
            [("b", "a", CHANGED), ("b", None, REMOVED)],
        ),
        ([A, B], [replace(A, key="b"), replace(B, key="a")], [("a", "b", CHANGED), ("b", "a", CHANGED)]),
        (
            [A, B],
            [replace(B, key="a", previously=("Alpha",)), replace(A, key="b", previously=("Beta",))],
            [("a", "b", CHANGED), ("b", "a", CHANGED)],
        ),
        ([A], [replace(B, key="a"), replace(A, key="b")], [("a", None, ADDED), ("b", "a", CHANGED)]),
        (
            [A, B],
            [replace(B, key="a"), group("b", id=GAMMA_ID, name="Beta")],
            [("a", None, CHANGED), ("b", None, CHANGED)],
        ),
    ],
    ids=["by id", "an id before a key", "swapped", "swapped, with earlier names", "taken over", "a name that two have"],
)
def test_groups_pair_by_id_then_by_name_then_by_key(
    old: list[DesiredGroup], new: list[DesiredGroup], pairs: list[tuple[str, str | None, GroupChangeKind]]
) -> None:
    found = compare(desired(*old), desired(*new)).groups
    assert [(one.key, one.old_key, one.change) for one in found] == pairs


def test_swapped_keys_compare_the_members_of_the_same_group() -> None:
    old = desired(
        replace(A, members=group(members=[ALICE, BOB]).members), replace(B, members=group(members=[BOB]).members)
    )
    new = desired(
        replace(A, key="b", members=group(members=[ALICE]).members),
        replace(B, key="a", members=group(members=[BOB]).members),
    )

    found = compare(old, new).groups
    assert [(one.key, one.old_key, one.fields) for one in found] == [("a", "b", ()), ("b", "a", ())]
    assert [(names(one.added), names(one.removed)) for one in found] == [([], []), ([], ["bob"])]


MAY = "shares a name with {}, which is removed: it may match the same live group"
KEPT = "no longer managed: the live group stays unchanged"
UNLESS = KEPT + ", unless matched by its name for {}"
ALPHA, BETA = group("alpha", id=None), group("beta", id=None, name="Beta")


@pytest.mark.parametrize(
    ("old", "new", "notes"),
    [
        (
            (ALPHA, BETA),
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
        # The live group has another name by now.
        (
            (replace(ALPHA, previously=("Alfa",)),),
            (group("zulu", id=None, name="Zulu", previously=["Alfa"]),),
            {"alpha": UNLESS.format("zulu"), "zulu": MAY.format("alpha")},
        ),
        # Only the API can tell whether the id is that of the same live group.
        ((ALPHA,), (group("zulu"),), {"alpha": UNLESS.format("zulu")}),
        ((ALPHA, BETA), (replace(BETA, previously=("Alpha",)),), {"alpha": UNLESS.format("beta")}),
        ((ALPHA,), (group("zulu", id=None, name="Zulu"),), {"alpha": KEPT}),
    ],
    ids=["two removed", "two added", "one wants it", "an earlier name", "an id", "an older key", "no shared name"],
)
def test_a_removed_group_names_every_key_that_may_match_its_live_group(
    old: tuple[DesiredGroup, ...], new: tuple[DesiredGroup, ...], notes: dict[str, str]
) -> None:
    compared = compare(desired(*old), desired(*new))

    found = {one.key: one.notes[0] for one in compared.groups if one.notes}
    assert {key: found[key] for key in notes} == notes
    removed = {one.key for one in compared.groups if one.change is REMOVED}
    assert removed == {one.key for one in old} - {one.key for one in new}


def test_each_name_is_looked_up_a_few_times_however_many_groups_come_and_go() -> None:
    count = 2_000
    old = desired(*(group(f"old-{n}", id=None, name=f"Name {n}") for n in range(count)))
    new = desired(*(group(f"new-{n}", id=None, name=f"New {n}", previously=[f"Name {n}"]) for n in range(count)))
    other = desired(*(group(f"new-{n}", id=None, name=f"Other {n}") for n in range(count)))

    lookups: Counter[str] = Counter()
    with pytest.MonkeyPatch.context() as patch:
        counting = "reconciler.history.pairing.normalized_names"
        patch.setattr(counting, lambda one: lookups.update([one.key]) or normalized_names(one))
        assert {one.change for one in compare(old, new).groups} == {CHANGED}
        assert len(compare(old, other).groups) == 2 * count
    assert max(lookups.values()) < 20


@pytest.mark.parametrize(
    ("members", "note"),
    [
        ([ALICE, BOB], "no longer managed: the live group and its 2 listed members stay unchanged"),
        (UNMANAGED, KEPT),
    ],
)
def test_nobody_is_removed_from_a_group_that_is_removed_from_the_file(members: list[Person], note: str) -> None:
    (found,) = compare(desired(group(members=members)), desired()).groups

    assert (found.change, found.removed, found.notes) == (REMOVED, (), (note,))


# Settings


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (
            replace(desired(), instance_id="inst_other"),
            FieldChange("instance.id", "inst_abc123", "inst_other", "refers to another account's groups"),
        ),
        (
            replace(desired(), account=ERIN),
            FieldChange("instance.phone", "+12025550100", "+15125550147", "this is the number that no plan removes"),
        ),
        (replace(desired(), region="US"), FieldChange("region", None, "US")),
        (replace(desired(), policy=Policy(max_members=9)), FieldChange("policy.max_members", None, "9")),
        (replace(desired(), policy=Policy(writes_per_minute=9)), FieldChange("policy.writes_per_minute", None, "9")),
        (
            replace(desired(), policy=Policy(allowed_countries=frozenset({"US", "DE"}))),
            FieldChange("policy.allowed_countries", None, "DE, US"),
        ),
        (
            replace(desired(), restrictions=Restrictions((Rule("a/**", ("a-*",), teams=True), Rule("b")), "x:1")),
            FieldChange("restrictions", None, "a/**: a-*, teams; b: nothing", "changes which file may define what"),
        ),
    ],
)
def test_a_changed_setting_shows_both_values_and_what_the_change_means(new: Desired, expected: FieldChange) -> None:
    compared = compare(desired(), new)

    assert compared.settings == (expected,)
    assert compared.differs


def test_changed_restrictions_show_the_rules_before_and_after() -> None:
    old, new = (replace(desired(), restrictions=Restrictions((Rule("a", (key,)),))) for key in ("x", "y"))
    compared = compare(old, new)

    assert [(setting.old, setting.new) for setting in compared.settings] == [("a: x", "a: y")]
    assert compared.lists == ()


def test_restrictions_that_moved_to_another_line_are_no_change() -> None:
    one, other = (Restrictions((Rule("a", people=True, where=f"f:{line}"),), f"f:{line}") for line in (1, 2))

    assert not compare(replace(desired(), restrictions=one), replace(desired(), restrictions=other)).differs


def test_dropping_the_allowed_countries_has_a_warning() -> None:
    (setting,) = compare(replace(desired(), policy=Policy(allowed_countries=frozenset({"US"}))), desired()).settings

    assert setting.note == "numbers of all countries are allowed"


def test_setting_for_the_first_time_what_was_true_before_has_no_warning() -> None:
    found = compare(replace(desired(), instance_id=None, account=None), replace(desired(), region="US"))

    assert {(setting.field, setting.note) for setting in found.settings} == {
        ("instance.id", ""),
        ("instance.phone", ""),
        ("region", ""),
    }
    (region,) = compare(replace(desired(), region="US"), replace(desired(), region="DE")).settings
    assert region.note == "numbers without a country code belong to another country"


def test_protected_and_ignored_people_are_shown_by_name_or_number() -> None:
    stranger = person("13125550177")
    compared = compare(
        replace(desired(group()), policy=policy(protected=[ALICE, stranger])),
        replace(desired(group()), policy=policy(protected=[FRANK], ignored=[BOB])),
    )

    protected, ignored = compared.lists
    assert labels(protected.added) == ["frank"]
    assert [one.label or one.identity for one in protected.removed] == ["alice", "+13125550177"]
    assert "can remove people who are no longer protected" in protected.note
    assert (labels(ignored.added), ignored.note) == (["bob"], "")


ALLY = person("13125550177", "ally")


@pytest.mark.parametrize(
    ("old", "new", "aliases"),
    [
        ([ALICE], [person("13125550177", "alice")], ["alice"]),
        ([replace(ALICE, other_aliases=("ally",))], [ALICE, ALLY], ["ally"]),
        ([replace(ALICE, other_aliases=("ally",))], [replace(ALICE, alias="ally")], []),
        ([ALICE], [BOB], []),
    ],
    ids=["another number", "a second alias", "one alias less", "another alias"],
)
def test_an_alias_that_refers_to_another_number_is_shown_once(
    old: list[Person], new: list[Person], aliases: list[str]
) -> None:
    compared = compare(desired(group(), people=old), desired(group(), people=new))

    assert [one.alias for one in compared.alias_changes] == aliases
    assert all(one.old.identity == ALICE.identity for one in compared.alias_changes)
    assert all(one.new.identity == ALLY.identity for one in compared.alias_changes)


def test_equal_versions_have_no_difference() -> None:
    compared = compare(desired(group(members=[ALICE])), desired(group(members=[ALICE])))

    assert (compared.differs, compared.unchanged) == (False, 1)


def test_a_version_that_does_not_exist_has_no_settings_that_could_change() -> None:
    new = replace(desired(group(members=[ALICE])), policy=policy(protected=[ALICE]))
    compared = compare_configs(Desired(), new, ConfigVersion("HEAD", "f" * 40, exists=False), NEW)

    assert (compared.settings, compared.lists, compared.alias_changes) == ((), (), ())
    assert [one.change for one in compared.groups] == [ADDED]
