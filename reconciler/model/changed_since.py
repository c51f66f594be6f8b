"""What a plan is narrowed to by an earlier revision of the file. Values only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyRename:
    """One group, known by its id or found by its name, under another key than before."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """An earlier revision of the file, and to which groups a plan was narrowed by it.

    `ref` is as it was asked for, `commit` its full hash. `left_out` are the keys (of those asked for) that want
    nothing else than that revision did, and were neither planned nor read; `rematched` those that want nothing else
    either, and were planned since they stand for another live group by what changed about other keys. `gone` are the
    keys of that revision that the file has no more: their groups are left alone. `renamed` are those whose live group
    another key stands for. `everything` says why all groups were planned all the same; then nothing was left out.
    """

    ref: str
    commit: str
    left_out: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    renamed: tuple[KeyRename, ...] = ()
    everything: tuple[str, ...] = ()
    rematched: tuple[str, ...] = ()
