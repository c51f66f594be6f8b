"""`reconciler adopt`: take manual changes in live groups into the configuration."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.edit_outcome import load_edit, write_edit
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import file_option, keys_option, option, path_argument, show_phones_option
from reconciler.errors import UsageError
from reconciler.sanitize.escape import for_display

if TYPE_CHECKING:
    from reconciler.cli.revisions import Baseline
    from reconciler.diff.change import Change
    from reconciler.model.desired import Desired
    from reconciler.model.identity import Identity
    from reconciler.model.text import Untrusted
    from reconciler.timeline.applied import AddResults

log = logging.getLogger("reconciler.adopt")

EXAMPLE = """\
  reconciler adopt --dry-run
  reconciler adopt groups.yaml --target project-alpha --only name,description
  reconciler adopt --since HEAD~1 --missing --report audit.jsonl"""


@command(EXAMPLE)
@path_argument
@keys_option("--target", "targets", help="Only these groups: the same forms as for `plan`.")
@option("--only", metavar="FIELDS", help="Adopt only these: name, description, members; a list with commas.")
@option("--people", is_flag=True, help="Give people who came an alias, by their name in the account's contacts.")
@option("--missing", is_flag=True, help="Also remove people from the configuration who are not in the live group.")
@option(
    "--since",
    metavar="REF",
    help="Adopt only what was changed manually since this git revision was applied. Defaults to the newest applied/… "
    "tag in the history of HEAD; without one, every difference is adopted.",
)
@file_option(
    "--report",
    "reports",
    multiple=True,
    help="A report or an audit log of apply, which shows who was not added: they are not gone; repeatable.",
)
@option("--dry-run", is_flag=True, help="Show the diff, and write nothing.")
@show_phones_option
@pass_global_options
def adopt(
    global_options: GlobalOptions,
    path: Path,
    targets: tuple[str, ...],
    only: str | None,
    people: bool,
    missing: bool,
    since: str | None,
    reports: tuple[Path, ...],
    dry_run: bool,
    show_phones: bool,
) -> int:
    """Take names, descriptions and new people of live groups into the YAML; everything else in it stays as it is.

    Afterwards a plan finds nothing to do for them. What the configuration changed since the applied revision is left
    out, as it is not applied yet. Nothing is adopted from a doubtful read, nor people in `absent`, `except` or
    `ignored`, with an ended membership, or without a known number; stderr has the reasons. --missing removes people
    from `members`, and lists those who are in through a team under `except`; it needs --report, because somebody who
    refused to be added looks like somebody who is gone. PATH is a YAML file or a folder of YAML files; the default is
    groups.yaml.
    """
    from reconciler.cli.key_lists import target_keys
    from reconciler.cli.revisions import read_baseline
    from reconciler.cli.spent import read_log
    from reconciler.editing.adopt import FIELDS
    from reconciler.editing.adopt import adopt as adopt_changes
    from reconciler.timeline.applied import add_results

    fields = FIELDS if only is None else tuple(word.strip() for word in only.split(","))
    wrong = [field for field in fields if field not in FIELDS]
    if wrong:
        raise UsageError(f"--only: {wrong[0]!r} cannot be adopted", f"the fields are {', '.join(FIELDS)}")
    if missing and "members" not in fields:
        raise UsageError("--missing needs members in --only", "add it, or leave out --missing")
    if missing and not reports:
        message = "--missing needs --report: somebody who refused to be added looks like somebody who is gone"
        hint = "give the report or the audit log of the last apply; without one, use `reconciler edit remove`"
        raise UsageError(message, hint)
    if reports and not missing:
        raise UsageError("--report needs --missing", "add it, or leave out --report")
    results = add_results({str(file): read_log(file) for file in reports})
    edit = load_edit(path, global_options)
    baseline = read_baseline(path, since, edit.desired.as_of)
    if baseline is None and since is not None:
        raise UsageError(f"--since {since}: {path} is not valid there", "name a revision in which it is valid")
    keys = target_keys(targets, edit.desired.groups) or tuple(group.key for group in edit.desired.groups)
    read = _read(edit.desired, keys, global_options, people=people)
    desired, changes = read.desired, _manual(read, baseline, fields)
    never_in = _never_in(desired, changes, results)
    adoption = adopt_changes(
        replace(edit, desired=desired), changes, fields, missing=missing, names=read.names, never_in=never_in
    )
    for key, reason in adoption.skipped:
        log.warning("%s: not adopted: %s", key, for_display(reason, show_phones=show_phones))
    moved = {person.identity for change in changes for person in (*change.add, *change.remove) if person.identity}
    return write_edit(
        adoption.edit,
        global_options,
        check=lambda edited: edited.require_nobody_else(moved),
        dry_run=dry_run,
        show_phones=show_phones,
    )


def _manual(read: _Read, baseline: Baseline | None, fields: Sequence[str]) -> tuple[Change, ...]:
    """Return what was changed manually since the baseline, and say what the configuration changed, too."""
    from reconciler.history.drift_causes import manual_changes

    if baseline is None:
        log.info("there is no applied revision to compare with, so every difference is adopted")
        return read.changes
    found = manual_changes(read.changes, baseline.desired, read.desired, read.live_names)
    for key, texts in found.contested.items():
        for text in texts:
            if text in fields:
                log.warning(
                    "%s: not adopted: its %s was changed manually and, since %s, in the configuration; apply the "
                    "configuration, or adopt the live %s with --since HEAD once the configuration is committed",
                    *(key, text, baseline.revision.ref, text),
                )
    return found.changes


def _never_in(desired: Desired, changes: Sequence[Change], results: AddResults) -> dict[str, frozenset[Identity]]:
    """Return, by key, who is to be added and may never have been in the group, by the reports.

    With a budget not everybody is tried, so only people who were added by an apply were surely in it.
    """
    keys = {group.key for group in desired.groups}
    proof = desired.policy.budget is not None
    return {
        change.group.key: frozenset(
            person.identity
            for person in change.add
            if person.identity is not None
            and not results.may_be_gone(change.group.key, person.identity, keys, proof=proof)
        )
        for change in changes
    }


@dataclass(frozen=True, slots=True)
class _Read:
    """The desired state for the connected account, the differences, and the names of all live groups, by id.

    `names` are those of the account's contacts, where they are asked for.
    """

    desired: Desired
    changes: tuple[Change, ...]
    live_names: Mapping[str, Untrusted]
    names: Mapping[Identity, str]


def _read(desired: Desired, keys: Sequence[str], global_options: GlobalOptions, *, people: bool) -> _Read:
    """Return what differs in the groups of these keys, with the names of the contacts if `people` are to have them."""
    from reconciler.cli.progress import show_reading
    from reconciler.cli.session import Account, reading_session
    from reconciler.engine import read_changes

    with reading_session(global_options, Account.of(desired)) as session:
        desired = desired.for_instance(session.client.instance_id)
        with show_reading(global_options, session.throttle.seconds_to_wait) as on_read:
            changes, live_names = read_changes(
                desired, session.client, keys, parallelism=global_options.parallelism, on_read=on_read
            )
        contacts = session.client.contacts() if people else ()
    names = {contact.identity: contact.name for contact in contacts if contact.identity and contact.name}
    return _Read(desired, changes, live_names, names)
