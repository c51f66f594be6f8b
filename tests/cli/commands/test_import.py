"""`import`: keys and aliases keep the letters of every script, in every command that takes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.live import fetch
from reconciler.live.fetch import groups_to_import
from tests.stage import INSTANCE, PHONE, Stage

PARENTS, COUNCIL, STAFF = "Родители 5Б", "家長會", "صف الأول"
OLGA, MEI = "+1 202 555 0143", "+1 202 555 0144"


def populate(stage: Stage) -> None:
    stage.world.create_group(PARENTS, [OLGA, MEI], owner=PHONE)
    stage.world.create_group("Родители — 5Б!", [OLGA], owner=PHONE)
    stage.world.create_group(COUNCIL, [MEI], owner=PHONE)
    stage.world.create_group(STAFF, [OLGA], owner=PHONE)
    stage.world.create_group("Söndagsgruppen", [OLGA], owner=PHONE)
    stage.world.add_contact(INSTANCE, OLGA, name="Ольга Петрова")
    stage.world.add_contact(INSTANCE, MEI, name="美玲")
    imported = stage.run("import", "--people", "--instance-id", INSTANCE, "--output", "groups.yaml")
    assert imported.code == 0, imported.err


def test_imported_keys_and_aliases_keep_their_letters_in_every_command(stage: Stage) -> None:
    populate(stage)
    text = (stage.folder / "groups.yaml").read_text(encoding="utf-8")
    for line in ("  родители-5б:", "  родители-5б-2:", "  家長會:", "  صف-الأول:", "  söndagsgruppen:"):
        assert f"{line}\n" in text
    assert "      - ольга-петрова\n      - 美玲\n" in text
    assert stage.run("validate").code == 0
    assert stage.run("plan", "--detailed-exitcode").code == 0
    located = stage.run("who", "ольга-петрова", "--format", "json")
    assert located.code == 0, located.err
    assert [group["key"] for group in json.loads(located.out)["groups"]] == [
        "söndagsgruppen",
        "родители-5б",
        "родители-5б-2",
        "صف-الأول",
    ]
    assert stage.run("who", "Ольга Петрова").out == stage.run("who", "ОЛЬГА-ПЕТРОВА").out


def test_a_number_that_is_missing_from_a_group_is_not_the_accounts(stage: Stage) -> None:
    populate(stage)
    refused = stage.run("import", "--instance-id", INSTANCE, "--phone", OLGA, "--output", "other.yaml")
    assert refused.code == 1
    assert "is missing from 1 of the 5 groups" in refused.err
    assert not (stage.folder / "other.yaml").exists()


def test_a_key_in_another_script_can_be_a_target_and_is_suggested(stage: Stage) -> None:
    populate(stage)
    path = stage.folder / "groups.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(f"name: {PARENTS}", "name: Родители 6Б"), "utf-8")
    planned = stage.run("plan", "--target", "родители-5б")
    assert planned.code == 0, planned.err
    assert "родители-5б" in planned.out
    assert "1 to change" in planned.out
    mistyped = stage.run("plan", "--target", "родтели-5б")
    assert mistyped.code == 1
    assert "the nearest keys are родители-5б, родители-5б-2" in mistyped.err


def test_a_rule_matches_keys_in_another_script(stage: Stage) -> None:
    populate(stage)
    path = stage.folder / "groups.yaml"
    text = path.read_text(encoding="utf-8")
    rules = 'restrictions: [{path: groups.yaml, people: true, groups: ["родители-*", "家長?"]}]\n'
    path.write_text(text + rules, encoding="utf-8")
    validated = stage.run("validate")
    assert validated.code == 1
    assert validated.out.count("this file may not define the group") == 2
    assert "the group `صف-الأول`" in validated.out
    assert "the group `söndagsgruppen`" in validated.out


FILE = f"# by hand\r\nversion: 1\r\ninstance: {{id: {INSTANCE}, phone: {PHONE}}}\r\npeople:\r\n  olga: {OLGA}\r\n"
GROUPS = "groups:\r\n  parents:   # class 5\r\n    name: Parents\r\n"


def world_with_two_groups(stage: Stage) -> bytes:
    stage.world.create_group("Parents", [OLGA], owner=PHONE)
    stage.world.create_group("Choir", [OLGA, MEI], owner=PHONE)
    stage.world.add_contact(INSTANCE, MEI, name="Mei Lin")
    before = (FILE + GROUPS).encode()
    (stage.folder / "groups.yaml").write_bytes(before)
    return before


def test_a_file_that_exists_is_not_replaced_and_what_is_new_is_said(stage: Stage) -> None:
    before = world_with_two_groups(stage)
    ran = stage.run("import", "--output", "groups.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert "groups.yaml exists and was not changed; not in it: 1 live group and 1 person: choir\n" in ran.err
    assert "pass --merge to add them" in ran.err
    assert (stage.folder / "groups.yaml").read_bytes() == before


def test_a_file_that_is_no_configuration_is_not_replaced_either(stage: Stage) -> None:
    (stage.folder / "notes.txt").write_text("my notes", encoding="utf-8")
    ran = stage.run("import", "--instance-id", INSTANCE, "--output", "notes.txt")
    assert ran.code == 1
    assert "notes.txt exists and was not changed" in ran.err
    assert (stage.folder / "notes.txt").read_text(encoding="utf-8") == "my notes"
    assert stage.calls() == []


def test_merge_adds_only_what_is_new_and_then_there_is_nothing_to_plan(stage: Stage) -> None:
    before = world_with_two_groups(stage)
    ran = stage.run("import", "--people", "--output", "groups.yaml", "--merge")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.endswith("groups.yaml: added 1 group and 1 person: choir\n")
    person = "  mei-lin: {phone: +1 202-555-0144, name: Mei Lin}\r\n"
    after = (stage.folder / "groups.yaml").read_bytes().decode()
    assert after.startswith(FILE + person + GROUPS + "  choir:\r\n    id: ")
    assert after.endswith("    name: Choir\r\n    members:\r\n      - mei-lin\r\n      - olga\r\n")
    assert after.replace(person, "").encode().startswith(before)
    assert stage.run("plan", "--detailed-exitcode").code == 0
    again = stage.run("import", "--output", "groups.yaml", "--merge")
    assert (again.code, again.err) == (0, "groups.yaml: nothing to add: 2 live groups are in it, and none is new\n")
    assert (stage.folder / "groups.yaml").read_bytes().decode() == after


def test_merge_into_a_file_of_braces_writes_the_lines_to_paste(stage: Stage) -> None:
    world_with_two_groups(stage)
    path = stage.folder / "groups.yaml"
    path.write_text(FILE + "groups: {parents: {name: Parents}}\n", encoding="utf-8", newline="")
    before = path.read_bytes()
    ran = stage.run("import", "--output", "groups.yaml", "--merge")
    assert ran.code == 1
    assert ran.out.startswith("groups:\n  choir:\n    id: ")
    assert "groups.yaml was not changed: `groups` is written in braces" in ran.err
    assert path.read_bytes() == before


def test_merge_of_another_account_is_refused(stage: Stage) -> None:
    before = world_with_two_groups(stage)
    (stage.folder / "groups.yaml").write_bytes(before.replace(INSTANCE.encode(), b"inst_other"))
    ran = stage.run("import", "--instance-id", INSTANCE, "--output", "groups.yaml", "--merge")
    assert ran.code == 1
    assert "it is for the instance inst_other" in ran.err
    assert stage.run("import", "--merge").err.startswith("reconciler: --merge needs --output")


def test_a_new_file_is_announced_with_its_groups_and_people(stage: Stage) -> None:
    world_with_two_groups(stage)
    ran = stage.run("import", "--people", "--instance-id", INSTANCE, "--phone", PHONE, "--output", "new.yaml")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.endswith("new.yaml: 2 groups, 2 people (1 without a name)\n")


def test_new_groups_that_the_file_forbids_are_not_written(stage: Stage) -> None:
    before = world_with_two_groups(stage) + b"policy: {allowed_countries: [DE], protected: []}\r\n"
    before = before.replace(OLGA.encode(), b"+49 30 901820")
    (stage.folder / "groups.yaml").write_bytes(before)
    ran = stage.run("import", "--output", "groups.yaml", "--merge")
    assert ran.code == 1
    assert "groups.yaml was not changed: the new groups would make it invalid:\n" in ran.err
    assert (stage.folder / "groups.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("output", "merge", "why"),
    [
        ("groups.yaml", ["--merge"], "somebody else changed it meanwhile"),
        ("new.yaml", [], "it appeared while the groups were read"),
    ],
)
def test_what_somebody_writes_while_the_groups_are_read_stays(
    output: str, merge: list[str], why: str, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    world_with_two_groups(stage)
    path = stage.folder / output

    def groups_and_an_edit(*arguments: Any, **options: Any) -> Any:
        with path.open("ab") as file:
            file.write(b"# a thought\r\n")
        return groups_to_import(*arguments, **options)

    monkeypatch.setattr(fetch, "groups_to_import", groups_and_an_edit)
    ran = stage.run("import", "--instance-id", INSTANCE, "--output", output, *merge)
    assert (ran.code, ran.out) == (1, "")
    assert f"{output} was not changed: {why}" in ran.err
    assert path.read_bytes().endswith(b"# a thought\r\n")


@pytest.mark.parametrize("named", [False, True])
def test_merge_gives_no_key_of_its_own_to_a_group_that_may_be_in_the_file_under_another_name(
    stage: Stage, named: bool
) -> None:
    people = ["+1 202 555 0143", "+1 202 555 0144"]
    group_id = stage.world.create_group("Team (renamed)", [*people, PHONE], owner=PHONE)
    stage.world.create_group("Else", [people[0], PHONE], owner=PHONE)
    before = stage.file(f"groups:\n  team:\n    name: Team\n    members: [{', '.join(people)}]\n").read_text()
    arguments = ["--group", group_id] if named else []
    ran = stage.run("import", "--output", "groups.yaml", "--merge", *arguments)
    added = (stage.folder / "groups.yaml").read_text().removeprefix(before)
    assert ran.code == 0, ran.err
    assert ("renamed" in added) == named
    assert ("Else" in added) != named
    assert (f"{group_id} was not added: it may be team, which no live group matches" in ran.err) != named
