"""`reconciler sandbox serve`: the embedded API on loopback, until a signal comes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

from reconciler.cli.global_options import GlobalOptions, add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.session import state_option

if TYPE_CHECKING:
    from reconciler.sandbox import World


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
@state_option
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
@add_global_options
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
    from reconciler.cli.log_setup import set_up_logging
    from reconciler.cli.output import write
    from reconciler.cli.session import map_sandbox_errors
    from reconciler.sandbox import Dialect, Paging, World, load_faults, serve_forever
    from reconciler.sandbox import Settings as Behaviour

    def ready(url: str) -> None:
        write(f"serving {url}  instance {', '.join(world.instance_ids())}  key {behaviour.key}  (Ctrl-C stops it)")

    settings = set_up_logging(ctx)
    behaviour = Behaviour(Dialect(dialect), Paging(paging), rate_limit=rate_limit, window=window)
    with _until_signal() as stop, map_sandbox_errors(), World.open(state) as world:
        _fill(world, settings, first_state, state)
        misbehaviour = load_faults(faults) if faults is not None else ()
        serve_forever(world, behaviour, misbehaviour, host, port, ready, stop)
    return 0


@contextmanager
def _until_signal() -> Iterator[Event]:
    """An event that SIGINT and SIGTERM set: stopping the server is no error."""
    stop = Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _fill(world: World, settings: GlobalOptions, first_state: Path | None, state: Path) -> None:
    """Give a new world its instance, with the groups of `first_state`; one that is there already stays as it is."""
    from reconciler.cli.session import SANDBOX_INSTANCE, SANDBOX_PHONE
    from reconciler.errors import UsageError
    from reconciler.sandbox import seed_world

    if not world.instance_ids():
        if first_state is not None:
            seed_world(world, first_state)
        if not world.instance_ids():
            world.ensure_instance(settings.instance_id or SANDBOX_INSTANCE, SANDBOX_PHONE)
    elif first_state is not None:
        raise UsageError(f"{state} has a state already, so {first_state} would not be used", "`sandbox reset` first")
