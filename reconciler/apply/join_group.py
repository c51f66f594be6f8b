"""Join a group by its invite code, and find out which live group that is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from reconciler.apply.participants import NOT_ABOUT_PEOPLE
from reconciler.apply.ports import GroupApi
from reconciler.errors import MAY_HAVE_TAKEN_EFFECT, ApiError, Conflict
from reconciler.model.text import texts_equal
from reconciler.plan.model import GroupPlan, Step


@dataclass(slots=True)
class JoinGroup:
    """The calls of one join step.

    `existing_ids` are of groups that cannot be the joined one. `on_success` is called as soon as the account may be in
    the group, so that a later failure does not count as "nothing happened".
    """

    api: GroupApi
    plan: GroupPlan
    step: Step
    existing_ids: Collection[str]
    on_success: Callable[[], None]

    def run(self) -> str:
        """Join and return the group's id; raise the ApiError because of which it is not joined, or not known."""
        wanted_id = self.plan.id
        joined_id = self._join_by_code(self.step.invite or "", wanted_id)
        self.on_success()
        if wanted_id is not None and joined_id not in (None, wanted_id):
            raise ApiError(
                f"the invite leads to {joined_id}, not to {wanted_id}",
                endpoint="POST /groups/join",
                hint="correct this group's `invite` or `id`; leave the other group in WhatsApp if you do not want it",
            )
        return wanted_id or joined_id or self._find_joined()

    def _join_by_code(self, code: str, wanted_id: str | None) -> str | None:
        """Join; return the group's id where the answer has it, or where no answer came, but the name is listed."""
        try:
            return self.api.join_group(code)
        except Conflict as error:
            if error.code in NOT_ABOUT_PEOPLE:
                raise
            return None
        except MAY_HAVE_TAKEN_EFFECT:
            if wanted_id is not None:
                raise
            self.on_success()
            return self._find_joined()

    def _find_joined(self) -> str:
        names = self.plan.lookup_names
        new = [
            group.id
            for group in self.api.list_groups().groups
            if group.id not in self.existing_ids and any(texts_equal(group.name, name) for name in names)
        ]
        if len(new) != 1:
            raise ApiError(
                "joined, but the group cannot be identified: no live group or several have its name",
                endpoint="POST /groups/join",
                hint="find the group that the invite leads to and set its `id` in the configuration",
            )
        return new[0]
