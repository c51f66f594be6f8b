"""A group that was renamed by hand, or whose name is not told, is not made a second time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Fault, FaultKind
from tests.stage import PHONE, Stage, same_as_golden

PEOPLE = [f"+1 202 555 01{number}" for number in range(41, 47)]
PARENTS = f"{{name: Parents, members: [{', '.join(PEOPLE)}]}}"
FILE = f"groups:\n  parents: {PARENTS}\n"
TWO = f"{FILE}  other: {{name: Other, members: [+1 303 555 0101]}}\n"
GOLDEN = Path(__file__).parent / "plans"


def names(stage: Stage) -> list[str]:
    return sorted(group["name"] for group in stage.world.snapshot().values())


def appearing(stage: Stage, name: str, people: list[str], after: str = "GET /groups") -> None:
    """Let somebody make a group of these people after the first list of the next run."""
    done: list[int] = []

    def hook(_seq: int, method: str, path: str) -> None:
        if f"{method} {path.rpartition('/inst_story')[2]}" == after:
            done.append(1)
            if len(done) == 2:
                stage.world.create_group(name, [*people, PHONE], owner=PHONE)

    stage.server.on_call = hook


def test_a_group_renamed_by_hand_blocks_its_key_until_somebody_decides(stage: Stage) -> None:
    stage.file(FILE)
    assert stage.run("apply", "--yes").code == 0
    (group_id,) = stage.world.snapshot()
    stage.world.rename_group(group_id, "Parents (renamed)")
    stage.calls()

    planned = stage.run("plan", "--detailed-exitcode")
    assert planned.code == 2
    assert "has 6 of these 6 people; if it is this group, set its `id`; if not, pass --allow-lookalike" in planned.out
    calls = stage.calls()
    whole_lists = f"GET /groups/{group_id}" not in calls
    assert calls == (["GET /groups"] if whole_lists else ["GET /groups", f"GET /groups/{group_id}"])
    same_as_golden(planned.out, GOLDEN / f"lookalike-{'reference' if whole_lists else 'guide'}.txt")
    applied = stage.run("apply", "--yes")
    assert (applied.code, names(stage)) == (3, ["Parents (renamed)"])
    assert stage.run("drift").code == 2
    assert stage.run("pin").code in (0, 1)
    assert "id:" not in (stage.folder / "groups.yaml").read_text().partition("groups:")[2]

    stage.file(FILE.replace("{name", f"{{id: {group_id}, name"))
    assert stage.run("apply", "--yes").code == 0
    assert names(stage) == ["Parents"]


@pytest.mark.parametrize("way", ["option", "file", "saved"])
def test_who_says_that_it_is_another_group_gets_a_new_one(stage: Stage, way: str) -> None:
    stage.world.create_group("Team", [*PEOPLE, PHONE], owner=PHONE)
    stage.file(FILE.replace("{name", "{lookalikes: allow, name") if way == "file" else FILE)
    arguments = ["--allow-lookalike", "par*"] if way == "option" else []
    if way == "saved":
        assert stage.run("plan", "--out", "new.plan", "--allow-lookalike", "parents").code == 0
        arguments = ["new.plan"]
    applied = stage.run("apply", "--yes", *arguments)
    assert applied.code == 0, applied.out + applied.err
    assert names(stage) == ["Parents", "Team"]


def test_a_saved_plan_says_what_was_allowed_and_takes_no_more_of_it(guide: Stage) -> None:
    guide.world.create_group("Team", [*PEOPLE, PHONE], owner=PHONE)
    guide.file(FILE)
    assert guide.run("plan", "--out", "new.plan", "--allow-lookalike", "parents").code == 0
    assert json.loads((guide.folder / "new.plan").read_text())["allowed_lookalikes"] == ["parents"]
    refused = guide.run("apply", "--yes", "new.plan", "--allow-lookalike", "parents")
    assert (refused.code, "or --allow-lookalike" in refused.err) == (1, True)


def test_a_key_that_does_not_exist_is_not_allowed_silently(guide: Stage) -> None:
    guide.file(FILE)
    refused = guide.run("plan", "--allow-lookalike", "parent")
    assert (refused.code, "--allow-lookalike: the configuration has no group parent" in refused.err) == (1, True)


def test_only_the_key_that_something_looks_like_is_blocked(stage: Stage) -> None:
    stage.world.create_group("PARENTS", [PHONE], owner=PHONE)
    stage.file(TWO)
    applied = stage.run("apply", "--yes")
    assert applied.code == 3
    assert "nearly the same name" in applied.out
    assert names(stage) == ["Other", "PARENTS"]


@pytest.mark.parametrize(("name", "people"), [("New", PEOPLE), ("parents", [])])
def test_a_lookalike_that_appears_before_the_create_blocks_this_create_alone(
    stage: Stage, name: str, people: list[str]
) -> None:
    stage.file(TWO)
    appearing(stage, name, people)
    applied = stage.run("apply", "--yes")
    assert applied.code == 3, applied.out + applied.err
    assert "--allow-lookalike parents" in applied.out
    assert names(stage) == sorted(["Other", name])


@pytest.mark.parametrize(("name", "people"), [("New", PEOPLE), ("parents", [])])
def test_a_lookalike_that_appeared_since_a_plan_was_saved_blocks_this_create_alone(
    stage: Stage, name: str, people: list[str]
) -> None:
    stage.file(TWO)
    stage.world.create_group("Here before", [*PEOPLE[:2], PHONE], owner=PHONE)
    assert stage.run("plan", "--out", "new.plan").code == 0
    stage.world.create_group(name, [*people, PHONE], owner=PHONE)
    applied = stage.run("apply", "new.plan", "--yes")
    assert applied.code == 3, applied.out + applied.err
    assert "--allow-lookalike parents" in applied.out
    assert names(stage) == sorted(["Here before", "Other", name])


@pytest.mark.parametrize("way", ["fresh", "saved"])
def test_a_group_that_another_run_just_created_for_another_key_blocks_nothing(stage: Stage, way: str) -> None:
    stage.file(f"{FILE}  choir: {PARENTS.replace('Parents', 'Choir')}\n")
    arguments = ["--target", "parents"]
    if way == "saved":
        assert stage.run("plan", "--out", "new.plan", *arguments).code == 0
        stage.world.create_group("Choir", [*PEOPLE, PHONE], owner=PHONE)
        arguments = ["new.plan"]
    else:
        appearing(stage, "Choir", PEOPLE)
    applied = stage.run("apply", "--yes", *arguments)
    assert applied.code == 0, applied.out + applied.err
    assert names(stage) == ["Choir", "Parents"]


def told_as(stage: Stage, edit: Callable[[dict[str, Any]], Any]) -> Fault:
    """A list of the live groups, each entry edited, whenever groups are listed."""
    whole = stage.server.settings.dialect == "reference"
    entries: list[dict[str, Any]] = []
    for group_id, group in stage.world.snapshot().items():
        people = [{"id": f"{digits}@s.whatsapp.net", "admin": "superadmin"} for digits in group["members"]]
        entry = {"id": group_id, "subject": group["name"], "participants": people, "creation": 1}
        guide = {"group_id": group_id, "name": group["name"], "participant_count": len(people)}
        entries.append(entry if whole else guide)
        edit(entries[-1])
    return Fault(FaultKind.GARBAGE, "GET", "/groups", body={"data": entries}, times=0)


def nameless(entry: dict[str, Any]) -> None:
    entry["subject" if "subject" in entry else "name"] = "\u200b"


def test_a_name_that_the_list_leaves_out_and_the_group_tells_finds_the_group(stage: Stage) -> None:
    stage.file(FILE)
    stage.world.create_group("Parents", [*PEOPLE, PHONE], owner=PHONE)
    stage.server.set_faults([told_as(stage, nameless)])
    planned = stage.run("plan", "--detailed-exitcode")
    assert planned.code == 0, planned.out
    assert "adopt: parents: found by name" in planned.out


@pytest.mark.parametrize("more", [[], ["--allow-lookalike", "parents"]])
def test_a_group_that_stays_nameless_blocks_what_would_be_created_and_nothing_else(
    stage: Stage, more: list[str]
) -> None:
    stage.world.create_group("", [PHONE], owner=PHONE)
    pinned = stage.world.create_group("Old", [PHONE], owner=PHONE)
    stage.file(f"{FILE}  pinned: {{id: {pinned}, name: New}}\n")
    applied = stage.run("apply", "--yes", *more)
    assert names(stage) == (["", "New", "Parents"] if more else ["", "New"])
    assert applied.code == (0 if more else 3)
    assert ("the API does not give the name of the live group" in applied.out) == (not more)


def test_a_nameless_group_is_read_only_before_a_create(stage: Stage) -> None:
    group_id = stage.world.create_group("", [PHONE], owner=PHONE)
    stage.world.create_group("Other", [PHONE], owner=PHONE)
    stage.file("groups: {other: {name: Other}}")
    assert stage.run("plan").code == 0
    assert f"GET /groups/{group_id}" not in stage.calls()


def test_a_candidate_that_cannot_be_read_blocks_and_is_told(guide: Stage) -> None:
    group_id = guide.world.create_group("Team", [*PEOPLE, PHONE], owner=PHONE)
    guide.file(TWO)
    guide.server.set_faults([Fault(FaultKind.STATUS, "GET", f"/groups/{group_id}", status=403, times=0)])
    applied = guide.run("apply", "--yes")
    assert applied.code == 3
    assert f'"Team" ({group_id}) could not be read: ' in applied.out
    assert names(guide) == ["Other", "Team"]


def test_more_candidates_than_a_run_reads_block_and_are_counted(guide: Stage) -> None:
    for number in range(12):
        guide.world.create_group(f"Group {number}", [*PEOPLE[:2], *(f"+1 303 555 01{n}" for n in "23456789"), PHONE])
    guide.file(FILE)
    planned = guide.run("plan", "--format", "json")
    document = json.loads(planned.out)
    assert (document["status"], document["lookalike_reads"], document["summary"]["lookalike_reads"]) == (
        "blocked",
        10,
        10,
    )
    assert sum(call.startswith("GET /groups/") for call in guide.calls()) == 10
    text = guide.run("plan").out
    assert re.search(
        r"2 live groups without a key that may be it were not read, since a run reads at most 10: "
        r'"Group \d+" \(\d+@g\.us\) and "Group \d+" \(\d+@g\.us\); `import --merge` reads all, and gives a key to '
        r"each that cannot be it; if one of them is this group, set its `id`; if not, pass --allow-lookalike parents",
        " ".join(text.split()),
    )
    assert "Plan: 1 group blocked · no calls + 10 reads, about" in text


def test_the_reads_stand_beside_the_calls_of_a_plan(guide: Stage) -> None:
    for number in range(3):
        guide.world.create_group(f"Group {number}", [*(f"+1 303 555 014{n}" for n in range(4)), PHONE], owner=PHONE)
    guide.file(FILE)
    assert "1 to create · 6 people join · 2 calls + 3 reads, about" in guide.run("plan").out


@pytest.mark.parametrize("with_yaml", [True, False])
def test_a_group_renamed_after_a_plan_was_saved_blocks_its_create(stage: Stage, with_yaml: bool) -> None:
    stage.world.create_group("Zeta", ["+1 303 555 0170"], owner=PHONE)
    stage.file(FILE)
    assert stage.run("plan", "--out", "saved.plan").code == 0
    (group_id,) = stage.world.snapshot()
    stage.world.rename_group(group_id, "PARENTS!")
    if not with_yaml:
        (stage.folder / "groups.yaml").unlink()
    applied = stage.run("apply", "saved.plan", "--yes")
    assert (applied.code, names(stage)) == (3, ["PARENTS!"]), applied.out + applied.err
    assert "has nearly the same name" in applied.out


def test_a_candidate_that_is_listed_and_not_found_blocks_its_create(guide: Stage) -> None:
    guide.world.create_group("Old parents", PEOPLE[:4], owner=PHONE)
    (group_id,) = guide.world.snapshot()
    gone = Fault(FaultKind.STATUS, "GET", f"/groups/{group_id}", status=404, code="GROUP_NOT_FOUND", times=0)
    guide.server.set_faults([gone])
    guide.file(FILE)
    applied = guide.run("apply", "--yes")
    assert (applied.code, names(guide)) == (3, ["Old parents"])
    assert "could not be read: it is in the list, and is not found" in applied.out


def test_a_list_that_is_empty_before_the_create_is_not_believed(guide: Stage) -> None:
    guide.world.create_group("Zeta", ["+1 303 555 0170"], owner=PHONE)
    guide.file(FILE)
    guide.server.set_faults([Fault(FaultKind.PARTIAL_LIST, "GET", "/groups", skip=1, amount=99, times=0)])
    applied = guide.run("apply", "--yes")
    assert (applied.code, names(guide)) == (1, ["Zeta"])
    assert "the list of groups is empty now, and had 1 group a moment ago" in applied.err


def counting_two(entry: dict[str, Any]) -> None:
    entry["participant_count"] = 2


def test_a_count_that_is_too_low_hides_no_group_with_the_words_of_the_name(guide: Stage) -> None:
    guide.world.create_group("Parents (renamed)", [*PEOPLE, PHONE], owner=PHONE)
    guide.file(FILE)
    guide.server.set_faults([told_as(guide, counting_two)])
    applied = guide.run("apply", "--yes")
    assert (applied.code, names(guide)) == (3, ["Parents (renamed)"])


def enter(stage: Stage, group_id: str) -> None:
    for person in PEOPLE[2:]:
        stage.world.add_participant(group_id, person)


@pytest.mark.parametrize("way", ["fresh", "saved"])
def test_people_who_enter_a_known_group_after_the_plan_make_it_a_lookalike(stage: Stage, way: str) -> None:
    stage.world.create_group("Here before", [*PEOPLE[:2], PHONE], owner=PHONE)
    (group_id,) = stage.world.snapshot()
    stage.file(TWO)
    arguments = ["--yes"]
    if way == "saved":
        assert stage.run("plan", "--out", "new.plan").code == 0
        enter(stage, group_id)
        arguments = ["new.plan", "--yes"]
    else:
        lists: list[int] = []

        def hook(_seq: int, method: str, path: str) -> None:
            if (method, path.rpartition("/inst_story")[2]) == ("GET", "/groups"):
                lists.append(1)
                if len(lists) == 2:
                    enter(stage, group_id)

        stage.server.on_call = hook
    applied = stage.run("apply", *arguments)
    assert applied.code == 3, applied.out + applied.err
    assert "has 6 of these 6 people" in applied.out
    assert names(stage) == ["Here before", "Other"]


def test_a_plan_that_was_edited_to_create_what_a_live_group_may_be_creates_nothing(stage: Stage) -> None:
    stage.file(FILE)
    assert stage.run("plan", "--out", "new.plan").code == 0
    stage.world.create_group("Team", [*PEOPLE, PHONE], owner=PHONE)
    (group_id,) = stage.world.snapshot()
    path = stage.folder / "new.plan"
    path.write_text(json.dumps({**json.loads(path.read_text()), "live_ids": [group_id]}))
    applied = stage.run("apply", "new.plan", "--yes")
    assert (applied.code, names(stage)) == (3, ["Team"]), applied.out + applied.err
