"""What the API's answers change, when it is asked about the numbers of newcomers before they are added. Pure.

An account of some countries has one of two addresses, and adding the other one fails as if the person had refused.
`numbers_to_check` (`diff/participants.py`) decides who is asked about.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeAlias

from reconciler.diff.change import Advice, AdviceKind, Change
from reconciler.errors import ApiError
from reconciler.messages import Message
from reconciler.model.identity import Identity, identity_of_jid, parse_jid
from reconciler.model.live import ContactCheck
from reconciler.model.person_ref import PersonRef

Answers: TypeAlias = Mapping[Identity, ContactCheck | ApiError]


def with_answers(
    changes: Sequence[Change], numbers: Collection[Identity], answers: Answers, limit: int
) -> tuple[Change, ...]:
    """Return the changes with the addresses that the API gave, without the people who are not on WhatsApp.

    `numbers` are those that had to be checked; one without an answer was not. `limit` is how many a run may check.
    """
    asked = frozenset(numbers)
    return tuple(_with_answers(change, asked, answers, limit) if change.add else change for change in changes)


def _with_answers(change: Change, asked: frozenset[Identity], answers: Answers, limit: int) -> Change:
    checked = [person for person in change.add if person.identity in asked]
    if not checked or not change.needs_writes:
        return change
    absent, notes = set(), []
    for person in checked:
        answer = answers.get(person.identity) if person.identity is not None else None
        if isinstance(answer, ContactCheck) and not answer.exists and answer.jid is None:
            absent.add(person)
        elif (message := _not_checked(person, answer, limit)) is not None:
            notes.append((message, person))
    add = tuple(_readdressed(person, answers) for person in change.add if person not in absent)
    not_checked = chain.from_iterable(
        Advice.for_people(AdviceKind.NOT_CHECKED, message, [person for other, person in notes if other == message])
        for message in dict.fromkeys(message for message, _ in notes)
    )
    gone = Advice.for_people(AdviceKind.NOT_ON_WHATSAPP, Message.of("not-on-whatsapp"), absent)
    change = replace(change, add=add, advice=(*gone, *not_checked, *change.advice))
    if not change.create or add:
        return change
    # A group cannot be deleted, so none is created in which nobody is.
    return replace(change, blocked=(*change.blocked, Message.of("nobody-on-whatsapp")), fully_blocked=True)


def _not_checked(person: PersonRef, answer: ContactCheck | ApiError | None, limit: int) -> Message | None:
    if answer is None:
        return Message.of("number-checks-ended", limit=limit)
    if isinstance(answer, ApiError):
        # Without the request id and the hint, so that people whose check failed alike share a line.
        status = " ".join(str(part) for part in (answer.status, answer.code) if part)
        return Message.of("number-not-checked", error=status or answer.message)
    if not answer.exists:
        return Message.of("number-not-checked", error="the answer contradicts itself")
    other = identity_of_jid(answer.jid or "")
    if other is not None and other != person.identity:
        return Message.of("number-not-checked", error="the answer has another person's number")
    return None


def _readdressed(person: PersonRef, answers: Answers) -> PersonRef:
    answer = answers.get(person.identity) if person.identity is not None else None
    jid = parse_jid(answer.jid) if isinstance(answer, ContactCheck) and answer.jid else None
    is_theirs = jid is not None and not jid.is_lid and identity_of_jid(jid.phone_jid) == person.identity
    return replace(person, jid=jid.phone_jid) if jid is not None and is_theirs else person
