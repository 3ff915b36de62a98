"""Threads for calls: one for each call at a time, kept for the next."""

from __future__ import annotations

import threading

from contentsvc.services.callers import Callers


def test_each_call_has_a_thread_at_once() -> None:
    """A call that hangs holds up no other, however many hang."""
    callers, hung, done = Callers(), threading.Event(), threading.Semaphore(0)
    for _ in range(3):
        callers.run(lambda: (hung.wait(10), done.release())[1])

    callers.run(done.release)

    assert done.acquire(timeout=5)
    hung.set()
    assert all(done.acquire(timeout=5) for _ in range(3))


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
