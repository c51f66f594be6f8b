"""The global options: taken before or after the command's name, and from the environment."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from reconciler.cli.group import GlobalOption

if TYPE_CHECKING:
    from reconciler.model.shard import Shard


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


class _ShardType(click.ParamType["Shard"]):
    """`I/N`: part I of N parts."""

    name = "I/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        """Read it, or say what is wrong."""
        from reconciler.model.shard import Shard

        try:
            return Shard.parse(value)
        except ValueError as error:
            self.fail(f"{value!r}: {error}.", param, ctx)


F = TypeVar("F", bound=Callable[..., Any])

_META = "reconciler.settings"
_RANK = {ParameterSource.COMMANDLINE: 2, ParameterSource.ENVIRONMENT: 1}


@dataclass(frozen=True, slots=True)
class Settings:
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


def settings_of(ctx: click.Context) -> Settings:
    """The global options as gathered on the way to this command: an option beats the environment."""
    values = {name: value for name, (_, value) in ctx.meta[_META].items()}
    given = ctx.meta[_META]["api_key_file"][0] == _RANK[ParameterSource.COMMANDLINE]
    return Settings(api_key_file_given=given, **values)


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    name = param.name or ""
    gathered = ctx.meta.setdefault(_META, {})
    source = ctx.get_parameter_source(name)
    rank = _RANK.get(source, 0) if source is not None else 0
    if name not in gathered or (rank >= gathered[name][0] and rank > 0):
        gathered[name] = (rank, value)


def global_options(function: F) -> F:
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


def path_argument(function: F) -> F:
    """PATH: a file or a folder, `groups.yaml` unless given."""
    return click.argument(
        "path", type=click.Path(path_type=Path), default=Path("groups.yaml"), envvar="RECONCILER_PATH"
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


def as_of_option(function: F) -> F:
    """--as-of DATE."""
    return click.option(
        "--as-of",
        envvar="RECONCILER_AS_OF",
        type=click.DateTime(["%Y-%m-%d"]),
        metavar="DATE",
        help="Evaluate `until` as on this day (else today, UTC).",
    )(function)


def planning_options(function: F) -> F:
    """The options that belong to `plan`, `apply` and `drift` alike."""
    for declare in (
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
    ):
        function = declare(function)
    return function
