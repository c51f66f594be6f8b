"""`reconciler sandbox`: the embedded server by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.cli.embedded import SANDBOX_STATE
from reconciler.cli.group import Command, LazyGroup
from reconciler.cli.options import global_options

F = TypeVar("F", bound=Callable[..., Any])

EXAMPLE = """\b
Example:
  reconciler sandbox serve --port 8080 --from first-state.yaml
  reconciler sandbox shake"""

COMMANDS = {
    "serve": ("reconciler.cli.commands.sandbox.serve:serve", "Serve the embedded API on loopback until Ctrl-C."),
    "reset": ("reconciler.cli.commands.sandbox.serve:reset", "Forget the embedded server's state."),
    "shake": ("reconciler.cli.commands.sandbox.serve:shake", "Make hand-made drift in the embedded server's groups."),
}


def _state(function: F) -> F:
    return click.option(
        "--state",
        envvar="RECONCILER_STATE",
        type=click.Path(path_type=Path, dir_okay=False),
        default=SANDBOX_STATE,
        show_default=True,
        metavar="FILE",
        help="Where the server's state is kept.",
    )(function)


@click.group(cls=LazyGroup, lazy=COMMANDS, epilog=EXAMPLE)
@global_options
def sandbox() -> None:
    """The embedded server by itself: serve it, forget its state, make drift in it."""


@click.command(
    cls=Command,
    epilog="""\b
Example:
  reconciler sandbox serve --port 8080 --from first-state.yaml --faults faults.yaml
  WAPPFY_API_KEY=wappfy_sk_sandbox_key reconciler --base-url http://127.0.0.1:8080/api plan""",
)
@click.option("--host", envvar="RECONCILER_HOST", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option(
    "--port",
    envvar="RECONCILER_PORT",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="0 takes any free port.",
)
@_state
@click.option(
    "--from",
    "first_state",
    envvar="RECONCILER_FROM",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Begin with the groups and people of this YAML file; not with a state that is there already.",
)
@click.option(
    "--faults",
    envvar="RECONCILER_FAULTS",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Misbehave as this YAML file says.",
)
@click.option(
    "--dialect",
    envvar="RECONCILER_DIALECT",
    type=click.Choice(["guide", "reference"]),
    default="guide",
    show_default=True,
    help="Which of the two documented shapes groups have.",
)
@click.option(
    "--paging",
    envvar="RECONCILER_PAGING",
    type=click.Choice(["none", "offset", "page"]),
    default="none",
    show_default=True,
    help="How lists are paged.",
)
@click.option(
    "--rate-limit",
    envvar="RECONCILER_RATE_LIMIT",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Calls a window.",
)
@click.option(
    "--window",
    envvar="RECONCILER_WINDOW",
    type=click.FloatRange(0.1, 86_400),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="The length of a rate-limit window.",
)
@global_options
@click.pass_context
def serve(
    ctx: click.Context,
    host: str,
    port: int,
    state: Path,
    first_state: Path | None,
    faults: Path | None,
    dialect: str,
    paging: str,
    rate_limit: int,
    window: float,
) -> int:
    """Serve the embedded API on loopback until Ctrl-C.

    Without --from, a new state has the instance that --instance-id names (inst_sandbox) and no groups. The key is
    wappfy_sk_sandbox_key.
    """
    from reconciler.cli.commands.sandbox.serving import serve_sandbox
    from reconciler.cli.logs import begin
    from reconciler.sandbox import Dialect, Paging, Settings

    behaviour = Settings(Dialect(dialect), Paging(paging), rate_limit=rate_limit, window=window)
    return serve_sandbox(begin(ctx), behaviour, (host, port), state, first_state, faults)


@click.command(cls=Command, epilog="\b\nExample:\n  reconciler sandbox reset")
@_state
@global_options
def reset(state: Path) -> int:
    """Forget the embedded server's state: its groups, people and logs."""
    from reconciler.cli.embedded import expecting_sandbox_errors
    from reconciler.cli.writing import show
    from reconciler.sandbox import reset as forget

    there = state.exists()
    with expecting_sandbox_errors():
        forget(state)
    show(f"forgot {state}" if there else f"nothing to forget: there is no {state}")
    return 0


@click.command(cls=Command, epilog="\b\nExample:\n  reconciler sandbox shake && reconciler --sandbox drift")
@_state
@click.option(
    "--seed", envvar="RECONCILER_SEED", type=int, default=1, show_default=True, help="The same seed, the same drift."
)
@global_options
@click.pass_context
def shake(ctx: click.Context, state: Path, seed: int) -> int:
    """Make hand-made drift in the embedded server's groups: a rename, a removal, a stranger."""
    from reconciler.cli.commands.sandbox.serving import shake_sandbox
    from reconciler.cli.logs import begin

    return shake_sandbox(begin(ctx), state, seed)
