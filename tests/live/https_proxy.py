"""An HTTPS proxy on loopback: TLS to the proxy itself, and through it to one local port, whatever was asked for."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

CHUNK = 64 * 1024


class HttpsProxy:
    """Serves one connection; `asked_for` has what its CONNECT named."""

    def __init__(self, port: int, certificate: Path) -> None:
        self.asked_for: list[str] = []
        self._port = port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> HttpsProxy:
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        # Whoever goes away, at whatever moment, ends it.
        with suppress(OSError), self._context.wrap_socket(self._listener.accept()[0], server_side=True) as client:
            head = b""
            while not head.endswith(b"\r\n\r\n") and (more := client.recv(CHUNK)):
                head += more
            self.asked_for.append(head.split()[1].decode())
            with socket.create_connection(("127.0.0.1", self._port)) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _relay(client, server)


def _relay(client: ssl.SSLSocket, server: socket.socket) -> None:
    """Both ways in one thread, until either end is done."""
    while True:
        ready = [client] if client.pending() else select.select([client, server], [], [])[0]
        for source in ready:
            data = source.recv(CHUNK)
            if not data:
                return
            (server if source is client else client).sendall(data)
