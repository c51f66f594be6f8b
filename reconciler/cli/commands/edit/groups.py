"""`reconciler edit rename`, `set` and `group`: groups in the configuration."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.completion import suggest_keys, suggest_people
from reconciler.cli.edit_outcome import edit_options, load_edit, write_edit
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import option

key_argument = click.argument("key", shell_complete=suggest_keys)


@command("  reconciler edit rename project-alpha 'Project Beta'")
@key_argument
@click.argument("name")
@edit_options
@pass_global_options
def rename(global_options: GlobalOptions, key: str, name: str, path: Path, dry_run: bool, show_phones: bool) -> int:
    """Rename a group.

    KEY is the group's key, which stays, and NAME the new name in WhatsApp. If the group has no `id`, the old name goes
    into `previously`, so that the live group is still found.
    """
    from reconciler.editing.config_edit import EditedConfig
    from reconciler.editing.edit_entries import rename

    edit = rename(load_edit(path, global_options), key, name)
    return write_edit(
        edit, global_options, check=EditedConfig.require_nobody_else, dry_run=dry_run, show_phones=show_phones
    )


@command(
    """\
  reconciler edit set project-alpha description 'Questions about Alpha'
  reconciler edit set project-alpha membership additive --dry-run""",
    name="set",
)
@key_argument
@click.argument("field")
@click.argument("value")
@edit_options
@pass_global_options
def set_(
    global_options: GlobalOptions,
    key: str,
    field: str,
    value: str,
    path: Path,
    dry_run: bool,
    show_phones: bool,
) -> int:
    """Set a field of a group.

    FIELD is one of description, id, invite, lookalikes, max_removals, membership, priority and state. An empty VALUE
    clears the description.
    """
    from reconciler.editing.config_edit import EditedConfig
    from reconciler.editing.edit_entries import set_field

    edit = set_field(load_edit(path, global_options), key, field, value)
    return write_edit(
        edit, global_options, check=EditedConfig.require_nobody_else, dry_run=dry_run, show_phones=show_phones
    )


@command("  reconciler edit group project-gamma --name 'Project Gamma' --member alice --member '+1 202 555 0144'")
@click.argument("key")
@option("--name", required=True, metavar="NAME", help="The group's name in WhatsApp.")
@option(
    "--member",
    "members",
    multiple=True,
    metavar="PERSON",
    shell_complete=suggest_people,
    help="A member: an alias, a name or a phone number; repeatable.",
)
@option("--file", metavar="FILE", help="Where PATH is a folder: its file for the group.")
@edit_options
@pass_global_options
def group(
    global_options: GlobalOptions,
    key: str,
    name: str,
    members: tuple[str, ...],
    file: str | None,
    path: Path,
    dry_run: bool,
    show_phones: bool,
) -> int:
    """Add a group.

    KEY is the handle of the new group on the command line and in reports. Without --member, its members are not
    managed.
    """
    from reconciler.editing.edit_entries import add_group
    from reconciler.editing.edit_members import find_person_entry

    edit = load_edit(path, global_options)
    people = [find_person_entry(word, edit) for word in members]
    edit = add_group(edit, key, name, people, file)
    return write_edit(
        edit,
        global_options,
        check=lambda edited: edited.require_nobody_else({person.identity for person in people}),
        dry_run=dry_run,
        show_phones=show_phones,
    )
