"""`reconciler edit add`, `remove` and `person`: people in the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.completion import suggest_people
from reconciler.cli.edit_outcome import edit_options, load_edit, write_edit
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import DateType, keys_option, option
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.editing.config_edit import ConfigEdit, EditedConfig
    from reconciler.editing.edit_members import PersonEntry

people_argument = click.argument("people", nargs=-1, required=True, metavar="PERSON...", shell_complete=suggest_people)
file_choice = option("--file", metavar="FILE", help="Where PATH is a folder: its file for a new entry.")


@command(
    """\
  reconciler edit add alice --to project-alpha,sales-emea
  reconciler edit add '+1 202 555 0144' --as bob --name 'Bob Marsh' --to project-alpha
  reconciler edit add bob --to project-alpha --until 2026-12-31 --reason contractor --dry-run"""
)
@people_argument
@keys_option("--to", "keys", required=True, help="The groups: the same forms as --target of `plan`.")
@option("--until", type=DateType(), metavar="DATE", help="The last day of the membership (UTC); else it has no end.")
@option("--reason", metavar="TEXT", help="Why they are members, or why only until that day.")
@option("--as", "alias", metavar="ALIAS", help="Give the person, a number, this alias under `people`.")
@option("--name", metavar="NAME", help="The person's name, with --as.")
@file_choice
@edit_options
@pass_global_options
def add(
    global_options: GlobalOptions,
    people: tuple[str, ...],
    keys: tuple[str, ...],
    until: date | None,
    reason: str | None,
    alias: str | None,
    name: str | None,
    file: str | None,
    path: Path,
    dry_run: bool,
    show_phones: bool,
) -> int:
    """Add people to groups.

    PERSON is an alias or a name in the configuration, or a phone number. An entry is an alias where there is one.
    Somebody who is a member gets the new terms: without --until, a last day that they had goes. Somebody whose
    membership has ended is a member again. A group whose members are not managed is refused, because a list of one
    person would remove all others.
    """
    from reconciler.editing.edit_entries import add_person
    from reconciler.editing.edit_members import PersonEntry, Terms, add_people, require_effect

    if name is not None and alias is None:
        raise UsageError("--name needs --as", "give an alias too")
    if alias is not None and len(people) > 1:
        raise UsageError("--as gives an alias to one person", "name one person")
    if file is not None and alias is None:
        raise UsageError("--file needs --as", "a membership goes into the file of its group")
    edit = load_edit(path, global_options)
    groups = _keys("--to", keys, edit)
    found = _people(people, edit)
    if alias is not None:
        edit = add_person(edit, alias, name, found[0], file)
        found = [PersonEntry(found[0].identity, alias)]
    terms = Terms(until, reason)
    return write_edit(
        add_people(edit, found, groups, terms),
        global_options,
        check=lambda edited: require_effect(edited, found, groups, terms),
        dry_run=dry_run,
        show_phones=show_phones,
    )


@command(
    """\
  reconciler edit remove bob --from project-alpha
  reconciler edit remove bob --from project-alpha --except
  reconciler edit remove bob --everywhere --forget"""
)
@people_argument
@keys_option("--from", "keys", envvar="RECONCILER_FROM_GROUP", help="The groups: the same forms as --target of `plan`.")
@option("--from-team", "teams", multiple=True, metavar="TEAM", help="Remove them from this team, too; repeatable.")
@option("--except", "excepting", is_flag=True, help="List those who are in through a team under the group's `except`.")
@option("--everywhere", is_flag=True, help="Remove them from every group and team, and from `defaults`.")
@option("--forget", is_flag=True, help="With --everywhere: remove them from `people`, `absent` and `policy`, too.")
@option("--yes", is_flag=True, help="With --forget: also if they are in `policy.protected`.")
@edit_options
@pass_global_options
def remove(
    global_options: GlobalOptions,
    people: tuple[str, ...],
    keys: tuple[str, ...],
    teams: tuple[str, ...],
    excepting: bool,
    everywhere: bool,
    forget: bool,
    yes: bool,
    path: Path,
    dry_run: bool,
    show_phones: bool,
) -> int:
    """Remove people from groups, from teams, or from everything.

    Somebody who is in a group through a team would stay in it. Then the command names the teams, and writes nothing:
    pass --from-team or --except. --everywhere leaves `absent` and `policy` as they are; --forget does not.
    """
    from reconciler.editing import edit_members

    _check_removal(keys, teams, excepting=excepting, everywhere=everywhere, forget=forget)
    edit = load_edit(path, global_options)
    groups = _keys("--from", keys, edit)
    found = _people(people, edit)
    for person in found:
        edit_members.require_known(edit, person)
    if everywhere:
        groups = [group.key for group in edit.desired.groups]
        for person in found:
            edit = edit_members.remove_everywhere(edit, person)
            if forget:
                edit = edit_members.forget(edit, person, protected_too=yes)
    else:
        edit = edit_members.remove_from_teams(edit, found, teams)
        edit = edit_members.remove_people(edit, found, groups, excepting=excepting)
    return write_edit(
        edit,
        global_options,
        check=lambda edited: edit_members.require_effect(edited, found, groups, None),
        dry_run=dry_run,
        show_phones=show_phones,
    )


def _check_removal(
    keys: Sequence[str], teams: Sequence[str], *, excepting: bool, everywhere: bool, forget: bool
) -> None:
    """Raise UsageError for options that do not go together."""
    if everywhere and (keys or teams or excepting):
        raise UsageError("--everywhere does not go with --from, --from-team and --except", "give only one of them")
    if not (everywhere or keys or teams):
        raise UsageError("from where is not given", "name groups with --from, teams with --from-team, or --everywhere")
    if forget and not everywhere:
        raise UsageError("--forget needs --everywhere", "add it")
    if excepting and not keys:
        raise UsageError("--except needs --from", "name the group")


@command(
    """\
  reconciler edit person bob --phone '+1 202 555 0147'
  reconciler edit person bob --name 'Robert Marsh'"""
)
@click.argument("alias", shell_complete=suggest_people)
# `import` has a --phone, too: the account's own number.
@option("--phone", metavar="NUMBER", envvar="RECONCILER_NEW_PHONE", help="The new number; an old `lid` is removed.")
@option("--name", metavar="NAME", help="The new name.")
@edit_options
@pass_global_options
def person(
    global_options: GlobalOptions,
    alias: str,
    phone: str | None,
    name: str | None,
    path: Path,
    dry_run: bool,
    show_phones: bool,
) -> int:
    """Change the number or the name of a person.

    ALIAS is an alias under `people`. The aliases in groups and teams stay. A new number also replaces the old one in
    every list that has the person by number.
    """
    from reconciler.editing.edit_entries import set_person

    if phone is None and name is None:
        raise UsageError("nothing to change is given", "give --phone or --name")
    edit = set_person(load_edit(path, global_options), alias, phone, name)

    def require_nobody_else(edited: EditedConfig) -> None:
        everybody = (*edited.before.people.values(), *edited.after.people.values())
        edited.require_nobody_else({person.identity for person in everybody if alias in person.aliases})

    return write_edit(edit, global_options, check=require_nobody_else, dry_run=dry_run, show_phones=show_phones)


def _keys(name: str, words: tuple[str, ...], edit: ConfigEdit) -> Sequence[str]:
    """Return the keys of groups that an option names; raise UsageError if there are words, and none names a group."""
    from reconciler.cli.key_lists import read_keys

    keys = read_keys(name, words, edit.desired.groups)
    if words and not keys:
        raise UsageError(f"{name} names no group", "give the key of a group")
    return keys


def _people(words: Sequence[str], edit: ConfigEdit) -> list[PersonEntry]:
    from reconciler.editing.edit_members import find_person_entry

    return [find_person_entry(word, edit) for word in words]
