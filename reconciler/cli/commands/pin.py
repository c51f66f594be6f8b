"""`reconciler pin`: write the ids of matched groups, and the LIDs of people, into the file."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import keys_option, option, path_argument
from reconciler.cli.output import require_stdout, write, write_after_success
from reconciler.sanitize.escape import mask_and_escape

if TYPE_CHECKING:
    from reconciler.diff.match import Match
    from reconciler.editing.pin_people import SeenLids
    from reconciler.model.desired import Desired
    from reconciler.model.live import LiveGroup

log = logging.getLogger("reconciler.pin")

EXAMPLE = """\
  reconciler pin groups.yaml && git diff groups.yaml
  reconciler pin --people --dry-run"""


@command(EXAMPLE)
@path_argument
@option("--dry-run", is_flag=True, help="Print what would be written instead of writing it.")
@keys_option("--target", "targets", help="Only these groups: the same forms as for `plan`.")
@option("--people", is_flag=True, help="Write the LIDs of the people under `people`, too; this reads each group.")
@pass_global_options
def pin(global_options: GlobalOptions, path: Path, people: bool, targets: tuple[str, ...], dry_run: bool) -> int:
    """Write the ids of groups matched by name into the YAML; everything else in it stays as it is.

    A group with an id can be renamed safely. Groups that are not live yet, or that match more than one live group,
    are listed on stderr. With --people, everybody under `people` who shows a number and a private id (LID) in a live
    group of the file gets that `lid`, so that they stay known when their number is hidden. A LID that contradicts the
    file is a warning on stderr, and changes nothing. PATH is a YAML file or a folder of YAML files; the default is
    groups.yaml.
    """
    from reconciler.cli.key_lists import target_keys
    from reconciler.cli.planning import load_desired
    from reconciler.editing.yaml_edit import require_unchanged

    desired = load_desired(path, global_options)
    keys = target_keys(targets, desired.groups) or tuple(group.key for group in desired.groups)
    all_matches, read = _read(desired, keys, global_options, people=people)
    matches = {key: all_matches[key] for key in keys}
    _warn_of_unmatched(matches)
    require_unchanged(path, desired.sources)
    ids = {key: match.listed.id for key, match in matches.items() if match.group.id is None and match.listed}
    _write_ids(path, ids, dry_run)
    if people:
        _warn_of_unread(matches, read)
        _write_lids(path, desired, [group for group in read.values() if group is not None], dry_run)
    return 0


def _read(
    desired: Desired, keys: Collection[str], global_options: GlobalOptions, *, people: bool
) -> tuple[Mapping[str, Match], Mapping[str, LiveGroup | None]]:
    """Match the keys with the live groups; for `people` also read these groups, with everybody in them, by id."""
    from reconciler.cli.progress import show_reading
    from reconciler.cli.session import Account, reading_session
    from reconciler.engine import match_live, read_matched

    with reading_session(global_options, Account.of(desired)) as session:
        if not (people and desired.people):
            return match_live(desired, session.client, keys)[1], {}
        with show_reading(global_options, session.throttle.seconds_to_wait) as on_read:
            return read_matched(desired, session.client, keys, parallelism=global_options.parallelism, on_read=on_read)


def _warn_of_unmatched(matches: Mapping[str, Match]) -> None:
    from reconciler.model.desired import State

    for key, match in sorted(matches.items()):
        if match.blocked:
            _warn(key, match.blocked.to_text(), match.blocked.code)
        elif match.listed is None and match.group.id is None and match.group.state is State.PRESENT:
            _warn(key, "it is not live yet; run `reconciler apply` first")


def _warn(key: str, reason: str, code: str | None = None) -> None:
    fields = {"group": key, "action": "pin", "status": "skipped", "code": code}
    log.warning("%s: not pinned: %s", key, reason, extra=fields)


def _write_ids(path: Path, ids: Mapping[str, str], dry_run: bool) -> None:
    """Write the ids into the file, or only print them in a dry run."""
    from reconciler.editing.pin import pin
    from reconciler.editing.yaml_edit import write_files

    if not ids:
        write("Nothing to pin: every live group has its id in the file.")
        return
    pins = pin(path, ids)
    for key, reason in sorted(pins.not_editable.items()):
        _warn(key, f"{reason}; add `id: {ids[key]}` yourself")
    pinned = sorted(ids.keys() - pins.not_editable.keys())
    if not pinned:
        return
    if dry_run:
        write("\n".join(f"would pin {key}: {ids[key]}" for key in pinned))
        return
    require_stdout()
    write_files(pins.files)
    write_after_success(
        "\n".join(f"pinned {key}: {ids[key]}" for key in pinned),
        f"the ids were written to {mask_and_escape(str(path))}",
    )


def _warn_of_unread(matches: Mapping[str, Match], read: Mapping[str, LiveGroup | None]) -> None:
    for key, match in sorted(matches.items()):
        if match.listed is not None and match.listed.id in read and read[match.listed.id] is None:
            log.warning("%s: not read: it disappeared while the groups were read", key)


def _write_lids(path: Path, desired: Desired, groups: Collection[LiveGroup], dry_run: bool) -> None:
    """Write the LIDs of people into the file, or only print them in a dry run."""
    from reconciler.editing.pin_people import find_lids, note_lids
    from reconciler.editing.yaml_edit import write_files

    seen = find_lids(desired, groups)
    for alias, reasons in sorted(seen.unclear.items()):
        for reason in reasons:
            log.warning("%s: LID not noted: %s", alias, reason)
    notes = note_lids(path, seen.new)
    for alias, reason in sorted(notes.not_editable.items()):
        log.warning("%s: LID not noted: %s", alias, reason)
    noted = sorted(seen.new.keys() - notes.not_editable.keys())
    verb = "would note" if dry_run else "noted"
    lines = [f"{verb} {mask_and_escape(alias)}: {seen.new[alias]}" for alias in noted]
    text = "\n".join([*lines, _summary(seen, len(desired.people), len(noted), verb)])
    if dry_run or not noted:
        write(text)
        return
    require_stdout()
    write_files(notes.files)
    write_after_success(text, f"the LIDs were written to {mask_and_escape(str(path))}")


def _summary(seen: SeenLids, people: int, noted: int, verb: str) -> str:
    """Return the counts, such as `noted the LID of 34 of 40 people; 6 show none`."""
    from reconciler.model.text import plural

    if people == 0:
        return "No LID to note: nobody is under `people`."
    by_hand = len(seen.new) - noted
    others = [
        plural(seen.known, "has theirs already", "have theirs already") if seen.known else "",
        plural(seen.unseen, "shows none", "show none") if seen.unseen else "",
        plural(len(seen.unclear), "is unclear", "are unclear") if seen.unclear else "",
        plural(by_hand, "has to be written by hand", "have to be written by hand") if by_hand else "",
    ]
    total = plural(people, "person", "people")
    head = f"{verb} the LID of {noted} of {total}" if noted else f"No LID to note for {total}"
    return f"{head}; {', '.join(filter(None, others))}".removesuffix("; ")
