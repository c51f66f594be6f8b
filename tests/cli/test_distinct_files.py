"""No command writes two outputs to one file, or an output over an input."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.stage import Stage

LOG = '{"instance": "inst_story", "method": "POST"}\n'

TWICE = [
    ("apply --yes --report x --audit-log x", "--report and --audit-log"),
    ("apply --yes --report ./sub/../x --audit-log x", "--report and --audit-log"),
    ("apply --yes --report link --audit-log x", "--report and --audit-log"),
    ("apply --yes --report hard --audit-log x", "--report and --audit-log"),
    ("apply --yes --report dangling --audit-log new", "--report and --audit-log"),
    ("apply --yes --report new --audit-log folder/new", "--report and --audit-log"),
    ("plan --out x --output link", "--out and --output"),
    ("plan --out new --output folder/new", "--out and --output"),
]
OVER = [
    ("apply --yes --report {}", "groups.yaml"),
    ("apply --yes --audit-log {}", "groups.yaml"),
    ("apply groups --yes --audit-log {}", "groups/one.yaml"),
    ("apply today.plan --yes --audit-log {}", "groups.yaml"),
    ("apply today.plan --yes --report {}", "today.plan"),
    ("apply folder.plan --yes --report {}", "groups/one.yaml"),
    ("plan --out {}", "groups.yaml"),
    ("plan --output {}", "groups.yaml"),
    ("plan groups --output {}", "groups/one.yaml"),
    ("drift --output {}", "groups.yaml"),
    ("who alice --output {}", "groups.yaml"),
    ("validate --output {}", "groups.yaml"),
    ("validate groups --output {}", "groups/one.yaml"),
    ("show today.plan --output {}", "today.plan"),
    ("diff groups.yaml groups --output {}", "groups/one.yaml"),
    ("diff groups.yaml groups --output {}", "groups.yaml"),
    ("--api-key-file the.key apply --yes --report {}", "the.key"),
    ("--api-key-file the.key plan --out {}", "the.key"),
    ("--api-key-file the.key drift --output {}", "the.key"),
    ("--api-key-file the.key who alice --output {}", "the.key"),
    ("--api-key-file the.key --instance-id inst_story import --output {}", "the.key"),
]


@pytest.fixture
def files(stage: Stage) -> Stage:
    """Create a file and a folder with the same groups, a plan of each, an audit log and links to it, and a key."""
    text = "people: {alice: +1 202 555 0143}\ngroups: {alpha: {name: Alpha, members: [alice]}}\n"
    (stage.folder / "groups").mkdir()
    stage.file(text)
    stage.file(text, "groups/one.yaml")
    for path, plan in (("groups.yaml", "today.plan"), ("groups", "folder.plan")):
        assert stage.run("plan", path, "--out", plan).code == 0
    Path("sub").mkdir()
    Path("folder").symlink_to(".")
    Path("x").write_text(LOG)
    Path("link").symlink_to("x")
    Path("dangling").symlink_to("new")
    os.link("x", "hard")
    Path("the.key").write_text(stage.server.key)
    stage.calls()
    return stage


def contents() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file() and "state" not in path.parts}


@pytest.mark.parametrize(("line", "options"), TWICE)
def test_two_outputs_to_one_file_are_a_usage_error_before_any_call(files: Stage, line: str, options: str) -> None:
    before = contents()
    ran = files.run(*line.split())
    assert (ran.code, ran.out) == (1, "")
    assert f"{options} name the same file" in ran.err
    assert (contents(), files.calls()) == (before, [])


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize(("line", "over"), OVER)
def test_overwriting_an_input_is_a_usage_error_before_any_call(
    files: Stage, line: str, over: str, linked: bool
) -> None:
    place = over
    if linked:
        place = "linked"
        Path(place).symlink_to(over)
    before = contents()
    # Without a format, the ending of these files would be refused first.
    text = ("--format", "text") if "--output" in line and "import" not in line else ()
    ran = files.run(*line.format(place).split(), *text)
    assert (ran.code, ran.out) == (1, "")
    assert f"would overwrite {over}, which is an input" in ran.err
    assert (contents(), files.calls()) == (before, [])


@pytest.mark.parametrize(
    "line",
    [
        "apply --yes --report /dev/null --audit-log /dev/null",
        "plan --out /dev/null --output /dev/null",
        "plan groups --output groups/plan.txt",
        "import --instance-id inst_story --output groups.yaml --merge",
    ],
)
def test_devices_and_files_that_are_not_inputs_are_allowed(files: Stage, line: str) -> None:
    ran = files.run(*line.split())
    assert ran.code == 0, ran.err
