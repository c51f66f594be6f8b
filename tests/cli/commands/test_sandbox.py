"""`--sandbox` and `reconciler sandbox`: the embedded server in the process, with its state in `.reconciler/`."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.sandbox import World
from tests.stage import Stage

EXAMPLE = Path(__file__).parents[3] / "examples" / "groups.yaml"


@pytest.fixture
def alone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Return a stage with only the example: no API key and no URL."""
    monkeypatch.delenv("WAPPFY_API_KEY")
    monkeypatch.delenv("WAPPFY_BASE_URL")
    text = EXAMPLE.read_text(encoding="utf-8").replace("writes_per_minute: 60", "writes_per_minute: 6000")
    (stage.folder / "groups.yaml").write_text(text, encoding="utf-8")
    return stage


def test_a_server_that_could_not_start_leaves_no_state(alone: Stage) -> None:
    (alone.folder / "faults.yaml").write_text("- {kind: nothing}\n")
    options = ("sandbox", "serve", "--port", "0", "--state", "new.sqlite", "--from", "groups.yaml")
    assert alone.run(*options, "--faults", "faults.yaml").code == 1
    assert not (alone.folder / "new.sqlite").exists()


def test_the_main_commands_run_on_the_embedded_server(alone: Stage) -> None:
    assert alone.run("--sandbox", "plan", "--detailed-exitcode").code == 2
    assert alone.run("apply", "--sandbox", "--yes").code == 0
    again = alone.run("--sandbox", "plan", "--detailed-exitcode")
    assert (again.code, "No changes" in again.out) == (0, True)
    assert alone.run("--sandbox", "pin").code == 0
    assert alone.run("sandbox", "shake").code == 0
    assert alone.run("--sandbox", "drift").code == 2
    assert alone.run("--sandbox", "apply", "--yes").code == 0
    assert alone.run("--sandbox", "drift").code == 0
    imported = alone.run("--sandbox", "import", "--instance-id", "inst_abc123")
    assert "Riverside Rowing News" in imported.out
    assert alone.calls() == []


def test_the_example_validates_without_warnings(alone: Stage) -> None:
    assert alone.run("validate", str(EXAMPLE)).out.endswith("groups.yaml: valid, 5 groups\n")


def test_the_same_seed_makes_the_same_drift(alone: Stage) -> None:
    outputs = []
    for _ in range(2):
        alone.run("sandbox", "reset")
        alone.run("--sandbox", "apply", "--yes", "--parallelism", "1")
        outputs.append(alone.run("sandbox", "shake", "--seed", "7").out)
    assert outputs[0] == outputs[1]


def test_shake_changes_the_named_instance_and_refuses_an_unknown_one(alone: Stage) -> None:
    assert alone.run("--sandbox", "apply", "--yes").code == 0
    assert alone.run("--sandbox", "--instance-id", "inst_second", "plan").code == 0
    unknown = alone.run("sandbox", "shake", "--instance-id", "inst_typo")
    assert (unknown.code, unknown.out) == (1, "")
    assert "the sandbox has no instance inst_typo; it has inst_abc123, inst_second" in unknown.err
    assert alone.run("--sandbox", "drift").code == 0
    assert alone.run("sandbox", "shake", "--instance-id", "inst_abc123").out.count("renamed ") == 1
    assert alone.run("sandbox", "shake").out.count("renamed ") == 2


def test_reset_refuses_a_file_that_is_not_a_state(alone: Stage) -> None:
    ran = alone.run("sandbox", "reset", "--state", "groups.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert "groups.yaml is not a sandbox state; nothing was deleted" in ran.err
    assert (alone.folder / "groups.yaml").exists()


def test_reset_without_a_state_deletes_nothing(alone: Stage) -> None:
    (alone.folder / "notes-wal").write_text("mine")
    ran = alone.run("sandbox", "reset", "--state", "notes")
    assert (ran.code, ran.out) == (0, "nothing to delete: notes does not exist\n")
    assert (alone.folder / "notes-wal").read_text() == "mine"
    (alone.folder / "link").symlink_to("gone")
    ran = alone.run("sandbox", "reset", "--state", "link")
    assert (ran.code, ran.out) == (1, "")
    assert "link is not a sandbox state" in ran.err
    assert (alone.folder / "link").is_symlink()


def test_the_sandboxs_instance_keeps_its_number(alone: Stage) -> None:
    assert alone.run("--sandbox", "plan").code == 0
    path = alone.folder / "groups.yaml"
    path.write_text(path.read_text().replace("+1 202 555 0100", "+1 202 555 0199"))
    ran = alone.run("--sandbox", "plan")
    assert (ran.code, "sandbox" in ran.err, "0199" in ran.err) == (1, True, False)


def test_pin_has_a_dry_run(alone: Stage) -> None:
    alone.run("--sandbox", "apply", "--yes")
    before = (alone.folder / "groups.yaml").read_bytes()
    assert "would pin club-news: 12036" in alone.run("--sandbox", "pin", "--dry-run").out
    assert (alone.folder / "groups.yaml").read_bytes() == before


def test_shake_masks_numbers_in_names(alone: Stage) -> None:
    assert alone.run("--sandbox", "plan").code == 0
    with World.open(alone.folder / ".reconciler" / "sandbox.sqlite") as world:
        world.ensure_instance("inst_sandbox", "12025550100")
        world.create_group("\x1b[2J Call +1 202 555 0143", ["+1 303 555 0101"], owner="12025550100")
    ran = alone.run("sandbox", "shake")
    assert (ran.code, "\\x1b[2J Call +1 202 ••• ••43" in ran.out, "0143" in ran.out) == (0, True, False)


def on_a_terminal(answer: bytes, *arguments: str) -> tuple[int, str]:
    """Run the program on a pseudo-terminal and answer its question; return the exit code and the screen."""
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "reconciler", *arguments]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True) as process:
        os.close(terminal)
        screen = b""
        while True:
            try:
                part = os.read(controller, 4096)
            except OSError:
                break
            if not part:
                break
            screen += part
            if answer and b"Type 'yes' to confirm" in screen:
                os.write(controller, answer)
                answer = b""
    os.close(controller)
    return process.returncode, screen.decode()


@pytest.mark.parametrize(("answer", "code"), [(b"yes\n", 0), (b"no\n", 1), (b"\x04", 1)])
def test_on_a_terminal_it_asks_in_colour_and_shows_a_bar(
    alone: Stage, answer: bytes, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    exit_code, screen = on_a_terminal(answer, "--sandbox", "apply")
    assert exit_code == code, screen
    assert "\x1b[" in screen
    assert "Traceback" not in screen
    assert ("Applied: 5 groups created" in screen) is (code == 0)


def test_no_color_disables_colours(alone: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    exit_code, screen = on_a_terminal(b"no\n", "--sandbox", "apply")
    assert exit_code == 1
    assert "\x1b[" not in screen
