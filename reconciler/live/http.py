"""What an error of requests or urllib3 means here: surely not sent, perhaps processed, or unreadable.

One request over the pooled session, and every foreign error turned into ours: nothing of requests gets past here.

No redirect is followed, no cookie kept, no netrc read: requests are handed to the session's adapters directly. The
proxy and the certificates of the environment count, save for this machine's own addresses.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError
from urllib3.util.ssltransport import SSLTransport

from reconciler import __version__
from reconciler.concurrency import MORE_THREADS_HINT, NO_THREAD_MESSAGE
from reconciler.errors import ApiError, InvalidResponse, NoResponse, RequestNotSent
from reconciler.live.base_url import BaseUrl

_NETWORK = "check the network, the base URL, and HTTPS_PROXY where a proxy stands between"


def map_transport_error(error: Exception, endpoint: str, host: str, timeout: float, *, sent: bool) -> ApiError:
    """The error of our tree for one that sending raised; its text is in our words, never in the foreign one's.

    `sent`: the connection stood and the request was begun, so that the server may have got it.
    """
    causes = list(_causes(error))
    if isinstance(error, requests.exceptions.SSLError):
        return _tls(causes, endpoint, host, sent)
    if not sent or any(isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in causes):
        return _not_sent(error, causes, endpoint, host, timeout)
    if isinstance(error, requests.Timeout):
        return NoResponse(
            f"no answer within {timeout:g} s", endpoint=endpoint, hint="raise --timeout, or try again later"
        )
    if isinstance(error, requests.exceptions.ContentDecodingError | requests.exceptions.InvalidHeader):
        return InvalidResponse("the answer cannot be unpacked", endpoint=endpoint)
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return NoResponse("the answer broke off", endpoint=endpoint)
    return NoResponse(f"the connection broke before an answer came{_reason(causes)}", endpoint=endpoint)


def _not_sent(
    error: Exception, causes: list[BaseException], endpoint: str, host: str, timeout: float
) -> RequestNotSent:
    if isinstance(error, requests.Timeout):
        return RequestNotSent(f"no connection to {host} within {timeout:g} s", endpoint=endpoint, hint=_NETWORK)
    if any(isinstance(cause, NameResolutionError) for cause in causes):
        return RequestNotSent(f"the name {host} cannot be found", endpoint=endpoint, hint=_NETWORK)
    if isinstance(error, requests.exceptions.InvalidSchema | requests.exceptions.InvalidURL):
        return RequestNotSent("the proxy's address cannot be used", endpoint=endpoint, hint="check HTTPS_PROXY")
    if not isinstance(error, requests.RequestException | HTTPError):
        return RequestNotSent(
            "the file of trusted certificates cannot be read",
            endpoint=endpoint,
            hint="check REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE",
        )
    return RequestNotSent(f"no connection to {host}{_reason(causes)}", endpoint=endpoint, hint=_NETWORK)


def _tls(causes: list[BaseException], endpoint: str, host: str, sent: bool) -> ApiError:
    if sent:
        return NoResponse("the TLS connection broke before an answer came", endpoint=endpoint)
    for failure in causes:
        if isinstance(failure, ssl.SSLCertVerificationError):
            return RequestNotSent(
                f"the certificate of {host} is not trusted: {failure.verify_message}",
                endpoint=endpoint,
                hint="where a proxy of your own stands between, name its certificates in REQUESTS_CA_BUNDLE",
            )
    return RequestNotSent(
        f"no TLS connection to {host}",
        endpoint=endpoint,
        hint="check that the base URL's host and port speak HTTPS",
    )


def _reason(causes: list[BaseException]) -> str:
    """The operating system's words for what happened (": Connection refused"), where it has any."""
    told = [cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror]
    return f": {told[-1]}" if told else ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it wraps, whichever way it holds them."""
    pending, seen = [error], set[int]()
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        within = (*current.args, getattr(current, "reason", None), current.__cause__, current.__context__)
        pending.extend(part for part in within if isinstance(part, BaseException))


MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""Bytes of an answer, unpacked: far above 1,024 participants in each of thousands of groups."""


POOL_SIZE = 32


CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer with any status: the body unpacked, `received_at` on the clock that the wire was given.

    An error status whose body broke off has an empty body: the status alone tells what happened.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: float


class _Deadline:
    """A call under way, cut off when its answer is not complete in time: a server that drips bytes holds nobody."""

    def __init__(self, seconds: float, endpoint: str) -> None:
        self.expired = False
        self.sent = False
        """Whether the request was begun: that is after the connection stood."""
        self._seconds = seconds
        self._endpoint = endpoint
        self._timer: threading.Timer | None = None

    def begin(self, connection: socket.socket | SSLTransport) -> None:
        """The request goes out now: the answer is to be complete within the time.

        Raises NotSent where the machine gives no thread to watch over that.
        """
        self._timer = threading.Timer(self._seconds, self._cut, (connection,))
        self._timer.daemon = True
        try:
            self._timer.start()
        except RuntimeError:
            raise RequestNotSent(NO_THREAD_MESSAGE, endpoint=self._endpoint, hint=MORE_THREADS_HINT) from None
        self.sent = True

    def _cut(self, connection: socket.socket | SSLTransport) -> None:
        self.expired = True
        while not isinstance(connection, socket.socket):
            # TLS within the TLS of an HTTPS proxy is no socket, but goes over one.
            connection = connection.socket
        with suppress(OSError):
            # The plain socket's own method: that of a TLS socket would pull it from under the thread that reads.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def end(self) -> None:
        """The answer is there, or will not be."""
        if self._timer is not None:
            self._timer.cancel()


_under_way = threading.local()


class _TimedConnection(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        _under_way.exchange.begin(self.sock)
        super().request(*args, **kwargs)


class _TimedTlsConnection(HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _under_way.exchange.begin(self.sock)
        super().request(*args, **kwargs)


class _TimedPool(HTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _TimedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _TimedTlsConnection


_POOLS = {"http": _TimedPool, "https": _TimedTlsPool}


class _TimedAdapter(HTTPAdapter):
    """requests' adapter with connections that stand, and tell the exchange so, before a request goes out."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class HttpSession:
    """Sends requests to one address with one key. `timeout`: seconds to connect, and seconds to the whole answer."""

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
        """Send one request, `path` quoted already. Raises NotSent, NoAnswer or BadAnswer, nothing else."""
        exchange = _under_way.exchange = _Deadline(self._timeout, endpoint)
        outcome: HttpResponse | ApiError
        try:
            outcome = self._exchange(exchange, method, path, endpoint, json, params)
        except (requests.RequestException, HTTPError, OSError) as error:
            outcome = map_transport_error(error, endpoint, self._address.host, self._timeout, sent=exchange.sent)
        finally:
            exchange.end()
        if exchange.expired and not (isinstance(outcome, HttpResponse) and outcome.status >= 400):
            outcome = NoResponse(f"the answer was not complete after {self._timeout:g} s", endpoint=endpoint)
        if isinstance(outcome, ApiError):
            # Raised out here, so that the foreign error, which knows the request's headers, is not chained to it.
            raise outcome
        return outcome

    def _exchange(
        self,
        exchange: _Deadline,
        method: str,
        path: str,
        endpoint: str,
        json: Any,
        params: Mapping[str, Any] | None,
    ) -> HttpResponse:
        url = self._address.url + path
        request = self._session.prepare_request(requests.Request(method, url, json=json, params=params))
        response = self._session.get_adapter(url).send(
            request, stream=True, timeout=self._timeout, verify=self._certificates(), proxies=self._proxies(url)
        )
        received_at = self._clock()
        with response:
            body = _read_body(response, endpoint)
        return HttpResponse(response.status_code, response.headers, body, received_at)

    def _proxies(self, url: str) -> dict[str, str]:
        return {} if self._address.is_loopback else get_environ_proxies(url)

    def _certificates(self) -> bool | str:
        """Where requests looks for certificates by itself when it trusts the environment."""
        return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def _read_body(response: requests.Response, endpoint: str) -> bytes:
    """The whole body; BadAnswer when it is too large to be an answer."""
    chunks, size = [], 0
    try:
        for chunk in response.iter_content(CHUNK_BYTES):
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_RESPONSE_BYTES:
                raise InvalidResponse(f"the answer has more than {MAX_RESPONSE_BYTES >> 20} MB", endpoint=endpoint)
    except (requests.RequestException, HTTPError, OSError):
        if response.status_code < 400:
            raise
        return b""
    return b"".join(chunks)
