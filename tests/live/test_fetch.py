"""Groups are read whole in parallel; a group that disappeared differs from one that is unreadable."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from reconciler.errors import ApiError, InvalidResponse, NotFound, ServerError
from reconciler.live.fetch import read_groups
from reconciler.model.identity import Identity
from reconciler.model.live import ListedGroup, LiveGroup, Participant
from reconciler.model.text import Untrusted
from tests.live.scripted_server import Expect, ScriptedServer
from tests.live.transport_setup import BASE, Setup, client_of

IDS = [f"{120363012345678900 + number}@g.us" for number in range(12)]
ENTRIES = [ListedGroup(id=group_id, name=Untrusted(f"group {group_id}")) for group_id in IDS]


class Groups:
    """Reads groups from memory; `meet` callers have to be there at once before any is answered."""

    def __init__(self, read: Callable[[str], LiveGroup], meet: int = 1) -> None:
        self._read = read
        self._barrier = threading.Barrier(meet, timeout=5)
        self.asked: list[str] = []

    def group(self, group_id: str) -> LiveGroup:
        self.asked.append(group_id)
        self._barrier.wait()
        return self._read(group_id)


def _live(group_id: str) -> LiveGroup:
    return LiveGroup(id=group_id, name=Untrusted(f"group {group_id}"), description=Untrusted(""))


def test_groups_are_read_in_parallel_and_returned_in_order() -> None:
    client = Groups(_live, meet=4)
    found = read_groups(client, [replace(ENTRIES[0], count=5), *ENTRIES[1:]], parallelism=4)
    assert list(found) == IDS
    assert found[IDS[0]] == LiveGroup(id=IDS[0], name=Untrusted(f"group {IDS[0]}"), description=Untrusted(""), count=5)
    assert found[IDS[1]] == _live(IDS[1])


def test_a_repeated_group_is_read_once_and_an_empty_list_takes_no_call() -> None:
    client = Groups(_live)
    assert list(read_groups(client, [ENTRIES[0], ENTRIES[0]], parallelism=4)) == [IDS[0]]
    assert read_groups(client, [], parallelism=4) == {}
    assert client.asked == [IDS[0]]


def test_a_parallelism_of_zero_still_reads() -> None:
    assert list(read_groups(Groups(_live), ENTRIES, parallelism=0)) == IDS


def test_the_first_error_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    ended, shutdown = threading.Event(), ThreadPoolExecutor.shutdown

    def shut(pool: ThreadPoolExecutor, **how: bool) -> None:
        shutdown(pool, **how)
        ended.set()

    def read(group_id: str) -> LiveGroup:
        if group_id != IDS[0]:
            ended.wait(5)
        raise InvalidResponse(f"no {group_id}", status=200)

    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", shut)
    client = Groups(read)
    with pytest.raises(InvalidResponse, match=IDS[0]):
        read_groups(client, ENTRIES, parallelism=1)
    assert len(client.asked) <= 2


def test_an_answer_about_one_group_that_cannot_be_read_ends_no_other_read() -> None:
    def read(group_id: str) -> LiveGroup:
        if group_id == IDS[0]:
            raise InvalidResponse("data.participants: expected an array, found nothing")
        return _live(group_id)

    found = read_groups(Groups(read), ENTRIES, parallelism=1)
    assert isinstance(found[IDS[0]], InvalidResponse)
    assert [isinstance(group, LiveGroup) for group in found.values()][1:] == [True] * (len(IDS) - 1)


def test_a_name_that_only_the_list_tells_is_the_groups_name() -> None:
    found = read_groups(Groups(lambda group_id: replace(_live(group_id), name=Untrusted(""))), ENTRIES, parallelism=1)
    assert [group.name for group in found.values() if isinstance(group, LiveGroup)] == [e.name for e in ENTRIES]


def test_a_signal_received_by_a_reading_thread_is_handled_at_once() -> None:
    heard = threading.Event()

    def read(group_id: str) -> LiveGroup:
        for _ in range(3):  # once the first was heard, the main thread goes on to wait
            heard.clear()
            signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
            assert heard.wait(5)
        return _live(group_id)

    before = signal.signal(signal.SIGUSR1, lambda *_: heard.set())
    try:
        assert list(read_groups(Groups(read), ENTRIES[:1], parallelism=1)) == IDS[:1]
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize(
    ("error", "vanished"),
    [
        (NotFound("gone", status=404, code="NOT_FOUND"), True),
        (NotFound("gone", status=404, code="GROUP_NOT_FOUND"), True),
        (NotFound("no such instance", status=404, code="INSTANCE_NOT_FOUND"), False),
        (NotFound("a proxy's page", status=404), False),
        (ServerError("x", status=500), False),
    ],
)
def test_only_the_apis_own_404_means_that_a_listed_group_disappeared(error: ApiError, vanished: bool) -> None:
    def read(group_id: str) -> LiveGroup:
        if group_id == IDS[1]:
            raise error
        return _live(group_id)

    if vanished:
        assert read_groups(Groups(read), ENTRIES[:2], parallelism=2) == {IDS[0]: _live(IDS[0]), IDS[1]: None}
    else:
        with pytest.raises(type(error)):
            read_groups(Groups(read), ENTRIES[:2], parallelism=2)


def test_a_group_is_read_only_if_its_list_entry_is_incomplete() -> None:
    people = (Participant(id="1@lid", lid="1@lid"),)
    entry = ListedGroup(
        id=IDS[0],
        name=Untrusted("x"),
        count=1,
        participants=people,
        description=Untrusted("about"),
        owner=Identity("+12025550143"),
    )
    client = Groups(_live)
    found = read_groups(client, [entry, ENTRIES[1]], 2, is_complete=lambda entry: entry.participants is not None)
    assert client.asked == [IDS[1]]
    assert found == {
        IDS[0]: LiveGroup(
            id=IDS[0],
            name=Untrusted("x"),
            description=Untrusted("about"),
            participants=people,
            owner=Identity("+12025550143"),
            count=1,
        ),
        IDS[1]: _live(IDS[1]),
    }


def test_groups_are_read_over_http_in_parallel() -> None:
    script = [Expect("GET", f"{BASE}/groups/{i}", data={"group_id": i, "name": i, "participants": []}) for i in IDS]
    with ScriptedServer(script, any_order=True) as server, Setup(server.url).transport() as transport:
        found = read_groups(client_of(transport), ENTRIES, parallelism=4)
    assert [group.name.raw for group in found.values() if isinstance(group, LiveGroup)] == IDS
