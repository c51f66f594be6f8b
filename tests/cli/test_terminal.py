"""A real process with a real terminal as stderr: what its bar shows, its colours, and a terminal that goes away."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

import pytest

from reconciler.cli.logs import clear_status
from reconciler.cli.progress import ReadingProgress, describe_step
from reconciler.cli.progress_bar import progress_bar
from reconciler.plan.model import Action, Phase, Step
from reconciler.sandbox import Fault, FaultKind
from tests.stage import PHONE, Stage

FILE = "groups: {n12025550177: {name: Alpha, members: [+1 202 555 0143]}}"
COLOURS = rb"\x1b\[[0-9;]+m"


@contextmanager
def on_terminal(
    *arguments: str, terminal: str = "xterm-256color"
) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], None], int]]:
    """Run the program; yield its process, a function that takes its terminal away, and the descriptor of its screen."""
    screen, end = pty.openpty()
    environment = {**os.environ, "TERM": terminal, "COLUMNS": "160", "LINES": "40"}
    command = [sys.executable, "-m", "reconciler", *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=end, env=environment
    ) as process:
        os.close(end)
        closed = []

        def take_away() -> None:
            closed.append(screen)
            os.close(screen)

        try:
            yield process, take_away, screen
        finally:
            process.kill()
            if not closed:
                os.close(screen)


def screen_of(*arguments: str, terminal: str = "xterm-256color") -> bytes:
    """Return everything that a successful run shows on its terminal."""
    seen = b""
    with on_terminal(*arguments, terminal=terminal) as (process, _, screen):
        while data := _more(screen):
            seen += data
        assert process.wait(timeout=30) == 0, seen
    return seen


def _more(screen: int) -> bytes:
    try:
        return os.read(screen, 65536)
    except OSError:  # the terminal has no process left
        return b""


def test_the_bar_masks_numbers_in_keys(stage: Stage) -> None:
    stage.file(FILE)
    seen = screen_of("apply", "--yes")
    assert b": reading back" in seen
    assert b"12025550177" not in seen


def test_no_color_reaches_the_bar(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    stage.file(FILE)
    assert re.search(COLOURS, screen_of("apply", "--yes"))
    stage.file(FILE.replace("Alpha", "Beta"))
    assert not re.search(COLOURS, screen_of("apply", "--yes", "--no-color"))
    stage.file(FILE.replace("Alpha", "Gamma"))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(COLOURS, screen_of("apply", "--yes"))


SLOW_READ = Fault(FaultKind.LATENCY, "GET", "/groups/*", seconds=1.5, times=0)


def test_reading_shows_how_far_it_is_and_takes_the_line_away(stage: Stage) -> None:
    stage.file(FILE)
    stage.world.create_group("Alpha", ["+1 202 555 0143"], owner=PHONE)
    stage.server.set_faults([SLOW_READ])
    seen = screen_of("plan")
    assert b"\r0 of 1 groups read\x1b[K" in seen
    assert seen.endswith(b"\r\x1b[K")


@pytest.mark.parametrize(
    ("arguments", "terminal"), [(("--quiet",), "xterm"), ((), "dumb"), (("--log-format", "json"), "xterm")]
)
def test_reading_rewrites_no_line_where_that_is_not_wanted(
    stage: Stage, arguments: tuple[str, ...], terminal: str
) -> None:
    stage.file(FILE)
    stage.world.create_group("Alpha", ["+1 202 555 0143"], owner=PHONE)
    stage.server.set_faults([SLOW_READ])
    assert screen_of("plan", *arguments, terminal=terminal) == b""


@pytest.mark.parametrize("at", ["POST", "GET /api/instances/inst_story/groups/"])
def test_a_run_outlives_its_terminal_and_keeps_its_report_and_exit_code(stage: Stage, at: str) -> None:
    stage.file(FILE)
    went = Event()
    with on_terminal("apply", "--yes", "--report", "report.json") as (process, take_away, _):

        def hook(seq: int, method: str, path: str) -> None:
            if f"{method} {path}".startswith(at):
                stage.server.on_call = None
                take_away()
                went.set()

        stage.server.on_call = hook
        assert process.wait(timeout=30) == 0
    assert went.is_set()
    assert '"converged": true' in (stage.folder / "report.json").read_text()


class Screen(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 160])
def test_the_bar_stays_on_one_line_and_leaves_room_for_an_interrupt(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stderr", screen := Screen())
    step = Step(group="a-group-with-quite-a-long-key", action=Action.LEAVE, phase=Phase.REMOVE)
    with progress_bar(120, describe_step, lambda: "next call in 31 s", no_color=False) as progress:
        progress.started(step)
        progress.reading_back(step.group)
    drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue()).replace("\r\n", "\n")
    assert all(len(line) <= columns - len("^C") for line in re.split(r"[\r\n]", drawn))
    assert screen.getvalue().count("\x1b[1A") == 1  # only where it is taken away at the end
    assert "/120" in drawn or columns < 40


def test_the_line_while_reading_leaves_room_for_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr(sys, "stderr", screen := Screen())
    progress = ReadingProgress(lambda: 31.0)
    progress(97, 120)
    progress.show()
    assert screen.getvalue() == "\r97 of 120 groups \x1b[K"
    clear_status()
