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
    "validate": "problems",
    "validate bad.yaml": "problems",
    "validate nowhere.yaml": "problems",
    "diff clean.yaml groups.yaml": "diff",
    "diff clean.yaml clean.yaml": "diff",
    "who alice": "who",
    "who +12025550144": "who",
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
    assert stage.run("plan", "--out", "saved.plan", "--max-removals", "9").code == 0


@pytest.mark.parametrize("phones", [(), ("--show-phones",)])
@pytest.mark.parametrize("line", LINES)
def test_json_is_valid_by_its_schema(stage: Stage, line: str, phones: tuple[str, ...]) -> None:
    if phones and not takes_show_phones(line.split()[0]):
        phones = ()
    world(stage)
    limit = ("--max-removals", "9") if line.startswith("apply") else ()
    ran = stage.run(*line.split(), "--format", "json", *phones, *limit)
    assert ran.code in (0, 1, 2, 3)
    document = json.loads(ran.out)
    jsonschema.validate(document, schema(LINES[line]))
    assert ("calls" in document) == line.startswith("apply")


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
