"""Choose from a history what it is asked for: people, a group, a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from reconciler.model.identity import Identity
from reconciler.timeline.events import Recorder
from reconciler.timeline.model import Entry, GroupEvents, GroupMembers


def select_entries(
    recorder: Recorder,
    *,
    people: Collection[Identity] | None = None,
    key: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[Entry, ...]:
    """Return the entries about these people, about the group that ever had this key, and of this time, newest first.

    `since` is included, `until` is not. Without `people` and `key` the entries are about everything.
    """
    numbers = None if key is None else recorder.numbers_of(key)
    entries = []
    # Days on which memberships ended are recorded when the next version comes; within one moment the order stays.
    for recorded in sorted(recorder.entries, key=lambda each: each.entry.at):
        if (since is not None and recorded.entry.at < since) or (until is not None and recorded.entry.at >= until):
            continue
        groups = [events for number, events in recorded.groups if numbers is None or number in numbers]
        if people is not None:
            groups = [one for events in groups if (one := _of_people(events, people)).people]
        entry = replace(recorded.entry, groups=tuple(groups))
        if people is not None or key is not None:
            entry = replace(entry, settings=(), lists=())
        if entry.has_news:
            entries.append(entry)
    return tuple(reversed(entries))


def _of_people(events: GroupEvents, people: Collection[Identity]) -> GroupEvents:
    kept = tuple(event for event in events.people if event.person.identity in people)
    return replace(events, people=kept, fields=(), lists=(), effect=None)


def narrow(groups: Iterable[GroupMembers], people: Collection[Identity] | None) -> tuple[GroupMembers, ...]:
    """Return the groups with these people alone, and only those that have one of them; None: everybody."""
    if people is None:
        return tuple(groups)
    narrowed = (
        replace(
            group,
            members=tuple(member for member in group.members if member.person.identity in people),
            ended=tuple(member for member in group.ended if member.person.identity in people),
        )
        for group in groups
    )
    return tuple(group for group in narrowed if group.members or group.ended)


def day_after(day: date) -> datetime:
    """Return the moment at which a day is over, in UTC."""
    return beginning_of(day) + timedelta(days=1) if day < date.max else datetime.max.replace(tzinfo=UTC)


def beginning_of(day: date) -> datetime:
    """Return the moment at which a day begins, in UTC."""
    return datetime.combine(day, time(), UTC)
