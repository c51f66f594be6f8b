"""Drift held against the revision that was applied last."""

from __future__ import annotations

import logging
from pathlib import Path

from reconciler.cli.revisions import desired_at, revision_of
from reconciler.diff.verdicts import judged
from reconciler.errors import ConfigError
from reconciler.model.desired import Desired
from reconciler.model.plan import Plan
from reconciler.model.verdict import Baseline
from reconciler.pipeline import Planned
from reconciler.revisions import Revision, newest_applied

log = logging.getLogger("reconciler.revisions")


def baseline_for(path: Path, since: str | None) -> tuple[str, Revision] | None:
    """The revision to hold drift against and what to call it: `since`, else the newest `applied/…` tag; None for none.

    Raises RevisionError where `since` names no revision.
    """
    if since is not None:
        return since, revision_of(path, since)
    found = newest_applied(path)
    if found is None:
        return None
    log.info("held against %s (commit %s), the newest applied/ tag; --since names another", found.ref, found.short)
    return found.ref, revision_of(path, found.oid)


def with_verdicts(planned: Planned, desired: Desired, path: Path, baseline: tuple[str, Revision] | None) -> Plan:
    """The plan with a verdict on each difference; without, and said on stderr, where the revision is not valid."""
    if baseline is None:
        return planned.plan
    ref, revision = baseline
    try:
        old = desired_at(path, revision, desired.as_of)
    except ConfigError as error:
        log.warning("no verdicts: %s is not valid in %s (%s)", path, ref, error.problems[0])
        return planned.plan
    if old is None:
        log.warning("%s is not there in %s, so nothing in it was applied yet", path, ref)
        old = Desired(as_of=desired.as_of)
    return judged(planned.plan, old, desired, planned.known, Baseline(ref, revision.commit.oid))
