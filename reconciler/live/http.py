"""Send one request over the pooled session, and turn every error of requests or urllib3 into an ApiError.

The session follows no redirect, keeps no cookie and reads no netrc, because requests go to its adapters directly. It
honours the proxy and the certificates of the environment, save for addresses of this machine.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)

from reconciler import __version__
from reconciler.errors import ApiError, InvalidResponse, NoResponse, RequestNotSent
from reconciler.live.base_url import BaseUrl
from reconciler.live.responses import HttpResponse

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""The largest response, unpacked: far above 1,024 participants in each of thousands of groups."""

POOL_SIZE = 32
CHUNK_BYTES = 64 * 1024
_NETWORK = "check the network, the base URL, and HTTPS_PROXY if you use a proxy"


def map_transport_error(error: Exception, endpoint: str, host: str, timeout: float, *, sent: bool) -> ApiError:
    """Return the ApiError for an error that sending raised; its message never repeats the foreign one's.

    `sent`: the connection was open and the request begun, so that the server may have received it.
    """
    kind, message, hint = _describe(error, list(_causes(error)), host, timeout, sent)
    return kind(message, endpoint=endpoint, hint=hint)


def _describe(
    error: Exception, causes: list[BaseException], host: str, timeout: float, sent: bool
) -> tuple[type[ApiError], str, str]:
    """Return the kind of an error, its message and its hint."""
    if isinstance(error, requests.exceptions.SSLError):
        if sent:
            return NoResponse, "the TLS connection broke before a response arrived", ""
        return RequestNotSent, *_describe_tls(causes, host)
    if not sent or any(isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in causes):
        return RequestNotSent, *_describe_not_sent(error, causes, host, timeout)
    if any(isinstance(cause, requests.Timeout | ReadTimeoutError | TimeoutError) for cause in causes):
        return NoResponse, f"no complete response within {timeout:g} s", "raise --timeout, or try again later"
    if isinstance(error, requests.exceptions.ContentDecodingError | requests.exceptions.InvalidHeader):
        return InvalidResponse, "cannot decode the response", ""
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return NoResponse, "the response broke off", ""
    return NoResponse, f"the connection broke before a response arrived{_reason(causes)}", ""


def _describe_not_sent(error: Exception, causes: list[BaseException], host: str, timeout: float) -> tuple[str, str]:
    if isinstance(error, requests.Timeout):
        return f"no connection to {host} within {timeout:g} s", _NETWORK
    if any(isinstance(cause, NameResolutionError) for cause in causes):
        return f"cannot resolve the host name {host}", _NETWORK
    if isinstance(error, requests.exceptions.InvalidSchema | requests.exceptions.InvalidURL):
        return "cannot use the proxy's address", "check HTTPS_PROXY"
    if not isinstance(error, requests.RequestException | HTTPError):
        return "cannot read the file of trusted certificates", "check REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE"
    return f"no connection to {host}{_reason(causes)}", _NETWORK


def _describe_tls(causes: list[BaseException], host: str) -> tuple[str, str]:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            hint = "if you use a proxy of your own, name its certificates in REQUESTS_CA_BUNDLE"
            return f"the certificate of {host} is not trusted: {cause.verify_message}", hint
    return f"no TLS connection to {host}", "check that the base URL's host and port use HTTPS"


def _reason(causes: list[BaseException]) -> str:
    """Return the operating system's reason (": Connection refused"), if it gave one."""
    reasons = [cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror]
    return f": {reasons[-1]}" if reasons else ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and every error that it wraps, in whichever attribute."""
    pending, seen = [error], set[int]()
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        wrapped = (*current.args, getattr(current, "reason", None), current.__cause__, current.__context__)
        pending.extend(part for part in wrapped if isinstance(part, BaseException))


class _Exchange(threading.local):
    """The request that this thread has under way: when its present part must be done, and whether it was begun.

    requests offers no way to pass this to a connection.
    """

    timeout = 0.0
    deadline = 0.0
    sent = False

    def begin(self, timeout: float) -> None:
        """Start to connect."""
        self.timeout, self.sent = timeout, False
        self.deadline = time.monotonic() + timeout

    def send(self) -> None:
        """Start to send the request over an open connection."""
        self.sent = True
        self.deadline = time.monotonic() + self.timeout


_exchange = _Exchange()


class _DeadlineReader(io.RawIOBase):
    """Read from a socket until a deadline that no byte puts off: a server that drips bytes cannot hold a call.

    Only your own HTTPS proxy could, by dripping the parts of one TLS record: urllib3 reads those in a loop of its own.
    """

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the response is not complete")
        self._connection.settimeout(seconds)
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """A response whose headers and body must be there by the exchange's deadline."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_DeadlineReader(sock, _exchange.deadline))


class _TimedConnection(HTTPConnection):
    """A connection that opens before a request is begun; over TLS it is open by then."""

    response_class = _TimedResponse

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        _exchange.send()
        super().request(*args, **kwargs)


class _TimedTlsConnection(_TimedConnection, HTTPSConnection):
    """The same over TLS."""


class _TimedPool(HTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _TimedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _TimedTlsConnection


_POOLS = {"http": _TimedPool, "https": _TimedTlsPool}


class _TimedAdapter(HTTPAdapter):
    """requests' adapter with connections that open before a request is begun, and that keep the deadline."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class HttpSession:
    """Send requests to one address with one key. timeout: seconds to connect, and again until the response is whole."""

    def __init__(self, address: BaseUrl, key: str, timeout: float, clock: Callable[[], float]) -> None:
        self._address = address
        self._timeout = timeout
        self._clock = clock
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(
            {"X-Api-Key": key, "User-Agent": f"wappfy-reconciler/{__version__}", "Accept": "application/json"}
        )
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _TimedAdapter(pool_connections=1, pool_maxsize=POOL_SIZE))

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def send(
        self, method: str, path: str, endpoint: str, *, json: Any = None, params: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        """Send one request, `path` quoted already. Raises RequestNotSent, NoResponse or InvalidResponse alone."""
        _exchange.begin(self._timeout)
        try:
            return self._perform(method, path, endpoint, json, params)
        except (requests.RequestException, HTTPError, OSError) as error:
            failure = map_transport_error(error, endpoint, self._address.host, self._timeout, sent=_exchange.sent)
        # Raised out here, so that the foreign error, which knows the request's headers, is not chained to it.
        raise failure

    def _perform(
        self, method: str, path: str, endpoint: str, json: Any, params: Mapping[str, Any] | None
    ) -> HttpResponse:
        url = self._address.url + path
        request = self._session.prepare_request(requests.Request(method, url, json=json, params=params))
        # Where requests itself looks for certificates if it trusts the environment.
        certificates = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        proxies = {} if self._address.is_loopback else get_environ_proxies(url)
        response = self._session.get_adapter(url).send(
            request, stream=True, timeout=self._timeout, verify=certificates, proxies=proxies
        )
        received_at = self._clock()
        with response:
            body = _read_body(response, endpoint)
        return HttpResponse(response.status_code, response.headers, body, received_at)


def _read_body(response: requests.Response, endpoint: str) -> bytes:
    """Return the whole body; raise InvalidResponse if it is too large to be one of the API's."""
    chunks, size = [], 0
    try:
        for chunk in response.iter_content(CHUNK_BYTES):
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_RESPONSE_BYTES:
                raise InvalidResponse(f"the response has more than {MAX_RESPONSE_BYTES >> 20} MB", endpoint=endpoint)
    except (requests.RequestException, HTTPError, OSError):
        if response.status_code < 400:
            raise
        return b""
    return b"".join(chunks)
