"""The CI run that the program is part of: its commit, its pull request, its author. Values only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """Something on a code host: what it is called there, and its address ("" where none is known or safe)."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Where a run belongs; None where the environment does not tell. Every text comes from outside.

    The text of `commit` is its full hash, that of `pull_request` its number as the code host writes it (`#12`, GitLab
    `!12`), that of `run` its id.
    """

    commit: Reference | None = None
    pull_request: Reference | None = None
    actor: Reference | None = None
    """Who started the run."""
    run: Reference | None = None
