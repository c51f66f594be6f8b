"""With `--log-format json` every line on stderr is one JSON object, however the run ends."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from threading import Event
from typing import Any

import pytest

from reconciler.apply.lock import instance_lock
from reconciler.cli import progress
from reconciler.cli.logs import FIELDS, start_run
from reconciler.cli.session import Endpoint
from reconciler.sandbox import Fault, FaultKind
from tests.cli.test_exit_codes import ADD, _interrupted, _interrupted_writing
from tests.stage import INSTANCE, PHONE, Stage

ALICE, BOB = "+1 202 555 0143", "+1 202 555 0144"
PEOPLE = f"people: {{alice: {ALICE}, bob: {BOB}}}\n"
FILE = f"{PEOPLE}groups: {{alpha: {{name: Alpha, members: [alice, bob]}}}}"
REFUSED = "groups: {alpha: {name: Alpha, members: []}}"
CRASH = "import reconciler.cli.planning as p; p.make_plan = lambda *_, **__: 1 / 0; "


def lines_of(text: str) -> list[dict[str, Any]]:
    """Parse every line; each has what a collector needs, of one run, in known fields."""
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        assert isinstance(line, dict)
        assert line.keys() >= {"time", "level", "message", "run_id"}
        assert line.keys() <= FIELDS.keys()
        assert line["level"] in ("debug", "info", "warning", "error")
    assert len({line["run_id"] for line in lines}) <= 1
    return lines


def process(stage: Stage, *arguments: str, before: str = "") -> tuple[int, list[dict[str, Any]]]:
    """Run the program as a process of its own whose format comes from the environment."""
    code = f"{before}from reconciler.cli.main import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "RECONCILER_LOG_FORMAT": "json"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert stage.server.key not in ran.stderr
    assert "55501" not in ran.stderr.replace(" ", "")
    return ran.returncode, lines_of(ran.stderr)


def test_each_problem_in_the_configuration_is_a_line_with_its_place(stage: Stage) -> None:
    stage.file(f"{PEOPLE}groups: {{alpha: {{name: Alpha, members: [alcie, bbo]}}}}")
    code, lines = process(stage, "plan")
    assert code == 1
    assert [(line["error"], line.get("code")) for line in lines] == [
        ("ConfigError", "unknown-reference"),
        ("ConfigError", "unknown-reference"),
        ("ConfigError", None),
    ]
    assert (lines[0]["file"], lines[0]["line"]) == ("groups.yaml", 4)
    assert lines[0]["hint"]
    assert all(line["command"] == "plan" for line in lines)


def test_a_refusal_names_the_group_and_the_code_of_the_guard(stage: Stage) -> None:
    stage.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    stage.file(REFUSED)
    code, lines = process(stage, "apply", "--yes")
    assert code == 1
    assert lines[-1]["error"] == "Refused"
    assert [refusal["group"] for refusal in lines[-1]["refusals"]] == ["alpha"]
    assert lines[-1]["refusals"][0]["code"]


@pytest.mark.parametrize(
    ("arguments", "command", "hint"),
    [
        (("plan", "--no-such-option"), "plan", "--help"),
        (("sandbox", "serve", "--port", "x"), "sandbox serve", "--help"),
        (("nothing",), None, "--help"),
        ((), None, "--help"),
        (("plan", "--sandbox", "--base-url", "https://api.example.com"), "plan", "remove one"),
        (("apply",), "apply", "--yes"),
    ],
)
def test_a_usage_error_is_a_line_with_a_hint(
    stage: Stage, arguments: tuple[str, ...], command: str | None, hint: str
) -> None:
    stage.file(FILE)
    code, lines = process(stage, *arguments)
    assert code == 1
    (line,) = lines
    assert (line["error"], line.get("command"), hint in line["hint"]) == ("UsageError", command, True)


def test_an_error_of_the_api_has_its_call_and_code(stage: Stage) -> None:
    stage.file(FILE)
    stage.server.set_faults([Fault(FaultKind.STATUS, "GET", "**", status=401, code="UNAUTHORIZED", times=0)])
    code, (line,) = process(stage, "plan")
    assert (code, line["error"], line["code"], line["call"]["status"]) == (1, "Unauthorized", "UNAUTHORIZED", 401)
    assert line["call"]["method"] == "GET"


def test_a_bug_is_a_line_that_names_its_log(stage: Stage) -> None:
    stage.file(FILE)
    code, (line,) = process(stage, "plan", before=CRASH)
    assert (code, line["error"]) == (1, "ZeroDivisionError")
    assert "crash-" in line["message"]


def test_the_calls_of_an_apply_have_group_action_and_counts(stage: Stage) -> None:
    stage.file(FILE)
    code, lines = process(stage, "apply", "--yes")
    assert code == 0
    told = [(line["group"], line["action"], line.get("status"), line.get("counts")) for line in lines]
    assert told == [("alpha", "create", "done", {"people": 2}), ("alpha", "read back", None, None)]


def test_what_failed_has_the_code_of_its_reason(stage: Stage) -> None:
    stage.world.create_group("Alpha", [ALICE], owner=PHONE)
    stage.file(FILE)
    stage.server.set_faults([ADD])
    code, lines = process(stage, "apply", "--yes")
    assert code == 3
    assert ("alpha", "add", "failed", "warning") in [
        (line.get("group"), line.get("action"), line.get("status"), line["level"]) for line in lines
    ]
    assert all(line["code"] for line in lines if line.get("status") == "failed")


def test_warnings_are_lines_too(stage: Stage) -> None:
    stage.file(f"{PEOPLE}groups: {{alpha: {{name: Alpha, members: [alice, bob, alice]}}}}")
    code, lines = process(stage, "plan")
    assert code == 0
    assert [(line["level"], line["code"]) for line in lines] == [("warning", "same-twice")]


@pytest.mark.parametrize(("situation", "command"), [(_interrupted, "plan"), (_interrupted_writing, "apply --yes")])
def test_an_interrupt_is_told_in_lines(stage: Stage, situation: Any, command: str) -> None:
    stage.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    situation(stage)
    ran = stage.run("--log-format", "json", *command.split())
    assert ran.code == 130
    assert any("interrupted" in line["message"] for line in lines_of(ran.err))


def test_the_plan_to_confirm_is_a_line(stage: Stage) -> None:
    stage.file(FILE)
    ran = stage.run("apply", "--log-format", "json", "--format", "json")
    plan, error = lines_of(ran.err)
    assert "create" in plan["message"]
    assert error["error"] == "UsageError"


def test_the_key_is_in_no_field(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file(FILE)
    ran = stage.run("--log-format=json", "plan", "--target", stage.server.key)
    (line,) = lines_of(ran.err)
    assert stage.server.key not in ran.err
    assert "***" in line["message"]


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [("12025550143-1", True), ("a/b:c", True), ("", False), ("two words", False), ("a" * 101, False)],
)
def test_the_environment_can_set_the_run_id(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, chosen: str, kept: bool
) -> None:
    monkeypatch.setenv("RECONCILER_RUN_ID", chosen)
    (line,) = lines_of(stage.run("--log-format", "json", "nothing").err)
    assert (line["run_id"] == chosen) is kept
    assert line["run_id"]


@pytest.mark.parametrize(
    ("arguments", "variable", "is_json"),
    [
        (["--log-format", "json", "nothing"], "", True),
        (["--log-format=json", "--log-format", "text", "nothing"], "json", False),
        (["nothing"], "json", True),
        (["--", "--log-format", "json"], "", False),
    ],
)
def test_the_last_option_decides_before_the_command_line_is_parsed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, arguments: list[str], variable: str, is_json: bool
) -> None:
    monkeypatch.setenv("RECONCILER_LOG_FORMAT", variable)
    assert stage.run(*arguments).err.startswith("{") is is_json


def test_a_long_reading_is_logged_with_counts(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.001)
    logged = Event()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.counts["read"]:  # type: ignore[attr-defined]
                seen.append((record.getMessage(), record.counts))  # type: ignore[attr-defined]
                logged.set()

    seen: list[tuple[str, dict[str, int]]] = []
    logger = logging.getLogger("reconciler.read")
    monkeypatch.setattr(logger, "handlers", [Handler(logging.INFO)])
    monkeypatch.setattr(logger, "level", logging.INFO)
    start_run([], {})
    with progress.show_reading(_options(quiet=False), lambda: 30.2) as on_read:
        on_read(97, 120)
        assert logged.wait(30)
    counts = {"read": 97, "groups": 120, "seconds_to_wait": 31}
    assert seen[0] == ("97 of 120 groups read, next call in 31 s", counts)


def test_a_short_reading_logs_nothing(stage: Stage) -> None:
    stage.file(FILE)
    stage.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    assert stage.run("plan").err == ""


def _options(*, quiet: bool) -> Any:
    from reconciler.cli.global_options import GlobalOptions

    return GlobalOptions(
        instance_id=None,
        base_url=None,
        api_key_file=None,
        api_key_file_typed=False,
        sandbox=False,
        rate=None,
        parallelism=4,
        timeout=30,
        verbose=False,
        quiet=quiet,
        color="never",
    )


def test_a_retry_has_its_group_call_and_wait(stage: Stage) -> None:
    stage.file(FILE)
    busy = Fault(FaultKind.STATUS, "GET", "/groups/*", status=503, code="BUSY", headers={"Retry-After": "4"}, times=1)
    stage.server.set_faults([busy])
    code, lines = process(stage, "apply", "--yes", "--parallelism", "1")
    assert code == 0, lines
    (line,) = [line for line in lines if line.get("action") == "retry"]
    assert (line["group"], line["code"], line["counts"]) == ("alpha", "BUSY", {"seconds_to_wait": 4})
    assert line["call"].items() >= {"method": "GET", "attempt": 1, "status": 503, "code": "BUSY"}.items()


def test_waiting_for_another_apply_has_its_seconds(stage: Stage) -> None:
    stage.file(FILE)
    with instance_lock(Endpoint(INSTANCE, stage.server.url).server, INSTANCE):
        ran = stage.run("--log-format", "json", "apply", "--yes", "--lock-timeout", "1s")
    waiting, error = lines_of(ran.err)
    assert (ran.code, error["error"]) == (1, "LockHeld")
    assert (waiting["action"], waiting["counts"]) == ("wait", {"seconds_to_wait": 1})


def test_a_group_that_is_not_pinned_is_a_line_with_its_key(stage: Stage) -> None:
    for _ in range(2):
        stage.world.create_group("Alpha", [ALICE], owner=PHONE)
    stage.file("groups: {alpha: {name: Alpha}, beta: {name: Beta}}")
    *lines, last = lines_of(stage.run("--log-format", "json", "pin").err)
    assert {(line["group"], line["action"], line["status"], line.get("code")) for line in lines} == {
        ("alpha", "pin", "skipped", "name-ambiguous"),
        ("beta", "pin", "skipped", None),
    }
    assert (last["error"], "no id was written" in last["message"]) == ("UsageError", True)


def test_the_format_is_taken_in_capitals_too(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file("groups: []")
    assert lines_of(stage.run("plan", "--log-format", "JSON").err)
    monkeypatch.setenv("RECONCILER_LOG_FORMAT", "Json")
    assert lines_of(stage.run("plan").err)


@pytest.mark.parametrize("place", ["option", "variable"])
def test_a_word_that_is_no_format_is_a_usage_error(stage: Stage, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    stage.file(FILE)
    if place == "variable":
        monkeypatch.setenv("RECONCILER_LOG_FORMAT", "xml")
    ran = stage.run("validate", *(["--log-format", "xml"] if place == "option" else []))
    assert (ran.code, ran.out) == (1, "")
    assert "Invalid value for '--log-format': 'xml' is not one of 'text', 'json'." in ran.err
