"""A base URL, a key and a path segment are safe or refused."""

from __future__ import annotations

import pytest

from reconciler.errors import UsageError
from reconciler.live.base_url import DEFAULT_BASE_URL, BaseUrl, parse_base_url, quote_segment, validate_api_key


@pytest.mark.parametrize(
    ("base_url", "url", "host", "loopback"),
    [
        (DEFAULT_BASE_URL, "https://api.wappfy.io/api", "api.wappfy.io", False),
        ("https://api.wappfy.io/api/", "https://api.wappfy.io/api", "api.wappfy.io", False),
        ("https://api.wappfy.io", "https://api.wappfy.io", "api.wappfy.io", False),
        ("HTTPS://API.wappfy.io:8443/a/b-c/", "https://api.wappfy.io:8443/a/b-c", "api.wappfy.io", False),
        ("http://localhost:8000/api", "http://localhost:8000/api", "localhost", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "127.0.0.1", True),
        ("http://127.9.9.9/api", "http://127.9.9.9/api", "127.9.9.9", True),
        ("http://[::1]:8000/api", "http://[::1]:8000/api", "[::1]", True),
        ("https://localhost", "https://localhost", "localhost", True),
        ("https://[2001:db8::1]/api", "https://[2001:db8::1]/api", "[2001:db8::1]", False),
    ],
)
def test_a_base_url_is_https_or_this_machine(base_url: str, url: str, host: str, loopback: bool) -> None:
    assert parse_base_url(base_url) == BaseUrl(url, host, loopback)


@pytest.mark.parametrize(
    ("base_url", "server"),
    [
        ("https://api.wappfy.io/api", "https://api.wappfy.io/api"),
        ("HTTPS://API.Wappfy.IO:443/api/", "https://api.wappfy.io/api"),
        ("https://api.wappfy.io:8443/api", "https://api.wappfy.io:8443/api"),
        ("https://api.wappfy.io:80/api", "https://api.wappfy.io:80/api"),
        ("https://api.wappfy.io/API", "https://api.wappfy.io/API"),
        ("https://[2001:DB8:0::1]/api", "https://2001:db8::1/api"),
        ("http://localhost:8080/api", "http://localhost:8080/api"),
        ("HTTP://LOCALHOST:8080/api", "http://localhost:8080/api"),
        ("http://127.0.0.1:8080/api", "http://localhost:8080/api"),
        ("http://[0:0:0:0:0:0:0:1]:8080/api", "http://localhost:8080/api"),
        ("http://127.0.0.1:80/api", "http://localhost/api"),
    ],
)
def test_every_spelling_of_a_server_yields_one_text(base_url: str, server: str) -> None:
    assert parse_base_url(base_url).server == server


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        " ",
        "api.wappfy.io/api",
        "//api.wappfy.io/api",
        "ftp://api.wappfy.io",
        "file:///etc/passwd",
        "http://api.wappfy.io/api",
        "http://127.0.0.1.example.com/api",
        "http://localhost.example.com",
        "http://0x7f.0.0.1",
        "http://127.1",
        "http://2130706433",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://[::]",
        "http://[fe80::1%25eth0]/",
        "https://user:hunter2@api.wappfy.io/api",
        "https://api.wappfy.io@evil.example/api",
        "http://localhost@evil.example",
        "http://localhost\\@evil.example",
        "https://api.wappfy.io/api?x=hunter2",
        "https://api.wappfy.io/api?",
        "https://api.wappfy.io/api#hunter2",
        "https://api.wappfy.io/a b",
        "https://api.wappfy.io/a\nb",
        "https://api.wappfy.io/a/../b",
        "https://api.wappfy.io/./b",
        "https://api.wappfy.io/a%2e",
        "https://api.wappfy.io//a",
        "https://",
        "https:///api",
        "https://-x/",
        "https://a_b/",
        "https://api.wappfy.io:0",
        "https://api.wappfy.io:99999",
        "https://api.wappfy.io:x",
        "https://[::1",
        "https://[nonsense]/",
        "https://äpi.example",
    ],
)
def test_any_other_base_url_is_refused_without_repeating_it(base_url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_base_url(base_url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("key", ["", " ", "a b", "a\n", "\ta", "schlüssel", "a\x00b", "a\x7f", "key\r\nX-Evil: 1"])
def test_a_key_that_no_header_can_carry_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        validate_api_key(key)
    assert key.strip() not in str(caught.value) or not key.strip() or len(key.strip()) == 1
    assert "WAPPFY_API_KEY" in caught.value.hint


def test_a_path_segment_stays_one_segment() -> None:
    assert quote_segment("120363012345678901@g.us", "x") == "120363012345678901@g.us"
    assert quote_segment("a/../b?c#d%e", "x") == "a%2F..%2Fb%3Fc%23d%25e"
