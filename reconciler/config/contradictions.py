"""What the file asks of people whom its own `policy` leaves alone: it is never done, so it is warned of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reconciler.config.directory import Directory
from reconciler.config.findings import Findings
from reconciler.config.merge import Merged
from reconciler.config.quoting import shown
from reconciler.config.tree import numbered, text
from reconciler.errors import Kind
from reconciler.model.desired import DesiredGroup, Unmanaged
from reconciler.model.identity import Identity


def warn_of_contradictions(
    groups: Sequence[DesiredGroup], merged: Merged, directory: Directory, findings: Findings
) -> None:
    """Note, once a person, where `policy` says the opposite of what groups do."""
    for section, asks, asked, never in _CONTRADICTIONS:
        entry = merged.sections["policy"].get(section)
        if entry is None:
            continue
        for index, reference in numbered(entry.value):
            place = entry.place.at(index)
            person = directory.person(text(reference), place)
            keys = [group.key for group in groups if person is not None and asks(group, person.identity)]
            if person is not None and keys:
                more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
                message = f"{directory.label(person)} is in `policy.{section}`, and {asked} the group {shown(keys[0])}"
                hint = "take them out of one of the two"
                findings.warning(Kind.CONTRADICTION, place, f"{message}{more}: {never}", hint)


def _wants(group: DesiredGroup, identity: Identity) -> bool:
    return not isinstance(group.members, Unmanaged) and identity in group.members


def _keeps_out(group: DesiredGroup, identity: Identity) -> bool:
    return identity in group.absent


_IGNORED = "ignored people are neither added nor removed"
_CONTRADICTIONS: tuple[tuple[str, Callable[[DesiredGroup, Identity], bool], str, str], ...] = (
    ("ignored", _wants, "wanted in", _IGNORED),
    ("ignored", _keeps_out, "in `absent` of", _IGNORED),
    ("protected", _keeps_out, "in `absent` of", "protected people are never removed"),
)
