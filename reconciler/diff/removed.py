"""Keys that a change took out of a file that may not say them: what may not be said there may not be unsaid there."""

from __future__ import annotations

from reconciler.errors import Problem
from reconciler.hostile.escaping import safe
from reconciler.model.desired import Desired
from reconciler.model.restrictions import RESTRICTED, Restrictions

_ONE = {"groups": "group", "people": "person", "teams": "team"}


def removed_keys_forbidden(base: Desired, head: Desired) -> tuple[Problem, ...]:
    """The groups, people and teams that are gone between two revisions from files that may not say them, sorted.

    Both revisions' rules are asked: nobody gains a removal by changing the rules along with it. A key that only moved
    to another file is not gone; whether it may stand there is checked when the newer revision is loaded.
    """
    return tuple(
        sorted(
            problem
            for section in RESTRICTED
            for key, file in base.origins.get(section, {}).items()
            if key not in head.origins.get(section, {})
            and (problem := _forbidden(section, key, file, base.restrictions, head.restrictions)) is not None
        )
    )


def _forbidden(
    section: str, key: str, file: str, before: Restrictions | None, after: Restrictions | None
) -> Problem | None:
    for rules, when in ((before, "before this change"), (after, "now")):
        if rules is None or rules.allow(file, section, key):
            continue
        rule = rules.rule_for(file)
        why = f"no rule of {rules.where} matches this file" if rule is None else f"by the rule at {rule.where}"
        message = f"this {_ONE[section]} was removed, which this file may not do, {when}: {why}"
        hint = "put it back, or change the rules first, in a change of their own"
        return Problem(safe(file), 0, 0, f"{section}.{safe(key)}", message, hint)
    return None
