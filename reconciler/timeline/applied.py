"""When the changes of a history took effect, by the audit logs and reports of applies."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from reconciler.errors import UsageError
from reconciler.history.config_diff import GroupChangeKind
from reconciler.model.identity import Identity, identity_of_jid
from reconciler.model.text import TEXT_FIELDS
from reconciler.timeline.events import RecordedEntry
from reconciler.timeline.model import Effect, EffectKind, EventKind, GroupEvents, PersonEvent

_REPORT: Final = "wappfy-reconciler/result"
_ADDS: Final = frozenset({"create", "add", "refused"})
_IN: Final = frozenset({"already in", "private id"})
"""The outcomes in a report of people who are in the group."""
_REMOVES: Final = frozenset({"remove"})
_NEVER: Final = Effect(EffectKind.NEVER)
_MALFORMED: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError)
_BEGIN: Final = datetime.min.replace(tzinfo=UTC)
_END: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that an apply made for a group and some people, and how it ended."""

    at: datetime
    group: str
    action: str
    people: frozenset[Identity]
    outcome: EffectKind


def calls_of(file: str, text: str) -> list[Call]:
    """Return the writing calls of an audit log, or of a report of `apply`. Raises UsageError for anything else."""
    report = _report(text)
    if report is not None:
        if report.get("masked") is not False:
            hint = "give the file that `apply --report FILE` writes"
            raise UsageError(f"{file}: the numbers in this report are masked, so nobody in it is known", hint)
        try:
            return list(_calls_of_report(report))
        except _MALFORMED:
            raise UsageError(
                f"{file}: this report is not complete", "give the file as `apply --report` wrote it"
            ) from None
    calls: list[Call] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                calls += _calls_of_line(json.loads(line))
            except _MALFORMED:
                message = f"{file}:{number}: this is not a line of an audit log"
                hint = "give files that `apply --audit-log FILE` or `apply --report FILE` wrote"
                raise UsageError(message, hint) from None
    return calls


def _report(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document.get("format") == _REPORT else None


def _calls_of_line(line: dict[str, Any]) -> Iterator[Call]:
    """Yield the call of a line. A call that was tried again has a line for each try."""
    at, group, action = datetime.fromisoformat(line["at"]).astimezone(UTC), line["group"], line["action"]
    if group is None or action is None:
        return  # a message to a chat, say
    status = line.get("status")
    outcome = EffectKind.APPLIED if isinstance(status, int) and status < 300 else EffectKind.FAILED
    if action == "refused":
        outcome = EffectKind.REFUSED
    yield Call(at, str(group), str(action), _identities(line["people"]), outcome)


def _calls_of_report(report: dict[str, Any]) -> Iterator[Call]:
    """Yield a call for each step. A step has no time of its own: it has that of the last call for its group."""
    sent = [call for call in report["calls"] if call["method"] != "GET"]
    for step in report["steps"]:
        own = [call for call in sent if step["group_id"] and step["group_id"] in call["path"]] or sent
        if not own or step["status"] in ("skipped", "not run"):
            continue
        at = datetime.fromisoformat(own[-1]["at"]).astimezone(UTC)
        refused = {
            identity
            for outcome in report["people"]
            if outcome["group"] == step["group"] and outcome["refused"]
            for identity in _identities([outcome["person"]])
        }
        people = _identities(step["people"])
        outcome = EffectKind.APPLIED if step["status"] == "done" else EffectKind.FAILED
        yield Call(at, step["group"], step["action"], people - refused, outcome)
        if refused & people:
            yield Call(at, step["group"], "refused", people & refused, EffectKind.REFUSED)


def _identities(people: Iterable[Mapping[str, Any]]) -> frozenset[Identity]:
    found = (identity_of_jid(person["jid"]) for person in people if person.get("jid"))
    return frozenset(identity for identity in found if identity is not None)


@dataclass(frozen=True, slots=True)
class AddResults:
    """What applies came to for the people to be added: the last result for each group and person.

    `waiting`: somebody was not tried who is not named, because a budget or a refusal made them wait.
    """

    succeeded: Mapping[tuple[str, Identity], bool]
    waiting: bool

    def may_be_gone(self, key: str, person: Identity, keys: Collection[str], *, proof: bool) -> bool:
        """Return whether somebody who is not in a group may have been in it.

        Nobody whose last add failed. With `proof`, or where anybody waits, only somebody whose add succeeded. What was
        done under a key that `keys` do not have may be about this group.
        """
        own = [
            done
            for (group, who), done in self.succeeded.items()
            if who == person and (group == key or group not in keys)
        ]
        return all(own) and (bool(own) or not (proof or self.waiting))


def add_results(logs: Mapping[str, str]) -> AddResults:
    """Return the results in audit logs and reports of applies: texts by their files.

    Raise UsageError for anything else, or a file without any result.
    """
    found: list[tuple[datetime, str, frozenset[Identity], bool]] = []
    waiting = False
    for file, text in logs.items():
        calls, report = calls_of(file, text), _report(text)
        if not calls and report is None:
            raise UsageError(f"{file}: there is no result of an apply in it", "give the report of the last apply")
        found += [
            (call.at, call.group, call.people, call.outcome is EffectKind.APPLIED)
            for call in calls
            if call.action in _ADDS
        ]
        if report is not None:
            found += _results_of_report(file, report)
            waiting = waiting or bool(report["summary"]["pending_adds"])
    succeeded: dict[tuple[str, Identity], bool] = {}
    for _, group, people, done in sorted(found, key=lambda each: each[0]):
        succeeded |= {(group, person): done for person in people}
    return AddResults(succeeded, waiting)


def _results_of_report(file: str, report: dict[str, Any]) -> Iterator[tuple[datetime, str, frozenset[Identity], bool]]:
    """Yield who was not added as planned, also without a call: the report has them after everything else."""
    try:
        at = max((datetime.fromisoformat(call["at"]).astimezone(UTC) for call in report["calls"]), default=_BEGIN)
        for step in report["steps"]:
            if step["action"] in _ADDS and step["status"] != "done":
                yield at, step["group"], _identities(step["people"]), False
        for outcome in report["people"]:
            yield at, outcome["group"], _identities([outcome["person"]]), outcome["status"] in _IN
        int(report["summary"]["pending_adds"])
    except _MALFORMED:
        raise UsageError(f"{file}: this report is not complete", "give the file as `apply --report` wrote it") from None


@dataclass(frozen=True, slots=True)
class _Calls:
    """The calls of each group in the order of their time."""

    by_group: Mapping[str, Sequence[Call]]

    def effect(
        self, key: str, actions: frozenset[str], after: datetime, before: datetime, person: Identity | None = None
    ) -> Effect:
        """Return what came of a change between two moments: the first success, else the last failure."""
        calls = self.by_group.get(key, ())
        last = _NEVER
        for call in calls[bisect_left(calls, after, key=lambda each: each.at) :]:
            if call.at >= before:
                break
            if call.action in actions and (person is None or person in call.people):
                last = Effect(call.outcome, call.at)
                # People who refused are in the call that added the others, too.
                if call.outcome is EffectKind.APPLIED and not self._is_refused(calls, call, person):
                    return last
        return last

    def _is_refused(self, calls: Sequence[Call], added: Call, person: Identity | None) -> bool:
        later = calls[bisect_left(calls, added.at, key=lambda each: each.at) :]
        own = (call for call in later if call is not added and person is not None and person in call.people)
        following = next(own, None)
        return following is not None and following.action == "refused"


def with_effects(entries: Sequence[RecordedEntry], calls: Iterable[Call]) -> list[RecordedEntry]:
    """Return the entries with what the calls made of each change, until the next change of the same thing."""
    by_group: dict[str, list[Call]] = defaultdict(list)
    for call in sorted(calls, key=lambda each: each.at):
        by_group[call.group].append(call)
    known, next_change = _Calls(by_group), dict[tuple[int, str], datetime]()
    result = []
    for recorded in sorted(entries, key=lambda each: each.entry.at, reverse=True):
        at = recorded.entry.at
        groups = []
        for number, events in recorded.groups:
            people = [_with_effect(event, events.key, number, at, known, next_change) for event in events.people]
            own = _group_effect(events, number, at, known, next_change)
            groups.append((number, replace(events, people=tuple(people), effect=own)))
        result.append(replace(recorded, groups=tuple(groups)))
    return result[::-1]


def _with_effect(
    event: PersonEvent,
    key: str,
    number: int,
    at: datetime,
    calls: _Calls,
    next_change: dict[tuple[int, str], datetime],
) -> PersonEvent:
    if event.kind is EventKind.CHANGED or event.person.identity is None:
        return event
    place = (number, event.person.identity)
    before, next_change[place] = next_change.get(place, _END), at
    actions = _ADDS if event.kind is EventKind.ENTERED else _REMOVES
    return replace(event, effect=calls.effect(key, actions, at, before, event.person.identity))


def _group_effect(
    events: GroupEvents, number: int, at: datetime, calls: _Calls, next_change: dict[tuple[int, str], datetime]
) -> Effect | None:
    if events.change is GroupChangeKind.ADDED:
        return calls.effect(events.key, frozenset({"create", "join"}), at, _END)
    if events.change is GroupChangeKind.REMOVED or not any(one.field in TEXT_FIELDS for one in events.fields):
        return None
    place = (number, "")
    before, next_change[place] = next_change.get(place, _END), at
    return calls.effect(events.key, frozenset({"patch"}), at, before)
