"""The whole of stage 1 as a row of calls: files → documents → one configuration → the desired state."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from reconciler.config.contradictions import warn_of_contradictions
from reconciler.config.countries import Countries
from reconciler.config.directory import Directory
from reconciler.config.files import SourceFile, decoded, find, linked_folders, read_file, tell_empty
from reconciler.config.findings import Findings
from reconciler.config.groups import Resolver
from reconciler.config.limits import read_policy
from reconciler.config.members import Lists
from reconciler.config.merge import Merged, merge
from reconciler.config.reader import read
from reconciler.config.restrictions import enforce, named, origins, read_restrictions, refuse_links, tell_passed_over
from reconciler.config.structure import check
from reconciler.config.teams import Teams
from reconciler.config.tree import Place, text
from reconciler.errors import ConfigError, Kind
from reconciler.model.desired import Desired, Source


def load(path: Path, *, as_of: date) -> Desired:
    """The desired state of a file, or of all YAML files below a folder, on the day `as_of`.

    Raises ConfigError with everything that is wrong, sorted by file, line and column.
    """
    findings = Findings()
    sources = [source for found in find(path, findings) if (source := read_file(found, findings)) is not None]
    folder = str(path) if os.path.isdir(path) else None
    return _checked(sources, findings, as_of, folder, path.name, linked_folders(path))


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is not on disk as it is here: what it is called in messages, and its bytes.

    `trouble` says what is wrong with it where its bytes could not be had, `hint` what to do. `linked`: what was read
    stands elsewhere, behind a symbolic link.
    """

    file: str
    data: bytes = b""
    trouble: str = ""
    hint: str = ""
    linked: bool = False


def load_stored(stored: Sequence[Stored], *, as_of: date, folder: str | None, name: str) -> Desired:
    """The same as `load` of files that somebody else has read.

    `folder` is the one they are from, in the words of their names; None for a single file, which `restrictions` know
    by its `name`.
    """
    findings = Findings()
    for each in stored:
        if each.trouble:
            findings.error(Kind.FILE, Place(each.file), each.trouble, each.hint)
    if folder is not None and not stored:
        tell_empty(folder, findings)
    sound = [each for each in stored if not each.trouble]
    read_in = (decoded(each.file, each.data, findings, linked=each.linked) for each in sound)
    sources = [source for source in read_in if source is not None]
    return _checked(sources, findings, as_of, folder, name)


def _checked(
    sources: Sequence[SourceFile],
    findings: Findings,
    as_of: date,
    folder: str | None,
    name: str,
    passed_over: Sequence[str] = (),
) -> Desired:
    texts = {source.file: source.text for source in sources}
    desired = desired_of(sources, findings, as_of, folder, name, passed_over)
    problems = findings.problems(texts)
    if desired is None or findings.failed:
        raise ConfigError(problems)
    read_from = tuple(Source(source.file, source.digest) for source in sources)
    return replace(desired, as_of=as_of, sources=read_from, warnings=problems)


def desired_of(
    sources: Sequence[SourceFile],
    findings: Findings,
    as_of: date,
    folder: str | None = None,
    name: str = "",
    passed_over: Sequence[str] = (),
) -> Desired | None:
    """What the files say; None where one could not be read (or looked through), as the rest makes no sense without it.

    `folder` is the one they are from, None for a single file, whose name is `name`; `passed_over` are the links to
    folders below it.
    """
    documents = [read(source.file, source.text, findings) for source in sources]
    parts = [check(document, findings, in_folder=folder is not None) for document in documents if document is not None]
    if not parts or len(parts) < len(sources) or findings.full:
        return None
    merged = merge(folder, parts, findings)
    names = named((source.file for source in sources), folder, name)
    tell_passed_over(passed_over, merged, findings)
    restrictions = read_restrictions(merged, parts, findings, names)
    if restrictions is not None:
        enforce(restrictions, merged, parts, findings, names)
        if folder is not None:
            refuse_links([source.file for source in sources if source.linked], merged, findings)
    desired = _resolved(merged, findings, as_of)
    return replace(desired, restrictions=restrictions, origins=origins(merged, names))


def _resolved(merged: Merged, findings: Findings, as_of: date) -> Desired:
    directory = Directory(merged, findings)
    countries = Countries(merged, findings)
    policy = read_policy(merged, directory, countries)
    lists = Lists(directory, countries, findings)
    teams = Teams(merged, lists, findings)
    instance = merged.sections["instance"]
    person = directory.phone(instance["phone"]) if "phone" in instance else None
    groups = Resolver(merged, directory, lists, teams, findings, as_of, person, policy.max_members).groups()
    warn_of_contradictions(groups, merged, directory, findings)
    return Desired(
        groups=groups,
        people=directory.people,
        instance_id=text(instance["id"].value) if "id" in instance else None,
        instance=person,
        policy=policy,
        region=directory.region,
    )
