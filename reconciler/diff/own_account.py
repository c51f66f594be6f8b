"""Decide whether the number in the configuration is the account's own, by the groups that were read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.diff.change import Advice, AdviceKind, Change
from reconciler.messages import Message
from reconciler.model.desired import Desired
from reconciler.model.identity import Identity
from reconciler.model.live import LiveGroup

_FEWEST_GROUPS = 2
"""Groups without the account that say more about its number than about one read."""


def wrong_account_advice(changes: Iterable[Change], desired: Desired) -> tuple[Advice, ...]:
    """Return the advice that the configured number is probably not the account's: most groups that were read lack it.

    One group may have been read badly; the account is not missing from most of them. Somebody else's number is in some.
    """
    account = desired.account
    lives = [change.live for change in changes if change.live is not None and change.live.participants]
    if account is None:
        return ()
    missing = sum(lacks_account(live, account.identity) for live in lives)
    if not is_nowhere(missing, len(lives)):
        return ()
    message = Message.of(
        "own-number-nowhere",
        phone=account.identity,
        count=missing,
        total=len(lives),
        place=desired.account_place or "the file",
    )
    return (Advice(AdviceKind.DOUBTFUL, message),)


def with_account_doubts(changes: Sequence[Change], desired: Desired) -> tuple[Change, ...]:
    """Return the changes; where only a wrong number of the account blocks removals, they say so.

    An owner who stays in such a group is probably the account, and no advice.
    """
    if desired.account is None or not wrong_account_advice(changes, desired):
        return tuple(changes)
    place = desired.account_place or "the file"
    lacks_only_account = (Message.of("removals-doubtful", doubts=(Message.of("own-account-missing"),)),)
    wrong_account = (Message.of("removals-wrong-account", phone=desired.account.identity, place=place),)
    return tuple(
        replace(
            change,
            blocked=wrong_account,
            advice=tuple(advice for advice in change.advice if advice.message.code != "owner-not-removed"),
        )
        if change.blocked == lacks_only_account
        else change
        for change in changes
    )


def lacks_account(live: LiveGroup, account: Identity) -> bool:
    """Whether the account's number is surely not in a group that was read: everybody else in it has a number."""
    return all(p.identity not in (None, account) for p in live.participants)


def is_nowhere(missing: int, total: int) -> bool:
    """Whether a number that `missing` of `total` groups lack is probably not the account's."""
    return missing >= _FEWEST_GROUPS and missing * 2 > total
