"""The answers beside live state are decoded as strictly as live groups; test_decode has any JSON for all of them."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import InvalidResponse
from reconciler.live import decode_answers
from reconciler.live.decode import JsonValue
from reconciler.model.identity import invite_code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("AbCdEfGhIjKlMn", "AbCdEfGhIjKlMn"),
        ("https://chat.whatsapp.com/AbCdEfGhIjKlMn", "AbCdEfGhIjKlMn"),
        ("http://chat.whatsapp.com/AbCdEfGhIjKlMn/", "AbCdEfGhIjKlMn"),
        ("chat.whatsapp.com/invite/AbCdEfGhIjKlMn?mode=x", "AbCdEfGhIjKlMn"),
        (" AbCdEf ", "AbCdEf"),
        ("short", None),
        ("", None),
        ("https://evil.example/AbCdEfGhIjKlMn", None),
        ("https://chat.whatsapp.com.evil.example/AbCdEfGhIjKlMn", None),
        ("https://chatXwhatsapp.com/AbCdEfGhIjKlMn", None),
        ("https://chat.whatsapp.com/", None),
        ("AbCd EfGh", None),
        ("AbCdEf\x1b[0m", None),
    ],
)
def test_an_invite_is_a_code_or_a_whatsapp_url(text: str, code: str | None) -> None:
    assert invite_code(text) == code
    if code is None:
        with pytest.raises(InvalidResponse):
            decode_answers.invite_url(JsonValue({"invite_code": text}, ""))
    else:
        assert decode_answers.invite_url(JsonValue({"invite_code": text}, "")) == f"https://chat.whatsapp.com/{code}"


@pytest.mark.parametrize("data", [{"group_id": "x"}, {"id": 5}])
def test_a_join_response_must_have_a_valid_group_id(data: Any) -> None:
    with pytest.raises(InvalidResponse):
        decode_answers.joined_id(JsonValue(data, ""))
