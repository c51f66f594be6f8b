"""`reconciler history`: what each commit changed in the configuration, or who was wanted where on a day."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.completion import suggest_keys, suggest_people
from reconciler.cli.formats import HISTORY_FORMATS, WANTED_FORMATS
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import file_option, option, path_argument, result_options, show_phones_option
from reconciler.cli.output import require_distinct_files, write_rendered
from reconciler.cli.timelines import History, MomentType, record_history
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from reconciler.model.identity import Identity

EXAMPLE = """\
  reconciler history
  reconciler history --person alice --since 2026-01-01
  reconciler history groups/ --group project-alpha --format markdown
  reconciler history --at 2026-06-30 --format csv --output members.csv
  reconciler history --applied audit.jsonl --applied report.json"""


@command(EXAMPLE)
@path_argument
@option("--person", shell_complete=suggest_people, help="Show only this person: an alias, a name or a number.")
@option("--group", metavar="KEY", shell_complete=suggest_keys, help="Show only this group, through all of its keys.")
@option("--since", type=MomentType(), metavar="DATE|REF", help="Begin with this day or commit, which is included.")
@option("--until", type=MomentType(), metavar="DATE|REF", help="End with this day or commit, which is included.")
@option("--at", type=MomentType(), metavar="DATE|REF", help="Show who was wanted where on this day or by this commit.")
@file_option("--applied", multiple=True, help="Show when each change took effect: an audit log, or a report of apply.")
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
    """Show what each commit changed in the configuration: who came and went, where, by whom and why.

    PATH is a file or a folder in a git repository; the default is groups.yaml. Follows the first parents of HEAD, and
    earlier names of the file. Dates are those of the commits, in UTC. Works offline, without an API key.
    """
    require_distinct_files({"--output": output}, (path, *applied))
    if at is not None:
        others = {"--since": since, "--until": until, "--applied": applied}
        if given := [name for name, value in others.items() if value]:
            raise UsageError(f"--at cannot be combined with {' and '.join(given)}", "--at shows one day")
        wanted = _wanted_at(path, at, person, group)
        write_rendered(WANTED_FORMATS[format_], wanted, global_options, output, show_phones=show_phones)
        return 0
    timeline = _timeline(path, person, group, since, until, applied)
    write_rendered(HISTORY_FORMATS[format_], timeline, global_options, output, show_phones=show_phones)
    return 0


def _timeline(
    path: Path,
    person: str | None,
    group: str | None,
    since: date | str | None,
    until: date | str | None,
    applied: tuple[Path, ...],
) -> Timeline:
    from reconciler.timeline.applied import read_calls, with_effects
    from reconciler.timeline.events import day_after, select_entries
    from reconciler.timeline.model import Timeline

    calls = [call for file in applied for call in read_calls(str(file), _text_of(file))]
    history = record_history(path, until)
    if applied:
        history.recorder.entries[:] = with_effects(history.recorder.entries, calls)
    entries = select_entries(
        history.recorder,
        people=_people(history, person),
        key=_known_key(history, group),
        since=_beginning(history, since),
        until=day_after(until) if isinstance(until, date) else None,
    )
    return Timeline(path=str(path), tip=history.line.tip, entries=entries, truncated=history.line.truncated)
