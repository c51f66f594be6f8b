"""`reconciler sandbox serve`: serve the embedded API on loopback until a signal stops it."""

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
from reconciler.cli.options import file_option, option
from reconciler.cli.session import state_option
from reconciler.cli.signals import SIGNALS

if TYPE_CHECKING:
    from reconciler.sandbox import World


@click.command(
    cls=Command,
    epilog="""\b
Example:
  reconciler sandbox serve --port 8080 --from first-state.yaml --faults faults.yaml
  WAPPFY_API_KEY=wappfy_sk_sandbox_key reconciler --base-url http://127.0.0.1:8080/api plan""",
)
@option("--host", default="127.0.0.1", show_default=True, help="Loopback address to bind.")
@option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port to bind; 0 takes any free one."
)
@state_option
@file_option("--from", "first_state", help="Start with the groups and people of this YAML file; only with a new state.")
@file_option("--faults", help="Inject the faults described in this YAML file.")
@option(
    "--dialect",
    type=click.Choice(["guide", "reference"]),
    default="guide",
    show_default=True,
    help="Shape of groups: the one in the API's guide, or the one in its reference.",
)
@option(
    "--paging",
    type=click.Choice(["none", "offset", "page"]),
    default="none",
    show_default=True,
    help="Paging style of lists.",
)
@option("--rate-limit", type=click.IntRange(1), default=100, show_default=True, help="Calls allowed per window.")
@option(
    "--window",
    type=click.FloatRange(0.1, 86_400),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Length of a rate-limit window.",
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

    Without --from, a new state has one instance (--instance-id, by default inst_sandbox) and no groups. The API key
    is wappfy_sk_sandbox_key.
    """
    from reconciler.cli.log_setup import set_up_logging
    from reconciler.cli.output import write
    from reconciler.cli.session import map_sandbox_errors
    from reconciler.sandbox import Dialect, Paging, Server, Settings, World, load_faults

    global_options = set_up_logging(ctx)
    settings = Settings(Dialect(dialect), Paging(paging), rate_limit=rate_limit, window=window)
    with _stop_on_signal() as stop, map_sandbox_errors(), World.open(state) as world:
        _seed(world, global_options, first_state, state)
        fault_list = load_faults(faults) if faults is not None else ()
        with Server(world, settings, fault_list, host, port) as server:
            instances = ", ".join(world.instance_ids())
            write(f"serving {server.url}  instance {instances}  key {server.key}  (stop with Ctrl-C)")
            stop.wait()
    return 0


@contextmanager
def _stop_on_signal() -> Iterator[Event]:
    """Yield an event that SIGINT and SIGTERM set: stopping the server is not an error."""
    stop = Event()
    previous = {number: signal.signal(number, lambda *_: stop.set()) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _seed(world: World, global_options: GlobalOptions, first_state: Path | None, state: Path) -> None:
    """Give a new world its instance and the groups of `first_state`, which an existing world does not take."""
    from reconciler.cli.session import SANDBOX_INSTANCE, SANDBOX_PHONE
    from reconciler.errors import UsageError
    from reconciler.sandbox import seed_world

    if not world.instance_ids():
        if first_state is not None:
            seed_world(world, first_state)
        if not world.instance_ids():
            world.ensure_instance(global_options.instance_id or SANDBOX_INSTANCE, SANDBOX_PHONE)
    elif first_state is not None:
        raise UsageError(f"--from needs a new state, and {state} has one", "run `reconciler sandbox reset` first")
