"""`reconciler apply`: confirmation, dry runs, reports, audit logs, locks, exit codes."""

from __future__ import annotations

import io
import json
import stat

import jsonschema
import pytest

from reconciler.apply.lock import instance_lock
from reconciler.cli.session import Endpoint
from reconciler.json_schemas import schema_text
from reconciler.sandbox import Fault, FaultKind
from tests.stage import INSTANCE, PHONE, Stage

FILE = """
people: {alice: +1 202 555 0143, bob: +1 202 555 0144}
groups: {alpha: {name: Alpha, members: [alice, bob]}}
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_apply_asks_on_a_terminal_and_only_yes_continues(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file(FILE)
    for answer in ("no\n", "y\n", "ja\nj\n", "\n", "no\nyes\n"):
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        ran = stage.run("apply")
        assert (ran.code, "nothing was changed" in ran.err) == (1, True)
        assert ("Type yes to confirm" in ran.err) is answer.startswith(("y", "j"))
    assert stage.world.effects() == ()
    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))
    assert stage.run("apply").code == 0
    assert len(stage.world.effects()) == 1


def test_another_word_for_yes_is_asked_once_more(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file(FILE)
    monkeypatch.setattr("sys.stdin", Terminal("ja\nyes\n"))
    assert stage.run("apply").code == 0
    assert len(stage.world.effects()) == 1


def test_the_question_says_how_many_people_join_and_leave(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    group = stage.world.create_group("Alpha", ["+1 202 555 0144"], owner=PHONE)
    stage.file(f"""
        people: {{alice: +1 202 555 0143}}
        groups: {{alpha: {{name: Alpha, id: {group}, members: [alice]}}}}
    """)
    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    question = "Apply these changes: 1 person joins, 1 person leaves? Type 'yes' to confirm:"
    assert question in stage.run("apply").err


def test_apply_without_a_terminal_needs_yes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file(FILE)
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    ran = stage.run("apply")
    assert (ran.code, "--yes" in ran.err) == (1, True)
    assert stage.world.effects() == ()


def test_a_dry_run_prints_the_calls_and_sends_none(stage: Stage) -> None:
    stage.file(FILE)
    ran = stage.run("apply", "--dry-run")
    assert ran.code == 0
    assert "POST /groups" in ran.out
    assert "0143" not in ran.out
    assert all(call.startswith("GET ") for call in stage.calls())
    full_dry_run = stage.run("apply", "--dry-run", "--show-phones")
    assert "12025550143@s.whatsapp.net" in full_dry_run.out


def test_a_dry_run_has_the_same_calls_in_every_format(stage: Stage) -> None:
    stage.file(FILE.replace("name: Alpha", "name: Alpha, description: For all"))
    lines = [line for line in stage.run("apply", "--dry-run").out.splitlines() if line.startswith(("POST", "PATCH"))]
    assert len(lines) == 2
    document = json.loads(stage.run("apply", "--dry-run", "--format", "json").out)
    jsonschema.validate(document, json.loads(schema_text("plan.schema.json")))
    assert [f"{call['method']} {call['path']} {json.dumps(call['body'])}" for call in document["calls"]] == [
        f"{line.partition(' {')[0]} {json.dumps(json.loads('{' + line.partition(' {')[2]))}" for line in lines
    ]
    comment = stage.run("apply", "--dry-run", "--format", "markdown").out
    assert f"<summary>{len(lines)} calls that apply would send</summary>" in comment
    assert all(line in comment for line in lines)
    full = stage.run("apply", "--dry-run", "--format", "json", "--show-phones").out
    assert "12025550143@s.whatsapp.net" in json.dumps(json.loads(full)["calls"])
    assert "2025550143" not in json.dumps(document) + comment


def test_a_dry_run_of_a_refused_plan_is_refused(stage: Stage) -> None:
    stage.world.create_group("Alpha", [f"+1 404 555 01{n:02}" for n in range(8)], owner=PHONE)
    stage.file("groups: {alpha: {name: Alpha, members: []}}")
    assert stage.run("apply", "--dry-run").code == 1


def test_the_report_and_the_audit_log_hold_every_call_and_are_private(stage: Stage) -> None:
    stage.file(FILE)
    ran = stage.run("apply", "--yes", "--report", "report.json", "--audit-log", "audit.jsonl")
    assert ran.code == 0, ran.err
    for name in ("report.json", "audit.jsonl"):
        assert stat.S_IMODE((stage.folder / name).stat().st_mode) == 0o600
    report = json.loads((stage.folder / "report.json").read_text())
    jsonschema.validate(report, json.loads(schema_text("result.schema.json")))
    assert report["converged"] is True
    (line,) = (stage.folder / "audit.jsonl").read_text().splitlines()
    entry = json.loads(line)
    assert (entry["method"], entry["status"], entry["instance"]) == ("POST", 201, INSTANCE)
    assert "12025550143@s.whatsapp.net" in entry["body"]["participants"]
    assert stage.server.key not in (stage.folder / "report.json").read_text() + line
    stage.world.rename_group(next(iter(stage.world.snapshot())), "By hand")
    stage.file(FILE.replace("name: Alpha", "name: Alpha, previously: [By hand]"))
    assert stage.run("apply", "--yes", "--audit-log", "audit.jsonl").code == 0
    assert len((stage.folder / "audit.jsonl").read_text().splitlines()) == 2


def test_json_on_stdout_is_one_document_masked_and_by_its_schema(stage: Stage) -> None:
    stage.file(FILE)
    assert "2025550143" in stage.run("plan", "--format", "json", "--show-phones").out
    planned = stage.run("plan", "--format", "json")
    jsonschema.validate(json.loads(planned.out), json.loads(schema_text("plan.schema.json")))
    applied = stage.run("apply", "--yes", "--format", "json")
    assert applied.code == 0
    jsonschema.validate(json.loads(applied.out), json.loads(schema_text("result.schema.json")))
    for text in (planned.out, planned.err, applied.out, applied.err):
        assert "2025550143" not in text


SPELLINGS = ["http://127.0.0.1", "HTTP://127.0.0.1", "http://LocalHost", "http://127.0.0.2", "http://[::1]"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_lock_is_the_same_however_the_url_is_spelled(stage: Stage, spelling: str) -> None:
    stage.file(FILE)
    other = stage.server.url.replace("http://127.0.0.1", spelling) + "/"
    with instance_lock(Endpoint(INSTANCE, other).server, INSTANCE):
        ran = stage.run("apply", "--yes")
        assert ran.code == 1
        assert "process" in ran.err
        assert stage.run("apply", "--dry-run").code == 0
        assert stage.run("plan").code == 0
    assert stage.world.effects() == ()
    assert stage.run("apply", "--yes").code == 0


def test_a_failed_step_exits_with_3_and_is_in_the_report(stage: Stage) -> None:
    group_id = stage.world.create_group("Alpha", [], owner=PHONE)
    stage.file(FILE)
    fault = Fault(FaultKind.STATUS, "POST", f"/groups/{group_id}/participants", status=403, code="FORBIDDEN", times=0)
    stage.server.set_faults([fault])
    ran = stage.run("apply", "--yes", "--report", "report.json")
    assert ran.code == 3
    assert "403 FORBIDDEN" in ran.out
    report = json.loads((stage.folder / "report.json").read_text())
    assert [step["status"] for step in report["steps"]] == ["failed"]
    assert report["converged"] is False


@pytest.mark.parametrize(
    ("broken", "outcome"),
    [
        pytest.param("reconciler.engine.remaining_drift", "unknown", id="comparing"),
        pytest.param("reconciler.cli.progress.LogProgress.reading_back", "unknown", id="telling how far it is"),
        pytest.param("reconciler.cli.commands.apply.run.write_after_success", "done", id="showing the result"),
        pytest.param("reconciler.live.transport.Transport.close", "done", id="closing the connection"),
    ],
)
def test_an_unexpected_error_after_a_write_exits_with_3_and_a_report(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, broken: str, outcome: str
) -> None:
    def bug(*_: object, **__: object) -> None:
        if stage.world.effects():
            raise ZeroDivisionError

    stage.file(FILE)
    monkeypatch.setattr(broken, bug)
    ran = stage.run("apply", "--yes", "--report", "report.json")
    assert (ran.code, "unexpected ZeroDivisionError: this is a bug" in ran.err) == (3, True)
    report = json.loads((stage.folder / "report.json").read_text())
    assert [step["status"] for step in report["steps"]] == [outcome]
    assert [call["method"] for call in report["calls"] if call["method"] != "GET"] == ["POST"]


def test_an_unexpected_error_before_the_first_write_exits_with_1(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    stage.file(FILE)
    monkeypatch.setattr("reconciler.engine.raise_if_appeared", bug)
    ran = stage.run("apply", "--yes", "--report", "report.json")
    assert (ran.code, "unexpected ZeroDivisionError" in ran.err, stage.world.effects()) == (1, True, ())
    assert not (stage.folder / "report.json").exists()


def test_removals_wait_for_the_groups_own_additions(stage: Stage) -> None:
    people = [f"+1 404 555 01{n:02}" for n in range(4)]
    group_id = stage.world.create_group("Alpha", people, owner=PHONE)
    stage.file(f"groups: {{alpha: {{name: Alpha, members: [+1 202 555 0143, {', '.join(people[:3])}]}}}}")
    fault = Fault(FaultKind.STATUS, "POST", f"/groups/{group_id}/participants", status=403, code="FORBIDDEN")
    stage.server.set_faults([fault])
    ran = stage.run("apply", "--yes")
    assert ran.code == 3
    assert "skipped" in ran.out
    assert stage.world.effects() == ()


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.HTML, FaultKind.TRUNCATED])
def test_a_create_without_a_response_is_found_in_the_list(stage: Stage, kind: FaultKind) -> None:
    stage.file(FILE)
    effect = True if kind is FaultKind.HTML else None
    stage.server.set_faults([Fault(kind, "POST", "/groups", effect=effect)])
    ran = stage.run("apply", "--yes")
    assert ran.code == 0, ran.out + ran.err
    assert [effect.kind for effect in stage.world.effects()] == ["create"]
    assert stage.calls().count("POST /groups") == 1


def test_a_create_with_unknown_outcome_is_not_sent_again(stage: Stage) -> None:
    stage.file(FILE)
    stage.server.set_faults([Fault(FaultKind.DROP_BEFORE, "POST", "/groups")])
    ran = stage.run("apply", "--yes")
    assert ran.code == 3
    assert "unknown" in ran.out
    assert stage.calls().count("POST /groups") == 1
    assert stage.run("apply", "--yes").code == 0
    assert [group["name"] for group in stage.world.snapshot().values()] == ["Alpha"]


def test_progress_is_a_line_per_call_and_quiet_prints_none(stage: Stage) -> None:
    stage.file(FILE)
    loud = stage.run("apply", "--yes")
    assert "alpha: create with 2 people … accepted" in loud.err
    stage.world.delete_group(next(iter(stage.world.snapshot())))
    quiet = stage.run("-q", "apply", "--yes")
    assert (quiet.code, quiet.err) == (0, "")


def test_logs_can_be_json_lines(stage: Stage) -> None:
    stage.file(FILE)
    ran = stage.run("apply", "--yes", "--log-format", "json", "-v")
    lines = [json.loads(line) for line in ran.err.splitlines()]
    assert {"time", "level", "message", "run_id", "command"} <= set(lines[0])
    assert any("create with 2 people" in line["message"] for line in lines)


def test_no_part_of_a_log_line_holds_a_number_in_full(stage: Stage) -> None:
    early = "12025550143-1500000000@g.us"
    stage.world.create_group("Alpha", [PHONE], owner=PHONE, group_id=early)
    stage.file(f"groups: {{alpha: {{id: {early}, name: New}}}}")
    text = "12025550144 is refused"
    stage.server.set_faults([Fault(FaultKind.STATUS, "PATCH", "/groups/*", status=403, code=text, message=text)])
    ran = stage.run("apply", "--yes", "--log-format", "json", "-v")
    (call,) = [line["call"] for line in map(json.loads, ran.err.splitlines()) if line.get("call", {}).get("error")]
    assert call["path"].endswith("/groups/1202•••••43-1500000000@g.us")
    assert call["code"] == call["error"] == "+1 202 ••• ••44 is refused"
    assert "202555014" not in ran.err
