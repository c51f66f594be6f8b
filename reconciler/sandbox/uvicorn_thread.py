"""uvicorn in a thread, adapted to tests: it starts and stops at once, logs nothing, and lets faults cut connections.

A module of its own, because uvicorn and Starlette are optional and are loaded only when a server is made.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.sandbox.app import TRANSPORT_KEY, SandboxApp
from reconciler.sandbox.context import Service
from reconciler.sandbox.records import SandboxError

_KEEP_ALIVE_SECONDS = 75
"""How long an idle connection stays open; longer than a client is likely to pause between two calls."""


class AbortableProtocol(H11Protocol):
    """A connection that puts its transport into the ASGI scope, so that the middleware can abort it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Open a connection."""
        super().connection_made(transport)
        app = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT_KEY] = transport
            await app(scope, receive, send)

        self.app = with_transport


class UvicornThread(uvicorn.Server):
    """A uvicorn server in its own thread; `ready` is set once it accepts connections or has failed to start."""

    def __init__(self, service: Service, listening: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                SandboxApp(service),
                http=AbortableProtocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                log_level=logging.CRITICAL + 1,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            )
        )
        self.ready = threading.Event()
        self._listening = listening
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="wappfy-sandbox", daemon=True)

    def start(self) -> None:
        """Start the thread and wait until it accepts connections; raise SandboxError if it does not start."""
        self._thread.start()
        self.ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise SandboxError(f"the embedded server did not start: {self._failure}") from self._failure

    def stop(self) -> None:
        """Abort all connections, end the thread and close the socket."""
        self._loop.call_soon_threadsafe(self._stop_event.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self.serve(sockets=[self._listening]))
        except Exception as error:
            self._failure = error
            self.ready.set()

    async def main_loop(self) -> None:
        """Wait until `stop` is called, instead of uvicorn's polling."""
        self._loop = asyncio.get_running_loop()
        self._stop_event = asyncio.Event()
        self.ready.set()
        await self._stop_event.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop without waiting for idle connections, silent answers and delays, as uvicorn would."""
        # A connection that was just accepted must be registered before listening ends, or asyncio never closes it.
        while accepting := asyncio.all_tasks() - {asyncio.current_task(), *self.server_state.tasks}:
            await asyncio.wait(accepting)
        for server in self.servers:
            server.close()
        running = list(self.server_state.tasks)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for server in self.servers:
            await server.wait_closed()
        for listening in sockets or ():
            listening.close()
