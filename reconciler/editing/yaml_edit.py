"""Insert text into YAML files, and prove by reading them again that nothing else changed."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from yaml.events import AliasEvent, CollectionStartEvent, Event

from reconciler.atomic_file import write_atomic
from reconciler.config.document import Tree, as_mapping
from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.source_files import SourceFile, find_config_files, read_file
from reconciler.config.yaml_reader import read_yaml
from reconciler.errors import ConfigError, ReconcilerError
from reconciler.model.desired import Source

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Insertion:
    """Text to insert before the character with this index."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file and the values in it."""

    source: SourceFile
    root: Mapping[str, Tree]

    @property
    def name(self) -> str:
        """The name of the file, without its folder."""
        return Path(self.source.file).name

    @property
    def text(self) -> str:
        """The text, without a byte order mark."""
        return self.source.text

    def with_insertions(self, insertions: Iterable[Insertion]) -> str:
        """Return the text with all insertions."""
        parts, at = [], 0
        for each in sorted(insertions, key=lambda insertion: insertion.index):
            parts += [self.text[at : each.index], each.text]
            at = each.index
        return "".join([*parts, self.text[at:]])

    def line_break(self, index: int = 0) -> str:
        """Return the line break that the text has at the end of the line of an index, or else anywhere."""
        match = _LINE_BREAK.search(self.text, index) or _LINE_BREAK.search(self.text)
        return match[0] if match else "\n"

    def line_below(self, index: int, line: str) -> Insertion:
        """Return the insertion of a line below that of an index."""
        match = _LINE_BREAK.search(self.text, index)
        if match is None:
            return Insertion(len(self.text), self.line_break() + line)
        return Insertion(match.end(), line + match[0])

    def means(self, text: str, root: Mapping[str, Tree]) -> bool:
        """Return whether an edited text has exactly these values."""
        document = read_yaml(self.source.file, text, ProblemCollector())
        return document is not None and document.root == root

    def encode(self, text: str) -> bytes:
        """Return the bytes of an edited text, with the byte order mark of the file."""
        bom = codecs.BOM_UTF8 if self.source.data.startswith(codecs.BOM_UTF8) else b""
        return bom + text.encode()


@dataclass(frozen=True, slots=True)
class EditResult:
    """The new bytes of each file that changes, and by key or alias why an entry cannot be edited safely."""

    files: Mapping[Path, bytes]
    not_editable: Mapping[str, str]


def read_yaml_files(path: Path) -> list[YamlFile]:
    """Return a file, or all YAML files below a folder; raise ConfigError if one of them is not valid YAML."""
    problems = ProblemCollector()
    read = [read_file(file, problems) for file in find_config_files(path, problems)]
    sources = {source.file: source for source in read if source is not None}
    documents = [read_yaml(source.file, source.text, problems) for source in sources.values()]
    if problems.failed:
        raise ConfigError(problems.locate_all({file: source.text for file, source in sources.items()}))
    return [YamlFile(sources[document.file], document.root) for document in documents if document is not None]


def require_unchanged(path: Path, sources: Sequence[Source]) -> None:
    """Raise ReconcilerError unless the YAML files of a path are those of a configuration, byte for byte."""
    problems = ProblemCollector()
    files = [read_file(file, problems) for file in find_config_files(path, problems)]
    now = {file.file: file.digest for file in files if file is not None}
    then = {source.path: source.digest for source in sources if not source.people_file}
    changed = sorted(file for file in then.keys() | now.keys() if then.get(file) != now.get(file))
    if changed:
        message = f"{', '.join(changed)} changed while the groups were read, so nothing was written"
        raise ReconcilerError(message, "run the command again")


def edit_entries(
    file: YamlFile, section: str, insertions: Mapping[str, Sequence[Insertion]], entries: Mapping[str, Tree]
) -> tuple[str, dict[str, str]]:
    """Return the text with the insertions that provably make these entries of a section and change nothing else.

    Also return, by name, why an entry is not edited: it does not stop the others. One without insertions is shared.
    """

    def edited(names: Sequence[str]) -> str:
        return file.with_insertions(insertion for name in names for insertion in insertions[name])

    def is_proved(names: Sequence[str]) -> bool:
        wanted = {**as_mapping(file.root[section]), **{name: entries[name] for name in names}}
        return file.means(edited(names), {**file.root, section: wanted})

    def provable(names: Sequence[str]) -> Sequence[str]:
        if not names or is_proved(names):
            return names
        if len(names) == 1:
            return ()
        middle = len(names) // 2
        found = (*provable(names[:middle]), *provable(names[middle:]))
        return found if found and is_proved(found) else ()

    done = provable(tuple(insertions))
    shared, unsafe = "its text is shared through a YAML alias", "its text cannot be edited safely"
    left = {name: unsafe if name in insertions else shared for name in entries if name not in done}
    return edited(done), {name: f"{file.source.file}: {reason}" for name, reason in left.items()}


def is_shared(event: Event, used_anchors: frozenset[str | None]) -> bool:
    """Return whether a value is also in another place, through a YAML alias."""
    is_anchored = isinstance(event, CollectionStartEvent) and event.anchor in used_anchors
    return isinstance(event, AliasEvent) or is_anchored


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Replace each file atomically and keep its mode; a symbolic link stays, and its target is replaced.

    Raise ReconcilerError if a file cannot be written; the file then keeps its content.
    """
    for path, data in contents.items():
        try:
            write_atomic(path, data)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ReconcilerError(f"{path} cannot be written: {reason}", "check its permissions and the disk") from None
