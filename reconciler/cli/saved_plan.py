"""Saved plans: recognize and read them, and check that their YAML sources have not changed."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from reconciler.atomic_file import is_missing
from reconciler.errors import PlanFileError
from reconciler.model.desired import Desired, Source
from reconciler.plan.file_format import FORMAT, FORMAT_VERSION, SavedPlan

log = logging.getLogger("reconciler.plan")
MARKER = f'"{FORMAT}"'.encode()


def is_plan_file(path: Path) -> bool:
    """Return whether this is a saved plan, of any version, rather than YAML."""
    try:
        with path.open("rb") as file:
            head = file.read(4096).lstrip()
    except OSError:
        return False
    return head.startswith(b"{") and MARKER in head


def read_plan_file(path: Path) -> SavedPlan:
    """Read a saved plan. Raises PlanFileError when it is not valid."""
    from reconciler.plan.file_reader import read_plan_document

    return read_plan_document(_read_json(path))


def read_plan_file_to_show(path: Path) -> SavedPlan:
    """Read a saved plan only to show it; warn when another version of the format may hide a part of it."""
    from reconciler.plan.file_reader import read_plan_to_show

    saved = read_plan_to_show(_read_json(path))
    if saved.format_version != FORMAT_VERSION:
        log.warning(
            "the plan has format version %s; this program reads version %s and may not show all of it",
            saved.format_version,
            FORMAT_VERSION,
        )
    return saved


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except OSError as error:
        raise PlanFileError(f"cannot read the plan file {path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise PlanFileError(f"the plan file {path} is not a complete JSON document", "make a new plan") from None


def _refuse_constant(word: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(word)


def source_digests(path: Path, desired: Desired, planfile: Path) -> tuple[Source, ...]:
    """Return the sources of a plan, relative to the plan file; a folder is one itself, for the list of its files."""
    sources = list(desired.sources)
    if os.path.isdir(path):
        sources.append(Source(str(path), _names_digest(path, (Path(source.path) for source in desired.sources))))
    return tuple(Source(_relative_to_plan(planfile, source.path), source.digest) for source in sources)


def _relative_to_plan(planfile: Path, source: str) -> str:
    """Return the path of a source relative to the real folder of the plan file.

    Links on the way to both are resolved, so that both can be moved together. A link on the way to the source alone
    is kept: when it changes its target, the plan is stale.
    """
    path, folder = _absolute(source), _absolute(str(planfile.parent))
    shared = os.path.commonpath([path, folder])
    path = os.path.join(os.path.realpath(shared), os.path.relpath(path, shared))
    return os.path.relpath(path, _real_folder(planfile))


def _absolute(path: str) -> str:
    """Return the absolute path without `..`, which leads to the parent of a link's target, not of the link."""
    result = os.getcwd()
    for part in Path(path).parts:
        result = os.path.dirname(os.path.realpath(result)) if part == ".." else os.path.join(result, part)
    return result


def _real_folder(planfile: Path) -> str:
    return os.path.dirname(os.path.realpath(planfile))


def resolve_source(source: Source, planfile: Path) -> Path:
    """Return the path of a saved plan's source; relative to the working folder when it is below it."""
    path, here = Path(os.path.normpath(os.path.join(_real_folder(planfile), source.path))), Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def require_same_sources(sources: Sequence[Source], planfile: Path) -> tuple[Path, ...]:
    """Check that the sources of a plan have not changed, and return their paths.

    Warns about missing sources, which cannot be checked, and returns no paths then. Raises PlanFileError when one
    changed.
    """
    digests = {resolve_source(source, planfile): source.digest for source in sources}
    missing = sorted(str(path) for path in digests if is_missing(path))
    changed = sorted(
        str(path) for path, digest in digests.items() if str(path) not in missing and _digest(path) != digest
    )
    if changed:
        raise PlanFileError(
            f"the YAML changed since the plan was made: {', '.join(changed)}",
            "make a new plan (`reconciler show` still shows this one)",
        )
    if missing:
        log.warning("cannot check whether the YAML changed since the plan was made; missing: %s", ", ".join(missing))
    return () if missing else tuple(digests)


def _digest(path: Path) -> str:
    if os.path.isdir(path):
        from reconciler.config.source_files import config_files

        return _names_digest(path, config_files(path))
    if os.path.lexists(path) and not os.path.isfile(path):
        raise PlanFileError(f"cannot read {path}, a source of the plan: it is not a regular file")
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise PlanFileError(f"cannot read {path}, a source of the plan: {error.strerror}") from None


def _names_digest(folder: Path, files: Iterable[Path]) -> str:
    names = "\n".join(str(file.relative_to(folder)) for file in files)
    return hashlib.sha256(names.encode("utf-8", "surrogateescape")).hexdigest()
