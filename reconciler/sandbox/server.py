"""The embedded server as its users see it: a `with` statement starts and stops it in a thread of this process."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from reconciler.sandbox.context import Service
from reconciler.sandbox.faults import Fault, FaultSchedule
from reconciler.sandbox.likeness import Likeness
from reconciler.sandbox.records import MissingWebServer, SandboxError
from reconciler.sandbox.settings import Settings
from reconciler.sandbox.world import World

if TYPE_CHECKING:
    from reconciler.sandbox.uvicorn_thread import UvicornThread


class Server(Service):
    """An API server for a world that the caller opens and closes. `host` must be a loopback address.

    Leaving the `with` block stops it within milliseconds and raises the first exception of a hook or handler.
    Raises MissingWebServer without Starlette or uvicorn, SandboxError if the port is in use.
    """

    def __init__(
        self,
        world: World,
        settings: Settings | None = None,
        faults: Sequence[Fault] = (),
        host: str = "127.0.0.1",
        port: int = 0,
        likeness: Likeness | None = None,
    ) -> None:
        try:
            from reconciler.sandbox.uvicorn_thread import UvicornThread
        except ImportError as error:
            package = (error.name or "a web server").partition(".")[0]
            raise MissingWebServer(f"the embedded server needs {package}, which is not installed") from error
        super().__init__(world, settings or Settings(), faults, likeness)
        self._make_thread = partial(UvicornThread, self)
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
        if error is None and self.failures:
            raise self.failures[0]

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
        self.faults = FaultSchedule(faults)


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
