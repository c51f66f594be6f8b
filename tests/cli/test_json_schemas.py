"""The JSON of every command is valid by its published schema, whatever the outcome, with masked and full numbers."""

from __future__ import annotations

import json
from typing import Any

import click
import jsonschema
import pytest

from reconciler.cli.commands.schema import DOCUMENTS
from reconciler.cli.main import COMMANDS, cli
from reconciler.json_schemas import schema_text
from reconciler.sandbox import Fault, FaultKind
from tests.repository import Repository
from tests.stage import Stage

ALICE, BOB = "+1 202 555 0143", "+1 202 555 0144"
GONE = f"{120363_499999_999999}@g.us"
FILE = f"""
people: {{alice: {ALICE}, bob: {{phone: {BOB}, name: Bob Marsh}}}}
groups:
  alpha: {{name: Alpha, description: New, members: [alice, {{person: bob, until: 2099-12-31, reason: contractor}}]}}
  beta: {{id: {GONE}, name: Beta}}
  gamma: {{name: Gamma, members: [alice]}}
"""
CLEAN = "groups: {alpha: {name: Alpha}}"
RULE = "{name: admins, use: at-least-admins, count: 1}"
LINES = {
    "plan": "plan",
    "plan clean.yaml": "plan",
    "plan --target alpha": "plan",
    "drift": "plan",
    "drift clean.yaml": "plan",
    "show saved.plan": "plan",
    "apply --dry-run": "plan",
    "apply --yes": "result",
    "apply clean.yaml --yes": "result",
    "apply refused.yaml --yes": "result",
    "apply": "problems",
    "apply bad.yaml --yes": "problems",
    "plan bad.yaml": "problems",
    "plan nowhere.yaml": "problems",
    "drift bad.yaml": "problems",
    "diff clean.yaml nowhere": "problems",
    "who nobody": "problems",
    "show nowhere.plan": "problems",
    "plan --base-url http://api.example.com": "problems",
    "plan refused.yaml --detailed-exitcode": "plan",
    "validate": "problems",
    "validate bad.yaml": "problems",
    "validate nowhere.yaml": "problems",
    "test": "problems",
    "test failing.yaml": "problems",
    "test bad.yaml": "problems",
    "diff clean.yaml groups.yaml": "diff",
    "diff clean.yaml clean.yaml": "diff",
    "people": "people",
    "people bad.yaml": "problems",
    "who alice": "who",
    "doctor": "doctor",
    "doctor bad.yaml --numbers": "doctor",
    "who +12025550144": "who",
    "who alice --why": "who",
    "history": "history",
    "history --at HEAD": "members",
    "review": "review",
}


def takes_show_phones(command: str) -> bool:
    click_command = cli.get_command(click.Context(cli), command)
    assert click_command is not None
    return any("--show-phones" in param.opts for param in click_command.params)


def schema(name: str) -> Any:
    return json.loads(schema_text(f"{name}.schema.json"))


def world(stage: Stage) -> None:
    stage.world.create_group("Alpha", [BOB, "+1 303 555 0101"], owner="+1 202 555 0100", description="Old")
    stage.world.create_group("Other", [BOB], owner="+1 202 555 0100")
    stage.file(FILE)
    stage.file(CLEAN, "clean.yaml")
    stage.file("groups: {alpha: {nmae: Alpha, members: [nobody, '+1 202']}}", "bad.yaml")
    stage.file("groups: {alpha: {name: Alpha, members: []}, other: {name: Other}}", "refused.yaml")
    stage.file(f"groups: {{beta: {{id: {GONE}, name: Beta}}}}", "blocked.yaml")
    stage.file(f"{CLEAN}\nrules: [{RULE}]\ntests: [{{name: none, expect: [admins]}}]\n", "failing.yaml")
    assert stage.run("plan", "--out", "saved.plan", "--max-removals", "9").code == 0


def commit_all(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    Repository(stage.folder, monkeypatch).commit()


@pytest.mark.parametrize("phones", [(), ("--show-phones",)])
@pytest.mark.parametrize("line", LINES)
def test_json_is_valid_by_its_schema(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, line: str, phones: tuple[str, ...]
) -> None:
    if phones and not takes_show_phones(line.split()[0]):
        phones = ()
    world(stage)
    if line.startswith(("history", "review")) or line.endswith("--why"):
        commit_all(stage, monkeypatch)
    limit = ("--max-removals", "9") if line.startswith("apply") and "refused" not in line else ()
    ran = stage.run(*line.split(), "--format", "json", *phones, *limit)
    assert ran.code in (0, 1, 2, 3)
    document = json.loads(ran.out)
    jsonschema.validate(document, schema(LINES[line]))
    assert ("calls" in document) == (LINES[line] == "result" or "--dry-run" in line)
    assert ("error" in document) == (LINES[line] == "problems" and not line.startswith(("validate", "test")))


def test_a_refused_apply_prints_a_result_in_which_nothing_ran(stage: Stage) -> None:
    world(stage)
    ran = stage.run("apply", "refused.yaml", "--yes", "--format", "json")
    document = json.loads(ran.out)
    assert ran.code == 1
    assert (document["converged"], {step["status"] for step in document["steps"]}) == (False, {"not run"})
    assert [refusal["group"] for refusal in document["refusals"]] == ["alpha"]


@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        ("plan clean.yaml", "in_sync", 0),
        ("plan --max-removals 9", "pending", 2),
        ("plan blocked.yaml", "blocked", 2),
        ("plan refused.yaml", "refused", 1),
    ],
)
def test_the_status_of_a_plan_and_the_detailed_exit_code_agree(stage: Stage, line: str, status: str, code: int) -> None:
    world(stage)
    ran = stage.run(*line.split(), "--format", "json", "--detailed-exitcode")
    assert (json.loads(ran.out)["status"], ran.code) == (status, code)


def test_a_printed_plan_has_actions_and_the_live_groups_that_differ(stage: Stage) -> None:
    world(stage)
    groups = json.loads(stage.run("plan", "refused.yaml", "--format", "json").out)["groups"]
    assert [(group["key"], group["actions"], group["live"] is None) for group in groups] == [
        ("alpha", ["remove"], False),
        ("other", [], True),
    ]


def test_two_people_who_look_the_same_have_two_ref_ids(stage: Stage) -> None:
    twins = ["+44 7700 900143", "+44 7700 900243"]
    stage.world.create_group("Twins", twins, owner="+1 202 555 0100")
    stage.world.create_group("Second", twins[1:], owner="+1 202 555 0100")
    stage.file("groups: {second: {name: Second, members: []}, twins: {name: Twins, members: []}}")
    second, both = json.loads(stage.run("plan", "--format", "json").out)["groups"]
    ((again,), removed) = (second["remove"], both["remove"])
    assert len({person["identity"] for person in removed}) == 1
    assert len({person["ref_id"] for person in removed}) == 2
    assert again["ref_id"] in {person["ref_id"] for person in removed}


def test_a_printed_plan_with_full_numbers_can_be_applied(stage: Stage) -> None:
    world(stage)
    ran = stage.run("plan", "--format", "json", "--show-phones", "--max-removals", "9")
    (stage.folder / "printed.plan").write_text(ran.out, encoding="utf-8")
    assert stage.run("apply", "printed.plan", "--yes").code in (0, 3)


@pytest.mark.parametrize("line", ["drift", "apply --yes --max-removals 9"])
def test_json_of_a_failed_or_refused_group_is_valid(stage: Stage, line: str) -> None:
    world(stage)
    stage.server.set_faults([Fault(FaultKind.STATUS, "PATCH", "/groups/*", status=403, code="FORBIDDEN", message="no")])
    ran = stage.run(*line.split(), "--format", "json")
    assert ran.code in (2, 3)
    jsonschema.validate(json.loads(ran.out), schema(LINES[line.removesuffix(" --max-removals 9")]))


def test_written_documents_are_valid_by_their_schema(stage: Stage) -> None:
    world(stage)
    stage.run("apply", "--yes", "--max-removals", "9", "--report", "report.json")
    for name, kind in (("report.json", "result"), ("saved.plan", "plan")):
        document = json.loads((stage.folder / name).read_text(encoding="utf-8"))
        jsonschema.validate(document, schema(kind))
        assert document["masked"] is False


def test_every_command_with_json_is_checked_against_its_schema() -> None:
    with_json = {
        name
        for name in COMMANDS
        if (command := cli.get_command(click.Context(cli), name)) is not None
        for param in command.params
        if isinstance(param.type, click.Choice) and "--format" in param.opts and "json" in param.type.choices
    }
    assert with_json == {line.split()[0] for line in LINES}


@pytest.mark.parametrize("name", ["groups", *DOCUMENTS])
def test_every_schema_is_printed_and_names_its_version(stage: Stage, name: str) -> None:
    ran = stage.run("schema", *([] if name == "groups" else [f"--{name}"]))
    assert (ran.code, ran.out) == (0, schema_text(f"{name}.schema.json"))
    document = json.loads(ran.out)
    jsonschema.Draft202012Validator.check_schema(document)
    assert document["$id"].split(":")[-1].isdecimal() or "/" in document["$id"]


def test_schema_prints_every_schema_of_a_document() -> None:
    assert set(LINES.values()) == set(DOCUMENTS)


def test_two_schemas_cannot_be_combined(stage: Stage) -> None:
    ran = stage.run("schema", "--plan", "--who")
    assert (ran.code, ran.out) == (1, "")
    assert "--plan and --who" in ran.err
