"""Saved plans: telling them from YAML, reading them, and whether the YAML behind them is still the same."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reconciler.atomic_file import is_missing
from reconciler.errors import PlanFileError
from reconciler.model.desired import Desired, Source
from reconciler.plan.file_format import FORMAT, FORMAT_VERSION, SavedPlan

log = logging.getLogger("reconciler.plan")


MARKER = f'"{FORMAT}"'.encode()


def is_plan_file(path: Path) -> bool:
    """Whether this is a saved plan (of whatever version) rather than YAML."""
    try:
        with path.open("rb") as file:
            head = file.read(4096).lstrip()
    except OSError:
        return False
    return head.startswith(b"{") and MARKER in head


def read_plan_file(path: Path) -> SavedPlan:
    """Read a saved plan; PlanFileError says what is wrong with it."""
    from reconciler.plan.file_reader import read_plan_document

    return read_plan_document(_json_in(path))


def read_plan_file_to_show(path: Path) -> SavedPlan:
    """Read a saved plan that is only to be shown: of another format's what can be understood, which stderr says."""
    from reconciler.plan.file_reader import read_plan_to_show

    saved = read_plan_to_show(_json_in(path))
    if saved.format_version != FORMAT_VERSION:
        log.warning(
            "the plan was saved with format version %s, this program reads %s: shown as far as it understands it",
            saved.format_version,
            FORMAT_VERSION,
        )
    return saved


def _json_in(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except OSError as error:
        raise PlanFileError(f"the plan file {path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise PlanFileError(f"the plan file {path} is not a whole JSON document", "make a new plan") from None


def _refuse_constant(word: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(word)


def source_digests(path: Path, desired: Desired, planfile: Path) -> tuple[Source, ...]:
    """What a plan rests on: every file, and for a folder also which files are in it; seen from the plan file."""
    found = [*desired.sources, *([Source(str(path), _listing(path))] if os.path.isdir(path) else [])]
    return tuple(Source(_seen_from(planfile, source.path), source.digest) for source in found)


def _seen_from(planfile: Path, source: str) -> str:
    """The way to a source from the folder in which the plan file really is.

    Links that lead to both are followed, so that both can be moved together. Those that lead to the source alone stay:
    where they lead elsewhere later, the plan is stale.
    """
    place, folder = _standing(source), _standing(str(planfile.parent))
    shared = os.path.commonpath([place, folder])
    place = os.path.join(os.path.realpath(shared), os.path.relpath(place, shared))
    return os.path.relpath(place, _real_folder(planfile))


def _standing(path: str) -> str:
    """The absolute path without `..`, which leads out of what a link before it leads to, not out of the link."""
    place = os.getcwd()
    for part in Path(path).parts:
        place = os.path.dirname(os.path.realpath(place)) if part == ".." else os.path.join(place, part)
    return place


def _real_folder(planfile: Path) -> str:
    return os.path.dirname(os.path.realpath(planfile))


def resolve_source(source: Source, planfile: Path) -> Path:
    """Where a source of a saved plan is; below the current folder, as the user would name it."""
    place, here = Path(os.path.normpath(os.path.join(_real_folder(planfile), source.path))), Path.cwd()
    return place.relative_to(here) if place.is_relative_to(here) else place


def require_same_sources(sources: Sequence[Source], planfile: Path) -> tuple[Path, ...]:
    """Make sure that the YAML a plan was made from did not change, where it is still there.

    What is gone is named on stderr, since it cannot be checked. Returns the paths, if all are there.
    """
    paths = {resolve_source(source, planfile): source.digest for source in sources}
    changed = sorted(str(path) for path, digest in paths.items() if not is_missing(path) and _digest(path) != digest)
    if changed:
        raise PlanFileError(
            f"the YAML changed since the plan was made: {', '.join(changed)}",
            "make a new plan (`reconciler show` still shows this one)",
        )
    gone = sorted(str(path) for path in paths if is_missing(path))
    if gone:
        log.warning("not checked against the plan, since it is not there: %s", ", ".join(gone))
    return () if gone else tuple(paths)


def _digest(path: Path) -> str:
    if os.path.isdir(path):
        return _listing(path)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise PlanFileError(f"{path}, which the plan was made from, cannot be read: {error.strerror}") from None


def _listing(folder: Path) -> str:
    from reconciler.config.source_files import config_files

    names = "\n".join(str(file.relative_to(folder)) for file in config_files(folder))
    return hashlib.sha256(names.encode("utf-8", "surrogateescape")).hexdigest()
