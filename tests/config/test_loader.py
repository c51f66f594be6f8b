"""What the keys of a file mean once they are resolved."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.errors import ConfigError
from reconciler.model.desired import UNMANAGED, Desired, DesiredGroup, Limit, Member, Membership, Person, State
from reconciler.model.identity import Identity

Load = Callable[..., Desired]
ALICE = Person(Identity("+12025550143"), "12025550143@s.whatsapp.net", "alice")
BOB = Person(Identity("+12025550144"), "12025550144@s.whatsapp.net", "bob", "Bob Marsh", "76699677012110@lid")
CAROL = Person(Identity("+12025550145"), "12025550145@s.whatsapp.net")
PEOPLE = """\
people:
  alice: +1 202 555 0143
  bob: {phone: +1 202 555 0144, name: Bob Marsh, lid: 76699677012110}
"""


@pytest.fixture
def load_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads a text as `groups.yaml`; `version: 1` need not be repeated."""
    monkeypatch.chdir(tmp_path)

    def loaded(text: str, as_of: date = date(2026, 1, 1)) -> Desired:
        path = Path("groups.yaml")
        path.write_bytes(f"version: 1\n{text}".encode())
        return load(path, as_of=as_of)

    return loaded


def members(group: DesiredGroup) -> dict[Identity, Member]:
    assert group.members is not UNMANAGED
    return dict(group.members)


def warnings(desired: Desired) -> list[str]:
    return [f"{problem.line}:{problem.column}: {problem.path}: {problem.message}" for problem in desired.warnings]


def test_every_key_of_a_file_reaches_the_desired_state(load_text: Load) -> None:
    desired = load_text(
        PEOPLE
        + """\
instance: {id: inst_abc123, phone: +1 202 555 0100}
policy:
  protected: [alice]
  ignored: [+1 202 555 0199]
  max_removals: 12.5%
  writes_per_minute: 20
groups:
  project-alpha:
    id: 120363012345678901@g.us
    name: Project Alpha
    previously: [Project Alfa]
    description: |
      Team workspace
      for Project Alpha
    members: [alice, {person: bob, until: 2026-12-31, reason: contractor, join: invite}]
    admins: [alice]
    absent: [+1 202 555 0145]
    membership: additive
    invite: https://chat.whatsapp.com/AbCdEfGhIjKlMn?mode=r_t
    state: left
    max_removals: 2
"""
    )
    group = DesiredGroup(
        key="project-alpha",
        id="120363012345678901@g.us",
        name="Project Alpha",
        previously=("Project Alfa",),
        description="Team workspace\nfor Project Alpha",
        members={ALICE.identity: Member(ALICE), BOB.identity: Member(BOB, date(2026, 12, 31), "contractor", True)},
        expired=(),
        absent={CAROL.identity: CAROL},
        admins={ALICE.identity: ALICE},
        membership=Membership.ADDITIVE,
        invite="AbCdEfGhIjKlMn",
        state=State.LEFT,
        max_removals=Limit("groups.project-alpha.max_removals (groups.yaml:25)", count=2),
    )
    assert desired.groups == (group,)
    assert desired.people == {ALICE.identity: ALICE, BOB.identity: BOB}
    assert desired.instance_id == "inst_abc123"
    assert desired.account == Person(Identity("+12025550100"), "12025550100@s.whatsapp.net")
    assert desired.policy.protected == {ALICE.identity}
    assert desired.policy.ignored == {"+12025550199"}
    assert desired.policy.max_removals == Limit("policy.max_removals (groups.yaml:9)", percent=12.5)
    assert desired.policy.writes_per_minute == 20
    assert desired.as_of == date(2026, 1, 1)
    assert desired.sources[0].path == "groups.yaml"
    assert desired.sources[0].digest == hashlib.sha256(Path("groups.yaml").read_bytes()).hexdigest()
    assert desired.warnings == ()


def test_a_missing_field_is_unmanaged(load_text: Load) -> None:
    (group,) = load_text("groups: {a: {id: 120363012345678901@g.us}}").groups
    assert group == DesiredGroup(key="a", id="120363012345678901@g.us")
    assert group.name is group.description is group.members is group.admins is UNMANAGED


def test_an_empty_text_or_list_is_managed(load_text: Load) -> None:
    (group,) = load_text('groups: {a: {name: A, description: "", members: []}}').groups
    assert group.description == ""
    assert group.members == {}


@pytest.mark.parametrize(
    ("region", "written", "identity"),
    [
        ("", "+1 202 555 0143", "+12025550143"),
        ("", "+1 (202) 555-0143", "+12025550143"),
        ("", "001 202.555/0143", "+12025550143"),
        ("", "12025550143", "+12025550143"),
        ("", "'12025550143'", "+12025550143"),
        ("", "1 202 555 0143", "+12025550143"),
        ("", "12025550143@s.whatsapp.net", "+12025550143"),
        ("", "12025550143:7@s.whatsapp.net", "+12025550143"),
        ("", "12025550143@c.us", "+12025550143"),
        ("US", "2025550143", "+12025550143"),
        ("US", "12025550143", "+12025550143"),
        ("us", "(202) 555-0143", "+12025550143"),
        ("US", "+49 171 5550143", "+491715550143"),
        ("US", "0049 171 5550143", "+491715550143"),
        ("DE", "0171 5550143", "+491715550143"),
        ("DE", "01715550143", "+491715550143"),
        ("DE", "+49 (0)171 5550143", "+491715550143"),
        ("", "+55 31 9 9634-8800", "+5531996348800"),
        ("", "553196348800@s.whatsapp.net", "+5531996348800"),
        ("", "+52 55 1234 5678", "+525512345678"),
        ("", "5215512345678@s.whatsapp.net", "+525512345678"),
        ("", "+54 9 11 2345 6789", "+5491123456789"),
        ("", "+225 07 07 00 00 12", "+2250707000012"),
        ("CI", "07 07 00 00 12", "+2250707000012"),
        ("", "22507000012@s.whatsapp.net", "+2250707000012"),
        ("BJ", "01 90 12 34 56", "+2290190123456"),
        ("", "22990123456@s.whatsapp.net", "+2290190123456"),
    ],
)
def test_a_number_in_any_spelling_is_one_identity(load_text: Load, region: str, written: str, identity: str) -> None:
    desired = load_text(f"{f'region: {region}' if region else ''}\ngroups: {{a: {{name: A, members: [{written}]}}}}")
    assert list(members(desired.groups[0])) == [identity]
    assert desired.warnings == ()


@pytest.mark.parametrize(
    "written",
    [
        "+1\u00a0202\u00a0555\u20110143",
        "\u202a+1 202 555\u20100143\u202c",
        "\u2068+1\u202f202\u2009555\u20130143\u2069",
        "\u200e+1 (202) 555\u22120143\ufeff",
        "+1 202\u200b555\t0143",
    ],
)
def test_spaces_dashes_and_marks_that_come_with_a_copied_number_do_not_count(load_text: Load, written: str) -> None:
    desired = load_text(f"groups: {{a: {{name: A, members: ['{written}']}}}}")
    assert list(members(desired.groups[0])) == ["+12025550143"]


@pytest.mark.parametrize(
    "written",
    [
        "\uff0b1 202 555 0143",
        "+1 202 555 \u0661\u0664\u0663",
        "\u202b+1 202 555 0143\u202c",
        "\u202e3410 555 202 1+",
        "+1 202 555 0143\u200f",
        "tel:+12025550143",
    ],
)
def test_what_could_show_or_mean_another_number_is_no_part_of_one(load_text: Load, written: str) -> None:
    with pytest.raises(ConfigError, match="which no phone number has"):
        load_text(f"groups: {{a: {{name: A, members: ['{written}']}}}}")


@pytest.mark.parametrize("section", ["people", "teams", "members", "names"])
def test_handles_compare_in_unicodes_composed_form(load_text: Load, section: str) -> None:
    nfc, nfd = "jos\u00e9", "jose\u0301"
    one, other = (nfc, nfd) if section in ("people", "names") else (nfd, nfc)
    text = (
        f"people: {{{one}: {{phone: +1 202 555 0143, name: {one}}}, zoe: {{phone: +1 202 555 0144, name: {other}}}}}\n"
        f"teams: {{{one}: [{other}]}}\npolicy: {{protected: [{other}]}}\n"
        f"groups: {{{one}: {{name: A, members: [{other}], teams: [{other}]}}}}\n"
    )
    desired = load_text(text)
    assert list(members(desired.groups[0])) == ["+12025550143"]
    assert desired.groups[0].key == nfc
    assert [problem.line for problem in desired.warnings] == [2]  # two people with one name
    assert "the same name" in desired.warnings[0].message


def test_two_keys_that_differ_only_in_unicodes_form_are_one_key_twice(load_text: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text("people:\n  jos\u00e9: +1 202 555 0143\n  jose\u0301: +1 202 555 0144\ngroups: {}\n")
    (problem,) = caught.value.problems
    assert (problem.line, problem.message) == (4, "`jos\u00e9` is defined twice, first at groups.yaml:3:3")


def test_a_jid_is_sent_as_it_is_written(load_text: Load) -> None:
    desired = load_text("groups: {a: {name: A, members: [553196348800@c.us]}}")
    (member,) = members(desired.groups[0]).values()
    assert member.person == Person(Identity("+5531996348800"), "553196348800@s.whatsapp.net")


def test_a_number_that_has_an_alias_is_that_person(load_text: Load) -> None:
    desired = load_text(
        PEOPLE + "instance: {phone: '12025550143'}\ngroups: {a: {name: A, members: [12025550144@c.us]}}"
    )
    assert [member.person for member in members(desired.groups[0]).values()] == [BOB]
    assert desired.account == ALICE


def test_an_alias_with_white_space_around_it_is_found(load_text: Load) -> None:
    desired = load_text(PEOPLE + "groups: {a: {name: A, members: [' alice ']}}")
    assert [member.person for member in members(desired.groups[0]).values()] == [ALICE]


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        ("alice", "+1 202 555 0143", Member(ALICE)),
        ("{person: alice, until: 2026-05-01}", "12025550143", Member(ALICE)),
        ("alice", "{person: alice, until: 2026-05-01}", Member(ALICE)),
        (
            "{person: alice, until: 2026-05-01, reason: first}",
            "{person: alice, until: 2026-06-01, reason: second}",
            Member(ALICE, date(2026, 6, 1), "second"),
        ),
        ("{person: alice, until: 2026-06-01, join: invite}", "alice", Member(ALICE, by_invite=True)),
    ],
)
def test_a_person_listed_twice_is_one_member_with_the_longer_time(
    load_text: Load, one: str, other: str, kept: Member
) -> None:
    desired = load_text(PEOPLE + f"groups:\n  a:\n    name: A\n    members:\n      - {one}\n      - {other}\n")
    assert members(desired.groups[0]) == {ALICE.identity: kept}
    (warning,) = desired.warnings
    assert (warning.line, warning.column, warning.path) == (10, 9, "groups.a.members[1]")
    assert warning.message == "`alice` is listed twice, first at groups.yaml:9:9"


def test_team_members_are_members_with_their_team_paths(load_text: Load) -> None:
    desired = load_text(
        PEOPLE
        + """\
teams:
  staff: {teams: [board], members: [{person: +1 202 555 0145, until: 2026-03-01}]}
  board: [alice]
  all: {teams: [staff, board]}
groups:
  a: {name: A, teams: [all], members: [bob, +1 202 555 0145]}
  b: {name: B, teams: [staff]}
"""
    )
    first, second = desired.groups
    assert members(first) == {
        BOB.identity: Member(BOB),
        CAROL.identity: Member(CAROL, teams=("all/staff",)),
        ALICE.identity: Member(ALICE, teams=("all/board", "all/staff/board")),
    }
    assert members(second)[CAROL.identity] == Member(CAROL, date(2026, 3, 1), teams=("staff",))
    assert desired.warnings == ()


@pytest.mark.parametrize(
    ("as_of", "is_member"), [(date(2026, 3, 1), True), (date(2026, 3, 2), False), (date(2025, 1, 1), True)]
)
def test_until_is_the_last_day_of_a_membership(load_text: Load, as_of: date, is_member: bool) -> None:
    text = PEOPLE + "groups: {a: {name: A, members: [{person: bob, until: 2026-03-01}]}}"
    (group,) = load_text(text, as_of).groups
    assert (BOB.identity in members(group)) is is_member
    assert [member.person for member in group.expired] == ([] if is_member else [BOB])


def test_a_member_with_one_expired_membership_stays_through_another(load_text: Load) -> None:
    text = PEOPLE + "teams: {t: [bob]}\ngroups: {a: {name: A, teams: [t], members: [{person: bob, until: 2020-01-01}]}}"
    (group,) = load_text(text).groups
    assert members(group)[BOB.identity].until is None
    assert group.expired == ()


@pytest.mark.parametrize(
    ("policy", "group", "warning"),
    [
        ("ignored: [bob]", "members: [alice, bob]", "policy.ignored[0]: `bob` is in `policy.ignored` and a member of"),
        (
            "ignored: [alice, 12025550144]",
            "teams: [t]",
            "policy.ignored[1]: `bob` is in `policy.ignored` and a member of",
        ),
        ("ignored: [bob]", "absent: [bob]", "policy.ignored[0]: `bob` is in `policy.ignored` and in `absent` of"),
        ("protected: [bob]", "absent: [bob]", "policy.protected[0]: `bob` is in `policy.protected` and in `absent`"),
        ("protected: [bob]", "members: [bob]", ""),
        ("ignored: [bob]", "members: [alice]", ""),
    ],
)
def test_a_contradiction_with_the_policy_causes_one_warning_per_person(
    load_text: Load, policy: str, group: str, warning: str
) -> None:
    desired = load_text(
        f"policy: {{{policy}}}\npeople: {{alice: +1 202 555 0143, bob: +1 202 555 0144}}\n"
        f"teams: {{t: [bob]}}\ngroups: {{a: {{name: A, {group}}}, b: {{name: B, {group}}}}}\n"
    )
    assert len(desired.warnings) == bool(warning)
    if warning:
        assert warning in warnings(desired)[0]
        assert "the group `a` and 1 more: " in warnings(desired)[0]


def test_a_second_alias_names_the_same_person_with_a_warning(load_text: Load) -> None:
    desired = load_text(
        "people:\n"
        "  zoe: &zoe +1 202 555 0143\n"
        "  al: {phone: 12025550143@c.us, name: Alice Moreno}\n"
        "  ally: *zoe\n"
        "  bob: +1 202 555 0144\n"
        "  al2: {phone: +1 (202) 555-0143, lid: 76699677012110, name: Alice Moreno}\n"
        "policy: {protected: [ally]}\n"
        "groups:\n"
        "  a: {name: A, members: [al, zoe, bob, ally]}\n"
        "  b: {name: B, members: [al2]}\n"
    )
    everywhere = Person(
        ALICE.identity, ALICE.jid, "zoe", "Alice Moreno", "76699677012110@lid", other_aliases=("al", "ally", "al2")
    )
    assert desired.people[ALICE.identity] == everywhere
    assert everywhere.aliases == ("zoe", "al", "ally", "al2")
    assert [len(members(group)) for group in desired.groups] == [2, 1]
    assert {members(group)[ALICE.identity].person for group in desired.groups} == {everywhere}
    assert desired.policy.protected == {ALICE.identity}
    assert warnings(desired) == [
        "4:3: people.al: `al` is the same person as `zoe` at groups.yaml:3:3",
        "5:3: people.ally: `ally` is the same person as `zoe` at groups.yaml:3:3",
        "7:3: people.al2: `al2` is the same person as `zoe` at groups.yaml:3:3",
        "10:30: groups.a.members[1]: `zoe` is listed twice, first at groups.yaml:10:26",
        "10:40: groups.a.members[3]: `zoe` is listed twice, first at groups.yaml:10:26",
    ]
    assert {problem.hint for problem in desired.warnings[:3]} == {"keep one alias: output shows only the first, `zoe`"}


@pytest.mark.parametrize(
    ("region", "written", "has_warning"),
    [
        ("IT", "3901001011", True),
        ("it", "390 100 1011", True),
        ("DE", "0491 715550143", False),
        ("DE", "+49 491 715550143", False),
        ("DE", "+49 171 5550143", False),
        ("DE", "0171 5550143", False),
        ("IT", "391 555 0143", False),
        ("BR", "5531996348800", False),
        ("US", "1 202 555 0143", False),
        ("", "491715550143", False),
    ],
)
def test_a_national_number_that_may_have_its_country_code_causes_one_warning(
    load_text: Load, region: str, written: str, has_warning: bool
) -> None:
    of_region = f"region: {region}\n" if region else "\n"
    desired = load_text(
        f"{of_region}groups:\n  a: {{name: A, members: [{written}]}}\n  b: {{name: B, members: [{written}]}}\n"
    )
    assert [problem.path for problem in desired.warnings] == (["groups.a.members[0]"] if has_warning else [])
    for warning in desired.warnings:
        assert "is read as a national number, `+39 390 ••• ••11`" in warning.message
        assert "if it already has the country code, write `+39 01 ••• ••11`" in warning.hint


@pytest.mark.parametrize(
    "text",
    ["people: {al: %s}", "people: {al: {phone: %s}}", "instance: {id: i1, phone: %s}"],
)
def test_a_possible_country_code_is_reported_wherever_a_number_stands(load_text: Load, text: str) -> None:
    groups = "groups: {a: {name: A}}"
    (warning,) = load_text(f"region: IT\n{text % '3901001011'}\n{groups}\n").warnings
    assert "has no + and is read as a national number" in warning.message
    with pytest.raises(ConfigError) as caught:
        load_text(f"region: DE\n{text % '491715550143'}\n{groups}\n")
    (problem,) = caught.value.problems
    assert "is a number of `region` both with a country code and without one" in problem.message
    assert "write + before it; if not, write +49 before it" in problem.hint


def test_absent_wins_over_a_team_with_a_warning(load_text: Load) -> None:
    desired = load_text(PEOPLE + "teams: {t: [alice, bob]}\ngroups: {a: {name: A, teams: [t], absent: [bob]}}")
    assert list(members(desired.groups[0])) == [ALICE.identity]
    assert warnings(desired) == ["6:10: groups.a: `bob` is in `absent`, and a member through `t`; `absent` wins"]


def test_except_takes_people_out_of_the_teams_of_one_group_alone(load_text: Load) -> None:
    desired = load_text(
        PEOPLE + "teams: {t: [alice, bob], u: {teams: [t]}}\n"
        "groups:\n  a: {name: A, teams: [u], except: [+1 202 555 0144]}\n  b: {name: B, teams: [t]}\n"
    )
    first, second = desired.groups
    assert list(members(first)) == [ALICE.identity]
    assert {identity: member.teams for identity, member in first.excepted.items()} == {BOB.identity: ("u/t",)}
    assert {*members(second)} == {ALICE.identity, BOB.identity}
    assert (second.excepted, warnings(desired)) == ({}, [])


@pytest.mark.parametrize("teams", ["", "teams: [t], "])
def test_somebody_in_except_and_in_no_team_is_a_warning(load_text: Load, teams: str) -> None:
    desired = load_text(PEOPLE + f"teams: {{t: [alice]}}\ngroups: {{a: {{name: A, {teams}except: [bob]}}}}")
    (warning,) = warnings(desired)
    assert "groups.a.except: `bob` is in `except`, and in no team of the group" in warning


def test_except_without_lists_leaves_the_members_unmanaged(load_text: Load) -> None:
    desired = load_text(PEOPLE + "groups: {a: {name: A, except: [bob]}}")
    assert desired.groups[0].members is UNMANAGED


def test_a_groups_own_field_replaces_the_default_as_a_whole(load_text: Load) -> None:
    desired = load_text(
        PEOPLE
        + """\
defaults: {membership: observe, max_removals: 3, members: [alice], description: Default, admins: [bob]}
groups:
  a: {name: A}
  b: {name: B, members: [bob], membership: exact, description: "", max_removals: 0, admins: []}
"""
    )
    first, second = desired.groups
    assert (first.membership, first.description, list(members(first))) == ("observe", "Default", [ALICE.identity])
    assert first.max_removals == Limit("defaults.max_removals (groups.yaml:5)", count=3)
    assert first.admins == {BOB.identity: BOB}
    assert (second.membership, second.description, list(members(second))) == ("exact", "", [BOB.identity])
    assert second.max_removals == Limit("groups.b.max_removals (groups.yaml:8)", count=0)


def test_the_instance_may_be_an_admin_without_being_a_member(load_text: Load) -> None:
    text = "instance: {phone: +1 202 555 0100}\ngroups: {a: {name: A, members: [], admins: [+1 202 555 0100, %s]}}"
    assert load_text(text % "12025550100").warnings == ()
    assert warnings(load_text(text % "+1 202 555 0145")) == [
        "3:44: groups.a.admins: `+1 202 ••• ••45` is in `admins`, but is not a member"
    ]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("AbCdEfGhIjKlMn", "AbCdEfGhIjKlMn"),
        ("https://chat.whatsapp.com/AbCdEfGhIjKlMn", "AbCdEfGhIjKlMn"),
        ("http://chat.whatsapp.com/AbCdEfGhIjKlMn?x=1", "AbCdEfGhIjKlMn"),
        ("chat.whatsapp.com/invite/Ab-d_fGhIjKlMn/?x", "Ab-d_fGhIjKlMn"),
    ],
)
def test_an_invite_is_kept_as_its_bare_code(load_text: Load, written: str, code: str) -> None:
    assert load_text(f"groups: {{a: {{name: A, invite: '{written}'}}}}").groups[0].invite == code


def test_text_that_yaml_could_read_as_another_type_stays_text(load_text: Load) -> None:
    desired = load_text(
        "groups: {010: {name: 0171, description: no}, 2026-01-01: {name: 1_000, previously: [1e3, on]}}"
    )
    assert [(group.key, group.name, group.description) for group in desired.groups] == [
        ("010", "0171", "no"),
        ("2026-01-01", "1_000", UNMANAGED),
    ]
    assert desired.groups[1].previously == ("1e3", "on")


def test_one_yaml_alias_may_serve_two_groups(load_text: Load) -> None:
    desired = load_text(
        PEOPLE
        + "groups: {a: {name: A, members: &m [&x alice], max_removals: 1}, b: {name: B, members: *m, admins: [*x]}}"
    )
    assert members(desired.groups[0]) == members(desired.groups[1]) == {ALICE.identity: Member(ALICE)}


def test_a_value_behind_a_yaml_alias_has_the_line_above_it(load_text: Load) -> None:
    text = "defaults: &d\n  max_removals: 3\n\npolicy: *d\ngroups: {}"
    assert str(load_text(text).policy.max_removals and load_text(text).policy.max_removals.source) == (  # type: ignore[union-attr]  # asked before
        "policy.max_removals (groups.yaml:1)"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("name: Same, id: 1@g.us", "name: Same"),
        ("name: Same", "name: 'Same ', id: 2@g.us"),
        ("name: Same, id: 1@g.us", "name: Same, id: 2@g.us"),
        ("name: Same, id: 1@g.us", "name: Same, state: left"),
    ],
)
def test_two_groups_with_one_name_are_refused_whether_they_have_ids_or_not(
    first: str, second: str, load_text: Load
) -> None:
    with pytest.raises(ConfigError, match="`b` has the same name as `a` at"):
        load_text(f"groups: {{a: {{{first}}}, b: {{{second}}}}}")


def test_a_group_with_an_id_that_is_being_left_gives_its_name_free(load_text: Load) -> None:
    text = "groups: {a: {name: Same, id: 1@g.us, state: left}, b: {name: Same}, c: {id: 3@g.us}}"
    assert [group.name for group in load_text(text).groups] == ["Same", "Same", UNMANAGED]


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_and_crlf_change_nothing(tmp_path: Path, prefix: bytes) -> None:
    path = tmp_path / "g.yml"
    path.write_bytes(
        prefix
        + b"version: 1\r\ngroups:\r\n  a:\r\n    name: |\r\n      A\r\n    description: |\r\n      x\r\n      y\r\n"
    )
    (group,) = load(path, as_of=date(2026, 1, 1)).groups
    assert (group.name, group.description) == ("A", "x\ny")


def test_the_example_loads_without_a_warning() -> None:
    path = Path(__file__).parents[2] / "examples" / "groups.yaml"
    desired = load(path, as_of=date(2026, 1, 1))
    assert desired.warnings == ()
    assert min(len(members(group)) for group in desired.groups) >= 6
    assert all(group.id is None and group.invite is None for group in desired.groups)
    assert path.read_text(encoding="utf-8").startswith(
        "# yaml-language-server: $schema=../schemas/groups.schema.json\n"
    )


def test_many_warnings_do_not_hide_an_error(load_text: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(PEOPLE + "groups: {a: {name: A, members: [" + "alice, " * 700 + "nobody]}}")
    assert [problem.severity for problem in caught.value.problems].count("warning") == 500
    assert [problem.message for problem in caught.value.problems if problem.severity == "error"] == [
        "`nobody` is neither an alias nor a phone number"
    ]


def test_validation_stops_after_five_hundred_errors(load_text: Load) -> None:
    keys = "".join(f"  k{number}: 1\n" for number in range(600))
    with pytest.raises(ConfigError) as caught:
        load_text(f"instance:\n{keys}policy: {{max_removals: [1], protected: x}}\ngroups: {{a: [1], b: {{name: [1]}}}}")
    assert len(caught.value.problems) == 501


def test_more_than_five_hundred_problems_end_in_a_notice(load_text: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text("groups: {a: {name: A, members: [" + ", ".join(f"x{n}" for n in range(600)) + "]}}")
    assert len(caught.value.problems) == 501
    assert "there are 500 errors or more" in caught.value.problems[0].message


def test_an_earlier_name_must_be_that_of_no_other_group(load_text: Load) -> None:
    text = "groups:\n  news: {%sname: News}\n  old: {%sname: Archive, previously: [Olds, ' News ']}\n"
    pin = "id: 120363012345678901@g.us, "
    for news in ("", pin):
        with pytest.raises(ConfigError, match="an earlier name of `old` is the name of `news`"):
            load_text(text % (news, ""))
    assert load_text(text % ("", pin)).warnings == ()
    assert load_text("groups:\n  news: {name: News, previously: [News]}\n").warnings == ()
    shared = load_text("groups: {a: {name: A, previously: [Old, Old]}, b: {name: B, previously: [Old]}}")
    assert warnings(shared) == ["2:73: groups.b.previously: an earlier name of `b` is an earlier name of `a`"]


@pytest.mark.parametrize(
    ("value", "warned"),
    [
        ("Men #2", "`#2` is a comment here, so the name is only `Men`"),
        ("Männer 😀  #2nd team", "`#2nd team` is a comment here, so the name is only `Männer 😀`"),
        ("Men # 2", ""),
        ("Men   # the second team", ""),
        ("'Men #2'", ""),
        ("'Men' #2", ""),
        ("Men#2", ""),
    ],
)
def test_a_comment_that_looks_like_the_end_of_a_name_causes_a_warning(value: str, warned: str, load_text: Load) -> None:
    found = warnings(load_text(f"groups:\n  men:\n    name: {value}\n    members: [] #1\n"))
    assert found == ([f"4:11: groups.men.name: {warned}"] if warned else [])


def test_names_that_only_case_space_punctuation_or_emoji_tell_apart_cause_a_warning(load_text: Load) -> None:
    text = "groups:\n  a: {%sname: Team 1}\n  b: {%sname: ' team-1 ⚽'}\n  c: {name: Team 2}\n"
    pins = "id: 120363012345678901@g.us, ", "id: 120363012345678902@g.us, "
    for pinned in (("", ""), (pins[0], ""), ("", pins[1])):
        told = [line for line in warnings(load_text(text % pinned)) if "nearly" in line]
        assert len(told) == 1
        assert "groups.b.name: `b` has nearly the same name as `a` at groups.yaml:3:" in told[0]
    assert not any("nearly" in str(problem) for problem in load_text(text % pins).warnings)


def test_an_empty_folder_leads_to_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, leads in (("groups.yaml", True), ("other.yaml", False)):
        with pytest.raises(ConfigError) as caught:
            load(Path(name), as_of=date(2026, 1, 1))
        assert ("`reconciler init` writes a first one" in caught.value.problems[0].hint) == leads
