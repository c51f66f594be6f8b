"""`reconciler test`: run the tests of the file's rules, offline."""

from __future__ import annotations

from pathlib import Path

from reconciler.cli.command import command
from reconciler.cli.formats import PROBLEM_FORMATS
from reconciler.cli.options import path_argument, result_options, show_phones_option, today
from reconciler.cli.output import require_distinct_files, write
from reconciler.errors import ConfigError, ExitCode

EXAMPLE = """\
  reconciler test groups.yaml
  reconciler test groups/ --format github"""


@command(EXAMPLE)
@path_argument
@result_options(PROBLEM_FORMATS)
@show_phones_option
def test(path: Path, format_: str, output: Path | None, show_phones: bool) -> int:
    """Run the tests of the file's rules: whether each case breaks exactly the rules that it expects.

    PATH is a YAML file or a folder of YAML files; the default is groups.yaml. The cases are under `tests` in the file.
    Nothing is read from or sent to WhatsApp.
    """
