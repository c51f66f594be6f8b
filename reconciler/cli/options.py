"""Arguments and options that several commands take, beside the global ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from reconciler.plan.shard import Shard


F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a command line asks to be planned; `max_removals` as it was written.

    `from_environment` has those of these that the environment says and the command line does not, each with its variable.
    """

    path: Path
    targets: tuple[str, ...]
    changed_since: str | None
    as_of: datetime | None
    max_removals: str | None
    shard: Shard | None
    show_phones: bool
    from_environment: Mapping[str, str]


def path_argument(function: F) -> F:
    """PATH: a file or a folder, `groups.yaml` unless given; whoever reads it says why it cannot be read."""
    return click.argument(
        "path", type=click.Path(path_type=Path, readable=False), default=Path("groups.yaml"), envvar="RECONCILER_PATH"
    )(function)


def format_option(choices: Iterable[str]) -> Callable[[F], F]:
    """--format, one of the choices (the keys of one of the tables in `cli.formats`); the first is the default."""
    names = list(choices)
    return click.option(
        "--format",
        "format_",
        envvar="RECONCILER_FORMAT",
        type=click.Choice(names),
        default=names[0],
        show_default=True,
        help="How the result is written.",
    )


def output_option(function: F) -> F:
    """--output FILE."""
    return click.option(
        "--output",
        envvar="RECONCILER_OUTPUT",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write the result to a file instead of stdout.",
    )(function)


def show_phones_option(function: F) -> F:
    """--show-phones."""
    return click.option(
        "--show-phones",
        envvar="RECONCILER_SHOW_PHONES",
        is_flag=True,
        help="Show phone numbers in full instead of masked.",
    )(function)


class _DayType(click.DateTime):
    """`YYYY-MM-DD`: what is none is not repeated, for masked as a number it would say nothing."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it, or say how a day is written."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail("this is no day of the calendar; write YYYY-MM-DD, as 2026-12-31.", param, ctx)


def as_of_option(function: F) -> F:
    """--as-of DATE."""
    return click.option(
        "--as-of",
        envvar="RECONCILER_AS_OF",
        type=_DayType(),
        metavar="DATE",
        help="Evaluate `until` as on this day (else today, UTC).",
    )(function)


def planning_options(function: Callable[..., int]) -> Callable[..., int]:
    """PATH and the options that belong to `plan`, `apply` and `drift` alike; the command gets them as one, `asked`."""

    @wraps(function)
    def gathered(*positional: Any, **named: Any) -> int:
        own = {field.name: named.pop(field.name) for field in fields(PlanRequest) if field.name in named}
        asked = PlanRequest(**own, from_environment=_by_variable(click.get_current_context(), own))
        return function(*positional, asked=asked, **named)

    for declare in _PLANNING_OPTIONS:
        gathered = declare(gathered)
    return gathered


def _by_variable(ctx: click.Context, names: Iterable[str]) -> dict[str, str]:
    variables = {param.name: param.envvar for param in ctx.command.params}
    from_there = (name for name in names if ctx.get_parameter_source(name) is ParameterSource.ENVIRONMENT)
    return {name: str(variables[name]) for name in from_there}


class _ShardType(click.ParamType["Shard"]):
    """`I/N`: part I of N parts."""

    name = "I/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        """Read it, or say what is wrong."""
        from reconciler.plan.shard import Shard

        try:
            return Shard.parse(value)
        except ValueError as error:
            self.fail(f"{value!r}: {error}.", param, ctx)


_PLANNING_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    show_phones_option,
    click.option(
        "--max-removals",
        envvar="RECONCILER_MAX_REMOVALS",
        metavar="N|N%",
        help="Removals allowed a group, over the file and the default alike.",
    ),
    as_of_option,
    click.option(
        "--changed-since",
        envvar="RECONCILER_CHANGED_SINCE",
        metavar="REF",
        help="Only groups that the file wants otherwise than this git revision of it does.",
    ),
    click.option(
        "--target",
        "targets",
        envvar="RECONCILER_TARGET",
        multiple=True,
        metavar="KEY",
        help="Only this group of the file; may be repeated.",
    ),
    click.option(
        "--shard",
        envvar="RECONCILER_SHARD",
        type=_ShardType(),
        metavar="I/N",
        help="Only part I (from 1) of N: groups are split by their key, the same way on every machine.",
    ),
    path_argument,
)


def evaluation_date(as_of: datetime | None) -> date:
    """The day on which `until` is evaluated: today in UTC unless given."""
    return (as_of or datetime.now(UTC)).date()
