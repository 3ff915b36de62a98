"""Threads for calls: one that computes, as many as wait, kept for the next."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from contentsvc.services.delivery import callers as callers_module
from contentsvc.services.delivery.callers import Callers


@pytest.mark.parametrize("hanging", [3, 64])
def test_a_call_that_hangs_holds_up_no_other(hanging: int) -> None:
    """However many hang."""
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


def test_one_call_is_young_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has just begun is let finish before another begins."""
    monkeypatch.setattr(callers_module, "_LONGEST_YOUTH", 60.0)
    callers, lock, done = Callers(), threading.Lock(), threading.Semaphore(0)
    now, most = 0, 0

    def call() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.002)
        with lock:
            now -= 1
        done.release()

    for _ in range(100):
        callers.run(call)

    assert all(done.acquire(timeout=10) for _ in range(100))
    assert most == 1


def test_the_calls_of_slow_platforms_stand_side_by_side() -> None:
    """Those that wait for their platforms are soon let in one close after the other."""
    callers, lock, done = Callers(), threading.Lock(), threading.Semaphore(0)
    now, most = 0, 0

    def call() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.3)
        with lock:
            now -= 1
        done.release()

    for _ in range(60):
        callers.run(call)

    assert all(done.acquire(timeout=10) for _ in range(60))
    # At the longest youth thirty would be the most.
    assert most > 35


def test_those_that_wait_begin_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due first goes first."""
    monkeypatch.setattr(callers_module, "_LONGEST_YOUTH", 60.0)
    callers, order, done = Callers(), list[int](), threading.Semaphore(0)

    def note(number: int) -> None:
        order.append(number)
        done.release()

    for number in range(50):
        callers.run(partial(note, number))

    assert all(done.acquire(timeout=5) for _ in range(50))
    assert order == list(range(50))


def test_threads_are_kept_for_the_next_calls() -> None:
    """Calls one after the other need no more threads than a few."""
    callers, names, done = Callers(), set[int](), threading.Semaphore(0)

    def call() -> None:
        names.add(threading.get_ident())
        done.release()

    for _ in range(100):
        callers.run(call)
        assert done.acquire(timeout=5)

    # A thread tells that it is free a moment after its call has ended.
    assert len(names) < 50
