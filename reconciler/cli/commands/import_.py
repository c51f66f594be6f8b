"""`reconciler import`: write a configuration for the live groups."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.atomic_file import is_stream
from reconciler.cli.command import command, pass_global_options
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import option, output_option
from reconciler.cli.output import require_distinct_files, write
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.cli.session import Session
    from reconciler.config.export import Entries
    from reconciler.editing.yaml_edit import YamlFile
    from reconciler.model.desired import Desired, Person
    from reconciler.model.identity import Identity
    from reconciler.model.live import LiveGroup

log = logging.getLogger("reconciler.import")

EXAMPLE = """\
  reconciler import --output groups.yaml
  reconciler import --output groups.yaml --merge
  reconciler import --people --phone '+1 202 555 0100' --group 120363012345678901@g.us"""


@dataclass(frozen=True, slots=True)
class _ExistingFile:
    """The file that --output names, if there is one, and what it says."""

    file: YamlFile
    desired: Desired


@dataclass(frozen=True, slots=True)
class _Account:
    """The live groups, the names of people, and the account: `guessed` if its number was inferred from the groups."""

    groups: Sequence[LiveGroup]
    names: Mapping[Identity, str]
    instance_id: str
    own: Person | None
    guessed: bool


@command(EXAMPLE, name="import")
@output_option
@option("--merge", is_flag=True, help="Add the groups that the file of --output does not have, and their people.")
@option("--group", "ids", multiple=True, metavar="ID", help="Import only this live group; repeatable.")
@option("--people", is_flag=True, help="Name people as in the account's contacts.")
@option(
    "--phone", metavar="NUMBER", help="The account's own number [default: the only participant that all groups share]."
)
@pass_global_options
def import_(
    global_options: GlobalOptions,
    output: Path | None,
    merge: bool,
    ids: tuple[str, ...],
    people: bool,
    phone: str | None,
) -> int:
    """Write a valid YAML file for the live groups; planning it finds no changes.

    It has full phone numbers, on stdout too. An existing file is never replaced: without --merge the command lists what
    is new, and ends with 1; with --merge it adds new groups and people, and every byte that was there stays. Keys and
    aliases are names in small letters of every script (ä stays ä), with hyphens.
    """
    from reconciler.config.export import Existing, render_config, render_entries

    require_distinct_files({"--output": output}, (global_options.api_key_file,))
    existing = _existing_file(output, merge)
    account = _read_account(global_options, ids, people, phone, existing)
    if existing is not None:
        return _add_to_file(existing, account, merge, named=bool(ids))
    if _is_file(output):
        raise UsageError(f"{output} was not changed: it appeared while the groups were read", "run the command again")
    entries = render_entries(account.groups, instance=account.own, names=account.names, existing=Existing())
    write(
        render_config(entries, instance_id=account.instance_id, instance=account.own, instance_guessed=account.guessed),
        output,
    )
    if output is not None:
        log.info("%s: %s", output, entries.summary)
    return 0


def _existing_file(output: Path | None, merge: bool) -> _ExistingFile | None:
    """Read the file that --output names; None if there is none. Raise ConfigError if it is not valid."""
    from reconciler.cli.options import today
    from reconciler.config import load
    from reconciler.editing.yaml_edit import read_yaml_files
    from reconciler.errors import ConfigError
    from reconciler.history.file_history import history_of

    if merge and output is None:
        raise UsageError("--merge needs --output", "name the file to add to")
    if output is None or not _is_file(output):
        return None
    try:
        desired = load(output, as_of=today(), history=partial(history_of, output))
    except ConfigError as error:
        if merge:
            raise
        message = f"{output} exists and was not changed; it is not a valid configuration ({error.message})"
        raise UsageError(message, "give --output another file") from None
    return _ExistingFile(read_yaml_files(output)[0], desired)


def _is_file(output: Path | None) -> bool:
    """Return whether there is something at a path that writing would replace: not a terminal, pipe or device."""
    return output is not None and os.path.exists(output) and not is_stream(output)


def _read_account(
    global_options: GlobalOptions,
    ids: Sequence[str],
    people: bool,
    phone: str | None,
    existing: _ExistingFile | None,
) -> _Account:
    """Read the live groups, all or those with these ids, and who the account is."""
    from reconciler.cli.progress import show_reading
    from reconciler.cli.session import Account, endpoint_of, reading_session
    from reconciler.config.person_reference import parse_person
    from reconciler.live.fetch import groups_to_import

    person = parse_person(phone) if phone is not None else existing.desired.account if existing is not None else None
    instance_id = existing.desired.instance_id if existing is not None else None
    account = Account(instance_id, person.jid.partition("@")[0] if person else None)
    with reading_session(global_options, account) as session:
        with show_reading(global_options, session.throttle.seconds_to_wait) as on_read:
            groups, faults = groups_to_import(
                session.client, ids, parallelism=global_options.parallelism, on_read=on_read
            )
        names = _contact_names(session) if people else {}
    for fault in faults:
        log.warning("left out, because it cannot be read: %s", fault)
    if phone is not None and person is not None:
        _require_in_all(groups, person)
    own = person or _shared_participant(groups)
    guessed = person is None and own is not None
    return _Account(groups, names, endpoint_of(global_options, account).instance_id, own, guessed)


def _require_in_all(groups: Sequence[LiveGroup], person: Person) -> None:
    """Raise UsageError if a group has not the number of --phone: the account itself is in every group that it reads.

    With another number in the file, the account would look like a member that a plan may remove.
    """
    lacking = [group for group in groups if all(p.identity not in (None, person.identity) for p in group.participants)]
    if lacking:
        raise UsageError(
            f"the number of --phone is missing from {len(lacking)} of the {len(groups)} groups that the account is in, "
            "so it is not the account's own",
            "give the number of the connected account, or leave --phone out",
        )


def _add_to_file(existing: _ExistingFile, account: _Account, merge: bool, *, named: bool) -> int:
    """Add to the file what it does not have; without `merge` raise UsageError, which lists it.

    A group that may be one of the file's, under another name, is added only if --group named it.
    """
    from reconciler.config.export import render_entries
    from reconciler.editing.add_groups import existing_entries, lookalikes, new_groups, new_people
    from reconciler.model.text import plural

    file, desired = existing.file, existing.desired
    path = file.source.file
    groups = new_groups(account.groups, desired)
    unsure = {} if named else lookalikes(account.groups, groups, desired)
    for group_id, key in unsure.items():
        log.warning(
            "%s was not added: it may be %s, which no live group matches; set its `id` there, or name it with --group",
            group_id,
            key,
        )
    groups = [group for group in groups if group.id not in unsure]
    entries = render_entries(
        groups, instance=account.own, names=account.names, existing=existing_entries(file, desired)
    )
    if not groups:
        count = plural(len(account.groups), "live group is", "live groups are")
        known = f"{count} in it, and none is new" if account.groups else "there is no live group"
        if unsure:
            known = f"no group is new, apart from {len(unsure)} that may be in it under another name"
        if merge:
            log.info("%s: nothing to add: %s", path, known)
            return 0
        raise UsageError(f"{path} exists and was not changed; {known}", "give --output another file")
    keys = ", ".join(entries.groups)
    if not merge:
        people = len(new_people(entries, desired))
        what = f"{plural(len(groups), 'live group', 'live groups')} and {plural(people, 'person', 'people')}"
        message = f"{path} exists and was not changed; not in it: {what}: {keys}"
        raise UsageError(message, "pass --merge to add them, or give --output another file")
    _require_same_instance(existing, account)
    _write_entries(file, entries)
    added = plural(len(groups), "group", "groups")
    if entries.people:
        added += f" and {plural(len(entries.people), 'person', 'people')}"
    log.info("%s: added %s: %s", path, added, keys)
    return 0


def _write_entries(file: YamlFile, entries: Entries) -> None:
    """Add the entries to the file; if that is not safe, write them to stdout and raise UsageError."""
    from reconciler.editing.add_groups import add_entries, text_to_paste
    from reconciler.editing.yaml_edit import write_files
    from reconciler.editing.yaml_layout import NotEditable
    from reconciler.errors import ConfigError

    path = Path(file.source.file)
    try:
        data = add_entries(file, entries)
    except ConfigError as error:
        problems = "\n".join(line for problem in error.problems for line in problem.lines())
        message = f"{path} was not changed: the new groups would make it invalid:\n{problems}"
        raise UsageError(message, "correct the problems above, and run the command again") from None
    except NotEditable as error:
        write(text_to_paste(entries))
        hint = "paste the lines above into it, without the keys of sections that it has"
        raise UsageError(f"{path} was not changed: {error}", hint) from None
    if path.read_bytes() != file.source.data:
        raise UsageError(f"{path} was not changed: somebody else changed it meanwhile", "run the command again")
    write_files({path: data})


def _require_same_instance(existing: _ExistingFile, account: _Account) -> None:
    wanted = existing.desired.instance_id
    if wanted not in (None, account.instance_id):
        message = f"{existing.file.source.file} was not changed: it is for the instance {wanted}"
        raise UsageError(f"{message}, and these are the groups of {account.instance_id}", "correct --instance-id")


def _contact_names(session: Session) -> dict[Identity, str]:
    return {c.identity: c.name for c in session.client.contacts() if c.identity is not None and c.name}


def _shared_participant(groups: Sequence[LiveGroup]) -> Person | None:
    """Return the only participant that all groups share; None when there is none, or more than one."""
    from reconciler.model.desired import Person

    if not groups:
        return None
    shared = set.intersection(*({p.identity for p in group.participants} for group in groups)) - {None}
    candidates = [
        Person(p.identity, p.jid)
        for p in groups[0].participants
        if p.identity in shared and p.identity is not None and p.jid is not None
    ]
    return candidates[0] if len(shared) == 1 and candidates else None
