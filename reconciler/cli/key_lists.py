"""The group keys that an option names: in its value, in a file (`@FILE`) or on stdin (`@-`)."""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from reconciler.cli.options import PlanRequest
from reconciler.errors import UsageError
from reconciler.model.desired import DesiredGroup
from reconciler.plan.selection import find_keys

log = logging.getLogger("reconciler.plan")


def selected_keys(request: PlanRequest, groups: Sequence[DesiredGroup]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keys that --target and --exclude name.

    Raises UsageError for a word that matches no group, for a --target that names nothing (it would plan all groups),
    and if nothing is left. An --exclude that names nothing only causes a warning: at times no group is left out.
    """
    if sum("@-" in words for words in (request.targets, request.excludes, request.allow_lookalikes)) > 1:
        raise UsageError(
            "only one of --target, --exclude and --allow-lookalike can read stdin", "write the other lists to a file"
        )
    targets = target_keys(request.targets, groups)
    excludes = read_keys("--exclude", request.excludes, groups)
    if request.excludes and not excludes:
        log.warning("--exclude %s names no group, so none is excluded", shlex.join(request.excludes))
    if excludes and not (set(targets) or {group.key for group in groups}) - set(excludes):
        raise UsageError("--exclude leaves no group to plan", "exclude fewer groups")
    return targets, excludes


def target_keys(words: Sequence[str], groups: Sequence[DesiredGroup]) -> tuple[str, ...]:
    """Return the keys that --target names, none for all.

    Raises UsageError for a word that matches no group, and for words that name nothing: that would mean all groups.
    """
    targets = read_keys("--target", words, groups)
    if words and not targets:
        raise UsageError(f"--target {shlex.join(words)} names no group", "name one, or leave --target out")
    return targets


def read_keys(option: str, words: Sequence[str], groups: Sequence[DesiredGroup]) -> tuple[str, ...]:
    """Return the keys that the words of an option name; raise UsageError for a word that matches no group."""
    patterns = [pattern for word in words for text in _texts(option, word) for pattern in _split(text)]
    return find_keys(option, patterns, groups)


def _split(text: str) -> Iterator[str]:
    return (part for part in map(str.strip, text.split(",")) if part)


def _texts(option: str, word: str) -> Iterator[str]:
    """Yield the word itself, or the lines of the file that it names, without comments."""
    if not word.startswith("@"):
        yield word
        return
    for line in _read(option, word[1:]).splitlines():
        yield line.partition("#")[0]


def _read(option: str, file: str) -> str:
    if not file.strip():
        raise UsageError(f"{option}: no file name follows the @", "give a file with one key a line, or @- for stdin")
    try:
        if file == "-":
            stdin: TextIO | None = sys.stdin  # None when it was closed when the program started (`<&-`)
            return stdin.read().removeprefix("\ufeff") if stdin is not None else ""
        return Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{option}: cannot read {file}: {error.strerror}", "give a file with one key a line") from None
    except UnicodeDecodeError:
        raise UsageError(f"{option}: {file} is not a text file", "give a file with one key a line") from None
