"""Shared by the tests of the client: a transport whose throttle never sleeps, and what it sent and waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from reconciler.errors import ApiError
from reconciler.live.client import Client
from reconciler.live.retry import Retry
from reconciler.live.throttle import Throttle
from reconciler.live.transport import Transport
from reconciler.model.live import CallRecord
from tests.live.scripted_server import Expect, ScriptedServer

KEY = "wappfy_sk_test_0123456789"
INSTANCE = "inst_abc123"
BASE = f"/instances/{INSTANCE}"
GROUP = "120363012345678901@g.us"
OTHER = "120363012345678902@g.us"
PATH = f"{BASE}/groups/{GROUP}"
ALICE = "12025550143@s.whatsapp.net"
BOB = "12025550144@s.whatsapp.net"


@dataclass
class Setup:
    """A transport whose throttle never sleeps: `waits` in seconds, `records` of every attempt."""

    url: str
    stop: threading.Event = field(default_factory=threading.Event)
    waits: list[float] = field(default_factory=list)
    records: list[CallRecord] = field(default_factory=list)
    time: float = 1_000.0
    on_wait: Callable[[], object] | None = None

    def now(self) -> float:
        # It moves a little with each look, as any clock does.
        self.time += 1e-6
        return self.time

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds
        if self.on_wait is not None:
            self.on_wait()

    def transport(self, **options: Any) -> Transport:
        throttle = Throttle(None, None, self.stop, clock=self.now, sleep=self.wait)
        defaults = {"timeout": 5.0, "throttle": throttle, "observer": self.records.append}
        return Transport(self.url, KEY, **{**defaults, **options})


def client_of(transport: Transport) -> Client:
    return Client(transport, INSTANCE)


def failure_of(expect: Expect, **options: Any) -> ApiError:
    """Send one call, which must not be retried, and return its error."""
    with (
        ScriptedServer([expect]) as server,
        Setup(server.url).transport(**options) as transport,
        pytest.raises(ApiError) as caught,
    ):
        transport.request(expect.method, PATH, retry=Retry.AT_MOST_ONCE)
    assert caught.value.endpoint == f"{expect.method} /groups/{GROUP}"
    assert caught.value.__context__ is None or "requests" not in type(caught.value.__context__).__module__
    return caught.value
