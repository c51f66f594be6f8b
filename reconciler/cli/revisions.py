"""Earlier revisions of PATH for a command: what they wanted, and what changed since."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date
from pathlib import Path

from reconciler.config import FileContent, load_contents
from reconciler.config.source_files import MAX_FILE_BYTES, is_config_file
from reconciler.errors import ConfigError, Refused
from reconciler.history.changed_since import changed_keys, match_may_change, select_changed
from reconciler.history.forbidden_removals import forbidden_removals
from reconciler.history.snapshot import Revision, read_revision
from reconciler.model.desired import Desired
from reconciler.plan.selection import PlanOptions

log = logging.getLogger("reconciler.revisions")


def resolve_revision(path: Path, ref: str) -> Revision:
    """PATH as `ref` has it. Raises RevisionError where there is no such revision."""
    return read_revision(path, ref, wanted=is_config_file, largest=MAX_FILE_BYTES)


def desired_at(path: Path, revision: Revision, as_of: date) -> Desired | None:
    """What a revision wants as of a day; None where it does not have PATH.

    Raises ConfigError with what is wrong in it, at places told as `REF:groups.yaml:3:5`.
    """
    if revision.files is None:
        return None
    top = f"{revision.commit.ref}:{path}"
    stored = [
        FileContent(_file_name(each.path, path, top), each.data, each.trouble, each.hint, each.linked)
        for each in revision.files
    ]
    return load_contents(stored, as_of=as_of, folder=top if revision.is_folder else None, name=path.name)


def _file_name(file: str, path: Path, top: str) -> str:
    """A file's name in messages; one below the folder `.` too must stand below what that folder is called."""
    below = Path(file).relative_to(path)
    return f"{top}/{below}" if below.parts else top


def options_for_changed_since(choices: PlanOptions, path: Path, ref: str, desired: Desired) -> PlanOptions:
    """The choices with what `--changed-since` leaves out; why nothing is left out goes to stderr, too.

    Raises ConfigError where keys are gone that may not be taken out of their files, Refused where that cannot be told.
    """
    revision = resolve_revision(path, ref)
    old = _earlier(path, revision, desired)
    compared = old if isinstance(old, str) else changed_keys(old, desired)
    since = select_changed(desired.groups, choices.targets, ref, revision.commit.oid, compared)
    for reason in since.everything:
        log.warning("--changed-since %s: %s, so all groups are planned", ref, reason)
    before = old.groups if isinstance(old, Desired) and match_may_change(old.groups, desired.groups) else None
    return replace(choices, changed_since=since, before=before)


def _earlier(path: Path, revision: Revision, desired: Desired) -> Desired | str:
    """What the revision wants, or why that cannot be told."""
    try:
        old = desired_at(path, revision, desired.as_of)
    except ConfigError as error:
        why = f"{path} is not valid in that revision ({error.problems[0]})"
        _require_no_rules(why, revision, desired)
        return why
    if old is None:
        return f"{path} is not there in that revision"
    require_allowed_removals(old, desired)
    return old


def _require_no_rules(why: str, revision: Revision, desired: Desired) -> None:
    """Stop where there are rules and nobody can tell what was removed: a hole that a broken base would open."""
    named = any(b"restrictions" in each.data for each in revision.files or ())
    if desired.restrictions is not None or named:
        raise Refused(
            f"--changed-since {revision.commit.ref}: {why}, so it cannot be told whether anything was removed that the "
            "`restrictions` forbid to remove",
            "name a revision that is valid; without --changed-since removals are not held against the `restrictions`",
        )


def require_allowed_removals(old: Desired, new: Desired) -> None:
    """Stop where groups, people or teams are gone from files that `restrictions` do not allow to say them."""
    problems = forbidden_removals(old, new)
    if problems:
        raise ConfigError(problems)
