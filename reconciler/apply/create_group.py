"""Create a group exactly once: a create is never sent again unless the first one certainly was not processed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from reconciler.apply.breaker import AddingStopped
from reconciler.apply.participants import (
    ParticipantCall,
    PersonOutcomes,
    may_be_about_a_person,
    note_bad_numbers,
    people_in_error,
    refused_message,
)
from reconciler.apply.ports import GroupApi
from reconciler.apply.result import PersonStatus
from reconciler.errors import MAY_HAVE_TAKEN_EFFECT, ApiError, HttpError, Interrupted, InvalidResponse, Unprocessable
from reconciler.messages import Message
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import texts_equal
from reconciler.plan.model import Action, Step
from reconciler.sanitize.escape import quoted


class CreateOutcomeUnknown(ApiError):
    """The outcome of a create is unknown: it is not sent again in this run."""


def is_refused_create(error: ApiError) -> bool:
    """Whether an error says that the service did not create the group, or failed while it did."""
    if isinstance(error, HttpError):
        return may_be_about_a_person(error)
    return isinstance(error, CreateOutcomeUnknown) and (error.status or 0) >= 500


@dataclass(slots=True)
class CreateGroup:
    """The calls of one create step.

    `existing_ids` are of groups that cannot be the new one: listed before, or in the configuration. `on_created` gets
    the new id at once, also where a call after the create fails. `hold` returns why nothing is sent any more, None
    where it may be.
    """

    api: GroupApi
    step: Step
    existing_ids: Collection[str]
    outcomes: PersonOutcomes
    on_created: Callable[[str], None]
    hold: Callable[[Sequence[PersonRef]], Message | None] = lambda _: None

    def run(self) -> None:
        """Create the group, and add everybody who could not be in the create because the server refused single people.

        Raise CreateOutcomeUnknown where no answer came and no new group with the name is listed, else the ApiError
        because of which there is no group. Raise AddingStopped where nothing is created any more.
        """
        group_id, rest = self._create(self.step.people)
        self.on_created(group_id)
        ParticipantCall(self.api, group_id, Action.ADD, self.outcomes, lambda: None, hold=self.hold).run(rest)

    def _create(self, people: Sequence[PersonRef]) -> tuple[str, Sequence[PersonRef]]:
        """Create with as many of these people as the server accepts; return also who is still to be added.

        A refusal that names nobody may be about the name, too: then nobody is suspected, and it is raised.
        """
        untried: list[PersonRef] = []
        suspects: PersonOutcomes = {}
        refusals, most = 0, len(people).bit_length() + 1
        while True:
            try:
                group_id = self._send(people)
            except HttpError as error:
                refused = self._refused_people(error, people)
                if not refused and not isinstance(error, Unprocessable):
                    refusals += 1
                    only_one = len(people) == 1
                    if error.status not in (400, 406) or refusals > most or (only_one and not untried):
                        raise
                    refused = people if only_one else ()
                    suspects.update({person: (PersonStatus.NOT_ADDED, refused_message(error)) for person in refused})
                people, untried = _next_people(people, refused, untried)
            else:
                self.outcomes.update(suspects)
                return group_id, untried

    def _refused_people(self, error: HttpError, people: Sequence[PersonRef]) -> Sequence[PersonRef]:
        """Note and return the people refused by name; raise it where it is about nobody."""
        if not people or not may_be_about_a_person(error):
            raise error
        if isinstance(error, Unprocessable):
            return note_bad_numbers(error, people, self.outcomes)
        named = people_in_error(error.details, people)
        self.outcomes.update({person: (PersonStatus.NOT_ADDED, refused_message(error)) for person in named})
        return named

    def _send(self, people: Sequence[PersonRef]) -> str:
        if (reason := self.hold(people)) is not None:
            raise AddingStopped(reason)
        name = self.step.name or ""
        try:
            created_id = self.api.create_group(name, [person.jid for person in people if person.jid is not None]).id
        except MAY_HAVE_TAKEN_EFFECT as error:
            return self._find_created(name, error)
        if created_id in self.existing_ids:
            # Writing there would change a group that is somebody else's, or another key's.
            wrong = InvalidResponse(f"answered with a group that existed before, {created_id}", endpoint="POST /groups")
            return self._find_created(name, wrong)
        return created_id

    def _find_created(self, name: str, cause: ApiError) -> str:
        try:
            listed = self.api.list_groups().groups
        except (ApiError, Interrupted) as error:
            raise _outcome_unknown(name, cause, f"and the groups could not be listed afterwards ({error})") from error
        new = [group.id for group in listed if texts_equal(group.name, name) and group.id not in self.existing_ids]
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


def _next_people(
    people: Sequence[PersonRef], refused: Sequence[PersonRef], untried: list[PersonRef]
) -> tuple[Sequence[PersonRef], list[PersonRef]]:
    """Return the people of the next create, and the later ones: without the refused, or else half of them."""
    if refused:
        rest = [person for person in people if person not in refused]
        return (rest, untried) if rest or not untried else (untried, [])
    half = (len(people) + 1) // 2
    return people[:half], [*people[half:], *untried]
