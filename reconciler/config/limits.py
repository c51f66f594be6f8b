"""What `policy` says, and how many removals a group allows."""

from __future__ import annotations

from reconciler.config.countries import Countries
from reconciler.config.directory import Directory
from reconciler.config.merge import Merged
from reconciler.config.quoting import trail_text
from reconciler.config.tree import Entry, text
from reconciler.model.desired import Policy, RemovalLimit


def removal_limit(entry: Entry | None, merged: Merged) -> RemovalLimit | None:
    """A count or a share of removals, with the place a refusal can name: "policy.max_removals (groups.yaml:18)"."""
    if entry is None:
        return None
    source = f"{trail_text(entry.place.trail)} ({merged.where(entry.place)})"
    return RemovalLimit.parse(text(entry.value), source)


def read_policy(merged: Merged, directory: Directory, countries: Countries) -> Policy:
    """The rules for every group."""
    fields = merged.sections["policy"]
    return Policy(
        protected=frozenset(directory.persons(fields.get("protected"))),
        ignored=frozenset(directory.persons(fields.get("ignored"))),
        max_removals=removal_limit(fields.get("max_removals"), merged),
        writes_per_minute=_whole(fields.get("writes_per_minute")),
        allowed_countries=countries.allowed,
        max_members=_whole(fields.get("max_members")),
    )


def _whole(entry: Entry | None) -> int | None:
    return int(float(text(entry.value))) if entry is not None else None
