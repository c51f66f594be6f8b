"""`--format html` from end to end: real runs against the embedded server, and the files they leave."""

from __future__ import annotations

import re
import stat
import sys
from pathlib import Path

import pytest

from tests.sanitize.hostile_readers import assert_no_number
from tests.stage import PHONE, Stage

ALICE, MALLORY = "+1 202 555 0143", "+1 206 555 0187"
HOSTILE = "<script>alert(1)</script>\n::error::boom\x1b[2J\u202e call +1 202 555 0187"


@pytest.fixture
def school(stage: Stage) -> Stage:
    """Create a configuration that differs from its live group, and a live name that a stranger chose."""
    stage.world.create_group("Parents", [MALLORY], owner=PHONE, group_id="120363400000000001@g.us", description=HOSTILE)
    stage.world.create_group(HOSTILE, [], owner=PHONE, group_id="120363400000000002@g.us")
    stage.file(f"""
        people: {{alice: {ALICE}}}
        groups: {{parents: {{name: Parents, description: "", members: [alice], max_removals: 1}}}}
    """)
    return stage


def test_plan_drift_and_a_saved_plan_are_shown_as_the_same_page(school: Stage) -> None:
    planned = school.run("plan", "--format", "html", "--out", "today.plan")
    saved = "reconciler: saved the plan to today.plan; run: reconciler apply today.plan\n"
    assert (planned.code, planned.err) == (0, saved)
    assert planned.out.startswith("<!DOCTYPE html>\n")
    assert "<h1>1 person leaves, 1 person joins, 1 group gets a new name or description</h1>" in planned.out
    shown = school.run("show", "today.plan", "--format", "html")
    assert _without_time(shown.out) == _without_time(planned.out)
    drifted = school.run("drift", "--format", "html", "--output", "drift.html")
    assert (drifted.code, drifted.out) == (2, "")
    headline = "1 of 1 group drifted: 1 person to remove, 1 person to add, 1 group with a different name or description"
    assert f"<h1>{headline}</h1>" in Path("drift.html").read_text(encoding="utf-8")


def _without_time(page: str) -> str:
    return re.sub(r"\d\d:\d\d UTC", "UTC", page)


def test_live_text_is_escaped_and_masked_in_the_page(school: Stage) -> None:
    page = school.run("plan", "--format", "html").out
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not any(line.lstrip().startswith("::") for line in page.splitlines())
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert_no_number(page[page.index("<body") : page.index("<script>")])


def test_a_page_with_full_numbers_is_private(school: Stage) -> None:
    page = Path("page.html")
    school.run("plan", "--format", "html", "--output", "page.html", "--show-phones")
    assert "+12065550187" in page.read_text(encoding="utf-8")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("file", "begins"),
    [("x.html", "<!DOCTYPE html>"), ("x.JSON", "{"), ("x.md", "<!--"), ("x.txt", "parents "), ("x", "parents ")],
)
def test_the_ending_of_output_chooses_the_format(school: Stage, file: str, begins: str) -> None:
    assert school.run("plan", "--output", file).code == 0
    assert Path(file).read_text(encoding="utf-8").startswith(begins)


def test_a_format_that_is_given_overrides_the_ending(school: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    school.run("plan", "--output", "x.html", "--format", "json")
    assert Path("x.html").read_text(encoding="utf-8").startswith("{")
    monkeypatch.setenv("RECONCILER_FORMAT", "json")
    school.run("plan", "--output", "y.html")
    assert Path("y.html").read_text(encoding="utf-8").startswith("{")


def test_an_ending_that_a_command_has_no_format_for_is_refused_unless_the_format_is_given(school: Stage) -> None:
    ran = school.run("who", "alice", "--output", "x.html")
    assert (ran.code, "no format for a file that ends in .html" in ran.err) == (1, True)
    assert not Path("x.html").exists()
    assert school.run("who", "alice", "--output", "x.html", "--format", "text").code == 0


@pytest.mark.parametrize("file", ["x.html", "x.md"])
def test_a_saved_plan_is_not_written_to_a_file_that_looks_like_a_report(school: Stage, file: str) -> None:
    ran = school.run("plan", "--out", file)
    assert ran.code == 1
    assert "write a report with --output" in ran.err
    assert not Path(file).exists()


def test_a_page_is_not_printed_to_a_terminal(school: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    ran = school.run("plan", "--format", "html")
    assert (ran.code, ran.out) == (1, "")
    assert "write it to a file: --output FILE.html" in ran.err
    assert school.calls() == []
    assert school.run("plan", "--format", "html", "--output", "x.html").code == 0


def test_a_page_made_by_github_actions_links_back_to_commit_and_run(
    school: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "club/groups",
        "GITHUB_SHA": "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
        "GITHUB_RUN_ID": "9876",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    page = school.run("plan", "--format", "html").out
    assert f'href="https://github.com/club/groups/commit/{environment["GITHUB_SHA"]}"' in page
    assert 'href="https://github.com/club/groups/actions/runs/9876"' in page
