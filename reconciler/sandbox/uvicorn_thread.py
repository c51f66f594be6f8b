"""uvicorn, fitted to tests: it starts at once, stops at once, says nothing, and lets faults cut connections."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.sandbox.app import build_app
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.middleware import TRANSPORT
from reconciler.sandbox.service import Service

_KEEP_ALIVE = 75
"""Seconds an idle connection stays open, longer than a client is likely to pause between two calls."""


class AbortableProtocol(H11Protocol):
    """One connection, which puts its transport where the gate can reach it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Take up a connection."""
        super().connection_made(transport)
        app = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT] = transport
            await app(scope, receive, send)

        self.app = with_transport


class UvicornThread(uvicorn.Server):
    """A server that runs in a thread of its own; `ready` is set when it accepts connections, or failed to."""

    def __init__(self, service: Service, listening: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                build_app(service),
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
                timeout_keep_alive=_KEEP_ALIVE,
            )
        )
        self.ready = threading.Event()
        self._listening = listening
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="wappfy-sandbox", daemon=True)

    def start(self) -> None:
        """Start the thread and wait until the server accepts connections; raises SandboxError where it cannot."""
        self._thread.start()
        self.ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise SandboxError(f"the embedded server did not start: {self._failure}") from self._failure

    def stop(self) -> None:
        """Cut every connection, end the thread, close the socket."""
        self._loop.call_soon_threadsafe(self._quit.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self.serve(sockets=[self._listening]))
        except Exception as error:
            self._failure = error
            self.ready.set()

    async def main_loop(self) -> None:
        """Wait to be stopped, in place of uvicorn's polling."""
        self._loop = asyncio.get_running_loop()
        self._quit = asyncio.Event()
        self.ready.set()
        await self._quit.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End at once what uvicorn would wait for: idle connections, silent answers, delays."""
        # A connection just accepted must become known before the listening ends, or asyncio forgets to close it.
        while accepting := asyncio.all_tasks() - {asyncio.current_task(), *self.server_state.tasks}:
            await asyncio.wait(accepting)
        for server in self.servers:
            server.close()
        under_way = list(self.server_state.tasks)
        for line in list(self.server_state.connections):
            line.transport.abort()
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        for server in self.servers:
            await server.wait_closed()
        for listening in sockets or ():
            listening.close()
