"""Which revision was applied last, as far as tags tell."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from reconciler.errors import RevisionError
from reconciler.revisions.commits import DEEPEN, Commit, is_shallow
from reconciler.revisions.objects import look_up
from reconciler.revisions.program import place_of

log = logging.getLogger("reconciler.revisions")

TAGS = "refs/tags/applied/"
"""Where a pipeline notes what it applied."""


def newest_applied(path: Path) -> Commit | None:
    """The newest commit that HEAD descends from and that a tag `applied/…` names; `ref` is that tag's name.

    None where there is no such tag, no repository, or no git: then nothing was noted. A clone that may have such tags
    further back than it goes is warned of.
    """
    try:
        git, _ = place_of(path)
        names = git.run("for-each-ref", "--merged=HEAD", "--format=%(refname)", TAGS).split()
        # A tag can name a tag, and for-each-ref itself looks through one only.
        commits = look_up(git, [name + b"^{commit}" for name in names])
        # The last of several tags of one commit, in the order of their names.
        tags = {found.oid: os.fsdecode(name) for name, found in zip(names, commits, strict=True) if found.oid}
        if not tags:
            if is_shallow(git):
                log.warning("no tag applied/… was found, so no difference says whose doing it is; %s", DEEPEN)
            return None
        order = ("rev-list", "--topo-order", "--max-count=1", "--stdin")
        newest = git.run(*order, stdin="".join(f"{oid}\n" for oid in tags).encode()).decode().strip()
        return Commit(tags[newest].removeprefix("refs/tags/"), newest)
    except RevisionError as error:
        log.debug("no tag was looked for: %s", error)
        return None
