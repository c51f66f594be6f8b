"""The table of exit codes: every command, in every format, in every situation, is run.

0 done or nothing to do; 1 error or refusal, nothing was changed; 2 changes pending; 3 an apply ran and did not
converge; 130 interrupted. The formats are the commands' own, so that a new one is held to the table as well.
"""

from __future__ import annotations

import importlib
import json
import signal
from collections.abc import Callable, Iterator, Mapping
from threading import main_thread

import pytest

from reconciler.cli.main import COMMANDS
from reconciler.sandbox import Fault, FaultKind
from tests.stage import PHONE, Stage

ALICE, BOB, CAROL = "+1 202 555 0143", "+1 202 555 0144", "+1 303 555 0101"
PEOPLE = f"people: {{alice: {ALICE}, bob: {BOB}, carol: {CAROL}}}\n"
GONE = f"{120363_499999_999999}@g.us"
ADD = Fault(FaultKind.STATUS, "POST", "/groups/*/participants", status=403, code="FORBIDDEN", times=0)


def _file(stage: Stage, groups: str) -> None:
    stage.file(f"{PEOPLE}groups: {{{groups}}}\n")


def _clean(stage: Stage) -> None:
    _file(stage, "alpha: {name: Alpha, members: [alice, bob]}")


def _pending(stage: Stage) -> None:
    _file(stage, "alpha: {name: Alpha, members: [alice, bob, carol]}")


def _invalid(stage: Stage) -> None:
    _file(stage, "alpha: {name: Alpha, members: [alcie]}")


def _blocked(stage: Stage) -> None:
    _file(stage, f"alpha: {{name: Alpha, members: [alice, bob, carol]}}, beta: {{id: {GONE}, name: Beta}}")


def _refused(stage: Stage) -> None:
    _file(stage, "alpha: {name: Alpha, members: []}")


def _partly(stage: Stage) -> None:
    _pending(stage)
    stage.server.set_faults([ADD])


def _api_error(stage: Stage) -> None:
    _pending(stage)
    stage.server.set_faults([Fault(FaultKind.STATUS, "GET", "**", status=403, code="FORBIDDEN", times=0)])


def _interrupted(stage: Stage) -> None:
    _pending(stage)
    stage.server.on_call = _interrupt_at(lambda method: True)


def _interrupted_writing(stage: Stage) -> None:
    _pending(stage)
    stage.server.on_call = _interrupt_at(lambda method: method != "GET")


def _interrupt_at(chosen: Callable[[str], bool]) -> Callable[[int, str, str], None]:
    """Send SIGINT to the program at the first chosen call."""
    sent: list[str] = []

    def hook(seq: int, method: str, path: str) -> None:
        if chosen(method) and not sent:
            sent.append(path)
            signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)

    return hook


SITUATIONS: Mapping[str, Callable[[Stage], None]] = {
    "clean": _clean,
    "pending": _pending,
    "invalid file": _invalid,
    "API error": _api_error,
    "blocked": _blocked,
    "refused": _refused,
    "partly applied": _partly,
    "interrupted": _interrupted,
    "interrupted writing": _interrupted_writing,
}
READING = {"clean": 0, "pending": 0, "invalid file": 1, "API error": 1, "blocked": 0, "refused": 0, "interrupted": 130}
OFFLINE = {"clean": 0, "pending": 0, "invalid file": 1, "API error": 0, "blocked": 0, "refused": 0}
PENDING = READING | {"pending": 2, "blocked": 2, "refused": 2}
DETAILED = PENDING | {"refused": 1}
APPLYING = {
    "clean": 0,
    "pending": 0,
    "invalid file": 1,
    "API error": 1,
    "blocked": 3,
    "refused": 1,
    "partly applied": 3,
    "interrupted": 130,
    "interrupted writing": 130,
}
SAVED = {"pending": 0, "partly applied": 3, "API error": 1, "interrupted": 130, "interrupted writing": 130}
NO_FILE = {"clean": 0, "invalid file": 0, "API error": 1, "interrupted": 130}
TABLE: Mapping[str, Mapping[str, int]] = {
    "validate": OFFLINE,
    "test": OFFLINE,
    "plan": READING,
    "plan --detailed-exitcode": DETAILED,
    "plan --target alpha": READING,
    "drift": PENDING,
    "drift --notify alpha": PENDING | {"interrupted writing": 130},
    "drift --notify nobody": dict.fromkeys(PENDING, 1),
    "who alice": READING,
    "people": OFFLINE,
    "doctor": READING,
    "doctor --numbers": READING,
    "who nobody": dict.fromkeys(PENDING, 1),
    "invite alpha": READING,
    "invite nobody": dict.fromkeys(PENDING, 1),
    "apply --yes": APPLYING,
    "apply --dry-run": READING | {"refused": 1},
    "apply saved.plan --yes": {
        "pending": 0,
        "partly applied": 3,
        "interrupted writing": 130,
        "API error": 1,
        "interrupted": 130,
    },
    "show saved.plan": dict.fromkeys(OFFLINE, 0),
    "pin": READING,
    "pin --dry-run": READING,
    "pin --people": READING,
    "adopt": READING,
    "adopt --dry-run --missing": dict.fromkeys(PENDING, 1),
    "edit add bob --to alpha": OFFLINE,
    "edit add nobody --to alpha": dict.fromkeys(OFFLINE, 1),
    "edit remove bob --everywhere": OFFLINE,
    "edit rename alpha Beta --dry-run": OFFLINE | {"blocked": 1},
    "import --instance-id inst_story": NO_FILE,
    "diff old.yaml groups.yaml": OFFLINE,
    "diff old.yaml groups.yaml --detailed-exitcode": OFFLINE
    | {"pending": 2, "blocked": 2, "refused": 2, "API error": 2},
    # There is no repository.
    "history": dict.fromkeys(OFFLINE, 1),
    "review": dict.fromkeys(OFFLINE, 1),
    "init new": dict.fromkeys(OFFLINE, 0),
    "init .": dict.fromkeys(OFFLINE, 0),
    "schema": dict.fromkeys(OFFLINE, 0),
    "schema --plan": dict.fromkeys(OFFLINE, 0),
    "completion bash": dict.fromkeys(OFFLINE, 0),
    "help plan": dict.fromkeys(OFFLINE, 0),
    "help nobody": dict.fromkeys(OFFLINE, 1),
    "version": dict.fromkeys(OFFLINE, 0),
}


def _formats(command: str) -> list[str]:
    """Return the formats of a command; "" for one without --format."""
    module, _, name = COMMANDS[command][0].partition(":")
    for param in getattr(importlib.import_module(module), name).params:
        if "--format" in param.opts:
            return list(param.type.choices)
    return [""]


def _cases() -> Iterator[tuple[str, str, str, int]]:
    for line, codes in TABLE.items():
        command = line.split()[0]
        for format_ in _formats(command):
            for situation, code in codes.items():
                yield line, format_, situation, code


def _changes(stage: Stage) -> list[object]:
    """Return the effects on groups; a message to a chat changes none."""
    return [effect for effect in stage.world.effects() if effect.kind != "message"]


@pytest.mark.parametrize(("line", "format_", "situation", "code"), list(_cases()))
def test_the_exit_code_is_the_same_in_every_format(
    stage: Stage, line: str, format_: str, situation: str, code: int
) -> None:
    stage.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    if "saved.plan" in line:
        _pending(stage)
        assert stage.run("plan", "--out", "saved.plan").code == 0
    if "old.yaml" in line:
        _clean(stage)
        (stage.folder / "groups.yaml").rename(stage.folder / "old.yaml")
    SITUATIONS[situation](stage)
    before = _changes(stage)
    ran = stage.run(*line.split(), *(("--format", format_) if format_ else ()))
    assert ran.code == code, ran
    assert "Traceback" not in ran.err
    if code in (1, 2):
        assert _changes(stage) == before, "1 and 2 say that nothing was changed"
    if code in (1, 130):
        # What `validate`, `test` and `doctor` find is their result, so it goes to stdout.
        is_result = code == 1 and line.split()[0] in ("validate", "test", "doctor")
        assert ran.out.strip() if is_result else ran.err.strip()
    if code == 1 and format_ == "json":
        assert isinstance(json.loads(ran.out), dict), "jq always has something"


@pytest.mark.parametrize("line", list(TABLE))
def test_a_usage_error_exits_with_1_and_not_with_2(stage: Stage, line: str) -> None:
    _clean(stage)
    ran = stage.run(*line.split(), "--no-such-option")
    assert (ran.code, ran.out) == (1, "")
    assert "--no-such-option" in ran.err
    assert stage.calls() == []


def test_every_command_is_in_the_table() -> None:
    assert {line.split()[0] for line in TABLE} == set(COMMANDS) - {"sandbox"}
