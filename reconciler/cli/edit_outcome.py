"""What `edit` and `adopt` do with a change: check what it makes, write it or commit it, and show the diff."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import FileType, option, show_phones_option, today
from reconciler.cli.output import require_stdout, write, write_after_success
from reconciler.errors import RevisionError, UsageError
from reconciler.model.text import plural
from reconciler.sanitize.escape import for_display, mask_and_escape

if TYPE_CHECKING:
    from reconciler.editing.config_edit import ConfigEdit, EditedConfig
    from reconciler.model.desired import Person

F = TypeVar("F", bound=Callable[..., Any])
log = logging.getLogger("reconciler.edit")
_MOST_MEMBERSHIPS = 20


def edit_options(function: F) -> F:
    """Add --path, --dry-run and --show-phones."""
    path = option(
        "--path",
        type=FileType("name a file or a folder", readable=False),
        default=Path("groups.yaml"),
        metavar="PATH",
        help="The YAML file to edit, or the folder of YAML files.",
    )
    dry_run = option("--dry-run", is_flag=True, help="Show the diff, and write nothing.")
    return path(dry_run(show_phones_option(function)))


def load_edit(path: Path, global_options: GlobalOptions) -> ConfigEdit:
    """Read the configuration to edit, and print its warnings."""
    from reconciler.cli.error_output import print_problems
    from reconciler.editing.config_edit import ConfigEdit

    edit = ConfigEdit.load(path, today())
    if edit.desired.warnings and not global_options.quiet:
        print_problems(edit.desired.warnings)
    return edit


def write_edit(
    edit: ConfigEdit,
    global_options: GlobalOptions,
    *,
    check: Callable[[EditedConfig], None],
    dry_run: bool,
    show_phones: bool,
) -> int:
    """Write the changed files and show the diff, or only show it; return the exit code.

    `check` raises for an edit that would not have its effect, or another one. Raise UsageError for one that would not
    be valid.
    """
    from reconciler.apply.lock import files_lock
    from reconciler.cli.error_output import print_problems
    from reconciler.editing.config_edit import PasteNeeded
    from reconciler.editing.yaml_edit import require_unchanged, write_files
    from reconciler.sanitize.yaml_text import yaml_lines

    try:
        edited = edit.result()
    except PasteNeeded as error:
        write("\n".join(yaml_lines(error.lines, show_phones=show_phones)))
        if not show_phones:
            error.hint += "; numbers are masked above, and --show-phones shows them in full"
        raise
    check(edited)
    new_warnings = [each for each in edited.after.warnings if each.message not in _messages(edit)]
    if new_warnings and not global_options.quiet:
        print_problems(new_warnings)
    if not edited.files:
        write(f"Nothing to change in {mask_and_escape(str(edit.path))}.")
        return 0
    text = "\n".join(_lines(edited, show_phones=show_phones))
    if dry_run:
        write(text)
        log.info("nothing was written, because this is a dry run")
        return 0
    require_stdout()
    with files_lock(edit.path):
        require_unchanged(edit.path, edit.desired.sources)
        write_files(edited.files)
    files = ", ".join(mask_and_escape(str(file)) for file in edited.files)
    write_after_success(text, f"{files} was written")
    return 0


def require_committed(path: Path) -> None:
    """Raise UsageError unless the configuration is in a git repository, all of it as in HEAD."""
    from reconciler.config.source_files import is_config_file
    from reconciler.history.git import has_uncommitted_changes

    try:
        is_changed = has_uncommitted_changes(path, is_config_file)
    except RevisionError as error:
        raise UsageError(f"--commit: {error.message}", "leave out --commit, or make the folder a repository") from None
    if is_changed:
        raise UsageError(f"{path} has changes that are not committed", "commit them, or leave out --commit")


def commit_edit(
    before: ConfigEdit,
    after: ConfigEdit,
    *,
    check: Callable[[EditedConfig], None],
    show_phones: bool,
) -> int:
    """Write the changed files with a git commit for each group, and show the diff; return the exit code.

    A group whose edit is refused is left out with a warning. `require_committed` was called before.
    """
    from reconciler.apply.lock import files_lock
    from reconciler.editing.edits_by_group import edits_by_group
    from reconciler.editing.yaml_edit import require_unchanged, write_files
    from reconciler.history.git import commit_files

    path = before.path
    parts = edits_by_group(before, after, check)
    for key, error in parts.refused:
        log.warning("%s: not adopted: %s", key, for_display(str(error), show_phones=show_phones))
    if not parts.edits:
        write(f"Nothing to change in {mask_and_escape(str(path))}.")
        return 0
    require_stdout()
    with files_lock(path):
        require_unchanged(path, before.desired.sources)
        for part in parts.edits:
            lines = [for_display(f"{'+' if comes else '-'} {who}", show_phones=False) for who, comes in part.people]
            write_files(part.files)
            commit_files(path, part.files, "\n".join([for_display(part.subject, show_phones=False), "", *lines, ""]))
    text = "\n".join(_lines(parts.edits[-1].edited, show_phones=show_phones))
    count = plural(len(parts.edits), "commit was", "commits were")
    write_after_success(text, f"{count} made")
    log.info("%s made", count)
    return 0


def _label(person: Person, *, renumbered: bool) -> str:
    """Return the alias or else the number; both of somebody who gets another number."""
    if person.alias is None:
        return person.identity
    return f"{person.alias} ({person.identity})" if renumbered else person.alias


def _messages(edit: ConfigEdit) -> set[str]:
    return {warning.message for warning in edit.desired.warnings}


def _lines(edited: EditedConfig, *, show_phones: bool) -> Iterator[str]:
    """Yield the diff, and whose membership of which group changes."""
    from reconciler.sanitize.yaml_text import yaml_diff

    for file, old, new in edited.texts:
        yield from yaml_diff(file, old, new, show_phones=show_phones)
    memberships = list(edited.memberships())
    times = Counter((key, person.alias) for key, person, _ in memberships)
    changes = [
        f"{'+' if comes else '-'} {key}: {_label(person, renumbered=times[key, person.alias] > 1)}"
        for key, person, comes in memberships
    ]
    if changes:
        yield ""
        yield from (for_display(line, show_phones=show_phones) for line in changes[:_MOST_MEMBERSHIPS])
    if len(changes) > _MOST_MEMBERSHIPS:
        yield f"and {len(changes) - _MOST_MEMBERSHIPS} more memberships"
