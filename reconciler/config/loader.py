"""The whole of stage 1 as a row of calls: files → documents → one configuration → the desired state."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from reconciler.config.document import SourceLocation, as_text
from reconciler.config.groups import GroupResolver
from reconciler.config.memberships import MemberListResolver, TeamResolver
from reconciler.config.merge import MergedConfig, merge
from reconciler.config.people import PeopleResolver
from reconciler.config.policy import CountryPolicy, read_policy, warn_of_contradictions
from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.restrictions import (
    enforce,
    origins,
    read_restrictions,
    reject_symlinks,
    report_skipped_links,
    rule_paths,
)
from reconciler.config.schema_check import check
from reconciler.config.source_files import (
    SourceFile,
    decode_utf8,
    find_config_files,
    linked_folders,
    read_file,
    report_empty_folder,
)
from reconciler.config.yaml_reader import read_yaml
from reconciler.errors import ConfigError, ProblemKind
from reconciler.model.desired import Desired, Source


def load(path: Path, *, as_of: date) -> Desired:
    """The desired state of a file, or of all YAML files below a folder, on the day `as_of`.

    Raises ConfigError with everything that is wrong, sorted by file, line and column.
    """
    findings = ProblemCollector()
    sources = [
        source for found in find_config_files(path, findings) if (source := read_file(found, findings)) is not None
    ]
    folder = str(path) if os.path.isdir(path) else None
    return _checked(sources, findings, as_of, folder, path.name, linked_folders(path))


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file that is not on disk as it is here: what it is called in messages, and its bytes.

    `error` says what is wrong with it where its bytes could not be had, `hint` what to do. `linked`: what was read
    stands elsewhere, behind a symbolic link.
    """

    file: str
    data: bytes = b""
    error: str = ""
    hint: str = ""
    linked: bool = False


def load_contents(stored: Sequence[FileContent], *, as_of: date, folder: str | None, name: str) -> Desired:
    """The same as `load` of files that somebody else has read.

    `folder` is the one they are from, in the words of their names; None for a single file, which `restrictions` know
    by its `name`.
    """
    findings = ProblemCollector()
    for each in stored:
        if each.error:
            findings.error(ProblemKind.FILE, SourceLocation(each.file), each.error, each.hint)
    if folder is not None and not stored:
        report_empty_folder(folder, findings)
    sound = [each for each in stored if not each.error]
    read_in = (decode_utf8(each.file, each.data, findings, linked=each.linked) for each in sound)
    sources = [source for source in read_in if source is not None]
    return _checked(sources, findings, as_of, folder, name)


def _checked(
    sources: Sequence[SourceFile],
    findings: ProblemCollector,
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
    findings: ProblemCollector,
    as_of: date,
    folder: str | None = None,
    name: str = "",
    passed_over: Sequence[str] = (),
) -> Desired | None:
    """What the files say; None where one could not be read (or looked through), as the rest makes no sense without it.

    `folder` is the one they are from, None for a single file, whose name is `name`; `passed_over` are the links to
    folders below it.
    """
    documents = [read_yaml(source.file, source.text, findings) for source in sources]
    parts = [check(document, findings, in_folder=folder is not None) for document in documents if document is not None]
    if not parts or len(parts) < len(sources) or findings.limit_reached:
        return None
    merged = merge(folder, parts, findings)
    names = rule_paths((source.file for source in sources), folder, name)
    report_skipped_links(passed_over, merged, findings)
    restrictions = read_restrictions(merged, parts, findings, names)
    if restrictions is not None:
        enforce(restrictions, merged, parts, findings, names)
        if folder is not None:
            reject_symlinks([source.file for source in sources if source.linked], merged, findings)
    desired = _resolved(merged, findings, as_of)
    return replace(desired, restrictions=restrictions, origins=origins(merged, names))


def _resolved(merged: MergedConfig, findings: ProblemCollector, as_of: date) -> Desired:
    directory = PeopleResolver(merged, findings)
    countries = CountryPolicy(merged, findings)
    policy = read_policy(merged, directory, countries)
    lists = MemberListResolver(directory, countries, findings)
    teams = TeamResolver(merged, lists, findings)
    instance = merged.sections["instance"]
    person = directory.phone(instance["phone"]) if "phone" in instance else None
    groups = GroupResolver(merged, directory, lists, teams, findings, as_of, person, policy.max_members).groups()
    warn_of_contradictions(groups, merged, directory, findings)
    return Desired(
        groups=groups,
        people=directory.people,
        instance_id=as_text(instance["id"].value) if "id" in instance else None,
        instance=person,
        policy=policy,
        region=directory.region,
    )
