"""`reconciler pin`: write the ids of matched groups, and the LIDs of people, into the file."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.logs import is_json
from reconciler.cli.options import keys_option, option, path_argument, show_phones_option
from reconciler.cli.output import require_stdout, write, write_after_success
from reconciler.errors import UsageError
from reconciler.sanitize.escape import for_display, mask_and_escape
from reconciler.sanitize.mask import mask_text

if TYPE_CHECKING:
    from reconciler.diff.match import Match
    from reconciler.editing.pin_people import SeenLids
    from reconciler.model.desired import Desired
    from reconciler.model.live import LiveGroup, ReadGroup

log = logging.getLogger("reconciler.pin")

EXAMPLE = """\
  reconciler pin groups.yaml && git diff groups.yaml
  reconciler pin --people --dry-run"""


@command(EXAMPLE)
@path_argument
@option("--dry-run", is_flag=True, help="Print what would be written instead of writing it.")
@keys_option("--target", "targets", help="Only these groups: the same forms as for `plan`.")
@option("--people", is_flag=True, help="Write the LIDs of the people under `people`, too; this reads each group.")
@show_phones_option
@pass_global_options
def pin(
    global_options: GlobalOptions,
    path: Path,
    people: bool,
    targets: tuple[str, ...],
    dry_run: bool,
    show_phones: bool,
) -> int:
    """Write the ids of groups matched by name into the YAML; everything else in it stays as it is.

    A group with an id can be renamed safely. A group that matches more than one live group, or whose text cannot be
    edited, is listed with the reason; a group whose name no live group has, on stderr. If no id is written because no
    group can be matched for sure, pin exits with 1. An early group's id begins with its creator's number, which is
    masked on the screen, not in the file. With --people, everybody under `people` who shows a number and a private id
    (LID) in a live group of the file gets that `lid`, so that they stay known when their number is hidden. A LID that
    contradicts the file is a warning on stderr, and changes nothing. PATH is a YAML file or a folder of YAML files; the
    default is groups.yaml.
    """
    from reconciler.apply.lock import files_lock
    from reconciler.cli.key_lists import target_keys
    from reconciler.cli.planning import load_desired
    from reconciler.editing.yaml_edit import require_unchanged
    from reconciler.model.text import plural

    desired = load_desired(path, global_options)
    keys = target_keys(targets, desired.groups) or tuple(group.key for group in desired.groups)
    all_matches, read = _read(desired, keys, global_options, people=people)
    matches = {key: all_matches[key] for key in keys}
    _warn_of_groups_to_come(matches)
    noted = 0
    with files_lock(path):
        require_unchanged(path, desired.sources)
        unsure = _write_ids(path, matches, dry_run=dry_run, show_phones=show_phones)
        if people:
            _warn_of_unread(matches, read)
            noted = _write_lids(path, desired, _groups_read(read), dry_run)
    if unsure and not noted:
        raise UsageError(
            f"no id was written, because {plural(unsure, 'group')} could not be matched for sure",
            "set the right id as the group's `id` yourself",
        )
    return 0


def _read(
    desired: Desired, keys: Collection[str], global_options: GlobalOptions, *, people: bool
) -> tuple[Mapping[str, Match], Mapping[str, ReadGroup]]:
    """Match the keys with the live groups; for `people` also read these groups, with everybody in them, by id."""
    from reconciler.cli.progress import show_reading
    from reconciler.cli.session import Account, reading_session
    from reconciler.engine import match_live, read_matched

    with reading_session(global_options, Account.of(desired)) as session:
        if not (people and desired.people):
            return match_live(desired, session.client, keys)[1], {}
        with show_reading(global_options, session.throttle.seconds_to_wait) as on_read:
            return read_matched(desired, session.client, keys, parallelism=global_options.parallelism, on_read=on_read)


def _warn_of_groups_to_come(matches: Mapping[str, Match]) -> None:
    from reconciler.model.desired import State

    for key, match in sorted(matches.items()):
        is_unknown = match.listed is None and match.blocked is None and match.group.id is None
        if is_unknown and match.group.state is State.PRESENT:
            _warn(key, "no live group has its name; `reconciler plan` shows whether another one may be it")


def _warn(key: str, reason: str, code: str | None = None) -> None:
    fields = {"group": key, "action": "pin", "status": "skipped", "code": code}
    log.warning("%s: not pinned: %s", key, reason, extra=fields)


def _write_ids(path: Path, matches: Mapping[str, Match], *, dry_run: bool, show_phones: bool) -> int:
    """Write the ids into the file, or only print them in a dry run.

    Return how many groups could not be matched for sure, 0 if there are ids of others.
    """
    from reconciler.editing.pin import pin
    from reconciler.editing.yaml_edit import EditResult, write_files

    without_id = {key: match for key, match in sorted(matches.items()) if match.group.id is None}
    ids = {key: match.listed.id for key, match in without_id.items() if match.listed}
    unsure = {key: match.blocked.to_text() for key, match in without_id.items() if match.blocked}
    pins = pin(path, ids) if ids else EditResult({}, {})
    pinned = {key: group_id for key, group_id in ids.items() if key not in pins.not_editable}
    by_hand = {key: f"{reason}; add `id: {ids[key]}` yourself" for key, reason in sorted(pins.not_editable.items())}
    if is_json():  # a collector reads no stdout
        for key, reason in {**unsure, **by_hand}.items():
            blocked = without_id[key].blocked
            _warn(key, reason, blocked.code if blocked else None)
    text = "\n".join(_lines(pinned, {**unsure, **by_hand}, dry_run=dry_run, show_phones=show_phones))
    if dry_run or not pinned:
        write(text or _nothing_to_pin(len(without_id)))
    else:
        require_stdout()
        write_files(pins.files)
        write_after_success(text, f"the ids were written to {mask_and_escape(str(path))}")
    return 0 if pinned else len(unsure)


def _nothing_to_pin(without_id: int) -> str:
    from reconciler.model.text import plural

    if not without_id:
        return "Nothing to pin: every live group has its id in the file."
    return f"Nothing to pin: no live group has the name of {plural(without_id, 'group')} without an id."


def _lines(
    pinned: Mapping[str, str], not_pinned: Mapping[str, str], *, dry_run: bool, show_phones: bool
) -> Iterator[str]:
    """Yield a line for each group, and how to see an id whose number is masked."""
    lines = [f"{'would pin' if dry_run else 'pinned'} {key}: {group_id}" for key, group_id in pinned.items()]
    lines += [f"{key}: not pinned: {reason}" for key, reason in not_pinned.items()]
    yield from (for_display(line, show_phones=show_phones) for line in lines)
    texts = (*pinned.values(), *not_pinned.values())
    if not show_phones and any(mask_text(text) != text for text in texts):
        yield "--show-phones shows the masked ids in full"


def _warn_of_unread(matches: Mapping[str, Match], read: Mapping[str, ReadGroup]) -> None:
    from reconciler.errors import InvalidResponse

    for key, match in sorted(matches.items()):
        if match.listed is None or match.listed.id not in read:
            continue
        group = read[match.listed.id]
        if group is None:
            log.warning("%s: not read: it disappeared while the groups were read", key)
        elif isinstance(group, InvalidResponse):
            log.warning("%s: not read: %s", key, group.summary())


def _groups_read(read: Mapping[str, ReadGroup]) -> list[LiveGroup]:
    from reconciler.model.live import LiveGroup

    return [group for group in read.values() if isinstance(group, LiveGroup)]


def _write_lids(path: Path, desired: Desired, groups: Collection[LiveGroup], dry_run: bool) -> int:
    """Write the LIDs of people into the file, or only print them in a dry run; return how many."""
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
        return len(noted)
    require_stdout()
    write_files(notes.files)
    write_after_success(text, f"the LIDs were written to {mask_and_escape(str(path))}")
    return len(noted)


def _summary(seen: SeenLids, people: int, noted: int, verb: str) -> str:
    """Return the counts, such as `noted the LID of 34 of 40 people; 6 show none`."""
    from reconciler.model.text import plural

    if people == 0:
        return "No LID to note: nobody is under `people`."
    by_hand = len(seen.new) - noted
    others = [
        plural(seen.known, "has theirs already", "have theirs already") if seen.known else "",
        plural(seen.unseen, "shows none in a live group", "show none in a live group") if seen.unseen else "",
        plural(len(seen.unclear), "is unclear", "are unclear") if seen.unclear else "",
        plural(by_hand, "has to be written by hand", "have to be written by hand") if by_hand else "",
    ]
    total = plural(people, "person", "people")
    told = ", ".join(filter(None, others))
    if not noted:
        return f"No LID to note: of {total}, {told}"
    return f"{verb} the LID of {noted} of {total}; {told}".removesuffix("; ")
