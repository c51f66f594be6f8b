"""Where the API is and what is put into its addresses: the base URL, the key, the parts of a path."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from reconciler.errors import UsageError

DEFAULT_BASE_URL = "https://api.wappfy.io/api"


_PORTS = {"https": 443, "http": 80}


_SHOWN = re.compile(r"[!-~]+", re.ASCII)


_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)


_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*", re.ASCII)


_HINT = f"give an address like {DEFAULT_BASE_URL} with --base-url or WAPPFY_BASE_URL"


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """A base URL that was found safe. `url` has no slash at its end; `host` is for messages."""

    url: str
    host: str
    is_loopback: bool

    @property
    def server(self) -> str:
        """One text for every spelling of the same server: the port it has anyway is left out, this machine is one."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        host = "localhost" if self.is_loopback else ipaddress.ip_address(host).compressed if _is_ip(host) else host
        port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
        return f"{parts.scheme}://{host}{port}{parts.path}"


def parse_base_url(base_url: str) -> BaseUrl:
    """Check a base URL: HTTPS, or plain HTTP to this machine alone, and nothing in it but host, port and path.

    Raises UsageError. The message does not repeat the address, which may hold a password.
    """
    if not _SHOWN.fullmatch(base_url) or "\\" in base_url:
        raise UsageError("the base URL is empty or has characters that no address has", _HINT)
    if "@" in base_url:
        raise UsageError("the base URL holds a user name or password", f"{_HINT}; the key goes into WAPPFY_API_KEY")
    if "?" in base_url or "#" in base_url:
        raise UsageError("the base URL has a query or a fragment", _HINT)
    scheme, host, port = _authority(base_url)
    path = urlsplit(base_url).path.rstrip("/")
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise UsageError("the base URL has a path that is not plain names between slashes", _HINT)
    if scheme not in ("https", "http"):
        raise UsageError(f"the base URL begins with {scheme or 'no scheme'}", _HINT)
    loopback = _is_loopback(host)
    if scheme == "http" and not loopback:
        raise UsageError(
            f"the base URL sends the key to {host} over plain HTTP", "use https:// (http:// is for this machine alone)"
        )
    shown = f"[{host}]" if ":" in host else host
    return BaseUrl(f"{scheme}://{shown}{f':{port}' if port is not None else ''}{path}", shown, loopback)


def _authority(base_url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a base URL."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UsageError("the base URL has a host or port that cannot be read", _HINT) from None
    if port == 0 or not (_HOST.fullmatch(host) or _is_ip(host)):
        raise UsageError("the base URL has no host, or one that cannot be read", _HINT)
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
    """The API key, if it can stand in a header; UsageError, which does not show it, otherwise."""
    if not _SHOWN.fullmatch(key):
        raise UsageError(
            "the API key is empty, or has spaces or characters that no key has",
            "set WAPPFY_API_KEY, or give a file that holds nothing but the key with --api-key-file",
        )
    return key


def quote_segment(text: str, what: str) -> str:
    """One part of a path, quoted so that it stays one part; `what` names it in the error."""
    if not text.isprintable() or text.strip() in ("", ".", ".."):
        raise UsageError(f"{what} cannot stand in an address: {text[:40]!r}")
    return quote(text, safe="@")
