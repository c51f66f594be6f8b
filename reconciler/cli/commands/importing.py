"""An import from end to end: read every live group, name the people, write the file's text."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.cli.options import Settings
from reconciler.cli.session import Account, Session, address_of, reading_session
from reconciler.config.given import parse_person
from reconciler.config.importing import render_import
from reconciler.model.desired import Person
from reconciler.model.identity import Identity
from reconciler.model.live import LiveGroup
from reconciler.pipeline import read_live


def import_groups(settings: Settings, ids: Sequence[str], *, people: bool, phone: str | None) -> str:
    """The text of a file for the live groups, all or those with these ids."""
    given = parse_person(phone) if phone is not None else None
    account = Account(phone=given.jid.partition("@")[0] if given else None)
    with reading_session(settings, account) as session:
        groups = read_live(session.client, ids, parallelism=settings.parallelism)
        names = _names(session) if people else {}
    instance = given or _in_every_group(groups)
    return render_import(
        groups,
        instance_id=address_of(settings, account).instance_id,
        instance=instance,
        instance_guessed=given is None and instance is not None,
        names=names,
    )


def _names(session: Session) -> dict[Identity, str]:
    return {c.identity: c.name for c in session.client.contacts() if c.identity is not None and c.name}


def _in_every_group(groups: Sequence[LiveGroup]) -> Person | None:
    """The one participant that every group has; None where none or several are in all."""
    if not groups:
        return None
    shared = set.intersection(*({p.identity for p in group.participants} for group in groups)) - {None}
    found = [p for p in groups[0].participants if p.identity in shared and p.jid is not None]
    if len(shared) != 1 or not found or found[0].identity is None or found[0].jid is None:
        return None
    return Person(found[0].identity, found[0].jid)
