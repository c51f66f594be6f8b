"""Take the people of a plan who fit the budget, and ask the API about the numbers of the newcomers among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reconciler.diff.change import Change
from reconciler.diff.number_checks import with_answers
from reconciler.diff.participants import numbers_to_check
from reconciler.errors import ApiError
from reconciler.live.fetch import ContactApi, check_numbers
from reconciler.model.desired import Desired
from reconciler.model.identity import Identity
from reconciler.model.live import ContactCheck, Listing
from reconciler.plan.budget import checks_allowed, within_budget
from reconciler.plan.selection import PlanOptions


@dataclass(frozen=True, slots=True)
class Newcomers:
    """The changes that a run takes, how many numbers were looked up, and until when the others wait for the budget."""

    changes: tuple[Change, ...]
    number_checks: int = 0
    pending_until: date | None = None


def take_newcomers(
    changes: Sequence[Change], desired: Desired, client: ContactApi, options: PlanOptions, listing: Listing
) -> Newcomers:
    """Take what fits the budget, and look up the newcomers among it: who waits is not looked up.

    Somebody who is not on WhatsApp makes room for another one, so both are done until nobody new is taken.
    """
    limit = checks_allowed(desired, options.shard)
    asked: set[Identity] = set()
    answers: dict[Identity, ContactCheck | ApiError] = {}
    going_on = True
    while True:
        answered = with_answers(changes, asked, answers, limit)
        taken, until = within_budget(answered, desired, options)
        numbers = [one for one in numbers_to_check(taken, desired, listing.groups) if one not in asked]
        if not numbers:
            return Newcomers(taken, len(answers), until)
        asked.update(numbers)
        if going_on:
            to_check = numbers[: max(0, limit - len(answers))]
            found = check_numbers(client, to_check)
            answers |= found
            going_on = len(found) == len(to_check)
