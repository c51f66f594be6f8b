"""What a repository's objects are: asked of git by name, answered with hash, kind and size."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.revisions.program import Git

OBJECT = re.compile(rb"(?P<oid>[0-9a-f]{40,64}) (?P<kind>[a-z]+) (?P<size>[0-9]+)")
"""How git tells of an object that is there."""

_ASTRAY = re.compile(rb"(?P<how>symlink|dangling|loop|notdir) (?P<size>[0-9]+)")


@dataclass(frozen=True, slots=True)
class Found:
    """What git says of an object: its hash, kind and size in bytes; or without a hash, as `kind`, how it was not found.

    `linked`: it was found through a symbolic link.
    """

    oid: str = ""
    kind: str = ""
    size: int = 0
    linked: bool = False


def look_up(git: Git, names: Sequence[bytes], *, through_links: bool = False) -> list[Found]:
    """What each name stands for; `through_links` follows symbolic links as far as the revision goes.

    No name may have a line break. What is not found is of the kind `missing` or `ambiguous`, or says how a link leads
    astray: `symlink` (out of the repository), `dangling`, `loop`, `notdir`.
    """
    if not names:
        return []
    links = ("--follow-symlinks",) if through_links else ()
    answer = git.run("cat-file", "--batch-check", *links, stdin=b"\n".join([*names, b""]))
    found: list[Found] = []
    at = 0
    for _ in names:
        end = answer.index(b"\n", at)
        line, at = answer[at:end], end + 1
        if (there := OBJECT.fullmatch(line)) is not None:
            found.append(Found(there["oid"].decode(), there["kind"].decode(), int(there["size"])))
        elif (astray := _ASTRAY.fullmatch(line)) is not None:
            # The target, or the name again, stands on the lines after this one.
            at += int(astray["size"]) + 1
            found.append(Found(kind=astray["how"].decode()))
        else:
            found.append(Found(kind=line.rpartition(b" ")[2].decode("ascii", "replace")))
    return found
