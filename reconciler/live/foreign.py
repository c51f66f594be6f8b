"""What an error of requests or urllib3 means here: surely not sent, perhaps processed, or unreadable."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError

from reconciler.errors import ApiError, BadAnswer, NoAnswer, NotSent

_NETWORK = "check the network, the base URL, and HTTPS_PROXY where a proxy stands between"


def ours(error: Exception, endpoint: str, host: str, timeout: float, *, sent: bool) -> ApiError:
    """The error of our tree for one that sending raised; its text is in our words, never in the foreign one's.

    `sent`: the connection stood and the request was begun, so that the server may have got it.
    """
    causes = list(_causes(error))
    if isinstance(error, requests.exceptions.SSLError):
        return _tls(causes, endpoint, host, sent)
    if not sent or any(isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in causes):
        return _not_sent(error, causes, endpoint, host, timeout)
    if isinstance(error, requests.Timeout):
        return NoAnswer(
            f"no answer within {timeout:g} s", endpoint=endpoint, hint="raise --timeout, or try again later"
        )
    if isinstance(error, requests.exceptions.ContentDecodingError | requests.exceptions.InvalidHeader):
        return BadAnswer("the answer cannot be unpacked", endpoint=endpoint)
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return NoAnswer("the answer broke off", endpoint=endpoint)
    return NoAnswer(f"the connection broke before an answer came{_reason(causes)}", endpoint=endpoint)


def _not_sent(error: Exception, causes: list[BaseException], endpoint: str, host: str, timeout: float) -> NotSent:
    if isinstance(error, requests.Timeout):
        return NotSent(f"no connection to {host} within {timeout:g} s", endpoint=endpoint, hint=_NETWORK)
    if any(isinstance(cause, NameResolutionError) for cause in causes):
        return NotSent(f"the name {host} cannot be found", endpoint=endpoint, hint=_NETWORK)
    if isinstance(error, requests.exceptions.InvalidSchema | requests.exceptions.InvalidURL):
        return NotSent("the proxy's address cannot be used", endpoint=endpoint, hint="check HTTPS_PROXY")
    if not isinstance(error, requests.RequestException | HTTPError):
        return NotSent(
            "the file of trusted certificates cannot be read",
            endpoint=endpoint,
            hint="check REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE",
        )
    return NotSent(f"no connection to {host}{_reason(causes)}", endpoint=endpoint, hint=_NETWORK)


def _tls(causes: list[BaseException], endpoint: str, host: str, sent: bool) -> ApiError:
    if sent:
        return NoAnswer("the TLS connection broke before an answer came", endpoint=endpoint)
    for failure in causes:
        if isinstance(failure, ssl.SSLCertVerificationError):
            return NotSent(
                f"the certificate of {host} is not trusted: {failure.verify_message}",
                endpoint=endpoint,
                hint="where a proxy of your own stands between, name its certificates in REQUESTS_CA_BUNDLE",
            )
    return NotSent(
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
