"""Pinning from end to end: list, match by name, edit the file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from reconciler.cli.loading import load_desired
from reconciler.cli.options import Settings
from reconciler.cli.session import Account, reading_session
from reconciler.cli.writing import show
from reconciler.config.pinning import pin, write_files
from reconciler.diff.match import Match
from reconciler.model.desired import State
from reconciler.pipeline import match_live

log = logging.getLogger("reconciler.pin")


def pin_file(path: Path, settings: Settings, *, dry_run: bool) -> int:
    """Note the id of every group that was found by a name; the exit code."""
    desired = load_desired(path, None, quiet=settings.quiet)
    with reading_session(settings, Account.of(desired)) as session:
        matches = match_live(desired, session.client)
    ids = {key: match.listed.id for key, match in matches.items() if match.group.id is None and match.listed}
    _say_what_is_left(matches)
    if not ids:
        show("Nothing to pin: every group that is live has its id in the file.")
        return 0
    pins = pin(path, ids)
    for key, reason in sorted(pins.by_hand.items()):
        log.warning("%s: not pinned: %s; write `id: %s` into it by hand", key, reason, ids[key])
    if not dry_run:
        write_files(pins.files)
    verb = "would pin" if dry_run else "pinned"
    if done := sorted(ids.keys() - pins.by_hand.keys()):
        show("\n".join(f"{verb} {key}: {ids[key]}" for key in done))
    return 0


def _say_what_is_left(matches: Mapping[str, Match]) -> None:
    for key, match in sorted(matches.items()):
        if match.blocked:
            log.warning("%s: not pinned: %s", key, match.blocked)
        elif match.listed is None and match.group.id is None and match.group.state is State.PRESENT:
            log.warning("%s: not pinned: it is not live yet, apply first", key)
