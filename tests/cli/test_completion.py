"""Completion: what is suggested for a line, in real shells too, and that no file can put a command into one."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.commands import sandbox
from reconciler.cli.completion import SHELLS
from reconciler.cli.main import COMMANDS, run

FILE = """\
version: 1
people:
  alice: {phone: +1 202 555 0143, name: Alice Moreno}
  bärbel: +1 202 555 0144
groups:
  board: {name: Board, members: [alice, {phone: +1 202 555 0145, name: Nobody}]}
  sales-001: {name: Sales 1}
  sales-002: {name: Sales 2}
"""
HOSTILE = (
    "x$(touch pwned)",
    "x`touch pwned`",
    "x; touch pwned",
    "x&touch pwned",
    "x|touch pwned",
    "x\\ntouch pwned",
    "x\\u202e",
    "x'; touch pwned",
    "x*",
    "x>pwned",
    "--yes",
    "~x",
    "!x",
    " x",
    "x" * 200,
)
SECONDS = 60


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "groups.yaml").write_text(FILE, encoding="utf-8")


def suggested(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """What the program suggests for the last of the words, as a script of bash asks for it."""
    monkeypatch.setenv("_RECONCILER_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "\n".join(["reconciler", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    code = run([])
    out, err = capfd.readouterr()
    assert (code in (0, 1), err) == (True, "")
    return [line.partition(",")[2] for line in out.splitlines() if line.startswith("plain,")]


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["pl"], ["plan"]),
        (["-V"], ["-V"]),
        (["sandbox", ""], list(sandbox.COMMANDS)),
        (["help", ""], list(COMMANDS)),
        (["plan", "--form"], ["--format"]),
        (["validate", "--format", "s"], ["sarif"]),
        (["--color", "a"], ["auto", "always"]),
        (["completion", ""], list(SHELLS)),
        (["plan", "--target", ""], ["board", "sales-001", "sales-002"]),
        (["apply", "--exclude", "sales"], ["sales-001", "sales-002"]),
        (["pin", "--people", "--target", "b"], ["board"]),
        (["pin", "--pe"], ["--people"]),
        (["drift", "--target", "board,s"], ["board,sales-001", "board,sales-002"]),
        (["drift", "--target", "sales-001,s"], ["sales-001,sales-002"]),
        (["drift", "--notify", "b"], ["board"]),
        (["plan", "other.yaml", "--target", ""], ["other"]),
        (["plan", "folder", "--target", ""], ["inside"]),
        (["plan", "broken.yaml", "--target", ""], ["first", "second"]),
        (["plan", "binary.yaml", "--target", ""], []),
        (["invite", "b"], ["board"]),
        (["who", ""], ["Alice Moreno", "alice", "bärbel"]),
        (["who", "A"], ["Alice Moreno"]),
        (["who", "b"], ["bärbel"]),
        (["who", "ba\u0308r"], ["ba\u0308rbel"]),
        (["nothing", ""], []),
        (["plan", "--nothing", ""], []),
    ],
)
def test_a_line_is_completed_from_the_commands_and_the_file(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], values: list[str]
) -> None:
    Path("other.yaml").write_text("groups: {other: {name: Other}}\n")
    Path("broken.yaml").write_text("groups:\n  first: {name: One}\n  second: {name: [\n")
    Path("binary.yaml").write_bytes(b"\xff\xfe\x00")
    Path("folder").mkdir()
    Path("folder", "some.yml").write_text("groups: {inside: {name: In}}\n")
    assert suggested(capfd, monkeypatch, *words) == values


def test_a_name_that_is_a_phone_number_is_not_suggested(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    people = "  ann: {phone: +1 202 555 0143, name: '12025550143'}\n  p-1-202-555-0144: +1 202 555 0144\n"
    Path("mine.yaml").write_text(f"people:\n{people}")
    monkeypatch.setenv("RECONCILER_PATH", "mine.yaml")
    assert suggested(capfd, monkeypatch, "who", "") == ["ann"]


def test_the_variable_names_the_file_too(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mine.yaml").write_text("groups: {mine: {name: Mine}}\n")
    monkeypatch.setenv("RECONCILER_PATH", "mine.yaml")
    assert suggested(capfd, monkeypatch, "plan", "--target", "") == ["mine"]


def test_nothing_is_suggested_that_a_shell_could_take_for_more_than_a_word(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = "\n".join(f'  "{key}": {{name: "{key}"}}' for key in (*HOSTILE, "xenial"))
    Path("groups.yaml").write_text(f"groups:\n{keys}\npeople:\n{keys}\n")
    assert suggested(capfd, monkeypatch, "plan", "--target", "") == ["xenial"]
    assert suggested(capfd, monkeypatch, "who", "") == ["xenial"]


def test_completion_imports_no_library_for_the_network_or_for_checks() -> None:
    code = (
        "import os, sys; from reconciler.cli.main import run; run([]); heavy = ('requests', 'jsonschema', "
        "'jsonschema_rs', 'phonenumbers', 'rich'); print('HEAVY', [m for m in heavy if m in sys.modules])"
    )
    line = {"_RECONCILER_COMPLETE": "bash_complete", "COMP_WORDS": "reconciler plan --target s", "COMP_CWORD": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **line}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "plain,sales-001\nplain,sales-002\nHEAVY []\n"


START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
ON_TERMINAL = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
SET_UP = {
    "bash": "PS1='ready> '; bind 'set enable-bracketed-paste off'; source completion",
    "zsh": "PS1='ready> '; autoload -Uz compinit; compinit -u -D; source ./completion",
    "fish": "function fish_prompt; echo 'ready> '; end; source completion",
}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A shell that is installed; its script is in `completion`, and `reconciler` writes its arguments to `ran`."""
    name = str(request.param)
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    script = subprocess.run([sys.executable, "-m", "reconciler", "completion", name], capture_output=True, check=True)
    Path("completion").write_bytes(script.stdout)
    program = tmp_path / "bin" / "reconciler"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nif [ -n "$_RECONCILER_COMPLETE" ]; then exec {sys.executable} -m reconciler "$@"; fi\n'
        f"printf '%s\\n' \"$@\" > {tmp_path}/ran.new && mv {tmp_path}/ran.new {tmp_path}/ran\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return name


def type_into(shell: str, line: str) -> list[str]:
    """Type a line into a shell on a terminal, and return the arguments with which it then ran the program."""
    screen, terminal = pty.openpty()
    command = [sys.executable, "-c", ON_TERMINAL, *START[shell]]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        seen = b""
        try:
            os.write(screen, f"{SET_UP[shell]}; echo set''up\r".encode())
            seen += read_until(screen, lambda text: b"setup" in text)
            os.write(screen, f"{line}\r".encode())
            seen += read_until(screen, lambda _: Path("ran").exists())
        finally:
            process.kill()
            os.close(screen)
    assert Path("ran").exists(), seen.decode(errors="replace")
    return Path("ran").read_text(encoding="utf-8").splitlines()


def read_until(screen: int, is_done: object) -> bytes:
    """Read what a terminal shows until something is so, or the time is over."""
    seen = b""
    for _ in range(SECONDS * 10):
        if select.select([screen], [], [], 0.1)[0]:
            try:
                seen += os.read(screen, 65536)
            except OSError:
                break
        if is_done(seen):  # type: ignore[operator]
            break
    return seen


@pytest.mark.parametrize(
    ("typed", "ran"),
    [
        ("reconciler plan --target boa\t", ["plan", "--target", "board"]),
        ("reconciler plan --target=boa\t", ["plan", "--target=board"]),
        ("reconciler inv\t boa\t", ["invite", "board"]),
        ("reconciler who Ali\t", ["who", "Alice Moreno"]),
        ("reconciler who bä\t", ["who", "bärbel"]),
        ("reconciler plan --target board,sales-001 other.ya\t", ["plan", "--target", "board,sales-001", "other.yaml"]),
    ],
)
def test_a_real_shell_completes_a_line(shell: str, typed: str, ran: list[str]) -> None:
    Path("other.yaml").write_text("groups: {}\n")
    assert type_into(shell, typed) == ran


def test_a_hostile_key_runs_nothing_in_a_real_shell(shell: str) -> None:
    keys = "\n".join(f'  "{key}": {{name: Hostile}}' for key in HOSTILE)
    Path("groups.yaml").write_text(f"groups:\n{keys}\n")
    assert type_into(shell, "reconciler invite x\t")[0] == "invite"
    assert not Path("pwned").exists()
