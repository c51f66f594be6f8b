"""Files that a repository may have already: what git ignores, and who must approve a change."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

GITIGNORE = PurePosixPath(".gitignore")
CODEOWNERS_PLACES: Mapping[str, tuple[PurePosixPath, ...]] = {
    "github": tuple(PurePosixPath(place) for place in (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")),
    "gitlab": tuple(PurePosixPath(place) for place in ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")),
    "none": (),
}
"""Where each CI system looks for the file, in its order: it uses the first and ignores the others."""

_HERE = Path(__file__).parent


def gitignore() -> bytes:
    """Return a whole `.gitignore`."""
    return (_HERE / "gitignore").read_bytes()


def codeowners(ci: str) -> bytes:
    """Return a CODEOWNERS file in which every line is a comment; `ci` is "github" or "gitlab"."""
    return (_HERE / ci / "CODEOWNERS").read_bytes()


def missing_patterns(existing: bytes) -> tuple[bytes, ...]:
    """Return the patterns of `gitignore()` that a `.gitignore` does not have, in their order."""
    present = {line.strip() for line in existing.splitlines()}
    return tuple(line for line in gitignore().splitlines() if not line.startswith(b"#") and line not in present)


def append_patterns(existing: bytes, patterns: tuple[bytes, ...]) -> bytes:
    """Return a `.gitignore` with more patterns at its end, in its own kind of line ending; the rest stays as it is."""
    newline = b"\r\n" if b"\r\n" in existing else b"\n"
    separator = b"" if not existing or existing.endswith(b"\n") else newline
    comment = gitignore().splitlines()[0]
    return existing + separator + newline.join([comment, *patterns, b""])
