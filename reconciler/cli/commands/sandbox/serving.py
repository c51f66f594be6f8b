"""The embedded server from the command line: serving until a signal, shaking its world."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

from reconciler.cli.embedded import SANDBOX_INSTANCE, SANDBOX_PHONE, expecting_sandbox_errors
from reconciler.cli.options import Settings
from reconciler.cli.writing import show
from reconciler.errors import UsageError
from reconciler.sandbox import Settings as Behaviour
from reconciler.sandbox import World, load_faults, seed_world, serve_forever
from reconciler.sandbox import shake as shake_world


def serve_sandbox(
    settings: Settings,
    behaviour: Behaviour,
    address: tuple[str, int],
    state: Path,
    first_state: Path | None,
    faults: Path | None,
) -> int:
    """Serve until SIGINT or SIGTERM; stopping it is no error."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with expecting_sandbox_errors(), World.open(state) as world:
            _begin(world, settings, first_state, state)
            misbehaviour = load_faults(faults) if faults is not None else ()
            serve_forever(world, behaviour, misbehaviour, *address, _ready(behaviour, world), stop)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _begin(world: World, settings: Settings, first_state: Path | None, state: Path) -> None:
    if not world.instance_ids():
        if first_state is not None:
            seed_world(world, first_state)
        if not world.instance_ids():
            world.ensure_instance(settings.instance_id or SANDBOX_INSTANCE, SANDBOX_PHONE)
    elif first_state is not None:
        raise UsageError(f"{state} has a state already, so {first_state} would not be used", "`sandbox reset` first")


def _ready(behaviour: Behaviour, world: World) -> Callable[[str], None]:
    def ready(url: str) -> None:
        show(f"serving {url}  instance {', '.join(world.instance_ids())}  key {behaviour.key}  (Ctrl-C stops it)")

    return ready


def shake_sandbox(settings: Settings, state: Path, seed: int) -> int:
    """Make drift in every group that the state's instance (or the one named) is in."""
    if not state.exists():
        raise UsageError(f"there is no sandbox state at {state}", "make one first: reconciler --sandbox apply")
    with expecting_sandbox_errors(), World.open(state) as world:
        known = world.instance_ids()
        instances = (settings.instance_id,) if settings.instance_id in known else known
        done = [line for instance_id in instances for line in shake_world(world, seed, instance_id)]
    show("\n".join(done) if done else "nothing to shake: the instance is in no group")
    return 0
