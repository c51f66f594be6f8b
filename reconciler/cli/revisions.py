"""Earlier revisions of PATH for a command: what they wanted, and what changed since."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from reconciler.cli.options import evaluation_date
from reconciler.config import FileContent, load, load_contents
from reconciler.config.source_files import MAX_FILE_BYTES, is_config_file
from reconciler.engine import PlanResult
from reconciler.errors import ConfigError, Refused, RevisionError, UsageError
from reconciler.history.changed_since import changed_keys, match_may_change, select_changed
from reconciler.history.compare_configs import compare_configs
from reconciler.history.config_diff import ConfigDiff, ConfigVersion
from reconciler.history.drift_causes import with_drift_causes
from reconciler.history.forbidden_removals import forbidden_removals
from reconciler.history.git import find_commit, latest_applied_commit
from reconciler.history.snapshot import Revision, read_revision
from reconciler.model.desired import Desired
from reconciler.plan.model import AppliedRevision, Plan
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
        FileContent(_file_name(each.path, path, top), each.data, each.error, each.hint, each.linked)
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
    for reason in since.full_plan_reasons:
        log.warning("--changed-since %s: %s, so all groups are planned", ref, reason)
    before = old.groups if isinstance(old, Desired) and match_may_change(old.groups, desired.groups) else None
    return replace(choices, changed_since=since, previous_groups=before)


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


def compare_arguments(old: str, new: str, path: Path | None, default: Path, as_of: datetime | None) -> ConfigDiff:
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
    today = evaluation_date(as_of)
    (old_side, before), (new_side, after) = (_config_version(named, path, today) for named in (old, new))
    if not (old_side.there or new_side.there):
        raise UsageError(f"neither {old} nor {new} has {path}", "name the file or folder as the third argument")
    return compare_configs(before, after, old_side, new_side)


def _config_version(named: str, path: Path, as_of: date) -> tuple[ConfigVersion, Desired]:
    """A file or folder that is there, else a revision of the path."""
    if os.path.lexists(named):
        if (commit := find_commit(path, named)) is not None:
            told = "%s is a path and also a revision (commit %s); the path is taken, for the other say %s^0"
            log.warning(told, named, commit.short, named)
        return ConfigVersion(named), load(Path(named), as_of=as_of)
    try:
        revision = resolve_revision(path, named)
    except RevisionError as error:
        message = f"{named} is no file or folder here, and no revision of {path} can be had: {error.message}"
        raise UsageError(message, error.hint) from None
    desired = desired_at(path, revision, as_of)
    side = ConfigVersion(named, revision.commit.oid, desired is not None)
    return side, Desired(as_of=as_of) if desired is None else desired


def find_applied_revision(path: Path, since: str | None) -> tuple[str, Revision] | None:
    """The revision to hold drift against and what to call it: `since`, else the newest `applied/…` tag; None for none.

    Raises RevisionError where `since` names no revision.
    """
    if since is not None:
        return since, resolve_revision(path, since)
    found = latest_applied_commit(path)
    if found is None:
        return None
    log.info("held against %s (commit %s), the newest applied/ tag; --since names another", found.ref, found.short)
    return found.ref, resolve_revision(path, found.oid)


def add_drift_causes(planned: PlanResult, desired: Desired, path: Path, baseline: tuple[str, Revision] | None) -> Plan:
    """The plan with a verdict on each difference; without, and said on stderr, where the revision is not valid."""
    if baseline is None:
        return planned.plan
    ref, revision = baseline
    try:
        old = desired_at(path, revision, desired.as_of)
    except ConfigError as error:
        log.warning("no verdicts: %s is not valid in %s (%s)", path, ref, error.problems[0])
        return planned.plan
    if old is None:
        log.warning("%s is not there in %s, so nothing in it was applied yet", path, ref)
        old = Desired(as_of=desired.as_of)
    return with_drift_causes(planned.plan, old, desired, planned.live_names, AppliedRevision(ref, revision.commit.oid))
