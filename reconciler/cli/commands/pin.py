"""`reconciler pin`: note the ids of matched groups in the file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.options import path_argument

if TYPE_CHECKING:
    from reconciler.diff.match import Match

log = logging.getLogger("reconciler.pin")

EXAMPLE = """\b
Example:
  reconciler pin groups.yaml && git diff groups.yaml"""


@click.command(cls=Command, epilog=EXAMPLE)
@path_argument
@click.option(
    "--dry-run", envvar="RECONCILER_DRY_RUN", is_flag=True, help="Say what would be noted; leave the file alone."
)
@add_global_options
@click.pass_context
def pin(ctx: click.Context, path: Path, dry_run: bool) -> int:
    """Write the ids of the groups found by name into the YAML, and change nothing else in it.

    With an id a group can be renamed safely. Groups that are not live yet, or not to be told apart, are named on
    stderr.
    """
    from reconciler.cli.log_setup import set_up_logging
    from reconciler.cli.planning import load_desired
    from reconciler.cli.session import Account, reading_session
    from reconciler.engine import match_live

    settings = set_up_logging(ctx)
    desired = load_desired(path, None, quiet=settings.quiet)
    with reading_session(settings, Account.of(desired)) as session:
        _, matches = match_live(desired, session.client, {group.key for group in desired.groups})
    _say_what_is_left(matches)
    ids = {key: match.listed.id for key, match in matches.items() if match.group.id is None and match.listed}
    _note(path, ids, dry_run)
    return 0


def _say_what_is_left(matches: Mapping[str, Match]) -> None:
    from reconciler.model.desired import State

    for key, match in sorted(matches.items()):
        if match.blocked:
            log.warning("%s: not pinned: %s", key, match.blocked)
        elif match.listed is None and match.group.id is None and match.group.state is State.PRESENT:
            log.warning("%s: not pinned: it is not live yet, apply first", key)


def _note(path: Path, ids: Mapping[str, str], dry_run: bool) -> None:
    """Write the ids to the groups' keys, unless it is to be said only what would be written."""
    from reconciler.cli.output import require_stdout, write, write_after_success
    from reconciler.config.pin import pin, write_files
    from reconciler.sanitize.escape import mask_and_escape

    if not ids:
        write("Nothing to pin: every group that is live has its id in the file.")
        return
    pins = pin(path, ids)
    for key, reason in sorted(pins.by_hand.items()):
        log.warning("%s: not pinned: %s; write `id: %s` into it by hand", key, reason, ids[key])
    done = sorted(ids.keys() - pins.by_hand.keys())
    if not done:
        return
    if dry_run:
        write("\n".join(f"would pin {key}: {ids[key]}" for key in done))
        return
    require_stdout()
    write_files(pins.files)
    write_after_success(
        "\n".join(f"pinned {key}: {ids[key]}" for key in done), f"{mask_and_escape(str(path))} has the ids all the same"
    )
