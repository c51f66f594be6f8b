"""The embedded server as its users see it: a `with` statement starts and stops it in a thread of this process."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from reconciler.sandbox.context import Hook, Service
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.settings import Settings
from reconciler.sandbox.world import World

if TYPE_CHECKING:
    from reconciler.sandbox.uvicorn_thread import UvicornThread


class Server:
    """An API server for a world that the caller opens and closes. `host` must be a loopback address.

    Leaving the `with` block stops it within milliseconds and raises the first exception of a hook or handler.
    Raises SandboxError if Starlette or uvicorn is missing, or the port is in use.
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
            from reconciler.sandbox.uvicorn_thread import UvicornThread
        except ImportError as error:
            raise SandboxError(f"the embedded server needs {error.name}; install wappfy-reconciler[sandbox]") from error
        self.world = world
        self.settings = settings or Settings()
        self._service = Service(world, self.settings, faults)
        self._make_thread = partial(UvicornThread, self._service)
        self._address = (host, port)
        self._thread: UvicornThread | None = None

    def start(self) -> None:
        """Bind the port and accept requests."""
        listening = _listen(*self._address)
        self._address = (self._address[0], listening.getsockname()[1])
        self._thread = self._make_thread(listening)
        self._thread.start()

    def stop(self) -> None:
        """Abort all connections and stop; stopping twice is fine."""
        if self._thread is not None:
            self._thread.stop()
            self._thread = None

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
        """The port; if the caller asked for any free one, it is known once the server runs."""
        return self._address[1]

    @property
    def url(self) -> str:
        """The base URL for clients."""
        host = f"[{self._address[0]}]" if ":" in self._address[0] else self._address[0]
        return f"http://{host}:{self.port}/api"

    @property
    def key(self) -> str:
        """The API key that it accepts."""
        return self.settings.key

    def set_faults(self, faults: Sequence[Fault]) -> None:
        """Replace the faults from the next request on; all counts restart at zero."""
        self._service.faults.set(faults)

    @property
    def on_call(self) -> Hook | None:
        """A hook that runs before each request, in the server's thread, and may change the world between two calls.

        It must not send requests to this server.
        """
        return self._service.on_call

    @on_call.setter
    def on_call(self, hook: Hook | None) -> None:
        self._service.on_call = hook

    @property
    def after_call(self) -> Hook | None:
        """A hook that runs after each request took effect and before its response is sent."""
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
    """Serve until `stop` is set; call `on_ready` with the base URL once the server accepts connections."""
    with Server(world, settings, faults, host, port) as server:
        on_ready(server.url)
        stop.wait()


def _listen(host: str, port: int) -> socket.socket:
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise SandboxError(f"the sandbox serves only this machine: {host} is not a loopback address; use 127.0.0.1")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    # asyncio disables Nagle's algorithm only if the protocol is explicit; with Nagle, each response takes 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((str(address), port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise SandboxError(f"cannot use port {port} on {host}: {error.strerror}; choose another port") from error
    return listening
