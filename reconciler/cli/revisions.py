"""Read earlier revisions of PATH for a command, and compare them with the configuration at hand."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.options import today
from reconciler.config import FileContent, load, load_contents
from reconciler.config.source_files import MAX_FILE_BYTES, has_wildcard, is_config_file, is_people_file
from reconciler.errors import ConfigError, Refused, RevisionError, UsageError
from reconciler.history.changed_since import forbidden_removals, match_may_change, select_changed
from reconciler.history.compare_configs import compare_configs
from reconciler.history.config_diff import ConfigDiff, ConfigVersion
from reconciler.history.drift_causes import with_drift_causes
from reconciler.history.file_history import GitFileHistory, history_of
from reconciler.history.git import FETCH_HISTORY, Commit, commit_day, find_commit, latest_applied_commit
from reconciler.history.snapshot import Revision, read_revision
from reconciler.model.desired import Desired
from reconciler.model.restrictions import glob_match
from reconciler.model.run_context import short_commit
from reconciler.model.text import closest_names, first_of
from reconciler.plan.model import Plan
from reconciler.plan.revision import AppliedRevision
from reconciler.plan.selection import PlanOptions, select_keys
from reconciler.plan.source_losses import AppliedConfig, SourceComparison, compare_sources

if TYPE_CHECKING:
    from reconciler.engine import PlanResult

log = logging.getLogger("reconciler.revisions")


def resolve_revision(path: Path, ref: str) -> Revision:
    """Read PATH at a revision. Raises RevisionError where there is none."""
    return read_revision(path, ref, wanted=is_config_file, max_bytes=MAX_FILE_BYTES)


def desired_at(path: Path, revision: Revision, as_of: date) -> Desired | None:
    """Return the desired state of a revision as of a day; None where the revision does not have PATH.

    Raises ConfigError with every error in it, located as `REF:groups.yaml:3:5`.
    """
    if revision.files is None:
        return None
    top = f"{revision.commit.ref}:{path}"
    contents, paths = [], {}
    for file in revision.files:
        below = Path(file.path).relative_to(path)
        # Below the folder `.` too, the name in messages begins with what that folder is called.
        name = f"{top}/{below}" if below.parts else top
        contents.append(FileContent(name, file.data, file.error, file.hint, file.linked))
        paths[name] = Path(file.path)

    def find(file: str, pattern: str) -> Mapping[str, FileContent]:
        return people_files(paths[file].parent, pattern, revision.commit)

    folder = top if revision.is_folder else None
    return load_contents(
        contents,
        as_of=as_of,
        folder=folder,
        name=path.name,
        find=find,
        history=partial(GitFileHistory, path if revision.is_folder else path.parent, revision.commit.oid),
    )


def people_files(folder: Path, pattern: str, commit: Commit) -> Mapping[str, FileContent]:
    """Return the people files as a commit has them, by their paths below the folder of the YAML file."""
    path = folder if has_wildcard(pattern) else folder / pattern
    wanted = partial(is_people_file, pattern)
    found = read_revision(path, commit.oid, wanted=wanted, max_bytes=MAX_FILE_BYTES)
    if found.is_folder and path != folder:
        return {}
    return {
        Path(file.path).relative_to(folder).as_posix(): FileContent(
            f"{commit.ref}:{file.path}", file.data, file.error, file.hint, file.linked
        )
        for file in found.files or ()
    }


def options_for_changed_since(options: PlanOptions, path: Path, ref: str, desired: Desired) -> PlanOptions:
    """Return the options with what `--changed-since` leaves out; log why, where it leaves out nothing.

    Raises ConfigError for keys that were removed from files that may not define them, Refused where that is unknown.
    """
    revision = resolve_revision(path, ref)
    old = _earlier_desired(path, revision, desired)
    since = select_changed(old, desired, select_keys(desired.groups, options), ref, revision.commit.oid)
    for reason in since.full_plan_reasons:
        log.warning("--changed-since %s: %s, so all groups are planned", ref, reason)
    before = old.groups if isinstance(old, Desired) and match_may_change(old.groups, desired.groups) else None
    people = old.people if isinstance(old, Desired) else {}
    return replace(options, changed_since=since, previous_groups=before, previous_people=people)


def _earlier_desired(path: Path, revision: Revision, desired: Desired) -> Desired | str:
    """Return the desired state of the revision, or why it is unknown."""
    try:
        old = desired_at(path, revision, desired.as_of)
    except ConfigError as error:
        reason = f"{path} is not valid in that revision ({error.problems[0]})"
        _require_no_restrictions(reason, revision, desired)
        return reason
    if old is None:
        return f"that revision does not have {path}"
    if problems := forbidden_removals(old, desired):
        raise ConfigError(problems)
    return old


def _require_no_restrictions(reason: str, revision: Revision, desired: Desired) -> None:
    """Stop where there are restrictions and removals are unknown: a broken base would open a hole."""
    mentioned = any(b"restrictions" in each.data for each in revision.files or ())
    if desired.restrictions is not None or mentioned:
        raise Refused(
            f"--changed-since {revision.commit.ref}: {reason}, so removals cannot be checked against `restrictions`",
            "name a valid revision; without --changed-since, removals are not checked against `restrictions`",
        )


def compare_arguments(old: str, new: str, path: Path | None, default: Path, as_of: date | None) -> ConfigDiff:
    """Compare two versions, each named by an existing path or by a revision of `path`.

    Without `path`, revisions are of the side that is a path, else of `default`. Raises UsageError for a name that is
    neither, for a path that no version has, and for a `path` that no revision is read at; ConfigError with every
    error in a version.
    """
    paths = [Path(name) for name in (old, new) if os.path.lexists(name)]
    if path is not None and len(paths) == 2:
        raise UsageError(
            f"{old} and {new} are both paths, so no revision of {path} is read",
            "leave it out; for a revision that has the name of a path, write NAME^0",
        )
    path = path or (paths[0] if len(paths) == 1 else default)
    day = as_of or today()
    (old_version, before), (new_version, after) = (_config_version(name, path, day) for name in (old, new))
    if not (old_version.exists or new_version.exists):
        raise UsageError(f"neither {old} nor {new} has {path}", "name the file or folder as the third argument")
    return compare_configs(before, after, old_version, new_version)


def _config_version(name: str, path: Path, as_of: date) -> tuple[ConfigVersion, Desired]:
    """Return the version at an existing path, else at a revision of PATH."""
    if os.path.lexists(name):
        if (commit := find_commit(path, name)) is not None:
            message = "%s is a path and also a revision (commit %s); comparing the path, write %s^0 for the revision"
            log.warning(message, name, short_commit(commit.oid), name)
        return ConfigVersion(name), load(Path(name), as_of=as_of, history=partial(history_of, Path(name)))
    try:
        revision = resolve_revision(path, name)
    except RevisionError as error:
        message = f"{name} is neither a file or folder nor a revision of {path}: {error.message}"
        raise UsageError(message, error.hint) from None
    desired = desired_at(path, revision, as_of)
    version = ConfigVersion(name, revision.commit.oid, desired is not None)
    return version, Desired(as_of=as_of) if desired is None else desired


@dataclass(frozen=True, slots=True)
class Baseline:
    """The revision that drift is compared with, and its desired state."""

    revision: AppliedRevision
    desired: Desired


def read_baseline(path: Path, since: str | None, as_of: date) -> Baseline | None:
    """Read the revision that drift is compared with: `since`, else the newest `applied/…` tag; None without any.

    None, with a warning, if the revision is not valid. Raises RevisionError where `since` does not name a revision.
    """
    found = _find_applied_revision(path, since)
    if found is None:
        return None
    ref, revision = found
    try:
        desired = desired_at(path, revision, as_of)
    except ConfigError as error:
        log.warning("drift is shown without causes: %s is not valid in %s (%s)", path, ref, error.problems[0])
        return None
    if desired is None:
        log.warning("%s does not have %s, so nothing in it was applied yet", ref, path)
        desired = Desired(as_of=as_of)
    return Baseline(AppliedRevision(ref, revision.commit.oid), desired)


def _find_applied_revision(path: Path, since: str | None) -> tuple[str, Revision] | None:
    if since is not None:
        return since, resolve_revision(path, since)
    try:
        tagged = latest_applied_commit(path)
    except RevisionError as error:
        if error.hint == FETCH_HISTORY:
            log.warning("drift is shown without causes: %s", error)
        else:
            log.debug("drift is shown without causes: %s", error)
        return None
    commit = short_commit(tagged.oid)
    log.info("comparing with %s (commit %s), the newest applied/ tag; override with --since", tagged.ref, commit)
    return tagged.ref, _called(tagged.ref, resolve_revision(path, tagged.oid))


def compare_with_applied(
    path: Path, desired: Desired, *, since: str | None = None, accepted: Iterable[Path] = ()
) -> SourceComparison:
    """Compare the sources of PATH with those of the revision `since`, else of the newest `applied/…` tag.

    `accepted` are files, or patterns of files, that may lose any number of people. Raises UsageError for one that is no
    source of either revision, RevisionError where `since` does not name a revision.
    """
    applied = read_applied(path, desired, since)
    known = {file.name for each in (desired, applied.desired) if each is not None for file in each.people_files}
    return compare_sources(applied, desired, _find_source_files(accepted, known, path))


def read_applied(path: Path, desired: Desired, since: str | None = None) -> AppliedConfig:
    """Read what was wanted at the revision `since`, else of the newest `applied/…` tag, as of that revision's own day.

    Who was in a file only for the days of `grace` still counts as one of its people.
    """
    try:
        ref, name = (since, since) if since is not None else _newest_tag(path)
    except RevisionError as error:
        return AppliedConfig(reason=_reason(error))
    revision = _called(ref, resolve_revision(path, name))
    if not desired.people_files and not any(b"sources" in file.data for file in revision.files or ()):
        return AppliedConfig(ref)  # neither has any, and no file has to be read whole
    try:
        wanted = desired_at(path, revision, min(desired.as_of, commit_day(path, revision.commit)))
    except ConfigError as error:
        return AppliedConfig(ref, reason=f"{path} is not valid in {ref}: {replace(error.problems[0], hint='')}")
    return AppliedConfig(ref, wanted, "" if wanted is not None else f"{ref} does not have {path}")


def _called(ref: str, revision: Revision) -> Revision:
    """Return a revision under the name that messages are to have: that of the tag, and not the hash."""
    return replace(revision, commit=replace(revision.commit, ref=ref))


def _reason(error: RevisionError) -> str:
    """Return why nothing is known of the past; of the hints, only how to get the commits helps here."""
    return f"{error.message}; {error.hint}" if error.hint == FETCH_HISTORY else error.message


def _newest_tag(path: Path) -> tuple[str, str]:
    commit = latest_applied_commit(path)
    return commit.ref, commit.oid


def _find_source_files(words: Iterable[Path], files: Collection[str], path: Path) -> frozenset[str]:
    """Return the files that --accept-source names, by their paths below the folder of PATH, from here, or absolute."""
    folder = path if os.path.isdir(path) else path.parent
    names = {file: (file, os.path.abspath(folder / file), os.path.realpath(folder / file)) for file in files}
    found: set[str] = set()
    for word in words:
        patterns = (os.path.normpath(word), os.path.abspath(word), os.path.realpath(word))
        matched = {file for file in files if any(map(glob_match, patterns, names[file]))}
        if not matched:
            closest = closest_names(os.path.basename(word), sorted(files), 1)
            known = f"did you mean {closest[0]}?" if closest else f"it has: {first_of(sorted(files)) or 'none'}"
            raise UsageError(f"--accept-source: `sources` has no file {word}", known)
        found |= matched
    return frozenset(found)


def options_naming_people_of(baseline: Baseline, options: PlanOptions) -> PlanOptions:
    """Return the options with the people of the revision, so that those who are deleted since are named, too."""
    return replace(options, previous_people={**baseline.desired.people, **options.previous_people})


def add_drift_causes(planned: PlanResult, desired: Desired, baseline: Baseline | None) -> Plan:
    """Return the plan with the cause of each difference, where there is a revision to compare with."""
    if baseline is None:
        return planned.plan
    return with_drift_causes(planned.plan, baseline.desired, desired, planned.live_names, baseline.revision)
