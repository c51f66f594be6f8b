"""`--format html` from end to end: real runs against the embedded server, and the files they leave."""

from __future__ import annotations

import re
import stat
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
    shown = school.run("show", "today.plan", "--format", "html")
    assert _without_time(shown.out) == _without_time(planned.out)
    drifted = school.run("drift", "--format", "html", "--output", "drift.html")
    assert (drifted.code, drifted.out) == (2, "")
    assert "<h1>1 group differs from the configuration</h1>" in Path("drift.html").read_text(encoding="utf-8")


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
