"""Where a person is, as a document; its shape is published as `who.schema.json`."""

from __future__ import annotations

from typing import Any, Final

from reconciler.model.whereabouts import Whereabout, Whereabouts

WHO_FORMAT: Final = "wappfy-reconciler/who"
WHO_FORMAT_VERSION: Final = 1


def who_document(found: Whereabouts) -> dict[str, Any]:
    """The person and their groups, with numbers in full; `masked` makes it fit for a terminal."""
    who = found.who
    return {
        "format": WHO_FORMAT,
        "format_version": WHO_FORMAT_VERSION,
        "masked": False,
        "instance_id": found.instance_id,
        "as_of": found.as_of.isoformat(),
        "person": {
            "label": who.label,
            "identity": who.identity,
            "lid": who.lid,
            "protected": found.protected,
            "ignored": found.ignored,
            "is_instance": found.is_instance,
        },
        "summary": {"wanted": found.wanted, "live": found.live, "unknown": found.unknown},
        "groups": [_group(group) for group in found.groups],
        "unsure": [_group(group) for group in found.unsure],
    }


def _group(group: Whereabout) -> dict[str, Any]:
    asked = group.asked
    member = asked and (asked.member or asked.ended)
    return {
        "key": group.key,
        "name": group.name,
        "id": group.id,
        "wanted": group.wanted,
        "live": group.presence.value,
        "reasons": list(group.reasons),
        "teams": list(member.teams) if member else [],
        "until": member.until.isoformat() if member and member.until else None,
        "reason": member.reason if member else None,
        "by_invite": bool(member and member.by_invite),
        "expired": bool(asked and asked.ended),
        "absent": bool(asked and asked.absent),
        "membership": asked.membership.value if asked and asked.managed else None,
        "leaving": bool(asked and asked.leaving),
        "admin_wanted": asked.admin if asked else None,
        "is_admin": group.is_admin,
        "is_owner": group.is_owner,
    }
