"""Work in a child process: results in order, and an end for what computes too long or takes the process with it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence

import pytest

from reconciler.errors import ReconcilerError
from reconciler.time_limit import Ended
from reconciler.time_limit import limited as limited_together


def limited(pieces: Sequence[Callable[[], int]], seconds: float) -> Iterator[int | Ended]:
    return limited_together(pieces, seconds, 60)


def reason_of(result: int | Ended) -> str:
    assert isinstance(result, Ended)
    return result.reason


def endless() -> int:
    while True:
        pass


def fatal() -> int:
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


@pytest.fixture(autouse=True)
def no_core_dumps() -> Iterator[None]:
    import faulthandler

    was_enabled = faulthandler.is_enabled()
    faulthandler.disable()
    yield
    if was_enabled:
        faulthandler.enable()


def test_results_come_in_the_order_of_the_work() -> None:
    assert list(limited([lambda: 1, lambda: 2, lambda: 3], 1)) == [1, 2, 3]
    assert list(limited([], 1)) == []


def test_what_computes_too_long_is_ended_and_the_rest_is_done() -> None:
    first, second, third = limited([lambda: 1, endless, lambda: 3], 0.05)
    assert (first, third) == (1, 3)
    assert isinstance(second, Ended)
    assert "more than 0.05 seconds" in reason_of(second)


def test_what_ends_the_process_takes_nothing_else_with_it() -> None:
    first, second = limited([fatal, lambda: 2], 1)
    assert isinstance(first, Ended)
    assert reason_of(first) == f"the process that evaluated it ended with {-signal.SIGSEGV}"
    assert second == 2


def test_what_fails_is_not_taken_for_something_slow() -> None:
    (only,) = limited([lambda: 1 // 0], 1)
    assert reason_of(only) == "the process that evaluated it ended with 1"


def test_a_machine_that_refuses_a_process_is_an_expected_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    with pytest.raises(ReconcilerError, match="no more processes"):
        list(limited([lambda: 1], 1))


def test_all_together_compute_no_longer_than_their_total() -> None:
    *before, last = limited_together([lambda: 1, endless, endless, lambda: 2], 0.05, 0.1)
    stopped = ["it takes more than 0.05 seconds, and was stopped"] * 2
    assert [reason_of(each) for each in before[1:]] == stopped or before[0] == 1
    assert "0.1 seconds together" in reason_of(last)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how much memory a process has")
def test_what_needs_too_much_memory_is_ended_and_the_rest_is_done() -> None:
    first, second = limited([lambda: len(bytearray(2 << 30)), lambda: 2], 1)
    assert reason_of(first) == "it needs more than 1,024 MiB of memory, and was stopped"
    assert second == 2
