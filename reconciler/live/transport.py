"""Sends calls, again where that is harmless: paced, recorded, read-only where asked, failing with our errors alone."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from random import SystemRandom
from typing import Any

from reconciler.errors import MAY_HAVE_TAKEN_EFFECT, ApiError, Interrupted, InvalidResponse, ReadOnlyViolation
from reconciler.live.base_url import parse_base_url, validate_api_key
from reconciler.live.http import HttpResponse, HttpSession
from reconciler.live.responses import error_from_response, unwrap
from reconciler.live.retry import Retry, retry_delay, should_retry
from reconciler.live.throttle import LOGGED_WAIT_SECONDS, Throttle
from reconciler.model.live import CallRecord
from reconciler.sanitize.mask import mask_text

_LOG = logging.getLogger("reconciler.live")


_CHANCE = SystemRandom()


_INSTANCE = re.compile(r"/instances/[^/]+(?=/)")


NO_HEADERS: Mapping[str, str] = {}


KEY_REMOVED = "[key]"


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """What a call was answered with: the envelope's data, and the id that Wappfy's support asks for."""

    data: Any
    status: int
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    json: Any
    params: Mapping[str, Any] | None

    @property
    def endpoint(self) -> str:
        """As errors name it: without the instance, and without the query, which may hold a phone number."""
        return f"{self.method} {_INSTANCE.sub('', self.path)}"

    @property
    def shown_path(self) -> str:
        """The path with its query, phone numbers masked."""
        query = {name: mask_text(str(value)) for name, value in (self.params or {}).items()}
        return f"{self.path}?{'&'.join(f'{name}={value}' for name, value in query.items())}" if query else self.path


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One request and how it ended; `headers` are those of the answer, if one came."""

    outcome: ApiResponse | ApiError
    headers: Mapping[str, str]


class Transport(AbstractContextManager["Transport"]):
    """One pooled session with one key to one address, for all threads.

    timeout: seconds to connect, and again to the whole answer. pacer: holds calls back. read_only: refuse every verb
    but GET. only: method and path of the one call that this session is for. stop: when set, calls under way are
    finished and no other starts (Interrupted). observer: told of every attempt, from any thread. wait: sleeps between
    attempts (tests give their own).

    The key is in the session's headers and nowhere else: in no error, record, log line or repr.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float = 30.0,
        pacer: Throttle,
        read_only: bool = False,
        only: tuple[str, str] | None = None,
        stop: threading.Event,
        observer: Callable[[CallRecord], None] | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        checked = validate_api_key(key)
        self._pacer = pacer
        self._read_only = read_only
        self._only = only
        self._stop = stop
        self._observer = observer
        self._wait = wait or stop.wait
        self._redact: Callable[[str], str] = lambda text: text.replace(checked, KEY_REMOVED)
        self._wire = HttpSession(parse_base_url(base_url), checked, timeout, pacer.now)

    def close(self) -> None:
        """Close all connections."""
        self._wire.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None, retry: Retry
    ) -> ApiResponse:
        """Send a call until it is answered, as often as `retry` allows; `path` begins with a slash and is quoted.

        Raises from the ApiError tree, Interrupted or ReadOnlyViolation. The error of a write is raised *from* the
        error of an earlier attempt that may have taken effect, if there was one: `error.__cause__` tells.
        """
        call = _Call(method, path, json, params)
        self._require_allowed(call)
        earlier: ApiError | None = None
        attempt = bad_answers = 0
        while True:
            attempt += 1
            made = self._attempt(call, attempt, earlier)
            outcome = made.outcome
            if isinstance(outcome, ApiResponse):
                return outcome
            bad_answers += isinstance(outcome, InvalidResponse)
            if not should_retry(outcome, method=method, retry=retry, attempt=attempt, bad_answers=bad_answers):
                raise outcome from earlier
            if method != "GET" and isinstance(outcome, MAY_HAVE_TAKEN_EFFECT):
                earlier = outcome
            self._pause(outcome, made.headers, attempt, earlier)

    def _require_allowed(self, call: _Call) -> None:
        if self._read_only and call.method != "GET":
            raise ReadOnlyViolation(f"{call.endpoint} was not sent: this session only reads")
        if self._only is not None and (call.method, call.path) != self._only:
            raise ReadOnlyViolation(f"{call.endpoint} was not sent: this session is for one other call alone")

    def _attempt(self, call: _Call, attempt: int, earlier: ApiError | None) -> _Attempt:
        """Send a call once, when the pace allows it, and record how it ended."""
        try:
            sent_at = self._pacer.acquire(write=call.method != "GET")
        except Interrupted:
            raise Interrupted(f"interrupted before {call.endpoint} was sent") from earlier
        at, begun = datetime.now(UTC).isoformat(timespec="milliseconds"), time.monotonic()
        incoming: HttpResponse | None = None
        outcome: ApiResponse | ApiError
        try:
            incoming = self._wire.send(call.method, call.path, call.endpoint, json=call.json, params=call.params)
            outcome = self._read(incoming, call)
        except ApiError as error:
            outcome = error
        finally:
            self._settle(incoming, sent_at)
        self._record(call, attempt, outcome, at, time.monotonic() - begun)
        return _Attempt(outcome, incoming.headers if incoming else NO_HEADERS)

    def _settle(self, incoming: HttpResponse | None, sent_at: float) -> None:
        if incoming is None:
            self._pacer.record_response(None, sent_at, self._pacer.now())
        else:
            self._pacer.record_response(incoming.headers, sent_at, incoming.received_at, refused=incoming.status == 429)

    def _read(self, incoming: HttpResponse, call: _Call) -> ApiResponse:
        if not 200 <= incoming.status < 300:
            raise error_from_response(incoming.status, incoming.headers, incoming.body, call.endpoint, self._redact)
        data, named = unwrap(incoming.status, incoming.headers, incoming.body, call.endpoint, self._redact)
        return ApiResponse(data, incoming.status, named)

    def _pause(self, error: ApiError, headers: Mapping[str, str], attempt: int, earlier: ApiError | None) -> None:
        """Wait before the next attempt; after a 429 everybody waits."""
        seconds = retry_delay(
            error,
            headers,
            attempt=attempt,
            until_reset=self._pacer.until_reset() if "X-RateLimit-Reset" in headers else None,
            now=time.time(),
            chance=_CHANCE.random(),
        )
        if error.status == 429:
            self._pacer.block_for(seconds)
        if seconds >= LOGGED_WAIT_SECONDS:
            _LOG.info("%s: %s; waiting %d s before it is sent again", error.endpoint, error.message, ceil(seconds))
        if not self._stop.is_set():
            self._wait(seconds)
        if self._stop.is_set():
            raise Interrupted(f"interrupted before {error.endpoint} was sent again") from earlier

    def _record(self, call: _Call, attempt: int, outcome: ApiResponse | ApiError, at: str, seconds: float) -> None:
        """Tell the observer and the log of one attempt."""
        failed = outcome if isinstance(outcome, ApiError) else None
        record = CallRecord(
            at=at,
            method=call.method,
            path=call.shown_path,
            attempt=attempt,
            status=outcome.status,
            code=failed.code if failed else None,
            error=failed.message if failed else None,
            request_id=outcome.request_id,
            seconds=round(seconds, 4),
            body=call.json,
        )
        ended = record.error or record.status
        _LOG.debug("%s %s: %s", record.method, record.path, ended, extra={"call": _for_log(record)})
        if self._observer is not None:
            self._observer(record)


def _for_log(record: CallRecord) -> dict[str, Any]:
    """A record without what was sent, which has numbers; the rest may hold some too, and whoever writes it masks it."""
    return {
        "method": record.method,
        "path": record.path,
        "attempt": record.attempt,
        "status": record.status,
        "code": record.code,
        "error": record.error,
        "request_id": record.request_id,
        "seconds": record.seconds,
    }
