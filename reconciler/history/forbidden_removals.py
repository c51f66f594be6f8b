"""Keys that a change took out of a file that may not say them: what may not be said there may not be unsaid there."""

from __future__ import annotations

from reconciler.errors import Problem, ProblemKind
from reconciler.model.desired import Desired
from reconciler.model.restrictions import RESTRICTED
from reconciler.sanitize.escape import mask_and_escape

_ONE = {"groups": "group", "people": "person", "teams": "team"}


def forbidden_removals(base: Desired, head: Desired) -> tuple[Problem, ...]:
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
            and (problem := _forbidden(section, key, file, base, head)) is not None
        )
    )


def _forbidden(section: str, key: str, file: str, base: Desired, head: Desired) -> Problem | None:
    for rules, when in ((base.restrictions, "before this change"), (head.restrictions, "now")):
        if rules is None or rules.allow(file, section, key):
            continue
        rule = rules.rule_for(file)
        why = f"no rule of {rules.where} matches this file" if rule is None else f"by the rule at {rule.where}"
        message = f"this {_ONE[section]} was removed, which this file may not do, {when}: {why}"
        hint = "put it back, or change the rules first, in a change of their own"
        path = f"{section}.{mask_and_escape(key)}"
        return Problem(mask_and_escape(_whole(file, base)), 0, 0, path, message, hint, kind=ProblemKind.RESTRICTION)
    return None


def _whole(file: str, base: Desired) -> str:
    """The file as messages about that revision name it: rules know it by its path below the folder."""
    # The shortest, since `a.yaml` is also the end of `sales/a.yaml`.
    return min((each.path for each in base.sources if each.path.endswith(file)), key=len, default=file)
