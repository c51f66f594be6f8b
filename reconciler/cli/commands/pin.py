"""`reconciler pin`: write the ids of matched groups into the file."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import option, path_argument, show_phones_option
from reconciler.cli.output import require_stdout, write, write_after_success
from reconciler.errors import UsageError
from reconciler.sanitize.escape import for_display, mask_and_escape
from reconciler.sanitize.mask import mask_text

if TYPE_CHECKING:
    from reconciler.diff.match import Match

log = logging.getLogger("reconciler.pin")

EXAMPLE = """\
  reconciler pin groups.yaml && git diff groups.yaml"""


@command(EXAMPLE)
@path_argument
@option("--dry-run", is_flag=True, help="Print the ids instead of writing them.")
@show_phones_option
@pass_global_options
def pin(global_options: GlobalOptions, path: Path, dry_run: bool, show_phones: bool) -> int:
    """Write the ids of groups matched by name into the YAML; everything else in it stays as it is.

    A group with an id can be renamed safely. A group that matches more than one live group, or whose text cannot be
    edited, is listed with the reason; a group that is not live yet, on stderr. If no id is written because no group can
    be matched for sure, pin exits with 1. An early group's id begins with its creator's number, which is masked on the
    screen, not in the file. PATH is a YAML file or a folder of YAML files; the default is groups.yaml.
    """
    from reconciler.cli.planning import load_desired
    from reconciler.cli.session import Account, reading_session
    from reconciler.editing.pin import PinResult
    from reconciler.editing.pin import pin as pin_ids
    from reconciler.editing.yaml_edit import write_files
    from reconciler.engine import match_live

    desired = load_desired(path, global_options)
    with reading_session(global_options, Account.of(desired)) as session:
        _, matches = match_live(desired, session.client, {group.key for group in desired.groups})
    _warn_of_groups_to_come(matches)
    without_id = {key: match for key, match in sorted(matches.items()) if match.group.id is None}
    ids = {key: match.listed.id for key, match in without_id.items() if match.listed}
    unsure = {key: match.blocked.to_text() for key, match in without_id.items() if match.blocked}
    pins = pin_ids(path, ids) if ids else PinResult({}, {})
    pinned = {key: group_id for key, group_id in ids.items() if key not in pins.not_editable}
    by_hand = {key: f"{reason}; add `id: {ids[key]}` yourself" for key, reason in sorted(pins.not_editable.items())}
    text = "\n".join(_lines(pinned, {**unsure, **by_hand}, dry_run=dry_run, show_phones=show_phones))
    if dry_run or not pinned:
        write(text or "Nothing to pin: every live group has its id in the file.")
    else:
        require_stdout()
        write_files(pins.files)
        write_after_success(text, f"the ids were written to {mask_and_escape(str(path))}")
    if unsure and not pinned:
        several = "1 group" if len(unsure) == 1 else f"{len(unsure)} groups"
        raise UsageError(
            f"no id was written, because {several} could not be matched for sure",
            "set the right id as the group's `id` yourself",
        )
    return 0


def _warn_of_groups_to_come(matches: Mapping[str, Match]) -> None:
    from reconciler.model.desired import State

    for key, match in sorted(matches.items()):
        is_unknown = match.listed is None and match.blocked is None and match.group.id is None
        if is_unknown and match.group.state is State.PRESENT:
            log.warning("%s: not pinned: it is not live yet; run `reconciler apply` first", key)


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
