"""`reconciler people`: list everybody in the configuration."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.formats import PEOPLE_FORMATS
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import as_of_option, path_argument, result_options, show_phones_option
from reconciler.cli.output import require_distinct_files, write_rendered

EXAMPLE = """\
  reconciler people
  reconciler people groups/ --format csv --output people.csv
  reconciler people --as-of 2027-01-01 --format json"""


@command(EXAMPLE)
@path_argument
@result_options(PEOPLE_FORMATS)
@as_of_option
@show_phones_option
@pass_global_options
def people(
    global_options: GlobalOptions,
    path: Path,
    format_: str,
    output: Path | None,
    as_of: date | None,
    show_phones: bool,
) -> int:
    """List everybody in the configuration, with the file they come from, their teams and their groups. Works offline.

    PATH is a YAML file or a folder of YAML files; the default is groups.yaml. In CSV, a cell that would be a formula in
    a spreadsheet begins with an apostrophe.
    """
    from reconciler.cli.planning import load_desired, source_files
    from reconciler.config.loader import without_collector
    from reconciler.person.people_list import list_people

    with without_collector():
        desired = load_desired(path, global_options, as_of)
        require_distinct_files({"--output": output}, source_files(desired))
        write_rendered(PEOPLE_FORMATS[format_], list_people(desired), global_options, output, show_phones=show_phones)
    return 0
