"""What `sandbox serve --from` takes: the sandbox's own format, or a configuration, whose groups are then live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.planning import load_desired
from reconciler.cli.session import SANDBOX_INSTANCE, SANDBOX_PHONE
from reconciler.model.desired import Desired, DesiredGroup, Person, State, Unmanaged

if TYPE_CHECKING:
    from reconciler.sandbox import World

VERSION_KEY: Final = "version"
"""A configuration must have this key, and the sandbox's own format does not know it."""


def fill_world(world: World, path: Path, global_options: GlobalOptions) -> None:
    """Give an empty world the instance, people and groups of a first state or of a configuration (a file or folder).

    Raises SandboxError for an invalid first state, ConfigError for an invalid configuration.
    """
    from reconciler.sandbox import add_seed, seed_world, top_level_keys

    if path.is_dir() or VERSION_KEY in top_level_keys(path):
        desired = load_desired(path, global_options)
        add_seed(world, seed_of(desired, global_options.instance_id), str(path))
    else:
        seed_world(world, path)


def seed_of(desired: Desired, instance_id: str | None) -> dict[str, Any]:
    """Return a first state, in the sandbox's format, in which every group is as the configuration describes it.

    What the configuration does not manage is empty. The account is an admin of every group, unless it is to leave it.
    """
    instance = instance_id or desired.instance_id or SANDBOX_INSTANCE
    account = desired.for_instance(instance).account
    people = _everybody(desired)
    names = {person.identity: person.name or person.alias for person in people.values()}
    return {
        "instance": {"id": instance, "phone": account.identity if account else f"+{SANDBOX_PHONE}"},
        "accounts": [{"phone": person.identity, "lid": person.lid} for person in people.values() if person.lid],
        "groups": [_group(group) for group in desired.groups],
        "contacts": [{"phone": phone, "name": name} for phone, name in names.items() if name],
    }


def _everybody(desired: Desired) -> Mapping[str, Person]:
    members = (member.person for group in desired.groups for member in group.listed_members.values())
    return {person.identity: person for person in (*members, *desired.people.values())}


def _group(group: DesiredGroup) -> dict[str, Any]:
    optional = {
        "id": group.id,
        "description": None if isinstance(group.description, Unmanaged) else group.description,
        "invite_code": group.invite,
    }
    return {
        "name": group.key if isinstance(group.name, Unmanaged) else group.name,
        "instance": "outside" if group.state is State.LEFT else "admin",
        "participants": list(_participants(group)),
        **{key: text for key, text in optional.items() if text is not None},
    }


def _participants(group: DesiredGroup) -> Iterator[dict[str, Any]]:
    admins = {} if isinstance(group.admins, Unmanaged) else group.admins
    for identity in sorted({*group.listed_members, *admins}):
        yield {"phone": identity, "admin": identity in admins}
