"""Rules of the file: a broken one refuses an apply before its first write, unless it is exempt or overridden."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.cli.options import today
from tests.repository import Repository
from tests.stage import PHONE, Stage

FILE = """\
people: {alice: +1 202 555 0143, bob: +1 202 555 0144}
teams: {audit: [alice], board: [alice, bob]}
groups:
  alpha: {name: Alpha, members: [alice, bob], admins: [alice]}
  beta: {name: Beta, members: [alice]}
rules:
  - {name: independent, use: separate, teams: [audit, board], message: the board is audited}
  - {name: two-admins, use: at-least-admins, count: 2, severity: warning, groups: alpha}
"""
WHY = ("--override-rule", "independent", "--reason", "she leaves the board on Monday")
BROKEN = "rule independent is broken: `alice` is in both `audit` and `board`: the board is audited (groups.yaml:4)"


def writes(stage: Stage) -> list[str]:
    return [call for call in stage.calls() if not call.startswith("GET ")]


def test_a_broken_rule_refuses_an_apply_before_its_first_write_and_is_in_every_plan(guide: Stage) -> None:
    guide.file(FILE)
    assert guide.run("plan", "--detailed-exitcode").code == 1
    for format_ in ("text", "markdown", "html"):
        shown = guide.run("plan", "--format", format_).out.replace("&#96;", "`").replace("&#x60;", "`")
        assert "independent" in shown, format_
        assert "two-admins" in shown, format_
    refused = guide.run("apply", "--yes")
    assert (refused.code, BROKEN in refused.err, writes(guide)) == (1, True, [])
    assert "--override-rule independent" in refused.err


def test_a_rule_that_another_group_breaks_refuses_a_plan_of_one_group_too(guide: Stage) -> None:
    guide.file(FILE.replace("severity: warning, groups: alpha", "groups: alpha").replace("[alice, bob]\n", "[bob]\n"))
    refused = guide.run("apply", "--yes", "--target", "beta")
    assert (refused.code, "rule two-admins is broken" in refused.err, writes(guide)) == (1, True, [])


def test_an_overridden_rule_is_in_the_plan_the_report_and_the_audit_log_before_the_first_call(guide: Stage) -> None:
    guide.file(FILE)
    applied = guide.run("apply", "--yes", *WHY, "--report", "report.json", "--audit-log", "audit.jsonl")
    assert applied.code == 0, applied.err
    assert "i overridden rule: independent: `alice`" in applied.out
    overridden = {"rule": "independent", "reason": "she leaves the board on Monday"}
    assert json.loads(Path("report.json").read_text())["overridden_rules"] == [overridden]
    first = json.loads(Path("audit.jsonl").read_text().splitlines()[0])
    assert {"action": "override-rule", **overridden}.items() <= first.items()


def test_a_rule_that_many_groups_break_is_one_reason(guide: Stage) -> None:
    groups = "".join(f"  g{number}: {{name: G{number}, members: [alice, bob]}}\n" for number in range(4))
    rule = "  - {name: ends, use: require-end, teams: [board]}\n"
    guide.file(f"{FILE.partition('groups:')[0]}groups:\n{groups}rules:\n{rule}")
    shown = guide.run("plan").out
    assert "! 4 groups (g0 2 times, g1 2 times, g2 2 times, g3 2 times): the rule ends is broken, first here:" in shown


def test_the_comment_on_an_apply_has_the_rules_that_it_might_break(guide: Stage) -> None:
    guide.file(FILE)
    shown = guide.run("apply", "--yes", *WHY, "--format", "markdown").out
    assert "**Overridden rules**\n\n- independent: she leaves the board on Monday" in shown


def test_a_reason_for_a_whole_job_overrides_nothing_by_itself(guide: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    guide.file(FILE)
    monkeypatch.setenv("RECONCILER_REASON", "release week")
    assert BROKEN in guide.run("plan").out
    assert "overridden: release week" in guide.run("plan", "--override-rule", "independent").out


MISUSED = {
    "has no rule independant": ("--override-rule", "independant", "--reason", "why"),
    "--override-rule needs --reason": ("--override-rule", "independent"),
    "--reason is only for --override-rule": ("--reason", "why"),
    "200 characters": ("--override-rule", "independent", "--reason", "x" * 201),
}


@pytest.mark.parametrize("words", MISUSED)
@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")])
def test_an_override_names_a_rule_of_the_file_and_gives_a_reason(
    guide: Stage, words: str, command: tuple[str, ...]
) -> None:
    guide.file(FILE)
    ran = guide.run(*command, *MISUSED[words])
    assert (ran.code, words in ran.err, guide.calls()) == (1, True, [])


def test_a_saved_plan_keeps_its_findings_and_overrides(guide: Stage) -> None:
    guide.file(FILE)
    saved = guide.run("plan", "--out", "today.plan", *WHY)
    assert saved.code == 0, saved.err
    assert guide.run("show", "today.plan").out == saved.out
    document = json.loads(guide.run("show", "today.plan", "--format", "json").out)
    assert [(one["rule"], one["severity"], one["place"]["line"]) for one in document["findings"]] == [
        ("independent", "error", 4),
        ("two-admins", "warning", 6),
    ]
    assert "0143" not in json.dumps(document)
    assert guide.run("apply", "today.plan", "--yes").code == 0


def test_an_apply_of_a_saved_plan_checks_the_rules_again_and_takes_an_override(guide: Stage) -> None:
    path = guide.file(FILE)
    assert guide.run("plan", "--out", "today.plan").code == 0
    document = json.loads(Path("today.plan").read_text())
    edited = {**document, "findings": [], "refusals": [], "status": "pending"}
    edited["summary"] = {**document["summary"], "refusals": 0}
    Path("edited.plan").write_text(json.dumps(edited))
    for plan in ("today.plan", "edited.plan"):
        refused = guide.run("apply", plan, "--yes")
        assert (refused.code, BROKEN in refused.err, writes(guide)) == (1, True, [])
    path.rename("moved.yaml")
    refused = guide.run("apply", "today.plan", "--yes")
    assert (refused.code, BROKEN in refused.err, writes(guide)) == (1, True, [])
    Path("moved.yaml").rename(path)
    applied = guide.run("apply", "today.plan", "--yes", *WHY)
    assert applied.code == 0, applied.err


@pytest.mark.parametrize("file", ["groups.yaml", "moved.yaml"])
def test_an_exemption_that_ended_since_a_plan_was_saved_refuses_its_apply(
    guide: Stage, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    exempt = f"exempt: [{{person: alice, until: {today()}, reason: board}}]"
    path = guide.file(FILE.replace("message: the board is audited", exempt))
    saved = guide.run("plan", "--out", "old.plan")
    assert "exempt from a rule: independent" in saved.out
    assert "refuse" not in saved.out
    path.rename(file)
    tomorrow = today() + timedelta(days=1)
    monkeypatch.setattr("reconciler.cli.saved_plan.today", lambda: tomorrow)
    refused = guide.run("apply", "old.plan", "--yes")
    assert (refused.code, writes(guide)) == (1, [])
    assert f"ended on {today()}" in refused.err


def test_another_day_passes_no_rule_that_is_broken_today(guide: Stage) -> None:
    yesterday = today() - timedelta(days=1)
    exempt = f"exempt: [{{person: alice, until: {yesterday}, reason: board}}]"
    guide.file(FILE.replace("message: the board is audited", exempt))
    for command in (("apply", "--yes"), ("plan", "--detailed-exitcode")):
        assert guide.run(*command, "--as-of", str(yesterday)).code == 1
    until = today() + timedelta(days=500)
    rule = "use: require-end, teams: [audit], within: 30d"
    guide.file(
        f"people: {{alice: +1 202 555 0143}}\nteams: {{audit: [{{person: alice, until: {until}}}]}}\n"
        f"groups: {{alpha: {{name: Alpha, teams: [audit]}}}}\nrules: [{{name: ends, {rule}}}]\n"
    )
    assert guide.run("apply", "--yes", "--as-of", str(until)).code == 1
    assert writes(guide) == []


def test_drift_shows_a_broken_rule_beside_groups_that_are_in_sync(guide: Stage) -> None:
    guide.world.create_group("Alpha", ["+1 202 555 0143"], owner=PHONE)
    guide.file(
        FILE.replace("[alice, bob], admins: [alice]", "[alice]").partition("  beta")[0] + "rules:\n"
        "  - {name: it, use: naming, pattern: Beta}\n"
    )
    drifted = guide.run("drift")
    assert drifted.code == 2
    assert "! alpha: the rule it is broken: the name of `alpha`" in drifted.out


def test_a_person_and_a_difference_are_looked_up_without_checking_rules(guide: Stage, tmp_path: Path) -> None:
    guide.file(FILE)
    assert "independent" not in guide.run("who", "alice").out


def test_a_rule_and_an_exemption_that_changed_are_in_diff(
    guide: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository = Repository(tmp_path, monkeypatch)
    repository.commit({"groups.yaml": f"version: 1\n{FILE}"})
    changed = FILE.replace("count: 2", "count: 3").replace(
        "message: the", "exempt: [{person: alice, until: 2099-01-01, reason: vacancy}], message: the"
    )
    repository.write({"groups.yaml": f"version: 1\n{changed}"})
    text = guide.run("diff", "HEAD", ".").out
    assert "rules[two-admins]  at-least-admins; count: 2" in text
    assert "rules[independent].exempt  (not set) → alice until 2099-01-01 (vacancy)" in text
    assert "No groups" in text or "2 groups unchanged" in text
