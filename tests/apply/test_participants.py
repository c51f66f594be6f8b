"""Adding and removing people: what a 409, a 422 or a 403 means, that the others go on, and in how few calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from reconciler.apply.participants import ParticipantCall, membership_of, people_in_error
from reconciler.apply.result import PersonStatus
from reconciler.errors import (
    Conflict,
    Forbidden,
    HttpError,
    Interrupted,
    NoResponse,
    NotFound,
    ServerError,
    Unprocessable,
)
from reconciler.messages import Message
from reconciler.model.desired import MAX_FURTHER_CALLS
from reconciler.model.identity import Identity, identity_of_jid
from reconciler.model.live import LiveGroup, Participant, PersonAnswer
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action
from tests.apply.strict_server import StrictServer, gone, ids, limit_reached, whos
from tests.builders import ALPHA_ID, codes, crowd

LID = "76699677012110@lid"
ADD, REMOVE = Action.ADD, Action.REMOVE
ALREADY_IN, ALREADY_OUT = PersonStatus.ALREADY_IN, PersonStatus.ALREADY_OUT
BAD, STILL_IN = PersonStatus.BAD_NUMBER, PersonStatus.STILL_IN


@dataclass
class Sent:
    """What became of one step."""

    server: StrictServer
    said: dict[PersonRef, tuple[PersonStatus, Message]] = field(default_factory=dict)
    took: int = 0

    def states(self) -> dict[str, PersonStatus]:
        return {who.label or "": state for who, (state, _) in self.said.items()}


def send(server: StrictServer, action: Action, people: Sequence[PersonRef]) -> Sent:
    """Run one step of these people, and hold what every step must keep: nobody sent who is not named in it."""
    sent = Sent(server)

    def took() -> None:
        sent.took += 1

    try:
        ParticipantCall(server, ALPHA_ID, action, sent.said, took).run(people)
    finally:
        named = {(who.jid or "").split("@")[0][-2:] for who in people}
        assert {one for call in (*server.sent("add"), *server.sent("remove")) for one in call} <= named
        assert set(sent.said) <= set(people)
    return sent


def accounted_for(sent: Sent, people: Sequence[PersonRef], action: Action) -> None:
    """Everybody came, went, is said something of, or was left out for privacy."""
    for who in people:
        assert who.identity is not None
        there = who.identity in sent.server.inside
        fine = there if action is ADD else not there
        assert fine or who in sent.said or who.identity in sent.server.private, who.label


@pytest.mark.parametrize("action", [ADD, REMOVE])
def test_people_the_server_takes_are_one_call(action: Action) -> None:
    people = whos(5)
    sent = send(StrictServer(inside=set() if action is ADD else ids(people)), action, people)
    assert [verb for verb, _ in sent.server.calls] == [action.value]
    assert (sent.said, sent.took) == ({}, 1)
    accounted_for(sent, people, action)


@pytest.mark.parametrize("action", [ADD, REMOVE])
def test_nobody_to_send_is_no_call(action: Action) -> None:
    sent = send(StrictServer(), action, [])
    assert (sent.server.calls, sent.took) == ([], 0)


@pytest.mark.parametrize(
    ("action", "state"),
    [(ADD, ALREADY_IN), (REMOVE, ALREADY_OUT)],
)
@pytest.mark.parametrize("settled", [1, 2, 5])
def test_after_a_conflict_the_group_is_read_and_only_who_is_missing_is_sent(
    action: Action, state: PersonStatus, settled: int
) -> None:
    people = whos(5)
    inside = ids(people[:settled] if action is ADD else people[settled:])
    sent = send(StrictServer(inside=inside), action, people)
    assert sent.states() == {who.label: state for who in people[:settled]}
    again = [tuple(str(10 + n) for n in range(settled, 5))] if settled < 5 else []
    assert sent.server.sent(action.value) == [tuple(str(10 + n) for n in range(5)), *again]
    assert len(sent.server.sent("read")) == 1
    accounted_for(sent, people, action)


@pytest.mark.parametrize("names_them", [True, False])
@pytest.mark.parametrize("count", [1, 2, 7, 8])
@pytest.mark.parametrize("position", [0, -1])
def test_somebody_there_under_a_private_id_counts_as_in_and_the_others_are_added(
    names_them: bool, count: int, position: int
) -> None:
    people = whos(count)
    (hidden,) = ids([people[position]])
    sent = send(StrictServer(hidden={hidden: LID}, names_them=names_them), ADD, people)
    assert sent.states() == {people[position].label: ALREADY_IN}
    assert sent.said[people[position]][1] == Message.of("in-under-private-id", count=1, ids=(LID,))
    assert len(sent.server.sent("add")) <= (3 if names_them else 2 * count.bit_length() + 1)
    accounted_for(sent, people, ADD)


@pytest.mark.parametrize(("hidden", "code"), [(5, "in-under-private-id"), (7, "in-under-one-private-id")])
def test_private_ids_of_which_one_is_the_persons_are_named_all_or_counted(hidden: int, code: str) -> None:
    people = whos(hidden)
    lids = {one: f"7669967701211{n}@lid" for n, one in enumerate(sorted(ids(people)))}
    message = send(StrictServer(hidden=lids), ADD, people[-1:]).said[people[-1]][1]
    assert message is not None
    params = dict(message.params)
    assert (message.code, params.get("count", hidden)) == (code, hidden)
    assert params["ids"] == tuple(sorted(lids.values()))[:5]


@pytest.mark.parametrize("count", [2, 200])
def test_a_conflict_that_names_everybody_is_the_whole_answer(count: int) -> None:
    people = [PersonRef(one.identity, one.jid) for one in crowd(count)]
    hidden = {one: f"7669967701{n:04}@lid" for n, one in enumerate(sorted(ids(people)))}
    sent = send(StrictServer(hidden=hidden, names_them=True), ADD, people)
    assert {state for state, _ in sent.said.values()} == {ALREADY_IN}
    assert [verb for verb, _ in sent.server.calls] == ["add", "read"]
    accounted_for(sent, people, ADD)


def test_a_conflict_that_names_nobody_is_followed_by_a_bounded_number_of_calls() -> None:
    people = [PersonRef(one.identity, one.jid) for one in crowd(200)]
    hidden = {one: f"7669967701{n:04}@lid" for n, one in enumerate(sorted(ids(people)))}
    sent = send(StrictServer(hidden=hidden), ADD, people)
    assert len(sent.server.sent("add")) == 1 + MAX_FURTHER_CALLS
    assert len(sent.server.sent("read")) == 1
    assert {state for state, _ in sent.said.values()} == {ALREADY_IN, PersonStatus.NOT_KNOWN}
    assert len(sent.said) == 200


def test_several_hidden_people_are_found_in_few_calls() -> None:
    people = whos(64)
    hidden = ids([people[3], people[40]])
    sent = send(StrictServer(hidden={one: f"7669967701211{n}@lid" for n, one in enumerate(hidden)}), ADD, people)
    assert sent.states() == {"p13": ALREADY_IN, "p50": ALREADY_IN}
    # Two ways down a tree of 64 leaves: at most two calls on each of its levels for each of them.
    assert len(sent.server.calls) <= 2 * 2 * 2 * 7
    accounted_for(sent, people, ADD)


def test_somebody_whose_noted_private_id_is_seen_is_in() -> None:
    one, other = whos(2)
    noted = replace(one, lid=LID)
    server = StrictServer(hidden=dict.fromkeys(ids([one]), LID))
    sent = send(server, ADD, [noted, other])
    assert sent.states() == {"p10": ALREADY_IN}
    assert server.sent("add") == [("10", "11"), ("11",)]


@pytest.mark.parametrize(
    ("action", "hidden", "code"),
    [
        (ADD, {}, "api-says-so"),
        (REMOVE, {}, "api-says-so"),
        (REMOVE, {"+12025550199": LID}, "api-says-so"),
        (ADD, {"+12025550199": LID}, "in-under-private-id"),
    ],
)
def test_a_single_person_the_server_counts_otherwise_is_settled_by_the_server(
    action: Action, hidden: dict[Any, str], code: str
) -> None:
    people = whos(1)
    server = StrictServer(inside=ids(people) if action is REMOVE else set(), hidden=hidden)
    server.troubles[action.value] = [Conflict("conflict", endpoint="POST", status=409)]
    sent = send(server, action, people)
    assert [state for state, _ in sent.said.values()] == [ALREADY_IN if action is ADD else ALREADY_OUT]
    assert codes([sent.said[people[0]][1]]) == [code]
    assert len(server.calls) == 2


@pytest.mark.parametrize("names_them", [True, False])
@pytest.mark.parametrize("action", [ADD, REMOVE])
@pytest.mark.parametrize("bad", [{0}, {7}, {2, 5}, set(range(8))])
def test_a_bad_number_is_told_and_the_others_go(names_them: bool, action: Action, bad: set[int]) -> None:
    people = whos(8)
    wrong = [people[index] for index in sorted(bad)]
    inside = ids(people) if action is REMOVE else set()
    sent = send(StrictServer(inside=inside, bad=ids(wrong), names_them=names_them), action, people)
    assert sent.states() == {who.label: BAD for who in wrong}
    assert {message for _, message in sent.said.values()} == {
        Message.of("api-refused-person", answer=Untrusted("bad participant format"))
    }
    assert len(sent.server.calls) <= (2 if names_them else 15)
    assert sent.server.sent("read") == []
    accounted_for(sent, people, action)


def test_one_bad_number_among_256_is_found_by_halving() -> None:
    people = [PersonRef(one.identity, one.jid) for one in crowd(256)]
    sent = send(StrictServer(bad=ids(people[100:101])), ADD, people)
    assert list(sent.said) == [people[100]]
    # Eight halvings, and each time the other half.
    assert len(sent.server.calls) == 1 + 8 * 2
    accounted_for(sent, people, ADD)


def test_bad_and_hidden_and_present_people_together_are_all_accounted_for() -> None:
    people = whos(9)
    server = StrictServer(
        inside=ids(people[:2]),
        hidden=dict.fromkeys(ids(people[2:3]), LID),
        bad=ids(people[3:4]),
        private=ids(people[4:5]),
    )
    sent = send(server, ADD, people)
    assert sent.states() == {"p10": ALREADY_IN, "p11": ALREADY_IN, "p12": ALREADY_IN, "p13": BAD}
    assert ids(people[5:]) <= server.inside
    accounted_for(sent, people, ADD)


def test_a_person_whose_privacy_refuses_the_add_is_no_failure_of_the_call() -> None:
    people = whos(2)
    sent = send(StrictServer(private=ids(people[:1])), ADD, people)
    assert (sent.said, sent.took, len(sent.server.calls)) == ({}, 1, 1)


def test_who_became_the_owner_since_the_plan_stays_and_the_others_go() -> None:
    people = whos(3)
    sent = send(StrictServer(inside=ids(people), owners=ids(people[1:2])), REMOVE, people)
    assert sent.states() == {"p11": STILL_IN}
    assert sent.server.sent("remove") == [("10", "11", "12"), ("10", "12")]
    accounted_for(sent, people, REMOVE)


def test_an_only_person_who_became_the_owner_is_not_sent_again() -> None:
    people = whos(1)
    sent = send(StrictServer(inside=ids(people), owners=ids(people)), REMOVE, people)
    assert (sent.states(), len(sent.server.sent("remove"))) == ({"p10": STILL_IN}, 1)


def forbidden() -> Forbidden:
    return Forbidden("not an admin", endpoint="POST", status=403)


@pytest.mark.parametrize(
    ("action", "trouble", "calls"),
    [
        pytest.param(ADD, limit_reached, 1, id="the subscription's limit is about nobody"),
        pytest.param(ADD, lambda: NoResponse("timeout", endpoint="POST"), 1, id="no answer"),
        pytest.param(ADD, Interrupted, 1, id="interrupted"),
    ],
)
def test_what_is_about_nobody_of_the_call_is_raised(
    action: Action, trouble: Callable[[], Exception], calls: int
) -> None:
    people = whos(3)
    server = StrictServer(inside=ids(people) if action is REMOVE else set())
    error = trouble()
    server.troubles[action.value] = [error]
    with pytest.raises(type(error)) as caught:
        send(server, action, people)
    assert caught.value is error
    assert len(server.calls) == calls


def refused(status: int, details: Any = None) -> HttpError:
    kind = {403: Forbidden, 404: NotFound, 500: ServerError}.get(status, HttpError)
    return kind("bad-request", endpoint="POST", status=status, details=details)


class Refusing(StrictServer):
    """A server that refuses every add or removal in which somebody stands, in one way, named or not."""

    who: frozenset[Identity] = frozenset()
    refusal = 400

    def add_participants(self, group_id: str, jids: Sequence[str]) -> Sequence[PersonAnswer]:
        self._refuse("add", jids)
        return super().add_participants(group_id, jids)

    def remove_participants(self, group_id: str, jids: Sequence[str]) -> None:
        self._refuse("remove", jids)
        super().remove_participants(group_id, jids)

    def _refuse(self, verb: str, jids: Sequence[str]) -> None:
        if wrong := [jid for jid in jids if identity_of_jid(jid) in self.who]:
            self._note(verb, jids)
            raise refused(self.refusal, wrong if self.names_them else None)


@pytest.mark.parametrize("names_them", [True, False])
@pytest.mark.parametrize("status", [400, 403, 404, 406, 500])
@pytest.mark.parametrize("action", [ADD, REMOVE])
@pytest.mark.parametrize("wrong", [{0}, {3}, {4}, {0, 4}])
def test_somebody_whom_the_service_refuses_does_not_hold_up_the_others(
    action: Action, status: int, names_them: bool, wrong: set[int]
) -> None:
    people = whos(5)
    server = Refusing(inside=set() if action is ADD else ids(people), names_them=names_them)
    server.who, server.refusal = frozenset(ids([people[at] for at in wrong])), status
    sent = send(server, action, people)
    state = PersonStatus.NOT_ADDED if action is ADD else STILL_IN
    assert sent.states() == {people[at].label: state for at in wrong}
    message = Message.of("service-refused", status=status, answer=Untrusted("bad-request"))
    assert {message for _, message in sent.said.values()} == {message}
    assert len(server.calls) <= (3 if names_them else 10)
    accounted_for(sent, people, action)


@pytest.mark.parametrize("status", [400, 403, 404, 406, 500])
@pytest.mark.parametrize("count", [1, 2, 5, 256])
def test_a_refusal_of_everybody_is_about_nobody_and_costs_few_calls(status: int, count: int) -> None:
    people = [PersonRef(one.identity, one.jid) for one in crowd(count)]
    server = Refusing()
    server.who, server.refusal = frozenset(ids(people)), status
    said: dict[PersonRef, tuple[PersonStatus, Message]] = {}
    call = ParticipantCall(server, ALPHA_ID, ADD, said, lambda: None)
    with pytest.raises(HttpError, match="bad-request"):
        call.run(people)
    assert (said, call.refused_calls) == ({}, len(server.sent("add")))
    assert len(server.sent("add")) <= count.bit_length() + 2


def test_after_a_refusal_no_part_is_sent_where_nobody_is_added_any_more() -> None:
    people, reason = whos(4), Message.of("adding-stopped", reason=Message.of("refused-in-a-row", count=3))
    server = Refusing()
    server.who, server.refusal = frozenset(ids(people[:1])), 500
    said: dict[PersonRef, tuple[PersonStatus, Message]] = {}
    held: list[Message | None] = [None, None, reason, reason, reason]
    call = ParticipantCall(server, ALPHA_ID, ADD, said, lambda: None, hold=lambda _: held.pop(0))
    with pytest.raises(HttpError, match="bad-request"):
        call.run(people)
    assert (len(server.sent("add")), said) == (2, {})


def test_whom_no_call_asked_any_more_is_told_where_others_got_in() -> None:
    people, reason = whos(4), Message.of("adding-stopped", reason=Message.of("refused-in-a-row", count=3))
    server = Refusing()
    server.who, server.refusal = frozenset(ids(people[3:])), 500
    said: dict[PersonRef, tuple[PersonStatus, Message]] = {}
    held: list[Message | None] = [None, None, reason]
    ParticipantCall(server, ALPHA_ID, ADD, said, lambda: None, hold=lambda _: held.pop(0)).run(people)
    assert server.inside == ids(people[:2])
    assert said == dict.fromkeys(people[2:], (PersonStatus.NOT_ADDED, reason))


def test_a_conflict_without_names_that_takes_too_many_calls_is_about_private_ids() -> None:
    people = [PersonRef(one.identity, one.jid) for one in crowd(60)]
    hidden = {identity: f"7669967701{at:04}@lid" for at, identity in enumerate(sorted(ids(people)))}
    sent = send(StrictServer(hidden=hidden), ADD, people)
    codes = {message.code for status, message in sent.said.values() if status is PersonStatus.NOT_KNOWN}
    assert codes == {"not-sorted-out-hidden"}


@pytest.mark.parametrize("status", [400, 403, 404, 406, 500])
def test_a_refusal_by_a_group_that_cannot_be_read_is_about_the_group(status: int) -> None:
    error = refused(status)
    server = StrictServer(troubles={"add": [error], "read": [gone()]})
    with pytest.raises(HttpError) as caught:
        send(server, ADD, whos(3))
    assert caught.value is error
    assert len(server.calls) == 2


def test_a_403_after_an_admin_was_demoted_is_about_the_group() -> None:
    people, error = whos(3), forbidden()
    server = StrictServer(inside=ids(people[:1]), troubles={"add": [error]})
    admin = Participant(id="12025550110@s.whatsapp.net", identity=identity_of_jid("12025550110@c.us"), is_admin=True)
    before = LiveGroup(id=ALPHA_ID, name=Untrusted("A"), description=Untrusted(""), participants=(admin,))
    with pytest.raises(Forbidden):
        ParticipantCall(server, ALPHA_ID, ADD, {}, lambda: None, before).run(people[1:])
    assert [verb for verb, _ in server.calls] == ["add", "read"]


def test_a_refusal_of_the_whole_account_is_not_split() -> None:
    for error in (
        NotFound("no instance", endpoint="POST", status=404, code="INSTANCE_NOT_FOUND"),
        ServerError("rate-overlimit", endpoint="POST", status=500),
    ):
        server = StrictServer(troubles={"add": [error]})
        with pytest.raises(HttpError):
            send(server, ADD, whos(3))
        assert len(server.calls) == 1


def test_what_the_service_answers_for_single_people_is_kept() -> None:
    people = whos(4)
    said: dict[PersonRef, tuple[PersonStatus, Message]] = {}
    server = StrictServer(answers={people[0].jid or "": 200, people[1].jid or "": 404, people[2].jid or "": 409})
    call = ParticipantCall(server, ALPHA_ID, ADD, said, lambda: None)
    call.run(people)
    assert call.answers == {people[0]: 200, people[1]: 404, people[2]: 409}
    assert said == {people[2]: (ALREADY_IN, Message.of("already-so"))}


def test_a_group_that_cannot_be_read_after_a_conflict_raises() -> None:
    people = whos(2)
    server = StrictServer(inside=ids(people[:1]), troubles={"read": [gone()]})
    with pytest.raises(NotFound):
        send(server, ADD, people)


def test_a_call_that_was_answered_is_told_even_if_a_later_one_fails() -> None:
    people = whos(4)
    server, told = StrictServer(), list[int]()
    unnamed = Unprocessable("bad participant format", endpoint="POST", status=422)
    server.troubles["add"] = [unnamed, None, NoResponse("timeout", endpoint="POST")]
    with pytest.raises(NoResponse):
        ParticipantCall(server, ALPHA_ID, ADD, {}, lambda: told.append(len(server.calls))).run(people)
    assert told == [2]
    assert server.inside == ids(people[:2])


@pytest.mark.parametrize(
    ("details", "named"),
    [
        (None, []),
        ("12025550111@s.whatsapp.net", ["p11"]),
        ({"participant": "12025550111@c.us"}, ["p11"]),
        ({"errors": [{"id": "12025550110:3@s.whatsapp.net"}, {"id": "12025550112@s.whatsapp.net"}]}, ["p10", "p12"]),
        ({"participant": "12025550199@s.whatsapp.net"}, []),
        ({"participant": "76699677012110@lid", "count": 3}, []),
        ({"a": {"b": {"c": {"d": {"e": {"f": "12025550111@s.whatsapp.net"}}}}}}, []),
        (["12025550111@s.whatsapp.net", "12025550111@s.whatsapp.net"], ["p11"]),
    ],
    ids=["nothing", "a text", "a field", "a list", "somebody else", "a private id", "too deep", "twice"],
)
def test_whom_an_error_names_is_read_from_any_field_of_its_details(details: Any, named: list[str]) -> None:
    assert [who.label for who in people_in_error(details, whos(3))] == named


@pytest.mark.parametrize(
    ("who", "there"),
    [
        (whos(1)[0], True),
        (whos(2)[1], False),
        (replace(whos(2)[1], lid=LID), True),
        (PersonRef(None, None, None, LID), True),
        (PersonRef(None, None, None, None), False),
    ],
    ids=["by number", "by neither", "by a noted private id", "by a private id alone", "nobody"],
)
def test_somebody_is_there_by_number_or_by_private_id(who: PersonRef, there: bool) -> None:
    (known,) = ids(whos(1))
    people = (Participant(id=known, identity=known), Participant(id=LID, lid=LID))
    assert (
        membership_of(LiveGroup(id=ALPHA_ID, name=Untrusted("Alpha"), description=Untrusted(""), participants=people))(
            who
        )
        is there
    )
