"""One request over the pooled session, and every foreign error turned into ours: nothing of requests gets past here.

No redirect is followed, no cookie kept, no netrc read: requests are handed to the session's adapters directly. The
proxy and the certificates of the environment count, save for this machine's own addresses.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util.ssltransport import SSLTransport

from reconciler import __version__
from reconciler.errors import ApiError, BadAnswer, NoAnswer, NotSent
from reconciler.live.address import Address
from reconciler.live.foreign import ours
from reconciler.workers import MORE_THREADS, NO_THREAD

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer, unpacked: far above 1,024 participants in each of thousands of groups."""

POOL = 32
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Incoming:
    """An answer with any status: the body unpacked, `received_at` on the clock that the wire was given.

    An error status whose body broke off has an empty body: the status alone tells what happened.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: float


class _Exchange:
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
            raise NotSent(NO_THREAD, endpoint=self._endpoint, hint=MORE_THREADS) from None
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


class Wire:
    """Sends requests to one address with one key. `timeout`: seconds to connect, and seconds to the whole answer."""

    def __init__(self, address: Address, key: str, timeout: float, clock: Callable[[], float]) -> None:
        self._address = address
        self._timeout = timeout
        self._clock = clock
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(
            {"X-Api-Key": key, "User-Agent": f"wappfy-reconciler/{__version__}", "Accept": "application/json"}
        )
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _TimedAdapter(pool_connections=1, pool_maxsize=POOL))

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def send(
        self, method: str, path: str, endpoint: str, *, json: Any = None, params: Mapping[str, Any] | None = None
    ) -> Incoming:
        """Send one request, `path` quoted already. Raises NotSent, NoAnswer or BadAnswer, nothing else."""
        exchange = _under_way.exchange = _Exchange(self._timeout, endpoint)
        outcome: Incoming | ApiError
        try:
            outcome = self._exchange(exchange, method, path, endpoint, json, params)
        except (requests.RequestException, HTTPError, OSError) as error:
            outcome = ours(error, endpoint, self._address.host, self._timeout, sent=exchange.sent)
        finally:
            exchange.end()
        if exchange.expired and not (isinstance(outcome, Incoming) and outcome.status >= 400):
            outcome = NoAnswer(f"the answer was not complete after {self._timeout:g} s", endpoint=endpoint)
        if isinstance(outcome, ApiError):
            # Raised out here, so that the foreign error, which knows the request's headers, is not chained to it.
            raise outcome
        return outcome

    def _exchange(
        self,
        exchange: _Exchange,
        method: str,
        path: str,
        endpoint: str,
        json: Any,
        params: Mapping[str, Any] | None,
    ) -> Incoming:
        url = self._address.url + path
        request = self._session.prepare_request(requests.Request(method, url, json=json, params=params))
        response = self._session.get_adapter(url).send(
            request, stream=True, timeout=self._timeout, verify=self._certificates(), proxies=self._proxies(url)
        )
        received_at = self._clock()
        with response:
            body = _body(response, endpoint)
        return Incoming(response.status_code, response.headers, body, received_at)

    def _proxies(self, url: str) -> dict[str, str]:
        return {} if self._address.is_loopback else get_environ_proxies(url)

    def _certificates(self) -> bool | str:
        """Where requests looks for certificates by itself when it trusts the environment."""
        return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def _body(response: requests.Response, endpoint: str) -> bytes:
    """The whole body; BadAnswer when it is too large to be an answer."""
    chunks, size = [], 0
    try:
        for chunk in response.iter_content(CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if size > LARGEST_ANSWER:
                raise BadAnswer(f"the answer has more than {LARGEST_ANSWER >> 20} MB", endpoint=endpoint)
    except (requests.RequestException, HTTPError, OSError):
        if response.status_code < 400:
            raise
        return b""
    return b"".join(chunks)
