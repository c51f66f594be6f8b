"""`reconciler edit`: change the configuration without writing YAML. What commands share, and the form of an issue."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from reconciler.cli.command import LazyGroup, pass_global_options
from reconciler.cli.edit_outcome import edit_options, load_edit, write_edit
from reconciler.cli.global_options import GlobalOptions, add_global_options
from reconciler.cli.logs import enter_command
from reconciler.cli.options import file_option
from reconciler.errors import UsageError

EXAMPLE = """\b
Example:
  reconciler edit add alice bob --to project-alpha --until 2026-12-31
  reconciler edit remove carol --everywhere --forget --dry-run
  reconciler edit --form issue.md"""

COMMANDS = {
    "add": ("reconciler.cli.commands.edit.people:add", "Add people to groups."),
    "remove": ("reconciler.cli.commands.edit.people:remove", "Remove people from groups, teams or everything."),
    "person": ("reconciler.cli.commands.edit.people:person", "Change the number or the name of a person."),
    "rename": ("reconciler.cli.commands.edit.groups:rename", "Rename a group."),
    "set": ("reconciler.cli.commands.edit.groups:set_", "Set a field of a group."),
    "group": ("reconciler.cli.commands.edit.groups:group", "Add a group."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, epilog=EXAMPLE, invoke_without_command=True)
@file_option("--form", help="Add or remove the person that this file asks for: the body of an issue from a form.")
@edit_options
@add_global_options
@click.pass_context
@pass_global_options
def edit(
    global_options: GlobalOptions,
    context: click.Context,
    form: Path | None,
    path: Path,
    dry_run: bool,
    show_phones: bool,
) -> int:
    """Change the configuration; every other byte of the files stays, and the diff is printed.

    The result is read again before it is written: it must be valid, respect the `restrictions`, and mean the change and
    nothing else. All files are written, or none. Works offline, without an API key. Options such as --path come after
    the name of the command. --form reads the headings Action (Add or Remove), Person, Phone number, Groups, Until and
    Reason; it can only add or remove people.
    """
    if context.invoked_subcommand is not None:
        _require_no_options(context, context.invoked_subcommand)
        return 0
    if form is None:
        raise click.exceptions.NoArgsIsHelpError(context)
    from reconciler.editing.edit_members import Terms, require_effect
    from reconciler.editing.issue_form import ASK, MAX_CHARACTERS, FormError, apply_form, read_form

    enter_command("edit")
    try:
        with form.open("rb") as stream:
            text = stream.read(4 * MAX_CHARACTERS + 1).decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {form}: {error.strerror}", "name the file with the issue's body") from None
    except UnicodeDecodeError:
        raise UsageError(f"{form} is not UTF-8 text", "name the file with the issue's body") from None
    request = read_form(text)
    try:
        edited, someone = apply_form(load_edit(path, global_options), request)
        terms = None if request.removes else Terms(request.until, request.reason)
        return write_edit(
            edited,
            global_options,
            check=lambda result: require_effect(result, [someone], request.groups, terms),
            dry_run=dry_run,
            show_phones=show_phones,
        )
    except FormError:
        raise
    except UsageError as error:
        raise UsageError(error.message, ASK) from None


def _require_no_options(context: click.Context, command: str) -> None:
    """Raise UsageError for an option before the name of a command, which would not see it."""
    names = {"form": "--form", "path": "--path", "dry_run": "--dry-run", "show_phones": "--show-phones"}
    for name, flag in names.items():
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            hint = "leave out one of the two" if flag == "--form" else f"write it after {command!r}"
            raise UsageError(f"{flag} is before the command {command!r}", hint)
