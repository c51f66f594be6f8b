"""The API's endpoints: method, path and body of every call, written here and nowhere else. Pure.

Paths are below `/instances/{id}`; the client checks every id before it puts it into one.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.live import ApiCall

INSTANCE = ApiCall("GET", "")
GROUPS = ApiCall("GET", "/groups")
CONTACTS = ApiCall("GET", "/contacts")
CONTACT_CHECK = ApiCall("GET", "/contacts/check")
WEBHOOKS = ApiCall("GET", "/webhooks")
"""Of the key's user, so not below an instance."""


def group(group_id: str) -> ApiCall:
    """Read one group whole."""
    return ApiCall("GET", f"/groups/{group_id}")


def invite_code(group_id: str) -> ApiCall:
    """Read a group's invite code."""
    return ApiCall("GET", f"/groups/{group_id}/invite-code")


def create_group(name: str, jids: Sequence[str]) -> ApiCall:
    """Create a group; the endpoint takes no description."""
    return ApiCall("POST", "/groups", {"name": name, "participants": list(jids)})


def patch_group(group_id: str, name: str | None, description: str | None) -> ApiCall:
    """Set what is not None; an empty description clears it."""
    fields = {"name": name, "description": description}
    return ApiCall("PATCH", f"/groups/{group_id}", {field: text for field, text in fields.items() if text is not None})


def add_participants(group_id: str, jids: Sequence[str]) -> ApiCall:
    """Add people by JID."""
    return ApiCall("POST", f"/groups/{group_id}/participants", {"participants": list(jids)})


def remove_participants(group_id: str, jids: Sequence[str], *, by_post: bool) -> ApiCall:
    """Remove people by JID: a DELETE with a body in the guide dialect, a POST of its own in the reference dialect."""
    path, body = f"/groups/{group_id}/participants", {"participants": list(jids)}
    return ApiCall("POST", f"{path}/remove", body) if by_post else ApiCall("DELETE", path, body)


def join_group(code: str, *, reference: bool) -> ApiCall:
    """Join a group by its bare invite code; `reference` is the dialect that names the fields."""
    return ApiCall("POST", "/groups/join", {"code" if reference else "invite_code": code})


def leave_group(group_id: str) -> ApiCall:
    """Leave a group."""
    return ApiCall("POST", f"/groups/{group_id}/leave")


def send_message(chat_id: str, text: str, *, reference: bool) -> ApiCall:
    """Send a text to a chat; `reference` is the dialect that names the fields."""
    chat, words = ("to", "body") if reference else ("chat_id", "text")
    return ApiCall("POST", "/messages/send", {chat: chat_id, "type": "text", words: text})
