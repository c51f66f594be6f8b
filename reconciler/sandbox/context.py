"""The state of a running server that all requests share, its rate limit, and the context of one request."""

from __future__ import annotations

import hmac
import math
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import reconciler.sandbox.store as store
from reconciler.sandbox.faults import Fault, FaultSchedule
from reconciler.sandbox.http_messages import ApiFailure, ApiRequest, forbidden, invalid, not_found
from reconciler.sandbox.likeness import Likeness
from reconciler.sandbox.records import Account, Effect, Group, Instance, InstanceStatus, InstanceType
from reconciler.sandbox.reputation import Reputation
from reconciler.sandbox.serializers import Serializer
from reconciler.sandbox.settings import Paging, Settings
from reconciler.sandbox.world import World

Hook = Callable[[int, str, str], None]
"""A function that gets a call's sequence number, its method, and its path with query."""

Entry = TypeVar("Entry")

OPENAPI_PATH = "/api/openapi.json"
"""The server's OpenAPI document, which needs no key."""


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """A caller's status after a request. `reset_at` is the Unix second, on the server's clock, when the window ends."""

    limit: int
    remaining: int
    reset_at: int
    exceeded: bool

    @property
    def headers(self) -> dict[str, str]:
        """The documented headers."""
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(self.reset_at),
        }


class RateLimiter:
    """Counts requests per caller: all users of the key together, and each client address that has no key.

    A window starts at the whole second of its first request, so that it ends exactly at the whole second that
    `X-RateLimit-Reset` names. Windows shorter than a second start with their first request.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._windows: dict[str | None, tuple[float, int]] = {}

    def count(self, address: str | None, now: float) -> RateLimitStatus | None:
        """Count a request at `now` on the server's clock; return None if there is no limit.

        `address` is None for a caller with the key. A request over the limit does not count.
        """
        limit = self._settings.rate_limit if address is None else self._settings.anonymous_rate_limit
        if limit is None or self._settings.rate_limit is None:
            return None
        start, used = self._windows.get(address, (_window_start(now, self._settings.window), 0))
        # The lower bound opens a new window if the clock was set back; the old one would last too long.
        if not start <= now < start + self._settings.window:
            start, used = _window_start(now, self._settings.window), 0
        exceeded = used >= limit
        used += not exceeded
        self._windows[address] = (start, used)
        # Rounded up, so that a client that waits until this second never comes too early.
        return RateLimitStatus(limit, limit - used, math.ceil(start + self._settings.window), exceeded)


def _window_start(now: float, window: float) -> float:
    """Return the start of a window whose first request comes at `now`."""
    return float(math.floor(now)) if window >= 1 else now


class Service:
    """The shared state of one server.

    `on_call` runs before each request, in the server's thread, and may change the world between two calls, but must
    not send requests to this server; `after_call` runs after a request took effect and before its response is sent.
    `failures` collects the exceptions of hooks and handlers: bugs, assertions. `clock` returns Unix seconds; a test may
    put another one in its place. With a `likeness`, it answers like the server that was captured.
    """

    def __init__(
        self, world: World, settings: Settings, faults: Sequence[Fault] = (), likeness: Likeness | None = None
    ) -> None:
        self.world = world
        self.settings = settings
        self.likeness = likeness
        self.faults = FaultSchedule(faults)
        self.on_call: Hook | None = None
        self.after_call: Hook | None = None
        self.failures: list[Exception] = []
        self.clock: Callable[[], float] = time.time
        self._rate_limiter = RateLimiter(settings)
        self._reputations: dict[str, Reputation] = {}

    def now(self) -> float:
        """Return the time in Unix seconds on the server's clock."""
        return self.clock() + self.settings.clock_skew

    def count(self, request: ApiRequest) -> RateLimitStatus | None:
        """Count a request against its caller's rate limit."""
        return self._rate_limiter.count(None if self._has_key(request) else request.client, request.now)

    def check_access(self, request: ApiRequest, status: RateLimitStatus | None) -> None:
        """Raise a 429 if the caller is over the rate limit, and a 401 if the key is missing or wrong."""
        if status is not None and status.exceeded:
            wait = {"retry-after": str(math.ceil(status.reset_at - request.now))}
            headers = wait if self.settings.retry_after_header else {}
            raise ApiFailure(429, "RATE_LIMIT_EXCEEDED", "too many requests; wait for the reset", headers=headers)
        if request.path != OPENAPI_PATH and not self._has_key(request):
            challenge = {"www-authenticate": "Bearer"}
            raise ApiFailure(401, "UNAUTHORIZED", "the API key is missing or wrong", headers=challenge)

    @contextmanager
    def open_context(self, request: ApiRequest, instance_id: str) -> Iterator[RequestContext]:
        """Open a transaction for a request on the instance in its path; raise a 404 if there is no such instance."""
        with self.world.transaction() as db:
            instance = require_instance(db, instance_id)
            yield RequestContext(db, instance, request, self.settings, self.reputation(instance_id))

    def reputation(self, instance_id: str) -> Reputation | None:
        """Return the score of an instance's account; None on a server that bans nobody."""
        if self.settings.ban_above is None:
            return None
        return self._reputations.setdefault(instance_id, Reputation(self.settings.ban_above))

    def run_hook(self, hook: Hook | None, seq: int, method: str, path: str) -> None:
        """Call a hook if there is one; collect its exception in `failures`."""
        if hook is None:
            return
        try:
            hook(seq, method, path)
        except Exception as error:
            self.failures.append(error)

    def _has_key(self, request: ApiRequest) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        keys = [request.headers.get("x-api-key", ""), token.strip() if scheme.lower() == "bearer" else ""]
        return any(hmac.compare_digest(key.encode(), self.settings.key.encode()) for key in keys)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """A request on an instance, inside an open transaction."""

    db: sqlite3.Connection
    instance: Instance
    request: ApiRequest
    settings: Settings
    reputation: Reputation | None

    def score_adds(self, accounts: Sequence[Account], *, creates: bool = False) -> None:
        """Score a call that adds these people, before it does; an account that is banned for it is disconnected after.

        The call itself still takes effect: the ban shows in the next one.
        """
        if self.reputation is None:
            return
        strangers = store.count_strangers(self.db, self.instance, {account.digits for account in accounts})
        refusing = {account.digits for account in accounts if account.refuses_adds}
        now = self.request.now
        if self.reputation.note_call(now, strangers=strangers, refusing=refusing, creates=creates):
            store.put_instance(self.db, replace(self.instance, status=InstanceStatus.DISCONNECTED))

    def require_groups(self) -> None:
        """Raise a 400 unless groups work on this instance: it must be of type waha, and connected."""
        if self.instance.kind is not InstanceType.WAHA:
            raise invalid(f"groups work only on waha instances; {self.instance.id} is of type {self.instance.kind}")
        if self.instance.status is not InstanceStatus.CONNECTED:
            raise invalid(f"the instance {self.instance.id} is not connected; its status is {self.instance.status}")

    def require_member(self, group_id: str) -> Group:
        """Return a group the instance is in, as it was `effects_ago`; raise a 404 for any other."""
        group = store.group_at(self.db, group_id, self.request.effects_ago)
        if group is None or group.member(self.instance.phone) is None:
            raise not_found("group not found, or the instance is not a member of it")
        return group

    def require_admin(self, group_id: str) -> Group:
        """Return a group the instance is an admin of; raise a 404 or a 403 for any other."""
        group = self.require_member(group_id)
        own = group.member(self.instance.phone)
        if own is None or not own.is_admin:
            raise forbidden("the instance is not an admin of this group")
        return group

    @property
    def serializer(self) -> Serializer:
        """Writes responses in the server's dialect."""
        return Serializer(self.db, self.settings)

    def log_effect(
        self, kind: str, group_id: str, before: Group | None, people: Iterable[str] = (), detail: Any = None
    ) -> None:
        """Log a change that this request made; `before` is the group as it was before."""
        request = self.request
        effect = Effect(0, request.seq, request.method, request.path, kind, group_id, tuple(people), detail)
        store.log_effect(self.db, effect, before)

    def participant_failure(self, status: int, code: str, message: str, jids: Iterable[str]) -> ApiFailure:
        """Return an error about some participants; its details list them if the settings say so."""
        details = {"participants": list(jids)} if self.settings.name_bad_participants else {}
        return ApiFailure(status, code, message, details)

    def page(self, entries: Sequence[Entry], serialize: Callable[[Sequence[Entry]], list[dict[str, Any]]]) -> Any:
        """Return the page that the query names; a server without paging returns everything, but checks the numbers."""
        query, settings = self.request.query, self.settings
        limit = min(_query_number(query, "limit", settings.page_limit, 1), settings.page_limit)
        offset = _query_number(query, "offset", 0, 0)
        page = _query_number(query, "page", 1, 1)
        if settings.paging == Paging.NONE:
            return serialize(entries)
        if settings.paging == Paging.OFFSET:
            return serialize(entries[offset : offset + limit])
        total = len(entries)
        items = serialize(entries[(page - 1) * limit : page * limit])
        return {"items": items, "total": total, "page": page, "limit": limit, "totalPages": -(-total // limit)}


def require_instance(db: sqlite3.Connection, instance_id: str) -> Instance:
    """Return an instance by its id; raise a 404 if there is none."""
    instance = store.find_instance(db, instance_id)
    if instance is None:
        raise ApiFailure(404, "INSTANCE_NOT_FOUND", "instance not found")
    return instance


def _query_number(query: Mapping[str, str], name: str, default: int, minimum: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= minimum):
        raise invalid(f"the query parameter {name!r} must be an integer from {minimum} to 999999999")
    return int(text)
