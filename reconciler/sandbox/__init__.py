"""The embedded API server, for trials and tests. It imports nothing from the rest of the package.

    with World.open() as world, Server(world) as server:
        world.ensure_instance("inst_abc123", "+1 202 555 0100")
        ...  # send requests to server.url with server.key

`World` holds the groups and people and changes them outside the API, `Settings` chooses what the API's documents
leave open, and a `Fault` makes the server misbehave. The web server is loaded only when a `Server` is made.
"""

from reconciler.sandbox.database import reset
from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.likeness import Likeness, load_likeness
from reconciler.sandbox.manual_changes import shake
from reconciler.sandbox.records import MissingWebServer, SandboxError
from reconciler.sandbox.seed import add_seed, load_faults, seed_world, top_level_keys
from reconciler.sandbox.server import Server
from reconciler.sandbox.settings import SANDBOX_KEY, Dialect, Paging, Settings
from reconciler.sandbox.world import World

__all__ = [
    "SANDBOX_KEY",
    "Dialect",
    "Fault",
    "FaultKind",
    "Likeness",
    "MissingWebServer",
    "Paging",
    "SandboxError",
    "Server",
    "Settings",
    "World",
    "add_seed",
    "load_faults",
    "load_likeness",
    "reset",
    "seed_world",
    "shake",
    "top_level_keys",
]
