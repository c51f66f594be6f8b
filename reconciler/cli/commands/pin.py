"""`reconciler pin`: write the ids of matched groups into the file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import option, path_argument
from reconciler.cli.output import require_stdout, write, write_after_success
from reconciler.sanitize.escape import mask_and_escape

if TYPE_CHECKING:
    from reconciler.diff.match import Match

log = logging.getLogger("reconciler.pin")

EXAMPLE = """\
  reconciler pin groups.yaml && git diff groups.yaml"""


@command(EXAMPLE)
@path_argument
@option("--dry-run", is_flag=True, help="Print the ids instead of writing them.")
@pass_global_options
def pin(global_options: GlobalOptions, path: Path, dry_run: bool) -> int:
    """Write the ids of groups matched by name into the YAML; everything else in it stays as it is.

    A group with an id can be renamed safely. Groups that are not live yet, or that match more than one live group,
    are listed on stderr. PATH is a YAML file or a folder of YAML files; the default is groups.yaml.
    """
    from reconciler.cli.planning import load_desired
    from reconciler.cli.session import Account, reading_session
    from reconciler.engine import match_live

    desired = load_desired(path, global_options)
    with reading_session(global_options, Account.of(desired)) as session:
        _, matches = match_live(desired, session.client, {group.key for group in desired.groups})
    _warn_of_unmatched(matches)
    ids = {key: match.listed.id for key, match in matches.items() if match.group.id is None and match.listed}
    _write_ids(path, ids, dry_run)
    return 0


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
