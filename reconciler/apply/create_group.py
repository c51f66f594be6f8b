"""Making a group exactly once: a create is never sent again unless it surely was not processed.

Which live groups are known before the first write, so that none that is there is made a second time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.apply.participants import ParticipantCall, people_in_error
from reconciler.apply.ports import GroupApi
from reconciler.apply.result import PersonStatus
from reconciler.errors import MAY_HAVE_TAKEN_EFFECT, ApiError, Interrupted, InvalidResponse, Refused, Unprocessable
from reconciler.model.live import ListedGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import quote, texts_equal
from reconciler.plan.model import GroupPlan, Plan
from reconciler.plan.step import Action, Step


class CreateOutcomeUnknown(ApiError):
    """A create whose outcome cannot be found out: it is not sent again in this run."""


@dataclass(slots=True)
class CreateGroup:
    """One create step on its way.

    `taken` are ids that cannot be the new group: listed before, or held by a key. `made` is told the new id at
    once, so that it is known even if a call after the create fails.
    """

    api: GroupApi
    step: Step
    taken: Collection[str]
    said: dict[PersonRef, tuple[PersonStatus, str]]
    made: Callable[[str], None]

    def run(self) -> None:
        """Make the group, and add whom a refusal of single people kept out of the create.

        Raises UnknownCreate when the answer did not come and no new group with the name is seen, else the
        ApiError for which there is no group.
        """
        group_id, rest = self._create(self.step.people)
        self.made(group_id)
        ParticipantCall(self.api, group_id, Action.ADD, self.said, lambda: None).run(rest)

    def _create(self, people: Sequence[PersonRef]) -> tuple[str, Sequence[PersonRef]]:
        """Create with as many of these people as the server takes; who was not tried comes back to be added."""
        left_out: list[PersonRef] = []
        while True:
            try:
                return self._send(people), left_out
            except Unprocessable as error:
                bad = list(people) if len(people) == 1 else people_in_error(error.details, people)
                if not people:
                    raise
                for who in bad:
                    self.said[who] = (PersonStatus.BAD_NUMBER, error.message)
                if bad:
                    people = [who for who in people if who not in bad]
                    if not people and left_out:
                        people, left_out = left_out, []
                else:
                    half = (len(people) + 1) // 2
                    people, left_out = people[:half], [*people[half:], *left_out]

    def _send(self, people: Sequence[PersonRef]) -> str:
        name = self.step.name or ""
        try:
            made = self.api.create_group(name, [who.jid for who in people if who.jid is not None]).id
        except MAY_HAVE_TAKEN_EFFECT as error:
            return self._look_for(name, error)
        if made in self.taken:
            # Writing there would change a group that is somebody else's, or another key's.
            wrong = InvalidResponse(f"answered with a group that was there before, {made}", endpoint="POST /groups")
            return self._look_for(name, wrong)
        return made

    def _look_for(self, name: str, cause: ApiError) -> str:
        try:
            listed = self.api.list_groups().groups
        except (ApiError, Interrupted) as error:
            raise _unknown(name, cause, f"and the groups could not be listed afterwards ({error})") from error
        new = [group.id for group in listed if texts_equal(group.name, name) and group.id not in self.taken]
        if len(new) == 1:
            return new[0]
        seen = "no new group of that name is listed" if not new else f"{len(new)} new groups of that name are listed"
        raise _unknown(name, cause, f"and {seen}") from cause


def _unknown(name: str, cause: ApiError, finding: str) -> CreateOutcomeUnknown:
    return CreateOutcomeUnknown(
        f"creating {quote(name)} got no usable answer ({cause.message}), {finding}: it may or may not exist",
        endpoint=cause.endpoint,
        status=cause.status,
        code=cause.code,
        request_id=cause.request_id,
        hint="it is not sent again in this run; plan again, which finds the group by its name if it exists",
    )


def ids_before_write(plan: Plan, known: Mapping[str, str], api: GroupApi) -> frozenset[str]:
    """The ids of all groups known before the first write; `known` are those the plan was made or checked with.

    Before anything is created the groups are listed once more: a list that lacked one by mistake, or was right when
    the plan was made, must not make a second group. Raises Refused where one that is to be created is there by now.
    """
    creating = [group for group in plan.groups if any(step.action is Action.CREATE for step in group.steps)]
    if not creating:
        return frozenset(known)
    listing = api.list_groups()
    appeared = appeared_groups(creating, listing.groups, known, plan.pinned_ids)
    if appeared:
        told = "\n".join(f"  {text}" for text in appeared)
        raise Refused(f"the live groups changed since the plan was made, nothing was changed:\n{told}", "plan again")
    return frozenset(known) | listing.names.keys()


def appeared_groups(
    creating: Iterable[GroupPlan], listed: Iterable[ListedGroup], known: Mapping[str, str], held: Collection[str]
) -> tuple[str, ...]:
    """Why these groups are not to be created: live groups that bear their names by now, a sentence each.

    `known` has the names, by id, that the plan was made with: a group that bore the name then is another key's, as
    is one whose id a key holds.
    """
    new = [e for e in listed if e.id not in held and not texts_equal(known.get(e.id, ""), e.name)]
    return tuple(
        f"{group.key}: a live group called {quote(entry.name)} is there by now: {entry.id}"
        for group in creating
        for entry in new
        if any(texts_equal(entry.name, name) for name in group.lookup_names)
    )
