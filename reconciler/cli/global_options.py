"""The global options: accepted before or after the command's name, and as environment variables."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from reconciler.cli.color import COLOR_CHOICES
from reconciler.cli.options import FileType, option
from reconciler.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])
META_KEY = "reconciler.global_options"
COMMAND_LINE = 2
RANKS: dict[ParameterSource | None, int] = {ParameterSource.COMMANDLINE: COMMAND_LINE, ParameterSource.ENVIRONMENT: 1}
"""Which source of a value wins; defaults have rank 0."""


class GlobalOption(click.Option):
    """An option of every command; the help lists these apart."""


class PositiveNumber(click.ParamType[float]):
    """A finite number above 0."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse the number, or fail with a usage error."""
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            self.fail(f"{value!r} is not a positive number.", param, ctx)
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalOptions:
    """The values of the global options. None: not set, so the configuration or the server decides."""

    instance_id: str | None
    base_url: str | None
    api_key_file: Path | None
    api_key_file_typed: bool
    sandbox: bool
    rate: float | None
    parallelism: int
    timeout: float
    verbose: bool
    quiet: bool
    color: str


def global_options_of(ctx: click.Context) -> GlobalOptions:
    """Return the global options of this command line; an option on it overrides the environment.

    Raises UsageError when both --sandbox and --base-url are on it; --sandbox overrides a URL from the environment.
    """
    typed = {name for name, (rank, _) in ctx.meta[META_KEY].items() if rank == COMMAND_LINE}
    if {"sandbox", "base_url"} <= typed:
        raise UsageError("--sandbox and --base-url cannot be combined", "remove one of them")
    values = {name: value for name, (_, value) in ctx.meta[META_KEY].items()}
    for name in ("instance_id", "base_url"):  # a secret that was pasted into CI settings often ends in a line break
        values[name] = (values[name] or "").strip() or None
    return GlobalOptions(api_key_file_typed="api_key_file" in typed, **values)


def add_global_options(function: F) -> F:
    """Add every global option to a command, or to the program itself."""
    for add_option in reversed(_OPTIONS):
        function = add_option(function)
    return function


def _collect(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Keep a value unless another one, from before or after the command's name, has a higher rank."""
    name = param.name or ""
    values = ctx.meta.setdefault(META_KEY, {})
    rank = RANKS.get(ctx.get_parameter_source(name), 0)
    if name not in values or (rank >= values[name][0] and rank > 0):
        values[name] = (rank, value)


def _option(*names: str, **attributes: Any) -> Callable[[F], F]:
    return option(*names, cls=GlobalOption, expose_value=False, is_eager=True, callback=_collect, **attributes)


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    _option(
        "--instance-id",
        envvar=["WAPPFY_INSTANCE_ID", "RECONCILER_INSTANCE_ID"],
        metavar="ID",
        help="Wappfy instance to manage [default: WAPPFY_INSTANCE_ID, then `instance.id` in the file].",
    ),
    _option(
        "--base-url",
        envvar=["WAPPFY_BASE_URL", "RECONCILER_BASE_URL"],
        metavar="URL",
        help="Base URL of the API [default: WAPPFY_BASE_URL, then https://api.wappfy.io/api].",
    ),
    _option(
        "--api-key-file",
        type=FileType(dir_okay=False),
        metavar="FILE",
        help="Read the API key from this file [default: the key in WAPPFY_API_KEY].",
    ),
    _option("--sandbox", is_flag=True, help="Use the embedded server instead of the network."),
    _option(
        "--rate",
        type=PositiveNumber(),
        metavar="N",
        help="Send at most N calls per minute [default: what the server's headers allow].",
    ),
    _option(
        "--parallelism", type=click.IntRange(1, 64), default=4, metavar="N", help="Send up to N calls at the same time."
    ),
    _option(
        "--timeout", type=PositiveNumber(), default=30.0, metavar="SECONDS", help="Give up on a call after this time."
    ),
    _option("-v", "--verbose", is_flag=True, help="Log every API call."),
    _option("-q", "--quiet", is_flag=True, help="Log errors only."),
    _option(
        "--color",
        "color",
        type=click.Choice(COLOR_CHOICES),
        default=COLOR_CHOICES[0],
        help="Colour the output; auto: on a terminal, and as NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and CLICOLOR say.",
    ),
    _option("--no-color", "color", flag_value="never", help="The same as --color never."),
    # `logs.start_run` reads its value, before the command line is parsed; here it is checked and explained.
    option(
        "--log-format",
        cls=GlobalOption,
        expose_value=False,
        type=click.Choice(["text", "json"], case_sensitive=False),
        default="text",
        help="Format of progress and logs on stderr.",
    ),
)
