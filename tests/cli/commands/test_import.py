"""`import`: keys and aliases keep the letters of every script, in every command that takes them."""

from __future__ import annotations

import json

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
    for line in ("  родители-5б:", "  родители-5б-2:", "  家長會:", "  صف-الأول:", "  sondagsgruppen:"):
        assert f"{line}\n" in text
    assert "      - ольга-петрова\n      - 美玲\n" in text
    assert stage.run("validate").code == 0
    assert stage.run("plan", "--detailed-exitcode").code == 0
    located = stage.run("who", "ольга-петрова", "--format", "json")
    assert located.code == 0, located.err
    assert [group["key"] for group in json.loads(located.out)["groups"]] == [
        "sondagsgruppen",
        "родители-5б",
        "родители-5б-2",
        "صف-الأول",
    ]
    assert stage.run("who", "Ольга Петрова").out == stage.run("who", "ОЛЬГА-ПЕТРОВА").out


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
    assert "the group `sondagsgruppen`" in validated.out
