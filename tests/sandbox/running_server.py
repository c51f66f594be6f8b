"""A running server with an instance, and short ways to call it: with requests, or over a plain socket."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from reconciler.sandbox import Fault, Server, Settings, World

INSTANCE = "inst_abc123"
ME = "+1 202 555 0100"
ALICE, BOB, CAROL, DAVE = "12025550143", "12025550144", "12025550145", "12025550146"


def jid(digits: str) -> str:
    """Return the only form of a person's JID that requests may use."""
    return f"{digits}@s.whatsapp.net"


@dataclass
class Api:
    """The client's side of one server."""

    world: World
    server: Server
    session: requests.Session

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Send a request; `path` is relative to the instance, or a complete URL."""
        url = path if path.startswith("http") else f"{self.server.url}/instances/{INSTANCE}{path}"
        if body is not None:
            options["json"] = body
        return self.session.request(method, url, timeout=10, allow_redirects=False, **options)

    def data(self, method: str, path: str, body: Any = None) -> Any:
        """Return the data of a call that must succeed."""
        answer = self.call(method, path, body)
        assert answer.ok, answer.text
        return answer.json()["data"]

    def error(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Return the status and the code of a call that must fail."""
        answer = self.call(method, path, body)
        envelope = answer.json()
        assert envelope["success"] is False
        assert envelope["meta"]["requestId"].startswith("req_")
        return answer.status_code, envelope["error"]["code"]

    def raw(self, method: str, path: str, body: Any = None) -> bytes:
        """Return every byte that a plain socket receives until the server closes the connection."""
        text = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} /api/instances/{INSTANCE}{path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {self.server.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as client:
            client.sendall(head.encode() + text)
            return read_all(client)

    def group(self, name: str = "Project Alpha", members: Sequence[str] = (ALICE,), **options: Any) -> str:
        """Create a group that the instance owns, outside the API."""
        return self.world.create_group(name, members, **{"owner": ME, **options})

    def members(self, group_id: str) -> list[str]:
        """Return the members of a group without the instance, sorted."""
        people = [member.digits for member in self.world.group(group_id).members]
        return sorted(digits for digits in people if digits != "12025550100")


def read_all(client: socket.socket) -> bytes:
    """Return everything that a socket receives until the connection ends."""
    received = b""
    try:
        while chunk := client.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


@contextmanager
def running(settings: Settings | None = None, faults: Sequence[Fault] = (), path: Path | None = None) -> Iterator[Api]:
    """Run a server over a world with one connected instance."""
    with World.open(path) as world, requests.Session() as session:
        world.ensure_instance(INSTANCE, ME)
        with Server(world, settings, faults) as server:
            session.headers["X-Api-Key"] = server.key
            session.trust_env = False
            yield Api(world, server, session)
