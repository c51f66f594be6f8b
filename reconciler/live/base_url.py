"""Check what goes into a request's address and header: the base URL, the key, the segments of a path. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from reconciler.errors import UsageError

DEFAULT_BASE_URL = "https://api.wappfy.io/api"
_PORTS = {"https": 443, "http": 80}
_PRINTABLE = re.compile(r"[!-~]+", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*", re.ASCII)
_HINT = f"give a URL like {DEFAULT_BASE_URL} with --base-url or WAPPFY_BASE_URL"


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """A base URL that passed the checks. `url` has no slash at its end; `host` is for messages."""

    url: str
    host: str
    is_loopback: bool

    @property
    def place(self) -> str:
        """Host and port, for messages about connections."""
        parts = urlsplit(self.url)
        return f"{self.host}:{parts.port or _PORTS[parts.scheme]}"

    @property
    def server(self) -> str:
        """One text for every spelling of a server: without the default port, and "localhost" for this machine."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        host = "localhost" if self.is_loopback else ipaddress.ip_address(host).compressed if _is_ip(host) else host
        port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
        return f"{parts.scheme}://{host}{port}{parts.path}"


def parse_base_url(base_url: str) -> BaseUrl:
    """Check a base URL: HTTPS, or plain HTTP to this machine, with nothing but host, port and path.

    Raises UsageError, whose message does not repeat the URL, because it may hold a password.
    """
    if not _PRINTABLE.fullmatch(base_url) or "\\" in base_url:
        raise UsageError("the base URL is empty or has invalid characters", _HINT)
    if "@" in base_url:
        raise UsageError("the base URL holds a user name or password", f"{_HINT}; set WAPPFY_API_KEY to the key")
    if "?" in base_url or "#" in base_url:
        raise UsageError("the base URL has a query or a fragment", _HINT)
    scheme, host, port = _authority(base_url)
    path = urlsplit(base_url).path.rstrip("/")
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise UsageError("the base URL has a path that is more than plain names between slashes", _HINT)
    if scheme not in ("https", "http"):
        raise UsageError(f"the base URL begins with {scheme or 'no scheme'}", _HINT)
    loopback = _is_loopback(host)
    if scheme == "http" and not loopback:
        raise UsageError(
            f"the base URL would send the key to {host} over plain HTTP",
            "use https:// (http:// is for this machine alone)",
        )
    bracketed = f"[{host}]" if ":" in host else host
    return BaseUrl(f"{scheme}://{bracketed}{f':{port}' if port is not None else ''}{path}", bracketed, loopback)


def _authority(base_url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a base URL."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UsageError("the base URL has an invalid host or port", _HINT) from None
    if port == 0 or not (_HOST.fullmatch(host) or _is_ip(host)):
        raise UsageError("the base URL has no host, or an invalid one", _HINT)
    return parts.scheme, host, port


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)


def validate_api_key(key: str) -> str:
    """Return the API key if a header can carry it; raise UsageError, which does not repeat it, otherwise."""
    if not _PRINTABLE.fullmatch(key):
        raise UsageError(
            "the API key is empty, or has spaces or invalid characters",
            "set WAPPFY_API_KEY, or name a file that holds nothing but the key with --api-key-file",
        )
    return key


def quote_segment(text: str, what: str) -> str:
    """Return one segment of a path, quoted so that it stays one; `what` names it in the error."""
    if not text.isprintable() or text.strip() in ("", ".", ".."):
        raise UsageError(f"{what} cannot be part of a URL: {text[:40]!r}")
    return quote(text, safe="@")
