"""`apply --lock-timeout`: a second apply waits for the first, up to a time, and can be interrupted meanwhile."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytest

from reconciler.apply import lock
from reconciler.apply.lock import instance_lock
from reconciler.cli.session import Endpoint
from tests.stage import INSTANCE, Stage

WAITING = "waiting up to 60 s for another apply: process "
PROGRAM = (
    "import sys; from pathlib import Path; from reconciler.apply import lock; lock.FOLDER = Path(sys.argv.pop(1)); "
    "from reconciler.cli.main import main; main()"
)


def lock_of(stage: Stage) -> AbstractContextManager[None]:
    """The lock for which an apply of this stage waits."""
    return instance_lock(Endpoint(INSTANCE, stage.server.url).server, INSTANCE)


@contextmanager
def waiting(stage: Stage) -> Iterator[subprocess.Popen[str]]:
    """An apply in a process of its own, once it waits for the lock that this process holds."""
    stage.file("groups: {alpha: {name: Alpha}}")
    command = [sys.executable, "-c", PROGRAM, str(lock.FOLDER), "apply", "--yes", "--lock-timeout", "1m"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert process.stderr.readline().startswith(WAITING)
            yield process
        finally:
            process.kill()


def test_an_apply_waits_until_the_other_one_has_ended(stage: Stage) -> None:
    other, one = ExitStack(), ExitStack()
    with one, other:
        other.enter_context(lock_of(stage))
        process = one.enter_context(waiting(stage))
        assert stage.calls() == []
        other.close()
        assert process.wait(timeout=60) == 0
    assert [group["name"] for group in stage.world.snapshot().values()] == ["Alpha"]


def test_an_interrupt_while_it_waits_changes_nothing(stage: Stage) -> None:
    with lock_of(stage), waiting(stage) as process:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err.strip()) == (130, "reconciler: interrupted; nothing was changed")
    assert stage.calls() == []


@pytest.mark.parametrize("arguments", [[], ["--lock-timeout", "0s"], ["--lock-timeout", "1s"]])
def test_after_that_time_it_is_told_who_holds_the_lock(stage: Stage, arguments: list[str]) -> None:
    stage.file("groups: {alpha: {name: Alpha}}")
    with lock_of(stage):
        ran = stage.run("apply", "--yes", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert "another apply for the instance inst_story is running on this machine: process " in ran.err
    assert "--lock-timeout waits for it" in ran.err
    assert ("waiting up to 1 s" in ran.err) is ("1s" in arguments)


@pytest.mark.parametrize("word", ["5", "-1s", "1.5m", "1d", "", "s", "9999999s"])
def test_a_time_without_its_unit_is_a_usage_error(stage: Stage, word: str) -> None:
    stage.file("groups: {alpha: {name: Alpha}}")
    ran = stage.run("apply", "--yes", f"--lock-timeout={word}")
    assert (ran.code, "is not a duration; write it like 30s, 5m or 1h." in ran.err) == (1, True)
