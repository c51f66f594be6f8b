"""The embedded server as its users see it: started and stopped with a `with` statement, in a thread of this process."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.settings import Settings
from reconciler.sandbox.world import World

if TYPE_CHECKING:
    from reconciler.sandbox.service import Hook
    from reconciler.sandbox.uvicorn_thread import UvicornThread


class Server:
    """A running API over a world that somebody else opens and closes. `host` must be a loopback address.

    Leaving the `with` block stops it within milliseconds, and raises what a hook or a handler has raised meanwhile.
    Raises SandboxError when Starlette or uvicorn is missing, or the port is taken.
    """

    def __init__(
        self,
        world: World,
        settings: Settings | None = None,
        faults: Sequence[Fault] = (),
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        try:
            from reconciler.sandbox.service import Service
            from reconciler.sandbox.uvicorn_thread import UvicornThread
        except ImportError as error:
            raise SandboxError(f"the embedded server needs {error.name}; install wappfy-reconciler[sandbox]") from error
        self.world = world
        self.settings = settings or Settings()
        self._service = Service(world, self.settings, faults)
        self._make_engine: Callable[[socket.socket], UvicornThread] = lambda listening: UvicornThread(
            self._service, listening
        )
        self._address = (host, port)
        self._engine: UvicornThread | None = None

    def start(self) -> None:
        """Take the port and answer from now on."""
        listening = _listen(*self._address)
        self._address = (self._address[0], listening.getsockname()[1])
        self._engine = self._make_engine(listening)
        self._engine.start()

    def stop(self) -> None:
        """Cut all connections and end; stopping twice does no harm."""
        if self._engine is not None:
            self._engine.stop()
            self._engine = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is None and self._service.failures:
            raise self._service.failures[0]

    @property
    def port(self) -> int:
        """The port it listens on, known once it runs."""
        return self._address[1]

    @property
    def url(self) -> str:
        """The base URL for clients."""
        host = f"[{self._address[0]}]" if ":" in self._address[0] else self._address[0]
        return f"http://{host}:{self.port}/api"

    @property
    def key(self) -> str:
        """The API key it accepts."""
        return self.settings.key

    def set_faults(self, faults: Sequence[Fault]) -> None:
        """Put these faults in force from the next call on, instead of the earlier ones, all counts at zero."""
        self._service.faults.set(faults)

    @property
    def on_call(self) -> Hook | None:
        """Called before each request is handled, in the server's thread: a place to change the world between two
        calls. It must send no request to this server itself.
        """
        return self._service.on_call

    @on_call.setter
    def on_call(self, hook: Hook | None) -> None:
        self._service.on_call = hook

    @property
    def after_call(self) -> Hook | None:
        """Called after each request took effect and before its answer is sent."""
        return self._service.after_call

    @after_call.setter
    def after_call(self, hook: Hook | None) -> None:
        self._service.after_call = hook


def serve_forever(
    world: World,
    settings: Settings,
    faults: Sequence[Fault],
    host: str,
    port: int,
    on_ready: Callable[[str], None],
    stop: threading.Event,
) -> None:
    """Serve until `stop` is set; `on_ready` gets the base URL once connections are accepted."""
    with Server(world, settings, faults, host, port) as server:
        on_ready(server.url)
        stop.wait()


def _listen(host: str, port: int) -> socket.socket:
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise SandboxError(f"the sandbox serves this machine only: {host} is not a loopback address; use 127.0.0.1")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it, each answer takes 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((str(address), port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise SandboxError(f"port {port} on {host} cannot be used: {error.strerror}; choose another one") from error
    return listening
