"""`reconciler history`: what each commit changed in the configuration, or who was in which group on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.completion import suggest_keys, suggest_people
from reconciler.cli.formats import HISTORY_FORMATS, MEMBERS_FORMATS
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import MomentType, file_option, option, path_argument, result_options, show_phones_option
from reconciler.cli.output import require_distinct_files, write_rendered
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.timeline.applied import Call
    from reconciler.timeline.model import MembersOnDay, Timeline

EXAMPLE = """\
  reconciler history
  reconciler history --person alice --since 2026-01-01
  reconciler history groups/ --group project-alpha --format markdown
  reconciler history --at 2026-06-30 --format csv --output members.csv
  reconciler history --applied audit.jsonl --applied report.json"""


@command(EXAMPLE)
@path_argument
@option(
    "--person", metavar="PERSON", shell_complete=suggest_people, help="Show only this person: an alias, name or number."
)
@option("--group", metavar="KEY", shell_complete=suggest_keys, help="Show only this group, through all of its keys.")
@option("--since", type=MomentType(), metavar="DATE|REF", help="Begin with this day or commit, which is included.")
@option("--until", type=MomentType(), metavar="DATE|REF", help="End with this day or commit, which is included.")
@option(
    "--at", type=MomentType(), metavar="DATE|REF", help="Show who was in which group on this day, or by this commit."
)
@file_option(
    "--applied", multiple=True, help="Show when each change took effect: an audit log or a report of apply; repeatable."
)
@result_options(HISTORY_FORMATS)
@show_phones_option
@pass_global_options
def history(
    global_options: GlobalOptions,
    path: Path,
    person: str | None,
    group: str | None,
    since: date | str | None,
    until: date | str | None,
    at: date | str | None,
    applied: tuple[Path, ...],
    format_: str,
    output: Path | None,
    show_phones: bool,
) -> int:
    """Show what each commit changed in the configuration: who came and went, where, by which author and why.

    PATH is a file or a folder in a git repository; the default is groups.yaml. Follows the first parents of HEAD, and
    earlier names of the file. Dates are those of the commits, in UTC. Works offline, without an API key.
    """
    require_distinct_files({"--output": output}, (path, *applied))
    if at is None:
        timeline = _timeline(path, person, group, (since, until), _read_calls(applied) if applied else None)
        write_rendered(HISTORY_FORMATS[format_], timeline, global_options, output, show_phones=show_phones)
        return 0
    others = {"--since": since, "--until": until, "--applied": applied}
    if given := [name for name, value in others.items() if value]:
        raise UsageError(f"--at cannot be combined with {' and '.join(given)}", "--at shows one day")
    members = _members_at(path, person, group, at)
    write_rendered(MEMBERS_FORMATS[format_], members, global_options, output, show_phones=show_phones)
    return 0


def _timeline(
    path: Path,
    person: str | None,
    group: str | None,
    between: tuple[date | str | None, date | str | None],
    calls: Sequence[Call] | None,
) -> Timeline:
    from reconciler.cli.timelines import find_key, find_people, record_history
    from reconciler.timeline.applied import with_effects
    from reconciler.timeline.model import Timeline
    from reconciler.timeline.selection import day_after, select_entries

    since, until = between
    found = record_history(path, until)
    if calls is not None:
        found.recorder.entries[:] = with_effects(found.recorder.entries, calls)
    entries = select_entries(
        found.recorder,
        people=None if person is None else find_people(found.recorder, person),
        key=None if group is None else find_key(found.recorder, group),
        since=None if since is None else found.beginning(since),
        until=day_after(until) if isinstance(until, date) else None,
    )
    return Timeline(path=str(path), tip=found.line.tip, entries=entries, truncated=found.line.truncated)


def _members_at(path: Path, person: str | None, group: str | None, at: date | str) -> MembersOnDay:
    from reconciler.cli.timelines import find_key, find_people, record_history
    from reconciler.timeline.model import MembersOnDay
    from reconciler.timeline.selection import narrow

    found = record_history(path, at)
    recorder = found.recorder
    people = None if person is None else find_people(recorder, person)
    numbers = None if group is None else recorder.numbers_of(find_key(recorder, group))
    return MembersOnDay(
        path=str(path),
        day=at if isinstance(at, date) else found.moment_of(at).date(),
        commit=recorder.commit,
        groups=narrow(recorder.members(numbers), people),
        truncated=found.line.truncated,
        invalid=recorder.invalid,
    )


def _read_calls(files: Sequence[Path]) -> list[Call]:
    from reconciler.cli.spent import read_log
    from reconciler.timeline.applied import calls_of

    calls: list[Call] = []
    for file in files:
        calls += calls_of(str(file), read_log(file))
    return calls
