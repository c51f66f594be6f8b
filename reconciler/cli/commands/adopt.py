"""`reconciler adopt`: take manual changes in live groups into the configuration."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.edit_outcome import commit_edit, load_edit, require_committed, write_edit
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import file_option, keys_option, option, path_argument, show_phones_option
from reconciler.errors import UsageError
from reconciler.model.text import plural
from reconciler.sanitize.escape import for_display

if TYPE_CHECKING:
    from reconciler.cli.revisions import Baseline
    from reconciler.diff.change import Change
    from reconciler.history.drift_causes import ManualChange
    from reconciler.model.desired import Desired
    from reconciler.model.identity import Identity
    from reconciler.timeline.applied import AddResults

log = logging.getLogger("reconciler.adopt")

EXAMPLE = """\
  reconciler adopt --dry-run
  reconciler adopt groups.yaml --target project-alpha --only name,description
  reconciler adopt --target project-alpha --missing --report audit.jsonl
  reconciler adopt --commit"""


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
    "tag in the history of HEAD; without one, every difference counts.",
)
@file_option(
    "--report",
    "reports",
    multiple=True,
    help="A report or an audit log of apply, which shows who was not added: they are not gone; repeatable.",
)
@option("--commit", is_flag=True, help="Make a git commit for each group, so that each can be dropped by itself.")
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
    commit: bool,
    dry_run: bool,
    show_phones: bool,
) -> int:
    """Take names, descriptions and new people of live groups into the YAML; everything else in it stays as it is.

    Afterwards a plan finds nothing to do for them. With --since or a tag applied/…, a change of the configuration
    that is not applied yet is left alone; without, it counts too: look at the diff. Nothing is adopted from a
    doubtful read, nor people in `absent`, `except` or `ignored`, with an ended membership, or without a known
    number; stderr has the reasons. --missing removes people from `members`, and lists those who are in through a
    team under `except`; it needs --report, because somebody who refused to be added looks like somebody who is
    gone. --commit leaves out a group that cannot be edited safely, and goes on with the others. PATH
    is a YAML file or a folder of YAML files; the default is groups.yaml.
    """
    from reconciler.cli.key_lists import target_keys
    from reconciler.cli.revisions import read_baseline
    from reconciler.cli.spent import read_log
    from reconciler.editing.adopt import FIELDS
    from reconciler.editing.adopt import adopt as adopt_changes
    from reconciler.editing.config_edit import EditedConfig
    from reconciler.editing.forbidden_people import adopt_permitted
    from reconciler.timeline.applied import add_results

    fields = FIELDS if only is None else tuple(word.strip() for word in only.split(","))
    wrong = [field for field in fields if field not in FIELDS]
    if wrong:
        raise UsageError(f"--only: {wrong[0]!r} cannot be adopted", f"the fields are {', '.join(FIELDS)}")
    if missing and "members" not in fields:
        raise UsageError("--missing needs members in --only", "add it, or leave out --missing")
    if commit and dry_run:
        raise UsageError("--dry-run writes nothing that --commit could commit", "leave out one of the two")
    if missing and not reports:
        message = "--missing needs --report: somebody who refused to be added looks like somebody who is gone"
        hint = "give the report or the audit log of the last apply; without one, use `reconciler edit remove`"
        raise UsageError(message, hint)
    if reports and not missing:
        raise UsageError("--report needs --missing", "add it, or leave out --report")
    results = add_results({str(file): read_log(file) for file in reports})
    edit = load_edit(path, global_options)
    if commit:
        require_committed(path)
    keys = target_keys(targets, edit.desired.groups) or tuple(group.key for group in edit.desired.groups)
    baseline = read_baseline(path, since, edit.desired.as_of)
    if baseline is None and since is not None:
        raise UsageError(f"--since {since}: {path} is not valid there", "name a revision in which it is valid")
    desired, changes, names = _read(edit.desired, keys, global_options, baseline, people=people)
    never_in = _never_in(desired, changes, results)
    edit = replace(edit, desired=desired)
    adoption = adopt_permitted(
        lambda permitted: adopt_changes(edit, permitted, fields, missing=missing, names=names, never_in=never_in),
        changes,
        desired,
    )
    for key, reason in adoption.skipped:
        log.warning("%s: not adopted: %s", key, for_display(reason, show_phones=show_phones))
    moved = {person.identity for change in changes for person in (*change.add, *change.remove) if person.identity}
    check = partial(EditedConfig.require_nobody_else, people=moved)
    if commit:
        return commit_edit(edit, adoption.edit, check=check, show_phones=show_phones)
    return write_edit(adoption.edit, global_options, check=check, dry_run=dry_run, show_phones=show_phones)


def _read(
    desired: Desired, keys: Sequence[str], global_options: GlobalOptions, baseline: Baseline | None, *, people: bool
) -> tuple[Desired, tuple[Change, ...], dict[Identity, str]]:
    """Return the desired state for the account that is connected, what differs in the groups of these keys, and names.

    With a `baseline`, only what was changed manually since. The names are those of the account's contacts, where
    `people` are to have them.
    """
    from reconciler.cli.progress import show_reading
    from reconciler.cli.session import Account, reading_session
    from reconciler.engine import read_changes
    from reconciler.history.drift_causes import manual_changes

    with reading_session(global_options, Account.of(desired)) as session:
        desired = desired.for_instance(session.client.instance_id)
        with show_reading(global_options, session.throttle.seconds_to_wait) as on_read:
            changes, live_names = read_changes(
                desired, session.client, keys, parallelism=global_options.parallelism, on_read=on_read
            )
        contacts = session.client.contacts() if people else ()
    if baseline is not None:
        found = manual_changes(changes, baseline.desired, desired, live_names)
        changes = tuple(each.change for each in found)
        _report_others(found)
    names = {contact.identity: contact.name for contact in contacts if contact.identity and contact.name}
    return desired, changes, names


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


def _report_others(found: Sequence[ManualChange]) -> None:
    """Print what is not adopted because the configuration changed it since, too."""
    for each in found:
        key = each.change.group.key
        for conflict in each.conflicts:
            what = conflict if isinstance(conflict, str) else (conflict.label or conflict.identity or "somebody")
            shown = for_display(what, show_phones=False)
            log.warning("%s: not adopted: %s changed both in the group and in the configuration", key, shown)
        if each.not_applied:
            count = plural(each.not_applied, "change", "changes")
            log.info("%s: %s of the configuration not applied yet", key, count)
