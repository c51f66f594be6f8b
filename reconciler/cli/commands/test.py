"""`reconciler test`: run the tests of the rules, offline."""

from __future__ import annotations

from pathlib import Path

from reconciler.cli.command import command
from reconciler.cli.formats import PROBLEM_FORMATS, REPOSITORY_FORMATS
from reconciler.cli.options import path_argument, result_options, show_phones_option, today
from reconciler.cli.output import repository_relative, require_distinct_files, write
from reconciler.errors import ConfigError, ExitCode

EXAMPLE = """\
  reconciler test groups.yaml
  reconciler test groups/ --format github"""


@command(EXAMPLE)
@path_argument
@result_options(PROBLEM_FORMATS)
@show_phones_option
def test(path: Path, format_: str, output: Path | None, show_phones: bool) -> int:
    """Run the tests of the rules, offline; report every test that fails, and why, at its line.

    PATH is a YAML file or a folder of YAML files; the default is groups.yaml. Each test under `tests` gives people and
    groups, and passes if they break exactly the rules that it expects. --show-phones works in text and JSON.
    """
    from contextlib import nullcontext

    from reconciler.config import load
    from reconciler.config.problem_collector import unmasked_messages
    from reconciler.model.text import plural
    from reconciler.report.options import RenderOptions
    from reconciler.report.problems import Validation

    require_distinct_files({"--output": output}, (path,))
    show_phones = show_phones and format_ not in REPOSITORY_FORMATS
    verdict = ""
    try:
        with unmasked_messages() if show_phones else nullcontext():
            desired = load(path, as_of=today(), test_rules=True)
    except ConfigError as error:
        problems = error.problems
    else:
        problems, count = desired.failed_tests, len(desired.tests)
        if not problems:
            verdict = f"{path}: {plural(count, 'test')} passed" if count else f"{path}: there are no tests"
    shown = repository_relative(problems) if format_ in REPOSITORY_FORMATS else problems
    text = PROBLEM_FORMATS[format_](Validation(shown, verdict), RenderOptions(show_phones))
    write(text, output, private=show_phones)
    return ExitCode.DONE if verdict else ExitCode.ERROR
