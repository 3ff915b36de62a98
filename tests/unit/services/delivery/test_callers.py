"""Threads for calls: one starts at a time, any number waits, and threads are reused."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from contentsvc.services.delivery import callers as callers_module
from contentsvc.services.delivery.callers import Callers


def _most_at_once(count: int, seconds: float) -> int:
    """Make *count* calls of *seconds* each; return the most that ran at the same time."""
    callers, lock, done = Callers(), threading.Lock(), threading.Semaphore(0)
    now, most = 0, 0

    def call() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(seconds)
        with lock:
            now -= 1
        done.release()

    for _ in range(count):
        callers.run(call)
    assert all(done.acquire(timeout=10) for _ in range(count))
    return most


@pytest.mark.parametrize("hanging", [3, 64])
def test_a_call_that_hangs_holds_up_no_other(hanging: int) -> None:
    """Another call runs at once, however many calls hang."""
    callers, hung, done = Callers(), threading.Event(), threading.Semaphore(0)

    def hang() -> None:
        hung.wait(10)
        done.release()

    for _ in range(hanging):
        callers.run(hang)

    callers.run(done.release)

    assert done.acquire(timeout=5)
    hung.set()
    assert all(done.acquire(timeout=5) for _ in range(hanging))


def test_the_calls_of_slow_platforms_run_side_by_side() -> None:
    """Calls that wait for their platforms do not wait for each other."""
    callers, done, count = Callers(), threading.Semaphore(0), 60
    # A call ends when all of them have begun.
    all_begun = threading.Barrier(count)

    def call() -> None:
        all_begun.wait(30)
        done.release()

    for _ in range(count):
        callers.run(call)

    assert all(done.acquire(timeout=40) for _ in range(count))


def test_one_call_starts_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that has just begun may end before the next one begins."""
    monkeypatch.setattr(callers_module, "_LONGEST_START", 60.0)
    most = _most_at_once(100, 0.002)

    assert most == 1


def test_waiting_calls_begin_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The call that was passed first begins first."""
    monkeypatch.setattr(callers_module, "_LONGEST_START", 60.0)
    callers, order, done = Callers(), list[int](), threading.Semaphore(0)

    def note(number: int) -> None:
        order.append(number)
        done.release()

    for number in range(50):
        callers.run(partial(note, number))

    assert all(done.acquire(timeout=5) for _ in range(50))
    assert order == list(range(50))


def test_threads_are_reused_for_the_next_calls() -> None:
    """Calls one after the other need no more threads than a few."""
    callers, names, done = Callers(), set[int](), threading.Semaphore(0)

    def call() -> None:
        names.add(threading.get_ident())
        done.release()

    for _ in range(100):
        callers.run(call)
        assert done.acquire(timeout=5)

    # A thread is idle a moment after its call has ended.
    assert len(names) < 50
