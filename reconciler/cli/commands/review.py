"""`reconciler review`: every membership as a list to be confirmed."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.formats import REVIEW_FORMATS
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import file_option, option, path_argument, result_options, show_phones_option, today
from reconciler.cli.output import require_distinct_files, write_rendered
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.cli.timelines import History

EXAMPLE = """\
  reconciler review
  reconciler review groups/ --owner-map .github/CODEOWNERS --external contractors --format markdown
  reconciler review --format csv --output review.csv"""


@command(EXAMPLE)
@path_argument
@file_option("--owner-map", help="Group the list by the owners of each group's file, from this CODEOWNERS.")
@option("--external", multiple=True, metavar="TEAM", help="People of this team are from outside; repeatable.")
@result_options(REVIEW_FORMATS)
@show_phones_option
@pass_global_options
def review(
    global_options: GlobalOptions,
    path: Path,
    owner_map: Path | None,
    external: tuple[str, ...],
    format_: str,
    output: Path | None,
    show_phones: bool,
) -> int:
    """List who is in which group, since when and until when, to be confirmed; the greatest risk comes first.

    First are people who are external and never leave, then other memberships without an `until`, then external ones;
    among these, those that nobody confirmed for the longest time. A commit with the line `Reviewed: KEY@DATE` at the
    end of its message confirms a group. PATH is a file or a folder in a git repository. Works offline.
    """
    from reconciler.cli.revisions import desired_at, resolve_revision
    from reconciler.cli.timelines import record_history
    from reconciler.config.problem_collector import did_you_mean, quote_value
    from reconciler.model.desired import Desired
    from reconciler.timeline.review import OwnerMap, Review, review_lines

    require_distinct_files({"--output": output}, (path, owner_map))
    owners = None if owner_map is None else OwnerMap.parse(_text_of(owner_map))
    day = today()
    found = record_history(path)
    desired = desired_at(path, resolve_revision(path, "HEAD"), day) or Desired()
    teams = desired.origins.get("teams", {})
    for team in external:
        if team not in teams:
            hint = did_you_mean(team, teams) or "name a team of the configuration"
            raise UsageError(f"--external: there is no team {quote_value(team)}", hint)
    files = desired.origins.get("groups", {}) if owners is not None else {}
    lines = review_lines(
        found.recorder.members(),
        _reviews(found, day),
        {key: owners.owners_of(found.line.place_of(file)) for key, file in files.items()} if owners else {},
        external,
    )
    result = Review(path=str(path), day=day, lines=lines, has_owners=owners is not None, truncated=found.line.truncated)
    write_rendered(REVIEW_FORMATS[format_], result, global_options, output, show_phones=show_phones)
    return 0


def _reviews(found: History, day: date) -> dict[str, set[date]]:
    """Return the days on which each group was confirmed, by its key of today; a day to come confirms nothing."""
    from reconciler.history.line import read_messages
    from reconciler.timeline.commits import reviews_of

    days: dict[str, set[date]] = defaultdict(set)
    for message in read_messages(found.line.git, found.line.tip, "Reviewed:"):
        for key, reviewed in reviews_of(message):
            if reviewed <= day:
                days[key].add(reviewed)
    # A review of a group under an earlier key counts, too.
    reviews: dict[str, set[date]] = defaultdict(set)
    for keys in found.recorder.keys.values():
        for key in keys:
            reviews[key].update(*(days.get(each, ()) for each in keys))
    return reviews


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
