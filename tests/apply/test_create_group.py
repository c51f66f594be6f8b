"""Making a group exactly once: an answer that did not come is looked up in the list, never asked for again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import pytest

from reconciler.apply.create_group import CreateGroup, CreateOutcomeUnknown
from reconciler.apply.result import PersonStatus
from reconciler.errors import (
    ApiError,
    Forbidden,
    Interrupted,
    InvalidResponse,
    NoResponse,
    RateLimited,
    RequestNotSent,
    ServerError,
    Unprocessable,
)
from reconciler.messages import Message
from reconciler.model.live import ListedGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action, Phase, Step
from tests.apply.strict_server import StrictServer, ids, limit_reached, whos
from tests.builders import ALPHA_ID, BETA_ID, GAMMA_ID, ME, crowd

BAD = PersonStatus.BAD_NUMBER


@dataclass
class Making:
    """One create on a strict server."""

    server: StrictServer
    said: dict[PersonRef, tuple[PersonStatus, Message]] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)

    def run(self, people: Sequence[PersonRef], taken: Collection[str] = (), name: str = "Alpha") -> None:
        step = Step(group="alpha", action=Action.CREATE, phase=Phase.BUILD, name=name, people=tuple(people))
        CreateGroup(self.server, step, taken, self.said, self.made.append).run()

    def states(self) -> dict[str, PersonStatus]:
        return {who.label or "": state for who, (state, _) in self.said.items()}

    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.server.calls]


@pytest.mark.parametrize("count", [0, 1, 5, 256])
def test_a_group_is_made_with_its_people_in_one_call(count: int) -> None:
    people = [PersonRef(one.identity, one.jid) for one in crowd(count)]
    making = Making(StrictServer())
    making.run(people)
    assert (making.verbs(), making.made, making.said) == (["create"], [ALPHA_ID], {})
    assert making.server.inside == ids(people) | {ME.identity}


def test_people_whose_privacy_refuses_are_no_failure_of_the_create() -> None:
    people = whos(3)
    making = Making(StrictServer(private=ids(people[:1])))
    making.run(people)
    assert (making.verbs(), making.said) == (["create"], {})


@pytest.mark.parametrize("names_them", [True, False])
@pytest.mark.parametrize("bad", [{0}, {7}, {3, 4}, {0, 1, 2, 3}, {4, 5, 6, 7}, {0, 2, 4, 6}, set(range(8))])
def test_bad_numbers_are_told_and_the_others_get_their_group(names_them: bool, bad: set[int]) -> None:
    people = whos(8)
    wrong, good = [people[i] for i in sorted(bad)], [who for i, who in enumerate(people) if i not in bad]
    making = Making(StrictServer(bad=ids(wrong), names_them=names_them))
    making.run(people)
    assert making.server.created == 1
    assert making.states() == {who.label: BAD for who in wrong}
    assert making.server.inside == ids(good) | {ME.identity}
    # A group may not be made for nobody while there is somebody left to make it for.
    assert (() in making.server.sent("create")) is (not good)
    # Halving eight people is three calls, and as many for the half that was kept out; for each bad number anew.
    assert len(making.server.calls) <= (2 if names_them else 2 + 6 * len(bad))


def test_one_bad_number_among_256_does_not_cost_a_call_for_each_of_the_others() -> None:
    people = [PersonRef(one.identity, one.jid) for one in crowd(256)]
    making = Making(StrictServer(bad=ids(people[7:8])))
    making.run(people)
    assert list(making.said) == [people[7]]
    assert making.server.inside == ids(people) - ids(people[7:8]) | {ME.identity}
    # Eight halvings while creating and as many while adding whom they kept out, with the other halves.
    assert len(making.server.calls) <= 1 + 3 * 8


def test_a_group_that_is_refused_with_nobody_in_it_is_no_matter_of_people() -> None:
    making = Making(StrictServer(troubles={"create": [Unprocessable("bad name", endpoint="POST", status=422)]}))
    with pytest.raises(Unprocessable):
        making.run([])
    assert (making.verbs(), making.made) == (["create"], [])


def no_answer() -> ApiError:
    return NoResponse("the connection was reset", endpoint="POST /groups")


AMBIGUOUS = [
    pytest.param(no_answer, id="no answer"),
    pytest.param(lambda: InvalidResponse("cut off", endpoint="POST /groups"), id="an unreadable answer"),
    pytest.param(lambda: ServerError("oops", endpoint="POST /groups", status=502), id="a server error"),
]


@pytest.mark.parametrize("trouble", AMBIGUOUS)
def test_a_create_that_took_effect_without_an_answer_is_found_in_the_list(trouble: Callable[[], ApiError]) -> None:
    people = whos(2)
    making = Making(StrictServer(late={"create": [trouble()]}))
    making.run(people)
    assert (making.verbs(), making.made) == (["create", "list"], [ALPHA_ID])
    assert making.server.created == 1


@pytest.mark.parametrize("trouble", AMBIGUOUS)
def test_a_create_that_is_not_seen_is_unknown_and_not_sent_again(trouble: Callable[[], ApiError]) -> None:
    making = Making(StrictServer(troubles={"create": [trouble()]}))
    with pytest.raises(CreateOutcomeUnknown) as caught:
        making.run(whos(2))
    assert (making.verbs(), making.made) == (["create", "list"], [])
    assert "no new group with that name can be found" in caught.value.message
    assert "not sent again" in caught.value.hint


@pytest.mark.parametrize(
    ("listed", "taken", "found"),
    [
        pytest.param([(BETA_ID, "Alpha")], [], BETA_ID, id="one new group of the name"),
        pytest.param([(BETA_ID, " Alpha\n")], [], BETA_ID, id="white space at the ends"),
        pytest.param([(BETA_ID, "Alpha")], [BETA_ID], None, id="listed before, or held by a key"),
        pytest.param([(BETA_ID, "Alpha"), (GAMMA_ID, "Alpha")], [], None, id="two new groups of the name"),
        pytest.param([(BETA_ID, "Alpha"), (GAMMA_ID, "Alpha")], [BETA_ID], GAMMA_ID, id="one of two is held"),
        pytest.param([(BETA_ID, "Beta")], [], None, id="another name"),
        pytest.param([], [], None, id="none at all"),
    ],
)
def test_only_one_new_group_of_the_name_that_no_key_holds_is_taken_as_ours(
    listed: list[tuple[str, str]], taken: list[str], found: str | None
) -> None:
    server = StrictServer(
        listed=[ListedGroup(id=group_id, name=Untrusted(name)) for group_id, name in listed],
        troubles={"create": [no_answer()]},
    )
    making = Making(server)
    if found is None:
        with pytest.raises(CreateOutcomeUnknown):
            making.run(whos(1), taken)
        assert making.made == []
    else:
        making.run(whos(1), taken)
        assert making.made == [found]
    assert making.verbs() == ["create", "list"]


def test_two_new_groups_of_the_name_are_said_to_be_two() -> None:
    listed = [ListedGroup(id=BETA_ID, name=Untrusted("Alpha")), ListedGroup(id=GAMMA_ID, name=Untrusted("Alpha"))]
    making = Making(StrictServer(listed=listed, troubles={"create": [no_answer()]}))
    with pytest.raises(CreateOutcomeUnknown) as caught:
        making.run(whos(1))
    assert "2 new groups with that name can be found" in caught.value.message


@pytest.mark.parametrize("trouble", [no_answer(), Interrupted(), Forbidden("no", endpoint="GET", status=403)])
def test_a_list_that_fails_leaves_the_create_unknown(trouble: Exception) -> None:
    making = Making(StrictServer(troubles={"create": [no_answer()], "list": [trouble]}))
    with pytest.raises(CreateOutcomeUnknown) as caught:
        making.run(whos(1))
    assert "could not be listed" in caught.value.message


def test_an_unknown_create_tells_what_the_server_said() -> None:
    failed = ServerError("oops", endpoint="POST /groups", status=502, code="INTERNAL_ERROR", request_id="req_9")
    with pytest.raises(CreateOutcomeUnknown) as caught:
        Making(StrictServer(troubles={"create": [failed]})).run([])
    error = caught.value
    assert (error.endpoint, error.status, error.code, error.request_id) == (
        "POST /groups",
        502,
        "INTERNAL_ERROR",
        "req_9",
    )


@pytest.mark.parametrize(
    "trouble",
    [
        limit_reached(),
        Forbidden("no", endpoint="POST", status=403),
        RateLimited("slow down", endpoint="POST", status=429),
        RequestNotSent("connection refused", endpoint="POST"),
        Interrupted(),
    ],
    ids=["the subscription's limit", "forbidden", "rate", "not sent", "interrupted"],
)
def test_a_create_that_surely_made_nothing_raises_and_looks_for_nothing(trouble: Exception) -> None:
    making = Making(StrictServer(troubles={"create": [trouble]}))
    with pytest.raises(type(trouble)) as caught:
        making.run(whos(2))
    assert caught.value is trouble
    assert (making.verbs(), making.made) == (["create"], [])


def test_the_new_id_is_known_even_if_a_call_after_the_create_fails() -> None:
    people = whos(4)
    unnamed = Unprocessable("bad participant format", endpoint="POST", status=422)
    making = Making(StrictServer(troubles={"create": [unnamed], "add": [no_answer()]}))
    with pytest.raises(NoResponse):
        making.run(people)
    assert making.made == [ALPHA_ID]
    assert making.server.sent("create") == [("10", "11", "12", "13"), ("10", "11")]
    assert making.server.sent("add") == [("12", "13")]


def test_a_create_found_in_the_list_still_adds_whom_a_refusal_kept_out() -> None:
    people = whos(4)
    unnamed = Unprocessable("bad participant format", endpoint="POST", status=422)
    making = Making(StrictServer(troubles={"create": [unnamed]}, late={"create": [no_answer()]}))
    making.run(people)
    assert making.verbs() == ["create", "create", "list", "add"]
    assert making.server.inside == ids(people) | {ME.identity}
