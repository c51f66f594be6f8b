"""Change YAML files, and prove by reading them again that they mean what they should, and nothing else changed."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.atomic_file import write_all
from reconciler.config.document import Tree, as_mapping
from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.source_files import YamlSource, find_config_files, read_file
from reconciler.config.yaml_events import DocumentPath
from reconciler.config.yaml_reader import read_yaml
from reconciler.editing.yaml_changes import changed_text
from reconciler.editing.yaml_layout import NotEditable
from reconciler.errors import ConfigError, ReconcilerError
from reconciler.model.desired import InputFile


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file and the values in it."""

    source: YamlSource
    root: Mapping[str, Tree]

    @property
    def name(self) -> str:
        """The name of the file, without its folder."""
        return Path(self.source.file).name

    @property
    def text(self) -> str:
        """The text, without a byte order mark."""
        return self.source.text

    def section(self, name: str) -> dict[str, Tree]:
        """Return the entries of a section; none if the file does not have it, or if it is not a mapping."""
        section = self.root.get(name)
        return section if isinstance(section, dict) else {}

    def changed(self, root: Mapping[str, Tree], written: Mapping[DocumentPath, str] | None = None) -> str:
        """Return the text that has exactly these values, and else every character as it was.

        A new key gets the place that it has among the others; `written` has entries, by path, that are already YAML, as
        lines that are indented by two spaces. Raise NotEditable if a layout does not allow that.
        """
        text = changed_text(self.text, dict(self.root), dict(root), written or {})
        if not self._means(text, root):
            raise NotEditable(())
        return text

    def encode(self, text: str) -> bytes:
        """Return the bytes of an edited text, with the byte order mark of the file."""
        bom = codecs.BOM_UTF8 if self.source.data.startswith(codecs.BOM_UTF8) else b""
        return bom + text.encode()

    def _means(self, text: str, root: Mapping[str, Tree]) -> bool:
        document = read_yaml(self.source.file, text, ProblemCollector())
        return document is not None and document.root == root


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
        links = [source.file for source in sources.values() if source.linked]
        raise ConfigError(problems.locate_all({file: source.text for file, source in sources.items()}, links))
    return [YamlFile(sources[document.file], document.root) for document in documents if document is not None]


def require_unchanged(path: Path, sources: Sequence[InputFile]) -> None:
    """Raise ReconcilerError unless the YAML files of a path are those of a configuration, byte for byte."""
    problems = ProblemCollector()
    files = [read_file(file, problems) for file in find_config_files(path, problems)]
    now = {file.file: file.digest for file in files if file is not None}
    then = {source.path: source.digest for source in sources if not source.people_file}
    changed = sorted(file for file in then.keys() | now.keys() if then.get(file) != now.get(file))
    if changed:
        message = f"{', '.join(changed)} changed meanwhile, so nothing was written"
        raise ReconcilerError(message, "run the command again")


def edit_entries(file: YamlFile, section: str, entries: Mapping[str, Tree]) -> tuple[str, dict[str, str]]:
    """Return the text in which as many as possible of these entries of a section have these values.

    Also return, by name, why an entry is not edited: it does not stop the others.
    """
    reasons: dict[str, str] = {}

    def changed(names: Sequence[str]) -> str:
        wanted = {**as_mapping(file.root[section]), **{name: entries[name] for name in names}}
        return file.changed({**file.root, section: wanted})

    def editable(names: Sequence[str]) -> Sequence[str]:
        try:
            changed(names)
        except NotEditable as error:
            if len(names) == 1:
                reasons[names[0]] = f"{file.source.file}: {error.reason}"
                return ()
        else:
            return names
        middle = len(names) // 2
        return (*editable(names[:middle]), *editable(names[middle:]))

    done = editable(tuple(entries)) if entries else ()
    try:
        return (changed(done) if done else file.text), reasons
    except NotEditable as error:  # each can be edited, and not all of them
        return file.text, dict.fromkeys(entries, f"{file.source.file}: {error.reason}")


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Replace all files or none, and keep their modes; a symbolic link stays, and its target is replaced.

    Raise ReconcilerError if a file cannot be written; every file then has its old content.
    """
    try:
        write_all(contents)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = f"{error.filename} cannot be written: {reason}"
        raise ReconcilerError(message, "no file was changed; check permissions and the disk") from None
