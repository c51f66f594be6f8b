"""What the tests of the client share: a clock that only moves when told, and a transport that never sleeps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from reconciler.live.client import Client
from reconciler.live.throttle import Throttle
from reconciler.live.transport import Transport
from reconciler.model.live import CallRecord

KEY = "wappfy_sk_test_0123456789"
INSTANCE = "inst_abc123"
BASE = f"/instances/{INSTANCE}"
GROUP = "120363012345678901@g.us"
OTHER = "120363012345678902@g.us"
ALICE = "12025550143@s.whatsapp.net"
BOB = "12025550144@s.whatsapp.net"


@dataclass
class Rig:
    """A transport with everything it tells: `waits` in seconds, `records` of every attempt."""

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
        pacer = Throttle(None, None, self.stop, clock=self.now)
        given = {"timeout": 5.0, "pacer": pacer, "stop": self.stop, "observer": self.records.append, "wait": self.wait}
        return Transport(self.url, KEY, **{**given, **options})


def client_of(transport: Transport) -> Client:
    return Client(transport, INSTANCE)
