"""Making a group exactly once: a create is never sent again unless it surely was not processed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from reconciler.apply.api import Writes
from reconciler.apply.members import Sending, named_in
from reconciler.errors import AMBIGUOUS, ApiError, BadAnswer, Interrupted, Unprocessable
from reconciler.model.result import PersonState
from reconciler.model.step import Action, Step
from reconciler.model.text import in_quotes, same_text
from reconciler.model.who import Who


class UnknownCreate(ApiError):
    """A create whose outcome cannot be found out: it is not sent again in this run."""


@dataclass(slots=True)
class Creation:
    """One create step on its way.

    `taken` are ids that cannot be the new group: listed before, or held by a key. `made` is told the new id at
    once, so that it is known even if a call after the create fails.
    """

    api: Writes
    step: Step
    taken: Collection[str]
    said: dict[Who, tuple[PersonState, str]]
    made: Callable[[str], None]

    def run(self) -> None:
        """Make the group, and add whom a refusal of single people kept out of the create.

        Raises UnknownCreate when the answer did not come and no new group with the name is seen, else the
        ApiError for which there is no group.
        """
        group_id, rest = self._create(self.step.people)
        self.made(group_id)
        Sending(self.api, group_id, Action.ADD, self.said, lambda: None).run(rest)

    def _create(self, people: Sequence[Who]) -> tuple[str, Sequence[Who]]:
        """Create with as many of these people as the server takes; who was not tried comes back to be added."""
        left_out: list[Who] = []
        while True:
            try:
                return self._send(people), left_out
            except Unprocessable as error:
                bad = list(people) if len(people) == 1 else named_in(error.details, people)
                if not people:
                    raise
                for who in bad:
                    self.said[who] = (PersonState.BAD_NUMBER, error.message)
                if bad:
                    people = [who for who in people if who not in bad]
                    if not people and left_out:
                        people, left_out = left_out, []
                else:
                    half = (len(people) + 1) // 2
                    people, left_out = people[:half], [*people[half:], *left_out]

    def _send(self, people: Sequence[Who]) -> str:
        name = self.step.name or ""
        try:
            made = self.api.create_group(name, [who.jid for who in people if who.jid is not None]).id
        except AMBIGUOUS as error:
            return self._look_for(name, error)
        if made in self.taken:
            # Writing there would change a group that is somebody else's, or another key's.
            wrong = BadAnswer(f"answered with a group that was there before, {made}", endpoint="POST /groups")
            return self._look_for(name, wrong)
        return made

    def _look_for(self, name: str, cause: ApiError) -> str:
        try:
            listed = self.api.list_groups().groups
        except (ApiError, Interrupted) as error:
            raise _unknown(name, cause, f"and the groups could not be listed afterwards ({error})") from error
        new = [group.id for group in listed if same_text(group.name, name) and group.id not in self.taken]
        if len(new) == 1:
            return new[0]
        seen = "no new group of that name is listed" if not new else f"{len(new)} new groups of that name are listed"
        raise _unknown(name, cause, f"and {seen}") from cause


def _unknown(name: str, cause: ApiError, finding: str) -> UnknownCreate:
    return UnknownCreate(
        f"creating {in_quotes(name)} got no usable answer ({cause.message}), {finding}: it may or may not exist",
        endpoint=cause.endpoint,
        status=cause.status,
        code=cause.code,
        request_id=cause.request_id,
        hint="it is not sent again in this run; plan again, which finds the group by its name if it exists",
    )
