"""Count the files of the program that a command enters, and those that one value passes through.

    python -m benchmarks.walk plan                  # the files that `plan` of one group with one removal enters
    python -m benchmarks.walk apply --value PHONE   # the files on the way of one member's phone to the add call

A profiler hook sees each call of a function of `reconciler/`. A file counts as entered when one of its functions ran,
not when it was only imported. With `--value` it counts where a function's arguments hold the value: as text, or inside
a value of ours; a list of more than three does not hold one of its items. The walk ends at the transport. `apply`
runs with `--yes --format json`, so that no plan is printed on the way.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

PACKAGE = Path(__file__).resolve().parent.parent / "reconciler"
NOT_THE_PROGRAM = ("sandbox",)
MAX_DEPTH = 6
LAST_OF_THE_WALK = "live/transport.py"

GROUPS = """\
version: 1
instance: {{id: inst_sandbox, phone: +1 202 555 0100}}
people:
  alice: +1 202 555 0143
  bob: +1 202 555 0161
  carol: +1 202 555 0162
  dan: +1 202 555 0163
groups:
  parents:
    name: Parents
    members: [{members}]
"""
BEFORE = [f"+1 202 555 01{number}" for number in range(44, 52)]
AFTER = [*BEFORE[1:], "alice"]


class Walk:
    """The files entered, in the order of their first call, and the changes from one file to the next."""

    def __init__(self, digits: str | None) -> None:
        self._digits = digits
        self.files: dict[str, int] = {}
        self.functions: set[tuple[str, str]] = set()
        self.changes = 0
        self._last = ""
        self._ended = False

    def __call__(self, frame: FrameType, event: str, _arg: object) -> None:
        """Note one call; the hook of `sys.setprofile`."""
        path = frame.f_code.co_filename
        if event != "call" or self._ended or not path.startswith(str(PACKAGE)):
            return
        file = str(Path(path).relative_to(PACKAGE))
        if file.startswith(NOT_THE_PROGRAM) or frame.f_code.co_name == "<module>":
            return
        if self._digits is not None and not _holds(list(_arguments(frame)), self._digits):
            return
        self.files[file] = self.files.get(file, 0) + 1
        self.functions.add((file, frame.f_code.co_qualname))
        self.changes += file != self._last
        self._last = file
        self._ended = self._digits is not None and file == LAST_OF_THE_WALK


def _arguments(frame: FrameType) -> Iterator[object]:
    code = frame.f_code
    for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
        if name in frame.f_locals:
            yield frame.f_locals[name]


def _holds(value: Any, digits: str, depth: int = 0) -> bool:
    """Whether a value is, or directly holds, one person's number: large collections of people do not count."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return len(value) < 80 and digits in "".join(character for character in value if character.isdigit())
    if depth >= MAX_DEPTH:
        return False
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return any(_holds(getattr(value, field.name, None), digits, depth + 1) for field in dataclasses.fields(value))
    if isinstance(value, list | tuple | set | frozenset) and len(value) <= 3:
        return any(_holds(item, digits, depth + 1) for item in value)
    if isinstance(value, Mapping) and len(value) <= 3:
        return any(_holds(item, digits, depth + 1) for pair in value.items() for item in pair)
    return False


def walk(command: str, digits: str | None) -> Walk:
    """Run one command of a small story on the embedded server and return what it entered."""
    from reconciler.cli.main import run

    with tempfile.TemporaryDirectory() as folder:
        file, state = Path(folder) / "groups.yaml", Path(folder) / "sandbox.db"
        file.write_text(GROUPS.format(members=", ".join(BEFORE)), encoding="utf-8")
        options = ["--sandbox", "--rate", "100000"]
        os.environ |= {"RECONCILER_STATE": str(state), "XDG_STATE_HOME": folder}
        os.chdir(folder)
        run([*options, "apply", "--yes", "--max-removals", "9", str(file)])
        file.write_text(GROUPS.format(members=", ".join(AFTER)), encoding="utf-8")
        more = ["--yes", "--max-removals", "9", "--format", "json"] if command == "apply" else []
        hook = Walk(digits)
        threading.setprofile(hook)
        sys.setprofile(hook)
        try:
            run([*options, command, *more, str(file)])
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        return hook


def main() -> None:
    """Print the files, and how many there are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("validate", "plan", "apply"))
    parser.add_argument("--value", metavar="PHONE", help="count only calls that pass this phone number on")
    asked = parser.parse_args()
    digits = "".join(filter(str.isdigit, asked.value)) if asked.value else None
    found = walk(asked.command, digits)
    for file, calls in found.files.items():
        sys.stderr.write(f"{calls:6} {file}\n")
    total = f"{len(found.files)} files, {len(found.functions)} functions, {found.changes} changes of file"
    sys.stdout.write(f"{total}\n")


if __name__ == "__main__":
    main()
