"""Send calls to the API: throttled, retried where that is harmless, recorded, and failing only with ApiErrors."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from random import SystemRandom
from typing import Any

from reconciler.errors import (
    MAY_HAVE_TAKEN_EFFECT,
    ApiError,
    Interrupted,
    InvalidResponse,
    ReadOnlyViolation,
    Unreachable,
)
from reconciler.live.base_url import parse_base_url, validate_api_key
from reconciler.live.http import HttpSession
from reconciler.live.responses import ApiResponse, HttpResponse, read_response
from reconciler.live.retry import MAX_ATTEMPTS, NO_PAUSE, Failure, Pause, Retry, decide_retry
from reconciler.live.throttle import LOGGED_WAIT_SECONDS, Throttle
from reconciler.model.live import CallRecord
from reconciler.sanitize.mask import mask_text

_LOG = logging.getLogger("reconciler.live")
_RANDOM = SystemRandom()
_INSTANCE = re.compile(r"/instances/[^/]+(?=/)")
KEY_REMOVED = "[key]"


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    json: Any
    params: Mapping[str, Any] | None

    @property
    def endpoint(self) -> str:
        """The call for error messages: without the instance, and without the query, which may hold a phone number."""
        return f"{self.method} {_INSTANCE.sub('', self.path)}"

    @property
    def is_write(self) -> bool:
        """Whether the call may change something."""
        return self.method != "GET"

    @property
    def masked_path(self) -> str:
        """The path with its query, phone numbers masked."""
        query = "&".join(f"{name}={mask_text(str(value))}" for name, value in (self.params or {}).items())
        return f"{self.path}?{query}" if query else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its response, for `doctor`; `path` and `query` as sent, so they may hold a number.

    `sent_at` and `received_at` are Unix seconds on this machine's clock.
    """

    method: str
    path: str
    query: Mapping[str, Any]
    sent_at: float
    received_at: float
    response: HttpResponse


class Transport(AbstractContextManager["Transport"]):
    """One pooled session with one key to one address, for all threads.

    timeout: seconds to connect, and again until the whole response is there. throttle: decides when a call is sent;
    once it is stopped, calls under way finish and no other starts (Interrupted). read_only: allow GET alone. only:
    method and path of the one call that this session allows. observer: receives a record of every attempt, from any
    thread. listener: receives every response as it came, with all that is in it. attempts: how often a call is sent at
    most.

    The key is in the session's headers and nowhere else: in no error, record, log line or repr.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float = 30.0,
        throttle: Throttle,
        read_only: bool = False,
        only: tuple[str, str] | None = None,
        observer: Callable[[CallRecord], None] | None = None,
        listener: Callable[[Exchange], None] | None = None,
        attempts: int = MAX_ATTEMPTS,
    ) -> None:
        valid_key = validate_api_key(key)
        self._throttle = throttle
        self._read_only = read_only
        self._only = only
        self._observer = observer
        self._listener = listener
        self._attempts = attempts
        self._reached = False
        self._redact: Callable[[str], str] = lambda text: text.replace(valid_key, KEY_REMOVED)
        self._session = HttpSession(parse_base_url(base_url), valid_key, timeout, throttle.now)

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None, retry: Retry
    ) -> ApiResponse:
        """Send a call until it succeeds, as often as `retry` allows; `path` begins with a slash and is quoted.

        Raises from the ApiError tree, Interrupted or ReadOnlyViolation. If an earlier attempt of a write may have
        taken effect, its error is the `__cause__` of the error raised.
        """
        call = _Call(method, path, json, params)
        self._raise_if_forbidden(call)
        earlier: ApiError | None = None
        pause, number, invalid = NO_PAUSE, 0, 0
        while True:
            number += 1
            result = self._attempt(call, number, pause, earlier)
            if isinstance(result, ApiResponse):
                return result
            error = result.error
            invalid += isinstance(error, InvalidResponse)
            decision = decide_retry(
                result,
                method=method,
                retry=retry,
                attempts=number,
                invalid_responses=invalid,
                chance=_RANDOM.random(),
                reached=self._reached,
                most=self._attempts,
            )
            if decision is None:
                raise error from earlier
            if _is_logged(error, number, decision):
                self._log_retry(call, number, error, ceil(decision.seconds))
            if call.is_write and isinstance(error, MAY_HAVE_TAKEN_EFFECT):
                earlier = error
            pause = decision

    def _raise_if_forbidden(self, call: _Call) -> None:
        if self._read_only and call.is_write:
            raise ReadOnlyViolation(f"{call.endpoint} was not sent: this session is read-only")
        if self._only is not None and (call.method, call.path) != self._only:
            raise ReadOnlyViolation(f"{call.endpoint} was not sent: this session allows one other call alone")

    def _attempt(self, call: _Call, number: int, pause: Pause, earlier: ApiError | None) -> ApiResponse | Failure:
        """Send a call once, when the throttle allows it, and record its outcome."""
        try:
            sent_at = self._throttle.acquire(write=call.is_write, pause=pause)
        except Interrupted:
            again = " again" if number > 1 else ""
            raise Interrupted(f"interrupted before {call.endpoint} was sent{again}") from earlier
        wall, started = time.time(), time.monotonic()
        at = datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds")
        response: HttpResponse | None = None
        until_reset: float | None = None
        outcome: ApiResponse | ApiError
        try:
            response = self._session.send(call.method, call.path, call.endpoint, json=call.json, params=call.params)
            self._reached = True
            self._tell(call, response, wall)
            outcome = read_response(response, call.endpoint, self._redact)
        except ApiError as error:
            outcome = error
        finally:
            until_reset = self._throttle.record_response(response, sent_at)
        self._record(call, number, outcome, at, time.monotonic() - started)
        if isinstance(outcome, ApiResponse):
            return outcome
        return Failure(outcome, response.headers if response else {}, until_reset)

    def _tell(self, call: _Call, response: HttpResponse, sent_at: float) -> None:
        if self._listener is not None:
            exchange = Exchange(
                method=call.method,
                path=call.path,
                query=call.params or {},
                sent_at=sent_at,
                received_at=time.time(),
                response=response,
            )
            self._listener(exchange)

    def _log_retry(self, call: _Call, number: int, error: ApiError, seconds: int) -> None:
        fields = {
            "action": "retry",
            "counts": {"seconds_to_wait": seconds},
            "code": error.code,
            "error": type(error).__name__,
            "call": {
                "method": call.method,
                "path": call.masked_path,
                "attempt": number,
                "status": error.status,
                "code": error.code,
                "error": error.message,
                "request_id": error.request_id,
            },
        }
        _LOG.info("%s: %s; retrying in %d s", error.endpoint, error.message, seconds, extra=fields)

    def _record(self, call: _Call, number: int, outcome: ApiResponse | ApiError, at: str, seconds: float) -> None:
        """Give one attempt to the observer and to the log."""
        error = outcome if isinstance(outcome, ApiError) else None
        record = CallRecord(
            at=at,
            method=call.method,
            path=call.masked_path,
            attempt=number,
            status=outcome.status,
            code=error.code if error else None,
            error=error.message if error else None,
            request_id=outcome.request_id,
            seconds=round(seconds, 4),
            body=call.json,
        )
        result = record.error or record.status
        _LOG.debug("%s %s: %s", record.method, record.path, result, extra={"call": _log_fields(record)})
        if self._observer is not None:
            self._observer(record)


def _is_logged(error: ApiError, number: int, pause: Pause) -> bool:
    """Whether a retry is worth a line: a long wait of this call alone, or the first sign of a wrong address."""
    if isinstance(error, Unreachable) and number == 1:
        return True
    return pause.seconds >= LOGGED_WAIT_SECONDS and not pause.for_all_calls


def _log_fields(record: CallRecord) -> dict[str, Any]:
    """Return a record without its body, which holds phone numbers; the log's writer masks what the rest may hold."""
    names = ("method", "path", "attempt", "status", "code", "error", "request_id", "seconds")
    return {name: getattr(record, name) for name in names}
