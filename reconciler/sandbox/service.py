"""What all requests of one running server share: the world, the settings, the faults in force, the hooks."""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import Callable, Sequence

from reconciler.sandbox.account_store import instance as instance_of
from reconciler.sandbox.context import RequestContext
from reconciler.sandbox.errors import ApiFailure
from reconciler.sandbox.faults import Fault, FaultSchedule
from reconciler.sandbox.http_messages import ApiData, ApiRequest
from reconciler.sandbox.rate_limit import RateLimiter, RateLimitStatus
from reconciler.sandbox.settings import Settings
from reconciler.sandbox.world import World

Hook = Callable[[int, str, str], None]
"""Called with a call's sequence number, method, and path with query."""

OPENAPI_PATH = "/api/openapi.json"
"""Where the server describes itself, open to everybody."""


class Service:
    """One server's shared state. `failures` collects what hooks and handlers raised, a defect or a test's assertion."""

    def __init__(self, world: World, settings: Settings, faults: Sequence[Fault] = ()) -> None:
        self.world = world
        self.settings = settings
        self.faults = FaultSchedule(faults)
        self.limiter = RateLimiter(settings)
        self.on_call: Hook | None = None
        self.after_call: Hook | None = None
        self.failures: list[Exception] = []

    def now(self) -> float:
        """Unix seconds on the server's clock."""
        return time.time() + self.settings.clock_skew

    def count(self, incoming: ApiRequest) -> RateLimitStatus | None:
        """Count a call against its caller's rate limit."""
        return self.limiter.count(None if self._has_key(incoming) else incoming.client, incoming.now)

    def check(self, incoming: ApiRequest, standing: RateLimitStatus | None) -> None:
        """Raise the 429 or the 401 that keeps a call from being handled."""
        if standing is not None and standing.exceeded:
            wait = {"retry-after": str(math.ceil(standing.resets - incoming.now))}
            headers = wait if self.settings.retry_after_header else {}
            raise ApiFailure(429, "RATE_LIMIT_EXCEEDED", "too many requests; wait for the reset", headers=headers)
        if incoming.path != OPENAPI_PATH and not self._has_key(incoming):
            challenge = {"www-authenticate": "Bearer"}
            raise ApiFailure(401, "UNAUTHORIZED", "the API key is missing or wrong", headers=challenge)

    def visit(self, incoming: ApiRequest, instance_id: str, act: Callable[[RequestContext], ApiData]) -> ApiData:
        """Run one endpoint's function in a transaction on the instance it names."""
        with self.world.transaction() as db:
            instance = instance_of(db, instance_id)
            if instance is None:
                raise ApiFailure(404, "INSTANCE_NOT_FOUND", "instance not found")
            return act(RequestContext(db, instance, incoming, self.settings))

    def run_hook(self, hook: Hook | None, seq: int, method: str, path: str) -> None:
        """Call a hook where there is one; what it raises is kept for whoever stops the server."""
        if hook is None:
            return
        try:
            hook(seq, method, path)
        except Exception as error:
            self.failures.append(error)

    def _has_key(self, incoming: ApiRequest) -> bool:
        scheme, _, token = incoming.headers.get("authorization", "").partition(" ")
        offered = [incoming.headers.get("x-api-key", ""), token.strip() if scheme.lower() == "bearer" else ""]
        return any(hmac.compare_digest(each.encode(), self.settings.key.encode()) for each in offered)
