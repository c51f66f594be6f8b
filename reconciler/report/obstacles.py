"""Why a plan is refused: each reason once, with the groups that have it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Final

from reconciler.messages import LiteralText
from reconciler.plan.model import Refusal
from reconciler.report.pieces import OutsideText, message_pieces
from reconciler.report.sections import Obstacle

_TOO_MANY: Final = "too-many-removals"
_RULE_BROKEN: Final = frozenset({"rule-broken", "rule-broken-often"})


def reason_key(refusal: Refusal) -> Hashable:
    """Return what two refusals have in common if they have one reason: by how many a limit is exceeded may differ."""
    message, params = refusal.message, dict(refusal.message.params)
    if message.code == _TOO_MANY:
        return message.code, params["limit"], params["source"], refusal.override.code
    if message.code in _RULE_BROKEN and refusal.group is not None:
        return "rule-broken", params["rule"]
    return message, refusal.override, None if refusal.group is None else "a group"


def refusal_obstacle(refusal: Refusal) -> Obstacle:
    """Return one refusal as the reason that it is, with its group."""
    places = ((refusal.group, ""),) if refusal.group is not None else ()
    return Obstacle(reason=message_pieces(refusal.message), override=message_pieces(refusal.override), places=places)


def shared_obstacle(same: Sequence[Refusal]) -> Obstacle:
    """Return the one reason of many groups; what lifts it is what lifts it for all of them."""
    first = same[0]
    if first.message.code in _RULE_BROKEN:
        return _shared_rule(same)
    if first.message.code != _TOO_MANY:
        return replace(refusal_obstacle(first), places=tuple((refusal.group or "", "") for refusal in same))
    params = [dict(refusal.message.params) for refusal in same]
    limit = (OutsideText(str(params[0]["limit"])), LiteralText(" ("), OutsideText(str(params[0]["source"])))
    places = [
        (refusal.group or "", f"{each['removed']} of {each['members']}")
        for refusal, each in zip(same, params, strict=True)
    ]
    largest = max(same, key=lambda refusal: int(str(dict(refusal.message.params)["removed"])))
    return Obstacle(
        reason=(LiteralText("each loses more members than its limit allows: "), *limit, LiteralText(")")),
        override=message_pieces(largest.override),
        places=tuple(places),
    )


def _shared_rule(same: Sequence[Refusal]) -> Obstacle:
    """Return the one rule that many groups break, with what breaks it in the first of them."""
    params = [dict(refusal.message.params) for refusal in same]
    first = params[0]
    rule, what, place = (OutsideText(str(first[name])) for name in ("rule", "what", "place"))
    reason = (LiteralText("the rule "), rule, LiteralText(" is broken, first here: "), what)
    return Obstacle(
        reason=(*reason, LiteralText(" ("), place, LiteralText(")")),
        override=message_pieces(same[0].override),
        places=tuple(
            (refusal.group or "", f"{each['count']} times" if "count" in each else "")
            for refusal, each in zip(same, params, strict=True)
        ),
    )
