"""The two versions that `diff` compares: files, folders, or git revisions of a path."""

from __future__ import annotations

import logging
import os
from datetime import date, datetime
from pathlib import Path

from reconciler.cli.loading import day
from reconciler.cli.revisions import desired_at, revision_of
from reconciler.config import load
from reconciler.diff.versions import compare_versions
from reconciler.errors import RevisionError, UsageError
from reconciler.model.desired import Desired
from reconciler.model.difference import Difference, Side
from reconciler.revisions import find_commit

log = logging.getLogger("reconciler.revisions")


def versions_of(old: str, new: str, path: Path | None, default: Path, as_of: datetime | None) -> Difference:
    """Compare two versions, each named by a path that is there or by a revision of `path`.

    Without `path` revisions are of that side which is a path, else of `default`. Raises UsageError for a name that
    is neither, where no version has the path, and for a path that there is no revision for; ConfigError with
    everything that is wrong in one of them.
    """
    paths = [Path(named) for named in (old, new) if os.path.lexists(named)]
    if path is not None and len(paths) == 2:
        raise UsageError(
            f"{old} and {new} are both there as paths, so there is no revision to read {path} at",
            "leave it out; for revisions that are called as a path is, say NAME^0",
        )
    path = path or (paths[0] if len(paths) == 1 else default)
    today = day(as_of)
    (old_side, before), (new_side, after) = (_side(named, path, today) for named in (old, new))
    if not (old_side.there or new_side.there):
        raise UsageError(f"neither {old} nor {new} has {path}", "name the file or folder as the third argument")
    return compare_versions(before, after, old_side, new_side)


def _side(named: str, path: Path, as_of: date) -> tuple[Side, Desired]:
    """A file or folder that is there, else a revision of the path."""
    if os.path.lexists(named):
        if (commit := find_commit(path, named)) is not None:
            told = "%s is a path and also a revision (commit %s); the path is taken, for the other say %s^0"
            log.warning(told, named, commit.short, named)
        return Side(named), load(Path(named), as_of=as_of)
    try:
        revision = revision_of(path, named)
    except RevisionError as error:
        message = f"{named} is no file or folder here, and no revision of {path} can be had: {error.message}"
        raise UsageError(message, error.hint) from None
    desired = desired_at(path, revision, as_of)
    side = Side(named, revision.commit.oid, desired is not None)
    return side, Desired(as_of=as_of) if desired is None else desired
