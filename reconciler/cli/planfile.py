"""Saved plans: telling them from YAML, reading them, and whether the YAML behind them is still the same."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reconciler.errors import PlanFileError
from reconciler.model.desired import Desired, Source
from reconciler.planfile.saved import FORMAT, SavedPlan

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
    from reconciler.planfile.read import read_plan_document

    try:
        value: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanFileError(f"the plan file {path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise PlanFileError(f"the plan file {path} is no whole JSON document", "make a new plan") from None
    return read_plan_document(value)


def sources_of(path: Path, desired: Desired, planfile: Path) -> tuple[Source, ...]:
    """What a plan rests on: every file, and for a folder also which files are in it; relative to the plan file."""
    found = [*desired.sources, *([Source(str(path), _listing(path))] if path.is_dir() else [])]
    return tuple(Source(os.path.relpath(source.path, planfile.parent), source.digest) for source in found)


def require_same_sources(sources: Sequence[Source], planfile: Path) -> tuple[Path, ...]:
    """Make sure that the YAML a plan was made from did not change, where it is still there.

    What is gone is named on stderr, since it cannot be checked. Returns the paths, if all are there.
    """
    paths = {planfile.parent / source.path: source.digest for source in sources}
    changed = sorted(str(path) for path, digest in paths.items() if path.exists() and _digest(path) != digest)
    if changed:
        raise PlanFileError(
            f"the YAML changed since the plan was made: {', '.join(changed)}",
            "make a new plan (`reconciler show` still shows this one)",
        )
    gone = sorted(str(path) for path in paths if not path.exists())
    if gone:
        log.warning("not checked against the plan, since it is not there: %s", ", ".join(gone))
    return () if gone else tuple(paths)


def _digest(path: Path) -> str:
    if path.is_dir():
        return _listing(path)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise PlanFileError(f"{path}, which the plan was made from, cannot be read: {error.strerror}") from None


def _listing(folder: Path) -> str:
    from reconciler.config.given import files_of

    names = "\n".join(str(file.relative_to(folder)) for file in files_of(folder))
    return hashlib.sha256(names.encode("utf-8", "surrogateescape")).hexdigest()
