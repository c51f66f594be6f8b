"""When nobody is added any more in a run, and whom that holds back."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event, Thread

import pytest

from reconciler.apply.breaker import Breaker
from reconciler.errors import ApiError, Interrupted, NoResponse, RateLimited, ServerError
from reconciler.messages import Message
from reconciler.model.person_ref import PersonRef
from reconciler.plan.model import Action, Phase, Step
from tests.apply.strict_server import StrictServer, whos

PEOPLE = whos(20)
ADD = Step(group="alpha", action=Action.ADD, phase=Phase.BUILD, people=tuple(PEOPLE[:2]))
CREATE = Step(group="beta", action=Action.CREATE, phase=Phase.BUILD, name="Beta", people=tuple(PEOPLE[2:3]))
OTHERS = [Step(group="alpha", action=action, phase=Phase.REMOVE) for action in (Action.PATCH, Action.REMOVE)]


def noted(*refused: bool, groups: int = 1) -> Breaker:
    """Return the breaker after these results, one person each, in so many groups."""
    breaker = Breaker()
    for group in range(groups):
        breaker.note(str(group), zip(PEOPLE, refused, strict=False))
    return breaker


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        pytest.param("xx", None, id="two in a row"),
        pytest.param("xxx", Message.of("refused-in-a-row", count=3), id="three in a row"),
        pytest.param("xx.xx.xx.", None, id="never three in a row, and fewer than ten"),
        pytest.param("xx.x......", None, id="three of ten"),
        pytest.param("xx.x.....x", Message.of("many-refused", refused=4, total=10), id="four of ten"),
        pytest.param("xx.x......x", Message.of("many-refused", refused=4, total=11), id="four of eleven"),
    ],
)
def test_refusals_stop_the_adding(results: str, reason: Message | None) -> None:
    assert noted(*(result == "x" for result in results)).reason == reason


def test_the_same_person_in_the_same_group_counts_once() -> None:
    breaker = Breaker()
    for _ in range(3):
        breaker.note("alpha", [(PEOPLE[0], True)])
    assert breaker.reason is None
    assert breaker.has_refused(PEOPLE[0])
    assert not breaker.has_refused(PEOPLE[1])


def test_calls_that_are_refused_for_everybody_count_as_refusals_in_a_row() -> None:
    breaker = noted(True, True)
    breaker.note_refused_calls(1)
    assert breaker.reason == Message.of("refused-in-a-row", count=3)


@pytest.mark.parametrize(
    ("step", "error", "code"),
    [
        (CREATE, RateLimited("slow down", endpoint="POST", status=429), "too-much-at-once"),
        (CREATE, ServerError("rate-overlimit", endpoint="POST", status=500), "too-much-at-once"),
        (ADD, ServerError("Rate-Overlimit", endpoint="POST", status=500), "too-much-at-once"),
        (ADD, RateLimited("slow down", endpoint="POST", status=429), None),
        (ADD, NoResponse("lost", endpoint="POST"), None),
    ],
)
def test_an_answer_of_too_much_stops_the_adding(step: Step, error: ApiError, code: str | None) -> None:
    breaker = Breaker()
    breaker.watch(step, error, StrictServer())
    assert (breaker.reason.code if breaker.reason else None) == code


@pytest.mark.parametrize("step", [ADD, CREATE, *OTHERS])
def test_the_connection_is_checked_after_a_failed_add_or_create_alone(step: Step) -> None:
    breaker, server = Breaker(), StrictServer(status="disconnected")
    breaker.watch(step, NoResponse("lost", endpoint="POST"), server)
    assert (breaker.reason is not None) == step.action.adds_people == bool(server.sent("instance"))


@pytest.mark.parametrize("trouble", [NoResponse("lost", endpoint="GET"), Interrupted()])
def test_a_connection_that_cannot_be_checked_stops_nothing(trouble: Exception) -> None:
    breaker = Breaker()
    breaker.check_connection(StrictServer(troubles={"instance": [trouble]}))
    assert breaker.reason is None


def test_people_who_are_held_are_remembered() -> None:
    closed, opened = noted(True), noted(True, True, True)
    assert [closed.hold(step.people) for step in (ADD, CREATE)] == [None, None]
    assert not closed.is_held(PEOPLE[0])
    held = [opened.hold(step.people) for step in (ADD, CREATE)]
    assert [message.code if message else None for message in held] == ["adding-stopped", "adding-stopped"]
    assert [opened.is_held(person) for person in PEOPLE[:4]] == [True, True, True, False]


def test_the_instance_is_read_after_the_first_error_of_a_step_alone() -> None:
    breaker, server = Breaker(), StrictServer()
    for is_first in (True, False, False):
        breaker.watch(ADD, NoResponse("lost", endpoint="POST"), server, is_first=is_first)
    assert len(server.sent("instance")) == 1


def in_thread(breaker: Breaker, group: str, people: Sequence[PersonRef]) -> tuple[Thread, Event]:
    """Add people to a group in a thread of its own; the event is set once it is their turn."""
    turn = Event()

    def add() -> None:
        with breaker.trying(group, people):
            turn.set()

    thread = Thread(target=add)
    thread.start()
    return thread, turn


@pytest.mark.parametrize("refused", [True, False])
def test_somebody_is_tried_in_one_group_until_it_is_known_whether_they_refuse(refused: bool) -> None:
    breaker = Breaker()
    with breaker.trying("alpha", PEOPLE[:2]):
        waiting, turn = in_thread(breaker, "beta", PEOPLE[1:3])
        others, free = in_thread(breaker, "gamma", PEOPLE[3:5])
        others.join(5)
        assert free.is_set()
        assert not turn.is_set()
        breaker.note("alpha", [(PEOPLE[1], refused)])
        waiting.join(5)
        assert turn.is_set()


@pytest.mark.parametrize("end", ["released", "opened"])
def test_nobody_waits_for_a_group_that_is_done_or_for_one_that_adds_nobody_any_more(end: str) -> None:
    breaker = Breaker()
    with breaker.trying("alpha", PEOPLE[:1]):
        waiting, turn = in_thread(breaker, "beta", PEOPLE[:1])
        if end == "opened":
            breaker.note_refused_calls(3)
            assert turn.wait(5)
    assert turn.wait(5)
    waiting.join(5)
