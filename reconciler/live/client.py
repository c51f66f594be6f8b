"""The client: one method for every endpoint of the API, values in and values out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from reconciler.errors import InvalidResponse, UsageError
from reconciler.live import decode
from reconciler.live.base_url import quote_segment
from reconciler.live.decode import ContactCheck, CreatedGroup, Dialect, JsonValue
from reconciler.live.paging import PagedResult, Paginator
from reconciler.live.retry import Retry
from reconciler.live.transport import Transport
from reconciler.model.identity import chat_id, invite_code, is_group_id
from reconciler.model.live import Contact, Instance, Listing, LiveGroup, Participant
from reconciler.model.text import texts_equal
from reconciler.sanitize.mask import mask_person

Entry = TypeVar("Entry")


_MESSAGES = "/messages/send"


class Client:
    """The API as one instance sees it; safe to use from several threads.

    Every method raises from the ApiError tree (Forbidden, NotFound, Conflict, … by status; BadAnswer for shapes that
    are unknown), Interrupted when the run is stopped, and UsageError for an id that can be none, before anything is
    sent. Calls are repeated by meaning: all but `create_group` and `send_message`, which are never sent twice unless
    the first surely was not processed.
    """

    def __init__(self, transport: Transport, instance_id: str) -> None:
        self.instance_id = instance_id
        self._transport = transport
        self._base = _base(instance_id)
        self._dialect: Dialect | None = None

    @property
    def removes_by_post(self) -> bool:
        """Whether, in the dialect that was read, people are removed by POST …/participants/remove, not by DELETE."""
        return self._dialect is Dialect.REFERENCE

    def instance(self) -> Instance:
        """The instance itself: whether it is connected."""
        data = self._transport.request("GET", self._base, retry=Retry.IDEMPOTENT).data
        return decode.instance(data, f"GET {self._base}")

    def list_groups(self, *, verify_end: bool = False) -> Listing:
        """All groups the instance is in, sorted by id, with as much of each as the list carries.

        `verify_end` asks what comes after the last one wherever the list may have been cut.
        """

        def ask(query: Mapping[str, int] | None) -> Any:
            data = self._get("/groups", query)
            self._learn(data.get("items") if isinstance(data, dict) else data)
            return data

        listed = self._list(ask, decode.listed_group, lambda group: group.id, "GET /groups", verify_end=verify_end)
        return Listing(tuple(sorted(listed.entries, key=lambda group: group.id)), listed.complete)

    def group(self, group_id: str) -> LiveGroup:
        """One group read whole."""
        path = _group_path(group_id)
        data = self._get(path)
        self._learn(data)
        group = decode.live_group(data, f"GET {path}")
        if group.id != group_id:
            raise InvalidResponse(f"answered with another group, {group.id}", endpoint=f"GET {path}")
        return group

    def participants(self, group_id: str) -> tuple[Participant, ...]:
        """Everybody in a group."""
        path = f"{_group_path(group_id)}/participants"
        return decode.participants(self._get(path), f"GET {path}")

    def create_group(self, name: str, jids: Sequence[str]) -> CreatedGroup:
        """Make a group with a name and first participants. It is no proof that these are in it: read it back."""
        data = self._write("POST", "/groups", {"name": name, "participants": list(jids)}, Retry.AT_MOST_ONCE)
        made = decode.created_group(data, "POST /groups")
        if made.name is not None and not texts_equal(made.name, name):
            # Whatever was made, this id is not known to be it: nothing may be written there.
            raise InvalidResponse(f"answered with a group of another name, {made.id}", endpoint="POST /groups")
        return made

    def patch_group(self, group_id: str, name: str | None = None, description: str | None = None) -> None:
        """Set a group's name, its description ("" clears it), or both."""
        changes = {"name": name, "description": description}
        self._write("PATCH", _group_path(group_id), {k: v for k, v in changes.items() if v is not None})

    def add_participants(self, group_id: str, jids: Sequence[str]) -> None:
        """Add people by JID; Conflict when one is in already, Unprocessable when one's format is bad."""
        self._write("POST", f"{_group_path(group_id)}/participants", {"participants": list(jids)})

    def remove_participants(self, group_id: str, jids: Sequence[str]) -> None:
        """Remove people by JID; Conflict when one is not in. A DELETE with a body, where the dialect is not another."""
        path, body = f"{_group_path(group_id)}/participants", {"participants": list(jids)}
        if self.removes_by_post:
            self._write("POST", f"{path}/remove", body)
        else:
            self._write("DELETE", path, body)

    def leave_group(self, group_id: str) -> None:
        """Take the instance out of a group; only an invite or another admin brings it back."""
        self._write("POST", f"{_group_path(group_id)}/leave")

    def invite_link(self, group_id: str) -> str:
        """A group's invite link, always a whole URL."""
        path = f"{_group_path(group_id)}/invite-code"
        return decode.invite_url(self._get(path), f"GET {path}")

    def join_group(self, code: str) -> str | None:
        """Join a group by its invite code or URL; returns the group's id, where the answer tells it."""
        bare = invite_code(code)
        if bare is None:
            raise UsageError("the invite is neither a code nor a link of chat.whatsapp.com")
        data = self._write("POST", "/groups/join", {"invite_code": bare})
        return decode.joined_id(data, "POST /groups/join") if data is not None else None

    def send_message(self, chat: str, text: str) -> str:
        """Send a text to a group or person, by id; returns the message's id."""
        address = chat_id(chat)
        if address is None:
            hint = "a chat is a group's id or a person's phone JID"
            raise UsageError(f"{mask_person(chat)[:40]!r} is no chat's id", hint)
        body = {"chat_id": address, "type": "text", "text": text}
        return decode.message_id(self._write("POST", _MESSAGES, body, Retry.AT_MOST_ONCE), f"POST {_MESSAGES}")

    def contacts(self) -> tuple[Contact, ...]:
        """The instance's address book, sorted by id and name; the same id may stand there under two names."""
        ask = partial(self._get, "/contacts")
        listed = self._list(ask, decode.contact, lambda entry: f"{entry.id} {entry.name}", "GET /contacts")
        return tuple(sorted(listed.entries, key=lambda entry: (entry.id, entry.name or "")))

    def check_contact(self, phone: str) -> ContactCheck:
        """Whether an international number ("+" is optional) is on WhatsApp, and under which JID."""
        digits = phone.removeprefix("+")
        if not (digits.isascii() and digits.isdigit()):
            raise UsageError("only an international number in digits can be looked up on WhatsApp")
        return decode.contact_check(self._get("/contacts/check", {"phone": digits}), "GET /contacts/check")

    def _list(
        self,
        ask: Callable[[Mapping[str, int] | None], Any],
        read: Callable[[JsonValue], Entry],
        key: Callable[[Entry], str],
        endpoint: str,
        *,
        verify_end: bool = False,
    ) -> PagedResult[Entry]:
        return Paginator(ask, read, key, endpoint, verify_end=verify_end).read_all()

    def _get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        return self._transport.request("GET", self._base + path, params=query, retry=Retry.IDEMPOTENT).data

    def _write(self, method: str, path: str, body: Any = None, retry: Retry = Retry.IDEMPOTENT) -> Any:
        return self._transport.request(method, self._base + path, json=body, retry=retry).data

    def _learn(self, data: Any) -> None:
        """Remember the dialect of a read; the newest one counts."""
        self._dialect = decode.dialect_of(data) or self._dialect


def send_message_endpoint(instance_id: str) -> tuple[str, str]:
    """Method and path of the call that `send_message` makes, for a session that is for nothing else."""
    return "POST", _base(instance_id) + _MESSAGES


def _base(instance_id: str) -> str:
    return f"/instances/{quote_segment(instance_id, 'the instance id')}"


def _group_path(group_id: str) -> str:
    if not is_group_id(group_id):
        raise UsageError(f"{group_id[:40]!r} is no group's id", "a group's id is written 120363012345678901@g.us")
    return f"/groups/{quote_segment(group_id, 'the group id')}"
