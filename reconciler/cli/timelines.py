"""Read the history of PATH from git for a command, and record what each commit changed in it."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import click

from reconciler.cli.options import DateType, today
from reconciler.config import FileContent
from reconciler.config.source_files import MAX_FILE_BYTES, is_config_file
from reconciler.config.versions import VersionLoader
from reconciler.errors import ConfigError, UsageError
from reconciler.history.git import FETCH_HISTORY, has_uncommitted_changes
from reconciler.history.line import Line, LineRevision, commit_seconds, read_files, read_line
from reconciler.history.snapshot import RevisionFile
from reconciler.model.desired import Desired
from reconciler.timeline.commits import commit_ref
from reconciler.timeline.events import Recorder, day_after

log = logging.getLogger("reconciler.history")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", re.ASCII)


class MomentType(click.ParamType["date | str"]):
    """A day as `YYYY-MM-DD`, or else a git revision."""

    name = "DATE|REF"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date | str:
        """Return a day, or the name of a revision; fail for a day that is not in the calendar."""
        return DateType().convert(value, param, ctx) if _DATE.fullmatch(value) else str(value)


@dataclass(frozen=True, slots=True)
class History:
    """The history of a path up to a moment, and the line of commits that it was read from."""

    line: Line
    recorder: Recorder

    def moment_of(self, ref: str) -> datetime:
        """Return the date of a revision. Raises RevisionError where there is none."""
        return datetime.fromtimestamp(commit_seconds(self.line.git, ref), UTC)


def record_history(path: Path, until: date | str | None = None, *, to_end_of_day: date | None = None) -> History:
    """Record the history of a path up to a day, the last one included, or a revision; up to today and HEAD by default.

    Memberships are ended as of the day `to_end_of_day`, else of `until`, or of the date of its revision. Raises
    RevisionError without git, a repository or such a revision, UsageError where no commit has the path.
    """
    ref = until if isinstance(until, str) else "HEAD"
    line = read_line(path, ref, wanted=is_config_file)
    if not line.revisions:
        raise UsageError(f"no commit of {ref} has {path}", "commit it first, or name the path that is in git")
    if line.truncated:
        log.warning("what happened before the oldest commit here is unknown: %s", FETCH_HISTORY)
    if ref == "HEAD" and has_uncommitted_changes(path, is_config_file):
        log.warning("%s has changes that are not committed, which are not part of its history", path)
    recorder = Recorder(unknown_before=line.truncated)
    end = day_after(until) if isinstance(until, date) else None
    _record(line, recorder, end)
    if isinstance(until, str):
        recorder.end_before(to_end_of_day or datetime.fromtimestamp(commit_seconds(line.git, until), UTC).date())
    else:
        recorder.end_before(to_end_of_day or min(until or today(), date.max))
    return History(line, recorder)


def _record(line: Line, recorder: Recorder, end: datetime | None) -> None:
    loader = VersionLoader()
    for revision, files in read_files(line, wanted=is_config_file, max_bytes=MAX_FILE_BYTES):
        facts = revision.commit
        commit = commit_ref(facts.oid, facts.seconds, facts.author, facts.message, facts.merged_author)
        if end is not None and commit.at >= end:
            break  # a later one with an earlier date is a child of this one
        try:
            desired = _desired(loader, line.path, revision, files, commit.at.date())
        except ConfigError as error:
            recorder.add_invalid(commit, str(error.problems[0]))
        else:
            recorder.add(commit, desired)


def _desired(
    loader: VersionLoader, path: Path, revision: LineRevision, files: tuple[RevisionFile, ...], as_of: date
) -> Desired:
    """Return what a revision wants; nothing where it does not have the path. Raises ConfigError."""
    if not files:
        return Desired()
    contents = [FileContent(file.path, file.data, file.error, file.hint, file.linked) for file in files]
    folder = str(path) if revision.is_folder else None
    return loader.load(contents, as_of=as_of, folder=folder, name=Path(revision.inside).name)
