"""What is adopted is no difference any more, and everything else is the difference that it was."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config import load
from reconciler.diff.change import AdviceKind, Change
from reconciler.diff.compare import compare
from reconciler.diff.match import match_groups
from reconciler.editing.adopt import FIELDS, adopt
from reconciler.editing.config_edit import ConfigEdit, EditedConfig
from reconciler.errors import UsageError
from reconciler.model.desired import Desired
from reconciler.model.live import LiveGroup, Participant
from tests.builders import ALPHA_ID, ME, listed, live, participant

DAY = date(2026, 6, 1)
PEOPLE = {f"p{n}": f"+1 202 555 014{n}" for n in range(6)}
HEAD = (
    f"version: 1\ninstance: {{phone: '{ME.identity}'}}\n"
    f"people: {{{', '.join(f'{alias}: {number}' for alias, number in PEOPLE.items() if alias != 'p5')}}}\n"
    "teams: {team: [p0, p1], late: [{person: p2, until: 2026-01-31}]}\n"
)


def number(alias: str) -> str:
    return alias if alias != "p5" else PEOPLE["p5"]


def came(alias: str) -> Participant:
    """One of the people in a live group."""
    return participant(f"{re.sub('[^0-9]', '', PEOPLE[alias])}@s.whatsapp.net")


def changes_of(desired: Desired, group: LiveGroup) -> tuple[Change, ...]:
    matches = match_groups(desired.groups, [listed(group)])
    return compare(matches.values(), desired, {group.id: group})


def adopted(path: Path, group: LiveGroup, *fields: str, missing: bool = False) -> tuple[EditedConfig, list[str]]:
    edit = ConfigEdit.load(path, DAY)
    adoption = adopt(edit, changes_of(edit.desired, group), fields or FIELDS, missing=missing)
    return adoption.edit.result(), [reason for _, reason in adoption.skipped]


def written(folder: Path, group: str, head: str = HEAD) -> Path:
    path = folder / "groups.yaml"
    path.write_text(f"{head}groups:\n  alpha: {{id: {ALPHA_ID}, {group}}}\n", encoding="utf-8")
    return path


SOME = st.sets(st.sampled_from(sorted(PEOPLE)))
TEXTS = st.sampled_from(["Alpha", "Beta: #1", " Two  words", "-"])


@st.composite
def groups(draw: st.DrawFn) -> str:
    """The fields of a group in the file."""
    members = draw(SOME)
    parts = []
    if draw(st.booleans()):
        parts.append(f"name: {draw(st.sampled_from(['Alpha', 'Gamma']))}")
    if draw(st.booleans()):
        parts.append("description: Text")
    if draw(st.integers(0, 4)):
        ended = draw(st.sampled_from(["", ", until: 2026-01-31"]))
        listed_people = [f"{{person: {number(each)}{ended if each == 'p3' else ''}}}" for each in sorted(members)]
        parts.append(f"members: [{', '.join(listed_people)}]")
    if draw(st.booleans()):
        parts.append(f"teams: [{draw(st.sampled_from(['team', 'late', 'team, late']))}]")
        parts.append(f"except: [{', '.join(sorted({'p0'} - members))}]")
    if draw(st.booleans()):
        parts.append(f"absent: [{', '.join(map(number, sorted({'p4', 'p5'} - members)))}]")
    parts.append(f"membership: {draw(st.sampled_from(['exact', 'exact', 'additive', 'observe']))}")
    return ", ".join(parts)


@settings(deadline=None, max_examples=100)
@given(
    group=groups(),
    there=SOME,
    name=TEXTS,
    description=st.sampled_from(["", "Text", "Two\nlines"]),
    odd=st.sampled_from(["", "", "", "count", "lid", "no account"]),
    fields=st.sampled_from([FIELDS, ("name",), ("description",), ("members",), ("name", "members")]),
    missing=st.booleans(),
)
def test_nothing_is_left_of_what_is_adopted_and_everything_of_the_rest(
    group: str,
    there: set[str],
    name: str,
    description: str,
    odd: str,
    fields: tuple[str, ...],
    missing: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = written(tmp_path_factory.getbasetemp(), group)
    people = [came(alias) for alias in sorted(there)]
    people += [participant("88899677012110@lid")] if odd == "lid" else []
    me = None if odd == "no account" else participant(ME, admin=True)
    count = len(people) + 7 if odd == "count" else None
    world = live(*people, name=name, description=description, count=count, me=me)
    before = load(path, as_of=DAY)
    (old,) = changes_of(before, world)

    edited, _ = adopted(path, world, *fields, missing=missing)
    (new,) = changes_of(edited.after, world)

    is_doubtful = any(advice.kind is AdviceKind.DOUBTFUL for advice in old.advice) or bool(old.blocked)
    if is_doubtful or not (old.field_changes or old.add or old.remove):
        assert edited.files == {}
        return
    assert {text.field for text in new.field_changes} == {t.field for t in old.field_changes} - {*fields}
    (wanted,) = before.groups
    unwanted = wanted.absent.keys() | wanted.excepted.keys() | {member.person.identity for member in wanted.expired}
    is_about_people = "members" in fields
    assert {p.identity for p in new.remove} == {
        p.identity for p in old.remove if not is_about_people or p.identity in unwanted
    }
    assert new.add == (() if is_about_people and missing and odd != "lid" else old.add)


# --- what is not adopted, and why -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "world", "reason"),
    [
        ("members: [p0], absent: [p1]", live(came("p1")), "is in `absent`"),
        ("teams: [team], except: [p0]", live(came("p0")), "is in `except`"),
        ("teams: [late]", live(came("p2")), "the membership has ended"),
        ("members: []", live(came("p0"), count=9), "9"),
        ("members: []", live(participant("88899677012110@lid")), "no phone number is known"),
        ("members: [], name: A", live(name=""), "the live name is not in the server's answer"),
        ("members: [], name: A", live(name="x" * 101), "the live name has 101 characters"),
        ("members: [p0]", live(), "--missing removes them"),
        ("members: [p0], membership: observe", live(), "its membership is observe"),
        ("members: [p0]", live(id="9@g.us"), "the account has no live group with the id"),
        ("members: []", live(participant("491715550143@s.whatsapp.net")), "`policy.allowed_countries`"),
    ],
)
def test_what_is_not_adopted_is_named_with_its_reason(
    group: str, world: LiveGroup, reason: str, tmp_path: Path
) -> None:
    path = written(tmp_path, group, HEAD + "policy: {allowed_countries: [US]}\n")
    edited, left = adopted(path, world)
    assert edited.files == {}
    assert reason in " ".join(left)


def test_a_group_that_no_live_group_is_is_named(tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    path.write_text(f"{HEAD}groups:\n  alpha: {{name: Zeta}}\n", encoding="utf-8")
    edited, left = adopted(path, live())
    assert (edited.files, left) == ({}, ["no live group is it; if somebody renamed it, set its `id` first"])


def test_people_who_are_gone_leave_members_and_admins_or_come_into_except(tmp_path: Path) -> None:
    path = written(tmp_path, "members: [p3, p4], admins: [p3], teams: [team]")
    world = live(came("p0"), came("p4"))
    edited, _ = adopted(path, world, missing=True)
    text = edited.files[path].decode()
    assert text.endswith(f"{{id: {ALPHA_ID}, members: [p4], admins: [], teams: [team], except: [p1]}}\n")


@pytest.mark.parametrize("there", [[], ["p0"]])
def test_with_somebody_unidentified_in_the_group_nobody_counts_as_gone(there: list[str], tmp_path: Path) -> None:
    path = written(tmp_path, "members: [p0, p1]")
    edited, left = adopted(path, live(*map(came, there), participant("88899677012110@lid")), missing=True)
    assert edited.files == {}
    assert "--missing removes nobody" in " ".join(left)


@pytest.mark.parametrize("there", [["p0"], ["p5"], []])
def test_an_alias_that_only_a_people_file_gives_is_never_written(there: list[str], tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(f"id,phone,team\nr,{PEOPLE['p5']},class\n", encoding="utf-8")
    head = f"{HEAD}sources: [{{csv: roster.csv, id: id, phone: phone, teams: [team]}}]\n"
    for group in ("members: []", "teams: [class]"):
        path = written(tmp_path, group, head)
        edited, _ = adopted(path, live(*map(came, there)), missing=True)
        text = edited.files.get(path, path.read_bytes()).decode()
        assert "[r]" not in text


def test_a_name_that_another_group_has_is_left_out_and_the_rest_is_adopted(tmp_path: Path) -> None:
    path = written(tmp_path, "name: Alpha, members: []")
    path.write_text(path.read_text() + "  beta: {id: 9@g.us, name: Beta}\n", encoding="utf-8")
    edited, skipped = adopted(path, live(came("p0"), name="Beta"))
    assert edited.files[path].decode() == path.read_text().replace("members: []", "members: [p0]")
    assert "its live name is also that of `beta`" in " ".join(skipped)


def test_without_the_accounts_number_nobody_is_adopted(tmp_path: Path) -> None:
    path = written(tmp_path, "members: []", "version: 1\n")
    with pytest.raises(UsageError, match="the account's own number is unknown"):
        adopted(path, live())
    assert adopted(path, live(), "name")[0].files == {}


def test_an_edit_that_would_move_anybody_else_is_refused(tmp_path: Path) -> None:
    before = load(written(tmp_path, "members: [p0, p1]"), as_of=DAY)
    after = load(written(tmp_path, "members: [p0, p2]"), as_of=DAY)
    edited = EditedConfig({}, (), before, after)
    identities = {alias: next(p.identity for p in before.people.values() if p.alias == alias) for alias in ("p1", "p2")}
    edited.require_nobody_else(identities.values())
    with pytest.raises(UsageError, match="`p1` would leave the group `alpha` too"):
        edited.require_nobody_else([identities["p2"]])
    with pytest.raises(UsageError, match="`p2` would come into the group `alpha` too"):
        edited.require_nobody_else([identities["p1"]])
