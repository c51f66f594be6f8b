"""Read the history of PATH from git for a command, and record what each commit changed in it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from itertools import zip_longest
from pathlib import Path, PurePosixPath

from reconciler.cli.options import today
from reconciler.config.loader import without_collector
from reconciler.config.names import named_people_files
from reconciler.config.person_reference import resolve_person
from reconciler.config.problem_collector import quote_value
from reconciler.config.source_files import MAX_FILE_BYTES, FileContent, fixed_part, is_config_file, is_people_file
from reconciler.config.versions import VersionLoader
from reconciler.errors import ConfigError, RevisionError, UsageError
from reconciler.history.file_history import GitFileHistory
from reconciler.history.git import FETCH_HISTORY, Git, is_dirty, resolve_commit
from reconciler.history.line import Line, LineCommit, LineRevision, commit_seconds, cut_line, read_files, read_line
from reconciler.history.named_files import NamedFiles, Search
from reconciler.history.snapshot import RevisionFile
from reconciler.model.desired import Desired
from reconciler.model.identity import Identity
from reconciler.model.text import composed
from reconciler.plan.selection import suggest_key
from reconciler.timeline.commits import commit_ref
from reconciler.timeline.events import Recorder
from reconciler.timeline.selection import beginning_of, day_after

log = logging.getLogger("reconciler.history")


@dataclass(frozen=True, slots=True)
class History:
    """The history of a path up to a moment, and the line of commits that it was read from."""

    line: Line
    recorder: Recorder

    def beginning(self, since: date | str) -> datetime:
        """Return the moment from which events count: the beginning of a day, or the date of a revision."""
        if isinstance(since, date):
            return beginning_of(since)
        oid = _require_moment(self.line.git, since)
        entries = (recorded.entry for recorded in self.recorder.entries)
        own = next((entry.at for entry in entries if entry.commit is not None and entry.commit.oid == oid), None)
        return own or self.moment_of(since)

    def moment_of(self, ref: str) -> datetime:
        """Return the date of a revision. Raises RevisionError where there is none."""
        return datetime.fromtimestamp(commit_seconds(self.line.git, ref), UTC)


def _require_moment(git: Git, ref: str) -> str:
    """Return the commit that a word means. Raises UsageError for one that is neither a revision nor a day."""
    try:
        return resolve_commit(git, ref).oid
    except RevisionError as error:
        hint = f"write a day as YYYY-MM-DD, or name a revision: {error.hint}"
        raise UsageError(error.message, hint) from None


def record_history(path: Path, until: date | str | None = None, *, to_end_of_day: date | None = None) -> History:
    """Record the history of a path up to a day, the last one included, or a revision; up to today and HEAD by default.

    Memberships are ended as of the day `to_end_of_day`, else of `until`, or of the date of its revision. Raises
    RevisionError without git or a repository, UsageError where there is no such revision or no commit has the path.
    """
    if os.path.islink(path):
        path = Path(os.path.relpath(os.path.realpath(path)))  # a link has no history of what it leads to
    ref = until if isinstance(until, str) else "HEAD"
    line = read_line(path, "HEAD", wanted=is_config_file)
    _require_moment(line.git, ref)
    if ref != "HEAD":
        # The path may have had another name then, which only the newer commits tell.
        line = cut_line(line, ref) or read_line(path, ref, wanted=is_config_file)
    if not line.revisions:
        raise UsageError(f"no commit of {ref} has {path}", "commit it first, or name the path that is in git")
    if line.truncated:
        log.warning("what happened before the oldest commit here is unknown: %s", FETCH_HISTORY)
    if ref == "HEAD" and is_dirty(path, is_config_file, named_people_files(path)):
        log.warning("%s has changes that are not committed, which are not part of its history", path)
    recorder = Recorder(unknown_before=line.truncated)
    end = day_after(until) if isinstance(until, date) else None
    _record(line, recorder, end)
    if isinstance(until, str):
        recorder.end_before(to_end_of_day or datetime.fromtimestamp(commit_seconds(line.git, until), UTC).date())
    else:
        recorder.end_before(to_end_of_day or min(until or today(), date.max))
    return History(line, recorder)


@without_collector()
def _record(line: Line, recorder: Recorder, end: datetime | None) -> None:
    versions = _Versions(line)
    for facts, revision, files in versions.walk():
        commit = commit_ref(facts.oid, facts.seconds, facts.author, facts.message, facts.merged_author)
        if end is not None and commit.at >= end:
            break  # a later one with an earlier date is a child of this one
        try:
            desired = versions.load(facts.oid, revision, files, commit.at.date())
        except ConfigError as error:
            recorder.add_invalid(commit, str(error.problems[0]))
        else:
            recorder.add(commit, desired)


class _Versions:
    """The versions of a line: one for each commit that changed the path itself, or people files that it names then."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._loader = VersionLoader()
        self._named = NamedFiles(line, is_people_file, fixed_part, MAX_FILE_BYTES)
        self._searches: set[Search] = set()

    def walk(self) -> Iterator[tuple[LineCommit, LineRevision, tuple[RevisionFile, ...]]]:
        """Yield commit, revision and files of each version, the oldest first; each is to be loaded before the next."""
        read = read_files(self._line, wanted=is_config_file, max_bytes=MAX_FILE_BYTES)
        for (revision, files), following in zip_longest(read, self._line.revisions[1:]):
            yield revision.commit, revision, files
            last = following.commit.oid if following is not None else None
            for commit in self._named.commits_between(revision.commit.oid, last, self._searches):
                yield commit, revision, files

    def load(self, oid: str, revision: LineRevision, files: tuple[RevisionFile, ...], as_of: date) -> Desired | None:
        """Return the configuration of a version; None where it does not have the path. Raises ConfigError."""
        before, self._searches = self._searches, set()
        if not files:
            return None
        path, inside = self._line.path, PurePosixPath(revision.inside)
        folder = inside if revision.is_folder else inside.parent

        def find(file: str, pattern: str) -> Mapping[str, FileContent]:
            below = Path(file).relative_to(path).parent if revision.is_folder else Path()
            search = (folder / below).as_posix().removeprefix("."), pattern
            self._searches.add(search)
            # The name of the YAML file is that of today, and so is the folder of its people files.
            return {
                name: FileContent(str(Path(file).parent / name), each.data, each.error, each.hint, each.linked)
                for name, each in self._named.read(oid, search).items()
            }

        try:
            return self._loader.load(
                [FileContent(file.path, file.data, file.error, file.hint, file.linked) for file in files],
                as_of=as_of,
                folder=str(path) if revision.is_folder else None,
                name=inside.name,
                find=find,
                history=partial(GitFileHistory, self._line.git.folder / folder, oid),
            )
        except ConfigError:
            self._searches |= before  # of a version that is not valid the people files may be unknown
            raise


def find_people(recorder: Recorder, word: str) -> frozenset[Identity]:
    """Return the numbers of the person that a word names, those from before included.

    The word is of the newest version, or an alias of an earlier one. A number means that number
    alone. Raises UsageError for a word that names nobody.
    """
    desired = recorder.desired or Desired()
    try:
        person = resolve_person(word, desired)
    except UsageError:
        if (known := recorder.aliases.get(composed(word))) is None:
            raise
        return frozenset(known)
    if person.identity is None:
        raise UsageError("a private id (LID) is not in the history of a file", "name an alias or a phone number")
    found = desired.people.get(person.identity)
    if found is None or not any(map(str.isalpha, word)) or "@" in word:
        return frozenset({person.identity})
    return frozenset({person.identity}).union(*(recorder.aliases.get(alias, ()) for alias in found.aliases))


def find_key(recorder: Recorder, key: str) -> str:
    """Return the key if any version has it. Raises UsageError if none has."""
    keys = {each for keys in recorder.keys.values() for each in keys}
    key = composed(key)
    if key not in keys:
        raise UsageError(f"no version has a group {quote_value(key)}", suggest_key(key, keys))
    return key
