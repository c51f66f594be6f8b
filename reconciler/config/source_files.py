"""Find the files of a configuration and read their text."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePath

from reconciler.atomic_file import is_missing
from reconciler.config.document import SourceLocation
from reconciler.config.problem_collector import ProblemCollector
from reconciler.errors import ProblemKind
from reconciler.model.restrictions import glob_match

MAX_FILE_BYTES = 32 * 1024 * 1024
"""Bytes that a file may have. A thousand groups of 250 people take four million."""
SUFFIXES = (".yaml", ".yml")
_MAX_LEVELS = 3
_SHARED = re.compile(rb"^(?:people|teams|sources|instance):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file as somebody else read it, who may have no disk: its name for messages, and its bytes.

    If its bytes are not available, `error` says why, and `hint` what to do. `linked`: the name is a symbolic link.
    """

    file: str
    data: bytes = b""
    error: str = ""
    hint: str = ""
    linked: bool = False


@dataclass(frozen=True, slots=True)
class YamlSource:
    """A file: its path as the user gave it, its bytes, and its text without a byte order mark.

    `linked`: the path is a symbolic link.
    """

    file: str
    data: bytes
    text: str
    linked: bool = False

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()


def is_config_file(path: PurePath) -> bool:
    """Return whether a file, by its path below a folder, is one of that folder's YAML files, `groups.YAML` too."""
    return path.name.lower().endswith(SUFFIXES) and not has_hidden_part(path)


def has_hidden_part(path: PurePath) -> bool:
    """Return whether a part of a path begins with a dot."""
    return any(part.startswith(".") for part in path.parts)


def config_files(path: Path) -> tuple[Path, ...]:
    """Return the YAML files of a path, sorted; none if it cannot be read."""
    return find_config_files(path, ProblemCollector())


def find_config_files(path: Path, problems: ProblemCollector) -> tuple[Path, ...]:
    """Return the path itself, or all YAML files below a folder, sorted, without names that begin with a dot."""
    if is_missing(path) and not os.path.islink(path):
        first = "; `reconciler init` writes a first one" if path == Path("groups.yaml") else ""
        hint = f"give the path of a YAML file or a folder{first}"
        problems.error(ProblemKind.FILE, SourceLocation(str(path)), "no such file or folder", hint)
        return ()
    if not os.path.isdir(path):
        return (path,)
    files: list[Path] = []
    for folder, folders, names in os.walk(path, onerror=lambda error: _report_unreadable(error, problems)):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(folder, name) for name in names if is_config_file(PurePath(name))]
    for file in (file for file in files if os.path.exists(file) and not os.path.isfile(file)):
        # Reading a pipe or a device might never end.
        message = "is not a regular file, and the reconciler reads every YAML file of a folder"
        problems.error(ProblemKind.FILE, SourceLocation(str(file)), message, "move it out of the folder")
    files = [file for file in files if os.path.isfile(file) or not os.path.exists(file)]
    if not files and not problems.failed:
        report_empty_folder(str(path), problems)
    return tuple(sorted(files))


def has_only_comments(file: Path) -> bool:
    """Return whether a file has nothing but comments and blank lines; False if it cannot be read."""
    source = read_file(file, ProblemCollector())
    return source is not None and all(line.strip()[:1] in ("", "#") for line in source.text.splitlines())


def folders_with(file: Path) -> Iterator[Path]:
    """Yield the folders above a YAML file, the nearest first, that hold other files of one configuration, perhaps.

    That is a folder of the same repository, up to three levels above, with a YAML file of its own that has people or
    an instance. Without a repository there is none: a folder above may be a whole home directory.
    """
    if not is_config_file(PurePath(file.name)) or not os.path.isfile(file):
        return
    above = Path(os.path.abspath(file)).parents
    root = next((level for level, folder in enumerate(above) if os.path.exists(folder / ".git")), None)
    if root is None:
        return
    for folder in list(file.parents)[: min(_MAX_LEVELS, root + 1)]:
        with suppress(OSError):
            others = [each for each in folder.iterdir() if is_config_file(PurePath(each.name)) and each.is_file()]
            if any(_SHARED.search(each.read_bytes()[:MAX_FILE_BYTES]) for each in others if not each.samefile(file)):
                yield folder


def report_empty_folder(folder: str, problems: ProblemCollector) -> None:
    """Report that a folder has no YAML file."""
    hint = "give each file a name that ends in .yaml or .yml"
    problems.error(ProblemKind.FILE, SourceLocation(folder), "the folder has no YAML file", hint)


def linked_folders(path: Path) -> tuple[str, ...]:
    """Return the symbolic links to folders below a folder, sorted, without names that begin with a dot."""
    links: list[str] = []
    for folder, folders, _ in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links += [str(below) for name in folders if os.path.islink(below := Path(folder, name))]
    return tuple(sorted(links))


def _report_unreadable(error: OSError, problems: ProblemCollector) -> None:
    message = f"cannot be read: {error.strerror or type(error).__name__}"
    problems.error(ProblemKind.FILE, SourceLocation(str(error.filename)), message, "check its permissions")


def read_file(path: Path, problems: ProblemCollector) -> YamlSource | None:
    """Return a file as UTF-8; None, and the reason among the problems, if that fails."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        _report_unreadable(error, problems)
        return None
    return decode_utf8(str(path), data, problems, linked=path.is_symlink())


def decode_utf8(file: str, data: bytes, problems: ProblemCollector, *, linked: bool = False) -> YamlSource | None:
    """Return the bytes of a file as UTF-8; None, and the reason among the problems, if they are too many or invalid."""
    if len(data) > MAX_FILE_BYTES:
        message = f"the file is larger than {MAX_FILE_BYTES // 1024 // 1024} MB"
        problems.error(ProblemKind.FILE, SourceLocation(file), message, "split it into several files in one folder")
        return None
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        _report_invalid_utf8(file, error.object, error.start, problems)
        return None
    return YamlSource(file, data, text, linked)


def _report_invalid_utf8(file: str, data: bytes, start: int, problems: ProblemCollector) -> None:
    line_start = data.rfind(b"\n", 0, start) + 1
    mark = (data.count(b"\n", 0, start) + 1, len(data[line_start:start].decode()) + 1)
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    hint = "it looks like UTF-16; save it as UTF-8" if is_utf16 else "save it as UTF-8"
    message = f"the file is not UTF-8: byte 0x{data[start]:02X}"
    problems.error(ProblemKind.FILE, SourceLocation(file), message, hint, mark=mark)


def is_people_file(pattern: str, path: PurePath) -> bool:
    """Return whether a pattern of `sources` means a file, by its path below the folder of the YAML file."""
    return glob_match(pattern, path.as_posix()) and not has_hidden_part(path)


def find_people_files(file: str, pattern: str) -> Mapping[str, FileContent]:
    """Return the files on disk that fit a path or a pattern, by their paths below the folder of a YAML file."""
    folder = Path(file).parent
    if not has_wildcard(pattern):
        path = folder / pattern
        return {} if is_missing(path) and not path.is_symlink() else {pattern: _read_content(path, folder)}
    found: dict[str, FileContent] = {}

    def note(error: OSError) -> None:
        message = f"cannot be read: {error.strerror or type(error).__name__}"
        found[str(error.filename)] = FileContent(str(error.filename), error=message, hint="check its permissions")

    begin = folder / fixed_part(pattern)
    for inside, folders, names in os.walk(begin, onerror=note) if os.path.isdir(begin) else ():
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(inside, name)
            below = path.relative_to(folder)
            if is_people_file(pattern, below):
                found[below.as_posix()] = _read_content(path, folder)
    return found


def has_wildcard(pattern: str) -> bool:
    """Return whether a path of `sources` is a pattern."""
    return "*" in pattern or "?" in pattern


def _leads_to_hidden(path: PurePath) -> bool:
    """Return whether a link ends at a hidden name; Kubernetes mounts its files as links to `..data/NAME`."""
    return has_hidden_part(PurePath(*(part for part in path.parts if not part.startswith(".."))))


def fixed_part(pattern: str) -> str:
    """Return the part of a path of `sources` that has no wildcard, up to a slash; "" for the folder itself."""
    return "/".join(takewhile(lambda part: not has_wildcard(part), pattern.split("/")))


def _read_content(path: Path, folder: Path) -> FileContent:
    real, real_folder = Path(os.path.realpath(path)), Path(os.path.realpath(folder))
    # Somebody who writes the YAML must not get to see, in messages, files that only the reconciler may read.
    if not real.is_relative_to(real_folder) or _leads_to_hidden(real.relative_to(real_folder)):
        message = "is a link that leads out of the folder of the YAML file, or to a name that begins with a dot"
        return FileContent(str(path), error=message, hint="put the file itself into the folder", linked=True)
    if os.path.exists(path) and not os.path.isfile(path):
        # Reading a pipe or a device might never end.
        return FileContent(str(path), error="is not a regular file", hint="name a file")
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror or type(error).__name__}"
        return FileContent(str(path), error=message, hint="check its permissions")
    if len(data) > MAX_FILE_BYTES:
        message = f"the file is larger than {MAX_FILE_BYTES // 1024 // 1024} MB"
        return FileContent(str(path), error=message, hint="split it into several files, and name them by a pattern")
    return FileContent(str(path), data, linked=real != real_folder / path.relative_to(folder))
