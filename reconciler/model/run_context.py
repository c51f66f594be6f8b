"""The CI run that the program is part of: its commit, pull request and author, from the variables of CI. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_URL: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~!@+-]+)*")
"""An address that is safe to follow from a report: no other scheme, no password, nothing to be escaped."""

DIRTY: Final = "-dirty"
"""Stands behind a commit, as `git describe` has it, if the configuration has changes that are not committed."""

_PULL_REQUEST_REF: Final = re.compile(r"refs/pull/([0-9]+)/(?:merge|head)")


@dataclass(frozen=True, slots=True)
class Reference:
    """Something on a code host: what it is called there, and its address ("" where none is known or safe)."""

    text: str
    url: str = ""


def short_commit(commit: str) -> str:
    """Return the beginning of a commit's hash, enough to find it by; a `-dirty` behind it stays."""
    return commit.removesuffix(DIRTY)[:9] + (DIRTY if commit.endswith(DIRTY) else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Where a run belongs; None where the environment does not tell. Every text comes from outside.

    The text of `commit` is its full hash, with `-dirty` for a changed configuration, that of `pull_request` its number
    as the code host writes it (`#12`, GitLab `!12`), that of `run` its id.
    """

    commit: Reference | None = None
    pull_request: Reference | None = None
    actor: Reference | None = None
    """Who started the run."""
    run: Reference | None = None


def read_run_context(environ: Mapping[str, str]) -> RunContext:
    """Return the context of this run; one without any reference outside of CI."""
    if environ.get("GITLAB_CI"):
        return _gitlab(environ)
    return _github(environ) if environ.get("GITHUB_ACTIONS") else RunContext()


def _github(environ: Mapping[str, str]) -> RunContext:
    server, repository = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    ref = _PULL_REQUEST_REF.fullmatch(environ.get("GITHUB_REF", ""))
    number = ref[1] if ref else ""
    return RunContext(
        commit=_reference(environ.get("GITHUB_SHA"), server, repository, "commit"),
        pull_request=_reference(number, server, repository, "pull", prefix="#"),
        actor=_reference(environ.get("GITHUB_ACTOR"), server),
        run=_reference(environ.get("GITHUB_RUN_ID"), server, repository, "actions/runs"),
    )


def _gitlab(environ: Mapping[str, str]) -> RunContext:
    server, project = environ.get("CI_SERVER_URL", ""), environ.get("CI_PROJECT_URL", "")
    pipeline, job = environ.get("CI_PIPELINE_URL", ""), environ.get("CI_JOB_URL", "")
    run_url = job or pipeline
    run_id = environ.get("CI_JOB_ID") or run_url.rpartition("/")[2]
    return RunContext(
        commit=_reference(environ.get("CI_COMMIT_SHA"), project, "-/commit"),
        pull_request=_reference(environ.get("CI_MERGE_REQUEST_IID"), project, "-/merge_requests", prefix="!"),
        actor=_reference(environ.get("GITLAB_USER_LOGIN"), server),
        run=Reference(run_id, _safe_url(run_url)) if run_id else None,
    )


def _reference(text: str | None, *places: str, prefix: str = "") -> Reference | None:
    """Return a reference whose address is `places` and its text, None for no text; an unsafe address is left out."""
    if not text:
        return None
    return Reference(f"{prefix}{text}", _safe_url("/".join((*places, text))) if all(places) else "")


def _safe_url(url: str) -> str:
    return url if _URL.fullmatch(url) else ""
