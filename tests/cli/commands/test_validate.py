"""`validate`: numbers in messages, and the file behind a doubt about the account's number."""

from __future__ import annotations

import json

import pytest

from tests.stage import INSTANCE, PHONE, Stage

MISTYPED = "+1 202 555 o143"


def test_a_mistyped_number_is_masked_unless_the_user_asks_for_it(stage: Stage) -> None:
    stage.file(f"people: {{alice: {MISTYPED}}}\ngroups: {{}}\n")
    assert MISTYPED not in stage.run("validate").out
    shown = stage.run("validate", "--show-phones")
    assert (shown.code, shown.err) == (1, "")
    assert f"`{MISTYPED}` contains letters" in shown.out
    document = json.loads(stage.run("validate", "--show-phones", "--format", "json").out)
    assert MISTYPED in document["problems"][0]["message"]
    assert MISTYPED not in stage.run("validate").out


@pytest.mark.parametrize("format_", ["github", "sarif"])
def test_the_formats_for_a_code_host_are_masked_whatever_is_asked(format_: str, stage: Stage) -> None:
    stage.file(f"people: {{alice: {MISTYPED}}}\ngroups: {{}}\n")
    assert MISTYPED not in stage.run("validate", "--show-phones", "--format", format_).out


def test_a_wrong_number_of_the_account_is_named_once_as_the_likely_cause(stage: Stage) -> None:
    for name in ("Alpha", "Beta"):
        stage.world.create_group(name, ["+1 202 555 0143"], owner=PHONE)
    path = stage.file("groups: {a: {name: Alpha, members: []}, b: {name: Beta, members: []}}\n")
    path.write_text(path.read_text(encoding="utf-8").replace(PHONE, "+1 202 555 0199"), encoding="utf-8")
    planned = stage.run("plan", "--instance-id", INSTANCE)
    assert planned.out.count("2 of the 2 groups that were read do not have it") == 1
    assert "+1 202 ••• ••99" in planned.out
    assert "check `instance.phone` in groups.yaml:2" in planned.out
    assert planned.out.count("nobody will be removed") == 2
