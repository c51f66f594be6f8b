"""Arguments and options that several commands share, apart from the global ones."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.core import ParameterSource

from reconciler.cli.completion import suggest_keys
from reconciler.cli.formats import ALL_FORMATS
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.model.desired import Limit
    from reconciler.model.rules import RuleOverride
    from reconciler.plan.shard import Shard

F = TypeVar("F", bound=Callable[..., Any])
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", re.ASCII)
NOTICES: Final = "reconciler.notices"
"""Where a context has the lines that are printed before its command runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What `plan`, `apply` and `drift` are to plan.

    `targets`, `excludes` and `allow_lookalikes` are as typed (a key, a pattern, a list or `@FILE`), as are
    `accept_sources` (a file or a pattern of files), and `max_removals` is not parsed yet. `from_environment` maps the
    fields whose value comes from an environment variable to the name of that variable.
    """

    path: Path
    targets: tuple[str, ...]
    excludes: tuple[str, ...]
    changed_since: str | None
    as_of: date | None
    max_removals: str | None
    allow_lookalikes: tuple[str, ...]
    override_rules: tuple[str, ...]
    reason: str | None
    accept_sources: tuple[Path, ...]
    shard: Shard | None
    show_phones: bool
    from_environment: Mapping[str, str]

    def removal_limit(self) -> Limit | None:
        """Parse `max_removals`; None where it is not set. Raises UsageError for what is not a limit."""
        from reconciler.model.desired import Limit
        from reconciler.plan.selection import COMMAND_LINE_LIMIT

        text = self.max_removals
        try:
            return None if text is None else Limit.parse(text, COMMAND_LINE_LIMIT)
        except ValueError:
            message = f"--max-removals: {text!r} is not a count or a percentage"
            raise UsageError(message, "write it like 3 or 40%") from None

    def overridden_rules(self, known: Sequence[str]) -> tuple[RuleOverride, ...]:
        """Return the rules of `--override-rule`, which are among the `known` ones. Raises UsageError for others.

        A reason that a variable sets for a whole job matters only where a rule is overridden.
        """
        from reconciler.plan.selection import rule_overrides

        is_unused = not self.override_rules and "reason" in self.from_environment
        return rule_overrides(self.override_rules, None if is_unused else self.reason, known)


def option(*names: str, **attributes: Any) -> Callable[[F], F]:
    """Add an option that an environment variable can set, too: `RECONCILER_` and its name. Its help has the default."""
    flag = next(name for name in names if name.startswith("--"))
    attributes.setdefault("envvar", f"RECONCILER_{flag[2:].replace('-', '_').upper()}")
    attributes.setdefault("show_default", "default" in attributes)
    return click.option(*names, **attributes)


class FileType(click.Path):
    """The path of a file or folder. An empty one is refused, because it would mean the current folder.

    `-`, elsewhere a standard stream, is refused too, with the advice, and not taken for a file of that name.
    """

    def __init__(self, advice: str = "name a file", **attributes: Any) -> None:
        super().__init__(path_type=Path, **attributes)
        self._advice = advice

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or fail."""
        if not str(value).strip():
            self.fail("the path is empty; if it comes from a variable, check that it is set.", param, ctx)
        if value == "-" and not self.allow_dash:
            self.fail(f"'-' is not a file; {self._advice}.", param, ctx)
        return super().convert(value, param, ctx)


def file_option(*names: str, **attributes: Any) -> Callable[[F], F]:
    """Add an option that names a file."""
    return option(*names, **{"type": FileType(dir_okay=False), "metavar": "FILE", **attributes})


def path_argument(function: F, type_: FileType | None = None) -> F:
    """Add PATH: a file or a folder, `groups.yaml` by default; an unreadable one is reported when it is read."""
    type_ = type_ or FileType("only validate reads stdin, so write it to a file", readable=False)
    return click.argument("path", type=type_, default=Path("groups.yaml"), envvar="RECONCILER_PATH")(function)


class FormatType(click.Choice[str]):
    """A format of a command. A variable is often set for a whole job: one that only other commands have is ignored."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the format, or fail; warn where the environment's is ignored."""
        ignored = value in ALL_FORMATS and value not in self.choices
        if not ignored or ctx is None or ctx.get_parameter_source("format_") is not ParameterSource.ENVIRONMENT:
            return super().convert(value, param, ctx)
        ctx.set_parameter_source("format_", ParameterSource.DEFAULT)
        formats = ", ".join(self.choices)
        add_notice(ctx, f"ignored RECONCILER_FORMAT={value}: the formats of {ctx.info_name} are {formats}")
        return self.choices[0]


def add_notice(ctx: click.Context, text: str) -> None:
    """Add a line for stderr that the command prints before it runs."""
    ctx.meta.setdefault(NOTICES, []).append(text)


def format_option(formats: Iterable[str]) -> Callable[[F], F]:
    """Add --format with the keys of one of the tables in `cli.formats`; the first is the default."""
    names = list(formats)
    return option("--format", "format_", type=FormatType(names), default=names[0], help="Output format.")


def _output_path(ctx: click.Context, _: click.Parameter, value: Path | None) -> Path | None:
    """Return the file for the result, None for stdout; a file that a variable names gets a notice."""
    if value is None or value == Path("-"):
        return None
    if ctx.get_parameter_source("output") is ParameterSource.ENVIRONMENT:
        add_notice(ctx, f"the result goes to {value}, because RECONCILER_OUTPUT is set")
    return value


output_option = file_option(
    "--output",
    type=FileType(dir_okay=False, allow_dash=True),
    is_eager=True,
    callback=_output_path,
    help="Write what is printed to a file instead; '-' is stdout, the default.",
)

_FORMAT_BY_ENDING: Final[Mapping[str, str]] = {".csv": "csv", ".html": "html", ".json": "json", ".md": "markdown"}
"""Which format the ending of a file asks for, where a command has it and no --format is given."""
_TEXT_ENDINGS: Final = frozenset({"", ".txt", ".log"})
"""Endings of a file that gets the default format."""


def result_options(formats: Iterable[str]) -> Callable[[F], F]:
    """Add --output and a --format that follows the ending of its file; the first format is the default."""
    names = list(formats)
    format_ = option(
        "--format",
        "format_",
        type=FormatType(names),
        default=names[0],
        show_default=False,
        callback=_choose_format,
        help=f"Output format [default: by the ending of --output ({_endings(names)}), else {names[0]}].",
    )

    def add(function: F) -> F:
        return format_(output_option(function))

    return add


def _endings(formats: Iterable[str]) -> str:
    known = set(formats)
    return ", ".join(ending for ending, format_ in _FORMAT_BY_ENDING.items() if format_ in known)


def _choose_format(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Return the format of this run; --output is eager, so that its value is known here."""
    output: Path | None = ctx.params.get("output")
    if output is not None and ctx.get_parameter_source("format_") is ParameterSource.DEFAULT:
        return _format_of(output, _choices(param), value)
    if value == "html" and output is None and sys.stdout is not None and sys.stdout.isatty():
        raise UsageError(
            "an HTML report is for a browser, not for a terminal", "write it to a file: --output FILE.html"
        )
    return value


def _format_of(output: Path, formats: Sequence[str], default: str) -> str:
    """Return the format that the ending of a file asks for. Raises UsageError for an ending of another kind of file."""
    ending = output.suffix.lower()
    format_ = _FORMAT_BY_ENDING.get(ending)
    if format_ in formats:
        return str(format_)
    if ending in _TEXT_ENDINGS:
        return default
    raise UsageError(
        f"--output {output}: this command has no format for a file that ends in {ending}",
        f"let it end in {_endings(formats)} or .txt, or name the format with --format",
    )


def _choices(param: click.Parameter) -> Sequence[str]:
    return param.type.choices if isinstance(param.type, click.Choice) else ()


summary_option = option(
    "--summary",
    is_flag=True,
    help="In text and markdown, show only the main thing, what groups share, what is blocked or refused, and totals.",
)


def keys_option(*names: str, **attributes: Any) -> Callable[[F], F]:
    """Add a repeatable option that names groups; `cli.key_lists` reads its words."""
    return option(*names, multiple=True, metavar="KEYS", shell_complete=suggest_keys, **attributes)


show_phones_option = option("--show-phones", is_flag=True, help="Show phone numbers in full instead of masked.")


class DateType(click.ParamType[date]):
    """`YYYY-MM-DD`; an invalid value is not repeated, because the message would mask it as a number."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Parse the date, or fail with a usage error."""
        try:
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError:
            self.fail("this is not a valid date; use YYYY-MM-DD, for example 2026-12-31.", param, ctx)


class MomentType(click.ParamType["date | str"]):
    """A day as `YYYY-MM-DD`, or else a git revision."""

    name = "DATE|REF"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date | str:
        """Return a day, or the name of a revision; fail for a day that is not in the calendar."""
        if isinstance(value, date) or _DAY.fullmatch(value) is None:
            return value  # type: ignore[no-any-return]
        return DateType().convert(value, param, ctx)


as_of_option = option(
    "--as-of", type=DateType(), metavar="DATE", help="Evaluate `until` dates as of this day [default: today in UTC]."
)


def planning_options(function: Callable[..., int]) -> Callable[..., int]:
    """Add PATH and the options that `plan`, `apply` and `drift` share; the command gets them as one `request`."""

    @wraps(function)
    def command(*args: Any, **kwargs: Any) -> int:
        values = {field.name: kwargs.pop(field.name) for field in fields(PlanRequest) if field.name in kwargs}
        request = PlanRequest(**values, from_environment=_from_environment(click.get_current_context(), values))
        return function(*args, request=request, **kwargs)

    for add_option in _PLANNING_OPTIONS:
        command = add_option(command)
    return command


def _from_environment(ctx: click.Context, names: Iterable[str]) -> dict[str, str]:
    """Return those of the parameters that an environment variable sets, each with its variable."""
    variables = {param.name: param.envvar for param in ctx.command.params}
    from_variable = (name for name in names if ctx.get_parameter_source(name) is ParameterSource.ENVIRONMENT)
    return {name: str(variables[name]) for name in from_variable}


class ShardType(click.ParamType["Shard"]):
    """`I/N`: part I of N parts."""

    name = "I/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        """Parse the shard, or fail with a usage error."""
        from reconciler.plan.shard import Shard

        try:
            return Shard.parse(value)
        except ValueError as error:
            self.fail(f"{value!r}: {error}.", param, ctx)


_PLANNING_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    show_phones_option,
    option("--max-removals", metavar="N|N%", help="Maximum removals per group; overrides `max_removals` in the file."),
    keys_option(
        "--allow-lookalike",
        "allow_lookalikes",
        help="Create these groups although a live group may be one of them: the same forms as --target.",
    ),
    option(
        "--override-rule",
        "override_rules",
        multiple=True,
        metavar="NAME",
        help="Go on although this rule of the file is broken; repeatable, and needs --reason.",
    ),
    option("--reason", metavar="TEXT", help="Why rules are overridden; it is in the report and in the audit log."),
    option(
        "--accept-source",
        "accept_sources",
        multiple=True,
        type=FileType("name a people file"),
        metavar="FILE",
        help="Take this people file as it is, however many people it lost: a file or a pattern "
        "('rosters/*.csv'); repeatable.",
    ),
    as_of_option,
    option(
        "--changed-since", metavar="REF", help="Plan only groups whose configuration changed since this git revision."
    ),
    keys_option("--exclude", "excludes", help="Do not plan these groups: the same forms as --target."),
    keys_option(
        "--target",
        "targets",
        help="Plan only these groups: a key, a pattern ('sales-*'), a list (a,b) or @FILE with one a line; repeatable.",
    ),
    option(
        "--shard",
        type=ShardType(),
        metavar="I/N",
        help="Plan only part I (from 1) of N; groups are assigned by their key, the same way on every machine.",
    ),
    path_argument,
)


def today() -> date:
    """Return today in UTC: the day as of which `until` is evaluated without --as-of."""
    return datetime.now(UTC).date()
