"""A group's invite: a code, or a URL that ends in it."""

from __future__ import annotations

import re
from typing import Final

INVITE_HOST: Final = "chat.whatsapp.com"

_CODE = re.compile(r"[A-Za-z0-9_-]{6,64}", re.ASCII)
_URL = re.compile(
    rf"(?:https?://)?{re.escape(INVITE_HOST)}/(?:invite/)?(?P<code>{_CODE.pattern})/?(?:[?#].*)?", re.ASCII
)


def invite_code(text: str) -> str | None:
    """The bare code in an invite code or URL; None when it is neither."""
    text = text.strip()
    match = _URL.fullmatch(text)
    return match["code"] if match else text if _CODE.fullmatch(text) else None


def invite_url(code: str) -> str:
    """The link that people open to join."""
    return f"https://{INVITE_HOST}/{code}"


def is_invite_url(text: str) -> bool:
    """Whether this is a link just as `invite_url` makes it."""
    code = invite_code(text)
    return code is not None and text == invite_url(code)
