"""`reconciler sandbox`: serve the embedded server, delete its state, make manual changes in its groups."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from reconciler.atomic_file import is_missing
from reconciler.cli.command import LazyGroup, command, pass_global_options
from reconciler.cli.global_options import GlobalOptions, add_global_options
from reconciler.cli.options import FileType, file_option, option
from reconciler.cli.output import write
from reconciler.cli.session import SANDBOX_INSTANCE, SANDBOX_PHONE, SANDBOX_STATE, map_sandbox_errors
from reconciler.cli.signals import SignalEvent, on_signal
from reconciler.errors import UsageError
from reconciler.sanitize.escape import mask_and_escape
from reconciler.sanitize.mask import mask_number

if TYPE_CHECKING:
    from reconciler.sandbox import Likeness, Settings, World

EXAMPLE = """\b
Example:
  reconciler sandbox serve --port 8080 --from first-state.yaml
  reconciler sandbox shake"""

COMMANDS = {
    "serve": ("reconciler.cli.commands.sandbox:serve", "Serve the embedded API on loopback until Ctrl-C."),
    "reset": ("reconciler.cli.commands.sandbox:reset", "Delete the embedded server's state."),
    "shake": ("reconciler.cli.commands.sandbox:shake", "Simulate manual changes in the embedded server's groups."),
}

FICTIONAL_NUMBER = "+1 202 555 0100"
"""SANDBOX_PHONE, as people write it."""
state_option = file_option("--state", help="File that holds the embedded server's state.", default=SANDBOX_STATE)


@click.group(cls=LazyGroup, lazy=COMMANDS, epilog=EXAMPLE)
@add_global_options
def sandbox() -> None:
    """Run and manage the embedded server: serve it, delete its state, simulate manual changes."""


@command(
    """\
  reconciler sandbox serve --port 8080 --from first-state.yaml --faults faults.yaml
  WAPPFY_API_KEY=wappfy_sk_sandbox_key reconciler --base-url http://127.0.0.1:8080/api plan"""
)
@option("--host", default="127.0.0.1", help="Loopback address to bind.")
@option("--port", type=click.IntRange(0, 65535), default=8080, help="Port to bind; 0 takes any free one.")
@state_option
@option(
    "--from",
    "first_state",
    type=FileType("name a file or a folder", readable=False),
    metavar="PATH",
    help="Start with the groups and people of a configuration (a file or a folder) or of a first-state file; only with "
    "a new state.",
)
@file_option("--faults", help="Inject the faults of this YAML file; each affects one request, or more with `times`.")
@option(
    "--dialect",
    type=click.Choice(["guide", "reference"]),
    default="guide",
    help="Shape of groups: the one in the API's guide, or the one in its reference.",
)
@option("--paging", type=click.Choice(["none", "offset", "page"]), default="none", help="Paging style of lists.")
@option("--rate-limit", type=click.IntRange(1), default=100, help="Calls allowed per window.")
@file_option(
    "--like",
    help="Answer like the server of this capture (`doctor --capture`): its dialect, paging, envelope, fields and rate "
    "limit. --dialect, --paging and --rate-limit override it.",
)
@option(
    "--window",
    type=click.FloatRange(0.1, 86_400),
    default=60.0,
    metavar="SECONDS",
    help="Length of a rate-limit window.",
)
@option(
    "--ban-above",
    type=click.IntRange(0),
    metavar="SCORE",
    help="Disconnect the account when its score of 24 hours is higher: a stranger who is added is 1, a new group 5, a "
    "second try of somebody who refuses 10. Never, without this option.",
)
@pass_global_options
def serve(
    global_options: GlobalOptions,
    host: str,
    port: int,
    state: Path,
    first_state: Path | None,
    faults: Path | None,
    dialect: str,
    paging: str,
    rate_limit: int,
    like: Path | None,
    window: float,
    ban_above: int | None,
) -> int:
    """Serve the embedded API on loopback until Ctrl-C.

    Without --from, a new state has no groups and one instance (--instance-id, by default inst_sandbox) with the
    number +1 202 555 0100. The API key is wappfy_sk_sandbox_key.
    """
    from reconciler.sandbox import Dialect, Paging, Server, Settings, load_faults, load_likeness

    settings = Settings(Dialect(dialect), Paging(paging), rate_limit=rate_limit, window=window, ban_above=ban_above)
    with map_sandbox_errors():
        likeness = load_likeness(like) if like is not None else None
    settings = settings if likeness is None else _like(settings, likeness)
    stop = SignalEvent()  # stopping the server is not an error
    with on_signal(lambda *_: stop.set()), map_sandbox_errors(), _opened(state) as world:
        fault_list = load_faults(faults) if faults is not None else ()
        _seed(world, global_options, first_state, state)
        with Server(world, settings, fault_list, host, port, likeness) as server:
            write(
                f"serving {server.url}  instance {_instances(world)}  key {server.key}  (stop with Ctrl-C)",
                with_key=True,
            )
            stop.wait()
    return 0


def _like(settings: Settings, likeness: Likeness) -> Settings:
    """Return the settings of a captured server, save for those that the command line or a variable names."""
    context = click.get_current_context()
    captured: dict[str, Any] = {
        "dialect": likeness.dialect,
        "paging": likeness.paging,
        "rate_limit": likeness.rate_limit or settings.rate_limit,
    }
    sources = {name: context.get_parameter_source(name) for name in captured}
    chosen = {name: value for name, value in captured.items() if sources[name] is ParameterSource.DEFAULT}
    if "paging" in chosen:
        chosen["page_size"] = likeness.page_size
    phone_field = likeness.phone_field or settings.phone_field
    return replace(settings, **chosen, rate_headers=likeness.rate_limit is not None, phone_field=phone_field)


@contextmanager
def _opened(state: Path) -> Iterator[World]:
    """Open the state; delete a new one if the server cannot be started, so that the corrected command finds none."""
    from reconciler.sandbox import World
    from reconciler.sandbox import reset as delete_state

    existed = os.path.exists(state)
    try:
        with World.open(state) as world:
            yield world
    except Exception:
        if not existed:
            delete_state(state)
        raise


def _instances(world: World) -> str:
    """Return the instances with the numbers of their accounts; a number other than the fictional one is masked.

    The file's `instance.phone` must be this number: with another one, every read looks incomplete.
    """
    phones = {instance_id: world.instance(instance_id).phone for instance_id in world.instance_ids()}
    return ", ".join(
        f"{instance_id} ({FICTIONAL_NUMBER if phone == SANDBOX_PHONE else mask_number(phone)})"
        for instance_id, phone in phones.items()
    )


def _seed(world: World, global_options: GlobalOptions, first_state: Path | None, state: Path) -> None:
    """Give a new world its instance and the groups of `first_state`, which an existing world does not take."""
    if not world.instance_ids():
        if first_state is not None:
            from reconciler.cli.first_state import fill_world

            fill_world(world, first_state, global_options)
        if not world.instance_ids():
            world.ensure_instance(global_options.instance_id or SANDBOX_INSTANCE, SANDBOX_PHONE)
    elif first_state is not None:
        raise UsageError(
            f"--from needs a new state, and {state} has one", f"run `reconciler sandbox reset --state {state}` first"
        )


@command("  reconciler sandbox reset")
@state_option
def reset(state: Path) -> int:
    """Delete the embedded server's state: its groups, people and logs."""
    from reconciler.sandbox import reset as delete_state

    existed = os.path.exists(state)
    with map_sandbox_errors():
        delete_state(state)
    write(f"deleted {state}" if existed else f"nothing to delete: {state} does not exist")
    return 0


@command("  reconciler sandbox shake && reconciler --sandbox drift")
@state_option
@option("--seed", type=int, default=1, help="The same seed makes the same changes.")
@pass_global_options
def shake(global_options: GlobalOptions, state: Path, seed: int) -> int:
    """Simulate manual changes in the embedded server's groups: a rename, a removal, an unknown member."""
    from reconciler.sandbox import World
    from reconciler.sandbox import shake as shake_world

    if is_missing(state):
        raise UsageError(f"there is no sandbox state at {state}", "create it with `reconciler --sandbox apply`")
    with map_sandbox_errors(), World.open(state) as world:
        instance_ids, selected = world.instance_ids(), global_options.instance_id
        if selected and selected not in instance_ids:
            raise UsageError(
                f"the sandbox has no instance {selected}; it has {', '.join(instance_ids) or 'none'}",
                "name one of these with --instance-id or WAPPFY_INSTANCE_ID, or leave it out to change all",
            )
        selected_ids = (selected,) if selected else instance_ids
        changes = [line for instance_id in selected_ids for line in shake_world(world, seed, instance_id)]
    write("\n".join(map(mask_and_escape, changes)) if changes else "nothing to change: the account is in no group")
    return 0
