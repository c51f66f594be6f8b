"""A server on loopback that expects exact requests in order and reports every difference."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

NO_BODY = object()


@dataclass(frozen=True)
class Expect:
    """One request that must arrive, and its response.

    `raw` replaces the whole response by these bytes and closes the connection (b"": no response). `drip` sends these
    bytes again and again until the client is gone.
    """

    method: str
    path: str
    body: Any = NO_BODY
    status: int = 200
    data: Any = None
    answer: Any = NO_BODY
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    drip: bytes | None = None
    then: Callable[[], object] | None = None

    def content(self) -> bytes:
        if isinstance(self.answer, bytes):
            return self.answer
        return json.dumps({"data": self.data} if self.answer is NO_BODY else self.answer).encode()


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    body: Any
    headers: Mapping[str, str]


class ScriptedServer:
    """Fail the test, on leaving the `with` block, if a request differed, was unexpected, or never arrived."""

    def __init__(self, expected: Sequence[Expect], *, any_order: bool = False, certificate: Path | None = None) -> None:
        self._left = list(expected)
        self._any_order = any_order
        self._lock = threading.Lock()
        self.gone = threading.Event()
        self.problems: list[str] = []
        self.seen: list[Seen] = []
        self._server = _Server(self)
        self._scheme = "http"
        if certificate is not None:
            self._scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/api"

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self.gone.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        problems = [*self.problems, *(f"never came: {e.method} {e.path}" for e in self._left)]
        if kind is None or self.problems:
            assert not problems, "\n".join(problems)

    def next(self, seen: Seen) -> Expect:
        with self._lock:
            self.seen.append(seen)
            for at, expected in enumerate(self._left if self._any_order else self._left[:1]):
                differences = _differences(expected, seen)
                if not differences:
                    return self._left.pop(at)
            wanted = differences if self._left and not self._any_order else ["no such request was expected"]
            self.problems.append(f"{seen.method} {seen.path}: " + "; ".join(wanted))
            return Expect("", "", status=404, answer={"error": {"code": "UNEXPECTED", "message": self.problems[-1]}})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script: ScriptedServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def handle_any(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(text) if text else NO_BODY
        path = self.path.removeprefix("/api")
        step = self.server.script.next(Seen(self.command, path, body, dict(self.headers.items())))
        if step.then is not None:
            step.then()
        if step.raw is not None:
            self.wfile.write(step.raw)
            self.close_connection = True
        elif step.drip is not None:
            self._drip(step.drip)
        else:
            self._answer(step)

    def _answer(self, step: Expect) -> None:
        content = step.content()
        self.send_response_only(step.status)
        for name, value in step.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _drip(self, drop: bytes) -> None:
        self.close_connection = True
        try:
            while not self.server.script.gone.wait(0.01):
                self.wfile.write(drop)
                self.wfile.flush()
        except OSError:
            return

    def __getattr__(self, name: str) -> Any:
        # http.server looks for do_GET and the like.
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""


def _differences(expected: Expect, seen: Seen) -> list[str]:
    problems = []
    for name in ("method", "path", "body"):
        wanted, came = getattr(expected, name), getattr(seen, name)
        if wanted != came:
            values = ["no body" if value is NO_BODY else repr(value) for value in (wanted, came)]
            problems.append(f"expected the {name} {values[0]}, got {values[1]}")
    return problems
