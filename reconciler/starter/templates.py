"""The files of a new repository: the starter's own, and those that may be there already (`.gitignore`, CODEOWNERS)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

CI_SYSTEMS = ("github", "gitlab", "none")
"""Where pipelines can run; "none" writes no pipelines."""
VERSION = "@VERSION@"
"""The placeholder in the pipelines for this program's version, so that they install the version that wrote them."""
GROUPS = "@GROUPS@"
"""The placeholder in the forms of requests for the keys of the groups."""
REQUEST_FORMS: Mapping[str, PurePosixPath] = {
    "github": PurePosixPath(".github/ISSUE_TEMPLATE/reconciler-request.yml"),
    "gitlab": PurePosixPath(".gitlab/issue_templates/reconciler-request.md"),
}
"""Where each CI system looks for the form of a request."""
GITIGNORE = PurePosixPath(".gitignore")
CODEOWNERS_PLACES: Mapping[str, tuple[PurePosixPath, ...]] = {
    "github": tuple(PurePosixPath(place) for place in (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")),
    "gitlab": tuple(PurePosixPath(place) for place in ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")),
    "none": (),
}
"""Where each CI system looks for the file, in its order: it uses the first and ignores the others."""

_HERE = Path(__file__).parent
_PIPELINES: Mapping[str, Mapping[str, str]] = {
    "github": {
        f".github/workflows/reconciler-{name}.yml": f"github/reconciler-{name}.yml"
        for name in ("plan", "apply", "drift")
    },
    "gitlab": {".gitlab-ci.yml": "gitlab/gitlab-ci.yml"},
    "none": {},
}


def starter_files(ci: str, version: str) -> dict[PurePosixPath, str]:
    """Return the text of every file by its path in the repository; `ci` is one of CI_SYSTEMS.

    Raises FileNotFoundError when the installation is incomplete.
    """
    sources = {"groups.yaml": "groups.yaml", **_PIPELINES[ci]}
    return {PurePosixPath(path): _text(source).replace(VERSION, version) for path, source in sources.items()}


def request_form(ci: str, keys: Sequence[str]) -> str:
    """Return the form of a request with these groups to choose from; `ci` is "github" or "gitlab"."""
    if ci == "gitlab":
        return _text("gitlab/request-template.md").replace(GROUPS, "\n".join(f"- [ ] {key}" for key in keys))
    choices = "".join(f"\n        - {json.dumps(key, ensure_ascii=False)}" for key in keys)
    return _text("github/request-form.yml").replace(f" {GROUPS}", choices)


def request_workflows(ci: str, version: str) -> dict[PurePosixPath, str]:
    """Return the workflows that answer requests, by path: none on GitLab, which starts no pipeline for an issue."""
    if ci != "github":
        return {}
    text = _text("github/reconciler-request.yml").replace(VERSION, version)
    return {PurePosixPath(".github/workflows/reconciler-request.yml"): text}


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


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
