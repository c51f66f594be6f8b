"""Files as an earlier revision of their git repository had them: read through the `git` program, never checked out.

`read_revision` gives the files of a path at a revision, as bytes; `newest_applied` finds the revision that an
`applied/…` tag names. What the bytes mean is for others to say.
"""

from __future__ import annotations

from reconciler.revisions.applied import newest_applied
from reconciler.revisions.commits import Commit, find_commit
from reconciler.revisions.tree import Revision, StoredFile, read_revision

__all__ = ["Commit", "Revision", "StoredFile", "find_commit", "newest_applied", "read_revision"]
