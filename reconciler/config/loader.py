"""Load a configuration, in one row of calls: read files, parse, check, merge, resolve people, teams, groups, policy."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from reconciler.config.document import SourceLocation, as_text
from reconciler.config.groups import GroupChecker, GroupResolver
from reconciler.config.memberships import Memberships
from reconciler.config.merge import MergedConfig, merge
from reconciler.config.people import People
from reconciler.config.policy import check_policy, read_policy
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


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file that is not on disk in this version: its name for messages, and its bytes.

    If its bytes are not available, `error` says why, and `hint` what to do. `linked`: the name is a symbolic link.
    """

    file: str
    data: bytes = b""
    error: str = ""
    hint: str = ""
    linked: bool = False


def load(path: Path, *, as_of: date) -> Desired:
    """Return the desired state of a file, or of all YAML files below a folder, on the day `as_of`.

    Raise ConfigError with all problems, sorted by file, line and column.
    """
    problems = ProblemCollector()
    files = [read_file(file, problems) for file in find_config_files(path, problems)]
    folder = str(path) if os.path.isdir(path) else None
    return _desired_or_error([file for file in files if file], problems, as_of, folder, path.name, linked_folders(path))


def load_contents(contents: Sequence[FileContent], *, as_of: date, folder: str | None, name: str) -> Desired:
    """Return the same as `load` for files that the caller has read.

    `folder` is their folder, as their names have it; None for a single file, which `restrictions` know by its `name`.
    """
    problems = ProblemCollector()
    if folder is not None and not contents:
        report_empty_folder(folder, problems)
    files: list[SourceFile | None] = []
    for content in contents:
        if content.error:
            problems.error(ProblemKind.FILE, SourceLocation(content.file), content.error, content.hint)
        else:
            files.append(decode_utf8(content.file, content.data, problems, linked=content.linked))
    return _desired_or_error([file for file in files if file], problems, as_of, folder, name)


def _desired_or_error(
    files: Sequence[SourceFile],
    problems: ProblemCollector,
    as_of: date,
    folder: str | None,
    name: str,
    skipped_links: Sequence[str] = (),
) -> Desired:
    desired = load_sources(files, problems, as_of, folder, name, skipped_links)
    located = problems.locate_all({file.file: file.text for file in files})
    if desired is None or problems.failed:
        raise ConfigError(located)
    sources = tuple(Source(file.file, file.digest) for file in files)
    return replace(desired, as_of=as_of, sources=sources, warnings=located)


def load_sources(
    files: Sequence[SourceFile],
    problems: ProblemCollector,
    as_of: date,
    folder: str | None = None,
    name: str = "",
    skipped_links: Sequence[str] = (),
) -> Desired | None:
    """Return the desired state of files; None if one cannot be read, because the rest makes no sense without it.

    `folder` is their folder, None for a single file, whose name is `name`; `skipped_links` are the links to folders
    below it.
    """
    parsed = [read_yaml(file.file, file.text, problems) for file in files]
    documents = [check(document, problems, in_folder=folder is not None) for document in parsed if document is not None]
    if not documents or len(documents) < len(files) or problems.limit_reached:
        return None
    merged = merge(folder, documents, problems)
    paths = rule_paths((file.file for file in files), folder, name)
    rules = merged.restrictions.place if merged.restrictions is not None else None
    report_skipped_links(skipped_links, rules, problems)
    restrictions = read_restrictions(merged, documents, paths, problems)
    if restrictions is not None and rules is not None:
        enforce(restrictions, rules, documents, paths, problems)
        if folder is not None:
            reject_symlinks([file.file for file in files if file.linked], rules, problems)
    return replace(_resolve(merged, problems, as_of), restrictions=restrictions, origins=origins(merged, paths))


def _resolve(merged: MergedConfig, problems: ProblemCollector, as_of: date) -> Desired:
    people = People(merged, problems)
    policy = read_policy(merged, people, problems)
    own = merged.sections["instance"]
    instance = people.phone(own["phone"]) if "phone" in own else None
    memberships = Memberships(merged, people, problems)
    groups = GroupResolver(merged, people, memberships, problems, as_of).groups()
    GroupChecker(merged, problems, instance, policy.max_members).check(groups)
    check_policy(groups, policy, merged, people, problems)
    return Desired(
        groups=groups,
        people=people.by_identity,
        instance_id=as_text(own["id"].value) if "id" in own else None,
        account=instance,
        policy=policy,
        region=people.region,
    )
