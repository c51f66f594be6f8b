"""Arguments and options that several commands share, apart from the global ones."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.core import ParameterSource

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.plan.shard import Shard

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What `plan`, `apply` and `drift` are to plan.

    `max_removals` is not parsed yet. `from_environment` maps the fields whose value comes from an environment variable
    to the name of that variable.
    """

    path: Path
    targets: tuple[str, ...]
    changed_since: str | None
    as_of: date | None
    max_removals: str | None
    shard: Shard | None
    show_phones: bool
    from_environment: Mapping[str, str]


def option(*names: str, **attributes: Any) -> Callable[[F], F]:
    """Add an option that an environment variable can set, too: `RECONCILER_` and its name. Its help has the default."""
    flag = next(name for name in names if name.startswith("--"))
    attributes.setdefault("envvar", f"RECONCILER_{flag[2:].replace('-', '_').upper()}")
    attributes.setdefault("show_default", "default" in attributes)
    return click.option(*names, **attributes)


def file_option(*names: str, **attributes: Any) -> Callable[[F], F]:
    """Add an option that names a file."""
    return option(*names, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", **attributes)


def path_argument(function: F) -> F:
    """Add PATH: a file or a folder, `groups.yaml` by default; an unreadable one is reported when it is read."""
    return click.argument(
        "path", type=click.Path(path_type=Path, readable=False), default=Path("groups.yaml"), envvar="RECONCILER_PATH"
    )(function)


def format_option(formats: Iterable[str]) -> Callable[[F], F]:
    """Add --format with the keys of one of the tables in `cli.formats`; the first is the default."""
    names = list(formats)
    return option("--format", "format_", type=click.Choice(names), default=names[0], help="Output format.")


output_option = file_option("--output", is_eager=True, help="Write the result to a file instead of stdout.")

_FORMAT_BY_ENDING: Final[Mapping[str, str]] = {".html": "html", ".json": "json", ".md": "markdown"}
"""Which format the ending of a file asks for, where a command has it and no --format is given."""


def result_options(formats: Iterable[str]) -> Callable[[F], F]:
    """Add --output and a --format that follows the ending of its file; the first format is the default."""
    names = list(formats)
    format_ = option(
        "--format",
        "format_",
        type=click.Choice(names),
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
        asked_for = _FORMAT_BY_ENDING.get(output.suffix.lower(), value)
        return asked_for if asked_for in _choices(param) else value
    if value == "html" and output is None and sys.stdout is not None and sys.stdout.isatty():
        raise UsageError(
            "an HTML report is for a browser, not for a terminal", "write it to a file: --output FILE.html"
        )
    return value


def _choices(param: click.Parameter) -> Sequence[str]:
    return param.type.choices if isinstance(param.type, click.Choice) else ()


summary_option = option(
    "--summary",
    is_flag=True,
    help="In text and markdown, show only the main thing, what groups share, what is blocked or refused, and totals.",
)
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
    as_of_option,
    option(
        "--changed-since", metavar="REF", help="Plan only groups whose configuration changed since this git revision."
    ),
    option("--target", "targets", multiple=True, metavar="KEY", help="Plan only this group; repeatable."),
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
