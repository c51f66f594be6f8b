"""The client: one method for every endpoint of the API, values in and values out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

from reconciler.errors import HttpError, InvalidResponse, UsageError
from reconciler.live import decode, decode_answers, endpoints
from reconciler.live.base_url import quote_segment
from reconciler.live.decode import UNKNOWN_FORM, Dialect, JsonValue
from reconciler.live.decode_answers import CreatedGroup, SentMessage
from reconciler.live.paging import Paginator
from reconciler.live.responses import ApiResponse
from reconciler.live.retry import Retry
from reconciler.live.transport import Transport
from reconciler.model.identity import chat_id, invite_code, is_group_id
from reconciler.model.live import (
    ApiCall,
    Contact,
    ContactCheck,
    Instance,
    ListedGroup,
    Listing,
    LiveGroup,
    OddEntry,
    PersonAnswer,
    Webhook,
)
from reconciler.model.text import texts_equal
from reconciler.sanitize.mask import mask_person

_MISSING: Final = frozenset({"missing", "required", "empty", "undefined", "null", "must", "expected", "need", "needs"})
_UNKNOWN: Final = frozenset({"unknown", "unexpected", "unrecognized", "exist", "allowed"})
"""Words by which servers say that a field is missing, or that they do not know one."""


class Client:
    """Call the API as one instance; safe to use from several threads.

    Every method raises from the ApiError tree (Forbidden, NotFound, Conflict, … by status; InvalidResponse for an
    unknown shape), Interrupted when the run is stopped, and UsageError for a malformed id before anything is sent.
    The transport retries every call (`Retry`): `create_group` and `send_message` only if the server surely did not
    process the first, `add_participants` once after a 5xx.
    """

    def __init__(self, transport: Transport, instance_id: str, *, reference: bool = False) -> None:
        self.instance_id = instance_id
        self._transport = transport
        self._base = _instance_path(instance_id)
        self._dialect = Dialect.REFERENCE if reference else Dialect.GUIDE

    @property
    def sends_reference(self) -> bool:
        """Whether requests follow the reference dialect: the newest read tells; before any read it is the guide's."""
        return self._dialect is Dialect.REFERENCE

    def instance(self) -> Instance:
        """Read the instance itself: whether it is connected."""
        return decode.instance(self._send(endpoints.INSTANCE))

    def list_groups(self, *, verify_end: bool = False) -> Listing:
        """List all groups of the instance, sorted by id, with as much of each as the list carries.

        `verify_end` asks what follows the last entry wherever the server may have cut the list.
        """

        def fetch(query: Mapping[str, int] | None) -> Any:
            data = self._list_page(endpoints.GROUPS, query)
            self._learn_dialect(data.get("items") if isinstance(data, dict) else data)
            return data

        endpoint = str(endpoints.GROUPS)
        read = Paginator(fetch, decode.list_entry, attrgetter("id"), endpoint, verify_end=verify_end).read_all()
        groups = sorted((one for one in read.entries if isinstance(one, ListedGroup)), key=attrgetter("id"))
        odd = tuple(one for one in read.entries if isinstance(one, OddEntry))
        if odd and not groups:
            raise InvalidResponse(odd[0].fault.removeprefix(f"{endpoint}: "), endpoint=endpoint, hint=UNKNOWN_FORM)
        return Listing(tuple(groups), read.complete, odd, read.calls)

    def group(self, group_id: str) -> LiveGroup:
        """Read one group whole."""
        call = endpoints.group(_valid_group_id(group_id))
        response = self._send(call)
        self._learn_dialect(response.raw)
        group = decode.live_group(response)
        if group.id != group_id:
            raise InvalidResponse(f"the response is about another group, {group.id}", endpoint=str(call))
        return group

    def create_group(self, name: str, jids: Sequence[str]) -> CreatedGroup:
        """Create a group with first participants. The response does not prove who is in it: read the group back."""
        call = endpoints.create_group(name, jids)
        created = decode_answers.created_group(self._send(call, retry=Retry.CREATE))
        if created.name is not None and not texts_equal(created.name, name):
            # The id may belong to another group, so nothing may be written to it.
            raise InvalidResponse(f"the response is about a group with another name, {created.id}", endpoint=str(call))
        return created

    def patch_group(self, group_id: str, name: str | None = None, description: str | None = None) -> None:
        """Set a group's name, its description ("" clears it), or both."""
        self._send(endpoints.patch_group(_valid_group_id(group_id), name, description))

    def add_participants(self, group_id: str, jids: Sequence[str]) -> tuple[PersonAnswer, ...]:
        """Add people by JID, and return what the service answered for each, where it did.

        Raise Conflict if one is already in, Unprocessable if the server rejects a format.
        """
        call = endpoints.add_participants(_valid_group_id(group_id), jids)
        return decode_answers.person_answers(self._send(call, retry=Retry.ADD))

    def remove_participants(self, group_id: str, jids: Sequence[str]) -> None:
        """Remove people by JID, as the server's dialect demands; raise Conflict if one is not in."""
        self._send(endpoints.remove_participants(_valid_group_id(group_id), jids, by_post=self.sends_reference))

    def leave_group(self, group_id: str) -> None:
        """Take the instance out of a group; only an invite or another admin brings it back."""
        self._send(endpoints.leave_group(_valid_group_id(group_id)))

    def invite_link(self, group_id: str) -> str:
        """Return a group's invite link, always a whole URL."""
        return decode_answers.invite_url(self._send(endpoints.invite_code(_valid_group_id(group_id))))

    def join_group(self, code: str) -> str | None:
        """Join a group by its invite code or URL; return the group's id if the response has it."""
        bare_code = invite_code(code)
        if bare_code is None:
            raise UsageError("the invite is neither a code nor a chat.whatsapp.com link")
        return decode_answers.joined_id(
            self._send_in_either(lambda reference: endpoints.join_group(bare_code, reference=reference))
        )

    def send_message(self, chat: str, text: str) -> SentMessage:
        """Send a text to a group or person, by id; the answer shows if it is sent or only accepted."""
        address = chat_id(chat)
        if address is None:
            hint = "give a group's id or a person's phone JID"
            raise UsageError(f"{mask_person(chat)[:40]!r} is not a chat's id", hint)
        answer = self._send_in_either(
            lambda reference: endpoints.send_message(address, text, reference=reference), retry=Retry.AT_MOST_ONCE
        )
        return decode_answers.sent_message(answer)

    def contacts(self) -> tuple[Contact, ...]:
        """List the instance's address book, sorted by id and name; one id may appear under two names."""

        def fetch(query: Mapping[str, int] | None) -> Any:
            return self._list_page(endpoints.CONTACTS, query)

        contacts = Paginator(fetch, decode.contact, _contact_key, str(endpoints.CONTACTS)).read_all()
        return tuple(sorted(contacts.entries, key=lambda contact: (contact.id, contact.name or "")))

    def webhooks(self) -> tuple[Webhook, ...]:
        """List the webhooks of the key's user, for any of their instances, sorted by id."""

        def fetch(query: Mapping[str, int] | None) -> Any:
            call = endpoints.WEBHOOKS
            return self._transport.request(call.method, call.path, params=query, retry=Retry.IDEMPOTENT).data

        webhooks = Paginator(fetch, decode_answers.webhook, attrgetter("id"), str(endpoints.WEBHOOKS)).read_all()
        return tuple(sorted(webhooks.entries, key=attrgetter("id")))

    def check_contact(self, phone: str) -> ContactCheck:
        """Return whether an international number ("+" is optional) is on WhatsApp, and under which JID."""
        digits = phone.removeprefix("+")
        if not (digits.isascii() and digits.isdigit()):
            raise UsageError("cannot check this contact: the number is not in international format, digits only")
        return decode.contact_check(self._send(endpoints.CONTACT_CHECK, {"phone": digits}))

    def _send(
        self, call: ApiCall, query: Mapping[str, Any] | None = None, *, retry: Retry = Retry.IDEMPOTENT
    ) -> JsonValue:
        """Send a call below the instance; return the data of its response."""
        response = self._request(call, query, retry)
        return JsonValue(response.data, f"{call.method} {call.path or self._base}")

    def _list_page(self, call: ApiCall, query: Mapping[str, int] | None) -> Any:
        """Return a list, or one page of it; raise InvalidResponse if it may go on in a way that nobody here knows."""
        response = self._request(call, query, Retry.IDEMPOTENT)
        if response.sign_of_more is not None:
            raise InvalidResponse(
                f"{response.sign_of_more} is beside the list, so the list may go on",
                endpoint=str(call),
                status=response.status,
                request_id=response.request_id,
                hint="this version cannot read on from there, and a part is never taken for the whole list",
            )
        return response.data

    def _request(self, call: ApiCall, query: Mapping[str, Any] | None, retry: Retry) -> ApiResponse:
        return self._transport.request(call.method, self._base + call.path, json=call.body, params=query, retry=retry)

    def _send_in_either(self, call: Callable[[bool], ApiCall], *, retry: Retry = Retry.IDEMPOTENT) -> JsonValue:
        """Send a call with the field names of the server's dialect; once in the other one's if a refusal asks for them.

        Such a refusal (400 or 422) surely did nothing. Where both are refused so, the first refusal is raised.
        """
        first, other = call(self.sends_reference), call(not self.sends_reference)
        try:
            return self._send(first, retry=retry)
        except HttpError as error:
            if error.status not in (400, 422) or not _asks_for_fields(error, first, other):
                raise
            refusal = error
        try:
            return self._send(other, retry=retry)
        except HttpError as error:
            raise (refusal if error.status in (400, 422) else error) from None

    def _learn_dialect(self, data: Any) -> None:
        self._dialect = decode.dialect_of(data) or self._dialect


def send_message_endpoint(instance_id: str) -> tuple[str, str]:
    """Return method and path of the call that `send_message` makes, for a session that allows no other."""
    call = endpoints.send_message("", "", reference=False)
    return call.method, _instance_path(instance_id) + call.path


def _asks_for_fields(refusal: HttpError, sent: ApiCall, other: ApiCall) -> bool:
    """Whether a refusal misses a field that only the other dialect has, or does not know one of ours."""
    ours, theirs = (set(call.body or ()) for call in (sent, other))
    words = _words(f"{refusal.message} {json.dumps(refusal.details) if refusal.details else ''}")
    return bool(words & (theirs - ours) and words & _MISSING) or bool(words & (ours - theirs) and words & _UNKNOWN)


def _words(text: str) -> set[str]:
    """Return the words of a text; `to` only where it is a field's name: in quotes, or as in `to must be a string`."""
    return set(
        re.findall(r"(?!to\b)[a-z_]+|(?<=['\"`])to(?=['\"`])|\bto(?= (?:is|must|should|cannot)\b)", text.lower())
    )


def _contact_key(contact: Contact) -> str:
    return f"{contact.id} {contact.name}"


def _instance_path(instance_id: str) -> str:
    return f"/instances/{quote_segment(instance_id, 'the instance id')}"


def _valid_group_id(group_id: str) -> str:
    """Return the id if it is one: it then holds nothing that could lead to another path."""
    if not is_group_id(group_id):
        raise UsageError(f"{group_id[:40]!r} is not a group's id", "write an id like 120363012345678901@g.us")
    return group_id
