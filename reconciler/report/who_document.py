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
    in_file = group.in_file
    member = in_file and (in_file.member or in_file.ended)
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
        "expired": bool(in_file and in_file.ended),
        "absent": bool(in_file and in_file.absent),
        "membership": in_file.membership.value if in_file and in_file.managed else None,
        "leaving": bool(in_file and in_file.leaving),
        "admin_wanted": in_file.admin if in_file else None,
        "is_admin": group.is_admin,
        "is_owner": group.is_owner,
    }
