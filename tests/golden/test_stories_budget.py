"""A budget in a whole run: what is taken, how the rest is told, what an audit log adds to it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stage import PHONE, Stage

NUMBERS = [f"+1 202 555 01{number}" for number in range(40, 52)]
FILE = f"""\
policy: {{budget: {{adds_per_day: 5, groups_per_day: 1, checks_per_day: 3}}}}
groups:
  team: {{name: Team, members: {json.dumps(NUMBERS[:4])}}}
  choir: {{name: Choir, members: {json.dumps(NUMBERS)}, priority: 1}}
"""


def last_line(text: str) -> str:
    return text.rstrip().splitlines()[-1]


def hours_ago(stage: Stage, hours: float, *, lines: slice = slice(None)) -> None:
    """Make lines of the audit log older."""
    path = stage.folder / "audit.jsonl"
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    for entry in entries[lines]:
        entry["at"] = (datetime.fromisoformat(entry["at"]) - timedelta(hours=hours)).isoformat()
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))


def test_a_run_takes_what_fits_and_ends_with_3_until_everything_is_done(stage: Stage) -> None:
    stage.file(FILE)
    planned = stage.run("plan")
    assert "pending: 11 people to add, 1 group to create, done by" in last_line(planned.out)
    assert "  i pending (budget): the group is not created yet: the day's budget is used up" in planned.out
    codes, sizes = [], []
    for _ in range(4):
        codes.append(stage.run("apply", "--yes").code)
        sizes.append(len(stage.members("Choir")) - 1)
    assert (codes, sizes) == ([3, 3, 3, 0], [5, 10, 12, 12])
    assert len(stage.members("Team")) == 5
    assert stage.run("drift").code == 0


def test_what_waits_is_no_drift(stage: Stage) -> None:
    stage.world.create_group("Team", [], owner=PHONE)
    stage.world.create_group("Choir", [], owner=PHONE)
    stage.file(FILE.replace("adds_per_day: 5", "adds_per_day: 0"))
    drift = stage.run("drift")
    assert drift.code == 0
    assert last_line(drift.out) == "No drift to correct today; pending: 16 people to add."
    assert stage.run("plan", "--detailed-exitcode").code == 0
    assert json.loads(stage.run("plan", "--format", "json").out)["status"] == "waiting"
    applied = stage.run("apply", "--yes", "--format", "json")
    assert applied.code == 3
    assert json.loads(applied.out)["summary"]["pending_adds"] == 16


def test_every_format_of_a_plan_tells_what_waits(stage: Stage) -> None:
    stage.file(FILE)
    for format_ in ("text", "markdown", "html", "json"):
        out = stage.run("plan", "--format", format_).out
        assert "used up" in re.sub(r"\\|&#x27;|&#39;", "'", out), format_


def test_a_saved_plan_keeps_what_it_took(stage: Stage) -> None:
    stage.file(FILE)
    assert stage.run("plan", "--out", "new.plan").code == 0
    assert last_line(stage.run("show", "new.plan").out) == last_line(stage.run("plan").out)
    applied = stage.run("apply", "new.plan", "--yes")
    assert applied.code == 3
    assert len(stage.members("Choir")) == 6


def test_the_audit_log_of_the_last_day_counts_and_older_lines_do_not(stage: Stage) -> None:
    stage.file(FILE)
    log = ("--audit-log", "audit.jsonl")
    assert stage.run("apply", "--yes", *log).code == 3
    again = stage.run("apply", "--yes", *log)
    assert again.code == 3
    assert last_line(again.out).startswith("No changes today; pending: 11 people to add, 1 group to create, done by")
    hours_ago(stage, 23.9)
    assert "No changes today" in stage.run("apply", "--yes", *log).out
    hours_ago(stage, 0.2)
    assert stage.run("apply", "--yes", *log).code == 3
    assert len(stage.members("Choir")) == 11


def test_another_instance_and_a_refused_call_count_for_nothing(stage: Stage) -> None:
    stage.file(FILE)
    log = ("--audit-log", "audit.jsonl")
    line: dict[str, Any] = {"at": datetime.now(UTC).isoformat(), "instance": "inst_other", "action": "add"}
    line |= {"people": [{"jid": "12025550140@s.whatsapp.net"}] * 5, "path": "/x", "status": 200}
    lines = [line, {**line, "instance": "inst_story", "status": 422}]
    (stage.folder / "audit.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines) + "half a li")
    applied = stage.run("apply", "--yes", *log)
    assert len(stage.members("Choir")) == 6
    assert "do not count against the budget: 3" in applied.err


def test_somebody_who_refused_is_not_tried_again_for_30_days(stage: Stage) -> None:
    stage.world.set_account(NUMBERS[0], refuses_adds=True)
    stage.world.create_group("Team", [], owner=PHONE)
    stage.file(f"groups: {{team: {{name: Team, members: {json.dumps(NUMBERS[:2])}}}}}")
    log = ("--audit-log", "audit.jsonl")
    assert stage.run("apply", "--yes", *log).code == 3
    stage.calls()
    again = stage.run("apply", "--yes", *log)
    assert again.code == 3
    assert "i pending (refused): +1 202 ••• ••40: not added: they refused on" in again.out
    assert [call for call in stage.calls() if not call.startswith("GET")] == []
    assert stage.run("apply", "--yes", "--retry-refused", *log).code == 3
    assert [call.split()[0] for call in stage.calls() if not call.startswith("GET")] == ["POST"]
    hours_ago(stage, 24 * 30)
    assert stage.run("apply", "--yes", *log).code == 3
    assert [call.split()[0] for call in stage.calls() if not call.startswith("GET")] == ["POST"]


def test_only_an_audit_log_shows_whom_to_retry(stage: Stage) -> None:
    stage.file(FILE)
    for command in (("apply", "--yes"), ("plan",)):
        refused = stage.run(*command, "--retry-refused")
        assert refused.code == 1
        assert "--retry-refused needs --audit-log" in refused.err


@pytest.mark.parametrize(("absent", "checks"), [(0, 2), (1, 3), (2, 3)])
def test_who_waits_is_not_looked_up_and_somebody_not_on_whatsapp_makes_room(
    stage: Stage, absent: int, checks: int
) -> None:
    for number in NUMBERS[:absent]:
        stage.world.set_account(number, exists=False)
    stage.world.create_group("Choir", [], owner=PHONE)
    file = FILE.replace("adds_per_day: 5", "adds_per_day: 2").replace("budget: {", "check_numbers: all, budget: {")
    stage.file(file)
    planned = json.loads(stage.run("plan", "--format", "json").out)
    assert planned["summary"]["number_checks"] == checks
    assert planned["summary"]["adds"] == 2


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        ("take", "more than the budget of a day allows"),
        ("forget", "choir: add"),
        ("hurry", "minutes_between_groups"),
    ],
)
def test_a_saved_plan_that_was_edited_to_do_more_is_not_applied(stage: Stage, edit: str, place: str) -> None:
    stage.file(FILE.replace("budget: {", "budget: {minutes_between_groups: 7, "))
    assert stage.run("plan", "--out", "new.plan").code == 0
    path = stage.folder / "new.plan"
    document = json.loads(path.read_text())
    (choir,) = [group for group in document["groups"] if group["key"] == "choir"]
    (advice,) = choir["advice"]
    if edit == "take":
        person = advice["people"].pop()
        choir["add"].append(person)
        choir["steps"][0]["people"].append(person)
        document["summary"] |= {"adds": 6, "people_joining": 6, "pending_adds": 10}
    elif edit == "forget":
        advice["people"].pop()
        document["summary"]["pending_adds"] = 10
    else:
        document["minutes_between_groups"] = None
    path.write_text(json.dumps(document))
    applied = stage.run("apply", "new.plan", "--yes")
    assert applied.code == 1
    assert place in applied.err


def test_the_embedded_server_needs_no_pause(stage: Stage) -> None:
    file = FILE.replace("groups_per_day: 1", "groups_per_day: 5, minutes_between_groups: 500")
    stage.file(file.replace("adds_per_day: 5", "adds_per_day: 50"))
    text = last_line(stage.run("plan").out)
    assert text.endswith("about 500 min")
    assert "min" not in last_line(stage.run("--sandbox", "--instance-id", "inst_sandbox", "plan").out)


LOG = ("--audit-log", "audit.jsonl")


def test_a_plan_counts_what_the_audit_log_shows(stage: Stage) -> None:
    stage.file(FILE)
    assert stage.run("apply", "--yes", *LOG).code == 3
    planned = last_line(stage.run("plan", *LOG).out)
    assert planned.startswith("No changes today; pending: 11 people to add, 1 group to create")
    assert "5 people join" in last_line(stage.run("plan").out)


def test_a_plan_warns_of_an_audit_log_that_is_not_there(stage: Stage) -> None:
    stage.file(FILE)
    planned = stage.run("plan", *LOG)
    assert planned.code == 0
    assert "audit.jsonl does not exist, so nothing counts against the budget" in planned.err


def test_a_saved_plan_is_checked_against_the_audit_log_again(stage: Stage) -> None:
    stage.file(FILE.replace("adds_per_day: 5", "adds_per_day: 17"))
    assert stage.run("plan", "--target", "team", "--out", "team.plan").code == 0
    assert stage.run("apply", "--yes", "--target", "choir", *LOG).code == 0
    refused = stage.run("apply", "team.plan", "--yes", *LOG)
    assert refused.code == 1
    assert "1 group to create, 0 left" in refused.err
    assert "make a new plan with `plan --audit-log FILE`" in refused.err
    hours_ago(stage, 24)
    assert stage.run("apply", "team.plan", "--yes", *LOG).code == 0


def test_a_saved_plan_with_the_audit_log_is_applied_with_it(stage: Stage) -> None:
    stage.file(FILE.replace("adds_per_day: 5, groups_per_day: 1", "adds_per_day: 14, groups_per_day: 2"))
    assert stage.run("apply", "--yes", "--target", "choir", *LOG).code == 0
    assert stage.run("plan", "--out", "new.plan", *LOG).code == 0
    applied = stage.run("apply", "new.plan", "--yes", *LOG)
    assert applied.code == 3, applied.err
    assert len(stage.members("Team")) == 3


def test_a_saved_plan_with_somebody_who_refused_since_is_not_applied(stage: Stage) -> None:
    stage.world.set_account(NUMBERS[0], refuses_adds=True)
    for name in ("Team", "Choir"):
        stage.world.create_group(name, [], owner=PHONE)
    stage.file(
        f"groups: {{team: {{name: Team, members: {json.dumps(NUMBERS[:2])}}}, "
        f"choir: {{name: Choir, members: {json.dumps(NUMBERS[:1])}}}}}"
    )
    assert stage.run("plan", "--target", "choir", "--out", "choir.plan").code == 0
    assert stage.run("apply", "--yes", "--target", "team", *LOG).code == 3
    refused = stage.run("apply", "choir.plan", "--yes", *LOG)
    assert refused.code == 1
    assert "refused in the last 30 days, as the audit log shows: choir" in refused.err
    assert "pending (refused)" in stage.run("plan", *LOG).out
    assert "pending (refused)" not in stage.run("plan", "--retry-refused", *LOG).out
    assert stage.run("apply", "choir.plan", "--yes", "--retry-refused", *LOG).code == 3
