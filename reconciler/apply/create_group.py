"""Create a group exactly once: a create is never sent again unless the first one certainly was not processed.

Before the first write the groups are listed once more, so that no existing group is created a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.apply.participants import ParticipantCall, PersonOutcomes, people_in_error
from reconciler.apply.ports import GroupApi
from reconciler.apply.result import PersonStatus
from reconciler.errors import MAY_HAVE_TAKEN_EFFECT, ApiError, Interrupted, InvalidResponse, Refused, Unprocessable
from reconciler.messages import Message
from reconciler.model.live import ListedGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted, texts_equal
from reconciler.plan.model import GroupPlan, Plan
from reconciler.plan.step import Action, Step
from reconciler.sanitize.escape import quoted


class CreateOutcomeUnknown(ApiError):
    """The outcome of a create is unknown: it is not sent again in this run."""


@dataclass(slots=True)
class CreateGroup:
    """The calls of one create step.

    `taken` are ids that cannot be the new group: listed before, or set in the configuration. `on_created` gets the new
    id at once, so that it is known even if a call after the create fails.
    """

    api: GroupApi
    step: Step
    taken: Collection[str]
    outcomes: PersonOutcomes
    on_created: Callable[[str], None]

    def run(self) -> None:
        """Create the group, and add everybody who could not be in the create because the server refused single people.

        Raise CreateOutcomeUnknown where no answer came and no new group with the name is listed, else the ApiError
        because of which there is no group.
        """
        group_id, rest = self._create(self.step.people)
        self.on_created(group_id)
        ParticipantCall(self.api, group_id, Action.ADD, self.outcomes, lambda: None).run(rest)

    def _create(self, people: Sequence[PersonRef]) -> tuple[str, Sequence[PersonRef]]:
        """Create with as many of these people as the server accepts; return also who is still to be added."""
        untried: list[PersonRef] = []
        while True:
            try:
                return self._send(people), untried
            except Unprocessable as error:
                bad = list(people) if len(people) == 1 else people_in_error(error.details, people)
                if not people:
                    raise
                for person in bad:
                    answer = Message.of("api-refused-person", answer=Untrusted(error.message))
                    self.outcomes[person] = (PersonStatus.BAD_NUMBER, answer)
                if bad:
                    people = [person for person in people if person not in bad]
                    if not people and untried:
                        people, untried = untried, []
                else:
                    half = (len(people) + 1) // 2
                    people, untried = people[:half], [*people[half:], *untried]

    def _send(self, people: Sequence[PersonRef]) -> str:
        name = self.step.name or ""
        try:
            created_id = self.api.create_group(name, [person.jid for person in people if person.jid is not None]).id
        except MAY_HAVE_TAKEN_EFFECT as error:
            return self._find_created(name, error)
        if created_id in self.taken:
            # Writing there would change a group that is somebody else's, or another key's.
            wrong = InvalidResponse(f"answered with a group that existed before, {created_id}", endpoint="POST /groups")
            return self._find_created(name, wrong)
        return created_id

    def _find_created(self, name: str, cause: ApiError) -> str:
        try:
            listed = self.api.list_groups().groups
        except (ApiError, Interrupted) as error:
            raise _outcome_unknown(name, cause, f"and the groups could not be listed afterwards ({error})") from error
        new = [group.id for group in listed if texts_equal(group.name, name) and group.id not in self.taken]
        if len(new) == 1:
            return new[0]
        count = "no new group" if not new else f"{len(new)} new groups"
        raise _outcome_unknown(name, cause, f"and {count} with that name can be found") from cause


def _outcome_unknown(name: str, cause: ApiError, finding: str) -> CreateOutcomeUnknown:
    return CreateOutcomeUnknown(
        f"creating {quoted(name)} got no usable answer ({cause.message}), {finding}: it may or may not exist",
        endpoint=cause.endpoint,
        status=cause.status,
        code=cause.code,
        request_id=cause.request_id,
        hint="the create is not sent again; run `reconciler plan`, which matches the group by its name if it exists",
    )


def ids_before_write(plan: Plan, known: Mapping[str, Untrusted], api: GroupApi) -> frozenset[str]:
    """Return the ids of all groups known before the first write; `known` has those of the plan, with their names.

    Before anything is created the groups are listed again, because a list that was incomplete, or is out of
    date, would lead to a duplicate. Raise Refused if a group that is to be created exists meanwhile.
    """
    creating = [group for group in plan.groups if any(step.action is Action.CREATE for step in group.steps)]
    if not creating:
        return frozenset(known)
    listing = api.list_groups()
    appeared = appeared_groups(creating, listing.groups, known, plan.pinned_ids)
    if appeared:
        lines = "\n".join(f"  {text}" for text in appeared)
        raise Refused(
            f"the live groups changed since the plan was made, nothing was changed:\n{lines}",
            "run `reconciler plan` again",
        )
    return frozenset(known) | listing.names.keys()


def appeared_groups(
    creating: Iterable[GroupPlan],
    listed: Iterable[ListedGroup],
    known: Mapping[str, Untrusted],
    pinned_ids: Collection[str],
) -> tuple[str, ...]:
    """Return, a sentence each, the live groups that meanwhile have the name of a group to be created.

    `known` has the names, by id, that the plan was made with: a group that had the name then is another key's, as is
    one with a pinned id.
    """
    new = [e for e in listed if e.id not in pinned_ids and not texts_equal(known.get(e.id, ""), e.name)]
    return tuple(
        f"{group.key}: a live group called {quoted(entry.name.raw)} exists now: {entry.id}"
        for group in creating
        for entry in new
        if any(texts_equal(entry.name, name) for name in group.lookup_names)
    )
