"""Load a configuration, in one row of calls: read files, parse, check, merge, resolve people, teams, groups, policy.

A key in two files of a folder is an error.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from reconciler.config.document import ALL_NAMES, LocatedValue, MergedConfig, SourceLocation, as_mapping, as_text
from reconciler.config.grace import keep_leavers
from reconciler.config.groups import GroupChecker, GroupResolver
from reconciler.config.memberships import Memberships
from reconciler.config.people import People
from reconciler.config.people_rows import PeopleFileRows, declined_people
from reconciler.config.phone_numbers import country_code
from reconciler.config.policy import check_policy, read_account_since, read_policy
from reconciler.config.problem_collector import ProblemCollector, quote_value
from reconciler.config.restrictions import check_restrictions, origins, report_skipped_links
from reconciler.config.rule_places import RulePlaces
from reconciler.config.rule_tests import check_expectations, failed_tests
from reconciler.config.rules import RuleReader
from reconciler.config.schema_check import ValidDocument, check
from reconciler.config.source_files import (
    FileContent,
    YamlSource,
    decode_utf8,
    find_config_files,
    find_people_files,
    folders_with,
    linked_folders,
    read_file,
    report_empty_folder,
)
from reconciler.config.sources import FileFinder, add_sources
from reconciler.config.yaml_reader import read_yaml
from reconciler.errors import ConfigError, Problem, ProblemKind
from reconciler.model.desired import Desired, InputFile, PeopleFile, SourcedPerson
from reconciler.model.text import composed
from reconciler.rules import evaluate
from reconciler.sources.model import FileHistory

SECTIONS = ("instance", "people", "teams", "defaults", "policy", "groups")


@dataclass(frozen=True, slots=True, kw_only=True)
class _LoadOptions:
    """The day on which a configuration counts, and what else a load finds out; `load` describes each."""

    as_of: date
    check_rules: date | None = None
    test_rules: bool = False
    history: Callable[[], FileHistory] | None = None


def load(
    path: Path,
    *,
    as_of: date,
    ignore: Collection[Path] = (),
    check_rules: date | None = None,
    test_rules: bool = False,
    history: Callable[[], FileHistory] | None = None,
) -> Desired:
    """Return the desired state of a file, or of all YAML files below a folder, on the day `as_of`.

    With `check_rules` it has what breaks the rules on that day or on `as_of`, with `test_rules` which of their tests
    fail. Files of the folder that are to `ignore` are not read. `history` makes what knows who left the people files
    lately; None where that is not to be found out. Raise ConfigError with all problems, sorted by place. A file that
    has fewer problems together with its folder has only one: the folder is to be loaded.
    """
    options = _LoadOptions(as_of=as_of, check_rules=check_rules, test_rules=test_rules, history=history)
    if os.path.isdir(path):
        return _load_path(path, options, ignore)
    try:
        return _load_path(path, options)
    except ConfigError as error:
        count = len(error.problems)
        folder = next((folder for folder in folders_with(path) if _count_problems(folder, as_of) < count), None)
        if folder is None:
            raise
        message = f"this file is part of {folder}{os.sep}, and needs the other files there"
        hint = f"name the folder instead: {folder}"
        raise ConfigError((Problem(str(path), 0, 0, "", message, hint, kind=ProblemKind.FILE),)) from None


def _load_path(path: Path, options: _LoadOptions, ignore: Collection[Path] = ()) -> Desired:
    problems = ProblemCollector()
    files = [read_file(file, problems) for file in find_config_files(path, problems) if file not in ignore]
    folder = str(path) if os.path.isdir(path) else None
    return _load(files, problems, options, folder, path.name, linked_folders(path))


def _count_problems(path: Path, as_of: date) -> int:
    try:
        _load_path(path, _LoadOptions(as_of=as_of))
    except ConfigError as error:
        return len(error.problems)
    return 0


def load_contents(
    contents: Sequence[FileContent],
    *,
    as_of: date,
    folder: str | None,
    name: str,
    check_rules: date | None = None,
    find: FileFinder = find_people_files,
    history: Callable[[], FileHistory] | None = None,
) -> Desired:
    """Return the same as `load` for files that the caller has read.

    `folder` is their folder, as their names have it; None for a single file, which `restrictions` know by its `name`.
    `find` reads the people files that they name; without it these are read from the disk.
    """
    problems = ProblemCollector()
    if folder is not None and not contents:
        report_empty_folder(folder, problems)
    files: list[YamlSource | None] = []
    for content in contents:
        if content.error:
            problems.error(ProblemKind.FILE, SourceLocation(content.file), content.error, content.hint)
        else:
            files.append(decode_utf8(content.file, content.data, problems, linked=content.linked))
    options = _LoadOptions(as_of=as_of, check_rules=check_rules, history=history)
    return _load(files, problems, options, folder, name, find=find)


@contextmanager
def without_collector() -> Iterator[None]:
    """Pause Python's search for cycles: it takes a quarter of the time that a large file takes, and finds none."""
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_enabled:
            gc.enable()


@without_collector()
def _load(
    read: Sequence[YamlSource | None],
    problems: ProblemCollector,
    options: _LoadOptions,
    folder: str | None,
    name: str,
    skipped_links: Sequence[str] = (),
    find: FileFinder = find_people_files,
) -> Desired:
    """Return the desired state of files: those of a folder, or a single one with this name.

    `skipped_links` are the links to folders below the folder.
    """
    files = [file for file in read if file is not None]
    texts, links = {file.file: file.text for file in files}, [file.file for file in files if file.linked]
    parsed = [read_yaml(file.file, file.text, problems) for file in files]
    documents = [check(document, problems, in_folder=folder is not None) for document in parsed if document is not None]
    if not documents or len(documents) < len(files) or problems.limit_reached:
        raise ConfigError(problems.locate_all(texts, links))  # without one file the rest makes no sense
    merged = _merge(folder, documents, problems)
    paths = rule_paths(texts, folder, name)
    people_files: tuple[PeopleFileRows, ...] = ()
    if any("sources" in document.source.root for document in documents):
        entries = list(_items("sources", documents))
        is_broken = any(path[:1] == ("sources",) for document in documents for path in document.broken)
        merged, people_files = add_sources(merged, entries, paths, find, problems, options.as_of, is_broken=is_broken)
        merged = keep_leavers(merged, people_files, options.history, options.as_of, problems)
    paths |= {file.path: file.name for file in people_files}
    report_skipped_links(skipped_links, merged.restrictions, problems)
    linked = [*(links if folder is not None else ()), *(file.path for file in people_files if file.linked)]
    restrictions = check_restrictions(merged, documents, people_files, paths, linked, problems)
    desired, rule_places = _resolve(merged, people_files, problems, options.as_of, texts)
    located = problems.locate_all(texts, links)
    if problems.failed:
        raise ConfigError(located)
    desired = replace(
        desired,
        as_of=options.as_of,
        sources=_sources(files, people_files),
        warnings=located,
        restrictions=restrictions,
        origins=origins(merged, paths),
    )
    if options.test_rules:
        desired = replace(desired, failed_tests=failed_tests(merged, desired.rules, texts, options.as_of))
    if options.check_rules is None or not desired.rules:
        return desired
    findings = rule_places.place(evaluate(desired, options.check_rules, country_code), texts)
    return replace(desired, rules_checked=options.check_rules, findings=findings)


def rule_paths(files: Iterable[str], folder: str | None, name: str) -> dict[str, str]:
    """Return the path of each file as rules have it: below the folder, with slashes; a single file has its `name`."""
    return {file: name if folder is None else Path(file).relative_to(folder).as_posix() for file in files}


def _merge(folder: str | None, documents: Sequence[ValidDocument], problems: ProblemCollector) -> MergedConfig:
    """Merge the documents in the order of their files; `folder` is the path that the user gave, None for one file."""
    if folder is not None and not any("version" in document.source.root for document in documents):
        hint = "add `version: 1` to one file of the folder"
        problems.error(ProblemKind.MISSING_KEY, SourceLocation(folder), "`version` is missing", hint)
    return MergedConfig(
        sections={section: _entries(section, documents, problems) for section in SECTIONS},
        region=_single("region", documents, problems),
        restrictions=_single("restrictions", documents, problems),
        rules=tuple(_items("rules", documents)),
        tests=tuple(_items("tests", documents)),
        broken={section: _broken_names(section, documents) for section in ("people", "teams", "groups", "region")}
        | {"rules": _broken_items("rules", documents)},
        lines={document.file: document.source.lines for document in documents},
    )


def _single(section: str, documents: Sequence[ValidDocument], problems: ProblemCollector) -> LocatedValue | None:
    """Return a section that only one file may have; its place is that of the key."""
    first: LocatedValue | None = None
    for document in documents:
        if section not in document.root:
            continue
        entry = LocatedValue(document.root[section], SourceLocation(document.file, (section,), key=True))
        if first is None:
            first = entry
        else:
            message = f"`{section}` is defined twice, first at"
            problems.error(ProblemKind.DUPLICATE_KEY, entry.place, message, "keep one of them", other=first.place)
    return first


def _items(section: str, documents: Sequence[ValidDocument]) -> Iterator[LocatedValue]:
    """Yield the items of a list that several files may have, in the order of the files, without those in error."""
    for document in documents:
        broken = {path[:2] for path in document.broken if path[:1] == (section,)}
        if section in document.root:
            entry = LocatedValue(document.root[section], SourceLocation(document.file, (section,)))
            yield from (item for item in entry.items() if item.place.path not in broken)


def _entries(section: str, documents: Sequence[ValidDocument], problems: ProblemCollector) -> dict[str, LocatedValue]:
    entries: dict[str, LocatedValue] = {}
    for document in documents:
        for key, value in as_mapping(document.root.get(section, {})).items():
            place = SourceLocation(document.file, (section, key))
            first = entries.setdefault(key, LocatedValue(value, place)).place
            if first != place:
                message = f"{quote_value(key)} is defined twice, first at"
                hint = "keep one of them"
                problems.error(ProblemKind.DUPLICATE_KEY, place.as_key(), message, hint, other=first.as_key())
    return entries


def _broken_names(section: str, documents: Sequence[ValidDocument]) -> frozenset[str]:
    paths = (path for document in documents for path in document.broken if path[:1] == (section,))
    return frozenset(str(path[1]) if len(path) == 2 else ALL_NAMES for path in paths if len(path) <= 2)


def _broken_items(section: str, documents: Sequence[ValidDocument]) -> frozenset[str]:
    """Return that any name may be broken, where an item of a list is: its name may be what is wrong."""
    is_broken = any(path[:1] == (section,) for document in documents for path in document.broken)
    return frozenset({ALL_NAMES} if is_broken else ())


def _sources(files: Sequence[YamlSource], people_files: Sequence[PeopleFileRows]) -> tuple[InputFile, ...]:
    """Return every file that was read; one that several sources name is one file."""
    inputs = {file.path: InputFile(file.path, file.digest, people_file=True) for file in people_files}
    return (*(InputFile(file.file, file.digest) for file in files), *inputs.values())


def _resolve(
    merged: MergedConfig,
    people_files: Sequence[PeopleFileRows],
    problems: ProblemCollector,
    as_of: date,
    texts: Mapping[str, str],
) -> tuple[Desired, RulePlaces]:
    people = People(merged, problems)
    policy = read_policy(merged, people, problems)
    own = merged.sections["instance"]
    instance = people.phone(own["phone"]) if "phone" in own else None
    memberships = Memberships(merged, people, policy, problems)
    groups = GroupResolver(merged, people, memberships, problems, as_of).groups()
    GroupChecker(merged, problems, memberships.incomplete, instance, policy.max_members).check(groups)
    check_policy(groups, policy, merged, people, problems)
    reader = RuleReader(merged, people, memberships, problems, texts)
    rules = reader.rules() if merged.rules else ()
    if merged.tests:
        check_expectations(merged, rules, reader.places, problems)
    people.report_unknown_aliases()
    desired = Desired(
        groups=groups,
        people=people.by_identity,
        teams=memberships.teams,
        rules=rules,
        tests=tuple(as_text(as_mapping(test.value)["name"]) for test in merged.tests),
        people_files=tuple(_people_file(file, people) for file in people_files),
        instance_id=as_text(own["id"].value) if "id" in own else None,
        account=instance,
        account_place=merged.file_and_line(own["phone"].place) if instance is not None else "",
        group_places={key: merged.file_and_line(entry.place) for key, entry in merged.sections["groups"].items()},
        account_since=read_account_since(own.get("since"), policy, problems),
        policy=policy,
        region=people.region,
    )
    return desired, RulePlaces(merged, people, desired, reader.places)


def _people_file(file: PeopleFileRows, people: People) -> PeopleFile:
    return PeopleFile(
        path=file.path,
        name=file.name,
        format=file.format,
        entry=file.entry,
        people={
            alias: SourcedPerson(identity, row.row, row.teams, row.until, row.left)
            for alias, row in file.people.items()
            if (identity := people.identity_of(alias)) is not None
        },
        without_phone=file.without_phone,
        without_consent=file.without_consent,
        asks_consent=file.asks_consent,
        declined=declined_people(file, people.region),
        gap=file.gap,
        shared_team=composed(as_text(as_mapping(file.source.value).get("team") or "")),
    )
