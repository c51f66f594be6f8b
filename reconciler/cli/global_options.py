"""The global options: taken before or after the command's name, and from the environment."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from reconciler.cli.lazy_group import GlobalOption


class _Positive(click.ParamType[float]):
    """A number above 0, and no infinite one."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it, or say what is wrong."""
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            self.fail(f"{value!r} is no number above 0.", param, ctx)
        return number


F = TypeVar("F", bound=Callable[..., Any])


_META = "reconciler.settings"


_RANK = {ParameterSource.COMMANDLINE: 2, ParameterSource.ENVIRONMENT: 1}


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """What the global options say. None: not said, so the file or the server decides."""

    instance_id: str | None
    base_url: str | None
    api_key_file: Path | None
    api_key_file_given: bool
    sandbox: bool
    rate: float | None
    parallelism: int
    timeout: float
    verbose: bool
    quiet: bool
    no_color: bool
    log_format: str


def global_options_of(ctx: click.Context) -> GlobalOptions:
    """The global options as gathered on the way to this command: an option beats the environment.

    Raises UsageError where --sandbox and --base-url are both on the command line; the environment's URL gives way.
    """
    asked = {name for name, (rank, _) in ctx.meta[_META].items() if rank == _RANK[ParameterSource.COMMANDLINE]}
    if {"sandbox", "base_url"} <= asked:
        from reconciler.errors import UsageError

        raise UsageError("--sandbox stands for the embedded server, and --base-url names another one", "drop one")
    values = {name: value for name, (_, value) in ctx.meta[_META].items()}
    return GlobalOptions(api_key_file_given="api_key_file" in asked, **values)


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    name = param.name or ""
    gathered = ctx.meta.setdefault(_META, {})
    source = ctx.get_parameter_source(name)
    rank = _RANK.get(source, 0) if source is not None else 0
    if name not in gathered or (rank >= gathered[name][0] and rank > 0):
        gathered[name] = (rank, value)


def add_global_options(function: F) -> F:
    """Give a command (or the program itself) every global option."""
    for declare in reversed(_OPTIONS):
        function = declare(function)
    return function


def _option(*names: str, env: str, also: tuple[str, ...] = (), **attributes: Any) -> Callable[[F], F]:
    return click.option(
        *names,
        cls=GlobalOption,
        envvar=[*also, f"RECONCILER_{env}"],
        expose_value=False,
        is_eager=True,
        callback=_remember,
        **attributes,
    )


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    _option(
        "--instance-id",
        env="INSTANCE_ID",
        also=("WAPPFY_INSTANCE_ID",),
        metavar="ID",
        help="The Wappfy instance (else WAPPFY_INSTANCE_ID, else `instance.id` in the file).",
    ),
    _option(
        "--base-url",
        env="BASE_URL",
        also=("WAPPFY_BASE_URL",),
        metavar="URL",
        help="The API (else WAPPFY_BASE_URL, else https://api.wappfy.io/api).",
    ),
    _option(
        "--api-key-file",
        env="API_KEY_FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Read the API key from a file (else WAPPFY_API_KEY).",
    ),
    _option("--sandbox", env="SANDBOX", is_flag=True, help="Use the embedded server instead of the network."),
    _option(
        "--rate",
        env="RATE",
        type=_Positive(),
        metavar="N",
        help="At most N calls a minute (else as many as the server's headers allow).",
    ),
    _option(
        "--parallelism",
        env="PARALLELISM",
        type=click.IntRange(1, 64),
        default=4,
        show_default=True,
        metavar="N",
        help="Calls under way at once.",
    ),
    _option(
        "--timeout",
        env="TIMEOUT",
        type=_Positive(),
        default=30.0,
        show_default=True,
        metavar="SECONDS",
        help="How long one call may take.",
    ),
    _option("-v", "--verbose", env="VERBOSE", is_flag=True, help="Say every call on stderr."),
    _option("-q", "--quiet", env="QUIET", is_flag=True, help="Say only errors on stderr."),
    _option("--no-color", env="NO_COLOR", is_flag=True, help="No colours (also NO_COLOR)."),
    _option(
        "--log-format",
        env="LOG_FORMAT",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How progress and logs are written to stderr.",
    ),
)
