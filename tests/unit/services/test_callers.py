"""Threads for calls: few that compute, as many as wait, kept for the next."""

from __future__ import annotations

import threading
import time

import pytest

from contentsvc.services import callers as callers_module
from contentsvc.services.callers import Callers


@pytest.mark.parametrize("hanging", [3, 64])
def test_a_call_that_hangs_holds_up_no_other(hanging: int) -> None:
    """However many hang."""
    callers, hung, done = Callers(), threading.Event(), threading.Semaphore(0)
    for _ in range(hanging):
        callers.run(lambda: (hung.wait(10), done.release())[1])

    callers.run(done.release)

    assert done.acquire(timeout=5)
    hung.set()
    assert all(done.acquire(timeout=5) for _ in range(hanging))


def test_few_calls_are_young_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that have just begun are let finish before others begin."""
    monkeypatch.setattr(callers_module, "_YOUNG", 60.0)
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
    assert most == callers_module._MOST_YOUNG


def test_those_that_wait_begin_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due first goes first."""
    monkeypatch.setattr(callers_module, "_MOST_YOUNG", 1)
    callers, order, done = Callers(), list[int](), threading.Semaphore(0)
    for number in range(50):
        callers.run(lambda number=number: (order.append(number), done.release())[1])

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
