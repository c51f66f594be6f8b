"""The names in a configuration, read quickly and without a check: what a shell suggests, and the people files."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import Final

from yaml import YAMLError
from yaml.events import ScalarEvent

from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.source_files import config_files, is_people_file, read_file
from reconciler.config.source_options import READERS
from reconciler.config.yaml_events import DocumentPath, walk
from reconciler.model.text import composed

MAX_CHARACTERS: Final = 2_000_000
"""Characters that are read, of all files together: completion must answer at once."""


@dataclass(frozen=True, slots=True)
class DefinedNames:
    """The keys of the groups, and the aliases of the people with their names ("" for none); in the files' order."""

    keys: tuple[str, ...]
    people: dict[str, str]


class _NamesOnly:
    """The paths to the names: what is below them is skipped."""

    def __contains__(self, path: object) -> bool:
        match path:
            case () | ("groups" | "people",) | ("groups" | "people", _) | ("people", _, "name"):
                return True
        return False


class _SourcesOnly:
    """The paths to the entries of `sources`."""

    def __contains__(self, path: object) -> bool:
        match path:
            case () | ("sources",) | ("sources", _) | ("sources", _, _):
                return True
        return False


def named_people_files(path: Path) -> Iterator[tuple[Path, Callable[[PurePath], bool]]]:
    """Yield for each source of a file or a folder the folder of its YAML file, and which files below it are read."""
    for file, place, value in _entries(path, _SourcesOnly()):
        if len(place) == 3 and place[2] in READERS:
            yield file.parent, partial(is_people_file, value)


def defined_names(path: Path) -> DefinedNames:
    """Return what a file or a folder defines; of a file that is not valid, what is above the mistake."""
    keys: dict[str, None] = {}
    people: dict[str, str] = {}
    for _, place, value in _entries(path, _NamesOnly()):
        match place:
            case ("groups", str(key)):
                keys[key] = None
            case ("people", str(alias)):
                people.setdefault(alias, "")
            case ("people", str(alias), "name"):
                people[alias] = composed(value)
    return DefinedNames(tuple(keys), people)


def _entries(path: Path, wanted: Container[DocumentPath]) -> Iterator[tuple[Path, DocumentPath, str]]:
    """Yield the file, the place of each name, and the text there, "" for a mapping or a list."""
    left = MAX_CHARACTERS
    for file in config_files(path):
        source = read_file(file, ProblemCollector())
        left -= len(source.text) if source else 0
        if source is None or left < 0:
            continue
        with suppress(YAMLError):
            for place, _, value in walk(source.text, wanted):
                yield file, place, value.value if isinstance(value, ScalarEvent) else ""
